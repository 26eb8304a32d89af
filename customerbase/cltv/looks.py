"""What page 05 shows of its models, in words: candidates side by side, tracking, calibration, who is still a customer.

pandas in, pandas and words out; nothing reads files. What the customers are worth stands in customerbase.cltv.worth.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import bdtr

from customerbase import i18n
from customerbase.cltv.buying import BuyTillYouDie
from customerbase.cltv.counts import of
from customerbase.disclosure import shown_parts

FORECASTERS = ("purchases", "purchases and p_alive")  # what `used_for` says of the model of purchases
FREQUENCIES = (0, 1, 2, 3, 5, 8, 12)  # repeat purchases: rows of the matrices
SILENCES = (2, 4, 8, 13, 26, 39, 52)  # weeks since the last purchase: columns of the matrices
# measures of a candidate: column of cltv_models -> how it is written, and what makes it the better one
MEASURES = {
    "holdout_customers": ("{:,.0f}", None),
    "actual_purchases": ("{:,.0f}", None),
    "predicted_purchases": ("{:,.0f}", None),
    "bias": ("rate", "near zero"),
    "mae": ("{:.3f}", "small"),
    "correlation": ("{:.3f}", "large"),
    "calibration_error": ("{:.3f}", "small"),
    "holdout_log_likelihood": ("{:.4f}", "large"),
    "coverage": ("rate", None),
    "coverage_expected": ("rate", None),
}
RANGE = 0.8  # of what may happen lies between the 10 % and the 90 % quantile
JUDGED = ("holdout_log_likelihood", "calibration_error", "bias")  # what a title names, the weightiest first


def title_of(model: str, language: str) -> str:
    """What people call a model: BG/NBD; the code itself where it is none of ours."""
    return i18n.word_or(f"cltv.model.{model}", language, str(model))


def chosen(models: pd.DataFrame) -> str | None:
    """The code of the model of purchases that a run uses; None where none could be fitted."""
    found = models.loc[models["used_for"].isin(FORECASTERS), "model"]
    return str(found.iloc[0]) if len(found) else None


def candidates(models: pd.DataFrame, language: str) -> pd.DataFrame:
    """The candidates side by side: one row per measure on the hold-out, one column per model, ready to print.

    models: the table cltv_models. The model in use stands first and its heading says so; the best value of a measure
    for which there is a better and a worse is marked with a star.
    """
    rows = models[models["model"] != "gamma_gamma"]
    rows = rows.assign(_last=~rows["used_for"].isin(FORECASTERS)).sort_values(["_last", "model"], kind="stable")
    table = {i18n.word("cltv.column.use", language): [_use(use, language) for use in rows["used_for"]]}
    for name, (form, better) in MEASURES.items():
        values = rows[name].astype(float)
        best = _best(values, better)
        table[i18n.word(f"cltv.column.{name}", language)] = [
            _written(value, form, name, language) + (" ★" if value == best else "") for value in values
        ]
    return pd.DataFrame(table, index=[title_of(code, language) for code in rows["model"]]).T


def fits(models: pd.DataFrame, language: str) -> pd.DataFrame:
    """Parameters, customers and remarks of every fitted model; one row per model, in words."""
    remarks = models.get(f"remarks_{language}", pd.Series(index=models.index, dtype=object))
    columns = {
        "model": [title_of(code, language) for code in models["model"]],
        "use": [_use(use, language) for use in models["used_for"]],
        "customers": [i18n.MISSING if i18n.missing(n) else f"{int(n):,}" for n in models["customers"]],
        "parameters": list(models["parameters"]),
        "remarks": ["" if i18n.missing(text) else text for text in remarks],
    }
    return pd.DataFrame({i18n.word(f"cltv.column.{name}", language): values for name, values in columns.items()})


def candidates_title(models: pd.DataFrame, language: str) -> str:
    """Which model is used, how near it came on the hold-out, and in what it beats the other candidates."""
    code = chosen(models)
    if code is None:
        return i18n.word("cltv.finding.no_model", language)
    rows = models[models["model"] != "gamma_gamma"]
    own = rows[rows["model"] == code].iloc[0]
    if i18n.missing(own["bias"]):
        return i18n.sentence("cltv.finding.no_holdout", language, model=title_of(code, language))
    bias = i18n.number(own["bias"], "rate", language, signed=True)
    first = i18n.sentence("cltv.finding.model", language, model=title_of(code, language), bias=bias)
    best = [name for name in JUDGED if own[name] == _best(rows[name].astype(float), MEASURES[name][1])]
    if len(rows) < 2 or not best:
        return first
    names = i18n.join([i18n.word(f"cltv.best.{name}", language) for name in best], language)
    more = i18n.sentence("cltv.finding.model_best", language, n=len(rows), best=names)
    return i18n.run_on([first, more], language)


def tracking(table: pd.DataFrame, months: int = 36) -> pd.DataFrame:
    """Repeat purchases per month: what customers made, and what the model expects of them.

    The newest `months` past months of cltv_tracking and all months ahead, in order.
    """
    rows = table.sort_values("month", ignore_index=True)
    ahead = rows["ahead"].astype(bool)
    return pd.concat([rows[~ahead].tail(months), rows[ahead]], ignore_index=True)


def tracking_title(table: pd.DataFrame, language: str, months: int = 12) -> str:
    """How the last months went beside the model, and how many lay within its range.

    A range of 80 % holds four of five months; fewer are named as a difference only where chance would leave so few
    inside in less than one case of twenty. Months on both sides of the range make no difference, they go up and down.
    """
    past = tracking(table, months)
    past = past[~past["ahead"].astype(bool) & past["actual"].notna()]
    if not len(past):
        return i18n.word("cltv.finding.tracking_none", language)
    above, below = int((past["actual"] > past["high"]).sum()), int((past["actual"] < past["low"]).sum())
    inside = len(past) - above - below
    values = {"inside": inside, "months": len(past)}
    expected = float(past["expected"].sum())
    ratio = float(past["actual"].sum()) / expected - 1 if expected > 0 else 0.0
    if bdtr(inside, len(past), RANGE) >= 0.05:
        return i18n.sentence("cltv.finding.tracking_same", language, **values)
    if 3 * min(above, below) >= above + below or (above > below) != (ratio > 0):
        return i18n.sentence("cltv.finding.tracking_uneven", language, **values)
    values["change"] = i18n.number(abs(ratio), "rate", language)
    return i18n.sentence(f"cltv.finding.tracking_{'more' if ratio > 0 else 'fewer'}", language, **values)


def ahead_title(table: pd.DataFrame, language: str) -> str:
    """How often today's customers are expected to buy in the months ahead."""
    ahead = table[table["ahead"].astype(bool)]
    if not len(ahead):
        return i18n.word("cltv.finding.tracking_ahead_none", language)
    bought = i18n.number(round(float(ahead["expected"].sum())), "number", language)
    return i18n.sentence("cltv.finding.tracking_ahead", language, months=len(ahead), purchases=bought)


def calibration(table: pd.DataFrame, model: str, k_min: int, language: str = "en") -> pd.DataFrame:
    """Mean purchases in the hold-out by repeat purchases before it: actual, and as the model predicted them.

    Rows of one model of cltv_calibration, class 0 first, with the class in words (name); small classes are withheld,
    and others for their sake.
    """
    rows = table[table["model"] == model]
    order = rows["frequency_class"].astype(str).str.extract(r"(\d+)", expand=False).astype(float)
    rows = rows.assign(_order=order).sort_values("_order", ignore_index=True).drop(columns="_order")
    names = [_times(one, language) for one in rows["frequency_class"].astype(str)]
    return shown_parts(rows.assign(name=names), k_min).reset_index(drop=True)


def calibration_title(table: pd.DataFrame, model: str, k_min: int, language: str) -> str:
    """In how many classes the prediction lies within the interval of what was, and where it is furthest off."""
    rows = calibration(table, model, k_min)
    rows = rows[rows["actual_low"].notna() & rows["actual_high"].notna()]
    if not len(rows):
        return i18n.word("cltv.finding.calibration_none", language)
    inside = rows["predicted"].between(rows["actual_low"], rows["actual_high"])
    if inside.all():
        return i18n.sentence("cltv.finding.calibration_all", language, classes=len(rows))
    off = rows[~inside]
    worst = off.loc[(off["predicted"] - off["actual"]).abs().idxmax()]
    return i18n.sentence(
        "cltv.finding.calibration_off",
        language,
        inside=int(inside.sum()),
        classes=len(rows),
        times=str(worst["frequency_class"]),
        predicted=f"{worst['predicted']:.2f}",
        actual=f"{worst['actual']:.2f}",
    )


def alive_matrix(
    model: BuyTillYouDie,
    age: float,
    language: str,
    frequencies: Sequence[int] = FREQUENCIES,
    silences: Sequence[float] = SILENCES,
) -> pd.DataFrame:
    """P(alive) by repeat purchases (rows) and weeks since the last purchase (columns).

    model: a fitted one. age: T in weeks of the customers looked at. Somebody who bought once is as old as the silence since. Cells that
    nobody of that age can be in are empty.
    """
    return _matrix(model.probability_alive, age, language, frequencies, silences)


def purchases_matrix(
    model: BuyTillYouDie,
    age: float,
    weeks: float,
    language: str,
    frequencies: Sequence[int] = FREQUENCIES,
    silences: Sequence[float] = SILENCES,
) -> pd.DataFrame:
    """Expected purchases in the weeks ahead, by the same rows and columns as P(alive)."""
    return _matrix(lambda counts: model.predict_purchases(weeks, counts), age, language, frequencies, silences)


def matrix_title(matrix: pd.DataFrame, kind: str, language: str) -> str:
    """What silence means for those who bought again once and for the most frequent; kind: alive or purchases."""
    filled = matrix.iloc[1:].dropna(axis=1)  # without those who bought once
    if filled.shape[0] < 2 or filled.empty:
        return i18n.word(f"cltv.finding.{kind}_plain", language)
    column = filled.columns[(filled.shape[1] - 1) // 2 + (filled.shape[1] > 2)]
    few, many = filled.iloc[0], filled.iloc[-1]
    values = (few[column], many[column])
    shown = [i18n.number(v, "rate", language) if kind == "alive" else f"{v:.1f}" for v in values]
    names = {"weeks": column, "few": few.name, "many": many.name}
    return i18n.sentence(f"cltv.finding.{kind}", language, few_value=shown[0], many_value=shown[1], **names)


def matrix_definition(age: float, language: str, weeks: float | None = None) -> str:
    """The definition under a matrix: what it shows, and how old the customers are; weeks: of purchases_matrix."""
    what = i18n.word("cltv.column.p_alive_one", language)
    if weeks is not None:
        what = i18n.sentence("cltv.next_weeks", language, weeks=f"{weeks:g}")
    return i18n.sentence("cltv.matrix", language, what=what, age=f"{age:g}")


def _matrix(value, age, language, frequencies, silences) -> pd.DataFrame:
    cells = [(x, w) for x in frequencies for w in silences]
    x = np.array([cell[0] for cell in cells], dtype=float)
    silence = np.array([cell[1] for cell in cells], dtype=float)
    T = np.where(x > 0, float(age), silence)
    t_x = np.where(x > 0, T - silence, 0.0)
    possible = (x == 0) | (t_x > 0)
    found = np.full(len(cells), np.nan)
    if possible.any():
        found[possible] = value(of(x[possible], t_x[possible], T[possible]))
    names = [str(one) if one else i18n.word("cltv.once", language) for one in frequencies]
    return pd.DataFrame(found.reshape(len(frequencies), -1), index=names, columns=[f"{w:g}" for w in silences])


def _times(frequency: str, language: str) -> str:
    if frequency == "1":
        return i18n.word("cltv.one_time", language)
    key = "cltv.more_times" if frequency.endswith("+") else "cltv.times"
    return i18n.sentence(key, language, n=frequency.rstrip("+"))


def _use(use: object, language: str) -> str:
    return i18n.word_or(f"cltv.use.{str(use).replace(' ', '_')}", language, str(use))


def _best(values: pd.Series, better: str | None) -> float | None:
    """The best of several values that differ; None where one is no better than another."""
    if better is None or values.nunique() < 2:
        return None
    if better == "near zero":
        return float(values.loc[values.abs().idxmin()])
    return float(values.min() if better == "small" else values.max())


def _written(value: float, form: str, name: str, language: str) -> str:
    if np.isnan(value):
        return i18n.MISSING
    return i18n.number(value, "rate", language, signed=name == "bias") if form == "rate" else form.format(value)


candidates.definition_ja = "候補モデルの検証期間での成績（★は最も良い値）"
tracking.definition_ja = "月ごとのリピート購入回数の実績と、モデルの期待値"
calibration.definition_ja = "検証期間より前のリピート購入回数ごとの、検証期間の平均購入回数（実績と予測）"
alive_matrix.definition_ja = "リピート購入回数と最終購入からの週数ごとの継続確率"
purchases_matrix.definition_ja = "リピート購入回数と最終購入からの週数ごとの予想購入回数"
