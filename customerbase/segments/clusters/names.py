"""What groups and features are called: a name made by rule from a group's strongest features, said in both languages."""

from collections.abc import Sequence

import pandas as pd

from customerbase import i18n
from customerbase.features import features
from customerbase.segments.clusters.effects import MEDIUM

HIGH, LOW = "high", "low"
PARTS = 2  # features in a name; more only where two groups would have the same
AVERAGE = "average"


def title(feature: str, language: str) -> str:
    """What a feature is called; its definition where it has no short name."""
    one = features().get(feature)
    text = "" if one is None else one.ja if language == "ja" else one.en
    return i18n.word_or(f"groups.feature.{feature}.title", language, text.rstrip("。.") or feature)


def label(code: str, language: str) -> str:
    """A name from its code: "purchase_days_365:high, online_share:high" is "Frequent, web" or 「よく買う・ネット中心」."""
    if code == AVERAGE:
        return i18n.word("groups.average", language)
    said = [_part(*part.split(":"), language) for part in code.split(", ")]
    text = ("・" if language == "ja" else ", ").join(said)
    return text if language == "ja" else text[:1].upper() + text[1:]


def _part(feature: str, side: str, language: str) -> str:
    other = i18n.sentence(f"groups.{side}", language, feature=title(feature, language))
    return i18n.word_or(f"groups.feature.{feature}.{side}", language, other)


def codes(cards: pd.DataFrame, before: dict[int, str] | None = None) -> dict[int, str]:
    """The code of every group's name: its strongest features of at least medium effect (|delta| 0.33), at most two.

    cards: rows of one feature a group (group_id, feature, role, effect, rank). A group keeps last month's name as long
    as all of it is still true. Two groups of the same name take a feature more each, as long as they have one.
    """
    strong = {int(group): _strong(rows) for group, rows in cards.groupby("group_id", sort=True)}
    made = {}
    for group, parts in strong.items():
        old = (before or {}).get(group, "")
        holds = old and old != AVERAGE and set(old.split(", ")) <= set(parts)
        made[group] = old.split(", ") if holds else parts[:PARTS]
    for size in range(PARTS + 1, max(map(len, strong.values()), default=0) + 1):
        for group in _alike(made):
            made[group] = [*made[group], *[part for part in strong[group] if part not in made[group]]][:size]
    return {group: ", ".join(parts) or AVERAGE for group, parts in made.items()}


def _strong(rows: pd.DataFrame) -> list[str]:
    rows = rows[(rows["role"] == "made_from") & (rows["effect"].abs() >= MEDIUM) & rows["rank"].notna()]
    rows = rows.sort_values("rank")
    return [f"{row.feature}:{HIGH if row.effect > 0 else LOW}" for row in rows.itertuples()]


def _alike(made: dict[int, Sequence[str]]) -> list[int]:
    """Groups whose names are those of another one too."""
    seen = [", ".join(parts) for parts in made.values()]
    return [group for group, parts in made.items() if seen.count(", ".join(parts)) > 1]


def labels(made: dict[int, str], language: str) -> dict[int, str]:
    """The names themselves; where two are still alike, the number of the group stands behind."""
    said = {group: label(code, language) for group, code in made.items()}
    twice = [text for text in said.values() if list(said.values()).count(text) > 1]
    return {group: f"{text} {group}" if text in twice else text for group, text in said.items()}
