"""The review page: doubtful pairs side by side, with buttons that add decisions to the reviewed file."""

import getpass
import html
import json
from datetime import date

import ipywidgets

from customerbase import i18n
from customerbase.errors import CustomerbaseError
from customerbase.identity.decisions import Decision
from customerbase.identity.looks import slug
from customerbase.pipeline.resolve.published import People


def review_page(people: People, *, language: str, limit: int = 50) -> ipywidgets.VBox:
    """Widgets for the first `limit` pairs of the queue: choose a pair, see both records, decide with name and reason."""
    queue = people.queue(limit)
    word = lambda key: i18n.word(f"identity.review.{key}", language)  # noqa: E731 - one short name for many words
    if not queue:
        return ipywidgets.VBox([ipywidgets.HTML(word("empty"))])
    choices = [(_title(number, row, language), number) for number, row in enumerate(queue)]
    chosen = ipywidgets.Dropdown(options=choices, layout={"width": "40em"})
    table, said = ipywidgets.HTML(), ipywidgets.HTML()
    who = ipywidgets.Text(value=getpass.getuser(), description=word("who"))
    why = ipywidgets.Text(description=word("why"), layout={"width": "30em"})
    buttons = {kind: ipywidgets.Button(description=word(kind)) for kind in ("same", "not_same")}

    def show(_change=None) -> None:
        table.value, said.value = _table(people, queue[chosen.value], language), ""

    def decide(kind: str) -> None:
        a, b = queue[chosen.value][:2]
        try:
            people.decide([Decision(kind, a, b, who.value, why.value, date.today())])  # noqa: DTZ011 - people's own day
            said.value = html.escape(f"{word(kind)}: {a} – {b}")
        except CustomerbaseError as error:
            said.value = f"<b>{html.escape(str(error))}</b>"

    for kind, button in buttons.items():
        button.on_click(lambda _button, kind=kind: decide(kind))
    chosen.observe(show, names="value")
    show()
    return ipywidgets.VBox([chosen, table, ipywidgets.HBox([who, why]), ipywidgets.HBox([*buttons.values()]), said])


def _title(number: int, row: tuple, language: str) -> str:
    bits = f"{row[3]:+.1f} bits" if row[3] is not None else "–"
    return f"{number + 1}. {bits} · {i18n.word(f'identity.doubt.{row[2]}', language)}"


def _table(people: People, row: tuple, language: str) -> str:
    """Both records as an HTML table; every value is escaped: it comes from a file."""
    a, b, _, _, evidence = row
    head = f"<tr><th></th><th>{html.escape(a)}</th><th>{html.escape(b)}</th></tr>"
    lines = [
        f"<tr><td>{field}</td><td>{html.escape(left)}</td><td>{html.escape(right)}</td></tr>"
        for field, left, right in people.side_by_side(a, b)
        if left or right
    ]
    levels = [
        f"{i18n.word(f'identity.field.{field}', language)}: {i18n.word(f'identity.level.{slug(level)}', language)}"
        for field, level in json.loads(evidence).items()
    ]
    return f"<table>{head}{''.join(lines)}</table><p>{html.escape(' · '.join(levels))}</p>"
