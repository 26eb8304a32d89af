"""What customers are worth, in words and small tables: spread, concentration, groups, changes, value at stake.

pandas in, pandas and words out; nothing reads files. Counts of fewer than k_min customers, and what would give them
away, are withheld. Names of groups are handed in (`names`), since topics do not know each other.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.disclosure import suppress, suppress_parts

Names = Callable[[str], str]
TOPS = (0.10, 0.20, 0.05, 0.01)  # shares of customers that a title may speak of, the preferred first
MARKS = (0.01, 0.05, 0.10, 0.20)
STEPS = (1.0, 2.0, 5.0)
MOST_CLASSES = 16  # of a distribution
# classes of change: code -> lowest value of now over before (the end above it belongs to the next class)
CHANGES = {"halved": 0.0, "fell": 0.5, "same": 0.9, "rose": 1.1}
NEW = "new"


def measure_of(groups: pd.DataFrame) -> str:
    """What groups are told by: cltv, or purchases where there are no amounts."""
    return "cltv" if groups["cltv"].notna().any() else "purchases"


# --- spread and concentration ------------------------------------------------------------------------------------------


def distribution(values: pd.Series, k_min: int) -> pd.DataFrame:
    """Customers by their lifetime value, in classes that grow like 1, 2, 5, 10; the first begins at 0.

    Columns: low, high, customers (empty where withheld), withheld (<k_min, or * where only for the sake of others).
    """
    known = values.dropna().astype(float)
    if not len(known):
        return pd.DataFrame(columns=["low", "high", "customers", "withheld"])
    return _classes(_edges(float(known.max()), float(known.quantile(0.05))), known, np.ones(len(known)), k_min)


def distribution_of(classes: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """`distribution` from customers counted by class already; classes: low (0, 1, 2, 5, 10 …) and customers."""
    rows = classes.astype(float).sort_values("low", ignore_index=True)
    total = rows["customers"].sum()
    if not total:
        return pd.DataFrame(columns=["low", "high", "customers", "withheld"])
    start = rows["low"][int(np.argmax(rows["customers"].cumsum() >= 0.05 * total))]  # the class of the 5 % quantile
    return _classes(_edges(float(rows["low"].iloc[-1]), float(start)), rows["low"], rows["customers"], k_min)


def _classes(edges: np.ndarray, values: pd.Series, weights: np.ndarray | pd.Series, k_min: int) -> pd.DataFrame:
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    counts = np.bincount(place, weights=weights, minlength=len(edges) - 1).astype(int)
    hidden = suppress_parts(counts, k_min)
    texts = np.where(hidden, np.where(counts < k_min, f"<{k_min}", "*"), "")
    shown = {"customers": np.where(hidden, np.nan, counts), "withheld": texts}
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], **shown})


def distribution_title(values: pd.Series, language: str, currency: str = "JPY") -> str:
    """Half of the customers lie below the median; the mean shows how far few pull it up."""
    known = values.dropna().astype(float)
    if not len(known):
        return i18n.word("cltv.finding.no_amounts", language)
    return spread_title(float(known.median()), float(known.mean()), language, currency)


def spread_title(median: float, mean: float, language: str, currency: str = "JPY") -> str:
    """`distribution_title` where median and mean are known."""
    told = {name: i18n.number(one, "money", language, currency=currency) for name, one in
            (("median", median), ("mean", mean))}  # fmt: skip
    return i18n.sentence("cltv.finding.distribution", language, **told)


def distribution_marks(values: pd.Series, language: str) -> dict[str, float]:
    """Median and mean by their names, for charts.histogram."""
    known = values.dropna().astype(float)
    return {i18n.word(f"cltv.{name}", language): float(getattr(known, name)()) for name in ("median", "mean")}


def concentration(table: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """Share of customers, the most valuable first, and the share of all value that is theirs.

    The rows of cltv_concentration that may be shown: each at least k_min customers away from the next, from none and
    from all; the shares of MARKS go before the others.
    """
    rows = table.dropna(subset=["value_share"]).sort_values("top_share", ignore_index=True)
    if not len(rows):
        return rows
    total = int(rows["customers"].max()) if np.isclose(rows["top_share"].max(), 1) else _everybody(rows)
    first = np.isclose(rows["top_share"].to_numpy(float)[:, None], MARKS, atol=1e-9).any(axis=1)
    taken = [0, total]
    kept = []
    for place in [*np.flatnonzero(first), *np.flatnonzero(~first)]:
        customers = int(rows.loc[place, "customers"])
        if customers == total or min(abs(customers - other) for other in taken) >= k_min:
            taken.append(customers)
            kept.append(place)
    return rows.loc[sorted(kept)].reset_index(drop=True) if total >= k_min else rows.head(0)


def top(table: pd.DataFrame, k_min: int) -> tuple[float, float] | None:
    """The top 10 % of customers (or 20, 5, 1 %, whichever may be shown) and their share of the value."""
    rows = concentration(table, k_min)
    for share in TOPS:
        found = rows[np.isclose(rows["top_share"].astype(float), share, atol=1e-9)]
        if len(found):
            return share, float(found["value_share"].iloc[0])
    return None


def concentration_title(table: pd.DataFrame, k_min: int, language: str) -> str:
    """The share of all value that the top customers hold."""
    found = top(table, k_min)
    if found is None:
        return i18n.word("cltv.finding.concentration_plain", language)
    shares = [i18n.number(one, "rate", language).replace(".0", "") for one in found]
    return i18n.sentence("cltv.finding.concentration", language, top=shares[0], share=shares[1])


# --- groups ------------------------------------------------------------------------------------------------------------


def everybody(groups: pd.DataFrame) -> dict | None:
    """The row of all customers of cltv_groups, missing values as None; None without customers."""
    rows = groups[groups["dimension"] == "all"]
    return rows.astype(object).where(rows.notna(), None).to_dict("records")[0] if len(rows) else None


def by(groups: pd.DataFrame, dimension: str, k_min: int, withheld: frozenset[str] = frozenset()) -> pd.DataFrame:
    """Customer lifetime value of groups of customers: expected discounted net spend times the gross margin.

    The groups of one dimension (segment, cohort, channel) of cltv_groups that may be shown. Beside the columns of the table: share (of all customers), value_share (of the measure), each (cltv, or purchases
    without amounts, per customer) with each_low and each_high (80 % interval). Ordered by the measure, cohorts by month.
    withheld: groups withheld elsewhere on the same page.
    """
    rows, whole, measure = groups[groups["dimension"] == dimension], everybody(groups), measure_of(groups)
    counts = rows["customers"].to_numpy(dtype=int)
    rest = max(int(whole["customers"]) - int(counts.sum()), 0) if whole else 0  # customers in no group
    hidden = suppress_parts(np.append(counts, rest), k_min)[:-1] | rows["value"].isin(withheld).to_numpy()
    rows = rows[~hidden]
    total = float(whole[measure]) if whole and whole[measure] else float("nan")
    each = {f"each{end}": rows[f"{measure}{end}"].astype(float) / rows["customers"] for end in ("", "_low", "_high")}
    people = float(whole["customers"]) if whole else float("nan")
    rows = rows.assign(share=rows["customers"] / people, value_share=rows[measure].astype(float) / total, **each)
    order = ["value"] if dimension == "cohort" else [measure, "value"]
    return rows.sort_values(order, ascending=[one == "value" for one in order], kind="stable", ignore_index=True)


def groups_table(
    groups: pd.DataFrame, dimension: str, k_min: int, language: str, names: Names = str, currency: str = "JPY"
) -> pd.DataFrame:
    """The groups of one dimension in words: customers, P(alive), value together and a customer with interval, at stake."""
    rows, money = by(groups, dimension, k_min), measure_of(groups) == "cltv"
    measure, unit = (measure_of(groups), "money" if money else "times")

    def written(column: str, unit: str) -> list[str]:
        return [i18n.number(v, unit, language, currency=currency, exact=True) for v in rows[column].astype(float)]

    ends = zip(rows["each_low"], rows["each_high"], strict=True)
    table = {
        dimension: [names(str(value)) for value in rows["value"]],
        "customers": [f"{int(n):,}" for n in rows["customers"]],
        "p_alive": written("p_alive", "rate"),
        measure: written(measure, unit),
        "value_share": written("value_share", "rate"),
        "each" if money else "each_purchases": written("each", unit),
        "interval": [i18n.interval(low, high, unit, language, currency=currency) for low, high in ends],
    }
    table |= {"at_stake": written("at_stake", "money")} if money else {}
    return pd.DataFrame({i18n.word(f"cltv.column.{name}", language): cells for name, cells in table.items()})


def groups_title(groups: pd.DataFrame, dimension: str, k_min: int, language: str, names: Names = str) -> str:
    """For segments and channels which holds most; for cohorts which is worth clearly more a customer than all are."""
    rows, measure = by(groups, dimension, k_min), measure_of(groups)
    if not len(rows):
        return i18n.word("cltv.finding.groups_none", language)
    if dimension != "cohort":
        return held_by(rows.iloc[0], measure, language, names)
    whole = everybody(groups)
    overall = float(whole[measure] or 0) / whole["customers"] if whole else float("inf")
    clear = rows[rows["each_low"] > overall]
    if not len(clear):
        return i18n.word("cltv.finding.cohorts_same", language)
    best = clear.sort_values(["each", "value"], ascending=[False, True]).iloc[0]
    ratio = f"{best['each'] / overall:.1f}" if overall > 0 else i18n.MISSING
    return i18n.sentence("cltv.finding.cohorts", language, cohort=names(str(best["value"])), ratio=ratio)


def held_by(row: pd.Series, measure: str, language: str, names: Names = str) -> str:
    """One group's share of the value beside its share of the customers; row: one of `by`."""
    told = {name: i18n.number(row[name], "rate", language) for name in ("share", "value_share")}
    return i18n.sentence(f"cltv.finding.held_{measure}", language, group=names(str(row["value"])), **told)


def at_stake_title(groups: pd.DataFrame, k_min: int, language: str, names: Names = str, currency: str = "JPY") -> str:
    """The value at stake, and the segment with most of it; that there is none where nobody is seen to leave."""
    whole = everybody(groups)
    if whole is None or whole["at_stake"] is None:
        return i18n.word("cltv.finding.at_stake_none", language)
    amount = i18n.number(whole["at_stake"], "money", language, currency=currency)
    rows = by(groups, "segment", k_min).dropna(subset=["at_stake"])
    if not len(rows) or not whole["at_stake"]:
        return i18n.sentence("cltv.finding.at_stake", language, amount=amount)
    most = rows.sort_values(["at_stake", "value"], ascending=[False, True]).iloc[0]
    share = i18n.number(most["at_stake"] / whole["at_stake"], "rate", language)
    group = names(str(most["value"]))
    return i18n.sentence("cltv.finding.at_stake_most", language, amount=amount, group=group, share=share)


# --- what changed since the month before ----------------------------------------------------------------------------------


def change_class(frame: pd.DataFrame) -> pd.Series:
    """How each customer's value changed: halved, fell, same, rose, or new (no value before); empty without a value now."""
    now, before = frame["cltv"].astype(float), frame["previous_cltv"].astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(before > 0, now / before, np.where(now > 0, np.inf, 1.0))
    place = np.searchsorted(list(CHANGES.values()), ratio, side="right") - 1
    named = pd.Series(np.array(list(CHANGES))[np.clip(place, 0, None)], index=frame.index, dtype=object)
    return named.mask(before.isna(), NEW).mask(now.isna(), None)


def changes(frame: pd.DataFrame, k_min: int, column: str = "") -> pd.DataFrame:
    """Customers and their value now and before, by how much it changed or by another column (segment).

    Columns: group, customers, before, now, change; by another column of those alone who had a value before. Groups of
    few customers, or with few new ones, are withheld, and others for their sake.
    """
    group = frame[column] if column else change_class(frame)
    known = frame.assign(group=group, known=frame["previous_cltv"].notna())[frame["cltv"].notna()]
    known = known.astype({"cltv": float, "previous_cltv": float})
    counts = pd.crosstab(known["group"], known["known"])
    hidden = suppress(counts.to_numpy(dtype=int), k_min).any(axis=1) if len(counts) else np.zeros(0, dtype=bool)
    known = known[~known["group"].isin(counts.index[hidden]) & (known["known"] | (not column))]
    sums = known.groupby("group", sort=True).agg(
        customers=("cltv", "size"), before=("previous_cltv", "sum"), now=("cltv", "sum")
    )
    order = [*CHANGES, NEW] if not column else sorted(sums.index)
    sums = sums.reindex([name for name in order if name in sums.index])
    return sums.assign(change=sums["now"] - sums["before"]).reset_index()


def changes_title(frame: pd.DataFrame, k_min: int, language: str, currency: str = "JPY") -> str:
    """How many customers lost more than half of their value since the month before, and how much together."""
    if not frame["previous_cltv"].notna().any():
        return i18n.word("cltv.finding.no_previous", language)
    rows = changes(frame, k_min).set_index("group")
    if "halved" not in rows.index:
        few = (change_class(frame) == "halved").any()
        return i18n.word(f"cltv.finding.halved_{'few' if few else 'none'}", language)
    row = rows.loc["halved"]
    people = i18n.number(int(row["customers"]), "people", language)
    lost = i18n.number(-row["change"], "money", language, currency=currency)
    return i18n.sentence("cltv.finding.halved", language, customers=people, lost=lost)


def largest_falls(frame: pd.DataFrame, language: str, n: int = 10, currency: str = "JPY") -> pd.DataFrame:
    """The customers (ids) whose value fell most since the month before; for page 05 alone, never for a report."""
    known = frame[frame["cltv"].notna() & frame["previous_cltv"].notna()]
    fall = known["cltv"].astype(float) - known["previous_cltv"].astype(float)
    rows = known.assign(change=fall)[fall < 0].sort_values(["change", "customer_id"]).head(n)

    def money(column: str, signed: bool = False) -> list[str]:
        return [i18n.number(v, "money", language, currency=currency, exact=True, signed=signed) for v in rows[column]]

    table = {
        "customer_id": list(rows["customer_id"]),
        "before": money("previous_cltv"),
        "now": money("cltv"),
        "change": money("change", signed=True),
        "p_alive_one": [i18n.number(v, "rate", language) for v in rows["p_alive"]],
    }
    return pd.DataFrame({i18n.word(f"cltv.column.{name}", language): cells for name, cells in table.items()})


def _edges(largest: float, start: float) -> np.ndarray:
    """0 and round numbers from above `start` up to the largest value, at most MOST_CLASSES classes: the small ones are one."""
    top = max(largest, 1.0)
    exponent = int(np.floor(np.log10(top))) + 1
    ladder = [step * 10.0**power for power in range(exponent - 9, exponent + 1) for step in STEPS]
    ladder = [edge for edge in ladder if edge <= top] + [next(edge for edge in ladder if edge > top)]
    above = [edge for edge in ladder if edge > start] or ladder[-1:]
    return np.array([0.0, *above[-(MOST_CLASSES - 1) :]])


def _everybody(rows: pd.DataFrame) -> int:
    last = rows.iloc[-1]
    return round(float(last["customers"]) / float(last["top_share"])) if last["top_share"] else 0


distribution.definition_ja = "顧客生涯価値の階級ごとの顧客数"
concentration.definition_ja = "価値の高い順に並べた顧客の割合と、その顧客が占める価値の割合"
by.definition_ja = "グループごとの顧客生涯価値の合計（対象期間の予想純購入額を割り引き、粗利率を掛けたもの）"
changes.definition_ja = "前回からの顧客生涯価値の変化の大きさごとの顧客数と価値"
