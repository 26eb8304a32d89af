"""ledger list, check, add and decide on published runs; what a changed ledger reruns, and what a broken link stops."""

import json
from datetime import date
from pathlib import Path

import pytest
import run_base
from run_base import STORE, page, write_one

from customerbase import pipeline
from customerbase.__main__ import main
from customerbase.engine import Engine
from customerbase.errors import ContractError, InputError
from customerbase.kpi.ledger import read_ledger
from customerbase.pipeline import ledger as command
from customerbase.stage import Stage, remembered
from customerbase.tables import store

tiny = run_base.tiny  # the fixture: a home with a pipeline, a folder of raw files, a folder for notebooks
FIRST, SECOND = "0a1b2c3d4e5f", "f5e4d3c2b1a0"
ADD = ("add", "--hypothesis", "誕生月は反応がよい", "--action", "クーポン, 送料無料", "--owner", "佐藤")
PDCA = """import pandas as pd
from customerbase import kpi
table = pd.DataFrame(columns=["kpi", "month", "value", "n", "low", "high"])
entries = kpi.read_ledger(stage.ledger)
stage.write("pdca", kpi.pdca(entries, table, stage.ledger_runs, as_of=stage.as_of))
stage.record(actions=len(entries))"""


def pages(home: Path) -> None:
    """A page that reads raw files, the page of actions, and one that publishes what it wrote."""
    page(home / "notebooks", "01_first", writes=["stores"], body=write_one("stores", **STORE))
    page(home / "notebooks", "02_goals", reads=["stores"], writes=["pdca"], body=PDCA)
    page(home / "notebooks", "03_other", reads=["stores"], body="stage.record(rows=1)")
    letter = "stage.publish('letter.txt', ','.join(stage.read('pdca').df()['id']))"
    page(home / "notebooks", "04_letter", reads=["pdca"], body=letter)


def run(home: Path, month: str) -> dict:
    pipeline.run(pipeline.make_plan("tiny", month, notebooks=home / "notebooks"), data_docs=False)
    return store.current("tiny", month)


def published(home: Path, month: str, run_id: str) -> str:
    """A month as published by this run, without any page."""
    folder = store.month_folder("tiny", month)
    store.replace(folder / run_id / "manifest.json", json.dumps({"run_id": run_id, "month": month, "tables": {}}))
    store.replace(folder / "current.json", json.dumps({"run_id": run_id, "folder": run_id}))
    return run_id


def ask(capsys, *words: str, status: int = 0) -> str:
    assert main(["ledger", "tiny", *words]) == status
    said = capsys.readouterr()
    return said.out + said.err


def entries(home: Path) -> list:
    return read_ledger((home / "pipelines" / "ledger" / "tiny.csv").read_text(encoding="utf-8-sig"))


def put(home: Path, text: str, encoding: str = "utf-8") -> Path:
    path = home / "pipelines" / "ledger" / "tiny.csv"
    store.replace(path, text.encode(encoding))
    return path


# --- the command -------------------------------------------------------------------------------------------------------


def test_an_action_from_its_decision_to_its_result(tiny, capsys):
    first = published(tiny, "2026-08", FIRST)
    said = ask(
        capsys, *ADD, "--kpi", "リピート率", "--status", "doing", "--start", "2026-09-10", "--when", "2026-09-05"
    )
    assert said.startswith("A1 added in ") and f"run {first}" in said
    [entry] = entries(tiny)
    assert (entry.decided_in, entry.decided_on, entry.kpi) == (first, date(2026, 9, 5), "repeat_rate")
    assert entry.action == "クーポン, 送料無料" and entry.status == "doing" and not entry.checked_in

    second = published(tiny, "2026-09", SECOND)
    said = ask(capsys, "decide", "A1", "--result", "=up", "--decision", "全店に広げる")
    assert f"A1 done in {tiny / 'pipelines' / 'ledger' / 'tiny.csv'}, run {second}" in said
    [entry] = entries(tiny)
    assert (entry.status, entry.result, entry.decision) == ("done", "=up", "全店に広げる")
    assert (entry.decided_in, entry.checked_in) == (first, second)
    assert "'=up" in (tiny / "pipelines" / "ledger" / "tiny.csv").read_text(encoding="utf-8-sig")
    listed = ask(capsys, "list")
    assert first in listed and second in listed and "every link leads to a run" in listed
    assert ask(capsys) == listed


def test_an_older_month_can_be_the_one_that_was_decided_on(tiny, capsys):
    first = published(tiny, "2026-08", FIRST)
    published(tiny, "2026-09", SECOND)
    ask(capsys, *ADD, "--month", "2026-08", "--when", "2026-09-05")
    assert entries(tiny)[0].decided_in == first
    said = ask(capsys, *ADD, "--month", "2026-07", status=2)
    assert "tiny 2026-07 is not published (published: 2026-08, 2026-09)" in said
    said = ask(capsys, *ADD, "--when", "2026-08-20", status=2)  # over a report that was not there yet
    assert "a run of 2026-09, after decided_on 2026-08-20" in said and len(entries(tiny)) == 1


def test_before_anything_is_published_only_plans_can_be_added(tiny, capsys):
    assert "has no entries" in ask(capsys, "list")
    said = ask(capsys, *ADD, "--status", "doing", status=2)
    assert "nothing is published for 'tiny', so only what is planned can be added" in said
    ask(capsys, *ADD, "--when", "2026-09-05")
    assert entries(tiny)[0].decided_in == "" and ask(capsys, "check").endswith("every link leads to a run\n")
    assert "expected the run in which this was decided" in ask(capsys, "decide", "A1", "--result", "x", status=2)


def test_what_cannot_be_decided_is_one_clear_error(tiny, capsys):
    published(tiny, "2026-08", FIRST)
    ask(capsys, *ADD, "--when", "2026-09-05")
    assert "no entry 'A11'. Did you mean 'A1'" in ask(capsys, "decide", "A11", "--result", "x", status=2)
    assert "expected --result, --decision, --status or --campaign" in ask(capsys, "decide", "A1", status=2)
    assert "expected also --result" in ask(capsys, "decide", "A1", "--status", "stopped", status=2)
    assert "kpi is 'repeat_rat'" in ask(capsys, *ADD, "--kpi", "repeat_rat", status=2)
    assert "no pipeline file pipelines/tinny.yaml. Did you mean 'tiny'" in refused(capsys, "tinny", "list")
    ask(capsys, "decide", "A1", "--status", "doing")
    assert entries(tiny)[0].status == "doing" and not entries(tiny)[0].checked_in


def refused(capsys, *words: str) -> str:
    assert main(["ledger", *words]) == 2
    return capsys.readouterr().err


def test_a_spreadsheets_file_is_kept_and_changed(tiny, capsys):
    published(tiny, "2026-08", FIRST)
    put(tiny, "番号,仮説,施策,担当,状態\r\nA5,髙﨑の仮説,①を配る,店舗,計画\r\n", "cp932")
    ask(capsys, *ADD, "--when", "2026-09-05")
    one, two = entries(tiny)
    assert (one.id, one.hypothesis, one.action, two.id) == ("A5", "髙﨑の仮説", "①を配る", "A6")


def test_a_broken_link_fails_the_check(tiny, capsys):
    first = published(tiny, "2026-08", FIRST)
    wrong = first[:-1] + ("0" if first[-1] != "0" else "1")
    head = "id,hypothesis,action,owner,status,decided_in,decided_on\n"
    put(tiny, f"{head}A1,h,a,o,doing,{wrong},2026-09-05\nA2,h,a,o,doing,{first},2026-09-05\n")
    said = ask(capsys, "check", status=1)
    assert (
        f"entry 'A1': decided_in is '{wrong}', but there is no such run (1 runs are kept). Did you mean '{first}'"
        in said
    )
    assert said.count("\n") == 1
    assert main(["ledger"]) == 1  # every ledger there is, as `make check` asks
    assert "tiny.csv: entry 'A1'" in capsys.readouterr().out
    put(tiny, f"{head}A2,h,a,o,doing,{first},2026-09-05\n")
    assert main(["ledger"]) == 0


def test_the_shipped_ledgers_hold_in_a_fresh_clone(home):
    assert store.kept_runs("sample") == {}
    assert command.main([]) == 0


def test_a_text_cannot_steer_the_terminal(tiny, capsys):
    put(tiny, "id,hypothesis,action,owner\nA1,h,\x1b[31mred\u202e,o\n")
    said = ask(capsys, "list")
    assert "\x1b" not in said and "\u202e" not in said and "red" in said


# --- the run -----------------------------------------------------------------------------------------------------------


def test_a_run_with_a_broken_link_does_not_start(tiny):
    pages(tiny)
    published(tiny, "2026-08", FIRST)
    put(tiny, "id,hypothesis,action,owner,status,decided_in,decided_on\nA1,h,a,o,doing,0123456789ab,2026-09-05\n")
    with pytest.raises(InputError, match=r"pipelines/ledger/tiny.csv: entry 'A1': decided_in is '0123456789ab'"):
        pipeline.make_plan("tiny", "2026-09", notebooks=tiny / "notebooks")


def test_a_changed_ledger_reruns_its_page_and_the_letter_only(tiny):
    pages(tiny)
    first = run(tiny, "2026-08")
    assert first["ledger"] is None and first["records"]["goals"]["actions"] == 0
    put(tiny, f"id,hypothesis,action,owner,status,decided_in,decided_on\nA1,h,a,o,doing,{first['run_id']},2026-09-05\n")
    second = run(tiny, "2026-08")
    assert second["run_id"] != first["run_id"] and len(second["ledger"]) == 16
    reused = {name: stage["reused"] for name, stage in second["stages"].items()}
    assert reused == {"first": True, "goals": False, "other": True, "letter": False}
    assert (store.report_folder("tiny", "2026-08") / "latest" / "letter.txt").read_text() == "A1"
    path = store.published_tables("tiny", "2026-08")["pdca"]
    found = Engine().query(f"select id, decided_in, decided_month, state from '{path}'").fetchall()
    assert found == [("A1", first["run_id"], date(2026, 8, 1), "doing")]
    assert store.kept_runs("tiny") == {first["run_id"]: "2026-08", second["run_id"]: "2026-08"}

    equal, lines = run_base.verified(tiny, "2026-08")  # in another home, where no run is kept
    assert equal and lines == ["tiny 2026-08: all 2 tables, 2 numbers and 1 published files equal"]

    # by hand
    kept = {first["run_id"]: "2026-08", second["run_id"]: "2026-08"}
    stage = Stage("goals", pipeline="tiny", month="2026-08", reads=["stores"], writes=["pdca"])
    assert stage.ledger == remembered.ledger("tiny") and stage.ledger_runs == kept
    other = Stage("other", pipeline="tiny", month="2026-08", reads=["stores"], writes=[])
    with pytest.raises(
        ContractError, match=r"other uses stage.ledger, but its Stage\(writes=\[…\]\) does not name pdca"
    ):
        _ = other.ledger
