"""`audiences:` of a pipeline file: read, checked against the columns of the page that makes them, refused with one clear error.

audiences:
  win_back:
    title: {en: Win back, ja: 休眠顧客の呼び戻し}
    rule: days_since_last_order > 90 and rfm.net_spend >= percentile(80)   # the rule language of segments
    exclude: [champions, "churn.risk_band = 'low'"]                        # segments, audiences above, rules
    channels: [email, post]
    holdout: 0.1
    cap: {most: 500, by: churn.value_at_risk}
    purpose: {en: Tell them what is new., ja: 新着のご案内。}
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from customerbase.audiences.consent import CHANNELS
from customerbase.audiences.values import line, months, one_of, share, texts
from customerbase.errors import ConfigError, check_whole, near_miss
from customerbase.rules import Columns, Field, Rule, read_logic
from customerbase.rules.codes import both_languages, check_code
from customerbase.rules.faults import RuleFault

MOST_AUDIENCES = 50
PLATFORMS = Path(__file__).parent / "platforms"  # one file of dated rules per platform
NOT_YET, VALID, ENDED = "not_yet", "valid", "ended"
_KEYS = ("title", "rule", "segments", "exclude", "channels", "platforms", "holdout", "cap", "value", "from", "until")
_KEYS += ("purpose", "basis", "shown_as")
_NEEDED = ("title", "channels", "purpose")


@dataclass(frozen=True)
class Audience:
    """One audience as its file has it.

    rule: None where segments alone say who. excluded_rules, excluded_audiences: of `exclude`; excluded_segments too.
    most: people to be contacted per channel at most, the first by `ranked_by`. value: the column whose sum tells what is
    at stake. first, last: days between which it is made; None is open. shown_as: its name on a platform.
    """

    code: str
    title: Mapping[str, str]
    purpose: Mapping[str, str]
    channels: tuple[str, ...]
    rule: Rule | None = None
    segments: tuple[str, ...] = ()
    excluded_rules: tuple[Rule, ...] = ()
    excluded_segments: tuple[str, ...] = ()
    excluded_audiences: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    holdout: float = 0.0
    most: int | None = None
    ranked_by: Field | None = None
    value: Field | None = None
    first: date | None = None
    last: date | None = None
    basis: str = ""
    shown_as: str = ""

    @property
    def key(self) -> str:
        """The key of its hold-out (customerbase/holdout.py)."""
        return f"audience {self.code}"

    def state(self, as_of: date) -> str:
        """not_yet, valid or ended on a day."""
        if self.first and as_of < self.first:
            return NOT_YET
        return ENDED if self.last and as_of > self.last else VALID

    def said(self) -> str:
        """Who is in it, as the file says: segments and rule."""
        parts = [" or ".join(self.segments)] if self.segments else []
        return "; ".join([*parts, *([self.rule.text] if self.rule else [])])

    def said_excluded(self) -> str:
        """Who is not, as the file says."""
        rules = (one.text for one in self.excluded_rules)
        return "; ".join([*self.excluded_segments, *self.excluded_audiences, *rules])


@dataclass(frozen=True)
class Audiences:
    """The audiences of a pipeline in the order of the file, which is their priority.

    control: share of all customers who are kept back from everything. frequency: channel -> audiences of a month in which
    one person may stand at most.
    """

    audiences: tuple[Audience, ...]
    columns: Columns
    control: float = 0.0
    frequency: Mapping[str, int] | None = None

    def __iter__(self) -> Iterator[Audience]:
        return iter(self.audiences)

    def __len__(self) -> int:
        return len(self.audiences)


@dataclass(frozen=True)
class Known:
    """What audiences may name: columns, segments by name and by rule, and the columns ("table.column") that are money."""

    columns: Columns
    segments: tuple[str, ...] = ()
    money: frozenset[str] = frozenset()


def read_audiences(
    content: Mapping | None, known: Known, settings: Mapping | None = None, where: str = "the pipeline file"
) -> Audiences:
    """The audiences of a pipeline (its `audiences:`). Raises ConfigError naming audience, key, value and near miss."""
    found: list[Audience] = []
    for code, spec in audience_texts(content, where).items():
        found.append(
            read_audience(code, spec, known, before=[one.code for one in found], number=len(found), where=where)
        )
    settings = settings or {}
    return Audiences(tuple(found), known.columns, read_control(settings, where), read_frequency(settings, where))


def audience_texts(content: Mapping | None, where: str = "the pipeline file") -> dict:
    """code -> what the file says of it; {} without audiences."""
    content = content or {}
    if not isinstance(content, Mapping):
        raise ConfigError(f"{where}: audiences is {content!r}; expected lines such as code: {{title: …, rule: …}}.")
    if len(content) > MOST_AUDIENCES:
        raise ConfigError(f"{where}: audiences has {len(content)} of them; at most {MOST_AUDIENCES}.")
    return dict(content)


def read_control(settings: Mapping, where: str = "the pipeline file") -> float:
    """`settings.global_control`: the share of all customers who are kept back from everything; 0 where none is."""
    return share(settings.get("global_control", 0.0), f"{where}: settings.global_control")


def read_frequency(settings: Mapping, where: str = "the pipeline file") -> dict[str, int]:
    """`settings.audiences_per_person`: channel -> the most audiences of a month that one person stands in."""
    given, place = settings.get("audiences_per_person") or {}, f"{where}: settings.audiences_per_person"
    if not isinstance(given, Mapping):
        raise ConfigError(f"{place} is {given!r}; expected lines such as email: 2.")
    for channel, most in given.items():
        one_of(channel, CHANNELS, place)
        check_whole(f"{place}.{channel}", most, 1, 100)
    return dict(given)


def read_audience(
    code: object, spec: object, known: Known, *, before: Iterable[str] = (), number: int = 0, where: str = "the file"
) -> Audience:
    """One audience, checked; before: codes of the audiences above it, which it may exclude."""
    place = f"{where}: audiences.{code}"
    check_code(code, place, "an audience")
    if code in known.segments:
        raise ConfigError(f"{place}: {code!r} is a segment already; give the audience a code of its own.")
    if not isinstance(spec, Mapping):
        raise ConfigError(f"{place} is {spec!r}; expected the keys {', '.join(_KEYS)}.")
    for key in spec:
        one_of(key, _KEYS, place, "key")
    for key in _NEEDED:
        if key not in spec:
            raise ConfigError(f"{place} has no {key!r}; it needs {', '.join(_NEEDED)}, and rule or segments.")
    if not spec.get("rule") and not spec.get("segments"):
        raise ConfigError(f"{place} has neither rule nor segments; one of them says who is in it.")
    who = _who(str(code), spec, known, list(before), number, place)
    first, last = months(spec, place)
    return Audience(
        code=str(code),
        title=both_languages(spec["title"], f"{place}.title", True),
        purpose=both_languages(spec["purpose"], f"{place}.purpose", True),
        **who,
        **_ways(spec, place),
        **_amounts(spec, known, place),
        holdout=share(spec.get("holdout", 0.0), f"{place}.holdout"),
        first=first,
        last=last,
        basis=line(spec.get("basis", ""), f"{place}.basis"),
        shown_as=line(spec.get("shown_as", ""), f"{place}.shown_as"),
    )


def _who(code: str, spec: Mapping, known: Known, before: list[str], number: int, place: str) -> dict:
    def read(text: object, part: str, tail: str) -> Rule:
        logic, bound = read_logic(text, known.columns, prefix=f"a{number}{part}", place=f"{place}.{tail}")
        return Rule(code, code, code, " ".join(str(text).split()), logic, texts=bound)

    rules, segments, audiences = [], [], []
    for index, one in enumerate(texts(spec.get("exclude"), f"{place}.exclude")):
        if not re.fullmatch(r"[a-z_]+", one):
            rules.append(read(one, f"x{index}e", f"exclude[{index + 1}]"))
        elif one in before:
            audiences.append(one)
        else:
            segments.append(one_of(one, [*known.segments, *before], f"{place}.exclude", "segment or audience above it"))
    inside = [
        one_of(one, known.segments, f"{place}.segments") for one in texts(spec.get("segments"), f"{place}.segments")
    ]
    return {
        "rule": read(spec["rule"], "r", "rule") if spec.get("rule") else None,
        "segments": tuple(inside),
        "excluded_rules": tuple(rules),
        "excluded_segments": tuple(segments),
        "excluded_audiences": tuple(audiences),
    }


def _ways(spec: Mapping, place: str) -> dict:
    """Channels and platforms; lists for a platform go with the channel ads."""
    channels = [one_of(one, CHANNELS, f"{place}.channels") for one in texts(spec["channels"], f"{place}.channels")]
    if not channels or len(set(channels)) < len(channels):
        raise ConfigError(f"{place}.channels is {spec['channels']!r}; expected of {', '.join(CHANNELS)}, each once.")
    there = sorted(path.stem for path in PLATFORMS.glob("*.yaml"))
    platforms = texts(spec.get("platforms"), f"{place}.platforms")
    for one in platforms if there else ():
        one_of(one, there, f"{place}.platforms")
    return {"channels": tuple(channels), "platforms": tuple(platforms)}


def _amounts(spec: Mapping, known: Known, place: str) -> dict:
    """The column of value, and the cap with the column it ranks by (value where it names none)."""
    value = _number(spec["value"], known, f"{place}.value") if "value" in spec else None
    if value and value.full not in known.money:
        money = sorted(known.money)
        raise ConfigError(
            f"{place}.value is {spec['value']!r}, which is no amount of money; expected one of {', '.join(money)}."
            f"{near_miss(value.full, money)}"
        )
    cap = spec.get("cap")
    if cap is None:
        return {"value": value}
    cap = {"most": cap} if isinstance(cap, int) else cap
    if not isinstance(cap, Mapping):
        raise ConfigError(f"{place}.cap is {cap!r}; expected {{most: 500, by: cltv.cltv}}.")
    for key in cap:
        one_of(key, ("most", "by"), f"{place}.cap", "key")
    check_whole(f"{place}.cap.most", cap.get("most"), 1, 10**9)
    ranked = _number(cap["by"], known, f"{place}.cap.by") if "by" in cap else value
    if ranked is None:
        raise ConfigError(
            f"{place}.cap says {cap['most']} people but not which; give it `by: <column>`, or a `value:`."
        )
    return {"value": value, "most": cap["most"], "ranked_by": ranked}


def _number(given: object, known: Known, place: str) -> Field:
    if not isinstance(given, str) or not re.fullmatch(r"[a-z_0-9]+(\.[a-z_0-9]+)?", given):
        raise ConfigError(f"{place} is {given!r}; expected a column such as cltv.cltv.")
    table, _, name = given.rpartition(".")
    try:
        field = known.columns.find(name, table or None)
    except RuleFault as fault:
        raise ConfigError(f"{place}: {fault}") from None
    if field.kind != "number":
        raise ConfigError(f"{place}: {given!r} is a {field.kind}; expected a column of numbers.")
    return field
