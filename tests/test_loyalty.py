"""Ranks from the orders alone: against a loop typed here, a ledger made by a known rule, and arithmetic by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loyalty_world import AS_OF, ledger_of, shop, world

from customerbase.audiences.loyalty import read_programme, simulate
from customerbase.audiences.loyalty import said as looks
from customerbase.audiences.loyalty.history import history
from customerbase.errors import ConfigError

RANKS = {
    "low": {"title": {"en": "Low", "ja": "低"}, "label": "L", "points": 0.01},
    "high": {"title": {"en": "High", "ja": "高"}, "label": "H", "from": 1_000, "points": 0.02, "benefit": 5},
}
TITLE = {"title": {"en": "Other", "ja": "別の基準"}}


def by_loop(orders: pd.DataFrame, member: str, at: pd.Timestamp, months: int | None, review: list[int]) -> float:
    """What counts for a rank, reckoned one order after the other."""
    end, inclusive = at, True
    if review:
        end, inclusive = at.to_period("M").to_timestamp(), False
        while end.month not in review:
            end -= pd.DateOffset(months=1)
    start = (
        pd.Timestamp.min
        if months is None
        else (end - pd.Timedelta(seconds=int(not inclusive))) - pd.DateOffset(months=months)
    )
    mine = orders[orders["member"] == member]
    before = (mine["order_at"] <= end) if inclusive else (mine["order_at"] < end)
    return float(mine.loc[before & (mine["order_at"] > start), "subtotal"].sum())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1_000), st.sampled_from([None, 1, 6, 12]), st.sampled_from([[], [4, 10], [1]]))
def test_what_counts_for_a_rank_is_what_a_loop_finds(seed, months, review):
    orders = shop(4, seed)
    spec = {"ranks": RANKS, "review": review or "purchase"} | ({"window_months": months} if months else {})
    past, scheme = history(orders, "member", "subtotal"), read_programme(spec).present
    rng = np.random.default_rng(seed)
    times = pd.Timestamp("2024-03-01") + pd.to_timedelta(rng.integers(0, 900 * 86_400, 20), unit="s")
    times = times.append(pd.DatetimeIndex(orders["order_at"].head(5)))
    members = [f"M{one:03}" for one in rng.integers(0, 4, len(times))]
    at = times.to_numpy().astype("datetime64[s]").astype(np.int64)
    found = past.reached(past.places(pd.Series(members)), at, scheme)
    known = past.places(pd.Series(members)) >= 0
    wanted = [by_loop(orders, member, time, months, review) for member, time in zip(members, times, strict=True)]
    assert found[known] == pytest.approx(np.array(wanted)[known])


def test_the_true_rule_replays_history_and_a_wrong_one_shows_its_error():
    orders = shop()
    db = world(orders, ledger_of(orders, 1_000))
    right = simulate(
        db, read_programme({"ranks": RANKS, "schemes": {"other": TITLE | {"from": {"high": 700}}}}), as_of=AS_OF
    )
    errors = right.schemes.set_index("scheme")["replay_error"]
    assert errors["present"] == 0
    spent = orders.groupby("member")["subtotal"].cumsum()
    assert errors["other"] == pytest.approx(((spent >= 700) & (spent < 1_000)).mean())
    off = right.replay.query("rank_ledger != rank_replayed")
    assert off["movements"].sum() == 0
    assert right.replay["movements"].sum() == len(orders)
    wrong = dict(RANKS, high=RANKS["high"] | {"from": 700})
    found = simulate(
        db, read_programme({"ranks": wrong, "schemes": {"true_one": TITLE | {"from": {"high": 1_000}}}}), as_of=AS_OF
    )
    told = looks.lines(found.tables(), "en", str, 10)
    assert "Other fits the ledger better (error 0.0\N{NO-BREAK SPACE}%)" in told[0][1]


def test_cost_and_migration_by_hand():
    orders = pd.DataFrame(
        {
            "member": ["A", "A", "A", "B"],
            "order_at": pd.to_datetime(["2024-01-05", "2026-01-05", "2026-02-05", "2026-03-05"]),
            "subtotal": [900.0, 200.0, 300.0, 800.0],
        }
    )
    spec = {"ranks": RANKS, "point_cost": 0.5, "behaviour": {"assumed": 0.1, "low": 0, "high": 0.2, "why": "a test"}}
    schemes = {"lower": TITLE | {"from": {"high": 700}}, "year": TITLE | {"window_months": 12}}
    found = simulate(world(orders), read_programme(spec | {"schemes": schemes}), as_of=AS_OF, margin=0.4)
    row = found.schemes.set_index("scheme")
    # A is high from the order in January on, so that February earns at 2 %; B earns at 1 %
    assert row.loc["present", "points"] == pytest.approx(200 * 0.01 + 300 * 0.02 + 800 * 0.01)
    assert row.loc["present", "cost"] == pytest.approx(16 * 0.5 + 5)
    assert row.loc["lower", "points"] == pytest.approx(500 * 0.02 + 800 * 0.01)
    assert row.loc["lower", ["up", "down"]].tolist() == [1, 0]  # B
    assert row.loc["lower", "margin"] == pytest.approx(0.1 * 800 * (0.4 - 0.02 * 0.5))
    assert row.loc["lower", ["margin_low", "margin_high"]].tolist() == pytest.approx([0, 0.2 * 800 * 0.39])
    assert row.loc["year", ["up", "down"]].tolist() == [0, 1]  # A spent 500 in twelve months
    assert row.loc["year", "margin"] == pytest.approx(-0.1 * 500 * (0.4 - 0.01 * 0.5))
    moved = found.migration.query("scheme == 'lower' and members > 0")
    assert moved[["rank_before", "rank_after", "members", "spend"]].to_numpy().tolist() == [
        ["low", "high", 1, 800.0],
        ["high", "high", 1, 500.0],
    ]
    even = looks.even(row.loc["lower"], row.loc["present"])
    assert even * 800 * 0.39 == pytest.approx(row.loc["lower", "cost"] - row.loc["present", "cost"])
    assert row["replay_error"].isna().all()


def test_without_an_assumption_revenue_does_not_move():
    found = simulate(
        world(shop()),
        read_programme({"ranks": RANKS, "schemes": {"other": TITLE | {"from": {"high": 500}}}}),
        as_of=AS_OF,
    )
    assert found.schemes[["margin", "margin_low", "margin_high"]].isna().all(axis=None)
    assert looks.title(found.schemes, "en") == "Without an assumption on behaviour only the change of cost is told"
    assert simulate(world(shop()), None, as_of=AS_OF).records() == {"loyalty_members": 0}


def test_small_cells_of_the_matrix_are_withheld():
    orders = shop(200)
    found = simulate(
        world(orders),
        read_programme({"ranks": RANKS, "schemes": {"other": TITLE | {"from": {"high": 960}}}}),
        as_of=AS_OF,
    )
    counts = found.migration["members"].to_numpy().reshape(2, 2)
    shown = looks.migration(found.migration, "other", {}, 10)
    assert 0 < counts[0, 1] < 10
    assert shown.iloc[0, 1] == "*" == shown.iloc[0, 0] == shown.iloc[1, 1]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"ranks": {"low": RANKS["low"]}}, "two or more"),
        ({"ranks": RANKS | {"top": TITLE | {"from": 500}}}, "not above high"),
        ({"ranks": RANKS, "review": [13]}, "months such as"),
        ({"ranks": RANKS, "schemes": {"x": TITLE | {"from": {"hihg": 3}}}}, "'high'"),
        ({"ranks": RANKS, "schemes": {"present": TITLE}}, "code of its own"),
        ({"ranks": RANKS, "behaviour": {"assumed": 0.1}}, "low, high and why"),
        ({"rank": RANKS}, "'ranks'"),
    ],
)
def test_faults_in_the_file_are_named(spec, said):
    with pytest.raises(ConfigError, match=said):
        read_programme(spec, "sample.yaml")
