"""Blocks: what stands in the report's sections, read back without a loss, whatever customers wrote."""

import html
import re
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_report import data, intake, read

from customerbase import charts, report
from customerbase.report import blocks

HOSTILE = '#import "x.typ" $x$ *b* _i_ @r <l> // `r` \\ =cmd()&<b>1</b>'
TAGS = {blocks.Figure: "figure", blocks.Table: "table", blocks.Items: "ul"}


def told(language: str, **changes) -> dict:
    return report.contents(replace(data(), **changes), language, charts)


def hostile() -> dict:
    """The report of a company whose title, sources and reasons are made to break a document."""
    faults = pd.DataFrame([(HOSTILE, "block", 3), ("=cmd()", "block", 2)], columns=["reason", "severity", "rows"])
    files = intake()["source_files"].assign(source_system=["=1+1", "@SUM(A1)", HOSTILE])
    tables = data(quarantine=faults, source_files=files).tables
    return {"title": {"ja": f"髙﨑㈱ {HOSTILE}", "en": f"Sons {HOSTILE}"}, "tables": tables}


@pytest.fixture(scope="module", params=["ja", "en"])
def contents(request) -> dict:
    return told(request.param, **hostile())


def flat(contents: dict) -> list:
    return [block for section in blocks.sections(contents) for block in blocks.flat(section.blocks)]


def test_sections_are_those_of_the_page_with_their_headings(contents):
    page = report.page(contents)
    found = blocks.sections(contents)
    assert [section.name for section in found] == re.findall(r'<section id="(\w+)"', page)
    heads = [html.unescape(one) for one in re.findall(r"<h2>(.*?)</h2>", page)]
    assert [section.title for section in found if section.title] == heads[len(contents["tiles"]) :]


@pytest.mark.parametrize("kind", TAGS)
def test_nothing_of_the_page_is_left_out(contents, kind):
    sections = [one for one in blocks.SECTIONS if one != "tiles"]
    page = "".join(report.section(contents, name) for name in sections)
    found = [block for section in blocks.sections(contents, sections) for block in blocks.flat(section.blocks)]
    assert sum(isinstance(block, kind) for block in found) == len(re.findall(f"<{TAGS[kind]}[ >]", page)) > 0


def test_every_word_of_the_page_stands_in_a_block(contents):
    """Letter by letter, apart from the tiles: a browser's text of a section is the text of its blocks."""
    for section in blocks.sections(contents, [one for one in blocks.SECTIONS if one != "tiles"]):
        page = re.sub("<svg.*?</svg>", "", report.section(contents, section.name), flags=re.S)
        said = sorted(re.sub(r"[\s\u2060()]", "", "".join(read(page).text)))
        titles = re.findall(r'<t[dh][^>]* title="([^"]*)"', page)
        said = sorted([*said, *re.sub(r"[\s()]", "", html.unescape("".join(titles)))])
        texts = [section.title, *(text for block in blocks.flat(section.blocks) for text in texts_of(block, section))]
        assert sorted(re.sub(r"[\s()]", "", "".join(texts))) == said, section.name


def texts_of(block, section) -> list[str]:
    """All texts that a block shows; a table's title only where it is not that of its section."""
    match block:
        case blocks.Heading(text) | blocks.Paragraph(text, _):
            return [text]
        case blocks.Lines(lines, _):
            return [text for line in lines for text in line]
        case blocks.Items(items):
            return list(items)
        case blocks.Figure(title, measure, caption, _, _):
            return [title, measure, caption]
    cells = [*block.heads, *(cell for row in block.rows for cell in row.cells)]
    title = block.title if block.title != section.title else ""
    return [title, block.caption, *(text for cell in cells for text in (cell.text, cell.aside))]


def test_hostile_text_comes_back_as_it_was_written(contents):
    cells = [
        cell.text
        for block in flat(contents)
        if isinstance(block, blocks.Table)
        for row in block.rows
        for cell in row.cells
    ]
    assert {HOSTILE, "=cmd()", "=1+1", "@SUM(A1)"} <= set(cells)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
def test_any_text_comes_back(text):
    expected = re.sub(r"[ \t\n\r\f]+", " ", text).strip(" ").replace("\u2060", "")
    reader = blocks._Reader()
    reader.feed(f"<p>{html.escape(text)}</p>")
    reader.close()
    assert reader.root.text() == expected


def test_rows_know_whether_they_head_or_sum_up_and_numbers_stand_right(contents):
    tables = {block.title: block for block in flat(contents) if isinstance(block, blocks.Table)}
    titles = {section.name: section.title for section in blocks.sections(contents)}
    kpis, segments = tables[titles["kpi"]], tables[titles["segments"]]
    assert kpis.rows[0].kind == "group" and next(len(row.cells) for row in kpis.rows if row.kind == "row") == 8
    assert [row.kind for row in segments.rows] == ["row"] * 10 + ["total"]
    assert [head.number for head in segments.heads] == [False] + [True] * 5
    first = segments.rows[0].cells
    assert first[0].head and first[0].color.startswith("#") and "%" in first[3].aside and first[1].strong


def test_every_table_has_a_caption_of_its_section(contents):
    for section in blocks.sections(contents):
        for block in blocks.flat(section.blocks):
            if isinstance(block, blocks.Table):
                assert "2026" in blocks.caption_of(section, block), block.title


def test_a_template_that_crosses_its_tags_is_an_error():
    with pytest.raises(ValueError, match="closes <p> where <b> is open"):
        blocks._Reader().feed("<p><b></p></b>")
