"""What may be offered: the key `recommend:` of a pipeline file, read and applied to the products.

A rule that cannot be applied as it was written stops the month: a misspelt category of medicines must not be offered.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from customerbase.errors import ConfigError, near_miss

LISTS = ("exclude_categories", "exclude_products", "durable_categories", "durable_products", "statuses")
NUMBERS = ("min_price", "max_price", "min_stock", "durable_days", "length")
KEYS = (*LISTS, *NUMBERS)
STATUSES = ("active", "hidden", "discontinued")
LENGTH = 10  # rows of a list at most
DURABLE_DAYS = 1_095
REASONS = ("discontinued", "out_of_stock", "excluded_category", "excluded_product", "price")


@dataclass(frozen=True)
class Rules:
    """exclude_categories: paths of categories, all below them included, that are never offered (adult, medical, regulated);

    exclude_products: their ids; durable_…: goods that who bought them in the last durable_days is not offered again;
    statuses: of products that are offered; min_stock: pieces, where stock is known; min_price, max_price in the reporting
    currency, where the price is known; length: rows of a list, 10 at most.
    """

    exclude_categories: tuple[str, ...] = ()
    exclude_products: tuple[str, ...] = ()
    durable_categories: tuple[str, ...] = ()
    durable_products: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ("active",)
    min_price: float | None = None
    max_price: float | None = None
    min_stock: float = 1
    durable_days: int = DURABLE_DAYS
    length: int = LENGTH
    where: str = "recommend"

    def held_back(self, goods: pd.DataFrame, kinds: pd.DataFrame | None = None) -> pd.Series:
        """Why each product is not offered, the first of REASONS that holds; None where it may be.

        goods: product_id, path (of categories), price, stock, status (offer_products.sql); kinds: product_id and path of the
        whole catalogue, one row each system's word, those of goods by default. Excluded is what any system puts into
        an excluded category. Raises ConfigError for a category or product that the company does not have, with the near
        miss; categories are not asked for where no product has one.
        """
        kinds = _kinds(goods, kinds)
        self._known(goods, kinds)
        conditions = {
            "discontinued": ~goods["status"].isin(self.statuses).to_numpy(),
            "out_of_stock": (goods["stock"].astype(float) < self.min_stock).to_numpy(),
            "excluded_category": self._below(goods, kinds, self.exclude_categories),
            "excluded_product": goods["product_id"].isin(self.exclude_products).to_numpy(),
            "price": self._price(goods["price"].astype(float).to_numpy()),
        }
        made = np.full(len(goods), None, dtype=object)
        for reason in reversed(REASONS):
            made[conditions[reason]] = reason
        return pd.Series(made, index=goods.index, dtype=object)

    def excluded(self, goods: pd.DataFrame, kinds: pd.DataFrame | None = None) -> np.ndarray:
        """Which products are excluded by category or by name, whatever else holds them back."""
        named = goods["product_id"].isin(self.exclude_products).to_numpy()
        return self._below(goods, _kinds(goods, kinds), self.exclude_categories) | named

    def durable(self, goods: pd.DataFrame, kinds: pd.DataFrame | None = None) -> np.ndarray:
        """Which products are durable goods."""
        named = goods["product_id"].isin(self.durable_products).to_numpy()
        return self._below(goods, _kinds(goods, kinds), self.durable_categories) | named

    def unheard(self, kinds: pd.DataFrame) -> bool:
        """Whether categories are named but no product has one: then nothing is held back by category."""
        return bool(self.exclude_categories or self.durable_categories) and not kinds["path"].notna().any()

    def _below(self, goods: pd.DataFrame, kinds: pd.DataFrame, wanted: tuple[str, ...]) -> np.ndarray:
        if not wanted:
            return np.zeros(len(goods), dtype=bool)
        return goods["product_id"].isin(kinds.loc[below(kinds["path"], wanted), "product_id"]).to_numpy(dtype=bool)

    def _price(self, price: np.ndarray) -> np.ndarray:
        low = price < self.min_price if self.min_price is not None else np.zeros(len(price), dtype=bool)
        return low | (price > self.max_price) if self.max_price is not None else low

    def _known(self, goods: pd.DataFrame, kinds: pd.DataFrame) -> None:
        products = {*goods["product_id"], *kinds["product_id"]}
        paths = {part for path in kinds["path"].dropna().unique() for part in _prefixes(path)}
        for key in LISTS[:4]:
            ours = paths if key.endswith("categories") else products
            for one in getattr(self, key):
                if ours and one not in ours:
                    raise ConfigError(
                        f"{self.where}: {key} names {one!r}, which no product of the company is or has.{near_miss(one, ours)}"
                    )


def _kinds(goods: pd.DataFrame, kinds: pd.DataFrame | None) -> pd.DataFrame:
    return goods[["product_id", "path"]] if kinds is None else kinds


def below(paths: pd.Series, wanted: tuple[str, ...]) -> np.ndarray:
    """Which paths are one of the wanted categories, or lie below one."""
    made = np.zeros(len(paths), dtype=bool)
    text = paths.astype(object).where(paths.notna(), "").astype(str)
    for one in wanted:
        made |= ((text == one) | text.str.startswith(one + " > ")).to_numpy(dtype=bool)
    return made


def _prefixes(path: str) -> list[str]:
    parts = path.split(" > ")
    return [" > ".join(parts[:end]) for end in range(1, len(parts) + 1)]


def read_rules(content: Mapping[str, object], where: str) -> Rules:
    """`recommend:` of a pipeline file, checked. Raises ConfigError naming the key, its value and what was expected."""
    place = f"{where}: recommend"
    made: dict[str, object] = {}
    for key, value in content.items():
        if key not in KEYS:
            raise ConfigError(f"{place} has the unknown key {key!r}.{near_miss(str(key), KEYS)}")
        made[key] = _texts(value, f"{place}.{key}") if key in LISTS else _number(key, value, place)
    for status in made.get("statuses", ()):
        if status not in STATUSES:
            raise ConfigError(
                f"{place}.statuses has {status!r}; expected of {', '.join(STATUSES)}.{near_miss(status, STATUSES)}"
            )
    rules = Rules(**made, where=place)
    if rules.min_price is not None and rules.max_price is not None and rules.min_price > rules.max_price:
        raise ConfigError(f"{place}: min_price {rules.min_price:g} is above max_price {rules.max_price:g}.")
    return rules


def _texts(value: object, place: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ConfigError(f"{place} is {value!r}; expected a list of names (numbers in quotes).")
    return tuple(value)


def _number(key: str, value: object, place: str) -> float | int:
    whole = key in ("durable_days", "length")
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or value < 0:
        raise ConfigError(f"{place}.{key} is {value!r}; expected a {'whole ' if whole else ''}number, 0 or more.")
    if key == "length" and not 1 <= value <= LENGTH:
        raise ConfigError(f"{place}.length is {value!r}; expected 1 to {LENGTH}.")
    return value
