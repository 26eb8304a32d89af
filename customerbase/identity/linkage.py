"""From standard records to scored pairs: the linkage table, the model's scores, and last month's scores reused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from customerbase.engine import Engine, identifier, literal, sql_text
from customerbase.identity.blocking import RULES, blocked
from customerbase.identity.keys import key_edges
from customerbase.identity.model import Model, in_use, pinned
from customerbase.identity.scoring import Scorer
from customerbase.identity.values import value_id
from customerbase.text.kana import sound

KEEP = 0.0  # bits: pairs below are likelier two persons than one and are not kept


@dataclass(frozen=True)
class Linked:
    """What linking did: the model as pinned to this base, the audit rows, and whether last month's scores were reused."""

    model: Model
    audit: list[dict]
    reused: bool
    scorer: Scorer

    def weights(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The match weight of any pairs of record numbers (a < b): what the guard asks about pairs no block proposed."""
        db = self.scorer.db
        db.connection.register("_asked_pairs", pa.table({"idx_l": a, "idx_r": b, "place": np.arange(len(a))}))
        db.execute("create or replace temp table _asked as select * from _asked_pairs")
        self.scorer.pairs("_asked").create_view("_answered", replace=True)
        rows = db.query(
            f"select case when {_other_name(self.model)} then {OTHER_PERSON_BITS} else match_weight end as bits"
            " from _asked left join _answered using (idx_l, idx_r) order by place"
        ).fetchnumpy()
        return np.ma.filled(np.ma.asarray(rows["bits"], dtype=float), np.nan)


def link(
    db: Engine,
    trained: Model,
    key: bytes,
    *,
    member_system: str = "",
    reuse: bool = True,
    score: Callable[[Engine, Model], Scorer] | None = None,
) -> Linked:
    """Find the pairs of customers_std that may be one person: the tables linkage, key_edges and scores.

    trained: the model to use; with reuse, pairs of records that have not changed keep last month's score, which gives
    the same result. member_system: the system whose own customer number is the company-wide member number.
    score: another way to compare all pairs than score_all, such as on_spark(…); nothing is reused then.
    """
    audit = make_linkage(db, key, member_system=member_system)
    audit += key_edges(db, "linkage", key)
    model = pinned(db, in_use(db, trained), "linkage")
    known = reuse and score is None and can_reuse(db, model, audit)
    return Linked(model, audit, known, (score_changes if known else score or score_all)(db, model))


def make_linkage(db: Engine, key: bytes, *, member_system: str = "") -> list[dict]:
    """Make the table linkage (one row per record: idx, what is compared, block_<rule>) from customers_std.

    member_system: the system whose own customer number is the company-wide member number. Returns the audit rows of
    the blocks that are too large to compare.
    """
    db.execute("create or replace temp table _names_heard as " + sql_text("identity_names_heard"))
    names = [name for (name,) in db.query("select name from _names_heard order by 1").fetchall()]
    heard = pa.table({"raw": names, "sound": [sound(name) or None for name in names]}, schema=_SOUNDS)
    db.connection.register("_heard", heard)
    db.execute("create or replace temp table _sounds as select * from _heard")
    db.execute("create or replace temp table _linkage as " + sql_text("identity_linkage"), member_system=member_system)
    large = blocked(db, "_linkage", RULES, name="linkage").fetchall()
    return [
        {
            "rule": f"block_{rule}",
            "value_id": value_id(key, f"block_{rule}", value),
            "reason": "block_too_large",
            "records": records,
            "action": "not_compared",
        }
        for rule, value, records in large
    ]


_SOUNDS = pa.schema([("raw", pa.string()), ("sound", pa.string())])


# Two people of one household agree on surname, address, telephone, perhaps e-mail, and twins on the birth date: fields
# that the model takes as independent. So another given name makes two people, whatever else agrees; other kanji of one
# reading (a slip at the keyboard?) or another birth date altogether do so unless a mobile number or an e-mail is shared.
OTHER_PERSON = {"given_name": ("different",)}
OTHER_PERSON_UNLESS = {"given_name": ("same reading, other kanji",), "birth_date": ("different",)}
PERSONAL = ("mobile", "email")
OTHER_PERSON_BITS = -30.0


def score_all(db: Engine, model: Model) -> Scorer:
    """Make the table scores: every pair that the blocks of `linkage` propose, of KEEP bits or more.

    Columns: idx_l < idx_r, match_weight (bits), match_probability, evidence (field -> level, no values).
    """
    scorer = Scorer(db, model, "linkage", list(RULES))
    _keep(db, model, scorer.within(KEEP), "scores")
    return scorer


def score_changes(db: Engine, model: Model) -> Scorer:
    """Make the table scores as score_all does, but compare only the pairs that touch a new or a changed record.

    Reads previous_customers_std and previous_identity_edges, made by the same model: a pair of two unchanged records
    has the weight it had, as long as a block still proposes it.
    """
    db.execute("create or replace temp table _marked as " + sql_text("identity_changed_records"))
    scorer = Scorer(db, model, "_marked", list(RULES))
    _keep(db, model, scorer.changed(KEEP, "is_new"), "_new_scores")
    same_block = " or ".join(f"l.block_{rule} = r.block_{rule}" for rule in RULES)
    db.execute(
        "create or replace temp table scores as select * from _new_scores union all"
        " select l.idx, r.idx, e.match_weight, e.match_probability, e.evidence from previous_identity_edges as e"
        " inner join _marked as l on e.record_a = l.record_id inner join _marked as r on e.record_b = r.record_id"
        f" where not l.is_new and not r.is_new and e.match_weight is not null and ({same_block})"
    )
    return scorer


def can_reuse(db: Engine, model: Model, audit: list[dict]) -> bool:
    """Whether last month's scores hold: the same model, and no block that was too large then is compared now."""
    before = db.query("select sha256 from previous_identity_model").fetchall()
    if before != [(model.sha256,)]:
        return False
    large = {(row["rule"], row["value_id"]) for row in audit if row["reason"] == "block_too_large"}
    known = db.query("select rule, value_id from previous_identity_audit where reason = 'block_too_large'").fetchall()
    return set(known) <= large


def evidence(model: Model) -> str:
    """The SQL of the evidence: a JSON object of field -> level reached, fields without a value left out."""
    parts = []
    for name in model.names:
        cases = " ".join(
            f"when gamma_{name} = {gamma} then {literal(json_pair(name, label))}" for gamma, label in model.levels(name)
        )
        parts.append(f"case {cases} end")
    return f"'{{' || concat_ws(', ', {', '.join(parts)}) || '}}'"


def json_pair(name: str, label: str) -> str:
    """One field of the evidence as JSON."""
    return f'"{name}": "{label}"'


def _compares_people(model: Model) -> bool:
    return {*OTHER_PERSON, *OTHER_PERSON_UNLESS, *PERSONAL} <= set(model.names)


def _other_name(model: Model) -> str:
    """The SQL condition of OTHER_PERSON; false for a model that compares other fields."""
    tests = [_reached(model, field, labels) for field, labels in OTHER_PERSON.items()]
    return " or ".join(tests) if _compares_people(model) else "false"


def _other_person(model: Model) -> str:
    """The SQL condition that two records name two people; false for a model that compares other fields."""
    if not _compares_people(model):
        return "false"
    shared = " or ".join(_reached(model, field, [model.levels(field)[0][1]]) for field in PERSONAL)
    unless = " or ".join(_reached(model, field, labels) for field, labels in OTHER_PERSON_UNLESS.items())
    return f"{_other_name(model)} or (({unless}) and not ({shared}))"


def _reached(model: Model, field: str, labels: Sequence[str]) -> str:
    return f"gamma_{field} in {literal([gamma for gamma, label in model.levels(field) if label in labels])}"


def _keep(db: Engine, model: Model, found: duckdb.DuckDBPyRelation, name: str) -> None:
    db.register("_found_pairs", found)
    db.execute(
        f"create or replace temp table {identifier(name)} as select idx_l, idx_r, match_weight, match_probability,"
        f" {evidence(model)} as evidence from _found_pairs where not ({_other_person(model)})"
    )
