"""The invented month of tests/customer_tables.py with lists of one customer, related products and last purchases."""

from datetime import date
from pathlib import Path

import customer_tables as month
from customer_tables import AS_OF, HOSTILE, MERGED, ONCE

import customerbase.dashboards.recommendations as maker

EVIL = "<img src=x onerror=alert('商品')>"
AN_ID = MERGED  # a product may be called like a customer's id


def _offer(name: str, rank: int, product: str, reason: str, because: str | None = None) -> dict:
    row = {
        "customer_id": MERGED,
        "list": name,
        "rank": rank,
        "product_id": product,
        "score": 0.5 / rank,
        "reason": reason,
    }
    return row | {"because_product_id": because, "as_of": AS_OF}


def _pair(one: str, other: str, rank_1: int, rank_2: int, **more) -> dict:
    counts = {"units": 1000, "units_1": 50, "units_2": 40, "units_both": 20, "support": 0.02, "confidence_1_2": 0.4}
    counts |= {
        "confidence_2_1": 0.5,
        "lift": 10.0,
        "expected": 4.0,
        "excess": 5.0,
        "excess_low": 3.2,
        "excess_high": 7.7,
    }
    counts |= {"strength": 0.2, "p_fisher": 1e-9, "p_value": 1e-6, "q_value": 1e-4, "rank_1": rank_1, "rank_2": rank_2}
    return {"level": "basket", "product_1": one, "product_2": other, "as_of": AS_OF} | counts | more


TABLES: dict[str, list[dict]] = month.TABLES | {
    "recommendations": [
        _offer("buy_again", 1, "P1", "due_now"),
        _offer("buy_again", 2, "P2", "bought_often"),
        _offer("new_for_you", 1, "P3", "because_bought", "P1"),
        _offer("new_for_you", 2, "P9", "because_bought", "P8"),
        _offer("new_for_you", 3, "P4", "popular_now"),
        {**_offer("buy_again", 1, "P4", "bought_before"), "customer_id": ONCE},
    ],
    "products_sold": [
        {"product_id": code, "name": name, "category": category, "price": 100.0, "baskets": 10, "customers": 5, "as_of": AS_OF}
        for code, name, category in (("P1", EVIL, HOSTILE), ("P2", "緑茶", None), ("P3", "急須", "茶器"), ("P4", AN_ID, "茶器"))
    ],
    "repurchase_due": [
        {"customer_id": who, "thing": thing, "as_of": AS_OF, "last_day": date(2026, 10, 2), "days_since": 29, "purchases": 3,
         "pace": 1.0, "p_30d": 0.6, "window_from": date(2026, 11, 5), "window_mid": date(2026, 11, 20), "window_to": until,
         "contact_day": None, "contact_gain": None}
        for who, thing, until in ((MERGED, HOSTILE, date(2026, 12, 1)), (ONCE, "P2", date(2026, 12, 9)))
    ],
    "last_products": [
        {"customer_id": MERGED, "place": place, "product_id": code, "day": day, "as_of": AS_OF}
        for place, code, day in ((1, "P1", date(2026, 10, 2)), (2, "P2", date(2026, 9, 1)), (3, "P7", None))
    ],
    "product_pairs": [
        _pair("P1", "P3", 1, 9),
        _pair("P1", "P2", 2, 2),  # both bought last
        _pair("P2", "P4", 4, 1),  # only the fourth of what goes with P2
        _pair("P0", "P2", 1, 3, confidence_2_1=0.25, units_2=80),
        _pair("P1", "P4", 1, 1, level="customer"),
    ],
    "next_products": [
        {"product_id": "P2", "next_product_id": "P3", "within_days": 60, "customers": 30, "customers_both": 12,
         "confidence": 0.4, "expected": 4.0, "excess": 3.0, "excess_low": 1.7, "excess_high": 5.2, "strength": 0.1,
         "usual_days": 20.0, "p_value": 1e-5, "q_value": 1e-3, "only_after": 12, "only_before": 1, "p_order": 1e-3,
         "q_order": 1e-2, "verdict": "this_order", "rank": 1, "is_accessory": False, "as_of": AS_OF},
    ],
}  # fmt: skip


def publish(home: Path, name: str = "2026-10", tables: dict[str, list[dict]] | None = None) -> Path:
    """The month as customer_tables publishes it, with the parts of this page."""
    return month.publish(home, name, TABLES if tables is None else tables, maker=maker)
