"""From orders to counts: which units hold which products, by size of the unit. Counting is done in SQL."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase.engine import Engine, sql_text
from customerbase.features import keep
from customerbase.features.snapshots import exists
from customerbase.periods import add_months
from customerbase.recommend.related.chance import CLASSES, LEAST, BySize, size_classes
from customerbase.recommend.related.options import Options

BASKET, CUSTOMER = LEVELS = ("basket", "customer")
LARGEST = {
    BASKET: 100,
    CUSTOMER: 300,
}  # different products: a unit of more says little of any pair, and costs the square
FEW_PRODUCTS = 20  # with fewer the size of a basket tells what is in it: chance is then that of all baskets alike
PRODUCTS = ("source_system", "product_id", "name", "category", "price")
TYPES = {"price": "decimal(18, 2)"}


@dataclass(frozen=True)
class Units:
    """Units of one level: how many, how many were left out as too large, and how they hold the products looked at.

    items: their numbers in related_products, as the rows of by_size.holding; counts: units that hold each. products: how many
    different ones the units hold altogether.
    """

    level: str
    units: int
    too_large: int
    items: np.ndarray
    counts: np.ndarray
    by_size: BySize
    products: int

    @property
    def alike(self) -> bool:
        """Whether chance is that of all units alike, whatever their sizes: where products are few."""
        return self.products < FEW_PRODUCTS

    def rows(self, items: pd.Series) -> np.ndarray:
        """Rows of by_size.holding of products by their numbers."""
        return np.searchsorted(self.items, items.to_numpy())


def gather(db: Engine, *, as_of: date, months: int) -> pd.DataFrame:
    """Hold related_baskets, related_lines and related_products; the products with number, name, category and price.

    Reads orders, order_lines, identity_links and, where there are any, products.
    """
    if not exists(db, "products"):
        typed = ", ".join(f"cast(null as {TYPES.get(name, 'varchar')}) as {name}" for name in PRODUCTS)
        db.execute(f"create view products as select {typed} where false")
    since = add_months(as_of + timedelta(days=1), -months)
    keep(db, "related_baskets", sql_text("related_baskets"), since=since, until=as_of + timedelta(days=1))
    keep(db, "related_lines", sql_text("related_lines"))
    keep(db, "related_products", sql_text("related_products"))
    return db.query("select * from related_products order by item").df()


def units(db: Engine, level: str, *, as_of: date, options: Options) -> Units:
    """Units of a level and how they hold products; holds related_units, related_classes, related_chosen and related_held."""
    since = add_months(as_of + timedelta(days=1), -min(options.customer_months, options.months))
    keep(db, "related_units", sql_text("related_units"), level=level, since=since)
    sizes = db.run("related_sizes").df().astype({"month": int, "size": int, "units": int})
    cells = _classed(sizes[sizes["size"] <= LARGEST[level]])
    db.register("related_classes", cells[["month", "size", "size_class"]].astype("int64"))
    rows = db.run("related_holding").df().astype({"item": int, "month": int, "size_class": int, "units": int})
    items, place = np.unique(rows["item"], return_inverse=True)
    counts = np.bincount(place, rows["units"], len(items)).astype(int)
    chosen = counts >= options.fewest
    db.register("related_chosen", pd.DataFrame({"item": items[chosen].astype("int32")}))
    keep(db, "related_held", sql_text("related_held"))
    by_size = BySize.of(rows, cells, items).of_items(chosen) if len(items) else BySize.none()
    total = int(cells["units"].sum())
    too_large = int(sizes["units"].sum()) - total
    return Units(level, total, too_large, items[chosen], counts[chosen], by_size, len(items))


def _classed(sizes: pd.DataFrame) -> pd.DataFrame:
    """With the class of each size, the same in every month: of at least a CLASSES-th of all units."""
    known, of_size = np.unique(sizes["size"], return_inverse=True)
    units = np.bincount(of_size, sizes["units"], len(known))
    classes = size_classes(known, units, max(LEAST, int(units.sum()) // CLASSES))
    return sizes.assign(size_class=classes[of_size].astype(int))
