"""What the profit sliders work on: sums over cells of at least k_min customers, the costs to begin with, and the sliders."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from math import floor, log10
from types import ModuleType

import customerbase.churn.looks as leaving
from customerbase import i18n
from customerbase.churn import Options
from customerbase.churn.month import ASSUMED
from customerbase.dashboards.campaign import Costs, cells
from customerbase.intervals import Z
from customerbase.prediction import Prospects
from customerbase.report import ReportData

SUMS = ("n", "p", "p2", "pv", "pv2", "p2v", "p2v2")  # fields of dashboards.campaign.Cell
DIGITS = 5  # of a sum that are kept
TIMES = 5  # as much as to begin with is the most a cost can be set to
NICE = (1, 2, 2.5, 5, 10)


def numbers(data: ReportData, language: str, draw: ModuleType) -> dict | None:
    """Cells, start, sliders, caption, currency, k_min and z as a page needs them; None where the profit cannot be told.

    That is without values, of fewer than k_min customers, or where those without a value would be fewer than that.
    """
    found = pooled(data.rows("prospects"), data.k_min)
    customers = sum(row[0] for row in found)
    groups = data.tables.get("churn_groups")
    whole = leaving.everybody(groups) if groups is not None and len(groups) else None
    if not found or (whole is not None and 0 < int(whole["customers"]) - customers < data.k_min):
        return None
    start, words = _start(data), i18n.word("churn.profit_definition", language)
    caption = draw.caption(Prospects.expected, "churn", data.as_of, int(customers), language, 0.95, definition=words)
    told = {"caption": caption, "currency": data.currency, "k_min": data.k_min, "z": Z}
    return {"cells": found, "start": start, "sliders": _sliders(found, start), **told}


def pooled(rows: Iterable[dict], k_min: int) -> list[list[float]]:
    """Sums over cells of at least k_min customers: small cells are joined with their neighbours, within a slice before beyond.

    rows: of report_prospects, in order; the sums to DIGITS digits, numbers of customers exactly. [] of fewer than k_min.
    """
    made: list[list[float]] = []
    for _, of_slice in groupby(rows, key=lambda row: row["slice"]):
        within = _joined(([float(row[name]) for name in SUMS] for row in of_slice), k_min)
        if made and made[-1][0] < k_min:  # a whole slice of few
            made[-1], within = _add(made[-1], within[0]), within[1:]
        made += within
    made = _joined(made, k_min)
    enough = bool(made) and made[0][0] >= k_min
    return [[round(row[0]), *(_round(one) for one in row[1:])] for row in made] if enough else []


def _joined(rows: Iterable[list[float]], k_min: int) -> list[list[float]]:
    """Neighbours added up until each has k_min customers; what is left over goes to the last of them."""
    made: list[list[float]] = []
    for row in rows:
        if made and made[-1][0] < k_min:
            made[-1] = _add(made[-1], row)
        else:
            made.append(row)
    if len(made) > 1 and made[-1][0] < k_min:
        made[-2:] = [_add(*made[-2:])]
    return made


def _add(one: Sequence[float], other: Sequence[float]) -> list[float]:
    return [a + b for a, b in zip(one, other, strict=True)]


def _round(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _start(data: ReportData) -> dict[str, float]:
    """The costs that page 06 was run with."""
    row, options = next(iter(data.rows("churn_profit")), {}), Options()
    return {name: float(row.get(name, getattr(options, name))) for name in ASSUMED}


def _sliders(found: list[list[float]], start: dict[str, float]) -> dict[str, dict[str, float]]:
    """Name -> largest value and step; the smallest is 0. A budget goes as far as contacting everybody would cost at the start."""
    costs = Costs(**start)
    whole = sum(costs.cost(cell) for cell in cells(found))
    most = {
        "contact_cost": TIMES * start["contact_cost"],
        "offer_cost": TIMES * start["offer_cost"],
        "budget": max(whole, 1.5 * start["budget"]),
    }
    made = {name: _scale(value) for name, value in most.items()}
    return made | {"acceptance": {"max": 1.0, "step": 0.01}}


def _scale(most: float) -> dict[str, float]:
    """A round largest value not below `most`, in a hundred steps."""
    decade = 10.0 ** floor(log10(most)) if most > 0 else 100.0
    top = next(decade * one for one in NICE if decade * one >= most * (1 - 1e-9))
    return {"max": top, "step": top / 100}
