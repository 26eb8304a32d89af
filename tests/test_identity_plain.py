"""Numbers and e-mail addresses that SQL reads are read as the functions of customerbase.text read them, all others by these."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.engine import Engine, sql_text
from customerbase.identity.records import PLAIN_EMAIL, PLAIN_PHONE
from customerbase.text.emails import standard_email
from customerbase.text.phones import standard_phone

PHONES = [
    "090-1234-5678", "09012345678", "+819012345678", "+81 (0)90-1234-5678", "(03) 1234-5678", "03 1234 5678",
    "0120-123-456", "050-1234-5678", "0570-000-000", "0800-123-4567", "+81 3 1234 5678", "+8103-1234-5678", "81901234567",
    "9012345678", "010-81-90-1234-5678", "0081-90-1234-5678", "+1 212 555 0100", "(+81)90-1234-5678", "090+12345678",
    "090-1234-567", "0", "+", "", "000-0000-0000", " 090-1234-5678", "090-1234-5678\n", "０９０-1234-5678", "090" + " " * 98 + "12345678",
]  # fmt: skip
EMAILS = [
    "a@example.com", "a.b+c@mail.example.co.jp", "A@example.com", "a..b.@docomo.ne.jp", "a@b", "a@-b.com", "a@b.c0m", " a@b.com",
    "a@b.com\n", "a@" + "b" * 63 + ".com", "a@" + "b" * 64 + ".com", "a" * 65 + "@b.com", "あ@b.com", "", "a@" + "b." * 126 + "com",
]  # fmt: skip


def plain(column: str, values: list[str], **params) -> dict[str, tuple]:
    db = Engine()
    db.register("customers_src", pa.table({column: pa.array(values, pa.string())}))
    return {row[0]: row[1:] for row in db.query(sql_text(f"identity_plain_{column}s"), **params).fetchall()}


def agrees_on_phones(values: list[str]) -> dict[str, tuple]:
    found = plain("phone", values, **PLAIN_PHONE)
    assert found == {raw: tuple(standard_phone(raw)) for raw in found}
    return found


def agrees_on_emails(values: list[str]) -> dict[str, tuple]:
    found = plain("email", values, **PLAIN_EMAIL)
    assert found == {raw: tuple(standard_email(raw)) for raw in found}
    return found


def test_numbers_of_japan_written_plainly():
    found = agrees_on_phones(PHONES)
    assert {raw for raw in PHONES[:12] if raw not in found} == set()
    assert not {"+1 212 555 0100", "0081-90-1234-5678", "090-1234-567", "０９０-1234-5678", "090-1234-5678\n"} & set(
        found
    )


def test_addresses_in_standard_form():
    found = agrees_on_emails(EMAILS)
    assert {"a@example.com", "a.b+c@mail.example.co.jp", "a..b.@docomo.ne.jp"} <= set(found)
    assert not {"A@example.com", "a@b", "a@b.com\n", "あ@b.com", "a@" + "b." * 126 + "com"} & set(found)


@pytest.mark.parametrize("alphabet", ["0123456789 ()-+", "0123456789 ()-+\n０ー.", "+0819 -"])
def test_any_digits_and_marks(alphabet):
    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.text(alphabet=alphabet, max_size=16), max_size=60))
    def check(values):
        agrees_on_phones(values)

    check()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.from_regex(r"[a-zA-Z0-9_.+あ-]{1,8}@[a-z0-9.\-A]{1,12}\.[a-z0-9]{1,4}", fullmatch=True), max_size=40)
)
def test_anything_like_an_address(values):
    agrees_on_emails(values)
