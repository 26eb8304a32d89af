"""The addresses of all people in standard form, ranked per person; what is no address keeps its reason.

Made anew for every export from contact_emails and contact_phones, inside the database in memory alone.
"""

import pyarrow as pa

from customerbase.audiences.steps import HASHED
from customerbase.engine import Engine
from customerbase.errors import InputError
from customerbase.text import standard_email, standard_phone
from customerbase.text.emails import LONGEST, PLAIN
from customerbase.text.phones import FIXED, MOBILE, SERVICE

UNREADABLE, HASHED_ALREADY = "unreadable", "hashed"
_PLAIN_PHONE = rf"[+]81(?:{MOBILE}|{SERVICE}|{FIXED})"

_RANKED = """
create or replace temp table address_{what} as
with told as (
  select customer_id, {what} as raw, preferred, records, last_seen from contact_{what}s
), standard as (
  select told.*, case when {plain} then raw else other.value end as value
  from told left join standard_{what} as other using (raw)
)
select customer_id, raw, value, {mobile} as mobile,
  case when value is null then case when regexp_full_match(raw, '{hashed}') then 'hashed' else 'unreadable' end end as fault,
  row_number() over (
    partition by customer_id order by preferred desc nulls last, records desc nulls last, last_seen desc nulls last, raw
  ) as place
from standard where raw is not null
"""


def rank(db: Engine) -> None:
    """Make address_email and address_phone: customer_id, raw, value (standard or NULL), mobile, fault, place from 1.

    Raises InputError where hashed and plain addresses are mixed in one table: hashed again, they would match nobody.
    """
    _rank(db, "email", is_plain_email("raw"), "false")
    _rank(db, "phone", is_plain_phone("raw"), f"coalesce(regexp_full_match(value, '[+]81{MOBILE}'), false)")


def _rank(db: Engine, what: str, plain: str, mobile: str) -> None:
    standardise(db, f"standard_{what}", f"select distinct {what} as raw from contact_{what}s", what)
    db.connection.execute(_RANKED.format(what=what, plain=plain, mobile=mobile, hashed=HASHED))
    counted = f"select count(*) filter (fault = 'hashed'), count(*) filter (value is not null) from address_{what}"
    [(hashed, good)] = db.connection.execute(counted).fetchall()
    if hashed and good:
        raise InputError(
            f"contact_{what}s holds {hashed:,} values that look hashed already beside {good:,} plain ones; expected"
            " plain ones only, since they are hashed here, as each platform wants. Mend the source that sends them."
        )


def is_plain_email(column: str) -> str:
    """SQL: whether a value is a standard e-mail address as it stands."""
    return f"(length({column}) <= {LONGEST} and regexp_full_match({column}, '{PLAIN}'))"


def is_plain_phone(column: str) -> str:
    """SQL: whether a value is a Japanese number in E.164 as it stands."""
    return f"regexp_full_match({column}, '{_PLAIN_PHONE}')"


def standardise(db: Engine, name: str, values: str, what: str) -> None:
    """Make the table `name` (raw, value) of those of the values (SQL with one column raw) that are not standard yet."""
    plain = is_plain_email("raw") if what == "email" else is_plain_phone("raw")
    wanted = f"select raw from ({values}) where raw is not null and not {plain} order by raw"
    raws = [raw for (raw,) in db.connection.execute(wanted).fetchall()]
    read = standard_email if what == "email" else standard_phone
    found = pa.table(
        {"raw": pa.array(raws, pa.string()), "value": pa.array([read(one).value for one in raws], pa.string())}
    )
    db.register(f"{name}_read", found)
    db.connection.execute(f"create or replace temp table {name} as select * from {name}_read")
