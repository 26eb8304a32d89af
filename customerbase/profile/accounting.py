"""Nothing is lost on the way: every accepted account stands in exactly one profile."""

import pandas as pd

from customerbase.engine import Engine
from customerbase.errors import RunError


def check_accounting(db: Engine) -> pd.DataFrame:
    """Accounts by source system, and how many stand in exactly one profile: all of them, or RunError.

    Columns: source_system, accounts (accepted rows of customers_src), in_one_profile; where the table source_files is
    at hand also rows_read and rows_quarantined of the files of customers. Reads customers_src, identity_links and
    profile. Raises RunError when an account stands in no profile or in several, when a profile has no account behind
    it, or when fewer accounts stand here than were accepted from the files.
    """
    found = db.run("profile_accounting").df()
    for row in found.itertuples():
        if row.in_one_profile != row.accounts:
            raise RunError(
                f"customers_src: of {row.accounts:,} accounts of {row.source_system!r} {row.in_none:,} stand in no profile"
                f" and {row.in_several:,} in several; each must stand in exactly one. identity_links (page 02_identity)"
                " has to hold every account once."
            )
    _check_profiles(db)
    return _with_files(db, found[["source_system", "accounts", "in_one_profile"]])


def _check_profiles(db: Engine) -> None:
    count, customers = db.query("select count(*), count(distinct customer_id) from profile").fetchall()[0]
    linked = db.query("select count(distinct customer_id) from identity_links").fetchall()[0][0]
    if not count == customers == linked:
        raise RunError(
            f"profile: {count:,} rows for {customers:,} customers, but identity_links knows {linked:,};"
            " expected one row per customer."
        )


def _with_files(db: Engine, found: pd.DataFrame) -> pd.DataFrame:
    known = db.query("select table_name from information_schema.tables where table_name = 'source_files'").fetchall()
    if not known:
        return found
    files = db.query(
        "select source_system, cast(sum(rows_read) as bigint) as rows_read,"
        " cast(sum(rows_accepted) as bigint) as rows_accepted,"
        " cast(sum(rows_quarantined) as bigint) as rows_quarantined"
        " from source_files where table_name = 'customers_src' group by source_system"
    ).df()
    merged = found.merge(files, on="source_system", how="outer").sort_values("source_system", ignore_index=True)
    for row in merged.itertuples():
        if row.rows_accepted > (0 if pd.isna(row.accounts) else row.accounts):
            raise RunError(
                f"customers_src: {row.rows_accepted:,.0f} rows of {row.source_system!r} were accepted from the files, but"
                f" {row.accounts:,.0f} stand in the table."
            )
    return merged[["source_system", "rows_read", "rows_quarantined", "accounts", "in_one_profile"]]
