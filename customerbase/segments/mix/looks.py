"""What a page and a report say of the mix: names, sentences and small tables, from the tables of segments.mix."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.intervals import Z, two_sided
from customerbase.multiple import holm
from customerbase.segments import named
from customerbase.segments.mix.behaviour import ALL, ANSWERS, MEASURES
from customerbase.segments.mix.people import AGAINST, ATTRIBUTES, LAST_YEAR, REST
from customerbase.segments.mix.shift import LEVEL

MOST = 5  # sentences on shifts
UNTOLD = ("prefecture", "segment")
MADE_OF_SPEND = ("segment", "member_rank")  # their mix changes because the KPI does
UNITS = {
    "revenue_per_customer": "money",
    "orders_per_customer": "times",
    "repeat_share": "rate",
    "satisfaction": "number",
    "orders": "times",
    "basket": "money",
    **dict.fromkeys(ANSWERS, "number"),
}


def attribute(code: str, language: str) -> str:
    """An attribute by name."""
    return i18n.word(f"good.attribute.{code}", language)


def value(of: str, code: str, language: str) -> str:
    """A value of an attribute by name; what comes from data and has no word stays as it is."""
    if code in (REST, ALL):
        return i18n.word("good.rest" if code == REST else "good.all", language)
    if code == "none":
        return i18n.word("good.no_store" if of == "store" else "good.none", language)
    if of == "segment" and code in named.codes():
        return named.name(code, language)
    fallback = i18n.word_or(f"value.{code}", language, str(code))
    return i18n.word_or(f"good.region.{code}", language, fallback) if of == "region" else fallback


def full(of: str, code: str, language: str) -> str:
    """Attribute and value by name."""
    told = {"attribute": attribute(of, language), "value": value(of, code, language)}
    return i18n.sentence("good.named", language, **told)


def against(table: pd.DataFrame) -> str:
    """The month the page compares with: last year where it may, last month, or none."""
    known = set(table["against"])
    return next((name for name in (LAST_YEAR, *AGAINST) if name in known), "none")


def shifts(table: pd.DataFrame, language: str, most: int = MOST) -> list[str]:
    """The clear shifts in words against each month compared with, the largest first; or that there is none.

    Not of prefectures, as regions tell it shorter, of segments, which have a page of their own and rank everybody anew each
    month, and of the rest of small values.
    """
    said = []
    for one in AGAINST:
        rows = table[table["against"] == one]
        if not len(rows):
            continue
        told = rows["clear"].astype(bool) & (rows["value"] != REST) & ~rows["attribute"].isin(UNTOLD)
        clear = (
            rows.assign(size=rows["shift"].abs())[told]
            .sort_values(["size", "attribute", "value"], ascending=[False, True, True])
            .head(most)
        )
        said += [_shift(row, language) for row in clear.to_dict("records")]
        if not len(clear):
            said.append(i18n.sentence("good.no_shift", language, against=i18n.word(f"good.{one}", language)))
    return said


def _shift(row: dict, language: str) -> str:
    ends = [i18n.points(row[end], language) for end in ("shift_low", "shift_high")]
    return i18n.sentence(
        "good.shift",
        language,
        named=full(row["attribute"], row["value"], language),
        against=i18n.word(f"good.{row['against']}", language),
        before=i18n.number(row["share_before"], "rate", language),
        now=i18n.number(row["share"], "rate", language),
        points=i18n.points(row["shift"], language),
        interval=i18n.span(*ends, language),
    )


def remarks(result, months: int, language: str) -> list[str]:
    """What the tables rest on, and what they lack."""
    k = result.behaviour
    if not result.customers or not len(result.behaviour):
        return [i18n.word("good.no_customers", language)]
    n = i18n.number(result.customers, "people", language)
    said = [i18n.sentence("good.recent", language, customers=n, months=months)]
    if not len(result.mix):
        said.append(i18n.word("good.no_attributes", language))
    elif not result.compared:
        said.append(i18n.word("good.no_past", language))
    elif LAST_YEAR not in result.compared:
        said.append(i18n.word("good.no_year", language))
    told = k[(k["attribute"] == ALL) & (k["measure"] == "nps_answer")]
    if not k["measure"].isin(ANSWERS).any():
        said.append(i18n.word("good.no_answers", language))
    elif len(told):
        answered = i18n.number(told.iloc[0]["n"], "people", language)
        said.append(i18n.sentence("good.answers", language, customers=n, n=answered))
    return [*said, *shifts(result.mix, language)]


def drawn(table: pd.DataFrame, tests: pd.DataFrame) -> str:
    """The attribute worth a picture: the clear one that moved most, else the first that is known; "" without one."""
    one = against(table)
    clear = tests[(tests["against"] == one) & tests["clear"].astype(bool)]
    clear = clear[~clear["attribute"].isin(UNTOLD)].sort_values(["psi", "attribute"], ascending=[False, True])
    known = [name for name in ATTRIBUTES if name in set(table["attribute"])]
    return str(clear.iloc[0]["attribute"]) if len(clear) else (known[0] if known else "")


def rows(table: pd.DataFrame, of: str, one: str, language: str) -> pd.DataFrame:
    """The rows of one attribute by name: ages in order, others the largest share first, the rest last."""
    found = table[(table["attribute"] == of) & (table["against"] == one)]
    found = found.assign(last=found["value"] == REST)
    by = ["last", "value"] if of == "age_band" else ["last", "share", "value"]
    found = found.sort_values(by, ascending=[name != "share" for name in by])
    return found.assign(name=[value(of, code, language) for code in found["value"]]).reset_index(drop=True)


def title(table: pd.DataFrame, of: str, one: str, language: str) -> str:
    """The largest clear shift of an attribute, or that there is none."""
    told = {"attribute": attribute(of, language)}
    if one == "none":
        return i18n.sentence("good.mix_picture_alone", language, **told)
    found = rows(table, of, one, language)
    clear = found[found["clear"].astype(bool) & (found["value"] != REST)]
    if not len(clear):
        return i18n.sentence("good.mix_picture_none", language, against=i18n.word(f"good.{one}", language), **told)
    most = clear.loc[clear["shift"].abs().idxmax()]
    name = value(of, most["value"], language)
    quoted = f"「{name}」" if language == "ja" else f"“{name}”"
    return i18n.sentence(
        "good.mix_picture", language, named=quoted, points=i18n.points(most["shift"], language), **told
    )


def number(code: str, amount: object, language: str, currency: str, signed: bool = False) -> str:
    """A KPI's or measure's amount with its unit; changes of shares in points."""
    unit = UNITS[code]
    if unit == "rate" and signed:
        return i18n.points(amount, language)
    return i18n.number(amount, unit, language, currency=currency, signed=signed)


def effects(table: pd.DataFrame, one: str, language: str, currency: str) -> pd.DataFrame:
    """Each KPI's change against a month, split by the attribute whose mix did most; texts."""
    made = []
    for kpi in dict.fromkeys(table["kpi"]):
        row = _most(table[(table["kpi"] == kpi) & (table["against"] == one)])
        if row is not None:
            cells = [number(kpi, row[name], language, currency, signed=True) for name in ("total", "mix", "within")]
            cells[1] += f" ({_ends(row, 'mix', language, currency)})"
            name = i18n.word(f"good.kpi.{kpi}", language)
            made.append([name, cells[0], attribute(row["attribute"], language), cells[1], cells[2]])
    heads = [i18n.word(f"good.column.{name}", language) for name in ("kpi", "change", "attribute", "mix", "within")]
    return pd.DataFrame(made, columns=heads)


def effect_lines(table: pd.DataFrame, one: str, language: str, currency: str) -> list[str]:
    """KPIs that the mix moved clearly, in words: after Holm's correction over all KPIs and attributes told of."""
    told_of = table[(table["against"] == one) & ~table["attribute"].isin(MADE_OF_SPEND)]
    error = (told_of["mix_high"] - told_of["mix_low"]) / (2 * Z)
    sure = holm(two_sided(told_of["mix"] / error.where(error > 0))) < LEVEL
    said = []
    for kpi in dict.fromkeys(table["kpi"]):
        row = _most(told_of[sure & (told_of["kpi"] == kpi)])
        if row is not None:
            told = {
                "kpi": i18n.word(f"good.kpi.{kpi}", language),
                "against": i18n.word(f"good.{one}", language),
                "change": number(kpi, row["total"], language, currency, signed=True),
                "part": number(kpi, row["mix"], language, currency, signed=True),
                "attribute": attribute(row["attribute"], language),
                "interval": _ends(row, "mix", language, currency),
            }
            said.append(i18n.sentence("good.effect", language, **told))
    return said


def _most(found: pd.DataFrame) -> pd.Series | None:
    """The attribute whose mix did most; not those that are made of spend and orders themselves."""
    found = found[~found["attribute"].isin(MADE_OF_SPEND)]
    return found.loc[found["mix"].abs().idxmax()] if len(found) else None


def _ends(row: pd.Series, name: str, language: str, currency: str) -> str:
    ends = [number(row["kpi"], row[f"{name}_{end}"], language, currency, signed=True) for end in ("low", "high")]
    return i18n.span(*ends, language)


def behaviour(table: pd.DataFrame, of: str, language: str, currency: str) -> pd.DataFrame:
    """Behaviour and satisfaction by value of one attribute, all customers first; texts with interval and n answered."""
    found = table[table["attribute"].isin([ALL, of])]
    sizes = found[found["measure"] == "basket"].set_index("value")["customers"]
    values = sizes.drop(ALL, errors="ignore")
    values = values.sort_index() if of == "age_band" else values.sort_values(ascending=False, kind="stable")
    order = [ALL, *values.index]
    order = [code for code in order if code != REST]  # the rest is not the same customers in every column
    made = {i18n.word("good.column.customers", language): [_size(sizes, code) for code in order]}
    for name in MEASURES:
        cells = found[found["measure"] == name].set_index("value")
        if len(cells):
            made[i18n.word(f"good.measure.{name}", language)] = [
                _cell(cells, code, name, language, currency) for code in order
            ]
    return pd.DataFrame(made, index=[value(of, code, language) for code in order])


def _size(sizes: pd.Series, code: str) -> str:
    return f"{int(sizes[code]):,}" if code in sizes.index else i18n.MISSING


def _cell(cells: pd.DataFrame, code: str, name: str, language: str, currency: str) -> str:
    if code not in cells.index:
        return i18n.MISSING
    row = cells.loc[code]
    form: Callable = lambda amount: number(name, amount, language, currency)  # noqa: E731
    text = form(row["estimate"])
    if np.isfinite(row["low"]):
        text += f" ({form(row['low'])}{'〜' if language == 'ja' else '–'}{form(row['high'])})"
    return text + (f" n={int(row['n']):,}" if name in ANSWERS else "")
