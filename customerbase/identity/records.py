"""Customer records in standard form: beside every raw value its standard one and how it came about.

Distinct values are standardised once and joined back, so a million records cost as much as their distinct values. The
status of a value is ok (already standard), fixed, unparsed (not understood; the raw value stays in customers_src) or
blocked (well-formed, but nobody's: see values.py).
"""

from collections.abc import Callable

import pyarrow as pa

from customerbase.engine import Engine, sql_text
from customerbase.identity.values import block_values, nobodys
from customerbase.text.companies import standard_company
from customerbase.text.emails import standard_email
from customerbase.text.kana import from_romaji, standard_kana
from customerbase.text.many import ManyAddresses
from customerbase.text.names import fold_name, split_name, standard_name
from customerbase.text.phones import standard_phone
from customerbase.text.postcodes import standard_postcode


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
    _look_up(db, "_emails", _distinct("customers_src", "email"), standard_email, ("value", "status"))
    _look_up(db, "_phones", _distinct("customers_src", "phone"), standard_phone, ("value", "status", "kind"))
    _look_up(db, "_postcodes", _distinct("customers_src", "postal_code"), standard_postcode, ("value", "status"))
    _keep(db, "_places", *places())
    db.execute("create or replace temp table _standard as " + sql_text("identity_records"))
    audit = block_values(db, "_standard", key)
    db.execute("create or replace temp table customers_std as " + sql_text("identity_content_hash"))
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
    values = [value for (value,) in db.query(f"select distinct value from ({query}) order by 1").fetchall()]
    _keep(db, name, {"raw": values}, [function(value) for value in values], fields)


def _keep(db: Engine, name: str, keys: dict[str, list], results: list[tuple], fields: tuple[str, ...]) -> None:
    columns = list(zip(*results, strict=True)) if results else [[] for _ in fields]
    made = keys | dict(zip(fields, columns, strict=False))
    db.connection.register(
        "_looked_up", pa.table({name: pa.array(column, pa.string()) for name, column in made.items()})
    )
    db.execute(f"create or replace temp table {name} as select * from _looked_up")
    db.connection.unregister("_looked_up")


def _begin_addresses(db: Engine) -> Callable[[], tuple]:
    """Begin with the addresses, the longest task; the function returned finishes it and gives what `_keep` takes."""
    keys = ("pref", "city", "address1", "address2", "postal_code")
    rows = db.query(f"select distinct {', '.join(keys)} from customers_src order by all").fetchall()
    begun = ManyAddresses(rows)
    raw = {key: [row[place] for row in rows] for place, key in enumerate(keys)}
    fields = ("prefecture", "city_std", "town", "block", "building", "level", "status")
    return lambda: (raw, begun.result(), fields)
