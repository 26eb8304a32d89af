"""KPIs of orders and money, one function each (see kpi/customers.py)."""

from customerbase.kpi.formula import ANONYMOUS, KNOWN, RATIO, TOTAL, Formula
from customerbase.kpi.registry import kpi


@kpi(
    "Orders",
    "注文件数",
    unit="count",
    group="purchases",
    owner="store operations",
    definition="その月の完了した注文の件数。匿名の注文を含む。",
)
def orders() -> Formula:
    """Completed orders of the month, anonymous ones included."""
    return Formula(TOTAL, "orders", n="orders", squares="orders", lowest=0)


@kpi(
    "Revenue",
    "売上",
    unit="currency",
    group="money",
    owner="management",
    definition="その月の完了した注文の合計額から、赤伝と返金を差し引いた額。匿名の売上を含む。",
)
def revenue() -> Formula:
    """Totals of the month's completed orders less its credit notes and refunds, anonymous sales included."""
    return Formula(TOTAL, "revenue", n="orders", squares="revenue_squared")


@kpi(
    "Average order value",
    "平均購入単価",
    unit="currency",
    group="purchases",
    owner="store operations",
    definition="顧客が分かる売上 ÷ その注文件数。",
)
def average_order_value() -> Formula:
    """Revenue from identified customers divided by their orders in the month."""
    return Formula(RATIO, "revenue", "orders", n="orders", of=KNOWN)


@kpi(
    "Purchase frequency",
    "購入頻度",
    unit="orders_per_customer",
    group="purchases",
    owner="marketing",
    definition="その月の注文件数（顧客が分かるもの） ÷ 購入客数。",
)
def purchase_frequency() -> Formula:
    """Orders of identified customers in the month divided by active customers."""
    return Formula(RATIO, "orders", "active", n="active", of=KNOWN)


@kpi(
    "Items per order",
    "1注文あたり点数",
    unit="items_per_order",
    group="purchases",
    owner="merchandising",
    definition="その月に売れた商品の点数 ÷ 注文件数（明細の分かるもの）。匿名の売上を含む。",
)
def items_per_order() -> Formula:
    """Items of goods sold in the month divided by its orders, where lines are known; anonymous sales included."""
    with_lines = "case when items <> 0 then orders else 0 end"
    return Formula(RATIO, "items", with_lines, n=with_lines)


@kpi(
    "Price per item",
    "1点単価",
    unit="currency",
    group="purchases",
    owner="merchandising",
    definition="その月の商品の金額 ÷ 点数。匿名の売上を含む。",
)
def price_per_item() -> Formula:
    """Amount of the goods sold in the month divided by their items, anonymous sales included."""
    return Formula(RATIO, "goods", "items", n="orders")


@kpi(
    "Revenue from known customers",
    "会員売上",
    unit="currency",
    group="money",
    owner="marketing",
    definition="購入客数 × 購入頻度 × 平均購入単価。顧客が分かる注文・赤伝・返金の合計。",
)
def revenue_identified() -> Formula:
    """Active customers × purchase frequency × average order value: net sales to identified customers in the month."""
    return Formula(TOTAL, "revenue", n="orders", of=KNOWN)


@kpi(
    "Revenue without a customer",
    "会員以外の売上",
    unit="currency",
    group="money",
    owner="store operations",
    definition="顧客が分からない注文・赤伝・返金の合計。",
)
def revenue_anonymous() -> Formula:
    """Net sales of the month to nobody known."""
    return Formula(TOTAL, "revenue", n="orders", of=ANONYMOUS, squares="revenue_squared")


@kpi(
    "Gross margin",
    "粗利率",
    unit="ratio",
    group="money",
    owner="merchandising",
    definition="原価の分かる商品の、(金額 − 原価) ÷ 金額。匿名の売上を含む。",
)
def gross_margin() -> Formula:
    """Amount less cost, divided by amount, of the goods whose cost is known, anonymous sales included."""
    return Formula(RATIO, "costed - cost", "costed", n="orders")


@kpi(
    "Goods with a known cost",
    "原価の分かる商品の割合",
    unit="ratio",
    group="money",
    owner="merchandising",
    definition="その月の商品の金額のうち、原価が分かるものの割合。粗利率はこの範囲について言える。",
)
def cost_coverage() -> Formula:
    """Share of the amount of goods whose cost is known: what gross margin speaks of."""
    return Formula(RATIO, "costed", "goods", n="orders", lowest=0, highest=1)


@kpi(
    "Revenue of the top 10 %",
    "上位10%の売上構成比",
    unit="ratio",
    group="money",
    owner="management",
    definition="直近12か月の会員売上のうち、購入額の多い上位10%の顧客が占める割合。",
)
def top_decile_share() -> Formula:
    """Share of the last 12 months' revenue from known customers that the tenth of them who spent most brought in."""
    return Formula(RATIO, "top_revenue", "revenue", n="customers", table="kpi_top_decile", lowest=0, highest=1)
