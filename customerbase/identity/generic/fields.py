"""What is compared of people nobody described before: one field per kind of value, with its levels and its blocks.

A field stands in the linkage table as columns that begin with its name (f0, f1 …). Levels are Splink's, in plain SQL;
DuckDB's distances count bytes, so they see columns of one byte a letter only (`_a`), never kanji.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from customerbase.identity.comparisons import ELSE, level, missing, shared_characters


@dataclass(frozen=True)
class Field:
    """One thing compared: its name in the tables, its title for people, what kind it is, its levels and its blocks.

    kin: who else than one person agrees on it (see relatives.py). levels: the best first, "different" not among them.
    blocks: name of a key -> SQL of its text over the linkage table; `whole` is the field's value itself, the others
    follow from it.
    """

    name: str
    title: str
    kind: str
    kin: str
    levels: tuple[dict, ...]
    null: str
    blocks: dict[str, str] = field(default_factory=dict)

    @property
    def top(self) -> int:
        """The number of the best level, "same"; 0 is "different"."""
        return len(self.levels)

    def label(self, gamma: int) -> str:
        """The words for a level."""
        return self.levels[self.top - gamma]["label_for_charts"] if gamma > 0 else ELSE

    def gamma(self) -> str:
        """The SQL of the level that a pair (columns _l and _r) reaches: -1 no value, 0 different, top = same."""
        tests = "".join(
            f" when {one['sql_condition']} then {self.top - place}" for place, one in enumerate(self.levels)
        )
        return f"cast(case when {self.null} then -1{tests} else 0 end as tinyint)"


def category(name: str, title: str, kin: str) -> Field:
    """A word of a short list: the same or not."""
    return _made(name, title, "category", kin, [level("same", _same(name), name)], {"whole": name})


def code(name: str, title: str, kin: str) -> Field:
    """A number or code that belongs to a person: one or two slips are told apart from another code."""
    levels = [
        level("same", _same(name), name),
        level("one slip", _close(name, 1, 4)),
        level("two slips", _close(name, 2, 7)),
    ]
    return _made(name, title, "code", kin, levels, {"whole": name, **_halves(name)})


def text(name: str, title: str, kin: str, *, ascii_only: bool) -> Field:
    """Words: the same, spelt a little otherwise, or partly the same."""
    bytes_ = name if ascii_only else f"{name}_a"
    levels = [
        level("same", _same(name), name),
        level("one slip", _close(bytes_, 1, 4, digits=False)),
        level("most words the same", _words(name, 0.6)),
        level("the beginning of the other", _begins(bytes_, 3)),
        level("alike", f"jaro_winkler_similarity({bytes_}_l, {bytes_}_r) >= 0.88 and {_same_digits(bytes_)}"),
        *([] if ascii_only else [_characters(name)]),
        level("some words the same", _words(name, 0.3)),
    ]
    return _made(name, title, "text", kin, levels, {"whole": name, **_halves(bytes_)})


def person_name(name: str, title: str, kin: str, *, ascii_only: bool, partner: str | None) -> Field:
    """A part of a person's name; `partner` is the field of the other part, with which it may have been swapped."""
    bytes_ = name if ascii_only else f"{name}_a"
    crossed = f"({name}_l = {partner}_r or {partner}_l = {name}_r)" if partner else None
    levels = [
        level("same", _same(name), name),
        *([] if ascii_only else [level("same sound", _same(bytes_))]),
        level("one slip", _close(bytes_, 1, 4)),
        *([level("first and last name swapped", crossed)] if crossed else []),
        level("short form or initial", _begins(bytes_, 1)),
        level("alike", f"jaro_winkler_similarity({bytes_}_l, {bytes_}_r) >= 0.8"),
        *([] if ascii_only else [_characters(name)]),
    ]
    blocks = {
        "whole": name,
        "sound": _skeleton(bytes_),
        "start": f"substr({bytes_}, 1, 3)",
        "initial": f"substr({bytes_}, 1, 1)",
    }
    return _made(name, title, "name", kin, levels, blocks)


def other_names(name: str, title: str, kin: str) -> Field:
    """What a full name says beyond first and last name: middle names, titles, names of birth."""
    levels = [
        level("same", _same(name), name),
        level("most words the same", _words(name, 0.6)),
        level("some words the same", _words(name, 0.01)),
    ]
    return _made(name, title, "other names", kin, levels, {"whole": name})


def date(name: str, title: str, kin: str) -> Field:
    """A day, as eight digits: the same, a slip, or the same year, month or day."""
    year, month, day = ("substr({0}, 1, 4)", "substr({0}, 5, 2)", "substr({0}, 7, 2)")
    left, right = f"{name}_l", f"{name}_r"

    def equal(part: str, other: str | None = None) -> str:
        return f"{part.format(left)} = {(other or part).format(right)}"

    swapped = " and ".join([equal(year), equal(month, day), equal(day, month)])
    only_year = f"{equal(year)} and (substr({left}, 5) in ('0101', '0000') or substr({right}, 5) in ('0101', '0000'))"
    levels = [
        level("same day", _same(name), name),
        level("one digit wrong, or day and month swapped", f"{_close(name, 1, 8)} or ({swapped})"),
        level("same year, one says no more", only_year),
        level(
            "same month and day",
            f"substr({left}, 5) = substr({right}, 5) and substr({left}, 5) not in ('0101', '0000')",
        ),
        level("same year", equal(year)),
        level("two digits wrong", _close(name, 2, 8)),
    ]
    blocks = {"whole": name, "year": f"substr({name}, 1, 4)", "month_day": f"nullif(substr({name}, 5), '0101')"}
    return _made(name, title, "date", kin, levels, blocks)


def postcode(name: str, title: str, kin: str) -> Field:
    """A postal code: the same, a slip, or the same area."""
    left, right = f"{name}_area_l", f"{name}_area_r"
    levels = [
        level("same", _same(name), name),
        level("one slip", _close(name, 1, 4)),
        level("same area", f"{left} = {right}"),
        level("same first two signs", f"substr({name}_l, 1, 2) = substr({name}_r, 1, 2)"),
    ]
    return _made(
        name, title, "postcode", kin, levels, {"whole": name, "area": f"{name}_area", "start": f"substr({name}, 1, 2)"}
    )


def address(name: str, title: str, kin: str) -> Field:
    """A Japanese address by how far it agrees: two people of one house agree on all of it, so it is one field, not five."""
    levels = [
        level("same house and building", f"{_same(name)} and {_same(f'{name}_building')}", name),
        level("same house", _same(name)),
        *(
            level(f"same {word}", _same(f"{name}_{part}"))
            for part, word in (("town", "town"), ("city", "city"), ("pref", "prefecture"))
        ),
    ]
    null = f"{missing(f'{name}_city')} and {missing(f'{name}_pref')}"
    blocks = {"whole": name, "town": f"{name}_town", "city": f"{name}_city"}
    return Field(name, title, "address", kin, tuple(levels), null, blocks)


def email(name: str, title: str, kin: str) -> Field:
    """An e-mail address: the same, the same before the @, or a slip."""
    local = f"{name}_local"
    levels = [
        level("same", _same(name), name),
        level("same before the @", _same(local)),
        level("one or two slips", _close(local, 2, 6, digits=False)),
        level("the beginning of the other", _begins(local, 4)),
    ]
    return _made(name, title, "email", kin, levels, {"whole": name, "local": local})


def phone(name: str, title: str, kin: str) -> Field:
    """A telephone number: the same, or one digit wrong."""
    levels = [level("same", _same(name), name), level("one slip", _close(name, 1, 8))]
    return _made(name, title, "phone", kin, levels, {"whole": name, **_halves(name)})


def long_text(name: str, title: str, kin: str) -> Field:
    """Sentences: the same, or so many words in common."""
    levels = [level("same", _same(name), name)]
    levels += [
        level(f"{label} words the same", _words(name, share))
        for label, share in (("most", 0.7), ("many", 0.4), ("some", 0.2))
    ]
    return _made(name, title, "long", kin, levels, {"whole": name})


def _made(name: str, title: str, kind: str, kin: str, levels: Sequence[dict], blocks: dict[str, str]) -> Field:
    return Field(name, title, kind, kin, tuple(levels), missing(name), blocks)


def _same(column: str) -> str:
    return f"{column}_l = {column}_r"


def _close(column: str, edits: int, shortest: int, *, digits: bool = True) -> str:
    """At most `edits` letters lost, added or changed; neighbours swapped count as one.

    digits: whether digits may differ, too. In words they may not: house 12 is not a slip of 14, nor ann76 of ann93.
    Cheap tests first, in a CASE because the parts of an AND have no fixed order.
    """
    left, right = f"{column}_l", f"{column}_r"
    alike, distance = f"jaro_similarity({left}, {right})", f"levenshtein({left}, {right})"
    swapped = f" or (length({left}) = length({right}) and {alike} >= 0.9 and {distance} = 2)" if edits == 1 else ""
    far = f"{alike} < 0.7 or least(length({left}), length({right})) < {shortest}"
    near = f"({distance} <= {edits}{swapped})"
    return f"(case when {far} then false else {near}{'' if digits else f' and {_same_digits(column)}'} end)"


def _same_digits(column: str) -> str:
    left, right = (f"regexp_replace({column}{side}, '[^0-9]', '', 'g')" for side in ("_l", "_r"))
    return f"({left} = {right})"


def _begins(column: str, shortest: int) -> str:
    short = f"least(length({column}_l), length({column}_r)) >= {shortest}"
    return f"({short} and (starts_with({column}_l, {column}_r) or starts_with({column}_r, {column}_l)))"


def _words(name: str, share: float) -> str:
    """The share of words in common, of the words of the shorter value; single words are compared otherwise."""
    left, right = f"{name}_w_l", f"{name}_w_r"
    common = f"len(list_intersect({left}, {right})) >= greatest(1, {share} * least(len({left}), len({right})))"
    return f"(case when len({left}) = 1 and len({right}) = 1 then false else {common} end)"


def _characters(name: str) -> dict:
    return level("characters partly the same", f"({missing(name + '_a')} and {shared_characters(name)})")


def _halves(column: str) -> dict[str, str]:
    """Both ends of a value: one slip leaves one of them as it was."""
    return {"head": f"substr({column}, 1, 4)", "tail": f"right({column}, 4)"}


def _skeleton(column: str) -> str:
    """A name's first letter and consonants, doubled ones once: what most spelling errors leave."""
    rest = f"regexp_replace(substr({column}, 2), '[aeiouyhw]', '', 'g')"
    for letter in "lnrtsmdcpfgbkz":
        rest = f"replace({rest}, '{letter}{letter}', '{letter}')"
    return f"substr({column}, 1, 1) || substr({rest}, 1, 5)"
