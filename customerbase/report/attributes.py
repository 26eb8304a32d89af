"""Who the best customers are: one small picture per attribute, the same question asked of each."""

from types import ModuleType

import pandas as pd

from customerbase import i18n, segments
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

ATTRIBUTE_VALUES = 8


def pictures(data: ReportData, language: str, draw: ModuleType) -> list[Picture]:
    """One picture per attribute: share of the best segment among the customers of each value, with intervals."""
    frame = data.tables.get("segment_attributes")
    if frame is None or not len(frame):
        return []
    return [
        picture
        for attribute in segments.ATTRIBUTES
        if (picture := _attribute(data, frame[frame["attribute"] == attribute], attribute, language, draw))
    ]


def _attribute(
    data: ReportData, frame: pd.DataFrame, attribute: str, language: str, draw: ModuleType
) -> Picture | None:
    code = segments.codes()[0]
    mine = frame[frame["segment"] == code]
    shown = mine[mine["share"].notna()]
    if len(shown) < 2:
        return None
    ranked = shown.sort_values(["customers", "value"], ascending=[False, True])[:ATTRIBUTE_VALUES]
    points = pd.DataFrame(
        {
            "value": [i18n.word_or(f"value.{value}", language, str(value)) for value in ranked["value"]],
            **{name: ranked[name].astype(float).to_numpy() for name in ("share", "share_low", "share_high")},
        }
    )
    overall = next((row["share"] for row in data.rows("segment_summary") if row["segment"] == code), None)
    names = {"attribute": segments.ATTRIBUTES[attribute][language == "ja"], "segment": segments.name(code, language)}
    best = points.sort_values(["share", "value"], ascending=[False, True]).iloc[0]
    stands_out = overall is not None and best["share_low"] > overall
    title = (
        i18n.sentence(
            "finding.attribute_high",
            language,
            **names,
            value=best["value"],
            share=i18n.number(best["share"], "rate", language),
        )
        if stands_out
        else i18n.sentence("finding.attribute_same", language, **names)
    )
    measure = [i18n.sentence("finding.attributes_measure", language, segment=names["segment"])]
    if len(shown) > len(points):
        measure.append(i18n.sentence("finding.attributes_first", language, n=len(points)))
    if len(mine) > len(shown):
        measure.append(i18n.sentence("finding.attributes_withheld", language, n=len(mine) - len(shown)))
    figure = draw.svg(
        draw.dots(
            points,
            "value",
            "share",
            "share_low",
            "share_high",
            title="",
            caption="",
            language=language,
            fmt="rate",
            reference=overall,
            width=4.2,
        )
    )
    caption = draw.caption(
        segments.attributes,
        "segment_attributes",
        data.as_of,
        _people_behind(shown),
        language,
        0.95,
        definition=names["attribute"],
    )
    return Picture(
        title,
        ("。" if language == "ja" else ". ").join(part.rstrip("。.") for part in measure),
        caption,
        figure,
        figure,
    )


def _people_behind(cells: pd.DataFrame) -> int | None:
    """All customers of the values shown: each cell's customers over its share; None where no cell tells."""
    filled = cells[cells["share"] > 0]
    people = [
        round(float(count) / float(share)) for count, share in zip(filled["customers"], filled["share"], strict=True)
    ]
    return sum(people) or None
