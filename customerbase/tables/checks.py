"""The outcome of one expectation on one table, as plain data that travels between processes as JSON."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True)
class Check:
    """One expectation's outcome, in Great Expectations' terms.

    Row rules count elements (rows), missing (left out of the denominator) and unexpected ones; measures of a column
    or a table give `observed` and leave the counts None. executor: who computed it, "query" or "great_expectations".
    """

    table: str
    type: str
    kwargs: dict
    severity: str
    reason: str
    success: bool
    element_count: int | None
    missing_count: int | None
    unexpected_count: int | None
    observed: object
    executor: str = "query"
    column: str = "-"

    @property
    def unexpected_percent(self) -> float | None:
        """Unexpected rows per hundred rows that are not missing; None where nothing was counted."""
        if self.element_count is None or self.unexpected_count is None:
            return None
        looked_at = self.element_count - (self.missing_count or 0)
        return 100 * self.unexpected_count / looked_at if looked_at else None


def checks_to_json(checks: Iterable[Check]) -> str:
    """Checks as JSON text; dates become ISO text, decimals become numbers."""
    return json.dumps([asdict(check) for check in checks], default=plain, ensure_ascii=False, indent=1)


def checks_from_json(text: str) -> list[Check]:
    """Checks from the JSON text of checks_to_json."""
    return [Check(**item) for item in json.loads(text)]


def plain(value: object) -> object:
    """A value as JSON can hold it. Raises TypeError for anything but dates, decimals and tuples."""
    match value:
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case tuple() | set() | frozenset():
            return sorted(value)
        case _:
            raise TypeError(f"{value!r} cannot be written as JSON")
