"""`budget:` of a pipeline file: offers, what they cost and do, capacities and money; read, and refused with one clear error.

budget:
  total: 60000                             # money for a month; left out: no limit
  per: person                              # one offer a person (or: channel, one a person and channel)
  channels:
    email: {contacts: 400}
    phone: {people: {sato: {hours: 20}}}   # hours or contacts, of the channel or of each salesperson (deals.owner_id)
  offers:
    voucher:
      title: {en: Voucher, ja: クーポン}
      channel: email
      cost: 5                              # of a contact
      cost_response: 500                   # of a purchase after it, such as a voucher, also of who would have bought anyway
      hours: 0.1                           # of work, of a contact
      changes: purchase                    # what the effect is on: purchase, staying or margin
      effect: {campaign: C202607, assumed: 0.2, low: 0.05, high: 0.35, why: last year's voucher}
      audience: win_back                   # or eligible: a rule
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from customerbase.audiences.consent import CHANNELS
from customerbase.audiences.effects import CHANGES, PURCHASE, Effect, mapping, number, read_effect
from customerbase.audiences.values import line, one_of
from customerbase.errors import ConfigError
from customerbase.rules import Columns, Rule, read_logic
from customerbase.rules.codes import both_languages, check_code

PERSON, CHANNEL = "person", "channel"
MOST = 20
_BUDGET = ("total", "per", "channels", "offers")
_OFFER = (
    "title", "channel", "cost", "cost_response", "redeemed", "hours", "changes", "effect", "eligible", "audience",
)  # fmt: skip


@dataclass(frozen=True)
class Offer:
    """One offer through one channel.

    cost: of a contact; cost_response: of a purchase of whoever got it, times `redeemed`, the share of them who use it.
    changes: purchase (the effect multiplies the odds of a purchase within 30 days by 1 + effect), staying (the odds of
    still being a customer) or margin (money a contact).
    """

    code: str
    title: Mapping[str, str]
    channel: str
    effect: Effect
    changes: str = PURCHASE
    cost: float = 0.0
    cost_response: float = 0.0
    redeemed: float = 1.0
    hours: float = 0.0
    eligible: Rule | None = None
    audience: str = ""


@dataclass(frozen=True)
class Room:
    """What there is of a channel, or of one of its salespeople: contacts and hours, inf without a limit."""

    channel: str
    person: str = ""
    contacts: float = np.inf
    hours: float = np.inf


@dataclass(frozen=True)
class Budget:
    """The offers of a pipeline, and the money and capacities they share."""

    offers: tuple[Offer, ...] = ()
    rooms: tuple[Room, ...] = ()
    total: float = np.inf
    per: str = PERSON
    columns: Columns | None = field(default=None, compare=False)

    def __len__(self) -> int:
        return len(self.offers)


def read_budget(content: Mapping | None, columns: Columns, where: str = "the pipeline file") -> Budget:
    """`budget:` of a pipeline for a page with these columns. Raises ConfigError naming place, value and near miss."""
    place = f"{where}: budget"
    content = mapping(content or {}, _BUDGET, place)
    offers = content.get("offers") or {}
    if not isinstance(offers, Mapping) or len(offers) > MOST:
        raise ConfigError(f"{place}.offers is {offers!r}; expected at most {MOST} lines such as code: {{title: …}}.")
    read = tuple(_offer(code, spec, columns, n, place) for n, (code, spec) in enumerate(offers.items()))
    rooms = content.get("channels") or {}
    if not isinstance(rooms, Mapping):
        raise ConfigError(f"{place}.channels is {rooms!r}; expected lines such as email: {{contacts: 400}}.")
    found = tuple(room for name, spec in rooms.items() for room in _rooms(name, spec, f"{place}.channels"))
    per = one_of(content.get("per", PERSON), (PERSON, CHANNEL), f"{place}.per")
    return Budget(read, found, number(content, "total", place, np.inf), per, columns)


def _offer(code: object, spec: object, columns: Columns, nth: int, place: str) -> Offer:
    place = f"{place}.offers.{code}"
    check_code(code, place, "an offer")
    spec = mapping(spec, _OFFER, place)
    for key in ("title", "channel", "effect"):
        if key not in spec:
            raise ConfigError(f"{place} has no {key!r}; an offer says title, channel and effect.")
    changes = one_of(spec.get("changes", PURCHASE), CHANGES, f"{place}.changes")
    rule = None
    if spec.get("eligible"):
        logic, texts = read_logic(spec["eligible"], columns, prefix=f"b{nth}", place=f"{place}.eligible")
        rule = Rule(str(code), str(code), str(code), " ".join(str(spec["eligible"]).split()), logic, texts=texts)
    redeemed = number(spec, "redeemed", place, 1.0)
    if redeemed > 1:
        raise ConfigError(f"{place}.redeemed is {redeemed:g}; expected a share from 0 to 1.")
    return Offer(
        code=str(code),
        title=both_languages(spec["title"], f"{place}.title", True),
        channel=one_of(spec["channel"], CHANNELS, f"{place}.channel"),
        effect=read_effect(spec["effect"], changes, f"{place}.effect"),
        changes=changes,
        cost=number(spec, "cost", place, 0.0),
        cost_response=number(spec, "cost_response", place, 0.0),
        redeemed=redeemed,
        hours=number(spec, "hours", place, 0.0),
        eligible=rule,
        audience=line(spec.get("audience", ""), f"{place}.audience"),
    )


def _rooms(name: object, spec: object, place: str) -> list[Room]:
    channel = one_of(name, CHANNELS, place)
    place = f"{place}.{channel}"
    spec = mapping(spec, ("contacts", "hours", "people"), place)
    made = [_room(spec, channel, "", place)] if spec.keys() - {"people"} else []
    people = spec.get("people") or {}
    if not isinstance(people, Mapping):
        raise ConfigError(f"{place}.people is {people!r}; expected lines such as sato: {{hours: 20}}.")
    for who, one in people.items():
        person = line(str(who), f"{place}.people")
        made.append(
            _room(
                mapping(one, ("contacts", "hours"), f"{place}.people.{who}"), channel, person, f"{place}.people.{who}"
            )
        )
    return made


def _room(spec: Mapping, channel: str, person: str, place: str) -> Room:
    return Room(channel, person, number(spec, "contacts", place, np.inf), number(spec, "hours", place, np.inf))
