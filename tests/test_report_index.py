"""The list of published months: what it shows is what the reports show, and two months compare by the rule of the report."""

import asyncio
import html
import json
import math
import re
from datetime import date

import board_tables
import pandas as pd
import pytest
from browser import CHROMIUM, Browser

from customerbase import i18n, kpi
from customerbase.periods import add_months, month_end
from customerbase.report import ReportData, index, restated, sections
from customerbase.report import between_months as between
from customerbase.report.index import Link, Published, Shelf, Version

EVIL = "</script><script>alert(1)</script><b title='\"&"
MONTHS = (date(2026, 7, 1), date(2026, 9, 1), date(2026, 10, 1))
LIGHT = {
    "ja": {"state": "care", "reasons": ["隔離が多めです。"]},
    "en": {"state": "care", "reasons": ["Much was set aside."]},
}


def report_of(month: date, few_in: date | None = None, title: str = "Shop", **settings) -> ReportData:
    """A month whose report knows the months up to it; the sums of a later one have grown by late documents."""
    known = board_tables.kpis(few_in=few_in)
    known = known[known["month"] <= month].reset_index(drop=True)
    as_of = month_end(f"{month:%Y-%m}")
    given = {"title": {"ja": title, "en": title}, "pipeline": "sample", "as_of": as_of, "run_id": "run1"}
    return ReportData(**given, tables={"kpi": known}, settings={"k_min": board_tables.K_MIN} | settings)


def published(data: ReportData, name: str = "report.ja.html") -> Published:
    links = (Link("ja", name, "sample/a/report.ja.html"), Link("notebooks", name, "sample/a/n.ipynb"))
    version = Version(data.run_id, "2026-11-27T04:54:22+0000", links)
    return Published(f"{data.month:%Y-%m}", data.as_of, (version,), LIGHT, data)


def shelf(*data: ReportData, title: str = "Shop") -> Shelf:
    """The months given, the oldest first."""
    return Shelf("sample", {"ja": title, "en": title}, tuple(published(one) for one in reversed(data)))


def compared(*data: ReportData, language: str = "en") -> dict:
    return index.comparison(shelf(*data), language)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_values_and_intervals_are_those_of_the_months_report(language):
    months = [report_of(month) for month in MONTHS]
    told = compared(*months, language=language)
    for place, data in enumerate(months):
        printed = {row["name"]: (row["value"], row["interval"]) for row in sections.kpi_rows(data, language)}
        shown = dict(zip((one["name"] for one in told["figures"]), told["cells"][place], strict=True))
        assert {name: cell for name, cell in shown.items() if name in printed} == printed
        assert all(cell == ("–", "–") for name, cell in shown.items() if name not in printed)


def test_a_change_on_the_month_before_is_the_reports_own():
    before, after = report_of(MONTHS[1]), report_of(MONTHS[2])
    for _, kpi_id in sections.reported(after):
        if before.value(kpi_id) is not None:
            row = sections.change_words(kpi_id, after.changes[(kpi_id, "last_month")], "ja")
            assert between.change(before, after, kpi_id, "ja") == row


def test_a_change_over_any_months_is_clear_where_its_interval_excludes_zero():
    """MOVER (Zou and Donner 2008), typed here: revenue is up by 3 %, its intervals reach 3 % to both sides."""
    before, after = report_of(MONTHS[0]), report_of(MONTHS[2])
    then, now = before.value("revenue"), after.value("revenue")
    low = now - then - math.sqrt((now * 0.03) ** 2 + (then * 0.03) ** 2)
    assert low < 0 < now - then
    words = between.change(before, after, "revenue", "en")
    assert words == {"text": f"+{100 * (now / then - 1):.1f}\u00a0%", "arrow": "→", "certain": False}
    frame = after.tables["kpi"]
    sold = (frame["kpi"] == "revenue") & (frame["month"] == MONTHS[2])
    for name in ("value", "low", "high"):
        frame.loc[sold, name] *= 1.1
    clear = report_of(MONTHS[2])
    clear = ReportData(clear.title, "sample", clear.as_of, {"kpi": frame}, clear.settings)
    low = now * 1.1 - then - math.sqrt((now * 1.1 * 0.03) ** 2 + (then * 0.03) ** 2)
    assert low > 0
    assert between.change(before, clear, "revenue", "en")["arrow"] == "↑"


def test_a_late_month_is_compared_as_it_was_published_then():
    """September has more revenue in October's tables than in its own report: the own one counts."""
    after = report_of(MONTHS[2])
    frame = after.tables["kpi"]
    frame.loc[(frame["kpi"] == "revenue") & (frame["month"] == MONTHS[1]), ["value", "low", "high"]] *= 2
    before = report_of(MONTHS[1])
    words = between.change(before, after, "revenue", "en")
    assert words["text"] == f"+{100 * (after.value('revenue') / before.value('revenue') - 1):.1f}\u00a0%"


def test_what_a_report_withholds_stays_withheld_in_every_comparison():
    """Four customers came back in September: neither they nor what would give them away is in any cell or change."""
    months = [report_of(month, few_in=MONTHS[1]) for month in MONTHS]
    told = compared(*months)
    names = [one["name"] for one in told["figures"]]
    hidden = {kpi_id for kpi_id, month in months[1].withheld if month == MONTHS[1]}
    assert {"reactivated_customers", "new_customers", "repeat_rate"} <= hidden
    for kpi_id in hidden & {one for _, one in sections.reported(months[2])}:
        place = names.index(kpi.name(kpi_id, "en"))
        assert told["cells"][1][place] == ("–", "–")
        assert told["changes"][1][0][place] == ""
        assert told["changes"][2][1][place] == ""
        assert told["cells"][2][place][0] != "–"
    embedded = re.search(r'<script type="application/json">(.*?)</script>', index.build([shelf(*months)])["en"])[1]
    assert json.loads(embedded)["cells"] == [[list(cell) for cell in month] for month in told["cells"]]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_holds_no_number_that_neither_report_has(language):
    """All digits of values and intervals stand in the reports' tables; a change is one number made of two shown ones."""
    months = [report_of(month, few_in=MONTHS[1]) for month in MONTHS]
    told = compared(*months, language=language)
    printed = {
        row[key] for data in months for row in sections.kpi_rows(data, language) for key in ("value", "interval")
    }
    assert {text for month in told["cells"] for cell in month for text in cell} <= printed | {"–"}
    for place, row in enumerate(told["changes"]):
        for then, changes in enumerate(row):
            for at, text in enumerate(changes):
                assert bool(text) == ("–" not in (told["cells"][place][at][0], told["cells"][then][at][0]))


def test_amounts_of_two_currencies_have_no_change():
    before, after = report_of(MONTHS[1], currency="GBP"), report_of(MONTHS[2])
    assert between.change(before, after, "revenue", "en")["text"] == "–"
    assert between.change(before, after, "active_customers", "en")["text"] != "–"


def test_the_sentence_counts_what_the_table_marks():
    told = compared(report_of(MONTHS[0]), report_of(MONTHS[2]))
    last = told["changes"][1][0]
    found = [int(number) for number in re.findall(r"(\d+)(?: figures)? (?:clearly|without)", told["finding"]["told"])]
    assert found == [sum(text.startswith(arrow) for text in last) for arrow in "↑↓→"]
    assert told["finding"]["up"].count("(") == found[0]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_earlier_version_is_told_apart_figure_by_figure(language):
    """Revenue is up in the version made anew; customers who came back are withheld in the earlier one and stay so."""
    earlier, now = report_of(MONTHS[2], few_in=MONTHS[2]), report_of(MONTHS[2])
    frame = now.tables["kpi"]
    sold = (frame["kpi"] == "revenue") & (frame["month"] == MONTHS[2])
    frame.loc[sold, ["value", "low", "high"]] *= 1.02
    rows = {row["name"]: row for row in restated.changed(earlier, now, language)}
    name = kpi.name("revenue", language)
    assert rows[name]["before"] == dict(_printed(earlier, language))[name]
    assert rows[name]["after"] == dict(_printed(now, language))[name]
    assert rows[name]["change"].startswith(f"{100 * (now.value('revenue') / earlier.value('revenue') - 1):+.1f}")
    few = rows[kpi.name("reactivated_customers", language)]
    assert (few["before"], few["change"]) == ("–", "–")
    same = [one for one in between.figures([earlier, now]) if kpi.name(one[1], language) not in rows]
    assert len(same) + len(rows) == len(between.figures([earlier, now])) and same
    first, *each = restated.sentences(earlier, now, language)
    assert len(each) == len(rows) and str(len(rows)) in first and str(len(rows) + len(same)) in first


def _printed(data: ReportData, language: str) -> list[tuple[str, str]]:
    return [(row["name"], row["value"]) for row in sections.kpi_rows(data, language)]


def test_versions_are_held_against_the_published_one():
    now, earlier = report_of(MONTHS[2], title="Shop"), report_of(MONTHS[2])
    versions = tuple(
        Version(name, "2026-11-27T04:54:22+0000", (), data, tables)
        for name, data, tables in (
            ("b", now, {"kpi": "1", "rfm": "3", "new": "5"}),
            ("a", earlier, {"kpi": "1", "rfm": "2"}),
            ("0", None, {}),  # a record that cannot be read
        )
    )
    text = index.build(
        [Shelf("s", {"ja": "店", "en": "Shop"}, (Published("2026-10", now.as_of, versions, LIGHT, now),))]
    )
    assert text["en"].count('class="since"') == 1
    told = re.search(r'<ul class="since">(.*?)</ul>', text["en"])[1]
    assert re.fullmatch(
        r"<li>The published version has the same \d+ figures\.</li><li>2 of 3 tables differ\.</li>", told
    )
    assert "表は3個のうち2個が違います。" in text["ja"]


def test_whatever_comes_from_data_is_escaped():
    one = report_of(MONTHS[1], title=EVIL)
    other = published(report_of(MONTHS[2], title=EVIL), EVIL)
    light = {language: {"state": EVIL, "reasons": [EVIL]} for language in i18n.LANGUAGES}
    hostile = Published("2026-10", other.as_of, (Version(EVIL, EVIL, (Link("more", EVIL, EVIL),)),) * 2, light, other.data,
                        (Link("notebooks", EVIL, EVIL),))  # fmt: skip
    for page in index.build([Shelf(EVIL, {"ja": EVIL, "en": EVIL}, (hostile, published(one)))]).values():
        assert "<script>alert" not in page
        assert "<b title=" not in page
        assert page.count("<script") == page.count("</script>") == 2
        assert html.escape("<script>alert(1)</script>") in page


def test_one_month_none_at_all_and_one_that_only_failed():
    nothing, one = index.build([])["en"], index.build([shelf(report_of(MONTHS[0]))])["en"]
    assert i18n.word("index.none", "en") in nothing
    assert i18n.word("index.compare.one", "en") in html.unescape(one)
    assert "<select" not in one
    failed = Published(
        "2026-10", failed=(Link("notebooks", "02_identity.ipynb", "s/2026-10/failed/02_identity.ipynb"),)
    )
    text = index.build([Shelf("s", {"ja": "店", "en": "Shop"}, (failed,))])["en"]
    assert i18n.word("index.failed_only", "en") in text
    assert 'href="s/2026-10/failed/02_identity.ipynb"' in text
    broken = index.build([Shelf("s", {"ja": "店", "en": "Shop"}, (Published("2026-10", readable=False),))])["en"]
    assert i18n.word("index.unreadable", "en") in broken


def test_same_months_give_the_same_bytes_and_ask_nobody():
    months = [report_of(month) for month in MONTHS]
    page = index.build([shelf(*months)])
    assert page == index.build([shelf(*[report_of(month) for month in MONTHS])])
    for text in page.values():
        assert not re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", text)
        assert "url(http" not in text


def test_five_years_stay_one_small_page():
    """Every two of 60 months can be compared, and the page stays below a megabyte."""
    first = date(2021, 11, 1)
    months = []
    for step in range(60):
        month = add_months(first, step)
        known = board_tables.kpis(months=61)
        known = known[known["month"] <= month]
        months.append(ReportData({"ja": "店", "en": "Shop"}, "sample", month_end(f"{month:%Y-%m}"),
                                 {"kpi": pd.DataFrame(known)}, {"k_min": 10}))  # fmt: skip
    assert len(index.build([shelf(*months)])["ja"].encode()) < 1_000_000


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: install the package `chromium` to run it")
@pytest.mark.parametrize("language", ["ja", "en"])
def test_any_two_months_are_compared_in_a_browser_from_a_file_on_a_phone(tmp_path, language):
    months = [report_of(month, few_in=MONTHS[1], title=EVIL) for month in MONTHS]
    for name, text in index.build([shelf(*months, title=EVIL)]).items():
        (tmp_path / index.FILES[name]).write_text(text, encoding="utf-8")
    told = compared(*months, language=language)
    seen = asyncio.run(_chosen(tmp_path / index.FILES[language], tmp_path))
    assert seen["complaints"] == []
    assert seen["width"] <= 390
    assert seen["wide"] == []
    assert seen["unreachable"] == 0
    assert seen["small"] == []
    cells = [text for at in range(len(told["figures"])) for text in (told["cells"][0][at][0], told["cells"][2][at][0])]
    assert seen["values"] == cells
    assert seen["changes"] == [text or "–" for text in told["changes"][2][0]]
    assert seen["heads"] == [told["months"][0]["label"], told["months"][2]["label"]]
    counts = [sum(text.startswith(arrow) for text in told["changes"][2][0]) for arrow in "↑↓→"]
    assert [int(number) for number in re.findall(r"\d+(?=[、で ]|$)", re.sub(r"\d{4}年?\d*月?", "", seen["finding"]))][
        :3
    ] == counts
    assert seen["sister"].endswith("#sample=2026-10,2026-07")
    assert seen["again"] == seen["changes"]


async def _chosen(path, folder) -> dict:
    """July and October chosen, the later one first; then the page opened anew with the same months in its address."""
    async with Browser(folder / "profile") as browser:
        await browser.size(390)
        await browser.send("Page.navigate", url=path.as_uri())
        await browser.wait_for("!!document.querySelector('.choose:not([hidden]) select')")
        await browser.run("document.querySelectorAll('select').forEach((s, at) => {"
                          "s.value = ['2026-10', '2026-07'][at]; s.dispatchEvent(new Event('change')); })")  # fmt: skip
        told = "[...document.querySelectorAll('%s')].map(e => e.textContent)"
        seen = {"values": await browser.run(told % "td.value span"), "changes": await browser.run(told % "td.change")}
        seen["heads"] = await browser.run("[...document.querySelectorAll('th.head')].map(e => e.firstChild.nodeValue)")
        seen["finding"] = await browser.run("document.querySelector('.finding').textContent")
        seen["sister"] = await browser.run("document.getElementById('sister').href")
        seen["width"] = await browser.run("document.documentElement.scrollWidth")
        seen["wide"] = await browser.run("[...document.querySelectorAll('body *')].filter(e => !e.closest('svg') &&"
                                         " e.getBoundingClientRect().right > 391).map(e => e.tagName + e.className)")  # fmt: skip
        controls = "[...document.querySelectorAll('a, select, summary')].filter(e => e.checkVisibility())"
        seen["unreachable"] = await browser.run(f"{controls}.filter(e => e.tabIndex < 0).length")
        seen["small"] = await browser.run(f"{controls}.filter(e => !e.closest('header') &&"
                                          " e.getBoundingClientRect().height < 44).map(e => e.outerHTML)")  # fmt: skip
        await browser.send("Page.navigate", url="about:blank")
        await browser.send("Page.navigate", url=f"{path.as_uri()}#sample=2026-10,2026-07")
        await browser.wait_for("!!document.querySelector('.choose:not([hidden]) select')")
        seen["again"] = await browser.run(told % "td.change")
        seen["complaints"] = browser.complaints
        return seen
