"""A published month rebuilt from its archive: equal whatever happened since, and whatever was tampered with is named."""

import json
from pathlib import Path

import pytest
import run_base
import yaml
from run_base import put_raw, raw_page, settings, verified

from customerbase import pipeline
from customerbase.__main__ import main
from customerbase.engine import Engine
from customerbase.errors import RunError
from customerbase.pipeline import archive, causes, publish
from customerbase.tables import store

tiny, in_process = run_base.tiny, run_base.in_process
MONTH = "2026-10"
EQUAL = "tiny 2026-10: all 1 tables, 3 numbers and 1 published files equal"
PLANTED = ("山田花子", "hanako")  # names in the raw file: nothing may say them


@pytest.fixture
def shop(tiny, in_process):
    """A month published from one raw file in which people's names stand."""
    settings(tiny, settings={"k_min": 10})
    raw_page(tiny)
    put_raw(tiny, "stores_1.csv", *PLANTED)
    publish_again(tiny)
    return tiny


def publish_again(home, **options):
    plan = pipeline.make_plan("tiny", MONTH, notebooks=home / "notebooks")
    pipeline.run(plan, data_docs=False, **options)
    return store.current("tiny", MONTH)


def told(home, *, equal: bool) -> list[str]:
    """What verify says but for its last line, which says how it ended; never a name."""
    found, lines = verified(home)
    assert not any(name in line for name in PLANTED for line in lines)
    assert found is equal, lines
    assert lines[-1] == EQUAL if equal else "difference" in lines[-1]
    return lines[:-1]


def manifest_of(home) -> Path:
    return store.published_run("tiny", MONTH) / "manifest.json"


def rewrite(home, **changed):
    """The manifest of the published run, and the one beside the report, with other values."""
    about = json.loads(manifest_of(home).read_text()) | changed
    store.replace(manifest_of(home), json.dumps(about))
    store.replace(home / "reports/tiny/2026-10/latest/manifest.json", publish.shown(about))


# --- nothing happened -----------------------------------------------------------------------------------------------


def test_a_month_is_equal_and_nothing_is_left_behind(shop, tmp_path_factory, monkeypatch):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    before = {path: path.stat().st_mtime_ns for path in shop.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert told(shop, equal=True) == []
    after = {path: path.stat().st_mtime_ns for path in shop.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert after == before and list(elsewhere.iterdir()) == []


def test_two_runs_give_equal_bytes(shop):
    before = {path.name: path.read_bytes() for path in manifest_of(shop).parent.glob("tables/*")}
    first = store.current("tiny", MONTH)
    second = publish_again(shop, force=True)
    assert {path.name: path.read_bytes() for path in manifest_of(shop).parent.glob("tables/*")} == before
    for what in ("tables", "records", "inputs", "configuration"):
        assert first[what] == second[what] and first[what]
    assert first["reports"]["report.ja.html"] == second["reports"]["report.ja.html"]


def test_a_month_that_is_not_published_is_refused(shop):
    with pytest.raises(RunError, match="tiny 2026-09 is not published"):
        verified(shop, "2026-09")


def test_by_the_command_line(shop, capsys, monkeypatch):
    from customerbase.pipeline import verify as door

    real = pipeline.verify
    monkeypatch.setattr(pipeline, "verify", lambda *a, **o: real(*a, notebooks=shop / "notebooks", **o))
    assert main(["verify", "tiny", "--month", MONTH]) == 0
    assert capsys.readouterr().out == EQUAL + "\n"
    (shop / "reports/tiny/2026-10/latest/report.ja.html").write_text("x")
    assert main(["verify", "tiny", "--month", MONTH]) == 1
    assert main(["verify", "tiny", "--month", "2026-09"]) == 1
    assert "is not published" in capsys.readouterr().err
    assert door is real


# --- what changed since is a note -----------------------------------------------------------------------------------


def test_late_data_is_a_note(shop):
    put_raw(shop, "stores_1.csv", *PLANTED, "late")
    put_raw(shop, "stores_2.csv", "new")
    assert told(shop, equal=True) == [
        "  note: today's raw file stores_1.csv is another one: late data?",
        "  note: raw file stores_2.csv is new",
    ]


def test_a_deleted_raw_file_is_a_note(shop):
    (shop / "raw" / "stores_1.csv").unlink()
    assert told(shop, equal=True) == ["  note: raw file stores_1.csv is no longer in raw"]
    (shop / "raw").rmdir()
    [line] = told(shop, equal=True)
    assert line.startswith("  note: today's raw files were not compared: ")


def test_many_changed_files_are_not_all_listed(shop):
    for place in range(20):
        put_raw(shop, f"stores_x{place:02}.csv", "a")
    assert len(told(shop, equal=True)) == causes.SHOWN + 1
    assert told(shop, equal=True)[-1] == "  note: and 8 more like it"


def test_a_changed_setting_is_named_by_its_path(shop):
    settings(shop, settings={"k_min": 5}, goals={"revenue": 100})
    assert told(shop, equal=True) == [
        "  note: pipelines/tiny.yaml: settings.k_min: 10 -> 5",
        "  note: pipelines/tiny.yaml: goals.revenue: (none) -> 100",
    ]


def test_a_pipeline_that_cannot_be_read_any_more_hinders_nothing(shop):
    (shop / "pipelines" / "tiny.yaml").write_text("title: [")
    assert "pipelines/tiny.yaml changed since, and cannot be read as YAML" in str(told(shop, equal=True))
    (shop / "pipelines" / "tiny.yaml").unlink()
    (shop / "pipelines" / "sources" / "none.yaml").unlink()
    lines = str(told(shop, equal=True))
    assert "pipelines/tiny.yaml is no longer there" in lines and "pipelines/sources/none.yaml is no longer" in lines


def test_a_parameter_given_at_the_start_is_used_again_and_told(tiny, in_process):
    head = run_base.HEAD + "\nsize: int = 1  # how many"
    body = run_base.write_one("stores", **run_base.STORE) + "\nstage.record(size=size)"
    run_base.page(tiny / "notebooks", "01_a", writes=["stores"], body=body, parameters=head)
    plan = pipeline.make_plan("tiny", MONTH, notebooks=tiny / "notebooks", overrides=["a.size=3"], language="en")
    pipeline.run(plan, data_docs=False)
    equal, lines = verified(tiny)
    assert equal and lines[0] == "  note: parameter a.size = 3 was given at the start of the run"
    assert store.current("tiny", MONTH)["language"] == "en"


# --- what was tampered with -----------------------------------------------------------------------------------------


def test_a_tampered_table_is_named_with_what_was_done(shop):
    path = store.published_tables("tiny", MONTH)["products"]
    db = Engine()
    changed = f"select * replace (price + 3 as price, 'hanako2' as name) from '{path}'"
    other = path.with_name("other.parquet")
    store.write_parquet(db, db.query(changed), other)
    other.replace(path)
    lines = told(shop, equal=False)
    assert lines[0] == "  differs: table products: the file on disk is not the one that was published"
    assert "why: table products on disk against the rebuilt one: of 2 rows 2 changed" in lines[1]
    assert "name in 2; price in 2" in lines[1] and "->" not in lines[1]  # a source table: no value is shown
    path.write_bytes(path.read_bytes()[:-9])
    assert "cannot be read as Parquet" in told(shop, equal=False)[1]
    path.unlink()
    assert told(shop, equal=False) == ["  differs: table products: the file on disk is gone"]


def test_a_tampered_report_file_is_named(shop):
    folder = (shop / "reports/tiny/2026-10/latest").resolve()
    (folder / "report.ja.html").write_text("<p>9</p>")
    (folder / "notebooks" / "01_raw.ipynb").write_text("{}")
    (folder / "planted.html").write_text("<p>hanako</p>")
    about = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(about | {"as_of": "2026-10-30"}))
    assert told(shop, equal=False) == [
        "  differs: report file notebooks/01_raw.ipynb: the file on disk is not the one that was published",
        "  differs: report file report.ja.html: the file on disk is not the one that was published",
        "  differs: report file planted.html: it was not published",
        "  differs: report file manifest.json: it is not the one that was published",
    ]


def test_a_table_and_its_manifest_tampered_together_rebuild_otherwise(shop):
    path = store.published_tables("tiny", MONTH)["products"]
    db = Engine()
    other = path.with_name("other.parquet")
    rows = store.write_parquet(db, db.query(f"from '{path}' limit 1"), other)
    other.replace(path)
    rewrite(
        shop,
        tables={"products": {"rows": rows, "sha256": store.sha256(path)}},
        records={"raw": {"lines": 1, "of": 10, "first": "x"}},
    )
    lines = told(shop, equal=False)
    assert lines[0].startswith("  differs: table products: published 1 rows, ") and "of 1 rows 1 added" in lines[0]
    assert lines[1:] == [
        "  differs: number raw.lines: published 1, rebuilt 2",
        "  differs: number raw.first: published a text, rebuilt a text",
    ]


def test_a_tampered_archive_is_named_and_the_same_file_of_today_used(shop):
    place = archive.place(store.current("tiny", MONTH)["inputs"]["stores_1.csv"]["sha256"])
    place.chmod(0o600)
    place.write_text("id\nmine\n")
    named = "  differs: archive: raw file stores_1.csv is not what was archived (edited in place?)"
    assert told(shop, equal=False) == [named]
    put_raw(shop, "stores_1.csv", *PLANTED, "late")
    lines = told(shop, equal=False)
    assert lines[0] == named and any("table products: published 2 rows" in line for line in lines)
    assert any(line.startswith("  why: raw file stores_1.csv of then is not in the archive") for line in lines)
    (shop / "raw" / "stores_1.csv").unlink()
    lines = told(shop, equal=False)
    assert "  differs: raw file stores_1.csv is gone, from the archive and from where it was read" in lines


def test_a_hard_link_edited_in_place_is_named(shop):
    settings(shop, archive={"inputs": "link"}, goals={"revenue": 1})
    archive.place(store.current("tiny", MONTH)["inputs"]["stores_1.csv"]["sha256"]).unlink()
    publish_again(shop)
    assert told(shop, equal=True) == []
    with (shop / "raw" / "stores_1.csv").open("a") as file:
        file.write("more\n")
    lines = told(shop, equal=False)
    assert lines[0] == "  differs: archive: raw file stores_1.csv is not what was archived (edited in place?)"
    assert any("number raw.lines: published 2, rebuilt 3" in line for line in lines)


def test_a_tampered_setting_in_the_archive_is_named(shop):
    place = archive.place(store.current("tiny", MONTH)["configuration"]["pipelines/tiny.yaml"])
    text = place.read_text()
    place.chmod(0o600)
    place.write_text(text.replace("10", "3"))
    [line] = told(shop, equal=False)
    assert line == "  differs: archive: pipelines/tiny.yaml is not what was archived (edited in place?)"


# --- why it rebuilds otherwise --------------------------------------------------------------------------------------


def test_changed_code_is_told_as_a_note_while_all_is_equal_and_as_the_cause_when_it_is_not(shop, monkeypatch):
    monkeypatch.setattr(causes, "code_hash", lambda: "another")
    monkeypatch.setattr(causes, "commit", lambda: "f" * 40 + "+changes")
    [line] = told(shop, equal=True)
    then = store.current("tiny", MONTH)["code"]["commit"]
    assert line == f"  note: the code of the package changed: commit {causes._commit(then)} -> {'f' * 12}+changes"
    rewrite(shop, records={"raw": {"lines": 3, "of": 10, "first": PLANTED[0]}})
    lines = told(shop, equal=False)
    assert lines == ["  differs: number raw.lines: published 3, rebuilt 2", line.replace("note", "why")]


def test_a_changed_page_is_the_cause(shop):
    path = shop / "notebooks" / "01_raw.ipynb"
    path.write_text(path.read_text().replace("length(id)", "length(id) + 1"))
    lines = told(shop, equal=False)
    assert lines[0].startswith("  differs: table products: published 2 rows, ") and "price in 2" in lines[0]
    assert lines[1:] == ["  why: page 01_raw changed"]


def test_a_report_that_rebuilds_otherwise_is_named(shop):
    path = shop / "notebooks" / "09_letter.ipynb"
    path.write_text(path.read_text().replace("<p>", "<b>"))
    assert told(shop, equal=False) == [
        "  differs: report file report.ja.html: rebuilt with other bytes",
        "  why: page 09_letter changed",
    ]


def test_a_page_that_went_is_told(shop):
    for path in (shop / "notebooks").iterdir():
        path.unlink()
    run_base.page(shop / "notebooks", "01_a", writes=["stores"], body=run_base.write_one("stores", **run_base.STORE))
    lines = told(shop, equal=False)
    assert "and no page writes it now" in lines[0] and "  why: page 01_raw is no longer there" in lines
    assert any("report.ja.html: no page publishes it now" in line for line in lines)


def test_changed_versions_are_told(shop):
    versions = store.current("tiny", MONTH)["versions"]
    rewrite(shop, versions=versions | {"duckdb": "1.0.0", "python": "3.11.0", "gone": "1"})
    assert told(shop, equal=True) == [
        f"  note: python 3.11.0 -> {versions['python']}",
        f"  note: duckdb 1.0.0 -> {versions['duckdb']}",
        "  note: gone 1 -> (none)",
    ]


def test_a_page_that_fails_today_is_said(shop):
    path = shop / "notebooks" / "01_raw.ipynb"
    text = json.loads(path.read_text())
    text["cells"][-1]["source"] = ["stage.rite()"]
    path.write_text(json.dumps(text))
    lines = told(shop, equal=False)
    assert lines[0].startswith("  differs: it cannot be rebuilt: ") and "01_raw.ipynb" in lines[0]
    assert "  why: page 01_raw changed" in lines


def test_off_uses_todays_files_and_says_so(shop):
    settings(shop, archive={"inputs": "off"}, goals={"revenue": 1})
    publish_again(shop)
    archive.place(store.current("tiny", MONTH)["inputs"]["stores_1.csv"]["sha256"]).unlink()
    off = "  note: raw files were not archived (archive: inputs: off); today's were used"
    assert told(shop, equal=True) == [off]
    put_raw(shop, "stores_1.csv", *PLANTED, "late")
    lines = told(shop, equal=False)
    assert lines[-1] == off and any("number raw.lines: published 2, rebuilt 3" in line for line in lines)
    assert (
        "  why: raw file stores_1.csv of then is not in the archive, and today's is another one: it was used" in lines
    )


def test_a_month_published_before_there_was_an_archive(shop):
    about = store.current("tiny", MONTH)
    for name in ("configuration", "archive", "reports", "ledger_runs", "language"):
        del about[name]
    del about["code"]["pages"]
    store.replace(manifest_of(shop), json.dumps(about))
    for path in run_base.archived(shop):
        path.unlink()
    found, lines = verified(shop)
    assert found and lines[-1] == "tiny 2026-10: all 1 tables, 3 numbers and 0 published files equal"
    assert "published before inputs were archived; today's files were used" in lines[0]


def test_nothing_that_a_terminal_obeys_is_said(shop):
    (shop / "reports/tiny/2026-10/latest/\x1b[31mred.html").write_text("x")
    assert told(shop, equal=False) == ["  differs: report file ?[31mred.html: it was not published"]


def test_what_is_archived_is_what_was_read(shop):
    """The archive holds the very settings of then: a setting tried for one run does not leak into another."""
    first = store.current("tiny", MONTH)
    settings(shop, settings={"k_min": 3})
    second = publish_again(shop)
    of = {about["run_id"]: about["configuration"]["pipelines/tiny.yaml"] for about in (first, second)}
    kept = [yaml.safe_load(archive.place(digest).read_text())["settings"]["k_min"] for digest in of.values()]
    assert kept == [10, 3]
