"""The sample company's month, all stages, from a ready environment: wall seconds and the notebooks' own share."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main(rounds: int = 3) -> None:
    """Run the sample month `rounds` times in fresh homes and print the median."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw"
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "customerbase", "sample", "--out", raw], check=True, stdout=subprocess.DEVNULL
        )
        print(f"sample company, 5,000 people: {time.perf_counter() - started:.1f} s")
        results = sorted(_month(raw, Path(folder) / f"home{i}") for i in range(rounds))
    wall, cells, stages = results[len(results) // 2]
    print(
        f"month, all stages: {wall:.1f} s wall (median of {rounds}); {len(stages)} stages, {sum(stages.values()):.1f} s in all"
    )
    share = 1 - cells / sum(stages.values())
    print(
        f"  in cells {cells:.1f} s; machinery (kernels, imports, export of the report) {share:.0%} of the stages' time"
    )
    for name, seconds in stages.items():
        print(f"    {name:<20} {seconds:5.1f} s")


def _month(raw: Path, home: Path) -> tuple[float, float, dict]:
    environment = os.environ | {"CUSTOMERBASE_HOME": str(home)}
    started = time.perf_counter()
    command = [sys.executable, "-m", "customerbase", "run", "sample", "--data", str(raw)]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.perf_counter() - started
    report = next(home.glob("reports/sample/*/latest"))
    manifest = json.loads((report / "manifest.json").read_text())
    durations = [seconds for path in sorted((report / "notebooks").glob("*.ipynb")) for seconds in _work(path)]
    # the pages of Great Expectations are no notebook: their seconds count as work
    docs = manifest["stages"].get("data_docs", {}).get("seconds", 0)
    return wall, sum(durations) + docs, {name: stage["seconds"] for name, stage in manifest["stages"].items()}


def _work(page: Path) -> list[float]:
    """Seconds of a page's cells, without those that import and open, and without the export of the report."""
    cells = [cell for cell in json.loads(page.read_text())["cells"] if cell["cell_type"] == "code"]
    apart = {"parameters", "injected-parameters", "contract"} | ({"write"} if "monthly_report" in page.name else set())
    kept = [cell for cell in cells if not apart.intersection(cell["metadata"].get("tags", ()))]
    return [cell["metadata"].get("papermill", {}).get("duration") or 0 for cell in kept]


if __name__ == "__main__":
    main()
