"""The page Customer 360: what it shows is what the tables say, in both languages, and it opens no table with contact data."""

import base64
import csv
import html
import io
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import customer_tables as month
import duckdb
import openpyxl
import pytest
from customer_tables import MERGED, NEVER, NOBODY, ONCE
from test_widgets import walk

from customerbase import i18n, segments
from customerbase.serving.audiences import audiences
from customerbase.tables.schema import schema
from customerbase.widgets.customer import Customer
from customerbase.widgets.customer.book import TABLES


@pytest.fixture
def tables(home) -> Path:
    return month.publish(home)


@pytest.fixture
def page(tables) -> Customer:
    made = Customer("sample", "en")
    made.show()
    return made


def shown(page: Customer) -> str:
    """All text of the page, in the order in which it is read; tags and style sheets left out."""
    found, todo = [], [page.page]
    while todo:
        one = todo.pop(0)
        found.append(str(getattr(one, "value", "") or getattr(one, "description", "")))
        todo[:0] = getattr(one, "children", ())
    plain = re.sub(r"<(style|svg).*?</\1>", " ", " ".join(found), flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", plain)))


def record(page: Customer) -> str:
    """The customer's record alone."""
    return " ".join(str(getattr(one, "value", "")) for one in walk(page._record))


def saved(page: Customer, name: str, kind: str = "csv") -> list[list]:
    """The rows of a table as the reader saves it."""
    for one in walk(page.page):
        if getattr(one, "description", "") == i18n.word(f"dashboard.{kind}", page.language):
            one.click()
            link = re.search(r'download="([^"]+)" href="data:[^;]+;base64,([^"]+)"', page._saver.value)
            if link[1].startswith(name):
                data = base64.b64decode(link[2])
                if kind == "csv":
                    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
                sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
                return [[cell.value for cell in row] for row in sheet.rows]
    raise AssertionError(f"no table {name} on the page")


def truth(tables: Path, text: str) -> list[tuple]:
    """Plain SQL on the files of the month; {name} is a table."""
    return duckdb.sql(re.sub(r"\{(\w+)\}", lambda one: f"'{tables / one[1]}.parquet'", text)).fetchall()


# what is shown


def test_the_sentences_say_who_whether_they_leave_and_what_to_do(page, tables):
    page._entry.value = MERGED
    said = shown(page)
    [(orders, spend, first, last)] = truth(
        tables,
        f"""select count(*) filter (detail = 'completed' and kind = 'order'), sum(amount),
            min(event_at) filter (kind = 'order'), max(event_at) filter (kind = 'order' and detail = 'completed')
            from {{timeline}} where customer_id = '{MERGED}'""",
    )
    assert (orders, float(spend), first.date(), last.date()) == (3, 11500.0, date(2025, 3, 4), date(2026, 10, 2))
    assert f"{segments.name('loyal', 'en')} (since Sep 2026)" in said  # August was another segment
    assert "3 orders worth ¥11.5K since 4 Mar 2025, the last on 2 Oct 2026, 29 days ago" in said
    assert "Aged 40 to 49, 東京都, mostly buys by web" in said and "1,234 points" in said and "Shop & web" in said
    assert re.search(r"no purchase in the next 90 days: 31\.0 % \(risk: medium\)", said)
    assert "Place 1 on the list: contact by e-mail" in said and "withdrawn: do not contact" in said


def test_every_score_has_its_value_interval_n_reasons_and_origin(page, tables):
    page._entry.value = MERGED
    head, *rows = saved(page, f"customer-{MERGED}-scores")
    found = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    [(spend, cltv, low, high, chance, at_risk, p_30, gain)] = truth(
        tables,
        f"""select p.net_spend, c.cltv, c.cltv_low, c.cltv_high, x.probability, x.value_at_risk, b.p_30, s.gain
            from {{profile}} p, {{cltv}} c, {{churn}} x, {{propensity}} b, {{sales_priority}} s
            where p.customer_id = '{MERGED}' and c.customer_id = p.customer_id and x.customer_id = p.customer_id
            and b.customer_id = p.customer_id and s.customer_id = p.customer_id""",
    )
    told = {"Net spend": spend, "Lifetime value": cltv, "Risk of leaving": chance, "Value at risk": at_risk,
            "Purchase within 30 days": p_30, "Gain of a contact": gain}  # fmt: skip
    assert {name: float(found[name]["Value"]) for name in told} == {name: float(value) for name, value in told.items()}
    assert (low, high) == (1000.0, 9000.0) and found["Lifetime value"]["Interval"] == "¥1,000 to ¥9,000"
    assert found["Lifetime value"]["n"] == "3" and "days with a purchase" in found["Lifetime value"]["n counts"]
    nearest = truth(tables, f"select n, low, high from {{churn_curves}} order by abs(predicted - {chance}) limit 1")
    assert nearest == [(502, 0.28, 0.39)] and found["Risk of leaving"]["n"] == "502"
    assert found["Risk of leaving"]["Interval"] == "28.0\u00a0% to 39.0\u00a0%"
    assert "29" in found["Risk of leaving"]["Reasons"] and "180" in found["Risk of leaving"]["Reasons"]
    assert found["RFM ranks"]["Value"] == "5-4-4" and "R5" in found["RFM ranks"]["Reasons"]
    assert all("notebooks/" in row["Table and function"] and row["n counts"] is not None for row in found.values())
    definitions = re.findall(r'<details class="about"><summary title="([^"]+)"', record(page))
    assert len(definitions) == len(found) and all(definitions)
    assert [name for name in found if "category" in name] == [f"Purchase of category {rank}" for rank in (1, 2, 3)]
    assert saved(page, f"customer-{MERGED}-scores", "xlsx")[0][:2] == head[:2]


def test_events_are_those_of_the_timeline_newest_first_and_by_month(page, tables):
    page._entry.value = MERGED
    name = f"customer-{MERGED}-events"
    _, *rows = saved(page, name)
    [(listed,)] = truth(
        tables, f"select count(*) from {{timeline}} where customer_id = '{MERGED}' and kind not in ('web', 'points')"
    )
    assert len(rows) == listed == 8
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)
    assert sum(float(row[3] or 0) for row in rows) == 11500.0
    [chooser] = [one for one in walk(page._record) if hasattr(one, "options")]
    assert [value for _, value in chooser.options] == ["", "2026-10-01", "2026-09-01", "2025-03-01", "2024-05-01"]
    chooser.value = "2026-09-01"
    assert [row[:2] + row[3:] for row in saved(page, name)[1:]] == [["2026-09-01", "Order", "4000.0", "pos", "P2"]]


def test_the_picture_sums_the_months(page):
    page._entry.value = MERGED
    [figure] = re.findall(r"<figure.*?</figure>", record(page), flags=re.S)
    assert "2 orders in the last 12 months (¥6,500), 1 in the 12 before" in figure  # one more was cancelled
    assert "n\u00a0=\u00a013" in html.unescape(figure)
    assert (
        re.findall(r'text-anchor="middle"[^>]*font-weight="400">(\d+)<', figure).count("5") == 2
    )  # views, twice drawn


def test_the_merge_is_told_without_ids_of_source_systems(page):
    page._entry.value = MERGED
    said = shown(page)
    for words in ("2 accounts", "1 pos and 1 web", "telephone and name", "99.9 % or more", "Aug 2026"):
        assert words in said, words
    [row] = saved(page, f"customer-{MERGED}-merge")[1:]
    assert row[0] == "1 (pos) and 2 (web)" and float(row[3]) == 33.4
    assert "100" not in row[2] and "given name" in row[5].lower()
    assert not [one for one in month.ACCOUNTS if one in record(page)]


def test_one_account_is_no_merge_and_a_person_without_purchases_has_a_record(page):
    page._entry.value = NEVER
    said = shown(page)
    assert "Has not bought anything yet" in said and "One account only: nothing was merged" in said
    assert "computed for customers who bought in the last year" in said and "No consent is on record" in said
    assert month.ACCOUNTS[1] not in record(page)


def test_everything_from_data_is_escaped(page):
    page._entry.value = MERGED
    assert "<script" not in record(page) and "&lt;script&gt;" in record(page)


@pytest.mark.parametrize("customer", [MERGED, ONCE, NEVER, NOBODY])
def test_both_languages_say_everything(page, customer):
    page._entry.value = customer
    page.language_choice.value = "ja"
    japanese = shown(page)
    page.language_choice.value = "en"
    assert customer in japanese and customer in shown(page)
    kana = re.compile("[ぁ-んァ-ヶ]")
    assert kana.search(japanese) and not kana.search(shown(page).replace("日本語", ""))
    assert "board_customer" not in japanese + shown(page)
    assert ("2026年10月31日" in japanese) and ("31 Oct 2026" in shown(page))


def test_lists_hold_the_first_and_open_a_customer(page, tables):
    first = truth(tables, "select customer_id, cltv from {cltv} order by cltv desc")
    [chooser] = [one for one in walk(page.page) if hasattr(one, "options")]
    chooser.value = "value"
    assert [(row[0], float(row[1])) for row in saved(page, "customer-list-value")[1:]] == first
    assert f'<button type="button" class="person">{MERGED}</button>' in page._list.children[0].children[0].value
    chooser.value = "at_risk"
    assert [row[0] for row in saved(page, "customer-list-at_risk")[1:]] == [MERGED]


def test_another_month_is_another_book_and_one_without_tables_says_so(home, page):
    month.publish(home, "2026-09", {"profile": month.TABLES["profile"][1:]})
    other = Customer("sample", "en")
    other.show()
    other._entry.value = MERGED
    other.month_choice.value = "2026-09"
    assert f"{MERGED} is no customer of Sep 2026" in shown(other)
    assert "This month has no such list" in shown(other)
    other._entry.value = ONCE
    assert "This month has no list of contacts" in shown(other) and "¥800" in shown(other)
    other.month_choice.value = "2026-10"
    assert "Lifetime value" in record(other)


def test_a_month_published_without_evidence_says_how_to_get_it(home):
    month.publish(home, tables={name: rows for name, rows in month.TABLES.items() if name != "merge_evidence"})
    page = Customer("sample", "en")
    page.show()
    page._entry.value = MERGED
    assert "published without the table of evidence" in shown(page)


def test_a_month_published_anew_is_read_anew_and_one_taken_back_is_said(home, page, tables):
    changed = [row | {"net_spend": 22500} for row in month.TABLES["profile"]]
    month.publish(home, tables=month.TABLES | {"profile": changed}, run="run2")
    page._entry.value = MERGED
    assert "¥22.5K" in shown(page)
    (home / "data/runs/sample/2026-10/current.json").unlink()
    page._entry.value = ONCE
    assert "notice" in " ".join(str(getattr(one, "value", "")) for one in page.page.children)


# what is read


def test_no_table_with_contact_data_is_opened_or_may_be_seen(page):
    views = page._book().db.query("select view_name from duckdb_views() where not internal").fetchall()
    assert {name for (name,) in views} == set(TABLES)
    analysts, managers = audiences()["analysts"], audiences()["managers"]
    assert set(TABLES) <= set(analysts.tables) and not set(TABLES) & set(managers.tables)
    for name in analysts.tables:
        assert "contact" not in {one.sensitivity for one in schema(name).columns.values()}, name
    assert "customer" in analysts.pages and "customer" not in managers.pages


def test_a_customer_is_shown_without_pandas_and_its_like(tables):
    """Each of them costs every visitor's kernel 0.3 s and some 30 MB."""
    program = f"""
import sys
from customerbase.widgets.customer import Customer
page = Customer("sample")
page.show()
page._entry.value = {MERGED!r}
assert len(page._record.children) > 5
print([one for one in ("pandas", "numpy", "matplotlib", "scipy", "sklearn", "pyarrow") if one in sys.modules])"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
