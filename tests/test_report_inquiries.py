"""The report's section on inquiries: what it says with n, interval and as-of date, what it withholds, and what it does without data."""

import re
from functools import partial

import desk_tables
import pandas as pd
import pytest
from desk_tables import AS_OF
from markupsafe import Markup
from test_report import EVIL, data

from customerbase import charts, i18n
from customerbase.report import inquiries as told
from customerbase.report.page import environment
from customerbase.satisfaction import inquiries
from customerbase.satisfaction.inquiries import desk, forms, listing, looks


def tables(*, size: int = 60, **options) -> dict[str, pd.DataFrame]:
    return inquiries.inquiries(desk_tables.months(3, size=size, **options), as_of=AS_OF).tables()


LARGE, SMALL = tables(slower=2.5, first=12), tables(size=7, first=12)


def section(language: str, **given: pd.DataFrame) -> str:
    """The section alone, as the page renders it."""
    month = data(**given)
    if told.lines(month, language) is None:
        return ""
    function, names, n, interval, words = told.caption(month, language)
    said = charts.caption(function, names, AS_OF, n, language, interval, definition=words)
    shown = told.contents(month, language, charts) | {"inquiries_caption": said, "svg": Markup}
    template = environment().get_template("sections/inquiries.html.j2")
    return template.render(shown, word=partial(i18n.sentence, language=language))


def read(html: str) -> str:
    """What a reader sees of it outside pictures, a line for each text."""
    return re.sub(r"<[^>]*>", "\n", re.sub(r"<svg.*?</svg>", "", html, flags=re.S)).replace("\u00a0", " ")


@pytest.mark.parametrize(("language", "words"), [
    ("ja", ("問い合わせへの対応", "半数は", "95%区間", "60件", "注文100件あたり", "に延びました", "2026年10月31日", "関連は原因とは限りません")),
    ("en", ("Answering inquiries", "Half were", "95 % interval", "60 inquiries", "per 100 orders", "rose from", "31 Oct 2026", "not a cause")),
])  # fmt: skip
def test_the_section_says_volume_waits_changes_and_purchases_after(language, words):
    text = read(section(language, **LARGE))
    for word in words:
        assert word in text, word
    assert not re.search(r"nan|None|NaT|<NA>", text)


def test_small_months_give_no_number_and_nothing_leaks_by_difference():
    text = read(section("en", **SMALL))
    assert "fewer than 10 customers" in text and "Half were" not in text
    rows = listing.month_table(SMALL["inquiry_months"], "en", 10)
    assert set(rows.iloc[-1]) <= {"<10", "*", "0", "0.0% (0.0% to 35.4%)"}


def test_where_open_inquiries_are_withheld_so_are_the_closed_that_would_give_them_away():
    months = LARGE["inquiry_months"]
    backlog = months[months["measure"] == "backlog"].set_index("month")
    hidden = forms.known(months, 10).set_index(["measure", "month"])["few"]
    small = backlog.index[(backlog["customers"] > 0) & (backlog["customers"] < 10)]
    assert len(small) and all(hidden["backlog", month] and hidden["closed", month] for month in small)


def test_groups_of_few_are_left_out_and_no_total_gives_them_back():
    groups = LARGE["inquiry_groups"].copy()
    first = groups["group_value"] == groups["group_value"].iloc[-1]
    groups.loc[first & (groups["dimension"] != desk.ALL), ["customers", "before_customers"]] = 3
    left = forms.shown(groups, 10)
    whole = left[left["dimension"] == groups["dimension"].iloc[-1]]["group_value"].nunique()
    every = groups[groups["dimension"] == groups["dimension"].iloc[-1]]["group_value"].nunique()
    assert every - whole >= 2


def test_no_section_without_the_page_and_plain_words_without_inquiries():
    assert section("en") == ""
    empty = inquiries.inquiries(desk_tables.engine(), as_of=AS_OF).tables()
    for language, words in (("ja", "問い合わせのデータがないため"), ("en", "There are no inquiries in the data")):
        assert words in read(section(language, **empty))
    assert told.pictures(data(**empty), "en", charts) == []


def test_names_from_data_are_text_and_never_markup():
    groups = (
        LARGE["inquiry_groups"]
        .query("measure == 'reply_median' and dimension == 'category'")
        .assign(verdict=desk.MORE, q_value=0.001)
    )
    whole = LARGE["inquiry_groups"][LARGE["inquiry_groups"]["dimension"] == desk.ALL]
    opened = LARGE["inquiry_groups"].query("measure == 'opened' and dimension == 'category'")
    groups = pd.concat([whole, groups, opened])
    groups["group_value"] = groups["group_value"].where(groups["group_value"] != "delivery", EVIL)
    made = section("en", **LARGE | {"inquiry_groups": groups})
    assert EVIL not in made and "category “" in made


def test_what_is_missing_is_said_in_both_languages_and_few_are_not_counted():
    for language in ("ja", "en"):
        bare = tables(size=20, first=20, without=("first_reply_at", "agent_group"))
        text = read(section(language, **bare))
        assert {
            "ja": "使える初回返信の日時がない",
            "en": "There is no usable time of a first reply",
        }[language] in text
    said = looks.missing({"copies": 3, "later": 120}, "en", 10)
    assert said[0].startswith("<10 copies") and said[1].startswith("120 are dated")


@pytest.mark.parametrize(
    ("value", "ja", "en"),
    [(0.5, "30分", "30 minutes"), (9.84, "9.8時間", "9.8 hours"), (60, "2.5日", "2.5 days"), (None, "–", "–")],
)
def test_times_as_people_say_them(value, ja, en):
    assert (forms.hours(value, "ja"), forms.hours(value, "en")) == (ja, en)


def test_an_interval_without_an_upper_end_says_so():
    assert forms.span(5, float("nan"), lambda end: forms.hours(end, "en"), "en") == "5 hours or more"
