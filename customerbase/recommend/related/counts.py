"""From orders to counts: which units hold which products, by size of the unit. Counting is done in SQL."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase.engine import Engine, sql_text
from customerbase.features import keep
from customerbase.features.snapshots import exists
from customerbase.periods import add_months
from customerbase.recommend.related.chance import BySize, meeting, seasons
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
    kept = sizes[sizes["size"] <= LARGEST[level]]
    classes = seasons(*(kept[name].to_numpy() for name in ("month", "size", "units")))
    db.register("related_classes", kept[["month", "size"]].astype("int64").assign(size_class=classes))
    found = _holding(db, kept, classes)
    counts = found["holding"].sum(axis=1).astype(int)
    chosen = counts >= options.fewest
    db.register("related_chosen", pd.DataFrame({"item": found["items"][chosen].astype("int32")}))
    keep(db, "related_held", sql_text("related_held"))
    total = int(kept["units"].sum())
    by_size = BySize(found["units"], found["others"], found["holding"][chosen], found["weights"][chosen])
    return Units(
        level, total, int(sizes["units"].sum()) - total, found["items"][chosen], counts[chosen], by_size, len(counts)
    )


def _holding(db: Engine, sizes: pd.DataFrame, classes: np.ndarray) -> dict[str, np.ndarray]:
    """Units and mean number of other products per class, units by product and class, and weights of products (`meeting`)."""
    number = int(classes.max()) + 1 if len(classes) else 0
    units, size = sizes["units"].to_numpy(dtype=float), sizes["size"].to_numpy(dtype=float)
    of_class = [np.bincount(classes, weights=one, minlength=number) for one in (units, units * size, units * size**2)]
    others = of_class[2] / of_class[1] - 1
    rows = db.run("related_holding").df()
    items, place = np.unique(rows["item"].to_numpy(dtype=int), return_inverse=True)
    holding = np.zeros((len(items), number))
    holding[place, rows["size_class"].to_numpy(dtype=int)] = rows["units"]
    weights = meeting(holding / of_class[0], others)
    return {"units": of_class[0], "others": others, "items": items, "holding": holding, "weights": weights}
