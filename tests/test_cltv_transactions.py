"""The summary of a log against plain pandas, forms and faults of logs, returns, and the month's own documents."""

from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from identity_tables import link_every_id

from customerbase import cltv, features
from customerbase.cltv.transactions import histories, returns_without_purchase, summarise
from customerbase.engine import Engine
from customerbase.errors import InputError

AS_OF = date(2026, 10, 31)
NAMES = {"customer": "who", "date": "day", "amount": "yen"}
STORY = [
    ("a", "2026-01-01", 1000),
    ("a", "2026-01-01", 500),  # the same day: one purchase
    ("a", "2026-01-15", 300),
    ("a", "2026-01-20", -100),  # a credit note: of the 15th
    ("a", "2026-01-15", -50),
    ("a", "2026-11-01", 9999),  # after as_of: not seen
    ("b", "2026-10-31", 70),
    ("c", "2026-05-05", -20),  # before any purchase of theirs
    ("c", "2026-06-06", 40),
    ("d", "2026-03-03", -5),  # never bought
    ("e", "2026-02-02", 10),
    ("e", "2026-02-09", 25),
    ("e", "2026-02-10", -60),  # more than there was
    (None, "2026-01-01", 77),
]


def log(rows=STORY) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["who", "day", "yen"])


def summary(transactions, **options) -> pd.DataFrame:
    return cltv.summary(transactions, **NAMES, as_of=options.pop("as_of", AS_OF), **options).set_index("customer_id")


def plain(rows: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """The same by another road: sorted documents, one customer and one row after the other."""
    made = {}
    rows = rows[(pd.to_datetime(rows["day"]) <= pd.Timestamp(as_of)) & rows["who"].notna()]
    for who, mine in rows.groupby("who"):
        days = sorted({pd.Timestamp(day) for day, yen in zip(mine["day"], mine["yen"], strict=True) if yen >= 0})
        if not days:
            continue
        net = dict.fromkeys(days, Decimal(0))
        for day, yen in zip(mine["day"], mine["yen"], strict=True):
            earlier = [one for one in days if one <= pd.Timestamp(day)]
            if earlier:
                net[earlier[-1]] += Decimal(str(yen))
        made[who] = {
            "frequency": len(days) - 1,
            "recency": (days[-1] - days[0]).days / 7,
            "T": (pd.Timestamp(as_of) - days[0]).days / 7,
            "monetary_value": float(sum(net[day] for day in days[1:])) / (len(days) - 1) if len(days) > 1 else np.nan,
            "purchases": len(days),
            "spend": float(sum(net.values())),
            "days_without_spend": sum(amount <= 0 for amount in net.values()),
        }
    return pd.DataFrame.from_dict(made, orient="index").sort_index()


def test_the_story_by_hand():
    got = summary(log())
    assert got.index.tolist() == ["a", "b", "c", "e"]
    assert got.loc["a"].tolist() == [1, 2.0, 303 / 7, 150.0, 2, 1650.0, 0]
    assert got.loc["b"].tolist()[:3] == [0, 0.0, 0.0] and np.isnan(got.loc["b", "monetary_value"])
    assert got.loc["c", ["purchases", "spend"]].tolist() == [1, 40.0]
    assert got.loc["e", ["monetary_value", "spend", "days_without_spend"]].tolist() == [-35.0, -25.0, 1]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", None]),
            st.dates(date(2025, 12, 1), date(2026, 12, 31)).map(str),
            st.integers(-300, 900).map(lambda n: n / 4),
        ),
        min_size=1,
        max_size=25,
    )
)
def test_random_logs_against_plain_python(rows):
    expected = plain(log(rows), AS_OF)
    if not len(expected):
        with pytest.raises(InputError, match="there is no purchase of a known customer up to 2026-10-31"):
            summary(log(rows))
        return
    got = summary(log(rows))[list(expected)]
    pd.testing.assert_frame_equal(got, expected, check_dtype=False, check_names=False, check_exact=False, rtol=1e-12)


FORMS = {
    "arrow": pa.Table.from_pandas,
    "arrays": lambda made: {name: made[name].to_numpy() for name in made},
    "lists": lambda made: {name: made[name].tolist() for name in made},
    "dates": lambda made: made.assign(day=pd.to_datetime(made["day"]).dt.date),
    "timestamps": lambda made: made.assign(day=pd.to_datetime(made["day"]) + pd.Timedelta("23h59m")),
    "texts with a time": lambda made: made.assign(day=made["day"] + " 23:59:59"),
    "nullable": lambda made: made.convert_dtypes(),
    "arrow types": lambda made: made.convert_dtypes(dtype_backend="pyarrow"),
    "decimals": lambda made: made.assign(yen=[Decimal(one) for one in made["yen"]]),
    "texts": lambda made: made.assign(yen=made["yen"].astype(str)),
    "shuffled": lambda made: made.sample(frac=1, random_state=3),
    "another index": lambda made: made.set_index(made.index[::-1]),
    "an odd name": lambda made: made.assign(**{'x"; drop table log; --': 1}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_log_gives_the_same(form):
    pd.testing.assert_frame_equal(summary(FORMS[form](log())), summary(log()), check_exact=True)


def test_a_parquet_file_of_a_log(tmp_path):
    log().to_parquet(tmp_path / "it's a log.parquet")
    for path in (tmp_path / "it's a log.parquet", str(tmp_path / "it's a log.parquet")):
        pd.testing.assert_frame_equal(summary(path), summary(log()), check_exact=True)
    (tmp_path / "log.csv").write_text(log().to_csv(index=False))
    with pytest.raises(InputError, match=r"log\.csv cannot be read as a table.*or a Parquet file"):
        summary(tmp_path / "log.csv")
    with pytest.raises(InputError, match="does not exist; expected a Parquet file"):
        summary(tmp_path / "none.parquet")


def test_empty_cells_are_nobody_never_and_nothing():
    nothing = {
        "who": [1.0, 1.0, np.nan, 2.0],
        "day": ["2026-01-01", None, "2026-01-01", "2026-01-02"],
        "yen": [5, 6, 7, np.nan],
    }
    for form in (nothing, pa.table(nothing), pd.DataFrame(nothing)):
        got = summary(form)
        assert got.index.tolist() == ["1.0", "2.0"]
        assert got["spend"].tolist() == [5.0, 0.0] and got["days_without_spend"].tolist() == [0, 1]
    nat = log().assign(day=pd.to_datetime(log()["day"]).where(log().index != 6))
    assert "b" not in summary(nat).index


def test_without_amounts_money_stays_empty():
    got = cltv.summary(log(), customer="who", date="day", as_of="2026-10-31")
    assert got[["monetary_value", "spend"]].isna().all(axis=None) and (got["days_without_spend"] == 0).all()
    assert got["customer_id"].tolist() == ["a", "b", "c", "d", "e"]  # nothing says that d's was a return
    assert got.attrs["as_of"] == "2026-10-31"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"day": "31/10/2026"}, "date: 14 cells cannot be read, such as '31/10/2026'; expected a date such as"),
        ({"day": "Yamada Taro"}, r"date: 14 cells cannot be read \(words, not numbers\)"),
        ({"day": 20261031}, "date: 14 cells cannot be read, such as '20261031'"),
        ({"yen": "1,000"}, "amount: 14 cells cannot be read, such as '1,000'"),
        ({"yen": np.inf}, "amount: 14 cells cannot be read"),
        ({"yen": 1e17}, r"amount: .*expected a number below 10\^16"),
        ({"yen": 9e15}, r"those of one customer and day add up to 10\^16 or more"),
        ({"who": None}, "there is no purchase of a known customer up to 2026-10-31"),
        ({"yen": -1}, "there is no purchase of a known customer up to 2026-10-31"),
    ],
)
def test_cells_that_cannot_be_read(change, said):
    with pytest.raises(InputError, match=said):
        summary(log().assign(**change))


def test_logs_that_are_none():
    with pytest.raises(InputError, match=r"date='dya' is no column of the transactions\. Did you mean 'day'"):
        cltv.summary(log(), customer="who", date="dya", as_of=AS_OF)
    for wrong in ([1, 2], None, 3, {"who": [1, 2], "day": ["2026-01-01"], "yen": [1]}):
        with pytest.raises(InputError, match=r"transactions: .* cannot be read as a table"):
            summary(wrong)
    with pytest.raises(InputError, match="there is no purchase"):
        summary(log().head(0))
    with pytest.raises(InputError, match=r"as_of is '31\.10\.2026'; expected a day such as"):
        summary(log(), as_of="31.10.2026")


def test_a_million_rows_of_one_day():
    many = pd.DataFrame({"who": "a", "day": pd.Timestamp("2026-10-01 10:00"), "yen": np.full(1_000_000, 1e9)})
    assert summary(many).loc["a"].tolist()[4:] == [1, 1e15, 0]


# --- documents of a month -------------------------------------------------------------------------------------------


def month(orders, refunds=()) -> Engine:
    """orders: (customer, day, amount, status); refunds: (number of the order, day, amount)."""
    db = Engine(threads=1)
    given = [
        ("s", str(i), who, "web", datetime.fromisoformat(day), status, Decimal(yen))
        for i, (who, day, yen, status) in enumerate(orders)
    ]
    names = ["source_system", "order_id", "source_customer_id", "channel", "order_at", "status", "total"]
    frame = pd.DataFrame(given, columns=names)
    back = [("s", str(i), datetime.fromisoformat(day), Decimal(yen)) for i, day, yen in refunds]
    returned = pd.DataFrame(back, columns=["source_system", "order_id", "refunded_at", "amount"])
    db.register("orders_given", frame)
    db.register("refunds_given", returned)
    db.execute(
        "create table orders as select * replace (cast(order_at as timestamp) as order_at, cast(total as decimal(18, 2)) as total) from orders_given"
    )
    db.execute(
        "create table refunds as select cast(source_system as varchar) as source_system, cast(order_id as varchar) as order_id, cast(refunded_at as timestamp) as refunded_at, cast(amount as decimal(18, 2)) as amount from refunds_given"
    )
    link_every_id(db)
    features.customer_orders(db, as_of=AS_OF)
    cltv.purchases(db)
    return db


def test_returns_of_a_month_meet_their_own_orders():
    orders = [
        ("a", "2026-01-10", "1000", "completed"),
        ("a", "2026-02-10", "500", "completed"),
        ("a", "2026-03-10", "-200", "credit_note"),  # names no order: the last purchase before
        ("b", "2026-04-01", "-30", "credit_note"),  # before any purchase
        ("b", "2026-05-01", "80", "completed"),
        ("c", "2026-05-01", "80", "cancelled"),
    ]
    db = month(
        orders, [(0, "2026-04-01", "400"), (0, "2026-12-01", "600")]
    )  # of January's order; the second is not yet
    got = db.query("select customer_id, purchase_day, net_amount from cltv_purchases where purchase_day is not null")
    assert [(row[0], row[1].month, float(row[2])) for row in got.order("all").fetchall()] == [
        ("s:a", 1, 600.0), ("s:a", 2, 300.0), ("s:b", 5, 80.0),
    ]  # fmt: skip
    assert returns_without_purchase(db) == 30
    got = summarise(db, as_of=AS_OF).set_index("customer_id")
    assert got.loc["s:a", ["frequency", "monetary_value", "spend"]].tolist() == [1, 300.0, 900.0]


def test_histories_of_a_hold_out_count_what_came_later():
    orders = [
        ("a", "2026-01-10", "1", "completed"), ("a", "2026-03-10", "1", "completed"), ("a", "2026-06-10", "1", "completed"),
        ("a", "2026-07-10", "1", "completed"), ("b", "2026-01-10", "1", "completed"), ("b", "2026-03-31", "1", "completed"),
        ("c", "2026-04-01", "1", "completed"),
    ]  # fmt: skip
    known, later, last = histories(month(orders), cut=date(2026, 3, 31), as_of=AS_OF)
    rows = sorted(zip(known.x, known.t_x * 7, known.T * 7, known.n, later, last * 7, strict=True))
    assert np.array(rows) == pytest.approx(np.array([(1, 59, 80, 1, 2, 181), (1, 80, 80, 1, 0, 80)]))
