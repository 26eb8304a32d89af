"""The segments by rule as people read them: cards, overlap, who came and went and why, in both languages."""

import pandas as pd

from customerbase import i18n
from customerbase.disclosure import suppress_parts
from customerbase.rules.terms import figure
from customerbase.segments.named import codes, name
from customerbase.segments.rules.evaluating import NOBODY, Judged
from customerbase.segments.rules.moves import BOTH, KNOWN, THRESHOLD


def cards(judged: Judged | None, *, language: str, k_min: int = 10) -> pd.DataFrame:
    """One row per segment by rule, in words: what it is, its conditions, how many, what to do.

    A segment of fewer than k_min customers, or that leaves out fewer, reads <k_min.
    """
    said = {key: i18n.word(f"rules.column.{key}", language) for key in ("segment", "condition", "customers", "share")}
    said |= {key: i18n.word(f"rules.column.{key}", language) for key in ("interval", "unknown", "todo")}
    if judged is None:
        return pd.DataFrame(columns=list(said.values()))
    rows = []
    for rule, row in zip(judged.rules, judged.sizes.to_dict("records"), strict=True):
        hidden = suppress_parts([row["customers"], row["everybody"] - row["customers"]], k_min).any()
        small, low, high = f"<{k_min}", row["share_low"], row["share_high"]
        cells = {
            "segment": rule.name(language),
            "condition": row["conditions"],
            "customers": small if hidden else i18n.number(row["customers"], "people", language, exact=True),
            "share": i18n.MISSING if hidden else i18n.number(row["share"], "rate", language, exact=True),
            "interval": i18n.MISSING if hidden else i18n.interval(low, high, "rate", language),
            "unknown": small
            if 0 < row["unknown"] < k_min
            else i18n.number(row["unknown"], "people", language, exact=True),
            "todo": rule.todo(language),
        }
        rows.append({said[key]: cell for key, cell in cells.items()})
    return pd.DataFrame(rows, columns=list(said.values()))


def overlap(judged: Judged, *, language: str) -> pd.DataFrame:
    """Share of the customers of a segment by rule (across) who are in another segment too (down); small cells withheld.

    Named segments with nothing to show have no row.
    """
    titles = {rule.code: rule.name(language) for rule in judged.rules}
    named = {code: name(code, language) for code in codes()} | {NOBODY: i18n.word("rules.nobody", language)}
    frame = judged.overlap
    order = [("rule", code) for code in titles] + [("named", code) for code in named]
    matrix = frame.pivot(index="segment", columns=["kind", "other"], values="share")
    matrix = matrix.reindex(index=list(titles), columns=[key for key in order if key in matrix.columns])
    matrix = matrix.loc[:, [key for key in matrix.columns if key[0] == "rule" or matrix[key].gt(0).any()]]
    shown = [(titles if kind == "rule" else named)[code] for kind, code in matrix.columns]
    return matrix.set_axis(shown, axis=1).rename(index=titles).where(lambda cells: cells > 0).T


def moved(moves: pd.DataFrame, judged: Judged | None, *, language: str, k_min: int = 10) -> pd.DataFrame:
    """Who entered and who left, a sentence per reason; what is withheld reads <k_min. Nothing without a month before."""
    columns = [i18n.word(f"rules.column.{key}", language) for key in ("segment", "direction", "customers", "reason")]
    titles = {rule.code: rule.name(language) for rule in judged.rules} if judged else {}
    rows = []
    for row in moves.to_dict("records"):
        count = row["customers"]
        told = f"<{k_min}" if i18n.missing(count) else i18n.number(int(count), "people", language, exact=True)
        direction = i18n.word(f"rules.direction.{row['direction']}", language)
        rows.append((titles[row["segment"]], direction, told, why(row, language)))
    return pd.DataFrame(rows, columns=columns)


def why(row: dict, language: str) -> str:
    """One row of segment_moves as a reason: whose value or which threshold moved, from where to where."""
    cause, since = row["cause"], i18n.day(row["since"], language)
    if row["condition"] == 0:
        return i18n.sentence(f"rules.cause.{cause}", language, since=since)
    if cause == KNOWN:
        return i18n.sentence(f"rules.known.{row['direction']}", language, condition=row["text"])
    value, bound = (_moved(row, side, language) for side in ("value", "bound"))
    if cause == THRESHOLD:
        return i18n.sentence("rules.cause.threshold", language, condition=row["text"], **bound)
    if cause == BOTH:
        return i18n.sentence("rules.cause.both", language, condition=row["text"], **value, **bound)
    way = _way(row["value_before"], row["value_now"])
    if way == "moved":
        return i18n.sentence(f"rules.own.{row['direction']}", language, condition=row["text"])
    told = {"before": value["value_before"], "now": value["value_now"]}
    return i18n.sentence(f"rules.own.{way}", language, condition=row["text"], **told)


def _moved(row: dict, side: str, language: str) -> dict[str, str]:
    before, now = row[f"{side}_before"], row[f"{side}_now"]
    way = i18n.word(f"rules.way.{_way(before, now)}", language)
    return {f"{side}_before": figure(before), f"{side}_now": figure(now), f"{side}_way": way}


def _way(before: object, now: object) -> str:
    if i18n.missing(before) or i18n.missing(now) or before == now:
        return "moved"
    return "rose" if now > before else "fell"


def styled(frame: pd.DataFrame, language: str):
    """The table as a page shows it: without row numbers, texts to the left with their lines, numbers to the right."""
    numbers = [i18n.word(f"rules.column.{key}", language) for key in ("customers", "share", "interval", "unknown")]
    texts = [column for column in frame.columns if column not in numbers]
    left = {"text-align": "left", "white-space": "pre-line", "vertical-align": "baseline"}
    right = left | {"text-align": "right", "white-space": "nowrap"}
    heads = [{"selector": "th", "props": "text-align: left"}]
    styler = (
        frame.style.format(escape="html")
        .hide(axis="index")
        .set_table_styles(heads)
        .set_properties(subset=texts, **left)
    )
    return styler.set_properties(subset=[column for column in frame.columns if column in numbers], **right)


# what charts.caption prints under figures
overlap.definition_ja = "ルールのセグメント（列）の顧客のうち、ほかのセグメント（行）にも入る割合（少人数は非表示）"
