"""What page, report and picture say of the triggers: both languages, small numbers withheld, what is missing, nothing at all."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
import trigger_tables

from customerbase import charts, i18n, report
from customerbase.audiences import triggers
from customerbase.audiences.triggers import looks
from customerbase.audiences.triggers.queue import FATES
from customerbase.charts.triggers import Pictures
from customerbase.report import triggers as section

LANGUAGES = ("ja", "en")


def counts(*rows: dict) -> pd.DataFrame:
    """trigger_counts of the fates given; conditions add up."""
    made = []
    for place, row in enumerate(rows, 1):
        fates = dict.fromkeys(FATES, 0) | {name: n for name, n in row.items() if name in FATES}
        code = f"t{place}"
        fixed = {
            "as_of": date(2026, 10, 31),
            "place": place,
            "trigger": code,
            "title_en": f"Trigger {place}",
            "title_ja": f"条件{place}",
        }
        fixed |= {"kind": "cart_abandoned", "missing": None, "moved_quiet": 0, "value": None}
        made.append(fixed | row | fates | {"conditions": sum(fates.values())})
    return pd.DataFrame(made)


MANY = counts(
    {"queued": 120, "holdout": 15, "no_consent": 60, "expired": 40, "value": 1234567.0},
    {"queued": 45, "holdout": 12, "no_consent": 30, "capped": 25},
    {"missing": "previous_churn"},
    {"missing": "churn;previous_churn"},
    {"missing": "loyalty_points"},
)


def data(table: pd.DataFrame | None, **more) -> report.ReportData:
    tables = {} if table is None else {"trigger_counts": table}
    return report.ReportData({"ja": "店", "en": "Shop"}, "shop", date(2026, 10, 31), tables, **more)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentences_say_what_was_found_held_back_and_missing(language):
    said = dict(section.lines(data(MANY), language))
    text = " ".join(said.values())
    for number in ("347", "192", "27", "90", "40", "25"):  # found, in the queue, held out, no consent, expired, capped
        assert number in text
    assert ("ポイントの明細" in text) if language == "ja" else ("movements of points" in text)
    assert len(said) == 4


def test_triggers_that_lack_the_same_are_named_together():
    said = dict(
        section.lines(data(MANY.assign(missing=[None, None, "previous_churn", "previous_products", None])), "en")
    )
    assert "“Trigger 3” and “Trigger 4” cannot fire: there are no figures of a month before." in said["Data missing"]


@pytest.mark.parametrize(
    ("fates", "todo"),
    [
        ({"queued": 20, "no_consent": 90}, "consent"),
        ({"queued": 20, "expired": 90}, "daily"),
        ({"queued": 90, "expired": 20}, "Hand the queue over"),
        ({"not_in_rule": 90}, "Nothing needs doing"),
    ],
)
def test_the_next_step_follows_from_where_most_is_lost(fates, todo):
    assert todo in dict(looks.lines(counts(fates), "en"))["Next step"]


def test_no_small_number_is_told_and_none_can_be_reckoned_back():
    rng = np.random.default_rng(4)
    for _ in range(40):
        table = counts(
            *[dict(zip(FATES, rng.choice([0, 0, 3, 12, 40, 90], len(FATES)).tolist(), strict=True)) for _ in range(4)]
        )
        shown = looks.shown(table, 10)
        cells, true = (
            shown[list(looks.PARTS)].to_numpy(dtype=float),
            table.assign(in_queue=table[list(looks.IN_QUEUE)].sum(axis=1)),
        )
        known = ~np.isnan(cells)
        assert not ((cells > 0) & (cells < 10)).any()
        for hidden, whole, total in zip(~known, true[list(looks.PARTS)].to_numpy(), shown["conditions"], strict=True):
            assert pd.isna(total) or not hidden.any() or (hidden.sum() > 1 and whole[hidden].sum() >= 10)


@pytest.mark.parametrize("language", LANGUAGES)
def test_table_and_picture_leave_out_what_is_withheld(language):
    table = counts({"queued": 120, "no_consent": 60}, {"queued": 4, "no_consent": 60}, {"queued": 50, "no_consent": 60})
    rows = section.rows(data(table), language)
    assert "4" not in rows[2][1:]
    assert rows[2][2] == "*"
    drawn = looks.bars(table, language, 10)
    assert "Trigger 2" not in set(drawn["name"]) and "条件2" not in set(drawn["name"])
    picture = section.picture(data(table), language, charts)
    assert "120" in picture.title and "180" in picture.title and "<svg" in picture.wide


def test_a_company_without_triggers_or_without_the_page():
    none = counts().reindex(columns=MANY.columns)
    assert section.lines(data(None), "en") is None
    assert section.lines(data(none), "en") == [] and section.rows(data(none), "en") == []
    assert section.picture(data(none), "en", charts) is None
    told = report.contents(data(None), "en", charts)
    assert "trigger" not in report.section(told, "triggers")
    assert "sets no triggers" in report.section(report.contents(data(none), "en", charts), "triggers")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_in_words_pictures_and_reasons(language):
    db = trigger_tables.shop_of_everything()
    found = triggers.evaluate(
        db, trigger_tables.read(**trigger_tables.EVERY_KIND, caps={"standard": {"contacts": 99}}),
        span=triggers.Span.day(trigger_tables.AS_OF),
    )  # fmt: skip
    look = Pictures(found, language, k_min=1)
    assert not isinstance(look.occasions(), str) and len(look.table()) == len(trigger_tables.EVERY_KIND)
    why = look.example(99)
    assert set(why["trigger"]) == set(trigger_tables.EVERY_KIND)
    assert why["why"].str.len().min() > 5 and not why["why"].str.contains("nan|None|{").any()
    assert len(look.kinds()) == len(triggers.KINDS)
    few = Pictures(found, language, k_min=1000)
    assert isinstance(few.occasions(), str)
    empty = triggers.evaluate(
        trigger_tables.engine(), triggers.read_triggers(None), span=triggers.Span.day(trigger_tables.AS_OF)
    )
    assert len(Pictures(empty, language).said()) == 1 and len(Pictures(empty, language).table()) == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_contacts_should_bring_and_where_that_is_from(language):
    ends = {"expected": 40_000.0, "expected_low": -10_000.0, "expected_high": 90_000.0}
    table = counts(
        {"queued": 50, "effect_source": "assumed", "effect_verdict": None} | ends,
        {"queued": 50, "effect_source": "measured", "effect_verdict": "not_proven"} | ends,
        {"queued": 3, "effect_source": "measured", "effect_verdict": "worked"} | ends,
        {"queued": 50, "effect_source": "unknown", "effect_verdict": None},
        {"queued": 50},
    )
    said = dict(section.lines(data(table), language))[i18n.word("triggers.line.expected", language)]
    money = [i18n.number(one, "money", language, signed=True) for one in (80_000, -20_000, 180_000)]  # few are left out
    assert all(one in said for one in money) and f"{table[f'title_{language}'].iloc[4]}" not in said
    for source, place in {"assumed": 0, "not_proven": 1, "measured": 2, "unknown": 3}.items():
        name = table[f"title_{language}"].iloc[place]
        names = f"「{name}」" if language == "ja" else f"“{name}”"
        assert i18n.sentence(f"triggers.source.{source}", language, names=names) in said
