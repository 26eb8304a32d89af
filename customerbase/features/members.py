"""A digest of the members of a group, by which an audience is recognised in the campaign that used it."""

from customerbase.engine import Engine


def members_hashes(db: Engine, members: str) -> dict[str, str]:
    """Label -> hash of the group's customers, hex: the sum of their digests, whatever their order and however often named.

    members: a query with label and customer_id. The first 60 bits of each SHA-256 are added, so that a group is hashed
    without being sorted; it recognises a group and is no proof against somebody who makes up ids.
    """
    db.execute(f"create or replace temp view hashed_members as {members}")
    return {str(label): f"{int(digest):x}" for label, digest in db.run("members_hash").fetchall()}
