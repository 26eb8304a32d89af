"""A part of a dashboard page as it is kept: a piece of HTML, a table with its exact values, or a few numbers.

Everything in a part may be seen by every visitor of its page: small cells are withheld before a part is made.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

HTML, TABLE, NUMBERS = "html", "table", "numbers"


@dataclass(frozen=True)
class Part:
    """A part of a page in one language: its name, kind, the choice it belongs to ('' for all) and the notebook behind it.

    content: HTML with everything escaped; or the JSON of a Table; or JSON of numbers that a control works on.
    """

    page: str
    language: str
    name: str
    kind: str
    content: str
    choice: str = ""
    notebook: str = ""

    def table(self) -> "Table":
        """The table of a part of kind `table`."""
        return Table.read(self.content)

    def numbers(self) -> dict:
        """The numbers of a part of kind `numbers`."""
        return json.loads(self.content)


@dataclass(frozen=True)
class Column:
    """A column of a shown table: its key, head, unit (of i18n.number, or text, figure, month, day, count, change; `own`: that of the row) and definition."""

    key: str
    head: str
    unit: str = "text"
    definition: str = ""


@dataclass(frozen=True)
class Table:
    """A table as it is shown and downloaded: exact values; a text in a column of numbers (`<10`) is shown as it stands.

    rows: one list per row in the order of the columns; days as ISO texts, missing values None. units: the unit of each
    row, for columns of unit `own`. sort: the column that the rows are sorted by, descending with a leading "-".
    about: what each row's first cell means, shown when it is opened.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple, ...]
    caption: str
    sort: str = ""
    currency: str = "JPY"
    units: tuple[str, ...] = ()
    about: tuple[str, ...] = ()

    def unit(self, column: Column, place: int) -> str:
        """The unit of one cell."""
        return self.units[place] if column.unit == "own" else column.unit

    def write(self) -> str:
        """The table as JSON; the same table gives the same text."""
        return json.dumps(asdict(self), ensure_ascii=False, default=_plain)

    @classmethod
    def read(cls, text: str) -> "Table":
        """The table that `write` wrote."""
        made = json.loads(text)
        columns = tuple(Column(**one) for one in made.pop("columns"))
        rows, units, about = (tuple(made.pop(name)) for name in ("rows", "units", "about"))
        return cls(columns=columns, rows=tuple(map(tuple, rows)), units=units, about=about, **made)


def records(parts: Iterable[Part], as_of: date) -> list[dict]:
    """Parts as rows of the table dashboard_parts. Raises ValueError for two of the same page, language, name and choice."""
    rows = [asdict(part) | {"as_of": as_of, "position": place} for place, part in enumerate(parts)]
    seen = set()
    for row in rows:
        name = tuple(row[key] for key in ("page", "language", "name", "choice"))
        if name in seen:
            raise ValueError(f"two parts of a dashboard are {name}")
        seen.add(name)
    return rows


def _plain(value: object):
    if hasattr(value, "isoformat"):
        return value.isoformat()[:10]
    return value.item()  # numbers of NumPy
