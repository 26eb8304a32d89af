"""What customers with an attribute's value do, and how satisfied those say they are who answer."""

from datetime import date

import numpy as np
import pandas as pd

from customerbase.intervals import mean, ratio, wilson
from customerbase.segments.mix.people import NOW, People

BEHAVIOUR = ["as_of", "attribute", "value", "measure", "estimate", "low", "high", "n", "customers"]
ANSWERS = ("nps_answer", "csat", "rating")
MEASURES = ("orders", "basket", "repeat_share", *ANSWERS)
ALL = "all"  # attribute and value of the row of all customers


def table(people: People, *, as_of: date) -> pd.DataFrame:
    """Behaviour and satisfaction by attribute and row: estimate with its 95 % interval, and the n it rests on.

    orders: mean of the window; basket: net revenue an order; repeat_share: customers with two orders or more;
    nps_answer (0–10), csat (1–5), rating (1–5): mean answer of those who answered, n of `customers`. Rows are brought
    together until in every row at least k_min (or nobody) answered and did not, bought again and did not.
    """
    frame, made = people.now, []
    for name in MEASURES:
        holds = _holds(frame, name)
        if name in ANSWERS and not people.k_min <= holds.sum() <= len(frame):
            continue
        made.append(_rows(frame, np.zeros(len(frame), dtype="int64"), [ALL], ALL, name))
        for attribute in people.attributes:
            hidden = people.hidden(attribute) if holds.all() else people.also(attribute, [(NOW, holds)])
            rows = people.rows(attribute, hidden)
            if len(rows) > 1:
                codes = people.codes(attribute, NOW, hidden).to_numpy()
                found = _rows(frame, codes, rows, attribute, name)
                made.append(found[found["n"] > 0] if (found["n"] > 0).sum() > 1 else found.head(0))
    return pd.concat(made, ignore_index=True).assign(as_of=as_of)[BEHAVIOUR]


def empty() -> pd.DataFrame:
    """The table without rows."""
    return pd.DataFrame(columns=BEHAVIOUR)


def _holds(frame: pd.DataFrame, name: str) -> np.ndarray:
    """What of the customers becomes known by a measure: who bought again, who answered."""
    if name in ANSWERS:
        return frame[name].notna().to_numpy()
    again = (frame["orders"] > 1).to_numpy()
    return again if name in ("orders", "repeat_share") else np.ones(len(frame), dtype=bool)


def _rows(frame: pd.DataFrame, codes: np.ndarray, rows: list[str], attribute: str, name: str) -> pd.DataFrame:
    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(codes, values, len(rows))

    customers = np.bincount(codes, minlength=len(rows))
    n, orders = customers, frame["orders"].to_numpy(dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        if name == "basket":
            money = frame["revenue"].to_numpy(dtype=float)
            estimate = total(money) / total(orders)
            low, high = ratio(total(money), total(orders), total(money**2), total(orders**2), total(money * orders), n)
        elif name == "repeat_share":
            again = total((orders > 1).astype(float))
            estimate, (low, high) = again / n, wilson(again, n)
        else:
            told = orders if name == "orders" else frame[name].to_numpy(dtype=float)
            n, told = total(np.isfinite(told).astype(float)).astype("int64"), np.nan_to_num(told)
            estimate, (low, high) = total(told) / n, mean(total(told), total(told**2), n)
    found = {"measure": name, "estimate": estimate, "low": low, "high": high, "n": n, "customers": customers}
    return pd.DataFrame({"attribute": attribute, "value": rows, **found})
