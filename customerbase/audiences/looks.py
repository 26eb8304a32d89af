"""What page 10 shows, in words and small tables: who can be reached, the audiences, who is left out where, the overlap.

Made from the tables contact_reach, audiences, audience_drops and audience_overlap alone, so that page, report and dashboard
say the same; what withholding.withheld names is never shown.
"""

from collections.abc import Mapping

import pandas as pd

from customerbase import i18n
from customerbase.audiences.reading import VALID
from customerbase.audiences.withholding import ASKED, KEPT, REFUSED, shown_counts, withheld
from customerbase.disclosure import suppress_parts

STATES = ("granted", "withdrawn", "unknown")
SHOWN = (ASKED, *REFUSED, KEPT, "target")  # columns of the table of steps
PARTS = {  # parts of a bar: the steps they hold
    "target": ("target",),
    "kept_back": (KEPT,),
    "limited": ("frequency", "cap"),
    "opted_out": ("opted_out",),
    "no_consent": ("no_consent",),
    "excluded": ("excluded",),
}
WITHHELD = "withheld"


def title(row: Mapping[str, object], language: str) -> str:
    """What people call an audience."""
    return str(row[f"title_{language}"])


def channel(code: object, language: str) -> str:
    """What people call a channel."""
    return i18n.word(f"audiences.channel.{code}", language)


def label(row: Mapping[str, object], language: str) -> str:
    """Audience and channel."""
    return i18n.aside(title(row, language), channel(row["channel"], language), language)


def valid(sizes: pd.DataFrame) -> pd.DataFrame:
    """Rows of the audiences that are valid, in the order of the file."""
    if not len(sizes):
        return sizes
    return sizes[sizes["state"] == VALID].sort_values(["place", "audience"], kind="stable", ignore_index=True)


def reach_counts(reach: pd.DataFrame, k_min: int) -> list[dict]:
    """Channel by channel the customers by state; None where withheld. Channels that nobody spoke of are left out."""
    rows = []
    for row in reach.to_dict("records"):
        counts = [int(row[state]) for state in STATES]
        hidden = suppress_parts(counts, k_min)
        shown = {state: None if one else n for state, n, one in zip(STATES, counts, hidden, strict=True)}
        rows.append({"channel": row["channel"], "customers": int(row["customers"])} | shown)
    order = sorted(rows, key=lambda one: (-(one["granted"] or 0), rows.index(one)))
    return [row for row in order if row["unknown"] != row["customers"]]


def step_counts(sizes: pd.DataFrame, drops: pd.DataFrame, k_min: int) -> list[dict]:
    """A row per valid audience and channel: its row of audiences, with `counts` (as withholding.shown_counts).

    What is withheld is None.
    """
    rows = []
    for row in valid(sizes).to_dict("records"):
        mine = drops[(drops["audience"] == row["audience"]) & (drops["channel"] == row["channel"])]
        counts = {step: int(n) for step, n in zip(mine["step"], mine["customers"], strict=True)}
        hidden = withheld(counts, k_min)
        shown = {step: None if step in hidden else n for step, n in shown_counts(counts).items()}
        rows.append(row | {"counts": shown})
    return rows


def parts(counts: Mapping[str, int | None]) -> dict[str, int] | None:
    """The parts of a bar of those who fit the rule; None where they are withheld.

    A part is drawn only when all its steps are shown; what is left of the known total is the part `withheld`.
    """
    if counts["excluded"] is None or counts[ASKED] is None:
        return None
    made = {
        name: sum(counts[step] for step in steps)
        for name, steps in PARTS.items()
        if all(counts[step] is not None for step in steps)
    }
    rest = counts["excluded"] + counts[ASKED] - sum(made.values())
    return made | ({WITHHELD: rest} if rest else {})


def share_to_contact(counts: Mapping[str, int | None]) -> float | None:
    """Of those who fit and are not excluded the share to be contacted; None where withheld."""
    if not counts[ASKED] or counts["target"] is None:
        return None
    return counts["target"] / counts[ASKED]


def count(value: int | None) -> str:
    """A count as it is shown; what is withheld reads *."""
    return "*" if value is None else f"{value:,}"


def steps(sizes: pd.DataFrame, drops: pd.DataFrame, language: str, k_min: int) -> pd.DataFrame:
    """A row per audience and channel, a column per step; * is withheld."""
    heads = {step: head(step, language) for step in SHOWN}
    rows = [
        {head("audience", language): label(row, language)}
        | {called: count(row["counts"][step]) for step, called in heads.items()}
        for row in step_counts(sizes, drops, k_min)
    ]
    return pd.DataFrame(rows)


def listing(sizes: pd.DataFrame, drops: pd.DataFrame, language: str, k_min: int, currency: str) -> pd.DataFrame:
    """A row per audience and channel: who is in it, for what, how many, and what is at stake."""
    if not len(sizes):
        return pd.DataFrame()
    known = {(row["audience"], row["channel"]): row for row in step_counts(sizes, drops, k_min)}
    rows = []
    for row in sizes.sort_values(["place"], kind="stable").to_dict("records"):
        found = known.get((row["audience"], row["channel"]))
        cells = {
            "audience": title(row, language),
            "channel": channel(row["channel"], language),
            "who": who(row),
            "purpose": row[f"purpose_{language}"],
            "target": i18n.word(f"audiences.valid.{row['state']}", language),
            "value": i18n.MISSING,
        }
        if found:
            cells["target"] = count(found["counts"]["target"])
            cells["value"] = i18n.number(value(found, k_min), "money", language, currency=currency)
        rows.append({head(key, language): cell for key, cell in cells.items()})
    return pd.DataFrame(rows)


def who(row: Mapping[str, object]) -> str:
    """Rule and exclusions as written."""
    out = row["excluded"]
    return str(row["rule"]) if i18n.missing(out) else f"{row['rule']} − ({out})"


def value(row: Mapping[str, object], k_min: int) -> float | None:
    """The value of those to be contacted; None where they, or those whose value is known or not, are few."""
    target, known = row["counts"]["target"], row["value_known"]
    if not target or i18n.missing(known) or suppress_parts([int(known), target - int(known)], k_min).any():
        return None
    return None if i18n.missing(row["value"]) else float(row["value"])


def overlap(table: pd.DataFrame, sizes: pd.DataFrame, language: str) -> list[dict]:
    """Pairs of audience and channel with people in common: names, customers, share; the greatest share first.

    Pairs that are withheld are left out.
    """
    if not len(table):
        return []
    names = {(row["audience"], row["channel"]): label(row, language) for row in valid(sizes).to_dict("records")}
    rows = []
    for row in table.to_dict("records"):
        one, other = (row["audience"], row["channel"]), (row["other"], row["other_channel"])
        if one != other and not i18n.missing(row["share"]) and row["share"] > 0:
            told = {"audience": names[one], "other": names[other]}
            rows.append(told | {"target": int(row["customers"]), "share": float(row["share"])})
    return sorted(rows, key=lambda row: -row["share"])


def overlaps(table: pd.DataFrame, sizes: pd.DataFrame, language: str) -> pd.DataFrame:
    """The same as a table of texts."""
    rows = [
        row | {"target": f"{row['target']:,}", "share": i18n.number(row["share"], "rate", language)}
        for row in overlap(table, sizes, language)
    ]
    return pd.DataFrame([{head(key, language): cell for key, cell in row.items()} for row in rows])


def head(key: str, language: str) -> str:
    """What a column is called."""
    return i18n.word_or(f"audiences.column.{key}", language, "") or i18n.word(f"audiences.step.{key}", language)
