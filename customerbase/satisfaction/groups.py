"""Scores by segment, channel, store and product: which groups differ from all others by more than chance."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

import customerbase.satisfaction.scores as scores
from customerbase.disclosure import suppress_parts
from customerbase.multiple import benjamini_hochberg
from customerbase.satisfaction.compare import FEW, LEVEL, p_values, verdicts
from customerbase.satisfaction.products import CATEGORY, PRODUCT, tellable

ALL = "all"  # dimension and value of the row of everybody
RAW, WEIGHTED = "raw", "weighted"
UNKNOWN = "unknown"
SCORES = [
    *("as_of", "method", "measure", "scale", "dimension", "value", "label", "score", "low", "high"),
    *("n", "people", "effective_n", "share_top", "share_bottom", "others", "p_value", "q_value", "verdict"),
]
_HIDDEN = ("score", "low", "high", "n", "people", "effective_n", "share_top", "share_bottom", "others", "p_value")


def by_group(
    answers: pd.DataFrame, groups: Mapping[str, pd.Series], *, as_of: date, k_min: int = 10, level: float = LEVEL
) -> pd.DataFrame:
    """One row per measure, scale, dimension and value (columns SCORES), that of all answers first.

    groups: dimension -> value of each answer, missing as unknown; a dimension of which no answer to a measure has a value
    is left out of it. others: the score of all other answers; verdict (clear_up: above them) by q-values over all groups
    of a measure, over all its products apart, of which at most `level` are expected false. A group of fewer than k_min
    people says few and nothing else, as do those that would give it away; such products (PRODUCT, which lie within the
    groups of CATEGORY) have no row.
    """
    parts = []
    for measure, scale in scores.series(answers):
        chosen = scores.of(answers, measure, scale)
        of = {name: value.loc[chosen.index] for name, value in groups.items()}
        of = {name: _known(value) for name, value in of.items() if value.notna().any()}
        rows = [_rows(chosen, measure, scale, ALL, pd.Series(ALL, index=chosen.index), k_min)]
        rows += [_rows(chosen, measure, scale, name, value, k_min) for name, value in of.items() if name != PRODUCT]
        families = [rows, [_products(chosen, measure, scale, of, rows, k_min)]] if PRODUCT in of else [rows]
        parts += [_judged(pd.concat(family, ignore_index=True), level) for family in families]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*SCORES, "hidden"])
    return table.assign(as_of=as_of, method=RAW)[SCORES]


def _known(of: pd.Series) -> pd.Series:
    return of.astype(object).where(of.notna(), UNKNOWN)


def _judged(table: pd.DataFrame, level: float) -> pd.DataFrame:
    """The groups that are compared together, with q-values and verdicts."""
    q = benjamini_hochberg(table["p_value"].astype(float))
    told = verdicts((table["score"] - table["others"]).to_numpy(dtype=float), q, level)
    return table.assign(q_value=q, verdict=np.where(table["hidden"], FEW, told))


def _products(chosen: pd.DataFrame, measure: str, scale: str, of: Mapping, rows: list, k_min: int) -> pd.DataFrame:
    """The rows of the products that may be told of beside their categories."""
    product, category = of[PRODUCT], of.get(CATEGORY, pd.Series(ALL, index=chosen.index))
    table = _rows(chosen, measure, scale, PRODUCT, product, k_min, np.zeros(product.nunique(), dtype=bool))
    codes, values = pd.factorize(product, sort=True)
    sides = chosen["y"].to_numpy() == 1 if measure in ("csat", "ces") else None
    told = tellable(codes, pd.factorize(category)[0], chosen["customer_id"].to_numpy(), k_min, sides)
    withheld = {one for part in rows for one in part.loc[part["hidden"] & (part["dimension"] == CATEGORY), "value"]}
    inside = set(product[category.isin(withheld)])
    return table[told & (values != UNKNOWN) & ~np.isin(values, list(inside))]


def _rows(
    chosen: pd.DataFrame, measure: str, scale: str, dimension: str, of: pd.Series, k_min: int, hidden: np.ndarray | None = None
) -> pd.DataFrame:  # fmt: skip
    """The groups of a dimension; hidden: which of them to withhold, where it is not for the numbers of people to decide."""
    group, values = pd.factorize(of, sort=True)
    w = chosen["weight"].to_numpy(dtype=float)
    y, who = chosen["y"].to_numpy(dtype=float), chosen["customer_id"].to_numpy()
    table = pd.DataFrame(scores.estimates(y, measure, scale, group, len(values), who, w))
    told = table.rename(columns={"value": "score"}).assign(value=values)
    if dimension == ALL:
        hidden, others, p = np.zeros(len(told), dtype=bool), np.nan, np.nan
    else:
        hidden = _withheld(told, measure, k_min) if hidden is None else hidden
        others, p = _against_others(told, y, w, group)
    told = told.assign(
        measure=measure, scale=scale, dimension=dimension, others=others, p_value=p, hidden=hidden, label=""
    )
    told[["n", "people"]] = told[["n", "people"]].astype("Int64")
    for name in _HIDDEN:
        told[name] = told[name].mask(hidden)
    return told


def _withheld(told: pd.DataFrame, measure: str, k_min: int) -> np.ndarray:
    """Groups of few people, those of which few are on one side of a share, and what would give them away."""
    hidden = suppress_parts(told["people"].to_numpy(dtype=int), k_min)
    if measure in ("csat", "ces"):
        for share in (told["score"], 1 - told["score"]):
            side = np.round(share.to_numpy(dtype=float) * told["n"].to_numpy(dtype=float)).astype(int)
            hidden |= suppress_parts(side, k_min)
    return hidden


def _against_others(told: pd.DataFrame, y: np.ndarray, w: np.ndarray, group: np.ndarray) -> tuple:
    """The score of the answers of all other groups, and the p-value of the difference."""
    count, total, squares = (np.bincount(group, w * part, len(told)) for part in (1.0, y, y * y))
    n = told["effective_n"].to_numpy(dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        rest = [whole.sum() - whole for whole in (count, total, squares)]
        others, own = rest[1] / rest[0], told["score"].to_numpy(dtype=float)
        variance = [np.maximum(squares / count - own**2, 0), np.maximum(rest[2] / rest[0] - others**2, 0)]
        p = p_values(own, variance[0], n, others, variance[1], n.sum() - n)
    return others, p
