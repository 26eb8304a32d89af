"""Named segments of the customer base: one table of rules over the ranks r, f, m, which a company may replace.

What is in force in this process: SEGMENTS, until a page of a company that has its own (`segments.named` in its
pipeline file) puts these in force; a kernel serves one company.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import duckdb

from customerbase.engine import literal
from customerbase.errors import ConfigError, near_miss
from customerbase.rules.codes import both_languages, check_code

ABSENT_BEFORE, ABSENT_NOW = "not_yet", "gone"


@dataclass(frozen=True)
class Segment:
    """A named group of customers: ranges of the ranks r, f, m (both ends included), names, and what to do."""

    code: str
    en: str
    ja: str
    r: tuple[int, int]
    f: tuple[int, int]
    m: tuple[int, int]
    todo_en: str
    todo_ja: str


ANY = (1, 5)
# The first rule that fits names the customer; together they cover every combination of ranks (a test counts all 125).
SEGMENTS = (
    Segment(
        "champions",
        "Champions",
        "優良顧客",
        (5, 5),
        (4, 5),
        ANY,
        "Thank them first: early access, no discounts needed.",
        "先行案内などで感謝を伝えます。値引きは不要です。",
    ),
    Segment(
        "loyal",
        "Loyal",
        "ロイヤル顧客",
        (3, 4),
        (4, 5),
        ANY,
        "Keep the rhythm: suggest what goes with past purchases.",
        "購入の習慣を保つため、関連商品を案内します。",
    ),
    Segment(
        "potential",
        "Potential",
        "有望顧客",
        (4, 5),
        (2, 3),
        ANY,
        "Lead to the next purchase within their usual interval.",
        "いつもの購入間隔のうちに次の購入へつなげます。",
    ),
    Segment(
        "new",
        "New",
        "新規顧客",
        (5, 5),
        (1, 1),
        ANY,
        "Welcome them and help with the first purchase.",
        "お礼と使い方の案内で、2回目の購入につなげます。",
    ),
    Segment(
        "promising",
        "Promising",
        "見込み顧客",
        (4, 4),
        (1, 1),
        ANY,
        "Give a reason for the second purchase.",
        "2回目を買う理由を示します。",
    ),
    Segment(
        "needs_attention",
        "Needs attention",
        "要注意顧客",
        (3, 3),
        (1, 3),
        ANY,
        "Remind them before they are used to being away.",
        "離れることに慣れる前に、思い出してもらいます。",
    ),
    Segment(
        "cant_lose",
        "Can't lose",
        "引き留めたい顧客",
        (1, 2),
        (4, 5),
        (4, 5),
        "Contact them in person: find out what went wrong.",
        "個別に連絡し、離れた理由を聞きます。",
    ),
    Segment(
        "at_risk",
        "At risk",
        "離脱の恐れ",
        (1, 2),
        (3, 5),
        ANY,
        "Win back with what they used to buy.",
        "以前よく買った商品で呼び戻します。",
    ),
    Segment(
        "hibernating",
        "Hibernating",
        "休眠顧客",
        (2, 2),
        (1, 2),
        ANY,
        "One seasonal reminder; spend little.",
        "季節の案内を1回送ります。費用は抑えます。",
    ),
    Segment(
        "lost",
        "Lost",
        "離脱顧客",
        (1, 1),
        (1, 2),
        ANY,
        "Leave in peace, or ask once why they left.",
        "追いかけません。理由を一度だけ尋ねます。",
    ),
)


_RANKS = ("r", "f", "m")
_RESERVED = (ABSENT_BEFORE, ABSENT_NOW, "none", "unknown")
_in_force: tuple[Segment, ...] = SEGMENTS


def in_force() -> tuple[Segment, ...]:
    """The named segments of the company this process works for, from best to worst."""
    return _in_force


def put_in_force(named: Sequence[Segment] = SEGMENTS) -> None:
    """Take these for the named segments from here on (by default the shipped ones); the page's Stage does it."""
    global _in_force
    _in_force = tuple(named)


def read_named(settings: Mapping | None, where: str = "the pipeline file") -> tuple[Segment, ...]:
    """The named segments of a pipeline (`segments: named:`), in the order of the file; without any the shipped ones.

    Each: code: {title: {en, ja}, todo: {en, ja}, r: 5 or [4, 5], f: …, m: …}; a rank that is left out may be any.
    Raises ConfigError naming file, segment and near miss: also when one of the 125 combinations of ranks has no
    segment (the first that fits takes it), or a segment no combination.
    """
    given = (settings or {}).get("named")
    if given is None:
        return SEGMENTS
    if not isinstance(given, dict) or not given:
        raise ConfigError(f"{where}: segments.named is {given!r}; expected lines such as code: {{title: …, r: 5}}.")
    named = tuple(_segment(code, spec, f"{where}: segments.named.{code}") for code, spec in given.items())
    taken = {ranks: _first(named, *ranks) for ranks in product(range(1, 6), repeat=3)}
    if free := [ranks for ranks, segment in taken.items() if segment is None]:
        shown = "; ".join(f"r {r}, f {f}, m {m}" for r, f, m in free[:3])
        raise ConfigError(
            f"{where}: segments.named leaves {len(free)} of 125 combinations of ranks without a segment ({shown}"
            f"{'; …' if len(free) > 3 else ''}); widen a range, or add a last segment without ranges."
        )
    reached = {segment.code for segment in taken.values() if segment}
    for segment in named:
        if segment.code not in reached:
            raise ConfigError(
                f"{where}: segments.named.{segment.code} is never reached, as the segments before it take all its"
                " ranks; move it up or narrow the others."
            )
    return named


def _segment(code: object, spec: object, place: str) -> Segment:
    check_code(code, place)
    if code in _RESERVED:
        raise ConfigError(f"{place}: {code!r} has a meaning of its own in the tables; expected another code.")
    keys = ("title", "todo", *_RANKS)
    if not isinstance(spec, dict):
        raise ConfigError(f"{place} is {spec!r}; expected the keys {', '.join(keys)}.")
    for key in spec:
        if key not in keys:
            raise ConfigError(f"{place} has the unknown key {key!r}.{near_miss(str(key), keys)}")
    title, todo = (both_languages(spec.get(key), f"{place}.{key}", True) for key in ("title", "todo"))
    ranges = {rank: _range(spec.get(rank, list(ANY)), f"{place}.{rank}") for rank in _RANKS}
    return Segment(code, title["en"], title["ja"], **ranges, todo_en=todo["en"], todo_ja=todo["ja"])


def _range(given: object, place: str) -> tuple[int, int]:
    ends = given if isinstance(given, list) else [given, given]
    whole = all(isinstance(end, int) and not isinstance(end, bool) for end in ends)
    if len(ends) != 2 or not whole or not 1 <= ends[0] <= ends[1] <= 5:
        raise ConfigError(f"{place} is {given!r}; expected a rank from 1 to 5, or two such as [4, 5].")
    return ends[0], ends[1]


def codes() -> list[str]:
    """The codes of all segments, from best to worst: the order in which they are shown everywhere."""
    return [segment.code for segment in _in_force]


def find(code: str) -> Segment:
    """The segment with this code. Raises ConfigError with the near miss."""
    for segment in _in_force:
        if segment.code == code:
            return segment
    raise ConfigError(f"there is no segment {code!r}; expected one of {', '.join(codes())}.{near_miss(code, codes())}")


def name(code: str, language: str = "en") -> str:
    """What people call a segment, in English or Japanese; absence on one side of a movement has a name too."""
    absent = {ABSENT_BEFORE: ("Not yet a customer", "未購入（前月末）"), ABSENT_NOW: ("Out of window", "対象外へ")}
    en, ja = absent[code] if code in absent else (find(code).en, find(code).ja)
    return ja if language == "ja" else en


def segment_of(r: int, f: int, m: int) -> str:
    """The code of the first segment whose ranges hold the three ranks; each rank from 1 to 5."""
    found = _first(_in_force, r, f, m)
    if found is None:
        raise ConfigError(f"no segment holds the ranks r {r}, f {f}, m {m}; expected ranks from 1 to 5.")
    return found.code


def _first(named: Sequence[Segment], r: int, f: int, m: int) -> Segment | None:
    ranks = {"r": r, "f": f, "m": m}
    for segment in named:
        if all(getattr(segment, key)[0] <= rank <= getattr(segment, key)[1] for key, rank in ranks.items()):
            return segment
    return None


def rule_sql() -> str:
    """The table of rules as one SQL expression over the columns r, f and m."""
    cases = [f"when {_condition(segment)} then {literal(segment.code)}" for segment in _in_force]
    return f"case {' '.join(cases)} end"


def _condition(segment: Segment) -> str:
    ranges = {"r": segment.r, "f": segment.f, "m": segment.m}
    told = [f"{key} between {low} and {high}" for key, (low, high) in ranges.items() if (low, high) != ANY]
    return " and ".join(told) or "true"


def assign(ranks: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The table of ranks with one column more, `segment`: the code of the first rule that fits."""
    return ranks.project(f"*, {rule_sql()} as segment")


def glossary() -> list[str]:
    """The rows of docs/glossary.md that name the shipped segments: term, 日本語, definition."""
    return [f"| {s.en} (`{s.code}`) | {s.ja} | Segment with {_words(s)}. {s.todo_en} {s.todo_ja} |" for s in SEGMENTS]


def _words(segment: Segment) -> str:
    ranges = {"r": segment.r, "f": segment.f, "m": segment.m}
    told = {key: both for key, both in ranges.items() if both != ANY}
    return ", ".join(f"{key} {low}" + (f"–{high}" if high > low else "") for key, (low, high) in told.items())
