"""What there is to say of a month's audiences, in sentences: titles of pictures, and the lines of report and dashboard."""

from collections.abc import Mapping

import pandas as pd

from customerbase import i18n
from customerbase.audiences import looks
from customerbase.audiences.withholding import ASKED, REFUSED

REACH, AUDIENCES, DROPS, OVERLAP = TABLES = ("contact_reach", "audiences", "audience_drops", "audience_overlap")


def reach_title(reach: pd.DataFrame, language: str, k_min: int) -> str:
    """By which channel most can be reached."""
    rows = [row for row in looks.reach_counts(reach, k_min) if row["granted"]]
    if not rows:
        return i18n.word("audiences.title.reach_none", language)
    told = {"channel": looks.channel(rows[0]["channel"], language)}
    return i18n.sentence("audiences.title.reach", language, share=_rate(rows[0], "granted", language), **told)


def steps_title(sizes: pd.DataFrame, drops: pd.DataFrame, language: str, k_min: int) -> str:
    """Which shares of those who fit may be contacted."""
    rows = looks.step_counts(sizes, drops, k_min)
    shares = sorted(share for row in rows if (share := looks.share_to_contact(row["counts"])) is not None)
    if not shares:
        return i18n.word("audiences.title.drops", language)
    ends = [i18n.number(share, "rate", language) for share in (shares[0], shares[-1])]
    if ends[0] == ends[1]:
        return i18n.sentence("audiences.title.steps_one", language, low=ends[0])
    return i18n.sentence("audiences.title.steps", language, low=ends[0], high=ends[1])


def overlap_line(overlap: pd.DataFrame, sizes: pd.DataFrame, language: str) -> str:
    """The greatest overlap that is shown, or that there is none of a size that may be."""
    if len(overlap) < 2:
        return i18n.word("audiences.no_overlap", language)
    rows = looks.overlap(overlap, sizes, language)
    if not rows:
        return i18n.word("audiences.overlap_none", language)
    told = {name: rows[0][name] for name in ("audience", "other")}
    return i18n.sentence(
        "audiences.overlap_told", language, share=i18n.number(rows[0]["share"], "rate", language), **told
    )


def lines(tables: Mapping[str, pd.DataFrame], language: str, k_min: int) -> list[tuple[str, str]]:
    """Label and sentence: who can be reached, what is ready, who is left out, how it will be measured, what to do."""
    reach, sizes, drops, overlap = (tables[name] for name in TABLES)
    found = [("reach", _reach(reach, language, k_min))]
    rows = looks.step_counts(sizes, drops, k_min) if len(sizes) else []
    if not rows:
        found.append(("ready", i18n.word(f"audiences.{'none_valid' if len(sizes) else 'none'}", language)))
    else:
        lost = _lost(rows)
        found += [("ready", _ready(rows, language)), ("lost", _told_lost(lost, language) if lost else "")]
        found += [("overlap", overlap_line(overlap, sizes, language)), ("kept", _kept(rows, language))]
        found += [("next_step", _todo(rows, lost, language))]
    return [(i18n.word(f"audiences.report.{name}", language), text) for name, text in found if text]


def _reach(reach: pd.DataFrame, language: str, k_min: int) -> str:
    rows = [row for row in looks.reach_counts(reach, k_min) if row["granted"]]
    if not rows:
        return i18n.word("audiences.no_consents", language)
    told = [
        i18n.sentence(
            "audiences.report.reach_told",
            language,
            channel=looks.channel(row["channel"], language),
            n=f"{row['granted']:,}",
            share=_rate(row, "granted", language),
        )
        for row in rows
    ]
    everybody = f"{rows[0]['customers']:,}"
    return i18n.sentence("audiences.report.reach_of", language, n=everybody, parts=_listed(told, language))


def _ready(rows: list[dict], language: str) -> str:
    told = []
    for row in rows:
        names = {"audience": looks.title(row, language), "channel": looks.channel(row["channel"], language)}
        n = row["counts"]["target"]
        key, more = ("ready_hidden", {}) if n is None else ("ready_told", {"n": f"{n:,}"})
        told.append(i18n.sentence(f"audiences.report.{key}", language, **names, **more))
    codes, parts = len({row["audience"] for row in rows}), _listed(told, language)
    if codes == 1:
        return i18n.sentence("audiences.report.ready_of_one", language, parts=parts)
    return i18n.sentence("audiences.report.ready_of", language, count=codes, parts=parts)


def _lost(rows: list[dict]) -> tuple[dict, str] | None:
    """The audience and step where most of those who fit are lost."""
    known = [
        (row["counts"][step], -place, row, step)
        for place, row in enumerate(rows)
        for step in REFUSED
        if row["counts"][step] and row["counts"][ASKED]
    ]
    if not known:
        return None
    *_, row, step = max(known, key=lambda one: one[:2])
    return row, step


def _told_lost(lost: tuple[dict, str], language: str) -> str:
    row, step = lost
    n, of = row["counts"][step], row["counts"][ASKED]
    return i18n.sentence(
        "audiences.report.lost_told",
        language,
        audience=looks.title(row, language),
        channel=looks.channel(row["channel"], language),
        step=i18n.word(f"audiences.step.{step}", language),
        n=f"{n:,}",
        of=f"{of:,}",
        share=i18n.number(n / of, "rate", language),
    )


def _kept(rows: list[dict], language: str) -> str:
    """Shares that are kept back, as they were asked for; what was drawn varies by chance."""
    shares = sorted({float(row["holdout_share"]) for row in rows if row["holdout_share"]})
    control = float(rows[0]["control_share"])
    if not shares and not control:
        return i18n.word("audiences.report.kept_none", language)
    ends = [_whole(share, language) for share in (shares or [0.0])]
    told = ends[0] if len(set(ends)) == 1 else i18n.span(ends[0], ends[-1], language)
    everywhere = _whole(control, language)
    return i18n.sentence("audiences.report.kept_told", language, share=told, **{"global": everywhere})


def _todo(rows: list[dict], lost: tuple[dict, str] | None, language: str) -> str:
    if not any(row["holdout_share"] or row["control_share"] for row in rows):
        return i18n.word("audiences.report.todo_holdout", language)
    if lost is None or lost[1] != "no_consent":
        return i18n.word("audiences.report.todo_ready", language)
    row, step = lost
    told = {"audience": looks.title(row, language), "channel": looks.channel(row["channel"], language)}
    return i18n.sentence("audiences.report.todo_consent", language, n=f"{row['counts'][step]:,}", **told)


def _listed(told: list[str], language: str) -> str:
    return "、".join(told) if language == "ja" else "; ".join(told)


def _rate(row: Mapping[str, object], state: str, language: str) -> str:
    return i18n.number(row[state] / row["customers"], "rate", language)


def _whole(share: float, language: str) -> str:
    """A share as the pipeline file has it: 10 %, 2.5 %."""
    return i18n.number(share, "rate", language).replace(".0", "")
