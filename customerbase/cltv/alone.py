"""Lifetime value by itself, from any frame: fit a summary, predict, save and load; what the command line uses too."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Self

import numpy as np
import pandas as pd

import customerbase.cltv.groups as grouping
import customerbase.cltv.holdout as holdout
import customerbase.cltv.tables as tables
from customerbase.cltv.ahead import Calendar, expect
from customerbase.cltv.bgbb import BetaGeometricBetaBinomial
from customerbase.cltv.buying import BuyTillYouDie, rows_of
from customerbase.cltv.contractual import BetaDiscreteWeibull, ShiftedBetaGeometric
from customerbase.cltv.families import FALLBACK, FAMILIES, check_family, fit_all
from customerbase.cltv.gammagamma import GammaGamma
from customerbase.cltv.modelfile import notes_from, positive
from customerbase.cltv.month import choose_models, outcomes_of
from customerbase.cltv.notes import Note, distinct
from customerbase.cltv.options import Options
from customerbase.cltv.spending import Spending, spending
from customerbase.cltv.transactions import day_of, histories, log_purchases
from customerbase.engine import Engine
from customerbase.errors import ConfigError, InputError, near_miss
from customerbase.periods import add_months, month_end


@dataclass(frozen=True)
class Fitted:
    """A model of purchases, one of P(alive), one of spend; what `fit` gives.

    alive is None where the data show nobody leaving, spend None where there are no amounts. candidates: all families
    fitted; held: the hold-out that chose among them, None without one. spend_cap: what mean amounts are cut at.
    """

    purchases: BuyTillYouDie
    alive: BuyTillYouDie | None
    spend: GammaGamma | None
    first_order_counts: bool
    notes: tuple[Note, ...] = ()
    candidates: dict[str, BuyTillYouDie] | None = None
    held: holdout.HoldOut | None = None
    spend_cap: float = np.inf

    def predict(
        self,
        summary: pd.DataFrame,
        *,
        as_of: date | str | None = None,
        months: int = 12,
        annual_discount: float = 0.1,
        margin: float = 1.0,
        draws: int = 200,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Expected purchases, spend and lifetime value of every customer of a summary, with 10/50/90 % of what may happen.

        One row a customer, columns as in expectations/cltv.yaml. months: calendar months after as_of that cltv counts (and
        the intervals are of); as_of None: that of the summary. Without amounts the columns of money are empty.
        Raises InputError when as_of is not known.
        """
        day = day_of(as_of if as_of is not None else summary.attrs.get("as_of"))
        summary = self._complete(summary)
        options = Options(horizon_months=months, annual_discount=annual_discount, margin=margin, draws=draws, seed=seed)
        counts, place = rows_of(summary)
        expected = expect(self.purchases, counts, Calendar.of(day, months, annual_discount))
        money = self._money(summary)
        found = outcomes_of(self.purchases, counts, place, expected, money, options)
        base = grouping.Base(counts, place, self.purchases, expected, found, money, margin)
        p_alive = self.alive.probability_alive(counts)[place] if self.alive is not None else None
        made = tables.customers(summary, base, p_alive, self.alive, day)
        return made.drop(columns=[name for name in ("previous_cltv",) if name in made])

    def _complete(self, summary: pd.DataFrame) -> pd.DataFrame:
        """The summary with ids (its index where it has none) and amounts (empty where none are needed)."""
        needed = ("purchases", "spend") if self.first_order_counts else ("monetary_value",)
        for name in needed if self.spend is not None else ():
            if name not in summary:
                raise InputError(
                    f"the summary has no column {name!r}, which the model of spend needs.{near_miss(name, summary.columns)}"
                )
        missing = {"customer_id": summary.index, "monetary_value": np.nan}
        return summary.assign(**{name: one for name, one in missing.items() if name not in summary})

    def _money(self, summary: pd.DataFrame) -> Spending:
        if self.spend is None:
            return spending(summary.assign(monetary_value=np.nan), first_order_counts=False)
        given = {"first_order_counts": self.first_order_counts, "model": self.spend, "cap": self.spend_cap}
        return spending(summary, **given)

    def __repr__(self) -> str:
        said = [f"purchases: {self.purchases!r}"]
        if self.alive is not self.purchases:
            said.append(f"P(alive):  {self.alive!r}" if self.alive is not None else "P(alive):  not shown by the data")
        said.append(f"spend:     {self.spend!r}" if self.spend is not None else "spend:     no amounts")
        return "\n".join([*said, *(f"- {note.text('en')}" for note in self.notes)])

    def to_json(self) -> str:
        """Everything that predict needs, as JSON text; no customer's data."""
        models = {"purchases": self.purchases, "alive": self.alive, "spend": self.spend}
        content: dict = {name: json.loads(one.to_json()) if one is not None else None for name, one in models.items()}
        content["first_order_counts"] = self.first_order_counts
        content["spend_cap"] = self.spend_cap if np.isfinite(self.spend_cap) else None
        content["notes"] = [note.as_dict() for note in self.notes]
        return json.dumps(
            {"kind": "customerbase lifetime value", "version": 1, **content}, ensure_ascii=False, indent=1
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The fitted models back. Raises InputError for text that is none, naming what is missing."""
        content = _parsed(text)
        if content.get("kind") != "customerbase lifetime value" or content.get("version") != 1:
            raise InputError(
                f"model file: kind {content.get('kind')!r}, version {content.get('version')!r}; expected one that to_json wrote."
            )
        parts = ("purchases", "alive", "spend")
        models = {name: _model(content[name]) if content.get(name) else None for name in parts}
        if not isinstance(models["purchases"], BuyTillYouDie):
            raise InputError("model file: there is no model of purchases in it; expected what to_json wrote.")
        cap = content.get("spend_cap")
        if cap is not None and not positive(cap):
            raise InputError(f"model file: spend_cap is {cap!r}; expected an amount above 0, or null.")
        return cls(
            **models,
            first_order_counts=bool(content.get("first_order_counts")),
            notes=notes_from(content),
            spend_cap=np.inf if cap is None else float(cap),
        )


def fit(
    summary: pd.DataFrame,
    family: str = "auto",
    *,
    held: holdout.HoldOut | None = None,
    first_order_counts: bool = False,
) -> Fitted:
    """Models of purchases, P(alive) and spend for the customers of a summary.

    family: auto, nbd, bg_nbd, mbg_nbd or pareto_nbd; auto chooses by the hold-out `held` (see hold_out), and without one
    takes MBG/NBD. first_order_counts: whether the first purchase's amount informs expected spend (needs the columns
    purchases and spend); False as in the literature: repeat purchases only.
    """
    check_family(family)
    counts, _ = rows_of(summary)
    models = fit_all(counts)
    chosen, alive, notes = choose_models(models, held, family)
    if family == "auto" and held is None:
        notes = [Note("no_holdout", {"model": FAMILIES[FALLBACK].title}), *notes]
    amounts = "spend" if first_order_counts else "monetary_value"
    money = spending(summary, first_order_counts=first_order_counts) if amounts in summary else None
    known = money is not None and money.model is not None
    said = [*notes, *(money.notes if money is not None else [Note("no_amounts")])]
    return Fitted(
        chosen, alive, money.model if known else None, first_order_counts, distinct(said), models, held,
        money.cap if known else np.inf,
    )  # fmt: skip


def hold_out(transactions: object, *, customer: str, date: str, as_of: date | str, months: int = 6) -> holdout.HoldOut:
    """How each family, fitted on the log without its last months, foresaw them; for fit(…, held=…).

    transactions: as in `summary`. months: calendar months before as_of. Raises InputError when nobody had bought before,
    ConfigError for months that are none.
    """
    if not isinstance(months, int) or isinstance(months, bool) or not 1 <= months <= 120:
        raise ConfigError(f"hold-out of {months!r} months; expected a whole number from 1 to 120.")
    day, db = day_of(as_of), Engine()
    log_purchases(db, transactions, customer, date, None, day)
    cut = month_end(add_months(day, -months - (day != month_end(day))))
    known, later, last = histories(db, cut=cut, as_of=day)
    return holdout.judge(fit_all(known), cut, day, known, later, last)


def from_json(text: str) -> BuyTillYouDie | GammaGamma | Fitted:
    """A model, or all that fit gave, from what to_json wrote. Raises InputError for anything else."""
    content = _parsed(text)
    return Fitted.from_json(text) if "kind" in content else _model(content)


def _parsed(text: str) -> dict:
    try:
        content = json.loads(text)
    except (TypeError, ValueError) as error:
        raise InputError(f"model file: not JSON ({error}); expected what to_json wrote.") from error
    if not isinstance(content, dict):
        raise InputError(f"model file: holds a {type(content).__name__}; expected what to_json wrote.")
    return content


def _model(content: dict) -> BuyTillYouDie | GammaGamma:
    others = (GammaGamma, BetaGeometricBetaBinomial, ShiftedBetaGeometric, BetaDiscreteWeibull)
    known = {**FAMILIES, **{one.family: one for one in others}}
    family = content.get("family") if isinstance(content, dict) else content
    if not isinstance(family, str) or family not in known:
        raise InputError(
            f"model file: family {family!r}; expected one of {', '.join(known)}.{near_miss(str(family), known)}"
        )
    return known[family]._from_content(content)
