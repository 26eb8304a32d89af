"""Related products of one month: pairs, sets of three, what is bought next, and the cross-sell matrix of categories."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import duckdb
import pandas as pd

import customerbase.cltv.notes as remarks
from customerbase.engine import Engine
from customerbase.recommend.related.counts import BASKET, CUSTOMER, LARGEST, Units, gather, units
from customerbase.recommend.related.cross import CROSS, cross
from customerbase.recommend.related.following import NEXT, THIS, following
from customerbase.recommend.related.options import Options
from customerbase.recommend.related.pairs import PAIRS, SETS, pairs, sets

SOLD = ["product_id", "name", "category", "price", "baskets", "customers"]


class Note(remarks.Note):
    """One remark: what was found and what it means."""

    words: ClassVar[str] = "related.note"


@dataclass(frozen=True)
class Related:
    """Related products as of a day: tables as in expectations/ (last is lazy), what was counted, options, remarks.

    baskets, customers: units that pairs are counted in.
    """

    pairs: pd.DataFrame
    sets: pd.DataFrame
    following: pd.DataFrame
    cross: pd.DataFrame
    sold: pd.DataFrame
    last: duckdb.DuckDBPyRelation
    baskets: int
    customers: int
    options: Options
    as_of: date
    notes: tuple[Note, ...] = ()

    def remarks(self, language: str) -> list[str]:
        """What to know about these findings, in words."""
        return [note.text(language) for note in self.notes]

    def tables(self) -> dict[str, pd.DataFrame | duckdb.DuckDBPyRelation]:
        """All tables by the names they have in expectations/."""
        made = {
            "product_pairs": self.pairs,
            "product_sets": self.sets,
            "next_products": self.following,
            "category_cross": self.cross,
            "products_sold": self.sold,
        }
        return {name: table.assign(as_of=self.as_of) for name, table in made.items()} | {"last_products": self.last}

    def records(self) -> dict[str, int]:
        """The few numbers that stay with the run."""
        level = self.pairs["level"]
        return {
            "related_pairs_basket": int((level == BASKET).sum()),
            "related_pairs_customer": int((level == CUSTOMER).sum()),
            "related_sets": len(self.sets),
            "related_next": len(self.following),
            "related_next_in_order": int((self.following["verdict"] == THIS).sum()),
        }


def related(db: Engine, *, as_of: date, options: Options | None = None) -> Related:
    """Products that go together or follow each other beyond chance, as of a day.

    Reads orders, order_lines, identity_links and, where there are any, products. A purchase is a line of a positive quantity
    of a completed order within `months`. Baskets without a date count in the order of their numbers. Does not raise for want
    of data: a shop without baskets gives empty tables and a remark.
    """
    options = options or Options()
    products = gather(db, as_of=as_of, months=options.months)
    baskets = units(db, BASKET, as_of=as_of, options=options)
    together = pairs(db, baskets, products, options)
    three = sets(db, baskets, together, products, options)
    customers = units(db, CUSTOMER, as_of=as_of, options=options)
    by_customer = pairs(db, customers, products, options)
    crossed = cross(db, as_of=as_of, options=options)
    return Related(
        pairs=pd.concat([together, by_customer], ignore_index=True)[PAIRS],
        sets=three[SETS],
        following=following(db, products, as_of=as_of, options=options)[NEXT],
        cross=crossed[CROSS],
        sold=_sold(db),
        last=db.run("related_last", as_of=as_of),
        baskets=baskets.units,
        customers=customers.units,
        options=options,
        as_of=as_of,
        notes=_notes(db, (baskets, customers), crossed, options),
    )


def _sold(db: Engine) -> pd.DataFrame:
    """Products bought within the months read, with how many baskets and known customers bought them."""
    query = """select product_id, any_value(related_products.name) as name, any_value(category) as category,
            any_value(related_products.price) as price, count(*) as baskets, count(distinct customer_id) as customers
        from related_lines inner join related_products using (product_id) group by product_id order by product_id"""
    return db.query(query).df()[SOLD]


def _notes(db: Engine, counted: tuple[Units, Units], crossed: pd.DataFrame, options: Options) -> tuple[Note, ...]:
    baskets, customers = counted
    if not baskets.units:
        return (Note("nothing_bought", {"months": options.months}),)
    made = []
    if not len(baskets.items):
        made.append(Note("few", {"n": f"{baskets.units:,}", "least": options.fewest}))
    elif not len(baskets.by_size.units):
        made.append(Note("single", {"n": f"{baskets.units:,}"}))
    if baskets.alike:
        made.append(Note("few_products", {"n": baskets.products}))
    if not customers.units:
        made.append(Note("anonymous"))
    if not len(crossed):
        made.append(Note("no_categories"))
    if db.query("select count(*) from related_baskets where day is null").fetchall()[0][0]:
        made.append(Note("no_dates", {"baskets": options.baskets}))
    for one in counted:
        if one.too_large:
            told = {"n": f"{one.too_large:,}", "most": LARGEST[one.level]}
            made.append(Note(f"too_large_{one.level}", told))
    return tuple(made)
