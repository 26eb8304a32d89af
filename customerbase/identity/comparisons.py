"""What is compared between two records, as levels of agreement in plain SQL over one-byte sounds and folded kanji.

DuckDB's edit distances count bytes, so they never see a kanji or a kana here: `*_sound` holds one ASCII byte per kana
(customerbase.text.kana.sound), kanji are compared whole, by term frequency, or as sets of characters. Spark's count
characters; on ASCII both give the same answer. Levels are Splink's: from the best to "all else", null first.
"""

from collections.abc import Sequence

NULL, ELSE = "no value on one side", "different"


def comparisons() -> list[dict]:
    """The comparisons of customer records, in Splink's form (dictionaries, as its settings file has them)."""
    return [
        _name("given_name", "given"),
        _name("family_name", "family"),
        _birth_date(),
        _equal_or_near("mobile", edits=1),
        _equal_or_near("fixed_phone", edits=1),
        _email(),
        _address(),
        _equal("gender"),
    ]


def comparison(name: str, levels: Sequence[dict], null: str) -> dict:
    """One comparison: `null` is the condition under which nothing can be said; all else is the last level."""
    first = {"sql_condition": null, "label_for_charts": NULL, "is_null_level": True}
    last = {"sql_condition": "ELSE", "label_for_charts": ELSE}
    return {"output_column_name": name, "comparison_levels": [first, *levels, last]}


def level(label: str, condition: str, frequency: str | None = None) -> dict:
    """One level of agreement; `frequency` names the column whose rarity counts (term frequency)."""
    made = {"sql_condition": condition, "label_for_charts": label, "base_dialect_str": "duckdb"}
    if frequency:
        made |= {
            "tf_adjustment_column": frequency,
            "tf_adjustment_weight": 1.0,
            "disable_tf_exact_match_detection": True,
        }
    return made


def both(column: str, condition: str = "{0}_l = {0}_r") -> str:
    """The condition with the column's name filled in."""
    return condition.format(column)


def missing(column: str) -> str:
    """The condition that the column is empty on one side at least."""
    return f"({column}_l is null or {column}_r is null)"


def near(column: str, edits: int = 1, shortest: int = 3) -> str:
    """At most `edits` insertions, deletions, substitutions or neighbours swapped, in words of `shortest` bytes or more."""
    distance = f"damerau_levenshtein({column}_l, {column}_r) <= {edits}"
    return f"(least(length({column}_l), length({column}_r)) >= {shortest} and {distance})"


def shared_characters(column: str, share: float = 0.5) -> str:
    """The sets of characters overlap by `share` or more (Jaccard): kanji are characters here, not bytes."""
    left, right = f"string_split({column}_l, '')", f"string_split({column}_r, '')"
    common = f"len(list_intersect({left}, {right}))"
    return f"{common} >= {share} * (len(list_distinct({left})) + len(list_distinct({right})) - {common})"


def _name(name: str, part: str) -> dict:
    kanji, sound = f"{part}_kanji", f"{part}_sound"
    same_kanji, same_sound = both(kanji), both(sound)
    return comparison(
        name,
        [
            level("same kanji and reading", f"{same_kanji} and ({same_sound} or {missing(sound)})", kanji),
            level("same reading, kanji on one side only", f"{same_sound} and {missing(kanji)}", sound),
            level("same kanji, other reading", same_kanji),
            level("same reading, other kanji", same_sound),
            level("one slip in the reading", f"{missing(kanji)} and {near(sound)}"),
            level("kanji partly the same", f"{missing(sound)} and {shared_characters(kanji)}"),
        ],
        null=f"{missing(kanji)} and {missing(sound)}",
    )


def _birth_date() -> dict:
    day = "birth"
    swapped = "substr({0}_l, 1, 4) = substr({0}_r, 1, 4) and substr({0}_l, 5, 2) = substr({0}_r, 7, 2)"
    swapped += " and substr({0}_l, 7, 2) = substr({0}_r, 5, 2)"
    return comparison(
        "birth_date",
        [
            level("same day", both(day)),
            level("one digit wrong, or day and month swapped", f"{near(day, 1, 8)} or ({both(day, swapped)})"),
            level("same year and month", both(day, "substr({0}_l, 1, 6) = substr({0}_r, 1, 6)")),
            level("same month and day", both(day, "substr({0}_l, 5, 4) = substr({0}_r, 5, 4)")),
        ],
        null=missing(day),
    )


def _equal_or_near(column: str, edits: int) -> dict:
    return comparison(
        column,
        [level("same", both(column)), level("one slip", near(column, edits, 8))],
        null=missing(column),
    )


def _email() -> dict:
    local = "email_local"
    return comparison(
        "email",
        [
            level("same", both("email")),
            level("same before the @", f"{both(local)} and length({local}_l) >= 5"),
            level("one or two slips", near(local, 2, 8)),
        ],
        null=missing("email"),
    )


def _address() -> dict:
    """The address by level: two people of one house agree on it, so it is one comparison, not five."""
    return comparison(
        "address",
        [
            level("same block and building", f"{both('house')} and {both('building')}"),
            level("same block", both("house")),
            level("same town or postcode", f"{both('postal_code')} or {both('town')}"),
            level("same city", both("city")),
            level("same prefecture", both("prefecture")),
        ],
        null=f"{missing('prefecture')} and {missing('postal_code')}",
    )


def _equal(column: str) -> dict:
    return comparison(column, [level("same", both(column))], null=missing(column))
