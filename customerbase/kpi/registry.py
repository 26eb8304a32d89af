"""The registry of KPIs: name, unit and definition of each, in both languages, beside the function that computes it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from customerbase.errors import ConfigError, near_miss

UNITS = ("count", "currency", "ratio", "orders_per_customer")


@dataclass(frozen=True)
class Kpi:
    """One KPI: id, names, unit (one of UNITS), definitions (en: first line of its function's docstring),
    direction, function.
    """

    id: str
    en: str
    ja: str
    unit: str
    definition_en: str
    definition_ja: str
    higher_is_better: bool
    function: Callable[[pd.DataFrame], pd.DataFrame]


KPIS: dict[str, Kpi] = {}


def kpi(*, en: str, ja: str, unit: str, definition: str, higher_is_better: bool = True) -> Callable:
    """Enter a function into the registry under its own name; `definition` is the Japanese one.

    The function takes the base (one row per month, see kpi.months) and returns value, n, low, high per month.
    """

    def enter(function: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[pd.DataFrame], pd.DataFrame]:
        first_line = (function.__doc__ or "").strip().splitlines()[0]
        KPIS[function.__name__] = Kpi(
            function.__name__, en, ja, unit, first_line, definition, higher_is_better, function
        )
        function.definition_ja = definition  # charts.caption prints it under Japanese figures
        return function

    return enter


def estimate(value: object, n: object, bounds: tuple) -> pd.DataFrame:
    """Value, n and interval per month; a value that is not defined (NaN) has no interval."""
    low, high = bounds
    frame = pd.DataFrame({"value": np.asarray(value, dtype=float), "n": np.asarray(n, dtype="int64")})
    defined = frame["value"].notna()
    return frame.assign(low=np.where(defined, low, np.nan), high=np.where(defined, high, np.nan))


def find(kpi_id: str) -> Kpi:
    """The KPI with this id. Raises ConfigError with the near miss."""
    if kpi_id not in KPIS:
        raise ConfigError(f"there is no KPI {kpi_id!r}; expected one of {', '.join(KPIS)}.{near_miss(kpi_id, KPIS)}")
    return KPIS[kpi_id]


def name(kpi_id: str, language: str = "en") -> str:
    """What people call a KPI, in English or Japanese."""
    return find(kpi_id).ja if language == "ja" else find(kpi_id).en


def glossary() -> list[str]:
    """The rows of docs/glossary.md that name the KPIs: term, 日本語, definition in both languages."""
    return [f"| {k.en} (`{k.id}`) | {k.ja} | {k.definition_en} {k.definition_ja} |" for k in KPIS.values()]
