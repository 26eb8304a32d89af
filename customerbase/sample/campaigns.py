"""Campaigns with a random hold-out and a known effect, the consents that decide who may be contacted."""

from dataclasses import dataclass

import numpy as np

from customerbase.sample.memberships import Memberships
from customerbase.sample.people import People
from customerbase.sample.world import APP, WEB, World

WINDOW = 30  # days after sending within which a campaign can cause an order
DELAY = 6.0  # mean days from sending to a caused order (exponential, cut at WINDOW)
RECENT = 90  # days since the last order that make a customer "recent"
RESPONSE = 1.0 - np.exp(-WINDOW / DELAY)


@dataclass(frozen=True)
class Campaign:
    """One campaign: what was planned, and the effect it really has (additional orders per treated live customer)."""

    number: int
    campaign_id: str
    name: str
    channel: str
    objective: str
    offer: str
    audience: str
    sent: float
    effect_recent: float
    effect_other: float
    holdout: float
    cost: int


@dataclass
class Extra:
    """Orders that campaigns caused."""

    row: np.ndarray
    t: np.ndarray
    campaign: np.ndarray
    member: np.ndarray


@dataclass
class Consents:
    """Mail or push consent of each membership: given at the start or never, and withdrawn at a time (inf: never)."""

    given: np.ndarray
    withdrawn: np.ndarray

    def open_at(self, t: float) -> np.ndarray:
        """Which memberships may be contacted at time t."""
        return self.given & (self.withdrawn > t)


@dataclass
class Contacts:
    """Planned contacts of one block: arrays with one entry per campaign and membership."""

    campaign: np.ndarray
    member: np.ndarray
    row: np.ndarray
    sent: np.ndarray
    treated: np.ndarray
    effect: np.ndarray  # chance that this contact, if treated, causes one more order (0 for those who dropped out)

    def caused(self, people: People, rng: np.random.Generator) -> Extra:
        """The additional orders of the treated; none after a person dropped out."""
        hit = self.treated & (rng.random(len(self.row)) < self.effect)
        delay = -DELAY * np.log1p(-rng.random(len(self.row)) * RESPONSE)
        hit &= self.sent + delay < people.dropout[self.row]
        return Extra(self.row[hit], (self.sent + delay)[hit], self.campaign[hit], self.member[hit])


def make_campaigns(world: World) -> list[Campaign]:
    """One campaign on the 10th of every second month, taking the company's kinds in turn; the newest in the last month
    but one, so that its 30 days are over.
    """
    kinds = world.company["campaigns"]
    months = range(world.months - 2, -1, -2)
    made = []
    for number, month in enumerate(sorted(months)):
        name, channel, objective, offer, audience, recent, other, holdout, cost = kinds[number % len(kinds)]
        day = world.month_list[month]
        sent = float(world.month_starts[month] + 9 + 10 / 24)
        label = f"{name} {day.year}年{day.month}月"
        code = f"C{day:%Y%m}"
        made.append(
            Campaign(number, code, label, channel, objective, offer, audience, sent, recent, other, holdout, cost)
        )
    return made


def make_consents(world: World, people: People, members: Memberships) -> Consents:
    """Who agreed to mail (web), push (app) or letters (shops), and when they withdrew."""
    rng = world.stream("consents", people.block)
    given = rng.random(len(members)) < np.array([0.35, 0.72, 0.8])[members.system]
    content = people.satisfaction[members.row]
    return Consents(given, members.since + rng.exponential(1400, len(members)) * np.exp(0.3 * content))


def make_contacts(
    world: World, campaigns: list[Campaign], people: People, members: Memberships, consents: Consents, base: tuple
) -> Contacts:
    """Whom each campaign was meant for, who was held out at random, and each one's true effect."""
    rng = world.stream("contacts", people.block)
    row, t, _ = base
    parts = []
    for campaign in campaigns:
        before = t < campaign.sent
        last = np.full(len(people), -np.inf)
        np.maximum.at(last, row[before], t[before])
        recent = last > campaign.sent - RECENT
        member = _audience(campaign, members, consents, recent)
        treated = rng.random(len(member)) >= campaign.holdout
        person = members.row[member]
        effect = np.where(recent[person], campaign.effect_recent, campaign.effect_other)
        effect = effect * (people.dropout[person] > campaign.sent)
        number = np.full(len(member), campaign.number)
        parts.append((number, member, person, np.full(len(member), campaign.sent), treated, effect))
    return _stacked(parts)


def _stacked(parts: list[tuple]) -> Contacts:
    kinds = (int, int, int, float, bool, float)
    columns = zip(*parts, strict=True) if parts else [()] * len(kinds)
    return Contacts(
        *[
            np.concatenate([*column, np.array([], dtype=kind)]).astype(kind)
            for column, kind in zip(columns, kinds, strict=True)
        ]
    )


def _audience(campaign: Campaign, members: Memberships, consents: Consents, recent: np.ndarray) -> np.ndarray:
    system = WEB if campaign.channel == "email" else APP
    fits = (members.system == system) & (members.kind < 2) & (members.since < campaign.sent)
    fits &= consents.open_at(campaign.sent)
    if campaign.audience != "all":
        fits &= recent[members.row] == (campaign.audience == "recent")
    return np.flatnonzero(fits)
