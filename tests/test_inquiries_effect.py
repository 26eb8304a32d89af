"""Purchases after an inquiry: what is planted is found, what only goes with it is not, and nobody is compared with the future."""

from datetime import date

import inquiry_world
import numpy as np
import pandas as pd
import pytest

from customerbase.satisfaction.inquiries import after_inquiry, alike, effect, study

AS_OF = date(2026, 10, 31)


def compared(seed: int, **options) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Comparisons by name, balance, and the truth of the inquiries that were compared."""
    bought, asked, truth = inquiry_world.world(seed, **options)
    followed = study.follow(bought, asked, last=inquiry_world.LAST)
    table, balance = after_inquiry(followed, as_of=AS_OF, k_min=1)
    used = set(
        zip(followed.bought.customer[followed.rows], followed.bought.day[followed.rows] + followed.gap, strict=True)
    )
    known = [key in used for key in zip(truth["customer"], truth["day"], strict=True)]
    return table.set_index("comparison"), balance, truth[known]


def holds(row: pd.Series, value: float) -> bool:
    return bool(row["low"] <= value <= row["high"])


# --- planted worlds -------------------------------------------------------------------------------------------------------


def test_where_asking_does_nothing_the_plain_difference_is_wrong_and_the_matched_one_holds_zero():
    found = [compared(seed, customers=900)[0] for seed in range(10)]
    plain = [table.loc["asked", "plain_low"] for table in found]
    assert min(plain) > 0.05  # plainly those who ask buy again far more often, in every world
    assert sum(not holds(table.loc["asked"], 0) for table in found) <= 2
    assert abs(np.mean([table.loc["asked", "difference"] for table in found])) < 0.025
    assert sum(table["verdict"].isin([effect.LESS, effect.MORE]).any() for table in found) <= 2


@pytest.mark.slow
def test_intervals_hold_zero_at_the_nominal_rate():
    found = [compared(seed, customers=1200)[0] for seed in range(80)]
    assert 0.90 <= np.mean([holds(table.loc["asked"], 0) for table in found]) <= 1
    assert 0.90 <= np.mean([holds(table.loc["slow_fast"], 0) for table in found]) <= 1
    assert 0.90 <= np.mean([holds(table.loc["placebo"], 0) for table in found]) <= 1


def test_a_planted_harm_is_found_with_its_size_and_more_of_it_where_solved_slowly():
    inside, slower = 0, 0
    for seed in range(6):
        table, _, truth = compared(seed, customers=1000, harm=0.1, slow_harm=0.4)
        planted = truth["bought"].mean() - truth["would_have"].mean()
        assert planted < -0.1 and table.loc["asked", "verdict"] == effect.LESS
        inside += holds(table.loc["asked"], planted)
        assert table.loc["slow", "difference"] < table.loc["fast", "difference"]
        slower += table.loc["slow_fast", "verdict"] == effect.LESS
    assert inside >= 5 and slower >= 5


def test_matching_makes_them_alike_in_everything_known_before():
    _, balance, _ = compared(3)
    asked = balance[balance["comparison"] == "asked"].set_index("term")
    assert list(asked.index) == list(alike.TERMS)
    assert asked["smd_before"].abs().max() > 1 and asked["smd_after"].abs().max() < 0.1
    assert abs(asked.loc["recency", "smd_after"]) < 1e-9  # exactly as long silent


def test_the_placebo_tells_of_hidden_differences_and_is_quiet_without_them():
    """Who asks by nature, not by the year's purchases: the year before it shows it, more often than chance would."""
    hidden = [compared(seed, customers=4000, hidden=True)[0].loc["placebo", "difference"] for seed in range(2)]
    quiet = [compared(seed, customers=4000)[0].loc["placebo"] for seed in range(2)]
    assert np.mean(hidden) > np.mean([row["difference"] for row in quiet])
    assert sum(not holds(row, 0) for row in quiet) <= 1


# --- who is compared ------------------------------------------------------------------------------------------------------


def days(*rows: tuple[int, int]) -> pd.DataFrame:
    customer, day = zip(*rows, strict=True)
    return pd.DataFrame({"customer": customer, "day": day, "spend": 1000.0, "online": 0})


def asked(*rows: tuple[int, int]) -> pd.DataFrame:
    customer, day = zip(*rows, strict=True) if rows else ((), ())
    went = {
        "solution_seconds": 3600.0,
        "solution_watched": 3600.0,
        "knows_closing": 1,
        "csat": np.nan,
        "is_reopened": 0,
    }
    return pd.DataFrame({"customer": np.array(customer, dtype=int), "day": np.array(day, dtype=int)}).assign(**went)


def follow(bought: pd.DataFrame, inquiries: pd.DataFrame, last: int = 1000) -> study.Study:
    return study.follow(bought, inquiries, last=last)


def test_one_inquiry_a_customer_after_a_quiet_time_a_purchase_and_with_time_enough_after():
    bought = days((0, 800), (1, 100), (2, 900), (3, 950), (4, 990), (5, 700))
    wanted = asked((0, 810), (0, 999), (1, 900), (2, 880), (3, 960), (4, 1001), (5, 702), (5, 760))
    found = follow(bought, wanted)
    who = found.bought.customer[found.rows].tolist()
    assert who == [0, 3, 5] and found.gap.tolist() == [10, 10, 2]
    # customer 1 was silent for longer than a year, 2 asked before any purchase, 4 too late; 5 and 0 asked again
    assert found.left_out == {"never_bought": 1, "silent": 1, "asked_before": 1}


def test_partners_had_neither_bought_nor_asked_by_their_index_day():
    rows = [(0, 900)]  # asked on day 910
    rows += [(1, 900), (1, 905), (1, 1050)]  # bought within the ten days, and on day 905 it is another class
    rows += [(2, 900)]  # asked itself on day 908
    rows += [(3, 900), (3, 911)]  # bought a day after the index day: a partner, and its outcome
    rows += [(4, 850)]  # 50 days away
    rows += [(6, 905), (6, 940)]
    rows += [(5, 950)]  # its index day would come after the last
    found = follow(days(*rows), asked((0, 910), (2, 908)), last=955)
    pairs = alike.match(found.bought, found.rows, found.gap, quiet=180, last=955)
    first = pairs.one == 0
    partners = {(int(found.bought.customer[row]), int(found.bought.day[row])) for row in pairs.other[first]}
    assert partners == {(3, 900), (6, 905)}
    assert pairs.weight[first].sum() == pytest.approx(1)


def test_facts_of_a_purchase_by_hand_and_nothing_later_in_them():
    bought = days((0, 95), (0, 400), (0, 460), (0, 500), (1, 460))
    made = alike.Purchases.of(bought, asked((0, 450), (0, 470)))
    row = int(np.flatnonzero((made.customer == 0) & (made.day == 460))[0])
    frequency, spend, tenure, gap, online = made.facts(np.array([row]))[0]  # day 95 lies a year before
    assert np.expm1([frequency, spend, tenure, gap]) == pytest.approx([2, 2000, 365, 60]) and online == 0
    assert (made.asked_before[row], made.asked[row]) == (450, 470)
    assert made.bought(np.array([row]), np.array([460]), np.array([500])).tolist() == [1]
    assert made.bought(np.array([row]), np.array([500]), np.array([900])).tolist() == [0]
    cut = alike.Purchases.of(bought[bought["day"] <= 460], asked())
    assert (cut.facts(np.array([row])) == made.facts(np.array([row]))).all()


def test_few_inquiries_give_no_number():
    bought, inquiries, _ = inquiry_world.world(1, customers=60)
    table, balance = after_inquiry(follow(bought, inquiries, inquiry_world.LAST), as_of=AS_OF)
    few = table[table["verdict"] == effect.FEW]
    assert len(few) >= 5 and few[["share", "difference", "low", "plain"]].isna().all(axis=None)
    assert set(balance["comparison"]) <= set(table["comparison"])


def alike_in_all(others: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Forty customers who asked and `others` who did not, all of whom bought once, the same day, for the same price."""
    days = [(who, 500, 100.0, 0) for who in range(40 + others)] + [
        (who, 540, 100.0, 0) for who in range(0, 40 + others, 2)
    ]
    asked = pd.DataFrame([(who, 502) for who in range(40)], columns=["customer", "day"])
    asked = asked.assign(solution_seconds=3600.0, solution_watched=3600.0, knows_closing=1, csat=5.0, is_reopened=0)
    return pd.DataFrame(days, columns=["customer", "day", "spend", "online"]), asked


def test_customers_all_alike_are_all_partners_and_a_few_partners_are_not_told_of():
    table = (
        effect.tables(study.follow(*alike_in_all(40), last=700), as_of=AS_OF)[0].set_index("comparison").loc["asked"]
    )
    assert table["matched"] == 40 and table["controls"] >= 30 and abs(table["difference"]) < 0.15
    few = effect.tables(study.follow(*alike_in_all(5), last=700), as_of=AS_OF)[0].set_index("comparison").loc["asked"]
    assert few["controls"] <= 5 and few["verdict"] == effect.FEW and pd.isna(few["share_alike"])


def test_where_everybody_asks_nobody_is_left_to_compare_with():
    days, asked = alike_in_all(0)
    table = effect.tables(study.follow(days, asked, last=700), as_of=AS_OF)[0]
    assert (table["matched"] == 0).all() and set(table["verdict"]) == {effect.FEW}


def test_nobody_asked_and_nobody_bought():
    for bought, inquiries in ((days((0, 100), (1, 200)), asked()), (days((0, 1)).iloc[:0], asked())):
        table, balance = after_inquiry(follow(bought, inquiries), as_of=AS_OF)
        assert set(table["verdict"]) == {effect.FEW} and not len(balance)
