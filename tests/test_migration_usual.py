"""What is usual, on simulated months whose chances of moving are known: coverage, false alarms, and what is found.

Two ways for months to differ by more than chance: shares drawn from a Dirichlet distribution (its intra-class correlation
rho is what the angular scale calls tau²), and log-normal shocks on every cell, which no formula here assumes.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from movement_tables import AS_OF, memory, shop, stationary
from scipy.stats import norm
from scipy.stats import t as student

from customerbase import rfm, segments
from customerbase.intervals import wilson
from customerbase.segments.movement import alarms_before, usual

SEGMENTS = 10


def chances(rng: np.random.Generator) -> np.ndarray:
    """A matrix of transitions: most stay, few go everywhere."""
    return 0.35 * rng.dirichlet(np.full(SEGMENTS, 0.6), size=SEGMENTS) + 0.65 * np.eye(SEGMENTS)


def month(
    rng: np.random.Generator, p: np.ndarray, people: np.ndarray, rho: float, shape: str
) -> tuple[np.ndarray, np.ndarray]:
    """Counts of one month, and the chances that this month had."""
    if rho and shape == "dirichlet":
        p = np.array([rng.dirichlet(np.maximum(row, 1e-12) * (1 / rho - 1)) for row in p])
    elif rho:
        p = p * np.exp(rng.normal(0, 2 * np.sqrt(rho), p.shape))
        p = p / p.sum(axis=1, keepdims=True)
    return np.array([rng.multinomial(n, row) for n, row in zip(people, p, strict=True)]), p


@dataclass
class Measured:
    """Means over seeds: coverage of the usual range and of Wilson's interval, any alarm, the planted drift found."""

    usual: float
    wilson: float
    alarm: float
    found: float


def measure(
    seeds: int, rho: float, shape: str = "dirichlet", sizes: tuple = (300, 3000), past: int = 12, drift: float = 0.0
) -> Measured:
    """Judge a month by those before it; drift: so much of the first segment goes to the eighth instead of staying."""
    rows = []
    for seed in range(seeds):
        rng = np.random.default_rng([seed, round(rho * 1e5), past])
        p, people = chances(rng), rng.integers(*sizes, size=SEGMENTS)
        before = [month(rng, p, people, rho, shape)[0] for _ in range(past)]
        p[0, 0], p[0, 7] = p[0, 0] - drift, p[0, 7] + drift
        now, true = month(rng, p, people, rho, shape)
        judged = usual(now, before)
        share, everybody = now / now.sum(axis=1, keepdims=True), np.broadcast_to(people[:, None], now.shape)
        large = everybody * judged.share >= 10
        inside = (share >= judged.low - 1e-12) & (share <= judged.high + 1e-12)
        low, high = wilson(now, everybody)
        sure = ((true >= low) & (true <= high))[everybody * true >= 10]
        rows.append((inside[large].mean(), sure.mean(), judged.unusual.any(), judged.unusual[0, [0, 7]].any()))
    return Measured(*np.mean(rows, axis=0))


WORLDS = [
    (0.0, "dirichlet", (300, 3000), 12), (0.002, "dirichlet", (300, 3000), 12), (0.01, "dirichlet", (60, 300), 12),
    (0.002, "shocks", (300, 3000), 12), (0.01, "shocks", (20_000, 100_000), 12), (0.002, "dirichlet", (300, 3000), 6),
]  # fmt: skip


@pytest.mark.parametrize(("rho", "shape", "sizes", "past"), WORLDS)
def test_coverage_is_within_two_points_and_alarms_are_as_rare_as_promised(rho, shape, sizes, past):
    found = measure(120, rho, shape, sizes, past)
    print(f"rho {rho} {shape} {sizes} {past}: {found}")
    assert found.usual == pytest.approx(0.95, abs=0.026)
    assert found.wilson == pytest.approx(0.95, abs=0.026)
    assert found.alarm <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 120)


@pytest.mark.slow
@pytest.mark.parametrize("rho", [0.0, 0.0005, 0.002, 0.01])
@pytest.mark.parametrize("shape", ["dirichlet", "shocks"])
@pytest.mark.parametrize("sizes", [(60, 300), (300, 3000), (20_000, 100_000)])
def test_the_same_with_many_seeds(rho, shape, sizes):
    """The numbers of docs/migration.md."""
    found = measure(600, rho, shape, sizes)
    print(f"rho {rho} {shape} {sizes}: {found}")
    assert found.usual == pytest.approx(0.95, abs=0.02) and found.wilson == pytest.approx(0.95, abs=0.026)
    assert found.alarm <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 600) + 0.01


def test_a_drift_is_found_the_more_surely_the_larger():
    found = [measure(60, 0.002, sizes=(1000, 3000), drift=drift).found for drift in (0.0, 0.05, 0.1, 0.2)]
    assert found[0] <= 0.05 and found == sorted(found) and found[3] > 0.95


def test_ignoring_that_months_differ_would_alarm_most_months():
    """What the overdispersion is for: binomial limits around the same past ring nearly always."""
    rung = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        p, people = chances(rng), rng.integers(1000, 3000, size=SEGMENTS)
        before = [month(rng, p, people, 0.002, "dirichlet")[0] for _ in range(12)]
        now, _ = month(rng, p, people, 0.002, "dirichlet")
        plain = np.sum(before, axis=0) / np.sum(before, axis=(0, 2), keepdims=True)[0]
        spread = np.sqrt(plain * (1 - plain) / people[:, None])
        large = plain * people[:, None] >= 10
        p_values = 2 * norm.sf((np.abs(now / people[:, None] - plain) / np.maximum(spread, 1e-12))[large])
        rung.append(p_values.min() <= 0.05 / len(p_values))
    assert np.mean(rung) > 0.8


def test_by_hand_without_any_difference_between_months():
    """Twelve equal months: tau is 0, and the range is what sampling alone makes of this month's customers."""
    one = np.array([[80.0, 20.0], [30.0, 70.0]])
    judged = usual(one, [one] * 12)
    assert (judged.tau == 0).all() and judged.known and judged.judged == 4
    level = 2 * np.arcsin(np.sqrt(20.375 / 100.75))
    total = np.sqrt(1 / 100.5 + 1 / (12 * 100.5))
    freedom = 11 / (11 / (11 + 5.5))  # own months, and half of what the one other cell of the row lends
    low, high = level + np.array([-1, 1]) * student.ppf(0.975, freedom) * total
    back = [(np.sin(end / 2) ** 2 * 100.75 - 0.375) / 100 for end in (low, high)]
    assert [judged.low[0, 1], judged.high[0, 1]] == pytest.approx(back)
    assert judged.p[0, 1] == pytest.approx(1.0) and not judged.unusual.any()
    flood = usual(np.array([[20.0, 80.0], [30.0, 70.0]]), [one] * 12)
    assert flood.unusual.tolist() == [[True, True], [False, False]]


def test_below_six_months_nothing_is_called_usual():
    one = np.array([[80.0, 20.0], [30.0, 70.0]])
    judged = usual(one, [one] * 5)
    assert not judged.known and np.isnan(judged.share).all() and not judged.unusual.any()
    assert usual(one, []).past == 0
    assert alarms_before([one] * 5) == (0, 0)
    assert alarms_before([one] * 10) == (4, 0)  # the newest four have six or more before them


def test_empty_rows_and_cells_neither_fail_nor_ring():
    past = [np.array([[50.0, 0.0, 0.0], [0.0, 0.0, 0.0], [5.0, 5.0, 90.0]])] * 8
    judged = usual(np.array([[50.0, 0.0, 0.0], [4.0, 5.0, 0.0], [5.0, 5.0, 90.0]]), past)
    assert not judged.unusual.any() and np.isfinite(judged.share[0]).all()
    nobody = usual(np.zeros((3, 3)), past)
    assert not nobody.unusual.any() and np.isnan(nobody.p).all()


def test_an_alarm_needs_customers_enough():
    """Nine where nobody ever went are no alarm, forty are."""
    one = np.array([[1000.0, 0.0], [30.0, 70.0]])
    for newcomers, rings in ((9.0, False), (40.0, True)):
        judged = usual(np.array([[1000.0 - newcomers, newcomers], [30.0, 70.0]]), [one] * 12)
        assert bool(judged.unusual[0, 1]) is rings


def ranks_of_a_company_in_balance(method: str, seeds: range, customers: int) -> pd.DataFrame:
    """Page 07b on companies where nothing changes: how often any alarm, how much of the usual range is kept."""
    rows = []
    for seed in seeds:
        db = shop(stationary(seed, customers))
        rule = rfm.rule(db, as_of=AS_OF, method=method, reference_month="2025-12" if method == "frozen" else "")
        memory(db, segments.assign(rule.ranks(db, AS_OF)))
        cells = segments.movement.movement(db, rule, as_of=AS_OF, spans=(1,)).span(1).cells
        people = cells.groupby("from_segment")["customers"].transform("sum")
        large = cells[people * cells["usual"] >= 10]
        inside = large["share"].between(large["usual_low"] - 1e-12, large["usual_high"] + 1e-12)
        rows.append((inside.mean(), bool(cells["unusual"].fillna(False).any()), cells["backtest_alarms"].iloc[0]))
    return pd.DataFrame(rows, columns=["inside", "alarm", "backtest"])


@pytest.mark.slow
@pytest.mark.parametrize("method", ["quintiles", "frozen"])
def test_ranks_that_depend_on_each_other_do_not_break_it(method):
    """Quintiles are relative: one customer's rise is another's fall. Companies in balance, from purchases to alarms."""
    found = ranks_of_a_company_in_balance(method, range(24), 1500)
    print(method, found["inside"].mean(), found["alarm"].mean(), found["backtest"].mean() / 12)
    assert found["inside"].mean() == pytest.approx(0.95, abs=0.026)
    assert found["alarm"].mean() <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 24)
    assert found["backtest"].mean() / 12 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 288)


def test_a_company_in_balance_rings_in_few_months():
    found = ranks_of_a_company_in_balance("quintiles", range(2), 800)
    assert found["inside"].mean() > 0.88 and found["backtest"].max() <= 3
