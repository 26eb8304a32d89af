"""The published tables of a month made ready for the gate: people, former ids, addresses."""

from collections.abc import Mapping

from customerbase.audiences import addresses, offers
from customerbase.audiences.platforms import Listing
from customerbase.engine import Engine, literal
from customerbase.errors import TableError

READ = ("audience_members", "contactable", "contacts", "contact_emails", "contact_phones")
KINDS = ("line_user_id", "idfa", "aaid")
NOBODY = "00000000-0000-0000-0000-000000000000"  # the advertising id of a telephone whose owner turned tracking off

# one of a kind per person: over all accounts the newest; at the same moment the smaller, so that "tracking off" goes first
_IDENTIFIERS = """
create or replace temp table known_as as
select customer_id, {columns} from (
  select link.customer_id, one.kind, case when one.kind = 'line_user_id' then one.identifier else lower(one.identifier) end as value
  from identifiers as one
  join identity_links as link using (source_system, source_customer_id)
  where one.kind in {kinds} and one.identifier is not null
  qualify row_number() over (
    partition by link.customer_id, one.kind order by one.changed_at desc nulls last, lower(one.identifier), one.identifier
  ) = 1
) group by customer_id
"""


def prepare(db: Engine, tables: Mapping[str, object]) -> None:
    """Register the tables of a published month (paths, or whatever Engine.register takes) and make person, known_as, known_ids, address_email and address_phone.

    Raises TableError for a month without audiences: no consent is known then, and unknown means no.
    """
    if missing := [one for one in READ if one not in tables]:
        raise TableError(
            f"the published month lacks {', '.join(missing)}; expected the tables of 03_profile and 10_audiences."
            " Publish the month again with `audiences:` in its pipeline."
        )
    for name in READ:
        db.register(name, tables[name])
    if "id_aliases" in tables:
        db.register("id_aliases", tables["id_aliases"])
    else:
        db.execute("create temp table id_aliases (alias_id varchar, customer_id varchar)")
    _known_as(db, tables)
    offers.nothing(db)
    offers.entitle(db, "")
    db.connection.execute("""create or replace temp view person as
        select customer_id, family_name, given_name, family_kana, given_kana, postal_code, prefecture, city, building,
          birth_date, nullif(concat(town, block), '') as street, line_user_id, idfa, aaid,
          buy_again_id, buy_again_name, new_for_you_id, new_for_you_name, audience_title,
          case when prefecture is not null or regexp_full_match(postal_code, '[0-9]{7}') then 'JP' end as country
        from contacts left join known_as using (customer_id) left join offered using (customer_id)
        cross join this_audience""")
    db.connection.execute("""create or replace temp view known_ids as
        select customer_id as id from contacts union select customer_id from contactable
        union select customer_id from audience_members union select alias_id from id_aliases""")
    addresses.rank(db)


def known(db: Engine, listing: Listing) -> bool:
    """Whether the company knows advertising ids of anybody, where a list is of them; True for every other list."""
    needed = {listing.columns[name].field for name in listing.any_of}
    if not needed or not needed <= {"idfa", "aaid"}:
        return True
    [(count,)] = db.connection.execute(f"select count(coalesce({', '.join(sorted(needed))})) from known_as").fetchall()
    return count > 0


def _known_as(db: Engine, tables: Mapping[str, object]) -> None:
    """Make known_as: customer_id, line_user_id, idfa and aaid (in lower case, NULL where tracking is off); empty without the source."""
    if "identifiers" not in tables or "identity_links" not in tables:
        db.execute(
            f"create or replace temp table known_as (customer_id varchar, {', '.join(f'{one} varchar' for one in KINDS)})"
        )
        return
    for name in ("identifiers", "identity_links"):
        db.register(name, tables[name])
    columns = ", ".join(f"max(nullif(value, '{NOBODY}')) filter (kind = '{one}') as {one}" for one in KINDS)
    db.connection.execute(_IDENTIFIERS.format(columns=columns, kinds=literal(KINDS)))
