"""Scores by product: which product an answer is about, reviews as answers, and which products may be told of one by one."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase.engine import Engine
from customerbase.features.scales import REVIEW

PRODUCT, CATEGORY = "product", "product_category"  # dimensions of scores
DAYS = 180  # days before a survey asks in which an order counts as what it asks about
STARS = "five"  # the scale of a review


def reviews(db: Engine, *, as_of: date) -> pd.DataFrame:
    """Reviews with stars as answers of the role review on the scale 1 to 5, the latest of each person and product up to as_of.

    Columns of features.answers as far as reviews have them: customer_id, known, product_id, answer, answered_at, month,
    role, scale, weight. Reads reviews and identity_links.
    """
    frame = db.run("satisfaction_reviews", until=as_of + timedelta(days=1)).df()
    return frame.assign(role=REVIEW, scale=STARS, weight=1.0)


def of(db: Engine, answers: pd.DataFrame, *, days: int = DAYS) -> pd.DataFrame:
    """Product and category of its product of each answer (columns PRODUCT, CATEGORY, of the same index); missing where unknown.

    The product that the survey or review names; else that of the last order in the `days` days before the survey asked, the
    one on which most was spent. Categories are the general part of the product's path. Reads satisfaction_answers,
    customer_orders, order_lines and products.
    """
    bought = db.run("satisfaction_bought", days=days).df().rename(columns={"product_id": "bought"})
    found = answers[["customer_id", "asked_at", "product_id"]].merge(bought, on=["customer_id", "asked_at"], how="left")
    product = found["product_id"].where(found["product_id"].notna(), found["bought"])
    product.index = answers.index
    category = db.query(
        "select product_id, max(trim(split_part(category, '>', 1))) as category from products group by product_id"
    ).df()
    return pd.DataFrame({PRODUCT: product, CATEGORY: product.map(category.set_index("product_id")["category"])})


def names(db: Engine) -> pd.Series:
    """Product -> what it is called; with its id where several are called alike. Reads products."""
    told = db.query("select product_id, coalesce(max(name), product_id) as name from products group by product_id").df()
    twice = told["name"].duplicated(keep=False)
    name = told["name"].where(~twice, told["name"] + " (" + told["product_id"] + ")")
    return pd.Series(name.to_numpy(), index=told["product_id"])


def tellable(
    product: np.ndarray, category: np.ndarray, customer: np.ndarray, k_min: int, sides: np.ndarray | None = None
) -> np.ndarray:
    """Mask (True = may be told of) of products, numbered from 0, beside the sums of their categories and of everything.

    product, category: of each answer; sides: whether an answer is a satisfied one, where a share is told: then what holds
    for people holds for those on either side. Within each category the products that are not told of are none, or two and
    more with at least k_min people together, so that no sum gives one of them back.
    """
    customer, count = pd.factorize(customer)[0], int(product.max()) + 1 if len(product) else 0
    parts = [np.ones(len(product), dtype=bool)] if sides is None else [sides, ~sides]
    people = np.array([_people(product[part], customer[part], count) for part in parts]).T.reshape(count, len(parts))
    small = ((people > 0) & (people < k_min)).any(axis=1)
    told = ~small
    for one in np.unique(category):
        own = category == one
        members = np.unique(product[own])
        order = members[np.argsort(people[members].sum(axis=1), kind="stable")]
        while not told[members].all() and not _hides(product, customer, own, told, small[members], parts, k_min):
            rest = order[told[order]]
            if not len(rest):
                break
            told[rest[0]] = False
    return told


def _people(product: np.ndarray, customer: np.ndarray, count: int) -> np.ndarray:
    pairs = pd.DataFrame({"product": product, "customer": customer}).drop_duplicates()
    return np.bincount(pairs["product"].to_numpy(dtype=int), minlength=count)


def _hides(product, customer, own, told, small, parts, k_min: int) -> bool:
    """Whether the answers of a category about products that are not told of hide each of them."""
    rest = own & ~told[product]
    if len(np.unique(product[rest])) < 2:
        return False
    people = [len(np.unique(customer[rest & part])) for part in parts]
    return all(one == 0 or one >= k_min for one in people)
