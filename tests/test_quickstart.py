"""Quickstart: files in, a pipeline that holds their figures; questions, refusals, the month, nothing overwritten."""

import os
import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml

from customerbase.engine import Engine
from customerbase.errors import ConfigError, InputError
from customerbase.pipeline import quickstart as front
from customerbase.pipeline.quickstart import name_of, quickstart
from customerbase.pipeline.quickstart.afterwards import unlocks
from customerbase.stage.intake import Intake
from customerbase.tables import store

DATA = Path(os.environ.get("CUSTOMERBASE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


def real(name: str) -> Path:
    if not (DATA / name).is_file():
        pytest.skip(f"real data absent: {DATA / name} (set CUSTOMERBASE_TEST_DATA)")
    return DATA / name


def days(count: int) -> list[date]:
    pick = random.Random(1)
    return sorted(date(2025, 7, 1) + timedelta(days=pick.randrange(450)) for _ in range(count))


def write(folder: Path, name: str, heading: str | None, rows: list[str], encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(("\n".join(([heading] if heading else []) + rows) + "\n").encode(encoding))
    return path


def taken_in(files: list[Path], folder: Path, **options) -> Engine:
    """The canonical tables that the written pipeline makes of the files, on an engine."""
    path = quickstart(files, yes=True, out=folder / "out", say=lambda text: None, **options)
    spec = yaml.safe_load(path.read_text(encoding="utf-8"))
    db = Engine()
    Intake(db, [path.parent / "sources" / path.name], store.home() / spec["data"], date(2027, 1, 31), folder / "work")
    return db


def orders(db: Engine) -> tuple:
    """(orders, customers, revenue of all documents) of the canonical table."""
    return db.query(
        "select count(*), count(distinct source_customer_id), cast(sum(total) as decimal(18,2)) from orders"
    ).fetchall()[0]


# --- files people type ------------------------------------------------------------------------------------------------


def test_japanese_lines_and_a_workbook_of_customers(tmp_path):
    pick = random.Random(3)
    rows, total = [], 0
    for number, day in enumerate(days(120)):
        person = pick.randrange(40)
        for line in range(2):
            qty = pick.randrange(1, 4)
            total += 1980 * qty
            rows.append(
                f'J{number},M{person:05d},{day:%Y/%m/%d} 10:30,A-{line},"㈱髙島の茶①",{qty},"￥1,980","￥{1980 * qty:,}"'
            )
    lines = write(tmp_path, "受注.csv", "受注番号,会員番号,受注日,商品コード,商品名,数量,単価,金額", rows, "cp932")
    people = pd.DataFrame({
        "会員ID": [f"M{n:05d}" for n in range(40)], "お名前(姓)": ["山田"] * 40, "お名前(名)": ["花子"] * 40,
        "メールアドレス": [f"h{n}@example.jp" for n in range(40)], "生年月日": ["昭和55年4月5日"] * 40, "性別": ["女性", "男性"] * 20,
    })  # fmt: skip
    people.to_excel(tmp_path / "会員.xlsx", index=False)
    db = taken_in([lines, tmp_path / "会員.xlsx"], tmp_path)
    assert orders(db)[0] == 120
    assert orders(db)[2] == total
    assert db.query("select count(*), min(name), cast(sum(qty) as integer) from order_lines").fetchall() == [
        (240, "㈱髙島の茶①", total // 1980)
    ]
    told = "select gender, count(*), min(birth_date) from customers_src group by gender order by gender"
    assert db.query(told).fetchall() == [("female", 20, date(1980, 4, 5)), ("male", 20, date(1980, 4, 5))]


@pytest.mark.parametrize(
    ("name", "heading", "row", "encoding", "each"),
    [
        ("odd.tsv", "Ord No.\tcust_no\tDt Purchased\tAmt", "{n}\tK{c}\t{d:%d/%m/%Y}\t{a}.50", "utf-8", "0.50"),
        ("semi.csv", "Invoice;Customer;Date;Total", "{n};{c};{d:%d.%m.%Y};1.{a:03d},50", "utf-8", "1000.50"),
        ("nohead.csv", None, "9{n:04d},C{c:04d},{d},{a}.50", "utf-8", "0.50"),
        ("wareki.csv", "お客様番号,お買い上げ日,お買上金額", '{c:04d},令和{w}年{d.month}月{d.day}日 {n},"1,{a:03d}円"', "cp932", "1000"),
        ("whole.csv", "order_id,user_id,ordered_at,status,tax,grand_total", "T{n},U{c},{d}T10:00:00,paid,1,{a}", "utf-8", "0"),
        ("yen.csv", "日付,売上,お客様,品名", '{d:%Y%m%d},"￥1,{a:03d}",会員{c},りんご', "utf-8", "1000"),
        ("dollars.csv", "Client ID,When,Spent,Note", '{c},"{d:%b %d, %Y}","$1,{a:03d}.25",x', "utf-8", "1000.25"),
        ("serial.csv", "customer_id,order date,total", "{c},{s},{a}", "utf-8", "0"),
    ],
)  # fmt: skip
def test_odd_files_keep_every_row_and_every_penny(tmp_path, name, heading, row, encoding, each):
    chosen = [(n, n % 40 + 1, day, 100 + n * 7 % 800) for n, day in enumerate(days(200))]
    rows = [
        row.format(n=n, c=c, d=day, a=a, w=day.year - 2018, s=(day - date(1899, 12, 30)).days).replace(f"日 {n}", "日")
        for n, c, day, a in chosen
    ]
    db = taken_in([write(tmp_path, name, heading, rows, encoding)], tmp_path)
    count, customers, revenue = orders(db)
    has_numbers = heading is None or name in ("odd.tsv", "semi.csv", "whole.csv")
    assert count == (200 if has_numbers else len({(c, day) for _, c, day, _ in chosen}))
    assert customers == 40
    assert revenue == sum(a + Decimal(each) for *_, a in chosen)
    span = db.query("select min(order_at)::date, max(order_at)::date from orders").fetchall()
    assert span == [(min(day for _, _, day, _ in chosen), max(day for _, _, day, _ in chosen))]


def test_decimal_commas_within_order_lines(tmp_path):
    rows = [
        f"B{n};K{n % 20};{day:%d.%m.%Y};{q};1.000,50;{q * 1000 + q // 2},{q % 2 * 5}0"
        for n, day in enumerate(days(80))
        for q in (1, 2)
    ]
    db = taken_in([write(tmp_path, "belege.csv", "Beleg;Kunde;Datum;Menge;Preis;Betrag", rows)], tmp_path)
    assert orders(db) == (80, 20, Decimal("3001.50") * 80)


def test_lines_that_know_only_the_total_of_their_order_count_it_once(tmp_path):
    rows = []
    for number, day in enumerate(days(90)):
        rows += [
            f"R{number},C{number % 30},{day:%Y-%m-%d},tea {line},{1000 + number}" for line in range(1 + number % 3)
        ]
    db = taken_in([write(tmp_path, "till.csv", "order_no,customer,date,product,amount", rows)], tmp_path)
    assert orders(db) == (90, 30, Decimal(sum(1000 + number for number in range(90))))
    lines = db.query("select count(*), cast(sum(amount) as decimal(18,2)) from order_lines").fetchall()[0]
    assert lines == (len(rows), Decimal(sum(1000 + number for number in range(90))))


def test_documents_below_zero_are_credit_notes(tmp_path):
    rows = [f"{n},C{n % 20},{day},{'-' if n % 10 == 0 else ''}100" for n, day in enumerate(days(100))]
    db = taken_in([write(tmp_path, "o.csv", "order_id,customer_id,order_date,total", rows)], tmp_path)
    told = "select status, count(*), cast(sum(total) as integer) from orders group by status order by status"
    assert db.query(told).fetchall() == [("completed", 90, 9000), ("credit_note", 10, -1000)]


# --- real files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cdnow/CDNOW_master.txt", "cdnow/cdnow_master.csv"])
def test_cdnow_master(name, tmp_path):
    # README of the data: 69,659 rows, 2,068 of them share customer and day with another; 23,570 customers
    assert orders(taken_in([real(name)], tmp_path)) == (69_659 - 2_068, 23_570, Decimal("2500315.63"))


@pytest.mark.parametrize("name", ["cdnow/CDNOW_sample.txt", "cdnow/cdnow_sample.csv"])
def test_cdnow_sample_with_and_without_headings(name, tmp_path):
    assert orders(taken_in([real(name)], tmp_path))[:2] == (6_919 - 223, 2_357)


@pytest.mark.slow
def test_online_retail_counts_both_sheets_once(tmp_path):
    path = real("online-retail-ii/online_retail_ii.parquet")
    db = taken_in([path], tmp_path)
    assert db.query("select count(*) from order_lines").fetchall() == [(1_067_370 - 22_523,)]
    credit = duckdb.sql(f"select count(distinct Invoice) from '{path}' where Invoice like 'C%'").fetchall()
    assert db.query("select count(*) from orders where status = 'credit_note'").fetchall() == credit


# --- what no stage can use --------------------------------------------------------------------------------------------


def test_telco_is_refused_in_plain_words_of_both_languages(tmp_path):
    with pytest.raises(InputError) as refused:
        quickstart([real("telco-churn/telco_customer_churn.csv")], yes=True, out=tmp_path, say=lambda text: None)
    text = str(refused.value)
    assert "no purchase dates" in text
    assert "購入日がありません" in text
    assert "tenure" in text
    assert not list(tmp_path.rglob("*.yaml"))


def test_a_snapshot_typed_by_hand_is_refused(tmp_path):
    rows = [f"{n},{n % 40},{(n % 2 and 'Yes') or 'No'},{20 + n}.5" for n in range(60)]
    path = write(tmp_path, "plan.csv", "customerID,tenure,Churn,MonthlyCharges", rows)
    with pytest.raises(InputError, match="one row per customer as of one moment"):
        quickstart([path], yes=True, out=tmp_path / "out", say=lambda text: None)


def test_customers_alone_ask_for_orders(tmp_path):
    rows = [f"{n},Ann,a{n}@example.com,2024-01-{n % 28 + 1:02d}" for n in range(40)]
    path = write(tmp_path, "people.csv", "customer_id,first_name,email,registered", rows)
    with pytest.raises(InputError, match="list of customers without any purchases"):
        quickstart([path], yes=True, out=tmp_path / "out", say=lambda text: None)


def test_orders_without_customers_say_what_is_missing(tmp_path):
    rows = [f"T{n},{day},{n}.50" for n, day in enumerate(days(50))]
    path = write(tmp_path, "o.csv", "order_id,order_date,total", rows)
    with pytest.raises(InputError, match="no column says whose they are"):
        quickstart([path], yes=True, out=tmp_path / "out", say=lambda text: None)


# --- the conversation -------------------------------------------------------------------------------------------------


@pytest.fixture
def odd(tmp_path):
    rows = [f"{n % 25 + 100},{n % 7},{day},{n}.25" for n, day in enumerate(days(100))]
    return write(tmp_path, "odd.csv", "alpha,beta,gamma,delta", rows)


def test_a_person_can_correct_columns_and_the_currency(odd, tmp_path):
    answers, said = iter(["?", "1=nonsense", "2=ignore 1=customer", "4=total", "currency=gbp", ""]), []
    path = quickstart([odd], language="en", out=tmp_path / "out", ask=lambda prompt: next(answers), say=said.append)
    text = "\n".join(said)
    assert "“1=nonsense” is not understood. no canonical column 'nonsense'." in text
    assert "source_customer_id" in text
    spec = yaml.safe_load((path.parent / "sources" / path.name).read_text(encoding="utf-8"))
    assert spec["files"][0]["ignore"] == ["beta"]
    assert spec["files"][0]["tables"]["orders"]["columns"]["source_customer_id"] == "alpha"
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["settings"]["currency"] == "GBP"


def test_q_stops_and_writes_nothing(odd, tmp_path):
    said = []
    assert quickstart([odd], language="en", out=tmp_path / "out", ask=lambda prompt: "q", say=said.append) is None
    assert said[-1] == "Stopped; nothing was written."
    assert not (tmp_path / "out").exists()


def test_nobody_to_ask_is_one_clear_error(odd, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", open(os.devnull, encoding="utf-8"))  # noqa: SIM115 - closed with the interpreter
    with pytest.raises(InputError, match="--yes"):
        quickstart([odd], language="en", out=tmp_path / "out", say=lambda text: None)

    def hung_up(prompt: str) -> str:
        raise EOFError

    with pytest.raises(InputError, match="--yes"):
        quickstart([odd], language="ja", out=tmp_path / "out", ask=hung_up, say=lambda text: None)


def test_nothing_is_overwritten_without_saying(tmp_path):
    rows = [f"{n},C{n % 20},{day},100" for n, day in enumerate(days(100))]
    path, said = write(tmp_path, "o.csv", "order_id,customer_id,order_date,total", rows), []
    pipeline = quickstart([path], language="en", yes=True, out=tmp_path / "out", say=lambda text: None)
    first = pipeline.read_text(encoding="utf-8")
    quickstart([path], language="en", yes=True, out=tmp_path / "out", say=said.append)
    assert sum("unchanged" in text for text in said) == 2
    pipeline.write_text(first + "# mine\n", encoding="utf-8")
    quickstart([path], language="en", yes=True, out=tmp_path / "out", say=said.append)
    assert pipeline.read_text(encoding="utf-8") == first
    assert Path(f"{pipeline}.1").read_text(encoding="utf-8") == first + "# mine\n"
    assert any("replaced" in text and "quickstart_o.yaml.1" in text for text in said)


def test_month_is_the_newest_whole_one_and_a_month_without_data_is_refused(tmp_path):
    rows = [f"{n},C{n % 20},{date(2026, 1, 1) + timedelta(days=n)},100" for n in range(100)]
    path, said = write(tmp_path, "o.csv", "order_id,customer_id,order_date,total", rows), []
    options = {"language": "en", "yes": True, "out": tmp_path / "out", "say": said.append}
    quickstart([path], **options)
    assert "Month Mar 2026: the data end on 2026-04-10, so 2026-04 is not complete" in "\n".join(said)
    quickstart([path], month="2026-04", **options)
    assert "Month Apr 2026, as you asked." in said
    with pytest.raises(InputError, match="no rows in 2031-01; they run from 2026-01-01 to 2026-04-10"):
        quickstart([path], month="2031-01", **options)
    with pytest.raises(ConfigError, match="YYYY-MM"):
        quickstart([path], month="April", **options)


def test_the_run_gets_name_month_and_language(tmp_path, monkeypatch):
    calls, said = [], []
    monkeypatch.setenv("CUSTOMERBASE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(front, "_run", lambda *given: calls.append(given) or tmp_path / "report.ja.html")
    monkeypatch.setattr(front, "after", lambda name, month, language: "")
    rows = [f"{n},C{n % 20},{date(2026, 1, 1) + timedelta(days=n)},100" for n in range(100)]
    path = write(tmp_path, "Orders 2026.csv", "order_id,customer_id,order_date,total", rows)
    assert quickstart([path], yes=True, say=said.append) == tmp_path / "report.ja.html"
    assert calls == [("quickstart_orders_2026", "2026-03", "ja")]
    assert (tmp_path / "home/pipelines/quickstart_orders_2026.yaml").is_file()
    assert "4/4  2026年3月を分析します" in "\n".join(said)


@pytest.mark.parametrize(
    ("file", "name"),
    [("Orders 2026.csv", "quickstart_orders_2026"), ("受注.csv", "quickstart_受注"), ("../../etc/x y.csv", "quickstart_x_y"), ("ＡＢ－１.csv", "quickstart_ab_1")],
)  # fmt: skip
def test_names_are_the_same_every_time(file, name):
    assert name_of(Path(file)) == name


def test_a_name_without_letters_is_a_hash():
    assert name_of(Path("!!!.csv")) == name_of(Path("!!!.csv")) != name_of(Path("!!.csv"))


def test_what_the_data_unlock_and_what_would_unlock_more():
    groups = {"purchase": ["orders", "order_lines"], "basic": ["customers_src"], "satisfaction": ["inquiries"]}
    table = pd.DataFrame(
        [{"group_name": g, "table_name": t, "present": g == "purchase"} for g, ts in groups.items() for t in ts]
    )
    lines = unlocks(table, ["quality", "segments", "kpi", "monthly_report"], "en")
    assert lines[0] == "Done with these data: data quality, segments, KPIs and monthly report."
    assert "churn" in lines[1]
    assert "  · identity resolution: needs Customers as delivered" in lines
    assert not any("segments: needs" in line for line in lines)
    assert len(unlocks(table, ["segments"], "ja")) == len(lines)
