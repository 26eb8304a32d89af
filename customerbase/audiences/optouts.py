"""Who opted out since the month was closed: ids, e-mail addresses and telephones in any form, read and spread.

One opt-out stops the person: every id that was merged into theirs, and everybody who shares the address.
"""

import pyarrow as pa

from customerbase.audiences.addresses import is_plain_email, standardise
from customerbase.engine import Engine
from customerbase.errors import InputError
from customerbase.text.phones import FIXED, MOBILE, SERVICE

_DOMESTIC = rf"0(?:{MOBILE}|{SERVICE}|{FIXED})"
# what an opt-out from a channel says of addresses: nobody who shares one is contacted there either
ADDRESSES = {"email": ("email",), "sms": ("phone",), "phone": ("phone",), "ads": ("email", "phone")}
IDENTIFIERS = {"line": ("line_user_id",), "ads": ("idfa", "aaid")}  # the same of what platforms call them


def register(db: Engine, values: list[str]) -> dict[str, int]:
    """Make optout_id, optout_email and optout_phone of the values of a file; counts by kind, and of unknown ones.

    A value is a customer id (a former one too), an e-mail address or a telephone. Unknown ones may be ids of people
    who were erased. Raises InputError for a value with @ that is no e-mail address: somebody would be reached.
    """
    db.register("optout_given", pa.table({"raw": pa.array(values, pa.string())}))
    db.connection.execute(
        "create or replace temp table optout_raw as select distinct trim(raw) as raw from optout_given"
    )
    _emails(db)
    _phones(db)
    db.connection.execute("""create or replace temp table optout_id as
        select raw as customer_id from optout_raw union select a.customer_id from id_aliases as a join optout_raw on raw = alias_id""")
    counts = {"values": len(values)}
    for kind in ("email", "phone"):
        counts[kind] = _count(db, f"optout_{kind}")
    counts["id"] = _count(db, "(select raw from optout_raw semi join known_ids on raw = id)")
    counts["unknown"] = _count(
        db,
        """(select raw from optout_raw anti join known_ids on raw = id
        where raw not in (select raw from optout_email) and raw not in (select raw from optout_phone))""",
    )
    return counts


def _count(db: Engine, what: str) -> int:
    return db.connection.execute(f"select count(*) from {what}").fetchall()[0][0]


def _emails(db: Engine) -> None:
    candidates = "select raw from optout_raw where regexp_matches(raw, '[@＠]')"
    standardise(db, "optout_other", candidates, "email")
    db.connection.execute(f"""create or replace temp table optout_email as
        select raw, case when {is_plain_email("raw")} then raw else other.value end as value
        from ({candidates}) left join optout_other as other using (raw)""")
    if bad := _count(db, "optout_email where value is null"):
        raise InputError(
            f"the file of opt-outs holds {bad:,} values with @ that are no e-mail addresses; expected one address,"
            " telephone or customer id each. Whoever they mean would be contacted: nothing was written."
        )


def _phones(db: Engine) -> None:
    """Numbers of Japan as people write them are read by SQL, the others one by one; one abroad may lack its +."""
    db.connection.execute("""create or replace temp table optout_digits as
        select raw, regexp_replace(raw, '[ ()-]', '', 'g') as digits from optout_raw
        where not regexp_matches(raw, '[@＠]') and regexp_matches(raw, '[0-9０-９]')
          and (regexp_matches(raw, '(?i)^(?:tel|fax|phone|mobile|cell)') or not regexp_full_match(raw, '[A-Za-z][0-9A-Za-z_-]*'))""")
    quick = f"regexp_full_match(digits, '{_DOMESTIC}')"
    standardise(db, "optout_other", f"select raw from optout_digits where not {quick}", "phone")
    db.connection.execute(f"""create or replace temp table optout_phone as
        select raw, case when {quick} then concat('+81', substring(digits, 2))
          else coalesce(other.value, case when concat('+', digits) in (select value from address_phone) then concat('+', digits) end) end as value
        from optout_digits left join optout_other as other using (raw)""")
    db.connection.execute("delete from optout_phone where value is null")


def block(db: Engine, channel: str) -> None:
    """Make `stopped` (customer_id): who may not be contacted through a channel, however the audience was made.

    Who opted out by the file; who has, or shares, an address that opted out there; and who shares an address with
    somebody who withdrew from the channel or opted out by id, since an address cannot tell who reads it.
    """
    shared = []
    for kind in ("email", "phone"):
        stopped = f"select value from optout_{kind}"
        if kind in ADDRESSES.get(channel, ()):
            stopped += f""" union select value from address_{kind} where value is not null and customer_id in (
                select customer_id from withdrawn union select customer_id from optout_id)"""
        shared.append(f"select customer_id from address_{kind} where value in ({stopped})")
    for kind in IDENTIFIERS.get(channel, ()):
        shared.append(f"""select customer_id from known_as where {kind} in (select {kind} from known_as where customer_id in (
            select customer_id from withdrawn union select customer_id from optout_id))""")
    db.execute(
        """create or replace temp table withdrawn as
           select customer_id from contactable where channel = $channel and state = 'withdrawn'""",
        channel=channel,
    )
    db.connection.execute(
        f"create or replace temp table stopped as select customer_id from optout_id union {' union '.join(shared)}"
    )
