"""Exports as a whole: the role, files of their owner alone, the register, removals, retention, sealing, no way to a browser."""

import csv
import hashlib
import io
import json
import os
import stat
from pathlib import Path

import handover_month as month
import pandas as pd
import pytest

from customerbase.__main__ import main
from customerbase.errors import InputError
from customerbase.pipeline.handover import export, register, seal, writing
from customerbase.pipeline.handover.commands import read_values
from customerbase.tables import store

KEY = "ab" * 32


@pytest.fixture
def hand_over(home, monkeypatch, capsys):
    """A function: people and options -> exit status and what was printed; the month is 2026-10."""
    monkeypatch.delenv(seal.VARIABLE, raising=False)

    def run(people: list[dict] | None, *options: str, role="activation", at="2026-11-05T10:00", platform="criteo"):
        if people is not None:
            month.publish(home, people)
        given = ["audiences", "export", "sample", "--month", "2026-10", "--at", at, *options]
        given += ["--platform", platform] if platform else []
        status = main([*given, "--role", role] if role else given)
        return status, capsys.readouterr()

    return run


def entries() -> list[dict]:
    return register.entries("sample")


def folder(entry: dict) -> Path:
    return store.home() / "reports" / "sample" / entry["month"] / "audiences" / entry["id"]


def lines_of(entry: dict, kind: str) -> list[str]:
    names = [file["name"] for file in entry["files"] if file["kind"] == kind]
    return [line for name in names for line in (folder(entry) / name).read_text("utf-8-sig").splitlines()[1:]]


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_without_the_role_nothing_is_joined_or_written(hand_over, home):
    for role in (None, "analyst"):
        status, told = hand_over(month.many(2), role=role)
        assert status == 2 and "contact data are joined for --role activation alone" in told.err
    assert not (home / "reports").exists() and not (home / "data" / "exports").exists()


def test_an_older_month_is_refused_since_a_newer_one_knows_who_opted_out(hand_over, home):
    month.publish(home, month.many(510), month="2026-11")
    status, told = hand_over(month.many(510))
    assert status == 2 and "2026-11 is published, which knows who opted out since" in told.err and entries() == []


def test_the_report_says_when_nobody_said_who_opted_out(hand_over, home):
    (home / "none.txt").write_text("")
    assert "No file of opt-outs was given: consents are those of 2026-10-28." in hand_over(month.many(510))[1].out
    assert "No file of opt-outs" not in hand_over(None, "--opt-outs", str(home / "none.txt"))[1].out
    assert [one["opt_outs"] for one in entries()] == [None, 0]


def test_every_file_has_its_line_and_is_its_owners_alone(hand_over, home):
    people = month.many(510)
    people[0] |= {"state": None, "email": "secret.person@example.jp"}
    assert hand_over(people, "--audience", "spring")[0] == 0
    [entry] = entries()
    assert {key: entry[key] for key in ("audience", "recipient", "country", "at", "month", "channel", "keep_until")} == {
        "audience": "spring", "recipient": "Criteo SA", "country": "FR", "at": "2026-11-05T10:00:00", "month": "2026-10",
        "channel": "ads", "keep_until": "2026-12-15",
    }  # fmt: skip
    assert (
        entry["basis"] == {"consent": 509} and entry["counts"]["rows_in"] == 510 and entry["counts"]["no_consent"] == 1
    )
    assert entry["rule"]["version"] == "2026-11-27" and entry["run_id"] == "run1" and entry["refused"] is False
    [file] = entry["files"]
    path = folder(entry) / file["name"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"] and file["rows"] == 509
    assert sorted(lines_of(entry, "list")) == sorted(sha(f"p{n}@example.jp") for n in range(1, 510))
    made = [path for path in (home / "reports").rglob("*") if "audiences" in path.parts]
    assert {stat.S_IMODE(one.stat().st_mode) for one in made} == {0o600, 0o700}
    assert all(stat.S_IMODE(one.stat().st_mode) == (0o700 if one.is_dir() else 0o600) for one in made)
    kept = home / "data" / "exports"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700 and {
        stat.S_IMODE(one.stat().st_mode) for one in kept.iterdir()
    } == {0o600}
    # of a person nothing stands in the register or the reports; and no table was touched
    text = (kept / "sample.jsonl").read_text() + "".join(one.read_text() for one in made if one.suffix == ".txt")
    assert "secret" not in text and "@" not in text and "c00000" not in text and sha("p1@example.jp") not in text


def test_the_same_again_gives_the_same_bytes(hand_over):
    for _ in range(2):
        hand_over(month.many(600))
    first, second = entries()
    assert [one["sha256"] for one in first["files"]] == [one["sha256"] for one in second["files"]]


def test_a_list_too_small_is_refused_in_words_and_registered(hand_over):
    status, told = hand_over(month.many(500))
    assert status == 1 and "No list was written: 500 rows could leave, and the smallest list is 501." in told.out
    [entry] = entries()
    assert entry["refused"] and entry["files"] == [] and not list(folder(entry).glob("*.csv"))
    status, told = hand_over(None, "--language", "ja")
    assert "最小は501行" in told.out


def test_who_left_was_erased_or_opted_out_is_removed_and_a_changed_number_alone(hand_over, home):
    people = month.many(110)
    assert hand_over(people, platform="meta")[0] == 0
    left, erased = people[5], people[6]
    people = [one for one in people if one is not left and one is not erased]
    people[0]["phone"] = "+819099999999"
    out = home / "stopped.txt"
    out.write_text("p7@example.jp\n", encoding="utf-8")
    assert hand_over(people, "--opt-outs", str(out), platform="meta")[0] == 0
    _, entry = entries()
    gone = {sha(f"p{n}@example.jp") for n in (5, 6, 7)} | {sha(f"8190{n:08d}") for n in (0, 5, 6, 7)}
    rows = list(csv.reader(lines_of(entry, "removal")))
    assert entry["removed"] == 7 == len(rows) and {cell for row in rows for cell in row if cell} == gone
    assert all(sum(map(bool, row)) == 1 and (row[0] or row[3]) for row in rows)  # in the column of its kind
    assert not gone & {cell for row in csv.reader(lines_of(entry, "list")) for cell in row}
    # nothing changed since: nobody to be removed
    hand_over(None, "--opt-outs", str(out), platform="meta")
    assert entries()[2]["removed"] == 0


def test_a_list_that_became_too_small_is_taken_down_and_starts_anew(hand_over):
    hand_over(month.many(510))
    hand_over(month.many(400))
    hand_over(month.many(400))
    hand_over(month.many(505))
    hand_over(month.many(504))
    assert [(one["refused"], one["removed"]) for one in entries()] == [
        (False, 0),
        (True, 510),
        (True, 0),
        (False, 0),
        (False, 1),
    ]


def test_an_audience_that_is_no_more_is_removed_once(hand_over):
    hand_over(month.many(510))
    other = month.many(510, audience="autumn")
    hand_over(other)
    hand_over(other)
    told = [(one["audience"], one["counts"]["rows_out"], one["removed"]) for one in entries()]
    assert told == [("spring", 510, 0), ("autumn", 510, 0), ("spring", 0, 510), ("autumn", 510, 0)]


@pytest.mark.parametrize("form", ["csv", "cp932", "xlsx"])
def test_own_lists_remove_by_customer_id_in_every_form(hand_over, form):
    people = month.many(4, channel="email", family_name='髙橋 "x",')
    assert hand_over(people, "--format", form, platform=None)[0] == 0
    assert hand_over(people[1:], "--format", form, platform=None)[0] == 0
    first, second = entries()
    assert first["platform"] == "mail" and (first["removed"], second["removed"]) == (0, 1)
    if form != "xlsx":
        [file] = [one for one in second["files"] if one["kind"] == "removal"]
        text = (folder(second) / file["name"]).read_bytes().decode("cp932" if form == "cp932" else "utf-8-sig")
        assert list(csv.reader(io.StringIO(text)))[1:] == [["c00000", "", "", ""]]


def test_purge_takes_what_is_over_says_so_and_the_next_removal_cannot_be(hand_over, capsys):
    hand_over(month.many(510), "--keep-days", "5")
    hand_over(None, platform="yahoo_japan")
    assert main(["audiences", "purge", "sample", "--at", "2026-11-10T23:00"]) == 0
    assert folder(entries()[0]).is_dir()  # its last day
    main(["audiences", "purge", "sample", "--at", "2026-11-11T00:00"])
    assert "00001 held the newest files of spring → criteo" in capsys.readouterr().out
    first, second, third, purged = entries()
    assert not folder(first).exists() and folder(second).is_dir() and folder(third).is_dir()
    assert purged["kind"] == "purge" and purged["ids"] == ["00001"]
    _, told = hand_over(None, at="2026-11-12T10:00")
    assert "replace the whole list at the platform" in told.out and entries()[-1]["removed"] is None
    main(["audiences", "list", "sample"])
    assert "5 lines, hash of the last one" in capsys.readouterr().out


def test_a_changed_register_or_file_is_noticed(hand_over, home, capsys):
    hand_over(month.many(510))
    hand_over(None)
    path, text = register.path_of("sample"), register.path_of("sample").read_text()
    path.write_text(text.replace('"rows_in":510', '"rows_in":500', 1))
    with pytest.raises(InputError, match="line 2 does not follow the one before it; the register was changed"):
        entries()
    assert hand_over(None)[0] == 2
    path.write_text(text.splitlines(keepends=True)[1])  # the first line taken out
    with pytest.raises(InputError, match="line 1 does not follow"):
        entries()
    path.write_text(text[:-9])
    with pytest.raises(InputError, match="the last line is not whole"):
        entries()
    path.write_text(text)
    file = folder(entries()[1]) / entries()[1]["files"][0]["name"]
    file.write_bytes(file.read_bytes()[:-65])
    status, told = hand_over(None)
    assert status == 2 and "is not the file that the register names; it was changed" in told.err


@pytest.mark.parametrize("last", ["write", "append", "finish"])
def test_an_export_cut_off_leaves_all_or_nothing(hand_over, home, monkeypatch, last):
    """Killed while writing, before the register, or after it: what has a line is whole, what has none is gone."""
    place = {"write": (writing, "write"), "append": (register, "append"), "finish": (export, "_finish")}[last]
    kept = getattr(*place)

    def killed(*_, **__):
        raise SystemExit("killed")

    monkeypatch.setattr(*place, killed)
    monkeypatch.setattr(export.shutil, "rmtree", lambda *_, **__: None)  # a killed process tidies nothing up
    with pytest.raises(SystemExit):
        hand_over(month.many(510))
    monkeypatch.undo()
    os.environ["CUSTOMERBASE_HOME"] = str(home)
    try:
        assert getattr(*place) is kept
        export.recover("sample")
        known = [one["id"] for one in entries()]
        there = sorted(path.name for path in home.glob("reports/sample/*/audiences/*"))
        assert there == known == (["00001"] if last == "finish" else [])
    finally:
        os.environ.pop("CUSTOMERBASE_HOME")


def test_sealed_files_never_touch_the_disk_in_the_clear(hand_over, home, monkeypatch, capsys):
    key = home / "key"
    key.write_text(KEY)
    people = month.many(510, channel=["ads", "email"])
    assert hand_over(people, "--key-file", str(key), "--platform", "mail", platform="criteo")[0] == 0
    stored = {path: path.read_bytes() for path in home.rglob("*") if path.is_file() and "runs" not in path.parts}
    for secret in (b"p17@example.jp", sha("p17@example.jp").encode(), "花子".encode(), bytes.fromhex(KEY)):
        assert not [path for path, content in stored.items() if secret in content]
    by_platform = {one["platform"]: one for one in entries()}
    [file] = by_platform["criteo"]["files"]
    sealed = folder(by_platform["criteo"]) / file["name"]
    assert file["sealed_sha256"] == hashlib.sha256(sealed.read_bytes()).hexdigest()
    out = home / "open.csv"
    assert main(["audiences", "open", str(sealed), "--key-file", str(key), "--out", str(out)]) == 0
    assert hashlib.sha256(out.read_bytes()).hexdigest() == file["sha256"] and stat.S_IMODE(out.stat().st_mode) == 0o600
    assert (
        main(["audiences", "open", str(sealed), "--key-file", str(key), "--out", str(out)]) == 2
    )  # never written over
    # removals read them back with the key of the environment, and say what is missing without it
    assert hand_over(people[1:])[0] == 2 and "is sealed; give the key" in hand_over(None)[1].err
    monkeypatch.setenv(seal.VARIABLE, KEY)
    assert hand_over(None)[0] == 0 and entries()[-1]["removed"] == 1
    capsys.readouterr()


@pytest.mark.parametrize("size", [0, 1, seal.BLOCK - 1, seal.BLOCK, seal.BLOCK + 1, 3 * seal.BLOCK])
def test_what_is_sealed_opens_and_nothing_else_does(size):
    text, key, out = os.urandom(size), bytes.fromhex(KEY), io.BytesIO()
    one = seal.Sealed(out, key)
    for start in range(0, size, 5000):
        one.write(text[start : start + 5000])
    one.close()
    content = out.getvalue()
    assert seal.opened(content, key, "f") == text and seal.opened(content, key, "f") is not content
    start, block = len(seal.MAGIC) + seal.SALT, seal.BLOCK + seal.TAG
    first, rest = content[start : start + block], content[start + block :]
    broken = [content[:-1], content + b"x", content[:-1] + bytes([content[-1] ^ 1]), b"x" + content, content[:start]]
    broken += [content[:start] + first, content[:start] + rest + first] if rest else []  # cut at a block, swapped
    for bad in broken:
        with pytest.raises(InputError):
            seal.opened(bad, key, "f")
    with pytest.raises(InputError, match="another key, or the file was changed or cut"):
        seal.opened(content, bytes(32), "f")


def test_a_key_that_is_none_is_refused_and_not_shown(hand_over, home):
    for text in ("", "ab" * 31, "xyz" * 20):
        (home / "key").write_text(text)
        status, told = hand_over(month.many(1), "--key-file", str(home / "key"))
        assert status == 2 and "does not hold a key of 64 hex digits" in told.err
        assert not text or text not in told.err
    assert hand_over(None, "--key-file", str(home / "nowhere"))[0] == 2


def test_mistyped_requests_are_refused_with_the_near_miss(hand_over):
    cases = [
        ({"platform": "goggle"}, "platform is 'goggle'.*Did you mean 'google'"),
        ({"options": ("--audience", "sprnig")}, "no audience 'sprnig'.*Did you mean 'spring'"),
        ({"options": ("--name", "x")}, "--name 'x' names one audience"),
        ({"options": ("--keep-days", "0")}, "--keep-days is 0; expected a number of days from 1 to 3650"),
        ({"options": ("--format", "xlsx")}, "--format xlsx: criteo takes csv"),
        ({"options": ("--opt-outs", "/nowhere")}, "the file of opt-outs /nowhere cannot be read"),
    ]
    month_once = month.many(3)
    for how, says in cases:
        status, told = hand_over(month_once, *how.get("options", ()), platform=how.get("platform", "criteo"))
        month_once = None
        assert status == 2 and __import__("re").search(says, told.err), told.err
    assert entries() == []


def test_a_name_that_hints_is_on_no_file(hand_over):
    people = month.many(510, audience="diabetes_care")
    _, told = hand_over(people)
    [entry] = entries()
    assert "hints at health or money (health: diabetes)" in told.out
    assert entry["name"].startswith("list-") and "diabetes" not in entry["files"][0]["name"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("c1\n\na@example.jp \n", ["c1", "a@example.jp"]),
        ("\ufeffemail\na@example.jp\n", ["a@example.jp"]),
        ("顧客ID,理由,メールアドレス\nc1,a@b.jp へ変更,x@example.jp\nc2,,\n", ["c1", "x@example.jp", "c2"]),
        ("phone;note\n090-1234-5678;x\n", ["090-1234-5678"]),
        ("c1,a@example.jp\n", ["c1", "a@example.jp"]),
        ("", []),
    ],
)
def test_files_of_opt_outs_in_the_forms_people_send(tmp_path, content, found):
    for encoding in ("utf-8", "cp932"):
        (tmp_path / "o.csv").write_bytes(
            content.removeprefix("\ufeff").encode(encoding) if encoding == "cp932" else content.encode()
        )
        assert read_values(tmp_path / "o.csv") == found


def test_lists_of_advertising_ids_are_written_where_the_company_knows_some(hand_over):
    people = month.many(110)
    assert hand_over(people, platform="x")[0] == 0
    assert [one["list"] for one in entries()] == ["email", "phone"]
    known = [one | {"aaid": f"{n:08x}-8246-4ba4-ae5b-76104861e7dc"} for n, one in enumerate(people)]
    assert hand_over(known, platform="x")[0] == 0
    assert [one["list"] for one in entries()[2:]] == ["email", "phone", "aaid"]
    assert entries()[4]["counts"]["rows_out"] == 110
    hand_over(people, platform="x")  # the source fell away: what was handed over is removed
    assert [(one["list"], one["refused"], one["removed"]) for one in entries()[7:]] == [("aaid", True, 110)]


def test_a_month_without_identifiers_is_told_as_such(hand_over, home):
    people = [one | {"channel": "line"} for one in month.many(60)]
    month.publish(home, people)
    for name in ("identifiers", "identity_links"):  # a month published before there was such a source
        next(home.rglob(f"{name}.parquet")).unlink()
    path = home / "data/runs/sample/2026-10/run1/manifest.json"
    about = json.loads(path.read_text())
    about["tables"] = {name: one for name, one in about["tables"].items() if "ident" not in name}
    path.write_text(json.dumps(about))
    assert hand_over(None, platform="line_official")[0] == 1
    assert entries()[0]["reasons"] == {"missing": 60} and entries()[0]["refused"]


RECOMMENDED = [  # customer, list, rank, product
    ("c00000", "buy_again", 1, "M2"),
    ("c00000", "buy_again", 2, "M1"),
    ("c00000", "new_for_you", 1, "M3"),
    ("c00001", "new_for_you", 1, "M4"),
    ("c00001", "new_for_you", 2, "M2"),
    ("c00002", "buy_again", 1, "M9"),
]
GOODS = [("web", "M1", "茶"), ("web", "M2", "Tea"), ("pos", "M2", "紅茶"), ("app", "M2", None), ("pos", "M3", '=1+"1"'),
         ("pos", "M4", "コーヒー, 豆")]  # fmt: skip


def offered() -> dict[str, pd.DataFrame]:
    titles = [("spring", "email", "Spring", "春の案内"), ("spring", "ads", "Spring", "春の案内")]
    return {
        "recommendations": pd.DataFrame(RECOMMENDED, columns=["customer_id", "list", "rank", "product_id"]),
        "products": pd.DataFrame(GOODS, columns=["source_system", "product_id", "name"]),
        "audiences": pd.DataFrame(titles, columns=["audience", "channel", "title_en", "title_ja"]),
    }


def test_the_mail_list_tells_what_each_person_is_offered_where_that_is_asked_for(hand_over, home):
    month.publish(home, month.many(4, channel="email"), more=offered())
    assert hand_over(None, platform="mail")[0] == 0
    status, told = hand_over(None, "--with-offers", "--language", "ja", platform="mail")
    assert status == 0 and "数式として実行されないよう文字にしたセル：1" in told.out
    plain, full = (list(csv.reader(lines_of(one, "list"))) for one in entries())
    assert [row[:4] for row in full] == plain and {len(row) for row in plain} == {4}
    assert [row[4:] for row in full] == [
        ["春の案内", "M2", "紅茶", "M3", '\'=1+"1"'],  # the first of each list; a formula is made text
        ["春の案内", "", "", "M4", "コーヒー, 豆"],
        ["春の案内", "M9", "", "", ""],  # in no list of products: without a name
        ["春の案内", "", "", "", ""],
    ]
    assert [one["offers"] for one in entries()] == [False, True]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_removals_are_found_whether_the_last_list_had_offers_or_not(hand_over, home, form):
    people = month.many(6, channel="email")
    for left, options in enumerate(([], ["--with-offers"], ["--with-offers"], [])):
        month.publish(home, people[left:], more=offered())
        assert hand_over(None, "--format", form, *options, platform="mail")[0] == 0
    assert [one["removed"] for one in entries()] == [0, 1, 1, 1]
    assert [one["counts"]["rows_out"] for one in entries()] == [6, 5, 4, 3]


def test_offers_are_refused_without_recommendations_and_to_who_takes_none(hand_over, home):
    status, told = hand_over(month.many(2, channel="email"), "--with-offers", platform="mail")
    assert status == 2 and "the published month lacks recommendations, products" in told.err
    month.publish(home, month.many(2), more=offered())
    status, told = hand_over(None, "--with-offers", platform="criteo")
    assert status == 2 and "criteo takes no offers; expected line_messages, mail" in told.err
    assert entries() == []


def test_people_with_a_line_account_are_listed_for_messages_of_their_own(hand_over, home):
    people = month.many(3, channel="line")
    for n in (0, 1):
        people[n]["line_user_id"] = "U" + str(n) * 32
    month.publish(home, people, more=offered())
    assert hand_over(None, "--with-offers", platform=None)[0] == 0
    [entry] = entries()
    assert (entry["platform"], entry["channel"], entry["reasons"]) == ("line_messages", "line", {"missing": 1})
    assert list(csv.reader(lines_of(entry, "list"))) == [
        ["c00000", "U" + "0" * 32, "山田", "花子", "Spring", "M2", "紅茶", "M3", '\'=1+"1"'],
        ["c00001", "U" + "1" * 32, "山田", "花子", "Spring", "", "", "M4", "コーヒー, 豆"],
    ]


def test_an_audience_without_a_title_bears_its_code(hand_over, home):
    more = {name: one for name, one in offered().items() if name != "audiences"}  # as published before that table
    month.publish(home, month.many(1, channel="email"), more=more)
    hand_over(None, "--with-offers", platform="mail")
    assert lines_of(entries()[0], "list")[0].split(",")[4:6] == ["spring", "M2"]


# --- no way to a browser, a bundle or an archive ----------------------------------------------------------------------


def test_servers_folders_hold_nothing_of_an_export(hand_over, home):
    from customerbase.serving import folder as served
    from customerbase.serving.audiences import audiences

    hand_over(month.many(510))
    secret = sha("p1@example.jp").encode()
    assert any(secret in path.read_bytes() for path in home.rglob("*.csv"))
    for audience in audiences().values():
        with served.opened("sample", audience) as place:
            files = [path for path in place.rglob("*") if path.is_file()]
            assert not [
                path for path in files if secret in path.read_bytes() or "audiences" in path.relative_to(place).parts
            ]
            shown = {path.stem for path in files if path.suffix == ".parquet"}
            assert not shown & {
                "contacts",
                "contact_emails",
                "contact_phones",
                "contactable",
                "audience_members",
                "identifiers",
            }


def test_no_table_with_an_address_or_an_audience_may_be_listed_for_viewers():
    from customerbase.serving.audiences import audiences

    listed = {table for one in audiences().values() for table in one.tables}
    assert not listed & {
        "contacts",
        "contact_emails",
        "contact_phones",
        "contactable",
        "audience_members",
        "identifiers",
    }


def test_what_an_archive_or_a_bundle_takes_along_is_named_by_the_manifest_alone(hand_over, home):
    from customerbase.pipeline import archive

    hand_over(month.many(510))
    [entry] = entries()
    about = json.loads((home / "data/runs/sample/2026-10/run1/manifest.json").read_text())
    assert entry["files"][0]["sha256"] not in json.dumps(about) and not archive.named(about)
    month.publish(home, month.many(510), run="run2")  # published anew: exports stand apart from runs
    assert folder(entry).is_dir()


def test_without_a_platform_the_companys_own_lists_of_every_channel_are_written(hand_over):
    channels = ("email", "phone", "post", "sms", "line")
    person = {"email": "a@example.jp", "phone": "+819012345678", "line_user_id": "U" + "0" * 31 + "1"}
    people = [{"id": f"c{n}", "channel": one, **person} for n, one in enumerate(channels)]
    status, told = hand_over(people, platform=None)
    assert status == 0, told.err
    assert {(one["platform"], one["counts"]["rows_out"]) for one in entries()} == {
        (one, 1) for one in ("mail", "call", "post", "sms", "line_messages")
    }
