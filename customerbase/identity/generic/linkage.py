"""The linkage table of any list: one row per record with every field in the form that is compared."""

from collections.abc import Sequence

import customerbase.identity.generic.fields as fields
from customerbase.engine import Engine, identifier
from customerbase.identity.generic.fields import Field
from customerbase.identity.generic.roles import FEW, Plan, Use
from customerbase.identity.generic.standard import Standards, standards

COPIES = 3  # records that are equal in everything are compared up to this number; the others follow the first
RARELY = 0.005  # other words of a name that stand in fewer records are not worth a field


def make_linkage(db: Engine, table: str, plan: Plan) -> tuple[list[Field], list[tuple[str, str]]]:
    """Make the tables linkage (idx, fields' columns) and linkage_of (record, idx, copy) from `table` (record, …).

    Of records equal in everything that is compared the fourth and later ones share the row of the first. Returns the
    fields, and what was left out because nothing comparable stood in it.
    """
    found = [standards(db, table, number, use) for number, use in enumerate(plan.uses)]
    columns = [column for one in found for column in one.columns]
    joins = " ".join(one.join for one in found)
    db.execute(
        f"create or replace temp table _standard as select t.record{''.join(f', {column}' for column in columns)}"
        f" from {identifier(table)} as t {joins}"
    )
    made = [
        one for number, use in enumerate(plan.uses) for one in _fields(number, use, found[number], _partners(plan.uses))
    ]
    kept = [one for one in made if _tells(db, one)]
    _collapse(db, columns)
    left_out = [
        (one.title, "nothing that can be compared") for one in made if one not in kept and one.kind != "other names"
    ]
    return kept, left_out


def _partners(uses: Sequence[Use]) -> dict[str, str]:
    """First and last name by the names of their columns, each the other's partner."""
    pairs = {}
    for number, use in enumerate(uses):
        if use.kind == "full_name":
            pairs = {"given": f"f{number}g", "family": f"f{number}l"}
        elif use.kind in ("given", "family"):
            pairs[use.kind] = f"f{number}"
    return {pairs["given"]: pairs["family"], pairs["family"]: pairs["given"]} if len(pairs) == 2 else {}


def _fields(number: int, use: Use, found: Standards, partners: dict[str, str]) -> list[Field]:
    """The fields that a use gives."""
    name, kin = f"f{number}", use.kin

    def part(column: str, title: str, kin: str) -> Field:
        return fields.person_name(
            column, title, kin, ascii_only=column in found.ascii_only, partner=partners.get(column)
        )

    other = [fields.other_names(f"{name}x", f"{use.title} (other words)", "other")]
    match use.kind:
        case "family":
            return [part(name, use.title, kin)]
        case "given":
            return [part(name, use.title, kin), *other]
        case "full_name":
            return [
                part(f"{name}g", f"{use.title} (first)", "given"),
                part(f"{name}l", f"{use.title} (last)", "family"),
                *other,
            ]
        case "text":
            return [fields.text(name, use.title, kin, ascii_only=name in found.ascii_only)]
        case _:
            return [_MAKERS[use.kind](name, use.title, kin)]


_MAKERS = {
    "other_names": fields.other_names, "date": fields.date, "email": fields.email, "phone": fields.phone,
    "postcode": fields.postcode, "long": fields.long_text, "code": fields.code, "category": fields.category,
    "gender": fields.category, "address": fields.address,
}  # fmt: skip


def _tells(db: Engine, one: Field) -> bool:
    """Whether two values differ at all: what is empty, or the same in every row of many, tells nobody apart."""
    filled, distinct, rows = db.query(
        f"select count({one.name}), count(distinct {one.name}), count(*) from _standard"
    ).fetchall()[0]
    return distinct > (rows >= FEW) and (one.kind != "other names" or filled > RARELY * rows)


def _collapse(db: Engine, columns: Sequence[str]) -> None:
    partition = f"partition by {', '.join(columns)}" if columns else ""
    db.execute(
        f"create or replace temp table _copies as select *, row_number() over ({partition} order by record) as copy,"
        f" min(record) over ({partition}) as first from _standard"
    )
    db.execute(
        "create or replace temp table linkage as select row_number() over (order by record) - 1 as idx,"
        f" * exclude (copy, first) from _copies where copy <= {COPIES}"
    )
    db.execute(
        "create or replace temp table linkage_of as select c.record, l.idx, c.copy from _copies as c inner join linkage as l"
        f" on l.record = case when c.copy <= {COPIES} then c.record else c.first end"
    )
