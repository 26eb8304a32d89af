"""The sales priority list: whom to contact, by which channel or salesperson, in which order, and what it should gain.

pandas in, pandas and words out; nothing reads files. A contact raises the chance of a purchase by what was measured
for the customer (`uplift_<channel>`), else by what is assumed for the channel; the assumption is always said.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.cltv.notes import Note
from customerbase.errors import InputError, near_miss
from customerbase.prediction.lift import probability_gain
from customerbase.propensity.sales.assignment import Assignment, assign

EFFECT = 0.2  # assumed where a channel says nothing: a contact multiplies the odds of a purchase by 1.2
KINDS = ("channel", "person")
REASONS = ("reason_1", "reason_2", "reason_3")
TIMES = ("best_day", "best_weekday", "best_hours")
COLUMNS = (
    "customer_id", "rank", "channel", "probability", "expected_margin", "probability_gain", "gain", "gain_low",
    "gain_high", "cost", "total_gain", *TIMES, *REASONS, "as_of",
)  # fmt: skip


class Remark(Note):
    """One remark on the list: what was found and what was done instead (words.yaml, priority.note)."""

    words: ClassVar[str] = "priority.note"


@dataclass(frozen=True)
class Priority:
    """The list and what it rests on.

    table: the table sales_priority, in order of rank. by_channel: channel, kind, capacity (empty: no limit), contacts,
    cost, gain, gain_low, gain_high, price (what one more contact would gain). gap: the most that could be missing from
    the best gain there is, as a share of it; 0 where the list is proven to be the best.
    """

    table: pd.DataFrame
    by_channel: pd.DataFrame
    gap: float
    considered: int
    notes: tuple[Note, ...] = ()
    currency: str = "JPY"

    def remarks(self, language: str) -> list[str]:
        """What the list says and rests on, a sentence each, the most important first."""
        return [self._whole(language), *self._fullest(language), *(note.text(language) for note in self.notes)]

    def records(self) -> dict[str, float | int]:
        """Named scalars for the page: priority_contacts, _gain, _cost, _gap and _considered."""
        named = {"contacts": len(self.table), "gain": float(self.table["gain"].sum())}
        named |= {"cost": float(self.table["cost"].sum()), "gap": self.gap, "considered": self.considered}
        return {f"priority_{name}": value for name, value in named.items()}

    def _whole(self, language: str) -> str:
        if not len(self.table):
            return i18n.word("priority.finding.nobody", language)
        sums = {name: float(self.table[name].sum()) for name in ("gain", "gain_low", "gain_high", "cost")}
        money = {name: i18n.number(one, "money", language, currency=self.currency) for name, one in sums.items()}
        told = {"customers": i18n.number(len(self.table), "people", language)}
        told |= {"gain": money["gain"], "cost": money["cost"]}
        if sums["gain_low"] == sums["gain_high"]:
            return i18n.sentence("priority.finding.whole", language, **told)
        ends = {"low": money["gain_low"], "high": money["gain_high"]}
        return i18n.sentence("priority.finding.whole_between", language, **told, **ends)

    def _fullest(self, language: str) -> list[str]:
        """The channel of which more capacity would gain most."""
        dear = self.by_channel[self.by_channel["price"] > 0].sort_values(["price", "channel"], ascending=[False, True])
        if not len(dear) or self.gap > 0:
            return []
        price = i18n.number(float(dear["price"].iloc[0]), "money", language, currency=self.currency)
        return [i18n.sentence("priority.finding.one_more", language, channel=dear["channel"].iloc[0], gain=price)]


def prioritise(
    customers: pd.DataFrame,
    channels: pd.DataFrame,
    *,
    as_of: date,
    notes: Iterable[Note] = (),
    currency: str = "JPY",
) -> Priority:
    """Expected gain of a contact: what it adds to the chance of a purchase times the margin, less the cost of the contact.

    The list with the largest expected gain in all: every customer at most once, no channel or person above capacity, only
    gains above 0; ordered by gain, equals by customer_id.

    customers, one row each: customer_id, probability (of a purchase in the period, without a contact), expected_margin
    (of that purchase, in money); and, where known, expected_margin_low and _high; channels (names allowed, joined by
    semicolons; empty: all); owner (the person whose account it is: other persons do not call); uplift_<channel> (measured
    change of the probability, in its place the channel's effect where empty); deal_probability and deal_margin (see
    with_deals); best_day, best_weekday, best_hours; reason_1 to reason_3 (codes). Who lacks probability or margin is left
    out, and counted in the remarks.
    channels, one row each: channel (name), capacity (contacts in the period; empty: no limit), cost (of a contact); and,
    where known, effect (the odds of a purchase are multiplied by 1 + effect: 0.2 makes 10 % to 11.8 % and 50 % to
    54.5 %), effect_low and effect_high; kind (channel or person).
    notes: what else the remarks should say, such as those of with_deals.
    Raises InputError for missing columns, a customer or channel that comes twice, or values that cannot be.
    """
    means = _channels(channels)
    people, left_out = _customers(customers, set(means["channel"]))
    gains = _gains(people, means)
    best = assign(np.where(_allowed(people, means), gains["gain"], -np.inf), means["capacity"].fillna(np.inf))
    said = tuple(notes) + _said(people, means, left_out)
    table = _table(people, means, gains, best, as_of)
    return Priority(table, _by_channel(table, means, best), best.gap, len(people), said, currency)


prioritise.definition_ja = "連絡で見込まれる利益：購入確率の上昇 × 粗利 − 連絡の費用"


def _need(frame: pd.DataFrame, what: str, columns: tuple[str, ...]) -> None:
    for name in columns:
        if name not in frame.columns:
            raise InputError(f"{what} have no column {name!r}.{near_miss(name, map(str, frame.columns))}")
    if (twice := frame[columns[0]].duplicated()).any():
        raise InputError(f"{what} name {frame.loc[twice, columns[0]].iloc[0]!r} twice; expected one row each.")


def _within(values: pd.Series, low: float, high: float, what: str) -> None:
    odd = values[values.notna() & ~values.between(low, high)]
    if len(odd):
        raise InputError(f"{what} {values.name!r} is {odd.iloc[0]}; expected {low:g} to {high:g}.")


def _channels(channels: pd.DataFrame) -> pd.DataFrame:
    _need(channels, "channels", ("channel", "capacity", "cost"))
    means = channels.reset_index(drop=True).assign(channel=channels["channel"].astype(str).to_numpy())
    means["capacity"] = means["capacity"].astype(float)
    means["cost"] = means["cost"].astype(float)
    given = means["effect"].astype(float) if "effect" in means else pd.Series(np.nan, means.index)
    means["assumed"], means["effect"] = given.isna(), given.fillna(EFFECT)
    _within(means["effect"], -0.999999, np.inf, "a channel's")
    for end in ("effect_low", "effect_high"):
        means[end] = means[end].astype(float).fillna(means["effect"]) if end in means else means["effect"]
        _within(means[end], -0.999999, np.inf, "a channel's")
    means["kind"] = means["kind"].fillna("channel") if "kind" in means else "channel"
    if odd := sorted(set(means["kind"]) - set(KINDS)):
        raise InputError(f"a channel's kind is {odd[0]!r}; expected {' or '.join(KINDS)}.{near_miss(odd[0], KINDS)}")
    for name in ("capacity", "cost"):
        _within(means[name], 0, np.inf, "a channel's")
    if means["cost"].isna().any():
        raise InputError("a channel has no cost; expected an amount for each contact, 0 where there is none.")
    return means


def _customers(customers: pd.DataFrame, names: set[str]) -> tuple[pd.DataFrame, int]:
    """The customers who can be listed, sorted by id (so that no order of rows decides anything), and how many cannot."""
    _need(customers, "customers", ("customer_id", "probability", "expected_margin"))
    for column in customers.columns:
        name = str(column).removeprefix("uplift_")
        if str(column).startswith("uplift_") and name not in names:
            raise InputError(f"customers have {column!r}, but there is no channel {name!r}.{near_miss(name, names)}")
    known = customers["probability"].notna() & customers["expected_margin"].notna()
    people = customers[known].sort_values("customer_id", kind="stable", ignore_index=True)
    _within(people["probability"].astype(float), 0, 1, "a customer's")
    people["probability"] = people["probability"].astype(float)
    margin = people["expected_margin"] = people["expected_margin"].astype(float)
    for end in ("expected_margin_low", "expected_margin_high"):
        people[end] = people[end].astype(float).fillna(margin) if end in people else margin
    return people, int((~known).sum())


def _gains(people: pd.DataFrame, means: pd.DataFrame) -> dict[str, np.ndarray]:
    """gain, gain_low and gain_high of each customer and channel, and the probability gain; customers x channels."""
    chance = {end: _raised(people, means, end) for end in ("effect", "effect_low", "effect_high")}
    margins = {end: people[f"expected_margin{end}"].to_numpy()[:, None] for end in ("", "_low", "_high")}
    cost = means["cost"].to_numpy()
    deals = {end: _won(people, means[end].to_numpy()) for end in chance}
    gains = {"probability_gain": chance["effect"], "gain": chance["effect"] * margins[""] + deals["effect"] - cost}
    corners = [chance[f"effect{e}"] * margins[m] for e in ("_low", "_high") for m in ("_low", "_high")]
    gains["gain_low"] = np.minimum.reduce([*corners, chance["effect"] * margins[""]]) + deals["effect_low"] - cost
    gains["gain_high"] = np.maximum.reduce([*corners, chance["effect"] * margins[""]]) + deals["effect_high"] - cost
    return gains


def _raised(people: pd.DataFrame, means: pd.DataFrame, end: str) -> np.ndarray:
    """By how much each channel raises each customer's probability: measured where it was, else by the channel's effect."""
    p = people["probability"].to_numpy()
    raised = probability_gain(p[:, None], means[end].to_numpy())
    for place, name in enumerate(means["channel"]):
        if f"uplift_{name}" in people:
            measured = people[f"uplift_{name}"].to_numpy(dtype=float, na_value=np.nan)
            raised[:, place] = np.where(np.isnan(measured), raised[:, place], np.clip(measured, -p, 1 - p))
    return raised


def _won(people: pd.DataFrame, effects: np.ndarray) -> np.ndarray | float:
    """What a contact adds to an open deal: its chance of being won times its margin; 0 without one."""
    if "deal_probability" not in people:
        return 0.0
    chance = people["deal_probability"].to_numpy(dtype=float, na_value=np.nan)
    margin = people["deal_margin"].to_numpy(dtype=float, na_value=np.nan)
    return np.nan_to_num(probability_gain(chance[:, None], effects) * margin[:, None])


def _allowed(people: pd.DataFrame, means: pd.DataFrame) -> np.ndarray:
    """Who may be contacted by what: by the channels named, and of persons by the owner alone where there is one."""
    allowed = np.ones((len(people), len(means)), dtype=bool)
    if "channels" in people:
        code, texts = pd.factorize(people["channels"])
        named = [{name.strip() for name in str(text).split(";")} for text in texts]
        known = np.array([[name in names for name in means["channel"]] for names in named], dtype=bool)
        allowed = np.where((code >= 0)[:, None], known.reshape(-1, len(means))[code] if len(named) else True, True)
    if "owner" in people:
        code, owners = pd.factorize(people["owner"])
        own = np.array([[str(name) == str(owner) for name in means["channel"]] for owner in owners], dtype=bool)
        persons = (means["kind"] == "person").to_numpy()
        mine = own.reshape(-1, len(means))[code] if len(owners) else True
        allowed &= np.where((code >= 0)[:, None] & persons, mine, True)
    return allowed


def _said(people: pd.DataFrame, means: pd.DataFrame, left_out: int) -> tuple[Remark, ...]:
    said = [Remark("left_out", {"customers": f"{left_out:,}"})] if left_out else []
    unmeasured = [name for name in means["channel"] if f"uplift_{name}" not in people]
    assumed = means[means["assumed"] & means["channel"].isin(unmeasured)]
    stated = means[~means["assumed"] & means["channel"].isin(unmeasured)]
    if len(assumed):
        said.append(Remark("effect_assumed", {"names": ", ".join(assumed["channel"]), "odds": f"{1 + EFFECT:g}"}))
    if len(stated):
        told = ", ".join(f"{row.channel} {1 + row.effect:g}" for row in stated.itertuples())
        said.append(Remark("effect_stated", {"names": told}))
    if "owner" in people and (persons := set(means.loc[means["kind"] == "person", "channel"])):
        strangers = people["owner"].notna() & ~people["owner"].astype(str).isin(persons)
        said += [Remark("owner_unlisted", {"customers": f"{int(strangers.sum()):,}"})] if strangers.any() else []
    return tuple(said)


def _table(
    people: pd.DataFrame, means: pd.DataFrame, gains: dict[str, np.ndarray], best: Assignment, as_of: date
) -> pd.DataFrame:
    rows = np.flatnonzero(best.place >= 0)
    rows = rows[np.argsort(-gains["gain"][rows, best.place[rows]], kind="stable")]
    place = best.place[rows]
    table = people.iloc[rows].reset_index(drop=True)
    table = table.reindex(columns=[*COLUMNS]).assign(rank=np.arange(1, len(rows) + 1), as_of=as_of)
    table["channel"] = means["channel"].to_numpy()[place]
    table["cost"] = means["cost"].to_numpy()[place]
    for name, values in gains.items():
        table[name] = values[rows, place]
    table["best_day"] = pd.to_datetime(table["best_day"])
    table["best_weekday"] = table["best_weekday"].astype("Int32")
    for name in ("best_hours", *REASONS):
        table[name] = table[name].astype(object).where(table[name].notna(), None)
    return table.assign(total_gain=table["gain"].cumsum())


def _by_channel(table: pd.DataFrame, means: pd.DataFrame, best: Assignment) -> pd.DataFrame:
    sums = table.groupby("channel")[["cost", "gain", "gain_low", "gain_high"]].sum()
    sums = sums.assign(contacts=table.groupby("channel").size()).reindex(means["channel"]).fillna(0).reset_index()
    sums = sums.assign(kind=means["kind"], capacity=means["capacity"], price=best.prices).astype({"contacts": int})
    return sums[["channel", "kind", "capacity", "contacts", "cost", "gain", "gain_low", "gain_high", "price"]]
