"""Tables of texts, as pages and reports list them, as tables of a dashboard: figures to the right, words to the left."""

import re
from collections.abc import Sequence

import pandas as pd

from customerbase import i18n
from customerbase.dashboards.part import Column, Table

_FIGURE = re.compile(rf"\*|[-+<±{i18n.MINUS}¥$€£ ]*\d")


def table(frame: pd.DataFrame, title: str, caption: str, currency: str = "JPY") -> Table:
    """The table that is listed; its index comes first where it has a name. A column of numbers, all or missing, is one of figures."""
    frame = frame.reset_index() if frame.index.name else frame
    columns = tuple(
        Column(f"c{place}", str(head).strip(), "text" if not place else _unit(frame.iloc[:, place].tolist()))
        for place, head in enumerate(frame.columns)
    )
    rows = tuple(tuple(str(cell) for cell in row) for row in frame.to_numpy(dtype=object))
    return Table(title, columns, rows, caption, currency=currency)


def listed(rows: Sequence[Sequence[str]], title: str, caption: str, currency: str = "JPY") -> Table:
    """The same of rows as the report has them, heads first."""
    return table(pd.DataFrame(list(rows[1:]), columns=list(rows[0])), title, caption, currency)


def _unit(cells: list) -> str:
    known = [str(cell) for cell in cells if str(cell)]
    return "figure" if known and all(_FIGURE.match(cell) or cell.startswith(i18n.MISSING) for cell in known) else "text"
