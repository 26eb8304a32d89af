"""What goes on from month to month: found when the plan is made, recorded, the same again for verify and by hand."""

import hashlib
import json
import shutil

import pytest
import run_base
from run_base import verified
from test_contracts import notebook

from customerbase import pipeline
from customerbase.engine import Engine
from customerbase.errors import ConfigError, ContractError, TableError
from customerbase.pipeline import archive
from customerbase.stage import Stage, company, remembered
from customerbase.tables import previous, schema, secret, store

in_process = run_base.in_process
tiny = run_base.tiny  # the fixture: a home with a pipeline, a folder of raw files, a folder for notebooks
EQUAL = "tiny {}: all 1 tables, 4 numbers and 0 published files equal"
KEY = "a key that only this test knows"
HEAD = run_base.HEAD + '\nname: str = "本店"  # name of the store that this month adds'
OPEN = (
    "from customerbase.stage import Stage\n"
    'stage = Stage("history", pipeline=pipeline, month=month, reads=[], writes=["stores"], previous=["stores"])'
)
BODY = """import hashlib
new = f"select 'pos' as source_system, '{month}' as store_id, '{name}' as name, 'stores.csv:2' as source_row_id"
stage.write("stores", stage.db.query(f"from previous_stores union all by name {new}"))
stage.record(before=stage.previous_month or "none", decisions=stage.decisions, key=len(stage.id_key))
stage.record(ids=hashlib.sha256(stage.id_key + b"x").hexdigest())"""


def history_page(home, body=BODY):
    """One page that reads no table: it writes what the month before had and one row more."""
    return notebook(home / "notebooks", "01_history", roles=[("parameters", HEAD), ("contract", OPEN), ("write", body)])


def plan_of(home, month, **options):
    return pipeline.make_plan("tiny", month, notebooks=home / "notebooks", **options)


def run(home, month, **options):
    forced = options.pop("force", False)
    pipeline.run(plan_of(home, month, **options), data_docs=False, force=forced)
    return store.current("tiny", month)


def names(month: str) -> list[tuple]:
    path = store.published_tables("tiny", month)["stores"]
    return Engine().query(f"select store_id, name from '{path}' order by all").fetchall()


# --- through the runner ---------------------------------------------------------------------------------------------


def test_a_history_goes_on_is_recorded_and_verifies(tiny):
    history_page(tiny)
    first = run(tiny, "2026-08")
    assert first["previous"] == {"history": {"month": None, "run_id": None, "tables": {}}}
    assert first["records"]["history"]["before"] == "none" and names("2026-08") == [("2026-08", "本店")]
    second = run(tiny, "2026-10")  # September was never published
    told = {"month": "2026-08", "run_id": first["run_id"], "tables": {"stores": first["tables"]["stores"]["sha256"]}}
    assert second["previous"] == {"history": told} and second["records"]["history"]["before"] == "2026-08"
    assert names("2026-10") == [("2026-08", "本店"), ("2026-10", "本店")]
    assert verified(tiny, "2026-10") == (True, [EQUAL.format("2026-10")])

    run(tiny, "2026-08", force=True)  # published again, the same bytes: nothing to do for those who built on it
    assert plan_of(tiny, "2026-10").run_id == second["run_id"]
    assert verified(tiny, "2026-10")[0]


def test_a_changed_month_before_is_seen_and_what_was_used_is_used_again(tiny, in_process):
    history_page(tiny)
    first = run(tiny, "2026-08")
    second = run(tiny, "2026-09")
    changed = run(tiny, "2026-08", overrides=["history.name=支店"])
    assert plan_of(tiny, "2026-09").run_id != second["run_id"]
    change = f"built on 2026-08 (run {first['run_id']}), now 2026-08 (run {changed['run_id']})"
    equal, lines = verified(tiny, "2026-09")  # rebuilt from the tables that were used: what stands there now is a note
    assert equal
    assert lines == [
        f"  note: the month before history is another one today: {change}",
        EQUAL.format("2026-09"),
    ]

    shutil.rmtree(store.month_folder("tiny", "2026-08") / first["run_id"])
    assert verified(tiny, "2026-09")[0]  # the archive has them too

    kept = archive.place(first["tables"]["stores"]["sha256"])
    kept.write_bytes(kept.read_bytes()[:-1] + b"X")
    equal, lines = verified(tiny, "2026-09")
    assert not equal and lines[0] == "  differs: archive: table stores of 2026-08 is not what was archived"

    kept.unlink()
    equal, lines = verified(tiny, "2026-09")
    used = f"rebuilt with 2026-08 (run {changed['run_id']})"
    assert not equal and lines[0].startswith("  differs: table stores: published 2 rows")
    assert "of 2 rows 1 changed (by source_system + store_id); name in 1" in lines[0] and "支店" not in str(lines)
    of_then = f"the tables of 2026-08 (run {first['run_id']}) that history was built on are gone"
    assert f"  why: {of_then}: {used}" in lines

    third = run(tiny, "2026-09")
    assert third["previous"]["history"]["run_id"] == changed["run_id"]
    assert names("2026-09") == [("2026-08", "支店"), ("2026-09", "本店")]
    assert verified(tiny, "2026-09")[0]


def test_a_month_published_in_between_later_is_a_note_and_not_a_rebuild(tiny):
    history_page(tiny)
    run(tiny, "2026-09")
    run(tiny, "2026-08")
    equal, lines = verified(tiny, "2026-09")
    assert equal and len(lines) == 2 and "built on none, now 2026-08 (run " in lines[0]


def test_the_key_stays_in_its_file_and_verify_uses_it(tiny, monkeypatch):
    monkeypatch.delenv(secret.VARIABLE)
    history_page(tiny)
    about = run(tiny, "2026-08")
    key = (tiny / "data" / "identity.key").read_text().strip()
    assert about["records"]["history"]["key"] == len(key) == 64
    assert about["records"]["history"]["ids"] == hashlib.sha256(key.encode() + b"x").hexdigest()
    assert verified(tiny, "2026-08")[0]  # in another home, with this key
    fingerprint = secret.fingerprint(key.encode())
    holders = {path.name for path in tiny.rglob("*") if path.is_file() and key.encode() in path.read_bytes()}
    assert holders == {"identity.key"}
    assert about["id_key"] == fingerprint
    reports = [path for path in (tiny / "reports").rglob("*") if path.is_file()]
    assert reports and not any(fingerprint.encode() in path.read_bytes() for path in reports)

    monkeypatch.setenv(secret.VARIABLE, KEY)
    assert plan_of(tiny, "2026-08").run_id != about["run_id"]
    equal, lines = verified(tiny, "2026-08")
    assert not equal and {line.split(":")[1] for line in lines[:2]} == {" number history.ids", " number history.key"}
    assert "  why: the key of the ids is another one: new people get other ids" in lines


def test_decisions_reach_the_page_and_count_in_its_key(tiny):
    history_page(tiny)
    without = run(tiny, "2026-08")
    assert without["decisions"] is None and without["records"]["history"]["decisions"] == ""
    text = "decision,record_a,record_b,who,why,when\nsame,pos:1,web:2,佐藤,店頭で確認,2026-08-03\n"
    store.replace(tiny / "pipelines" / "decisions" / "tiny.csv", text)
    decided = run(tiny, "2026-08")
    assert decided["run_id"] != without["run_id"] and decided["records"]["history"]["decisions"] == text
    (tiny / "pipelines" / "decisions" / "tiny.csv").unlink()
    equal, lines = verified(tiny, "2026-08")
    assert equal and lines == ["  note: pipelines/decisions/tiny.csv is no longer there", EQUAL.format("2026-08")]
    assert plan_of(tiny, "2026-08").run_id == without["run_id"]


def test_the_companys_model_counts_in_the_key_of_who_looks_back(tiny):
    history_page(tiny)
    shipped = plan_of(tiny, "2026-08").run_id
    store.replace(tiny / "pipelines" / "models" / "tiny.json", '{"version": "1"}')
    assert by_hand().model == plan_of(tiny, "2026-08").memory.model == '{"version": "1"}'
    assert plan_of(tiny, "2026-08").run_id != shipped
    run_base.page(tiny / "notebooks", "01_history", writes=["stores"], body="pass")  # looks back no more
    assert plan_of(tiny, "2026-08").memory.model == ""


def test_a_page_that_reads_no_table_still_depends_on_the_raw_files(tiny):
    history_page(tiny)
    before = plan_of(tiny, "2026-08").run_id
    assert plan_of(tiny, "2026-08").run_id == before
    (tiny / "raw" / "stores_1.csv").write_text("id\nS1\n")
    assert plan_of(tiny, "2026-08").run_id != before


def test_a_plan_without_a_look_back_makes_no_key(tiny, monkeypatch):
    monkeypatch.delenv(secret.VARIABLE)
    run_base.three_pages(tiny)
    assert plan_of(tiny, "2026-08").memory.previous == {} and not (tiny / "data").exists()


def test_a_pipeline_that_leaves_out_the_writer_finds_no_rows_of_the_month_before(tiny):
    history_page(tiny)
    notebook(
        tiny / "notebooks",
        "02_late",
        contract='stage = Stage("late", pipeline="tiny", month=month, reads=[], writes=[], previous=["stores"])',
    )
    path = tiny / "pipelines" / "tiny.yaml"
    path.write_text(path.read_text() + "stages: [late]\n")
    assert plan_of(tiny, "2026-08").memory.previous["late"].paths == {}


# --- without the runner ---------------------------------------------------------------------------------------------


def publish(month: str, run_id: str = "r1", pipeline_name: str = "tiny", **tables: str) -> None:
    """A published run made by hand: each table the rows of a query."""
    folder = store.month_folder(pipeline_name, month) / run_id
    facts, db = {}, Engine()
    for table, query in tables.items():
        (folder / "tables").mkdir(parents=True, exist_ok=True)
        path = folder / "tables" / f"{table}.parquet"
        facts[table] = {"rows": store.write_parquet(db, db.query(query), path), "sha256": store.sha256(path)}
    store.replace(folder / "manifest.json", json.dumps({"run_id": run_id, "tables": facts}))
    store.replace(folder.parent / "current.json", json.dumps({"run_id": run_id, "folder": run_id}))


def stores(*ids: str) -> str:
    columns = {"source_system": "'pos'", "source_row_id": "'s:2'", "store_id": "id"}
    shown = ", ".join(
        f"cast({columns.get(one.name, 'null')} as {one.type}) as {one.name}"
        for one in schema("stores").columns.values()
    )
    return f"select {shown} from (select unnest({list(ids)}) as id)"


def by_hand(month="2026-10", previous=("stores",), **options) -> Stage:
    return Stage("history", pipeline="tiny", month=month, reads=[], writes=["stores"], previous=previous, **options)


def ids_before(stage: Stage) -> list[str]:
    return [name for (name,) in stage.read("previous_stores").order("store_id").project("store_id").fetchall()]


def test_by_hand_the_newest_earlier_month_is_found(tiny):
    assert by_hand().previous_month is None and ids_before(by_hand()) == []
    publish("2025-12", stores=stores("A"))
    publish("2026-09", stores=stores("A", "B"))
    publish("2026-10", stores=stores("X"))  # the month itself
    publish("2026-11", stores=stores("Y"))  # a later one
    publish("2026-09", pipeline_name="other", stores=stores("Z"))
    stage = by_hand()
    assert stage.previous_month == "2026-09" and ids_before(stage) == ["A", "B"]
    assert "previous (2026-09)" in stage._repr_html_()
    assert by_hand("2026-01").previous_month == "2025-12"
    assert by_hand("2025-12").previous_month is None
    publish("2026-09", run_id="r2", stores=stores("C"))
    assert ids_before(by_hand()) == ["C"]


def test_without_a_month_before_the_table_is_empty_and_typed(tiny):
    view = by_hand().read("previous_stores")
    declared = schema("stores").columns.values()
    assert view.columns == [one.name for one in declared] and view.fetchall() == []
    assert [str(kind) for kind in view.types] == [one.type for one in declared]
    assert "previous (none)" in by_hand()._repr_html_()


def test_a_month_published_without_the_table_is_passed_over(tiny):
    """One month run without the page, or by a version that did not have it, does not make a history begin anew."""
    publish("2026-07", stores=stores("A"))
    publish("2026-08", products="select 1 as x")
    publish("2026-09")
    stage = by_hand()
    assert stage.previous_month == "2026-07" and ids_before(stage) == ["A"]


def test_a_table_that_is_new_is_empty_while_the_others_go_on(tiny):
    publish("2026-09", stores=stores("A"))
    stage = by_hand(previous=["stores", "products"])
    assert ids_before(stage) == ["A"] and stage.read("previous_products").fetchall() == []
    assert stage.read("previous_products").columns == list(schema("products").columns)


def test_columns_of_an_older_month_are_brought_to_those_of_today(tiny):
    publish(
        "2026-09", stores="select 'S1' as store_id, 'pos' as source_system, date '2020-01-02' as open_date, 7 as gone"
    )
    view = by_hand().read("previous_stores")
    assert view.columns == list(schema("stores").columns)
    rows = [dict(zip(view.columns, row, strict=True)) for row in view.fetchall()]
    assert [(row["store_id"], str(row["open_date"])[:10], row["name"]) for row in rows] == [("S1", "2020-01-02", None)]


def test_only_what_is_declared_can_be_read(tiny):
    publish("2026-09", stores=stores("A"))
    with pytest.raises(ContractError, match="Did you mean 'previous_stores'"):
        by_hand().read("previous_store")
    plain = by_hand(previous=())
    assert plain.previous_month is None
    with pytest.raises(ContractError, match="reads 'previous_stores'"):
        plain.read("previous_stores")
    for what in ("decisions", "model", "id_key"):
        with pytest.raises(ContractError, match=rf"uses stage\.{what}, but its Stage\(previous="):
            getattr(plain, what)


def test_a_damaged_table_stops_the_plan_before_ids_are_built_on_it(tiny):
    history_page(tiny)
    publish("2026-09", stores=stores("A"))
    plan_of(tiny, "2026-10")
    path = store.published_tables("tiny", "2026-09")["stores"]
    path.write_bytes(path.read_bytes()[:-1] + b"X")
    with pytest.raises(TableError, match=r"'stores' of the month before \(2026-09\) is not the one that was published"):
        plan_of(tiny, "2026-10")


def test_the_very_tables_are_found_again_under_any_run_of_that_month(tiny):
    publish("2026-09", stores=stores("A"))
    found = previous.find("tiny", "2026-10", ["stores"])
    publish("2026-09", run_id="r2", stores=stores("B"))
    again = previous.recall("tiny", found.stated)
    assert again.paths == found.paths and again.month == "2026-09"
    assert previous.find("tiny", "2026-10", ["stores"]).sha256 != found.sha256
    found.paths["stores"].write_bytes(b"")
    assert previous.recall("tiny", found.stated) is None
    publish("2026-09", run_id="r3", stores=stores("A"))  # the same bytes, made again
    assert previous.recall("tiny", found.stated).run_id == "r3"
    assert previous.recall("tiny", previous.Previous().stated) == previous.Previous()


# --- the file of decisions ------------------------------------------------------------------------------------------


def test_decisions_of_the_home_come_before_the_projects(tiny, monkeypatch):
    project = tiny / "project"
    monkeypatch.setattr(company, "ROOT", project)
    assert remembered.decisions("tiny") == ""
    store.replace(project / "pipelines" / "decisions" / "tiny.csv", "of the project")
    assert remembered.decisions("tiny") == by_hand().decisions == "of the project"
    store.replace(tiny / "pipelines" / "decisions" / "tiny.csv", "of the home")
    assert remembered.decisions("tiny") == by_hand().decisions == "of the home"
    assert remembered.decisions("other") == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_decisions_as_a_spreadsheet_saves_them(tiny, encoding):
    store.replace(tiny / "pipelines" / "decisions" / "tiny.csv", "same,pos:1,web:2,佐藤,店頭で確認".encode(encoding))
    assert remembered.decisions("tiny") == "same,pos:1,web:2,佐藤,店頭で確認"


def test_decisions_that_are_no_text_are_one_clear_error(tiny):
    store.replace(tiny / "pipelines" / "decisions" / "tiny.csv", b"same,\x81 \x81")
    with pytest.raises(ConfigError, match=r"tiny\.csv: neither utf-8-sig nor cp932"):
        remembered.decisions("tiny")
