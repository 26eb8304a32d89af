"""The monthly report: one safe, self-contained page whose sentences agree with their numbers."""

import base64
import importlib
import io
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pandas as pd
import pytest
from fontTools.ttLib import TTFont

from customerbase import charts, i18n, kpi, report, segments
from customerbase.periods import add_months, month_range
from customerbase.report import figures, headline, quality, sections
from customerbase.report.data import ReportData

AS_OF = date(2026, 10, 31)
EVIL = "<script>alert(1)</script>"
FIRST = {
    "active_customers": 1000,
    "purchase_frequency": 1.5,
    "average_order_value": 4000.0,
    "revenue_anonymous": 1_000_000.0,
}


def month_rows(month: date, spread: float, **factors: float) -> list[dict]:
    """All KPIs of one month from its factors; intervals are ± spread of the value."""
    given = FIRST | factors
    identified = given["active_customers"] * given["purchase_frequency"] * given["average_order_value"]
    orders = given["active_customers"] * given["purchase_frequency"]
    values = given | {
        "revenue_identified": identified,
        "revenue": identified + given["revenue_anonymous"],
        "orders": orders,
        "new_customers": 200.0,
        "repeat_rate": given.get("repeat_rate", 0.8),
        "retention_rate": 0.3,
    }
    return [
        {
            "kpi": name,
            "month": month,
            "value": float(values[name]),
            "n": int(orders if "order" in name else values["active_customers"]),
            "low": values[name] * (1 - spread),
            "high": values[name] * (1 + spread),
        }
        for name in kpi.KPIS
        if name in values
    ]


def kpis(
    *, spread: float = 0.001, before: dict | None = None, last_year: dict | None = None, **now: float
) -> pd.DataFrame:
    rows = month_rows(date(2026, 10, 1), spread, **now)
    rows += month_rows(date(2026, 9, 1), spread, **before) if before is not None else []
    rows += month_rows(date(2025, 10, 1), spread, **last_year) if last_year is not None else []
    return pd.DataFrame(rows)


def summary(**customers: int) -> pd.DataFrame:
    counts = dict.fromkeys(segments.codes(), 100) | customers
    total = sum(counts.values())
    rows = [
        {
            "segment": code,
            "customers": count,
            "share": count / total,
            "share_low": count / total * 0.9,
            "share_high": min(count / total * 1.1, 1),
            "net_spend": count * 1000.0,
            "orders": count * 2,
            "median_days_since_last_order": 41.0,
            "previous_customers": 100,
        }
        for code, count in counts.items()
    ]
    return pd.DataFrame(rows)


def migration() -> pd.DataFrame:
    moves = [
        ("loyal", "at_risk", 40),
        ("loyal", "loyal", 60),
        ("new", "promising", 25),
        ("new", "new", 5),
        ("not_yet", "new", 90),
    ]
    return pd.DataFrame(moves, columns=["from_segment", "to_segment", "customers"])


def cohorts() -> pd.DataFrame:
    rows = []
    for first in month_range(date(2026, 7, 1), AS_OF):
        for age in range(len(month_range(first, AS_OF))):
            retained = 100 if age == 0 else 40 if age == 1 else 4
            rows.append((first, age, 100, retained, retained / 100, 0.0, 1.0))
    return pd.DataFrame(rows, columns=["cohort_month", "months_since", "customers", "retained", "rate", "low", "high"])


def attributes() -> pd.DataFrame:
    rows = [
        ("channel", value, code, 50, share, share * 0.9, min(share * 1.1, 1))
        for value, share in (("store", 0.1), ("web", 0.5))
        for code in segments.codes()
    ]
    rows.append(("channel", EVIL, "champions", None, None, None, None))
    frame = pd.DataFrame(
        rows, columns=["attribute", "value", "segment", "customers", "share", "share_low", "share_high"]
    )
    return frame.astype({"customers": "Int64"})


def intake() -> dict[str, pd.DataFrame]:
    files = pd.DataFrame(
        [
            ("pos", "a.csv", "orders", 1000, 990, 10),
            ("pos", "b.csv", "orders", 500, 500, 0),
            (EVIL, "c.csv", "orders", 10, 9, 1),
        ],
        columns=["source_system", "file", "table_name", "rows_read", "rows_accepted", "rows_quarantined"],
    )
    faults = pd.DataFrame(
        [("invalid_date", "block", 8), (EVIL, "block", 3), ("negative_total", "warn", 7)],
        columns=["reason", "severity", "rows"],
    )
    ready = pd.DataFrame(
        [
            ("purchase", "required", "orders", True, 1499, 0.99, "segments,kpi"),
            ("satisfaction", "required", "surveys", False, 0, None, "satisfaction"),
        ],
        columns=["group_name", "requirement", "table_name", "present", "rows", "fill_rate", "unlocks"],
    )
    scores = pd.DataFrame(
        [
            ("completeness", "orders", 0.99, 10),
            ("completeness", "products", 0.8, 10),
            ("staleness", "orders", 31.0, 10),
        ],
        columns=["dimension", "table_name", "score", "n"],
    )
    return {"source_files": files, "quarantine": faults, "readiness": ready, "quality_scores": scores}


def people() -> dict[str, pd.DataFrame]:
    """The unified base summed up: 1,100 records of two systems are 1,000 customers, 100 of them in both."""
    overlap = [("pos", 1, 500, 5e6), (f"pos;{EVIL}", 2, 100, 3e6), (EVIL, 1, 400, 2e6)]
    counts = {"customers": 1000, "several": 100, "net_spend": 10e6, "several_net_spend": 3e6}
    changes = {"change": ["kept", "merged", "new", "split"], "customers": [900, 30, 97, 3]}
    return {
        "identity_links": pd.DataFrame([{"records": 1100, "known": 1080, "systems": 2, "customers": 1000}]),
        "profile": pd.DataFrame([counts]),
        "channel_overlap": pd.DataFrame(overlap, columns=["systems", "system_count", "customers", "net_spend"]),
        "identity_review": pd.DataFrame({"reason": ["grey_zone", "guard"], "pairs": [12, 5]}),
        "id_changes": pd.DataFrame(changes),
    }


def worth() -> dict[str, pd.DataFrame]:
    """Every segment's 100 customers are worth 1 million yen; champions 4 million; 80 % intervals are ± 5 %."""
    rows = [("segment", code, 100, 4e6 if code == "champions" else 1e6) for code in segments.codes()]
    rows += [("all", "all", 1000, 13e6), ("channel", EVIL, 600, 8e6), ("channel", "web", 400, 5e6)]
    frame = pd.DataFrame(rows, columns=["dimension", "value", "customers", "cltv"])
    frame = frame.assign(as_of=AS_OF, p_alive=0.6, purchases=frame["customers"] * 3.0, spend=frame["cltv"] * 2)
    for name in ("cltv", "purchases"):
        frame[f"{name}_low"], frame[f"{name}_high"] = frame[name] * 0.95, frame[name] * 1.05
    frame["at_stake"] = frame["customers"] * 1000.0 + (frame["value"] == "at_risk") * 100_000
    frame.loc[frame["dimension"] == "all", "at_stake"] = 1_100_000.0
    expected = {f"purchases_{months}m": 250.0 * months for months in (3, 6, 12, 24)}
    row = {"customers": 1000, "known_before": 900, "value": 13e6, "previous_value": 12.9e6, "halved": 40, "lost": 4e5}
    top = [(0.01, 10, 0.1), (0.05, 50, 0.3), (0.1, 100, 0.41), (0.2, 200, 0.6), (1.0, 1000, 1.0)]
    months = [
        (month, month > AS_OF, None if month > AS_OF else 100.0)
        for month in month_range(date(2026, 1, 1), date(2027, 3, 1))
    ]
    tracking = pd.DataFrame(months, columns=["month", "ahead", "actual"])
    return {
        "cltv": pd.DataFrame([row | expected]),
        "cltv_groups": frame,
        "cltv_concentration": pd.DataFrame(top, columns=["top_share", "customers", "value_share"]),
        "cltv_tracking": tracking.assign(expected=100.0, low=90.0, high=110.0),
    }


def leaving() -> dict[str, pd.DataFrame]:
    """Of 50 active customers a segment 20 are expected to buy nothing; champions have 400,000 yen of value at risk."""
    rows = [("segment", code, 50, 400_000.0 if code == "champions" else 100_000.0) for code in segments.codes()]
    rows += [("all", "all", 500, 1_300_000.0), ("risk_band", "high", 300, 9e5), ("risk_band", "low", 200, 4e5)]
    frame = pd.DataFrame(rows, columns=["dimension", "value", "customers", "value_at_risk"])
    frame = frame.assign(
        as_of=AS_OF, probability=0.4, leavers=frame["customers"] * 0.4, cltv=4 * frame["value_at_risk"]
    )
    for name in ("leavers", "value_at_risk"):
        frame[f"{name}_low"], frame[f"{name}_high"] = frame[name] * 0.9, frame[name] * 1.1
    frame[["reason_1", "reason_2", "reason_3"]] = ["silence", "trend", "season"]
    bands = [("high", 100, 0.8, 0.75), ("low", 200, 0.1, 0.1), ("medium", 100, 0.5, 0.6), ("all", 400, 0.375, 0.3875)]
    outcomes = pd.DataFrame(bands, columns=["band", "customers", "predicted", "actual"])
    outcomes = outcomes.assign(cutoff=date(2026, 8, 1), source="published")
    outcomes["actual_low"], outcomes["actual_high"] = outcomes["actual"] - 0.05, outcomes["actual"] + 0.05
    best = [
        ("probability", 300, 0.6, 31_000.0, True),
        ("profit", 40, 0.08, 1000.0, False),
        ("profit", 120, 0.24, 52_000.0, True),
        ("random", 500, 1.0, -9.0, True),
    ]
    profit = pd.DataFrame(best, columns=["ranking", "contacted", "share", "profit", "is_best"])
    return {
        "churn": pd.DataFrame([{"customers": 500, "horizon_days": 90}]),
        "churn_groups": frame,
        "churn_outcomes": outcomes,
        "churn_profit": profit.assign(low=profit["profit"] - 20_000, high=profit["profit"] + 20_000),
    }


def data(**tables: pd.DataFrame) -> ReportData:
    full = {
        "kpi": kpis(before={}, last_year={}),
        "kpi_cohorts": cohorts(),
        "segment_summary": summary(),
        "segment_migration": migration(),
        "segment_attributes": attributes(),
        **intake(),
        **people(),
        **worth(),
        **leaving(),
    }
    return ReportData(
        title={"ja": "髙﨑商店①㈱", "en": "Takasaki & Sons"},
        pipeline="sample",
        as_of=AS_OF,
        tables=full | tables,
        settings={"currency": "JPY", "k_min": 10},
        goals={"repeat_rate": 0.7},
        run_id="r1",
        data_until=AS_OF,
    )


@pytest.fixture(scope="module", params=["ja", "en"])
def built(request) -> tuple[str, str]:
    return request.param, report.build(
        replace(data(), title={"ja": f"髙﨑①㈱{EVIL}", "en": f"Sons & {EVIL}"}), request.param, charts
    )


class Reader(HTMLParser):
    """Collects tags, addresses and text, as a browser would."""

    def __init__(self):
        super().__init__()
        self.tags, self.addresses, self.text, self._in_style = [], [], [], False

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._in_style = tag == "style"
        self.addresses += [
            value for name, value in attrs if name in ("src", "href", "srcset", "action", "data", "xlink:href")
        ]

    def handle_endtag(self, tag):
        self._in_style = False

    def handle_data(self, text):
        if not self._in_style:
            self.text.append(text)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def test_the_page_asks_nobody_for_anything_and_runs_nothing(built):
    language, html = built
    reader = read(html)
    sister = f"report.{'en' if language == 'ja' else 'ja'}.html"
    files = {f"report.{language}.pdf", f"report.{language}.xlsx"}
    assert {address for address in reader.addresses if not address.startswith("#")} == {sister, "data:,"} | files
    assert set(re.findall(r"url\((?!#)([^)]{5})", html)) == {"data:"}
    assert not {"script", "iframe", "object", "embed", "form", "img"} & set(reader.tags)
    assert "@import" not in html and not re.search(r"\son\w+=", html)


def test_what_customers_wrote_is_text_everywhere(built):
    _, html = built
    assert EVIL not in html
    assert "".join(read(html).text).count(EVIL) >= 3  # company, source system, quarantine reason


def test_the_page_holds_every_character_it_shows_in_both_weights(built):
    _, html = built
    faces = re.findall(r"font-weight:(\d+);.*?base64,([A-Za-z0-9+/=]+)\)", html)
    assert [weight for weight, _ in faces] == ["400", "700"]
    shown = {character for character in "".join(read(html).text) if character.isprintable() and character != "\u2060"}
    for _, encoded in faces:
        font = TTFont(io.BytesIO(base64.b64decode(encoded)))
        assert shown - {chr(code) for code in font.getBestCmap()} == set()


def test_digits_of_the_embedded_font_stand_in_columns(built):
    _, html = built
    font = TTFont(io.BytesIO(base64.b64decode(re.search(r"base64,([A-Za-z0-9+/=]+)\)", html)[1])))
    widths = {font["hmtx"][font.getBestCmap()[ord(digit)]][0] for digit in "0123456789"}
    assert len(widths) == 1


def test_sections_stand_in_their_fixed_order_and_every_figure_has_a_caption(built):
    _, html = built
    assert re.findall(r'<section id="(\w+)"', html) == [
        "summary",
        "tiles",
        "trend",
        "kpi",
        "segments",
        "value",
        "risk",
        "migration",
        "cohorts",
        "attributes",
        "identity",
        "quality",
        "definitions",
        "made",
    ]
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", html)
    assert len(captions) == html.count("<figure") >= 5
    assert all(re.search(r"customerbase/[\w/]+\.py:\d+$", caption) and "2026" in caption for caption in captions)
    assert all("n\u00a0=\u00a0" in caption for caption in captions)
    told = re.findall(r'<p class="caption">(.*?)</p>', html)
    without = [caption for caption in told if "n\u00a0=\u00a0" not in caption]
    per_row = ("customerbase/kpi/changes.py", "customerbase/kpi/goals.py", "customerbase/kpi/pdca.py")
    assert told and all(any(place in caption for place in per_row) for caption in without)  # n of its own in each row


def test_the_page_speaks_its_language(built):
    language, html = built
    words = "".join(read(html).text)
    assert f'<html lang="{language}"' in html
    assert ("データの品質" in words) == (language == "ja") and ("Data quality" in words) == (language == "en")


def test_the_same_month_gives_the_same_bytes(built):
    language, html = built
    again = report.build(replace(data(), title={"ja": f"髙﨑①㈱{EVIL}", "en": f"Sons & {EVIL}"}), language, charts)
    assert again == html


def test_a_page_is_small_enough_for_a_letter(built):
    assert len(built[1].encode()) < 600_000


@pytest.mark.parametrize("language", ["ja", "en"])
def test_without_any_table_every_section_says_so_in_a_plain_sentence(language):
    html = report.build(
        ReportData(title={"ja": "空", "en": "Empty"}, pipeline="x", as_of=AS_OF, tables={}), language, charts
    )
    words = "".join(read(html).text)
    for key in ("kpi", "segments", "value", "migration", "cohorts", "attributes", "identity", "sources", "readiness"):
        assert i18n.word(f"report.empty.{key}", language) in words
    assert "None" not in words and "nan" not in words and "<figure" not in html


HAPPENED = [
    (kpis(), "only", None),
    (kpis(before={"active_customers": 900}), "up", None),
    (kpis(before={"active_customers": 1100}), "down", None),
    (kpis(before={"active_customers": 1001}), "no_clear_change", None),
    (kpis(before={"active_customers": 900}, last_year={"active_customers": 800}), "up", "also_up"),
    (kpis(before={"active_customers": 900}, last_year={"active_customers": 1200}), "up", "also_down"),
    (kpis(before={"active_customers": 900}, last_year={}), "up", "also_first_no_clear_change"),
    (kpis(before={}, last_year={}), "no_clear_change", "also_no_clear_change"),
    (kpis(last_year={"active_customers": 1200}), "down", None),
]


def pattern(key: str, language: str) -> str:
    """The fixed words of a template as a regular expression."""
    return re.sub(r"\\\{\w+\\\}", ".+?", re.escape(i18n.word(key, language)))


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(("table", "first", "second"), HAPPENED)
def test_what_happened_says_the_direction_of_the_numbers(table, first, second, language):
    said = headline.happened(data(kpi=table), language)
    keys = [f"headline.{first}"] + ([f"headline.{second}"] if second else [])
    gap = "" if language == "ja" else " "
    assert re.fullmatch(gap.join(pattern(key, language) for key in keys), said), said


def test_what_happened_in_words():
    told = data(kpi=kpis(before={"active_customers": 800}, last_year={"active_customers": 1250}))
    assert (
        headline.happened(told, "ja")
        == "2026年10月の売上は700万円で、前月より20.7%増えました。前年同月と比べると17.6%減っています。"
    )
    assert headline.happened(told, "en") == (
        "Revenue in Oct 2026 was ¥7M, up 20.7\u00a0% on last month. It was down 17.6\u00a0% on the same month last year."
    )


def test_a_change_within_its_interval_is_no_clear_change_however_large():
    told = data(kpi=kpis(before={"active_customers": 800}, spread=0.5))
    assert "はっきりした変化はありません（+20.7%）" in headline.happened(told, "ja")
    assert "no clear change on last month (+20.7\u00a0%)" in headline.happened(told, "en")


def test_without_revenue_the_report_says_so():
    empty = data(kpi=kpis().assign(value=None, low=None, high=None))
    assert headline.happened(empty, "ja") == "2026年10月の売上の記録はありません。"
    assert headline.why(empty, "en") == i18n.word("headline.why_unknown", "en")


@pytest.mark.parametrize(
    ("before", "factor"),
    [
        ({"active_customers": 800}, "factor_up.active_customers"),
        ({"active_customers": 1300}, "factor_down.active_customers"),
        ({"purchase_frequency": 1.2}, "factor_up.purchase_frequency"),
        ({"average_order_value": 5000.0}, "factor_down.average_order_value"),
        ({"revenue_anonymous": 2_000_000.0}, "factor_down.revenue_anonymous"),
    ],
)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_why_names_the_factor_that_moved(before, factor, language):
    said = headline.why(data(kpi=kpis(before=before)), language)
    total = "up" if "up" in factor else "down"
    assert i18n.word(f"headline.{factor}", language) in said
    assert re.match(pattern(f"headline.why_{total}", language), said)


def test_the_parts_named_add_up_to_the_change():
    told = data(kpi=kpis(before={"active_customers": 800, "average_order_value": 5000.0}))
    revenue = told.changes[("revenue", "last_month")]
    assert sum(part["contribution"] for part in told.parts) == pytest.approx(revenue["change"], abs=0.01)


def test_an_unclear_total_names_what_moved_behind_it():
    told = data(kpi=kpis(before={"active_customers": 1250, "average_order_value": 3200.0}, spread=0.01))
    assert headline.why(told, "en").startswith("Behind the unclear total stand ")
    assert "fewer customers" in headline.why(told, "en") and "larger orders" in headline.why(told, "en")
    assert headline.why(data(kpi=kpis(before={})), "ja") == i18n.word("headline.why_same", "ja")


def lossy(read_rows: int, aside: int, accepted: int, reason: str = "invalid_date") -> dict[str, pd.DataFrame]:
    files = pd.DataFrame(
        [("pos", "a.csv", "orders", read_rows, accepted, aside)],
        columns=["source_system", "file", "table_name", "rows_read", "rows_accepted", "rows_quarantined"],
    )
    faults = pd.DataFrame([(reason, "block", aside)], columns=["reason", "severity", "rows"])
    return {"source_files": files, "quarantine": faults}


@pytest.mark.parametrize(
    ("tables", "goals", "key"),
    [
        ({}, {}, "next_nothing"),
        ({"kpi": kpis()}, {}, "next_wait"),
        (lossy(1000, 100, 900), {}, "next_data"),
        (lossy(1000, 100, 900, "after_month"), {}, "next_nothing"),
        (lossy(1000, 10, 980), {}, "next_unbalanced"),
        ({"segment_summary": summary(at_risk=200)}, {}, "next_segment"),
        ({"segment_summary": summary(at_risk=105)}, {}, "next_nothing"),
        ({}, {"repeat_rate": 0.9}, "next_goal"),
        ({}, {"repeat_rate": 0.8}, "next_nothing"),
        ({}, {"revenue": 9_000_000}, "next_goal"),
        ({"kpi": kpis(before={"active_customers": 1500})}, {}, "next_factor"),
        ({"kpi": kpis(before={}, last_year={"active_customers": 1500})}, {}, "next_kpi"),
    ],
)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_to_do_next(tables, goals, key, language):
    said = headline.next_step(replace(data(**tables), goals=goals), language)
    assert re.fullmatch(pattern(f"headline.{key}", language), said), said


def test_the_gap_to_a_goal_is_in_points_for_rates():
    said = headline.next_step(replace(data(), goals={"repeat_rate": 0.9}), "ja")
    assert said.startswith("リピート率が目標の90.0%に10.0ポイント届いていません")


def test_missing_purchases_come_before_everything():
    ready = intake()["readiness"].assign(present=False)
    assert "購買" in headline.next_step(data(readiness=ready), "ja")


def test_tiles_show_value_changes_and_goal():
    tile = sections.tiles(
        replace(data(kpi=kpis(before={"active_customers": 800})), goals={"revenue": 8_000_000}), "ja"
    )[0]
    assert (tile["name"], tile["value"], tile["goal"]) == ("売上", "700万円", "目標 800万円：未達")
    (_, month), (_, year) = tile["changes"]
    assert (month["arrow"], month["text"], month["certain"]) == ("↑", "+20.7%", True)
    assert (year["arrow"], year["text"]) == ("", "–")


def test_rates_change_in_points_in_the_table():
    row = next(
        row
        for row in sections.kpi_rows(data(kpi=kpis(before={"repeat_rate": 0.818})), "en")
        if row["name"] == "Repeat rate"
    )
    assert row["vs_last_month"]["text"] == "−1.8\u00a0pt" and row["value"] == "80.0\u00a0%"


def test_small_cells_are_withheld_in_the_segment_table_and_one_more_so_that_the_total_tells_nothing():
    told = data(segment_summary=summary(lost=9))
    lost = next(row for row in sections.segment_rows(told, "ja") if row["code"] == "lost")
    assert (lost["customers"], lost["share"], lost["net_spend"], lost["change"]) == ("<10", "–", "–", "–")
    rows = sections.segment_rows(told, "ja")
    assert [row["customers"] for row in rows].count("*") == 1
    assert all(row["share"] == row["net_spend"] == "–" for row in rows if row["customers"] == "*")
    shown = sum(int(row["customers"]) for row in rows if row["customers"].isdigit())
    assert int(sections.segment_total(told, "ja")["customers"]) - shown >= 10
    assert sections.segment_total(data(), "ja")["customers"] == "1,000"


def drawn(kind: str, make, told: ReportData) -> list[dict]:
    """What a figure asks to be drawn, without drawing it."""
    calls = []

    class Pencil:
        WIDTHS = charts.WIDTHS
        caption = staticmethod(charts.caption)

        def __getattr__(self, name):
            return lambda *args, **options: calls.append({"kind": name, "args": args, **options})

        def svg(self, figure):
            return ""

    make(told, "ja", Pencil())
    return [call for call in calls if call["kind"] == kind]


def test_small_movements_are_withheld_and_cannot_be_computed_from_the_rest():
    text = drawn("heatmap", figures.migration, data())[0]["text"]
    withheld = text.isin(["<10", "*"])
    assert text.loc["new", "new"] == "<10" and text.loc["not_yet", "new"] != "<10"
    assert all(
        count != 1 for count in [*withheld.sum(axis=0), *withheld.sum(axis=1)]
    )  # one alone follows from its total


def test_small_cohort_cells_are_withheld():
    text = drawn("heatmap", figures.cohorts, data())[0]["text"]
    assert text.iloc[0].tolist() == ["40", "<10", "<10"]


def test_the_trend_sets_each_month_beside_the_same_month_last_year():
    months = month_range(add_months(AS_OF, -25), AS_OF)
    rows = [
        row for place, month in enumerate(months) for row in month_rows(month, 0.001, active_customers=1000 + place)
    ]
    frame = drawn("line", figures.trend, data(kpi=pd.DataFrame(rows)))[0]["args"][0]
    assert len(frame) == 13 and frame["month"].iloc[-1] == date(2026, 10, 1)
    assert (frame["revenue"] - frame["last_year"]).round(2).tolist() == [12 * 1.5 * 4000.0] * 13


def test_the_quality_box_accounts_for_every_row():
    box = quality.box(data(), "ja")
    assert box["balance"] == {"whole": True, "text": "読み込んだ1,510行 = 採用 1,499行 + 隔離 11行"}
    assert [row["rows_read"] for row in box["sources"]] == ["10", "1,500"]
    assert [row["rows"] for row in box["reasons"]] == ["8", "3"]
    assert box["warnings"] == "注意付きで採用した行：合計がマイナス（7）。"
    assert [row["state"] for row in box["readiness"]] == ["○ そろっている", "× なし"]
    assert [(row["value"], row["table"]) for row in box["scores"]] == [("80.0%", "商品"), ("31", "注文")]
    assert box["anonymous"].startswith("売上の14.3%")


def test_an_account_that_does_not_balance_is_said_loudly():
    box = quality.box(data(**lossy(100, 1, 98)), "en")
    assert not box["balance"]["whole"] and "do not equal" in box["balance"]["text"]


def test_a_month_whose_data_end_early_carries_a_notice():
    early = replace(data(), data_until=date(2026, 10, 9))
    page = importlib.import_module("customerbase.report.page")  # its name belongs to the function beside it
    assert "9 Oct 2026" in page._incomplete(early, "en")
    assert page._incomplete(replace(data(), data_until=date(2026, 10, 29)), "en") == ""


def test_every_kpi_has_a_unit_that_numbers_know():
    assert {kpi.unit(name) for name in kpi.KPIS} <= set(i18n.UNITS)


def test_the_frame_for_notebooks_escapes_the_page():
    assert report.frame('<p class="a">').startswith('<iframe srcdoc="&lt;p class=&quot;a&quot;&gt;"')
