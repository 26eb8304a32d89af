"""The sub-commands of `audiences`: export, list, purge, open, platforms."""

import argparse
import csv
import os
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from customerbase import i18n
from customerbase.errors import ConfigError, InputError
from customerbase.sources.guess_table import safe

HEADINGS = {"customer_id", "customerid", "id", "顧客id", "email", "e-mail", "mail", "メール", "メールアドレス", "phone",
            "tel", "電話", "電話番号"}  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Run one sub-command of `audiences`; returns the exit status: 1 where a list was too small for its platform."""
    options = _parser().parse_args(arguments)
    return options.command(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="customerbase audiences", description="Files of audiences; nothing is sent.")
    commands = parser.add_subparsers(required=True, metavar="command")
    _add_export(
        commands.add_parser("export", help="write the files of a published month (contact data: --role activation)")
    )

    listed = commands.add_parser("list", help="the register of exports, its chain checked")
    listed.add_argument("pipeline")
    listed.add_argument("--language", default="en", choices=i18n.LANGUAGES)
    listed.set_defaults(command=_list)

    purge = commands.add_parser("purge", help="remove the files whose retention date has passed")
    purge.add_argument("pipeline")
    purge.add_argument("--at", type=datetime.fromisoformat, default=None, metavar="TIME", help="(now)")
    purge.add_argument("--language", default="en", choices=i18n.LANGUAGES)
    purge.set_defaults(command=_purge)

    opening = commands.add_parser("open", help="decrypt a sealed file")
    opening.add_argument("file", type=Path)
    opening.add_argument("--key-file", type=Path, default=None, help="64 hex digits (else $CUSTOMERBASE_EXPORT_KEY)")
    opening.add_argument("--out", type=Path, required=True, help="where to write the text, for its owner alone")
    opening.set_defaults(command=_open)

    commands.add_parser("platforms", help="platforms and the versions of their rules").set_defaults(command=_platforms)
    return parser


def _add_export(export: argparse.ArgumentParser) -> None:
    export.add_argument("pipeline", help="a file of pipelines/")
    export.add_argument("--month", required=True, metavar="YYYY-MM", help="a published month")
    export.add_argument("--role", default=None, help="activation: who may join contact data")
    export.add_argument("--audience", action="append", default=[], metavar="CODE", help="one audience (all)")
    export.add_argument("--platform", action="append", default=[], help="who gets it (the company's own lists alone)")
    export.add_argument(
        "--opt-outs", type=Path, default=None, metavar="FILE", help="who opted out since the month closed"
    )
    export.add_argument(
        "--with-offers",
        action="store_true",
        help="what each person is offered, in lists of mail and LINE messages (recommendations)",
    )
    export.add_argument("--format", default=None, help="of the own lists: csv, cp932, xlsx")
    export.add_argument("--name", default=None, help="the audience's name at the platform (its code)")
    export.add_argument("--recipient", default=None, help="who gets an own list, for the register (an agency)")
    export.add_argument("--country", default=None, help="and where")
    export.add_argument("--keep-days", type=int, default=None, metavar="N", help="until the files are to go (40)")
    export.add_argument(
        "--key-file", type=Path, default=None, help="seal files: 64 hex digits (else $CUSTOMERBASE_EXPORT_KEY)"
    )
    export.add_argument(
        "--at", type=datetime.fromisoformat, default=None, metavar="TIME", help="when the files leave, local (now)"
    )
    export.add_argument("--language", default="en", choices=i18n.LANGUAGES)
    export.set_defaults(command=_export)


def _now() -> datetime:
    return datetime.now()  # noqa: DTZ005 - the door: business times are local


def _export(options: argparse.Namespace) -> int:
    from customerbase.pipeline.handover import export, seal, telling

    days = export.KEEP_DAYS if options.keep_days is None else options.keep_days
    if not 1 <= days <= 3650:
        raise ConfigError(f"--keep-days is {days}; expected a number of days from 1 to 3650.")
    asked = export.Request(
        options.pipeline, options.month, options.at or _now(), options.role, tuple(options.audience),
        tuple(options.platform), tuple(read_values(options.opt_outs)) if options.opt_outs else None, options.format,
        options.name, options.recipient, options.country, days, seal.read_key(options.key_file),
        options.language if options.with_offers else None,
    )  # fmt: skip
    made, counts = export.export(asked)
    if options.opt_outs:
        shown = {"values": "values", "ids": "id", "emails": "email", "phones": "phone", "unknown": "unknown"}
        print(
            i18n.sentence(
                "exports.optouts", options.language, **{name: f"{counts[key]:,}" for name, key in shown.items()}
            )
        )
    for one in made:
        print("\n".join(map(safe, ["", *telling.report(one.entry, one.drops, options.language)])))
    if not made:
        print(i18n.word("exports.none", options.language))
    return 1 if any(one.entry["refused"] for one in made) else 0


def read_values(path: Path) -> list[str]:
    """The values of a file of opt-outs: one a line, or a CSV whose columns are headed (customer_id, email, phone, …).

    UTF-8 or cp932. Raises InputError where it cannot be read: somebody in it would be contacted.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"the file of opt-outs {path} cannot be read ({type(error).__name__}).") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("cp932")
        except UnicodeDecodeError:
            raise InputError(f"the file of opt-outs {path} is neither UTF-8 nor cp932.") from None
    lines = text.splitlines()
    first = [_heading(cell) for cell in re.split(r"[,;\t]", lines[0])] if lines else []
    if not set(first) & HEADINGS and not re.search(r"[,;\t]", text):
        return [line.strip() for line in lines if line.strip()]
    delimiter = next((one for one in "\t;" if lines and one in lines[0]), ",")
    rows = csv.reader(lines, delimiter=delimiter)
    wanted = None
    if set(first) & HEADINGS:
        next(rows)
        wanted = [place for place, one in enumerate(first) if one in HEADINGS]
    cells = (
        row[place] for row in rows for place in (range(len(row)) if wanted is None else wanted) if place < len(row)
    )
    return [cell.strip() for cell in cells if cell.strip()]


def _heading(cell: str) -> str:
    return cell.strip().strip('"').lower().replace(" ", "_")


def _list(options: argparse.Namespace) -> int:
    from customerbase.pipeline.handover import register, telling

    found, last = register.read(options.pipeline)
    print("\n".join(map(safe, telling.listed(found, last, options.language))))
    return 0


def _purge(options: argparse.Namespace) -> int:
    from customerbase.pipeline.handover import export

    over, newest = export.purge(options.pipeline, options.at or _now())
    for one in over:
        print(i18n.sentence("exports.purged", options.language, id=one["id"], files=len(one["files"])))
    for one in newest:
        told = {key: one[key] for key in ("id", "audience", "platform")}
        print(i18n.sentence("exports.purged_last", options.language, **told))
    return 0


def _open(options: argparse.Namespace) -> int:
    from customerbase.pipeline.handover import seal

    key = seal.read_key(options.key_file)
    if key is None:
        raise ConfigError(f"no key: give --key-file, or ${seal.VARIABLE}.")
    try:
        text = seal.opened(options.file.read_bytes(), key, options.file.name)
        with open(os.open(options.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(text)
    except FileExistsError:
        raise InputError(f"--out {options.out} exists already; nothing was written.") from None
    except OSError as error:
        raise InputError(f"{options.file} cannot be opened into {options.out} ({type(error).__name__}).") from None
    return 0


def _platforms(options: argparse.Namespace) -> int:
    from customerbase.audiences.platforms import platforms

    for one in platforms().values():
        print(f"{one.name:<14} {one.version}  {one.channel:<6} {one.recipient or 'the company itself'}")
    return 0
