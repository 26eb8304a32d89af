"""What a heading says: the dictionary headers.yaml, looked up exactly, in part, and by near spelling."""

import difflib
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from customerbase.sources.guess_values import Profile
from customerbase.text import nfkc

DICTIONARY = Path(__file__).with_name("headers.yaml")
_TOKENS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# Words of contracts that renew by themselves: with no date at all they mark a snapshot, not a purchase history.
_SUBSCRIPTION = re.compile(
    r"churn|tenure|contract|monthly|subscri|renewal|\bplan\b|解約|契約|月額|継続|プラン", re.IGNORECASE
)


@dataclass(frozen=True)
class Candidate:
    """One canonical column ("orders.order_at") that a raw column may be, how sure (0 to 1), and why.

    how is "exact", "part", "near" or "content"; word is the dictionary's heading or the fact seen in the values;
    against says that the values do not look like it.
    """

    target: str
    score: float
    how: str
    word: str
    against: bool = False


@cache
def dictionary() -> dict[str, dict]:
    """headers.yaml: canonical column -> {kind, en: [headings], ja: [headings]}."""
    return yaml.safe_load(DICTIONARY.read_text(encoding="utf-8"))


@cache
def _index() -> dict[str, list[tuple[str, int, str]]]:
    """Folded heading -> [(canonical column, rank in its list, heading as written)]."""
    index: dict[str, list[tuple[str, int, str]]] = {}
    for target, entry in dictionary().items():
        for language in ("ja", "en"):
            for rank, word in enumerate(entry[language]):
                index.setdefault(fold(word), []).append((target, rank, word))
    return index


def fold(heading: str) -> str:
    """A heading for comparison: NFKC, lower case, only letters and digits ("Customer ID" and "customer_id" agree)."""
    text = nfkc(heading.replace("〒", "郵便番号").replace("№", "no")).casefold()
    return "".join(sign for sign in text if unicodedata.category(sign)[0] in "LN" or sign == "ー")


def known_targets() -> list[str]:
    """The short names of all canonical columns a person may assign, in the order of the dictionary."""
    return list(dict.fromkeys(name.split(".")[1] for name in dictionary()))


def is_subscription_word(heading: str) -> bool:
    """Whether a heading speaks of contracts (Churn, tenure, MonthlyCharges, 解約, 月額)."""
    return bool(_SUBSCRIPTION.search(nfkc(heading)))


def candidates(heading: str, profile: Profile) -> list[Candidate]:
    """All canonical columns the heading may mean, best first; values that contradict it lower the score."""
    found: dict[str, Candidate] = {}
    for target, score, how, word in _lookup(heading[:200]):
        fit = agreement(dictionary()[target]["kind"], profile, exact=how == "exact")
        candidate = Candidate(target, round(score * fit, 3), how, word, against=fit < 0.5)
        if target not in found or found[target].score < candidate.score:
            found[target] = candidate
    return sorted(found.values(), key=lambda candidate: (-candidate.score, candidate.target))


@cache
def _lookup(heading: str) -> tuple[tuple[str, float, str, str], ...]:
    folded, bare = fold(heading), fold(re.sub(r"[(（\[【<].*?[)）\]】>]", "", heading))
    found = [(target, 0.98 - 0.004 * min(rank, 25), "exact", word) for target, rank, word in _index().get(folded, [])]
    if bare != folded:
        found += [(target, 0.9 - 0.004 * min(rank, 25), "exact", word) for target, rank, word in _index().get(bare, [])]
    if not found:
        found = _partial(heading, folded) or _near(folded)
    return tuple(found)


def _partial(heading: str, folded: str) -> list[tuple[str, float, str, str]]:
    """Dictionary words inside the heading: whole words in Latin script, any place in Japanese."""
    tokens = " ".join(token.casefold() for token in _TOKENS.findall(nfkc(heading)))
    found = []
    for word, entries in _index().items():
        latin = word.isascii()
        if len(word) < (4 if latin else 2) or len(word) >= len(folded):
            continue
        spaced = " ".join(_TOKENS.findall(entries[0][2])).casefold()
        inside = f" {spaced} " in f" {tokens} " if latin else word in folded
        if inside:
            at_end = 0.06 if folded.endswith(word) else 0.0  # 受注日 in ご受注日: what is said last says what it is
            score = 0.5 + at_end + 0.28 * len(word) / len(folded)
            found += [
                (target, score - 0.002 * min(rank, 25), "part", as_written) for target, rank, as_written in entries
            ]
    return found


def _near(folded: str) -> list[tuple[str, float, str, str]]:
    if len(folded) < 5:
        return []
    found = []
    for word in difflib.get_close_matches(folded, [key for key in _index() if len(key) >= 5], n=3, cutoff=0.84):
        ratio = difflib.SequenceMatcher(None, folded, word).ratio()
        found += [(target, 0.85 * ratio, "near", as_written) for target, _, as_written in _index()[word]]
    return found


def agreement(kind: str, profile: Profile, exact: bool = True) -> float:
    """How well values fit what a heading promises: 1 agrees, 0.6 nothing to see, below 0.5 contradicts."""
    if profile.kind == "empty":
        return 0.6
    share = profile.fits.get(kind, 0.0)
    match kind:
        case "date":
            serial = exact and profile.serial
            return 1.0 if share >= 0.8 or serial else 0.9 if share >= 0.4 else 0.15
        case "amount" | "count" | "rate":
            if profile.kind == "date":
                return 0.2
            readable = max(share, profile.fits["amount"] if kind != "rate" else 0)
            return 1.0 if readable >= 0.8 else 0.8 if readable >= 0.4 else 0.15
        case "id":
            odd = profile.kind in ("date", "email", "flag", "gender") or (profile.kind == "amount" and profile.decimals)
            return 0.3 if odd else 1.0
        case "text":
            return 0.35 if profile.kind in ("date", "amount", "count", "email", "phone", "flag") else 1.0
        case "category":
            return 0.4 if profile.kind in ("date", "amount", "email") or profile.distinct > 300 else 1.0
        case "gender":
            return 1.0 if share >= 0.6 or profile.distinct <= 6 else 0.2
        case "postal" | "phone":
            return 1.0 if share >= 0.4 or profile.kind in ("id", "count") else 0.3
        case _:
            return 1.0 if share >= 0.5 else 0.3
