"""Scores by product: which product an answer is about, stars of reviews, products that differ, and nobody few told of."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
import satisfaction_world as world
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase import charts, i18n
from customerbase.charts.satisfied import Pictures
from customerbase.features import answers
from customerbase.satisfaction import groups, looks, products, satisfaction

AS_OF, K = date(2026, 10, 31), 10


def order(customer: str, day: str, number: str, *, kind: int = 1) -> tuple:
    return (customer, "web", day, kind, 1000, "s", number)


def line(number: str, product: str | None, amount: int, kind: str = "goods") -> tuple:
    return ("s", number, kind, product, amount)


def asked(*given: tuple[str, str | None]) -> list[tuple]:
    """Answers of 9 to a survey that asked on 1 October: (account, product that the survey names)."""
    return [
        ("s", f"r{place}", "S1", who, "q", "2026-10-01 12:00", "2026-10-02", "nps", 9, None, product)
        for place, (who, product) in enumerate(given)
    ]


# --- which product an answer is about ---------------------------------------------------------------------------------------


def test_an_answer_is_about_the_product_named_else_the_main_one_of_the_last_order_before_it_was_asked():
    db = world.database(
        survey_answers=asked(("a", "P9"), ("a", None), ("b", None), ("c", None), ("d", None), ("e", None), ("?", None)),
        identity_links=[(one.upper(), "s", one) for one in "abcde"],
        customer_orders=[
            order("A", "2026-09-01", "1"),
            order("B", "2026-08-01", "2"),
            order("B", "2026-09-30", "3"),  # the last one before
            order("B", "2026-10-01 13:00", "4"),  # after the survey asked
            order("B", "2026-10-01", "5", kind=0),  # a refund
            order("C", "2026-04-03", "6"),  # 181 days before
            order("D", "2026-04-04", "7"),  # 180 days before
            order("E", "2026-09-01", "8"),
        ],
        order_lines=[
            line("1", "P1", 100), line("2", "P2", 900), line("3", "P3", 500), line("3", "P4", 300), line("3", "P4", 300),
            line("3", None, 5000), line("3", "P5", 9000, "shipping"), line("4", "P6", 100), line("5", "P6", 100),
            line("6", "P7", 100), line("7", "P7", 100), line("8", "P8", 100), line("8", "P2", 100),
        ],
        products=[("s", "P9", "Soap", "Care > Body"), ("s", "P4", "Tea", "Food"), ("t", "P4", "Tea", "Food")],
    )  # fmt: skip
    frame = answers.gather(db, as_of=AS_OF).frame
    found = products.of(db, frame).assign(who=frame["customer_id"])
    about = {(row["who"], row["product"]) for row in found.dropna(subset=["product"]).to_dict("records")}
    # E spent as much on either: the first by name
    assert about == {("A", "P9"), ("A", "P1"), ("B", "P4"), ("D", "P7"), ("E", "P2")}
    assert set(found.loc[found["product"].isna(), "who"]) == {"C", "s:r6"}
    named = found.dropna(subset=["product_category"]).set_index("product")["product_category"]
    assert named.to_dict() == {"P9": "Care", "P4": "Food"}
    assert products.of(db, frame, days=30)["product"].dropna().tolist() == ["P9", "P1", "P4", "P2"]


def test_of_a_review_the_latest_of_each_person_and_product_counts():
    review = "2026-10-01"
    db = world.database(
        identity_links=[("A", "s", "a"), ("A", "s", "a2"), ("B", "s", "b")],
        reviews=[
            ("s", "1", "P1", "a", review, 1),
            ("s", "2", "P1", "a2", "2026-10-05", 5),  # the same person, later
            ("s", "3", "P2", "a", review, 2),
            ("s", "4", "P1", "b", "2026-11-01", 1),  # after the month
            ("s", "5", "P1", None, review, 3),
            ("s", "6", "P1", None, review, 4),  # each nobody for himself
            ("s", "7", "P1", "b", review, None),
            ("s", "8", "P1", "b", review, 6),
            ("s", "9", None, "b", review, 4),
            ("s", "10", None, "b", review, 5),  # of products that are not named
        ],
    )
    found = products.reviews(db, as_of=AS_OF)
    told = set(zip(found["customer_id"], found["product_id"].fillna("-"), found["answer"], strict=True))
    assert told == {("A", "P1", 5), ("A", "P2", 2), ("s:5", "P1", 3), ("s:6", "P1", 4), ("B", "-", 4), ("B", "-", 5)}
    assert found["known"].tolist().count(0) == 2


def test_a_person_may_rate_several_products_in_one_wave():
    db = world.database(
        survey_answers=asked(("a", "P1"), ("a", "P2"), ("a", "P2"), ("a", None)), identity_links=[("A", "s", "a")]
    )
    found = answers.gather(db, as_of=AS_OF)
    assert found.frame["product_id"].fillna("-").tolist() == ["P1", "P2", "-"]
    assert found.left_out["repeated"] == 1


# --- figures ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def month():
    db = world.shop()
    return db, satisfaction(db, as_of=AS_OF, k_min=K)


def test_stars_and_nps_of_every_product_by_plain_sql(month):
    db, result = month
    truth = db.query("""
        with latest as (
            select source_customer_id, product_id, arg_max(stars, (posted_at, source_system || ':' || review_id)) as stars
            from reviews where posted_at < '2026-11-01' group by all)
        select product_id, avg(stars), count(*) from latest group by all having count(*) >= 10""").fetchall()
    own = result.scores.query("dimension == 'product' and measure == 'stars_mean'")
    assert len(truth) >= 10 and len(own) >= 8
    # fewer than there are: some are withheld so that no other one of few follows from its category
    assert {(row.value, round(row.score, 9), row.n) for row in own.itertuples()} <= {
        (product, round(mean, 9), n) for product, mean, n in truth
    }
    # the second survey asked after the order; the first before it, when nobody had lines on record
    truth = db.query("""
        select l.product_id, 100 * (avg((a.answer_num >= 9)::int) - avg((a.answer_num <= 6)::int)), count(*)
        from survey_answers a join order_lines l on l.order_id = 'o' || a.source_customer_id
        where a.scale = 'nps' and a.survey_id = 'S2' group by all having count(*) >= 10""").fetchall()
    own = result.scores.query("dimension == 'product' and measure == 'nps'")
    assert len(truth) >= 5 and len(own) >= 3
    assert {(row.value, round(row.score, 6), row.n) for row in own.itertuples()} <= {
        (product, round(nps, 6), n) for product, nps, n in truth
    }
    everybody = result.scores.query("dimension == 'all' and measure == 'stars_mean'").iloc[0]
    assert everybody["people"] == 400 and everybody["n"] == len(products.reviews(db, as_of=AS_OF))
    assert own["low"].lt(own["score"]).all() and own["high"].gt(own["score"]).all()


def test_the_worse_product_is_named_in_both_languages_and_drawn(month):
    _, result = month
    clear = result.scores.query("dimension == 'product' and verdict == 'clear_down'")
    assert clear["value"].tolist() == ["P03"] and clear["label"].tolist() == ["Item 1 (P03)"]  # P02 is called alike
    for language, word in (("en", "clearly below"), ("ja", "はっきり低く")):
        look = Pictures(result, language)
        told = " ".join(look.of_products())
        assert "Item 1 (P03)" in told and word in told and i18n.word("satisfaction.dimension.product", language) in told
        assert look.products().iloc[0].tolist()[0] == "Item 1 (P03)"
        drawn = charts.svg(look.groups(dimension="product"))
        assert "Item 1 (P03)" in drawn
        assert "Item 1 (P03)" in look.matters()[-1]  # what to do next
        assert "P03" not in " ".join(look.said())  # products have a line of their own
    assert result.records()["products"] == result.scores.query("dimension == 'product'")["value"].nunique()


def test_products_do_not_dilute_the_comparison_of_groups(month):
    db, with_products = month
    plain = db.query("select * from products").df()
    db.execute("delete from products")
    try:
        without = satisfaction(db, as_of=AS_OF, k_min=K)
    finally:
        db.register("plain", plain)
        db.execute("insert into products select * from plain")
    keys, of = ["measure", "dimension", "value"], "dimension in ('channel', 'segment', 'store')"
    a, b = (one.scores.query(f"{of} and measure != 'stars_mean'").set_index(keys) for one in (with_products, without))
    pd.testing.assert_series_equal(a["p_value"], b["p_value"])
    # categories of products are groups like others; products are a family of their own, however many there are
    assert (a["q_value"].dropna() <= b["q_value"].dropna() * 3).all()


@pytest.mark.parametrize(("by", "least", "most"), [(0.0, 0.0, 0.1), (1.0, 0.85, 1.0)])
def test_alike_products_are_hardly_ever_called_different_and_a_worse_one_is_found(by, least, most):
    """40 products of 40 reviews, 60 companies: how often any product is called different; 25 with one a star worse."""
    rng, found, runs = np.random.default_rng(12), 0, 60 if not by else 25
    product = np.repeat([f"P{one:02d}" for one in range(40)], 40)
    for _ in range(runs):
        stars = np.clip(np.round(rng.normal(4 - by * (product == "P07"), 1.0, len(product))), 1, 5)
        frame = world.answers(list(enumerate(stars)), "review", "five")
        made = groups.by_group(frame, {"product": pd.Series(product)}, as_of=AS_OF, k_min=K)
        clear = set(made.loc[made["verdict"].isin(looks.CLEAR), "value"])
        found += bool(clear) if not by else "P07" in clear
    assert least <= found / runs <= most


# --- nobody few is told of ----------------------------------------------------------------------------------------------------

PLACED = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 40), st.booleans()), min_size=1, max_size=160
)  # product (its category: number modulo 3), person, satisfied


@settings(max_examples=60, deadline=None)
@given(PLACED)
def test_no_sum_gives_back_a_product_of_few(placed):
    """An attacker knows everything, the categories and the products that are told of, and subtracts."""
    given = pd.DataFrame(placed, columns=["product", "person", "top"]).drop_duplicates(["product", "person"])
    frame = world.answers(
        [(person, 5 if top else 1) for person, top in zip(given["person"], given["top"], strict=True)], "csat", "five"
    )
    names = given["product"].map("P{}".format).reset_index(drop=True)
    kinds = (given["product"] % 3).map("K{}".format).reset_index(drop=True)
    made = groups.by_group(frame, {"product_category": kinds, "product": names}, as_of=AS_OF, k_min=K)
    frame = frame.assign(product=names, kind=kinds)
    for measure, sides in (("csat", [frame["answer"] >= 4, frame["answer"] < 4]), ("csat_mean", [frame["answer"] > 0])):
        own = made[made["measure"] == measure]
        told = set(own.loc[own["dimension"] == "product", "value"])
        shown = set(own.loc[(own["dimension"] == "product_category") & own["score"].notna(), "value"])
        assert not own.loc[own["dimension"] == "product", "score"].isna().any()
        for side in sides:
            counts = frame[side].groupby("product")["customer_id"].nunique()
            assert all(counts.get(one, 0) == 0 or counts[one] >= K for one in told)
            # of each category that is shown, what is left after taking its products away; and of the hidden ones together
            areas = [frame["kind"] == one for one in shown] + [~frame["kind"].isin(shown)]
            for area in areas:
                rest = frame[side & area & ~frame["product"].isin(told)]
                people = rest["customer_id"].nunique()
                hidden = frame.loc[area & ~frame["product"].isin(told), "product"].nunique()
                whole = not (set(frame.loc[area, "product"]) & told)  # nothing to take away
                assert whole or people == 0 or people >= K
                assert whole or hidden != 1


def test_products_of_few_people_are_not_told_of_and_the_page_says_so():
    db = world.shop(60, goods=40)
    result = satisfaction(db, as_of=AS_OF, k_min=K)
    own = result.scores.query("dimension == 'product'")
    assert own["n"].dropna().ge(K).all()
    few = satisfaction(world.shop(30, goods=40), as_of=AS_OF, k_min=K)
    for language in i18n.LANGUAGES:
        assert Pictures(few, language).of_products() == [i18n.word("satisfaction.product_few", language)]
        assert Pictures(few, language).groups(dimension="product") is None


# --- companies that lack something --------------------------------------------------------------------------------------------


def test_reviews_alone_are_a_study_and_nothing_alone_is_none():
    rows = [("s", f"{n}", "P1" if n % 2 else "P2", f"{n}", f"2026-{1 + n % 10:02d}-03", 1 + n % 5) for n in range(200)]
    db = world.database(reviews=rows, products=[("s", "P1", "Soap", None)])
    world.profiles(db)
    result = satisfaction(db, as_of=AS_OF, k_min=K)
    assert set(result.scores["measure"]) == {"stars_mean"} and result.people == 0
    for language in i18n.LANGUAGES:
        look = Pictures(result, language)
        told = [*look.remarks(), *look.said(), *look.of_products(), *look.answered(), *look.after(), *look.matters()]
        assert i18n.word("satisfaction.empty", language) not in told
        assert i18n.sentence("satisfaction.reviews_counted", language, n="200") in " ".join(told)
        assert look.trend() is not None and look.groups(dimension="product") is not None
    empty = world.database()
    world.profiles(empty)
    assert satisfaction(empty, as_of=AS_OF).scores.empty


def test_a_company_whose_answers_have_no_product_has_no_line_of_products():
    result = satisfaction(world.company(200), as_of=AS_OF, k_min=K)
    assert not result.scores["dimension"].isin(["product", "product_category"]).any()
    assert Pictures(result, "en").of_products() == [] and Pictures(result, "en").products().empty


def test_ids_and_names_of_products_are_hostile():
    nasty = ["<script>alert(1)</script>", "'; drop table products; --", "商品　①", "x" * 200, ""]
    rows = [("s", f"{n}", nasty[n % 5].replace("'", "''"), f"{n}", "2026-10-03", 1 + n % 5) for n in range(200)]
    catalogue = [("s", one.replace("'", "''"), "<b>Same</b>", None) for one in nasty]
    db = world.database(reviews=rows, products=catalogue)
    world.profiles(db)
    result = satisfaction(db, as_of=AS_OF, k_min=K)
    own = result.scores.query("dimension == 'product'")
    assert set(own["value"]) == set(nasty) and own["label"].is_unique
    svg = charts.svg(Pictures(result, "en").groups(dimension="product"))
    assert "<script" not in svg and "<b>" not in svg
