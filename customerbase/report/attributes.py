"""Who the best customers are: one small picture per attribute, the same question asked of each."""

from types import ModuleType

import pandas as pd

from customerbase import i18n, segments
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

ATTRIBUTE_VALUES = 8


def pictures(data: ReportData, language: str, draw: ModuleType) -> dict[str, Picture]:
    """Attribute -> its picture: share of the best segment among the customers of each value, with intervals."""
    frame = data.tables.get("segment_attributes")
    if frame is None or not len(frame):
        return {}
    return {
        attribute: picture
        for attribute in segments.ATTRIBUTES
        if (picture := _attribute(data, frame[frame["attribute"] == attribute], attribute, language, draw))
    }


def _attribute(
    data: ReportData, frame: pd.DataFrame, attribute: str, language: str, draw: ModuleType
) -> Picture | None:
    code = segments.codes()[0]
    mine = frame[frame["segment"] == code]
    shown = mine[mine["share"].notna()]
    if len(shown) < 2:
        return None
    points = _points(shown, language)
    overall = next((row["share"] for row in data.rows("segment_summary") if row["segment"] == code), None)
    names = {"attribute": segments.ATTRIBUTES[attribute][language == "ja"], "segment": segments.name(code, language)}
    look = {"title": "", "caption": "", "language": language, "fmt": "rate", "width": 4.2}
    figure = draw.svg(draw.dots(points, "value", "share", "share_low", "share_high", reference=overall, **look))
    people, name = _people_behind(shown), names["attribute"]
    caption = draw.caption(
        segments.attributes, "segment_attributes", data.as_of, people, language, 0.95, definition=name
    )
    measure = _measure(names["segment"], len(points), len(shown), len(mine), language)
    return Picture(_title(points, overall, names, language), measure, caption, figure, figure)


def _points(shown: pd.DataFrame, language: str) -> pd.DataFrame:
    ranked = shown.sort_values(["customers", "value"], ascending=[False, True])[:ATTRIBUTE_VALUES]
    words = [i18n.word_or(f"value.{value}", language, str(value)) for value in ranked["value"]]
    numbers = {name: ranked[name].astype(float).to_numpy() for name in ("share", "share_low", "share_high")}
    return pd.DataFrame({"value": words, **numbers})


def _title(points: pd.DataFrame, overall: float | None, names: dict[str, str], language: str) -> str:
    """Names the value whose share lies clearly above the whole base's, or says that none does."""
    best = points.sort_values(["share", "value"], ascending=[False, True]).iloc[0]
    if overall is None or best["share_low"] <= overall:
        return i18n.sentence("finding.attribute_same", language, **names)
    share = i18n.number(best["share"], "rate", language)
    return i18n.sentence("finding.attribute_high", language, **names, value=best["value"], share=share)


def _measure(segment: str, drawn: int, shown: int, known: int, language: str) -> str:
    said = [i18n.sentence("finding.attributes_measure", language, segment=segment)]
    if shown > drawn:
        said.append(i18n.sentence("finding.attributes_first", language, n=drawn))
    if known > shown:
        said.append(i18n.sentence("finding.attributes_withheld", language, n=known - shown))
    return ("。" if language == "ja" else ". ").join(part.rstrip("。.") for part in said)


def _people_behind(cells: pd.DataFrame) -> int | None:
    """All customers of the values shown: each cell's customers over its share; None where no cell tells."""
    filled = cells[cells["share"] > 0]
    people = [
        round(float(count) / float(share)) for count, share in zip(filled["customers"], filled["share"], strict=True)
    ]
    return sum(people) or None
