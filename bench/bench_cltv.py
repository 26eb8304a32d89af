"""Lifetime value at scale: this project against lifetimes and PyMC-Marketing, each in a fresh process.

python -m bench.bench_cltv [--customers N …] [--own N …] [--stage N …] [--rounds N] [--no-pymc]

Customers are simulated first (bench/buyers.py: CDNOW's parameters, 14 to 728 days old, days told apart); the CDNOW
sample itself takes part when it lies in ../shared/data or CUSTOMERBASE_TEST_DATA. Seconds and CPU seconds are those of
the parts alone, without the start of Python and imports; peak memory is of the whole process, imports included. Peers
that are not installed (make extras) are left out, and it is said. Answers are compared in the same run.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import buyers

PEERS = {"lifetimes": "lifetimes", "pymc": "pymc_marketing"}
PARTS = {
    "fit": "fit, standard errors",
    "purchases": "52 weeks' purchases",
    "alive": "P(alive)",
    "clv": "12 months' CLV",
}
TARGETS = {"fit": 8, "clv": 10}
TICKS = {"weeks": 7.0, "days": 1.0, "hours": 1 / 24}
ROOT = Path(__file__).resolve().parents[1]


def run(way: str, folder: Path, rounds: int = 1) -> dict:
    """The run with the median CPU seconds of its first part."""
    found = []
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, "-m", "bench.cltv_ways", way, str(folder)], capture_output=True, text=True, cwd=ROOT
        )
        if done.returncode:
            raise SystemExit(f"{way} on {folder.name} failed:\n{done.stderr[-2000:]}")
        found.append(json.loads(done.stdout.strip().splitlines()[-1]))
    found.sort(key=lambda one: next(iter(one["parts"].values()))["cpu"])
    return found[len(found) // 2]


def side_by_side(title: str, folder: Path, peers: list[str], rounds: int) -> None:
    """Fit and predictions of all ways, ratios, and how far the answers are apart."""
    results = {way: run(way, folder, rounds) for way in ["ours", *peers]}
    mine = results["ours"]
    print(f"\n{title}: {mine['distinct']:,} distinct histories")
    for way, result in results.items():
        for part, name in PARTS.items():
            spent, own = result["parts"][part], mine["parts"][part]
            line = f"  {way:<11}{name:<22}{spent['seconds']:>9.3f} s{spent['cpu']:>9.3f} CPU s"
            if way != "ours":
                line += f"   {spent['seconds'] / own['seconds']:>7.1f} x ours, CPU {spent['cpu'] / own['cpu']:>7.1f} x"
                line += f" (target >= {TARGETS[part]})" if part in TARGETS and way == "lifetimes" else ""
            print(line)
        print(f"  {way:<11}{'peak memory':<22}{result['parts']['clv']['peak_mb']:>9.0f} MB")
    for way in peers:
        apart = {name: results[way]["sums"][name] / mine["sums"][name] - 1 for name in mine["sums"]}
        params = results[way]["params"]
        worst = max(abs(params[name] / mine["params"][name] - 1) for name in mine["params"])
        said = ", ".join(f"{name} {one:+.1e}" for name, one in apart.items())
        fits = "same" if max(map(abs, apart.values())) < 1e-4 else "priors" if way == "pymc" else "NOT THE SAME"
        print(f"  {way} against ours, sums: {said}; parameters within {worst:.1e}: {fits}")


def stage(title: str, folder: Path) -> None:
    """The parts of cltv.value."""
    result = run("stage", folder)
    first = f"; the process's first call {result['first']:.2f} s" if result["first"] else ""
    print(f"\ncltv.value, {title}, {result['customers']:,} customers{first}")
    for name, spent in result["parts"].items():
        print(f"  {name:<44}{spent['seconds']:>9.3f} s{spent['cpu']:>9.3f} CPU s{spent['peak_mb']:>8.0f} MB")


def families(customers: int, base: Path, rounds: int) -> None:
    """All four families on the same customers, and how time grows with the number of distinct histories."""
    print(f"\nfit of all four families, {customers:,} customers")
    for name, tick in TICKS.items():
        folder = base / f"{customers}_{name}"
        if not folder.exists():
            buyers.make(folder, customers, tick)
        result = run("families", folder, rounds)
        parts = result["parts"]
        each = "  ".join(f"{part} {spent['seconds']:.2f}" for part, spent in parts.items())
        whole, cpu = (sum(one[key] for one in parts.values()) for key in ("seconds", "cpu"))
        print(f"  {name} told apart: {result['distinct']:>9,} distinct  {whole:>6.2f} s {cpu:>6.2f} CPU s   {each}")


def cdnow(base: Path) -> Path | None:
    """The CDNOW sample as a folder of columns and log; None where it is not here."""
    import numpy as np
    import pandas as pd

    data = (
        Path(os.environ.get("CUSTOMERBASE_TEST_DATA", ROOT.parent / "shared" / "data")) / "cdnow" / "cdnow_sample.csv"
    )
    if not data.is_file():
        print(f"the CDNOW sample is not here: put it into {data.parent} or set CUSTOMERBASE_TEST_DATA")
        return None
    from customerbase import cltv

    log = pd.read_csv(data, parse_dates=["date"])
    log = pd.DataFrame({"customer_id": log["sample_id"], "day": log["date"].dt.date, "amount": log["amount"]})
    folder = base / "cdnow"
    folder.mkdir()
    log.to_parquet(folder / "log.parquet")
    (folder / "as_of").write_text("1998-06-30")
    found = cltv.summary(log, customer="customer_id", date="day", amount="amount", as_of="1997-09-30")
    for name in buyers.COLUMNS:
        np.save(folder / f"{name}.npy", found[name].fillna(0).to_numpy(dtype=float))
    return folder


def made(base: Path, customers: int, *, log: bool = False) -> Path:
    """The folder of simulated customers, made when it is not there yet."""
    folder = base / (f"{customers}_log" if log else f"{customers}_days")
    if not folder.exists():
        buyers.make(folder, customers, log=log)
        if log and customers > 200_000:
            (folder / "once").touch()
    return folder


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.bench_cltv", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, nargs="*", default=[10_000, 100_000, 1_000_000], help="beside peers")
    parser.add_argument("--own", type=int, nargs="*", default=[10_000_000], help="without peers")
    parser.add_argument("--stage", type=int, nargs="*", default=[100_000, 1_000_000], help="the whole of cltv.value")
    parser.add_argument("--families", type=int, default=1_000_000, help="customers of the four families' fit; 0: none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-pymc", action="store_true", help="leave PyMC-Marketing out")
    given = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # a table as soon as it is measured
    peers = [way for way, module in PEERS.items() if importlib.util.find_spec(module)]
    for way in PEERS.keys() - set(peers):
        print(f"{way} is not installed and left out: make extras")
    peers = [way for way in peers if not (given.no_pymc and way == "pymc")]
    if hasattr(os, "getloadavg"):
        print(f"load of the machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        sample = cdnow(base)
        if sample:
            side_by_side("CDNOW sample, 2,357 customers, 39 weeks", sample, peers, given.rounds)
        for customers in given.customers:
            few = given.rounds if customers < 500_000 else 1
            side_by_side(f"{customers:,} simulated customers", made(base, customers), peers, few)
        for customers in given.own:
            side_by_side(f"{customers:,} simulated customers", made(base, customers), [], 1)
        if given.families:
            families(given.families, base, 1)
        if sample:
            stage("CDNOW sample, 78 weeks", sample)
        for customers in given.stage:
            stage("simulated log", made(base, customers, log=True))


if __name__ == "__main__":
    main()
