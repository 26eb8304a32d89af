"""Several months unattended: rows of months, catching up, what stands and what is restated, what the shell is told."""

import functools
import json
import subprocess
import sys
from datetime import date

import pytest
import run_base
import yaml
from run_base import STORE, page, put_raw, raw_page, settings, three_pages, write_one
from test_previous_month import history_page

import customerbase.__main__ as door
from customerbase import commands, pipeline
from customerbase.pipeline import backfill, journal, lock
from customerbase.tables import store

NEWEST = date(2026, 10, 1)
in_process = run_base.in_process


@pytest.fixture
def tiny(home, monkeypatch):
    """A home with a pipeline, whose notebooks the command line finds, on a day in November 2026."""
    made = run_base.tiny.__wrapped__(home)
    monkeypatch.setattr(pipeline, "make_plan", functools.partial(pipeline.make_plan, notebooks=home / "notebooks"))
    monkeypatch.setattr(commands, "newest_month", lambda: NEWEST)
    return made


def command(*words) -> int:
    return door.main(list(words))


def run(*words) -> int:
    return command("run", "tiny", "--no-data-docs", *words)


def months() -> list[str]:
    return store.published_months("tiny")


def test_a_row_of_months_is_made_in_order_each_looking_back_at_the_one_before(tiny, capsys):
    history_page(tiny)
    assert run("--from", "2026-06", "--to", "2026-08") == 0
    assert months() == ["2026-06", "2026-07", "2026-08"]
    assert [store.current("tiny", month)["records"]["history"]["before"] for month in months()] == [
        "none",
        "2026-06",
        "2026-07",
    ]
    assert run("--from", "2026-06") == 0  # to the newest whole month; what is published stays
    assert months() == ["2026-06", "2026-07", "2026-08", "2026-09", "2026-10"]
    assert "published, and stay as they are: 2026-06, 2026-07, 2026-08" in capsys.readouterr().err


def test_catching_up_makes_what_was_missed_and_says_what_was_made_without_it(tiny, in_process, capsys):
    history_page(tiny)
    assert run("--month", "2026-06") == 0
    assert run("--month", "2026-08") == 0
    assert command("status", "tiny") == 1
    assert "2026-07  missing" in capsys.readouterr().out
    assert run("--catch-up") == 0
    assert months() == ["2026-06", "2026-07", "2026-08", "2026-09", "2026-10"]
    assert "made without 2026-07, and stay as they are: 2026-08" in capsys.readouterr().err
    assert run("--catch-up") == 0
    assert "no month is missing" in capsys.readouterr().err
    assert command("status", "tiny", "--check") == 0


def test_catching_up_from_nothing_asks_where_to_begin(tiny, in_process, capsys):
    history_page(tiny)
    assert run("--catch-up") == 2
    assert "say where to begin: --from YYYY-MM" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "2026-09", "--to", "2026-07"), "--from 2026-09 is later than --to 2026-07"),
        (
            ("--from", "2026-09", "--to", "2026-11"),
            "month 2026-11 has not ended yet; the newest whole month is 2026-10",
        ),
        (("--from", "2026-9x"), "expected YYYY-MM"),
        (("--month", "2026-09", "--catch-up"), "one of the three"),
        (("--to", "2026-09"), "one of the three"),
        (("--until", "a"), "--until needs --month"),
        (("--month", "2026-10", "--until", "hisotry"), "Did you mean 'history'"),
    ],
)
def test_a_request_that_cannot_be_is_2(tiny, in_process, capsys, words, said):
    history_page(tiny)
    assert run(*words) == 2
    assert said in capsys.readouterr().err
    assert months() == []


def test_a_month_that_fails_ends_the_row(tiny, in_process):
    history_page(tiny, body="assert month != '2026-07'\n" + run_base.write_one("stores", **STORE))
    assert run("--from", "2026-06", "--to", "2026-08") == 1
    assert months() == ["2026-06"]


def test_raw_files_that_change_do_not_rewrite_what_was_published(tiny, in_process, capsys):
    three_pages(tiny)
    put_raw(tiny, "stores_1.csv", "S1")
    assert run("--month", "2026-10") == 0
    before = store.current("tiny", "2026-10")
    put_raw(tiny, "stores_1.csv", "S1", "S2")
    put_raw(tiny, "stores_2.csv", "S3")
    assert run("--month", "2026-10") == 0
    said = capsys.readouterr().err
    assert "2026-10: stands as published" in said and "raw files changed since: 1 new, 1 changed" in said
    assert store.current("tiny", "2026-10") == before
    assert run("--month", "2026-10", "--dry-run") == 0
    assert "--restate would make it anew" in capsys.readouterr().out
    assert run("--month", "2026-10", "--restate") == 0
    after = store.current("tiny", "2026-10")
    assert (after["restates"], after["inputs"].keys()) == (before["run_id"], {"stores_1.csv", "stores_2.csv"})
    folders = [store.month_folder("tiny", "2026-10"), store.report_folder("tiny", "2026-10")]
    for name in (before["run_id"], after["run_id"]):  # both versions are kept
        assert all((folder / name / "manifest.json").is_file() for folder in folders)
    assert [line["event"] for line in journal.read(journal.path("tiny"))].count("stands") == 1


def test_a_change_that_somebody_made_on_purpose_is_taken_at_once(tiny, in_process):
    three_pages(tiny)
    put_raw(tiny, "stores_1.csv", "S1")
    assert run("--month", "2026-10") == 0
    three_pages(tiny, second="x = 1")
    assert run("--month", "2026-10") == 0
    assert store.current("tiny", "2026-10")["stages"]["a"]["reused"]
    assert not store.current("tiny", "2026-10")["stages"]["b"]["reused"]


def test_a_dry_run_says_what_and_why_and_does_nothing(tiny, in_process, capsys):
    three_pages(tiny)
    assert run("--from", "2026-09", "--to", "2026-10", "--dry-run") == 0
    said = capsys.readouterr().out
    assert "tiny 2026-09: run " in said and "because the month is not published" in said
    assert [line.split()[:2] for line in said.splitlines() if line.startswith("  a ")] == [["a", "executed"]] * 2
    assert not (tiny / "data").exists()
    assert run("--month", "2026-10") == 0
    three_pages(tiny, second="x = 1")
    capsys.readouterr()
    assert run("--month", "2026-10", "--dry-run") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "  because a notebook or a source file changed" in lines
    states = {line.split()[0]: line.split(None, 1)[1] for line in lines[2:]}
    assert states["a"] == "reused" or states["a"].startswith("reused, took")
    assert states["b"].startswith("executed, took") and states["c"].startswith("executed, took")
    assert run("--month", "2026-10") == 0
    assert run("--month", "2026-10", "--dry-run") == 0
    assert "up to date: nothing to do" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"settings": {"k_min": 12}}, "settings of the pipeline changed"),
        ({"goals": {"repeat_rate": 0.3}}, "goals of the pipeline changed"),
        ({"parameters": {"a": {"month": "2026-09"}}}, "parameters of stages changed"),
    ],
)
def test_a_dry_run_names_the_cause(tiny, in_process, capsys, change, because):
    three_pages(tiny)
    assert run("--month", "2026-10") == 0
    path = tiny / "pipelines" / "tiny.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | change, allow_unicode=True))
    capsys.readouterr()
    assert run("--month", "2026-10", "--dry-run") == 0
    assert f"  because {because}" in capsys.readouterr().out


def test_one_stage_is_done_and_kept_for_the_run_that_publishes(tiny, in_process, capsys):
    three_pages(tiny)
    for stage in ("a", "b"):
        assert run("--month", "2026-10", "--until", stage) == 0
    assert months() == []
    assert run("--month", "2026-10") == 0
    stages = store.current("tiny", "2026-10")["stages"]
    assert {name: one["reused"] for name, one in stages.items()} == {"a": True, "b": True, "c": False}


def test_the_next_months_first_stages_are_done_in_the_gaps(tiny):
    page(tiny / "notebooks", "01_a", writes=["stores"], body=write_one("stores", **STORE))
    page(tiny / "notebooks", "02_b", reads=["stores"], body="import time\ntime.sleep(3)")
    assert run("--from", "2026-09", "--to", "2026-10") == 0
    first = [line for line in journal.read(journal.path("tiny")) if line["event"] == "stage_done"]
    assert sorted(line["stage"] for line in first if line["month"] == "2026-09") == ["a", "b", "next month's a"]
    assert store.current("tiny", "2026-10")["stages"]["a"]["reused"]


def test_another_run_under_way_is_3_and_status_names_it(tiny, in_process, capsys):
    three_pages(tiny)
    assert run("--month", "2026-09") == 0
    with lock.held(tiny / "data/runs/tiny/lock", "2026-10"):
        assert run("--month", "2026-10") == 3
        assert "another run holds" in capsys.readouterr().err
        command("status", "tiny")
        assert "running: process" in capsys.readouterr().out
    command("status", "tiny")
    assert "running" not in capsys.readouterr().out


def test_who_is_told_of_what_and_a_hook_that_fails_is_4(tiny, in_process, capsys):
    told = tiny / "told"
    script = tiny / "tell"
    script.write_text(f"#!/bin/sh\ncat >> {told}\necho >> {told}\n")
    script.chmod(0o755)
    settings(
        tiny,
        run={
            "link": "https://r.example/reports/",
            "notify": [{"command": [str(script)], "on": ["published", "failed", "stands"]}],
        },
    )
    three_pages(tiny, second="stage.record(headline='売上は増えました。')")
    put_raw(tiny, "stores_1.csv", "S1")
    assert run("--month", "2026-10") == 0
    put_raw(tiny, "stores_1.csv", "S2")
    assert run("--month", "2026-10") == 0
    three_pages(tiny, second="raise ValueError('氏名')")
    assert run("--month", "2026-10", "--restate") == 1
    published, stands, failed = map(json.loads, told.read_text().splitlines())
    assert published["status"] == "published" and published["headline"] == "売上は増えました。"
    assert published["link"] == "https://r.example/reports/tiny/2026-10/latest/report.ja.html"
    assert stands["status"] == "stands" and stands["headline"] == ""
    assert failed["status"] == "failed" and "02_b.ipynb" in failed["cause"] and failed["headline"] == ""
    settings(tiny, run={"notify": [{"command": ["false"]}]})
    three_pages(tiny)
    assert run("--month", "2026-10", "--restate") == 4
    assert store.current("tiny", "2026-10")["restates"]
    assert "run.notify[0] (command) was not told: CalledProcessError 1" in capsys.readouterr().err


def test_who_is_told_of_a_month_made_anew_learns_what_changed(tiny, in_process):
    """Revenue of 1,000 becomes 1,500 when the second file is there: the letter says both."""
    told, script = tiny / "told", tiny / "tell"
    script.write_text(f"#!/bin/sh\ncat >> {told}\necho >> {told}\n")
    script.chmod(0o755)
    settings(tiny, run={"notify": [{"command": [str(script)]}]})
    raw_page(tiny)
    sold = "select 'revenue' as kpi, date '2026-10-01' as month, 500.0 + 500 * count(*) as value, 40 as n"
    sold = f"""stage.write("kpi", stage.db.query("{sold}, 400.0 as low, 9000.0 as high from products"))"""
    page(tiny / "notebooks", "02_kpi", reads=["products"], writes=["kpi"], body=sold)
    put_raw(tiny, "stores_1.csv", "S1")
    assert run("--month", "2026-10") == 0
    put_raw(tiny, "stores_2.csv", "S2")
    assert run("--month", "2026-10", "--restate") == 0
    first, anew = map(json.loads, told.read_text().splitlines())
    assert first["restated"] == []
    assert "1,000" in anew["restated"][1] and "1,500" in anew["restated"][1] and "+50.0" in anew["restated"][1]
    assert all(sentence in anew["text"] for sentence in anew["restated"])
    assert anew["restated"][1] in (tiny / "reports" / "index.html").read_text(encoding="utf-8")


def test_an_earlier_version_that_cannot_be_read_fails_no_month_made_anew(tiny, in_process):
    three_pages(tiny)
    put_raw(tiny, "stores_1.csv", "S1")
    assert run("--month", "2026-10") == 0
    (store.published_run("tiny", "2026-10") / "manifest.json").write_text("nonsense")
    put_raw(tiny, "stores_2.csv", "S2")
    assert run("--month", "2026-10", "--restate") == 0
    assert store.current("tiny", "2026-10")["restates"]


def test_settings_of_the_file_hold_for_the_run(tiny, capsys):
    settings(tiny, run={"stage_minutes": 0.05})
    three_pages(tiny, second="import time\ntime.sleep(60)")
    assert run("--month", "2026-10") == 1
    assert "its time limit" in capsys.readouterr().err
    settings(tiny, run={"stage_mintues": 3})
    assert run("--month", "2026-10") == 2
    assert "Did you mean 'stage_minutes'" in capsys.readouterr().err


def test_status_of_a_month_that_is_damaged(tiny, in_process, capsys):
    three_pages(tiny)
    assert run("--month", "2026-10") == 0
    assert command("status") == 0
    path = store.published_tables("tiny", "2026-10")["stores"]
    path.write_bytes(b"PAR1")
    assert command("status", "tiny") == 0  # only a look at the bytes tells
    assert command("status", "tiny", "--check") == 1
    assert "DAMAGED on disk: stores" in capsys.readouterr().out


def test_months_of_a_row():
    assert backfill.row("2025-11", "2026-02", NEWEST) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert backfill.before("2026-01") == "2025-12"


def test_stopped_from_the_keyboard_is_130(tiny, in_process, monkeypatch, capsys):
    three_pages(tiny)

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "run", stopped)
    assert run("--month", "2026-10") == 130
    assert "the published month is untouched" in capsys.readouterr().err


def test_the_command_line_starts_without_pandas():
    assert (
        "pandas"
        not in subprocess.run(
            [sys.executable, "-c", "import customerbase.__main__, sys; print(*sys.modules)"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
    )
