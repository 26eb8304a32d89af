"""The command line: python -m customerbase <command>; the Makefile calls it."""

import argparse
import subprocess
import sys
from datetime import date
from pathlib import Path

import customerbase.commands as months
from customerbase.errors import CustomerbaseError
from customerbase.serving import command as serving


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 a run or check failed, 2 the request cannot be, 3 another run is
    under way, 4 done but somebody was not told (docs/unattended.md)."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except CustomerbaseError as error:
        print(f"customerbase: {error}", file=sys.stderr)
        return months.code(error)
    except KeyboardInterrupt:
        print("customerbase: stopped; what finished is kept, the published month is untouched.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="customerbase", description="The customer base, understood, every month.")
    commands = parser.add_subparsers(required=True, metavar="command")

    months.add_run(commands.add_parser("run", help="run a month, or several, and publish their reports"))
    months.add_status(commands.add_parser("status", help="where a pipeline stands: months, versions, the last run"))
    months.add_prune(commands.add_parser("prune", help="remove old versions of published months"))

    verify = commands.add_parser("verify", help="rebuild a published month elsewhere and compare")
    verify.add_argument("pipeline", nargs="?", default="sample", help="a file of pipelines/ (sample)")
    verify.add_argument("--month", default=None, help="YYYY-MM (the sample company's newest)")
    verify.add_argument("--data", default=None, help="folder of today's raw files")
    verify.add_argument("--make-bundle", type=Path, default=None, metavar="FILE", help="all that verifies it elsewhere")
    verify.add_argument("--bundle", type=Path, default=None, metavar="FILE", help="verify the month in such a file")
    verify.set_defaults(command=_verify)

    sample = commands.add_parser("sample", help="generate the sample company")
    sample.add_argument("--customers", type=int, default=5000)
    sample.add_argument("--seed", type=int, default=1)
    sample.add_argument("--months", type=int, default=24)
    sample.add_argument("--out", type=Path, default=None, help="folder of the raw files (data/sample)")
    sample.set_defaults(command=_sample)

    _file_options(
        commands.add_parser("doctor", help="say what a file holds and draft its mapping"),
        commands.add_parser("quickstart", help="from one order file to a report"),
    )

    lab = commands.add_parser("lab", help="open the notebooks in JupyterLab")
    lab.add_argument("notebook", nargs="?", default="notebooks", help="a page or a folder (notebooks)")
    lab.set_defaults(command=_lab)

    for name, what in (
        ("dashboard", "the managers' dashboards, on this machine"),
        ("serve", "one audience's dashboards"),
    ):
        board = commands.add_parser(name, help=f"serve {what} (Voila, read-only)")
        serving.add_options(board)
        board.set_defaults(command=serving.run)

    identity = commands.add_parser("identity", help="who is who: link | explain | review | decide | unmerge")
    ledger = commands.add_parser("ledger", help="plan, do, check, act: [pipeline] list | check | add | decide")
    audiences = commands.add_parser("audiences", help="files for platforms: export | list | purge | open | platforms")
    for one, function in ((identity, _identity), (ledger, _ledger), (audiences, _audiences)):
        one.add_argument("arguments", nargs=argparse.REMAINDER, metavar="command …", help="each has its own --help")
        one.set_defaults(command=function)

    value = commands.add_parser("cltv", help="what the customers of one log of orders are worth")
    _value_options(value)
    value.set_defaults(command=_cltv)

    rules = commands.add_parser("rules", help="check the segments by rule and the audiences of a pipeline")
    rules.add_argument("pipeline", nargs="?", default="sample", help="a file of pipelines/ (sample)")
    rules.add_argument("--month", default=None, metavar="YYYY-MM", help="and try them on this published month")
    rules.add_argument("--language", default="en", choices=("ja", "en"))
    rules.set_defaults(command=_rules)

    daily = commands.add_parser("triggers", help="a day between two months: evaluate triggers, write what may be sent")
    daily.add_argument("pipeline", nargs="?", default="sample", help="a file of pipelines/ (sample)")
    daily.add_argument(
        "--date", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD", help="last day that counts"
    )
    daily.add_argument("--data", default=None, help="folder of today's raw files")
    daily.set_defaults(command=_triggers)

    contracts = commands.add_parser("contracts", help="check the notebooks' contracts and shape (no kernel)")
    contracts.set_defaults(command=_contracts)

    docs = commands.add_parser("docs", help="write the generated documents")
    docs.add_argument("--check", action="store_true", help="fail when one is stale instead of writing")
    docs.set_defaults(command=_docs)
    return parser


def _file_options(doctor: argparse.ArgumentParser, quick: argparse.ArgumentParser) -> None:
    """Commands that begin with somebody's own files."""
    doctor.add_argument("files", nargs="+", type=Path)
    doctor.add_argument("--system", default="mysystem", help="name of the source system in the draft")
    doctor.add_argument("--language", default="en", choices=("ja", "en"))
    doctor.add_argument("--out", type=Path, default=None, help="write the draft YAML here")
    doctor.set_defaults(command=_doctor)

    quick.add_argument("files", nargs="+", type=Path)
    quick.add_argument("--month", default=None)
    quick.add_argument("--language", default="ja", choices=("ja", "en"))
    quick.add_argument("--yes", action="store_true", help="accept the guessed mapping")
    quick.set_defaults(command=_quickstart)


def _value_options(value: argparse.ArgumentParser) -> None:
    value.add_argument("files", nargs="+", type=Path, metavar="FILE", help="csv, tsv, xlsx or parquet, any encoding")
    value.add_argument(
        "--as-of",
        type=date.fromisoformat,
        default=None,
        metavar="DATE",
        help="last day that counts (the newest in the file)",
    )
    value.add_argument("--horizon", type=int, default=12, metavar="MONTHS", help="months that value counts (12)")
    value.add_argument("--out", type=Path, required=True, metavar="RESULT", help="where to write: .csv or .parquet")
    for what in ("customer", "date", "amount"):
        value.add_argument(
            f"--{what}", default=None, metavar="HEADING", help=f"the column of the {what}, where the guess is wrong"
        )
    value.add_argument("--discount", type=float, default=0.1, metavar="SHARE", help="annual discount rate (0.1)")
    value.add_argument(
        "--margin", type=float, default=1.0, metavar="SHARE", help="gross margin as a share of sales (1.0)"
    )
    value.add_argument("--family", default="auto", help="auto, nbd, bg_nbd, mbg_nbd or pareto_nbd")
    value.add_argument("--holdout", type=int, default=6, metavar="MONTHS", help="months by which models are judged (6)")
    value.add_argument("--language", default="en", choices=("ja", "en"))


def _verify(options) -> int:
    from customerbase.pipeline import bundle, verify

    if options.make_bundle:
        size = bundle.make(options.pipeline, options.month, options.make_bundle)
        print(
            f"bundle: {months.near(options.make_bundle)} ({size:,} bytes); it holds raw data, and not the key of the ids"
        )
        return 0
    if options.bundle:
        return 0 if bundle.verify(options.bundle, options.pipeline, options.month) else 1
    return 0 if verify(options.pipeline, options.month, data=options.data) else 1


def _sample(options) -> int:
    from customerbase import sample
    from customerbase.tables import store

    out = options.out or store.home() / "data" / "sample"
    sample.generate(options.customers, seed=options.seed, months=options.months, out=out)
    print(f"sample company: {months.near(out)}")
    return 0


def _doctor(options) -> int:
    from customerbase.sources import doctor

    diagnoses = doctor.diagnose(options.files)
    print(doctor.describe(diagnoses, language=options.language))
    draft = doctor.draft_yaml(diagnoses, options.system)
    if options.out:
        options.out.write_text(draft, encoding="utf-8")
        print(f"draft: {months.near(options.out)}")
    else:
        print(f"\n--- pipelines/sources/{options.system}.yaml (draft; --out FILE writes it)\n{draft}")
    return 0


def _quickstart(options) -> int:
    from customerbase.pipeline.quickstart import quickstart

    folder = quickstart(options.files, month=options.month, language=options.language, yes=options.yes)
    return 0 if folder else 1


def _lab(options) -> int:
    # through this door and not by itself, so that kernels inherit the settings of customerbase/__init__.py
    return subprocess.run([sys.executable, "-m", "jupyterlab", options.notebook], check=False).returncode


def _identity(options) -> int:
    from customerbase.pipeline.resolve import commands

    return commands.main(options.arguments)


def _ledger(options) -> int:
    from customerbase.pipeline import ledger

    return ledger.main(options.arguments)


def _audiences(options) -> int:
    from customerbase.pipeline.handover import commands

    return commands.main(options.arguments)


def _cltv(options) -> int:
    from customerbase.cltv import Options
    from customerbase.pipeline import lifetime

    chosen = Options(
        family=options.family,
        horizon_months=options.horizon,
        annual_discount=options.discount,
        margin=options.margin,
        holdout_months=options.holdout,
    )
    told = {what: getattr(options, what) for what in ("customer", "date", "amount") if getattr(options, what)}
    done = lifetime.value_files(options.files, options.out, as_of=options.as_of, told=told, options=chosen)
    print(lifetime.describe(done, options.language))
    return 0


def _rules(options) -> int:
    from customerbase.pipeline import audience_rules, segment_rules

    faults = 0
    for kind in (segment_rules, audience_rules):
        lines, found = kind.check(options.pipeline, month=options.month, language=options.language)
        print("\n".join(lines))
        faults += found
    return 2 if faults else 0


def _triggers(options) -> int:
    from customerbase.pipeline import daily

    print("\n".join(daily.described(daily.run_day(options.pipeline, options.date, data=options.data), months.near)))
    return 0


def _contracts(options) -> int:
    from customerbase import tables
    from customerbase.pipeline import shape
    from customerbase.pipeline.contracts import check_tables, read_contracts
    from customerbase.tables.store import ROOT

    contracts = read_contracts(ROOT / "notebooks")
    check_tables(contracts, tables.schemas())
    faults = [fault for path in sorted((ROOT / "notebooks").rglob("*.ipynb")) for fault in shape.faults(path)]
    for fault in faults:
        print(fault)
    if faults:
        return 1
    print(f"{len(contracts)} notebooks keep their contracts: {', '.join(c.path.stem for c in contracts)}")
    return 0


def _docs(options) -> int:
    from customerbase.pipeline import documents

    stale = documents.write(check=options.check)
    for path in stale:
        print(f"{'stale' if options.check else 'written'}: {months.near(path)}")
    return 1 if stale and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
