"""Contact data, apart from everything else: the best of each field, every number and address known, and consents."""

from datetime import date, timedelta

import duckdb

from customerbase.engine import Engine
from customerbase.profile.rules import fields
from customerbase.profile.survivorship import survivors_sql


def contacts(db: Engine) -> duckdb.DuckDBPyRelation:
    """One row per customer: name, address, e-mail, phone and birth date by survivorship, with their source rows.

    A name comes with its kana, an address with its postal code, from one account; values that could not be read or
    that belong to nobody are left out. After profile(), whose rules hold; lazy.
    """
    chosen = [field for field in fields().values() if field.contact]
    carry = [column for field in chosen for column in field.carried]
    db.register("profile_contact_survivors", db.query(survivors_sql(chosen, carry)))
    return db.run("profile_contacts")


def contact_phones(db: Engine) -> duckdb.DuckDBPyRelation:
    """One row per customer and usable telephone number, with when and where it was seen; after profile(); lazy."""
    return db.run("profile_phones")


def contact_emails(db: Engine) -> duckdb.DuckDBPyRelation:
    """One row per customer and usable e-mail address, with when and where it was seen; after profile(); lazy."""
    return db.run("profile_emails")


def contact_addresses(db: Engine) -> duckdb.DuckDBPyRelation:
    """One row per customer and usable address, with when and where it was seen; after profile(); lazy."""
    return db.run("profile_addresses")


def profile_consents(db: Engine, *, as_of: date) -> duckdb.DuckDBPyRelation:
    """One row per customer, channel and purpose: the state on the as-of day, the most restrictive of the accounts'.

    An account's state is its latest word about the channel or about `all` of them; withdrawn in one account is
    withdrawn for the customer. Reads consents and identity_links; lazy.
    """
    return db.run("profile_consents", until=as_of + timedelta(days=1))
