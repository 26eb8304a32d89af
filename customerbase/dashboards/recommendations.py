"""What to offer (おすすめ): the words that the page needs to tell of one customer; it reads the persons' tables itself.

Nothing here is about a person.
"""

import json
from types import ModuleType

import customerbase.dashboards.customer as customer
from customerbase.dashboards.part import NUMBERS, Part
from customerbase.recommend import related
from customerbase.report import ReportData

PAGE = "recommendations"
RELATED = {"last": "last_products", "goes": "product_pairs, next_products"}  # what the page shows -> its tables
LISTS, NOTEBOOK = "recommendations", "08_recommend"


def parts(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> list[Part]:
    """One part of numbers, `terms`: those of Customer 360, where lists and relations are made, letters of products' names."""
    terms = customer.terms(data, language, draw)
    terms["made"] |= {key: f"{tables}, {draw.where(related.related)}" for key, tables in RELATED.items()}
    terms["made"]["lists"] = f"{LISTS}, notebooks/{NOTEBOOK}.ipynb"
    terms["letters"] = "".join(sorted({*terms["letters"], *_letters(data)}))
    return [Part(PAGE, language, "terms", NUMBERS, json.dumps(terms, ensure_ascii=False))]


def _letters(data: ReportData) -> set[str]:
    """The characters that names of products are written in, for the font."""
    return {one for row in data.rows("product_names") for one in str(row["name"]) if ord(one) > 127}
