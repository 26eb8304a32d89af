"""Every score of one customer with interval, n and reasons: as six tiles, and as a table to save."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from customerbase import i18n
from customerbase.dashboards.part import Column, Table
from customerbase.widgets.customer.card import BUYING, LEAVING, Card, since
from customerbase.widgets.customer.terms import Terms


@dataclass(frozen=True)
class Score:
    """One line: name, value with its unit, interval in words, n with what it counts, reasons, definition, where it is made."""

    name: str
    value: object
    unit: str
    interval: str | None
    n: int | None
    basis: str
    reasons: str
    definition: str
    made: str


def due(card: Card, terms: Terms) -> tuple[str | None, str]:
    """Day of the next purchase (even chance) and the window of 80 %, in short words."""
    if card.has("window_mid"):
        days = [card["window_from"], card["window_to"]]
        return _short(card["window_mid"], terms), i18n.span(*(_short(day, terms) for day in days), terms.language)
    if not card.has("p_30"):
        return None, i18n.MISSING
    after = [card[name] for name in ("median_days", "low_days", "high_days")]
    mid, low, high = (
        terms.word("beyond") if i18n.missing(days) else _short(terms.as_of + timedelta(days=round(days)), terms)
        for days in after
    )
    return mid, i18n.MISSING if low == high else i18n.span(low, high, terms.language)


def _short(day: date | None, terms: Terms) -> str:
    return terms.word("year") if i18n.missing(day) else terms.day(day, short=day.year == terms.as_of.year)


def scores(card: Card, terms: Terms) -> list[Score]:
    """Every score that the month has of the customer."""
    return [
        one for one in [*_bought(card, terms), *_expected(card, terms), *_ahead(card, terms)] if one.value is not None
    ]


def _line(terms: Terms, key: str, value: object, unit: str, **more: object) -> Score:
    told = {"interval": None, "n": None, "basis": "", "reasons": "", "made": key} | more
    name, definition = told.pop("name", None), told.pop("definition", None)
    told["basis"] = told["basis"] and terms.word(f"basis.{told['basis']}")
    told["made"] = f"{terms.made(told['made'])}\n{terms.notebook(told['made'])}"
    name, definition = name or terms.word(f"score.{key}"), definition or terms.word(f"meaning.{key}")
    return Score(name, value, unit, definition=definition, **told)


def _bought(card: Card, terms: Terms) -> list[Score]:
    made = [
        _line(terms, "spend", card["net_spend"], "money", n=card["orders"], basis="all_orders"),
        _line(terms, "orders", card["orders"], "orders", n=card["orders"], basis="all_orders"),
    ]
    if not card.has("segment"):
        return made
    ranks = {name: card[name] for name in ("r", "f", "m")}
    why = terms.say("reason.rfm", days=card["days_since_last_order"], orders=card["order_count"], **ranks)
    base, rank = {"n": card["order_count"], "basis": "orders"}, "-".join(map(str, ranks.values()))
    return [
        _line(terms, "segment", terms.segment(card["segment"]), "text", reasons=since(card, terms), **base),
        _line(terms, "rfm", rank, "text", reasons=why, **base),
        *made,
    ]


def _expected(card: Card, terms: Terms) -> list[Score]:
    if card.purchases is None:
        return []
    base = {"n": card.purchases, "basis": "purchases"}
    why = terms.say(
        "reason.cltv",
        purchases=f"{card.purchases:,}",
        expected=i18n.measured(card["purchases_12m"], "score", terms.language),
        basis=terms.code("reason", str(card["spend_basis"])),
    )
    value = terms.span(card["cltv_low"], card["cltv_high"], "money")
    return [
        _line(terms, "cltv", card["cltv"], "money", interval=value, reasons=why, **base),
        _line(terms, "purchases", card["purchases_12m"], "times", **base),
        _line(terms, "alive", card["p_alive"], "rate", **base),
    ]


def _ahead(card: Card, terms: Terms) -> list[Score]:
    made = []
    for key, name in ((LEAVING, "probability"), (BUYING, "p_30")):
        if card.has(name):
            tested = card.tested(key, card[name])
            interval = terms.span(tested["low"], tested["high"], "rate")
            why = terms.reasons([terms.reason(key, row) for row in card.reasons.get(key, ())])
            more = {"interval": interval, "n": tested["n"], "basis": "tested" if tested["n"] else "", "reasons": why}
            if key == LEAVING:
                more["definition"] = terms.say("meaning.leaving", days=card["horizon_days"])
            made.append(_line(terms, key, card[name], "rate", **more))
    base = {"n": card.purchases, "basis": "purchases" if card.purchases else ""}
    interval = terms.span(card["value_at_risk_low"], card["value_at_risk_high"], "money")
    made.insert(1, _line(terms, "at_risk", card["value_at_risk"], "money", interval=interval, **base))
    day, window = due(card, terms)
    made.append(
        _line(terms, "due", day, "text", interval=window, made="due" if card.has("window_mid") else "buying", **base)
    )
    made += [_category(row, terms) for row in card.likely]
    if card.has("rank"):
        topics = [terms.topic(str(card[name])) for name in ("reason_1", "reason_2", "reason_3") if card.has(name)]
        interval = terms.span(card["gain_low"], card["gain_high"], "money")
        made.append(
            _line(terms, "gain", card["gain"], "money", interval=interval, reasons=terms.reasons(topics), **base)
        )
    return made


def _category(row: Mapping[str, object], terms: Terms) -> Score:
    again = row["bought_before"] and not i18n.missing(row["days_since_last"])
    why = terms.say("reason.buys_again", days=row["days_since_last"]) if again else terms.word("reason.new")
    name = terms.say("score.category", category=row["category"])
    definition = terms.say("meaning.category", days=row["horizon_days"])
    return _line(terms, "category", row["probability"], "rate", reasons=why, name=name, definition=definition)


def table(card: Card, terms: Terms) -> Table:
    """The scores as a table to save."""
    lines = scores(card, terms)
    columns = (
        Column("score", terms.word("score.head")),
        Column("value", terms.word("score.value"), "own"),
        Column("interval", terms.word("interval"), "figure"),
        Column("n", "n", "count"),
        Column("basis", terms.word("rests")),
        Column("reasons", terms.word("score.reasons")),
        Column("made", terms.word("made")),
    )
    rows = tuple(
        (
            one.name,
            _plain(one.value),
            one.interval or i18n.MISSING,
            one.n,
            one.basis,
            one.reasons or i18n.MISSING,
            one.made,
        )
        for one in lines
    )
    units, about = tuple(one.unit for one in lines), tuple(one.definition for one in lines)
    caption = terms.caption("", None, "head")
    return Table(terms.word("score.title"), columns, rows, caption, currency=terms.currency, units=units, about=about)


def _plain(value: object) -> object:
    if isinstance(value, str | int | float):
        return value
    return value.isoformat()[:10] if isinstance(value, date | datetime) else float(value)


def tiles(card: Card, terms: Terms) -> str:
    """Segment, value, risk, value at risk, next purchase and purchase within 30 days: each with interval, n and the month before."""
    found = {one.name: one for one in scores(card, terms)}
    before = {
        "cltv": ("previous_cltv", "money"),
        "leaving": ("previous_probability", "rate"),
        "buying": ("previous_p_30", "rate"),
    }
    made = []
    for key in ("segment", "cltv", "leaving", "at_risk", "due", "buying"):
        one = found.get(terms.word(f"score.{key}"))
        rows = _tile_rows(key, one, card, terms)
        if one and key in before:
            value, unit = card[before[key][0]], before[key][1]
            rows.append((terms.word("before"), i18n.number(value, unit, terms.language, currency=terms.currency)))
        value = i18n.MISSING if one is None else _figure(one, terms)
        made.append(_tile(terms.word(f"score.{key}"), value, rows, one.definition if one else ""))
    return f'<section><ul class="tiles">{"".join(made)}</ul></section>'


def _figure(one: Score, terms: Terms) -> str:
    return (
        str(one.value)
        if one.unit == "text"
        else i18n.number(one.value, one.unit, terms.language, currency=terms.currency)
    )


def _tile_rows(key: str, one: Score | None, card: Card, terms: Terms) -> list[tuple[str, str]]:
    if one is None:
        return []
    rows = []
    if key == "segment":
        ranks = f"{card['r']}-{card['f']}-{card['m']}"
        rows = [(terms.word("score.rfm"), ranks), (terms.word("score.since"), since(card, terms))]
    elif one.interval and one.interval != i18n.MISSING:
        rows = [(terms.word("happened" if key in (LEAVING, BUYING) else "range"), one.interval)]
    n = [("n", f"{one.n:,} {one.basis}" if terms.language == "en" else f"{one.n:,}（{one.basis}）")] if one.n else []
    return [*rows, *n]


def _tile(name: str, value: str, rows: Sequence[tuple[str, str]], definition: str) -> str:
    told = "".join(f"<div><dt>{html.escape(label)}</dt><dd>{html.escape(text)}</dd></div>" for label, text in rows)
    about = f' title="{html.escape(definition, quote=True)}"' if definition else ""
    return f'<li{about}><h3>{html.escape(name)}</h3><p class="figure">{html.escape(value)}</p><dl>{told}</dl></li>'
