"""Customer records in standard form: beside every raw value its standard one and how it came about.

Distinct values are standardised once and joined back, so a million records cost as much as their distinct values. The
status of a value is ok (already standard), fixed, unparsed (not understood; the raw value stays in customers_src) or
blocked (well-formed, but nobody's: see values.py).
"""

from collections.abc import Callable

import pyarrow as pa

import customerbase.text.emails as emails
import customerbase.text.phones as phones
from customerbase.engine import Engine, sql_text
from customerbase.identity.values import block_values, nobodys
from customerbase.text.addresses import Address
from customerbase.text.companies import standard_company
from customerbase.text.kana import from_romaji, standard_kana
from customerbase.text.many import ManyAddresses
from customerbase.text.names import fold_name, split_name, standard_name
from customerbase.text.postcodes import standard_postcode

PLAIN_EMAIL = {"pattern": emails.PLAIN, "longest": emails.LONGEST}
PLAIN_PHONE = {
    "longest": phones.LONGEST,
    "mobile": phones.MOBILE,
    "service": phones.SERVICE,
    "fixed": phones.FIXED,
}
STEPS = (
    "_full_names",
    "_name_parts",
    "_names",
    "_kana",
    "_companies",
    "_emails",
    "_phones",
    "_postcodes",
    "_places",
    "_standard",
)


def standardise(db: Engine, key: bytes) -> list[dict]:
    """Make the table customers_std from customers_src: one row per record (expectations/customers_std.yaml).

    No record is lost or added, and their order does not matter. Returns the audit rows of the values that were taken
    out because they cannot identify anybody; `key` makes their ids.
    """
    places = _begin_addresses(db)
    _look_up(db, "_full_names", sql_text("identity_full_names"), split_name, ("family", "given"))
    db.execute("create or replace temp table _name_parts as " + sql_text("identity_name_parts"))
    _look_up(db, "_names", _distinct("_name_parts", "family", "given"), _name, ("value", "status", "folded", "kana"))
    _look_up(db, "_kana", _distinct("_name_parts", "family_kana", "given_kana"), standard_kana, ("value", "status"))
    _look_up(db, "_companies", _distinct("customers_src", "company"), standard_company, ("value", "status"))
    db.execute("create or replace temp table _emails as " + sql_text("identity_plain_emails"), **PLAIN_EMAIL)
    _look_up_rest(db, "_emails", "email", emails.standard_email)
    db.execute("create or replace temp table _phones as " + sql_text("identity_plain_phones"), **PLAIN_PHONE)
    _look_up_rest(db, "_phones", "phone", phones.standard_phone)
    _look_up(db, "_postcodes", _distinct("customers_src", "postal_code"), standard_postcode, ("value", "status"))
    _keep(db, "_places", places())
    db.execute("create or replace temp table _standard as " + sql_text("identity_records"))
    audit = block_values(db, "_standard", key)
    db.execute("create or replace temp table customers_std as " + sql_text("identity_content_hash"))
    for table in STEPS:
        db.execute(f"drop table {table}")
    return audit


def _name(raw: str) -> tuple[str | None, str | None, str | None, str | None]:
    """Standard form, status, variant-folded form, and the reading where the name itself is kana or romaji."""
    value, status = standard_name(raw)
    if value is None:
        return None, status, None, None
    if value.casefold() in nobodys()["name"]["exact"]:
        return None, "blocked", None, None
    kana, understood = standard_kana(value)
    return value, status, fold_name(value), kana if understood in ("ok", "fixed") else from_romaji(value)


def _distinct(table: str, *columns: str) -> str:
    return " union ".join(f"select {column} as value from {table} where {column} is not null" for column in columns)


def _look_up(db: Engine, name: str, query: str, function: Callable[[str], tuple], fields: tuple[str, ...]) -> None:
    """Apply `function` once to every distinct value of a query; keep raw and `fields` as the table `name`."""
    _keep(db, name, _applied(db, query, function, fields))


def _look_up_rest(db: Engine, name: str, column: str, function: Callable[[str], tuple]) -> None:
    """Add to the table `name` what `function` answers for the values of a column that are not in it yet."""
    fields = tuple(db.query(f"select * from {name}").columns[1:])
    rest = f"select {column} as value from customers_src anti join {name} on {column} = raw where {column} is not null"
    _keep(db, "_rest", _applied(db, rest, function, fields))
    db.execute(f"insert into {name} select * from _rest")


def _applied(db: Engine, query: str, function: Callable[[str], tuple], fields: tuple[str, ...]) -> pa.Table:
    raw = list(db.query(f"select distinct value from ({query}) order by 1").fetchnumpy()["value"])
    columns = zip(*map(function, raw), strict=True) if raw else [()] * len(fields)
    return pa.table([pa.array(column, pa.string()) for column in (raw, *columns)], names=["raw", *fields])


def _keep(db: Engine, name: str, made: pa.Table) -> None:
    db.connection.register("_made", made)
    db.execute(f"create or replace temp table {name} as select * from _made")
    db.connection.unregister("_made")


def _begin_addresses(db: Engine) -> Callable[[], pa.Table]:
    """Begin with the addresses, the longest task; the function returned finishes it: what was written and the answer."""
    keys = "pref, city, address1, address2, postal_code"
    written = db.query(f"select distinct {keys} from customers_src order by all").to_arrow_table()
    begun = ManyAddresses(written)
    names = [*written.column_names, *("city_std" if name == "city" else name for name in Address._fields)]
    return lambda: pa.table([*written.columns, *begun.result().columns], names=names)
