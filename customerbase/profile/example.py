"""One profile to look at, nobody to be recognised: lineage with values only where many customers share them."""

from datetime import date

import pandas as pd

from customerbase import i18n
from customerbase.engine import Engine, identifier, literal
from customerbase.profile.lineage import BEHAVIOUR, DERIVED, lineage
from customerbase.profile.rules import fields

SHORT = 6  # characters of a customer_id that are shown
# shown where at least k_min customers share it together with all that is shown already, in this order
MAY_SHOW = ("gender", "age_band", "prefecture", "member_status", "main_channel", "favourite_category", "occupation")


def example(db: Engine, k_min: int) -> str | None:
    """The customer in most source systems whose systems and number of accounts at least k_min customers share.

    Of several the one with orders, then the first by customer_id; None where no group is large enough. After profile().
    """
    return next((row[0] for row in db.run("profile_example", k_min=k_min).fetchall()), None)


def anonymous_lineage(db: Engine, customer_id: str | None, *, as_of: date, k_min: int, language: str) -> pd.DataFrame:
    """The lineage of one customer in words, with nothing in it that points at them: for showing, not for following.

    Only fields that at least k_min of the customers alike in systems and accounts have. Values stand there only while
    at least k_min customers share all of them together; contact values and rarer ones read "withheld"; a source is
    named by system and file, without the line. No rows for None.
    """
    headings = [
        i18n.word(f"profile.column.{name}", language) for name in ("field", "value", "source", "rule", "losing")
    ]
    if customer_id is None:
        return pd.DataFrame(columns=headings)
    trail = lineage(db, customer_id, as_of=as_of)
    shared = _shared(db, customer_id, k_min)
    told = shared | _common(db, customer_id, k_min)
    rows = [_words(row, shared, language) for row in trail.itertuples() if row.rows and row.field in told]
    return pd.DataFrame(rows, columns=headings)


def short(customer_id: str | None) -> str:
    """A customer_id cut to its first characters."""
    return f"{customer_id[:SHORT]}…" if customer_id else i18n.MISSING


def _common(db: Engine, customer_id: str, k_min: int) -> set[str]:
    """The fields that at least k_min customers with the same systems and number of accounts have a value of."""
    counts = ", ".join(f"count({name}_account) as {name}" for name in fields())
    found = db.query(
        f"select {counts} from profile_winners inner join profile on profile_winners.customer_id = profile.customer_id"
        " inner join profile as chosen on profile.systems = chosen.systems and profile.accounts = chosen.accounts"
        f" where chosen.customer_id = {literal(customer_id)}"
    ).df()
    common = {name for name in found if found[name][0] >= k_min}
    return common | {name for name, origin in DERIVED.items() if origin in common}


def _shared(db: Engine, customer_id: str, k_min: int) -> set[str]:
    """The fields whose values at least k_min customers have in common, together with systems and accounts."""
    one = db.query(f"select * from profile where customer_id = {literal(customer_id)}").df().iloc[0]
    conditions = [f"systems = {literal(one['systems'])}", f"accounts = {int(one['accounts'])}"]
    shared: set[str] = set()
    for name in MAY_SHOW:
        if pd.isna(one[name]):
            continue
        trial = [*conditions, f"{identifier(name)} = {literal(one[name])}"]
        if db.query(f"select count(*) from profile where {' and '.join(trial)}").fetchall()[0][0] >= k_min:
            conditions = trial
            shared.add(name)
    return shared


def _words(row, shared: set[str], language: str) -> tuple:
    withheld = i18n.word("profile.withheld", language)
    value = i18n.word_or(f"profile.value.{row.value}", language, str(row.value)) if row.field in shared else withheld
    rule = i18n.word(f"profile.rule.{row.rule}", language) if row.rule else i18n.MISSING
    source = _file(row.source) if row.source else i18n.word("profile.several_rows", language)
    losing = i18n.MISSING if row.field in BEHAVIOUR else f"{row.losing_values}"
    return (i18n.word(f"profile.field.{row.field}", language), value, source, rule, losing)


def _file(source: str) -> str:
    system, _, place = source.partition(":")
    return f"{system} · {place.rpartition(':')[0].rpartition('/')[2]}"
