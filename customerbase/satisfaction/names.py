"""What things are called on a page and in a report: measures, numbers with their units, groups, bands, drivers; and what is shown."""

from collections.abc import Mapping

import pandas as pd

from customerbase import i18n
from customerbase.satisfaction.products import CATEGORY, PRODUCT


def measure(code: str, scale: str, language: str) -> str:
    """A measure by name, with its scale where there are several."""
    text, given = f"satisfaction.measure.{code}", i18n.word(f"satisfaction.scale.{scale}", language)
    return i18n.word(text, language) if code == "nps" else i18n.sentence(text, language, scale=given)


def trend_definition(code: str, scale: str, language: str) -> str:
    """What a score of a month is."""
    key = "definition_reviews" if code == "stars_mean" else "definition_trend"
    return i18n.sentence(f"satisfaction.{key}", language, measure=measure(code, scale, language))


def groups_definition(dimension: str, row: Mapping, months: int, product_days: int, language: str) -> str:
    """What the score of a group is: of the answers of so many months, about products reviewed or bought so many days before."""
    told = {"measure": measure(row["measure"], row["scale"], language), "months": months}
    if dimension in (PRODUCT, CATEGORY) and row["measure"] != "stars_mean":  # a review names its product
        return i18n.sentence("satisfaction.definition_products", language, **told, days=product_days)
    return i18n.sentence("satisfaction.definition_groups", language, **told)


def number(code: str, amount: object, language: str) -> str:
    """A value of a measure with its unit: points, a share, or a mean answer."""
    if code.endswith("_mean"):
        return i18n.MISSING if i18n.missing(amount) else f"{float(amount):.2f}"
    return i18n.number(amount, "score" if code == "nps" else "rate", language)


def interval(code: str, row: Mapping, language: str) -> str:
    """The interval of a row."""
    if i18n.missing(row["low"]):
        return i18n.MISSING
    return i18n.span(*(number(code, row[end], language) for end in ("low", "high")), language)


def shown(row: Mapping, k_min: int, value: str = "score") -> bool:
    """Whether a row may be shown: of k_min people or more, and with so many, or none, on either side of a share."""
    if i18n.missing(row[value]) or i18n.missing(row["people"]) or row["people"] < k_min:
        return False
    if row["measure"] not in ("csat", "ces"):
        return True
    side = round(float(row[value]) * float(row["n"]))
    return all(one == 0 or one >= k_min for one in (side, float(row["n"]) - side))


def value(dimension: str, code: str, language: str) -> str:
    """A value of a dimension by name; what comes from data and has no word stays as it is."""
    if dimension == "recency" and code not in ("unknown", "none"):
        first, _, last = code.partition("-")
        if not last:
            return i18n.sentence("satisfaction.days_from", language, **{"from": first.rstrip("+")})
        return i18n.sentence("satisfaction.days_between", language, **{"from": first, "to": last})
    if dimension == "wave":
        survey, _, month = code.rpartition(" ")
        return f"{survey.partition(':')[2] or survey} ({survey.partition(':')[0]}, {month[:7]})"
    if dimension in (PRODUCT, CATEGORY):
        return i18n.word("satisfaction.value.no_product", language) if code == "unknown" else code
    if dimension in ("store", "category", "invited") and code != "unknown":
        return code.replace(":", " ", 1)
    return i18n.word_or(f"satisfaction.value.{code}", language, str(code))


def by_name(table: pd.DataFrame, called: Mapping[str, str]) -> pd.DataFrame:
    """The table with its segments (code -> name) and products by name; what has none there stays."""
    own = table["dimension"] == "segment"
    named = table.assign(value=table["value"].where(~own, table["value"].map(lambda code: called.get(code, code))))
    return named.assign(value=named["value"].where(named["label"] == "", named["label"])) if "label" in named else named


def group(dimension: str, code: str, language: str) -> str:
    """Dimension and value by name."""
    told = {
        "dimension": i18n.word(f"satisfaction.dimension.{dimension}", language),
        "value": value(dimension, code, language),
    }
    return i18n.sentence("satisfaction.group_named", language, **told)


def driver(code: str, language: str, questions: Mapping | None = None) -> str:
    """A driver by name: the company's own for a question, ours for a fact of behaviour."""
    own = (questions or {}).get(code, {})
    return own.get(language) or i18n.word_or(f"satisfaction.fact.{code}", language, code)


def band(code: str, role: str, language: str) -> str:
    """A band of answers by name."""
    return i18n.word(f"satisfaction.band.{f'nps_{code}' if role == 'nps' else code}", language)
