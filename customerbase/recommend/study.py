"""The models of a month: fitted, chosen on the month before the last, judged on the last, and fitted anew for the lists."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache

import numpy as np
import pandas as pd

import customerbase.recommend.ranker as ranker
from customerbase.recommend.candidates import Source
from customerbase.recommend.evaluation import (
    AGAIN,
    ALL,
    CHOICE,
    COLUMNS,
    COVERAGE,
    LISTS,
    NEW,
    RANKER,
    TEST,
    Ranked,
    Test,
    discount,
    table,
    tested,
)
from customerbase.recommend.factors import library
from customerbase.recommend.models import EASE, EASE_ITEMS, FREQUENCY, ITEM_ITEM, plain, similar
from customerbase.recommend.purchases import Purchases, number
from customerbase.recommend.scores import Model
from customerbase.recommend.window import HORIZON, Window

LEARNING = 2  # months before a window that its ranker is learnt from
FEWEST = 20  # customers who bought in a month, below which it decides nothing


@dataclass(frozen=True)
class Options:
    """learning: months a ranker learns from; coverage: share of the items that the lists of new things are to show;

    als: whether ALS takes part (needs the extra `rec`).
    """

    learning: int = LEARNING
    coverage: float = COVERAGE
    seed: int = 0
    als: bool = False


@dataclass(frozen=True)
class Choice:
    """chosen: list -> model; discount: of popularity, for new things; tests: months judged, the newest last.

    notes: codes of words.yaml, offers.note.
    """

    chosen: dict[str, str]
    discount: float
    tests: tuple[Test, ...]
    notes: tuple[str, ...] = field(default_factory=tuple)

    def models(self) -> pd.DataFrame:
        """The table recommendation_models, without as_of."""
        made = [table(test, self.chosen) for test in self.tests]
        return pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=[*COLUMNS, "is_chosen"])


@dataclass(frozen=True)
class Study:
    """A choice, and the models that are used, fitted on all that is known."""

    choice: Choice
    source: Source
    ranker: ranker.Ranker | None

    @property
    def window(self) -> Window:
        """What was known when the cutoff began."""
        return self.source.window

    def model(self, kind: str) -> Model | None:
        """The plain model chosen for a list; None where the ranker is."""
        name = self.choice.chosen[kind]
        return None if name == RANKER else plain(self.window, self.source.likeness, only=name)[name]


def choose(
    purchases: Purchases,
    *,
    cutoff: date,
    options: Options | None = None,
    days: int = HORIZON,
    known: "_Windows | None" = None,
) -> Choice:
    """Choose models on one window and judge them on the next, which ends when `cutoff` begins.

    The last window, of `days` days, judges; the one before it, of HORIZON days, decides on the model of each list and on
    the discount. Every ranker learns from windows that had ended when its own begins. Where months are too few, the last
    window decides too, or nothing does and the plainest models are taken; notes say so. Of very many customers those of
    `purchases.learnt` are learnt from and judged.
    """
    options = options or Options()
    known = known or _Windows(purchases.learnt, options)
    test = number(cutoff) - days
    choice = test - HORIZON
    found = known.ranked(choice)
    used = discount(found, coverage=options.coverage) if found else 0.0
    decided, judged = known.tested(choice, CHOICE, used), known.tested(test, TEST, used, days)
    decider = decided or judged
    window = known.window(number(cutoff))
    best = {kind: decider.best(kind) if decider else None for kind in LISTS}
    chosen = {kind: _usable(name, window) or _plainest(window)[kind] for kind, name in best.items()}
    notes = ("one_month",) if judged and not decided else ("quiet_month",) if decided and not judged else ()
    notes = notes if decided or judged else ("no_month",)
    return Choice(chosen, used, tuple(one for one in (decided, judged) if one), notes)


def study(purchases: Purchases, *, cutoff: date, options: Options | None = None) -> Study:
    """The choice (see `choose`), and its models fitted on everything before the cutoff."""
    options = options or Options()
    known, end = _Windows(purchases.learnt, options), number(cutoff)
    choice = choose(purchases, cutoff=cutoff, options=options, known=known)
    last = known.fitted(end)
    if last is None:
        plainer = {
            kind: _plainest(known.window(end))[kind] if name == RANKER else name for kind, name in choice.chosen.items()
        }
        choice = replace(choice, chosen=plainer, notes=(*choice.notes, "no_ranker"))
    window = known.window(end) if purchases.learnt is purchases else Window.before(purchases, end)
    return Study(choice, Source(window, similar(window)), last)


def _usable(name: str | None, window: Window) -> str | None:
    """The model itself, or item-item for EASE where the items have become too many for it since it was chosen."""
    return ITEM_ITEM if name == EASE and len(window.items) > EASE_ITEMS else name


def _plainest(window: Window) -> dict[str, str]:
    """What is taken unlearnt and unjudged."""
    return {ALL: FREQUENCY, AGAIN: FREQUENCY, NEW: EASE if len(window.items) <= EASE_ITEMS else ITEM_ITEM}


class _Windows:
    """Windows, similarities and rankers, each made once."""

    def __init__(self, purchases: Purchases, options: Options):
        self.purchases, self.options = purchases, options
        if options.als:
            library()  # told now, and not after the rankers
        self.first = int(purchases.day.min()) if len(purchases.day) else 0
        self.window: Callable[[int], Window] = cache(lambda cutoff: Window.before(purchases, cutoff))
        self.source: Callable[[int], Source] = cache(
            lambda cutoff: Source(self.window(cutoff), similar(self.window(cutoff)))
        )
        self.fitted: Callable[[int], ranker.Ranker | None] = cache(self._fitted)

    def _fitted(self, cutoff: int) -> ranker.Ranker | None:
        """Learnt on the windows of HORIZON days that end when the cutoff begins, and those before."""
        begins = [cutoff - step * HORIZON for step in range(1, self.options.learning + 1)]
        learnt = [self.source(begin) for begin in begins if begin > self.first and len(self.window(begin).users)]
        return ranker.fit(learnt, self.options.seed)

    def ranked(self, cutoff: int, discount: float = 0.0) -> Ranked | None:
        """The ranker of a cutoff over its candidates; None where nothing could be learnt."""
        if cutoff <= self.first or not len(self.window(cutoff).users):
            return None
        made = self.fitted(cutoff)
        return Ranked(self.source(cutoff), made, discount) if made else None

    def tested(self, cutoff: int, role: str, discount: float, days: int = HORIZON) -> Test | None:
        """Every model in the window that begins at the cutoff; None where fewer than FEWEST customers bought in it."""
        window = self.window(cutoff)
        if len(window.users) == 0 or (np.diff(window.truth(days).indptr) > 0).sum() < FEWEST:
            return None
        models = plain(window, self.source(cutoff).likeness, als=self.options.als)
        if found := self.ranked(cutoff, discount):
            models[RANKER] = found
        return tested(window, models, role=role, days=days)
