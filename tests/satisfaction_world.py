"""Invented answers to surveys, and companies in which who answers depends on how satisfied they are."""

import numpy as np
import pandas as pd

from customerbase.engine import Engine
from customerbase.features.answers import _OPTIONAL as DECLARED

LINKS = "customer_id varchar, source_system varchar, source_customer_id varchar"
ORDERS = (
    "customer_id varchar, channel varchar, order_at timestamp, is_order integer, net_amount decimal(18, 2),"
    " source_system varchar, order_id varchar"
)
OTHERS = {
    "identity_links": LINKS,
    "customer_orders": ORDERS,
    "quarantine": "table_name varchar, reason varchar",
}
COLUMNS = {
    "survey_answers": "source_system, response_id, survey_id, source_customer_id, question_id, asked_at, answered_at, scale,"
    " answer_num, weight",
    "surveys": "source_system, survey_id, start_date, invited",
    "inquiries": "source_system, source_customer_id, opened_at",
}


def database(**tables: list[tuple]) -> Engine:
    """An engine with these rows in the tables of a study; the others are empty."""
    db = Engine()
    for table, columns in (DECLARED | OTHERS).items():
        db.execute(f"create table {table} ({columns})")
        rows = tables.get(table, [])
        names = COLUMNS.get(
            table, ", ".join(one.strip().split(" ")[0] for one in columns.split(", ") if " " in one.strip())
        )
        if table == "survey_answers":
            names = f"{names}, product_id, source_row_id"
            rows = [(*row, *[None] * (11 - len(row)), f"{place:06}") for place, row in enumerate(rows)]
        if table == "customer_orders":
            rows = [(*row, *[None] * (7 - len(row))) for row in rows]
        said = ("(" + ", ".join("null" if one is None else f"'{one}'" for one in row) + ")" for row in rows)
        if rows:
            db.execute(f"insert into {table} ({names}) select * from (values {', '.join(said)})")
    return db


def answers(pairs: list[tuple], role: str = "nps", scale: str = "nps") -> pd.DataFrame:
    """Answers of one question in one wave: (customer, answer)."""
    who, answer = zip(*pairs, strict=True) if pairs else ((), ())
    return pd.DataFrame({
        "customer_id": [str(one) for one in who], "known": 1, "survey": "s:S", "wave": "s:S 2026-10-01", "question_id": "q",
        "scale": scale, "answer": np.array(answer, dtype=float), "weight": 1.0, "role": role,
        "month": pd.Timestamp("2026-10-01"), "asked_month": pd.Timestamp("2026-10-01"),
        "answered_at": pd.Timestamp("2026-10-02"),
    })  # fmt: skip


def biased(rng: np.random.Generator, people: int = 3000) -> pd.DataFrame:
    """Customers of one wave, all asked: heavy and recent buyers are the more satisfied and answer more often.

    Columns as response.gather gives them, and answer (0-10), which only those with answered = 1 gave.
    """
    orders = rng.poisson(rng.gamma(1.2, 2.5, people)) + 1
    days = np.minimum(rng.exponential(420 / (orders + 1)).round() + 1, 364)
    channel = rng.choice(["store", "web", "app"], people, p=[0.5, 0.3, 0.2])
    liking = 6.0 + 0.9 * np.log(orders) - 0.006 * days + 0.7 * (channel == "app") + rng.normal(0, 1.6, people)
    answer = np.clip(np.round(liking), 0, 10)
    ready = -2.6 + 0.8 * np.log(orders) - 0.004 * days + 0.8 * (channel == "app")
    answered = rng.random(people) < 1 / (1 + np.exp(-ready))
    return pd.DataFrame({
        "customer_id": [f"C{place:05}" for place in range(people)], "wave": "s:S 2026-10-01", "orders_365": orders,
        "spend_365": np.round(orders * rng.lognormal(8, 0.5, people)), "returns_365": 0, "days_since_last_order": days,
        "days_since_first_order": days + rng.integers(0, 500, people), "inquiries_365": 0, "channel": channel,
        "asked": 1, "answered": answered.astype(int), "answer": answer,
    })  # fmt: skip


def profiles(db: Engine) -> None:
    """The profile of each customer with orders: main channel, no store, no category."""
    db.execute("""create table profile as select customer_id, min(channel) as main_channel, cast(null as varchar) as main_store,
        cast(null as varchar) as favourite_category from customer_orders group by customer_id""")


def company(people: int = 320, *, fall: float = 0.0, alike: bool = False, asked: bool = True) -> Engine:
    """Two waves; delivery moves satisfaction, buyers answer more often; `fall`: how much the second wave lies lower."""
    rng = np.random.default_rng(9)
    links, orders, answers, invited = [], [], [], []
    for number in range(people):
        name, bought = str(number), number % 3
        links.append((f"C{name}", "s", name))
        orders += [
            (f"C{name}", "web" if number % 2 else "store", f"2026-0{month}-03", 1, 1000)
            for month in range(1, 3 + bought)
        ]
        for wave, start in (("S1", "2026-04-05"), ("S2", "2026-09-05")):
            invited.append(("s", wave, name, start))
            if rng.random() < 0.25 + 0.2 * bought:
                ship = int(rng.random() < 0.6)
                mood = rng.normal(6.4 + 1.6 * ship - (fall if wave == "S2" else 0), 1.2)
                given = {
                    "q": ("nps", mood),
                    "all": ("five", mood / 2),
                    "ship": ("yes_no", ship),
                    "site": ("yes_no", rng.integers(2)),
                }
                for question, (scale, raw) in given.items():
                    low, high = {"nps": (0, 10), "five": (1, 5), "yes_no": (0, 1)}[scale]
                    value = high if alike and scale != "yes_no" else int(np.clip(np.round(raw), low, high))
                    answers.append(("s", f"{wave}-{name}", wave, name, question, start, start, scale, value, None))
    db = database(
        survey_answers=answers,
        identity_links=links,
        customer_orders=orders,
        survey_invitations=invited if asked else [],
        surveys=[("s", "S1", "2026-04-05", people), ("s", "S2", "2026-09-05", people)],
    )
    profiles(db)
    return db


def shop(people: int = 400, *, worse: str = "P03", by: float = 1.2, goods: int = 12, seed: int = 4) -> Engine:
    """Everybody reviews a product or two and answers a survey; reviews of one product are worse."""
    rng = np.random.default_rng(seed)
    db = company(people)
    popular = rng.dirichlet(np.full(goods, 3.0))
    reviews, orders, lines = [], [], []
    for number in range(people):
        for _ in range(rng.integers(1, 3)):
            product = f"P{rng.choice(goods, p=popular):02d}"
            stars = int(np.clip(np.round(rng.normal(4.0 - by * (product == worse), 0.9)), 1, 5))
            reviews.append(("s", f"{len(reviews)}", product, f"{number}", f"2026-{rng.integers(3, 11):02d}-04", stars))
        orders.append((f"C{number}", "web", "2026-08-20", 1, 1000, "s", f"o{number}"))
        lines.append(("s", f"o{number}", "goods", f"P{rng.choice(goods, p=popular):02d}", 500))
    catalogue = [("s", f"P{one:02d}", f"Item {one // 2}", f"Kind {one % 3} > X") for one in range(goods)]
    for table, rows in (("reviews", reviews), ("order_lines", lines), ("products", catalogue)):
        db.execute(f"insert into {table} values {', '.join(map(_row, rows))}")
    columns = "customer_id, channel, order_at, is_order, net_amount, source_system, order_id"
    db.execute(f"insert into customer_orders ({columns}) values {', '.join(map(_row, orders))}")
    return db


def _row(row: tuple) -> str:
    return "(" + ", ".join("null" if one is None else f"'{one}'" for one in row) + ")"
