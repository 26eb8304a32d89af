"""Words of customers made fit to be shown: no name, phone, address, number or link, no markup, no formula, never long.

Masking is by pattern: it goes too far rather than not far enough (a product written with a capital may be masked too).
No contact table is read; the only names known are the common family names of customerbase.text. Every repetition has a
bound, so that no text makes a pattern search for long.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path

from customerbase.text.kana import katakana
from customerbase.text.name_parts import family_names, family_readings
from customerbase.text.plain import DASHES, HAN, clean
from customerbase.text.variants import fold_variants
from customerbase.yaml_files import read_yaml

MASK = "●●"
LONGEST = 4_000  # characters of one text that are read; what lies beyond is left out
SHOWN = 60  # characters of a quote


@cache
def word_lists() -> dict[str, tuple[str, ...]]:
    """The lists of lists.yaml: name -> words, the longest first."""
    content = read_yaml(Path(__file__).with_name("lists.yaml"))
    return {name: tuple(sorted(words.split(), key=lambda one: (-len(one), one))) for name, words in content.items()}


_KANA = "ぁ-ゖァ-ヺー"
_LETTER = f"{HAN}{_KANA}"
_BLOCKS = re.compile(r"<(script|style)\b[^>]{0,200}>.{0,4000}?(?:</\1\s{0,9}>|$)", re.I | re.S)
_TAGS = re.compile(r"<[/!?a-z][^<>]{0,400}>?", re.I)
_ENTITIES = re.compile(r"&(?:#x?[0-9a-f]{1,6}|[a-z]{2,10});", re.I)
_PLAIN = str.maketrans({"<": " ", ">": " ", "&": "＆", "$": "＄", "\\": " ", "`": "'", "|": " ", "{": "(", "}": ")",
                        "[": "(", "]": ")", "*": " ", "_": " ", "#": " ", "\t": " "})  # fmt: skip
_FORMULA = re.compile(r"^[\s=+@;,%\-]+")
_ACCOUNT = re.compile(r"[a-z0-9.+-]{0,40}[a-z0-9](?:_{1,3}[a-z0-9.+-]{1,40}){1,6}", re.I)  # no word has a _ inside

_LINK = re.compile(
    r"(?:(?:https?|hxxps?|ftp):/{0,2}|www\.)[!-~]{1,2000}|"
    r"(?<![a-z0-9@.])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|net|org|jp|io|co|info|biz|me|tv|app|dev|shop|uk|us|cn|kr|tw)\b[!-~]{0,500}|"
    r"\b[a-z0-9-]{1,63}\.[a-z]{2,6}/[!-~]{1,200}",
    re.I,
)
_MAIL = re.compile(
    r"[\w.+-]{1,64}\s?(?:@|\(at\)|\[at\]|アットマーク|アット)\s?[\w-]{1,63}(?:\s?(?:\.|\(dot\)|\[dot\]|ドット)\s?[\w-]{1,24}){1,4}|@[\w.]{2,40}|"
    r"\b[\w.+-]{1,64} at [\w-]{1,63}(?: dot [\w-]{1,24}){1,3}\b|[a-z0-9.+-]{1,64}\s?[★☆◎■◆▲△▼%]\s?●●",
    re.I,
)
_QUOTED_MAIL = re.compile(r'"[\w .+-]{1,40}"(?=\s?@)')
_HANDLE = re.compile(
    r"((?:\bline|ライン|インスタ(?:グラム)?|instagram|twitter|ツイッター|telegram|skype|discord|カカオトーク|kakao|wechat)(?:\s?id)?"
    r"(?:\)|\s)?(?:の|は|が)?\s?:?\s?)(?:(?<=[:のはが)])|(?<=[:のはが)] )|(?<=id)|(?<=id )|(?=[a-z0-9]{0,30}[.:\d-][a-z0-9]))[a-z0-9][a-z0-9.:-]{2,40}",
    re.I,
)
_WORDED = re.compile(
    r"((?:パス(?:ワード|コード)|ログイン\s?id|ユーザー(?:名|\s?id)|password|user ?name|login id)\s?(?:は|[:=])\s?)[!-~]{2,40}",
    re.I,
)

_LABELLED = re.compile(
    r"((?:注文|受注|予約|会員|問合せ|問い合わせ|伝票|追跡|口座|カード|お客様|管理|受付)(?:番号|no\.?|id)|\bid|アカウント(?:名)?|パスワード|セキュリティコード|\bcvv|\bcvc|\bpin|"
    r"order(?: (?:number|no\.?|id))?|account|tracking(?: number)?|invoice|\bno\.|№)(\s{0,3}(?:は|が|[:=#])?\s{0,3})"
    r"(?=[a-z0-9#-]{0,20}\d)[a-z0-9#-]{2,40}",
    re.I,
)
_UNITS = "円|ポイント|ml|mg|ミリ|グラム|g|kg|cm|mm|点|個|本|枚|人|回|年|分|時|日|%|yen|points|dollars"
_NUMBER = re.compile(
    rf"[a-z]{{0,6}}(?:[{DASHES}ー#(+]{{0,2}}\d)(?:[\s().,/{DASHES}ー・~の]{{0,3}}[\da-z]{{0,4}}\d){{2,40}}[a-z]{{0,4}}",
    re.I,
)
_PRICE = re.compile(rf"[¥＄£€]?\d{{1,3}}(?:,?\d{{3}}){{0,2}}(?:\.\d{{1,2}})?\s?(?:{_UNITS})?", re.I)
_NAMED_UNIT = re.compile(rf"\s?(?:{_UNITS})", re.I)
_HAN_NUMBER = re.compile(
    rf"(?:[〇零一二三四五六七八九十][\s{DASHES}ーの]{{0,2}}){{7,20}}|(?:(?:ゼロ|レイ|マル|イチ|ニ|サン|ヨン|ゴ|ロク|ナナ|ハチ|キュー|キュウ)[\s・]?){{3,20}}"
)
_MONTH = "(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_DATE = re.compile(
    rf"\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? (?:19|20)\d\d|\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH},? (?:19|20)\d\d|"
    r"[\d年月日昭和平成大正令元/.shr-]{2,14}(?=\s?(?:生まれ|うまれ|生$|生[。、ま]))|"
    r"(?:\d{4}|(?:昭和|平成|令和|大正)\s?(?:\d{1,2}|元))\s?[年/.-]\s?\d{1,2}\s?[月/.-]\s?\d{1,2}日?(?:生まれ|生)?",
    re.I,
)

_PREFECTURE = "(?:北海道|東京都|京都府|大阪府|(?:神奈川|和歌山|鹿児島)県|[一-龥]{2}県)"
_NUMBERED = r"\d{1,4}(?:\s?(?:丁目|番地?|号室?|の)\s?\d{0,4}|[" + DASHES + r"ー]\d{1,4}){0,5}"
_HIRAGANA_CITY = "(?:さいたま|つくば(?:みらい)?|いわき|ひたちなか|かすみがうら|みどり|いすみ|あきる野|ふじみ野|かほく|あわら|いなべ|みよし|たつの|南あわじ|さぬき|東かがわ|うきは|みやま|えびの|いちき串木野|うるま|むつ|つがる|にかほ|みなかみ|さくら)"
_ADDRESS = re.compile(
    rf"{_PREFECTURE}[{HAN}ヶケヵノツ]{{0,8}}(?:[{HAN}ヶケヵノツ{_KANA}]{{1,8}}?[市区町村郡])?[{HAN}ヶケヵノツ]{{0,10}}(?:{_NUMBERED})?(?:[{HAN}ァ-ヺー]{{2,15}}\d{{1,4}}(?:号室?)?)?|"
    rf"[{HAN}ヶケヵ]{{2,8}}[市区町村郡][{HAN}ヶケヵノツ]{{1,12}}(?:{_NUMBERED})?|"
    rf"[{HAN}ヶケヵノツ]{{2,8}}(?:市|区)(?=[にでのへ、在])(?<!都市)(?<!地区)(?<!朝市)|"
    rf"[{HAN}ヶケヵノツ]{{1,12}}\d{{1,4}}(?:丁目|番地|[{DASHES}]\d{{1,4}}[{DASHES}]\d{{1,4}})(?:{_NUMBERED})?|"
    rf"[{HAN}ァ-ヺー]{{0,15}}\d{{1,4}}号室|{_HIRAGANA_CITY}市(?:[{HAN}]{{1,6}}区)?|"
    rf"[{HAN}ヶケヵノツ]{{1,12}}丁目(?:[\d一二三四五六七八九十]{{1,4}}(?:番地?|号|の)?){{0,3}}|"
    rf"[{HAN}ァ-ヺー・]{{0,15}}(?:コーポ|ハイツ|メゾン|ハイム|レジデンス|マンション|アパート|パレス|シャトー|タワー|荘)[{HAN}ァ-ヺー・]{{0,15}}\s?\d{{2,4}}(?:号室?)?|"
    r"\b\d{1,5} (?:[A-Za-z]{2,20} ){1,3}(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|way|terrace|place|square|crescent|close)\b\.?|"
    r"\b(?:apt|apartment|suite|flat)\.? #?\d{1,4}[a-z]?\b",
    re.I,
)

_TITLES = "様|さま|さん|サン|氏|殿|ちゃん|くん|君|先生|店長|主任|部長|課長|社長"
_SAYS = ("と申", "と名乗", "と言い", "と言う", "といい", "という")
_NOT_NAMES, _ALLOWED = (frozenset(word_lists()[name]) for name in ("not_names", "capitals"))
_CALLED = re.compile(
    rf"((?:[{HAN}]{{1,5}}|[ァ-ヺー]{{2,10}}|[A-Za-z]{{2,20}})(?:[ ・=](?:[{HAN}]{{1,4}}|[ァ-ヺー]{{2,10}}|[A-Za-z]{{2,20}}))?|[ぁ-ゖ]{{2,6}})"
    rf"(\s?(?:\((?:[{_LETTER}]{{1,12}})\))?\s?(?:{_TITLES}|-?\bsan\b))",
)
_NAMED = rf"[{HAN}ァ-ヺ][{HAN}ァ-ヺー]{{0,4}}(?: [{HAN}{_KANA}]{{1,6}})?"
_INTRODUCED = re.compile(  # a heading of a name; a role, whose holder may be named after it; what is said behind a name
    rf"(?P<head>(?:名前|氏名|姓|旧姓|宛名)(?:は|が|の|:|、)?\s?)(?P<named>{_NAMED})(?=です|でした|にな|と申|とい|と言|と名乗|だ|$|[、。])|"
    rf"(?P<role>(?:担当者?|係|店長|スタッフ|店員|私|わたし|わたくし)(?:は|が|の|:|、)?\s?)(?P<held>{_NAMED})(?=です|でした|と申|とい|と言|と名乗|だ|$|[、。])|"
    rf"(?P<said>(?:[{HAN}] ){{1,5}}[{HAN}]|[{_LETTER}]{{2,12}})(?=と申し|と申す|と名乗)|"
    rf"(?P<called>[{HAN}]{{2,5}}|[ァ-ヺー]{{2,8}})(?=(?:という|っていう|と言う)(?:男性|女性|人|方|者|店員|スタッフ|担当|社員|係|お店の人)|と書いてあ|と書かれ)|"
    rf"(?:^|(?<=[。、!?(「] )|(?<=[。、!?(「]))(?P<kana>[ぁ-ゖ]{{2,6}}?|[ァ-ヺー]{{2,6}})(?=です|でした|と申|と言い|といい|より[。]?$)"
)
_PROPER = r"[A-ZÀ-Þ](?=[A-Za-zÀ-ɏ'-]{0,24}[a-zß-ɏ])[A-Za-zÀ-ɏ'-]{1,25}"
_ENGLISH = re.compile(
    r"((?:(?i:\bmy name is|\bname:|\bcalled|\bsigned|\bregards,?|\bdear|\bmr\.?|\bmrs\.?|\bms\.?|\bdr\.?|\bmiss|\bagent|\bi'?m|\bi am|\bthis is))\s{1,2})"
    r"([A-Z][\w'-]{1,25}(?: [A-Z][\w'.-]{0,25}){0,2})|"
    r"((?i:\bmy name is|\bname:)\s{1,2})([a-z][\w'-]{1,25}(?: (?!and\b|but\b)[a-z][\w'-]{1,25})?)|((?i:\bmr|\bmrs|\bms)\.?\s)([a-z][\w'-]{1,25})"
)
_CAPITAL = re.compile(rf"(?<![.!?。！？\n] )(?<![.!?。！？\n])(?<=[a-z,;:)'\d●] ){_PROPER}(?: {_PROPER}){{0,2}}")
_HAN_RUN = re.compile(rf"([{HAN}]{{2,12}})( [{HAN}]{{1,3}}(?![{HAN}])| [ぁ-ゖ]{{2,4}}(?=[。、です]|$))?")
_BEFORE = re.compile("^(?:宛名|担当者?|店長|店員|係員?|社員|妻|夫|娘|息子|母|父|友人|部長|課長|主任)")


def plain(text: str) -> str:
    """A text as plain words: one Unicode form, markup and what a spreadsheet or notebook would read as orders taken out."""
    text = clean(text[:LONGEST].replace("\r", "\n").replace("\n", "。\n").replace("。。", "。"))
    if "<" in text or "&" in text:
        text = _ENTITIES.sub(" ", _TAGS.sub(" ", _BLOCKS.sub(" ", text)))
    if "_" in text:
        text = _ACCOUNT.sub(MASK, text)
    return " ".join(_FORMULA.sub("", text.translate(_PLAIN)).split())[:LONGEST]


def mask(text: str) -> str:
    """A plain text with what may tell who wrote it, or of whom, replaced by ●●; titles (様, さん) stay."""
    if re.search(r"[\d@.:]|アット|\Wat\W|[!-~]{3}", text):
        text = _MAIL.sub(MASK, _LINK.sub(MASK, _QUOTED_MAIL.sub(MASK, text)))
        text = _WORDED.sub(rf"\1{MASK}", _HANDLE.sub(rf"\1{MASK}", text))
        text = _DATE.sub(MASK, _LABELLED.sub(rf"\1\2{MASK}", text))
        text = _NUMBER.sub(_unless_price, _ADDRESS.sub(MASK, text))
    elif re.search("[市区町村郡県都府道丁]", text):
        text = _ADDRESS.sub(MASK, text)
    text = _HAN_NUMBER.sub(MASK, text)
    if re.search("[A-Za-z]", text):
        text = _CAPITAL.sub(_unless_common, _ENGLISH.sub(_addressed, text))
    text = _INTRODUCED.sub(_introduced, text)
    if re.search(f"{_TITLES}|san\\b", text):
        text = _CALLED.sub(_unless_role, text)
    return _HAN_RUN.sub(_unless_known, text)


def cut(text: str, longest: int = SHOWN) -> str:
    """The beginning of a text, at most `longest` characters with its …, never between a letter and its marks."""
    if len(text) <= longest:
        return text
    end = longest - 1
    while end > 0 and (unicodedata.combining(text[end]) or "\U0001f3fb" <= text[end] <= "\U0001f3ff"):
        end -= 1
    return text[:end].rstrip() + "…"


def quote(text: str, longest: int = SHOWN) -> str:
    """A customer's words as they may be shown: plain, masked, cut."""
    return cut(_FORMULA.sub("", mask(plain(text))), longest)


def _unless_price(found: re.Match[str]) -> str:
    text = found[0].strip()
    digits = sum(map(str.isdigit, text))
    priced = _PRICE.fullmatch(text) and (digits <= 3 or ("," in text and digits <= 7))
    unit = _NAMED_UNIT.match(found.string, found.end()) and digits <= 7 and text.replace(",", "").isdigit()
    return found[0] if priced or unit else MASK


def _unless_common(found: re.Match[str]) -> str:
    return " ".join(word if word in _ALLOWED else MASK for word in found[0].split(" "))


def _unless_role(found: re.Match[str]) -> str:
    name = found[1]
    bare = name[1:] if name.startswith("御") else name
    role = (
        bare in _NOT_NAMES or name.endswith(tuple(one for one in _NOT_NAMES if len(one) > 1)) or bare.startswith("お")
    )
    return found[0] if role or MASK in name else MASK + found[2]


def _addressed(found: re.Match[str]) -> str:
    return next(head for head in found.groups()[::2] if head) + MASK


def _introduced(found: re.Match[str]) -> str:
    """A name after what introduces it. Behind a role or "I", only what is a family name or is plainly said to be a name."""
    if name := found["said"] or found["called"]:
        return found[0] if name in _NOT_NAMES else MASK
    if name := found["kana"]:
        return MASK if katakana(name) in family_readings() else found[0]
    head, name = found["head"] or found["role"], found["named"] or found["held"]
    sure = found["head"] or found.string[found.end() :].startswith(_SAYS) or _family(name)
    common = name in _NOT_NAMES or (len(name) == 1 and fold_variants(name) not in family_names())
    return head + MASK if sure and not common else found[0]


def _family(text: str) -> bool:
    """Whether a text begins with a common family name of two characters or more, or is one of a single character."""
    text = fold_variants(text)
    return text in family_names() or any(text[:size] in family_names() for size in (4, 3, 2))


def _unless_known(found: re.Match[str]) -> str:
    """A run of Han characters that begins with a common family name of two characters or more."""
    text, given = found[1], found[2] or ""
    start = ((head := _BEFORE.match(text)) and head.end()) or 0
    name = text[start:]
    if len(name) < 2 or len(name) > 6 or not _family(name):
        return found[0]
    return text[:start] + MASK + ("" if fold_variants(name) in family_names() else given)
