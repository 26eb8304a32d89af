"""The small tables of the page on satisfaction, as texts: scores, rates of response, drivers."""

from collections.abc import Mapping

import pandas as pd

from customerbase import i18n
from customerbase.features.scales import MEASURES
from customerbase.satisfaction.groups import ALL, RAW
from customerbase.satisfaction.looks import CLEAR, MAIN
from customerbase.satisfaction.names import driver, interval, measure, number, shown, value
from customerbase.satisfaction.products import PRODUCT
from customerbase.satisfaction.response import ASKED, RECENCY


def score_table(scores: pd.DataFrame, language: str, k_min: int) -> pd.DataFrame:
    """All scores of the window, as answered and weighted, as texts."""
    own = scores[scores["dimension"].isin([ALL, "response"])]
    rows = []
    order = [(MEASURES.index(row["measure"]), row["scale"], row["method"]) for row in own.to_dict("records")]
    for row in own.iloc[sorted(range(len(own)), key=lambda place: order[place])].to_dict("records"):
        if shown(row, k_min) and not (row["dimension"] == "response" and row["method"] == RAW):
            code = row["measure"]
            cells = [measure(code, row["scale"], language), i18n.word(f"satisfaction.method.{row['method']}", language)]
            cells += [number(code, row["score"], language), interval(code, row, language), f"{int(row['n']):,}"]
            rows.append([*cells, f"{int(row['people']):,}", f"{row['effective_n']:,.0f}"])
    heads = ("measure", "method", "value", "interval", "answers", "people", "effective")
    return pd.DataFrame(rows, columns=[i18n.word(f"satisfaction.column.{one}", language) for one in heads])


def product_table(scores: pd.DataFrame, language: str, most: int = 20) -> pd.DataFrame:
    """Scores of products as texts: what clearly differs first, then what has most answers."""
    own = scores[(scores["dimension"] == PRODUCT) & scores["measure"].isin(MAIN)]
    keys = own.assign(calm=~own["verdict"].isin(CLEAR), fewer=-own["n"].astype(float))
    rows = []
    for row in keys.sort_values(["calm", "fewer", "measure", "value"]).head(most).to_dict("records"):
        code = row["measure"]
        cells = [value(PRODUCT, row["value"], language), measure(code, row["scale"], language)]
        cells += [number(code, row["score"], language), interval(code, row, language), f"{int(row['n']):,}"]
        cells += [number(code, row["others"], language), i18n.word(f"satisfaction.apart.{row['verdict']}", language)]
        rows.append(cells)
    heads = ("product", "measure", "value", "interval", "answers", "others", "verdict")
    return pd.DataFrame(rows, columns=[i18n.word(f"satisfaction.column.{one}", language) for one in heads])


def rate_table(rates: pd.DataFrame, language: str) -> pd.DataFrame:
    """Rates of response by class as texts; withheld ones are left out."""
    rows = []
    known = rates[rates["rate"].notna()]
    known = known[(known["dimension"] != "invited") | (known["target"] != ASKED)]
    for row in ordered(known).to_dict("records"):
        dimension = i18n.word(f"satisfaction.dimension.{row['dimension']}", language)
        cells = [
            dimension,
            value(row["dimension"], row["value"], language),
            f"{int(row['asked']):,}",
            f"{int(row['answered']):,}",
        ]
        cells += [i18n.number(row["rate"], "rate", language), i18n.interval(row["low"], row["high"], "rate", language)]
        rows.append([*cells, i18n.MISSING if i18n.missing(row["mean_weight"]) else f"{row['mean_weight']:.2f}"])
    heads = ("group", "value", "asked", "answered", "rate", "interval", "weight")
    names = [i18n.word(f"satisfaction.column.{one}", language) for one in heads]
    names[1] = " "
    return pd.DataFrame(rows, columns=names)


def driver_table(drivers: pd.DataFrame, language: str, questions: Mapping | None = None) -> pd.DataFrame:
    """All drivers of both outcomes as texts."""
    rows = []
    for row in drivers.sort_values(["outcome", "rank"]).to_dict("records"):
        share = i18n.aside(
            i18n.number(row["share"], "rate", language),
            i18n.interval(row["share_low"], row["share_high"], "rate", language),
            language,
        )
        odds = i18n.aside(
            f"{row['odds_ratio']:.2f}",
            i18n.span(f"{row['odds_low']:.2f}", f"{row['odds_high']:.2f}", language),
            language,
        )
        rank = i18n.aside(str(row["rank"]), f"{row['rank_low']}–{row['rank_high']}", language)
        name = driver(row["driver"], language, questions)
        cells = [i18n.word(f"satisfaction.outcome.{row['outcome']}", language), name, share, rank, odds]
        rows.append([*cells, i18n.number(row["performance"], "rate", language)])
    heads = ("outcome", "driver", "share", "rank", "odds", "performance")
    return pd.DataFrame(rows, columns=[i18n.word(f"satisfaction.column.{one}", language) for one in heads])


def ordered(rates: pd.DataFrame) -> pd.DataFrame:
    """Classes in their order: days and thirds of spend from the least up, others as they come."""
    dimensions = [ALL, "wave", "invited", "recency", "spend", "channel", "segment"]
    order = {name: place for place, name in enumerate((*(name for _, name in RECENCY), "low", "middle", "high"))}
    keys = [
        (dimensions.index(row["dimension"]), order.get(row["value"], 0), row["value"])
        for row in rates.to_dict("records")
    ]
    return rates.iloc[sorted(range(len(rates)), key=lambda number: keys[number])]
