"""The one caption form: definition · n · interval · as-of date · table and function."""

import inspect
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

from customerbase import i18n
from customerbase.kpi import KPIS

_ROOT = Path(__file__).parent.parent.parent


def caption(
    function: Callable | None,
    table: str,
    as_of: date,
    n: int | None,
    language: str,
    interval: float | None = None,
    *,
    definition: str | None = None,
) -> str:
    """'definition · n · interval · as-of date · table and customerbase/kpi.py:42' for one figure or number.

    The definition is the first line of the function's docstring, in Japanese the registered KPI's
    definition or its attribute `definition_ja`;
    `definition` overrides both. interval: 0.95 for 95 %. Parts that are unknown (None) are left out.
    """
    level = i18n.number(interval, "rate", language).replace(".0", "") if interval else ""
    parts = [
        (definition or _definition(function, language)).rstrip(".。"),
        i18n.sentence("chart.n", language, n=f"{int(n):,}") if not i18n.missing(n) else "",
        i18n.sentence("chart.interval", language, interval=level) if level else "",
        i18n.sentence("chart.as_of", language, date=i18n.day(as_of, language)),
        f"{table}, {where(function)}" if function else table,
    ]
    return " · ".join(part for part in parts if part)


@cache
def where(function: Callable) -> str:
    """Where a function stands: customerbase/kpi.py:42."""
    code = inspect.unwrap(function)
    path = Path(inspect.getsourcefile(code) or "").resolve()
    inside = path.relative_to(_ROOT).as_posix() if path.is_relative_to(_ROOT) else path.name
    lines, first = inspect.getsourcelines(code)
    return f"{inside}:{first + next(i for i, line in enumerate(lines) if line.lstrip().startswith('def '))}"


def _definition(function: Callable | None, language: str) -> str:
    if function is None:
        return ""
    entry = KPIS.get(function.__name__)
    japanese = getattr(function, "definition_ja", entry.definition_ja if entry else None)
    text = japanese if language == "ja" and japanese else (inspect.getdoc(function) or "").split("\n")[0]
    return text.strip()
