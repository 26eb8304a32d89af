"""The sub-commands of `identity`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from customerbase.pipeline.resolve import asking
from customerbase.sources.guess_table import safe, table


def main(arguments: Sequence[str]) -> int:
    """Run one sub-command of `identity`; returns the exit status."""
    parser = argparse.ArgumentParser(prog="customerbase identity", description="Who is who.")
    add_commands(parser.add_subparsers(required=True, metavar="command"))
    options = parser.parse_args(arguments)
    return options.command(options)


def add_commands(commands) -> None:
    """Add all sub-commands to the sub-parsers of `identity`."""
    asking.add_commands(commands)
    link = commands.add_parser("link", help="one id per person for any list of people")
    link.add_argument("files", nargs="+", type=Path, metavar="FILE", help="csv, tsv, xlsx or parquet, any encoding")
    link.add_argument("--out", type=Path, required=True, metavar="RESULT", help="where to write: .csv or .parquet")
    link.add_argument("--mapping", type=Path, default=None, metavar="YAML", help="what the columns are (else guessed)")
    link.add_argument(
        "--id", action="append", default=[], metavar="COLUMN", help="a column that numbers the rows; echoed"
    )
    link.add_argument("--ignore", action="append", default=[], metavar="COLUMN", help="a column not to compare")
    link.add_argument(
        "--threshold", type=float, default=None, metavar="BITS", help="how sure two rows must be one person"
    )
    link.set_defaults(command=_link)


def _link(options: argparse.Namespace) -> int:
    from customerbase.identity.generic import THRESHOLD
    from customerbase.pipeline.resolve.link import link_files
    from customerbase.tables.secret import id_key

    threshold = THRESHOLD if options.threshold is None else options.threshold
    report = link_files(
        options.files, options.out, key=id_key(), mapping=options.mapping, ids=options.id, ignore=options.ignore,
        threshold=threshold,
    )  # fmt: skip
    print(describe(report, threshold))
    return 0


def describe(report, threshold: float) -> str:
    """The report as text for a terminal; headings are made safe, values are not in it."""
    linked, rows = report.linked, sum(report.rows.values())
    lines = [f"rows read   {rows:,}" + "".join(f"\n  {count:,} in {safe(name)}" for name, count in report.rows.items())]
    bad = sum(report.unreadable.values())
    if bad:
        reasons = ", ".join(f"{count:,} {code}" for code, count in report.unreadable.items())
        lines.append(f"unreadable  {bad:,} ({reasons}); listed in the result")
    lines += [
        f"people      {report.people:,}",
        f"largest     {report.largest:,} rows of one person",
        f"links       from {threshold:g} bits; {linked.cut:,} cut by the guard",
        f"compared    {linked.compared:,} pairs, by {linked.rules or 'no'} blocking rules",
    ]
    used = [[title, kind] for title, kind in linked.fields]
    lines.append(
        "\n" + table(["compared column", "as"], used, (50, 20))
        if used
        else "\nnothing could be compared: every row is a person of its own"
    )
    if linked.ignored:
        lines.append("\n" + table(["not compared", "because"], [list(row) for row in linked.ignored], (50, 70)))
    lines += [f"\nnote: {safe(note)}" for note in report.notes]
    lines.append(f"\nresult: {safe(str(report.out))}")
    return "\n".join(lines)
