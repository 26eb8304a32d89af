"""Ranks replayed under the rule in force against the ledger, then under other schemes: who moves, what it costs, what it needs.

Mechanical: the orders of the last twelve months as they were. Revenue moves only by the stated assumption on behaviour,
and the change of spend at which a scheme pays for itself is told beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase.audiences.loyalty.history import History, history, seconds
from customerbase.audiences.loyalty.programme import PRESENT, Programme, Scheme
from customerbase.engine import Engine
from customerbase.periods import add_months

TABLES = ("loyalty_replay", "loyalty_schemes", "loyalty_migration", "loyalty_moves")
UP, SAME, DOWN = "up", "same", "down"


@dataclass(frozen=True)
class Simulation:
    """One month's simulation; frames in the form of expectations/loyalty_*.yaml. unknown: labels that no rank has."""

    programme: Programme | None
    replay: pd.DataFrame
    schemes: pd.DataFrame
    migration: pd.DataFrame
    moves: pd.DataFrame
    unknown: tuple[str, ...] = ()

    def tables(self) -> dict[str, pd.DataFrame | None]:
        """What the page writes, by table; None where there is nothing."""
        parts = (self.replay, self.schemes, self.migration, self.moves)
        return {name: part if len(part) else None for name, part in zip(TABLES, parts, strict=True)}

    def records(self) -> dict[str, int | float]:
        """What the run records."""
        if not len(self.schemes):
            return {"loyalty_members": 0}
        row = self.schemes.iloc[0]
        told = {} if pd.isna(row["replay_error"]) else {"loyalty_replay_error": float(row["replay_error"])}
        return {"loyalty_members": int(row["members"]), "loyalty_cost": float(row["cost"]), **told}


def simulate(db: Engine, programme: Programme | None, *, as_of: date, margin: float = 1.0) -> Simulation:
    """Replay error of the rule in force, and cost, revenue and migration of every scheme.

    Reads orders, identity_links, loyalty_points and rfm. Members are accounts or customers (programme.per) with an order that
    counts. margin: gross margin as a share of spend.
    """
    nothing = Simulation(programme, *(pd.DataFrame() for _ in TABLES))
    if programme is None:
        return nothing
    until = as_of + timedelta(days=1)
    orders = db.run("loyalty_orders", until=until).df()
    orders = orders[orders["status"].isin(programme.statuses)]
    if not len(orders):
        return nothing
    ledger = db.run("loyalty_ledger", until=until).df()
    who = "account" if programme.per == "account" else "customer_id"
    past = history(orders, who, programme.amount if programme.measure == "spend" else None)
    rows, unknown = _ledger_rows(ledger, past, who, programme)
    year = _year(orders, past, who, programme, as_of)
    end = np.full(len(past.members), seconds(pd.Series([pd.Timestamp(until)]))[0] - 1)
    everybody = np.arange(len(past.members))
    now = {scheme.code: past.ranks(everybody, end, scheme) for scheme in programme.all}
    segments = _segments(db, orders, past, who)
    told = [_scheme(one, programme, past, year, now, rows, ledger, margin, as_of) for one in programme.all]
    migration = pd.concat(
        [_migration(one, programme, now, year, as_of) for one in programme.schemes] or [pd.DataFrame()]
    )
    moves = pd.concat([_moves(one, now, segments, as_of) for one in programme.schemes] or [pd.DataFrame()])
    return Simulation(
        programme,
        _replay(rows, past, programme, as_of),
        pd.DataFrame(told).assign(place=range(1, len(told) + 1)),
        migration.reset_index(drop=True),
        moves.reset_index(drop=True),
        unknown,
    )


simulate.definition_ja = (
    "会員ランクの試算：過去の注文に各基準を当てはめたランク・費用と、行動の変化についての仮定による売上の増減"
)


@dataclass(frozen=True)
class _Year:
    """Orders of the last twelve months: member, second and amount of each; spend of each member."""

    member: np.ndarray
    at: np.ndarray
    amount: np.ndarray
    spend: np.ndarray
    since: pd.Timestamp


def _year(orders: pd.DataFrame, past: History, who: str, programme: Programme, as_of: date) -> _Year:
    since = pd.Timestamp(add_months(as_of.replace(day=1), -11))
    newest = orders[pd.to_datetime(orders["order_at"]) >= since]
    member, amount = past.places(newest[who]), newest[programme.amount].fillna(0).to_numpy(dtype=float)
    spend = np.bincount(member, amount, minlength=len(past.members))
    return _Year(member, seconds(newest["order_at"]), amount, spend, since)


def _ledger_rows(ledger: pd.DataFrame, past: History, who: str, programme: Programme) -> tuple[pd.DataFrame, tuple]:
    """Movements whose rank is known: member, second, rank; and labels that the programme does not have."""
    labels = {rank.label: place for place, rank in enumerate(programme.present.ranks)}
    rows = ledger.dropna(subset=["rank_after"])
    unknown = tuple(sorted(set(rows["rank_after"]) - set(labels)))
    rows = rows[rows["rank_after"].isin(list(labels))]
    made = pd.DataFrame({"member": past.places(rows[who]), "at": seconds(rows["txn_at"])})
    made["rank"] = rows["rank_after"].map(labels).to_numpy(dtype=np.int64)
    return made[made["member"] >= 0], unknown


def _error(rows: pd.DataFrame, past: History, scheme: Scheme) -> float | None:
    if not len(rows):
        return None
    found = past.ranks(rows["member"].to_numpy(), rows["at"].to_numpy(), scheme)
    return float((found != rows["rank"].to_numpy()).mean())


def _replay(rows: pd.DataFrame, past: History, programme: Programme, as_of: date) -> pd.DataFrame:
    """Movements by rank in the ledger and rank replayed, and members by those of their newest movement."""
    if not len(rows):
        return pd.DataFrame()
    codes = [rank.code for rank in programme.present.ranks]
    found = past.ranks(rows["member"].to_numpy(), rows["at"].to_numpy(), programme.present)
    newest = ~rows["member"].duplicated(keep="last").to_numpy()
    made = []
    for ledger in range(len(codes)):
        for replayed in range(len(codes)):
            both = (rows["rank"].to_numpy() == ledger) & (found == replayed)
            row = {"as_of": as_of, "rank_ledger": codes[ledger], "rank_replayed": codes[replayed]}
            made.append(row | {"movements": int(both.sum()), "members": int((both & newest).sum())})
    return pd.DataFrame(made)


def _scheme(scheme: Scheme, programme: Programme, past, year: _Year, now, rows, ledger, margin: float, as_of) -> dict:
    rates, benefits = (np.array([getattr(rank, name) for rank in scheme.ranks]) for name in ("points", "benefit"))
    points = float((year.amount * rates[past.ranks(year.member, year.at - 1, scheme)]).sum())
    cost = points * programme.point_cost + float(benefits[now[scheme.code]].sum())
    row = {"as_of": as_of, "scheme": scheme.code, "title_en": scheme.title["en"], "title_ja": scheme.title["ja"]}
    row |= {"rule": said(scheme), "members": len(past.members), "spend": float(year.spend.sum()), "points": points}
    row |= {"cost": cost, "replay_error": _error(rows, past, scheme), "movements": len(rows)}
    earned = ledger[(ledger["kind"] == "earn") & (pd.to_datetime(ledger["txn_at"]) >= year.since)]
    row["points_ledger"] = float(earned["delta"].sum()) if scheme.code == PRESENT and len(earned) else None
    steps = now[scheme.code] - now[PRESENT]
    row |= {"up": int((steps > 0).sum()), "down": int((steps < 0).sum())}
    kept = margin - rates[now[scheme.code]] * programme.point_cost  # what a unit of further spend leaves
    row["reach"] = float((steps * year.spend * kept).sum())
    assumed = programme.behaviour
    ends = (assumed.assumed, assumed.low, assumed.high) if assumed else (None, None, None)
    for name, value in zip(("margin", "margin_low", "margin_high"), ends, strict=True):
        row[name] = None if value is None else value * row["reach"]
    return row


def said(scheme: Scheme) -> str:
    """Thresholds and when they are reckoned, as the file says."""
    parts = [f"{rank.code} >= {rank.start:,.0f}" for rank in scheme.ranks[1:]]
    parts += [f"{scheme.window_months} months"] if scheme.window_months else []
    return ", ".join([*parts, *([f"review in {', '.join(map(str, scheme.review))}"] if scheme.review else [])])


def _migration(scheme: Scheme, programme: Programme, now, year: _Year, as_of: date) -> pd.DataFrame:
    codes = [rank.code for rank in programme.present.ranks]
    rows = []
    for before in range(len(codes)):
        for after in range(len(codes)):
            both = (now[PRESENT] == before) & (now[scheme.code] == after)
            row = {"as_of": as_of, "scheme": scheme.code, "rank_before": codes[before], "rank_after": codes[after]}
            rows.append(row | {"members": int(both.sum()), "spend": float(year.spend[both].sum())})
    return pd.DataFrame(rows)


def _segments(db: Engine, orders: pd.DataFrame, past: History, who: str) -> np.ndarray:
    """The named segment of each member; "" where there is none."""
    named = db.query("select customer_id, segment from rfm").df().set_index("customer_id")["segment"]
    person = orders.drop_duplicates(who).set_index(who)["customer_id"].reindex(past.members)
    return person.map(named).fillna("").to_numpy(dtype=object)


def _moves(scheme: Scheme, now, segments: np.ndarray, as_of: date) -> pd.DataFrame:
    steps = np.sign(now[scheme.code] - now[PRESENT])
    rows: Iterator[dict] = (
        {
            "as_of": as_of,
            "scheme": scheme.code,
            "segment": segment or "none",
            **{
                name: int((steps[segments == segment] == sign).sum()) for name, sign in ((UP, 1), (SAME, 0), (DOWN, -1))
            },
        }
        for segment in sorted(set(segments))
    )
    return pd.DataFrame(list(rows))
