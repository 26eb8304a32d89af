"""How much is known, who stands where, what merging shows: counted by hand, and nothing that gives away a few."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profile_tables import AS_OF, account, engine, of_accounts, order

from customerbase import i18n, profile
from customerbase.engine import Engine
from customerbase.profile.known import TOGETHER, cells


def base() -> Engine:
    """Three people: K with two accounts and orders in both, L with one and two orders, M with none."""
    db = of_accounts(
        [
            account("K", "shop", "1", email="k@x.jp", gender="female"),
            account("K", "app", "2", gender="female", occupation="clerk"),
            account("L", "shop", "3", email="?", email_status="unparsed"),
            account("M", "shop", "4", gender="unknown"),
        ],
        orders=[
            order(1, "1", "2026-01-05", 500),
            order(2, "2", "2026-01-06", 300, source_system="app"),
            order(3, "3", "2026-01-07", 100),
            order(4, "3", "2026-01-08", 100),
        ],
    )
    profile.profile(db, as_of=AS_OF)
    return db


def test_known_by_hand():
    found = profile.known(base()).set_index(["field", "source_system"])
    counts = {
        key: (row["customers"], row["of"])
        for key, row in found.iterrows()
        if key[0] in ("email", "gender", "occupation")
    }
    assert counts == {
        ("email", TOGETHER): (1, 3),
        ("email", "app"): (0, 1),
        ("email", "shop"): (1, 3),
        ("gender", TOGETHER): (1, 3),
        ("gender", "app"): (1, 1),
        ("gender", "shop"): (1, 3),
        ("occupation", TOGETHER): (1, 3),
        ("occupation", "app"): (1, 1),
        ("occupation", "shop"): (0, 3),
    }
    assert found.loc[("email", "shop"), "share"] == pytest.approx(1 / 3)
    assert set(found.reset_index()["field"]) == set(profile.fields())


def test_cells_of_few_with_or_without_a_value_give_a_bound_and_small_systems_nothing():
    rows = [("email", TOGETHER, 40, 100), ("email", "a", 5, 60), ("email", "b", 40, 60), ("email", "c", 9, 9)]
    rows += [("phone", TOGETHER, 97, 100), ("phone", "a", 0, 60), ("phone", "b", 60, 60), ("phone", "c", 9, 9)]
    found = pd.DataFrame(rows, columns=["field", "source_system", "customers", "of"])
    shares, texts = cells(found, 10)
    assert list(texts.index) == ["phone", "email"] and list(texts.columns) == [TOGETHER, "a", "b"]
    assert texts.loc["phone"].tolist() == [">90%", "0%", "100%"]
    assert texts.loc["email"].tolist() == ["40%", "<17%", "67%"]
    assert shares.loc["email"].tolist() == [0.4, pytest.approx(1 / 6), pytest.approx(2 / 3)]
    named, written = profile.known_table(found, 10, "en")
    assert list(named.columns) == list(written.columns) == ["All 100", "a 60", "b 60"]
    assert list(named.index) == list(written.index) == ["Phone", "E-mail"]


@given(st.integers(1, 300), st.integers(1, 40), st.data())
def test_a_written_share_never_tells_of_a_few(of, k_min, data):
    customers = data.draw(st.integers(0, of))
    found = pd.DataFrame([("email", TOGETHER, customers, of)], columns=["field", "source_system", "customers", "of"])
    share, text = (table.iloc[0, 0] for table in cells(found, k_min))
    few = 0 < customers < k_min or 0 < of - customers < k_min
    assert (text[0] in "<>–") == (few or of < k_min)
    if text[0] == "<":
        assert customers / of < int(text[1:-1]) / 100
    if text[0] == ">":
        assert customers / of > int(text[1:-1]) / 100
    if not few and of >= k_min:
        assert share == customers / of


def test_overlap_by_hand():
    rows = profile.channel_overlap(base()).fetchall()
    assert [(*row[:4], int(row[4])) for row in rows] == [("shop", 1, 2, 1, 200), ("app;shop", 2, 1, 1, 800)]


def test_merging_by_hand():
    found = profile.merging(base()).set_index("counted_by")
    assert found["buyers"].to_dict() == {"account": 3, "customer": 2}
    assert found["repeat_buyers"].to_dict() == {"account": 1, "customer": 2}  # K bought once in each system
    assert found["orders_per_buyer"].tolist() == [pytest.approx(4 / 3), 2]
    assert found["net_spend_per_buyer"].tolist() == [pytest.approx(1000 / 3), 500]
    table = profile.merging_table(found.reset_index(), "en")
    assert table.iloc[0].tolist() == ["Buyers", "3", "2", "−33.3\u00a0%"]
    assert table.iloc[1].tolist() == ["Bought twice or more", "33.3\u00a0%", "100.0\u00a0%", "+66.7\u00a0pt"]


def test_merged_by_hand():
    found = profile.merged(base())
    assert found.to_dict("list") == {
        "accounts": ["1", "2"],
        "customers": [2, 1],
        "buyers": [1, 1],
        "orders": [2, 2],
        "net_spend": [200.0, 800.0],
    }


def groups(one: int, two: int, more: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"accounts": ["1", "2", "3+"], "customers": [one, two, more], "net_spend": [600.0, 300.0, 100.0]}
    )


def test_merged_titles_and_groups_say_nothing_about_a_few():
    assert profile.merged_title(groups(80, 15, 5), 10, "en") == (
        "20 customers looked like several people: they bring 40.0\u00a0% of net spend"
    )
    assert profile.merged_title(groups(80, 5, 4), 10, "en") == i18n.word("profile.merged_none", "en")
    table = profile.merged_table(groups(80, 15, 5), 10, "en")
    assert table["accounts"].tolist() == ["1 account (80)", "2+ accounts (20)"]
    assert table["share_of_net_spend"].tolist() == [0.6, 0.4]
    assert len(profile.merged_table(groups(80, 15, 12), 10, "ja")) == 3
    assert profile.merged_table(groups(80, 4, 3), 10, "ja").empty  # 80 beside a total of 87 would give 7 away


def combinations(**counts: int) -> pd.DataFrame:
    rows = [(name.replace("_", ";"), name.count("_") + 1, count) for name, count in counts.items()]
    return pd.DataFrame(rows, columns=["systems", "system_count", "customers"])


def test_combinations_of_few_are_left_out_with_another_and_totals_that_would_give_them_back():
    shown, sizes = profile.shown_overlap(combinations(a=100, b=50, a_b=30, a_c=3), 10)
    assert shown["systems"].tolist() == ["a", "b"]  # 100 + 50 of 183: 33 people somewhere
    assert sizes == {"a": None, "b": None, "c": None}
    shown, sizes = profile.shown_overlap(combinations(a=100, b=50, a_b=30), 10)
    assert len(shown) == 3 and sizes == {"a": 130, "b": 80}


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "c", "a_b", "a_c", "b_c", "a_b_c"]), st.integers(1, 30), min_size=1))
def test_what_is_shown_of_an_overlap_gives_no_small_combination_away(counts):
    overlap = combinations(**counts)
    shown, sizes = profile.shown_overlap(overlap, 10)
    hidden = overlap[~overlap["systems"].isin(shown["systems"])]
    assert (shown["customers"] >= 10).all()
    assert hidden.empty or shown.empty or (len(hidden) > 1 and hidden["customers"].sum() >= 10)
    for system, size in sizes.items():
        own = overlap[[system in names.split(";") for names in overlap["systems"]]]
        assert size is None or (size == own["customers"].sum() and not set(own["systems"]) & set(hidden["systems"]))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_overlap_titles(language):
    told = profile.overlap_title(combinations(a=70, b=10, a_b=20), 10, language)
    assert "20.0" in told and "20" in told
    plain = i18n.word("profile.overlap_plain", language)
    assert profile.overlap_title(combinations(a=70, b=10, a_b=9), 10, language) == plain
    assert profile.overlap_title(combinations(a=70, b=30), 10, language) == plain


def test_known_title_names_the_ways_to_reach_people():
    title = profile.known_title(profile.known(base()), 1, "en")
    assert title == "E-mail is known for 33% of customers, phone for 0%, date of birth for 0%"
    assert profile.known_title(profile.known(base()), 10, "ja").count(i18n.MISSING) == 3


@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_empty_base_is_shown_without_fuss(language):
    db = engine()
    profile.profile(db, as_of=AS_OF)
    known, merged, overlap = profile.known(db), profile.merged(db), profile.channel_overlap(db).df()
    shares, texts = profile.known_table(known, 10, language)
    assert shares.isna().all().all() and set(texts.iloc[:, 0]) == {i18n.MISSING}
    assert i18n.MISSING in profile.known_title(known, 10, language)
    assert profile.overlap_title(overlap, 10, language) == i18n.word("profile.overlap_plain", language)
    assert profile.shown_overlap(overlap, 10)[1] == {}
    assert profile.merged_title(merged, 10, language) == i18n.word("profile.merged_none", language)
    assert profile.merged_table(merged, 10, language).empty
    assert set(profile.merging_table(profile.merging(db), language).iloc[1:, 1]) == {i18n.MISSING}
