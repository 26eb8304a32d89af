"""The repurchase clock in words and small tables: what stands out, when to contact, who is due.

pandas in, pandas and words out; nothing reads files. Counts of fewer than k_min customers are withheld.
"""

import pandas as pd

from customerbase import i18n
from customerbase.disclosure import suppress
from customerbase.propensity.repurchase.peak import FEW, NO_PEAK, PEAK, RISING

WEEK = 7


def name_of(thing: pd.Series, language: str) -> str:
    """What people call a thing: its name, else its code; all goods in words."""
    if thing["level"] == "all":
        return i18n.word("clock.level.all", language)
    return str(thing["thing"] if i18n.missing(thing["name"]) else thing["name"])


def shown(things: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """The things that at least k_min customers have bought."""
    return things[things["customers"] >= k_min].reset_index(drop=True)


def thing_title(thing: pd.Series, language: str) -> str:
    """What there is to say of one thing: its peak and the best day to contact, or that no day stands out."""
    name, verdict = name_of(thing, language), thing["verdict"]
    if verdict == PEAK:
        told = {"name": name, "day": thing["peak_day"], "low": thing["peak_low"], "high": thing["peak_high"]}
        if i18n.missing(thing["best_day"]):
            return i18n.sentence("clock.finding.peak_only", language, **told)
        return i18n.sentence("clock.finding.peak", language, **told, best=thing["best_day"])
    if verdict == NO_PEAK:
        share = i18n.number(thing["share_30d"], "rate", language)
        return i18n.sentence("clock.finding.no_peak", language, name=name, share=share)
    if verdict == RISING:
        return i18n.sentence("clock.finding.rising", language, name=name, day=thing["known_days"])
    return i18n.sentence("clock.finding.few", language, name=name, n=f"{int(thing['repeats']):,}")


def things_title(things: pd.DataFrame, language: str) -> str:
    """How many of the things have a peak, and from which day to which; things with too few repeats are not counted."""
    judged = things[things["verdict"] != FEW]
    if not len(judged):
        return i18n.word("clock.finding.things_none", language)
    if judged["level"].iloc[0] == "all":
        row = judged.iloc[0]
        found = {"day": row["peak_day"], "low": row["peak_low"], "high": row["peak_high"]}
        peak = row["verdict"] == PEAK
        return i18n.sentence(
            "clock.finding.all_peak" if peak else "clock.finding.all_no_peak", language, **(found if peak else {})
        )
    level = i18n.word(f"clock.level.{judged['level'].iloc[0]}", language)
    told, peaks = {"all": len(judged), "level": level}, judged[judged["verdict"] == PEAK]
    if not len(peaks):
        return i18n.sentence("clock.finding.things_no_peak", language, **told)
    ordered = peaks.sort_values(["peak_day", "thing"])
    first, last = ordered.iloc[0], ordered.iloc[-1]
    if len(peaks) == 1:
        only = {"name": name_of(first, language), "day": first["peak_day"]}
        return i18n.sentence("clock.finding.things_one", language, **told, **only)
    ends = {"first": first["peak_day"], "first_name": name_of(first, language)}
    ends |= {"last": last["peak_day"], "last_name": name_of(last, language)}
    return i18n.sentence("clock.finding.things_peaks", language, **told, n=len(peaks), **ends)


def best_title(things: pd.DataFrame, language: str) -> str:
    """From which day to which the best days to contact lie; things: those with a best day."""
    ordered = things.sort_values(["best_day", "thing"])
    first, last = ordered.iloc[0], ordered.iloc[-1]
    name = name_of(first, language)
    if len(ordered) == 1:
        return i18n.sentence("clock.finding.best_one", language, name=name, day=first["best_day"])
    told = {"first": first["best_day"], "first_name": name, "last": last["best_day"]}
    return i18n.sentence("clock.finding.best_days", language, **told, last_name=name_of(last, language))


def things_table(things: pd.DataFrame, k_min: int, language: str) -> pd.DataFrame:
    """The things side by side, ready to print: verdict, peak, median, share returned, best day, what it brings."""
    rows = shown(things, k_min)
    cells = {
        "thing": [name_of(row, language) for _, row in rows.iterrows()],
        "customers": [f"{int(n):,}" for n in rows["customers"]],
        "repeats": [f"{int(n):,}" for n in rows["repeats"]],
        "verdict": [i18n.word(f"clock.verdict.{one}", language) for one in rows["verdict"]],
        "peak": [_with(row, "peak_day", "peak_low", "peak_high", language) for _, row in rows.iterrows()],
        "median": [i18n.MISSING if i18n.missing(day) else f"{day}" for day in rows["median_days"]],
        "share": [_share(row, language) for _, row in rows.iterrows()],
        "best": [_with(row, "best_day", "good_from", "good_to", language) for _, row in rows.iterrows()],
        "incremental": [_gain(row, language) for _, row in rows.iterrows()],
    }
    return pd.DataFrame({i18n.word(f"clock.column.{name}", language): cell for name, cell in cells.items()})


def calendar(table: pd.DataFrame, measure: str, k_min: int, most: int) -> pd.DataFrame:
    """One row per thing with anything in it, the fullest first, one column per day ahead; by weeks where days hold few.

    At most `most` things. Columns are named by the days ahead on which they begin. Counts of customers that may not be
    shown are NaN; where that would be the greater part of them, the columns are weeks. Expected purchases are no counts.
    """
    wide = table.pivot(index="thing", columns="days_ahead", values=measure).astype(float)
    order = wide.sum(axis=1).sort_values(ascending=False, kind="stable")
    wide = wide.loc[order.index[order > 0][:most]]
    if measure == "expected_purchases":
        return wide
    daily = _withheld(wide, k_min)
    if daily.sum().sum() >= wide.sum().sum() / 2:
        return daily
    weekly = wide.T.groupby((wide.columns - 1) // WEEK * WEEK + 1).sum().T
    return _withheld(weekly, k_min)


def calendar_title(calendar: pd.DataFrame, measure: str, k_min: int, language: str) -> str:
    """How many customers are due in the five weeks, and the fullest day."""
    days = calendar.groupby("day", sort=True)[measure].sum()
    total = float(days.sum())
    if total <= 0:
        return i18n.word("clock.finding.calendar_none", language)
    if total < k_min:
        return i18n.sentence("clock.finding.calendar_few", language, k=k_min)
    told = {"n": i18n.number(round(total), "number", language), "day": i18n.day(days.idxmax(), language)}
    most = days.max()
    told["most"] = i18n.number(round(most), "number", language) if most >= k_min else f"<{k_min}"
    key = "calendar_expected" if measure == "expected_purchases" else f"calendar_{measure}"
    return i18n.sentence(f"clock.finding.{key}", language, **told)


def _withheld(counts: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """The counts whose rows and columns may be summed, those that must not be known as NaN."""
    return counts.mask(suppress(counts.to_numpy(dtype=int), k_min)) if counts.size else counts


def _with(row: pd.Series, day: str, low: str, high: str, language: str) -> str:
    if i18n.missing(row[day]):
        return i18n.MISSING
    between = i18n.sentence("clock.days", language, low=row[low], high=row[high])
    return i18n.aside(str(row[day]), between, language)


def _share(row: pd.Series, language: str) -> str:
    if i18n.missing(row["share_30d"]):
        return i18n.MISSING
    ends = i18n.interval(row["share_30d_low"], row["share_30d_high"], "rate", language)
    share = i18n.number(row["share_30d"], "rate", language)
    return i18n.aside(share, ends, language)


def _gain(row: pd.Series, language: str) -> str:
    if i18n.missing(row["incremental"]):
        return i18n.MISSING
    low, high = (f"{row[f'incremental_{end}']:.1f}" for end in ("low", "high"))
    between = i18n.sentence("clock.days", language, low=low, high=high)
    return i18n.aside(f"{row['incremental']:.1f}", between, language)
