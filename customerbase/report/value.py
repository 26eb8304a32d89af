"""What customers are worth (顧客の価値): three sentences and two figures on value, who holds it, and what is at stake."""

from types import ModuleType

import numpy as np
import pandas as pd

import customerbase.cltv.looks as looks
import customerbase.cltv.worth as worth
from customerbase import i18n, segments
from customerbase.disclosure import suppress_parts
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

RANGE = 0.8  # of what may happen lies within the intervals of this section: 10 % to 90 %
HORIZONS = (3, 6, 12, 24)  # months of the columns purchases_3m …
DIMENSIONS = ("segment", "channel")  # by which groups the value is told, the preferred first


def lines(data: ReportData, language: str) -> list[tuple[str, str]]:
    """Label and sentence: value together and how concentrated, who holds it and what changed, what is at stake.

    Without amounts they speak of expected purchases. [] where there is no value yet, or of too few customers.
    """
    whole = _whole(data)
    if whole is None:
        return []
    told = {
        "worth.total": _total(data, whole, language),
        "worth.held": _held(data, whole, language),
        "report.next": _next(data, whole, language),
    }
    return [(i18n.word(key, language), text) for key, text in told.items() if text]


def groups(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """Value (or expected purchases) by segment, else by channel, with 80 % intervals; None without such groups."""
    dimension, rows = _groups(data)
    if not len(rows):
        return None
    measure = worth.measure_of(data.tables["cltv_groups"])
    people = int(_whole(data)["customers"])
    look = {"title": "", "caption": "", "language": language, "low": f"{measure}_low", "high": f"{measure}_high"}
    shown = rows.astype(dict.fromkeys((measure, f"{measure}_low", f"{measure}_high"), float))
    form = _form(data, measure, language)
    drawn = [
        draw.svg(draw.bars(shown, measure, "value", width=width, fmt=form, **look))
        for width in (4.8, draw.WIDTHS["phone"])
    ]
    title = worth.held_by(rows.iloc[0], measure, language, _names(dimension, language))
    text = i18n.sentence(
        f"worth.measure_{measure}", language, period=_period(data, language), by=_by(dimension, language)
    )
    if len(rows) < (data.tables["cltv_groups"]["dimension"] == dimension).sum():
        text += i18n.sentence("worth.left_out", language, k=data.k_min)
    words = definition(data, language)
    caption = draw.caption(worth.by, "cltv_groups", data.as_of, people, language, RANGE, definition=words)
    return Picture(title, text, caption, *drawn)


def second(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """How concentrated the value is; without amounts how purchases went beside the model."""
    return _concentration(data, language, draw) or _tracking(data, language, draw)


def customers(data: ReportData) -> int | None:
    """How many customers the section speaks of; None without them."""
    whole = _whole(data)
    return int(whole["customers"]) if whole else None


def definition(data: ReportData, language: str) -> str:
    """What the section tells customers by: lifetime value, or expected purchases where there are no amounts."""
    bare = _whole(data) and worth.measure_of(data.tables["cltv_groups"]) != "cltv"
    return i18n.word("definition.purchases_ahead" if bare else "definition.value", language)


def _concentration(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    table = data.tables.get("cltv_concentration")
    if table is None or _whole(data) is None or not len(rows := worth.concentration(table, data.k_min)):
        return None
    axes = {"xlabel": i18n.word("cltv.top_customers", language), "ylabel": i18n.word("cltv.share_of_value", language)}
    look = {"title": "", "caption": "", "language": language, **axes}
    drawn = [
        draw.svg(draw.lorenz(rows, "top_share", "value_share", width=width, height=height, **look))
        for width, height in ((4.8, 2.9), (draw.WIDTHS["phone"], 2.6))
    ]
    title = worth.concentration_title(table, data.k_min, language)
    caption = draw.caption(worth.concentration, "cltv_concentration", data.as_of, customers(data), language)
    return Picture(title, i18n.word("worth.measure_concentration", language), caption, *drawn)


def _tracking(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    table = data.tables.get("cltv_tracking")
    if table is None or not len(table) or _whole(data) is None:
        return None
    rows = looks.tracking(table, 24)
    look = {"title": "", "caption": "", "language": language, "low": "low", "high": "high", "ahead": "ahead"}
    drawn = [
        draw.svg(draw.tracking(rows, "month", "actual", "expected", width=width, fmt="{:,.0f}", **look))
        for width in (4.8, draw.WIDTHS["phone"])
    ]
    caption = draw.caption(looks.tracking, "cltv_tracking", data.as_of, customers(data), language, RANGE)
    measure = i18n.word("worth.measure_tracking", language)
    return Picture(looks.tracking_title(table, language), measure, caption, *drawn)


def _whole(data: ReportData) -> dict | None:
    """The row of all customers; None without one, or where they are fewer than k_min."""
    table = data.tables.get("cltv_groups")
    whole = worth.everybody(table) if table is not None and len(table) else None
    return whole if whole and whole["customers"] >= data.k_min else None


def _groups(data: ReportData) -> tuple[str, pd.DataFrame]:
    """The first dimension with groups to show, and these; what the segments' own section withholds is withheld here."""
    table = data.tables["cltv_groups"] if _whole(data) else pd.DataFrame(columns=["dimension"])
    for dimension in DIMENSIONS:
        if (table["dimension"] == dimension).any():
            found = worth.by(table, dimension, data.k_min, frozenset(data.withheld_segments))
            if len(found) and found["value_share"].notna().all():
                return dimension, found
    return "", pd.DataFrame()


def _names(dimension: str, language: str) -> worth.Names:
    """What a group is called: segments by their names, channels by theirs, anything else as it stands."""

    def name(value: str) -> str:
        if dimension == "segment" and value in segments.codes():
            return segments.name(value, language)
        return i18n.word_or(f"value.{value}", language, value)

    return name


def _total(data: ReportData, whole: dict, language: str) -> str:
    measure = worth.measure_of(data.tables["cltv_groups"])
    form = _form(data, measure, language)
    ends = [form(whole[f"{measure}_{end}"]) for end in ("low", "high")]
    told = {
        "customers": i18n.number(int(whole["customers"]), "people", language),
        "period": _period(data, language),
        "value": form(whole[measure]),
        "interval": i18n.span(*ends, language),
    }
    said = [i18n.sentence(f"worth.total_{measure}", language, **told)]
    table = data.tables.get("cltv_concentration")
    if table is not None and (top := worth.top(table, data.k_min)):
        shares = [i18n.number(share, "rate", language).replace(".0", "") for share in top]
        said.append(i18n.sentence("worth.top", language, top=shares[0], share=shares[1]))
    return i18n.run_on(said, language)


def _held(data: ReportData, whole: dict, language: str) -> str:
    dimension, rows = _groups(data)
    said = []
    if len(rows):
        row, names = rows.iloc[0], _names(dimension, language)
        shares = {name: i18n.number(row[name], "rate", language) for name in ("share", "value_share")}
        said.append(i18n.sentence("worth.group", language, group=names(str(row["value"])), **shares))
    if whole["cltv"] is not None:
        said += _change(data, whole, language)
    return i18n.run_on(said, language)


def _change(data: ReportData, whole: dict, language: str) -> list[str]:
    """Value now against the month before: no clear change while what it was lies within the interval of what it is."""
    row = next(iter(data.rows("cltv")), None)
    known = row is not None and row["known_before"] >= data.k_min and row["previous_value"]
    if not known or whole["cltv_low"] is None or whole["cltv_high"] is None:
        return [i18n.word("worth.first", language)]
    now, before = float(whole["cltv"]), float(row["previous_value"])
    clear = not float(whole["cltv_low"]) <= before <= float(whole["cltv_high"])
    key = ("up" if now > before else "down") if clear else "no_clear_change"
    size = i18n.number(abs(now / before - 1) if clear else now / before - 1, "rate", language, signed=not clear)
    said = [i18n.sentence(f"worth.{key}", language, change=size)]
    halved, others = int(row["halved"]), int(row["known_before"] - row["halved"])
    if halved and not suppress_parts(np.array([halved, others]), data.k_min).any():
        people = i18n.number(halved, "people", language)
        said.append(i18n.sentence("worth.halved", language, customers=people, lost=data.money(row["lost"], language)))
    return said


def _next(data: ReportData, whole: dict, language: str) -> str:
    """What is at stake, where most of it lies, and what to do there; or that nothing needs doing."""
    if whole["p_alive"] is None:
        return i18n.word("worth.next_nothing", language)
    if whole["cltv"] is None:
        still = round(whole["p_alive"] * whole["customers"])
        told = {
            "share": i18n.number(whole["p_alive"], "rate", language),
            "still": i18n.number(still, "people", language),
        }
        return i18n.sentence("worth.next_amounts", language, **told)
    if not whole["at_stake"]:
        return i18n.word("worth.next_nothing", language)
    said = [i18n.sentence("worth.stake", language, amount=data.money(whole["at_stake"], language))]
    dimension, rows = _groups(data)
    rows = rows.dropna(subset=["at_stake"]) if dimension == "segment" else rows.head(0)
    rows = rows[rows["value"].isin(segments.codes())] if len(rows) else rows
    if not len(rows):
        return i18n.run_on([*said, i18n.word("worth.next_page", language)], language)
    most = rows.sort_values(["at_stake", "value"], ascending=[False, True]).iloc[0]
    entry, share = segments.find(most["value"]), float(most["at_stake"]) / float(whole["at_stake"])
    todo = entry.todo_ja if language == "ja" else entry.todo_en
    told = {"segment": segments.name(entry.code, language), "share": i18n.number(share, "rate", language), "todo": todo}
    return i18n.run_on([*said, i18n.sentence("worth.next_segment", language, **told)], language)


def _period(data: ReportData, language: str) -> str:
    """The horizon in words: that whose expected purchases of all customers are those of cltv_groups."""
    row, whole = next(iter(data.rows("cltv")), {}), _whole(data)
    for months in HORIZONS:
        found = row.get(f"purchases_{months}m")
        if found is not None and np.isclose(float(found), float(whole["purchases"]), rtol=1e-3):
            return i18n.sentence("worth.months", language, n=months)
    return i18n.word("worth.horizon", language)


def _form(data: ReportData, measure: str, language: str):
    if measure == "cltv":
        return lambda value: data.money(value, language)
    return lambda value: i18n.number(round(float(value)), "number", language)


def _by(dimension: str, language: str) -> str:
    return i18n.word(f"worth.by_{dimension}", language)
