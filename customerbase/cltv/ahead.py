"""What every distinct history has ahead, month by month: expected purchases, discounted and not, with the calendar factor."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from customerbase.cltv.buying import BuyTillYouDie
from customerbase.cltv.counts import Counts
from customerbase.cltv.horizon import Grid, discount_per_week, endless, grid, month_edges
from customerbase.cltv.outcomes import Ahead

MONTHS = (3, 6, 12, 24)  # horizons shown
LONGEST = max(MONTHS)


@dataclass(frozen=True)
class Calendar:
    """The months ahead of as_of: their ends in weeks, a factor each, and what a later purchase is worth.

    edges: (months + 1,); season: (months,); horizon: months that lifetime value counts; discount: continuous, a week.
    """

    edges: np.ndarray
    season: np.ndarray
    horizon: int
    discount: float

    @staticmethod
    def of(as_of: date, horizon: int, annual_discount: float, season: np.ndarray | None = None) -> "Calendar":
        """The calendar of a month; season None: every month as the model has it."""
        edges = month_edges(as_of, max(horizon, LONGEST))
        factors = np.ones(len(edges) - 1) if season is None else np.asarray(season, dtype=float)
        return Calendar(edges, factors, horizon, discount_per_week(annual_discount))

    def grid(self, scale: float) -> Grid:
        """All months undiscounted, then the months of the horizon discounted: one look at the rates serves both."""
        plain, less = grid(self.edges, scale), grid(self.edges, scale, self.discount)
        return Grid(plain.times, np.hstack([plain.weights, less.weights[:, : self.horizon]]))


@dataclass(frozen=True)
class Expected:
    """Expected purchases of each row of counts: by the end of each month, and discounted over the horizon and for ever."""

    by_month: np.ndarray
    discounted: np.ndarray
    infinite: np.ndarray | None
    plain: np.ndarray
    calendar: Calendar

    @property
    def horizon(self) -> np.ndarray:
        """Expected purchases within the horizon."""
        return self.by_month[:, self.calendar.horizon - 1]

    def ahead(self) -> Ahead:
        """The horizon as outcomes need it: its length in weeks as the calendar stretches it, and the discounted share."""
        weeks = self.calendar.edges[self.calendar.horizon]
        stretch = _ratio(self.horizon, self.plain)
        return Ahead(weeks * stretch, _ratio(self.discounted, self.horizon))


def expect(model: BuyTillYouDie, counts: Counts, calendar: Calendar, *, infinite: bool = True) -> Expected:
    """Expected purchases ahead of every row of counts; infinite needs a discount rate, else that part is left out."""
    scale, months = model._scale(), len(calendar.season)
    made = model.integrals(calendar.grid(scale), counts)
    monthly, discounted = made[:, :months], made[:, months:] * calendar.season[: calendar.horizon]
    total, endless_part = discounted.sum(axis=1), None
    if infinite and calendar.discount > 0:
        tail = model.integrals(endless(scale, calendar.discount, calendar.edges[calendar.horizon]), counts)[:, 0]
        endless_part = total + tail * calendar.season[-12:].mean()
    plain = monthly[:, : calendar.horizon].sum(axis=1)
    return Expected(np.cumsum(monthly * calendar.season, axis=1), total, endless_part, plain, calendar)


def within(model: BuyTillYouDie, counts: Counts, calendar: Calendar) -> tuple[np.ndarray, np.ndarray]:
    """Expected purchases of each row of counts within the horizon, undiscounted and discounted: two numbers of `expect`."""
    near = replace(calendar, edges=calendar.edges[: calendar.horizon + 1], season=calendar.season[: calendar.horizon])
    over = near.grid(model._scale())
    parts = np.split(over.weights, 2, axis=1)
    both = Grid(over.times, np.stack([(part * near.season).sum(axis=1) for part in parts], axis=1))
    return tuple(model.integrals(both, counts).T)


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    return np.divide(top, bottom, out=np.ones_like(top), where=bottom > 0)
