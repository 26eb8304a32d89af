"""The field of the page Customer 360: what is typed or forged becomes an id in its known form or nothing at all."""

import html

import customer_tables as month
import pytest
import serving_base as base
import test_widgets_customer
from customer_tables import FORMER, MERGED, NOBODY, ONCE
from test_widgets import walk
from test_widgets_customer import record, shown
from traitlets import TraitError

from customerbase.engine import Engine

tables, page = test_widgets_customer.tables, test_widgets_customer.page  # the fixtures
MILLION = "1" * 1_000_000
HOSTILE = {
    "sql": f"{MERGED}' or 1=1; drop table profile; --",
    "sql in an id": "C' union select '",
    "path": "../../contacts.parquet",
    "file function": "read_parquet('contacts.parquet')",
    "code": "__import__('os').system('id')",
    "format": "{0.__class__}",
    "placeholder": "$customer",
    "long": MILLION,
    "long id": "C" + MILLION,
    "nul": f"{MERGED}\0",
    "two ids": f"{MERGED} {ONCE}",
    "a letter ids do not have": f"C{'U' * 16}",
    "too short": MERGED[:-1],
    "markup": month.HOSTILE,
    "mail": base.PERSON,
    "name": "山田花子",
    "lone surrogate": "C\ud800",
}


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """Every SQL text that any engine was given, its values in place."""
    seen, query = [], Engine.query

    def noted(self, text: str, **params: object):
        seen.append(f"{text} {params}")
        return query(self, text, **params)

    monkeypatch.setattr(Engine, "query", noted)
    return seen


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_id_is_said_in_words_and_reaches_no_sql(page, asked, text):
    page._entry.value = MERGED
    assert MERGED in record(page)
    asked.clear()
    page._entry.value = text
    assert asked == []
    assert "not the form of a customer id" in page._said.value and 'role="status"' in page._said.value
    assert page._record.children == () and page.page.children[0] is not None
    assert page._entry.value in ("", text) and len(page._entry.value) < 22
    assert html.escape(text[:60]) not in page._said.value


@pytest.mark.parametrize("name", ["long", "markup", "mail", "name", "sql", "path"])
def test_what_does_not_look_like_an_id_leaves_the_field(page, name):
    page._entry.value = HOSTILE[name]
    assert page._entry.value == ""
    page.language_choice.value = "ja"
    assert "統合顧客IDの形ではありません" in page._said.value


@pytest.mark.parametrize("value", [7, 1.5, None, True, [MERGED], {"value": MERGED}])
def test_a_forged_value_of_another_kind_changes_nothing(page, asked, value):
    page._entry.value = MERGED
    before, _ = record(page), asked.clear()
    with pytest.raises(TraitError):
        page._entry.set_state({"value": value})
    assert (page._entry.value, record(page), asked) == (MERGED, before, [])


def test_a_disabled_field_is_believed_no_more_than_another(page, asked):
    page._entry.disabled = True
    asked.clear()
    page._entry.set_state({"value": HOSTILE["sql"]})
    assert asked == [] and page._record.children == ()


@pytest.mark.parametrize(
    "state", [{"index": 99}, {"index": "drop"}, {"index": -1}, {"_options_labels": ["../x"]}, {"index": [0]}]
)
def test_a_forged_choice_is_none(page, asked, state):
    page._entry.value = MERGED
    for chooser in [one for one in walk(page.page) if hasattr(one, "options")]:
        before, said = shown(page), asked.clear()
        try:
            chooser.set_state(state)
        except (TraitError, IndexError, TypeError):
            said = "refused"
        assert not any("drop" in one or "../x" in one for one in asked)
        assert shown(page) == before or said != "refused"


@pytest.mark.parametrize(
    "text", [MERGED.lower(), f" {MERGED} ", "Ｃ" + "Ａ１" * 8, f"{MERGED[:5]}-{MERGED[5:]}", MERGED.replace("1", "l")]
)
def test_an_id_is_understood_as_people_write_it(page, text):
    page._entry.value = text
    assert f"What follows is about {MERGED}." in shown(page) and page._entry.value == MERGED


def test_a_stranger_is_unknown_and_only_the_id_reaches_sql(page, asked):
    asked.clear()
    page._entry.value = NOBODY.lower()
    assert f"{NOBODY} is no customer of Oct 2026" in shown(page) and page._record.children == ()
    assert len(asked) == 1 and f"'customer': '{NOBODY}'" in asked[0]


def test_a_former_id_leads_to_who_lived_on(page):
    page._entry.value = FORMER
    assert f"{FORMER} was merged with another id in Aug 2026" in shown(page)
    assert f"Customer {MERGED}" in record(page) and f"Former ids: {FORMER}" in shown(page)


def test_a_former_id_of_nobody_in_the_month_is_unknown(page):
    page._entry.value = f"C{'G7' * 8}"
    assert "is no customer of Oct 2026" in shown(page)


def test_an_emptied_field_shows_nobody(page):
    page._entry.value = MERGED
    page._entry.value = ""
    assert page._record.children == () and "Choose somebody from the list" in page._said.value


@pytest.mark.parametrize("customer", ["", "C1", base.PERSON, f"{MERGED}'", None, 7])
def test_the_book_itself_refuses_what_is_no_id(page, asked, customer):
    book = page._book()
    asked.clear()
    for read in (book.head, book.segments, book.rules, book.reasons, book.likely, book.consents, book.links,
                 book.former, book.months, book.events):  # fmt: skip
        with pytest.raises(ValueError, match="a customer id is C and 16"):
            read(customer)
    with pytest.raises(ValueError, match="expected one of priority"):
        book.people("profile; drop table profile")
    assert asked == []
