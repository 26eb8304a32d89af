"""Movement in words and small tables for people: findings, causes, worth, alarms; what must not be shown is withheld.

Everything is made from the tables migration and migration_causes, of one span of months at a time, so that page and
report say the same.
"""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.disclosure import suppress_parts
from customerbase.intervals import wilson
from customerbase.periods import month_label
from customerbase.segments.movement.grids import grid, shown, small_sizes, sum_tells, withheld
from customerbase.segments.movement.month import MOVED, SPANS
from customerbase.segments.movement.usual import FEWEST
from customerbase.segments.named import ABSENT_BEFORE, name

Money = Callable[[float, bool], str]  # an amount in the currency of the reader, with its sign or without
ALARMS_TOLD, ROWS = 3, 12


def flows(cells: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """Movements between different segments that may be shown, the largest first; newcomers are none."""
    rows = shown(cells, k_min)
    rows = rows[(rows["from_segment"] != rows["to_segment"]) & (rows["from_segment"] != ABSENT_BEFORE)]
    return rows.sort_values(
        ["customers", "from_segment", "to_segment"], ascending=[False, True, True], ignore_index=True
    )


def alarms(cells: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """Unusual cells that may be shown, those furthest from the usual number of customers first."""
    rows = shown(cells, k_min)
    rows = rows[rows["unusual"].fillna(False).astype(bool)]
    off = (rows["customers"] * (1 - rows["usual"] / rows["share"])).abs()
    return rows.assign(off=off).sort_values(["off", "from_segment", "to_segment"], ascending=[False, True, True])


def finding(cells: pd.DataFrame, *, language: str, k_min: int = 10) -> tuple[str, list[tuple[str, str]]]:
    """The title of a picture of these movements, and the pairs of segments that it speaks of."""
    unusual, moved = alarms(cells, k_min), flows(cells, k_min)
    if len(unusual):
        first = unusual.iloc[0]
        return _alarm(first, language), [(first["from_segment"], first["to_segment"])]
    if not len(moved):
        return i18n.word("movement.title.few", language), []
    first = moved.iloc[0]
    known = int(first["past_spans"]) >= FEWEST and not cells["unusual"].fillna(False).astype(bool).any()
    told = {"origin": name(first["from_segment"], language), "target": name(first["to_segment"], language)}
    key = "movement.title.largest" if known else "movement.title.largest_unknown"
    said = i18n.sentence(key, language, **told, customers=f"{int(first['customers']):,}")
    return said, [(first["from_segment"], first["to_segment"])]


def definition(cells: pd.DataFrame, language: str) -> str:
    """What the cells of one span count."""
    since = pd.Timestamp(cells["since"].iloc[0]).date()
    return i18n.sentence("movement.definition", language, since=month_label(since, language))


def alluvial(cells: pd.DataFrame, *, as_of: date, language: str, k_min: int) -> tuple[pd.DataFrame, dict]:
    """What charts.alluvial is told of one span: the counts, and all words but title, caption and width."""
    counts, since = grid(cells), pd.Timestamp(cells["since"].iloc[0]).date()
    return counts, {
        "heads": (i18n.day(since, language), i18n.day(as_of, language)),
        "language": language,
        "hidden": withheld(cells, k_min),
        "small": small_sizes(counts, k_min),
        "least": k_min,
        "accent": finding(cells, language=language, k_min=k_min)[1],
    }


def lines(
    cells: pd.DataFrame, causes: pd.DataFrame, *, language: str, money: Money, k_min: int = 10
) -> list[tuple[str, str]]:
    """Label and sentences: how many moved and why, what came in late, what it is worth, and whether it is unusual."""
    told = {
        "changed": _changed(cells, causes, language, k_min),
        "late": _late(causes, language, k_min),
        "worth": _worth(cells, causes, language, money, k_min),
        "unusual": _unusual(cells, language, k_min),
    }
    return [(i18n.word(f"movement.line.{key}", language), i18n.run_on(text, language)) for key, text in told.items()]


def counted(cells: pd.DataFrame, *, language: str, k_min: int = 10) -> list[tuple[str, str]]:
    """Label and sentences of a span without causes: how many moved, and for which spans more is told."""
    spans = i18n.join([str(months) for months in SPANS], language)
    said = [*_changed(cells, None, language, k_min), i18n.sentence("movement.counted", language, spans=spans)]
    return [(i18n.word("movement.line.changed", language), i18n.run_on(said, language))]


def length(months: int, language: str, form: str = "short") -> str:
    """How long a span is in words; form: short, or span as a sentence begins."""
    return i18n.word_or(
        f"movement.{form}_{months}", language, i18n.sentence(f"movement.{form}", language, months=months)
    )


def table(cells: pd.DataFrame, *, language: str, money: Money, k_min: int = 10) -> pd.DataFrame:
    """The largest movements for people: customers, share with interval, what is usual, verdict, worth with interval."""
    rows = [_row(row, language, money, k_min) for row in flows(cells, k_min).head(ROWS).to_dict("records")]
    heads = ("origin", "target", "customers", "share", "interval", "usual", "verdict", "worth", "worth_interval")
    return pd.DataFrame(rows, columns=[i18n.word(f"movement.column.{head}", language) for head in heads])


def by_cause(causes: pd.DataFrame, *, language: str) -> pd.DataFrame:
    """Customers by what moved them, in the order used and in the other one; exact, for a page opened by hand."""
    counts = causes.groupby("cause", sort=False)[["customers", "customers_in_other_order"]].sum().reset_index()
    counts["cause"] = [i18n.word(f"movement.cause.{cause}", language) for cause in counts["cause"]]
    return counts.set_axis(
        [i18n.word(f"movement.column.{one}", language) for one in ("cause", "customers", "other_order")], axis=1
    )


def split(cells: pd.DataFrame, *, language: str) -> pd.DataFrame:
    """Every movement against what was published, as own movement + moved cut points + what came in late; exact.

    For a page opened by hand: cells may be small.
    """
    rows = cells[cells["from_segment"] != cells["to_segment"]]
    parts = ("published", "real", "cut_points", "late")
    made = pd.DataFrame({"origin": [named(code, language) for code in rows["from_segment"]],
                         "target": [named(code, language) for code in rows["to_segment"]],
                         **{part: rows[part].to_numpy() for part in parts}})  # fmt: skip
    return made.set_axis([i18n.word(f"movement.column.{column}", language) for column in made.columns], axis=1)


def named(code: str, language: str) -> str:
    """What people call a segment; who was no customer at the beginning has a name that fits any span of time."""
    return i18n.word("movement.not_yet", language) if code == ABSENT_BEFORE else name(code, language)


def _alarm(row: pd.Series, language: str) -> str:
    """What is unusual about one cell, with the customers that the past lets one expect."""
    more = row["share"] > row["usual"]
    people = row["customers"] / row["share"]
    low, high = (f"{int(end):,}" for end in (np.ceil(row["usual_low"] * people), np.floor(row["usual_high"] * people)))
    kind = ("arrived_" if row["from_segment"] == ABSENT_BEFORE
            else "stayed_" if row["from_segment"] == row["to_segment"] else "")  # fmt: skip
    told = {
        "customers": f"{int(row['customers']):,}",
        "usual": i18n.sentence("movement.range", language, low=low, high=high),
    }
    told |= {} if kind == "arrived_" else {"origin": name(row["from_segment"], language)}
    told |= {} if kind == "stayed_" else {"target": name(row["to_segment"], language)}
    return i18n.sentence(f"movement.title.{kind}{'more' if more else 'fewer'}", language, **told)


def _changed(cells: pd.DataFrame, causes: pd.DataFrame | None, language: str, k_min: int) -> list[str]:
    counts = grid(cells).drop(index=ABSENT_BEFORE, errors="ignore")
    stayed = sum(int(counts.loc[code, code]) for code in counts.index.intersection(counts.columns))
    customers = int(counts.to_numpy().sum())
    changed, span = customers - stayed, length(int(cells["months"].iloc[0]), language, "span")
    if changed < k_min or 0 < customers - changed < k_min:
        return [i18n.sentence("movement.changed_few", language, span=span)]
    seen = int(flows(cells, k_min)["customers"].sum())
    # with the movements shown, the sum would tell of those few that are withheld, or of one of them
    if 0 < changed - seen < k_min or sum_tells(withheld(cells, k_min)):
        told = {
            "customers": i18n.number(customers, "people", language),
            "changed": i18n.number(seen, "people", language),
        }
        return [i18n.sentence("movement.changed_least", language, span=span, **told)]
    low, high = wilson(changed, customers)
    people = {
        "customers": i18n.number(customers, "people", language),
        "changed": i18n.number(changed, "people", language),
    }
    said = i18n.sentence(
        "movement.changed", language, span=span, **people, share=i18n.number(changed / customers, "rate", language),
        interval=i18n.interval(float(low), float(high), "rate", language),
    )  # fmt: skip
    if causes is None:
        return [said]
    by_cause = causes.groupby("cause")["customers"].sum()
    real, cuts = (int(by_cause.reindex(names, fill_value=0).sum()) for names in (MOVED[:1], MOVED[1:]))
    if suppress_parts(np.array([real, cuts]), k_min).any():
        return [said, i18n.word("movement.causes_few", language)]
    if not cuts:
        return [said, i18n.word("movement.causes_own", language)]
    parts = {"real": i18n.number(real, "people", language), "cuts": i18n.number(cuts, "people", language)}
    return [said, i18n.sentence("movement.causes", language, **parts)]


def _late(causes: pd.DataFrame, language: str, k_min: int) -> list[str]:
    newcomers = (causes["cause"] == "arrived") & (
        causes["record"] == "as_published"
    )  # nobody published a segment of theirs
    counts = causes[~newcomers].groupby("record")["customers"].sum()
    since = {"since": month_label(pd.Timestamp(causes["since"].iloc[0]).date(), language)}
    if counts.get("unknown", 0):
        return [i18n.sentence("movement.late_unknown", language, **since)]
    corrected, stands = int(counts.get("corrected", 0)), int(counts.get("as_published", 0))
    if not corrected:
        return [i18n.sentence("movement.late_none", language, **since)]
    if corrected < k_min or 0 < stands < k_min:
        return [i18n.sentence("movement.late_few", language, **since)]
    told = {"corrected": i18n.number(corrected, "people", language),
            "share": i18n.number(corrected / (corrected + stands), "rate", language)}  # fmt: skip
    return [i18n.sentence("movement.late_known", language, **since, **told)]


def _worth(cells: pd.DataFrame, causes: pd.DataFrame, language: str, money: Money, k_min: int) -> list[str]:
    moved = causes[causes["cause"].isin(MOVED) & causes["cltv_change"].notna()]
    if moved["valued"].sum() < k_min:
        return [i18n.word("movement.worth_unknown", language)]
    total = float(moved["cltv_change"].sum())
    half = float(np.sqrt((((moved["cltv_change_high"] - moved["cltv_change_low"]) / 2) ** 2).sum()))
    ends = i18n.sentence("movement.range", language, low=money(total - half, True), high=money(total + half, True))
    clear = abs(total) > half
    key = ("up" if total > 0 else "down") if clear else "unclear"
    said = [
        i18n.sentence(
            f"movement.worth_{key}", language, interval=ends, **({"amount": money(abs(total), False)} if clear else {})
        )
    ]
    rows = flows(cells, k_min)
    rows = rows[rows["valued"] >= k_min]
    for key, side in (("lost", rows[rows["cltv_change_high"] < 0]), ("won", rows[rows["cltv_change_low"] > 0])):
        if len(side):
            row = side.loc[side["cltv_change"].abs().idxmax()]
            told = {"origin": name(row["from_segment"], language), "target": name(row["to_segment"], language)}
            said.append(
                i18n.sentence(f"movement.worth_{key}", language, **told, amount=money(row["cltv_change"], True))
            )
    return said


def _unusual(cells: pd.DataFrame, language: str, k_min: int) -> list[str]:
    first = cells.iloc[0]
    past = int(first["past_spans"])
    if past < FEWEST:
        return [i18n.sentence("movement.alarm_unknown", language, past=past)]
    found = alarms(cells, k_min).head(ALARMS_TOLD)
    if len(found):
        said = [i18n.sentence("movement.alarm", language, what=_alarm(row, language)) for _, row in found.iterrows()]
    elif cells["unusual"].fillna(False).astype(bool).any():
        said = [i18n.word("movement.alarm_few", language)]
    else:
        said = [i18n.sentence("movement.alarm_none", language, past=past)]
    if first["backtest_spans"] >= FEWEST:
        told = {"months": int(first["backtest_spans"]), "alarms": int(first["backtest_alarms"])}
        said.append(i18n.sentence("movement.backtest", language, **told))
    return said


def _row(row: dict, language: str, money: Money, k_min: int) -> list[str]:
    known = not i18n.missing(row["unusual"]) and not i18n.missing(row["usual"])
    verdict = (
        "unknown"
        if not known
        else "usual"
        if not row["unusual"]
        else "more"
        if row["share"] > row["usual"]
        else "fewer"
    )
    worth = row["valued"] >= k_min and not i18n.missing(row["cltv_change"])
    ends = {"low": money(row["cltv_change_low"], True), "high": money(row["cltv_change_high"], True)} if worth else {}
    return [
        name(row["from_segment"], language), name(row["to_segment"], language), f"{int(row['customers']):,}",
        i18n.number(row["share"], "rate", language), i18n.interval(row["low"], row["high"], "rate", language),
        i18n.interval(row["usual_low"], row["usual_high"], "rate", language) if known else i18n.MISSING,
        i18n.word(f"movement.verdict.{verdict}", language),
        money(row["cltv_change"], True) if worth else i18n.MISSING,
        i18n.sentence("movement.range", language, **ends) if worth else i18n.MISSING,
    ]  # fmt: skip
