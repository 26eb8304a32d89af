"""What a platform's file holds: published hashes, the forms in which other connectors fail for Japan, ugly input."""

import csv
import hashlib
import io
from datetime import datetime

import handover_month as month
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.audiences import gate, naming, optouts, people
from customerbase.audiences.platforms import FOLDER, find, platforms, read
from customerbase.audiences.steps import normalised
from customerbase.engine import Engine
from customerbase.errors import ConfigError, InputError
from customerbase.pipeline.handover import writing
from customerbase.tables import store

AT = datetime(2026, 11, 5, 10)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def judged(home):
    """A function: people, platform, list -> rows that leave (as dicts) and what became of the others."""

    def judge(persons: list[dict], platform: str, listing: str | None = None, form: str | None = None, out: list = ()):
        rules = find(platform)
        chosen = rules.lists[listing or next(iter(rules.lists))]
        month.publish(home, [{"channel": rules.channel} | one for one in persons])
        db = Engine()
        people.prepare(db, store.published_tables("sample", "2026-10"))
        optouts.register(db, list(out))
        drops = gate.select(db, "spring", rules, chosen, at=AT, form=form or rules.formats[0])
        return db.query("select * from leaving").to_arrow_table().to_pylist(), drops

    return judge


# --- published hashes ------------------------------------------------------------------------------------------------

GOLDEN = {  # text hashed -> hash, as published or computed apart from this project
    "john_smith@gmail.com": "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f",
    "81344057597": "574f12b7409ae74d10bebbcb5e79ce749d76c37d2590d689043c73d1a8e162d0",
    "adsapi": "49e0be2aeccfb51a8dee4c945c8a70a9ac500cf6f5cb08112575f74db9b1470d",
    "janedoe@gmail.com": "d6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69",
    "+819012345678": "3d06a39d40790f11761295e053029378ae28c4b4f6f301693005e079f3d4ca64",
    "819012345678": "0ad07193350775c6d4377f8b039d32877e66c69a454ed886b05279771c0fca0b",
    "09012345678": "9876ccefa1e426aad25916a9cec49e9598bffcd5434d356c7d0c3cd3f0142baa",
}


def test_the_engine_hashes_as_published():
    db = Engine()
    for text, digest in GOLDEN.items():
        assert db.query("select sha256($given)", given=text).fetchall() == [(digest,)]


LEAVES = [  # platform, list, what is known of a person, column, the text whose hash leaves
    ("meta", "people", {"email": "John_Smith@gmail.com "}, "email_1", "john_smith@gmail.com"),
    ("meta", "people", {"phone": "03-4405-7597"}, "phone_1", "81344057597"),
    ("meta", "people", {"phone": "090 1234 5678"}, "phone_1", "819012345678"),
    ("tiktok", "people", {"email": "JaneDoe@gmail.com"}, "email_1", "janedoe@gmail.com"),
    ("tiktok", "people", {"phone": "０９０−１２３４−５６７８"}, "phone_1", "+819012345678"),
    ("google", "people", {"phone": "090-1234-5678"}, "phone_1", "+819012345678"),
    ("x", "phone", {"phone": "+81 90-1234-5678"}, "phone_1", "+819012345678"),
    ("yahoo_japan", "phone", {"phone": "+819012345678"}, "phone_1", "09012345678"),
    ("line_ads", "phone", {"phone": "(090)1234ー5678"}, "phone_1", "09012345678"),
]


@pytest.mark.parametrize("platform", dict.fromkeys(one[0] for one in LEAVES))
def test_people_leave_under_the_published_hashes(judged, platform):
    mine = [one for one in LEAVES if one[0] == platform]
    rows, _ = judged([{"id": f"c{n}"} | one[2] for n, one in enumerate(mine)], platform, mine[0][1])
    for row, (_, _, _, column, text) in zip(rows, mine, strict=True):
        assert row[column] == GOLDEN[text]


def test_handles_are_lower_case_without_salt():
    db = Engine()
    handle = normalised("' AdsApi'", ["trim", "lower"])
    hashed = db.query(f"select sha256({handle})").fetchall()
    assert hashed == [(GOLDEN["adsapi"],)]


# --- where other connectors fail for Japan ----------------------------------------------------------------------------


FORMS = [  # platform, what is known, column, the right form, what other connectors make of it
    ("meta", {"phone": "03-4405-7597"}, "phone_1", "81344057597", ["344057597"]),
    ("meta", {"city": "千代田区"}, "ct_1", "千代田区", [""]),
    ("meta", {"postal_code": "100-0001"}, "zip_1", "1000001", ["100", "100-0001"]),
    ("meta", {"email": "Taro.Yamada+ec@Gmail.com"}, "email_1", "taro.yamada+ec@gmail.com", ["taroyamada@gmail.com"]),
    ("meta", {"family_name": "O'Brien Jr."}, "ln_1", "obrienjr", ["o'brien jr."]),
    ("meta", {"given_name": "花子"}, "fn_1", "花子", [""]),
    ("meta", {"family_name": "ヤマダ"}, "ln_1", "ヤマダ", [""]),
    ("meta", {}, "dob_1", "19800229", ["1980-02-29"]),
    ("meta", {}, "country_1", "jp", ["JP"]),
    ("tiktok", {"email": "Taro.Yamada+ec@Example.co.jp"}, "email_1", "taro.yamada+ec@example.co.jp", ["taroyamada@example.co.jp"]),
    ("google", {"email": "Taro.Yamada+ec@Example.co.jp"}, "email_1", "taro.yamada+ec@example.co.jp", ["taroyamada@example.co.jp"]),
    ("google", {"email": "Taro.Yamada+ec@Gmail.com"}, "email_1", "taroyamada@gmail.com", ["taro.yamada+ec@gmail.com"]),
    ("google", {"email": "ｊａｎｅ．ｄｏｅ＠googlemail.com"}, "email_1", "janedoe@googlemail.com", ["jane.doe@googlemail.com"]),
]  # fmt: skip


@pytest.mark.parametrize("platform", ["meta", "tiktok", "google"])
def test_the_forms_of_japan(judged, platform):
    mine = [one for one in FORMS if one[0] == platform]
    rows, _ = judged([{"id": f"c{n:02d}", "email": f"{n}@example.jp"} | one[1] for n, one in enumerate(mine)], platform)
    for row, (_, _, column, right, wrong) in zip(rows, mine, strict=True):
        assert row[column] == sha(right) and row[column] not in map(sha, wrong), (column, right)


def test_google_has_country_and_postcode_in_the_clear_and_an_address_only_whole(judged):
    rows, _ = judged(
        [
            {"id": "c1", "email": "a@example.jp"},
            {"id": "c2", "email": "b@example.jp", "given_name": None},
            {"id": "c3", "phone": "+819012345678", "family_name": " De La Cruz "},
            {"id": "c4", "email": "d@example.jp", "postal_code": "=1+1"},
        ],
        "google",
    )
    address = [[row[f"{name}_1"] for name in ("first", "last", "country", "zip")] for row in rows]
    assert address[0] == [sha("花子"), sha("山田"), "JP", "1000001"]
    assert address[1] == [None] * 4 == address[3]
    assert address[2][1] == sha("delacruz")


def test_several_addresses_of_a_person_fill_the_columns_best_first_each_once(judged):
    mine = ["b@gmail.com", "a@example.jp", "B+x@gmail.com", "c@example.jp"]
    [row], _ = judged([{"id": "c1", "email": mine}], "google")
    assert [row["email_1"], row["email_2"]] == [sha("b@gmail.com"), sha("a@example.jp")]
    [row], _ = judged([{"id": "c1", "email": mine}], "meta")
    assert {row[f"email_{n}"] for n in (1, 2, 3)} == {sha("b@gmail.com"), sha("a@example.jp"), sha("b+x@gmail.com")}


def test_line_ads_takes_the_next_address_where_the_best_has_a_plus(judged):
    rows, drops = judged(
        [
            {"id": "c1", "email": ["a+b@example.jp", "a@example.jp"]},
            {"id": "c2", "email": "x+y@example.jp"},
            {"id": "c3", "email": "a" * 60 + "@" + "b" * 60 + ".jp"},
            {"id": "c4", "email": "o'brien@example.jp"},
        ],
        "line_ads",
        "email",
    )
    assert [row["email_1"] for row in rows] == [sha("a@example.jp")]
    assert drops.reasons == {"characters": 2, "too_long": 1}


def test_line_official_takes_ids_of_line_in_the_clear(judged):
    user = "U" + "0123456789abcdef" * 2
    rows, drops = judged(
        [{"id": "c1", "line_user_id": user}, {"id": "c2", "line_user_id": "@taro"}, {"id": "c3"}], "line_official"
    )
    assert [row["line_1"] for row in rows] == [user]
    assert drops.reasons == {"characters": 1, "missing": 1}


LINE = ["U" + digit * 32 for digit in "0123"]
PHONE = [f"{n}D92078A-8246-4BA4-AE5B-76104861E7DC" for n in range(3)]
OFF = "00000000-0000-0000-0000-000000000000"


def test_of_merged_accounts_the_newest_identifier_counts_and_of_two_at_once_the_smaller(judged):
    early, late = "2026-01-01", "2026-02-01"
    rows, _ = judged(
        [
            {"id": "c1", "line_user_id": [("1", LINE[0], late), ("2", LINE[1], early), ("1", LINE[2], early)]},
            {"id": "c2", "line_user_id": [("1", LINE[3], late), ("2", LINE[1], late), ("2", LINE[0], early)]},
        ],
        "line_official",
    )
    assert {row["customer_id"]: row["line_1"] for row in rows} == {"c1": LINE[0], "c2": LINE[1]}


@pytest.mark.parametrize(
    ("platform", "form"),
    [("x", lambda one: sha(one.lower())), ("line_ads", str.upper), ("yahoo_japan", lambda one: sha(one.upper()))],
)
def test_an_advertising_id_leaves_in_the_platforms_form_and_never_once_tracking_is_off(judged, platform, form):
    early, late = "2026-01-01", "2026-02-01"
    people = [
        {"id": "c1", "idfa": PHONE[0].lower()},
        {"id": "c2", "idfa": [("1", PHONE[1], early), ("2", OFF, late)]},  # turned off since, on whichever telephone
        {"id": "c3", "idfa": [("1", PHONE[2], late), ("2", OFF, late)]},
        {"id": "c4", "idfa": [("1", OFF, early), ("1", PHONE[2], late)]},
        {"id": "c5", "aaid": PHONE[1]},
    ]
    rows, drops = judged(people, platform, "idfa")
    assert {row["customer_id"]: row["idfa_1"] for row in rows} == {"c1": form(PHONE[0]), "c4": form(PHONE[2])}
    assert drops.reasons == {"missing": 3}
    rows, _ = judged(people, platform, "aaid")
    clear = PHONE[1].lower()
    assert [row["aaid_1"] for row in rows] == [clear if platform == "line_ads" else sha(clear)]


def test_who_shares_an_identifier_with_somebody_who_withdrew_stays_out(judged):
    people = [
        {"id": "c1", "line_user_id": LINE[0]},
        {"id": "c2", "line_user_id": LINE[0], "state": "withdrawn"},
        {"id": "c3", "line_user_id": LINE[1]},
        {"id": "c4", "line_user_id": LINE[1], "audience": None},
        {"id": "c5", "line_user_id": LINE[2]},
    ]
    rows, drops = judged(people, "line_official", out=["c4"])
    assert [row["customer_id"] for row in rows] == ["c5"] and drops.fates["opted_out"] == 3


# --- ugly input ends in the report -------------------------------------------------------------------------------------


def test_rows_add_up_and_every_fate_has_its_rows(judged):
    persons = [
        {"id": "c1", "phone": "+819000000001"},
        {"id": "c2", "phone": "+819000000002", "state": None},
        {"id": "c3", "phone": "+819000000003", "state": "withdrawn"},
        {"id": "c4", "phone": "+819000000004", "since": AT.replace(hour=11)},  # granted after the file left
        {"id": "c5", "phone": "+12125550100"},
        {"id": "c6", "phone": "not a number"},
        {"id": "c7"},
        {"id": "c8", "phone": "+819000000001"},
        {"id": "c9", "phone": "+819000000009", "arm": "holdout"},
        {"id": "d1", "phone": "+819000000011", "arm": "global_control"},
        {"id": "d2", "phone": "+819000000012"},
    ]
    rows, drops = judged(persons, "yahoo_japan", "phone", out=["d2"])
    assert [row["customer_id"] for row in rows] == ["c1"]
    assert dict(drops.fates) == {"no_consent": 2, "opted_out": 2, "invalid": 3, "duplicate": 1, "holdout": 2}
    assert drops.rows_in == len(persons) == drops.rows_out + sum(drops.fates.values())
    assert drops.reasons == {"abroad": 1, "missing": 1, "unreadable": 1} and drops.basis == {"consent": 1}
    assert drops.examples == {"abroad": ("+… (12)",), "unreadable": ("n… (12)",)}


def test_who_is_held_out_never_takes_the_place_of_a_target_with_the_same_address(judged):
    same = {"email": "a@example.jp"}
    rows, drops = judged([{"id": "c1", "arm": "holdout"} | same, {"id": "c2"} | same], "criteo")
    assert [row["customer_id"] for row in rows] == ["c2"] and drops.fates["duplicate"] == 1


def test_hashed_addresses_among_plain_ones_stop_the_export(judged):
    hashed = {"id": "c2", "email": sha("a@example.jp").upper()}
    with pytest.raises(InputError, match="contact_emails holds 1 values that look hashed already beside 1 plain ones"):
        judged([{"id": "c1", "email": "a@example.jp"}, hashed], "meta")
    rows, drops = judged([hashed], "meta")  # alone they are no mix, and nobody knows how they were made
    assert rows == [] and drops.reasons == {"hashed": 1}


def test_own_lists_are_written_as_people_dial_and_no_cell_is_a_formula(judged):
    persons = [
        {"id": "c1", "phone": "+819012345678", "family_name": "=HYPERLINK(1)", "given_name": "＋x"},
        {"id": "c2", "phone": "+12125550100"},
        {"id": "c3", "phone": "+819000000001", "family_name": "長" * 101},
    ]
    rows, drops = judged(persons, "call")
    assert [row["phone_1"] for row in rows] == ["09012345678", "01012125550100"]
    assert [rows[0]["family_name_1"], rows[0]["given_name_1"]] == ["'=HYPERLINK(1)", "'＋x"] and drops.neutralised == 2
    assert drops.reasons == {"too_long": 1} and drops.examples == {"too_long": ("長… (101)",)}
    rows, drops = judged(persons, "call", form="xlsx")  # there a cell has a type
    assert rows[0]["family_name_1"] == "=HYPERLINK(1)" and drops.neutralised == 0


def test_an_address_that_is_a_formula_is_refused_not_changed(judged):
    rows, drops = judged([{"id": "c1", "email": "=cmd@example.jp"}, {"id": "c2", "email": "a@example.jp"}], "mail")
    assert [row["email_1"] for row in rows] == ["a@example.jp"] and drops.reasons == {"formula": 1}


def test_sms_goes_to_mobiles_and_post_to_whole_addresses(judged):
    rows, drops = judged(
        [{"id": "c1", "phone": ["+81344057597", "+819012345678"]}, {"id": "c2", "phone": "+81344057597"}], "sms"
    )
    assert [row["phone_1"] for row in rows] == ["09012345678"] and drops.reasons == {"no_mobile": 1}
    rows, drops = judged([{"id": "c1"}, {"id": "c2", "block": None, "town": None}], "post")
    assert [rows[0][name] for name in ("postal_code_1", "street_1")] == ["100-0001", "千代田1-1"]
    assert drops.reasons == {"missing": 1}


def test_what_cp932_cannot_write_is_counted_and_its_twins_are_written(judged, home):
    names = ["髙﨑①㈱", "渡辺〜−", "𠮷田", "絵文字😀", "한글"]
    persons = [{"id": f"c{n}", "email": f"{n}@example.jp", "family_name": name} for n, name in enumerate(names)]
    stays = {"id": "d1", "email": "d@example.jp", "family_name": "𠮷田", "state": None}  # for another reason
    rows, drops = judged([*persons, stays], "mail", form="cp932")
    assert [row["family_name_1"] for row in rows] == names[:2]
    assert drops.reasons == {"unencodable": 3} and drops.rows_in == 6 == drops.rows_out + drops.fates["invalid"] + 1
    assert drops.characters == {"한": 1, "글": 1, "😀": 1, "𠮷": 1}
    assert (
        writing._bytes(writing.form_of(find("mail"), "cp932"), names[:2]).decode("cp932") == "髙﨑①㈱\r\n渡辺～－\r\n"
    )


HOSTILE = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "\0",
        "=1+1",
        '"',
        "a@b",
        "a@example.jp",
        "ａ＠ｅｘａｍｐｌｅ．ｊｐ",
        "+81",
        "+1 212 555 0100",
        "090-1234-5678",
        "😀@example.jp",
        "x" * 400,
    ]
)


@settings(max_examples=4, deadline=None)
@given(
    st.lists(st.tuples(HOSTILE, HOSTILE, HOSTILE, HOSTILE), min_size=20, max_size=60),
    st.sampled_from(sorted(platforms())),
)
def test_whatever_stands_in_the_tables_every_row_ends_in_the_report_and_every_file_can_be_read(rows, name):
    rules = find(name)
    persons = [
        {
            "id": f"c{n}",
            "email": mail,
            "phone": phone,
            "family_name": text,
            "town": town,
            "channel": rules.channel,
            **dict.fromkeys(("line_user_id", "idfa", "aaid"), mail),
        }
        for n, (mail, phone, text, town) in enumerate(rows)
    ]
    db = Engine()
    people.prepare(db, month.frames(persons))
    optouts.register(db, [])
    for listing in rules.lists.values():
        for form in rules.formats:
            drops = gate.select(db, "spring", rules, listing, at=AT, form=form)
            assert drops.rows_in == len(rows) == drops.rows_out + sum(drops.fates.values())
            assert sum(drops.reasons.values()) == drops.fates["invalid"]
            if form != "xlsx":
                shape = writing.form_of(rules, form)
                lines = [line for some in writing._lines(db, "leaving", gate.cells(listing), 100) for line in some]
                text = writing._bytes(shape, lines).decode(shape.encoding)
                back = list(csv.reader(io.StringIO(text, newline="")))
                assert len(back) == drops.rows_out and {len(row) for row in back} <= {len(listing.headers)}
                assert not rules.own or not [
                    cell for row in back for cell in row if cell.startswith(("=", "+", "-", "@", "＝", "−", "\n"))
                ]


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def written(tmp_path):
    """A function: table of rows, platform, what of its limits differs -> contents of its files and their facts."""

    def write(rows: list[tuple], columns: list[str], platform, form=None, name="t"):
        db, place = Engine(), tmp_path / name
        place.mkdir()
        cells = ", ".join(f"column{n} as {one}" for n, one in enumerate(columns))
        values = ", ".join(
            "(" + ", ".join("null" if one is None else "'" + one.replace("'", "''") + "'" for one in row) + ")"
            for row in rows
        )
        db.connection.execute(
            f"create table t as select {cells} from (values {values}) as v({', '.join(f'column{n}' for n in range(len(columns)))})"
        )
        facts = writing.write(
            db,
            "t",
            columns,
            columns,
            writing.form_of(platform, form),
            platform,
            place=place,
            stem="s",
            kind="list",
            key=None,
        )
        return [(place / one["name"]).read_bytes() for one in facts], facts

    return write


def with_limits(platform: str, **limits):
    from dataclasses import replace

    return replace(find(platform), **limits)


def test_the_own_list_is_csv_that_spreadsheets_read_and_any_reader_gives_back(written):
    rows = [("c1", 'a "b", c'), ("c2", "two\nlines"), ("c3", None)]
    [content], [facts] = written(rows, ["customer_id", "name"], find("mail"))
    assert content.startswith(b"\xef\xbb\xbfcustomer_id,name\r\n") and content.endswith(b"c3,\r\n")
    back = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert back[1:] == [["c1", 'a "b", c'], ["c2", "two\nlines"], ["c3", ""]]
    assert (
        facts["rows"] == 3 and facts["bytes"] == len(content) and facts["sha256"] == hashlib.sha256(content).hexdigest()
    )


@pytest.mark.parametrize(
    "limits", [{"rows": 70, "bytes": None}, {"rows": None, "bytes": 700}, {"rows": 40, "bytes": 10_000}]
)
def test_a_list_is_split_at_the_limits_of_the_platform_and_no_row_is_lost(written, limits):
    rows = [(f"{n:09d}",) for n in range(200)]
    contents, facts = written(rows, ["email"], with_limits("yahoo_japan", **limits))
    assert len(contents) > 2
    lines = [content.decode().splitlines() for content in contents]
    assert all(one[0] == "email" for one in lines) and [(one,) for part in lines for one in part[1:]] == rows
    for content, one in zip(contents, facts, strict=True):
        assert one["rows"] <= (limits["rows"] or 200) and len(content) <= (limits["bytes"] or 10**9)
    assert facts[0]["rows"] == limits["rows"] or len(contents[0]) > limits["bytes"] - 10  # full, as far as it goes


def test_lists_without_a_header_have_none_and_no_mark(written):
    [content], _ = written([("a",), ("b",)], ["email"], find("line_ads"))
    assert content == b"a\nb\n"


def test_workbooks_hold_text_alone_and_are_the_same_again(written):
    openpyxl = pytest.importorskip("openpyxl")
    rows = [("c1", "=1+1"), ("c2", "0901"), ("c3", "https://x.example")]
    [content], _ = written(rows, ["customer_id", "name"], find("mail"), "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert [[(cell.value, cell.data_type) for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        [(value, "s") for value in row] for row in rows
    ]
    assert written(rows, ["customer_id", "name"], find("mail"), "xlsx", name="again")[0] == [content]


def test_a_form_that_the_platform_does_not_take_is_refused():
    with pytest.raises(ConfigError, match="--format xlsx: meta takes csv"):
        writing.form_of(find("meta"), "xlsx")


# --- rules as data ----------------------------------------------------------------------------------------------------


def test_every_platform_is_there_dated_and_says_where_its_rules_come_from():
    named = {"google", "meta", "x", "line_ads", "line_official", "yahoo_japan", "tiktok", "criteo"}
    assert {one.name for one in platforms().values() if not one.own} == named
    for one in platforms().values():
        datetime.fromisoformat(one.version)
        assert one.source and set(one.title) == {"ja", "en"} and (one.own or (one.unverified and one.country))
        assert one.digest == hashlib.sha256((FOLDER / f"{one.name}.yaml").read_bytes()).hexdigest()


def test_limits_and_smallest_lists_are_those_of_the_sources():
    smallest = {
        "google": 1000,
        "meta": 100,
        "x": 100,
        "line_ads": 100,
        "line_official": 50,
        "tiktok": 1000,
        "criteo": 501,
    }
    assert {name: find(name).minimum for name in smallest} == smallest
    assert (find("yahoo_japan").bytes, find("line_ads").bytes, find("line_official").rows) == (
        200_000_000,
        60_000_000,
        1_500_000,
    )
    assert not find("yahoo_japan").file["bom"] and not find("line_ads").file["header"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda spec: spec.update(chanel="ads"), "unknown key 'chanel'.*Did you mean 'channel'"),
        (lambda spec: spec.update(channel="advert"), "channel is 'advert'"),
        (lambda spec: spec.pop("version"), "'version' is missing"),
        (
            lambda spec: spec["lists"]["email"]["columns"]["email"].update(steps=["lowr"]),
            "step 'lowr'.*Did you mean 'lower'",
        ),
        (
            lambda spec: spec["lists"]["email"]["columns"]["email"].update(field="emial"),
            "field 'emial'.*Did you mean 'email'",
        ),
        (lambda spec: spec["lists"]["email"]["columns"]["email"].update(hash="md5"), "hash is 'md5'"),
        (lambda spec: spec["lists"]["email"].update(unique=["mail"]), "unique names the column 'mail'"),
        (lambda spec: spec["lists"]["email"].update(any_of=[]), "expected remove_by, unique, and any_of or all_of"),
    ],
)
def test_a_rule_file_that_says_what_cannot_be_is_refused(tmp_path, change, says):
    spec = yaml.safe_load((FOLDER / "criteo.yaml").read_text(encoding="utf-8"))
    change(spec)
    path = tmp_path / "criteo.yaml"
    path.write_text(yaml.safe_dump(spec, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ConfigError, match=says):
        read(path)


def test_names_that_hint_at_health_or_money_get_one_that_says_nothing():
    hinting = [
        "糖尿病の方",
        "DIABETES_2026",
        "妊娠・出産",
        "ｌｏａｎ-seekers",
        "高年収",
        "Overdue payments",
        "health",
        "花粉アレルギー",
    ]
    for name in hinting:
        told = naming.look_at(name)
        assert told.hints and told.neutral.startswith("list-") and naming.look_at(told.neutral).hints == ()
    for name in ["spring_2026", "がんばる人", "repeat buyers", "healthy_snacks", "新規のお客様", "poorly named"]:
        assert naming.look_at(name) == (name, (), name), name


def test_a_name_longer_than_the_field_is_refused():
    with pytest.raises(ConfigError, match="has 121 characters; line_official takes 120"):
        naming.check_name(find("line_official"), "あ" * 121)
