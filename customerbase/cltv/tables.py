"""The tables of lifetime value, as declared in expectations/: customers, candidate models, tracking."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from customerbase.cltv.ahead import MONTHS, Calendar
from customerbase.cltv.buying import BuyTillYouDie
from customerbase.cltv.estimator import Estimator
from customerbase.cltv.families import FAMILIES
from customerbase.cltv.groups import Base
from customerbase.cltv.holdout import HoldOut
from customerbase.cltv.outcomes import spend_of
from customerbase.cltv.season import NORMAL_TENTH, shaken
from customerbase.cltv.spending import Spending
from customerbase.periods import add_months

SCORES = (
    "actual_purchases", "predicted_purchases", "bias", "mae", "correlation", "calibration_error", "coverage", "coverage_expected",
)  # fmt: skip


def customers(
    base: pd.DataFrame, whole: Base, p_alive: np.ndarray | None, alive: BuyTillYouDie | None, as_of: date
) -> pd.DataFrame:
    """The table cltv, without last month's value."""
    place, expected, money = whole.place, whole.expected, whole.money
    frame = base[["customer_id"]].assign(as_of=as_of, model=whole.model.family)
    frame[["frequency", "recency", "T"]] = base[["frequency", "recency", "T"]]
    frame["monetary_value"] = base["monetary_value"] if money.model is not None else np.nan
    frame["spend_basis"], frame["expected_spend"] = money.basis, money.expected
    frame["p_alive"] = p_alive if p_alive is not None else np.nan
    frame["p_alive_model"] = alive.family if alive is not None else None
    for months in MONTHS:
        frame[f"purchases_{months}m"] = expected.by_month[place, months - 1]
    for months in MONTHS:
        frame[f"spend_{months}m"] = frame[f"purchases_{months}m"] * money.expected
    for which, name in enumerate(("low", "mid", "high")):
        frame[f"purchases_{name}"] = whole.found.purchases[place, which]
    ahead = expected.ahead().share[place] * whole.margin
    quantiles = (
        spend_of(whole.found, place, money.spent) if money.model is not None else np.full((len(place), 3), np.nan)
    )
    for which, name in enumerate(("low", "mid", "high")):
        frame[f"spend_{name}"] = quantiles[:, which]
    frame["cltv"] = expected.discounted[place] * money.expected * whole.margin
    for which, name in enumerate(("low", "mid", "high")):
        frame[f"cltv_{name}"] = quantiles[:, which] * ahead
    infinite = expected.infinite[place] * money.expected * whole.margin if expected.infinite is not None else np.nan
    return frame.assign(cltv_infinite=infinite)


def models_side_by_side(
    models: Mapping[str, BuyTillYouDie],
    held: HoldOut | None,
    chosen: BuyTillYouDie,
    alive: BuyTillYouDie | None,
    money: Spending,
    as_of: date,
) -> pd.DataFrame:
    """The candidates side by side, the model of spend last."""
    used = {chosen.family: "purchases"}
    if alive is not None:
        used[alive.family] = "purchases and p_alive" if alive is chosen else "p_alive"
    rows = [_row(models[name], used.get(name, "nothing"), held, as_of) for name in FAMILIES]
    if money.model is not None:
        rows.append(_row(money.model, "spend", None, as_of))
    return pd.DataFrame(rows)


def _row(model: Estimator, used: str, held: HoldOut | None, as_of: date) -> dict:
    errors = model.standard_errors_
    row = {
        "model": model.family,
        "as_of": as_of,
        "used_for": used,
        "parameters": ", ".join(f"{name} {one:.4g} ±{errors[name]:.2g}" for name, one in model.params_.items()),
        "customers": int(model.customers_),
        "log_likelihood": model.log_likelihood_,
    }
    scores = held.scores[model.family] if held is not None else None
    row["holdout_from"] = date.fromordinal(held.cut.toordinal() + 1) if held else None
    row["holdout_to"] = held.until if held else None
    row["holdout_customers"] = int(held.counts.customers) if held else None
    row |= {name: getattr(scores, name) if scores else None for name in SCORES}
    row["holdout_log_likelihood"] = (
        float((held.counts.n * scores.log_likelihoods).sum() / held.counts.customers) if scores else None
    )
    return row | {
        f"remarks_{language}": " ".join(note.text(language) for note in model.notes_) for language in ("en", "ja")
    }


def tracking_and_ahead(
    tracked: pd.DataFrame, whole: Base, calendar: Calendar, grouped: pd.DataFrame, as_of: date
) -> pd.DataFrame:
    """Past months, and the months of the horizon as the model expects them of today's customers."""
    n = whole.counts.n
    cumulative = (whole.expected.by_month * n[:, None]).sum(axis=0)[: calendar.horizon]
    everybody = grouped.iloc[0]
    monthly = np.diff(cumulative, prepend=0.0)
    # the whole horizon's band, and chance, which is larger in a month beside what is expected in it; as much wider again
    # as months have scattered around the model in the last year (seasons, campaigns: what moves everybody at once)
    spread = (everybody["purchases_high"] - everybody["purchases_low"]) / 2 / max(everybody["purchases"], 1e-9)
    half = np.sqrt((spread * monthly) ** 2 + NORMAL_TENTH**2 * monthly) * shaken(tracked)
    future = pd.DataFrame(
        {
            "month": [add_months(as_of, step) for step in range(1, calendar.horizon + 1)],
            "ahead": True,
            "actual": np.nan,
            "expected": monthly,
            "low": np.maximum(monthly - half, 0),
            "high": monthly + half,
            "cumulative_actual": np.nan,
            "cumulative_expected": tracked["cumulative_expected"].iloc[-1] + cumulative,
            "season": calendar.season[: calendar.horizon],
        }
    )
    return pd.concat([tracked.assign(ahead=False, season=1.0)[list(future)], future], ignore_index=True)
