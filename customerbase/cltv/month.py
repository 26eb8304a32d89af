"""Customer lifetime value of a month: the model chosen, every customer's expectation with its interval, groups, tracking."""

from dataclasses import dataclass, field
from datetime import date

import duckdb
import numpy as np
import pandas as pd

import customerbase.cltv.groups as grouping
import customerbase.cltv.holdout as holdout
import customerbase.cltv.season as season
import customerbase.cltv.tables as tables
from customerbase.cltv.ahead import LONGEST, MONTHS, Calendar, Expected, expect
from customerbase.cltv.buying import BuyTillYouDie
from customerbase.cltv.contractual_month import contractual
from customerbase.cltv.counts import Counts, compress
from customerbase.cltv.estimator import Estimator
from customerbase.cltv.families import FALLBACK, dropout_shown, fit_all
from customerbase.cltv.notes import Note, distinct
from customerbase.cltv.options import Options
from customerbase.cltv.outcomes import Outcomes, outcomes
from customerbase.cltv.relationship import situation
from customerbase.cltv.spending import NO_POSITIVE, Spending, spending
from customerbase.cltv.transactions import histories, returns_without_purchase, summarise
from customerbase.engine import Engine
from customerbase.errors import InputError
from customerbase.periods import add_months, month_end

FEWEST_HELD = 50  # customers known before a hold-out, and purchases in it, below which it judges nothing


@dataclass(frozen=True)
class Result:
    """Lifetime value of one month: tables as in expectations/ (customers is cltv), models, notes.

    model: of purchases; alive: of P(alive), None where the data show nobody leaving, or where it is seen (contracts);
    money: None for contracts, whose price is known; held: the hold-out, None without one.
    """

    customers: pd.DataFrame
    models: pd.DataFrame
    calibration: pd.DataFrame
    tracking: pd.DataFrame
    groups: pd.DataFrame
    concentration: pd.DataFrame
    model: Estimator
    alive: BuyTillYouDie | None
    money: Spending | None
    held: holdout.HoldOut | None
    notes: tuple[Note, ...] = field(default_factory=tuple)

    @property
    def has_money(self) -> bool:
        """Whether there are amounts to speak of."""
        return bool(self.customers["cltv"].notna().any())

    def remarks(self, language: str) -> list[str]:
        """What to know about this month's values, in words."""
        return [note.text(language) for note in self.notes]

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by the names they have in expectations/."""
        small = ("models", "calibration", "tracking", "groups", "concentration")
        return {"cltv": self.customers} | {f"cltv_{name}": getattr(self, name) for name in small}

    def records(self) -> dict[str, int | float | str]:
        """The few numbers that stay with the run."""
        everybody, scores = self.groups.iloc[0], self.held.scores[self.model.family] if self.held else None
        kept = {"customers": len(self.customers), "model": self.model.family}
        kept |= {"p_alive_model": next(iter(self.customers["p_alive_model"].dropna()), "none")}
        kept |= {f"purchases_{end}": float(everybody[f"purchases_{end}"]) for end in ("low", "high")}
        kept["purchases"] = float(everybody["purchases"])
        if self.has_money:
            kept |= {name: float(everybody[name]) for name in ("cltv", "cltv_low", "cltv_high")}
            kept["no_positive_spend"] = int((self.customers["spend_basis"] == NO_POSITIVE).sum())
        if scores is not None:
            kept |= {"holdout_bias": float(scores.bias), "holdout_mae": scores.mae}
            kept |= {"holdout_coverage": scores.coverage, "holdout_coverage_expected": scores.coverage_expected}
        return kept


def value(
    db: Engine,
    *,
    as_of: date,
    options: Options | None = None,
    segments: duckdb.DuckDBPyRelation | None = None,
    previous: duckdb.DuckDBPyRelation | None = None,
) -> Result:
    """Customer lifetime value of everybody who has bought up to as_of.

    Reads cltv_purchases, or for relationship contractual subscriptions and identity_links. segments: relation with
    customer_id and segment; previous: last month's cltv (customer_id, cltv). Raises InputError when nobody has bought, or
    nobody has a contract.
    """
    options = options or Options()
    against = situation(db, options.relationship, as_of=as_of) if _known(db, "subscriptions") else []
    if options.relationship == "contractual":
        return _contractual(db, as_of, options, segments, previous, against)
    base = summarise(db, as_of=as_of)
    if not len(base):
        raise InputError(f"nobody has bought up to {as_of}: there is no customer to value.")
    counts, place = compress(base["frequency"], base["recency"], base["T"])
    held, remarks = _hold_out(db, base, as_of, options)
    models = fit_all(counts, {name: one.model for name, one in held.scores.items()} if held is not None else None)
    chosen, alive, more = choose_models(models, held, options.family)
    starts = season.Starts.of(base["first_day"], as_of)
    tracked = season.tracking(db, chosen, as_of=as_of, seed=options.seed, starts=starts)
    factors, season_note = _season(db, tracked, held, chosen, starts, options)
    calendar = Calendar.of(as_of, options.horizon_months, options.annual_discount, factors)
    expected = expect(chosen, counts, calendar)
    money = spending(base, first_order_counts=options.first_order_counts)
    found = outcomes_of(chosen, counts, place, expected, money, options)
    error = held.scores[chosen.family].log_error if held is not None else 0.0
    whole = grouping.Base(counts, place, chosen, expected, found, money, options.margin, error)
    p_alive = alive.probability_alive(counts)[place] if alive is not None else None
    customers = tables.customers(base, whole, p_alive, alive, as_of)
    customers["previous_cltv"] = _previous(previous, customers)
    grouped = grouping.groups(whole, _labels(base, segments), p_alive, as_of=as_of, seed=options.seed)
    ranked = customers["cltv"] if money.model is not None else customers[f"purchases_{MONTHS[2]}m"]
    lost = returns_without_purchase(db)
    if lost > 0:
        more.append(Note("returns_without_purchase", {"amount": f"{lost:,.0f}"}))
    if season.begins_midway(db, as_of, starts):
        more.append(Note("begins_midway"))
    notes = distinct([*against, *remarks, *more, *season_note, *money.notes])
    return Result(
        customers=customers,
        models=tables.models_side_by_side(models, held, chosen, alive, money, as_of),
        calibration=holdout.calibration(held),
        tracking=tables.tracking_and_ahead(tracked, whole, calendar, grouped, as_of),
        groups=grouped,
        concentration=grouping.concentration(ranked.to_numpy()),
        model=chosen,
        alive=alive,
        money=money,
        held=held,
        notes=notes,
    )


def _known(db: Engine, table: str) -> bool:
    found = db.query("select count(*) from information_schema.tables where table_name = $name", name=table)
    return bool(found.fetchall()[0][0])


def _contractual(db: Engine, as_of: date, options: Options, segments, previous, against: list[Note]) -> Result:
    parts, model, fitted = contractual(db, as_of=as_of, options=options, segments=segments)
    customers = parts["customers"]
    customers["previous_cltv"] = _previous(previous, customers)
    notes = distinct([*against, *fitted.notes])
    return Result(**parts, model=model, alive=None, money=None, held=None, notes=notes)


# --- the hold-out and the choice -------------------------------------------------------------------------------------


def _hold_out(
    db: Engine, base: pd.DataFrame, as_of: date, options: Options
) -> tuple[holdout.HoldOut | None, list[Note]]:
    """The hold-out of the last months; None, with a note, where the log is too short or too thin for one."""
    if options.holdout_months == 0 or options.family != "auto":
        return None, []
    last = as_of == month_end(as_of)
    cut = month_end(add_months(as_of, -options.holdout_months - (not last)))
    first = base["first_day"].min().date()
    months = (cut - first).days / 30.44
    if months < options.holdout_months:
        return None, [Note("no_holdout_short", {"months": f"{max(months, 0):.0f}", "needed": options.holdout_months})]
    known, later, end = histories(db, cut=cut, as_of=as_of)
    if known.customers < FEWEST_HELD or (known.n * later).sum() < FEWEST_HELD:
        return None, [Note("no_holdout_few", {"n": f"{known.customers:,.0f}", "needed": FEWEST_HELD})]
    return holdout.judge(fit_all(known), cut, as_of, known, later, end), []


def choose_models(
    models: dict[str, BuyTillYouDie], held: holdout.HoldOut | None, wanted: str
) -> tuple[BuyTillYouDie, BuyTillYouDie | None, list[Note]]:
    """The model of purchases, that of P(alive), and what to say of them."""
    family = holdout.choose(held) if wanted == "auto" else wanted
    nbd = models["nbd"]
    shown = {name: dropout_shown(model, nbd) for name, model in models.items()}
    notes = []
    if family != "nbd" and not shown[family] and wanted == "auto":
        notes += models[family].notes_
        family = "nbd"
    chosen = models[family]
    if chosen.leaves_at_once:
        return chosen, chosen if shown[family] else None, [*notes, *chosen.notes_]
    candidates = [name for name, one in models.items() if one.leaves_at_once and shown[name]]
    if not candidates:
        return chosen, None, [*notes, *chosen.notes_, *([] if notes else [Note("nobody_leaves")])]
    best = _likelier(candidates, models, held)
    notes.append(Note("alive_from_other", {"model": chosen.title, "other": models[best].title}))
    return chosen, models[best], [*notes, *chosen.notes_]


def _likelier(names: list[str], models: dict[str, BuyTillYouDie], held: holdout.HoldOut | None) -> str:
    if held is not None:
        return max(
            names, key=lambda name: ((held.counts.n * held.scores[name].log_likelihoods).sum(), name == FALLBACK)
        )
    return max(names, key=lambda name: (models[name].log_likelihood_, name == FALLBACK))


# --- the calendar ------------------------------------------------------------------------------------------------------


def _season(
    db: Engine,
    tracked: pd.DataFrame,
    held: holdout.HoldOut | None,
    chosen: BuyTillYouDie,
    starts: season.Starts,
    options: Options,
) -> tuple[np.ndarray | None, list[Note]]:
    """Calendar factors of the months ahead, or None where they are not used; and why."""
    as_of = starts.as_of
    months = max(options.horizon_months, LONGEST)
    ahead = [add_months(as_of, step) for step in range(1, months + 1)]
    found = season.factors(tracked, ahead, as_of)
    if options.season == "none":
        return None, []
    if np.all(found == 1.0):
        return None, [Note("season_short")]
    if options.season == "last_year":
        return found, [Note("season_used")]
    if held is None:
        return None, [Note("season_unjudged")]
    return (
        (found, [Note("season_helps")])
        if _season_helps(db, held, chosen.family, starts)
        else (None, [Note("season_does_not_help")])
    )


def _season_helps(db: Engine, held: holdout.HoldOut, family: str, starts: season.Starts) -> bool:
    """Whether factors from before the cut would have brought the months of the hold-out nearer."""
    then, known = starts.known(held.cut), season.months_of(starts.known(held.cut))
    last = (held.until.year - held.cut.year) * 12 + held.until.month - held.cut.month
    later = [month for step in range(1, last + 1) if month_end(month := add_months(held.cut, step)) <= held.until]
    months = [*known, *later]
    days = [date.fromordinal(known[0].toordinal() - 1), *map(month_end, months)]
    expected = np.diff(season.expected_by(held.scores[family].model, then, days))
    actual = season.bought(db, months, known=held.cut, as_of=held.until)
    before = pd.DataFrame({"month": months, "actual": actual, "expected": expected}).head(len(known))
    ahead = slice(len(known), None)
    return season.helps(expected[ahead], actual[ahead], season.factors(before, later, held.cut))


# --- customers ---------------------------------------------------------------------------------------------------------


def outcomes_of(
    model: BuyTillYouDie, counts: Counts, place: np.ndarray, expected: Expected, money: Spending, options: Options
) -> Outcomes:
    """Simulated outcomes of every distinct history; `place` is each customer's row of counts."""
    settings = {"draws": options.draws, "seed": options.seed}
    if money.model is None:
        return outcomes(model, counts, expected.ahead(), **settings)
    most = np.zeros(len(counts))
    np.maximum.at(most, place, money.spent)
    x = np.zeros(len(counts))
    np.maximum.at(x, place, money.x)
    return outcomes(model, counts, expected.ahead(), spend=money.model, spend_x=x, most_spent=most, **settings)


def _previous(previous: duckdb.DuckDBPyRelation | None, customers: pd.DataFrame) -> pd.Series:
    """Last month's value of today's customers."""
    if previous is None:
        return pd.Series(np.nan, index=customers.index)
    before = previous.project("customer_id, cltv").df().set_index("customer_id")["cltv"]
    return customers["customer_id"].map(before).astype(float)


def _labels(base: pd.DataFrame, segments: duckdb.DuckDBPyRelation | None) -> dict[str, np.ndarray]:
    labels = {}
    if segments is not None:
        members = segments.project("customer_id, segment").df().set_index("customer_id")["segment"]
        labels["segment"] = base["customer_id"].map(members).to_numpy(dtype=object, na_value=None)
    months, which = np.unique(base["first_day"].to_numpy(dtype="datetime64[M]"), return_inverse=True)
    labels["cohort"] = months.astype(str).astype(object)[which]  # one text a month, not one a customer
    labels["channel"] = base["first_channel"].to_numpy(dtype=object)
    return labels
