"""Models of a company's contracts: sBG or BdW, all cohorts together or one of its own; and how they did on a hold-out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from customerbase.cltv.contracts import Contracts, contracts
from customerbase.cltv.contractual import BetaDiscreteWeibull, Contract, ShiftedBetaGeometric, choose
from customerbase.cltv.notes import Note
from customerbase.cltv.survival import discounted_sums, log_retention
from customerbase.engine import Engine
from customerbase.i18n import run_on
from customerbase.periods import add_months, month_end

ENOUGH_ENDED = 50  # contracts of a cohort, before it may have a model of its own
ENOUGH_SEEN = 4  # opportunities the cohort has come to
LEVEL = 0.01  # of the test that a cohort renews otherwise than all together
MODEL_COLUMNS = (
    "model", "as_of", "used_for", "parameters", "customers", "log_likelihood", "holdout_from", "holdout_to",
    "holdout_customers", "actual_purchases", "predicted_purchases", "bias", "mae", "correlation", "calibration_error",
    "holdout_log_likelihood", "coverage", "coverage_expected", "remarks_en", "remarks_ja",
)  # fmt: skip


@dataclass(frozen=True)
class Fitted:
    """Models of contracts: for each length of period (months) one of all cohorts, and of cohorts that are different.

    pooled: months -> the model chosen; candidates: family -> months -> that family's fit; own: (months, cohort) -> model.
    """

    contracts: Contracts
    pooled: Mapping[int, Contract] = field(default_factory=dict)
    candidates: Mapping[str, Mapping[int, Contract]] = field(default_factory=dict)
    own: Mapping[tuple[int, np.datetime64], Contract] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    def groups(self, of: Contracts) -> list[tuple[Contract, np.ndarray]]:
        """Each model with the places of the contracts that are judged by it."""
        found = []
        for months, model in self.pooled.items():
            left = of.months == months
            for (length, cohort), special in self.own.items():
                here = left & (of.cohort == cohort) if length == months else np.zeros(len(of), dtype=bool)
                found.append((special, np.flatnonzero(here)))
                left &= ~here
            found.append((model, np.flatnonzero(left)))
        return [(model, places) for model, places in found if len(places)]


def fit_subscribers(db: Engine, *, as_of: date) -> Fitted:
    """Models of the contracts known on as_of; see Fitted. Reads subscriptions and identity_links.

    Contracts of different period lengths have models of their own. sBG, or BdW by likelihood ratio. A cohort (month of the
    first day) with ENOUGH_ENDED ended contracts and ENOUGH_SEEN opportunities behind it that renews otherwise than all
    together (likelihood ratio at LEVEL) has a model of its own. Without contracts there is none, and a note says so.
    """
    return fit_contracts(contracts(db, as_of=as_of))


def fit_contracts(known: Contracts) -> Fitted:
    """See fit_subscribers."""
    if not len(known):
        return Fitted(known, notes=(Note("no_subscriptions"),))
    pooled: dict[int, Contract] = {}
    candidates: dict[str, dict[int, Contract]] = {"sbg": {}, "bdw": {}}
    own: dict[tuple[int, np.datetime64], Contract] = {}
    notes: list[Note] = []
    for months in np.unique(known.months).tolist():
        here = known.take(known.months == months)
        counts = here.counts()
        for family in (ShiftedBetaGeometric, BetaDiscreteWeibull):
            candidates[family.family][months] = family().fit(counts)
        pooled[months], said = choose(counts)
        notes += said
        own |= {(months, cohort): model for cohort, model in _different(here, pooled[months])}
    notes.append(_cohorts(known, own))
    if len(known.currencies) > 1:
        notes.append(Note("several_currencies", {"names": ", ".join(known.currencies)}))
    return Fitted(known, pooled, candidates, own, tuple(_once(notes)))


def _different(here: Contracts, pooled: Contract) -> list[tuple[np.datetime64, Contract]]:
    found = []
    for cohort in np.unique(here.cohort):
        counts = here.take(here.cohort == cohort).counts()
        if counts.lost.sum() < ENOUGH_ENDED or np.count_nonzero(counts.at_risk) < ENOUGH_SEEN:
            continue
        model = type(pooled)().fit(counts)
        ratio = 2 * (model.log_likelihood_ - pooled.log_likelihood(counts))
        if model.converged_ and chdtrc(len(model.names), max(ratio, 0.0)) < LEVEL:
            found.append((cohort, model))
    return found


def _cohorts(known: Contracts, own: Mapping) -> Note:
    all_ = len(set(zip(known.months.tolist(), known.cohort.tolist(), strict=True)))
    if not own:
        return Note("cohorts_pooled", {"cohorts": f"{all_:,}"})
    names = ", ".join(sorted({str(cohort) for _, cohort in own}))
    return Note("cohorts_own", {"names": names, "rest": f"{all_ - len(own):,}"})


def _once(notes: list[Note]) -> list[Note]:
    """Notes without repetition, in order."""
    kept: dict[str, Note] = {}
    for note in notes:
        kept.setdefault(repr(note.as_dict()), note)
    return list(kept.values())


# --- how they did -------------------------------------------------------------------------------------------------------------


def candidates_table(db: Engine, fitted: Fitted, *, holdout_months: int = 12) -> pd.DataFrame:
    """Rows of the table cltv_models: sBG and BdW, each fitted to the contracts of every period length.

    The hold-out: the last holdout_months up to as_of; what a family, fitted on what was known before, had expected of the
    contracts that ran then, against the renewals they made. Left empty where no contract ran then, or with 0 months.
    """
    as_of = fitted.contracts.as_of
    rows = []
    for family, models in fitted.candidates.items():
        used = any(model.family == family for model in fitted.pooled.values())
        notes = fitted.notes if used else ()
        rows.append(
            {
                "model": family,
                "as_of": as_of,
                "used_for": "purchases and p_alive" if used else "nothing",
                "parameters": _parameters(models),
                "customers": pd.unique(fitted.contracts.customer).size,
                "log_likelihood": sum(model.log_likelihood_ for model in models.values()),
                **_judged(db, family, fitted.contracts, holdout_months),
                **{f"remarks_{language}": _text(notes, language) for language in ("en", "ja")},
            }
        )
    return pd.DataFrame(rows, columns=MODEL_COLUMNS)


def _parameters(models: Mapping[int, Contract]) -> str:
    return "; ".join(
        f"{months} months: " + ", ".join(f"{name} {value:.4g} ±{model.standard_errors_[name]:.2g}" for name, value in model.params_.items())
        for months, model in sorted(models.items())
    )  # fmt: skip


def _text(notes: tuple[Note, ...], language: str) -> str | None:
    return run_on((note.text(language) for note in notes), language) or None


def _judged(db: Engine, family: str, now: Contracts, months: int) -> dict:
    """What a family, fitted on what was known before the hold-out, expected in it, against what came."""
    if not months or not len(now):
        return {}
    before = contracts(db, as_of=months_before(now.as_of, months))
    running = before.take(~before.ended)
    if not len(running):
        return {}
    later = contracts(db, as_of=now.as_of)
    after = pd.DataFrame({"made": later.renewals, "ended": later.ended}, index=pd.Index(later.number))
    after = after.loc[running.number]
    made = after["made"].to_numpy() - running.renewals
    ended, ahead = after["ended"].to_numpy(), running.due_by(now.as_of)
    expected, density = np.zeros(len(running)), np.zeros(len(running))
    for length in np.unique(running.months).tolist():
        here = running.months == length
        known = before.take(before.months == length).counts()
        model = {"sbg": ShiftedBetaGeometric, "bdw": BetaDiscreteWeibull}[family]().fit(known)
        expected[here], density[here] = _foreseen(model, running.renewals[here], ahead[here], made[here], ended[here])
    who = pd.factorize(running.customer)[0]
    wanted, came = np.bincount(who, expected), np.bincount(who, made)
    return {
        "holdout_from": before.as_of + timedelta(days=1),
        "holdout_to": now.as_of,
        "holdout_customers": len(came),
        "actual_purchases": float(came.sum()),
        "predicted_purchases": float(wanted.sum()),
        "bias": float(wanted.sum() / came.sum() - 1) if came.sum() else None,
        "mae": float(np.abs(wanted - came).mean()),
        "correlation": float(np.corrcoef(wanted, came)[0, 1]) if came.std() > 0 and wanted.std() > 0 else None,
        "calibration_error": _calibration_error(np.bincount(who, running.renewals), wanted, came),
        "holdout_log_likelihood": float(density.sum() / len(came)),
    }


def _calibration_error(before: np.ndarray, wanted: np.ndarray, came: np.ndarray) -> float:
    """Mean over customers of the distance between expected and actual mean of those with as many renewals before (0 to 6, 7+)."""
    group = np.minimum(before, 7).astype(int)
    return float(np.abs(np.bincount(group, wanted) - np.bincount(group, came)).sum() / len(came))


def _foreseen(model: Contract, age, ahead, made, ended) -> tuple[np.ndarray, np.ndarray]:
    """Renewals expected of each contract, and the log of the chance of those it made."""
    ages, place = np.unique(age, return_inverse=True)
    most = int(max(ahead.max(), made.max())) + 1
    sums = discounted_sums(tuple(model.values), ages.astype(float), 0.0, most)
    kept = log_retention(tuple(model.values), np.arange(1.0, int(age.max()) + most + 2))
    total = np.concatenate([[0.0], np.cumsum(kept)])
    with np.errstate(divide="ignore"):
        gone = np.maximum(np.log(-np.expm1(kept)), -700.0)
    return sums[place, ahead], total[age + made] - total[age] + np.where(ended, gone[age + made], 0.0)


def months_before(as_of: date, months: int) -> date:
    """The day so many months earlier; at a month's end the end of that month."""
    end = month_end(add_months(as_of, -months))
    return end if as_of == month_end(as_of) else end.replace(day=min(as_of.day, end.day))
