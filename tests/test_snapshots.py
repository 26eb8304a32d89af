"""Features of snapshots against plain Python on random data, cases by hand, and what features.yaml says of them."""

from datetime import date, timedelta
from itertools import pairwise
from statistics import mean, median, pstdev

import numpy as np
import pandas as pd
import pytest
from profile_tables import order, when
from snapshot_tables import company, engine, linked, one, rows

from customerbase import features
from customerbase.engine import Engine, sql_text
from customerbase.errors import ConfigError, TableError
from customerbase.features import names
from customerbase.tables import schemas

CUTOFF = date(2026, 7, 1)


# --- against plain Python ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made():
    """A random company, its tables as pandas frames with customer_id, and its snapshot as pandas."""
    db = company(3)
    tables = {name: db.query(f"select * from {name}").df() for name in ("orders", "refunds", "order_lines", "products")}
    for name in ("web_events", "campaign_contacts", "inquiries", "loyalty_points"):
        tables[name] = db.query(
            f"select t.*, l.customer_id from {name} t join identity_links l using (source_system, source_customer_id)"
        ).df()
    links = db.query("select source_system, source_customer_id, customer_id from identity_links").df()
    tables["orders"] = tables["orders"].merge(links, on=["source_system", "source_customer_id"])
    return tables, features.snapshot(db, cutoff=CUTOFF).df().set_index("customer_id")


def counted_orders(tables) -> pd.DataFrame:
    """Orders placed before the cutoff that nobody had cancelled by then, with their age."""
    frame = tables["orders"]
    cutoff = pd.Timestamp(CUTOFF)
    kept = frame.status.eq("completed") | (frame.status.eq("cancelled") & (frame.cancelled_at >= cutoff))
    frame = frame[(frame.order_at < cutoff) & kept].copy()
    return frame.assign(age=(cutoff - frame.order_at.dt.normalize()).dt.days, total=frame.total.astype(float))


def test_who_is_in_it(made):
    tables, found = made
    orders = counted_orders(tables)
    assert sorted(found.index) == sorted(orders[orders.age <= 365].customer_id.unique())
    assert 30 < len(found) < 60


def test_purchases_and_rhythm(made):
    tables, found = made
    orders = counted_orders(tables)
    seen = 0
    for customer, row in found.iterrows():
        ages = sorted(set(orders[orders.customer_id == customer].age), reverse=True)
        assert row.purchase_days == len(ages)
        for days in (30, 90, 180, 365):
            assert row[f"purchase_days_{days}"] == sum(age <= days for age in ages)
        assert row.purchase_days_trend_90 == sum(a <= 90 for a in ages) - sum(90 < a <= 180 for a in ages)
        assert (row.days_since_last_purchase, row.days_since_first_purchase) == (ages[-1], ages[0])
        assert row.purchase_days_decayed == pytest.approx(sum(0.5 ** (age / 90) for age in ages), abs=1e-5)
        gaps = [earlier - later for earlier, later in pairwise(ages)]
        if not gaps:
            assert row.bought_once and pd.isna(row.median_gap) and pd.isna(row.silence_ratio) and not row.is_overdue
            continue
        assert row.median_gap == median(gaps)
        assert row.mean_gap == pytest.approx(mean(gaps))
        assert (row.last_gap, row.longest_gap) == (gaps[-1], max(gaps))
        assert row.silence_ratio == pytest.approx(ages[-1] / median(gaps))
        assert row.gaps_outlasted_share == pytest.approx(mean(gap < ages[-1] for gap in gaps))
        assert row.days_until_due == median(gaps) - ages[-1]
        assert row.is_overdue == (ages[-1] > median(gaps))
        if len(gaps) >= 2:
            assert row.gap_variation == pytest.approx(pstdev(gaps) / mean(gaps), abs=1e-9)
        if len(gaps) >= 4:
            seen += 1
            assert row.gap_trend == pytest.approx(mean(gaps[-3:]) / mean(gaps))
        else:
            assert pd.isna(row.gap_trend)
    assert seen > 10


def test_money(made):
    tables, found = made
    cutoff, orders = pd.Timestamp(CUTOFF), counted_orders(tables)
    credit = tables["orders"]
    credit = credit[(credit.status == "credit_note") & (credit.order_at < cutoff)]
    refunds = tables["refunds"].merge(
        orders[["source_system", "order_id", "customer_id"]], on=["source_system", "order_id"], suffixes=("", "_o")
    )
    refunds = refunds[refunds.refunded_at < cutoff]
    back = pd.concat(
        [
            pd.DataFrame(
                {"customer_id": credit.customer_id, "at": credit.order_at, "amount": -credit.total.astype(float)}
            ),
            pd.DataFrame(
                {"customer_id": refunds.customer_id, "at": refunds.refunded_at, "amount": refunds.amount.astype(float)}
            ),
        ]
    )
    back["age"] = (cutoff - back["at"].dt.normalize()).dt.days
    for customer, row in found.iterrows():
        mine, gone = orders[orders.customer_id == customer], back[back.customer_id == customer]
        for days, column in (
            (30, "spend_30"),
            (90, "spend_90"),
            (180, "spend_180"),
            (365, "spend_365"),
            (10**6, "spend"),
        ):
            expected = mine[mine.age <= days].total.sum() - gone[gone.age <= days].amount.sum()
            assert float(row[column]) == pytest.approx(expected, abs=0.006)
        year = mine[mine.age <= 365]
        assert row.orders == len(mine) and row.orders_365 == len(year)
        assert row.mean_order_365 == pytest.approx(year.total.mean())
        discount = year.discount.astype(float)
        assert row.discount_share_365 == pytest.approx(discount.sum() / (discount.sum() + year.total.sum()))
        assert row.discounted_orders_share_365 == pytest.approx((discount > 0).mean())
        assert row.points_orders_share_365 == pytest.approx((year.points_used.astype(float) > 0).mean())
        assert row.returns_365 == (gone.age <= 365).sum()
        assert row.returned_share_365 == pytest.approx(gone[gone.age <= 365].amount.sum() / year.total.sum())
        assert (row.days_since_last_return == gone.age.min()) if len(gone) else pd.isna(row.days_since_last_return)
    assert found.returns_365.sum() > 20


def test_baskets_places_and_season(made):
    tables, found = made
    orders = counted_orders(tables)
    products = tables["products"].assign(category=lambda frame: frame.category.str.split(" > ").str[0])
    lines = tables["order_lines"].query("line_type == 'goods'")
    lines = lines.merge(orders, on=["source_system", "order_id"], suffixes=("", "_o"))
    lines = lines.merge(
        products[["source_system", "product_id", "category"]], on=["source_system", "product_id"], how="left"
    )
    for customer, row in found.iterrows():
        mine, bought = lines[lines.customer_id == customer], orders[orders.customer_id == customer]
        assert (row.lines, row.lines_365) == (len(mine), (mine.age <= 365).sum())
        assert row.categories == mine.category.nunique()
        assert row.categories_90 == mine[mine.age <= 90].category.nunique()
        known = mine.category.dropna()
        if len(known):
            assert row.top_category_share == pytest.approx(known.value_counts().iloc[0] / len(known))
        if len(mine):
            per_product = mine.assign(key=mine.product_id + mine.category.fillna("")).groupby("key").age.nunique()
            assert row.products == len(per_product)
            assert row.products_rebought == (per_product > 1).sum()
        assert row.channels == bought.channel.nunique()
        assert row.stores == (bought.source_system + bought.store_id).nunique()
        assert row.online_share == pytest.approx(bought.channel.isin(["web", "app"]).mean())
        days = pd.Series(bought.order_at.dt.normalize().unique())
        assert row.active_months == days.dt.to_period("M").nunique()
        assert row.purchase_days_same_month_last_year == days.between("2025-07-01", "2025-07-31").sum()
        assert row.purchase_days_same_quarter_last_year == days.between("2025-07-01", "2025-09-30").sum()
        assert row.coming_quarter_share == pytest.approx(days.dt.month.isin([7, 8, 9]).mean())
        assert row.top_weekday_share == pytest.approx(days.dt.day_of_week.value_counts().iloc[0] / len(days))
        assert row.weekend_share == pytest.approx((days.dt.day_of_week >= 5).mean())
    assert found.products_rebought.sum() > 5


def test_engagement(made):
    tables, found = made
    cutoff = pd.Timestamp(CUTOFF)
    age = lambda times: (cutoff - times.dt.normalize()).dt.days  # noqa: E731
    web, mail, desk, points = (tables[n] for n in ("web_events", "campaign_contacts", "inquiries", "loyalty_points"))
    web, mail, desk = web[web.event_at < cutoff], mail[mail.sent_at < cutoff], desk[desk.opened_at < cutoff]
    points = points[points.txn_at < cutoff]
    for customer, row in found.iterrows():
        mine = web[web.customer_id == customer]
        assert row.visit_days_90 == mine[age(mine.event_at) <= 90].event_at.dt.date.nunique()
        assert row.cart_adds_90 == ((age(mine.event_at) <= 90) & (mine.event_name == "add_to_cart")).sum()
        assert (
            (row.days_since_last_visit == age(mine.event_at).min()) if len(mine) else pd.isna(row.days_since_last_visit)
        )
        mine = mail[mail.customer_id == customer]
        opened = mine.opened_at.where(mine.opened_at < cutoff)
        assert row.messages_90 == (age(mine.sent_at) <= 90).sum()
        assert row.opens_90 == (age(opened) <= 90).sum()
        year = age(mine.sent_at) <= 365
        assert (
            (row.open_rate_365 == pytest.approx(opened[year].notna().mean()))
            if year.any()
            else pd.isna(row.open_rate_365)
        )
        mine = desk[desk.customer_id == customer]
        assert row.inquiries == len(mine)
        assert row.open_inquiries == (~(mine.closed_at < cutoff)).sum()
        mine = points[points.customer_id == customer]
        assert float(row.points_balance) == mine.delta.astype(float).sum()
        assert (
            float(row.points_used_365)
            == -mine[(mine.kind == "use") & (age(mine.txn_at) <= 365)].delta.astype(float).sum()
        )
    assert found.open_inquiries.sum() > 5 and found.opens_90.sum() > 5


# --- by hand -------------------------------------------------------------------------------------------------------------


def at(number: int, who: str, day: str, **values) -> dict:
    return order(number, who, day, **values)


def event(number: int, what: str, moment: str, **values) -> dict:
    row = {"source_system": "shop", "source_customer_id": "a", "source_row_id": f"w:{number}", "event_id": str(number)}
    return row | {"event_name": what, "event_at": when(moment)} | values


def test_one_rhythm_by_hand():
    days = ("2026-01-01", "2026-01-31", "2026-03-02", "2026-04-01", "2026-04-11", "2026-04-21")  # gaps 30 30 30 10 10
    db = engine(identity_links=linked("A"), orders=[at(n, "a", day) for n, day in enumerate(days)])
    a = one(features.snapshot(db, cutoff=CUTOFF), "A")
    assert (a["median_gap"], a["mean_gap"], a["last_gap"], a["longest_gap"]) == (30, 22, 10, 30)
    assert a["gap_trend"] == pytest.approx((30 + 10 + 10) / 3 / 22)  # it quickened
    assert (a["days_since_last_purchase"], a["days_until_due"], a["is_overdue"]) == (71, -41, True)
    assert (a["gaps_outlasted_share"], a["silence_ratio"]) == (1, pytest.approx(71 / 30))


@pytest.mark.parametrize(
    ("cart", "left"),
    [("2026-06-20T12:00", True), ("2026-06-10T11:59", False), ("2026-06-01T12:00", False), ("2026-07-01T00:00", False)],
)
def test_a_cart_is_left_when_no_order_followed(cart, left):
    orders = [at(1, "a", "2026-05-01"), at(2, "a", "2026-06-10")]
    db = engine(identity_links=linked("A"), orders=orders, web_events=[event(1, "add_to_cart", cart)])
    assert one(features.snapshot(db, cutoff=CUTOFF), "A")["has_left_cart"] is left


def test_a_cart_older_than_thirty_days_is_forgotten():
    db = engine(
        identity_links=linked("A"),
        orders=[at(1, "a", "2026-05-01")],
        web_events=[event(1, "add_to_cart", "2026-05-31T09:00")],
    )
    a = one(features.snapshot(db, cutoff=CUTOFF), "A")
    assert (a["days_since_last_cart_add"], a["has_left_cart"], a["visit_days_since_purchase"]) == (31, False, 1)


def test_a_store_that_closed_before_the_cutoff():
    for closed, gone in ((date(2026, 6, 30), True), (date(2026, 7, 1), False), (None, False)):
        stores = [{"source_system": "shop", "store_id": "S1", "close_date": closed, "source_row_id": "s:1"}]
        orders = [at(1, "a", "2026-05-01", store_id="S1", channel="store"), at(2, "a", "2026-06-01")]
        a = one(features.snapshot(engine(identity_links=linked("A"), orders=orders, stores=stores), cutoff=CUTOFF), "A")
        assert (a["last_store_closed"], a["last_order_online"], a["online_share"]) == (gone, True, 0.5)


def test_opinions_are_brought_to_one_scale():
    answers = [
        {"source_system": "shop", "response_id": str(n), "question_id": "q", "survey_id": "S", "source_customer_id": "a",
         "answered_at": when(day), "scale": scale, "answer_num": value, "source_row_id": f"s:{n}"}
        for n, (scale, value, day) in enumerate([("nps", 7, "2026-01-01"), ("five", 2, "2026-02-01"), ("nps", 9, "2025-01-01")])
    ]  # fmt: skip
    db = engine(identity_links=linked("A"), orders=[at(1, "a", "2026-05-01")], survey_answers=answers)
    a = one(features.snapshot(db, cutoff=CUTOFF), "A")
    assert (a["last_satisfaction"], a["last_nps_answer"], a["opinions"], a["opinions_365"]) == (0.25, 7, 3, 2)


def test_points_about_to_expire_are_at_most_the_balance():
    def moved(number: int, delta: int, kind: str, day: str, expires: str | None) -> dict:
        row = {
            "source_system": "shop",
            "txn_id": str(number),
            "source_customer_id": "a",
            "txn_at": when(day),
            "delta": delta,
        }
        return row | {"kind": kind, "expires_at": when(expires) if expires else None, "source_row_id": f"p:{number}"}

    points = [moved(1, 100, "earn", "2025-08-01", "2026-07-31"), moved(2, 50, "earn", "2026-06-01", "2027-05-31")]
    for used, expiring in ((0, 100), (-80, 70)):
        spent = [moved(3, used, "use", "2026-06-15", None)] if used else []
        db = engine(identity_links=linked("A"), orders=[at(1, "a", "2026-05-01")], loyalty_points=points + spent)
        a = one(features.snapshot(db, cutoff=CUTOFF), "A")
        assert (a["points_balance"], a["points_expiring_90"], a["points_earned_90"]) == (150 + used, expiring, 50)


def test_a_customer_known_by_orders_alone_and_tables_that_are_not_there():
    whole = engine(identity_links=linked("A"), orders=[at(1, "a", "2026-05-01"), at(2, "a", "2026-06-01")])
    alone = Engine(threads=1)
    for table in ("orders", "identity_links"):
        alone.register(table, whole.query(f"select * from {table}").to_arrow_table())
    made = features.snapshot(alone, cutoff=CUTOFF)
    assert rows(made) == rows(features.snapshot(whole, cutoff=CUTOFF))
    assert made.columns[2:] == list(features.features())
    a = one(made, "A")
    absent = {feature.name for block in features.blocks() if block.name in ("web", "messages", "points", "inquiries", "opinions")
              for feature in block.features}  # fmt: skip
    for name in absent:
        assert a[name] == features.features()[name].kind.empty, name


def test_a_row_depends_on_its_own_customer_alone():
    db = company(5)
    whole = {row[0]: row for row in features.snapshot(db, cutoff=CUTOFF).fetchall()}
    some = sorted(whole)[::3]
    db.register("some", pd.DataFrame({"customer_id": some}))
    alone = {row[0]: row for row in features.snapshot(db, cutoff=CUTOFF, customers="some").fetchall()}
    assert {name: repr(row) for name, row in alone.items()} == {name: repr(whole[name]) for name in some}


# --- features.yaml ---------------------------------------------------------------------------------------------------


def test_features_are_named_and_typed_as_the_sql_gives_them():
    made = features.snapshot(company(1, customers=8), cutoff=CUTOFF)
    told = features.features()
    assert made.columns == ["customer_id", "cutoff", *told]
    assert {name: str(kind) for name, kind in zip(made.columns[2:], made.types[2:], strict=True)} == {
        name: one.type for name, one in told.items()
    }


def test_a_block_holds_the_features_of_its_sql_and_reads_the_tables_it_names():
    db = company(1, customers=8)
    features.snapshot(db, cutoff=CUTOFF)
    for block in features.blocks():
        columns = db.query(f"select * from snapshot_{block.name}").columns
        assert columns == ["customer_id", *(feature.name for feature in block.features)]
        text = sql_text(f"snapshot_{block.name}")
        views = [
            word for word in ("web", "messages", "inquiries", "points", "lines", "stores") if f"seen_{word}" in text
        ]
        tables = {
            "web": "web_events",
            "messages": "campaign_contacts",
            "points": "loyalty_points",
            "lines": "order_lines",
        }
        assert {tables.get(view, view) for view in views} <= set(block.tables)


def test_what_stands_for_nothing_is_declared():
    db = engine(identity_links=linked("A"), orders=[at(1, "a", "2026-06-01", total=0)])
    a = one(features.snapshot(db, cutoff=CUTOFF), "A")
    for name, told in features.features().items():
        if told.kind.empty is not None:
            assert a[name] is not None, name


def test_optional_tables_are_typed_as_declared():
    for table, columns in names.optional_tables().items():
        declared = {name: column.type for name, column in schemas()[table].columns.items()}
        assert columns.items() <= declared.items(), table


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("kind: cuont, unit: x, en: E., ja: J。", r"b\.f: kind is 'cuont'; expected one of count.*count"),
        ("kind: count, unit: x, en: E.", r"b\.f has no 'ja'"),
        ("kind: count, unit: x, en: E., ja: J。, logg: true", r"unknown key 'logg'"),
    ],
)
def test_a_feature_told_wrongly_is_refused(tmp_path, line, message):
    file = tmp_path / "features.yaml"
    head = "kinds: {count: {type: BIGINT, empty: 0, en: count, ja: 件数}}\noptional: {}\n"
    file.write_text(
        head + f"blocks: {{b: {{en: B, ja: B, tables: [orders], features: {{f: {{{line}}}}}}}}}\n", encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=message):
        names.blocks(file)


def test_numbers_for_models():
    db = engine(identity_links=linked("A"), orders=[at(1, "a", "2026-05-01"), at(2, "a", "2026-06-01", total=-20)])
    frame = features.snapshot(db, cutoff=CUTOFF).df()
    plain, logs = features.matrix(frame), features.matrix(frame, log=True)
    assert list(plain.columns) == list(features.features()) and set(plain.dtypes) == {np.dtype(float)}
    assert plain.at[0, "spend"] == 80 and logs.at[0, "spend"] == pytest.approx(np.log(81))
    assert logs.at[0, "last_purchase"] == pytest.approx(-np.log(21))
    assert plain.at[0, "bought_once"] == logs.at[0, "bought_once"] == 0
    assert np.isnan(plain.at[0, "days_since_last_visit"]) and np.isnan(logs.at[0, "open_rate_365"])
    with pytest.raises(TableError, match="no column 'spend'"):
        features.matrix(frame.drop(columns="spend"))


# --- labels --------------------------------------------------------------------------------------------------------------


def test_labels_against_plain_python():
    db = company(2)
    orders = db.query(
        "select o.*, customer_id from orders o join identity_links using (source_system, source_customer_id)"
    ).df()
    horizon = 60
    end = CUTOFF + timedelta(days=horizon)
    kept = orders.status.eq("completed") | (orders.status.eq("cancelled") & (orders.cancelled_at >= pd.Timestamp(end)))
    inside = orders[kept & (orders.order_at >= pd.Timestamp(CUTOFF)) & (orders.order_at < pd.Timestamp(end))]
    label = features.labels(db, cutoff=CUTOFF, horizon_days=horizon).df()
    assert 0.2 < label.bought.mean() < 0.95
    for row in label.itertuples():
        mine = inside[inside.customer_id == row.customer_id].order_at
        assert row.bought == (len(mine) > 0) == (not row.is_censored)
        assert (row.orders, row.purchase_days) == (len(mine), mine.dt.date.nunique())
        first = (mine.min().normalize() - pd.Timestamp(CUTOFF)).days if len(mine) else horizon
        assert row.days_to_purchase == first
