"""The rules of all platforms as a table of docs/audience-files.md."""

import re

from customerbase.audiences.platforms import Column, Listing, Platform, platforms

START, END = "<!-- rules: written by `python -m customerbase docs` -->", "<!-- end of rules -->"


def with_rules(page: str) -> str:
    """The page with the tables between its two marks as the rule files say now."""
    made = "\n".join([START, "", *_table(), "", *_unverified(), "", END])
    return re.sub(f"{re.escape(START)}.*?{re.escape(END)}", lambda _: made, page, flags=re.DOTALL)


def _table() -> list[str]:
    lines = [
        "| Platform | Recipient | Consent | Columns of a file, with their steps | Form | Split at | Smallest | Rules of |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in platforms().values():
        names = f"`{one.name}` {one.title['en']} · {one.title['ja']}"
        to = f"{one.recipient} ({one.country})" if one.recipient else "own use"
        columns = "<br>".join(f"{listing.name}: {_columns(listing)}" for listing in one.lists.values())
        cells = (names, to, one.channel, columns, _form(one), _split(one), f"{one.minimum:,}", one.version)
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _columns(listing: Listing) -> str:
    offers = ", ".join(_column(one) for one in listing.offers.values())
    return ", ".join(_column(one) for one in listing.columns.values()) + (f"; with offers {offers}" if offers else "")


def _column(one: Column) -> str:
    marks = [*one.steps, *(["SHA-256"] if one.hash else []), *([f"≤ {one.longest}"] if one.longest else [])]
    times = f" ×{one.take}" if one.take > 1 else ""
    return f"`{one.header}`{times}" + (f" ({', '.join(marks)})" if marks else "")


def _form(one: Platform) -> str:
    mark = " with BOM" if one.file["bom"] else ""
    header = "header" if one.file["header"] else "no header"
    return (
        f"{', '.join(one.formats)}; {one.file['encoding'].upper()}{mark}, {str(one.file['newline']).upper()}, {header}"
    )


def _split(one: Platform) -> str:
    limits = [f"{one.rows:,} rows"] if one.rows else []
    limits += [f"{one.bytes / 1e6:,.0f} MB"] if one.bytes else []
    return ", ".join(limits) or "–"


def _unverified() -> list[str]:
    lines = ["What nobody could verify, as the rule files say it:", ""]
    for one in platforms().values():
        lines += [f"- **{one.name}**: {' '.join(one.unverified)}"] if one.unverified else []
    return lines
