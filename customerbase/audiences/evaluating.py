"""The audiences of a month: who fits, who may be contacted, who is kept back, and who is dropped why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pandas as pd

from customerbase import holdout
from customerbase.audiences.consent import CHANNELS
from customerbase.audiences.reading import VALID, Audience, Audiences
from customerbase.audiences.withholding import ARMS, REFUSED, withheld
from customerbase.disclosure import pair_shown
from customerbase.engine import Engine, identifier, literal, sql_text
from customerbase.features.members import members_hashes
from customerbase.rules.compiling import bound, conditions_sql, percentiles

JUDGED, CHOSEN = "audience_judged", "audience_chosen"  # temporary tables on the engine
TARGET, HOLDOUT, CONTROL = ARMS
STEPS = ("rule", "excluded", *REFUSED, CONTROL, HOLDOUT, TARGET)  # the order in which people leave; the last ones stay
NEVER = 2**31 - 1


@dataclass(frozen=True)
class Made:
    """The audiences applied to one month; frames in the form of expectations/audience*.yaml and contact_reach.yaml.

    everybody: customers judged. sizes: audiences. drops: audience_drops. overlap: audience_overlap, small cells
    withheld. reach: contact_reach. members: a relation on the engine, a large one.
    """

    audiences: Audiences
    as_of: date
    everybody: int
    sizes: pd.DataFrame
    drops: pd.DataFrame
    overlap: pd.DataFrame
    reach: pd.DataFrame
    members: duckdb.DuckDBPyRelation

    def tables(self) -> dict[str, object]:
        """What the page writes, by table; None where there is nothing."""
        names = {"audiences": self.sizes, "audience_drops": self.drops, "audience_overlap": self.overlap}
        small = {name: frame if len(frame) else None for name, frame in names.items()}
        return {"audience_members": self.members, "contact_reach": self.reach, **small}

    def records(self) -> dict[str, int]:
        """What the run records."""
        counted = self.drops.groupby("step")["customers"].sum() if len(self.drops) else {}
        return {
            "audiences": len(self.audiences),
            "contactable": int(self.reach["granted"].sum()),
            **{f"people_{arm}": int(counted.get(arm, 0)) for arm in ARMS},
        }


def make(db: Engine, audiences: Audiences, *, as_of: date, k_min: int = 10) -> Made:
    """Apply the audiences to the tables of this month, all as views on db, with contactable and segment_members.

    Of every audience and channel each customer leaves at one step of STEPS, so that rows in are the sum of rows out; only
    whoever may be contacted through a channel, and stays below cap and frequency, becomes a member.
    """
    everybody = _judge(db, audiences, as_of)
    db.execute(
        f"create or replace temp table {CHOSEN}"
        " (audience varchar, customer_id varchar, channel varchar, arm varchar, value double)"
    )
    counts = [_steps(db, one, place, audiences) for place, one in enumerate(audiences) if one.state(as_of) == VALID]
    counted = pd.concat(counts) if counts else None
    sizes, drops = _tables(audiences, counted, everybody, as_of)
    sizes = _hashed(db, sizes)
    overlap = _overlap(db, drops, everybody, as_of, k_min)
    return Made(audiences, as_of, everybody, sizes, drops, overlap, _reach(db, everybody, as_of), _members(db))


def _members(db: Engine) -> duckdb.DuckDBPyRelation:
    return db.query(f"select audience, customer_id, channel, arm, value from {CHOSEN}")


def _judge(db: Engine, audiences: Audiences, as_of: date) -> int:
    """One pass over everybody: for audience i whether fits_i and excluded_i, its value_i and ranking_i."""
    rules = [rule for one in audiences for rule in (*([one.rule] if one.rule else []), *one.excluded_rules)]
    places = {id(rule): place for place, rule in enumerate(rules)}
    attached = {
        f"{name}_{place}": field.full
        for place, one in enumerate(audiences)
        for name, field in (("value", one.value), ("ranking", one.ranked_by))
        if field
    }
    text = conditions_sql(rules, audiences.columns, attached=attached) if len(audiences) else ""
    if not text:
        people = " union ".join(f"select customer_id from {identifier(table)}" for table in audiences.columns.now)
        return db.query(f"select count(*) from ({people})").fetchone()[0]
    cells = [cell for place, one in enumerate(audiences) for cell in _cells(place, one, places, attached)]
    db.execute(
        f"create or replace temp table {JUDGED} as select customer_id, {', '.join(cells)} from ({text}) as judged",
        **bound(text, rules, percentiles(db, rules), as_of),
    )
    return db.query(f"select count(*) from {JUDGED}").fetchone()[0]


def _cells(place: int, one: Audience, places: Mapping[int, int], attached: Mapping[str, str]) -> list[str]:
    fits = [f"s{places[id(one.rule)]}"] if one.rule else []
    fits += [_in_segments(one.segments)] if one.segments else []
    out = [f"s{places[id(rule)]}" for rule in one.excluded_rules]
    out += [_in_segments(one.excluded_segments)] if one.excluded_segments else []
    numbers = [
        f"cast({name if name in attached else 'null'} as double) as {name}"
        for name in (f"value_{place}", f"ranking_{place}")
    ]
    return [f"{' and '.join(fits)} as fits_{place}", f"{' or '.join(out) or 'false'} as excluded_{place}", *numbers]


def _in_segments(codes: Sequence[str]) -> str:
    """Whether somebody is in one of these segments, by rule or by name."""
    wanted = literal(list(codes))
    by_rule = f"select customer_id from segment_members where segment in {wanted}"
    by_name = f"select customer_id from rfm where segment in {wanted}"
    return f"(customer_id in ({by_rule}) or customer_id in ({by_name}))"


def _steps(db: Engine, one: Audience, place: int, audiences: Audiences) -> pd.DataFrame:
    """Everybody who fits one audience, by the step at which they leave it; its members join the chosen ones."""
    above = literal(list(one.excluded_audiences)) if one.excluded_audiences else "('')"
    db.execute(
        f"create or replace temp view audience_fits as select customer_id, value_{place} as value,"
        f" ranking_{place} as ranking, excluded_{place} or customer_id in"
        f" (select customer_id from {CHOSEN} where audience in {above}) as excluded from {JUDGED} where fits_{place}"
    )
    limits = audiences.frequency or {}
    rows = ", ".join(f"({literal(channel)}, {limits.get(channel, NEVER)})" for channel in one.channels)
    db.execute(
        f"create or replace temp view audience_channels as select * from (values {rows}) as given(channel, frequency)"
    )
    limited = [channel for channel in one.channels if channel in limits] or [""]
    db.execute(
        "create or replace temp view audience_taken as select customer_id, channel, count(*) as times"
        f" from {CHOSEN} where channel in {literal(limited)} group by customer_id, channel"
    )
    bounds = {"control_below": holdout.bound(audiences.control), "holdout_below": holdout.bound(one.holdout)}
    text = "create or replace temp table audience_left as " + sql_text("audience_steps")
    db.execute(text, key=one.key, tie=f"order {one.code}", most=one.most, **bounds)
    db.execute(
        f"insert into {CHOSEN} select {literal(one.code)}, customer_id, channel, step, value from audience_left"
        f" where step in {literal(ARMS)}"
    )
    found = db.query(
        "select channel, step, count(*) as customers, count(value) as known,"
        " sum(cast(value as decimal(38, 4))) as value"
        " from audience_left group by channel, step order by channel, step"
    ).df()
    return found.assign(audience=one.code)


def _tables(
    audiences: Audiences, counted: pd.DataFrame | None, everybody: int, as_of: date
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables audiences and audience_drops."""
    found = {} if counted is None else counted.set_index(["audience", "channel", "step"]).to_dict("index")
    sizes, drops = [], []
    for place, one in enumerate(audiences, 1):
        state = one.state(as_of)
        for channel in one.channels:
            mine = {step: found.get((one.code, channel, step), {}) for step in STEPS}
            counts = {step: int(mine[step].get("customers", 0)) for step in STEPS}
            counts["rule"] = everybody - sum(counts.values())
            size = _size(place, one, channel, state, counts, mine[TARGET], as_of)
            sizes.append(size | {"control_share": audiences.control})
            drops += _drops(one, channel, counts, everybody, as_of) if state == VALID else []
    return pd.DataFrame(sizes), pd.DataFrame(drops)


def _hashed(db: Engine, sizes: pd.DataFrame) -> pd.DataFrame:
    """The sizes with the hash of each unit's members, those kept back by everything left out: no campaign knows of them."""
    asked = f"select audience || ':' || channel as label, customer_id from {CHOSEN} where arm <> '{CONTROL}'"
    if not len(sizes):
        return sizes
    return sizes.assign(members_hash=(sizes["audience"] + ":" + sizes["channel"]).map(members_hashes(db, asked)))


def _drops(one: Audience, channel: str, counts: Mapping[str, int], everybody: int, as_of: date) -> list[dict]:
    rows, left = [], everybody
    for place, step in enumerate(STEPS, 1):
        left -= counts[step] if step != TARGET else 0
        told = {"as_of": as_of, "audience": one.code, "channel": channel, "place": place, "step": step}
        rows.append(told | {"customers": counts[step], "customers_left": left})
    return rows


def _size(
    place: int, one: Audience, channel: str, state: str, counts: Mapping[str, int], target: Mapping, as_of: date
) -> dict:
    valid = state == VALID
    known = int(target.get("known", 0))
    return {
        "as_of": as_of,
        "place": place,
        "audience": one.code,
        "channel": channel,
        "title_en": one.title["en"],
        "title_ja": one.title["ja"],
        "state": state,
        "rule": one.said(),
        "excluded": one.said_excluded() or None,
        "purpose_en": one.purpose["en"],
        "purpose_ja": one.purpose["ja"],
        "basis": one.basis or None,
        "platforms": ", ".join(one.platforms) or None,
        "shown_as": one.shown_as or None,
        "valid_from": one.first,
        "valid_until": one.last,
        "holdout_share": one.holdout,
        "most": one.most,
        "ranked_by": one.ranked_by.full if one.ranked_by else None,
        "value_of": one.value.full if one.value else None,
        "customers": sum(counts[step] for step in STEPS[2:]) if valid else None,
        **{arm: counts[arm] if valid else None for arm in ARMS},
        "value_known": known if valid and one.value else None,
        "value": float(target["value"]) if valid and one.value and known else None,
    }


def _overlap(db: Engine, drops: pd.DataFrame, everybody: int, as_of: date, k_min: int) -> pd.DataFrame:
    """People to be contacted by every audience and channel who are by another too; small cells withheld."""
    groups = drops.groupby(["audience", "channel"], sort=False) if len(drops) else ()
    counts = {key: dict(zip(rows["step"], rows["customers"], strict=True)) for key, rows in groups}
    if not counts:
        return pd.DataFrame()
    units = list(counts)
    unsized = {unit for unit in units if "target" in withheld(counts[unit], k_min)}
    both = _both(db, units)
    rows = []
    for i, unit in enumerate(units):
        for j, other in enumerate(units):
            shown = not {unit, other} & unsized and pair_shown(both[i, j], both[i, i], both[j, j], everybody, k_min)
            share = both[i, j] / both[i, i] if shown and both[i, i] else None
            rows.append((as_of, *unit, *other, int(both[i, j]) if shown else None, share))
    columns = ["as_of", "audience", "channel", "other", "other_channel", "customers", "share"]
    return pd.DataFrame(rows, columns=columns).astype({"customers": "Int64", "share": float})


def _both(db: Engine, units: Sequence[tuple[str, str]]) -> np.ndarray:
    """People to be contacted by both, of every pair of audience and channel."""
    flags = ", ".join(
        f"bool_or(audience = {literal(code)} and channel = {literal(channel)}) as m{place}"
        for place, (code, channel) in enumerate(units)
    )
    names = ", ".join(f"m{place}" for place in range(len(units)))
    patterns = db.query(
        f"select {names}, count(*) as customers from (select {flags} from {CHOSEN} where arm = '{TARGET}'"
        f" group by customer_id) group by {names} order by {names}"
    ).df()
    fits, weights = patterns.iloc[:, :-1].to_numpy(dtype="int64"), patterns["customers"].to_numpy(dtype="int64")
    return fits.T @ (weights[:, None] * fits)


def _reach(db: Engine, everybody: int, as_of: date) -> pd.DataFrame:
    """Customers who may, may not, or were never asked, by channel."""
    found = db.query(
        "select channel, count(*) filter (where state = 'granted') as granted,"
        " count(*) filter (where state <> 'granted') as withdrawn from contactable"
        " where customer_id in (select customer_id from profile) group by channel"
    ).df()
    frame = found.set_index("channel").reindex(list(CHANNELS), fill_value=0).reset_index()
    frame = frame.assign(customers=everybody, unknown=everybody - frame["granted"] - frame["withdrawn"])
    frame.insert(0, "as_of", as_of)
    return frame[["as_of", "channel", "granted", "withdrawn", "unknown", "customers"]]
