"""Churn of contracts: how long they last, which will end soon, and what speaks for it.

A contract that runs at the end of a month ends in the next one with a chance that depends on how long it has run, whether
it comes up for renewal, and what was known of it then: a discrete-time hazard, fitted as a logit on one row per contract
and month (Allison 1982, Sociological Methodology 13, 61-98; Singer & Willett 1993, J. Educ. Stat. 18, 155-195).
"""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.churn.contracts.curves import curves
from customerbase.churn.contracts.judge import BASE, Trial, calibration, chosen, judged
from customerbase.churn.contracts.models import Logit, Model, Rates, ladder
from customerbase.churn.contracts.months import CELLS, TENURE, Book, Months, book, months
from customerbase.cltv.contract_models import months_before
from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.intervals import Z

TESTS = 3  # newest completed horizons that judge the models
ENOUGH_MONTHS = 3  # completed ones before a test
ENOUGH_LEFT = 30  # contract-months of either kind in training
ENOUGH_TESTED = 10  # contracts of either kind in the tests


TABLES = (
    "churn_survival", "churn_survival_groups", "churn_contracts", "churn_contract_reasons", "churn_contract_models",
    "churn_contract_calibration",
)  # fmt: skip


def tables_of(found) -> dict[str, pd.DataFrame]:
    """The tables of a Contractual or a SingleSnapshot by their names in expectations/."""
    parts = (found.survival, found.groups, found.contracts, found.reasons, found.models, found.calibration)
    return dict(zip(TABLES, parts, strict=True))


@dataclass(frozen=True)
class Contractual:
    """Churn of contracts as of a day. Tables: see expectations/churn_survival, churn_survival_groups, churn_contracts, ….

    model: what the chances come from; reason: judged, not_better, few_months, few_left or nobody_left.
    """

    as_of: date
    horizon_months: int
    within_months: int
    model: str
    reason: str
    survival: pd.DataFrame
    groups: pd.DataFrame
    contracts: pd.DataFrame
    reasons: pd.DataFrame
    models: pd.DataFrame
    calibration: pd.DataFrame
    ended: int
    months: int
    notes: tuple[str, ...] = field(default=())

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by their names in expectations/."""
        return tables_of(self)

    def customers(self) -> pd.DataFrame:
        """One row per customer with a running contract: contracts, p_leave (all end within the horizon), p_any (one or more do).

        Contracts of a customer are taken to end independently, given what is known of each. expected_months is that of
        the contract expected to run longest.
        """
        grouped = self.contracts.groupby("customer_id", sort=True)
        stay = 1 - self.contracts["p_leave"]
        made = pd.DataFrame({"contracts": grouped.size(), "p_leave": grouped["p_leave"].prod()})
        made["p_any"] = 1 - stay.groupby(self.contracts["customer_id"]).prod()
        made["expected_months"] = grouped["expected_months"].max()
        return made.reset_index()

    def expected(self) -> tuple[float, float, float]:
        """Running contracts expected to end within the horizon, with the 95 % interval that chance alone gives."""
        chance = self.contracts["p_leave"].to_numpy(float)
        half = Z * float(np.sqrt((chance * (1 - chance)).sum()))
        mean = float(chance.sum())
        return mean, max(mean - half, 0.0), min(mean + half, float(len(chance)))

    def records(self) -> dict[str, object]:
        """What a stage records of the run."""
        mean, low, high = self.expected()
        return {
            "contract_model": self.model, "contract_model_reason": self.reason, "contracts_running": len(self.contracts),
            "contracts_expected_to_end": mean, "expected_low": low, "expected_high": high,
        }  # fmt: skip

    def remarks(self, language: str) -> list[str]:
        """Which model and why, how it did, and how many contracts are expected to end, in words."""
        said = [self._model(language)]
        if len(self.contracts) and self.reason != "nobody_left":
            mean, low, high = self.expected()
            values = {"n": f"{len(self.contracts):,}", "months": self.horizon_months}
            values["expected"] = i18n.number(round(mean), "orders", language)
            values["interval"] = i18n.interval(low, high, "orders", language)
            said.append(i18n.sentence("survival.contracts.expected", language, **values))
        if not len(self.contracts):
            said.append(i18n.word("survival.contracts.none_running", language))
        return said + [i18n.word(f"survival.contracts.{note}", language) for note in self.notes]

    def _model(self, language: str) -> str:
        key = f"survival.contracts.{self.reason}"
        if self.reason in ("judged", "not_better"):
            rows = self.models.set_index("model")
            best = (
                rows.drop(index=BASE).sort_values("brier").iloc[0]
                if self.reason == "not_better"
                else rows.loc[self.model]
            )
            return i18n.sentence(
                key, language, model=i18n.word(f"survival.model.{best.name}", language), n=f"{int(best['rows']):,}",
                left=f"{int(best['left']):,}", predicted=f"{best['predicted']:,.0f}", auc=f"{best['auc']:.3f}",
                auc_base=f"{rows.loc[BASE, 'auc']:.3f}", brier=f"{best['brier']:.4f}", brier_base=f"{rows.loc[BASE, 'brier']:.4f}",
            )  # fmt: skip
        values = {
            "few_months": {"months": self.months, "needed": ENOUGH_MONTHS},
            "few_left": {"ended": f"{self.ended:,}"},
        }
        return i18n.sentence(
            key, language, **values.get(self.reason, {"ended": f"{self.ended:,}"} if self.ended else {})
        )


def contractual(
    db: Engine,
    *,
    as_of: date,
    horizon_months: int = 3,
    within_months: int = 24,
    attributes: pd.DataFrame | None = None,
) -> Contractual:
    """How long contracts last, and each running contract's chance to end within horizon_months.

    attributes: columns by customer_id that were known when the contract began, as further covariates and groups. Models:
    the plain rate by tenure and renewal (life_table), a logit, small boosted trees, the mean of both; trained on months
    that had ended, judged on up to TESTS horizons that came after. Another than the plain rate is used only where its Brier
    score is clearly better (95 %). A chance over several months is that of the single months, tenure and renewals going
    on, all else staying as it is. expected_months: of the next within_months, how many month ends it is expected to see.

    Reads subscriptions and identity_links; orders and inquiries where they are there. Raises InputError when there is
    no contract, ConfigError for impossible months. Plan and price are taken as delivered last.
    """
    for name, given, most in (("horizon_months", horizon_months, 24), ("within_months", within_months, 120)):
        if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= most:
            raise ConfigError(f"{name} is {given!r}; expected a whole number from 1 to {most}.")
    known = book(db, as_of=as_of, attributes=attributes)
    survival, groups = curves(known.life, known.ended, known.groups())
    rows = months(db, known)
    trials, reason = _trials(rows, as_of, horizon_months)
    models = judged(trials) if trials else pd.DataFrame()
    model = chosen(models) if trials else BASE
    reason = reason or ("judged" if model != BASE else "not_better")
    past = rows.ended_by(as_of)
    fitted: dict[str, Model] = {BASE: Rates(past.frame, past.left, CELLS)}
    if model != BASE:
        fitted = ladder(past.frame, past.left.astype(int), TENURE, CELLS)
    now = rows.at(as_of)
    logit = fitted.get("logit")
    return Contractual(
        as_of, horizon_months, within_months, model, reason,
        _dated(survival, as_of), _dated(groups, as_of),
        _contracts(now, fitted, model, as_of, horizon_months, within_months),
        _reasons(now, logit if isinstance(logit, Logit) else None, as_of),
        judged_rows(models, model, trials, as_of) if trials else pd.DataFrame(columns=list(MODELS_TABLE)),
        _dated(calibration(trials) if trials else pd.DataFrame(columns=list(CALIBRATION)), as_of),
        int(known.ended.sum()), _completed(rows, as_of),
        ("several_currencies",) if _currencies(db, as_of) > 1 else (),
    )  # fmt: skip


CALIBRATION = ("model", "tenth", "rows", "predicted", "actual", "actual_low", "actual_high")
MODELS_TABLE = (
    "model", "as_of", "is_used", "judged_by", "test_from", "test_to", "rows", "left", "predicted", "auc", "auc_deviation",
    "brier", "log_loss", "brier_gain", "brier_gain_low", "brier_gain_high",
)  # fmt: skip


def _completed(rows: Months, day: date) -> int:
    return int(np.unique(rows.ended_by(day).cutoff).size)


def _currencies(db: Engine, as_of: date) -> int:
    text = "select count(distinct currency) from subscriptions where started_at <= $as_of"
    return int(db.query(text, as_of=as_of).fetchall()[0][0])


def _trials(rows: Months, as_of: date, horizon: int) -> tuple[list[Trial], str]:
    """Tests on the newest completed horizons, each of models trained on months that had ended before; or why there are none."""
    if not rows.known.ended.any():
        return [], "nobody_left"
    trials, reason = [], ""
    for step in range(TESTS):
        day, end = months_before(as_of, horizon + step), np.datetime64(months_before(as_of, step), "D")
        past, there = rows.ended_by(day), rows.at(day)
        left = past.left.astype(int)
        if np.unique(past.cutoff).size < ENOUGH_MONTHS:
            reason = reason or "few_months"
        elif min(left.sum(), len(left) - left.sum()) < ENOUGH_LEFT or not len(there.frame):
            reason = reason or "few_left"
        else:
            fitted = ladder(past.frame, left, TENURE, CELLS)
            chances = {name: 1 - stay(model, there, day, horizon)[:, -1] for name, model in fitted.items()}
            whose = there.known.rows["customer_id"].to_numpy()[there.place]
            trials.append(Trial(chances, there.left_by(end), whose, day))
    came = np.concatenate([trial.left for trial in trials]) if trials else np.array([], dtype=bool)
    if trials and min(came.sum(), len(came) - came.sum()) < ENOUGH_TESTED:
        return [], "few_left"
    return trials, "" if trials else reason


def stay(model: Model, rows: Months, day: date, count: int) -> np.ndarray:
    """Chance that each contract of one cutoff still runs after 1, 2, …, count months."""
    chances = [model.chance(rows.ahead(step, day)) for step in range(count)] if len(rows.frame) else []
    return np.cumprod(1 - np.column_stack(chances), axis=1) if chances else np.empty((0, count))


def _contracts(
    now: Months, fitted: dict[str, Model], model: str, as_of: date, horizon: int, within: int
) -> pd.DataFrame:
    """Rows of churn_contracts."""
    most = max(horizon, within)
    stays, plain = stay(fitted[model], now, as_of, most), stay(fitted[BASE], now, as_of, horizon)
    known: Book = now.known
    rows = known.rows.iloc[now.place]
    columns = {name: rows[name].to_numpy(dtype=object) for name in ("customer_id", "contract", "plan", "channel")}
    return pd.DataFrame(
        {
            **columns,
            "as_of": as_of,
            "tenure_months": now.frame[TENURE].astype("int64").to_numpy(),
            "p_leave_next": 1 - stays[:, 0],
            "p_leave": 1 - stays[:, horizon - 1],
            "p_leave_life_table": 1 - plain[:, horizon - 1],
            "expected_months": stays[:, :within].sum(axis=1),
        }
    )


def _reasons(now: Months, logit: Logit | None, as_of: date) -> pd.DataFrame:
    """Rows of churn_contract_reasons: what each column adds to the logit's log-odds of leaving in the next month."""
    names = ("customer_id", "contract", "as_of", "feature", "value", "contribution", "base")
    if logit is None or not len(now.frame):
        return pd.DataFrame(columns=list(names))
    rows = now.known.rows.iloc[now.place]
    return told(now.frame, logit, rows["contract"].to_numpy(dtype=object)).assign(
        customer_id=np.repeat(rows["customer_id"].to_numpy(dtype=object), len(set(logit.design.sources))), as_of=as_of
    )[list(names)]


def told(frame: pd.DataFrame, logit: Logit, of: np.ndarray) -> pd.DataFrame:
    """One row per entry of `of` and column: contract, feature, value (as text), contribution, base. base + sum = log-odds."""
    parts = logit.contributions(frame)
    texts = np.column_stack([_text(frame[name]) for name in parts])
    return pd.DataFrame(
        {
            "contract": np.repeat(of, parts.shape[1]),
            "feature": np.tile(np.array(parts.columns, dtype=object), len(parts)),
            "value": texts.ravel(),
            "contribution": parts.to_numpy().ravel(),
            "base": logit.base,
        }
    )


def _text(column: pd.Series) -> np.ndarray:
    if not pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=object)
    return np.array([None if np.isnan(one) else f"{one:g}" for one in column.to_numpy(float)], dtype=object)


def judged_rows(models: pd.DataFrame, used: str, trials: list[Trial], as_of: date) -> pd.DataFrame:
    """Rows of churn_contract_models."""
    days = [trial.day for trial in trials if trial.day]
    told = {"as_of": as_of, "is_used": models["model"] == used, "judged_by": "later_months" if days else "folds"}
    return models.assign(**told, test_from=min(days, default=None), test_to=as_of if days else None)[list(MODELS_TABLE)]


def _dated(table: pd.DataFrame, as_of: date | None) -> pd.DataFrame:
    return table.assign(as_of=as_of)


def contracts_of(db: Engine, *, as_of: date, horizon_months: int = 3) -> Contractual | None:
    """`contractual` for a company that may have no contracts: None without one that had begun by as_of."""
    if not db.run("subscription_contracts", as_of=as_of).limit(1).fetchall():
        return None
    return contractual(db, as_of=as_of, horizon_months=horizon_months)


def contract_tables(found: Contractual | None) -> dict[str, pd.DataFrame | None]:
    """The tables of contracts by their names; without contracts None each: nothing to say."""
    return dict.fromkeys(TABLES) if found is None else {**tables_of(found)}
