"""KPIs of customers, one function each: its name is the id, its docstring the definition, its body the formula.

The facts they sum (sql/kpi_facts.sql) have one row per customer, or for anonymous sales, and month: what was sold, and
whether the customer was active, new, lost … Intervals are 95 %: Wilson for shares, the score interval for counts, sums
of squares over customers for totals and ratios.
"""

from customerbase.kpi.formula import COUNT, KNOWN, RATIO, SHARE, Formula
from customerbase.kpi.registry import kpi


def _second(days: int) -> Formula:
    return Formula(SHARE, f"second_{days}", f"matured_{days}", n=f"matured_{days}")


@kpi(
    "Active customers",
    "購入客数",
    unit="count",
    group="customers",
    owner="marketing",
    definition="その月に1回以上注文した顧客の数。",
)
def active_customers() -> Formula:
    """Customers with at least one order in the month."""
    return Formula(COUNT, "active")


@kpi(
    "New customers",
    "新規客数",
    unit="count",
    group="customers",
    owner="marketing",
    definition="データ上の初回注文がその月である顧客の数。",
)
def new_customers() -> Formula:
    """Customers whose first order in the data falls in the month."""
    return Formula(COUNT, "is_new")


@kpi(
    "Returning customers",
    "継続購入客数",
    unit="count",
    group="customers",
    owner="marketing",
    definition="その月に注文し、直前の注文からの月数が休眠の基準（silence_months）以内である顧客の数。",
)
def returning_customers() -> Formula:
    """Active customers whose order before lies no more than silence_months months back."""
    return Formula(COUNT, "is_returning", history=1)


@kpi(
    "Reactivated customers",
    "復帰客数",
    unit="count",
    group="customers",
    owner="marketing",
    definition="その月に注文し、直前の注文からの月数が休眠の基準（silence_months）を超えていた顧客の数。",
)
def reactivated_customers() -> Formula:
    """Active customers whose order before lies more than silence_months months back."""
    return Formula(COUNT, "is_reactivated", history=1, after_silence=True)


@kpi(
    "Lost customers",
    "離脱客数",
    unit="count",
    group="customers",
    owner="marketing",
    higher_is_better=False,
    definition="最後の注文からの月数が、その月に休眠の基準（silence_months）に達した顧客の数。",
)
def lost_customers() -> Formula:
    """Customers whose silence reached silence_months months in the month."""
    return Formula(COUNT, "lost", n="alive_before", after_silence=True)


@kpi(
    "Current customers",
    "現役客数",
    unit="count",
    group="customers",
    owner="marketing",
    definition="その月を含む直近 silence_months か月に注文した顧客の数（月末時点）。前月の現役＋新規＋復帰−離脱に等しい。",
)
def current_customers() -> Formula:
    """Customers with an order in the silence_months months that end with the month: those before + new + reactivated − lost."""
    return Formula(COUNT, "alive", n="alive", history=-1, after_silence=True)


@kpi(
    "Repeat rate",
    "リピート率",
    unit="ratio",
    group="customers",
    owner="marketing",
    definition="その月に注文した顧客のうち、前月までに注文したことのある顧客の割合。データの最初の月は空欄。",
)
def repeat_rate() -> Formula:
    """Share of the month's active customers who had ordered before that month; empty in the first month of the data."""
    return Formula(SHARE, "active - is_new", "active", n="active", history=1)


@kpi(
    "Retention rate",
    "継続率",
    unit="ratio",
    group="customers",
    owner="marketing",
    definition="前月に注文した顧客のうち、その月にも注文した顧客の割合。前月がない月は空欄。",
)
def retention_rate() -> Formula:
    """Share of the previous month's active customers who ordered again in the month; empty without a previous month."""
    return Formula(SHARE, "retained", "active_before", n="active_before")


@kpi(
    "Loss rate",
    "離脱率",
    unit="ratio",
    group="customers",
    owner="marketing",
    higher_is_better=False,
    definition="前月末の現役客のうち、その月に離脱した顧客の割合。",
)
def loss_rate() -> Formula:
    """Share of the customers current at the end of the month before who were lost in the month."""
    return Formula(SHARE, "lost", "alive_before", n="alive_before", after_silence=True)


@kpi(
    "Second purchase within 30 days",
    "F2転換率（30日）",
    unit="ratio",
    group="customers",
    owner="marketing",
    definition="その月が初回購入で30日の期間が終わった顧客のうち、初回より後の日に30日以内に再び注文した割合。",
)
def second_purchase_30() -> Formula:
    """Share of the month's first-time customers, of those whose 30 days have ended, who ordered on a later day within them."""
    return _second(30)


@kpi(
    "Second purchase within 60 days",
    "F2転換率（60日）",
    unit="ratio",
    group="customers",
    owner="marketing",
    definition="その月が初回購入で60日の期間が終わった顧客のうち、初回より後の日に60日以内に再び注文した割合。",
)
def second_purchase_60() -> Formula:
    """Share of the month's first-time customers, of those whose 60 days have ended, who ordered on a later day within them."""
    return _second(60)


@kpi(
    "Second purchase within 90 days",
    "F2転換率（90日）",
    unit="ratio",
    group="customers",
    owner="marketing",
    definition="その月が初回購入で90日の期間が終わった顧客のうち、初回より後の日に90日以内に再び注文した割合。",
)
def second_purchase_90() -> Formula:
    """Share of the month's first-time customers, of those whose 90 days have ended, who ordered on a later day within them."""
    return _second(90)


@kpi(
    "Second purchase within 180 days",
    "F2転換率（180日）",
    unit="ratio",
    group="customers",
    owner="marketing",
    definition="その月が初回購入で180日の期間が終わった顧客のうち、初回より後の日に180日以内に再び注文した割合。",
)
def second_purchase_180() -> Formula:
    """Share of the month's first-time customers, of those whose 180 days have ended, who ordered on a later day within them."""
    return _second(180)


@kpi(
    "Value of a new customer",
    "新規客の生涯価値",
    unit="currency",
    group="customers",
    owner="marketing",
    definition="その月が初回購入である顧客の、集計基準日時点の顧客生涯価値の平均。",
)
def new_customer_value() -> Formula:
    """Mean lifetime value, as of the as-of date, of the customers whose first order falls in the month."""
    return Formula(RATIO, "new_value", "valued", n="valued", of=KNOWN, lowest=0)
