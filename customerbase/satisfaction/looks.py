"""What a page and a report say of satisfaction, in sentences, from the tables of page 09 alone."""

from collections.abc import Mapping

import pandas as pd

from customerbase import i18n
from customerbase.periods import month_label
from customerbase.satisfaction.compare import CLEAR_DOWN, CLEAR_UP, FIRST, NO_CLEAR_CHANGE
from customerbase.satisfaction.drivers import BEHAVIOUR, ITEMS, OUTCOMES, OVERALL, UNCLEAR
from customerbase.satisfaction.groups import ALL, RAW, WEIGHTED
from customerbase.satisfaction.links import BANDS
from customerbase.satisfaction.names import band, driver, group, interval, measure, number, shown, value
from customerbase.satisfaction.products import CATEGORY, PRODUCT
from customerbase.satisfaction.response import ASKED

MOST = 3  # sentences on groups
MAIN = ("nps", "csat", "ces", "stars_mean")  # measures that are told of in words; other means stand in tables
CLEAR = (CLEAR_UP, CLEAR_DOWN)


def overall(scores: pd.DataFrame, k_min: int) -> list[dict]:
    """The rows of all answers that may be shown, of the measures told of in words."""
    own = scores[(scores["dimension"] == ALL) & (scores["method"] == RAW) & scores["measure"].isin(MAIN)]
    rows = [row for row in own.to_dict("records") if shown(row, k_min)]
    return sorted(rows, key=lambda row: (MAIN.index(row["measure"]), row["scale"]))


def score_lines(scores: pd.DataFrame, language: str, k_min: int) -> list[str]:
    """Each score of the window with its interval; that few answered; [] where nobody did."""
    said = []
    for row in overall(scores, k_min):
        code = row["measure"]
        told = {"measure": measure(code, row["scale"], language), "value": number(code, row["score"], language)}
        told |= {"interval": interval(code, row, language), "n": counted(row, language)}
        said.append(i18n.sentence("satisfaction.score", language, **told))
    if not said and len(scores):
        return [i18n.sentence("satisfaction.few", language, k=k_min)]
    return said


def newest(trend: pd.DataFrame, code: str, k_min: int) -> dict | None:
    """The newest month of a measure that may be shown, of its scale with most answers."""
    own = trend[trend["measure"] == code]
    rows = [row for row in _one_scale(own).to_dict("records") if shown(row, k_min, "value")]
    return rows[-1] if rows else None


def _one_scale(table: pd.DataFrame) -> pd.DataFrame:
    if not len(table):
        return table
    often = table.groupby("scale")["n"].sum()
    return table[table["scale"] == sorted(often.index, key=lambda scale: (-often[scale], scale))[0]]


def trend_lines(trend: pd.DataFrame, language: str, k_min: int) -> list[str]:
    """The newest month of each measure, whether it differs from those before, and other months that did."""
    said = []
    for code in MAIN:
        row = newest(trend, code, k_min)
        if row is None:
            continue
        told = {"month": month_label(pd.Timestamp(row["month"]).date(), language), "n": counted(row, language)}
        told |= {"measure": measure(code, row["scale"], language), "value": number(code, row["value"], language)}
        lines = [i18n.sentence("satisfaction.newest", language, **told, interval=interval(code, row, language))]
        key = {CLEAR_UP: "up", CLEAR_DOWN: "down", NO_CLEAR_CHANGE: "same", FIRST: "first"}[row["verdict"]]
        before = {} if key == "first" else {"before": number(code, row["before"], language)}
        lines.append(i18n.sentence(f"satisfaction.month_{key}", language, **before))
        own = trend[(trend["measure"] == code) & (trend["scale"] == row["scale"]) & trend["verdict"].isin(CLEAR)]
        others = [one for one in own.to_dict("records") if one["month"] != row["month"] and shown(one, k_min, "value")]
        if others:
            months = [month_label(pd.Timestamp(one["month"]).date(), language) for one in others[-MOST:]]
            lines.append(i18n.sentence("satisfaction.other_months", language, months=i18n.join(months, language)))
        said.append(i18n.run_on(lines, language))
    return said


def group_lines(scores: pd.DataFrame, language: str) -> list[str]:
    """Groups that clearly differ from all others, the surest first; or that none does, or none can be compared."""
    own = scores[~scores["dimension"].isin([ALL, "response", PRODUCT])]
    return _differing(own, "group", language) if len(own) else []


def product_lines(scores: pd.DataFrame, language: str) -> list[str]:
    """How many products are told of one by one, and which clearly differ from all others; [] where no answer has a product."""
    if not (scores["dimension"] == CATEGORY).any():
        return []
    own = scores[(scores["dimension"] == PRODUCT) & scores["measure"].isin(MAIN)]
    if not len(own):
        return [i18n.word("satisfaction.product_few", language)]
    many = f"{own['value'].nunique():,}"
    return [i18n.sentence("satisfaction.product_told", language, n=many), *_differing(own, "product", language)]


def _differing(groups: pd.DataFrame, kind: str, language: str, most: int = MOST) -> list[str]:
    own = groups[(groups["method"] == RAW) & groups["measure"].isin(MAIN)]
    told_of = own[own["score"].notna() & own["q_value"].notna()]
    if not len(told_of):
        return [i18n.word(f"satisfaction.{kind}_alone", language)]
    clear = told_of[told_of["verdict"].isin(CLEAR)].sort_values(["q_value", "dimension", "value"]).head(most)
    said = []
    for row in clear.to_dict("records"):
        code, key = row["measure"], "group_up" if row["verdict"] == CLEAR_UP else "group_down"
        told = {
            "group": group(row["dimension"], row["value"], language),
            "measure": measure(code, row["scale"], language),
        }
        told |= {"value": number(code, row["score"], language), "others": number(code, row["others"], language)}
        said.append(i18n.sentence(f"satisfaction.{key}", language, **told, n=counted(row, language)))
    return said or [i18n.word(f"satisfaction.{kind}_none", language)]


def counted(row: Mapping, language: str) -> str:
    """The answers, or reviews, that a score rests on."""
    key = "reviews_counted" if row["measure"] == "stars_mean" else "answers_counted"
    return i18n.sentence(f"satisfaction.{key}", language, n=f"{int(row['n']):,}")


def response_lines(rates: pd.DataFrame, scores: pd.DataFrame, language: str, k_min: int) -> list[str]:
    """How many answered and who more than others, and the scores with and without weights."""
    if not len(rates):
        return []
    said = []
    if rates.iloc[0]["target"] != ASKED:
        said.append(i18n.word("satisfaction.rate_unknown", language))
    else:
        row = rates[rates["dimension"] == ALL].iloc[0]
        said.append(
            _rate(row, language) if not i18n.missing(row["rate"]) else i18n.word("satisfaction.rate_few", language)
        )
        said += _differs(rates, language)
    weighted = scores[(scores["method"] == WEIGHTED) & scores["measure"].isin(MAIN)]
    for row in weighted.to_dict("records"):
        of = (scores["method"] == RAW) & (scores["dimension"] == "response") & (scores["scale"] == row["scale"])
        raw = scores[of & (scores["measure"] == row["measure"])].iloc[0]
        if shown(row, k_min) and shown(raw, k_min):
            code = row["measure"]
            told = {"measure": measure(code, row["scale"], language), "interval": interval(code, row, language)}
            told |= {"weighted": number(code, row["score"], language), "raw": number(code, raw["score"], language)}
            said.append(i18n.sentence("satisfaction.weighted", language, **told))
    return said if len(weighted) else [*said, i18n.word("satisfaction.no_weights", language)]


def _rate(row: pd.Series, language: str) -> str:
    ends = i18n.interval(row["low"], row["high"], "rate", language)
    told = {"asked": i18n.number(row["asked"], "number", language), "rate": i18n.number(row["rate"], "rate", language)}
    return i18n.sentence("satisfaction.rate", language, **told, interval=ends)


def _differs(rates: pd.DataFrame, language: str) -> list[str]:
    """The dimension whose classes answer most unlike each other, where their intervals part."""
    found = []
    for dimension in ("recency", "spend", "channel", "segment"):
        own = rates[(rates["dimension"] == dimension) & rates["rate"].notna()]
        if len(own) > 1:
            most, least = own.loc[own["rate"].idxmax()], own.loc[own["rate"].idxmin()]
            if most["low"] > least["high"]:
                found.append((least["rate"] - most["rate"], dimension, most, least))
    if not found:
        return []
    _, dimension, most, least = min(found, key=lambda one: one[:2])
    by = i18n.word(f"satisfaction.dimension.{dimension}", language)
    told = {"dimension": by.lower() if language == "en" else by}
    for name, row in (("most", most), ("least", least)):
        told |= {
            name: value(dimension, row["value"], language),
            f"{name}_rate": i18n.number(row["rate"], "rate", language),
        }
    return [i18n.sentence("satisfaction.rate_differs", language, **told)]


def linked(links: pd.DataFrame) -> pd.DataFrame:
    """The bands of the question with most answers, low ones first."""
    if not len(links):
        return links
    often = links.groupby(["role", "scale"])["n"].sum()
    role, scale = sorted(often.index, key=lambda pair: (-often[pair], pair[0] != "nps", pair))[0]
    own = links[(links["role"] == role) & (links["scale"] == scale)]
    return own.assign(order=own["band"].map(BANDS.index)).sort_values("order").reset_index(drop=True)


def clear_bands(own: pd.DataFrame) -> list[dict]:
    """Bands that clearly came back more or less than the lowest, the largest difference first."""
    rows = [row for row in own.to_dict("records") if row["verdict"] in CLEAR and not i18n.missing(row["difference"])]
    return sorted(rows, key=lambda row: (-abs(row["difference"]), row["band"]))


def link_lines(links: pd.DataFrame, language: str) -> list[str]:
    """Who came back after the answer, by band, what is clear of it, and the caution."""
    own = linked(links)
    if not len(own):
        return []
    days, told = int(own.iloc[0]["days"]), own[own["repeat_rate"].notna()]
    if len(told) < 2:
        return [i18n.sentence("satisfaction.repeat_few", language, days=days)]
    rates = []
    for row in told.to_dict("records"):
        rate = {
            "band": band(row["band"], row["role"], language),
            "rate": i18n.number(row["repeat_rate"], "rate", language),
        }
        ends = i18n.interval(row["low"], row["high"], "rate", language)
        rates.append(i18n.sentence("satisfaction.band_rate", language, **rate, interval=ends))
    said = [i18n.sentence("satisfaction.repeat", language, days=days, bands=i18n.join(rates, language))]
    clear = clear_bands(told)
    for row in clear:
        ends = i18n.span(*(i18n.points(row[f"difference_{end}"], language) for end in ("low", "high")), language)
        key = "repeat_clear" if row["difference"] > 0 else "repeat_less"
        filled = {"band": band(row["band"], row["role"], language), "points": i18n.points(row["difference"], language)}
        said.append(i18n.sentence(f"satisfaction.{key}", language, **filled, interval=ends))
    said += [] if clear else [i18n.word("satisfaction.repeat_none", language)]
    return [i18n.run_on([*said, i18n.word("satisfaction.caution", language)], language)]


def driver_lines(drivers: pd.DataFrame, language: str, questions: Mapping | None = None) -> list[str]:
    """What goes most with satisfaction and with buying again, how sure that is; or that nothing clearly does."""
    if not len(drivers):
        return [i18n.word("satisfaction.driver_few", language)]
    said = []
    for outcome in OUTCOMES:
        own = drivers[drivers["outcome"] == outcome]
        if not len(own):
            continue
        first, name = own.sort_values("rank").iloc[0], i18n.word(f"satisfaction.outcome.{outcome}", language)
        if first["direction"] == UNCLEAR:
            small = i18n.word(f"satisfaction.outcome_small.{outcome}", language)
            said.append(i18n.sentence("satisfaction.driver_unclear", language, outcome_small=small))
            continue
        told = {"outcome": name, "first": driver(first["driver"], language, questions)}
        told |= {"share": i18n.number(first["share"], "rate", language)}
        told |= {"interval": i18n.interval(first["share_low"], first["share_high"], "rate", language)}
        kept = i18n.number(first["rank_kept"], "rate", language)
        lines = [i18n.sentence("satisfaction.driver", language, **told)]
        said.append(i18n.run_on([*lines, i18n.sentence("satisfaction.driver_order", language, kept=kept)], language))
    if (drivers["kind"] == BEHAVIOUR).all():
        said.append(i18n.word("satisfaction.driver_behaviour", language))
    return [i18n.run_on(said, language)]


def todo(
    scores: pd.DataFrame,
    trend: pd.DataFrame,
    drivers: pd.DataFrame,
    language: str,
    k_min: int,
    questions: Mapping | None = None,
) -> str:
    """What to do next: read on where a score fell, look at a product that is worse, at a weak item that matters, or nothing."""
    for code in MAIN:
        row = newest(trend, code, k_min)
        if row is not None and row["verdict"] == CLEAR_DOWN:
            return i18n.sentence("satisfaction.todo_month", language, measure=measure(code, row["scale"], language))
    worse = scores[(scores["dimension"] == PRODUCT) & (scores["verdict"] == CLEAR_DOWN) & scores["measure"].isin(MAIN)]
    if len(worse):
        surest = worse.sort_values(["q_value", "value"]).iloc[0]["value"]
        return i18n.sentence("satisfaction.todo_product", language, product=surest)
    own = drivers[(drivers["outcome"] == OVERALL) & (drivers["kind"] == ITEMS)]
    matter = own[
        (own["direction"] == "up") & (own["performance"].astype(float) < own["performance"].astype(float).mean())
    ]
    if len(matter):
        item = driver(matter.sort_values("rank").iloc[0]["driver"], language, questions)
        return i18n.sentence("satisfaction.todo_item", language, item=item)
    return i18n.word("satisfaction.todo_calm", language)


def assumed(questions: list, language: str) -> str:
    """Questions whose meaning nobody stated, and what they were taken for; "" where all are stated."""
    told = [
        i18n.sentence(
            "satisfaction.as_role", language, question=one.name(language),
            scale=i18n.word(f"satisfaction.scale.{one.scale}", language), role=i18n.word(f"satisfaction.role.{one.role}", language),
        )
        for one in questions if not one.given
    ]  # fmt: skip
    return i18n.sentence("satisfaction.assumed", language, questions=i18n.join(told, language)) if told else ""


def remarks(result, language: str) -> list[str]:
    """What the scores rest on, what does not count, and the scores themselves."""
    if not len(result.scores):
        return [i18n.word("satisfaction.empty", language)]
    said = [i18n.sentence("satisfaction.window", language, months=result.months)]
    for name, n in result.answers.left_out.items():
        said += [i18n.sentence(f"satisfaction.{name}", language, n=f"{n:,}")] if n else []
    said += [assumed(result.answers.questions, language)]
    said += score_lines(result.scores, language, result.k_min) + trend_lines(result.trend, language, result.k_min)
    return [text for text in said if text]
