"""A month of groups and the next one: same inputs same bytes, numbers and names that stay, new and retired ones, few customers."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from group_bases import buyers, engine, kinds
from sklearn.metrics import adjusted_rand_score

from customerbase import i18n
from customerbase.disclosure import suppress_parts
from customerbase.engine import Engine
from customerbase.segments import clusters
from customerbase.segments.clusters import composition, looks, matching, names
from customerbase.segments.clusters.names import AVERAGE
from customerbase.tables import evaluate, schema, store

AS_OF, NEXT = date(2026, 10, 31), date(2026, 11, 30)
FAST = clusters.Options(bootstraps=5, draws=4)
SIZES = {"web": 200, "shop": 300, "bargain": 150}


def month(db: Engine, before: clusters.Result | None = None, as_of: date = AS_OF, **options) -> clusters.Result:
    told = clusters.Options(**{"bootstraps": 5, "draws": 4, **options})
    return clusters.group(db, as_of=as_of, options=told, before=remembered(before))


def remembered(before: clusters.Result | None) -> clusters.Before:
    return clusters.Before(before.groups, before.cards, before.choice, before.summary) if before else clusters.Before()


@pytest.fixture(scope="module")
def first() -> tuple[clusters.Result, np.ndarray]:
    columns, truth = kinds(1, SIZES)
    return month(engine(columns)), truth


def by_customer(result: clusters.Result) -> pd.Series:
    return result.groups.set_index("customer_id")["group_id"].sort_index()


# --- one month ------------------------------------------------------------------------------------------------------------


def test_every_customer_has_one_group_and_known_kinds_are_found(first):
    result, truth = first
    assert result.clear and result.reason == "clear" and len(result.groups) == 650
    assert by_customer(result).index.is_unique
    assert adjusted_rand_score(truth, by_customer(result)) > 0.95
    assert set(result.summary["status"]) == {"first"} and result.summary["group_id"].tolist() == [1, 2, 3]
    assert (result.groups["distance"] <= result.groups["second_distance"]).all()
    assert (result.groups["group_id"] != result.groups["second_group"]).all()


def test_same_inputs_give_the_same_bytes_in_any_order(first):
    columns, _ = kinds(1, SIZES)
    rows = np.random.default_rng(5).permutation(650)
    again = month(engine({name: values[rows] for name, values in columns.items()}, [f"c{row:06d}" for row in rows]))
    for name, table in first[0].tables().items():
        pd.testing.assert_frame_equal(table, again.tables()[name], check_exact=True)


def test_tables_meet_their_expectations(first):
    later = month(engine(kinds(2, SIZES)[0]), first[0], NEXT)
    for result in (first[0], later, month(engine(buyers(1, 90)))):
        db = Engine()
        for name, content in result.tables().items():
            declared = schema(name)
            relation = store.as_declared(db.connection.from_df(content), declared)
            db.register(f"written_{name}", relation.to_arrow_table())
            assert [check for check in evaluate(db, declared, f"written_{name}") if not check.success] == [], name


def test_sizes_values_and_shares_by_plain_pandas(first):
    result, _ = first
    columns, _ = kinds(1, SIZES)
    frame = pd.DataFrame(columns, index=[f"c{row:06d}" for row in range(650)]).assign(group=by_customer(result))
    frame["spend"] = frame["mean_order_365"] * frame["purchase_days_365"]
    summary = result.summary.set_index("group_id")
    assert summary["customers"].to_dict() == frame["group"].value_counts().to_dict()
    assert summary["revenue_share"].to_dict() == pytest.approx(
        (frame.groupby("group")["spend"].sum() / frame["spend"].sum()).to_dict()
    )
    cards = result.cards.set_index(["group_id", "feature"])
    for group, rows in frame.groupby("group"):
        assert cards.loc[(group, "mean_order_365"), "value"] == pytest.approx(rows["mean_order_365"].median())
        assert cards.loc[(group, "mean_order_365"), "base"] == pytest.approx(frame["mean_order_365"].median())
        assert cards.loc[(group, "purchase_days_365"), "value"] == pytest.approx(rows["purchase_days_365"].mean())
        other = frame[frame["group"] != group]["online_share"].to_numpy()
        truth = np.sign(rows["online_share"].to_numpy()[:, None] - other[None, :]).mean()
        assert cards.loc[(group, "online_share"), "effect"] == pytest.approx(truth)
        ranks = cards.loc[group]["rank"].dropna().astype(int)
        assert sorted(ranks) == list(range(1, len(ranks) + 1)) and "spend_365" not in ranks.index


def test_groups_are_named_after_what_sets_them_apart(first):
    result, truth = first
    kind = pd.Series(truth, index=[f"c{row:06d}" for row in range(650)])
    label = by_customer(result).map(result.summary.set_index("group_id")["label_code"])
    named = {code: rows.value_counts().index[0] for code, rows in label.groupby(kind)}
    assert len(set(named.values())) == 3
    assert "high" in named["web"] and set(named["web"].split(", ")) <= {
        *("visit_days_90:high", "purchase_days_365:high", "online_share:high", "categories_365:high"),
        *("median_gap:low", "days_since_last_purchase:low", "open_rate_365:high"),
    }
    bargain = named["bargain"].split(", ")
    assert set(bargain) & {"discount_share_365:high", "days_since_last_purchase:high", "median_gap:high"}


def test_worth_is_the_mean_over_those_for_whom_it_is_known(first):
    columns, _ = kinds(1, SIZES)
    ids = [f"c{row:06d}" for row in range(650)]
    value = pd.DataFrame({"customer_id": [*ids, "gone"], "cltv": np.arange(651.0)})
    leaving = pd.DataFrame({"customer_id": ids[:400], "probability": np.linspace(0, 1, 400)})
    profile = pd.DataFrame({"customer_id": ids, "main_channel": "web", "age_band": ["20-29", "30-39"] * 325})
    found = month(engine(columns, cltv=value, churn=leaving, profile=profile))
    assert found.outside == 1
    groups = by_customer(found)
    for _, row in found.summary.iterrows():
        mine = groups[groups == row["group_id"]].index
        worth = value.set_index("customer_id")["cltv"].reindex(mine)
        assert row["cltv_mean"] == pytest.approx(worth.mean())
        half = 1.959963984540054 * worth.std(ddof=1) / np.sqrt(len(worth))
        assert (row["cltv_low"], row["cltv_high"]) == pytest.approx((worth.mean() - half, worth.mean() + half))
        chances = leaving.set_index("customer_id")["probability"].reindex(mine).dropna()
        assert row["leaving_customers"] == len(chances)
        assert np.isnan(row["leaving"]) if not len(chances) else row["leaving"] == pytest.approx(chances.mean())
    ages = found.mix[found.mix["dimension"] == "age_band"]
    assert ages["customers"].sum() == 650 and set(ages["value"]) == {"20-29", "30-39"}
    assert ages.groupby("group_id")["share"].sum().tolist() == pytest.approx([1, 1, 1])


def test_a_continuum_is_said_to_be_one():
    found = month(engine(buyers(1, 600)))
    assert found.clear is False and found.reason == "division"
    for language, words in (("en", "no clear groups"), ("ja", "はっきりしたグループはありません")):
        said = looks.structure(found.choice, language)
        assert words in said[0] and len(said) == 3
    assert found.groups["group_id"].nunique() >= 3  # divisions are offered all the same


@pytest.mark.parametrize("customers", [0, 1, 99])
def test_too_few_customers_are_not_grouped_and_it_is_said(customers):
    columns = {name: values[:customers] for name, values in buyers(1, 100).items()}
    found = month(engine(columns))
    assert all(not len(table) for table in found.tables().values())
    assert found.clear is None and found.records() == {"customers": 0, "groups": 0, "reason": ""}
    assert "100" in found.remarks("en")[0] and "100" in found.remarks("ja")[0]
    assert looks.structure(found.choice, "ja") == [i18n.word("groups.none", "ja")]


def test_without_behaviour_that_differs_nobody_is_grouped():
    columns = {name: np.full(200, 1.0) for name in ("purchase_days_365", "online_share")}
    assert month(engine(columns)).notes[-1].code == "features"


def test_all_alike_but_two_measures_still_runs():
    rng = np.random.default_rng(0)
    columns = {"purchase_days_365": rng.integers(1, 3, 150), "online_share": rng.integers(0, 2, 150) / 1.0}
    found = month(engine(columns))
    assert len(found.groups) == 150 and found.groups["group_id"].notna().all()


# --- the next month -------------------------------------------------------------------------------------------------------


def test_a_perturbed_month_keeps_numbers_and_names(first):
    columns, _ = kinds(1, SIZES)
    rng = np.random.default_rng(9)
    moved = {name: values * np.exp(rng.normal(0, 0.05, 650)) for name, values in columns.items()}
    moved["online_share"], moved["open_rate_365"] = (
        np.clip(moved[one], 0, 1) for one in ("online_share", "open_rate_365")
    )
    keep = np.flatnonzero(rng.random(650) > 0.05)
    later = month(
        engine({name: values[keep] for name, values in moved.items()}, [f"c{r:06d}" for r in keep]), first[0], NEXT
    )
    both = pd.concat([by_customer(first[0]), by_customer(later)], axis=1, join="inner")
    assert (both.iloc[:, 0] == both.iloc[:, 1]).mean() > 0.97
    assert set(later.summary["status"]) == {"kept"} and later.reason == "clear"
    assert later.summary["overlap"].min() > 0.9
    assert later.summary["label_code"].tolist() == first[0].summary["label_code"].tolist()


def test_a_new_kind_gets_a_new_number_and_a_number_once_gone_never_comes_back(first):
    columns, _ = kinds(1, SIZES)
    more, _ = kinds(3, {"gift": 200})
    both = {name: np.concatenate([columns[name], more[name]]) for name in columns}
    second = month(engine(both), first[0], NEXT)
    assert second.reason == "changed_clear" and second.clear
    gifts = second.groups[second.groups["customer_id"] >= "c000650"]["group_id"]
    assert (gifts == 4).mean() > 0.95
    status = second.summary.set_index("group_id")["status"].to_dict()
    assert status == {1: "kept", 2: "kept", 3: "kept", 4: "new"}
    third = month(engine(columns), second, NEXT)  # the new kind is gone again
    status = third.summary.set_index("group_id")["status"].to_dict()
    assert status == {1: "kept", 2: "kept", 3: "kept", 4: "retired"}
    assert (
        third.summary.set_index("group_id").loc[4, "label_code"]
        == second.summary.set_index("group_id").loc[4, "label_code"]
    )
    fourth = month(engine(both), third, NEXT)
    status = fourth.summary.set_index("group_id")["status"].to_dict()
    assert status == {1: "kept", 2: "kept", 3: "kept", 4: "retired", 5: "new"}
    assert "4" in looks.months(fourth.summary, 10, "en")[-1]


def test_numbers_are_remembered_over_a_month_in_which_nobody_was_grouped(first):
    empty = month(engine({name: values[:50] for name, values in kinds(1, SIZES)[0].items()}), first[0], NEXT)
    assert not len(empty.groups) and empty.summary["status"].tolist() == ["retired"] * 3
    after = month(engine(kinds(1, SIZES)[0]), empty, NEXT)
    assert after.summary[after.summary["customers"] > 0]["group_id"].tolist() == [4, 5, 6]


def test_without_a_customer_of_both_months_groups_are_matched_by_their_centres(first):
    columns, truth = kinds(4, SIZES)
    later = month(engine(columns, [f"other{row:06d}" for row in range(650)]), first[0], NEXT)
    assert later.way == "centres" and [note.code for note in later.notes][-1] == "matched_centres"
    assert later.summary["group_id"].tolist() == [1, 2, 3] and set(later.summary["status"]) == {"kept"}
    old = pd.crosstab(first[1], by_customer(first[0]).to_numpy()).idxmax(axis=1)
    new = pd.crosstab(truth, by_customer(later).to_numpy()).idxmax(axis=1)
    assert old.to_dict() == new.to_dict()


def test_a_continuum_keeps_its_divisions_from_month_to_month():
    columns = buyers(2, 700)
    then = month(engine(columns))
    rng = np.random.default_rng(3)
    moved = dict(columns) | {"visit_days_90": rng.poisson(columns["visit_days_90"] + 0.1)}
    now = month(engine(moved), then, NEXT)
    assert now.reason == "kept" and now.groups["group_id"].nunique() == then.groups["group_id"].nunique()
    assert set(now.summary["group_id"]) >= set(then.summary["group_id"])
    assert (by_customer(now) == by_customer(then)).mean() > 0.8


def test_matching_by_hand():
    old = np.array([7] * 50 + [3] * 40 + [9] * 10)
    new = np.array([0] * 45 + [1] * 5 + [1] * 38 + [2] * 2 + [0] * 10)
    found = matching.by_members(new, 3, old, used=[1, 3, 7, 9])
    assert found.ids.tolist() == [7, 3, 10] and found.retired == (9,)
    assert found.overlap[:2] == pytest.approx([45 / 60, 38 / 45]) and np.isnan(found.overlap[2])
    assert matching.by_members(new[:0], 3, old[:0], used=[]) is None


def test_the_order_of_the_new_groups_does_not_matter():
    rng = np.random.default_rng(0)
    old = rng.integers(1, 5, 300)
    new = np.where(rng.random(300) < 0.9, old - 1, rng.integers(0, 4, 300))
    for order in ([0, 1, 2, 3], [3, 1, 0, 2], [2, 3, 1, 0]):
        found = matching.by_members(np.array(order)[new], 4, old, used=[1, 2, 3, 4])
        assert found.ids[np.array(order)].tolist() == [1, 2, 3, 4]


# --- what is shown --------------------------------------------------------------------------------------------------------


def test_small_groups_are_withheld_wherever_groups_are_shown(first):
    summary = first[0].summary.assign(customers=[4, 640, 6])
    hidden = suppress_parts(np.array([4, 640, 6]), 10)
    assert looks.shown(summary, 10, "en")["group_id"].tolist() == summary["group_id"][~hidden].tolist()
    summary = first[0].summary.assign(customers=[4, 300, 346])
    shown = looks.shown(summary, 10, "ja")  # 4 are too few, and the next smallest would give them away
    assert shown["group_id"].tolist() == [3]
    for table in (looks.table(summary, 10, "ja"), looks.card_table(summary, first[0].cards, 10, "ja")):
        assert len(table) == 1
    assert len(looks.rules(summary, first[0].fidelity, 10, "en")) == 2


def test_small_cells_of_the_mix_are_withheld_and_cannot_be_computed():
    mix = pd.DataFrame(
        [
            (g, "channel", v, n)
            for g, row in {1: (3, 97), 2: (50, 60), 3: (40, 80)}.items()
            for v, n in zip(("app", "web"), row, strict=True)
        ],
        columns=["group_id", "dimension", "value", "customers"],
    )
    summary = pd.DataFrame(
        {"group_id": [1, 2, 3], "status": "first", "customers": [100, 110, 120], "label_en": "x", "label_ja": "x"}
    )
    share = composition.mixed(mix, summary, "channel", 10, "en")
    assert share.isna().sum().sum() + (6 - share.size) >= 4 and not (share < 0.1).any().any()
    with_few = composition.mixed_title(pd.DataFrame(), "channel", "ja")
    assert with_few == i18n.word("groups.few", "ja")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_word_of_a_page_exists(first, language):
    result, _ = first
    assert len(looks.table(result.summary, 10, language)) == 3
    assert len(looks.criteria(result.choice, language)) >= 9
    assert looks.choice_title(result.choice, language) and looks.cards_title(result.summary, 10, language)
    for code in ("clear", "division", "kept", "changed_clear", "changed_division", "asked"):
        choice = result.choice.assign(reason=code)
        for verdict in ("clear", "continuum", "unstable"):
            assert looks.structure(choice.assign(verdict=verdict), language)
            assert looks.choice_title(choice.assign(verdict=verdict), language)
    assert names.label(AVERAGE, language) == i18n.word("groups.average", language)
    assert "weekend_share" not in names.label("weekend_share:high", language)  # a feature without a short name


def test_names_differ_and_stay(first):
    rows = [(1, "online_share", 0.6, 1), (1, "purchase_days_365", 0.5, 2), (1, "mean_order_365", 0.4, 3)]
    rows += [(2, "online_share", 0.7, 1), (2, "purchase_days_365", 0.4, 2), (3, "online_share", -0.2, 1)]
    cards = pd.DataFrame(rows, columns=["group_id", "feature", "effect", "rank"]).assign(role="made_from")
    made = names.codes(cards)
    assert made == {
        1: "online_share:high, purchase_days_365:high, mean_order_365:high",
        2: "online_share:high, purchase_days_365:high",
        3: AVERAGE,
    }
    assert names.labels(made, "en")[1] == "Online, frequent, large orders"
    assert names.labels(made, "ja")[2] == "ネット中心・よく買う"
    kept = names.codes(cards, {1: "mean_order_365:high", 2: "mean_order_365:high", 3: "online_share:low"})
    assert kept[1] == "mean_order_365:high" and kept[2] != kept[1] and kept[3] == AVERAGE  # only what is still true
    alike = names.labels({1: AVERAGE, 2: AVERAGE}, "en")
    assert alike[1] != alike[2]
