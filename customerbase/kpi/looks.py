"""What pages and reports show of the KPIs: the registry as a list, parts of a dimension, curves of cohorts, and findings."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.intervals import difference, wilson
from customerbase.kpi.changes import CLEAR_DOWN, CLEAR_UP, NO_CLEAR_CHANGE, verdict
from customerbase.kpi.registry import KPIS, find, name, owner
from customerbase.periods import month_label

MOST_PARTS, MOST_CURVES, YEAR = 12, 6, 12
_I18N_UNITS = {
    "currency": "money",
    "ratio": "rate",
    "orders_per_customer": "times",
    "items_per_order": "items",
    "points": "score",
}


def unit(kpi_id: str) -> str:
    """The unit of a KPI in the words of i18n."""
    return _I18N_UNITS.get(find(kpi_id).unit, "orders" if kpi_id == "orders" else "people")


def target(kpi_id: str, goals: Mapping, language: str, currency: str = "JPY") -> str:
    """The company's goal of a KPI in words: its number, or a change such as +20 % as it is written."""
    goal = goals.get(kpi_id)
    goal = goal.get("goal") if isinstance(goal, Mapping) else goal
    return goal if isinstance(goal, str) else i18n.number(goal, unit(kpi_id), language, currency=currency)


def listing(language: str, *, goals: Mapping | None = None, settings: Mapping | None = None) -> pd.DataFrame:
    """The registry as a table of texts: key, name, definition, formula, unit, direction, owner, target."""
    currency = str((settings or {}).get("currency", "JPY"))
    rows = [
        {
            "key": one.id,
            "name": name(one.id, language),
            "definition": one.definition_ja if language == "ja" else one.definition_en,
            "formula": one.formula.text(),
            "unit": i18n.word(f"kpi_words.unit.{one.unit}", language),
            "direction": i18n.word(f"kpi_words.{'up' if one.higher_is_better else 'down'}", language),
            "owner": owner(one.id, language, settings),
            "target": target(one.id, goals or {}, language, currency),
        }
        for one in KPIS.values()
    ]
    heads = {key: i18n.word(f"kpi_words.column.{key}", language) for key in rows[0]}
    return pd.DataFrame(rows).rename(columns=heads)


def part_name(part: str, language: str) -> str:
    """What people call a part of a dimension: a channel, a store's own code, a quarter (segments have names elsewhere)."""
    return i18n.word_or(f"kpi_words.part.{part}", language, part)


def parts(by: pd.DataFrame, dimension: str, kpi_id: str) -> pd.DataFrame:
    """This month's parts of a dimension for one KPI, nobody-known left out: part, value, n, low, high, withheld.

    by: the table kpi_by as a frame. The twelve with the largest n, those withheld last.
    """
    rows = by[(by["dimension"] == dimension) & (by["kpi"] == kpi_id) & (by["part"] != "anonymous")]
    rows = rows[rows["month"] == rows["month"].max()].sort_values(
        ["withheld", "n", "part"], ascending=[True, False, True]
    )
    return rows[["part", "value", "n", "low", "high", "withheld"]].head(MOST_PARTS).reset_index(drop=True)


def parts_title(
    by: pd.DataFrame,
    dimension: str,
    kpi_id: str,
    language: str,
    currency: str = "JPY",
    name_of: Callable[[str, str], str] = part_name,
) -> str:
    """The finding: the part clearly highest against the one lowest, or that no two differ clearly."""
    rows = parts(by, dimension, kpi_id).dropna(subset=["value", "low", "high"])
    said = {"kpi": name(kpi_id, language), "dimension": i18n.word(f"kpi_words.dimension.{dimension}", language)}
    if len(rows) < 2:
        return i18n.sentence("kpi_words.parts_few", language, **said)
    top, least = rows.loc[rows["value"].idxmax()], rows.loc[rows["value"].idxmin()]
    low, _ = difference(top["value"], top["low"], top["high"], least["value"], least["low"], least["high"])
    if not low > 0:
        return i18n.sentence("kpi_words.parts_alike", language, **said)
    write = {"unit": unit(kpi_id), "language": language, "currency": currency}
    return i18n.sentence(
        "kpi_words.parts_differ",
        language,
        kpi=said["kpi"],
        high=name_of(top["part"], language),
        high_value=i18n.number(top["value"], **write),
        low=name_of(least["part"], language),
        low_value=i18n.number(least["value"], **write),
    )


def curves(table: pd.DataFrame, *, k_min: int = 10) -> pd.DataFrame:
    """Retention of the cohorts of a quarter together: cohort (2026-Q3), months_since, customers, retained, rate, low, high.

    table: the table kpi_cohorts as a frame. Only ages that every month of the quarter has reached; points of 1 to
    k_min − 1 who came back, or cohorts of fewer than k_min, are withheld (no row). The first year of the six newest
    quarters of which two later months can be shown (or one, while none has more).
    """
    months = pd.to_datetime(table["cohort_month"])
    quarter = months.dt.year.astype(str) + "-Q" + months.dt.quarter.astype(str)
    reached = table.groupby(["cohort_month"])["months_since"].max()
    least = reached.groupby(quarter.groupby(table["cohort_month"]).first()).min()
    rows = table.assign(cohort=quarter)
    rows = rows[(rows["months_since"] <= rows["cohort"].map(least)) & (rows["months_since"] <= YEAR)]
    rows = rows.groupby(["cohort", "months_since"], as_index=False)[["customers", "retained"]].sum()
    rows = rows[(rows["customers"] >= k_min) & ~rows["retained"].between(1, k_min - 1)]
    later = rows.loc[rows["months_since"] >= 1, "cohort"].value_counts()
    drawn = sorted(later[later >= min(2, later.max() if len(later) else 0)].index)
    rows = rows[rows["cohort"].isin(drawn[-MOST_CURVES:])].reset_index(drop=True)
    low, high = wilson(rows["retained"], rows["customers"])
    return rows.assign(rate=rows["retained"] / rows["customers"], low=low, high=high)


def curves_title(table: pd.DataFrame, language: str, *, k_min: int = 10) -> str:
    """The finding: how many of the newest quarter's first-time buyers came back a month later, against a year before.

    Against the oldest quarter shown while there is no year before; the newest is the newest of which that can be said.
    """
    rows = curves(table, k_min=k_min)
    first = rows[rows["months_since"] == 1].sort_values("cohort", ignore_index=True)
    if not len(first):
        return i18n.word("kpi_words.curves_few", language)
    new = first.iloc[-1]
    year_before = f"{int(new['cohort'][:4]) - 1}{new['cohort'][4:]}"
    before = first[first["cohort"] == year_before]
    old = before.iloc[0] if len(before) else first.iloc[0]
    said = {
        "cohort": quarter_name(new["cohort"], language),
        "rate": i18n.number(new["rate"], "rate", language),
    }
    if len(first) == 1:
        return i18n.sentence("kpi_words.curves_only", language, **said)
    low, high = difference(new["rate"], new["low"], new["high"], old["rate"], old["low"], old["high"])
    key = {CLEAR_UP: "up", CLEAR_DOWN: "down", NO_CLEAR_CHANGE: "alike"}[verdict(float(low), float(high))]
    return i18n.sentence(
        f"kpi_words.curves_{key}",
        language,
        **said,
        before=quarter_name(old["cohort"], language),
        rate_before=i18n.number(old["rate"], "rate", language),
    )


def quarter_name(code: str, language: str) -> str:
    """2026-Q3 as people write it: 2026年7〜9月, or Jul–Sep 2026."""
    year, quarter = code.split("-Q")
    first = int(quarter) * 3 - 3
    if language == "ja":
        return f"{year}年{first + 1}〜{first + 3}月"
    return f"{i18n.MONTHS[first]}–{i18n.MONTHS[first + 2]} {year}"


def second_purchases(table: pd.DataFrame) -> pd.DataFrame:
    """Second purchases within 30, 60, 90 and 180 days of the newest month whose windows have all ended.

    table: the kpi table as a frame. One row per window: kpi, month, value, n, low, high; none before there is one. The
    windows of a month have all ended when each of its new customers counts.
    """
    rows = table[table["kpi"].str.startswith("second_purchase_") & table["value"].notna()]
    began = table[table["kpi"] == "new_customers"].set_index("month")["value"]
    rows = rows[rows["n"] == rows["month"].map(began)]
    newest = rows.groupby("kpi")["month"].max()
    order = [kpi_id for kpi_id in KPIS if kpi_id in newest.index]
    return pd.concat(
        [rows[(rows["kpi"] == kpi_id) & (rows["month"] == newest[kpi_id])] for kpi_id in order] or [rows.head(0)],
        ignore_index=True,
    ).replace({np.nan: None})


def second_purchase_frame(table: pd.DataFrame, language: str, *, k_min: int = 10) -> pd.DataFrame:
    """second_purchases for people: window, month of the first order, share, 95 % interval, n.

    A month with fewer than k_min first-time customers, or in which fewer did or did not come back, has its share withheld.
    """
    heads = [i18n.word(f"second_purchase.{key}", language) for key in ("window", "month", "share", "interval", "n")]
    rows = []
    for row in second_purchase_texts(table, language, k_min=k_min):
        window = i18n.sentence("second_purchase.within", language, days=row["days"])
        rows.append([window, row["month"], row["share"], row["interval"], row["n"]])
    return pd.DataFrame(rows, columns=heads)


def second_purchase_texts(table: pd.DataFrame, language: str, *, k_min: int = 10) -> list[dict]:
    """One dictionary per window of second_purchases: days, month, share, interval and n as texts; small ones withheld."""
    told = []
    for row in second_purchases(table).to_dict("records"):
        again = round(row["value"] * row["n"])
        small = row["n"] < k_min or any(0 < part < k_min for part in (again, row["n"] - again))
        told.append(
            {
                "days": row["kpi"].rsplit("_", 1)[1],
                "month": month_label(pd.Timestamp(row["month"]), language),
                "share": i18n.MISSING if small else i18n.number(row["value"], "rate", language),
                "interval": i18n.MISSING if small else i18n.interval(row["low"], row["high"], "rate", language),
                "n": f"<{k_min}" if row["n"] < k_min else i18n.number(row["n"], "people", language),
            }
        )
    return told
