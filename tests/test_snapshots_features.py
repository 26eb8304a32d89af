"""Features of snapshots by hand, and what features.yaml says of them against the SQL, the table and the pages."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from profile_tables import order, when
from snapshot_tables import company, engine, linked, one, rows

from customerbase import features
from customerbase.engine import Engine, sql_text
from customerbase.errors import ConfigError, TableError
from customerbase.features import names
from customerbase.tables import schemas, snapshots

CUTOFF = date(2026, 7, 1)


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


# --- what is written from it -----------------------------------------------------------------------------------------


def test_the_table_and_the_pages_are_what_features_yaml_says():
    assert (ROOT / snapshots.EXPECTATIONS).read_text(encoding="utf-8") == snapshots.declared(), "run `make docs`"
    for language, name in snapshots.FILES.items():
        page = (ROOT / name).read_text(encoding="utf-8")
        assert page == snapshots.render(language), "run `make docs`"
        for told in features.features().values():
            [line] = [line for line in page.splitlines() if line.startswith(f"| `{told.name}` |")]
            assert getattr(told, language) in line


def test_every_feature_is_a_column_of_the_table_with_its_bounds():
    table = schemas()["snapshots"]
    assert list(table.columns) == ["customer_id", "cutoff", "eligible_days", "version", *features.features()]
    bounds = {
        rule.kwargs["column"]: rule.kwargs for rule in table.expectations if rule.reason.startswith("impossible_")
    }
    assert bounds["days_since_last_purchase"]["min_value"] == 1  # 0 would be the day of the cutoff
    assert bounds["open_rate_365"] == {"column": "open_rate_365", "min_value": 0, "max_value": 1}
    assert "spend_365" not in bounds and table.columns["spend_365"].required
    assert not table.contact_columns
