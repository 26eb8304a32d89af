"""The report as PDF: A4 with running title and page numbers, the house's fonts inside, and text that stays text."""

import io
import os
import pickle
import re
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest
from conftest import ROOT
from pypdf import PdfReader
from test_report import AS_OF, data, intake, kpis, summary
from test_report_blocks import HOSTILE, hostile, told

from customerbase import charts, i18n, report
from customerbase.report.data import ReportData

A4 = (595.28, 841.89)
HEADING, FOOT = 13.0, 60.0  # points: letters of a section's heading; height of the foot of a page


def plain(text: str) -> str:
    """Without what lines and justification add."""
    return re.sub(r"[\s\u2060]", "", text)


def texts(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


@pytest.fixture(scope="module", params=["ja", "en"])
def made(request) -> tuple[str, dict, bytes, PdfReader]:
    contents = told(request.param, **hostile())
    pdf = report.pdf(contents)
    return request.param, contents, pdf, PdfReader(io.BytesIO(pdf))


def test_pages_are_a4_with_number_and_running_title(made):
    language, contents, _, reader = made
    count = len(reader.pages)
    assert count >= 5
    running = plain(f"{contents['company']} · {i18n.word('report.title', language)} · {contents['month']}")
    for number, page in enumerate(reader.pages, 1):
        assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx(A4, abs=0.5)
        text = plain(page.extract_text())
        assert f"{number}/{count}" in text and plain(contents["as_of"]) in text
        assert (running in text) == (number > 1)


def test_the_first_page_says_what_happened_why_what_to_do_and_how_sure(made):
    language, contents, _, reader = made
    first = plain(reader.pages[0].extract_text())
    for label, sentence in contents["sentences"]:
        assert plain(label) in first and plain(sentence) in first
    assert plain(i18n.word("export.sure", language)) in first and plain(contents["light"]["word"]) in first
    for tile in contents["tiles"]:
        assert plain(tile["name"]) in first and plain(tile["value"]) in first and plain(tile["interval"]) in first
    assert plain(contents["trend"].title) in first and "kpi/sales.py" in first


def test_numbers_of_the_tables_are_on_the_pages(made):
    language, _, pdf, _ = made
    text = plain("".join(texts(pdf)))
    money = "{:,}円" if language == "ja" else "¥{:,}"
    assert money.format(7_000_000) in text  # 1,000 customers × 1.5 orders × 4,000 yen, and a million of nobody known
    assert "1,510" in text and "1,499" in text  # rows read and accepted


def test_every_section_of_the_page_is_there_in_its_order(made):
    _, contents, pdf, _ = made
    heads = re.findall(r"<h2>(.*?)</h2>", report.page(contents))[len(contents["tiles"]) :]
    outline = [entry.title for entry in PdfReader(io.BytesIO(pdf)).outline if not isinstance(entry, list)]
    assert outline == heads


def test_hostile_text_is_set_as_it_was_written(made):
    _language, contents, pdf, _ = made
    text = plain("".join(texts(pdf)))
    assert plain(HOSTILE) in text and "=1+1" in text and "@SUM(A1)" in text
    assert plain(contents["company"]) in text


def test_the_file_carries_no_script_and_leads_nowhere(made):
    _, _, pdf, reader = made
    assert not re.search(rb"/(JavaScript|JS|Launch|EmbeddedFiles|URI|SubmitForm|OpenAction)\b", pdf)
    for page in reader.pages:
        for note in page.get("/Annots", ()):
            note = note.get_object()
            assert note["/Subtype"] == "/Link" and "/URI" not in note.get("/A", {})


def test_only_the_house_font_is_used_and_it_is_embedded(made):
    _, _, _, reader = made
    names = set()
    for page in reader.pages:
        for font in fonts_of(page["/Resources"]):
            descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & descriptor.keys(), font["/BaseFont"]
            names.add(str(font["/BaseFont"]).partition("+")[2])
    assert names == {"BIZUDPGothic-Regular", "BIZUDPGothic-Bold"}


def fonts_of(resources) -> list:
    """The fonts of a page, those of its figures too."""
    found = [font.get_object() for font in resources.get_object().get("/Font", {}).values()]
    for drawn in resources.get_object().get("/XObject", {}).values():
        if "/Resources" in (inner := drawn.get_object()):
            found += fonts_of(inner["/Resources"])
    return found


def test_the_document_says_what_it_is(made):
    language, contents, _pdf, reader = made
    about = reader.metadata
    assert contents["company"] in about.title and contents["month"] in about.title
    assert about.creation_date.date() == about.modification_date.date() == AS_OF
    assert str(reader.trailer["/Root"]["/Lang"]) == language
    described = reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    assert "pdfaid:part" in described and "pdfuaid:part" in described


def test_no_heading_stands_alone_at_the_foot_of_a_page(made):
    _, _, _, reader = made
    for number, page in enumerate(reader.pages, 1):
        heads, others = heights(page)
        lowest = min((height for height in others if height > FOOT), default=800)
        assert all(height > lowest for height in heads), f"page {number}"


def heights(page) -> tuple[list[float], list[float]]:
    """How high the letters of sections' headings stand on a page, and all others."""
    heads, others = [], []

    def look(text, outer, inner, font, size):
        if text.strip():
            (heads if abs(size - HEADING) < 0.2 else others).append(outer[5] + inner[5] * outer[3])

    page.extract_text(visitor_text=look)
    return heads, others


def test_a_long_table_repeats_its_heads():
    files = pd.concat([intake()["source_files"].assign(source_system=f"system {count:03}") for count in range(90)])
    pages = texts(report.pdf(told("en", tables=data(source_files=files).tables)))
    head = plain(i18n.word("report.column.rows_accepted", "en"))
    rows = [len(re.findall(r"system \d\d\d", page)) for page in pages]
    assert sum(rows) == 90 and sum(count > 0 for count in rows) >= 2
    assert all(head in plain(page) for page, count in zip(pages, rows, strict=True) if count)


def test_a_text_longer_than_a_page_goes_over_pages():
    text = "".join(f"n{count:04} " for count in range(3000))
    faults = pd.DataFrame([(text, "block", 3)], columns=["reason", "severity", "rows"])
    pages = texts(report.pdf(told("en", tables=data(quarantine=faults).tables)))
    assert set(re.findall(r"n\d{4}", "".join(pages))) == set(text.split())


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_company_without_any_table_gets_its_report(language):
    empty = ReportData(title={"ja": "空", "en": "Empty"}, pipeline="x", as_of=AS_OF, tables={})
    text = plain("".join(texts(report.pdf(report.contents(empty, language, charts)))))
    for key in ("kpi", "segments", "value", "migration", "cohorts", "attributes", "identity", "sources", "readiness"):
        assert plain(i18n.word(f"report.empty.{key}", language)) in text
    assert "None" not in text and "nan" not in text


def test_what_is_withheld_on_the_page_is_withheld_here():
    changed = data(segment_summary=summary(champions=4, loyal=4321)).tables
    text = plain("".join(texts(report.pdf(told("en", tables=changed)))))
    assert "<10" in text and "4,321" in text
    assert not re.search(r"Champions4(?!\d)", text)


def test_characters_that_the_font_lacks_are_marked():
    contents = told("ja", title={"ja": "花屋\U0001f33c\x07商店", "en": "Flowers"})
    first = plain(texts(report.pdf(contents))[0])
    assert "花屋〓商店" in first


def test_an_unclear_and_a_bad_state_of_the_data_are_drawn():
    lost = intake()["source_files"].assign(rows_accepted=0)
    for changes in ({"source_files": lost}, {"kpi": kpis().assign(value=None, low=None, high=None)}):
        contents = told("en", tables=data(**changes).tables)
        assert contents["light"]["state"] != "sound"
        assert plain(contents["light"]["word"]) in plain(texts(report.pdf(contents))[0])


PROCESS = "import pickle, sys; from customerbase import charts, report; d = pickle.load(sys.stdin.buffer);" + (
    "t = report.contents(d, 'ja', charts); sys.stdout.buffer.write(pickle.dumps((report.pdf(t), report.workbook(t))))"
)


def test_same_contents_same_bytes_in_another_process_at_another_time_and_place():
    one = replace(data(), **hostile())
    contents = report.contents(one, "ja", charts)
    inner = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "99"}
    done = subprocess.run(
        [sys.executable, "-c", PROCESS], input=pickle.dumps(one), capture_output=True, env=inner, cwd=ROOT, check=True
    )
    assert pickle.loads(done.stdout) == (report.pdf(contents), report.workbook(contents))
