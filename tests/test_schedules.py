"""The schedules that are ready to copy: they call commands that exist, in the order in which stages read each other."""

import configparser
import json
import os
import re
import runpy
import shlex
import subprocess
import sys
import types
from importlib.util import find_spec

import pytest
import yaml
from conftest import ROOT

import customerbase.__main__ as door
from customerbase import commands
from customerbase.pipeline.contracts import read_contracts

SCHEDULES = ROOT / "pipelines" / "schedules"
AIRFLOW = SCHEDULES / "customerbase_airflow.py"


def parsed(words: list[str]):
    """The options of a command as the command line reads them."""
    assert words[:3] == [words[0], "-m", "customerbase"] and words[0].endswith(".venv/bin/python")
    return door._parser().parse_args(words[3:])


def test_the_lines_for_cron_call_commands_that_exist():
    lines = [line for line in (SCHEDULES / "customerbase.cron").read_text().splitlines() if line and line[0] not in "#"]
    names = dict(line.split("=", 1) for line in lines if re.match(r"\w+=", line))
    jobs = [line.split(None, 5) for line in lines if not re.match(r"\w+=", line)]
    for *fields, text in jobs:
        assert all(re.fullmatch(r"[\d*,/-]+", field) for field in fields)
        inner = text.split("&&", 1)[1].split(">>")[0].replace('"$PIPELINE"', names["PIPELINE"])
        options = parsed(shlex.split(inner))
        assert options.pipeline == "sample"
    assert [parsed(shlex.split(job[5].split("&&")[1].split(">>")[0])).command for job in jobs] == [
        commands.run,
        commands.prune,
    ]


def unit(name: str) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None, strict=True)
    found.optionxform = str
    found.read(SCHEDULES / name)
    return found


def test_the_units_for_systemd_call_a_command_that_exists():
    service, timer = unit("customerbase@.service"), unit("customerbase@.timer")
    options = parsed(shlex.split(service["Service"]["ExecStart"].replace("%i", "sample")))
    assert options.catch_up and options.command is commands.run
    assert service["Service"]["SuccessExitStatus"] == str(commands.BUSY)
    assert timer["Timer"]["Persistent"] == "true"


def test_systemd_itself_finds_nothing_wrong(tmp_path):
    try:
        subprocess.run(["systemd-analyze", "--version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("systemd-analyze is not here: install systemd")
    for name in ("customerbase@.service", "customerbase@.timer"):
        text = (SCHEDULES / name).read_text().replace("/srv/customerbase/.venv/bin/python", sys.executable)
        (tmp_path / name).write_text(text.replace("User=customerbase\n", ""))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "customerbase@.timer")],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "customerbase" in line]
    assert (done.returncode, ours) == (0, [])


class Task:
    """A task of the stand-in: what it runs and what comes before it."""

    dag: "Dag | None" = None

    def __init__(self, task_id, bash_command):
        self.task_id, self.bash_command, self.upstream = task_id, bash_command, set()
        Task.dag.tasks.append(self)

    def __rshift__(self, other):
        other.upstream.add(self.task_id)

    def __rrshift__(self, others):
        self.upstream |= {one.task_id for one in others}


class Dag:
    """A DAG of the stand-in."""

    def __init__(self, **settings):
        self.settings, self.tasks = settings, []

    def __enter__(self):
        Task.dag = self

    def __exit__(self, *_):
        Task.dag = None


@pytest.fixture
def stand_in(monkeypatch):
    """Airflow's names as far as the file uses them, for machines without Airflow."""
    modules = {
        "airflow": {}, "airflow.sdk": {"DAG": Dag}, "airflow.providers": {}, "airflow.providers.standard": {},
        "airflow.providers.standard.operators": {}, "airflow.providers.standard.operators.bash": {"BashOperator": Task},
        "pendulum": {"datetime": lambda *parts, tz: (*parts, tz)},
    }  # fmt: skip
    for name, content in modules.items():
        made = types.ModuleType(name)
        made.__dict__.update(content)
        monkeypatch.setitem(sys.modules, name, made)
    monkeypatch.delenv("CUSTOMERBASE_PROJECT", raising=False)
    monkeypatch.delenv("CUSTOMERBASE_PYTHON", raising=False)


def rendered(text: str) -> str:
    """A command with the month that Airflow would fill in."""
    found = re.sub(r"\{\{[^}]*\}\}", "2026-10", text)
    assert found.count("2026-10") == 1
    return found.split("&& ", 1)[1]


def test_airflow_gets_one_task_per_stage_and_one_that_publishes(stand_in):
    made = runpy.run_path(str(AIRFLOW))
    contracts = {one.name: one for one in read_contracts(ROOT / "notebooks")}
    dag = made["customerbase_sample"]
    assert {one for one in made if one.startswith("customerbase_")} >= {
        f"customerbase_{path.stem}" for path in (ROOT / "pipelines").glob("*.yaml")
    }
    tasks = {task.task_id: task for task in dag.tasks}
    assert list(tasks) == [*contracts, "publish"]
    for name, contract in contracts.items():
        writers = {one.name for one in contracts.values() if set(one.writes) & set(contract.reads)}
        assert tasks[name].upstream == writers
        options = parsed(shlex.split(rendered(tasks[name].bash_command)))
        assert (options.pipeline, options.month, options.until) == ("sample", "2026-10", name)
    assert tasks["publish"].upstream == set(contracts)
    options = parsed(shlex.split(rendered(tasks["publish"].bash_command)))
    assert options.until is None and options.command is commands.run
    assert dag.settings["max_active_tasks"] == 1 and dag.settings["max_active_runs"] == 1


def test_airflow_leaves_out_the_stages_that_a_company_leaves_out(stand_in, tmp_path, monkeypatch):
    (tmp_path / "pipelines").mkdir()
    content = {"title": {}, "stages": ["quality", "identity", "profile", "kpi"]}
    (tmp_path / "pipelines" / "small.yaml").write_text(yaml.safe_dump(content))
    monkeypatch.setenv("CUSTOMERBASE_PROJECT", str(tmp_path))
    dag = runpy.run_path(str(AIRFLOW))["customerbase_small"]
    tasks = {task.task_id: task.upstream for task in dag.tasks}
    assert tasks == {
        "quality": set(), "identity": {"quality"}, "profile": {"quality", "identity"},
        "kpi": {"quality", "identity", "profile"}, "publish": {"quality", "identity", "profile", "kpi"},
    }  # fmt: skip


READ_BY_AIRFLOW = """
import importlib.util, json, sys, warnings
warnings.simplefilter("ignore")
spec = importlib.util.spec_from_file_location("dags", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
dag = module.customerbase_sample
print("DAG" + json.dumps({task.task_id: sorted(task.upstream_task_ids) for task in dag.tasks}))
"""


def test_airflow_itself_reads_the_file(tmp_path):
    python = os.environ.get("CUSTOMERBASE_AIRFLOW_PYTHON") or (sys.executable if find_spec("airflow") else "")
    if not python:
        pytest.skip("Airflow is not here: install it somewhere and set CUSTOMERBASE_AIRFLOW_PYTHON to its interpreter")
    done = subprocess.run(
        [python, "-c", READ_BY_AIRFLOW, str(AIRFLOW)], env=os.environ | {"AIRFLOW_HOME": str(tmp_path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    line = next(one for one in done.stdout.splitlines() if one.startswith("DAG"))
    reads = json.loads((SCHEDULES / "stages.json").read_text())
    assert json.loads(line[3:]) == {name: sorted(ups) for name, ups in reads.items()} | {"publish": sorted(reads)}
