"""What to know about a month's repurchase clocks, in words: a code with its values (words.yaml, clock.note)."""

from datetime import date
from typing import ClassVar

import pandas as pd

import customerbase.cltv.notes as remarks
from customerbase.engine import Engine
from customerbase.propensity.repurchase.options import ClockOptions
from customerbase.propensity.repurchase.peak import FEW
from customerbase.propensity.repurchase.tables import Thing

MANY_UNKNOWN = 0.05  # share of goods lines without a category from which on it is said


class Note(remarks.Note):
    """One remark: what was found and what it means."""

    words: ClassVar[str] = "clock.note"


def notes(
    db: Engine, found: pd.DataFrame, clocks: dict[str, Thing], options: ClockOptions, as_of: date
) -> tuple[Note, ...]:
    """All remarks. Reads the view seen_lines and the table clock_days; found: all things that were bought."""
    made = _unknown_categories(db) if options.level == "category" else []
    if not len(found) and not made:
        made.append(Note("nothing_bought", {"date": as_of.isoformat()}))
    elif len(found) and not found["repeats"].any():
        made.append(Note("nobody_returned", {"days": options.longest}))
    few = sum(one.peak.verdict == FEW for one in clocks.values()) + max(len(found) - len(clocks), 0)
    if len(found) and few:
        made.append(Note("few", {"few": f"{few:,}", "all": f"{len(found):,}", "least": options.fewest}))
    short = [one for one in clocks.values() if one.trend is not None and one.known < options.contact.horizon]
    if short:
        known = min(one.known for one in short)
        values = {"n": len(short), "known": known, "horizon": options.contact.horizon}
        made.append(Note("short_history", values))
    if any(one.best is not None for one in clocks.values()):
        contact = options.contact
        effect = {
            "effect": f"{contact.effect * 100:.0f}",
            "days": contact.effect_days,
            "reach": f"{contact.reach * 100:.0f}",
        }
        made.append(Note("assumed", effect | {"horizon": contact.horizon}))
    return tuple(made)


def _unknown_categories(db: Engine) -> list[Note]:
    lines, known = db.query("select count(*), count(category) from seen_lines").fetchall()[0]
    if not lines or 1 - known / lines < MANY_UNKNOWN:
        return []
    return [Note("no_category", {"share": f"{(1 - known / lines) * 100:.0f}"})]
