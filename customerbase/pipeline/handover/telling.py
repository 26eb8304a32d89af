"""What is told of an export: in the terminal and in the report beside its files. Values in it are masked."""

from customerbase import i18n
from customerbase.audiences.gate import FATES, Drops


def report(entry: dict, drops: Drops, language: str) -> list[str]:
    """The drop report of one file in lines: rows in, each fate, rows out, reasons, removal, files."""
    lines = [
        _head(entry, language),
        _sentence(
            "made", language, **{key: entry[key] for key in ("as_of", "at", "id")}, version=entry["rule"]["version"]
        ),
    ]
    lines.append(_count("rows_in", drops.rows_in, language))
    for fate in FATES:
        lines.append(_count(fate, drops.fates[fate], language, sign=i18n.MINUS))
        lines += _reasons(drops, language) if fate == "invalid" else []
    lines.append(_count("rows_out", drops.rows_out, language))
    if drops.basis:
        basis = [f"{i18n.word(f'exports.basis.{name}', language)} {rows:,}" for name, rows in drops.basis.items()]
        lines.append(_sentence("basis.of", language, values=i18n.join(basis, language)))
    if drops.characters:
        told = [f"U+{ord(one):04X} × {rows:,}" for one, rows in drops.characters.items()]
        lines.append(_sentence("characters", language, values=", ".join(told)))
    if drops.neutralised:
        lines.append(_sentence("neutralised", language, count=f"{drops.neutralised:,}"))
    return lines + _outcome(entry, language)


def _reasons(drops: Drops, language: str) -> list[str]:
    lines = []
    for reason, rows in drops.reasons.items():
        examples = drops.examples.get(reason, ())
        shown = f"  {_sentence('example', language, values=', '.join(examples))}" if examples else ""
        lines.append(f"      {i18n.word(f'exports.reason.{reason}', language)} {rows:,}{shown}")
    return lines


def _outcome(entry: dict, language: str) -> list[str]:
    lines = [_sentence("stale", language, as_of=entry["as_of"])] if entry["opt_outs"] is None else []
    if entry["refused"]:
        counts = entry["counts"]
        lines.append(_sentence("refused", language, rows=f"{counts['rows_out']:,}", minimum=f"{entry['minimum']:,}"))
    removed = entry["removed"]
    if removed is None:
        lines.append(_sentence("removal_gone", language))
    else:
        lines.append(
            _sentence("removal", language, rows=f"{removed:,}") if removed else _sentence("removal_none", language)
        )
    if entry["hints"]:
        lines.append(_sentence("hints", language, hints=", ".join(entry["hints"]), neutral=entry["name"]))
    for file in entry["files"]:
        lines.append(
            "  " + _sentence("file", language, name=file["name"], rows=f"{file['rows']:,}", bytes=f"{file['bytes']:,}")
        )
    return [*lines, _sentence("keep", language, date=entry["keep_until"])]


def listed(entries: list[dict], last: str, language: str) -> list[str]:
    """The register in lines, oldest first, and the hash of its end."""
    lines = []
    for one in entries:
        if one["kind"] == "purge":
            lines.append(f"{one['at']}  purge  {', '.join(one['ids'])}")
            continue
        to = f"{one['recipient'] or '–'} ({one['country'] or '–'})"
        counts = f"{one['counts']['rows_in']:,} -> {one['counts']['rows_out']:,}"
        state = "refused" if one["refused"] else f"{len(one['files'])} files, until {one['keep_until']}"
        lines.append(
            f"{one['at']}  {one['id']}  {one['audience']} -> {one['platform']}/{one['list']}  {to}  {counts}  {state}"
        )
    return [*lines, _sentence("chain", language, count=len(entries), hash=last)]


def _head(entry: dict, language: str) -> str:
    return _sentence(
        "head", language, audience=entry["audience"], platform=entry["title"][language], list=entry["list"]
    )


def _count(what: str, rows: int, language: str, sign: str = "") -> str:
    word = i18n.word(f"exports.{what}", language)
    return f"  {word}{' ' * max(1, 24 - i18n.half_widths(word))}{sign if rows else ''}{rows:,}"


def _sentence(key: str, language: str, **values: object) -> str:
    return i18n.sentence(f"exports.{key}", language, **values)
