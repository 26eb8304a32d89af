"""Offers under a budget and loyalty ranks (予算と会員ランク): who gets what, what one more unit is worth, what other ranks cost."""

from collections.abc import Callable
from functools import partial
from types import ModuleType

import pandas as pd

import customerbase.audiences.budget.said as said
import customerbase.audiences.loyalty.said as ranks
from customerbase import i18n
from customerbase.audiences.budget import plan
from customerbase.audiences.loyalty import simulate
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

TABLES = (*said.TABLES, ranks.SCHEMES)  # without them there is no section


def told(data: ReportData, language: str, draw: ModuleType) -> dict[str, object]:
    """What the section says and shows, by the names that its template uses."""
    return {
        "budget": lines(data, language),
        "budget_rows": rows(data, language),
        "budget_ranks": rank_rows(data, language),
        "budget_note": i18n.sentence("audiences.withheld", language, k=data.k_min),
        "budget_pictures": pictures(data, language, draw),
        "budget_caption": _caption(data, language, draw, "offers"),
        "budget_ranks_caption": _caption(data, language, draw, "ranks"),
    }


def lines(data: ReportData, language: str) -> list[tuple[str, str]] | None:
    """Label and sentence: the plan, then the ranks; None without page 10c, [] in a company without offers and ranks."""
    if any(name not in data.tables for name in TABLES):
        return None
    offers, schemes = data.tables[said.OFFERS], data.tables[ranks.SCHEMES]
    money, made = _money(data, language), []
    made += said.lines(data.tables, language, money, data.k_min) if len(offers) else []
    made += ranks.lines(data.tables, language, money, data.k_min) if len(schemes) else []
    return made


def rows(data: ReportData, language: str) -> list[list[str]]:
    """The offers as texts: heads first; [] without any."""
    if not lines(data, language) or not len(data.tables[said.OFFERS]):
        return []
    return _texts(said.offer_table(data.tables[said.OFFERS], language, _money(data, language), data.k_min))


def rank_rows(data: ReportData, language: str) -> list[list[str]]:
    """The schemes as texts: heads first; [] without any."""
    if not lines(data, language) or not len(data.tables[ranks.SCHEMES]):
        return []
    table = ranks.scheme_table(data.tables[ranks.SCHEMES], language, _money(data, language), data.k_min)
    return _texts(table.drop(columns=i18n.word("budget.column.rule", language)))


def pictures(data: ReportData, language: str, draw: ModuleType) -> list[Picture]:
    """The plan beside other ways, gain by budget, and the schemes; those that there is something to tell of."""
    if not lines(data, language):
        return []
    ways, curve, schemes = (data.tables[name] for name in (said.WAYS, said.CURVE, ranks.SCHEMES))
    money, made = _money(data, language), []
    if len(ways) and int(ways.set_index("way").loc["best", "contacts"]):
        made.append(_picture(data, language, draw, draw.way_dots, ways, "ways", said.ways_title(ways, language, money)))
        if len(curve):
            title = said.curve_title(curve, language, money)
            made.append(_picture(data, language, draw, draw.budget_curve, curve, "curve", title))
    if len(schemes) > 1:
        made.append(
            _picture(data, language, draw, draw.scheme_dots, schemes, "schemes", ranks.title(schemes, language))
        )
    return made


def _picture(
    data: ReportData, language, draw, function: Callable, table: pd.DataFrame, kind: str, title: str
) -> Picture:
    look = {"title": "", "caption": "", "language": language, "currency": data.settings.get("currency", "JPY")}
    drawn = [draw.svg(function(table, width=width, **look)) for width in (draw.WIDTHS["wide"], draw.WIDTHS["phone"])]
    note = _caption(data, language, draw, "ranks" if kind == "schemes" else "offers")
    return Picture(title, i18n.word(f"budget.measure.{kind}", language), note, *drawn)


def _caption(data: ReportData, language: str, draw: ModuleType, what: str) -> str:
    if any(name not in data.tables for name in TABLES):
        return ""
    schemes, best = data.tables[ranks.SCHEMES], data.tables[said.WAYS]
    if what == "ranks":
        n = int(schemes["members"].iloc[0]) if len(schemes) else None
        words = i18n.word("budget.definition_ranks", language)
        return draw.caption(simulate, ranks.SCHEMES, data.as_of, n, language, None, definition=words)
    n = int(best.set_index("way").loc["best", "contacts"]) if len(best) else None
    n = n if n is None or n >= data.k_min else None
    words = i18n.word("budget.definition", language)
    return draw.caption(plan, ", ".join(said.TABLES), data.as_of, n, language, None, definition=words)


def _texts(table: pd.DataFrame) -> list[list[str]]:
    return [list(table.columns), *([str(cell) for cell in row] for row in table.to_numpy(dtype=object))]


def _money(data: ReportData, language: str) -> Callable[[float], str]:
    return partial(data.money, language=language)
