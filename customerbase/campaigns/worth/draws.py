"""When the workbook has paid for itself: its costs against what campaigns measurably brought, as a distribution over many draws.

Only campaigns with a random hold-out count, proven or not, each with its error: leaving out those that seem to have failed would
count luck as benefit. What they brought per month since `since`, less what they cost themselves, times the credited share, is
taken to go on at the same rate. A cost item is drawn once: its median is the amount, 95 % of draws lie from low to high,
normal on either side. Costs that are known to the yen do not vary.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from customerbase.campaigns.worth.items import Spread, Worth
from customerbase.engine import Engine, sql_text
from customerbase.features.behaviour import keep
from customerbase.intervals import Z
from customerbase.periods import add_months

DRAWS, SEED, HORIZON, YEAR = 10_000, 0, 60, 12
QUANTILES = (0.1, 0.5, 0.9)
MEASURED, NO_COSTS, NO_EFFECTS, NO_MARGIN = "measured", "no_costs", "no_effects", "no_margin"


def spent(db: Engine, *, as_of: date) -> pd.DataFrame:
    """One row per campaign begun by as_of: campaign_id as in campaign_effects, start_date, and cost in all.

    Reads campaigns and campaign_contacts.
    """
    keep(db, "campaign_list", sql_text("campaign_list"))
    return db.run("worth_campaigns", as_of=as_of).df()


@dataclass(frozen=True)
class Increments:
    """What campaigns brought in all: amount and standard error (margin, or revenue where none was measured), their own cost.

    campaigns: how many; months: over which they are spread, from the first that counts to the as-of date.
    """

    outcome: str
    amount: float
    error: float
    cost: float
    campaigns: int
    months: int


@dataclass(frozen=True)
class Payback:
    """Costs month by month, and when they are paid back.

    table: month, step (from 1), and cost, benefit, net, each added up with _low and _high, paid_back (chance that the costs
    are covered by the end of the month and stay so to the end of the table), state, campaigns (that were counted); benefit, net
    and paid_back are empty where nothing was measured.
    months: months until paid back in each draw, infinite beyond the table.
    """

    worth: Worth
    as_of: date
    state: str
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    months: np.ndarray = field(default_factory=lambda: np.empty(0))
    increments: Increments | None = None
    per_month: tuple[float, float, float] | None = None

    @property
    def quantiles(self) -> dict[float, float]:
        """Months by which a tenth, half and nine tenths of the draws are paid back; infinite beyond the table."""
        return {
            share: float(np.quantile(self.months, share, method="higher")) for share in QUANTILES if len(self.months)
        }

    def within(self, months: int) -> float:
        """Chance that costs are paid back within so many months of the first cost."""
        return float((self.months <= months).mean()) if len(self.months) else float("nan")

    def items(self) -> pd.DataFrame:
        """The table worth_items: what each item costs, so far and in the first year."""
        rows = []
        for one in self.worth.items:
            paid = _paid(one, self.worth.start, HORIZON)
            gone = (self.as_of.year - self.worth.start.year) * 12 + self.as_of.month - self.worth.start.month + 1
            rows.append({
                "item": one.code, "kind": one.kind, "ja": one.ja, "en": one.en, "every": one.every, "start": one.start,
                "until": one.until, "amount": one.spread.amount, "low": one.spread.low, "high": one.spread.high,
                "to_date": one.spread.amount * paid[: max(gone, 0)].sum(), "first_year": one.spread.amount * paid[:YEAR].sum(),
                "as_of": self.as_of,
            })  # fmt: skip
        return pd.DataFrame(rows)

    def tables(self) -> dict[str, pd.DataFrame | None]:
        """worth_items and worth_payback; None for one without rows."""
        made = {"worth_items": self.items(), "worth_payback": self.table}
        return {name: rows if len(rows) else None for name, rows in made.items()}

    def records(self) -> dict[str, int | float | str]:
        """What a later month may compare."""
        made: dict[str, int | float | str] = {"worth_state": self.state}
        if self.state == MEASURED:
            made |= {"worth_within_year": self.within(YEAR), "worth_monthly": self.per_month[0]}
        return made


def payback(
    worth: Worth,
    *,
    as_of: date,
    effects: pd.DataFrame | None,
    campaigns: pd.DataFrame,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Payback:
    """The costs of `worth` against the increments of campaigns.

    effects: rows of the table campaign_effects, None or empty where nothing is measured; campaigns: campaign_id, start_date,
    cost (`spent`).
    """
    if not worth.items:
        return Payback(worth, as_of, NO_COSTS)
    random = np.random.default_rng(seed)
    cost = _costs(worth, draws, random)
    found = increments(worth, effects, campaigns, as_of)
    state = (
        NO_EFFECTS if found is None else NO_MARGIN if found.outcome == "revenue" and worth.margin is None else MEASURED
    )
    if state != MEASURED:
        return Payback(worth, as_of, state, _table(worth, as_of, cost, None, state, found), increments=found)
    benefit = monthly(worth, found, draws, random)
    first = _months(worth.start, max(worth.since or worth.start, worth.start))
    gained = benefit[:, None] * np.maximum(np.arange(1, HORIZON + 1) - first, 0)
    table = _table(worth, as_of, cost, gained, state, found)
    told = (float(benefit.mean()), *(float(one) for one in np.quantile(benefit, [0.025, 0.975])))
    return Payback(worth, as_of, state, table, months(gained - cost), found, told)


def increments(worth: Worth, effects: pd.DataFrame | None, campaigns: pd.DataFrame, as_of: date) -> Increments | None:
    """Total of the randomised campaigns that began in a month that counts; None where there is none."""
    since = worth.since or worth.start
    if effects is None or not len(effects) or since is None:
        return None
    days = pd.to_datetime(campaigns["start_date"]).dt.date
    counted = campaigns[(days >= since) & (days <= as_of)]
    rows = effects[
        (effects["method"] == "randomised")
        & effects["effect"].notna()
        & effects["low"].notna()
        & effects["high"].notna()
    ]
    rows = rows[rows["campaign_id"].isin(counted["campaign_id"])]
    for outcome in ("margin", "revenue"):
        own = rows[rows["outcome"] == outcome]
        if len(own):
            people = own["n_treated"].astype(float)
            error = people * (own["high"].astype(float) - own["low"].astype(float)) / (2 * Z)
            cost = counted.loc[counted["campaign_id"].isin(own["campaign_id"]), "cost"].astype(float).sum()
            amount = float((people * own["effect"].astype(float)).sum())
            spread = float(np.sqrt((error**2).sum()))
            return Increments(
                outcome, amount, spread, float(cost), own["campaign_id"].nunique(), _months(since, as_of) + 1
            )
    return None


def monthly(worth: Worth, found: Increments, draws: int, random: np.random.Generator) -> np.ndarray:
    """What campaigns brought the company per month, less their own cost, as far as credited to the workbook; (draws,)."""
    gained = found.amount + found.error * random.standard_normal(draws)
    if found.outcome == "revenue":
        gained = gained * np.clip(drawn(worth.margin, draws, random), 0, 1)
    return (gained - found.cost) * np.clip(drawn(worth.credit, draws, random), 0, 1) / found.months


def drawn(spread: Spread, draws: int, random: np.random.Generator) -> np.ndarray:
    """Draws with the amount as median and 95 % from low to high, half a normal distribution on either side; (draws,)."""
    z = random.standard_normal(draws)
    return spread.amount + z * np.where(z < 0, spread.amount - spread.low, spread.high - spread.amount) / Z


def months(net: np.ndarray) -> np.ndarray:
    """Months after which the net, added up (draws, months), is and stays 0 or more; infinite where it is not in the end."""
    below = net < 0
    last = net.shape[1] - np.argmax(below[:, ::-1], axis=1)  # the last month below 0, from 1
    return np.where(~below.any(axis=1), 1.0, np.where(below[:, -1], np.inf, last + 1.0))


def _costs(worth: Worth, draws: int, random: np.random.Generator) -> np.ndarray:
    """Costs added up by the end of each month; (draws, HORIZON)."""
    amounts = np.array([np.maximum(drawn(one.spread, draws, random), 0) for one in worth.items])
    paid = np.array([np.cumsum(_paid(one, worth.start, HORIZON)) for one in worth.items], dtype=float)
    return amounts.T @ paid


def _paid(item, start: date, count: int) -> np.ndarray:
    """In which of the months from `start` on the item is paid, 0 or 1."""
    return np.array([item.falls_in(add_months(start, step)) for step in range(count)], dtype=int)


def _table(
    worth: Worth, as_of: date, cost: np.ndarray, gained: np.ndarray | None, state: str, found: Increments | None
) -> pd.DataFrame:
    made = {"step": range(1, HORIZON + 1), "month": [add_months(worth.start, step) for step in range(HORIZON)]}
    made |= _spread_of("cost", cost)
    if gained is None:
        made |= dict.fromkeys(_names("benefit", "net"), np.nan) | {"paid_back": np.nan}
    else:
        made |= _spread_of("benefit", gained) | _spread_of("net", gained - cost)
        done = months(gained - cost)
        made["paid_back"] = [float((done <= step).mean()) for step in range(1, HORIZON + 1)]
    return pd.DataFrame(made | {"state": state, "campaigns": found.campaigns if found else 0, "as_of": as_of})


def _spread_of(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(_names(name), np.quantile(values, [0.5, 0.025, 0.975], axis=0), strict=True))


def _names(*names: str) -> Sequence[str]:
    return [f"{name}{end}" for name in names for end in ("", "_low", "_high")]


def _months(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month
