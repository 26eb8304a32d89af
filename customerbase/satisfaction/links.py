"""What came after an answer: who bought again, and who did not, by how satisfied they said they were.

The answer and what was bought before it lie strictly before the outcome, and only answers count whose days after are over:
nothing explains itself. It is an association: the satisfied differ from the others in more than their answer.
"""

from datetime import date, timedelta

import numpy as np
import pandas as pd

import customerbase.satisfaction.scores as scores
from customerbase.engine import Engine, sql_text
from customerbase.features.answers import Answers
from customerbase.features.behaviour import keep
from customerbase.features.scales import CES, CSAT, DETRACTOR, NPS, PROMOTER, SCALES, TOP
from customerbase.intervals import difference
from customerbase.multiple import holm
from customerbase.satisfaction.compare import LEVEL, p_values, verdicts

LOW, MIDDLE, HIGH = "low", "middle", "high"
BANDS = (LOW, MIDDLE, HIGH)  # detractors, passives, promoters; the lower answers, the middle, the top boxes
DAYS = 90
LINKS = [
    *("as_of", "role", "scale", "band", "days", "n", "customers", "repeat_rate", "low", "high", "churn_rate"),
    *("churn_low", "churn_high", "difference", "difference_low", "difference_high", "p_value", "adjusted_p", "verdict"),
]


def bands(answer: np.ndarray, role: str, scale: str) -> np.ndarray:
    """The band of each answer: high from the top boxes on (promoters), low at or below the middle of the lower half."""
    answer = np.asarray(answer, dtype=float)
    if role == NPS:
        top, bottom = PROMOTER, DETRACTOR
    else:
        top = TOP[role, scale]
        bottom = {"five": 2, "seven": 3, "nps": 4}.get(scale, SCALES[scale][0])
    return np.select([answer >= top, answer <= bottom], [HIGH, LOW], MIDDLE).astype(object)


def gather(db: Engine, answers: Answers, *, as_of: date, days: int = DAYS) -> pd.DataFrame:
    """Answers of known customers with orders in the year before and `days` whole days after: band, bought (0 or 1).

    Reads customer_orders (up to as_of). An answer whose days are not over by as_of is left out.
    """
    frame = answers.frame[(answers.frame["known"] == 1) & answers.frame["role"].isin([NPS, CSAT, CES])]
    day = pd.to_datetime(frame["answered_at"]).dt.normalize()
    frame, day = frame[day <= pd.Timestamp(as_of - timedelta(days=days))], day
    frame = frame.assign(answered_on=day.loc[frame.index].dt.date)
    db.register(
        "satisfaction_given", frame[["customer_id", "answered_on"]].drop_duplicates().astype({"customer_id": str})
    )
    keep(db, "satisfaction_after", sql_text("satisfaction_after"), days=days)
    after = db.query("select * from satisfaction_after").df()
    after["answered_on"] = pd.to_datetime(after["answered_on"]).dt.date
    found = frame.merge(after, on=["customer_id", "answered_on"])
    return found[found["orders_before"] > 0].assign(bought=lambda one: (one["orders_after"] > 0).astype(float))


def table(found: pd.DataFrame, *, as_of: date, days: int = DAYS, k_min: int = 10) -> pd.DataFrame:
    """One row per role, scale and band (columns LINKS): repeat and churn rate, and how far the repeat rate lies from the low band.

    Of customers with an order in the 365 days before the answer. repeat_rate: with an order in the days after;
    churn_rate: the others. difference: repeat_rate less that of the lowest band; verdict by Holm over all of them. Rates
    of a band of which fewer than k_min customers did or did not buy are empty.
    """
    parts = [_bands(part, role, scale) for (role, scale), part in found.groupby(["role", "scale"], sort=True)]
    if not parts:
        return pd.DataFrame(columns=LINKS)
    made = pd.concat(parts, ignore_index=True)
    made["adjusted_p"] = holm(made["p_value"].astype(float))
    made["verdict"] = verdicts(made["difference"].to_numpy(dtype=float), made["adjusted_p"].to_numpy(), LEVEL)
    bought = np.round(made["repeat_rate"] * made["n"])
    few = ((bought < k_min) | (made["n"] - bought < k_min) | (made["customers"] < k_min)).to_numpy()
    hidden = [
        name for name in LINKS if name not in ("as_of", "role", "scale", "band", "days", "n", "customers", "verdict")
    ]
    made = made.assign(as_of=as_of, days=days).reindex(columns=LINKS)
    made["verdict"] = np.where(few, "few", made["verdict"])
    unlike = few | few[_base(made)]
    for name in hidden:
        made[name] = made[name].mask(unlike if name.startswith(("difference", "p_", "adj")) else few)
    return made


def _base(made: pd.DataFrame) -> np.ndarray:
    """The row that each row's difference is taken from: the first band of its role and scale."""
    return made.groupby(["role", "scale"])["band"].transform(lambda one: one.index[0]).to_numpy(dtype=int)


def _bands(part: pd.DataFrame, role: str, scale: str) -> pd.DataFrame:
    of = bands(part["answer"].to_numpy(), role, scale)
    present = [one for one in BANDS if (of == one).any()]
    codes = np.array([present.index(one) for one in of])
    y, who = part["bought"].to_numpy(dtype=float), part["customer_id"].to_numpy()
    told = pd.DataFrame(scores.estimates(y, "csat", "yes_no", codes, len(present), who))
    rate, low, high, n = (told[name].to_numpy(dtype=float) for name in ("value", "low", "high", "effective_n"))
    ends = difference(rate, low, high, rate[0], low[0], high[0])
    p = p_values(rate, rate * (1 - rate), n, rate[0], rate[0] * (1 - rate[0]), n[0])
    first = np.arange(len(present)) == 0
    away = [np.where(first, np.nan, one) for one in (rate - rate[0], *ends, p)]
    return pd.DataFrame({
        "role": role, "scale": scale, "band": present, "n": told["n"], "customers": told["people"], "repeat_rate": rate,
        "low": low, "high": high, "churn_rate": 1 - rate, "churn_low": 1 - high, "churn_high": 1 - low,
        "difference": away[0], "difference_low": away[1], "difference_high": away[2], "p_value": away[3],
    })  # fmt: skip
