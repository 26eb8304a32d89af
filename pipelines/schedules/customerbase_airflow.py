"""Airflow: one DAG per pipeline file, one task per stage, then one that publishes. Link this file into the DAGs' folder.

What reads what is taken from stages.json beside it, which `make docs` writes from the contracts of the notebooks; which
stages a company runs, from its pipeline file. Airflow needs nothing of customerbase: each task is one command in the
project's own environment. A stage that was done is kept under its key, so a task that is cleared or tried again is cheap.
Tasks of one pipeline take turns, since a pipeline has one run at a time (`max_active_tasks`). docs/unattended.md
"""

import json
import os
import shlex
from datetime import timedelta
from pathlib import Path

import pendulum
import yaml

try:  # Airflow 3
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.operators.bash import BashOperator

HERE = Path(__file__).resolve().parent
PROJECT = Path(os.environ.get("CUSTOMERBASE_PROJECT", HERE.parents[1]))
PYTHON = os.environ.get("CUSTOMERBASE_PYTHON", str(PROJECT / ".venv" / "bin" / "python"))
ZONE = os.environ.get("CUSTOMERBASE_ZONE", "Asia/Tokyo")
FIRST = pendulum.datetime(2026, 1, 1, tz=ZONE)  # catchup=False: only the month that ended last is made by itself
# the month that had ended when the run was due, in the company's zone
MONTH = "{{ data_interval_end.in_timezone('" + ZONE + "').subtract(months=1).strftime('%Y-%m') }}"


def stages(pipeline: Path) -> dict[str, list[str]]:
    """Stage -> the stages it reads from, of those the company runs."""
    known = json.loads((HERE / "stages.json").read_text(encoding="utf-8"))
    chosen = (yaml.safe_load(pipeline.read_text(encoding="utf-8")) or {}).get("stages") or list(known)
    return {name: [up for up in known[name] if up in chosen] for name in known if name in chosen}


def command(pipeline: str, *more: str) -> str:
    """What a task runs."""
    words = [PYTHON, "-m", "customerbase", "run", pipeline]
    return " ".join([f"cd {shlex.quote(str(PROJECT))} &&", *map(shlex.quote, words), f"--month {MONTH}", *more])


def build(pipeline: Path) -> DAG:
    """The DAG of one pipeline file."""
    dag = DAG(
        dag_id=f"customerbase_{pipeline.stem}",
        schedule="30 5 2 * *",
        start_date=FIRST,
        catchup=False,
        max_active_runs=1,
        max_active_tasks=1,
        tags=["customerbase"],
        default_args={"retries": 2, "retry_delay": timedelta(minutes=10), "depends_on_past": False},
    )
    with dag:
        tasks = {}
        for name, reads in stages(pipeline).items():
            tasks[name] = BashOperator(task_id=name, bash_command=command(pipeline.stem, "--until", name))
            for up in reads:
                tasks[up] >> tasks[name]
        publish = BashOperator(task_id="publish", bash_command=command(pipeline.stem))
        list(tasks.values()) >> publish
    return dag


for path in sorted((PROJECT / "pipelines").glob("*.yaml")):
    globals()[f"customerbase_{path.stem}"] = build(path)
