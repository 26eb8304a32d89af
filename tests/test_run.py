"""The runner: whole months or nothing, results reused under their keys, killed at any moment without harm."""

import os
import signal
import subprocess
import sys
import time

import pytest
import run_base
from run_base import PRODUCT, STORE, page, plan_of, run_it, three_pages, write_one

from customerbase import pipeline
from customerbase.errors import ConfigError, ContractError, InputError, RunError, TableError
from customerbase.pipeline import lock
from customerbase.tables import store

tiny = run_base.tiny  # the fixture: a home with a pipeline, a folder of raw files, a folder for notebooks


def test_a_month_is_published_whole(tiny):
    three_pages(tiny)
    folder = run_it(tiny)
    assert (folder / "report.ja.html").read_text() == "<p>報告</p>"
    assert sorted(path.name for path in (folder / "notebooks").iterdir()) == ["01_a.ipynb", "02_b.ipynb", "03_c.ipynb"]
    manifest = store.current("tiny", "2026-10")
    assert manifest["records"] == {"b": {"rows": 1}}
    assert manifest["tables"].keys() == {"stores", "products"}
    for name, path in store.published_tables("tiny", "2026-10").items():
        assert store.sha256(path) == manifest["tables"][name]["sha256"]
    assert not list(tiny.glob("data/runs/**/.work-*"))


def test_second_run_is_up_to_date_and_a_change_reruns_only_what_depends_on_it(tiny, capfd):
    three_pages(tiny)
    run_it(tiny)
    run_it(tiny)
    assert "up to date" in capfd.readouterr().err
    page(
        tiny / "notebooks",
        "02_b",
        reads=["stores"],
        writes=["products"],
        body="x = 2\n" + write_one("products", **PRODUCT),
    )
    run_it(tiny)
    stages = store.current("tiny", "2026-10")["stages"]
    assert stages["a"]["reused"]
    assert not stages["b"]["reused"]


def test_same_inputs_give_the_same_bytes(tiny):
    three_pages(tiny)
    run_it(tiny)
    before = store.current("tiny", "2026-10")
    run_it(tiny, force=True)
    after = store.current("tiny", "2026-10")
    assert after["run_id"] == before["run_id"]
    assert after["tables"] == before["tables"]
    assert not any(stage["reused"] for stage in after["stages"].values())


def test_a_failure_publishes_nothing_and_stops_what_depends_on_it(tiny):
    three_pages(tiny)
    run_it(tiny)
    before = (store.current("tiny", "2026-10"), (tiny / "reports/tiny/2026-10/latest").readlink())
    three_pages(tiny, second="raise ValueError('secret' + '@example.com')")
    with pytest.raises(RunError) as error:
        run_it(tiny)
    text = str(error.value)
    assert "02_b.ipynb, code cell 4" in text
    assert "ValueError" in text
    assert "make lab NOTEBOOK=" in text
    assert "c: not run" in text
    assert "secret@example.com" not in text  # a foreign error may quote customer data
    assert (tiny / "reports/tiny/2026-10/failed/02_b.ipynb").is_file()
    assert (store.current("tiny", "2026-10"), (tiny / "reports/tiny/2026-10/latest").readlink()) == before


def test_a_table_that_breaks_its_expectations_stops_the_stage(tiny):
    three_pages(tiny, first=write_one("stores", **{**STORE, "store_id": "null"}))
    with pytest.raises(RunError, match="may not write 'stores'"):
        run_it(tiny)
    assert store.current("tiny", "2026-10") is None


def test_undeclared_tables_are_refused_with_the_near_miss(tiny):
    three_pages(tiny, second="stage.read('store')")
    with pytest.raises(RunError, match=r"does not declare\. Did you mean 'stores'\?"):
        run_it(tiny)


def test_a_stage_that_forgets_a_table_fails(tiny):
    three_pages(tiny, first="pass")
    with pytest.raises(RunError, match="did not write them"):
        run_it(tiny)


def test_independent_stages_run_side_by_side(tiny):
    body = "import time\nstage.record(start=time.time())\ntime.sleep(1.5)\nstage.record(end=time.time())\n"
    page(tiny / "notebooks", "01_a", writes=["stores"], body=body + write_one("stores", **STORE))
    page(tiny / "notebooks", "02_b", writes=["products"], body=body + write_one("products", **PRODUCT))
    run_it(tiny)
    a, b = (store.current("tiny", "2026-10")["records"][name] for name in "ab")
    assert max(a["start"], b["start"]) < min(a["end"], b["end"])


RUN_SCRIPT = """
import sys
from pathlib import Path
from customerbase import pipeline
plan = pipeline.make_plan("tiny", "2026-10", notebooks=Path(sys.argv[1]))
pipeline.run(plan, data_docs=False)
"""


def start(home):
    environment = os.environ | {"CUSTOMERBASE_HOME": str(home)}
    return subprocess.Popen(
        [sys.executable, "-c", RUN_SCRIPT, str(home / "notebooks")],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_killed_in_the_middle_the_published_month_stands_and_the_next_start_resumes(tiny):
    three_pages(tiny)
    run_it(tiny)
    before = store.current("tiny", "2026-10")
    three_pages(
        tiny, first="x = 1\n" + write_one("stores", **{**STORE, "name": "'支店'"}), second="import time\ntime.sleep(60)"
    )
    process = start(tiny)
    wait_for(lambda: list(tiny.glob("data/runs/tiny/2026-10/stages/.work-02_b*/context.json")))
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert store.current("tiny", "2026-10") == before
    three_pages(tiny, first="x = 1\n" + write_one("stores", **{**STORE, "name": "'支店'"}))
    run_it(tiny)
    stages = store.current("tiny", "2026-10")["stages"]
    assert stages["a"]["reused"]  # finished before the kill: not done again
    assert not stages["b"]["reused"]
    assert not list(tiny.glob("data/runs/tiny/2026-10/stages/.work-*"))


def test_killed_at_any_step_of_publication_readers_see_one_whole_run(tiny, monkeypatch):
    three_pages(tiny)
    run_it(tiny)
    before = store.current("tiny", "2026-10")
    three_pages(tiny, first="x = 3\n" + write_one("stores", **{**STORE, "name": "'新店'"}))
    from customerbase.pipeline import publish

    real, calls = os.replace, []
    for stop in range(1, 30):
        calls.clear()

        def cut(source, target, stop=stop):
            calls.append(target)
            if len(calls) == stop:
                raise SystemExit("killed")
            return real(source, target)

        plan = plan_of(tiny)
        monkeypatch.setattr(publish.os, "replace", cut)
        try:
            pipeline.run(plan, data_docs=False)
            finished = True
        except SystemExit:
            finished = False
        finally:
            monkeypatch.setattr(publish.os, "replace", real)
        seen = store.current("tiny", "2026-10")
        paths = store.published_tables("tiny", "2026-10")
        assert all(store.sha256(paths[name]) == facts["sha256"] for name, facts in seen["tables"].items())
        if finished:
            break
    assert finished
    assert stop > 5
    assert store.current("tiny", "2026-10")["run_id"] != before["run_id"]


def test_a_second_run_says_who_holds_the_lock(tiny):
    three_pages(tiny, second="import time\ntime.sleep(20)")
    process = start(tiny)
    try:
        wait_for(lambda: list(tiny.glob("data/runs/tiny/2026-10/stages/.work-*")))
        with pytest.raises(RunError, match=f"process {process.pid} on .*, month 2026-10"):
            run_it(tiny)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    with lock.held(tiny / "data/runs/tiny/lock", "2026-10"):
        pass  # the system released it with the process


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"month": "2026-13"}, ConfigError, "'2026-13'; expected YYYY-MM"),
        ({"month": "2026-10", "language": "fr"}, ConfigError, "'fr'; expected ja or en"),
        ({"month": "2026-10", "overrides": ["a.monht=2026-09"]}, ContractError, "Did you mean 'month'"),
        ({"month": "2026-10", "overrides": ["a=3"]}, ContractError, "stage.parameter=value"),
        ({"month": "2026-10", "data": "/no/such/folder"}, InputError, "does not exist"),
    ],
)
def test_faults_are_named_before_any_kernel_starts(tiny, options, error, words):
    three_pages(tiny)
    options = dict(options)
    with pytest.raises(error, match=words):
        pipeline.make_plan("tiny", options.pop("month"), notebooks=tiny / "notebooks", **options)
    assert not (tiny / "data").exists()


def test_an_unfinished_month_is_refused(tiny):
    from datetime import date

    three_pages(tiny)
    with pytest.raises(ConfigError, match="has not ended yet"):
        pipeline.make_plan("tiny", "2026-11", notebooks=tiny / "notebooks", latest_month=date(2026, 10, 1))


def test_unknown_pipeline_names_the_near_miss(home):
    with pytest.raises(ConfigError, match="Did you mean 'sample'"):
        pipeline.make_plan("sampel", "2026-10")


def test_a_page_opened_by_hand_reads_what_is_published_and_writes_to_scratch(tiny):
    from customerbase.stage import Stage

    with pytest.raises(TableError, match="nothing is published"):
        Stage("b", pipeline="tiny", month="2026-10", reads=["stores"], writes=["products"])
    three_pages(tiny)
    run_it(tiny)
    before = store.current("tiny", "2026-10")
    stage = Stage("b", pipeline="tiny", month="2026-10", reads=["stores"], writes=["products"])
    assert stage.read("stores").df()["store_id"].tolist() == ["S1"]
    exec(write_one("products", **PRODUCT), {"stage": stage})
    assert (store.scratch_folder("tiny", "2026-10") / "products.parquet").is_file()
    assert store.current("tiny", "2026-10") == before
    assert "One row per" in stage._repr_html_()


def test_a_page_that_prints_its_run_is_never_taken_over_by_another(tiny):
    three_pages(tiny)
    page(
        tiny / "notebooks", "03_c", reads=["products"], writes=[], body="stage.publish('report.ja.html', stage.run_id)"
    )
    run_it(tiny)
    three_pages(tiny, first="x = 1\n" + write_one("stores", **STORE))  # the same tables from another page
    page(
        tiny / "notebooks", "03_c", reads=["products"], writes=[], body="stage.publish('report.ja.html', stage.run_id)"
    )
    folder = run_it(tiny)
    stages = store.current("tiny", "2026-10")["stages"]
    assert stages["b"]["reused"]
    assert not stages["c"]["reused"]
    assert (folder / "report.ja.html").read_text() == store.current("tiny", "2026-10")["run_id"]
