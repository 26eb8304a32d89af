"""Who bought what on which day, as whole numbers: the one form in which purchases reach the models.

A day counts once per customer and product, however many lines it had. Customers and products stand in the order of their
ids, so that a place breaks every tie.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pandas as pd

from customerbase.engine import Engine, sql_text
from customerbase.errors import InputError
from customerbase.features import keep

STEP = 30  # days between two baskets of a log without dates; equals the horizon, so that each window holds one basket
LEARNT = 200_000  # customers that are learnt from, evenly spread over all; lists are for all
_EPOCH = date(1970, 1, 1)


def number(day: date) -> int:
    """A day as a whole number: days since 1970-01-01."""
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    """The day of a number."""
    return _EPOCH + timedelta(days=int(number))


def spread(n: int, most: int) -> np.ndarray:
    """At most `most` of n places, evenly spread."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.int64)) if n else np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Purchases:
    """Purchase days sorted by customer, product and day.

    customers, products: ids in ascending order; user, item, day: one entry a purchase day (places, and days as numbers);
    category: of each product, an index of categories, -1 where not known; price: of each product, NaN where not known.
    """

    customers: np.ndarray
    products: np.ndarray
    user: np.ndarray
    item: np.ndarray
    day: np.ndarray
    category: np.ndarray
    categories: tuple[str, ...]
    price: np.ndarray

    @classmethod
    def of(cls, rows: pd.DataFrame, goods: pd.DataFrame | None = None) -> "Purchases":
        """From rows of customer_id, product_id and day (a date); goods: product_id, category, price, of those known."""
        customers, products = (np.unique(rows[name].astype(str)) for name in ("customer_id", "product_id"))
        days = pd.to_datetime(rows["day"]).to_numpy().astype("datetime64[D]").astype(np.int64)
        user = np.searchsorted(customers, rows["customer_id"].astype(str))
        item = np.searchsorted(products, rows["product_id"].astype(str))
        return cls._made(customers, products, user, item, days, goods)

    @classmethod
    def in_order(cls, rows: pd.DataFrame, *, as_of: date, goods: pd.DataFrame | None = None) -> "Purchases":
        """From baskets without dates: rows of customer_id, basket (a number, later is larger) and product_id.

        A customer's newest basket lies on as_of, the one before it STEP days earlier, and so on: order takes the place of
        time, and the window of the last STEP days holds everybody's newest basket. Raises InputError for a basket that
        is no number.
        """
        baskets = pd.to_numeric(rows["basket"], errors="coerce")
        if baskets.isna().any():
            wrong = rows.loc[baskets.isna(), "basket"].iloc[0]
            raise InputError(f"basket is {wrong!r}; expected a number that grows with every basket of a customer.")
        back = baskets.groupby(rows["customer_id"]).rank(method="dense", ascending=False).astype(int) - 1
        days = pd.Timestamp(as_of) - pd.to_timedelta(back * STEP, unit="D")
        return cls.of(rows.assign(day=days.dt.date), goods)

    @classmethod
    def read(cls, db: Engine) -> "Purchases":
        """From the tables customer_orders, order_lines and products, which may be without rows; holds offer_days and offered_goods."""
        keep(db, "offer_days", sql_text("offer_days"))
        keep(db, "offered_goods", sql_text("offer_products"))
        customers = _column(db, "select distinct customer_id as id from offer_days order by id")
        products = _column(db, "select distinct product_id as id from offer_days order by id")
        for name, ids in (("offer_customers", customers), ("offer_goods", products)):
            db.register(name, pd.DataFrame({"id": ids, "place": np.arange(len(ids), dtype=np.int32)}))
        found = db.query("""
            select cast(c.place as integer) as user, cast(g.place as integer) as item, d.day - date '1970-01-01' as day
            from offer_days as d
            inner join offer_customers as c on d.customer_id = c.id
            inner join offer_goods as g on d.product_id = g.id
            order by c.place, g.place, d.day""").to_arrow_table()
        codes = {name: found[name].to_numpy().astype(np.int32) for name in ("user", "item", "day")}
        goods = db.query("select product_id, category, price from offered_goods order by product_id").df()
        return cls._made(customers, products, *codes.values(), goods)

    @cached_property
    def looked_at(self) -> np.ndarray:
        """Places of the customers that are learnt from, LEARNT at most."""
        return spread(len(self.customers), LEARNT)

    @cached_property
    def learnt(self) -> "Purchases":
        """The purchases of those who are looked at; all of them where customers are no more."""
        if len(self.looked_at) == len(self.customers):
            return self
        place = np.full(len(self.customers), -1, dtype=np.int32)
        place[self.looked_at] = np.arange(len(self.looked_at), dtype=np.int32)
        user = place[self.user]
        kept = user >= 0
        events = {"user": user[kept], "item": self.item[kept], "day": self.day[kept]}
        return replace(self, customers=self.customers[self.looked_at], **events)

    @classmethod
    def _made(cls, customers, products, user, item, day, goods: pd.DataFrame | None) -> "Purchases":
        user, item, day = (np.asarray(one, dtype=np.int32) for one in (user, item, day))
        if not _in_order(user, item, day):
            order = np.lexsort((day, item, user))
            user, item, day = user[order], item[order], day[order]
        new = np.ones(len(user), dtype=bool)
        new[1:] = (user[1:] != user[:-1]) | (item[1:] != item[:-1]) | (day[1:] != day[:-1])
        known = (goods if goods is not None else pd.DataFrame({"product_id": []})).drop_duplicates("product_id")
        told = known.set_index("product_id").reindex(products)
        names = told["category"] if "category" in told else pd.Series(None, index=told.index, dtype=object)
        category, categories = pd.factorize(names.astype(object).where(names.notna(), None), sort=True)
        price = told["price"].to_numpy(float, na_value=np.nan) if "price" in told else np.full(len(products), np.nan)
        whole = (np.asarray(customers, dtype=object), np.asarray(products, dtype=object))
        return cls(*whole, user[new], item[new], day[new], category, tuple(map(str, categories)), price)


def _in_order(*columns: np.ndarray) -> bool:
    """Whether rows stand in the order of the first column, then of the next, and so on."""
    same = np.ones(max(len(columns[0]) - 1, 0), dtype=bool)
    for one in columns:
        if (same & (one[1:] < one[:-1])).any():
            return False
        same &= one[1:] == one[:-1]
    return True


def _column(db: Engine, query: str) -> np.ndarray:
    return db.query(query).df()["id"].to_numpy(dtype=object)
