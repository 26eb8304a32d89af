"""What goes wrong while nobody looks: for each fault nothing published is lost, and the next run recovers."""

import errno
import json
import os
import subprocess
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import run_base
import test_run
from run_base import PRODUCT, STORE, page, plan_of, run_it, three_pages, write_one
from test_previous_month import history_page, names

from customerbase import pipeline
from customerbase.errors import RunError, TableError
from customerbase.pipeline import execution, guard, journal, publish
from customerbase.pipeline.guard import Limits
from customerbase.pipeline.outcome import Outcome
from customerbase.tables import store

tiny, in_process = run_base.tiny, run_base.in_process
MONTH = "2026-10"
ONCE = """import os, pathlib, signal
mark = pathlib.Path(os.environ["CUSTOMERBASE_HOME"], "attempts")
mark.write_text(mark.read_text() + "x" if mark.exists() else "x")
"""


def events(pipeline_name: str = "tiny") -> list[str]:
    return [line["event"] for line in journal.read(journal.path(pipeline_name))]


def seen() -> tuple:
    """What a reader finds: the pointer's run, its tables whole, its report."""
    about = store.current("tiny", MONTH)
    assert store.damaged("tiny", MONTH) == []
    return about["run_id"], (store.report_folder("tiny", MONTH) / "latest" / "report.ja.html").read_text()


def recovers(home) -> None:
    """The next run publishes, and leaves nothing unfinished behind."""
    run_it(home)
    assert seen()[0] == plan_of(home).run_id
    assert not list(home.glob("data/runs/**/.work-*"))


def test_a_kernel_that_dies_is_tried_once_more(tiny, capfd):
    three_pages(tiny, second=ONCE + "if len(mark.read_text()) == 1: os.kill(os.getpid(), signal.SIGKILL)")
    run_it(tiny)
    assert (tiny / "attempts").read_text() == "xx"
    assert "once more: its kernel died" in capfd.readouterr().err
    assert seen()[0] == plan_of(tiny).run_id


def test_a_kernel_that_dies_again_fails_the_month_and_what_was_published_stands(tiny):
    three_pages(tiny)
    run_it(tiny)
    before = seen()
    three_pages(tiny, second=ONCE + "os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(RunError, match=r"02_b\.ipynb: its kernel died after"):
        run_it(tiny)
    assert (tiny / "attempts").read_text() == "xx"
    assert seen() == before
    three_pages(tiny, second="x = 5")
    recovers(tiny)


def test_a_page_that_fails_is_not_tried_again(tiny):
    three_pages(tiny, second=ONCE + "raise ValueError('no')")
    with pytest.raises(RunError, match="ValueError"):
        run_it(tiny)
    assert (tiny / "attempts").read_text() == "x"


@pytest.mark.parametrize(
    ("body", "limits", "words"),
    [
        (
            "x = bytearray(700 * 2**20)\nimport time\ntime.sleep(60)",
            Limits(mib=600),
            r"MiB of memory, above its ceiling",
        ),
        ("import time\ntime.sleep(60)", Limits(seconds=4), r"stopped after \d s, its time limit"),
    ],
)
def test_a_stage_beyond_its_limits_is_stopped_once(tiny, capfd, body, limits, words):
    three_pages(tiny)
    run_it(tiny)
    before = seen()
    three_pages(tiny, second=body)
    with pytest.raises(RunError, match=words):
        run_it(tiny, limits=limits)
    assert "once more" not in capfd.readouterr().err
    assert seen() == before
    three_pages(tiny, second="x = 6")
    recovers(tiny)


def test_what_a_kernel_started_is_counted_and_stopped_with_it():
    shell = subprocess.Popen(["/bin/sh", "-c", "sleep 60 & wait"])
    try:
        test_run.wait_for(lambda: len(guard._family(shell.pid)) == 2)
        assert guard.memory(shell.pid) > 0
        child = guard._family(shell.pid)[1]
        guard.kill(shell.pid)
        child.wait(10)
    finally:
        shell.wait(10)
    assert guard.memory(shell.pid) == 0


def test_a_disk_that_is_full_at_any_step_of_publication(tiny, monkeypatch):
    three_pages(tiny)
    run_it(tiny)
    before = seen()
    three_pages(tiny, first="x = 7\n" + write_one("stores", **{**STORE, "name": "'支店'"}))
    real, calls = store.sync, []
    for stop in range(1, 60):
        calls.clear()

        def full(path, stop=stop):
            calls.append(path)
            if len(calls) == stop:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            return real(path)

        monkeypatch.setattr(store, "sync", full)
        try:
            run_it(tiny)
            break
        except RunError as error:
            assert "No space left on device" in str(error)
            assert seen() == before or publish.store.current("tiny", MONTH)["run_id"] == plan_of(tiny).run_id
        finally:
            monkeypatch.setattr(store, "sync", real)
    assert stop > 5
    recovers(tiny)


@contextmanager
def file_system(folder, megabytes):
    """A file system of its own at `folder`; only where this user may mount one."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("full and read-only disks are played on a small tmpfs, which this user may not mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def small_disk(tiny):
    """The home's data/ on 3 MB."""
    with file_system(tiny / "data", 3):
        yield tiny


def test_a_disk_that_really_is_full(small_disk):
    three_pages(small_disk)
    run_it(small_disk)
    before = seen()
    filler = small_disk / "data" / "filler"
    three_pages(small_disk, second="x = 8")
    free = os.statvfs(small_disk / "data")
    filler.write_bytes(b"x" * (free.f_bavail * free.f_frsize - 24_576))
    with pytest.raises(RunError):
        run_it(small_disk)
    assert seen() == before
    filler.unlink()
    recovers(small_disk)


def test_a_target_that_cannot_be_written_is_one_clear_error(tiny):
    three_pages(tiny)
    (tiny / "reports").write_text("a file where the folder of reports should be")
    with pytest.raises(RunError, match=r"(Not a directory|File exists): .*reports"):
        run_it(tiny)
    assert store.current("tiny", MONTH) is None
    (tiny / "reports").unlink()
    recovers(tiny)


@pytest.mark.parametrize("target", ["data", "reports"])
def test_a_target_that_really_is_read_only(tiny, target):
    """As a disk becomes on which the kernel found a fault, or a share that was mounted anew."""
    with file_system(tiny / target, 30) as folder:
        three_pages(tiny)
        run_it(tiny)
        before = seen()
        three_pages(tiny, second="x = 8")
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        with pytest.raises(RunError, match=f"Read-only file system: .*{target}"):
            run_it(tiny)
        assert seen() == before
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
        recovers(tiny)


def test_a_clock_that_goes_back_changes_nothing_that_counts(tiny, monkeypatch):
    three_pages(tiny)
    monkeypatch.setattr(publish, "time", SimpleNamespace(strftime=lambda _: "2030-01-01T00:00:00+0900"))
    run_it(tiny)
    tables = store.current("tiny", MONTH)["tables"]
    monkeypatch.setattr(publish, "time", SimpleNamespace(strftime=lambda _: "2020-01-01T00:00:00+0900"))
    three_pages(tiny, second="x = 9")
    run_it(tiny)
    about = store.current("tiny", MONTH)
    assert (about["run_id"], about["tables"]) == (plan_of(tiny).run_id, tables)  # published last, not dated last
    (tiny / "data/runs/tiny" / MONTH / "current.json").unlink()
    plan_of(tiny)
    assert store.current("tiny", MONTH) == about  # nor does a pointer set again go by the clock


def test_a_damaged_table_of_a_reused_stage_is_made_again(tiny, capfd):
    three_pages(tiny)
    run_it(tiny)
    tables = store.current("tiny", MONTH)["tables"]
    path = next(tiny.glob("data/runs/tiny/2026-10/stages/01_a-*/stores.parquet"))
    path.write_bytes(path.read_bytes()[:-3] + b"XYZ")  # the same file under its published name
    assert store.damaged("tiny", MONTH) == ["stores"]
    run_it(tiny)  # "up to date" would be a lie
    told = capfd.readouterr().err
    assert "published tables are damaged on disk (stores)" in told
    assert "table 'stores' on disk is not the one that was written" in told
    assert seen()[0] == plan_of(tiny).run_id
    assert store.current("tiny", MONTH)["tables"] == tables
    assert store.current("tiny", MONTH)["stages"]["b"]["reused"]  # its own tables were whole


@pytest.mark.parametrize("loss", ["gone", "empty", "cut", "astray"])
def test_a_pointer_that_is_lost_is_set_again_and_the_history_goes_on(tiny, loss, capfd):
    history_page(tiny)
    for month in ("2026-07", "2026-08"):
        pipeline.run(pipeline.make_plan("tiny", month, notebooks=tiny / "notebooks"), data_docs=False)
    pointer = tiny / "data/runs/tiny/2026-08/current.json"
    before = pointer.read_text()
    lost = {"empty": "", "cut": before[:9], "astray": json.dumps({"run_id": "x", "folder": "x"})}
    pointer.unlink() if loss == "gone" else pointer.write_text(lost[loss])
    pipeline.run(pipeline.make_plan("tiny", "2026-09", notebooks=tiny / "notebooks"), data_docs=False)
    assert "2026-08: the pointer to the published run was lost" in capfd.readouterr().err
    assert pointer.read_text() == before
    assert [month for month, _ in names("2026-09")] == ["2026-07", "2026-08", "2026-09"]


def test_a_month_that_was_never_published_gets_no_pointer(tiny):
    three_pages(tiny, second="raise ValueError")
    with pytest.raises(RunError):
        run_it(tiny)
    plan_of(tiny)
    assert store.current("tiny", MONTH) is None


def test_the_journal_tells_what_happened_and_nothing_of_a_customer(tiny):
    name = "氏名太郎"
    three_pages(tiny, first=write_one("stores", **{**STORE, "name": f"'{name}'"}), second=f"raise ValueError('{name}')")
    with pytest.raises(RunError):
        run_it(tiny)
    three_pages(tiny, first=write_one("stores", **{**STORE, "name": f"'{name}'"}))
    run_it(tiny)
    run_it(tiny)
    text = journal.path("tiny").read_text()
    told = [
        line for line in text.splitlines() if f"ValueError('{name}')" not in line
    ]  # the failing cell is shown, not data
    assert len(told) >= len(text.splitlines()) - 2
    assert not any(name in line for line in told)
    assert events()[0] == "run_started" and events()[-1] == "up_to_date"
    assert {"stage_started", "stage_done", "stage_failed", "run_failed", "stage_reused", "published"} <= set(events())
    line = next(one for one in journal.read(journal.path("tiny")) if one["event"] == "stage_done")
    assert line["pipeline"] == "tiny" and line["month"] == MONTH and line["peak_mib"] > 20


def test_a_journal_that_cannot_be_written_stops_nothing(tiny, capfd):
    three_pages(tiny)
    journal.path("tiny").mkdir(parents=True)
    run_it(tiny)
    assert capfd.readouterr().err.count("cannot be written: Is a directory") == 1


def test_pages_that_do_not_fit_together_into_memory_take_turns(tiny):
    body = "import time\nstage.record(start=time.time())\ntime.sleep(1.5)\nstage.record(end=time.time())\n"
    page(tiny / "notebooks", "01_a", writes=["stores"], body=body + write_one("stores", **STORE))
    page(tiny / "notebooks", "02_b", writes=["products"], body=body + write_one("products", **PRODUCT))
    run_it(tiny, memory_mib=1500)  # two of unknown size: 1,024 MiB each
    a, b = (store.current("tiny", MONTH)["records"][name] for name in "ab")
    assert min(a["end"], b["end"]) <= max(a["start"], b["start"])
    assert store.current("tiny", MONTH)["stages"]["a"]["peak_mib"] > 20
    run_it(tiny, memory_mib=1500, force=True)  # now it is known how small they are
    a, b = (store.current("tiny", MONTH)["records"][name] for name in "ab")
    assert max(a["start"], b["start"]) < min(a["end"], b["end"])


@pytest.mark.parametrize("broken", ["", "[1]", "nonsense"])
def test_a_record_that_cannot_be_read_is_one_clear_error_and_made_again(tiny, in_process, broken, capfd):
    three_pages(tiny)
    run_it(tiny)
    tables = store.current("tiny", MONTH)["tables"]
    (store.published_run("tiny", MONTH) / "manifest.json").write_text(broken)
    with pytest.raises(TableError, match=r"manifest\.json cannot be read .*Run that month again"):
        store.current("tiny", MONTH)
    run_it(tiny)
    assert "cannot be read" in capfd.readouterr().err
    assert store.current("tiny", MONTH)["tables"] == tables


def test_the_pages_of_great_expectations_wait_for_no_letter(tiny, in_process, monkeypatch):
    """They are made beside the page whose tables are only views, and hold all checks but those."""
    shown = {}

    def docs(plan, outcomes, how):
        shown.update(outcomes)
        (tiny / "docs are made").touch()
        return Outcome(tiny)

    monkeypatch.setattr(execution, "data_docs", docs)
    page(tiny / "notebooks", "01_a", writes=["stores"], body=write_one("stores", **STORE))
    part = {"as_of": "date '2026-10-31'", "page": "'home'", "language": "'ja'", "name": "'x'", "choice": "''"}
    part |= {"kind": "'html'", "position": "1", "content": "'<p>x</p>'"}
    wait = """
import os, pathlib, time
end = time.monotonic() + 60
while not pathlib.Path(os.environ["CUSTOMERBASE_HOME"], "docs are made").exists():
    assert time.monotonic() < end, "the letter waits for the docs, or they for it"
    time.sleep(0.02)
"""
    page(
        tiny / "notebooks",
        "03_c",
        reads=["stores"],
        writes=["dashboard_parts"],
        body=wait + write_one("dashboard_parts", **part),
    )
    pipeline.run(plan_of(tiny), jobs=2)
    assert "c" not in shown and shown.keys() == {"a"}
    assert store.current("tiny", MONTH)["tables"].keys() == {"stores", "dashboard_parts"}
