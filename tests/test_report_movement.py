"""The report's section on movement: sentences and picture say what the tables say, and few are never told of."""

import re

import pandas as pd
import pytest
from movement_tables import AS_OF, RANKS, company, moved
from test_report import EVIL, data, drawn

from customerbase import charts, i18n, report
from customerbase.disclosure import suppress
from customerbase.report import movement
from customerbase.segments.movement import grids, looks


def tables(**groups: tuple) -> dict[str, pd.DataFrame]:
    """groups: name -> (customers, published, then, now, value then, value now); cut points stay."""
    people = {f"{name}{place:03}": spec[1:] for name, spec in groups.items() for place in range(spec[0])}
    sides = [{name: row[place] for name, row in people.items() if row[place] is not None} for place in range(5)]
    made = moved(
        *company(published=sides[0], then=sides[1], now=sides[2], cltv_before=sides[3], cltv=sides[4])
    ).tables()
    return {name: made[name] for name in ("migration", "migration_causes")}


GROUPS = {
    "down": (60, "loyal", "loyal", "lost", 1000.0, 100.0),
    "up": (40, "lost", "lost", "champions", 100.0, 400.0),
    "late": (15, "new", "loyal", "loyal", 500.0, 500.0),
    "stay": (285, "loyal", "loyal", "loyal", 500.0, 500.0),
    "out": (100, "lost", "lost", "lost", 5.0, 5.0),
    "top": (50, "champions", "champions", "champions", 5.0, 5.0),
    "fresh": (30, None, None, "new", None, 50.0),
}
FULL = tables(**GROUPS)


def section(page: str) -> str:
    return re.search(r'<section id="migration">.*?</section>', page, flags=re.S)[0]


def test_three_sentences_in_words():
    nb = "\u00a0"
    first, second, third = movement.lines(data(**FULL), "en")
    assert first[0] == "How many" and first[1].startswith(
        f"Since last month 100 of 550 customers changed segment (18.2{nb}%,"
    )
    assert "All of them moved by their own purchases and none by moved cut points." in first[1]
    assert first[1].endswith(
        f"15 (2.7{nb}%) are known to be others today, by data that came in late or people identified since."
    )
    assert second[1].startswith("Those who moved are worth ¥42,000 less than then") or "¥42K less" in second[1]
    assert "from “Loyal” to “Lost” (−¥54" in second[1] and "from “Lost” to “Champions” (+¥12" in second[1]
    assert third[1].startswith("Fewer than six spans of that length lie before this one (0)")
    japanese = [text for _, text in movement.lines(data(**FULL), "ja")]
    assert (
        japanese[0].startswith("先月から、顧客550人のうち100人のセグメントが変わりました")
        and "15人（2.7%）" in japanese[0]
    )
    assert "4.2万円減りました" in japanese[1] or "42,000円減りました" in japanese[1]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_section_has_sentences_picture_and_list(language):
    page = report.build(data(**FULL), language, charts)
    held = section(page)
    title, _ = looks.finding(grids.of(FULL["migration"], 1), language=language)
    assert f"<h3>{title}</h3>" in held and held.count("<svg") == 2  # one for a desk, one for a phone
    assert [label for label, _ in movement.lines(data(**FULL), language)] == re.findall(r"<dt>(.*?)</dt>", held)
    numbers = [int(n) for n in re.findall(r'<td class="main">(\d+)</td>', held)]
    assert numbers == [60, 40]
    assert i18n.word("report.empty.migration", language) not in held


def test_the_picture_is_of_the_last_month_and_hides_what_the_list_hides():
    wide, phone = drawn("alluvial", movement.picture, data(**FULL))
    assert wide["args"][0].equals(phone["args"][0]) and wide["width"] > phone["width"]
    counts = wide["args"][0]
    assert counts.to_numpy().sum() == 580 and counts.loc["loyal", "lost"] == 60
    nobody = (counts.index == "not_yet")[:, None] & (counts.to_numpy() == 0)
    assert (wide["hidden"].to_numpy() == suppress(counts.to_numpy(), 10, known=nobody)).all()
    assert wide["accent"] == [("loyal", "lost")] and wide["heads"] == ("2026年9月30日", "2026年10月31日")
    picture = movement.picture(data(**FULL), "en", charts)
    definition, n, when, origin = picture.caption.split(" · ")
    assert (n, when) == ("n\u00a0=\u00a0580", "as of 31 Oct 2026") and "end of Sep 2026" in definition
    assert re.fullmatch(r"migration, customerbase/segments/movement/grids\.py:\d+", origin)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_few_movers_appear_nowhere(language):
    few = GROUPS | {"few": (7, "loyal", "loyal", "at_risk", 1.0, 1.0), "late": (8, "new", "loyal", "loyal", 5.0, 5.0)}
    told = data(**tables(**few))
    held = section(report.build(told, language, charts))
    words = re.findall(r"<text[^>]*>([^<]*)</text>", held)
    counts = [int(word.rsplit(" ", 1)[-1]) for word in words if re.search(r"(?:^|\s)\d+$", word)]
    assert counts and min(counts) >= 10
    assert not re.search(
        r"(?<![\d.,年月])[78](?:人| customers|\b(?! ?(?:月|Sep|Oct)))",
        " ".join(text for _, text in movement.lines(told, language)),
    )
    [hidden] = {call["hidden"].loc["loyal", "at_risk"] for call in drawn("alluvial", movement.picture, told)}
    assert hidden


def test_without_the_tables_the_heat_map_of_page_04_stays():
    assert movement.lines(data(), "ja") == [] and movement.picture(data(), "ja", charts) is None
    assert '<figure class="matrix">' in section(report.build(data(), "ja", charts))
    empty = {name: table.head(0) for name, table in FULL.items()}
    assert movement.lines(data(**empty), "en") == [] and movement.moves(data(**empty), "en") == []


def test_an_alarm_stands_in_title_and_sentence():
    table = FULL["migration"].copy()
    row = (table["from_segment"] == "loyal") & (table["to_segment"] == "lost")
    table["past_spans"], table["backtest_spans"], table["backtest_alarms"], table["unusual"] = 12, 12, 1, False
    table.loc[row, ["usual", "usual_low", "usual_high"]] = [0.05, 0.02, 0.08]
    table.loc[row, "unusual"] = True
    told = data(**FULL | {"migration": table})
    said = "More than usual moved from “Loyal” to “Lost”: 60, usually 8 to 28"  # 2 % and 8 % of 360
    assert movement.picture(told, "en", charts).title == said
    third = movement.lines(told, "en")[2][1]
    assert third.startswith(f"{said}. Held against") and "in 1 of 12 spans" in third
    table["unusual"] = False
    calm = data(**FULL | {"migration": table})
    assert (
        movement.lines(calm, "en")[2][1].startswith("Nothing is unusual")
        and "Nothing needs doing." in movement.lines(calm, "en")[2][1]
    )
    assert movement.picture(calm, "ja", charts).title.startswith("いつもと違う動きはなし")


def test_what_a_company_calls_its_segments_is_text(monkeypatch):
    from dataclasses import replace

    from customerbase import segments

    named = [replace(one, en=EVIL, ja=EVIL) if one.code == "lost" else one for one in segments.SEGMENTS]
    segments.put_in_force(named)
    try:
        page = section(report.build(data(**FULL), "en", charts))
    finally:
        segments.put_in_force()
    assert EVIL not in page
    assert set(RANKS) == set(segments.codes()) and AS_OF.year == 2026
