"""The published tables of a month made ready for the gate: people, former ids, addresses."""

from collections.abc import Mapping

from customerbase.audiences import addresses
from customerbase.engine import Engine
from customerbase.errors import TableError

READ = ("audience_members", "contactable", "contacts", "contact_emails", "contact_phones")


def prepare(db: Engine, tables: Mapping[str, object]) -> None:
    """Register the tables of a published month (paths, or whatever Engine.register takes) and make person, known_ids, address_email and address_phone.

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
    line = "line_user_id" in db.query("select * from contacts limit 0").columns  # not every company has it
    db.connection.execute(f"""create or replace temp view person as
        select customer_id, family_name, given_name, family_kana, given_kana, postal_code, prefecture, city, building,
          birth_date, nullif(concat(town, block), '') as street, {"line_user_id" if line else "cast(null as varchar)"} as line_user_id,
          case when prefecture is not null or regexp_full_match(postal_code, '[0-9]{{7}}') then 'JP' end as country
        from contacts""")
    db.connection.execute("""create or replace temp view known_ids as
        select customer_id as id from contacts union select customer_id from contactable
        union select customer_id from audience_members union select alias_id from id_aliases""")
    addresses.rank(db)
