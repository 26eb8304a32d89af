"""What may be told of campaigns: nothing of few people, and nothing from which a number of few people follows."""

from datetime import date

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.campaigns import disclosed

K, AS_OF = 10, date(2026, 10, 31)
STEPS = ("planned", "sent", "delivered", "opened", "clicked", "bought", "unsubscribed")


def results(*arms: tuple[int, int], **more) -> pd.DataFrame:
    rows = [
        {"campaign_id": f"K{place}", "n_treated": one, "n_control": two, "outcome": "orders", "effect": 0.1, "low": 0.05, "high": 0.15,
         "share": two / max(one + two, 1), "ratio_p": 0.5, "margin": 9.0, "margin_low": 1.0, "margin_high": 19.0, "roi": 2.0, "reason": ""}
        for place, (one, two) in enumerate(arms)
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(**more)


def funnel(code: str, *people: int) -> pd.DataFrame:
    rows = [{"campaign_id": code, "step": step, "people": n} for step, n in zip(STEPS, people, strict=True)]
    return pd.DataFrame(rows).assign(share=lambda table: table["people"] / max(people[0], 1)).sort_values("step")


def shown_steps(*people: int, arms: tuple[int, int] = (100, 50)) -> dict[str, float]:
    made = disclosed.shown({"campaign_results": results(arms), "campaign_funnel": funnel("K0", *people)}, K)
    table = made["campaign_funnel"]
    assert (table["people"].isna() == table["share"].isna()).all()
    return table.dropna(subset=["people"]).set_index("step")["people"].to_dict()


def test_an_arm_is_not_told_without_the_other():
    made = disclosed.shown({"campaign_results": results((12, 7), (100, 50), (30, 0))}, K)["campaign_results"]
    assert made.loc[0, ["n_treated", "n_control", "share", "ratio_p"]].isna().all()
    assert made.loc[1, ["n_treated", "n_control"]].tolist() == [100, 50]
    assert made.loc[2, ["n_treated", "n_control"]].tolist() == [30, 0]  # nobody was held out: that is no small number
    assert shown_steps(12, 12, 12, 5, 0, 0, 0, arms=(12, 7)) == {}


def test_an_effect_without_an_interval_is_not_told_nor_its_money():
    made = disclosed.shown({"campaign_results": results((90, 60), low=np.nan, margin_low=np.nan)}, K)[
        "campaign_results"
    ]
    assert made.loc[0, ["effect", "margin", "roi"]].isna().all() and made.loc[0, "n_treated"] == 90


def test_steps_lose_nobody_or_enough_people():
    assert shown_steps(100, 100, 97, 60, 20, 15, 3) == {
        "planned": 100,
        "sent": 100,
        "opened": 60,
        "clicked": 20,
        "bought": 15,
    }
    assert shown_steps(100, 96, 88, 84, 0, 95, 0) == {"planned": 100, "delivered": 88, "clicked": 0, "unsubscribed": 0}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=5, max_size=5), st.integers(0, 40), st.integers(0, 40))
def test_no_two_steps_that_are_told_differ_by_few(lost, bought, unsubscribed):
    chain = np.cumsum(lost[::-1])[::-1].tolist()
    planned = chain[0]
    found = shown_steps(*chain, min(bought, planned), min(unsubscribed, planned))
    told = [found[step] for step in STEPS[:5] if step in found]
    gaps = [a - b for place, a in enumerate(told) for b in told[place + 1 :]]
    gaps += [planned - found[step] for step in STEPS[5:] if step in found]
    assert all(gap == 0 or gap >= K for gap in gaps)
    assert all(n == 0 or n >= K for step, n in found.items() if step != "planned")


def test_plain_shares_of_few_buyers_would_be_counts():
    """From a plain difference of 66 and 27 people, rounded as it is told, one pair of counts below ten follows."""
    told = round((3 / 66 - 4 / 27) * 1000)
    fits = [(a, b) for a in range(10) for b in range(28) if round((a / 66 - b / 27) * 1000) == told]
    assert fits == [(3, 4)]  # why it is withheld
    rows = [
        {"campaign_id": code, "outcome": outcome, "n_treated": 66, "n_control": 27, "mean_treated": a / 66, "mean_control": b / 27,
         "effect": a / 66 - b / 27, "low": -1.0, "high": 1.0, "plain": a / 66 - b / 27, "plain_low": -1.0, "plain_high": 1.0,
         "reduction": 0.1, "p_value": 0.5, "p_adjusted": 0.5, "reason": reason}
        for code, a, b, reason in (("few", 6, 5, ""), ("none", 3, 4, "few_events"), ("many", 30, 12, ""))
        for outcome in ("customers", "orders")
    ]  # fmt: skip
    made = disclosed.shown({"campaign_effects": pd.DataFrame(rows)}, K)["campaign_effects"]
    made = made.set_index(["campaign_id", "outcome"])
    assert made.loc["few", "plain"].isna().all() and made.loc[("few", "customers"), ["effect", "low"]].isna().all()
    assert made.loc[("few", "orders"), "low"] == -1.0  # an adjusted estimate with its interval
    assert made.loc["none", ["effect", "plain", "p_value", "reduction"]].isna().all(axis=None)
    assert made.loc["many", ["effect", "plain", "low"]].notna().all(axis=None)


def test_a_verdict_of_few_buyers_says_why_there_is_no_number():
    effects = pd.DataFrame([{"campaign_id": "K0", "outcome": "customers", "n_treated": 66, "n_control": 27, "mean_treated": 6 / 66,
                             "mean_control": 5 / 27, "reason": "", "plain": 0.1, "effect": 0.1, "low": 0.0, "high": 0.2}])  # fmt: skip
    tables = {"campaign_results": results((66, 27), outcome="customers"), "campaign_effects": effects}
    row = disclosed.shown(tables, K)["campaign_results"].iloc[0]
    assert row["reason"] == "few_buyers" and np.isnan(row["effect"])


def control(*held: int, kept: int) -> pd.DataFrame:
    """Quarters with so many held out; the group is kept since quarter `kept`."""
    total = [100.0 * (place + 1) for place in range(len(held))]
    sums = np.where(np.arange(len(held)) < kept, np.nan, np.cumsum(np.where(np.arange(len(held)) < kept, 0, total)))
    return pd.DataFrame({"quarter": pd.date_range("2025-01-01", periods=len(held), freq="QS"), "n_control": held, "n_others": 500,
                         "before": np.arange(len(held)) < kept, "total": total, "cumulated": sums, "low": 0.0})  # fmt: skip


def test_a_quarter_with_few_held_out_is_in_no_sum_that_is_told():
    made = disclosed.shown({"global_control": control(6, 12, 20, kept=1)}, K)["global_control"]
    assert made["n_control"].isna().tolist() == made["total"].isna().tolist() == [True, False, False]
    assert made["cumulated"].tolist()[1:] == [200.0, 500.0]
    made = disclosed.shown({"global_control": control(12, 6, 20, kept=1)}, K)["global_control"]
    assert made["total"].isna().tolist() == [False, True, False] and made["cumulated"].isna().all()


def test_groups_of_few_leave_with_those_that_would_give_them_away():
    sizes = [(60, 30, 20, 12), (50, 25, 15, 10), (40, 20, 3, 10), (30, 15, 14, 14)]
    rows = [{"source_system": "a", "campaign_id": "K0", "dimension": "channel", "group_value": str(n), "treated": t, "people": t + c,
             "share_treated": a / t, "share_control": b / c} for n, (t, c, a, b) in enumerate(sizes)]  # fmt: skip
    made = disclosed.shown({"uplift_groups": pd.DataFrame(rows)}, K)["uplift_groups"]
    kept = [sizes[int(one)] for one in made["group_value"]]
    cells = np.array([(a, t - a, b, c - b) for t, c, a, b in sizes])
    rest = cells.sum(axis=0) - np.array([(a, t - a, b, c - b) for t, c, a, b in kept]).reshape(-1, 4).sum(axis=0)
    assert len(kept) < 3 and ((rest == 0) | (rest >= K)).all()


def test_people_in_both_arms_do_not_follow_from_two_tables():
    row = {
        "people": 90,
        "treated": 60,
        "control": 30,
        "crossed": 3,
        "share_treated": 0.5,
        "share_control": 0.5,
        "effect": 0.0,
    }
    table = pd.DataFrame([row, row | {"crossed": 0}, row | {"crossed": 0, "share_control": 0.1}])
    made = disclosed.shown({"uplift_campaigns": table}, K)["uplift_campaigns"]
    assert made["people"].isna().tolist() == [True, False, False]
    assert made["effect"].isna().tolist() == [False, False, True]  # three of thirty bought
