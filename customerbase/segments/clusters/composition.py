"""Who is in the groups: shares of segments, channels and age bands, small cells withheld."""

import pandas as pd

import customerbase.segments.clusters.looks as looks
from customerbase import i18n, segments
from customerbase.disclosure import suppress


def mixed(mix: pd.DataFrame, summary: pd.DataFrame, dimension: str, k_min: int, language: str) -> pd.DataFrame:
    """Share of each group's customers (rows) by value of a dimension (columns); withheld cells and zeros are NaN.

    Cells of fewer than k_min customers are withheld, with as many more as keep totals from giving them back; so are
    groups that are not shown at all. Empty where everybody has the same value.
    """
    rows = mix[mix["dimension"] == dimension]
    counts = rows.pivot(index="group_id", columns="value", values="customers").fillna(0).astype("int64")
    if counts.shape[1] < 2:
        return pd.DataFrame()
    order = [code for code in segments.codes() if code in counts.columns] if dimension == "segment" else []
    counts = counts[[*order, *[code for code in counts.columns if code not in order]]]
    hidden = suppress(counts.to_numpy(), k_min) | (counts.to_numpy() == 0)
    share = (counts.div(counts.sum(axis=1), axis=0)).mask(hidden)
    seen = looks.shown(summary, k_min, language)
    share = share.reindex(seen["group_id"].astype(int))
    share.index = seen["name"].tolist()
    share = share.dropna(how="all").dropna(how="all", axis=1)
    return share.rename(columns=lambda code: _value(dimension, code, language))


def mixed_title(share: pd.DataFrame, dimension: str, language: str) -> str:
    """The largest shown share: which group, and what most of it is."""
    known = share.stack().dropna() if share.size else pd.Series(dtype=float)
    if not len(known):
        return i18n.word("groups.few", language)
    group, value = known.idxmax()
    told = {"label": group, "value": value, "share": i18n.number(known.max(), "rate", language)}
    return i18n.sentence(
        "groups.finding.mix", language, dimension=i18n.word(f"groups.dimension.{dimension}", language), **told
    )


def _value(dimension: str, code: str, language: str) -> str:
    if dimension == "segment" and code in segments.codes():
        return segments.name(code, language)
    return i18n.word("groups.unknown", language) if code == "unknown" else i18n.word_or(f"value.{code}", language, code)
