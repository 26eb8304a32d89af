"""The registry of KPIs: each stands once, as a function whose name is its id, whose docstring defines it, whose body is its SQL."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from customerbase.errors import ConfigError, near_miss
from customerbase.kpi.formula import Formula

UNITS = ("count", "currency", "ratio", "orders_per_customer", "items_per_order", "points")
GROUPS = ("customers", "purchases", "money", "satisfaction", "data")
OWNERS = {
    "marketing": "マーケティング",
    "store operations": "店舗運営",
    "merchandising": "商品",
    "customer service": "顧客対応",
    "customer data": "顧客データ管理",
    "management": "経営",
}


@dataclass(frozen=True)
class Kpi:
    """One KPI: id, names, unit (one of UNITS), group (one of GROUPS), definitions (en: first line of its function's
    docstring), direction, the role that answers for it (one of OWNERS), its formula, and the function that says so.
    """

    id: str
    en: str
    ja: str
    unit: str
    group: str
    definition_en: str
    definition_ja: str
    higher_is_better: bool
    owner: str
    formula: Formula
    function: Callable[[], Formula]


KPIS: dict[str, Kpi] = {}


def kpi(
    en: str, ja: str, *, unit: str, group: str, owner: str, definition: str, higher_is_better: bool = True
) -> Callable:
    """Enter a function into the registry under its own name; `definition` is the Japanese one.

    The function takes nothing and returns the KPI's Formula.
    """

    def enter(function: Callable[[], Formula]) -> Callable[[], Formula]:
        first_line = (function.__doc__ or "").strip().splitlines()[0]
        said = (en, ja, unit, group, first_line, definition, higher_is_better, owner)
        KPIS[function.__name__] = Kpi(function.__name__, *said, function(), function)
        function.definition_ja = definition  # charts.caption prints it under Japanese figures
        return function

    return enter


def find(kpi_id: str) -> Kpi:
    """The KPI with this id. Raises ConfigError with the near miss."""
    if kpi_id not in KPIS:
        raise ConfigError(f"there is no KPI {kpi_id!r}; expected one of {', '.join(KPIS)}.{near_miss(kpi_id, KPIS)}")
    return KPIS[kpi_id]


def name(kpi_id: str, language: str = "en") -> str:
    """What people call a KPI, in English or Japanese."""
    return find(kpi_id).ja if language == "ja" else find(kpi_id).en


def owner(kpi_id: str, language: str = "en", settings: Mapping | None = None) -> str:
    """Who answers for a KPI: the company's own word (settings: kpi_owners: {id: who}), else the role it usually is."""
    own = ((settings or {}).get("kpi_owners") or {}).get(kpi_id)
    role = find(kpi_id).owner
    return str(own) if own else OWNERS[role] if language == "ja" else role


def glossary() -> list[str]:
    """The rows of docs/glossary.md that name the KPIs: term, 日本語, definition in both languages, formula."""
    return [
        f"| {k.en} (`{k.id}`) | {k.ja} | {k.definition_en} {k.definition_ja} `{k.formula.text()}` |"
        for k in KPIS.values()
    ]
