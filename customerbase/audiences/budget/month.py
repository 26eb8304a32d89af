"""The offers of a month: who may get which, who gets which, and the tables that the page writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

import customerbase.audiences.budget.ways as ways
from customerbase import holdout
from customerbase.audiences.budget.choosing import Choice, Limit, choose
from customerbase.audiences.budget.offers import CHANNEL, Budget, Offer, Room
from customerbase.audiences.budget.worth import gains
from customerbase.audiences.effects import Known, effect
from customerbase.engine import Engine, literal
from customerbase.rules.compiling import bound, conditions_sql, percentiles

TABLES = ("budget_plan", "budget_offers", "budget_limits", "budget_ways", "budget_curve")
MONEY, CONTACTS, HOURS = "money", "contacts", "hours"
AMOUNTS = ("margin", "cost", "gain", "gain_low", "gain_high")


@dataclass(frozen=True)
class Option:
    """An offer, by the salesperson who makes it where the channel has any."""

    offer: Offer
    room: Room


@dataclass(frozen=True)
class Plan:
    """Who gets what this month; frames in the form of expectations/budget_*.yaml.

    considered: customers who may get some offer; gap: the most that the plan could be better by, as a share.
    """

    budget: Budget
    as_of: date
    plan: pd.DataFrame
    offers: pd.DataFrame
    limits: pd.DataFrame
    ways: pd.DataFrame
    curve: pd.DataFrame
    considered: int
    gap: float

    def tables(self) -> dict[str, pd.DataFrame | None]:
        """What the page writes, by table; None where there is nothing."""
        parts = (self.plan, self.offers, self.limits, self.ways, self.curve)
        return {name: part if len(part) else None for name, part in zip(TABLES, parts, strict=True)}

    def records(self) -> dict[str, int | float]:
        """What the run records."""
        sums = {f"budget_{name}": float(self.plan[name].sum()) for name in ("cost", "gain", "gain_low")}
        return {"budget_contacts": len(self.plan), "budget_considered": self.considered, "budget_gap": self.gap, **sums}


def plan(
    db: Engine,
    budget: Budget,
    *,
    as_of: date,
    margin: float = 1.0,
    control: float = 0.0,
    effects: pd.DataFrame | None = None,
) -> Plan:
    """Expected incremental margin of every customer and offer, and the plan with the largest sum within money and capacities.

    Reads propensity, cltv, contactable, audience_members and deals. Nobody gets an offer by a channel without consent, nobody
    of the global control group (share `control`) gets any, and no offer whose expected gain is not above 0 is made.
    margin: gross margin as a share of net sales. effects: campaign_effects of the month before.
    """
    customers = db.run("budget_customers").df() if len(budget) else pd.DataFrame({"customer_id": []})
    if not len(customers):
        return _nothing(budget, as_of)
    customers["expected_margin"] = customers["expected_spend"].astype(float) * margin
    known = {offer.code: effect(offer.effect, offer.changes, effects) for offer in budget.offers}
    allowed = _allowed(db, budget, customers["customer_id"], control, as_of)
    options = [Option(offer, room) for offer in budget.offers for room in _rooms(offer, budget)]
    mine = _owners(db, customers["customer_id"], options, as_of)
    able = {
        place: allowed[option.offer.code] & mine[:, place] & (option.offer.hours <= option.room.hours)
        for place, option in enumerate(options)
    }
    single = gains(customers, budget.offers, known, allowed)
    at = [budget.offers.index(option.offer) for option in options]
    worth = {name: values[:, at] for name, values in single.items()}
    barred = ~np.stack([able[place] for place in range(len(options))], axis=1)
    for name in ("gain", "gain_low", "gain_high"):
        worth[name][barred] = -np.inf
    limits = _limits(budget, options, worth["cost"])
    groups = _groups(budget, options)
    best = choose(worth["gain"], [one for _, one in limits], groups=groups)
    return _told(budget, options, customers, worth, ~barred, limits, groups, best, known, as_of)


plan.definition_ja = (
    "オファーで見込まれる増分粗利：効果 × 粗利 − 費用（予算・対応件数の範囲で合計が最大になる割り当て）"
)


def _nothing(budget: Budget, as_of: date) -> Plan:
    return Plan(
        budget, as_of, pd.DataFrame({name: [] for name in AMOUNTS}), *(pd.DataFrame() for _ in range(4)), 0, 0.0
    )


def _rooms(offer: Offer, budget: Budget) -> Sequence[Room]:
    """The salespeople of the offer's channel, else the channel."""
    persons = [room for room in budget.rooms if room.channel == offer.channel and room.person]
    return persons or [Room(offer.channel)]


def _allowed(db: Engine, budget: Budget, ids: pd.Series, control: float, as_of: date) -> dict[str, np.ndarray]:
    """Who may get each offer: consent to its channel, its audience or rule, and not kept back."""
    free = ~holdout.held_out(ids, control, "global")
    granted = db.query("select customer_id, channel from contactable where state = 'granted'").df()
    fits = _fits(db, budget, as_of)
    made = {}
    for offer in budget.offers:
        may = free & ids.isin(granted.loc[granted["channel"] == offer.channel, "customer_id"]).to_numpy()
        if offer.audience:
            members = db.query(
                f"select distinct customer_id from audience_members where audience = {literal(offer.audience)}"
                f" and arm = 'target' and channel = {literal(offer.channel)}"
            ).df()
            may &= ids.isin(members["customer_id"]).to_numpy()
        if offer.code in fits:
            may &= ids.isin(fits[offer.code]).to_numpy()
        made[offer.code] = may
    return made


def _fits(db: Engine, budget: Budget, as_of: date) -> dict[str, pd.Series]:
    """Who the rules of the offers fit."""
    ruled = [offer for offer in budget.offers if offer.eligible]
    if not ruled:
        return {}
    rules = [offer.eligible for offer in ruled]
    text = conditions_sql(rules, budget.columns)
    flags = ", ".join(f"s{place}" for place in range(len(rules)))
    values = bound(text, rules, percentiles(db, rules), as_of)
    db.execute(
        f"create or replace temp table budget_judged as select customer_id, {flags} from ({text}) as judged", **values
    )
    judged = db.query("select * from budget_judged").df()
    return {offer.code: judged.loc[judged[f"s{place}"], "customer_id"] for place, offer in enumerate(ruled)}


def _owners(db: Engine, ids: pd.Series, options: Sequence[Option], as_of: date) -> np.ndarray:
    """customers x options: of several salespeople only the one whose account it is, where that is one of them."""
    mine = np.ones((len(ids), len(options)), dtype=bool)
    persons = {option.room.person for option in options if option.room.person}
    if not persons:
        return mine
    deals = db.run("open_deals", until=as_of + timedelta(days=1)).df()
    owner = ids.map(deals.set_index("customer_id")["owner_id"]).to_numpy(dtype=object)
    for place, option in enumerate(options):
        if option.room.person:
            theirs = {one.room.person for one in options if one.room.channel == option.room.channel}
            others = np.array([one in theirs and one != option.room.person for one in owner], dtype=bool)
            mine[:, place] = ~others
    return mine


def _limits(budget: Budget, options: Sequence[Option], cost: np.ndarray) -> list[tuple[tuple[str, Room | None], Limit]]:
    """Money first, then contacts and hours of channels and of salespeople, in the order of the file."""
    made = [((MONEY, None), Limit(MONEY, budget.total, cost))]
    hours = np.array([option.offer.hours for option in options])
    for room in budget.rooms:
        theirs = np.array(
            [o.offer.channel == room.channel and room.person in ("", o.room.person) for o in options], dtype=bool
        )
        name = f"{room.channel} {room.person}".strip()
        for kind, size, use in ((CONTACTS, room.contacts, theirs * 1.0), (HOURS, room.hours, theirs * hours)):
            if np.isfinite(size):
                made.append(((kind, room), Limit(f"{name} {kind}", size, use)))
    return made


def _groups(budget: Budget, options: Sequence[Option]) -> list[list[int]]:
    if budget.per != CHANNEL:
        return [list(range(len(options)))]
    channels = dict.fromkeys(option.offer.channel for option in options)
    return [[place for place, one in enumerate(options) if one.offer.channel == channel] for channel in channels]


def _told(budget, options, customers, worth, able, limits, groups, best: Choice, known, as_of) -> Plan:
    plain = [one for _, one in limits]
    table = _plan_table(options, customers["customer_id"], worth, best.chosen, as_of)
    low = ways.if_low(worth["gain_low"], plain, groups)
    cost = float(worth["cost"][best.chosen].sum())
    money = budget.total if np.isfinite(budget.total) else cost
    told = ways.curve(worth["gain"], plain, money, groups)
    drawn = pd.DataFrame(told, columns=["share", "budget", "gain", "price"])
    return Plan(
        budget,
        as_of,
        table,
        _offers_table(budget, options, able, table, known, as_of),
        _limits_table(limits, best, as_of),
        _ways_table(customers, worth, plain, best, low, as_of),
        drawn.assign(as_of=as_of),
        int(able.any(axis=1).sum()),
        best.gap,
    )


def _plan_table(options, ids: pd.Series, worth: Mapping, chosen: np.ndarray, as_of: date) -> pd.DataFrame:
    rows, places = np.nonzero(chosen)
    order = np.lexsort((ids.to_numpy(dtype=object)[rows].astype(str), -worth["gain"][rows, places]))
    rows, places = rows[order], places[order]
    made = {"customer_id": ids.to_numpy()[rows], "as_of": as_of, "rank": np.arange(1, len(rows) + 1)}
    made |= {
        "offer": [options[one].offer.code for one in places],
        "channel": [options[one].offer.channel for one in places],
    }
    made |= {"person": [options[one].room.person or None for one in places]}
    low, high = worth["gain_low"][rows, places], worth["gain_high"][rows, places]
    made |= {"margin": worth["margin"][rows, places], "cost": worth["cost"][rows, places]}
    return pd.DataFrame(made | {"gain": worth["gain"][rows, places], "gain_low": low, "gain_high": high})


def _offers_table(
    budget: Budget, options, able, table: pd.DataFrame, known: Mapping[str, Known], as_of
) -> pd.DataFrame:
    rows = []
    for place, offer in enumerate(budget.offers, 1):
        given, one = table[table["offer"] == offer.code], known[offer.code]
        columns = [number for number, option in enumerate(options) if option.offer is offer]
        row = {"as_of": as_of, "place": place, "offer": offer.code, "title_en": offer.title["en"]}
        row |= {"title_ja": offer.title["ja"], "channel": offer.channel, "changes": offer.changes}
        row |= {"effect": one.value, "effect_low": one.low, "effect_high": one.high, "source": one.source}
        row |= {
            "campaign_id": offer.effect.campaign or None,
            "verdict": one.verdict or None,
            "why": offer.effect.why or None,
        }
        row |= {"eligible": int(able[:, columns].any(axis=1).sum()), "contacts": len(given)}
        rows.append(row | {name: float(given[name].sum()) for name in AMOUNTS})
    return pd.DataFrame(rows)


def _limits_table(limits, best: Choice, as_of: date) -> pd.DataFrame:
    rows = []
    for place, ((kind, room), one) in enumerate(limits):
        used = float(np.broadcast_to(one.use, best.chosen.shape)[best.chosen].sum())
        row = {"as_of": as_of, "place": place + 1, "kind": kind, "channel": room.channel if room else None}
        row |= {"person": room.person or None if room else None, "room": one.room if np.isfinite(one.room) else None}
        rows.append(row | {"used": used, "price": float(best.prices[place])})
    return pd.DataFrame(rows)


def _ways_table(customers, worth, limits, best: Choice, low: Choice, as_of: date) -> pd.DataFrame:
    """The plan, other orders of giving, and the plan for effects at their low ends."""
    ids, score = customers["customer_id"], customers["probability"].fillna(-1).to_numpy(dtype=float)
    drawn = np.argsort(np.array(holdout.digests(ids, "budget at random")), kind="stable")
    chosen = {
        ways.BEST: best.chosen,
        ways.SCORE: ways.in_order(worth["gain"], limits, np.argsort(-score, kind="stable")),
    }
    chosen |= {ways.RANDOM: ways.in_order(worth["gain"], limits, drawn), ways.IF_LOW: low.chosen}
    rows = []
    for way, mask in chosen.items():
        row = {"as_of": as_of, "way": way, "contacts": int(mask.sum()), "cost": float(worth["cost"][mask].sum())}
        row |= {name: float(worth[name][mask].sum()) for name in ("gain", "gain_low", "gain_high")}
        row |= {
            "bound": best.bound if way == ways.BEST else None,
            "kept": ways.kept(best, low) if way == ways.IF_LOW else None,
        }
        rows.append(row)
    return pd.DataFrame(rows)
