"""The words of a text that carry what it is about, in two ways: without a dictionary (core) and by SudachiPy (extra ja).

core: runs of Han characters (with their inflected endings taken off), of katakana, of Latin letters, hiragana words that
are no function words, and the phrases of voice.phrases. ja: nouns, verbs and adjectives in dictionary form.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache

from customerbase.errors import ConfigError
from customerbase.satisfaction.voice.masking import MASK, word_lists
from customerbase.text.plain import HAN

CORE, JA = "core", "ja"
WAYS = (CORE, JA)
LONGEST_SENTENCE = 200  # characters; longer ones are cut at commas, then anywhere
SENTENCES = 60  # of one text that are read
MOST = 10_000  # characters given to SudachiPy, which refuses 49,149 bytes (WorksApplications/sudachi.rs #215)

_LISTS = word_lists()
_ENDS = re.compile(r"(?<=[。!?！？…])|(?<=[.;])\s+")
_COMMA = re.compile("(?<=[、,，])")
_NOUN = rf"品ぞろえ|お?問い?合わ?せ|[{HAN}][ちりきしみけれめえびぎ][{HAN}]{{1,4}}|(?:使|問|扱|払|支払|買|洗|品)い[{HAN}]{{1,4}}"  # 待ち時間, 使い心地
_PARTS = re.compile(
    rf"(?P<noun>{_NOUN})|(?P<han>[{HAN}]+)|(?P<kata>[ァ-ヺー]{{2,}})|(?P<latin>[a-z][a-z'’]+)|(?P<hira>[ぁ-ゖー]+)"
)
_LEAD = re.compile(
    "^(?:何度も?|何回も?|毎回|今回|前回|次回|一番|全部|全然|先日|昨日|今日|今年|去年|毎月|毎日|一部|各|本当|大変|非常|特|御|初)"
)
_KANA_WORDS = re.compile("|".join(_LISTS["kana_words"]))
_CUT = re.compile("|".join(_LISTS["function"]) + "|[をはがにでともへやのてたかねよなだし]")
_FUNCTION = frozenset(_LISTS["function"])
_STOP, _STOP_EN = frozenset(_LISTS["stop_ja"]), frozenset(_LISTS["stop_en"])
_PLURAL = re.compile(r"(?<=[a-z]{2})(?:ies|(?<=[xz])es|(?<=ch)es|(?<=sh)es|(?<=ss)es|(?<![sui])s)$")

Tokens = list[tuple[str, str]]  # word as it is counted, as it is shown


def sentences(text: str) -> list[str]:
    """The sentences of a plain text, each at most 200 characters, at most 60 of them."""
    found: list[str] = []
    for sentence in _ENDS.split(text):
        pieces = [sentence] if len(sentence) <= LONGEST_SENTENCE else _COMMA.split(sentence)
        for piece in pieces:
            found += [piece[at : at + LONGEST_SENTENCE] for at in range(0, len(piece), LONGEST_SENTENCE)]
        if len(found) >= SENTENCES:
            break
    return [one for one in (part.strip() for part in found[:SENTENCES]) if re.search(r"\w", one) or not one.isascii()]


def tokenizer(way: str, phrases: Iterable[str] = ()) -> Callable[[str], Tokens]:
    """A function from a sentence to its words. Raises ConfigError for an unknown way, or ja without its extra."""
    if way == CORE:
        known = sorted(set(phrases) - _FUNCTION - _STOP, key=lambda word: (-len(word), word))
        pattern = re.compile(f"({'|'.join(map(re.escape, known))})") if known else None
        return lambda sentence: parts(sentence, pattern)
    if way == JA:
        return _sudachi
    raise ConfigError(f"tokens is {way!r}; expected {' or '.join(WAYS)}.")


def parts(sentence: str, phrases: re.Pattern[str] | None = None) -> Tokens:
    """Words by kinds of characters and known phrases (the longest first); shown with their ending."""
    text = sentence.replace(MASK, " ").lower()
    found: Tokens = []
    for number, piece in enumerate(phrases.split(text) if phrases else [text]):
        if number % 2:  # what stands between two pieces is a phrase
            found.append((piece, piece))
            continue
        place = 0
        while part := _PARTS.search(piece, place):
            words, place = _part(piece, part)
            found += words
    return found


def _part(text: str, part: re.Match[str]) -> tuple[Tokens, int]:
    """The words of one stretch of characters of a kind, and where it ends with its inflected ending."""
    if word := part["noun"]:
        return [(word, word)], part.end()
    if word := part["han"]:
        end = _ENDING.match(text, part.end())
        shown = word + (end[0] if end else "")
        word, shown = _LEAD.sub("", word), _LEAD.sub("", shown)
        lone = word in _STOP or (len(word) == 1 and shown == word)
        return [] if lone or not word else [(word, shown)], end.end() if end else part.end()
    if word := part["latin"]:
        return english(word), part.end()
    if word := part["kata"]:
        return [] if word in _STOP else [(word, word)], part.end()
    known = [(one[0], one[0]) for one in _KANA_WORDS.finditer(part["hira"])]
    return known or [(word, word) for word in _CUT.sub(" ", part["hira"]).split() if len(word) >= 4], part.end()


_ROWS = "いきぎしじちぢにひびみりえけげせぜてでねへべめれかがさざたなばまらわこごそぞとどのほもろうくすつぬふむゆる"
_ENDING = re.compile(  # an inflected ending as it is shown: 届きません, 届いた, 遅い; no particle
    rf"(?!(?:です|でし|では|でも|から|まで|という|なの|など|だけ|より|について))(?:[{_ROWS}]{{0,2}}?(?:ませんでした|ません|なかった|ない|ました|ます)|"
    "[えけげせぜてねべめれいきしちみりっんか]?(?:った|んだ|った|た|く|い|る|う|す|つ|む|ぶ|ぐ)(?![ぁ-ゖ])|[えけげせべめれいきしちみりっん]?(?:て|た|いた|いて|って|った|んで|んだ)|[いく]|[りみれけきしちせ](?=[をがはもので、。!?]|$))"
)


def english(word: str) -> Tokens:
    """An English word in lower case, its plural s taken off; nothing for a stop word."""
    word = word.replace("’", "'").removesuffix("'s").strip("'")
    if word in _STOP_EN or len(word) < 3:
        return []
    single = _PLURAL.sub(lambda end: "y" if end[0] == "ies" else "", word)
    return [(single, word)]


@cache
def _dictionary():
    try:
        from sudachipy import Dictionary, SplitMode
    except ImportError:
        raise ConfigError(
            "tokens is 'ja', which needs the extra ja. Install customerbase[ja], or set tokens to 'core'."
        ) from None
    return Dictionary().tokenizer(mode=SplitMode.C)


_KEPT = {"名詞": ("普通名詞", "固有名詞"), "動詞": ("一般",), "形容詞": ("一般",), "形状詞": ("一般",)}


def _sudachi(sentence: str) -> Tokens:
    """Content words in dictionary form; nouns that follow each other are one word."""
    found: Tokens = []
    joined = number = False
    for one in _dictionary().tokenize(sentence[:MOST].replace(MASK, " ").lower()):
        kind, second, third, *_ = one.part_of_speech()
        word, counted = one.dictionary_form(), number and third == "助数詞可能"
        number = second == "数詞"
        if re.fullmatch("[a-z'’]+", one.surface()):
            found += english(one.surface())
            joined = False
        elif second not in _KEPT.get(kind, ()) or counted or third == "人名" or word in _STOP or len(word) < 2:
            joined = False
        elif kind == "名詞" and joined and len(found[-1][0]) + len(word) <= 8:
            found[-1] = (found[-1][0] + word,) * 2
        else:
            found.append((word, word))
            joined = kind == "名詞"
    return found
