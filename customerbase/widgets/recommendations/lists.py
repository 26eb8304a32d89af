"""Both lists of one customer, and what goes with the last purchases, as tables; names of products are foreign text."""

from collections.abc import Mapping, Sequence

from customerbase import i18n
from customerbase.dashboards.part import Column, Table
from customerbase.widgets.customer.terms import Terms

Rows = Sequence[Mapping[str, object]]
LISTS = ("buy_again", "new_for_you")
NOTEBOOKS = {"lists": "08_recommend", "goes": "08b_related"}


def word(key: str, terms: Terms) -> str:
    """A word of this page."""
    return i18n.word(f"board_offers.{key}", terms.language)


def offered(rows: Rows, name: str, terms: Terms) -> Table | None:
    """One of the two lists: rank, product, category, score, reason; None where the customer has none."""
    mine = [row for row in rows if row["list"] == name]
    if not mine:
        return None
    columns = (
        _column("rank", terms, "count"),
        _column("product", terms),
        _column("reason", terms),
        _column("category", terms),
        Column("score", word("column.score", terms), "figure", word("about.score", terms)),
    )
    lines = tuple(
        (row["rank"], row["product"], reason(row, terms), row["category"] or i18n.MISSING, f"{row['score']:.3f}")
        for row in mine
    )
    if name == LISTS[0]:
        columns = (*columns, Column("due", word("column.due", terms), "text", word("about.due", terms)))
        lines = tuple((*line, due(row, terms)) for line, row in zip(lines, mine, strict=True))
    caption = terms.caption(word(f"meaning.{name}", terms), len(mine), "lists")
    return Table(word(f"list.{name}", terms), columns, lines, caption, sort="rank")


def due(row: Mapping[str, object], terms: Terms) -> str:
    """From when until when the next purchase is expected by the repurchase clock."""
    ends = [row["due_from"], row["due_to"]]
    if ends[0] is None or ends[1] is None:
        return i18n.MISSING
    return i18n.span(*(terms.day(one) for one in ends), terms.language)


def reason(row: Mapping[str, object], terms: Terms) -> str:
    """Why a product is on the list, in words; a code without words stays as it is."""
    code = str(row["reason"])
    if code != "because_bought":
        return i18n.word_or(f"board_offers.reason.{code}", terms.language, code)
    if row["because"] is None:
        return word("reason.because_unknown", terms)
    return i18n.sentence("board_offers.reason.because_bought", terms.language, product=row["because"])


def goes_with(rows: Rows, terms: Terms) -> Table | None:
    """What goes with the last purchases; None where nothing does."""
    if not rows:
        return None
    columns = (
        _column("bought", terms),
        _column("goes", terms),
        _column("category", terms),
        _column("way", terms),
        Column("share", word("column.share", terms), "rate", word("about.share", terms)),
        Column("n", word("column.n", terms), "count", word("about.n", terms)),
        Column("times", word("column.times", terms), "number", word("about.times", terms)),
        _column("interval", terms, "figure"),
    )
    lines = tuple(
        (
            row["product"],
            row["goes_with"],
            row["category"] or i18n.MISSING,
            word(f"way.{row['way']}", terms),
            row["confidence"],
            row["n"],
            row["excess"],
            terms.span(row["excess_low"], row["excess_high"], "number"),
        )
        for row in rows
    )
    interval = i18n.number(0.95, "rate", terms.language).replace(".0", "")
    caption = terms.caption(word("meaning.goes", terms), len(rows), "goes", interval)
    return Table(word("goes", terms), columns, lines, caption)


def sentences(last: Rows, rows: Rows, terms: Terms) -> list[tuple[str, str]]:
    """Label and sentence: what was bought last, and what to offer first of each list."""
    told = [_bought(row, terms) for row in last[:3]]
    said = [(word("last", terms), terms.reasons(told) if told else word("nothing", terms))]
    for name in LISTS:
        first = next((row for row in rows if row["list"] == name and row["rank"] == 1), None)
        if first is not None:
            label = i18n.aside(word("next", terms), word(f"list.{name}", terms), terms.language)
            said.append((label, i18n.aside(str(first["product"]), reason(first, terms), terms.language)))
    return said


def _bought(row: Mapping[str, object], terms: Terms) -> str:
    if row["day"] is None:
        return str(row["product"])
    told = {"product": row["product"], "day": terms.day(row["day"])}
    return i18n.sentence("board_offers.last_on", terms.language, **told)


def _column(key: str, terms: Terms, unit: str = "text") -> Column:
    return Column(key, word(f"column.{key}", terms), unit)
