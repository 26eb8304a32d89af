"""Who may leave (離れそうな顧客): three sentences and two figures on who will buy nothing, what is at risk, whom to contact."""

from datetime import timedelta
from types import ModuleType

import pandas as pd

import customerbase.churn.looks as looks
import customerbase.prediction.looks as judged
from customerbase import i18n, segments
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

RANGE = 0.8  # of what may happen lies within the intervals of sums ahead: 10 % to 90 %
OBSERVED = 0.95  # intervals of what happened
TABLES = ("churn", "churn_groups")  # without these there is no section
MORE = ("churn_outcomes", "churn_profit", "propensity_totals")  # each a sentence or a figure more


def lines(data: ReportData, language: str) -> list[tuple[str, str]] | None:
    """Label and sentence: how many may leave and what that costs, where and why, how right the last list was, how many
    will buy (where that is predicted), and whom to contact next.

    [] where the customers are too few; None in a pipeline without page 06, whose report has no such section.
    """
    if not set(TABLES) <= set(data.tables):
        return None
    whole = _whole(data)
    if whole is None:
        return []
    told = {
        "risk.expected": _expected(data, whole, language),
        "risk.where": _where(data, whole, language),
        "risk.right": _right(data, language),
        "risk.buying": _buying(data, language),
        "report.next": _next(data, language),
    }
    return [(i18n.word(key, language), text) for key, text in told.items() if text]


def groups(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """Value at risk (without values: expected leavers) by segment, with 80 % intervals; None without segments to show."""
    rows = _segments(data)
    if not len(rows):
        return None
    table, measure = data.tables["churn_groups"], _measure(data)
    ends = {"low": f"{measure}_low", "high": f"{measure}_high"}
    shown = rows.astype(dict.fromkeys((measure, *ends.values()), float))
    form = (lambda value: data.money(value, language)) if measure == "value_at_risk" else "{:,.0f}"
    look = {"title": "", "caption": "", "language": language, "fmt": form, **ends}
    drawn = [draw.svg(draw.bars(shown, measure, "value", width=width, **look)) for width in (4.8, draw.WIDTHS["phone"])]
    title = i18n.sentence(f"risk.title_{measure}", language, **_part(rows.iloc[0], language))
    text = i18n.word(f"risk.measure_{measure}", language)
    if len(rows) < (table["dimension"] == "segment").sum():
        text += i18n.sentence("worth.left_out", language, k=data.k_min)
    words = i18n.word("churn.risk", language) if measure == "value_at_risk" else _leaving(data, language)
    caption = draw.caption(looks.by, "churn_groups", data.as_of, customers(data), language, RANGE, definition=words)
    return Picture(title, text, caption, *drawn)


def outcomes(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """What was predicted against what happened, by risk band; None before a window is over, or where few would show."""
    rows = _outcomes(data)
    if not len(rows):
        return None
    rows = rows.assign(name=[looks.band(code, language) for code in rows["band"]])
    columns = ("name", "actual", "actual_low", "actual_high", "predicted")
    label = i18n.word("risk.share", language)
    look = {"title": "", "caption": "", "language": language, "n": "customers", "fmt": "rate", "xlabel": label}
    drawn = [draw.svg(draw.calibration(rows, *columns, width=width, **look)) for width in (4.8, draw.WIDTHS["phone"])]
    whole = rows.iloc[0]
    title = i18n.sentence(f"risk.title_{judged.verdict(whole)}", language, day=i18n.day(_listed(whole), language))
    text = i18n.word(f"risk.measure_{whole['source']}", language)
    if len(rows) < (data.tables["churn_outcomes"]["customers"] > 0).sum():
        text += i18n.sentence("worth.left_out", language, k=data.k_min)
    caption = draw.caption(
        judged.outcome_title,
        "churn_outcomes",
        data.as_of,
        int(whole["customers"]),
        language,
        OBSERVED,
        definition=_leaving(data, language),
    )
    return Picture(title, text, caption, *drawn)


def customers(data: ReportData) -> int | None:
    """How many customers the section speaks of; None without them."""
    whole = _whole(data)
    return int(whole["customers"]) if whole is not None else None


def definition(data: ReportData, language: str) -> str:
    """What leaving is, and what is at risk; "" without customers."""
    if _whole(data) is None:
        return ""
    parts = [_leaving(data, language)]
    if _measure(data) == "value_at_risk":
        parts.append(i18n.word("churn.risk", language))
    return ("。" if language == "ja" else ". ").join(parts)


def terms(data: ReportData, language: str) -> list[tuple[str, str]]:
    """Terms of the section with their definitions, and how its intervals are to be read; [] without the section."""
    return [(i18n.word("risk.title", language), text)] if (text := definition(data, language)) else []


def sources(data: ReportData) -> str:
    """The tables that the section is made of."""
    return ", ".join(name for name in (*TABLES, *MORE) if name in data.tables)


# --- what may be told -----------------------------------------------------------------------------------------------------


def _whole(data: ReportData) -> pd.Series | None:
    """The row of all customers; None without one, or where they are fewer than k_min."""
    table = data.tables.get("churn_groups")
    if table is None or not len(table) or not data.rows("churn"):
        return None
    whole = looks.everybody(table)
    return whole if whole is not None and whole["customers"] >= data.k_min else None


def _segments(data: ReportData) -> pd.DataFrame:
    """The segments to show, the most at risk first; what the segments' own section withholds is withheld here."""
    if _whole(data) is None:
        return pd.DataFrame()
    rows = looks.by(data.tables["churn_groups"], "segment", data.k_min, frozenset(data.withheld_segments))
    return rows.dropna(subset=[_measure(data), "share"])


def _outcomes(data: ReportData) -> pd.DataFrame:
    """The list whose window is over, as far as it may be told."""
    table = data.tables.get("churn_outcomes")
    return pd.DataFrame() if table is None or _whole(data) is None else judged.outcomes(table, data.k_min)


def _measure(data: ReportData) -> str:
    return "value_at_risk" if looks.has_value(data.tables["churn_groups"]) else "leavers"


def _days(data: ReportData) -> int:
    return int(data.rows("churn")[0]["horizon_days"])


def _leaving(data: ReportData, language: str) -> str:
    return i18n.sentence("churn.definition", language, days=_days(data))


def _listed(row: pd.Series):
    """The as-of date of a list: the day before its window began."""
    return pd.Timestamp(row["cutoff"]).date() - timedelta(days=1)


# --- sentences ------------------------------------------------------------------------------------------------------------


def _expected(data: ReportData, whole: pd.Series, language: str) -> str:
    told = {
        "customers": i18n.number(int(whole["customers"]), "people", language),
        "leavers": _people(whole["leavers"], language),
        "days": _days(data),
        "interval": i18n.span(*(_people(whole[f"leavers_{end}"], language) for end in ("low", "high")), language),
    }
    said = [i18n.sentence("risk.leavers", language, **told)]
    if _measure(data) == "value_at_risk":
        share = i18n.number(float(whole["value_at_risk"]) / float(whole["cltv"]), "rate", language)
        said.append(i18n.sentence("risk.at_risk", language, share=share, **_amount(data, whole, language)))
    return i18n.run_on(said, language)


def _where(data: ReportData, whole: pd.Series, language: str) -> str:
    """The segment with most at risk, and the commonest reasons of all customers."""
    said, rows, measure = [], _segments(data), _measure(data)
    if len(rows):
        told = _part(rows.iloc[0], language) | _amount(data, rows.iloc[0], language)
        said.append(i18n.sentence(f"risk.most_{measure}", language, **told))
    codes = [whole[f"reason_{k}"] for k in (1, 2, 3)]
    if words := [i18n.word(f"risk.reason.{code}", language) for code in codes if isinstance(code, str)]:
        said.append(i18n.sentence("risk.reasons", language, reasons=i18n.join(words, language)))
    return i18n.run_on(said, language)


def _right(data: ReportData, language: str) -> str:
    """How right the newest list was whose window is over."""
    rows = _outcomes(data)
    if not len(rows):
        return i18n.word(f"risk.outcome_{'few' if data.rows('churn_outcomes') else 'none'}", language)
    row = rows.iloc[0]
    shares = {name: i18n.number(row[name], "rate", language) for name in ("predicted", "actual")}
    ends = i18n.span(*(i18n.number(row[f"actual_{end}"], "rate", language) for end in ("low", "high")), language)
    told = {"n": _people(row["customers"], language), "day": i18n.day(_listed(row), language), "interval": ends}
    said = i18n.sentence(f"risk.outcome_{row['source']}", language, **told, **shares)
    return i18n.run_on([said, i18n.word(f"risk.verdict_{judged.verdict(row)}", language)], language)


def _next(data: ReportData, language: str) -> str:
    """Whom to contact and what that should bring; or that contacting nobody pays."""
    profit = data.tables.get("churn_profit")
    if profit is None or not len(profit):
        return i18n.word("risk.next_amounts", language)
    best = profit[(profit["ranking"] == "profit") & profit["is_best"].astype(bool)]
    if not len(best) or float(best["profit"].iloc[0]) <= 0:
        return i18n.word("risk.next_nothing", language)
    row = best.iloc[0]
    few = row["contacted"] < data.k_min
    told = {
        "n": i18n.sentence("risk.few", language, k=data.k_min) if few else _people(row["contacted"], language),
        "profit": data.money(row["profit"], language),
        "interval": i18n.span(*(data.money(row[end], language) for end in ("low", "high")), language),
    }
    return i18n.sentence("risk.next_contact", language, **told)


def _buying(data: ReportData, language: str) -> str:
    """How many will buy within the month ahead, and what they spend; "" where page 07 does not say."""
    row = next((row for row in data.rows("propensity_totals") if row["is_ahead"]), None)
    if row is None or row["customers"] < data.k_min:
        return ""
    told = {
        "customers": i18n.number(int(row["customers"]), "people", language),
        "buyers": _people(row["buyers"], language),
        "days": int(row["horizon_days"]),
        "interval": i18n.span(*(_people(row[f"buyers_{end}"], language) for end in ("low", "high")), language),
    }
    said = [i18n.sentence("risk.buyers", language, **told)]
    if row["spend"] is not None:
        spend, *ends = (data.money(row[f"spend{end}"], language) for end in ("", "_low", "_high"))
        said.append(i18n.sentence("risk.spend", language, spend=spend, interval=i18n.span(*ends, language)))
    return i18n.run_on(said, language)


def _amount(data: ReportData, row: pd.Series, language: str) -> dict[str, str]:
    """What is at risk with its 80 % interval: value, or the expected number of leavers."""
    measure = _measure(data)

    def form(value: float) -> str:
        return data.money(value, language) if measure == "value_at_risk" else _people(value, language)

    ends = (form(row[f"{measure}_{end}"]) for end in ("low", "high"))
    return {"amount": form(row[measure]), "interval": i18n.span(*ends, language)}


def _part(row: pd.Series, language: str) -> dict[str, str]:
    """A segment by its name, and its share of the whole."""
    code = str(row["value"])
    name = segments.name(code, language) if code in segments.codes() else code
    return {"segment": name, "share": i18n.number(row["share"], "rate", language)}


def _people(value: float, language: str) -> str:
    return i18n.number(round(float(value)), "people", language)
