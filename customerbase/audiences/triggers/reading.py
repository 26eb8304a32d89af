"""`triggers:` of a pipeline file, read and checked: every mistake is one ConfigError with its place and its near miss."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from customerbase.audiences.consent import CHANNELS
from customerbase.audiences.effects import CHANGES, PURCHASE, Effect, read_effect
from customerbase.audiences.triggers.kinds import KINDS, Kind
from customerbase.audiences.triggers.quiet import Quiet, read_quiet
from customerbase.audiences.values import one_of
from customerbase.errors import ConfigError, check_whole, near_miss
from customerbase.rules import Columns, Rule, read_logic
from customerbase.rules.codes import both_languages, check_code

MOST_DAYS = 31  # the queue of the month before reaches so far back
MOST_TRIGGERS = 50
EVALUATED = ("monthly", "daily")
_KEYS = ("evaluated", "quiet", "caps", "queue")
_OF_ONE = (
    "title",
    "kind",
    "channels",
    "priority",
    "cap",
    "value",
    "changes",
    "effect",
    "holdout",
    "expires",
    "again",
    "rule",
)
SENT = tuple(channel for channel in CHANNELS if channel != "ads")


@dataclass(frozen=True)
class Cap:
    """At most so many messages to one person on one channel within any so many days, of all triggers of the class."""

    contacts: int = 2
    days: int = 7


@dataclass(frozen=True)
class Trigger:
    """One condition and what follows. channels: the first that may be used is; priority: 1 comes first.

    value: what is at stake in the reporting currency, None where the kind's own value counts. effect: what a contact changes
    (changes: purchase, staying or margin), from which the expected value is made; None: nothing is said of it.
    expires: days after which the occasion is over. again: days in which the same trigger reaches a person once.
    rule: who else must fit it, in the language of the segments; judged: the same, read for the tables of a page.
    """

    code: str
    kind: Kind
    channels: tuple[str, ...]
    en: str = ""
    ja: str = ""
    priority: int = 5
    cap: str = "standard"
    value: float | None = None
    changes: str = PURCHASE
    effect: Effect | None = None
    holdout: float = 0.1
    expires: int = 7
    again: int = 14
    rule: str | None = None
    judged: Rule | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)

    def name(self, language: str) -> str:
        """What people call it, in English or Japanese."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True)
class Triggers:
    """All of a pipeline, in the order of the file. evaluated: by the monthly run, or by the daily command.

    columns: those of the page that the rules were read for.
    """

    triggers: tuple[Trigger, ...] = ()
    caps: Mapping[str, Cap] = field(default_factory=lambda: {"standard": Cap()})
    quiet: Quiet = field(default_factory=Quiet)
    evaluated: str = "monthly"
    columns: Columns | None = None

    def __iter__(self):
        return iter(self.triggers)

    def __len__(self) -> int:
        return len(self.triggers)

    @property
    def daily(self) -> bool:
        """Whether the daily command makes the queue and the monthly run only counts."""
        return self.evaluated == "daily"


def read_triggers(
    content: Mapping | None, where: str = "the pipeline file", *, columns: Columns | None = None
) -> Triggers:
    """`triggers:` of a pipeline file; no triggers where it has none. Raises ConfigError for what cannot be.

    columns: those of the page that evaluates them; without them, rules are not read.
    """
    content, place = content or {}, f"{where}: triggers"
    _known(content, _KEYS, place)
    evaluated = content.get("evaluated", "monthly")
    if evaluated not in EVALUATED:
        near = near_miss(str(evaluated), EVALUATED)
        raise ConfigError(f"{place}.evaluated is {evaluated!r}; expected {' or '.join(EVALUATED)}.{near}")
    caps = _caps(content.get("caps"), f"{place}.caps")
    queue = content.get("queue") or {}
    if not isinstance(queue, dict) or len(queue) > MOST_TRIGGERS:
        raise ConfigError(f"{place}.queue is no list of at most {MOST_TRIGGERS} triggers such as code: {{kind: …}}.")
    made = tuple(_trigger(code, spec, caps, f"{place}.queue.{code}") for code, spec in queue.items())
    if columns is not None:
        made = tuple(_judged(trigger, number, columns, place) for number, trigger in enumerate(made))
    return Triggers(made, caps, read_quiet(content.get("quiet"), f"{place}.quiet"), evaluated, columns)


def _caps(given: object, place: str) -> dict[str, Cap]:
    if given is None:
        return {"standard": Cap()}
    if not isinstance(given, dict) or not given:
        raise ConfigError(f"{place} is {given!r}; expected classes such as standard: {{contacts: 2, days: 7}}.")
    made = {}
    for name, spec in given.items():
        check_code(name, place, "a class of caps")
        if not isinstance(spec, dict):
            raise ConfigError(f"{place}.{name} is {spec!r}; expected {{contacts: 2, days: 7}}.")
        _known(spec, ("contacts", "days"), f"{place}.{name}")
        made[name] = Cap(**spec)
        check_whole(f"{place}.{name}.contacts", made[name].contacts, 0, 100)
        check_whole(f"{place}.{name}.days", made[name].days, 1, MOST_DAYS)
    return made


def _trigger(code: object, spec: object, caps: Mapping[str, Cap], place: str) -> Trigger:
    check_code(code, place, "a trigger")
    if not isinstance(spec, dict) or "kind" not in spec:
        raise ConfigError(f"{place} is {spec!r}; expected at least kind and channels.")
    kind = KINDS.get(spec["kind"]) if isinstance(spec["kind"], str) else None
    if kind is None:
        near = near_miss(str(spec["kind"]), KINDS)
        raise ConfigError(f"{place}.kind is {spec['kind']!r}; expected one of {', '.join(KINDS)}.{near}")
    _known(spec, (*_OF_ONE, *kind.parameters), place)
    cap, priority = spec.get("cap", next(iter(caps))), spec.get("priority", 5)
    if cap not in caps:
        raise ConfigError(f"{place}.cap is {cap!r}; expected one of {', '.join(caps)}.{near_miss(str(cap), caps)}")
    check_whole(f"{place}.priority", priority, 1, 99)
    for key, (low, high) in {"expires": (1, 90), "again": (0, MOST_DAYS)}.items():
        check_whole(f"{place}.{key}", spec.get(key, low), low, high)
    changes = one_of(spec.get("changes", PURCHASE), CHANGES, f"{place}.changes")
    title = both_languages(spec.get("title", {"en": str(code), "ja": str(code)}), f"{place}.title", True)
    return Trigger(
        code=str(code),
        kind=kind,
        channels=_channels(spec.get("channels"), f"{place}.channels"),
        en=title["en"],
        ja=title["ja"],
        priority=priority,
        cap=cap,
        value=_number(spec.get("value"), f"{place}.value", 0, 1e12),
        changes=changes,
        effect=read_effect(spec["effect"], changes, f"{place}.effect") if "effect" in spec else None,
        holdout=_number(spec.get("holdout", 0.1), f"{place}.holdout", 0, 0.9),
        expires=spec.get("expires", 7),
        again=spec.get("again", 14),
        rule=_text(spec.get("rule"), f"{place}.rule"),
        parameters=_parameters(kind, spec, place),
    )


def _judged(trigger: Trigger, number: int, columns: Columns, place: str) -> Trigger:
    if trigger.rule is None:
        return trigger
    logic, texts = read_logic(trigger.rule, columns, prefix=f"t{number}", place=f"{place}.queue.{trigger.code}.rule")
    text = " ".join(trigger.rule.split())
    return replace(trigger, judged=Rule(trigger.code, trigger.en, trigger.ja, text, logic, texts=texts))


def _channels(given: object, place: str) -> tuple[str, ...]:
    if not isinstance(given, list) or not given or len(set(map(str, given))) < len(given):
        raise ConfigError(f"{place} is {given!r}; expected a list of different channels, the preferred one first.")
    for one in given:
        if one not in SENT:
            raise ConfigError(f"{place} has {one!r}; expected of {', '.join(SENT)}.{near_miss(str(one), SENT)}")
    return tuple(given)


def _parameters(kind: Kind, spec: Mapping, place: str) -> dict[str, object]:
    made = {
        name: one.read(spec[name], f"{place}.{name}") if spec.get(name) is not None else one.default
        for name, one in kind.parameters.items()
    }
    if made.get("notice", 0) >= made.get("lead", 91):
        raise ConfigError(f"{place}: notice {made['notice']} is not below lead {made['lead']}: nothing could be due.")
    return made


def _number(given: object, place: str, low: float, high: float) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not low <= given <= high:
        raise ConfigError(f"{place} is {given!r}; expected a number from {low:g} to {high:g}.")
    return float(given)


def _text(given: object, place: str) -> str | None:
    if given is not None and (not isinstance(given, str) or not given.strip()):
        raise ConfigError(f"{place} is {given!r}; expected a condition in the language of the segments.")
    return given


def _known(given: Mapping, keys: tuple[str, ...], place: str) -> None:
    for key in given:
        if key not in keys:
            raise ConfigError(f"{place} has the unknown key {key!r}.{near_miss(str(key), keys)}")
