"""Groups of customers of one month: learnt from behaviour, matched to the month before, described."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

import customerbase.segments.clusters.cards as describing
import customerbase.segments.clusters.matching as matching
import customerbase.segments.clusters.models as models
from customerbase.engine import Engine
from customerbase.segments.clusters.agreement import jaccard
from customerbase.segments.clusters.behaviour import BESIDE, FEATURES, People, Scale, people, scale
from customerbase.segments.clusters.choice import STARTS, Choice, choose
from customerbase.segments.clusters.explaining import Explained, explain
from customerbase.segments.clusters.notes import Note, distinct
from customerbase.segments.clusters.summary import empty, gone, summary
from customerbase.threads import one_thread

FIT_ROWS, CHOICE_ROWS = 50_000, 3_000  # customers a grouping is learnt from; and its number is chosen on
FEWEST = 100  # customers, below whom nobody is grouped
WORSE = 1.01  # sum of squares at which last month's centres are still taken as a start


@dataclass(frozen=True)
class Options:
    """features: that groups are made from (docs/features.md); number: of groups, 0 for chosen; seed: of all draws."""

    features: tuple[str, ...] = FEATURES
    number: int = 0
    seed: int = 0
    bootstraps: int = 20
    draws: int = 10
    k_min: int = 10


@dataclass(frozen=True)
class Before:
    """The tables of the month before; without rows where there is none."""

    groups: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["customer_id", "group_id"]))
    cards: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["group_id", "feature", "value"]))
    choice: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["algorithm", "k", "is_chosen"]))
    summary: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["group_id", "label_code", "status"]))

    @classmethod
    def read(cls, db: Engine) -> "Before":
        """The views previous_groups, previous_group_cards, previous_group_choice and previous_group_summary."""
        names = ("groups", "group_cards", "group_choice", "group_summary")
        return cls(*(db.query(f"select * from previous_{name}").df() for name in names))

    @property
    def chosen(self) -> tuple[str, int] | None:
        """Algorithm and number of groups; None without a month before."""
        rows = self.choice[self.choice["is_chosen"].astype(bool)] if len(self.choice) else self.choice
        return (str(rows["algorithm"].iloc[0]), int(rows["k"].iloc[0])) if len(rows) else None


@dataclass(frozen=True)
class Result:
    """Groups of one month: tables as in expectations/ (groups, cards, choice, summary, mix), remarks.

    clear: whether there are groups, or only divisions of a continuum; None where nobody was grouped. reason: why this
    number. fidelity: of the tree of rules. outside: customers who bought at some time but not within the last year.
    """

    groups: pd.DataFrame
    cards: pd.DataFrame
    choice: pd.DataFrame
    summary: pd.DataFrame
    mix: pd.DataFrame
    notes: tuple[Note, ...]
    clear: bool | None = None
    reason: str = ""
    way: str = "first"
    fidelity: float = float("nan")
    outside: int = 0

    def tables(self) -> dict[str, pd.DataFrame]:
        """By the name under which they are written."""
        small = {f"group_{name}": getattr(self, name) for name in ("cards", "choice", "summary", "mix")}
        return {"groups": self.groups, **small}

    def remarks(self, language: str) -> list[str]:
        """What to know, a sentence each."""
        return [note.text(language) for note in self.notes]

    def records(self) -> dict[str, int | float | str]:
        """The few numbers that stay with the run."""
        made = {"customers": len(self.groups), "groups": int(self.groups["group_id"].nunique()), "reason": self.reason}
        if not len(self.choice):
            return made
        row = self.choice[self.choice["is_chosen"]].iloc[0]
        numbers = {name: float(row[name]) for name in ("ari_mean", "silhouette", "excess")}
        return made | numbers | {"clear": int(bool(self.clear)), "fidelity": self.fidelity}


def group(db: Engine, *, as_of: date, options: Options | None = None, before: Before | None = None) -> Result:
    """Groups of the customers of the newest snapshot.

    Reads snapshots, rfm, profile, cltv and churn. Same tables, same seed, same groups. Raises InputError for a feature
    that no snapshot has.
    """
    options, before = options or Options(), before or Before()
    found = people(db, tuple(dict.fromkeys([*options.features, *BESIDE])))
    outside = max(int(db.query("select count(*) from cltv").fetchall()[0][0]) - len(found.ids), 0)
    sample = People(found.ids[:FIT_ROWS], found.names, found.values[:FIT_ROWS])
    if len(found.ids) < FEWEST:
        return _nobody([Note("few", {"n": len(found.ids), "least": FEWEST})], outside, before, as_of)
    how, notes = scale(sample, options.features)
    if len(how.names) < 2:
        return _nobody([*notes, Note("features", {"n": len(how.names)})], outside, before, as_of)
    with one_thread():
        choice, fitted, kept = _fitted(how(sample), sample, options, before)
        where = _placed(fitted, how, found)
    matched = _matched(where["group"], fitted, how, found, before)
    return _described(db, found, how, choice, kept, where, matched, before, as_of, options, notes, outside)


# --- fitting --------------------------------------------------------------------------------------------------------------


def _fitted(x: np.ndarray, sample: People, options: Options, before: Before):
    """The choice, the grouping learnt from all of the sample, and each of its groups' stability."""
    told = {"bootstraps": options.bootstraps, "draws": options.draws, "k_min": options.k_min, "seed": options.seed}
    choice = choose(x[:CHOICE_ROWS], before=before.chosen, number=options.number, **told)
    fitted = choice.fitted
    if len(x) > CHOICE_ROWS:
        fitted = models.fit(fitted.algorithm, x, fitted.k, seed=options.seed, starts=STARTS)
    if (start := _start(x, sample, fitted, before)) is not None:
        again = models.fit(models.KMEANS, x, fitted.k, seed=options.seed, starts=1, first=start)
        fresh = models.squared_distances(x, fitted.centres).min(axis=1).sum()
        fitted = again if models.squared_distances(x, again.centres).min(axis=1).sum() <= WORSE * fresh else fitted
    from scipy.optimize import (
        linear_sum_assignment,
    )  # imported here: slow to load, and whoever only shows groups needs none of it

    one, other = choice.fitted.labels(x[:CHOICE_ROWS]), fitted.labels(x[:CHOICE_ROWS])
    rows, columns = linear_sum_assignment(-jaccard(one, other, fitted.k, fitted.k))
    stable = np.empty(fitted.k)
    stable[columns] = choice.jaccard[rows]
    return choice, fitted, stable


def _start(x: np.ndarray, sample: People, fitted: models.Fitted, before: Before) -> np.ndarray | None:
    """Where last month's groups are today, as centres to start from: equally good groupings then stay what they were."""
    if fitted.algorithm != models.KMEANS or before.chosen != (models.KMEANS, fitted.k):
        return None
    known = matching.earlier(sample.ids, before.groups)
    ids = np.unique(known["group"])
    if len(ids) != fitted.k:
        return None
    return np.array([x[known["place"][known["group"] == one]].mean(axis=0) for one in ids])


def _placed(fitted: models.Fitted, how: Scale, found: People) -> dict[str, np.ndarray]:
    """Everybody's group, batch by batch: memory stays flat."""
    parts = []
    for start in range(0, len(found.ids), models.BATCH):
        rows = slice(start, start + models.BATCH)
        parts.append(fitted.memberships(how(People(found.ids[rows], found.names, found.values[rows]))))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _matched(group: np.ndarray, fitted: models.Fitted, how: Scale, found: People, before: Before) -> matching.Matched:
    used = before.summary["group_id"].tolist()
    if not len(before.groups):
        return matching.first(fitted.k) if not used else matching.renumbered(fitted.k, used)
    known = matching.earlier(found.ids, before.groups)
    made = matching.by_members(group[known["place"]], fitted.k, known["group"], used)
    return made or matching.by_centres(*_centres(group, fitted.k, how, found, before), used)


def _centres(group: np.ndarray, k: int, how: Scale, found: People, before: Before) -> tuple[np.ndarray, pd.DataFrame]:
    """The cards' values of both months on today's scale, features of both alone."""
    cards = before.cards.pivot(index="group_id", columns="feature", values="value")
    names = [name for name in how.names if name in cards.columns]
    now = describing.cards(found, group, 0, names, None).pivot(index="group_id", columns="feature", values="value")
    both = [_scaled(frame.reindex(columns=list(how.names)), how) for frame in (now.reindex(range(k)), cards)]
    return both[0].to_numpy(), both[1]


def _scaled(frame: pd.DataFrame, how: Scale) -> pd.DataFrame:
    values = how(People(frame.index.to_numpy(), how.names, frame.to_numpy(dtype=float)))
    return pd.DataFrame(values, index=frame.index, columns=list(how.names))


# --- describing -----------------------------------------------------------------------------------------------------------


def _described(
    db: Engine,
    found: People,
    how: Scale,
    choice: Choice,
    stable: np.ndarray,
    where: dict[str, np.ndarray],
    matched: matching.Matched,
    before: Before,
    as_of: date,
    options: Options,
    notes: Sequence[Note],
    outside: int,
) -> Result:
    ids = matched.ids[where["group"]]
    members = _members(found, ids, where, matched, as_of)
    sample = min(len(ids), FIT_ROWS)
    cards = describing.cards(found, ids, sample, how.names, as_of)
    used = [found.names.index(name) for name in how.names]
    explained: Explained = explain(found.values[:sample, used], how.names, ids[:sample], seed=options.seed)
    stability = dict(zip(map(int, matched.ids), stable, strict=True))
    small = summary(db, members, found, cards, explained, matched, stability, before.summary, as_of)
    table = choice.table.assign(as_of=as_of, reason=np.where(choice.table["is_chosen"], choice.reason, None))
    more = [Note(f"matched_{matched.way}", {"n": len(before.groups)})] if matched.way in ("centres",) else []
    return Result(
        groups=members.sort_values("customer_id", ignore_index=True),
        cards=cards,
        choice=table,
        summary=small,
        mix=describing.mix(db, members, as_of),
        notes=distinct([*notes, *more]),
        clear=choice.clear,
        reason=choice.reason,
        way=matched.way,
        fidelity=explained.fidelity,
        outside=outside,
    )


def _members(found: People, ids: np.ndarray, where, matched: matching.Matched, as_of: date) -> pd.DataFrame:
    second = np.where(where["second"] >= 0, matched.ids[where["second"]], 0)
    made = pd.DataFrame({"customer_id": found.ids, "as_of": as_of, "group_id": ids, "distance": where["distance"]})
    made["second_group"] = pd.array(second, dtype="Int64")
    made.loc[where["second"] < 0, "second_group"] = pd.NA
    made["second_distance"], made["probability"] = where["second_distance"], where["sure"]
    return made


def _nobody(notes: Sequence[Note], outside: int, before: Before, as_of: date) -> Result:
    """No groups this month; the numbers of earlier ones are remembered."""
    made = empty()
    return Result(
        **made | {"summary": gone(before.summary, made["summary"]["group_id"], as_of)},
        notes=tuple(notes),
        outside=outside,
    )
