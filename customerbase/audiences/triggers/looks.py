"""What a page and a report say of the triggers: sentences, a table of fates, what is missing; small numbers withheld."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.audiences.triggers.kinds import KINDS
from customerbase.audiences.triggers.queue import GLOBAL, HELD_OUT
from customerbase.disclosure import suppress, suppress_parts

KEPT_BACK = ("no_consent", "capped", "expired", "already_queued", "not_in_rule")
IN_QUEUE = ("queued", HELD_OUT, GLOBAL)
PARTS = ("in_queue", *KEPT_BACK)
SOURCES = ("previous_churn", "previous_products")  # what is missing because there is no month before


def lines(counts: pd.DataFrame, language: str, k_min: int = 10, currency: str = "JPY") -> list[tuple[str, str]]:
    """Label and sentence: what was found, what is held back and why, what it should bring, what is missing, what to do next.

    counts: the table trigger_counts; [] without a trigger.
    """
    if not len(counts):
        return []
    said = [("found", _found(counts, language, k_min)), ("held_back", _held_back(counts, language, k_min))]
    said += [
        ("expected", _expected(counts, language, k_min, currency)),
        ("missing", _missing(counts, language)),
        ("next_step", i18n.word(f"triggers.todo.{_todo(counts)}", language)),
    ]
    return [(i18n.word(f"triggers.line.{label}", language), text) for label, text in said if text]


def title(counts: pd.DataFrame, language: str, k_min: int = 10) -> str:
    """The finding of the picture: which trigger brings most contacts, or that none does."""
    told = bars(counts, language, k_min)
    if not len(told) or told["in_queue"].iloc[0] < max(k_min, 1):
        return i18n.word("triggers.title.none", language)
    best = told.iloc[0]
    numbers = {"queued": f"{int(best['in_queue']):,}", "conditions": f"{int(best['in_queue'] + best['back']):,}"}
    return i18n.sentence("triggers.title.most", language, name=best["name"], **numbers)


def shown(counts: pd.DataFrame, k_min: int = 10) -> pd.DataFrame:
    """The counts as anybody may see them, in_queue with those held out; what tells of fewer than k_min is empty.

    So is what would give such a number away, by row or by column.
    """
    made = counts.assign(in_queue=counts[list(IN_QUEUE)].sum(axis=1))
    matrix = made[list(PARTS)].to_numpy(dtype="int64")
    totals = suppress_parts(made["conditions"].to_numpy(dtype="int64"), k_min)
    cells = suppress(matrix, k_min, also=np.broadcast_to(totals[:, None], matrix.shape) & (matrix > 0))
    made["conditions"] = made["conditions"].astype("Float64").mask(totals)
    for place, name in enumerate(PARTS):
        made[name] = made[name].astype("Float64").mask(cells[:, place])
    few = made["in_queue"].isna() | (counts["queued"] < k_min)
    made["value"] = made["value"].astype("Float64").mask(few)
    return made


def table(counts: pd.DataFrame, language: str, k_min: int = 10, currency: str = "JPY") -> pd.DataFrame:
    """One row per trigger in words: occasions, and how many met which fate; withheld cells read *."""
    heads = ("conditions", *PARTS, "value")
    rows = shown(counts, k_min).to_dict("records") if len(counts) else []
    made = [[_cell(row, name, language, currency) for name in heads] for row in rows]
    names = [row[f"title_{language}"] for row in rows]
    return pd.DataFrame(made, names, [i18n.word(f"triggers.column.{name}", language) for name in heads])


def bars(counts: pd.DataFrame, language: str, k_min: int = 10) -> pd.DataFrame:
    """What the picture draws, the longest queue first: name, in_queue, back; triggers with withheld numbers are left out."""
    rows = shown(counts, k_min)
    rows = rows[(rows["conditions"].fillna(0) > 0) & rows["in_queue"].notna()]
    made = pd.DataFrame({"name": rows[f"title_{language}"], "in_queue": rows["in_queue"].astype(float)})
    made["back"] = rows["conditions"].astype(float) - made["in_queue"]
    made["place"] = rows["place"]
    return made.sort_values(["in_queue", "place"], ascending=[False, True]).reset_index(drop=True)


def reason(row: dict, language: str) -> str:
    """Why a row stands in the queue, in words: kind, subject and measure."""
    subject = row["subject"] if not i18n.missing(row["subject"]) else i18n.word("triggers.unknown", language)
    measure = "" if i18n.missing(row["measure"]) else f"{float(row['measure']):,.10g}"
    if row["reason"] == "churn_risen":
        subject, measure = (
            i18n.word(f"triggers.band.{subject}", language),
            i18n.number(row["measure"], "rate", language),
        )
    key = f"triggers.reason.{row['reason']}"
    told = {
        name: value
        for name, value in (("subject", subject), ("measure", measure))
        if f"{{{name}}}" in i18n.word(key, language)
    }
    return i18n.sentence(key, language, **told)


def kinds(language: str) -> list[tuple[str, str]]:
    """Every kind there is and what it looks for."""
    return [(name, i18n.word(f"triggers.kind.{name}", language)) for name in KINDS]


def _found(counts: pd.DataFrame, language: str, k_min: int) -> str:
    total, held = int(counts["conditions"].sum()), int(counts[HELD_OUT].sum() + counts[GLOBAL].sum())
    queued = held + int(counts["queued"].sum())
    values = {"queued": _told([queued, total - queued], k_min)[0], "triggers": len(counts)}
    values["conditions"] = f"<{k_min}" if 0 < total < k_min else f"{total:,}"
    text = i18n.sentence("triggers.found", language, **values)
    if not held:
        return text
    told = _told([held, queued - held], k_min)[0]
    if told.replace(",", "").isdigit() and values["queued"] != "*":
        return i18n.run_on([text, i18n.sentence("triggers.held", language, held=told)], language)
    return i18n.run_on([text, i18n.word("triggers.held_some", language)], language)


def _held_back(counts: pd.DataFrame, language: str, k_min: int) -> str:
    sums = [int(counts[name].sum()) for name in KEPT_BACK]
    told = zip(KEPT_BACK, sums, _told(sums, k_min), strict=True)
    parts = [i18n.sentence(f"triggers.back.{name}", language, n=text) for name, n, text in told if n]
    if not parts:
        return i18n.word("triggers.back.none", language)
    return i18n.sentence("triggers.back.all", language, parts=i18n.join(parts, language))


def _expected(counts: pd.DataFrame, language: str, k_min: int, currency: str) -> str:
    """What the contacts should bring, and where each effect is from; "" where no trigger names an effect."""
    if "effect_source" not in counts or counts["effect_source"].isna().all():
        return ""
    named = counts[counts["effect_source"].notna()]
    told = named[named["expected"].notna() & (named["queued"] >= k_min)]
    sums = told[["expected", "expected_low", "expected_high"]].astype(float).sum() if len(told) else []
    money = [i18n.number(one, "money", language, currency=currency, signed=True) for one in sums]
    said = []
    if money:
        ends = i18n.span(*money[1:], language)
        said.append(i18n.sentence("triggers.expected", language, amount=money[0], interval=ends))
    unproven = (named["effect_source"] == "measured") & (named["effect_verdict"] == "not_proven")
    for source in ("measured", "not_proven", "assumed", "unknown"):
        mine = named[unproven] if source == "not_proven" else named[(named["effect_source"] == source) & ~unproven]
        quoted = (f"「{name}」" if language == "ja" else f"“{name}”" for name in mine[f"title_{language}"])
        names = i18n.join(quoted, language)
        said += [i18n.sentence(f"triggers.source.{source}", language, names=names)] if len(mine) else []
    return i18n.run_on(said, language)


def _missing(counts: pd.DataFrame, language: str) -> str:
    lacking: dict[str, list[str]] = {}
    for row in counts[counts["missing"].notna()].to_dict("records"):
        absent = ("month_before" if one in SOURCES else one for one in str(row["missing"]).split(";"))
        words = dict.fromkeys(i18n.word(f"triggers.table.{one}", language) for one in absent)
        lacking.setdefault(i18n.join(words, language), []).append(row[f"title_{language}"])
    said = []
    for tables, names in lacking.items():
        quoted = i18n.join((f"「{name}」" if language == "ja" else f"“{name}”" for name in names), language)
        said.append(i18n.sentence("triggers.missing", language, names=quoted, tables=tables))
    return i18n.run_on(said, language)


def _todo(counts: pd.DataFrame) -> str:
    """What would bring most: consent, sooner evaluation, or nothing but handing over."""
    if not int(counts["conditions"].sum()):
        return "nothing"
    most = counts[list(KEPT_BACK)].sum().astype(int).idxmax()
    if int(counts[most].sum()) > int(counts["queued"].sum()) and most in ("no_consent", "expired"):
        return most
    return "hand_over" if int(counts["queued"].sum()) else "nothing"


def _told(parts: Sequence[int], k_min: int) -> list[str]:
    """Parts of a total as texts; small ones, and those that would give them away, are not told."""
    hidden = suppress_parts(np.array(parts), k_min)
    return [
        f"<{k_min}" if hide and part < k_min else "*" if hide else f"{part:,}"
        for part, hide in zip(parts, hidden, strict=True)
    ]


def _cell(row: dict, name: str, language: str, currency: str) -> str:
    if i18n.missing(row[name]):
        return i18n.MISSING if name == "value" else "*"
    if name == "value":
        return i18n.number(row[name], "money", language, currency=currency, exact=True)
    return f"{int(row[name]):,}"
