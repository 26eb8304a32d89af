"""What customers buy next: products bought after another one, beyond chance, and more often in this order than in the other."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase.engine import Engine, sql_text
from customerbase.features import keep
from customerbase.multiple import benjamini_hochberg
from customerbase.recommend.related.chance import excess, size_classes, upper_tail
from customerbase.recommend.related.counts import FEW_PRODUCTS
from customerbase.recommend.related.options import Options
from customerbase.recommend.related.pairs import accessory

MOST = 1_000  # baskets of one customer within the months read: whoever has more is a till
THIS, EITHER = "this_order", "either_order"
NEXT = [
    *("product_id", "next_product_id", "within_days", "within_baskets", "customers", "customers_both", "confidence"),
    *("expected", "excess", "excess_low", "excess_high", "strength", "usual_days", "p_value", "q_value"),
    *("only_after", "only_before", "p_order", "q_order", "verdict", "rank", "is_accessory"),
]


def following(db: Engine, products: pd.DataFrame, *, as_of: date, options: Options) -> pd.DataFrame:
    """Products bought next, one row per product and next product: counts, strength, chance, order, ranks.

    customers: whose first purchase of the product (of the months read) lies at least `days` back; customers_both: those who
    bought the other on a later day within `days` (without dates: in one of the next `baskets` baskets). expected: as many
    as bought it after any basket after which as many different products were bought; p_value: chance of as many or more;
    q_value: over all ordered pairs of products looked at. only_after, only_before: customers who bought the other only
    after, or only before, the product within that time; p_order: the chance of a difference as large if both orders were as
    likely (sign test: habits without an order look the same read backwards); q_order over the rows kept. verdict: this_order
    or either_order; what clearly goes the other way round is left out. strength: share of customers above the expected one,
    at least; rank: what has this order first, then by strength. Reads related_lines, related_products.
    """
    _hold(db, as_of, options)
    base = _Base.of(db, alike=len(products) < FEW_PRODUCTS)
    found = db.run("related_next", fewest=options.fewest).df().sort_values(["item_1", "item_2"], ignore_index=True)
    first, second = base.rows(found["item_1"]), base.rows(found["item_2"])
    both, expected = found["customers_both"].to_numpy(dtype=float), base.expected(first, second)
    made = found.assign(customers=base.firsts[first].sum(axis=1).astype(int), expected=expected)
    made["excess"], made["excess_low"], made["excess_high"] = excess(both, expected)
    made["p_value"] = upper_tail(both, expected, base.firsts[first][:, base.sizes > 0].sum(axis=1))
    made["q_value"] = benjamini_hochberg(made["p_value"].to_numpy(), tests=len(base.items) * (len(base.items) - 1))
    made["strength"] = (made["excess_low"] - 1) * expected / made["customers"]
    made = made[(made["q_value"] <= options.false_discovery) & (both > expected)]
    made = made.sort_values(["strength", "item_1", "item_2"], ascending=[False, True, True], ignore_index=True)
    made = made[made.groupby("item_1").cumcount() < 2 * options.partners].reset_index(drop=True)
    return _ranked(_ordered(db, made, options.false_discovery), products, options)


def _hold(db: Engine, as_of: date, options: Options) -> None:
    until = as_of + timedelta(days=1)
    keep(db, "related_steps", sql_text("related_steps"), most=MOST, days=options.days, until=until)
    keep(db, "related_bought", sql_text("related_bought"), fewest=options.fewest)
    keep(db, "related_after", sql_text("related_after"), days=options.days, baskets=options.baskets)
    keep(db, "related_starts", sql_text("related_starts"))


class _Base:
    """Complete baskets by how much was bought after them: units per class, first purchases and follow-ups per product."""

    def __init__(
        self, units: np.ndarray, sizes: np.ndarray, items: np.ndarray, firsts: np.ndarray, followed: np.ndarray
    ):
        self.units, self.sizes, self.items, self.firsts, self.followed = units, sizes, items, firsts, followed

    @classmethod
    def of(cls, db: Engine, alike: bool) -> "_Base":
        """Counts of related_starts, related_after and related_bought; holds related_classes."""
        sizes = db.query("select size, count(*) as units from related_starts group by size order by size").df()
        classes = size_classes(sizes["size"].to_numpy(dtype=int), sizes["units"].to_numpy(dtype=int))
        classes = 0 * classes if alike else classes
        db.register("related_classes", pd.DataFrame({"size": sizes["size"].astype("int64"), "size_class": classes}))
        number = int(classes.max()) + 1 if len(classes) else 0
        units = np.bincount(classes, weights=sizes["units"], minlength=number)
        largest = np.zeros(number)
        np.maximum.at(largest, classes, sizes["size"].to_numpy(dtype=float))
        rows = db.run("related_next_base").df()
        items, place = np.unique(rows["item"].to_numpy(dtype=int), return_inverse=True)
        made = {name: np.zeros((len(items), number)) for name in ("firsts", "followed")}
        for name, table in made.items():
            table[place, rows["size_class"].to_numpy(dtype=int)] = rows[name]
        return cls(units, largest, items, made["firsts"], made["followed"])

    def rows(self, items: pd.Series) -> np.ndarray:
        return np.searchsorted(self.items, items.to_numpy())

    def expected(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        share = self.followed / self.units
        return np.einsum("ij,ij->i", self.firsts[first], share[second]) if len(first) else np.zeros(0)


def _ordered(db: Engine, made: pd.DataFrame, level: float) -> pd.DataFrame:
    """The rows with how many customers went only this way, how many only the other, and the sign test; none the wrong way."""
    db.register("related_candidates", made[["item_1", "item_2"]])
    keep(db, "related_ways", sql_text("related_ways"))
    for told in ("related_order", "related_days"):
        made = made.merge(db.run(told).df(), on=["item_1", "item_2"], how="left", validate="1:1")
    after, before = made["only_after"].to_numpy(dtype=float), made["only_before"].to_numpy(dtype=float)
    made["p_order"] = np.minimum(2 * upper_tail(np.maximum(after, before), (after + before) / 2, after + before), 1.0)
    made["q_order"] = benjamini_hochberg(made["p_order"].to_numpy())
    clear = made["q_order"] <= level
    made["verdict"] = np.where(clear, THIS, EITHER)
    return made[~clear | (after > before)].reset_index(drop=True)


def _ranked(made: pd.DataFrame, products: pd.DataFrame, options: Options) -> pd.DataFrame:
    named = products.set_index("item")["product_id"]
    made = made.assign(
        product_id=named.reindex(made["item_1"]).to_numpy(),
        next_product_id=named.reindex(made["item_2"]).to_numpy(),
        confidence=made["customers_both"] / made["customers"],
    )
    dated = made["usual_days"].notna()
    made["within_days"] = pd.Series(options.days, made.index).where(dated).astype("Int64")
    made["within_baskets"] = pd.Series(options.baskets, made.index).where(~dated).astype("Int64")
    order = ["verdict", "strength", "product_id", "next_product_id"]
    made = made.sort_values(order, ascending=[False, False, True, True], ignore_index=True)
    made["rank"] = made.groupby("product_id").cumcount() + 1
    small = accessory(made["product_id"], made["next_product_id"], products, options.accessory_price)
    made["is_accessory"] = [one == other for one, other in zip(small, made["next_product_id"], strict=True)]
    return made[made["rank"] <= options.partners].reset_index(drop=True)[NEXT]
