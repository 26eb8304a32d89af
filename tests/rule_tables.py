"""Small customer tables for tests of the rules: what profile, rfm and last month's cltv and churn hold, cut to size."""

from datetime import date, datetime

import numpy as np
import pandas as pd

from customerbase import rules
from customerbase.engine import Engine, identifier
from customerbase.tables.schema import schema, schemas

READABLE = ("profile", "rfm", "previous_cltv", "previous_churn")
AS_OF = date(2026, 10, 31)
NAMED = ("champions", "loyal", "lost", "at_risk")


def known(readable=READABLE) -> rules.Columns:
    """The columns of a page that reads these tables."""
    return rules.columns(schemas(), readable, {"rfm.segment": NAMED})


def title(code: str) -> dict:
    return {"en": code.replace("_", " ").capitalize(), "ja": f"区分{len(code)}"}


def read(columns: rules.Columns | None = None, **texts: str) -> rules.Rules:
    """code=rule, as a pipeline file has them."""
    spec = {code: {"title": title(code), "rule": text} for code, text in texts.items()}
    return rules.read_rules({"rules": spec}, columns or known(), named=NAMED, where="tiny.yaml")


def table(db: Engine, view: str, frame: pd.DataFrame, declared: str | None = None) -> None:
    """Register a frame as a table with all columns that its schema declares, those not given empty."""
    one = schema(declared or view.removeprefix(rules.BEFORE))
    db.connection.register(f"given_{view}", frame)
    cells = [
        f"cast({identifier(name) if name in frame else 'null'} as {column.type}) as {identifier(name)}"
        for name, column in one.columns.items()
    ]
    db.execute(f"create or replace table {identifier(view)} as select {', '.join(cells)} from given_{view}")


def company(db: Engine, *, profile=None, rfm=None, cltv=None, churn=None) -> None:
    """The four tables of READABLE from frames; one that is not given has no rows."""
    given = {"profile": profile, "rfm": rfm, "previous_cltv": cltv, "previous_churn": churn}
    for view, frame in given.items():
        table(db, view, pd.DataFrame({"customer_id": pd.Series(dtype="object")}) if frame is None else frame)


def people(n: int, seed: int = 0) -> dict[str, pd.DataFrame]:
    """n customers with every kind of column, a fifth of the values missing, some in one table only."""
    random = np.random.default_rng(seed)
    ids = [f"k{i}" for i in range(n)]

    def some(values) -> list:
        return [None if random.random() < 0.2 else value for value in values]

    profile = pd.DataFrame(
        {
            "customer_id": ids,
            "gender": some(random.choice(["female", "male", "other"], n)),
            "occupation": some(random.choice(["エンジニア", "Teacher", "it's 5%", "$as_of", "公務員"], n)),
            "has_email": random.random(n) < 0.5,
            "orders": pd.array(some(random.integers(0, 9, n).tolist()), dtype="Int64"),
            "mean_rating": some(random.integers(1, 6, n) / 1.0),
            "points_balance": some([round(x, 2) for x in random.normal(0, 500, n).tolist()]),
            "first_order_at": some(
                [datetime(2026, 1 + int(k) % 10, 1 + int(k) % 28, 23, 59) for k in random.integers(0, 90, n)]
            ),
        }
    )
    rfm = pd.DataFrame(
        {
            "customer_id": ids[: n * 4 // 5],
            "days_since_last_order": random.integers(0, 400, n * 4 // 5),
            "net_spend": [round(x, 2) for x in random.gamma(2, 5000, n * 4 // 5).tolist()],
            "r": random.integers(1, 6, n * 4 // 5),
            "segment": random.choice(NAMED, n * 4 // 5),
        }
    )
    cltv = pd.DataFrame({"customer_id": ids[n // 5 :], "cltv": some(random.integers(0, 12, n - n // 5) * 1000.0)})
    churn = pd.DataFrame({"customer_id": ids[::2], "probability": random.random(len(ids[::2])), "risk_band": "low"})
    return {"profile": profile, "rfm": rfm, "cltv": cltv, "churn": churn}
