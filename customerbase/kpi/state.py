"""KPIs of satisfaction, of e-mails and of the data themselves, one function each, from tables of their own."""

from customerbase.kpi.formula import BALANCE, RATIO, SHARE, Formula
from customerbase.kpi.registry import kpi


@kpi(
    "Net Promoter Score",
    "NPS（推奨度）",
    unit="points",
    group="satisfaction",
    owner="customer service",
    definition="推奨度（0〜10）の設問へのその月の回答のうち、9以上の割合から6以下の割合を引いた値（ポイント）。回答の重みを用いる。",
)
def nps() -> Formula:
    """Share of answers of 9 and 10 less that of 0 to 6, of the month's answers to the question of recommendation (0–10), in points; weighted."""
    answers = {"n": "nps_answers", "plus": "promoters", "minus": "detractors", "table": "kpi_answers"}
    return Formula(BALANCE, "score", "nps_weight", **answers, lowest=-100, highest=100)


@kpi(
    "Satisfied answers (CSAT)",
    "満足の割合（CSAT）",
    unit="ratio",
    group="satisfaction",
    owner="customer service",
    definition="総合満足度の設問へのその月の回答のうち、満足（5段階の4以上、7段階の6以上）の割合。回答の重みを用いる。",
)
def csat() -> Formula:
    """Share of the satisfied (from 4 of 5, 6 of 7) among the month's answers to the question of overall satisfaction; weighted."""
    return Formula(SHARE, "satisfied", "csat_weight", n="csat_answers", table="kpi_answers")


@kpi(
    "E-mails opened",
    "メール開封率",
    unit="ratio",
    group="satisfaction",
    owner="marketing",
    definition="その月に届いた施策メールのうち、開封された割合。配信しない比較群は含まない。",
)
def email_open_rate() -> Formula:
    """Share of the campaign e-mails delivered in the month that were opened; customers kept back are not counted."""
    return Formula(RATIO, "opened", "delivered", n="delivered", table="kpi_emails", lowest=0, highest=1)


@kpi(
    "E-mails clicked",
    "メールクリック率",
    unit="ratio",
    group="satisfaction",
    owner="marketing",
    definition="その月に届いた施策メールのうち、クリックされた割合。配信しない比較群は含まない。",
)
def email_click_rate() -> Formula:
    """Share of the campaign e-mails delivered in the month that were clicked; customers kept back are not counted."""
    return Formula(RATIO, "clicked", "delivered", n="delivered", table="kpi_emails", lowest=0, highest=1)


@kpi(
    "Rows accepted",
    "受け入れた行の割合",
    unit="ratio",
    group="data",
    owner="customer data",
    definition="読み込んだ元データの行のうち、受け入れた割合。",
)
def rows_accepted() -> Formula:
    """Share of the rows read from the source files that were accepted."""
    return Formula(SHARE, "accepted", "rows_read", n="rows_read", table="kpi_data")


@kpi(
    "Reachable by e-mail",
    "メールで連絡できる顧客",
    unit="ratio",
    group="data",
    owner="customer data",
    definition="全顧客のうち、使えるメールアドレスがある割合。同意の有無は問わない。",
)
def reachable_by_email() -> Formula:
    """Share of all customers with a usable e-mail address, whatever they have consented to."""
    return Formula(SHARE, "has_email", "customers", n="customers", table="kpi_data")


@kpi(
    "Reachable by phone",
    "電話で連絡できる顧客",
    unit="ratio",
    group="data",
    owner="customer data",
    definition="全顧客のうち、使える電話番号がある割合。同意の有無は問わない。",
)
def reachable_by_phone() -> Formula:
    """Share of all customers with a usable phone number, whatever they have consented to."""
    return Formula(SHARE, "has_phone", "customers", n="customers", table="kpi_data")


@kpi(
    "Completeness",
    "項目の充足率",
    unit="ratio",
    group="data",
    owner="customer data",
    definition="元データの各表の項目のうち、値が入っている割合。",
)
def completeness() -> Formula:
    """Share of the cells of the source tables that are filled."""
    return Formula(SHARE, "filled", "cells", n="cells", table="kpi_data")


@kpi(
    "Validity",
    "行の妥当率",
    unit="ratio",
    group="data",
    owner="customer data",
    definition="元データの各表の行のうち、除外すべき誤りのない割合。",
)
def validity() -> Formula:
    """Share of the rows of the source tables without a fault that keeps a row out."""
    return Formula(SHARE, "valid", "checked", n="checked", table="kpi_data")


@kpi(
    "Duplicate rows",
    "重複行の割合",
    unit="ratio",
    group="data",
    owner="customer data",
    higher_is_better=False,
    definition="元データの各表の行のうち、重複である割合。",
)
def duplication() -> Formula:
    """Share of the rows of the source tables that repeat another."""
    return Formula(SHARE, "duplicates", "compared", n="compared", table="kpi_data")
