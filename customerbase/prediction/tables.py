"""A study as tables: the ladder by test window, reliability and gain curves, what drives the score, drift, outcomes."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

import customerbase.prediction.bootstrap as bootstrap
import customerbase.prediction.design as design
import customerbase.prediction.drift as drift
import customerbase.prediction.metrics as metrics
import customerbase.prediction.reasons as reasons
from customerbase.intervals import wilson
from customerbase.prediction.models import LADDER, RULE
from customerbase.prediction.scoring import Scorer
from customerbase.prediction.study import Study, Test

MEASURES = ("auc", "average_precision", "lift", "brier", "log_loss", "ece")
DRAWN = ("auc", "average_precision", "lift")  # those with an interval in the table
STEP = 5  # of the percents at which gains are known, those in the table


def ladder(study: Study) -> pd.DataFrame:
    """One row per rung and test window: customers, rate of the event, measures; those of DRAWN with 95 % intervals."""
    rows = []
    for test in study.tests:
        for rung in (one for one in LADDER if one in test.log_odds):
            p = test.probability(rung)
            row = {
                "model": rung, "cutoff": test.cutoff, "horizon_days": study.options.horizon_days,
                "is_chosen": rung == study.chosen, "customers": len(test.y), "rate": float(test.y.mean()),
            }  # fmt: skip
            row |= {name: getattr(metrics, name)(test.y, p) for name in MEASURES}
            if rung in (study.chosen, RULE):
                found = bootstrap.intervals(test.y, p, DRAWN, draws=study.options.draws, seed=study.options.seed)
                row |= {f"{name}_{end}": found.loc[name, end] for name in DRAWN for end in ("low", "high")}
            rows.append(row)
    columns = ["model", "cutoff", "horizon_days", "is_chosen", "customers", "rate", *MEASURES]
    columns += [f"{name}_{end}" for name in DRAWN for end in ("low", "high")]
    return pd.DataFrame(rows).reindex(columns=columns)


def curves(study: Study) -> pd.DataFrame:
    """Reliability and gain of the chosen rung and the rule over all tests together.

    curve reliability: deciles by probability, predicted against actual with 95 % intervals (bootstrap over customers), raw (before calibration) and
    chosen; curve gain: the share of all events that the first `share` of customers hold.
    """
    if not study.tests:
        return pd.DataFrame(columns=CURVE_COLUMNS)
    y = np.concatenate([test.y for test in study.tests])
    who = np.concatenate([test.window.who for test in study.tests])
    made = []
    for model, probability in _pooled(study).items():
        if model != RULE or study.chosen == RULE:
            bins = _with_bootstrap(metrics.deciles(y, probability), y, probability, who, study)
            bins["share"], bins["curve"], bins["model"] = bins["n"].cumsum() / bins["n"].sum(), "reliability", model
            made.append(bins)
        if model != "raw":
            held = metrics.gain_curve(y, probability)(np.ones(len(y)))[::STEP]
            gain = {"curve": "gain", "model": model, "bin": range(len(held)), "n": len(y)}
            made.append(pd.DataFrame(gain | {"share": metrics.SHARES[::STEP], "captured": held}))
    return pd.concat(made, ignore_index=True).reindex(columns=CURVE_COLUMNS)


CURVE_COLUMNS = ["curve", "model", "bin", "n", "share", "predicted", "actual", "low", "high", "lift", "captured"]


def _with_bootstrap(
    bins: pd.DataFrame, y: np.ndarray, probability: np.ndarray, who: np.ndarray, study: Study
) -> pd.DataFrame:
    """Deciles with the 95 % interval of each share over customers drawn again, a customer with all their windows."""
    order = np.argsort(-probability, kind="stable")
    bin_of = np.empty(len(y), dtype=int)
    bin_of[order] = np.repeat(np.arange(len(bins)), bins["n"].round().astype(int))

    def shares(w: np.ndarray) -> np.ndarray:
        total = np.bincount(bin_of, w, len(bins))
        return np.bincount(bin_of, w * y, len(bins)) / np.maximum(total, 1e-12)

    found = bootstrap.band(shares, len(y), customer=who, draws=study.options.draws, seed=study.options.seed)
    return bins.assign(low=found["low"].to_numpy(), high=found["high"].to_numpy())


def _pooled(study: Study) -> Mapping[str, np.ndarray]:
    tests = study.tests
    made = {
        "raw": np.concatenate([1 / (1 + np.exp(-test.raw[study.chosen])) for test in tests]),
        "chosen": np.concatenate([test.probability(study.chosen) for test in tests]),
    }
    if study.chosen != RULE and all(RULE in test.log_odds for test in tests):
        made[RULE] = np.concatenate([test.probability(RULE) for test in tests])
    return made


def drivers(study: Study, x: np.ndarray) -> pd.DataFrame:
    """What moves the score: mean absolute contribution of each topic to the log odds, over the rows of x; largest first.

    share: of all topics together. No row where no model with contributions was learnt.
    """
    contributions = Scorer(study).contributions(x)
    if contributions is None or not len(contributions):
        return pd.DataFrame(columns=["reason", "contribution", "share"])
    size = np.abs(reasons.by_topic(contributions)).mean(axis=0)
    found = pd.DataFrame({"reason": [topic.code for topic in reasons.topics()], "contribution": size})
    found["share"] = found["contribution"] / max(found["contribution"].sum(), 1e-12)
    return found.sort_values(["contribution", "reason"], ascending=[False, True], ignore_index=True)


def drifted(study: Study, x: np.ndarray) -> pd.DataFrame:
    """Population stability of every usable feature: the newest window learnt from against today's customers x."""
    if study.newest is None:
        return pd.DataFrame(columns=drift.COLUMNS)
    names = [name for place, name in enumerate(design.names()) if np.isfinite(study.newest.x[:, place]).any()]
    before = pd.DataFrame(study.newest.x, columns=list(design.names()))[names]
    now = pd.DataFrame(x, columns=list(design.names()))[names]
    return drift.stability(before, now)


def outcomes(
    probability: np.ndarray,
    happened: np.ndarray,
    band: np.ndarray,
    *,
    cutoff: date,
    source: str,
    bands: tuple[str, ...],
) -> pd.DataFrame:
    """What was predicted of a list whose window is over, against what happened: one row for all and one per band.

    source: published (the list as it was given out) or backtest (what the model of that day would have said).
    """
    rows = []
    for name in ("all", *bands):
        here = np.ones(len(band), dtype=bool) if name == "all" else band == name
        n, k = int(here.sum()), float(happened[here].sum())
        low, high = (float(end) for end in wilson(k, n)) if n else (np.nan, np.nan)
        actual, said = (k / n, float(probability[here].mean())) if n else (np.nan, np.nan)
        rows.append([cutoff, source, name, n, said, actual, low, high])
    return pd.DataFrame(rows, columns=OUTCOME_COLUMNS)


OUTCOME_COLUMNS = ["cutoff", "source", "band", "customers", "predicted", "actual", "actual_low", "actual_high"]


def newest_test(study: Study) -> Test | None:
    """The test whose window ended last."""
    return study.tests[-1] if study.tests else None
