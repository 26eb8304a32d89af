"""The intake as a whole: raw files written by hand -> accepted rows, reasons, and books that always balance."""

import json
import random
from datetime import date
from pathlib import Path

import pytest
import yaml

from customerbase.engine import Engine
from customerbase.errors import InputError, RunError, TableError
from customerbase.stage.intake import Intake

ROOT = Path(__file__).parents[1]
AS_OF = date(2026, 10, 31)

CUSTOMERS = {
    "pattern": "customers.csv",
    "tables": {
        "customers_src": {
            "columns": {
                "source_customer_id": "id",
                "last_name": "name",
                "birth_date": "born",
                "registered_at": "since",
            },
            "tolerate": ["birth_date"],
        }
    },
}
ORDERS = {
    "pattern": "orders*.csv",
    "tables": {
        "orders": {
            "columns": {
                "order_id": "no",
                "source_customer_id": "id",
                "order_at": "date",
                "total": "total",
                "channel": "shop",
            },
            "values": {"channel": {"1": "store", "2": "web"}},
            "constants": {"status": "completed", "currency": "JPY"},
        }
    },
}
LINES = {
    "pattern": "lines.csv",
    "tables": {
        "order_lines": {
            "columns": {"order_id": "no", "line_no": "line", "qty": "qty", "unit_price": "price"},
            "constants": {"line_type": "goods"},
            "expressions": {"amount": "qty * unit_price"},
        }
    },
}
LOG = {  # one row per line; orders are derived from it
    "pattern": "log*.csv",
    "tables": {
        "order_lines": {
            "columns": {"order_id": "order", "qty": "qty", "unit_price": "price"},
            "constants": {"line_type": "goods"},
            "expressions": {"line_no": "row_in(order_id)", "amount": "qty * unit_price"},
        },
        "orders": {
            "one_row_per": ["order_id"],
            "columns": {"order_id": "order", "source_customer_id": "who", "order_at": "date"},
            "constants": {"status": "completed"},
            "sum": {"total": "amount"},
        },
    },
}


class Desk:
    """Writes raw files and a mapping, and takes them in."""

    def __init__(self, folder: Path):
        self.data, self.work, self.folder = folder / "raw", folder / "work", folder
        self.data.mkdir()

    def put(self, name: str, text: str, encoding: str = "utf-8") -> None:
        (self.data / name).write_bytes(text.encode(encoding))

    def take(self, *files: dict, as_of: date = AS_OF) -> Intake:
        path = self.folder / "shop.yaml"
        path.write_text(yaml.safe_dump({"system": "shop", "files": list(files)}, allow_unicode=True, sort_keys=False))
        return Intake(Engine(), [path], self.data, as_of, self.work)


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(tmp_path)


def reasons(intake: Intake, severity: str = "block") -> set[tuple]:
    """(table, line, column, reason) of everything listed with this severity."""
    columns = "table_name, line, column_name, reason"
    return set(intake.quarantine.filter(f"severity = '{severity}'").project(columns).fetchall())


def kept(intake: Intake, table: str, columns: str, order: str = "all") -> list[tuple]:
    return intake.table(table).project(columns).order(order).fetchall()


# --- one reason for each kind of bad input ----------------------------------------------------------------------------

BAD_ORDERS = [  # cells of no, id, date, total, shop -> (column, reason)
    ("A1,c1,2026/13/45,100,1", ("order_at", "invalid_date")),
    ("A1,c1,2026-02-30,100,1", ("order_at", "invalid_date")),
    ("A1,c1,,100,1", ("order_at", "missing_order_at")),
    ("A1,c1,1066-10-14,100,1", ("order_at", "implausible_date")),
    ("A1,c1,2026-11-01,100,1", ("order_at", "after_month")),
    ("A1,c1,2026-10-03,1e400,1", ("total", "invalid_amount")),
    ("A1,c1,2026-10-03,NaN,1", ("total", "invalid_amount")),
    ("A1,c1,2026-10-03,1" + "0" * 30 + ",1", ("total", "invalid_amount")),
    ("A1,c1,2026-10-03,lots,1", ("total", "invalid_amount")),
    ("A1,c1,2026-10-03,,1", ("total", "missing_total")),
    ("A1,c1,2026-10-03,100,9", ("channel", "unknown_value")),
    (",c1,2026-10-03,100,1", ("order_id", "missing_order_id")),
    ("A1,c1,2026-10-03,100", ("-", "wrong_field_count")),
]


@pytest.mark.parametrize(
    ("line", "expected"), BAD_ORDERS, ids=[reason + " " + line[:24] for line, (_, reason) in BAD_ORDERS]
)
def test_each_bad_row_is_set_aside_for_its_one_reason_and_kept_as_text(desk, line, expected):
    desk.put("customers.csv", "id,name,born,since\nc1,佐藤,1980-01-01,2020-01-01\n")
    desk.put("orders.csv", f"no,id,date,total,shop\nA0,c1,2026-10-01,50,2\n{line}\nA2,,2026-10-02,70,1\n")
    intake = desk.take(CUSTOMERS, ORDERS)
    assert reasons(intake) == {("orders", 3, *expected)}
    assert kept(intake, "orders", "order_id, source_customer_id, channel, total", "order_id") == [
        ("A0", "c1", "web", 50),
        ("A2", None, "store", 70),
    ]
    raw = intake.quarantine_raw.project("file, line, raw_text").fetchall()
    assert [(file, number) for file, number, _ in raw] == [("orders.csv", 3)]
    for cell in line.split(","):
        assert cell in raw[0][2]


def test_an_order_of_an_unknown_customer_is_named_and_its_money_kept(desk):
    desk.put("customers.csv", "id,name,born,since\nc1,佐藤,1980-01-01,2020-01-01\n")
    desk.put("orders.csv", "no,id,date,total,shop\nA0,c1,2026-10-01,50,2\nA1,c9,2026-10-03,100,1\n")
    intake = desk.take(CUSTOMERS, ORDERS)
    assert ("orders", 3, "source_customer_id", "unknown_customer") in reasons(intake, "warn")
    assert reasons(intake) == set()
    assert kept(intake, "orders", "order_id, total", "order_id") == [("A0", 50), ("A1", 100)]


GOOD_CELLS = [
    ("令和8年10月3日", "¥1,234", 1234),
    ("20261003", "１２３４", 1234),
    ("2026年10月3日", "(500)", -500),
    ("46298", "1e3", 1000),
    ("2026/10/3 9:00", "1,234円", 1234),
    ("2026-10-03T10:00:00+09:00", "-5", -5),
]


@pytest.mark.parametrize(("day", "amount", "value"), GOOD_CELLS)
def test_spellings_that_people_use_are_read(desk, day, amount, value):
    desk.put("orders.csv", f'no,id,date,total,shop\nA1,,{day},"{amount}",1\n')
    intake = desk.take(ORDERS)
    assert kept(intake, "orders", "cast(order_at as date), cast(total as integer)") == [(date(2026, 10, 3), value)]
    assert reasons(intake) == set()


def test_hostile_text_passes_through_untouched(desk):
    script, formula = "<script>alert(1)</script>", "=cmd|' /C calc'!A0"
    desk.put("customers.csv", f'id,name,born,since\nc1,{script},,\nc2,"{formula}",,\n"c3\nx",$name,,\n')
    intake = desk.take(CUSTOMERS)
    assert kept(intake, "customers_src", "source_customer_id, last_name", "source_customer_id") == [
        ("c1", script),
        ("c2", formula),
        ("c3\nx", "$name"),
    ]


def test_bom_mixed_line_ends_and_quoted_newlines_are_no_defects(desk):
    desk.put("customers.csv", 'id,name,born,since\r\nc1,"佐\n藤",,\nc2,鈴木,,\r\n', "utf-8-sig")
    intake = desk.take(CUSTOMERS)
    assert kept(intake, "customers_src", "source_customer_id, last_name, source_row_id", "source_customer_id") == [
        ("c1", "佐\n藤", "customers.csv:2"),
        ("c2", "鈴木", "customers.csv:4"),
    ]


def test_a_tolerated_cell_becomes_empty_with_a_warning(desk):
    desk.put("customers.csv", "id,name,born,since\nc1,佐藤,1985-13-45,2020-01-01\n")
    intake = desk.take(CUSTOMERS)
    assert kept(intake, "customers_src", "source_customer_id, birth_date") == [("c1", None)]
    assert reasons(intake) == set() and ("customers_src", 2, "birth_date", "invalid_date") in reasons(intake, "warn")


def test_of_rows_with_one_key_the_first_stays(desk):
    desk.put("orders_1.csv", "no,id,date,total,shop\nA1,,2026-10-01,1,1\nA2,,2026-10-01,2,1\n")
    desk.put("orders_2.csv", "no,id,date,total,shop\nA2,,2026-10-05,3,1\nA1,,2026-10-05,4,1\nA3,,2026-10-05,5,1\n")
    intake = desk.take(ORDERS)
    assert kept(intake, "orders", "order_id, cast(total as integer)") == [("A1", 1), ("A2", 2), ("A3", 5)]
    rows = intake.quarantine.project("file, line, reason, column_name").order("line").fetchall()
    assert rows == [("orders_2.csv", line, "duplicate_key", "source_system+order_id") for line in (2, 3)]


def test_a_bad_first_row_does_not_take_the_good_one_with_its_key_along(desk):
    desk.put("orders.csv", "no,id,date,total,shop\nA1,,2026-10-01,oops,1\nA1,,2026-10-01,7,1\n")
    intake = desk.take(ORDERS)
    assert kept(intake, "orders", "order_id, cast(total as integer)") == [("A1", 7)]
    assert reasons(intake) == {("orders", 2, "total", "invalid_amount")}


def test_orders_before_registration_are_kept_with_a_warning(desk):
    desk.put("customers.csv", "id,name,born,since\nc1,佐藤,,2026-10-05\n")
    desk.put("orders.csv", "no,id,date,total,shop\nA1,c1,2026-10-03,1,1\n")
    intake = desk.take(CUSTOMERS, ORDERS)
    assert ("orders", 2, "order_at", "before_registration") in reasons(intake, "warn")
    assert len(kept(intake, "orders", "order_id")) == 1


# --- what follows from what ---------------------------------------------------------------------------------------------


def test_lines_go_where_their_order_goes_and_say_why(desk):
    desk.put("orders.csv", "no,id,date,total,shop\nA1,,2026-10-01,5,1\nA2,,2026-11-02,5,1\nA3,,2026-10-01,bad,1\n")
    desk.put("lines.csv", "no,line,qty,price\nA1,1,1,5\nA2,1,1,5\nA3,1,1,5\nA9,1,1,5\nA1,2,x,5\n")
    intake = desk.take(ORDERS, LINES)
    assert reasons(intake) == {
        ("orders", 3, "order_at", "after_month"),
        ("orders", 4, "total", "invalid_amount"),
        ("order_lines", 3, "order_id", "after_month"),
        ("order_lines", 4, "order_id", "order_quarantined"),
        ("order_lines", 5, "order_id", "unknown_order"),
        ("order_lines", 6, "qty", "invalid_amount"),
    }
    assert kept(intake, "order_lines", "order_id, line_no, cast(amount as integer)") == [("A1", 1, 5)]


def test_derived_orders_come_from_the_accepted_lines(desk):
    desk.put(
        "log.csv", "order,who,date,qty,price\nA1,c1,2026-10-01,2,10\nA1,c1,2026-10-01,x,99\nA1,c1,2026-10-01,1,5\n"
    )
    intake = desk.take(LOG)
    assert kept(intake, "orders", "order_id, cast(total as integer), source_row_id") == [("A1", 25, "log.csv:2")]
    assert kept(intake, "order_lines", "line_no, cast(amount as integer)") == [(1, 20), (3, 5)]
    assert intake.files[["rows_read", "rows_accepted", "rows_quarantined"]].to_numpy().tolist() == [[3, 2, 1]]


def test_a_derived_order_that_is_set_aside_takes_all_its_rows_along_once(desk):
    desk.put(
        "log.csv", "order,who,date,qty,price\nA1,c1,,2,10\nA1,c1,,1,5\nA2,c2,2026-10-01,1,5\nA3,c1,2026-12-01,1,5\n"
    )
    intake = desk.take(LOG)
    assert reasons(intake) == {
        ("orders", 2, "order_at", "missing_order_at"),
        ("orders", 3, "order_at", "missing_order_at"),
        ("orders", 5, "order_at", "after_month"),
    }
    assert kept(intake, "orders", "order_id") == kept(intake, "order_lines", "order_id") == [("A2",)]
    assert intake.files.rows_quarantined.tolist() == [3]


def test_an_order_is_derived_again_when_a_later_rule_takes_one_of_its_lines(desk):
    """A line with a copy of another file's key goes in the turn after the order was first put together."""
    loyalty = {
        "columns": {"txn_id": "txn", "source_customer_id": "who", "txn_at": "date", "delta": "points"},
        "constants": {"kind": "earn"},
    }
    log = json.loads(json.dumps(LOG))
    log["tables"]["products"] = {"one_row_per": ["product_id"], "columns": {"product_id": "sku", "price": "list"}}
    log["tables"]["loyalty_points"] = loyalty
    header = "order,who,date,qty,price,sku,list,txn,points\n"
    desk.put("log.csv", header + "A1,c1,2026-10-01,1,10,p1,10,t1,1\nA1,c1,2026-10-01,1,5,p2,oops,t2,1\n")
    intake = desk.take(log)
    assert reasons(intake) == {("products", 3, "price", "invalid_amount")}
    assert kept(intake, "orders", "order_id, cast(total as integer)") == [("A1", 10)]
    assert kept(intake, "loyalty_points", "txn_id") == [("t1",)]


def test_records_standing_in_several_parts_count_once_as_a_multiset(desk):
    log = LOG | {"overlap_by": "sheet"}
    log["tables"] = json.loads(json.dumps(LOG["tables"]))
    row = "A1,c1,2026-10-01,1,10"
    lines = [f"{row},one"] * 3 + [f"{row},two"] * 2 + ["A2,c1,2026-10-02,1,7,one", "A3,c1,2026-10-02,1,8,two"]
    desk.put("log.csv", "order,who,date,qty,price,sheet\n" + "\n".join(lines) + "\n")
    intake = desk.take(log)
    assert reasons(intake) == {("order_lines", line, "-", "overlap") for line in (2, 3)}
    assert kept(intake, "orders", "order_id, cast(total as integer)") == [("A1", 30), ("A2", 7), ("A3", 8)]
    assert kept(intake, "order_lines", "order_id, line_no") == [("A1", 1), ("A1", 2), ("A1", 3), ("A2", 1), ("A3", 1)]


# --- files ----------------------------------------------------------------------------------------------------------------


def test_a_missing_required_file_is_one_clear_error(desk):
    desk.put("order.csv", "no\n")
    with pytest.raises(InputError) as error:
        desk.take(LINES)
    for word in ("'lines.csv'", str(desk.data), "order.csv"):
        assert word in str(error.value)


def test_a_missing_data_folder_is_one_clear_error(desk):
    desk.data.rmdir()
    with pytest.raises(InputError, match="does not exist"):
        desk.take(LINES)


def test_a_missing_optional_file_gives_an_empty_typed_table(desk):
    desk.put("orders.csv", "no,id,date,total,shop\n")
    intake = desk.take(CUSTOMERS | {"optional": True}, ORDERS)
    assert intake.files[["file", "rows_read"]].to_numpy().tolist() == [["orders.csv", 0]]
    empty = intake.table("customers_src")
    assert (
        empty.fetchall() == [] and dict(zip(empty.columns, map(str, empty.types), strict=True))["birth_date"] == "DATE"
    )


CONTRACTS = {
    "pattern": "contracts.csv",
    "optional": True,
    "tables": {
        "subscriptions": {
            "columns": {
                "subscription_id": "no", "source_customer_id": "id", "price": "fee", "period_months": "months",
                "started_at": "from", "ended_at": "to",
            }
        }
    },
}  # fmt: skip


def test_contracts_are_optional_and_their_bad_rows_are_set_aside(desk):
    desk.put("orders.csv", "no,id,date,total,shop\nA1,c1,2026-10-01,1,1\n")
    empty = desk.take(ORDERS, CONTRACTS).table("subscriptions")
    types = dict(zip(empty.columns, map(str, empty.types), strict=True))
    assert empty.fetchall() == []
    assert (types["period_months"], types["price"], types["started_at"]) == ("INTEGER", "DECIMAL(18,2)", "DATE")
    good = ["K1,c1,980,1,2026-01-31,", "K2,c1,980,1,2026-01-31,2026-01-31", "K3,c1,,12,2026-10-31,2027-02-01"]
    bad = {
        "K4,c1,980,1,2026-02-01,2026-01-31": "ended_before_start",
        "K5,c1,-1,1,2026-01-01,": "negative_price",
        "K6,c1,980,0,2026-01-01,": "implausible_period",
        "K7,c1,980,1,,": "missing_started_at",
        "K8,c1,980,1,2026-01-01,soon": "invalid_date",
        "K9,c1,980,1,2026-11-01,": "after_month",
        ",c1,980,1,2026-01-01,": "missing_subscription_id",
        "K1,c2,980,1,2026-01-01,": "duplicate_key",
    }
    desk.put("contracts.csv", "\n".join(["no,id,fee,months,from,to", *good, *bad]) + "\n")
    intake = desk.take(ORDERS, CONTRACTS)
    assert [row[0] for row in kept(intake, "subscriptions", "subscription_id")] == ["K1", "K2", "K3"]
    assert {reason for table, _, _, reason in reasons(intake) if table == "subscriptions"} == set(bad.values())


IDENTIFIERS = {
    "pattern": "ids.csv",
    "optional": True,
    "tables": {
        "identifiers": {
            "columns": {"source_customer_id": "id", "kind": "kind", "identifier": "value", "changed_at": "at"}
        }
    },
}


def test_identifiers_are_optional_and_malformed_ones_are_set_aside(desk):
    desk.put("orders.csv", "no,id,date,total,shop\nA1,c1,2026-10-01,1,1\n")
    empty = desk.take(ORDERS, IDENTIFIERS).table("identifiers")
    assert empty.fetchall() == []
    assert dict(zip(empty.columns, map(str, empty.types), strict=True))["changed_at"] == "TIMESTAMP"
    line, phone = "U" + "0123456789abcdef" * 2, "6D92078A-8246-4BA4-AE5B-76104861E7DC"
    off = "00000000-0000-0000-0000-000000000000"  # tracking is turned off: that must be known, so the row stays
    good = [f"c1,line_user_id,{line},2026-01-31", f"c1,idfa,{phone},2026-01-31", f"c1,idfa,{off},2026-02-01",
            f"c2,aaid,{phone.lower()},2026-01-31"]  # fmt: skip
    malformed = {
        "line_user_id": [line.upper(), line[:-1], f"{line}0", "@taro", phone],
        "advertising_id": [phone[:-1], f"{phone}0", phone.replace("-", ""), line, f"{{{phone}}}"],
    }
    bad = {
        f"d{n},line_user_id,{one},2026-01-31": "malformed_line_user_id"
        for n, one in enumerate(malformed["line_user_id"])
    }
    bad |= {
        f"e{n},idfa,{one},2026-01-31": "malformed_advertising_id" for n, one in enumerate(malformed["advertising_id"])
    }
    bad |= {
        f"c3,imei,{line},2026-01-31": "unknown_kind",
        "c3,idfa,,2026-01-31": "missing_identifier",
        f"c3,line_user_id,{line},": "missing_changed_at",
        f"c3,line_user_id,{line},2026-11-01": "after_month",
        f"c1,line_user_id,{line},2026-01-31": "duplicate_key",
    }
    desk.put("ids.csv", "\n".join(["id,kind,value,at", *good, *bad]) + "\n")
    intake = desk.take(ORDERS, IDENTIFIERS)
    assert [row[0] for row in kept(intake, "identifiers", "identifier")] == sorted([line, phone, off, phone.lower()])
    found = [reason for table, _, _, reason in reasons(intake) if table == "identifiers"]
    assert sorted(found) == sorted(bad.values())


def test_an_empty_file_is_one_clear_error(desk):
    desk.put("orders.csv", "")
    with pytest.raises(InputError, match=r"orders\.csv"):
        desk.take(ORDERS)


def test_a_missing_column_names_file_column_and_near_miss(desk):
    desk.put("orders.csv", "no,id,date,totl,shop\nA1,c1,2026-10-01,1,1\n")
    with pytest.raises(InputError) as error:
        desk.take(ORDERS)
    for word in ("orders.csv", "'total'", "orders.total", "Did you mean 'totl'"):
        assert word in str(error.value)


def test_columns_without_use_are_noted_and_ignored_ones_are_not(desk):
    desk.put("orders.csv", "no,id,date,total,shop,weather,memo\nA1,,2026-10-01,1,1,fine,x\n")
    intake = desk.take(ORDERS | {"ignore": ["memo"]})
    assert [note for note in intake.notes if "not used" in note] == ["orders.csv: not used: weather"]


def test_a_file_that_two_patterns_match_is_refused(desk):
    desk.put("orders.csv", "no,id,date,total,shop\n")
    with pytest.raises(InputError, match="count twice"):
        desk.take(ORDERS, ORDERS | {"pattern": "*.csv"})


def test_a_fallback_is_read_only_where_the_first_is_absent(desk):
    spare = ORDERS | {"pattern": "spare.csv", "fallback_for": "orders*.csv", "optional": True}
    desk.put("spare.csv", "no,id,date,total,shop\nS1,,2026-10-01,1,1\n")
    assert kept(desk.take(ORDERS, spare), "orders", "order_id") == [("S1",)]
    desk.put("orders.csv", "no,id,date,total,shop\nA1,,2026-10-01,1,1\n")
    assert kept(desk.take(ORDERS, spare), "orders", "order_id") == [("A1",)]


def test_headings_may_have_alternatives_and_headless_files_names(desk):
    spec = json.loads(json.dumps(ORDERS)) | {"header": ["no", "id", "date", "total", "shop"]}
    spec["tables"]["orders"]["columns"]["total"] = ["grand total", "total"]
    desk.put("orders.csv", "A1,,2026-10-01,1,1\n")
    assert kept(desk.take(spec), "orders", "order_id, cast(total as integer)") == [("A1", 1)]


def test_an_unknown_table_is_refused_with_the_near_miss(desk):
    desk.put("orders.csv", "no,id,date,total,shop\n")
    with pytest.raises(TableError, match="Did you mean 'orders'"):
        desk.take(ORDERS).table("order")


def test_the_books_are_checked(desk):
    desk.put("orders.csv", "no,id,date,total,shop\nA1,,2026-10-01,1,1\n")
    intake = desk.take(ORDERS)
    intake.db.execute("create or replace view orders as select * from _in_orders where false")
    del intake.files
    with pytest.raises(RunError, match=r"orders\.csv: 1 rows read, but 0 accepted and 0 set aside"):
        intake._account()


def test_scratch_copies_of_raw_rows_go_when_closed(desk):
    desk.put("orders.csv", "no,id,date,total,shop\nA1,,2026-10-01,1,1\n")
    intake = desk.take(ORDERS)
    assert any(desk.work.iterdir())
    intake.close()
    assert not desk.work.exists()


# --- accounts ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_exactly_the_planted_rows_are_set_aside_and_the_books_balance(desk, seed):
    dice = random.Random(seed)
    spoiled: dict[str, set[int]] = {"orders.csv": set(), "lines.csv": set()}
    orders, lines = ["no,id,date,total,shop"], ["no,line,qty,price"]
    for n in range(1, 60):
        cells, fault = [f"A{n}", "", f"2026-{dice.randint(1, 10):02d}-15", "10", "1"], dice.random()
        if fault < 0.2 and n > 1:
            spoiled["orders.csv"].add(n + 1)
            where, what = dice.choice(
                [(2, "nodate"), (3, "1e400"), (4, "7"), (2, "2026-12-24"), (0, ""), (2, ""), (0, "A0")]
            )
            cells[where] = "A1" if what == "A0" else what
        orders.append(",".join(cells))
        for k in range(dice.randint(1, 3)):
            row = [f"A{n}", str(k + 1), "1", "5"]
            bad = dice.random() < 0.1
            row[2] = "x" if bad else row[2]
            lines.append(",".join(row))
            if bad or n + 1 in spoiled["orders.csv"]:
                spoiled["lines.csv"].add(len(lines))
    desk.put("orders.csv", "\n".join(orders) + "\n")
    desk.put("lines.csv", "\n".join(lines) + "\n")
    intake = desk.take(ORDERS, LINES)
    found = {(file, line) for file, line in intake.quarantine_raw.project("file, line").fetchall()}
    assert found == {(file, line) for file, numbers in spoiled.items() for line in numbers}
    books = intake.files
    assert (books.rows_read == books.rows_accepted + books.rows_quarantined).all()
    assert books.rows_read.tolist() == [len(orders) - 1, len(lines) - 1]
    assert books.rows_quarantined.tolist() == [len(spoiled["orders.csv"]), len(spoiled["lines.csv"])]
    assert [len(kept(intake, table, "1")) for table in ("orders", "order_lines")] == books.rows_accepted.tolist()


def test_the_same_files_give_the_same_rows(desk):
    desk.put(
        "log.csv", "order,who,date,qty,price\n" + "".join(f"A{n % 40},c{n % 7},2026-10-01,1,{n}\n" for n in range(400))
    )
    first = [desk.take(LOG).table(table).order("all").fetchall() for table in ("orders", "order_lines")]
    assert first == [desk.take(LOG).table(table).order("all").fetchall() for table in ("orders", "order_lines")]
