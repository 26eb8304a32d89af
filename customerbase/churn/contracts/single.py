"""Churn of contracts from a single file without dates: months so far, left or not, and attributes.

Nothing in such a file says what came before what, so models are judged on folds of the same customers, not on months that
came later: the figures are kinder than those of a real next month.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.churn.contracts.contractual import CALIBRATION, MODELS_TABLE, judged_rows, tables_of, told
from customerbase.churn.contracts.curves import curves
from customerbase.churn.contracts.design import read
from customerbase.churn.contracts.judge import BASE, Trial, calibration, chosen, judged
from customerbase.churn.contracts.models import Logit, ladder
from customerbase.errors import ConfigError, InputError, near_miss

FOLDS = 5
ENOUGH = 50  # of those who left, and of those who stayed
YES = ("1", "1.0", "true", "yes", "y", "t", "left", "churned", "はい", "有", "離脱", "解約", "解約済")
NO = ("0", "0.0", "false", "no", "n", "f", "stayed", "active", "いいえ", "無", "継続", "継続中")


@dataclass(frozen=True)
class SingleSnapshot:
    """Churn of a file without dates; tables as of Contractual, chances are those of rows that were in another fold.

    model: what the chances come from; reason: folds, not_better, few_left or one_kind.
    """

    as_of: date | None
    model: str
    reason: str
    survival: pd.DataFrame
    groups: pd.DataFrame
    contracts: pd.DataFrame
    reasons: pd.DataFrame
    models: pd.DataFrame
    calibration: pd.DataFrame
    left_out: tuple[str, ...]
    folds: int

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by the names of their shapes in expectations/."""
        return tables_of(self)

    def remarks(self, language: str) -> list[str]:
        """Which model and how it did on the folds; that they are not later months; what was left out."""
        values = {"n": f"{len(self.contracts):,}", "left": f"{int(self.groups['ended'].iloc[0]):,}"}
        if self.reason in ("folds", "not_better"):
            rows = self.models.set_index("model")
            others = rows.drop(index=BASE).sort_values("brier")
            best = rows.loc[self.model] if self.reason == "folds" else others.iloc[0]
            values |= {
                "folds": self.folds, "model": i18n.word(f"survival.model.{best.name}", language), "auc": f"{best['auc']:.3f}",
                "auc_deviation": f"{best['auc_deviation']:.3f}", "auc_base": f"{rows.loc[BASE, 'auc']:.3f}",
                "brier": f"{best['brier']:.4f}", "brier_base": f"{rows.loc[BASE, 'brier']:.4f}",
            }  # fmt: skip
        if self.reason == "few_left":
            values["needed"] = ENOUGH
        said = [i18n.sentence(f"survival.snapshot.{self.reason}", language, **values)]
        said.append(i18n.word("survival.snapshot.no_dates", language))
        if self.left_out:
            names = i18n.join(self.left_out, language)
            said.append(i18n.sentence("survival.snapshot.left_out", language, names=names))
        return said


def single_snapshot(
    frame: pd.DataFrame,
    *,
    churned: str,
    tenure: str,
    groups: Sequence[str] = (),
    id: str | None = None,
    as_of: date | None = None,
    seeds: Sequence[int] = (0,),
) -> SingleSnapshot:
    """Who left, by months so far and attributes: curves by group, chances by models judged on FOLDS stratified folds.

    churned: the column that says who left (yes/no, 1/0, true/false, はい/いいえ); tenure: whole months so far, 0 or more.
    groups: columns to compare by Kaplan-Meier curves. id: the column that names a row; by default its number. All other columns
    are covariates: numbers (blanks allowed), flags or text; those that only tell rows apart are left out. seeds: the
    folds are drawn anew with each, and scores are the mean of all folds.

    Raises InputError for a missing column (with the near miss), one that is not what it should be, or no row at all.
    """
    for name in (churned, tenure, *groups, *([id] if id is not None else [])):
        if name not in frame:
            raise InputError(
                f"the file has no column {name!r}; it has {', '.join(map(str, frame))}.{near_miss(name, map(str, frame))}"
            )
    if frame.empty:
        raise InputError("the file has no row; expected one per contract.")
    if id is not None and frame[id].duplicated().any():
        twice = frame.loc[frame[id].duplicated(), id].iloc[0]
        raise InputError(f"column {id!r} holds {str(twice)!r} more than once; expected one row per id.")
    if not seeds:
        raise ConfigError("seeds are empty; expected at least one, such as (0,).")
    frame = frame.reset_index(drop=True)
    left, months = _left(frame[churned]), _months(frame[tenure])
    survival, summary = curves(months, left, {str(name): frame[name] for name in groups})
    covariates = frame.drop(columns=[churned, tenure, *([id] if id is not None else [])])
    rows = read(covariates)
    left_out = tuple(str(name) for name in covariates if str(name) not in rows)
    rows = pd.DataFrame({str(tenure): months.astype(float)}).join(rows)
    names = (
        frame[id].astype(str).to_numpy(dtype=object)
        if id is not None
        else np.arange(1, len(frame) + 1).astype(str).astype(object)
    )
    reason = _reason(left)
    trials = [] if reason else [one for seed in seeds for one in _folds(rows, left, str(tenure), seed, names)]
    models = judged(trials) if trials else pd.DataFrame(columns=list(MODELS_TABLE))
    model = chosen(models) if trials else BASE
    reason = reason or ("folds" if model != BASE else "not_better")
    chance = _chances(trials, names, model, left)
    logit = Logit(rows, left.astype(int), str(tenure)) if model != BASE else None
    return SingleSnapshot(
        as_of, model, reason, survival.assign(as_of=as_of), summary.assign(as_of=as_of),
        _contracts(names, months, chance, _chances(trials, names, BASE, left), as_of), _reasons(rows, logit, names, as_of),
        judged_rows(models, model, trials, as_of) if trials else models,
        (calibration(trials) if trials else pd.DataFrame(columns=list(CALIBRATION))).assign(as_of=as_of), left_out, len(trials),
    )  # fmt: skip


def _left(column: pd.Series) -> np.ndarray:
    text = column.astype("string").str.strip().str.lower()
    known = text.isin(YES) | text.isin(NO)
    if not known.all():
        found = column[~known.fillna(False)].iloc[0]
        raise InputError(
            f"column {column.name!r} says {str(found)!r}; expected yes or no, 1 or 0, true or false in every row."
        )
    return text.isin(YES).to_numpy(bool)


def _months(column: pd.Series) -> np.ndarray:
    numbers = pd.to_numeric(column, errors="coerce").astype("Float64").to_numpy(float, na_value=np.nan)
    wrong = ~((numbers >= 0) & (numbers == np.floor(numbers)) & (numbers < 2_400))
    if wrong.any():
        found = column[wrong].iloc[0]
        raise InputError(f"column {column.name!r} holds {str(found)!r}; expected whole months from 0 up in every row.")
    return numbers.astype(int)


def _reason(left: np.ndarray) -> str:
    fewer = min(left.sum(), len(left) - left.sum())
    return "one_kind" if not fewer else "few_left" if fewer < ENOUGH else ""


def _folds(rows: pd.DataFrame, left: np.ndarray, tenure: str, seed: int, names: np.ndarray) -> list[Trial]:
    """Chances for the rows of each fold, by models trained on the others."""
    from sklearn.model_selection import StratifiedKFold

    made = []
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(rows, left):
        past = rows.iloc[train].reset_index(drop=True)
        fitted = ladder(past, left[train].astype(int), tenure, (tenure,))
        there = rows.iloc[test].reset_index(drop=True)
        chances = {name: model.chance(there) for name, model in fitted.items()}
        made.append(Trial(chances, left[test], names[test]))
    return made


def _chances(trials: list[Trial], names: np.ndarray, model: str, left: np.ndarray) -> np.ndarray:
    """For every row the mean chance of the trials it was tested in; without trials the share that left."""
    if not trials:
        return np.full(len(names), left.mean())
    told_ = pd.DataFrame(
        {
            "name": np.concatenate([trial.whose for trial in trials]),
            "p": np.concatenate([trial.chances[model] for trial in trials]),
        }
    )
    return told_.groupby("name")["p"].mean().reindex(names).to_numpy()


def _contracts(
    names: np.ndarray, months: np.ndarray, chance: np.ndarray, plain: np.ndarray, as_of: date | None
) -> pd.DataFrame:
    """Rows of churn_contracts: no horizon is known, so the chance is that of being among those who left."""
    empty = {"plan": None, "channel": None}
    ahead = {"p_leave_next": np.nan, "p_leave": chance, "p_leave_life_table": plain, "expected_months": np.nan}
    return pd.DataFrame(
        {"customer_id": names, "contract": names, **empty, "as_of": as_of, "tenure_months": months, **ahead}
    )


def _reasons(rows: pd.DataFrame, logit: Logit | None, names: np.ndarray, as_of: date | None) -> pd.DataFrame:
    order = ["customer_id", "contract", "as_of", "feature", "value", "contribution", "base"]
    if logit is None:
        return pd.DataFrame(columns=order)
    made = told(rows, logit, names)
    return made.assign(customer_id=made["contract"], as_of=as_of)[order]
