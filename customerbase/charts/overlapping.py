"""How far the segments by rule overlap with each other and with the named ones, as a heat map with its finding."""

import pandas as pd

from customerbase import i18n
from customerbase.charts.captions import caption
from customerbase.charts.draw import heatmap
from customerbase.charts.output import Figure
from customerbase.segments import rules


def overlapping(judged: rules.Judged, *, language: str, width: float = 9) -> Figure:
    """Across: segments by rule; down: all segments; printed and shaded is the share of the former who are in the latter.

    A segment with itself stays blank, as do withheld cells and those without customers. The title is the largest.
    """
    shares = rules.overlap(judged, language=language)
    for place in range(len(judged.rules)):
        shares.iloc[place, place] = float("nan")
    said = caption(rules.overlap, "segment_overlap", judged.as_of, judged.everybody, language)
    return heatmap(
        shares,
        title=_finding(shares, language),
        caption=said,
        language=language,
        fmt=lambda share: i18n.number(share, "rate", language),
        shade=shares,
        width=width,
    )


def _finding(shares: pd.DataFrame, language: str) -> str:
    told = shares.stack().dropna()
    if not len(told):
        return i18n.word("rules.overlap.apart", language)
    other, segment = told.idxmax()
    share = i18n.number(told.max(), "rate", language)
    return i18n.sentence("rules.overlap.finding", language, segment=segment, other=other, share=share)
