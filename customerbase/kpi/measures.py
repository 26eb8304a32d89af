"""The KPIs, one function each: the first line of its docstring is the definition printed under every figure.

A function takes the base (kpi.months: one row per month, counts and exact sums) and returns value, n, low, high.
Intervals are 95 %: Wilson for shares, the score interval for counts, sums of squares over customers for the others.
"""

import numpy as np
import pandas as pd

from customerbase.intervals import compound, mean, poisson, ratio, wilson
from customerbase.kpi.registry import estimate, kpi


@kpi(en="Active customers", ja="購入客数", unit="count", definition="その月に1回以上注文した顧客の数。")
def active_customers(base: pd.DataFrame) -> pd.DataFrame:
    """Customers with at least one order in the month."""
    return estimate(base["active_customers"], base["active_customers"], poisson(base["active_customers"]))


@kpi(en="New customers", ja="新規客数", unit="count", definition="データ上の初回注文がその月である顧客の数。")
def new_customers(base: pd.DataFrame) -> pd.DataFrame:
    """Customers whose first order in the data falls in the month."""
    return estimate(base["new_customers"], base["active_customers"], poisson(base["new_customers"]))


@kpi(
    en="Repeat rate",
    ja="リピート率",
    unit="ratio",
    definition="その月に注文した顧客のうち、前月までに注文したことのある顧客の割合。データの最初の月は空欄。",
)
def repeat_rate(base: pd.DataFrame) -> pd.DataFrame:
    """Share of the month's active customers who had ordered before that month; empty in the first month of the data."""
    active = base["active_customers"]
    repeat = active - base["new_customers"]
    known = _known(active).where(base["new_customers"].cumsum().shift(fill_value=0) > 0)
    return estimate(repeat / known, active, wilson(repeat, active))


@kpi(en="Orders", ja="注文件数", unit="count", definition="その月の完了した注文の件数。匿名の注文を含む。")
def orders(base: pd.DataFrame) -> pd.DataFrame:
    """Completed orders of the month, anonymous ones included."""
    total = base["orders"] + base["anonymous_orders"]
    # orders of one customer come together: the squares over customers widen the interval accordingly
    low, high = compound(total, base["orders_squared"] + base["anonymous_orders"])
    return estimate(total, total, (np.maximum(low, 0), high))


@kpi(
    en="Revenue",
    ja="売上",
    unit="currency",
    definition="その月の完了した注文の合計額から、赤伝と返金を差し引いた額。匿名の売上を含む。",
)
def revenue(base: pd.DataFrame) -> pd.DataFrame:
    """Totals of the month's completed orders less its credit notes and refunds, anonymous sales included."""
    total = base["revenue"] + base["anonymous_revenue"]
    squares = base["revenue_squared"] + base["anonymous_revenue_squared"]
    return estimate(total, base["orders"] + base["anonymous_orders"], compound(total, squares))


@kpi(en="Average order value", ja="平均購入単価", unit="currency", definition="顧客が分かる売上 ÷ その注文件数。")
def average_order_value(base: pd.DataFrame) -> pd.DataFrame:
    """Revenue from identified customers divided by their orders in the month."""
    bounds = ratio(
        base["revenue"],
        base["orders"],
        base["revenue_squared"],
        base["orders_squared"],
        base["revenue_times_orders"],
        base["customers"],
    )
    return estimate(base["revenue"] / _known(base["orders"]), base["orders"], bounds)


@kpi(
    en="Purchase frequency",
    ja="購入頻度",
    unit="orders_per_customer",
    definition="その月の注文件数（顧客が分かるもの） ÷ 購入客数。",
)
def purchase_frequency(base: pd.DataFrame) -> pd.DataFrame:
    """Orders of identified customers in the month divided by active customers."""
    active = base["active_customers"]
    return estimate(base["orders"] / _known(active), active, mean(base["orders"], base["orders_squared"], active))


@kpi(
    en="Retention rate",
    ja="継続率",
    unit="ratio",
    definition="前月に注文した顧客のうち、その月にも注文した顧客の割合。前月がない月は空欄。",
)
def retention_rate(base: pd.DataFrame) -> pd.DataFrame:
    """Share of the previous month's active customers who ordered again in the month; empty without a previous month."""
    previous = base["active_customers"].shift(fill_value=0)
    retained = base["retained_customers"]
    return estimate(retained / _known(previous), previous, wilson(retained, previous))


@kpi(
    en="Revenue from known customers",
    ja="会員売上",
    unit="currency",
    definition="購入客数 × 購入頻度 × 平均購入単価。顧客が分かる注文・赤伝・返金の合計。",
)
def revenue_identified(base: pd.DataFrame) -> pd.DataFrame:
    """Active customers × purchase frequency × average order value: net sales to identified customers in the month."""
    return estimate(base["revenue"], base["orders"], compound(base["revenue"], base["revenue_squared"]))


@kpi(
    en="Revenue without a customer",
    ja="会員以外の売上",
    unit="currency",
    definition="顧客が分からない注文・赤伝・返金の合計。",
)
def revenue_anonymous(base: pd.DataFrame) -> pd.DataFrame:
    """Net sales of the month to nobody known."""
    bounds = compound(base["anonymous_revenue"], base["anonymous_revenue_squared"])
    return estimate(base["anonymous_revenue"], base["anonymous_orders"], bounds)


def _known(denominator: pd.Series) -> pd.Series:
    return denominator.where(denominator > 0).astype(float)
