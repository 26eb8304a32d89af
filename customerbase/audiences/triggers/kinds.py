"""The kinds of triggers there are: what each looks at, what can be set, and when its message is due.

A kind is one SQL file, customerbase/sql/trigger_<kind>.sql, that tells of every person who meets the condition:
customer_id, episode (what makes this occasion another than the last one), met_at (the instant it goes by), subject, measure
and value. The message is due `offset` after `met_at`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from customerbase.errors import ConfigError, near_miss

BANDS = ("medium", "high")


@dataclass(frozen=True)
class Parameter:
    """One thing that can be set. default: None where it must not be given; low, high: bounds of a number.

    texts: the words it may be; () where any text will do. Without bounds it is a text.
    """

    default: int | float | str | None
    low: float | None = None
    high: float | None = None
    texts: tuple[str, ...] = ()

    def read(self, given: object, place: str) -> int | float | str | None:
        """The value given, checked. Raises ConfigError."""
        if self.low is None:
            if not isinstance(given, str) or not given.strip() or (self.texts and given not in self.texts):
                known = f"one of {', '.join(self.texts)}" if self.texts else "a text"
                raise ConfigError(f"{place} is {given!r}; expected {known}.{near_miss(str(given), self.texts)}")
            return given
        whole = isinstance(self.low, int)
        fits = isinstance(given, int if whole else int | float) and not isinstance(given, bool)
        if not fits or not self.low <= given <= self.high:
            kind = "a whole number" if whole else "a number"
            raise ConfigError(f"{place} is {given!r}; expected {kind} from {self.low:,} to {self.high:,}.")
        return given


@dataclass(frozen=True)
class Kind:
    """needs: tables without which it never fires, of which the page names the empty ones.

    ahead: its day is known beforehand and stands, so that a month can be queued in advance. foreseen: no
    evaluation meets it too late, since the one before has met it already. undone: a later purchase makes the message
    pointless. One with the parameter `lead` is due so many days before it is too late.
    """

    name: str
    needs: tuple[str, ...]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    offset: Callable[[Mapping], timedelta] = lambda _: timedelta()
    ahead: bool = False
    foreseen: bool = False
    undone: bool = False


def _clock_day(given: Mapping) -> timedelta:
    return timedelta(days=given["day"] or 0)


_ALL = (
    Kind(
        "repurchase",
        ("repurchase_due",),
        {"day": Parameter(None, 1, 730), "thing": Parameter(None), "gain": Parameter(0.0, 0.0, 1.0)},
        _clock_day,
        ahead=True,
        foreseen=True,
        undone=True,
    ),
    Kind(
        "cart_abandoned",
        ("web_events",),
        {"hours": Parameter(24, 1, 720), "kept_days": Parameter(30, 1, 365)},
        lambda given: timedelta(hours=given["hours"]),
        undone=True,
    ),
    Kind(
        "browsed",
        ("web_events", "products"),
        {"visits": Parameter(3, 1, 100), "days": Parameter(7, 1, 90), "category": Parameter(None)},
        undone=True,
    ),
    Kind(
        "first_purchase",
        ("orders",),
        {"days": Parameter(4, 0, 365)},
        lambda given: timedelta(days=given["days"]),
        ahead=True,
    ),
    Kind(
        "birthday",
        ("contacts",),
        {"days_before": Parameter(0, 0, 31)},
        lambda given: -timedelta(days=given["days_before"]),
        ahead=True,
        foreseen=True,
    ),
    Kind(
        "rank_falling",
        ("orders", "profile"),
        {
            "rank": Parameter(None),
            "spend": Parameter(50_000.0, 0.01, 1e12),
            "days": Parameter(365, 30, 730),
            "lead": Parameter(30, 1, 90),
        },
        lambda given: timedelta(days=given["days"] - given["lead"]),
        undone=True,
    ),
    Kind(
        "points_expiring",
        ("loyalty_points",),
        {"lead": Parameter(30, 1, 90), "notice": Parameter(7, 0, 60), "points": Parameter(100.0, 0.01, 1e9)},
        lambda given: -timedelta(days=given["lead"]),
    ),
    Kind(
        "churn_risen",
        ("churn", "previous_churn"),
        {"band": Parameter("high", texts=BANDS), "value_at_risk": Parameter(0.0, 0.0, 1e12)},
        undone=True,
    ),
    Kind(
        "dissatisfied",
        ("survey_answers", "cltv"),
        {
            "nps": Parameter(6, 0, 10),
            "five": Parameter(2, 1, 5),
            "seven": Parameter(3, 1, 7),
            "top": Parameter(20.0, 0.01, 100.0),
        },
    ),
    Kind(
        "back_in_stock",
        ("products", "previous_products"),
        {"viewed_days": Parameter(60, 1, 365), "bought_days": Parameter(365, 0, 730)},
    ),
)
KINDS = {kind.name: kind for kind in _ALL}
