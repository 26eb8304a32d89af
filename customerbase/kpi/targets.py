"""What a company wants its KPIs to be: `goals:` of the pipeline file, read and checked before anything runs.

goals:
  average_order_value: 5200                                                # without a date
  repeat_rate: {base: 2026-06, goal: +20 %, by: 2027-03, owner: marketing}  # 20 % above June
  retention_rate: {base: 2026-06, goal: +2 points, by: 2027-03}             # two points above June
  active_customers: {goal: 1500, by: 2027-03}
"""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from customerbase.errors import ConfigError, near_miss
from customerbase.kpi.registry import Kpi, find, name
from customerbase.periods import month_text, parse_month

KEYS = ("goal", "base", "by", "owner")
EXPECTED = "a number, a share such as 45 %, a change such as +20 %, or for shares one in points such as +2 points"
IMPOSSIBLE, ALREADY, NO_BASE = "impossible", "already", "no_base"
FAULTS = (IMPOSSIBLE, ALREADY, NO_BASE)
_WRITTEN = re.compile(r"([+−-]?)(\d[\d,]*(?:\.\d+)?)(%|points?|pts?|ポイント|pp)?", re.IGNORECASE)
_POINTS = ("point", "points", "pt", "pts", "pp", "ポイント")


@dataclass(frozen=True)
class Target:
    """What one KPI is to be by a month.

    kind: absolute (amount is the value), ratio (0.2 is 20 % above the base) or points (0.02 is two points above it).
    by, base: first days of months; None where the file names none.
    """

    kpi: str
    kind: str
    amount: float
    base: date | None = None
    by: date | None = None
    owner: str = ""

    def value(self, base: float | None) -> float | None:
        """The value to reach, from the value in the base month; None where that is wanted and not there.

        Ten percent more than 43 customers is 48: of what is counted the next whole number.
        """
        if self.kind == "absolute":
            return self.amount
        if base is None:
            return None
        value, entry = base * (1 + self.amount) if self.kind == "ratio" else base + self.amount, find(self.kpi)
        if entry.unit != "count":
            return value
        return math.ceil(value - 1e-9) if entry.higher_is_better else math.floor(value + 1e-9)

    def fault(self, base: float | None) -> str:
        """What only the history can show to be wrong: impossible (a share beyond 0 to 1), already (at the base); or ""."""
        value, entry = self.value(base), find(self.kpi)
        if value is None:
            return ""
        if not possible(entry, value):
            return IMPOSSIBLE
        return ALREADY if base is not None and better(base, value, entry) >= 0 else ""


def read_targets(goals: Mapping[str, object], where: str = "goals") -> dict[str, Target]:
    """The goals of a pipeline file by KPI, in its order. Raises ConfigError naming file, KPI, value and near miss."""
    return {str(kpi_id): _target(str(kpi_id), given, f"{where}: goals.{kpi_id}") for kpi_id, given in goals.items()}


def better(value: float, other: float, entry: Kpi) -> float:
    """By how much a value is better than another: above 0 when it is, whichever way the KPI should go."""
    return value - other if entry.higher_is_better else other - value


def possible(entry: Kpi, value: float) -> bool:
    """Whether the KPI can have this value at all."""
    return entry.unit != "ratio" or 0 <= value <= 1


def _target(kpi_id: str, given: object, where: str) -> Target:
    try:
        entry = find(kpi_id)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    if not isinstance(given, Mapping):
        given = {"goal": given}
    for key in given:
        if key not in KEYS:
            raise ConfigError(f"{where}: unknown key {key!r}; expected {', '.join(KEYS)}.{near_miss(str(key), KEYS)}")
    if given.get("goal") is None:
        raise ConfigError(f"{where}: no goal; expected {EXPECTED}.")
    kind, amount = _amount(given["goal"], entry, where)
    base, by = (_month(given.get(key), f"{where}.{key}") for key in ("base", "by"))
    if kind != "absolute" and base is None:
        raise ConfigError(
            f"{where}: {given['goal']!r} is a change; expected also the month it is from, as base: YYYY-MM."
        )
    if base and by and by <= base:
        raise ConfigError(f"{where}: by {month_text(by)} is not after base {month_text(base)}; expected a later month.")
    if kind != "absolute" and amount and (amount > 0) != entry.higher_is_better:
        way = "higher" if entry.higher_is_better else "lower"
        raise ConfigError(f"{where}: {given['goal']!r} goes the wrong way; of {name(kpi_id)}, {way} is better.")
    if kind == "absolute" and not possible(entry, amount):
        hint = f" Did you mean {amount:g} %?" if 1 < amount <= 100 else ""
        raise ConfigError(f"{where}: goal is {given['goal']!r}; expected a share from 0 to 1.{hint}")
    return Target(kpi_id, kind, amount, base, by, _owner(given.get("owner"), where))


def _amount(given: object, entry: Kpi, where: str) -> tuple[str, float]:
    """absolute, ratio or points, and how much."""
    if isinstance(given, int | float) and not isinstance(given, bool) and given == given:
        return "absolute", float(given)
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(given)))
    found = _WRITTEN.fullmatch(text)
    if not found:
        raise ConfigError(f"{where}: goal is {given!r}; expected {EXPECTED}.")
    sign, digits, unit = found[1], float(found[2].replace(",", "")), (found[3] or "").lower()
    amount = -digits if sign in ("-", "−") else digits
    share = entry.unit == "ratio"
    if unit in _POINTS:
        if not (sign and share):
            raise ConfigError(
                f"{where}: goal is {given!r}; points want a sign, and a KPI that is a share ({name(entry.id)} is in"
                f" {entry.unit})."
            )
        return "points", amount / 100
    if unit == "%" and sign:
        return "ratio", amount / 100
    if unit == "%" and not share:
        raise ConfigError(f"{where}: goal is {given!r}, but {name(entry.id)} is no share; expected a number or +20 %.")
    return "absolute", amount / 100 if unit else amount


def _month(given: object, where: str) -> date | None:
    if given is None:
        return None
    try:
        return parse_month(given) if isinstance(given, date) else parse_month(str(given)[:7] if _day(given) else given)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def _day(given: object) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(given)))


def _owner(given: object, where: str) -> str:
    if given is not None and not isinstance(given, str):
        raise ConfigError(f"{where}: owner is {given!r}; expected a name.")
    return " ".join((given or "").split())
