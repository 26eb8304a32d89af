"""A month in one file: verified elsewhere without its home, and refused when it is anything but what it says."""

import io
import json
import stat
import tarfile

import pytest
import run_base
from run_base import put_raw, raw_page, settings

from customerbase import pipeline
from customerbase.__main__ import main
from customerbase.errors import ConfigError, InputError, RunError
from customerbase.pipeline import archive, bundle
from customerbase.tables import secret, store

tiny, in_process = run_base.tiny, run_base.in_process
MONTH = "2026-10"
EXPORTED = "c1,yamada.hanako@example.jp"  # what an audience's file holds: no bundle and no archive takes it along
HISTORY = """new = f"select 'pos' as source_system, '{month}' as store_id, 'x' as name, 'stores.csv:2' as source_row_id"
stage.write("stores", stage.db.query(f"from previous_stores union all by name {new}"))
import hashlib
stage.record(ids=hashlib.sha256(stage.id_key).hexdigest(), before=stage.previous_month or "none")"""


@pytest.fixture
def shop(tiny, in_process):
    """Two months published: a page that reads a raw file, and one that goes on from the month before."""
    raw_page(tiny)
    opened = run_base.OPEN.format(name="history", reads=["products"], writes=["stores"])[:-1] + ', previous=["stores"])'
    roles = [("parameters", run_base.HEAD), ("contract", opened), ("write", HISTORY)]
    run_base.notebook(tiny / "notebooks", "02_history", roles=roles)
    put_raw(tiny, "stores_1.csv", "S1", "S22")
    for month in ("2026-09", MONTH):
        pipeline.run(pipeline.make_plan("tiny", month, notebooks=tiny / "notebooks"), data_docs=False)
    return tiny


@pytest.fixture
def made(shop, tmp_path_factory):
    """The bundle of October, and then a home where nothing else is."""
    path = tmp_path_factory.mktemp("sent") / "october.tar"
    store.replace(store.report_folder("tiny", MONTH) / "audiences" / "00001" / "mail.csv", EXPORTED)
    bundle.make("tiny", MONTH, path, notebooks=shop / "notebooks")
    return path


@pytest.fixture
def elsewhere(made, shop, tmp_path_factory, monkeypatch):
    """Another machine: the pages, the bundle, no data."""
    home = tmp_path_factory.mktemp("elsewhere")
    (shop / "notebooks").rename(home / "notebooks")
    monkeypatch.setenv("CUSTOMERBASE_HOME", str(home))
    return home


def verified(home, path, **options):
    lines = []
    return bundle.verify(path, notebooks=home / "notebooks", say=lines.append, **options), lines


def test_a_month_verifies_on_another_machine_and_leaves_nothing_there(elsewhere, made):
    before = sorted(elsewhere.rglob("*"))
    equal, lines = verified(elsewhere, made, pipeline="tiny", month=MONTH)
    assert equal and lines == ["tiny 2026-10: all 2 tables, 5 numbers and 1 published files equal"]
    assert sorted(elsewhere.rglob("*")) == before
    assert EXPORTED.encode() not in made.read_bytes()
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_the_key_is_not_in_it_and_its_absence_is_the_cause(shop, tmp_path_factory, monkeypatch):
    monkeypatch.delenv(secret.VARIABLE)
    for month in ("2026-09", MONTH):
        pipeline.run(pipeline.make_plan("tiny", month, notebooks=shop / "notebooks"), data_docs=False)
    path = tmp_path_factory.mktemp("sent") / "b.tar"
    bundle.make("tiny", MONTH, path, notebooks=shop / "notebooks")
    key = (shop / "data" / "identity.key").read_bytes().strip()
    assert len(key) == 64 and key not in path.read_bytes()
    home = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setenv("CUSTOMERBASE_HOME", str(home))
    equal, lines = verified(shop, path)
    assert not equal and lines[0] == "  differs: number history.ids: published a text, rebuilt a text"
    assert lines[1].startswith("  why: the key of the ids is not here (data/identity.key, to be brought by hand)")
    assert not (home / "data").exists()
    store.replace(home / "data" / "identity.key", key)
    assert verified(shop, path)[0]


def test_equal_months_give_equal_bundles(shop, made):
    again = made.with_name("again.tar")
    assert bundle.make("tiny", MONTH, again, notebooks=shop / "notebooks") == made.stat().st_size
    assert again.read_bytes() == made.read_bytes()


def test_other_code_is_seen_by_hash_alone(elsewhere, made):
    path = elsewhere / "notebooks" / "01_raw.ipynb"
    path.write_text(path.read_text().replace("length(id)", "length(id) + 1"))
    equal, lines = verified(elsewhere, made)
    assert not equal and lines[0].startswith("  differs: table products: published 2 rows, ")
    assert lines[1] == "  why: page 01_raw changed"


def test_by_the_command_line(shop, capsys, monkeypatch, tmp_path_factory):
    monkeypatch.setattr(bundle, "read_contracts", lambda *_: [])
    path = tmp_path_factory.mktemp("sent") / "x.tar"
    assert main(["verify", "tiny", "--month", MONTH, "--make-bundle", str(path)]) == 0
    assert "it holds raw data, and not the key of the ids" in capsys.readouterr().out
    assert main(["verify", "sample", "--bundle", str(path)]) == 2
    assert "holds tiny 2026-10; asked was sample" in capsys.readouterr().err


@pytest.mark.parametrize("way", ["unpublished", "old", "damaged", "changed"])
def test_what_cannot_be_bundled_is_refused_and_no_file_made(shop, tmp_path_factory, way):
    month, words = MONTH, "cannot be bundled: .*stores_1.csv"
    about = store.current("tiny", MONTH)
    place = archive.place(about["inputs"]["stores_1.csv"]["sha256"])
    if way == "unpublished":
        month, words = "2026-08", "is not published"
    elif way == "old":
        del about["configuration"]
        store.replace(store.published_run("tiny", MONTH) / "manifest.json", json.dumps(about))
        words = "published before inputs were archived"
    elif way == "damaged":
        place.chmod(0o600)
        place.write_text("x")
    else:
        place.unlink()
        put_raw(shop, "stores_1.csv", "S1")
    folder = tmp_path_factory.mktemp("sent")
    with pytest.raises(RunError, match=words):
        bundle.make("tiny", month, folder / "b.tar", notebooks=shop / "notebooks")
    assert list(folder.iterdir()) == []


def test_without_an_archive_of_raw_files_todays_are_bundled(shop, tmp_path_factory):
    settings(shop, archive={"inputs": "off"}, goals={"revenue": 1})
    pipeline.run(pipeline.make_plan("tiny", MONTH, notebooks=shop / "notebooks"), data_docs=False)
    path = tmp_path_factory.mktemp("sent") / "b.tar"
    bundle.make("tiny", MONTH, path, notebooks=shop / "notebooks")
    assert verified(shop, path) == (True, ["tiny 2026-10: all 2 tables, 5 numbers and 1 published files equal"])


# --- a stranger's file ----------------------------------------------------------------------------------------------


def members(path) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(path) as tar:
        return [(one, tar.extractfile(one).read()) for one in tar.getmembers()]


def write(path, content):
    with tarfile.open(path, "w") as tar:
        for member, data in content:
            member.size = len(data) if member.isreg() else 0
            tar.addfile(member, io.BytesIO(data))


def special(kind, name, target=""):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


def refused(elsewhere, path, words):
    before = sorted(elsewhere.parent.rglob("*"))
    with pytest.raises(InputError, match=words):
        verified(elsewhere, path)
    assert sorted(elsewhere.parent.rglob("*")) == before


@pytest.mark.parametrize(
    "stranger",
    [
        special(tarfile.SYMTYPE, "{name}", "/etc/passwd"),
        special(tarfile.LNKTYPE, "{name}", "manifest.json"),
        special(tarfile.DIRTYPE, "{name}"),
        special(tarfile.FIFOTYPE, "{name}"),
        special(tarfile.CHRTYPE, "{name}"),
        special(tarfile.SYMTYPE, "link", "../.."),
        (tarfile.TarInfo("../outside"), b"x"),
        (tarfile.TarInfo("/tmp/outside"), b"x"),
        (tarfile.TarInfo("ab/../../outside"), b"x"),
        (tarfile.TarInfo(f"ab/{'ab' * 32}"), b"not named by the manifest"),
        (tarfile.TarInfo("manifest.json"), b"{}"),
    ],
    ids=lambda one: f"{one[0].type}{one[0].name}".replace("/", "_"),
)
def test_members_that_are_not_what_they_should_be(elsewhere, made, stranger):
    content = members(made)
    member, data = stranger
    if member.name == "{name}":  # under the very name of a file that is expected
        member.name = content.pop()[0].name
    write(made, [*content, (member, data)])
    refused(elsewhere, made, "expected plain files under the hashes of its manifest, each once")


def test_a_file_twice_changed_or_missing(elsewhere, made):
    content = members(made)
    write(made, [*content, content[-1]])
    refused(elsewhere, made, "each once")
    write(made, content[:-1])
    refused(elsewhere, made, "is not whole: 1 of the files")
    write(made, [*content[:-1], (content[-1][0], b"x" + content[-1][1][1:])])
    refused(elsewhere, made, "does not have the bytes that its name says")
    write(made, content[1:])
    refused(elsewhere, made, r"does not begin with manifest\.json")
    write(made, content)
    made.write_bytes(made.read_bytes()[:700])
    refused(elsewhere, made, "cannot be read as a bundle|is not whole")
    made.write_bytes(b"\x1f\x8b" + b"x" * 600)  # compressed: could be a bomb
    refused(elsewhere, made, "cannot be read as a bundle")


def changed(about: dict, path: str, value) -> dict:
    *above, last = path.split("|")
    place = about
    for one in above:
        place = place[one]
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    return about


FACTS = {"sha256": "a" * 64, "bytes": 1}


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("inputs|../x.csv", FACTS, "'../x.csv' is no path below its folder"),
        ("inputs|/etc/x.csv", FACTS, "no path below its folder"),
        ("inputs|a//x.csv", FACTS, "no path below its folder"),
        ("inputs|./x.csv", FACTS, "no path below its folder"),
        ("inputs|x\x1b.csv", FACTS, "no path below its folder"),
        ("inputs|stores_1.csv/x", FACTS, "no path below its folder"),
        ("inputs|", FACTS, "no path below its folder"),
        ("configuration|pipelines/../../x.yaml", "a" * 64, "no path below its folder"),
        ("configuration|data/identity.key", "a" * 64, "is not below pipelines/"),
        ("configuration|pipelines/tiny.yaml", KeyError, "lacks tiny.yaml"),
        ("configuration|pipelines/tiny.yaml", "../../etc/passwd", "is no SHA-256"),
        ("inputs|stores_1.csv|sha256", "A" * 64, "is no SHA-256"),
        ("tables|products|sha256", 7, "not one of a published month"),
        ("tables|products|rows", "2", "has no number of rows"),
        ("previous|history|tables|stores", "..", "is no SHA-256"),
        ("pipeline", "../tiny", "expected a name"),
        ("pipeline", 7, "pipeline is not a str"),
        ("records", [], "records is not a dict"),
        ("records|raw", 7, "is not a dict"),
        ("code|sha256", KeyError, "not one of a published month"),
        ("run_id", KeyError, "not one of a published month"),
    ],
)
def test_a_manifest_that_names_what_it_may_not(elsewhere, made, path, value, words):
    content = members(made)
    about = changed(json.loads(content[0][1]), path, value)
    write(made, [(content[0][0], json.dumps(about).encode()), *content[1:]])
    refused(elsewhere, made, words)


@pytest.mark.parametrize("text", ["[]", "{", "null", "[" * 100_000, '{"pipeline": "x"}'])
def test_a_manifest_that_is_none(elsewhere, made, text):
    content = members(made)
    write(made, [(content[0][0], text.encode()), *content[1:]])
    refused(elsewhere, made, "not one of a published month")


def test_a_month_that_is_none(elsewhere, made):
    content = members(made)
    about = changed(json.loads(content[0][1]), "month", "../../x")
    write(made, [(content[0][0], json.dumps(about).encode()), *content[1:]])
    with pytest.raises(ConfigError, match="expected YYYY-MM"):
        verified(elsewhere, made)


def test_a_source_that_reaches_beyond_the_data_is_refused(shop, made):
    """What a bundle's own settings say is checked as everyone's: no pattern leaves the data folder."""
    content = members(made)
    about = json.loads(content[0][1])
    digest = about["configuration"]["pipelines/sources/none.yaml"]
    text = next(data for member, data in content if member.name.endswith(digest)).replace(b"stores*.csv", b"../*.csv")
    import hashlib

    other = hashlib.sha256(text).hexdigest()
    about["configuration"]["pipelines/sources/none.yaml"] = other
    kept = [one for one in content[1:] if not one[0].name.endswith(digest)]
    new = (tarfile.TarInfo(f"{other[:2]}/{other}"), text)
    write(made, [(content[0][0], json.dumps(about).encode()), *kept, new])
    equal, lines = verified(shop, made)
    assert not equal and "expected a pattern below the data folder" in lines[0]


def test_parameters_of_a_bundle_are_checked_as_those_of_the_command_line(shop, made):
    content = members(made)
    about = changed(json.loads(content[0][1]), "parameters|raw", {"pipeline": "tiny", "month": MONTH, "sise": "x"})
    write(made, [(content[0][0], json.dumps(about).encode()), *content[1:]])
    equal, lines = verified(shop, made)
    assert not equal and "it cannot be rebuilt" in lines[0] and "sise" in lines[0]
