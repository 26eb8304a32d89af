"""What may be removed: never what is published, what the ledger names, what a kept month was built on, or what can resume."""

import shutil
from types import SimpleNamespace

import pytest
import run_base
from run_base import STORE, three_pages, verified, write_one
from test_previous_month import history_page, plan_of

import customerbase.__main__ as door
from customerbase import pipeline
from customerbase.errors import BusyError, RunError
from customerbase.pipeline import lock, retention
from customerbase.tables import store

tiny, in_process = run_base.tiny, run_base.in_process
pytestmark = pytest.mark.usefixtures("in_process")
MONTH = "2026-10"


def versions(month: str = MONTH) -> list[str]:
    return sorted(path.parent.name for path in store.month_folder("tiny", month).glob("*/manifest.json"))


def make(home, number: int) -> str:
    three_pages(home, first=f"x = {number}\n" + write_one("stores", **{**STORE, "name": f"'店{number}'"}))
    run_base.run_it(home)
    return store.pointed("tiny", MONTH)


def test_old_versions_go_and_the_newest_stay(tiny):
    made = [make(tiny, number) for number in range(4)]
    stages = len(list(tiny.glob("data/runs/tiny/*/stages/*")))
    would = [one.path for one in retention.removable("tiny", keep=2)]
    assert sorted(versions()) == sorted(made)  # asking removes nothing
    gone = retention.prune("tiny", keep=2)
    assert [one.path for one in gone] == would
    assert sorted(versions()) == sorted(made[2:])
    assert sorted(path.name for path in store.report_folder("tiny", MONTH).iterdir()) == sorted([*made[2:], "latest"])
    assert len(list(tiny.glob("data/runs/tiny/*/stages/*"))) < stages
    assert store.damaged("tiny", MONTH) == []
    assert verified(tiny)[0]
    assert retention.prune("tiny", keep=2) == []
    retention.prune("tiny", keep=1)
    assert versions() == [made[-1]]


def test_a_removal_that_was_killed_is_ended_by_the_next(tiny, monkeypatch):
    made = [make(tiny, number) for number in range(3)]
    real, done = shutil.rmtree, []

    def until_killed(path):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(path)
        real(path)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(retention, "shutil", SimpleNamespace(rmtree=until_killed))
        retention.prune("tiny", keep=1)
    assert list(tiny.rglob(".gone-*"))
    assert sorted(versions()) != sorted(made) and made[-1] in versions()
    retention.prune("tiny", keep=1)
    assert not list(tiny.rglob(".gone-*"))
    assert versions() == [made[-1]]
    assert retention.prune("tiny", keep=1) == []


def test_the_published_version_stays_whatever_the_clock_says(tiny, monkeypatch):
    from customerbase.pipeline import publish

    made = []
    for number, year in enumerate((2030, 2029, 2020)):
        clock = SimpleNamespace(strftime=lambda _, year=year: f"{year}-01-01T00:00:00+0900")
        monkeypatch.setattr(publish, "time", clock)
        made.append(make(tiny, number))
    retention.prune("tiny", keep=1)
    assert versions() == [made[-1]]


def test_what_a_kept_month_was_built_on_stays(tiny):
    history_page(tiny)

    def run(month, **overrides):
        pipeline.run(plan_of(tiny, month, **overrides), data_docs=False)
        return store.pointed("tiny", month)

    first = run("2026-07")
    august = run("2026-08")
    second = run("2026-07", overrides=["history.name=支店"])  # August was built on the first
    run("2026-07", overrides=["history.name=三号店"])
    retention.prune("tiny", keep=1)
    assert first in versions("2026-07") and second not in versions("2026-07")
    assert store.pointed("tiny", "2026-08") == august


def test_a_run_that_the_ledger_names_stays(tiny, monkeypatch):
    first, *_ = made = [make(tiny, number) for number in range(3)]
    monkeypatch.setattr(retention, "read_ledger", lambda _: ("", {first: MONTH}))
    retention.prune("tiny", keep=1)
    assert versions() == sorted([first, made[-1]])


def test_a_month_that_is_not_published_keeps_what_it_has(tiny):
    three_pages(tiny, second="raise ValueError")
    with pytest.raises(RunError):
        run_base.run_it(tiny)
    assert retention.prune("tiny", keep=1) == []
    three_pages(tiny)
    run_base.run_it(tiny)
    assert store.current("tiny", MONTH)["stages"]["a"]["reused"]


def test_nothing_goes_while_a_run_is_under_way(tiny):
    make(tiny, 1)
    make(tiny, 2)
    with lock.held(tiny / "data/runs/tiny/lock", MONTH), pytest.raises(BusyError):
        retention.prune("tiny", keep=1)
    assert len(versions()) == 2


def test_bytes_are_counted_only_where_they_come_free(tiny):
    make(tiny, 1)
    make(tiny, 2)
    before = sum(path.stat().st_size / path.stat().st_nlink for path in tiny.rglob("*") if path.is_file())
    gone = retention.prune("tiny", keep=1)
    after = sum(path.stat().st_size / path.stat().st_nlink for path in tiny.rglob("*") if path.is_file())
    assert 0 < sum(one.size for one in gone) <= before - after + 1
    assert shutil.disk_usage(tiny)


def test_archived_inputs_go_with_the_months_that_may_give_them_up(tiny, capsys):
    run_base.raw_page(tiny)
    run_base.settings(tiny, archive={"months": 1})
    for month, line in (("2026-08", "S8"), ("2026-09", "S9")):
        run_base.put_raw(tiny, "stores.csv", line)
        pipeline.run(pipeline.make_plan("tiny", month, notebooks=tiny / "notebooks"), data_docs=False)
    there = len(run_base.archived(tiny))
    assert door.main(["prune", "tiny", "--dry-run"]) == 0
    assert "archive: inputs of 1 old months, 1 files" in capsys.readouterr().out
    assert len(run_base.archived(tiny)) == there
    assert door.main(["prune", "tiny"]) == 0
    assert len(run_base.archived(tiny)) == there - 1
    assert verified(tiny, "2026-09")[0]
