"""One customer's rows, and what they say in three sentences: who this is, whether they may leave, what to do next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from customerbase import i18n
from customerbase.periods import month_label
from customerbase.widgets.customer.terms import Terms

FACTS = ("age_band", "prefecture", "member_rank", "main_channel", "favourite_category", "points_balance")
LEAVING, BUYING = "leaving", "buying"


@dataclass(frozen=True)
class Card:
    """One customer's rows: head (attributes and scores), segment by month, segments by rule, reasons by side, the tenths
    of the customers tested by side, likeliest categories, consents, and whether the month has a list of contacts."""

    head: Mapping[str, object]
    segments: Sequence[Mapping[str, object]]
    rules: Sequence[str]
    reasons: Mapping[str, Sequence[Mapping[str, object]]]
    alike: Mapping[str, Sequence[Mapping[str, object]]]
    likely: Sequence[Mapping[str, object]]
    consents: Sequence[Mapping[str, object]]
    listed: bool

    def __getitem__(self, name: str) -> object:
        return self.head[name]

    def has(self, name: str) -> bool:
        """Whether the month knows this of the customer."""
        return not i18n.missing(self.head[name])

    @property
    def purchases(self) -> int | None:
        """Days with a purchase: what value and timing rest on."""
        return int(self["frequency"]) + 1 if self.has("frequency") else None

    def tested(self, side: str, probability: object) -> Mapping[str, object]:
        """The tenth of the customers tested whose mean prediction is nearest: actual share with interval, and n."""
        bins = self.alike.get(side) or ()
        known = [one for one in bins if not i18n.missing(one["predicted"])]
        empty = dict.fromkeys(("n", "low", "high", "actual"))
        return min(known, key=lambda one: abs(one["predicted"] - probability), default=empty)


def since(card: Card, terms: Terms) -> str:
    """Since when the customer has been in the segment without a break, by published month; as far as months are kept."""
    months = [(row["month"], row["segment"]) for row in card.segments]
    first = None
    for month, segment in reversed(months):
        if segment != card["segment"] or (first and _between(month, first) > 1):
            break
        first = month
    if first is None:
        return terms.say("since", month=month_label(terms.as_of, terms.language))
    key = "since_least" if first == months[0][0] else "since"
    return terms.say(key, month=month_label(first, terms.language))


def _between(one: date, other: date) -> int:
    return (other.year - one.year) * 12 + other.month - one.month


def sentences(card: Card, terms: Terms) -> list[tuple[str, str]]:
    """Label and sentence: who this is, whether they may leave and why, what to do next."""
    lines = [
        ("head.who", _who(card, terms)),
        ("head.leaving", _leaving(card, terms)),
        ("head.next", _next(card, terms)),
    ]
    return [(terms.word(key), text) for key, text in lines]


def _who(card: Card, terms: Terms) -> str:
    if not card.has("first_order_at"):
        return i18n.run_on([terms.word("head.never"), _facts(card, terms)], terms.language)
    told = {
        "first": terms.day(card["first_order_at"]),
        "last": terms.day(card["last_order_at"]),
        "orders": f"{card['orders']:,}",
        "spend": terms.money(card["net_spend"]),
    }
    bought = terms.say("head.bought_plain", **told)
    if card.has("segment"):
        more = {"segment": terms.segment(card["segment"]), "since": since(card, terms)}
        bought = terms.say("head.bought", **told, **more, days=f"{card['days_since_last_order']:,}")
    return i18n.run_on([bought, _facts(card, terms)], terms.language)


def _facts(card: Card, terms: Terms) -> str:
    values = {name: card[name] for name in FACTS if card.has(name)}
    if "age_band" in values:
        low, _, high = str(values["age_band"]).partition("-")
        key = "fact.ages" if high else "fact.ages_up"
        values["age_band"] = terms.say(key, **({"low": low, "high": high} if high else {"low": low.rstrip("+")}))
    if "main_channel" in values:
        values["main_channel"] = terms.code("channel", values["main_channel"])
    if "points_balance" in values:
        values["points_balance"] = f"{values['points_balance']:,.0f}"
    if card.rules:
        values["rules"] = i18n.join([terms.rule(code) for code in card.rules], terms.language)
    told = [terms.say(f"fact.{name}", value=value) for name, value in values.items()]
    text = ("、" if terms.language == "ja" else ", ").join(told)
    return terms.say("head.facts", facts=text[:1].upper() + text[1:]) if told else ""


def _leaving(card: Card, terms: Terms) -> str:
    if not card.has("probability"):
        return terms.word("head.risk_none")
    reasons = [terms.reason(LEAVING, row) for row in card.reasons.get(LEAVING, ())]
    told = {
        "days": card["horizon_days"],
        "probability": terms.rate(card["probability"]),
        "band": i18n.word(f"churn.band.{card['risk_band']}", terms.language).lower(),
    }
    if not reasons:
        return terms.say("head.risk_plain", **told)
    return terms.say("head.risk", **told, reasons=terms.reasons(reasons))


def _next(card: Card, terms: Terms) -> str:
    if not card.has("rank"):
        return terms.word("head.nothing" if card.listed else "head.no_list")
    channel = str(card["channel"])
    told = {"channel": terms.code("channel", channel), "rank": f"{card['rank']:,}", "gain": terms.money(card["gain"])}
    ends = [terms.money(card[name]) for name in ("gain_low", "gain_high")]
    if ends[0] == ends[1]:
        said = [terms.say("head.contact_one", **told)]
    else:
        said = [terms.say("head.contact", **told, low=ends[0], high=ends[1])]
    if card.has("best_day"):
        said.append(terms.say("head.best_day", day=terms.day(card["best_day"])))
    return i18n.run_on([*said, terms.word(f"head.{_consent(card, channel)}")], terms.language)


def _consent(card: Card, channel: str) -> str:
    """granted, withdrawn or unspoken: consent to marketing by a channel; a word about all channels counts for each."""
    states = {
        row["state"] for row in card.consents if row["purpose"] == "marketing" and row["channel"] in (channel, "all")
    }
    return "withdrawn" if "withdrawn" in states else "granted" if states else "unspoken"
