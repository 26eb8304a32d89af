"""What a page and a report say of the triggers: sentences, a table of fates, what is missing; small numbers withheld."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.audiences.triggers.kinds import KINDS
from customerbase.audiences.triggers.queue import FATES, GLOBAL, HELD_OUT
from customerbase.disclosure import suppress, suppress_parts

KEPT_BACK = ("no_consent", "capped", "expired", "already_queued", "not_in_rule")
SOURCES = ("previous_churn", "previous_products")  # what is missing because there is no month before


def lines(counts: pd.DataFrame, language: str, k_min: int = 10) -> list[tuple[str, str]]:
    """Label and sentence: what was found, what is held back and why, which triggers lack data, what to do next.

    counts: the table trigger_counts; [] without a trigger.
    """
    if not len(counts):
        return []
    said = [("found", _found(counts, language, k_min)), ("held_back", _held_back(counts, language, k_min))]
    said += [
        ("missing", _missing(counts, language)),
        ("next_step", i18n.word(f"triggers.todo.{_todo(counts)}", language)),
    ]
    return [(i18n.word(f"triggers.line.{label}", language), text) for label, text in said if text]


def title(counts: pd.DataFrame, language: str, k_min: int = 10) -> str:
    """The finding of the picture: which trigger brings most contacts, or that none does."""
    rows = shown(counts, k_min)
    told = rows[rows["queued"].fillna(0) >= max(k_min, 1)]
    if not len(told):
        return i18n.word("triggers.title.none", language)
    best = told.sort_values(["queued", "place"], ascending=[False, True]).iloc[0]
    return i18n.sentence(
        "triggers.title.most",
        language,
        name=best[f"title_{language}"],
        queued=f"{int(best['queued']):,}",
        conditions=f"{int(best['conditions']):,}",
    )


def shown(counts: pd.DataFrame, k_min: int = 10) -> pd.DataFrame:
    """The counts as anybody may see them: what tells of fewer than k_min, or would give such away, is empty."""
    matrix = counts[list(FATES)].to_numpy(dtype="int64")
    totals = suppress_parts(counts["conditions"].to_numpy(dtype="int64"), k_min)
    cells = suppress(matrix, k_min, also=np.broadcast_to(totals[:, None], matrix.shape) & (matrix > 0))
    made = counts.assign(conditions=counts["conditions"].astype("Float64").mask(totals))
    for place, name in enumerate(FATES):
        made[name] = counts[name].astype("Float64").mask(cells[:, place])
    hidden = made["queued"].isna() | ((counts["queued"] > 0) & (counts["queued"] < k_min))
    few = (counts["moved_quiet"] > 0) & (counts["moved_quiet"] < k_min)
    made["value"] = counts["value"].astype("Float64").mask(hidden)
    made["moved_quiet"] = counts["moved_quiet"].astype("Float64").mask(hidden | few)
    return made


def table(counts: pd.DataFrame, language: str, k_min: int = 10, currency: str = "JPY") -> pd.DataFrame:
    """One row per trigger in words: occasions, and how many met which fate; withheld cells read *."""
    heads = ("conditions", "queued", HELD_OUT, *KEPT_BACK, "value")
    rows = shown(counts, k_min) if len(counts) else counts
    rows = rows.assign(**{HELD_OUT: rows[HELD_OUT] + rows[GLOBAL]}) if len(counts) else rows
    made = [[_cell(row, name, language, currency) for name in heads] for row in rows.to_dict("records")]
    names = list(counts[f"title_{language}"]) if len(counts) else []
    return pd.DataFrame(made, names, [i18n.word(f"triggers.column.{name}", language) for name in heads])


def bars(counts: pd.DataFrame, language: str, k_min: int = 10) -> pd.DataFrame:
    """What the picture draws: name, queued, held (out), back; triggers whose numbers are withheld are left out."""
    rows = shown(counts, k_min)
    rows = rows[
        (rows["conditions"].fillna(0) > 0) & rows["queued"].notna() & rows[HELD_OUT].notna() & rows[GLOBAL].notna()
    ]
    held = (rows[HELD_OUT] + rows[GLOBAL]).astype(float)
    made = pd.DataFrame({"name": rows[f"title_{language}"], "queued": rows["queued"].astype(float), "held": held})
    made["back"] = rows["conditions"].astype(float) - made["queued"] - made["held"]
    return made.sort_values(["queued", "back", "name"], ascending=[False, False, True]).reset_index(drop=True)


def reason(row: dict, language: str) -> str:
    """Why a row stands in the queue, in words: kind, subject and measure."""
    subject = row["subject"] if not i18n.missing(row["subject"]) else i18n.word("triggers.unknown", language)
    measure = "" if i18n.missing(row["measure"]) else f"{float(row['measure']):,.10g}"
    if row["reason"] == "churn_risen":
        subject, measure = (
            i18n.word(f"triggers.band.{subject}", language),
            i18n.number(row["measure"], "rate", language),
        )
    return i18n.sentence(f"triggers.reason.{row['reason']}", language, subject=subject, measure=measure)


def kinds(language: str) -> list[tuple[str, str]]:
    """Every kind there is and what it looks for."""
    return [(name, i18n.word(f"triggers.kind.{name}", language)) for name in KINDS]


def _found(counts: pd.DataFrame, language: str, k_min: int) -> str:
    held = counts[HELD_OUT].sum() + counts[GLOBAL].sum()
    parts = [int(counts["queued"].sum()), int(held)]
    told = _told([*parts, int(counts["conditions"].sum()) - sum(parts)], k_min)
    values = {"queued": told[0], "held": told[1], "triggers": len(counts)}
    total = int(counts["conditions"].sum())
    values["conditions"] = f"<{k_min}" if 0 < total < k_min else f"{total:,}"
    return i18n.sentence("triggers.found", language, **values)


def _held_back(counts: pd.DataFrame, language: str, k_min: int) -> str:
    sums = [int(counts[name].sum()) for name in KEPT_BACK]
    told = zip(KEPT_BACK, sums, _told(sums, k_min), strict=True)
    parts = [i18n.sentence(f"triggers.back.{name}", language, n=text) for name, n, text in told if n]
    if not parts:
        return i18n.word("triggers.back.none", language)
    return i18n.sentence("triggers.back.all", language, parts=i18n.join(parts, language))


def _missing(counts: pd.DataFrame, language: str) -> str:
    said = []
    for row in counts.to_dict("records"):
        if i18n.missing(row["missing"]):
            continue
        absent = str(row["missing"]).split(";")
        words = dict.fromkeys(
            i18n.word(f"triggers.table.{'month_before' if one in SOURCES else one}", language) for one in absent
        )
        said.append(
            i18n.sentence(
                "triggers.missing", language, name=row[f"title_{language}"], tables=i18n.join(words, language)
            )
        )
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
