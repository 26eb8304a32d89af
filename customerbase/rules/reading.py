"""Rules as they stand in a pipeline file: read, checked against the columns of a page, refused with one clear error."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from customerbase.errors import ConfigError, near_miss
from customerbase.rules.codes import both_languages, check_code
from customerbase.rules.columns import Columns, Field
from customerbase.rules.faults import RuleFault
from customerbase.rules.grammar import parse
from customerbase.rules.terms import Condition, Logic, leaves

MOST_RULES = 50
_KEYS = {"title": True, "rule": True, "todo": False}  # True: needed


@dataclass(frozen=True)
class Rule:
    """One segment by rule: code, names, the text as written, what to do, and what the text was read as."""

    code: str
    en: str
    ja: str
    text: str
    logic: Logic
    todo_en: str = ""
    todo_ja: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def conditions(self) -> list[Condition]:
        """Its conditions from left to right; condition 1 is the first."""
        return leaves(self.logic)

    @property
    def fields(self) -> list[Field]:
        """The columns it looks at, each once, in the order of the text."""
        return list(dict.fromkeys(one for condition in self.conditions for one in condition.fields))

    @property
    def thresholds(self) -> dict[str, tuple[Field, Fraction]]:
        """Its percentiles: name -> (column, n)."""
        return {name: asked for condition in self.conditions for name, asked in condition.thresholds.items()}

    def name(self, language: str) -> str:
        """What people call it, in English or Japanese."""
        return self.ja if language == "ja" else self.en

    def todo(self, language: str) -> str:
        """What to do about its members; "" where the file does not say."""
        return self.todo_ja if language == "ja" else self.todo_en


@dataclass(frozen=True)
class Rules:
    """The rules of a pipeline, read for a page with these columns, in the order of the file."""

    rules: tuple[Rule, ...]
    columns: Columns

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)


def read_rules(
    settings: Mapping | None, columns: Columns, *, named: Iterable[str] = (), where: str = "the pipeline file"
) -> Rules:
    """The rules of a pipeline (its `segments:`), checked for a page with these columns.

    named: codes that are taken by the named segments. Raises ConfigError naming file, segment, position and near miss.
    """
    found = (
        read_rule(code, spec, columns, number=number, named=named, where=where)
        for number, (code, spec) in enumerate(rule_texts(settings, where).items())
    )
    return Rules(tuple(found), columns)


def rule_texts(settings: Mapping | None, where: str = "the pipeline file") -> dict:
    """code -> what the file says of it; {} without rules. Raises ConfigError when `rules:` is no such list."""
    rules = (settings or {}).get("rules") or {}
    if not isinstance(rules, dict):
        raise ConfigError(f"{where}: segments.rules is {rules!r}; expected lines such as code: {{title: …, rule: …}}.")
    if len(rules) > MOST_RULES:
        raise ConfigError(f"{where}: segments.rules has {len(rules)} segments; at most {MOST_RULES}.")
    return rules


def read_rule(
    code: object,
    spec: object,
    columns: Columns,
    *,
    number: int = 0,
    named: Iterable[str] = (),
    where: str = "the pipeline file",
) -> Rule:
    """One rule, checked; number: its place in the file. Raises ConfigError as read_rules does."""
    place = f"{where}: segments.rules.{code}"
    check_code(code, place)
    if code in set(named):
        raise ConfigError(f"{place}: {code!r} is a named segment already; give the rule a code of its own.")
    if not isinstance(spec, dict):
        raise ConfigError(f"{place} is {spec!r}; expected the keys {', '.join(_KEYS)}.")
    for key in spec:
        if key not in _KEYS:
            raise ConfigError(f"{place} has the unknown key {key!r}.{near_miss(key, _KEYS)}")
    for key in ("title", "rule"):
        if key not in spec:
            raise ConfigError(f"{place} has no {key!r}; expected the keys {', '.join(_KEYS)}.")
    title, todo = (
        both_languages(spec.get(key), f"{place}.{key}", needed) for key, needed in _KEYS.items() if key != "rule"
    )
    logic, texts = read_logic(spec["rule"], columns, prefix=f"r{number}", place=f"{place}.rule")
    text = " ".join(spec["rule"].split())
    return Rule(str(code), title["en"], title["ja"], text, logic, todo["en"], todo["ja"], texts)


def read_logic(text: object, columns: Columns, *, prefix: str, place: str) -> tuple[Logic, dict[str, str]]:
    """The text of a rule as checked conditions, and its texts by $name; place: what the file calls it, for errors."""
    try:
        return parse(text, columns, prefix=prefix)
    except RuleFault as fault:
        raise ConfigError(f"{place}{_where(text, fault)}: {fault}") from None


def _where(text: object, fault: RuleFault) -> str:
    """The position in words: from which character, and what stands there."""
    if fault.start is None or not isinstance(text, str):
        return ""
    rest = " ".join(text[fault.start :].split())
    shown = rest if len(rest) <= 30 else rest[:29] + "…"
    return f", character {fault.start + 1} ({shown!r})"
