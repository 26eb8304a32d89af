"""Months in a row with random kills, beside the same months undisturbed: python -m bench.soak [--months 24] [--people 200].

Everything is killed at random moments: the runner with all its kernels, or one kernel alone. The next start goes on, until
every month is published; then every table of every month must have the bytes of the undisturbed row. Two homes are made
below --folder (a temporary one) and left there when something differs.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import yaml

from customerbase import sample
from customerbase.periods import add_months, month_text, parse_month
from customerbase.tables import store

LAST = "2026-10"  # of the sample company
KEY = "the key of the ids in a soak"  # the same in both homes


def command(home: Path, first: str, last: str) -> subprocess.Popen:
    """A runner of the months in a process group of its own."""
    words = [sys.executable, "-m", "customerbase", "run", "sample", "--no-data-docs", "--from", first, "--to", last]
    environment = os.environ | {"CUSTOMERBASE_HOME": str(home), "CUSTOMERBASE_ID_KEY": KEY}
    log = (home / "soak.log").open("ab")
    return subprocess.Popen(words, env=environment, stdout=log, stderr=log, start_new_session=True)


def kernels(runner: subprocess.Popen) -> list[psutil.Process]:
    """The processes below the runner, kernels among them."""
    try:
        return psutil.Process(runner.pid).children(recursive=True)
    except psutil.Error:
        return []


def disturbed(home: Path, months: list[str], seed: int, calm: float) -> dict[str, int]:
    """Run the months, killing at random after up to `calm` seconds; how often what was killed."""
    dice, kills = random.Random(seed), {"runner": 0, "kernel": 0}
    while True:
        runner = command(home, months[0], months[-1])
        while True:
            try:
                code = runner.wait(dice.uniform(0.5, calm))
            except subprocess.TimeoutExpired:
                if dice.random() < 0.5 and (below := kernels(runner)):
                    kills["kernel"] += 1
                    dice.choice(below).kill()
                    continue
                kills["runner"] += 1
                os.killpg(runner.pid, signal.SIGKILL)
                code = runner.wait()
            break
        published = hashes(home, months)
        print(f"  {len(published)} of {len(months)} months, killed {kills}, last ended with {code}", flush=True)
        if len(published) == len(months) and code == 0:
            return kills


def hashes(home: Path, months: list[str]) -> dict[str, dict[str, str]]:
    """Month -> table -> SHA-256, as published and as it lies on disk."""
    os.environ["CUSTOMERBASE_HOME"] = str(home)
    found = {}
    for month in months:
        if about := store.current("sample", month):
            assert store.damaged("sample", month) == [], f"{home}: {month} is damaged"
            found[month] = {table: facts["sha256"] for table, facts in about["tables"].items()}
    return found


def main() -> int:
    """Both rows of months, compared; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--stages", nargs="*", default=None, help="of the sample pipeline (all)")
    parser.add_argument("--calm", type=float, default=60.0, help="at most so many seconds between two kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="customerbase-soak-"))
    last = parse_month(LAST)
    months = [month_text(add_months(last, -back)) for back in reversed(range(options.months))]
    for name in ("calm", "wild"):
        home = folder / name
        shutil.rmtree(home, ignore_errors=True)
        sample.generate(
            options.people, seed=1, months=options.months + 6, last_month=LAST, out=home / "data" / "sample"
        )
        content = yaml.safe_load((store.ROOT / "pipelines" / "sample.yaml").read_text(encoding="utf-8"))
        if options.stages:
            content = {key: value for key, value in content.items() if key not in ("segments", "goals")}
            content["stages"] = options.stages
        store.replace(home / "pipelines" / "sample.yaml", yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    started = time.monotonic()
    assert command(folder / "calm", months[0], months[-1]).wait() == 0, f"see {folder}/calm/soak.log"
    calm = time.monotonic() - started
    kills = disturbed(folder / "wild", months, options.seed, options.calm)
    wild = time.monotonic() - started - calm
    one, other = hashes(folder / "calm", months), hashes(folder / "wild", months)
    differ = [
        f"{month}/{table}" for month in months for table in one[month] if one[month][table] != other[month].get(table)
    ]
    tables = sum(map(len, one.values()))
    print(f"{len(months)} months, {tables} tables, killed {kills}: {len(differ)} differ {differ[:5]}")
    print(f"undisturbed {calm:,.0f} s, disturbed {wild:,.0f} s")
    if not differ and not options.folder:
        shutil.rmtree(folder)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
