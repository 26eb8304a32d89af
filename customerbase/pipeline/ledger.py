"""ledger [PIPELINE] list | check | add | decide: the actions of a pipeline, and the runs they were decided in."""

import argparse
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from customerbase.engine import Engine
from customerbase.errors import InputError, near_miss
from customerbase.kpi import ledger, ledger_links
from customerbase.kpi.evidence import names_of_campaigns
from customerbase.kpi.ledger import DOING, DONE, PLANNED, STOPPED, Entry
from customerbase.periods import month_end
from customerbase.sources.guess_table import safe, table
from customerbase.stage import company, remembered
from customerbase.tables import store

SHOWN = ("id", "status", "owner", "start", "due", "kpi", "action", "decided_in", "checked_in")
TOLD = ("hypothesis", "action", "owner", "kpi", "expected", "campaign", "audience")
LIMITS = (8, 8, 16, 10, 10, 22, 40, 14, 14)


def main(arguments: Sequence[str]) -> int:
    """Run one sub-command of `ledger`; returns the exit status: 1 where a link to a run or a campaign is broken."""
    words = list(arguments)
    pipeline = words.pop(0) if words and not words[0].startswith("-") else None
    if pipeline is None and not words:
        return _check_all()
    options = _parser().parse_args([pipeline or "", *(words or ["list"])] if pipeline else words)
    company.load(options.pipeline)
    return options.command(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="customerbase ledger", description="Plan, do, check, act. Without a pipeline: check the ledgers of all."
    )
    parser.add_argument("pipeline", help="a file of pipelines/")
    commands = parser.add_subparsers(required=True, metavar="list | check | add | decide")
    commands.add_parser("list", help="the entries and their state (the default)").set_defaults(command=_list)
    commands.add_parser("check", help="whether every entry leads to a run").set_defaults(command=_check)

    add = commands.add_parser("add", help="a new action, decided in the newest published run")
    for name, text in {"hypothesis": "what is believed", "action": "what is done", "owner": "who does it"}.items():
        add.add_argument(f"--{name}", required=True, help=text)
    add.add_argument("--kpi", default="", help="the KPI it should change")
    add.add_argument("--expected", default="", help="by how much")
    add.add_argument("--campaign", default="", help="the campaigns that carry it out (several with ;)")
    add.add_argument("--audience", default="", help="the audience that they go to")
    add.add_argument("--id", default=None, help="its id (the next free one)")
    add.add_argument("--status", choices=(PLANNED, DOING), default=PLANNED)
    add.add_argument("--start", type=date.fromisoformat, default=None, metavar="YYYY-MM-DD")
    add.add_argument("--due", type=date.fromisoformat, default=None, metavar="YYYY-MM-DD")
    _dated(add)
    add.set_defaults(command=_add)

    decide = commands.add_parser("decide", help="what came of an action, checked in the newest published run")
    decide.add_argument("id")
    decide.add_argument("--result", default=None, help="what came of it")
    decide.add_argument("--decision", default=None, help="what follows from that")
    decide.add_argument("--campaign", default=None, help="the campaigns that carried it out (several with ;)")
    decide.add_argument("--audience", default=None, help="the audience that they went to")
    decide.add_argument("--status", choices=(DOING, DONE, STOPPED), default=None, help="(done, once there is a result)")
    _dated(decide)
    decide.set_defaults(command=_decide)
    return parser


def _dated(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--month", default=None, metavar="YYYY-MM", help="the published month it was decided on (newest)"
    )
    parser.add_argument("--when", type=date.fromisoformat, default=None, metavar="YYYY-MM-DD", help="the day (today)")


def _where(pipeline: str) -> str:
    return f"pipelines/ledger/{pipeline}.csv"


def _read(pipeline: str) -> tuple[list[Entry], list[str]]:
    """The entries of a pipeline, and what is wrong with their links."""
    entries = ledger.read_ledger(remembered.ledger(pipeline), _where(pipeline))
    return entries, [*ledger_links.broken(entries, store.kept_runs(pipeline)), *_astray(pipeline, entries)]


def _astray(pipeline: str, entries: Sequence[Entry]) -> list[str]:
    """Campaigns that entries name and the newest published month does not know; [] where nothing can tell."""
    months = store.published_months(pipeline)
    path = store.published_tables(pipeline, months[-1]).get("campaigns") if months else None
    if path is None or not any(entry.campaigns for entry in entries):
        return []
    db = Engine(threads=1)
    db.register("campaigns", path)
    return ledger_links.astray(entries, names_of_campaigns(db), month_end(months[-1]))


def _list(options: argparse.Namespace) -> int:
    entries, _ = _read(options.pipeline)
    if not entries:
        print(
            f"{_where(options.pipeline)} has no entries; `python -m customerbase ledger {options.pipeline} add --help`."
        )
        return 0
    rows = [[str(getattr(entry, name) or "") for name in SHOWN] for entry in entries]
    print(table(SHOWN, rows, LIMITS))
    return _check(options)


def _check(options: argparse.Namespace) -> int:
    entries, faults = _read(options.pipeline)
    for fault in faults:
        print(f"{_where(options.pipeline)}: {safe(fault)}")
    if not faults:
        print(f"{_where(options.pipeline)}: {len(entries)} entries, every link leads to a run")
    return 1 if faults else 0


def _check_all() -> int:
    names = sorted({path.stem for folder in company.pipeline_folders() for path in folder.glob("ledger/*.csv")})
    if not names:
        print("no ledger in pipelines/ledger/")
    return max([_check(argparse.Namespace(pipeline=name)) for name in names], default=0)


def _add(options: argparse.Namespace) -> int:
    entries, _ = _read(options.pipeline)
    run = _run(options)
    if run is None and options.status != PLANNED:
        raise InputError(f"nothing is published for {options.pipeline!r}, so only what is planned can be added.")
    given = {name: getattr(options, name) for name in (*TOLD, "status")}
    entry = Entry(
        **given, id=options.id or ledger.next_id(entries), start=options.start, due=options.due,
        decided_in=run or "", decided_on=_day(options),
    )  # fmt: skip
    text = ledger.add_entry(remembered.ledger(options.pipeline), entry, _where(options.pipeline))
    return _keep(options, text, entry.id, "added")


def _decide(options: argparse.Namespace) -> int:
    entries, _ = _read(options.pipeline)
    known = {entry.id: entry for entry in entries}
    if options.id not in known:
        raise InputError(f"{_where(options.pipeline)}: no entry {options.id!r}.{near_miss(options.id, known)}")
    entry, run = known[options.id], _run(options)
    if run is None:
        raise InputError(f"nothing is published for {options.pipeline!r}; expected the run in which this was decided.")
    changes: dict = {"status": options.status or (DONE if options.result or options.decision else "")}
    linked = options.campaign or options.audience
    changes["status"] = changes["status"] or (entry.status if linked else "")
    if not changes["status"]:
        raise InputError(f"nothing to write for {options.id!r}; expected --result, --decision, --status or --campaign.")
    if changes["status"] in (DONE, STOPPED) and not (options.result or entry.result):
        raise InputError(f"entry {options.id!r} is to be {changes['status']}; expected also --result: what came of it.")
    changes |= {
        name: getattr(options, name)
        for name in ("result", "decision", "campaign", "audience")
        if getattr(options, name)
    }
    if not entry.decided_in:
        changes |= {"decided_in": run, "decided_on": entry.decided_on or _day(options)}
    if options.result or options.decision:
        changes["checked_in"] = run
    text = ledger.change_entry(remembered.ledger(options.pipeline), options.id, changes, _where(options.pipeline))
    return _keep(options, text, options.id, str(changes["status"]))


def _run(options: argparse.Namespace) -> str | None:
    """The id of the run published for the month, the newest one without; None when nothing is published."""
    months = store.published_months(options.pipeline)
    if options.month and options.month not in months:
        there = ", ".join(months) or "none"
        raise InputError(f"{options.pipeline} {options.month} is not published (published: {there}).")
    about: Mapping | None = store.current(options.pipeline, options.month or months[-1]) if months else None
    return about["run_id"] if about else None


def _day(options: argparse.Namespace) -> date:
    return options.when or date.today()  # noqa: DTZ011 - people's own day


def _keep(options: argparse.Namespace, text: str, entry_id: str, what: str) -> int:
    """Write the file whole or not at all, unless the links of this entry would be broken."""
    read = ledger.read_ledger(text, _where(options.pipeline))
    changed = [entry for entry in read if entry.id == entry_id]
    if faults := ledger_links.broken(changed, store.kept_runs(options.pipeline)):
        raise InputError(f"{_where(options.pipeline)}: {faults[0]}")
    path: Path = store.home() / "pipelines" / "ledger" / f"{options.pipeline}.csv"
    store.replace(path, text.encode("utf-8-sig"))  # so that a spreadsheet reads its Japanese
    run = changed[0].checked_in or changed[0].decided_in
    print(f"{entry_id} {what} in {path}" + (f", run {run}" if run else ""))
    print(f"It is in the report from the next run on: make report PIPELINE={options.pipeline}")
    return 0
