"""The second gate: who of an audience may leave through one list, in the platform's own form, and why the others may not.

Every row in has one fate, the first that holds: no consent (nothing known, or granted later), opted out (withdrawn, or
in the file of opt-outs), invalid, duplicate, hold-out, or out.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from customerbase.audiences.offers import entitle
from customerbase.audiences.optouts import block
from customerbase.audiences.platforms import Column, Listing, Platform
from customerbase.audiences.steps import FORMULA, MANY, normalised
from customerbase.engine import Engine, identifier, literal

FATES = ("no_consent", "opted_out", "invalid", "duplicate", "holdout")
EXAMPLES = 3  # of each reason


@dataclass(frozen=True)
class Drops:
    """What became of the rows of an audience: rows_in is rows_out and the five fates together.

    reasons: of the invalid ones, reason -> rows; examples: reason -> up to three values, masked; basis: of those that
    leave, legal basis -> rows; characters: what cp932 cannot write -> rows; neutralised: cells made text.
    """

    rows_in: int
    rows_out: int
    fates: Mapping[str, int]
    reasons: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    basis: Mapping[str, int] = field(default_factory=dict)
    characters: Mapping[str, int] = field(default_factory=dict)
    neutralised: int = 0


def select(db: Engine, audience: str, platform: Platform, listing: Listing, *, at: datetime, form: str) -> Drops:
    """Judge an audience for one list; `leaving` then holds the rows of the file, sorted by customer_id.

    Reads audience_members, contactable, person and the tables of addresses.py and optouts.py. at: when the file leaves.
    form: csv, txt, cp932 or xlsx. Columns of `leaving`: customer_id, then the file's, as <column>_<1…take>, text.
    """
    block(db, platform.channel)
    entitle(db, audience)
    _cells(db, audience, platform, listing, form)
    if form == "cp932":
        _unwritable(db, listing)
    _judge(db, platform.channel, listing, at)
    names = ", ".join(identifier(one) for one in cells(listing))
    db.connection.execute(f"""create or replace temp table leaving as
        select customer_id, {names} from judged where fate is null order by customer_id""")
    return _counted(db, _characters(db, listing) if form == "cp932" else {})


def cells(listing: Listing) -> list[str]:
    """The columns of `leaving` behind customer_id, in the order of the file."""
    return [f"{name}_{n}" for name, one in listing.columns.items() for n in range(1, one.take + 1)]


# --- values in the platform's form ----------------------------------------------------------------------------------


def _cells(db: Engine, audience: str, platform: Platform, listing: Listing, form: str) -> None:
    """Make cell: a row per member, what they have in each column, why the row may not leave, and an example of it."""
    members = "select customer_id, arm from audience_members where audience = $a and channel = $c"
    db.execute(f"create or replace temp table member as {members}", a=audience, c=platform.channel)
    shown, joins = {}, []
    for name, column in listing.columns.items():
        if column.field in MANY:
            joins.append(f"left join ({_ranked(column)}) as {identifier(name)} using (customer_id)")
            shown |= {f"{name}_{n}": f"{identifier(name)}.found[{n}]" for n in range(1, column.take + 1)}
        else:
            shown[f"{name}_1"] = _one(column)
    shown = _together(listing, shown)
    escape = platform.own and form in ("csv", "cp932")
    made = ", ".join(f"{_finished(one, listing, cell, escape)} as {identifier(cell)}" for cell, one in shown.items())
    inert = " + ".join(f"cast({_formula(one)} as integer)" for one in shown.values()) if escape else "0"
    fault, example = _fault(listing)
    db.connection.execute(f"""create or replace temp table cell as
        select customer_id, member.arm, {made}, {fault} as fault, {example} as example, {inert} as inert
        from member left join person using (customer_id) {" ".join(joins)}""")


def _ranked(column: Column) -> str:
    """Per member the addresses that the platform takes, best first, each once; and why the best other one is refused."""
    source = "address_phone" if column.field == "mobile" else f"address_{column.field}"
    form = normalised("value", column.steps)
    refused = ["when fault is not null then fault", f"when {form} is null then 'abroad'", *_refused(form, column)]
    refused += ["when not mobile then 'no_mobile'"] if column.field == "mobile" else []
    refused += [] if column.hash else [f"when {_formula(form)} then 'formula'"]
    return f"""
        select customer_id, list(form order by place) filter (why is null) as found,
          arg_min(why, place) filter (why is not null) as fault, arg_min(raw, place) filter (why is not null) as raw
        from (
          select customer_id, case when why is null then form end as form, why, min(place) as place, arg_min(raw, place) as raw
          from (select customer_id, raw, place, {form} as form, case {" ".join(refused)} end as why
                from {source} semi join member using (customer_id))
          group by 1, 2, 3
        ) group by customer_id"""


def _refused(form: str, column: Column) -> list[str]:
    found = [f"when length({form}) > {column.longest} then 'too_long'"] if column.longest else []
    if column.matches:
        found.append(f"when not regexp_full_match({form}, {literal(column.matches)}) then 'characters'")
    return found


def _fault(listing: Listing) -> tuple[str, str]:
    """SQL: the reason that keeps a row from leaving, or NULL, and the value that it speaks of."""
    reasons, examples = [], []
    many = [identifier(name) for name in listing.any_of if listing.columns[name].field in MANY]
    if many:
        none = " and ".join(f"{one}.found is null" for one in many)
        reasons.append(f"when {none} then coalesce({', '.join(f'{one}.fault' for one in many)}, 'missing')")
        examples.append(f"when {none} then coalesce({', '.join(f'{one}.raw' for one in many)})")
    for name, column in listing.columns.items():
        if column.field in MANY:
            continue
        needed = [f"when {_one(column)} is null then 'missing'"] if name in (*listing.all_of, *listing.any_of) else []
        for one in needed + _refused(_one(column), column):
            reasons.append(one)
            examples.append(f"{one.partition(' then ')[0]} then cast(person.{column.field} as varchar)")
    return f"case {' '.join(reasons)} end", f"case {' '.join(examples)} end"


def _one(column: Column) -> str:
    return f"nullif({normalised(f'person.{column.field}', column.steps)}, '')"


def _together(listing: Listing, shown: dict[str, str]) -> dict[str, str]:
    """Columns that count only all together: each is empty where one of them is."""
    whole = " and ".join(f"{shown[f'{name}_1']} is not null" for name in listing.together)
    return shown | {f"{name}_1": f"case when {whole} then {shown[f'{name}_1']} end" for name in listing.together}


def _formula(expression: str) -> str:
    return f"coalesce(regexp_matches({expression}, '^{FORMULA}'), false)"


def _finished(expression: str, listing: Listing, cell: str, escape: bool) -> str:
    if listing.columns[cell.rpartition("_")[0]].hash:
        return f"sha256({expression})"
    return (
        f"case when {_formula(expression)} then concat('''', {expression}) else {expression} end"
        if escape
        else expression
    )


# --- what cp932 cannot write ----------------------------------------------------------------------------------------

# the same characters under the numbers that cp932 has for them: nothing is lost
SAME = str.maketrans({"〜": "～", "−": "－", "‖": "∥", "—": "―", "¢": "￠", "£": "￡", "¬": "￢"})


def _unwritable(db: Engine, listing: Listing) -> None:
    """Mark rows that hold characters cp932 does not have; twins of JIS and Windows are written under its numbers."""
    names = ", ".join(map(identifier, ["customer_id", *cells(listing)]))
    batches, bad = db.connection.execute(f"select {names} from cell order by customer_id"), []
    while batch := batches.fetchmany(10_000):
        texts = ["\n".join(value for value in row[1:] if value) for row in batch]
        if not _writes("\n".join(texts)):
            bad += [row[0] for row, text in zip(batch, texts, strict=True) if not _writes(text)]
    db.register("unwritable", pa.table({"customer_id": pa.array(bad, pa.string())}))
    db.connection.execute("""update cell set fault = 'unencodable', example = null
        where fault is null and customer_id in (select customer_id from unwritable)""")


def _characters(db: Engine, listing: Listing) -> dict[str, int]:
    """Of the rows that stay for it: each character that cp932 does not have, and in how many of them it stands."""
    names = ", ".join(map(identifier, cells(listing)))
    rows = db.connection.execute(
        f"select {names} from judged where fate = 'invalid' and fault = 'unencodable'"
    ).fetchall()
    found = Counter(one for row in rows for one in {*"".join(value or "" for value in row)} if not _writes(one))
    return dict(sorted(found.items()))


def _writes(text: str) -> bool:
    try:
        text.translate(SAME).encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


# --- fates ----------------------------------------------------------------------------------------------------------


def _judge(db: Engine, channel: str, listing: Listing, at: datetime) -> None:
    """Make judged: every row of cell with its fate (NULL: it leaves) and the basis on which it does."""
    same = [f"{name}_{n}" for name in listing.unique for n in range(1, listing.columns[name].take + 1)]
    db.execute(
        f"""create or replace temp table judged as
        with consent as (
          select customer_id, any_value(basis) as basis,
            bool_and(coalesce(state = 'granted' and since <= $at, false)) as granted
          from contactable where channel = $channel group by customer_id
        ), first as (
          select cell.*, consent.basis, case
            when cell.customer_id in (select customer_id from withdrawn) then 'opted_out'
            when not coalesce(granted, false) then 'no_consent'
            when cell.customer_id in (select customer_id from stopped) then 'opted_out'
            when fault is not null then 'invalid' end as early
          from cell left join consent using (customer_id)
        ), ranked as (
          select *, row_number() over (
            partition by early is null, {", ".join(map(identifier, same))} order by (arm = 'target') desc nulls last, customer_id
          ) as copy from first
        )
        select * exclude (early, copy), case when early is not null then early when copy > 1 then 'duplicate'
          when arm is distinct from 'target' then 'holdout' end as fate
        from ranked""",
        channel=channel,
        at=at,
    )


def _counted(db: Engine, characters: dict[str, int]) -> Drops:
    told = dict(db.connection.execute("select coalesce(fate, 'out'), count(*) from judged group by 1").fetchall())
    reasons = "select fault, count(*) from judged where fate = 'invalid' group by 1 order by 2 desc, 1"
    basis = "select coalesce(basis, 'consent'), count(*) from judged where fate is null group by 1 order by 1"
    [(inert,)] = db.connection.execute("select coalesce(sum(inert), 0) from judged where fate is null").fetchall()
    return Drops(
        rows_in=sum(told.values()),
        rows_out=told.get("out", 0),
        fates={fate: told.get(fate, 0) for fate in FATES},
        reasons=dict(db.connection.execute(reasons).fetchall()),
        examples=_examples(db),
        basis=dict(db.connection.execute(basis).fetchall()),
        characters=characters,
        neutralised=int(inert),
    )


def _examples(db: Engine) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    rows = db.connection.execute(f"""select fault, example from judged where fate = 'invalid' and example is not null
        qualify row_number() over (partition by fault order by customer_id) <= {EXAMPLES} order by fault, customer_id""")
    for reason, value in rows.fetchall():
        found.setdefault(reason, []).append(masked(value))
    return {reason: tuple(values) for reason, values in found.items()}


def masked(value: str) -> str:
    """A value that nobody can be found by: its first character, its length, and of an e-mail address the last label."""
    end = value.rpartition(".")[2] if "@" in value and value.rpartition(".")[2].isalpha() else ""
    told = f"{value[:1]}…" + (f".{end}" if len(end) <= 3 and end else "")
    return f"{told} ({len(value)})"
