"""A year of months with random kills ends with the very tables of an undisturbed year; bench/soak.py takes two."""

import os
import random
import signal
import subprocess
import sys

import psutil
import pytest
import run_base
from run_base import PRODUCT, page, write_one
from test_previous_month import history_page

from customerbase import pipeline
from customerbase.periods import month_range, month_text, parse_month
from customerbase.tables import store

tiny = run_base.tiny
MONTHS = [month_text(day) for day in month_range(parse_month("2025-11"), parse_month("2026-10"))]
RUNNER = """
import sys
from pathlib import Path
from customerbase import pipeline
for month in sys.argv[2:]:
    pipeline.run(pipeline.make_plan("tiny", month, notebooks=Path(sys.argv[1])), data_docs=False)
"""


def pages(home) -> None:
    """A history that grows by a row a month, a page that reads it, and a report."""
    history_page(home)
    counted = "n = len(stage.read('stores').df())\nstage.record(stores=n)\n"
    product = write_one("products", **PRODUCT | {"price": "{n}"}).replace("'''select", "f'''select", 1)
    page(home / "notebooks", "02_b", reads=["stores"], writes=["products"], body=counted + product)
    page(home / "notebooks", "03_c", reads=["products"], body="stage.publish('report.ja.html', '<p>報告</p>')")


def tables() -> dict[str, dict]:
    return {month: store.current("tiny", month)["tables"] for month in MONTHS if store.current("tiny", month)}


@pytest.mark.slow
def test_a_year_with_random_kills(tiny, tmp_path_factory, monkeypatch):
    pages(tiny)
    for month in MONTHS:
        pipeline.run(pipeline.make_plan("tiny", month, notebooks=tiny / "notebooks"), data_docs=False)
    undisturbed = tables()
    assert [facts["stores"]["rows"] for facts in undisturbed.values()] == list(range(1, 13))

    wild = tmp_path_factory.mktemp("wild")
    monkeypatch.setenv("CUSTOMERBASE_HOME", str(wild))
    run_base.tiny.__wrapped__(wild)
    pages(wild)
    dice, kills = random.Random(3), {"runner": 0, "kernel": 0}
    for _ in range(400):
        words = [sys.executable, "-c", RUNNER, str(wild / "notebooks"), *MONTHS]
        runner = subprocess.Popen(words, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            code = runner.wait(dice.uniform(8, 30))
        except subprocess.TimeoutExpired:
            below = psutil.Process(runner.pid).children(recursive=True)
            what = "kernel" if below and dice.random() < 0.4 else "runner"
            kills[what] += 1
            if what == "kernel":
                dice.choice(below).send_signal(signal.SIGKILL)
            else:
                os.killpg(runner.pid, signal.SIGKILL)
            code = runner.wait(600) if what == "runner" else code_of(runner)
        assert all(store.damaged("tiny", month) == [] for month in store.published_months("tiny"))
        if code == 0 and len(tables()) == len(MONTHS):
            break
    assert tables() == undisturbed
    assert min(kills.values()) > 0, kills


def code_of(runner: subprocess.Popen) -> int:
    """How a runner ends that lost a kernel: it goes on for a while, then is killed as well."""
    try:
        return runner.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(runner.pid, signal.SIGKILL)
        return runner.wait()
