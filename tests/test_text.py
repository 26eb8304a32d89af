"""Amounts and dates as people type them: hand-written spellings, and properties over any text."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.text import nfkc, parse_amount, parse_timestamp

AMOUNTS = {
    "1234": "1234",
    " 1,234 ": "1234",
    "¥1,234": "1234",
    "￥１，２３４": "1234",
    "\\1,234": "1234",
    "１２３４": "1234",
    "1234円": "1234",
    "1,234,567円": "1234567",
    "JPY 500": "500",
    "500 JPY": "500",
    "$1,234.50": "1234.50",
    "1,234.50": "1234.50",
    ".5": "0.5",
    "5.": "5",
    "+7": "7",
    "(500)": "-500",
    "(¥1,500)": "-1500",
    "¥(500)": "-500",
    "（５００）": "-500",
    "-¥500": "-500",
    "¥-500": "-500",
    "−500": "-500",
    "△500": "-500",
    "▲1,000": "-1000",
    "▲ 1,000円": "-1000",
    "-0": "0",
    "1.2e3": "1200",
    "1E+3": "1000",
    "1.4210854715202004e-14": "0",
    "0.30000000000000004": "0.3",
    "1e-400": "0",
    "9999999999999999.99": "9999999999999999.99",
}
NOT_AMOUNTS = [
    None, "", " ", "abc", "1e400", "1e16", "99999999999999999", "NaN", "nan", "inf", "-Infinity", "1.234,56", "1,23", "1,2345",
    "12,34,567", "500-", "--5", "-(500)", "(-500)", "△-5", "()", "(", "¥", "円", "1 234", "1'234", "12%", "1.2.3", "1_000",
    "٣", "二千", "0x10", "1" * 65, "千円", "9999999999999999.999999999999999",
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), AMOUNTS.items())
def test_amounts_that_people_write(text, value):
    found = parse_amount(text)
    assert found == Decimal(value)
    assert "E" not in str(found) and not str(found).startswith("-0")


@pytest.mark.parametrize("text", NOT_AMOUNTS)
def test_what_is_not_plainly_an_amount_is_none(text):
    assert parse_amount(text) is None


@given(st.decimals(min_value=-(10**15), max_value=10**15, allow_nan=False, places=4))
def test_amounts_survive_every_way_of_writing_them(value):
    for text in (f"{value}", f"{value:,}", f"¥{value:,}", f"{value}円"):
        assert parse_amount(text) == value
    if value > 0:
        assert parse_amount(f"({value:,})") == parse_amount(f"△{value}") == parse_amount(f"▲{value:,}") == -value


ODD = st.text(alphabet="0123456789.,-+()¥円△▲eE年月日令和RHS元午後時分:/ TZ０１\u3000", max_size=30)


@settings(max_examples=400)
@given(st.text() | ODD)
def test_nothing_raises_and_canonical_forms_are_stable(text):
    assert nfkc(nfkc(text)) == nfkc(text)
    amount = parse_amount(text)
    if amount is not None:
        assert parse_amount(str(amount)) == amount and abs(amount) < 10**16
    moment = parse_timestamp(text)
    if moment is not None:
        assert moment.tzinfo is None
        assert parse_timestamp(moment.isoformat(sep=" ")) == parse_timestamp(moment.isoformat()) == moment


TIMESTAMPS = {
    "2026-10-03": "2026-10-03 00:00",
    "2026/10/3": "2026-10-03 00:00",
    "2026.10.03": "2026-10-03 00:00",
    "20261003": "2026-10-03 00:00",
    "20261003.0": "2026-10-03 00:00",
    "20261003101500": "2026-10-03 10:15",
    "202610031015": "2026-10-03 10:15",
    "20261003 10:15": "2026-10-03 10:15",
    "20261003T101500": "2026-10-03 10:15",
    "2026年10月3日": "2026-10-03 00:00",
    "２０２６年１０月３日": "2026-10-03 00:00",
    "2026年10月3日(土) 10時5分": "2026-10-03 10:05",
    "2026/10/03（土）10:05": "2026-10-03 10:05",
    "2026年10月3日 午後3時": "2026-10-03 15:00",
    "2026/10/3 午前12:30": "2026-10-03 00:30",
    "2026-10-03 3:05 PM": "2026-10-03 15:05",
    "2026-10-03 10:15": "2026-10-03 10:15",
    "2026-10-03T10:15:30": "2026-10-03 10:15:30",
    "2026-10-03 10:15:30.5": "2026-10-03 10:15:30.500000",
    "2026-10-03 10:15:30.123456789": "2026-10-03 10:15:30.123456",
    "2026-10-03T10:15:30Z": "2026-10-03 10:15:30",
    "2026-10-03T10:15:30+09:00": "2026-10-03 10:15:30",
    "2026-10-03 10:15:30 +0900": "2026-10-03 10:15:30",
    "2026-10-03 10:15:30 JST": "2026-10-03 10:15:30",
    "令和8年10月3日": "2026-10-03 00:00",
    "令和元年5月1日": "2019-05-01 00:00",
    "令和 8年 10月 3日": "2026-10-03 00:00",
    "㋿8年10月3日": "2026-10-03 00:00",
    "R8.10.3": "2026-10-03 00:00",
    "Ｒ８．１０．３": "2026-10-03 00:00",
    "r08/10/03 09:30": "2026-10-03 09:30",
    "平成31年4月30日": "2019-04-30 00:00",
    "H1.1.8": "1989-01-08 00:00",
    "昭和64年1月7日": "1989-01-07 00:00",
    "S60-04-01": "1985-04-01 00:00",
    "大正元年7月30日": "1912-07-30 00:00",
    "T15.12.25": "1926-12-25 00:00",
    "明治45年7月30日": "1912-07-30 00:00",
    "M6.1.1": "1873-01-01 00:00",
    "46298": "2026-10-03 00:00",
    "46298.5": "2026-10-03 12:00",
    "46298.4166666667": "2026-10-03 10:00",
    "2024-02-29": "2024-02-29 00:00",
}
NOT_TIMESTAMPS = [
    None, "", "abc", "2026/13/45", "2026-02-30", "2025-02-29", "0000-00-00", "20261345", "2026-10-03 25:00", "2026-10-03 10:60",
    "2026-10-03 13:00 PM", "2026-10", "2026年10月", "令和8年13月1日", "令和0年5月1日", "平成31年5月1日", "平成元年1月7日", "昭和64年1月8日",
    "大正元年7月29日", "明治5年12月2日", "明治45年7月31日", "R8.10/3", "2026-10/03", "10/3/2026", "3.10.2026", "26/10/03",
    "9999", "99999", "73416", "1790000000", "12345678901", "2026-10-03 10:15:30 +09:00 x", "²⁰²⁶-10-3x", "R99999.1.1",
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), TIMESTAMPS.items())
def test_dates_that_people_and_machines_write(text, value):
    assert parse_timestamp(text) == datetime.fromisoformat(value)


@pytest.mark.parametrize("text", NOT_TIMESTAMPS)
def test_what_is_not_plainly_a_date_is_none(text):
    assert parse_timestamp(text) is None


def test_given_formats_come_first_and_broken_ones_are_passed_over():
    assert parse_timestamp("10/3/2026", ["%m/%d/%Y"]) == datetime(2026, 10, 3)
    assert parse_timestamp("10/3/2026", ["%d/%m/%Y"]) == datetime(2026, 3, 10)
    assert parse_timestamp("12/1/2009 8:26", ["%Y", "%m/%d/%Y %H:%M"]) == datetime(2009, 12, 1, 8, 26)
    assert parse_timestamp("20261003", ["%Y%d%m"]) == datetime(2026, 3, 10)
    assert parse_timestamp("１０／３／２０２６", ["%m/%d/%Y"]) == datetime(2026, 10, 3)
    assert parse_timestamp("2026-10-03", ["%Q", "%", "%Y-%m-%d %"]) == datetime(2026, 10, 3)
    assert parse_timestamp("03 Oct 2026 10:00 +0900", ["%d %b %Y %H:%M %z"]) == datetime(2026, 10, 3, 10)


@given(st.dates(min_value=date(1927, 5, 18), max_value=date(2100, 12, 31)))
def test_every_day_reads_back_from_every_spelling(day):
    moment = datetime(day.year, day.month, day.day)
    serial = (day - date(1899, 12, 30)).days
    for text in (
        f"{day:%Y%m%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        str(serial),
    ):
        assert parse_timestamp(text) == moment
    eras = [name for name, start in (("令和", 2019), ("平成", 1989), ("昭和", 1926)) if day.year >= start]
    starts = {"令和": 2019, "平成": 1989, "昭和": 1926}
    found = {parse_timestamp(f"{era}{day.year - starts[era] + 1}年{day.month}月{day.day}日") for era in eras}
    assert found - {None} == {moment}  # exactly one era has the day, and reads it right


def test_a_serial_with_a_fraction_is_a_time_of_day():
    for minutes in range(0, 1440, 37):
        text = f"{46298 + minutes / 1440:.10f}"
        assert parse_timestamp(text) == datetime(2026, 10, 3) + timedelta(minutes=minutes)
