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


def document() -> str:
    """docs/kpis.md: every KPI with key, names, definition, formula, unit, direction and owner, in both languages."""
    rows = [
        f"| `{k.id}` | {k.en}<br>{k.ja} | {k.definition_en}<br>{k.definition_ja} | `{k.formula.text()}` | {k.unit}"
        f" | {'higher' if k.higher_is_better else 'lower'} | {k.owner}<br>{OWNERS[k.owner]} |"
        for k in KPIS.values()
    ]
    head = "| Key | Name · 名前 | Definition · 定義 | Formula · 式 | Unit · 単位 | Better · 望ましい向き | Owner · 責任者 |"
    return "\n".join([_ABOUT, head, "| --- | --- | --- | --- | --- | --- | --- |", *rows]) + "\n"


_ABOUT = """# KPIs

Generated from `customerbase/kpi/` by `python -m customerbase docs`. Each KPI stands there once: the name of a function is
its key, the first line of its docstring its definition, its body the formula. Each has a value, n and a 95 % interval for
every month of the history (table `kpi`); those over the facts also by segment, channel, store and cohort (`kpi_by`).

- A formula sums over `customerbase/sql/kpi_facts.sql`: one row per customer (anonymous sales have none) and month, with
  what was sold and whether the customer was active, new … ; who was silent is counted by month and part. `from` names
  another table for those that have one.
- `silence_months` (page 12, 3 unless set otherwise: a quarter of a year) parts returning from reactivated customers and
  makes who is silent for so long lost. Always: active = new + returning + reactivated, and current at the end = current
  before + new + reactivated − lost. In the first months of the data what cannot be known yet is empty.
- A second purchase is an order on a later day than the first order's. It counts by the month of the first order and only
  for customers whose window has ended by the as-of date (n).
- Intervals: Wilson's for shares of customers, the score interval for counts, the sum of squares over customers for
  totals, linearised over customers for ratios. Anonymous sales are taken to vary as those of known customers do.
- By channel and store, sales count where they were made, and a customer in each place in which they bought; what looks
  back (lost, retained) counts where the customer last bought. Orders and revenue add up to the total, customers do not.
  By segment: the one in which the customer stood when the month began. By cohort: the quarter of the first order.
- NPS and CSAT are of the answers that page 09 counts, by what `survey_questions` says of each question
  ([satisfaction](satisfaction.md)): of a person, survey and month asked, the latest. By segment, channel and store (those
  that are the customer's main ones) they are told of the newest month alone.
- What would tell of fewer than `k_min` people is withheld in `kpi_by`, and what would give it away.
- With a million customers (3.7 million rows of `account_months` over 24 months, two cores) the two tables take 16 and 14 s
  of CPU (`python -m bench.bench_kpi`); a quarter of the first is adding up `account_months`.
- An owner is the role that usually answers for a figure; `settings: {kpi_owners: {revenue: …}}` of the pipeline's YAML names
  the company's own, `goals:` its targets.

KPIの一覧です。`customerbase/kpi/` から生成します。関数の名前がキー、説明の1行目が定義、本体が式で、全期間の各月に値・n・95%区間が
あります（表 `kpi`）。顧客と売上のKPIは、セグメント・チャネル・店舗・コホート別の値もあります（表 `kpi_by`、少人数の値は非表示）。
休眠の基準 `silence_months` は3か月です（12ページで変更できます）。2回目の購入は、初回の注文日より後の日の注文です。
"""
