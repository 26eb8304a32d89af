"""What to offer (何をすすめるか): what goes with what and what follows what, and the products listed most, by segment."""

from types import ModuleType

import pandas as pd

import customerbase.recommend.related.looks as looks
from customerbase import i18n, segments
from customerbase.recommend import related
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

PAIRS, NEXT, CROSS, OFFERS = "product_pairs", "next_products", "category_cross", "offers"
LISTS = ("buy_again", "new_for_you")
DRAWN, MOVES = 8, 3


def lines(data: ReportData, language: str) -> list[tuple[str, str]] | None:
    """Label and sentence: what goes together, what follows, which categories, what to do; None without pages 08 and 08b."""
    if not {PAIRS, OFFERS} & set(data.tables):
        return None
    said = [("pairs", _pairs(data, language)), ("next", _next(data, language)), ("cross", _cross(data, language))]
    said = [(label, text) for label, text in said if text]
    if said and len(_strongest(data)):
        said.append(("next_step", i18n.word("related.report.todo", language)))
    return [(i18n.word(f"related.report.{label}", language), text) for label, text in said]


def rows(data: ReportData, language: str) -> list[dict]:
    """A row a segment: customers with a list, and the products that most lists of it begin with, with how many they are."""
    table = data.tables.get(OFFERS)
    if table is None or not len(table):
        return []
    known = [code for code in segments.codes() if code in set(table["segment"])]
    told = [_segment(data, table[table["segment"] == code], code, language) for code in known]
    return [row for row in told if row]


def customers(data: ReportData) -> int | None:
    """Customers with a list, of the segments shown; None without lists."""
    table = data.tables.get(OFFERS)
    if table is None or not len(table):
        return None
    per = table.groupby(["segment", "list"])["of"].first().groupby("segment").max()
    return int(per[per >= data.k_min].sum()) or None


def picture(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """The strongest pairs of products; None without any."""
    found = _strongest(data)
    if not len(found):
        return None
    named = _named(found, ("product_1", "name_1"), ("product_2", "name_2"))
    frame = found.assign(
        low=found["excess_low"],
        high=found["excess_high"],
        **{end: [named[one] for one in found[end]] for end in ("one", "other")},
    )
    look = {"title": "", "caption": "", "language": language}
    drawn = [
        draw.svg(draw.together(frame, width=width, **look)) for width in (draw.WIDTHS["wide"], draw.WIDTHS["phone"])
    ]
    n, words = int(found["units"].iloc[0]), i18n.word("related.definition.basket", language)
    caption = draw.caption(related.related, PAIRS, data.as_of, n, language, 0.95, definition=words)
    return Picture(
        looks.pairs_title(found, named, language), i18n.word("related.measure.pairs", language), caption, *drawn
    )


def crossing(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """The cross-sell matrix of categories; None without two of them."""
    table = data.tables.get(CROSS)
    if table is None or not len(table):
        return None
    look = {"title": "", "caption": "", "language": language, "k_min": data.k_min}
    drawn = [
        draw.svg(draw.crossing(table, width=width, **look)) for width in (draw.WIDTHS["wide"], draw.WIDTHS["phone"])
    ]
    words = i18n.sentence("related.definition.cross", language, months=_months(data, table))
    n = int(table["customers"].iloc[0])
    caption = draw.caption(related.related, CROSS, data.as_of, n, language, 0.95, definition=words)
    measure = i18n.word("related.measure.cross", language)
    if len(looks.shown(table, data.k_min)) < len(table):
        measure += f" · {i18n.sentence('related.withheld', language, k=data.k_min)}"
    return Picture(looks.cross_title(table, language, data.k_min), measure, caption, *drawn)


def _segment(data: ReportData, table: pd.DataFrame, code: str, language: str) -> dict | None:
    """None for a segment that is too small to show."""
    people = int(table["of"].max())
    if people < data.k_min or code in data.withheld_segments:
        return None
    told = {name: _moves(table[table["list"] == name], data.k_min, language) for name in LISTS}
    return {"name": segments.name(code, language), "customers": f"{people:,}"} | told


def _moves(table: pd.DataFrame, k_min: int, language: str) -> str:
    """The commonest products; those that only few, or all but few, are offered are left out."""
    few = (table["customers"] < k_min) | (table["of"] - table["customers"]).between(1, k_min - 1)
    kept = table[~few].sort_values("place").head(MOVES)
    told = [
        i18n.aside(looks.brief(row.product_id if pd.isna(row.name) else row.name), f"{int(row.customers):,}", language)
        for row in kept.itertuples(index=False)
    ]
    return i18n.join(told, "ja") if told and language == "ja" else ", ".join(told) or i18n.MISSING


def _pairs(data: ReportData, language: str) -> str:
    if data.tables.get(PAIRS) is None:
        return ""
    found = _strongest(data)
    if not len(found):
        return i18n.word("related.none.pairs", language)
    named = _named(found, ("product_1", "name_1"), ("product_2", "name_2"))
    told = [_pair(row, named, language) for row in found.head(MOVES).to_dict("records")]
    return i18n.run_on(told, language)


def _pair(row: dict, named: dict[str, str], language: str) -> str:
    told = {end: named[row[end]] for end in ("one", "other")} | {"n": f"{int(row['units_both']):,}"}
    told |= {"share": looks.rate(row["share"], language), "times": looks.times(row["excess"])}
    ends = [looks.times(row[end]) for end in ("excess_low", "excess_high")]
    return i18n.sentence("related.report.pair", language, interval=i18n.span(*ends, language), **told)


def _next(data: ReportData, language: str) -> str:
    table = data.tables.get(NEXT)
    if table is None:
        return ""
    found = looks.next_rows(table, data.k_min, 2) if len(table) else table
    if not len(found):
        return i18n.word("related.none.next", language)
    named = _named(found, ("product_id", "name"), ("next_product_id", "next_name"))
    told = []
    for row in found.to_dict("records"):
        values = {"one": named[row["product_id"]], "other": named[row["next_product_id"]]}
        values |= {"share": looks.rate(row["confidence"], language), "n": f"{int(row['customers']):,}"}
        values["expected"] = looks.rate(row["expected"] / row["customers"], language)
        key = "next" if pd.notna(row["within_days"]) else "next_baskets"
        within = {"days": int(row["within_days"])} if key == "next" else {"baskets": int(row["within_baskets"])}
        told.append(i18n.sentence(f"related.report.{key}_told", language, **values, **within))
    return i18n.run_on(told, language)


def _cross(data: ReportData, language: str) -> str:
    table = data.tables.get(CROSS)
    if table is None or not len(table):
        return ""
    end = "。" if language == "ja" else "."
    return looks.cross_title(table, language, data.k_min) + end


def _strongest(data: ReportData) -> pd.DataFrame:
    table = data.tables.get(PAIRS)
    if table is None or not len(table):
        return pd.DataFrame()
    return looks.strongest(table, related.BASKET, data.k_min, DRAWN)


def _named(found: pd.DataFrame, *columns: tuple[str, str]) -> dict[str, str]:
    """Product -> what it is called, from pairs of columns."""
    return {
        code: looks.brief(name)
        for code_in, name_in in columns
        for code, name in zip(found[code_in], found[name_in], strict=True)
    }


def _months(data: ReportData, table: pd.DataFrame) -> int:
    since = pd.Timestamp(table["since"].iloc[0]).date()
    return (data.as_of.year - since.year) * 12 + data.as_of.month - since.month + 1
