"""Words and phrases found in Japanese texts without a dictionary: character n-grams that hang together and stand apart.

An n-gram is a phrase where enough people use it, where its parts occur together far more often than by chance (cohesion)
and where what stands before and after it varies (branching entropy), as it does at the edges of words.
Source: Jin & Tanaka-Ishii (2006), Unsupervised segmentation of Chinese text by use of branching entropy, COLING/ACL, 428–435;
cohesion: pointwise mutual information of the weakest split.
"""

import re
from collections.abc import Sequence

import numpy as np

from customerbase.text.plain import HAN

LONGEST = 8  # characters of a phrase
CHARACTERS = 2_000_000  # of all texts together that are looked at: time and memory stay bounded
COHESION = 3.0  # log2 of observed over expected at the weakest split
BRANCHING = 1.0  # bits on either side

_RUN = re.compile(f"[{HAN}ぁ-ゖァ-ヺー]+")
_START = re.compile(f"(?:[{HAN}]|[ァ-ヺ]|[ぁ-ゖ]{{3}})")
_END = re.compile(f"(?:[{HAN}ァ-ヺー]|[いくしちみりきつるうむすな])$")
_OKURIGANA = re.compile(f"[{HAN}][ぁ-ゖ]{{1,3}}[{HAN}]|[ぁ-ゖ]{{3}}")
_FUNCTION = re.compile(
    "[はがをにでもとのへや]|から|まで|より|です|ます|した|して|ない|なか|ませ|ので|けど|こと|もの|ため|よう|など|たい|です|って|とき|という|くださ|いただ"
)
_INNER = re.compile(
    "[くれてたなりまいっんゃゅょをはがのにでとし]"
)  # hardly ever begins a word that is written in hiragana
_SPOKEN = re.compile("です|ます|ませ|まし|でし|と思|という|ので|から|けど")
_BETWEEN = re.compile(f"[{HAN}](?:は|が|を|に|で|も|と|の|へ|や)[{HAN}]")
_KATAKANA, _HAN = re.compile("[ァ-ヺー]"), re.compile(f"[{HAN}]")


def phrases(sentences: Sequence[str], weights: Sequence[int], fewest: int) -> list[str]:
    """Phrases of 2 to 8 characters that at least `fewest` people use, sorted; weights: people who wrote each sentence.

    Only those that reading by kinds of characters (tokens.parts) would not find: 待ち時間, 使い心地, つながらない.
    """
    code, weight, edge = _characters(sentences, weights)
    if len(code) < 2:
        return []
    total = float(weight.sum())
    ids, found = code.copy(), []
    counts: list[dict[str, float]] = []
    text = "".join(map(chr, code))
    inside = np.ones(len(code), dtype=bool)  # whether an n-gram starts here without crossing the end of a run
    for size in range(1, LONGEST + 1):
        if size > 1:
            ids, inside = _longer(ids, inside, code, edge, size)
        places = np.flatnonzero(inside)
        if not len(places):
            break
        group, first, inverse = np.unique(ids[places], return_index=True, return_inverse=True)
        mass = np.bincount(inverse, weights=weight[places], minlength=len(group))
        kept = mass >= fewest
        names = [text[place : place + size] for place in places[first]]
        counts.append({name: float(m) for name, m, keep in zip(names, mass, kept, strict=True) if keep or size == 1})
        if size > 1:
            left, right = _branching(code, weight, edge, places, inverse, len(group), size)
            good = kept & (left >= BRANCHING) & (right >= BRANCHING)
            found += [names[one] for one in np.flatnonzero(good)]
        inside[places[~kept[inverse]]] = False  # what is rare does not become frequent by growing
    return sorted(name for name in found if _readable(name) and _cohesion(name, counts, total) >= COHESION)


def _characters(sentences: Sequence[str], weights: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Code point, weight and whether a run ends here, for all Japanese characters up to the bound."""
    runs, heavy, size = [], [], 0
    for sentence, weight in zip(sentences, weights, strict=True):
        for run in _RUN.findall(sentence):
            size += len(run)
            runs.append(run)
            heavy.append(weight)
        if size > CHARACTERS:
            break
    lengths = np.fromiter(map(len, runs), dtype=np.int64, count=len(runs))
    code = np.array([ord(one) for run in runs for one in run], dtype=np.int64)
    edge = np.zeros(len(code), dtype=bool)
    edge[np.cumsum(lengths) - 1] = True
    return code, np.repeat(np.array(heavy, dtype=float), lengths), edge


def _longer(ids: np.ndarray, inside: np.ndarray, code: np.ndarray, edge: np.ndarray, size: int):
    """The ids of the n-grams one character longer, and which of them lie inside one run."""
    last = np.concatenate([code[size - 1 :], np.zeros(size - 1, dtype=np.int64)])
    ends = np.concatenate([edge[size - 2 :], np.ones(size - 2, dtype=bool)])
    inside = inside & ~ends
    inside[len(code) - size + 1 :] = False
    places = np.flatnonzero(inside)
    pairs = np.zeros(len(code), dtype=np.int64)
    _, short = np.unique(ids[places], return_inverse=True)
    pairs[places] = short * 0x200000 + last[places]
    return pairs, inside


def _branching(code, weight, edge, places, inverse, groups: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Entropy in bits of the character before and behind each n-gram; the edge of a run counts as all different."""
    before = np.where(places > 0, code[np.maximum(places - 1, 0)], 0)
    before[(places == 0) | edge[np.maximum(places - 1, 0)]] = -1
    end = places + size - 1
    behind = np.where(end + 1 < len(code), code[np.minimum(end + 1, len(code) - 1)], 0)
    behind[edge[end]] = -1
    return _entropy(before, weight[places], inverse, groups), _entropy(behind, weight[places], inverse, groups)


def _entropy(neighbour: np.ndarray, weight: np.ndarray, inverse: np.ndarray, groups: int) -> np.ndarray:
    total = np.bincount(inverse, weights=weight, minlength=groups)
    free = neighbour < 0
    known = np.flatnonzero(~free)
    keys, place = np.unique(inverse[known] * 0x200000 + neighbour[known], return_inverse=True)
    mass = np.bincount(place, weights=weight[known], minlength=len(keys)) if len(keys) else np.zeros(0)
    group = keys // 0x200000
    share = mass / total[group]
    bits = np.bincount(group, weights=-share * np.log2(share), minlength=groups)
    loose = np.bincount(inverse[free], weights=weight[free], minlength=groups) / total
    with np.errstate(divide="ignore", invalid="ignore"):
        return bits + np.where(loose > 0, loose * np.log2(np.maximum(loose * total / loose, 2)), 0)


def _cohesion(name: str, counts: list[dict[str, float]], total: float) -> float:
    """Pointwise mutual information at the weakest split, in bits."""
    whole = counts[len(name) - 1].get(name, 0.0)
    splits = ((name[:cut], name[cut:]) for cut in range(1, len(name)))
    chance = max(counts[len(a) - 1].get(a, 1.0) * counts[len(b) - 1].get(b, 1.0) for a, b in splits)
    return float(np.log2(max(whole, 1e-9) * total / chance))


def _readable(name: str) -> bool:
    """Whether it begins and ends as a word may, mixes kinds of characters or is kana alone, and holds no particle at an edge."""
    if not (_START.match(name) and _END.search(name) and _OKURIGANA.search(name)):
        return False
    if _HAN.search(name):
        return not (re.search("[ぁ-ゖ]{4}", name) or _BETWEEN.search(name) or _SPOKEN.search(name))
    return not (_KATAKANA.search(name) or _FUNCTION.search(name) or _INNER.match(name)) and len(name) >= 3
