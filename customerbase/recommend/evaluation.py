"""How every model did in a month that it had not seen: measures with intervals, by list and kind of customer, and the choice.

The cut is one day for all customers. Models are chosen, and their settings with them, on the month before the last;
what the chosen one is worth is told by the last month, which the choice has not seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from customerbase.prediction import bootstrap
from customerbase.recommend.candidates import Source
from customerbase.recommend.measures import AT, of_all, per_customer, top
from customerbase.recommend.models import POPULAR_NOW
from customerbase.recommend.purchases import day_of
from customerbase.recommend.ranker import Ranker, blocks
from customerbase.recommend.scores import Model
from customerbase.recommend.window import HORIZON, Window

ALL, AGAIN, NEW = "all", "buy_again", "new_for_you"
LISTS = (ALL, AGAIN, NEW)
RANKER = "ranker"
SEGMENTS = {"once": (1, 1), "few": (2, 4), "several": (5, 9), "many": (10, np.inf)}  # purchase days before the cutoff
MEASURES, GAINS = ("recall", "ndcg", "hit"), ("recall", "ndcg")  # what is measured, and set against popularity
DISCOUNTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
COVERAGE = 0.3  # share of the items that the lists of new things are to show
JUDGED = 3_000  # customers a month is judged by, evenly spread over those who bought in it …
CELLS = 20_000_000  # … and fewer where their scores of all items would be more numbers than these
CHOICE, TEST = "choice", "test"


@dataclass(frozen=True)
class Ranked:
    """A ranker over the candidates of a window; discount: how much popularity counts against new items."""

    source: Source
    ranker: Ranker
    discount: float = 0.0

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Chances, shape (rows, items); -inf where an item does not come into question."""
        return self.both(rows)[0]

    def both(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Chances, and those by which new items are picked."""
        found = self.source.of(rows)
        chance = self.ranker.chance(self.source.window, found)
        made = np.full((2, len(rows), len(self.source.window.items)), -np.inf)
        made[0, found.row, found.item] = chance
        made[1, found.row, found.item] = picked(chance, self.source.window, found.item, self.discount)
        return made[0], made[1]


def picked(chance: np.ndarray, window: Window, item: np.ndarray, discount: float) -> np.ndarray:
    """The logarithm of the chance, less `discount` times that of the buyers of the last month.

    Popular things find their buyers without a list; with 0 the lists of new things show a tenth of the range.
    """
    return np.log(np.maximum(chance, 1e-300)) - discount * np.log1p(window.products.month[item])


@dataclass(frozen=True)
class Test:
    """One month: who bought, what was listed for them and what it was worth, by (model, list)."""

    window: Window
    role: str
    users: np.ndarray
    bought: dict[str, sparse.csr_matrix]
    lists: dict[tuple[str, str], np.ndarray]
    values: dict[tuple[str, str], dict[str, np.ndarray]]

    @property
    def models(self) -> list[str]:
        """Names, in the order they were given."""
        return list(dict.fromkeys(model for model, _ in self.lists))

    def mean(self, model: str, kind: str, measure: str = "ndcg") -> float:
        """Mean over customers who bought something of the kind; NaN without any."""
        values = self.values[model, kind][measure]
        return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")

    def best(self, kind: str) -> str | None:
        """The model with the highest NDCG; the first of equals; None where nobody bought anything of the kind."""
        found = {model: self.mean(model, kind) for model in self.models}
        found = {model: value for model, value in found.items() if np.isfinite(value)}
        return max(found, key=found.get) if found else None


def judged_users(window: Window, days: int = HORIZON) -> tuple[np.ndarray, sparse.csr_matrix]:
    """Users who bought any item within `days` from the cutoff on, at most JUDGED of them (see CELLS), and what they bought."""
    truth = window.truth(days)
    users = np.flatnonzero(np.diff(truth.indptr))
    most = min(JUDGED, CELLS // max(len(window.items), 1))
    if len(users) > most:
        users = users[np.unique(np.linspace(0, len(users) - 1, most).astype(int))]
    return users, sparse.csr_matrix(truth[users])


def tested(window: Window, models: Mapping[str, Model], *, role: str = TEST, days: int = HORIZON) -> Test:
    """Lists of ten of every model for those who bought, judged by what they bought.

    buy_again: of items bought before, against those bought again; new_for_you: of the others; all: of both at once.
    """
    users, truth = judged_users(window, days)
    before = sparse.csr_matrix(window.bought[users])
    again = sparse.csr_matrix(truth.multiply(before))
    bought = {ALL: truth, AGAIN: again, NEW: sparse.csr_matrix(truth - again)}
    for one in bought.values():
        one.eliminate_zeros()
    lists: dict[tuple[str, str], list[np.ndarray]] = {(model, kind): [] for model in models for kind in LISTS}
    for rows in blocks(np.arange(len(users))):
        had = before[rows].toarray() > 0
        for name, model in models.items():
            scores, fresh = model.both(users[rows]) if isinstance(model, Ranked) else (model.scores(users[rows]),) * 2
            lists[name, ALL].append(top(scores))
            lists[name, AGAIN].append(top(np.where(had, scores, -np.inf)))
            lists[name, NEW].append(top(np.where(had, -np.inf, fresh)))
    whole = {key: np.concatenate(parts) if parts else np.empty((0, AT), dtype=int) for key, parts in lists.items()}
    values = {(model, kind): per_customer(found, bought[kind]) for (model, kind), found in whole.items()}
    return Test(window, role, users, bought, whole, values)


def discount(ranked: Ranked, days: int = HORIZON, coverage: float = COVERAGE) -> float:
    """The smallest of DISCOUNTS with which the lists of new things show the share `coverage` of all items.

    Where none does, the last; coverage is that of the lists of the customers the month is judged by.
    """
    users, _ = judged_users(ranked.source.window, days)
    window, shown = ranked.source.window, [set() for _ in DISCOUNTS]
    for rows in blocks(users):
        found = ranked.source.of(rows)
        new = ~found.bought
        chance = ranked.ranker.chance(window, found)
        for place, one in enumerate(DISCOUNTS):
            made = np.full((len(rows), len(window.items)), -np.inf)
            made[found.row[new], found.item[new]] = picked(chance, window, found.item, one)[new]
            shown[place] |= set(top(made).ravel().tolist()) - {-1}
    share = [len(one) / max(len(window.items), 1) for one in shown]
    return next((one for one, found in zip(DISCOUNTS, share, strict=True) if found >= coverage), DISCOUNTS[-1])


def table(test: Test, chosen: Mapping[str, str]) -> pd.DataFrame:
    """Rows of recommendation_models: every model, list and segment of one month; chosen: list -> model."""
    days = test.window.people.days[test.users]
    parts = {ALL: np.ones(len(days), dtype=bool)}
    parts |= {name: (days >= low) & (days <= high) for name, (low, high) in SEGMENTS.items()}
    rows = [row for kind in LISTS for name, kept in parts.items() for row in _rows(test, kind, name, kept)]
    made = pd.DataFrame(rows, columns=list(COLUMNS))
    made["is_chosen"] = [chosen.get(kind) == model for kind, model in zip(made["list"], made["model"], strict=True)]
    return made


COLUMNS = (
    *("cutoff", "role", "list", "segment", "model", "customers", "items"),
    *(f"{measure}{end}" for measure in MEASURES for end in ("", "_low", "_high")),
    *(f"{measure}_gain{end}" for measure in GAINS for end in ("", "_low", "_high")),
    *("coverage", "novelty", "popular_share"),
)


def _rows(test: Test, kind: str, segment: str, kept: np.ndarray) -> list[dict[str, object]]:
    """One row a model; intervals from the same draws of customers for all."""
    kept = kept & np.isfinite(test.values[test.models[0], kind]["ndcg"])
    n = int(kept.sum())
    if not n:
        return []
    names = [(model, measure) for model in test.models for measure in MEASURES]
    values = np.column_stack([test.values[model, kind][measure][kept] for model, measure in names]).astype(float)
    mean, drawn = bootstrap.resample({"all": lambda w: w @ values / w.sum()}, n)
    mean, drawn = mean["all"], drawn["all"]
    base = {measure: names.index((POPULAR_NOW, measure)) for measure in GAINS}
    rows = []
    for model in test.models:
        at = {measure: names.index((model, measure)) for measure in MEASURES}
        row = {
            "cutoff": day_of(test.window.cutoff),
            "role": test.role,
            "list": kind,
            "segment": segment,
            "model": model,
        }
        row |= {"customers": n, "items": len(test.window.items)}
        for measure, place in at.items():
            row[measure] = mean[place]
            row[f"{measure}_low"], row[f"{measure}_high"] = bootstrap.percentile(drawn[:, place])
        for measure in GAINS:
            own, other = at[measure], base[measure]
            row[f"{measure}_gain"] = mean[own] - mean[other]
            ends = bootstrap.percentile(drawn[:, own] - drawn[:, other])
            row[f"{measure}_gain_low"], row[f"{measure}_gain_high"] = ends
        goods = test.window.products
        rows.append(row | of_all(test.lists[model, kind][kept], goods.ever, goods.customers))
    return rows
