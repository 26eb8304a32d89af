"""What a page and a report say of the support desk, in sentences; what tells of few customers is not said."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.disclosure import suppress_parts
from customerbase.periods import month_label
from customerbase.satisfaction.inquiries.desk import ALL, LESS, MORE, REPLY_HOURS, SOLUTION_HOURS
from customerbase.satisfaction.inquiries.effect import ASKED, FEW, PLACEBO, UNLIKE_GROUPS
from customerbase.satisfaction.inquiries.forms import Money, direction, group, hours, newest, number, shown, span, who

CHANGES_TOLD = 4


def lines(
    months: pd.DataFrame, groups: pd.DataFrame, effect: pd.DataFrame, *, language: str, money: Money, k_min: int = 10
) -> list[tuple[str, str]]:
    """Label and sentences: volume, replies, solutions, backlog, clear changes, repeated trouble, purchases after, caution."""
    now, before = newest(months, k_min), newest(months, k_min, 1)
    if not now:
        return []
    told = {
        "volume": _volume(now, groups, language, k_min),
        "reply": _times(now, "reply", REPLY_HOURS, language),
        "solution": _times(now, "solution", SOLUTION_HOURS, language),
        "backlog": _backlog(now, before, language),
        "changes": changes(groups, language, k_min),
        "trouble": _trouble(now, language, money, k_min),
        "effect": effects(effect, language),
    }
    told["caution"] = [i18n.word("inquiries.caution", language)] if _tells(effect) else []
    return [
        (i18n.word(f"inquiries.line.{key}", language), i18n.run_on(said, language))
        for key, said in told.items()
        if said
    ]


def _volume(now: dict, groups: pd.DataFrame, language: str, k_min: int) -> list[str]:
    row = now["opened"]
    when = month_label(pd.Timestamp(row["month"]).date(), language)
    if row["few"]:
        return [i18n.sentence("inquiries.few", language, month=when, k=k_min)]
    said = [i18n.sentence("inquiries.volume", language, month=when, n=number("opened", row["value"], language))]
    if rate := now.get("per_100_orders"):
        ends = span(rate["low"], rate["high"], lambda end: f"{float(end):,.2f}", language)  # type: ignore[arg-type]
        said.append(i18n.sentence("inquiries.rate", language, rate=f"{rate['value']:,.2f}", interval=ends))
    whole = groups[(groups["dimension"] == ALL) & groups["measure"].isin(["per_100_orders", "opened"])]
    return [*said, _against(whole, language, k_min)] if len(whole) else said


def _against(rows: pd.DataFrame, language: str, k_min: int) -> str:
    """Volume against the month before: per 100 orders where they are known, else the count."""
    row = rows.sort_values("measure", ascending=False).iloc[0].to_dict()
    if i18n.missing(row["before"]):
        return i18n.word("inquiries.no_past", language)
    if row["before_customers"] < k_min:
        return i18n.word("inquiries.few_before", language)
    key = row["verdict"] if row["verdict"] in (MORE, LESS) else "no_clear_change"
    return i18n.sentence(
        f"inquiries.against.{key}",
        language,
        before=i18n.sentence(
            f"inquiries.per.{row['measure']}", language, n=number(row["measure"], row["before"], language)
        ),
    )


def _times(now: dict, name: str, limit: int, language: str) -> list[str]:
    row, tail, inside = (
        now.get(key)
        for key in (f"{name}_median", f"{name}_p90", "reply_in_day" if name == "reply" else "solution_in_days")
    )
    if not row or row["few"]:
        return [] if row else [i18n.word(f"inquiries.lacks.{'reply' if name == 'reply' else 'closing'}", language)]
    if i18n.missing(row["value"]):
        return [i18n.sentence("inquiries.not_half", language, n=f"{int(row['n']):,}")]
    ends = span(row["low"], row["high"], lambda end: hours(end, language), language)
    said = [
        i18n.sentence(
            f"inquiries.{name}", language, median=hours(row["value"], language), interval=ends, n=f"{int(row['n']):,}"
        )
    ]
    if not i18n.missing(tail["value"]):
        said.append(i18n.sentence("inquiries.tail", language, p=hours(tail["value"], language)))
    if inside and not i18n.missing(inside["value"]):
        share = i18n.number(inside["value"], "rate", language)
        said.append(i18n.sentence(f"inquiries.inside_{name}", language, hours=limit, share=share))
    return said


def _backlog(now: dict, before: dict, language: str) -> list[str]:
    row, old, again = (now.get("backlog"), before.get("backlog"), now.get("reopened_share"))
    said = []
    if row and not row["few"]:
        then = number("backlog", old["value"], language) if old and not old["few"] else ""
        key = "backlog" if then else "backlog_alone"
        said.append(
            i18n.sentence(
                f"inquiries.{key}",
                language,
                n=number("backlog", row["value"], language),
                **({"before": then} if then else {}),
            )
        )
    elif row:
        said.append(i18n.word("inquiries.backlog_few", language))
    if again and not again["few"]:
        ends = i18n.interval(again["low"], again["high"], "rate", language)
        said.append(
            i18n.sentence(
                "inquiries.reopened", language, share=i18n.number(again["value"], "rate", language), interval=ends
            )
        )
    return said


def changes(groups: pd.DataFrame, language: str, k_min: int) -> list[str]:
    """The clear changes on the month before, the surest first; of a group that may be shown."""
    rows = shown(groups, k_min)
    rows = rows[rows["verdict"].isin([MORE, LESS]) & (rows["customers"] >= k_min) & (rows["before_customers"] >= k_min)]
    rows = rows[
        ~((rows["dimension"] == ALL) & rows["measure"].isin(["opened", "per_100_orders"]))
    ]  # the volume says it
    rows = rows.sort_values(["q_value", "dimension", "group_value", "measure"]).head(CHANGES_TOLD)
    return [_change(row, language) for row in rows.to_dict("records")]


def _change(row: dict, language: str) -> str:
    measure = row["measure"]
    told = {end: number(measure, row[end], language) for end in ("value", "before")}
    name = i18n.word(f"inquiries.measure.{measure}", language)
    where = "" if row["dimension"] == ALL else group(row["dimension"], row["group_value"], language)
    key = "inquiries.changed_all" if not where else "inquiries.changed"
    moved = i18n.word(f"inquiries.direction.{direction(measure, row['verdict'])}", language)
    return i18n.sentence(key, language, name=name, direction=moved, **told, **({"group": where} if where else {}))


def _trouble(now: dict, language: str, money: Money, k_min: int) -> list[str]:
    row = now.get("trouble_customers")
    if not row:
        return []
    if row["few"] or not row["value"]:
        return [i18n.word(f"inquiries.trouble_{'few' if row['few'] else 'none'}", language)]
    what = {"least": int(row["trouble_inquiries"]), "days": int(row["trouble_days"])}
    said = [i18n.sentence("inquiries.trouble", language, n=f"{int(row['value']):,}", **what)]
    part, worth = now["trouble_unresolved"], now["trouble_value"]
    split = [part["customers"], row["customers"] - part["customers"]]
    if part["customers"] and not suppress_parts(np.array(split, dtype=int), k_min).any():
        open_ones = i18n.number(part["value"], "people", language)
        said.append(i18n.sentence("inquiries.trouble_unresolved", language, value=open_ones))
    if not i18n.missing(worth["value"]) and worth["value"]:
        said.append(i18n.sentence("inquiries.trouble_value", language, value=money(float(worth["value"]))))
    return said


def effects(table: pd.DataFrame, language: str) -> list[str]:
    """Purchases after an inquiry: of all that could be compared, then what differs clearly by how it went, then the placebo."""
    if not len(table):
        return []
    rows = {row["comparison"]: row for row in table.to_dict("records")}
    whole = rows[ASKED]
    if whole["verdict"] == FEW:
        return [i18n.word("inquiries.effect_few", language)]
    said = [_compared(whole, language), *_plainly(whole, language)]
    said += [
        _compared(row, language)
        for name, row in rows.items()
        if name not in (ASKED, PLACEBO) and row["verdict"] in (LESS, MORE)
    ]
    check = rows[PLACEBO]["verdict"]
    return [
        *said,
        i18n.word(
            f"inquiries.placebo.{'alarm' if check in (LESS, MORE) else 'quiet' if check != FEW else 'few'}", language
        ),
    ]


def _tells(table: pd.DataFrame) -> bool:
    """Whether there is a comparison of purchases to be cautious about."""
    return bool((table["verdict"] != FEW).any())


def _compared(row: dict, language: str) -> str:
    ends = i18n.span(*(i18n.points(row[end], language) for end in ("low", "high")), language)
    told = {"points": i18n.points(row["difference"], language), "interval": ends}
    if row["comparison"] != ASKED:
        return i18n.sentence("inquiries.effect_of", language, who=who(row, language), **told)
    shares = {name: i18n.number(row[name], "rate", language) for name in ("share", "share_alike")}
    key = "unlike" if row["verdict"] == UNLIKE_GROUPS else row["verdict"]
    counts = {"n": f"{int(row['matched']):,}", "days": int(row["horizon_days"])}
    return i18n.sentence(f"inquiries.effect.{key}", language, **told, **shares, **counts)


def _plainly(row: dict, language: str) -> list[str]:
    """Said where the plain difference says another thing than that among customers alike."""
    inside = row["low"] <= row["plain"] <= row["high"]
    return [] if inside else [i18n.sentence("inquiries.plain", language, points=i18n.points(row["plain"], language))]


def missing(faults: Mapping[str, int], language: str, k_min: int = 10) -> list[str]:
    """What the data lack or what cannot be, in words; counts below k_min read <k_min."""
    told = []
    for name, count in faults.items():
        everywhere = name.startswith("lacks_") or name == "whole_days"  # of all inquiries: no number is told
        number = {} if everywhere else {"n": f"{count:,}" if count >= k_min else f"<{k_min}"}
        told.append(i18n.sentence(f"inquiries.fault.{name}", language, **number))
    return told


def left_out(counts: Mapping[str, int], language: str, k_min: int = 10) -> str:
    """Inquiries that the comparison of purchases leaves out, by reason; "" without any."""
    parts = [
        i18n.sentence(
            "inquiries.left_part",
            language,
            reason=i18n.word(f"inquiries.left_out.{reason}", language),
            n=f"{count:,}" if count >= k_min else f"<{k_min}",
        )
        for reason, count in counts.items()
    ]
    return i18n.sentence("inquiries.left", language, parts=i18n.join(parts, language)) if parts else ""
