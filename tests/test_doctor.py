"""The doctor: what hand-typed and real files are taken for, that nothing about people is shown, that drafts load."""

import os
import random
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customerbase import tables
from customerbase.errors import ConfigError, InputError
from customerbase.sources import doctor
from customerbase.sources.guess_month import newest_month, order_days
from customerbase.sources.mapping import load_source

DATA = Path(os.environ.get("CUSTOMERBASE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


def days(count: int, seed: int = 1) -> list[date]:
    pick = random.Random(seed)
    return sorted(date(2025, 7, 1) + timedelta(days=pick.randrange(450)) for _ in range(count))


def write(folder: Path, name: str, heading: str | None, rows: list[str], encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(("\n".join(([heading] if heading else []) + rows) + "\n").encode(encoding))
    return path


def guesses(diagnosis: doctor.Diagnosis) -> dict[str, str]:
    return {column.name: column.guess.target for column in diagnosis.columns if column.guess}


def load_draft(diagnoses: list[doctor.Diagnosis], folder: Path):
    path = folder / "draft.yaml"
    path.write_text(doctor.draft_yaml(diagnoses, "draft"), encoding="utf-8")
    return load_source(path, tables.schemas())


# --- whole files -----------------------------------------------------------------------------------------------------


def test_japanese_order_lines_in_cp932(tmp_path):
    pick = random.Random(3)
    rows = [
        f'J{number},M{pick.randrange(60):05d},{day:%Y/%m/%d} 10:30,A-{line},"㈱髙島の茶①",{qty},"￥1,980","￥{1980 * qty:,}",01'
        for number, day in enumerate(days(150)) for line in range(2) for qty in [pick.randrange(1, 4)]
    ]  # fmt: skip
    path = write(
        tmp_path, "受注.csv", "受注番号,会員番号,受注日,商品コード,商品名,数量,単価,金額,店舗コード", rows, "cp932"
    )
    [found] = doctor.diagnose([path])
    assert (found.kind, found.encoding, found.header, found.rows, found.currency) == (
        "order_lines",
        "cp932",
        True,
        300,
        "JPY",
    )
    assert guesses(found) == {
        "受注番号": "orders.order_id", "会員番号": "orders.source_customer_id", "受注日": "orders.order_at", "商品コード": "order_lines.sku",
        "商品名": "order_lines.name", "数量": "order_lines.qty", "単価": "order_lines.unit_price", "金額": "order_lines.amount",
        "店舗コード": "orders.store_id",
    }  # fmt: skip
    assert not any(column.ambiguous for column in found.columns)
    source = load_draft([found], tmp_path)
    assert [one.table for one in source.files[0].tables] == ["order_lines", "orders"]


def test_odd_english_headings_and_day_first_dates(tmp_path):
    rows = [f"{5000 + n}\tK{n % 80:03d}\t{day:%d/%m/%Y}\t{n * 7 % 90}.50" for n, day in enumerate(days(200))]
    [found] = doctor.diagnose([write(tmp_path, "odd.tsv", "Ord No.\tcust_no\tDt Purchased\tAmt", rows)])
    assert found.kind == "orders"
    assert guesses(found) == {
        "Ord No.": "orders.order_id", "cust_no": "orders.source_customer_id", "Dt Purchased": "orders.order_at", "Amt": "orders.total",
    }  # fmt: skip
    assert found.dates == ("%d/%m/%Y",)
    assert [column.name for column in found.columns if column.ambiguous] == ["Dt Purchased"]


def test_a_file_without_headings_is_mapped_by_its_content(tmp_path):
    pick = random.Random(5)
    rows = [f"{70001 + n},C{pick.randrange(60):04d},{day},{q},{p},{q * p}" for n, day in enumerate(days(200))
            for q, p in [(pick.randrange(1, 5), pick.choice([350, 980, 2400]))]]  # fmt: skip
    [found] = doctor.diagnose([write(tmp_path, "nohead.csv", None, rows)])
    assert not found.header
    told = guesses(found)
    assert told["column_1"] == "orders.order_id"
    assert told["column_2"] == "orders.source_customer_id"
    assert told["column_3"] == "orders.order_at"
    assert told["column_4"] == "order_lines.qty"
    assert told["column_5"] == "order_lines.unit_price"
    assert told["column_6"] == "order_lines.amount"
    assert load_draft([found], tmp_path).files[0].header == tuple(f"column_{n}" for n in range(1, 7))


def test_customers_in_a_workbook_are_shown_in_outline_only(tmp_path):
    people = pd.DataFrame({
        "会員ID": [f"M{n:05d}" for n in range(40)], "お名前(姓)": ["山田"] * 40, "お名前(名)": ["花子"] * 40,
        "メールアドレス": [f"hanako{n}@example.jp" for n in range(40)], "電話番号": ["090-1234-5678"] * 40,
        "生年月日": ["1980/04/05"] * 40, "性別": ["女性", "男性"] * 20, "会員登録日": ["2024/05/01"] * 40,
    })  # fmt: skip
    path = tmp_path / "会員.xlsx"
    people.to_excel(path, index=False)
    [found] = doctor.diagnose([path])
    assert found.kind == "customers"
    for language in ("ja", "en"):
        shown = doctor.describe([found], language)
        for secret in ("山田", "花子", "hanako", "1234", "1980", "M00000"):
            assert secret not in shown
        assert "0X0-XXXX-XXXX" in shown
    item = load_draft([found], tmp_path).files[0].primary
    assert item.columns["registered_at"] == ("会員登録日",)
    assert item.patterns["gender"]


CONTRACTS = {
    "契約ID,会員番号,プラン,月額,契約開始日,解約日": "cp932",
    "subscription_id,member no,plan,monthly_fee,start date,cancelled_at": "utf-8",
}


@pytest.mark.parametrize("heading", CONTRACTS)
def test_contracts_with_the_day_they_began_are_subscriptions(tmp_path, heading):
    rows = [
        f"K{n:04d},M{n % 70:05d},{'ABC'[n % 3]},{[980, 1980][n % 2]},{day:%Y/%m/%d},{f'{day + timedelta(90):%Y/%m/%d}' if n % 3 else ''}"
        for n, day in enumerate(days(120))
    ]
    [found] = doctor.diagnose([write(tmp_path, "contracts.csv", heading, rows, CONTRACTS[heading])])
    assert found.kind == "subscriptions"
    assert [target.split(".")[1] for target in guesses(found).values()] == [
        "subscription_id", "source_customer_id", "plan", "price", "started_at", "ended_at",
    ]  # fmt: skip
    item = load_draft([found], tmp_path).files[0].primary
    assert (item.table, item.constants["period_months"]) == ("subscriptions", 1)


def test_contracts_without_a_number_are_named_and_their_cycles_read(tmp_path):
    rows = [f"C{n},Pro,{['monthly', 'annual'][n % 2]},9.99,{day}," for n, day in enumerate(days(60))]
    path = write(tmp_path, "plans.csv", "customer_id,plan,billing_cycle,monthly_price,start_date,cancelled_at", rows)
    [found] = doctor.diagnose([path])
    item = load_draft([found], tmp_path).files[0].primary
    assert "subscription_id" in item.expressions
    assert set(item.patterns["period_months"].values()) >= {"1", "12"}


def test_a_total_that_stands_still_within_an_order_is_the_orders_total(tmp_path):
    rows = [
        f"{n},C{n % 30},{day},P{line},{500 + n},{100 + line}" for n, day in enumerate(days(60)) for line in range(3)
    ]
    [found] = doctor.diagnose([write(tmp_path, "lines.csv", "order_id,customer_id,order_date,sku,total,amount", rows)])
    assert found.kind == "order_lines"
    assert guesses(found)["total"] == "orders.total"
    assert guesses(found)["amount"] == "order_lines.amount"


def test_a_number_that_comes_back_on_many_days_is_no_order_number(tmp_path):
    rows = [f"C{n % 20},{n % 20},{day},{n}.00" for n, day in enumerate(days(200))]
    [found] = doctor.diagnose([write(tmp_path, "log.csv", "customer_id,sales_id,date,amount", rows)])
    assert found.kind == "log"
    assert "sales_id" not in guesses(found)


def test_hostile_headings_are_neutralised_on_screen_and_in_yaml(tmp_path):
    heading = 'cust\x1b[31m id,"date\n# x: {y",amo\u202eunt,=cmd|A1,<script>'
    rows = [f"C{n % 9},{day},{n}.50,1,2" for n, day in enumerate(days(40))]
    [found] = doctor.diagnose([write(tmp_path, "hostile.csv", heading, rows)])
    shown = doctor.describe([found], "en")
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\\x1b[31m" in shown
    draft = doctor.draft_yaml([found], "x")
    assert "\x1b" not in draft
    assert "\u202e" not in draft
    spec = yaml.safe_load(draft)
    mapped = {heading for item in spec["files"][0]["tables"].values() for heading in item["columns"].values()}
    assert mapped | set(spec["files"][0]["ignore"]) == {column.name for column in found.columns}
    assert load_draft([found], tmp_path)


def test_corrections_are_believed_and_the_rest_judged_again(tmp_path):
    rows = [f"{n % 25 + 100},x{n},{day},{n}.25" for n, day in enumerate(days(100))]
    [found] = doctor.diagnose([write(tmp_path, "a.csv", "alpha,beta,gamma,delta", rows)])
    told = doctor.correct(doctor.correct(found, 1, "customer"), 4, "total")
    told = doctor.correct(told, 2, "ignore")
    assert guesses(told) == {"alpha": "orders.source_customer_id", "gamma": "orders.order_at", "delta": "orders.total"}
    assert told.kind == "log"
    with pytest.raises(ConfigError, match="Did you mean 'order_at'"):
        doctor.correct(found, 3, "order_att")
    with pytest.raises(ConfigError, match="columns 1 to 4"):
        doctor.correct(found, 9, "order_at")


@pytest.mark.parametrize("name", ["nothing.csv", "empty.csv", "heading.csv"])
def test_files_without_rows_are_one_clear_error(tmp_path, name):
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "heading.csv").write_text("order_id,customer_id\n", encoding="utf-8")
    with pytest.raises(InputError, match=name):
        doctor.diagnose([tmp_path / name])


def test_months_leave_out_typing_errors_and_unfinished_ends(tmp_path):
    rows = [f"C{n % 9},{date(2026, 1, 1) + timedelta(days=n % 96)},5" for n in range(960)] + [
        "C1,2062-04-01,5",
        "C1,2026-13-45,5",
    ]
    [found] = doctor.diagnose([write(tmp_path, "m.csv", "customer_id,date,amount", rows)])
    days_found = order_days(found)
    assert days_found.total() == 961
    assert newest_month(days_found) == (date(2026, 3, 1), "month_previous", date(2026, 4, 6))
    whole = {day: rows for day, rows in days_found.items() if day <= date(2026, 3, 29)}
    assert newest_month(type(days_found)(whole)) == (date(2026, 3, 1), "month_complete", date(2026, 3, 29))


# --- anything at all ---


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=400))
def test_random_bytes_never_raise_anything_but_input_errors(tmp_path, content):
    path = tmp_path / "random.csv"
    path.write_bytes(content)
    try:
        doctor.describe(doctor.diagnose([path]), "ja")
    except InputError as error:
        assert str(error)


_cell = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(_cell, min_size=3, max_size=3), min_size=2, max_size=8))
def test_random_tables_are_described_and_drafted(tmp_path, rows):
    path = tmp_path / "random.csv"
    path.write_text(
        "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows), encoding="utf-8"
    )
    try:
        found = doctor.diagnose([path])
    except InputError:
        return
    assert "\x1b" not in doctor.describe(found, "en")
    assert yaml.safe_load(doctor.draft_yaml(found, "random"))["system"] == "random"


# --- real files ------------------------------------------------------------------------------------------------------


def real(name: str) -> Path:
    if not (DATA / name).is_file():
        pytest.skip(f"real data absent: {DATA / name} (set CUSTOMERBASE_TEST_DATA)")
    return DATA / name


_LOG = {"order_at", "qty", "source_customer_id"}


@pytest.mark.parametrize(
    ("name", "kind", "header", "fields"),
    [
        ("cdnow/CDNOW_master.txt", "log", True, _LOG | {"amount"}),
        ("cdnow/CDNOW_sample.txt", "log", False, _LOG | {"total"}),
        ("cdnow/cdnow_master.csv", "log", True, _LOG | {"amount"}),
        ("cdnow/cdnow_sample.csv", "log", True, _LOG | {"amount"}),
        (
            "online-retail-ii/online_retail_ii.parquet",
            "order_lines",
            True,
            _LOG | {"order_id", "sku", "name", "unit_price"},
        ),
        ("telco-churn/telco_customer_churn.csv", "snapshot", True, {"source_customer_id", "gender"}),
        (
            "febrl/splink_fake_1000.csv",
            "customers",
            True,
            {"source_customer_id", "first_name", "last_name", "birth_date", "city", "email"},
        ),
        ("cdnow/bgbb_donations.csv", "unknown", True, set()),
    ],
)
def test_real_files(name, kind, header, fields, tmp_path):
    [found] = doctor.diagnose([real(name)])
    assert (found.kind, found.header) == (kind, header)
    assert {target.split(".")[1] for target in guesses(found).values()} == fields
    assert load_draft([found], tmp_path)
