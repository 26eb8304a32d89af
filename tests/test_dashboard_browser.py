"""All pages of all audiences in a real browser: one visit a page, language and width, and everything asked of it there."""

import asyncio
import csv
import io
import json
import os
import re
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest
import sample_run
import serving_base as base
from browser import CHROMIUM, Browser
from sample_run import SampleMonth

from customerbase import i18n, kpi
from customerbase.serving.audiences import audiences

sample_month = sample_run.sample_month  # the fixture
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("sample_month"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: install the package `chromium` to run it"),
]
PAGES = [
    (name, page) for name, one in audiences().items() for page in one.pages if name == "managers" or page == "customer"
]
K_MIN = 10
ANONYMOUS = [kpi.name("revenue_anonymous", language) for language in i18n.LANGUAGES]
LIVE = (
    "!!document.querySelector('#rendered_cells .controls button')?.offsetParent && !document.querySelector('#waiting')"
)
ENGLISH = "[...document.querySelectorAll('.controls button')].find(one => one.innerText == 'English').click()"
CONTROLS = """[...document.querySelectorAll('a[href],button,select,input,summary,[tabindex="0"]')].filter(one =>
  one.checkVisibility({checkVisibilityCSS: true}) && !one.disabled)"""
NAME = "(one.innerText || one.ariaLabel || one.outerHTML).trim().slice(0, 40)"
SMALL = f"{CONTROLS}.filter(one => one.getBoundingClientRect().height < 44).map(one => {NAME})"
COUNTS = """JSON.stringify([...document.querySelectorAll('table.data')].flatMap(table => [...table.tHead.rows[0].cells].flatMap(
  (head, place) => head.dataset.unit == 'count' ? [...table.tBodies[0].rows].map(
    row => [row.cells[0].dataset.value, head.dataset.key, row.cells[place].textContent]) : [])))"""
# a number of people; not the bound of an interval, not a change, not "1人の…" in a definition
PEOPLE = re.compile(r"(?<![\d,.+−〜])([\d,]+)(?:人|[\s\u00a0](?:people|customers)\b)(?!〜|\sto\s|の|あたり|目|ずつ)")


@pytest.fixture(scope="module")
def servers(sample_month: SampleMonth, tmp_path_factory):
    """A server an audience, over the sample's published month."""
    home = sample_run.copy_of(sample_month, tmp_path_factory.mktemp("served")).home
    places = "--kernels=40"  # every test is a visitor of its own, whose kernel stays a while
    with (
        base.Server(home, places, audience="managers") as managers,
        base.Server(home, places, audience="analysts") as analysts,
    ):
        yield {"managers": managers, "analysts": analysts}


def screens() -> Path:
    """Where the pictures go: reports/screens of the project, or $CUSTOMERBASE_SCREENS."""
    folder = Path(os.environ.get("CUSTOMERBASE_SCREENS") or base.ROOT / "reports" / "screens")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def axe() -> str | None:
    """The text of axe-core."""
    found = find_spec("axe_core_python")
    return (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8") if found else None


async def visit(server: base.Server, page: str, width: int, folder: Path) -> dict:
    """Open a page in Japanese, then in English; what was seen."""
    seen = {}
    async with Browser(folder / "profile") as browser:
        await browser.size(width)
        await browser.send("Page.navigate", url=f"http://127.0.0.1:{server.port}/{page}")
        await browser.wait_for(LIVE)
        if page == "customer":
            seen["asked_for"] = await look_up(browser)
        for language in ("ja", "en"):
            if language == "en":
                await browser.run(ENGLISH)
            await browser.wait_for(f"document.documentElement.lang == '{language}'")
            await asyncio.sleep(0.3)
            seen[language] = json.loads(
                await browser.run("""JSON.stringify({
                    text: document.body.innerText, width: document.documentElement.scrollWidth,
                    failed: document.querySelectorAll('#rendered_cells .notice, .jp-mod-error').length,
                    menu: [...document.querySelectorAll('nav a')].map(one => one.innerText.trim()),
                    asked: performance.getEntriesByType('resource').map(one => one.name).filter(
                        one => !one.startsWith(location.origin) && !one.startsWith('data:')),
                    heads: [...document.querySelectorAll('h1')].filter(one => one.checkVisibility()).length})""")
            )
            seen[language]["counts"] = json.loads(await browser.run(COUNTS))
            seen[language]["small"] = await browser.run(SMALL) if width < 640 else []
            await browser.picture(screens() / f"{page}-{width}-{language}.png")
            if (script := axe()) is not None:
                await browser.run(script + "; 1")
                found = await browser.run("""axe.run(document, {resultTypes: ['violations']}).then(one => JSON.stringify(
                    one.violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(
                        v => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 200)])))""")
                seen[language]["axe"] = json.loads(found)
        if width > 1000:
            seen["walked"] = await walk(browser)
        seen["complaints"] = browser.complaints
    return seen


async def look_up(browser: Browser) -> str:
    """Type the first id of the list into the field, as a person does; that id, once its record stands there."""
    await browser.wait_for("!!document.querySelector('button.person')")
    customer = await browser.run("document.querySelector('button.person').textContent")
    await browser.run("document.querySelector('.lookup input').focus()")
    await browser.send("Input.insertText", text=f" {customer.lower()} ")
    for kind, typed in (("keyDown", "\r"), ("keyUp", "")):
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": typed}
        await browser.send("Input.dispatchKeyEvent", type=kind, **key)
    await browser.wait_for(f"document.querySelector('.karte h2')?.textContent.includes('{customer}')")
    return customer


async def walk(browser: Browser) -> list[str]:
    """The controls that are seen but that the Tab key does not reach."""
    await browser.run(f"{CONTROLS}.forEach(one => one.dataset.awaited = 1)")
    await browser.run("document.activeElement?.blur(); document.body.tabIndex = -1; document.body.focus()")
    for _ in range(await browser.run(f"{CONTROLS}.length") + 40):
        for kind in ("keyDown", "keyUp"):
            await browser.send("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        await browser.run("delete document.activeElement?.dataset.awaited")
    return await browser.run(f"[...document.querySelectorAll('[data-awaited]')].map(one => {NAME})")


def too_few(page: str, one: dict) -> list:
    """What a page shows of fewer than k people: counts in tables, and people in sentences, tiles and figures.

    A number below k is nobody's secret where it counts rows of files (quality), a single person's orders (customer), or
    orders of nobody known.
    """
    if page in ("quality", "customer"):
        return []
    counts = [
        row
        for row in one["counts"]
        if row[0] not in ANONYMOUS and row[1] not in ("change", "rank") and re.fullmatch(r"[\d,]+", row[2])
    ]
    people = [("text", "people", found) for found in PEOPLE.findall(one["text"])]
    return [row for row in counts + people if 0 < int(row[2].replace(",", "")) < K_MIN]


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(("audience", "page"), PAGES)
def test_a_page_stands_in_both_languages(servers, audience, page, width, tmp_path):
    seen = asyncio.run(visit(servers[audience], page, width, tmp_path))
    assert seen["complaints"] == []
    for language in ("ja", "en"):
        one = seen[language]
        assert (one["failed"], one["asked"], one["heads"]) == (0, [], 1), language
        assert one["width"] <= width
        assert one.get("axe", []) == []
        assert (one["small"], too_few(page, one)) == ([], [])
        assert len(one["menu"]) == len(audiences()[audience].pages)
    assert re.search(r"[ぁ-ん]", " ".join(seen["ja"]["menu"])) and not re.search(
        r"[ぁ-ん]", " ".join(seen["en"]["menu"])
    )
    assert seen.get("walked", []) == []


def test_no_group_of_people_below_k_stands_on_a_page(sample_month: SampleMonth):
    """Every number of customers (人, people) that any part of any page shows: 0, withheld or at least k."""
    shown = 0
    for page, content in sample_month.rows(
        "select page, content from dashboard_parts where page not in ('style', 'quality')"
    ):
        for found in PEOPLE.finditer(re.sub(r"<(style|title).*?</\1>", "", content, flags=re.S)):
            shown += 1
            count = int(found[1].replace(",", "") or 0)
            assert count == 0 or count >= K_MIN, (page, content[max(0, found.start() - 200) : found.end() + 40])
    assert shown > 50


def test_tables_sort_search_and_are_saved_and_figures_too(servers, tmp_path):
    async def use() -> dict:
        server, seen = servers["managers"], {}
        async with Browser(tmp_path / "profile") as browser:
            await browser.size(1440)
            kept = {"behavior": "allow", "downloadPath": str(tmp_path / "saved")}
            await browser.send("Browser.setDownloadBehavior", **kept)
            await browser.send("Page.navigate", url=f"http://127.0.0.1:{server.port}/overview")
            await browser.wait_for(LIVE)
            table = "[...document.querySelectorAll('table.data')].find(one => one.caption.innerText == 'すべてのKPI')"
            rows = f"[...{table}.tBodies[0].rows].filter(one => !one.hidden).map(one => one.cells[0].dataset.value)"
            await browser.wait_for(f"!!{table}?.querySelector('button.sort')")
            seen["given"] = await browser.run(rows.replace(".filter(one => !one.hidden)", ""))
            seen["first"] = await browser.run(rows)
            await browser.run(f"{table}.querySelector('button.sort').click()")
            seen["sorted"] = await browser.run(rows)
            await browser.run(f"{table}.querySelector('button.sort').click()")
            seen["falling"] = await browser.run(rows)
            await browser.run(f"{table}.closest('.report').querySelector('.showall:not([hidden])')?.click()")
            seen["all"] = await browser.run(rows)
            await browser.run(f"""(() => {{ const one = {table}.closest('.report').querySelector('input[type=search]');
                one.value = 'リピート'; one.dispatchEvent(new Event('input')) }})()""")
            seen["found"] = await browser.run(rows)
            await browser.run(f"""(() => {{ const box = {table}.closest('.report');
                const one = box.querySelector('input[type=search]'); one.value = ''; one.dispatchEvent(new Event('input'));
                const list = box.querySelector('select.sortby'); const name = [...list.options].find(
                  one => one.value.endsWith('descending') && one.text.startsWith('n ')); list.value = name.value;
                list.dispatchEvent(new Event('change')) }})()""")
            seen["listed"] = await browser.run(
                f"[...{table}.tBodies[0].rows].map(one => one.cells[one.cells.length - 1].dataset.value)"
            )
            seen[
                "figure"
            ] = await browser.run("""(() => { const one = document.querySelector('figure:has(.savefigure)');
                const {width} = one.querySelector('.drawing svg').getBoundingClientRect();
                return {title: one.querySelector('h3,h4').textContent, caption: one.querySelector('figcaption').textContent, measure: one.querySelector('.measure').textContent, width} })()""")
            for label in ("表をCSVで保存", "表をExcelで保存"):
                press = f"[...{table}.closest('.widget-vbox').querySelectorAll('.save button')]"
                await browser.run(f"{press}.find(one => one.innerText == '{label}').click()")
            for kind in ("SVG", "PNG"):
                await browser.run(
                    f"[...document.querySelectorAll('.savefigure button')].find(one => one.innerText == '{kind}').click()"
                )
                await asyncio.sleep(0.5)
            for _ in range(200):
                saved = [one for one in (tmp_path / "saved").glob("*") if one.suffix != ".crdownload"]
                if len(saved) == 4:
                    break
                await asyncio.sleep(0.1)
            seen["saved"] = {one.suffix: one.read_bytes() for one in saved}
        return seen

    (tmp_path / "saved").mkdir()
    seen = asyncio.run(use())
    assert len(seen["first"]) == 12 < len(seen["all"])
    assert seen["sorted"] != seen["falling"] and set(seen["found"]) == {one for one in seen["all"] if "リピート" in one}
    rows = list(csv.reader(io.StringIO(seen["saved"][".csv"].decode("utf-8-sig"), newline="")))
    assert [row[0] for row in rows[1:]] == seen["given"]
    counts = [row[-1] for row in rows[1:]]
    assert sorted(counts, key=lambda one: int(one or -1), reverse=True) == seen["listed"]  # what is withheld comes last
    sheet = openpyxl.load_workbook(io.BytesIO(seen["saved"][".xlsx"])).worksheets[0]
    assert [sheet.cell(line, 1).value for line in range(2, len(rows) + 1)] == seen["given"]
    drawn, figure = ElementTree.fromstring(seen["saved"][".svg"]), seen["figure"]
    told = {one.tag.split("}")[1]: one.text for one in reversed(drawn)}
    assert (told["title"], told["desc"]) == (figure["title"], figure["caption"])
    assert figure["measure"].strip() in "".join(one.text or "" for one in drawn if one.tag.endswith("}text"))
    assert "@font-face" in told["style"] and "BIZ UDPGothic" in told["style"]
    data = seen["saved"][".png"]
    assert data.startswith(b"\x89PNG") and len(data) > 5000
    assert int.from_bytes(data[16:20], "big") == 2 * int(figure["width"])
