"""A small invented shop with known tastes: who belongs to a taste buys its products, staples come back every month."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase.recommend import Purchases

END = date(2026, 11, 1)  # the day after the last purchases
TASTES, OF_TASTE, STAPLES = 4, 30, 5


def rows(customers: int = 200, days: int = 400, seed: int = 3) -> pd.DataFrame:
    """customer_id, product_id, day: a visit every 20 days or so, one staple and two products of the taste a visit."""
    random, made = np.random.default_rng(seed), []
    for customer in range(customers):
        taste, staple = customer % TASTES, customer % STAPLES
        day = int(random.integers(0, 40))
        while day < days:
            names = {f"S{staple}"}
            names |= {f"T{taste}{random.integers(0, OF_TASTE)}" for _ in range(2)}
            if random.random() < 0.2:
                names.add(f"T{random.integers(0, TASTES)}{random.integers(0, OF_TASTE)}")
            made += [(f"c{customer:03}", name, END - timedelta(days=days - day)) for name in names]
            day += int(random.integers(10, 31))
    return pd.DataFrame(made, columns=["customer_id", "product_id", "day"])


def goods() -> pd.DataFrame:
    """One row a product: path of categories, price, stock, status."""
    names = [f"S{place}" for place in range(STAPLES)]
    names += [f"T{taste}{place}" for taste in range(TASTES) for place in range(OF_TASTE)]
    made = pd.DataFrame({"product_id": sorted(names)})
    made["category"] = ["staples" if name[0] == "S" else f"taste {name[1]}" for name in made["product_id"]]
    made["path"] = made["category"] + " > " + made["product_id"].str[:2]
    return made.assign(name=made["product_id"], price=100.0, stock=np.nan, status="active")


def purchases(**options) -> Purchases:
    """The shop as the models see it."""
    return Purchases.of(rows(**options), goods())
