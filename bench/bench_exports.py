"""The report of the sample month in all its forms and languages: what each costs, and their sizes.

python -m bench.bench_exports [--home DIR]

DIR is a $CUSTOMERBASE_HOME with a published month of the pipeline `sample`; without it the sample company (700 people, 24
months) is made and run first. The contents (every sentence, row and drawing) are made once and are part of every form.
The clock starts when the packages are imported, as they are in a page's kernel. The peer is the web page.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from bench.bench_dashboards import make_home
from customerbase import charts, report
from customerbase.pipeline.contracts import read_contracts
from customerbase.stage import Stage
from customerbase.tables.store import ROOT

FORMS = {"HTML": lambda told: report.page(told).encode(), "PDF": report.pdf, "XLSX": report.workbook}
LANGUAGES = ("ja", "en")


def report_data(home: Path) -> report.ReportData:
    """What page 13 reads, of the published month of a home."""
    os.environ["CUSTOMERBASE_HOME"] = str(home)
    [contract] = [one for one in read_contracts(ROOT / "notebooks") if one.name == "monthly_report"]
    stage = Stage(contract.name, pipeline="sample", month="2026-10", reads=contract.reads, writes=[])
    tables = report.summed_up(stage.db)
    tables |= {name: stage.read(name).df() for name in stage.reads if name not in (*tables, "orders")}
    about = {"title": stage.company.title, "pipeline": "sample", "as_of": stage.as_of, "data_until": stage.as_of}
    return report.ReportData(tables=tables, settings=stage.settings, goals=stage.goals, run_id="bench", **about)


def main() -> None:
    """Make every form in every language, and print seconds on the wall, CPU seconds, bytes and the ratio to HTML."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = report_data(options.home or make_home(Path(folder)))
    charts.setup()
    rows, spent = {}, (time.perf_counter(), time.process_time())
    told = {
        language: timed(rows, f"contents {language}", report.contents, data, language, charts) for language in LANGUAGES
    }
    for form, make in FORMS.items():
        for language in LANGUAGES:
            timed(rows, f"{form} {language}", make, told[language])
    wall, cpu = time.perf_counter() - spent[0], time.process_time() - spent[1]
    print(f"{'':12}{'seconds':>9}{'CPU':>8}{'KB':>8}{'to HTML':>9}")
    for name, (seconds, busy, made) in rows.items():
        peer = rows[f"HTML {name[-2:]}"][1]
        size = f"{len(made) / 1000:.0f}" if isinstance(made, bytes) else ""
        print(f"{name:12}{seconds:9.2f}{busy:8.2f}{size:>8}{busy / peer:9.1f}")
    print(f"{'all':12}{wall:9.2f}{cpu:8.2f}")


def timed(rows: dict, name: str, make, *given):
    """Make something and keep its seconds on the wall and of the CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    made = make(*given)
    rows[name] = (time.perf_counter() - wall, time.process_time() - cpu, made)
    return made


if __name__ == "__main__":
    main()
