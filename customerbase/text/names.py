"""Names of people: one written form, one folded form for comparison, family and given name told apart."""

import re

from customerbase.text.companies import standard_company
from customerbase.text.name_parts import split
from customerbase.text.plain import (
    DASHES,
    EMPTY,
    HAN,
    KANA,
    UNPARSED,
    Standard,
    clean,
    nfkc,
    settle,
    standard,
)
from customerbase.text.variants import fold_name, fold_variants

__all__ = ["fold_name", "fold_variants", "split_name", "standard_company", "standard_name"]

_LONGEST = 200

# --- standard form ------------------------------------------------------------------------------------------------

_EASY = re.compile(rf"[{HAN}{KANA}A-Za-z]+(?: [{HAN}{KANA}A-Za-z]+)*")
# pictures; 〓 and ○, marks of a lost letter, stay
_PICTURES = re.compile("[\u2600-\u27bf\u20e3\u2b00-\u2bff\U0001f000-\U0001faff]")
_LONG_DASH = re.compile(rf"(?<=[ぁ-ゖァ-ヺー])[{DASHES}~〜]")
_HYPHEN = re.compile("[\u2010-\u2014\u2043\u2212\ufe58\ufe63]")  # not U+2015, which stands for 一 in 孝―
_HONORIFIC = re.compile(
    rf"(?<=\S)(?:\s*(?:様|さま|御中)| (?:殿|氏|君|先生|さん|くん|ちゃん|サマ)|(?<=[{HAN}])(?:さん|くん|ちゃん))$"
)
_TITLE = re.compile(r"^(?:mr|mrs|ms|dr|prof)\.\s*(?=\S)|^(?:mr|mrs|ms|miss|dr|prof) (?=\S)", re.IGNORECASE)
_NO_LETTERS = str.maketrans("", "", "ー々ゝゞヽヾ〆")  # letters to Unicode, but no name is made of them alone


def standard_name(text: str | None) -> Standard:
    """A name of a person as written, in one Unicode form: spaces single, honorifics (様, 殿, Mr.) and pictures gone.

    Dashes behind kana become ー, others the hyphen. Characters keep their form: see fold_variants, fold_name. More than
    200 characters, or no letter at all, is unparsed.
    """
    if not text:
        return EMPTY
    if len(text) > _LONGEST:
        return UNPARSED
    if _EASY.fullmatch(text) and nfkc(text) == text and not _HONORIFIC.search(text) and not _TITLE.search(text):
        return standard(text, text if text.translate(_NO_LETTERS) else None)
    if not clean(text):
        return EMPTY
    value = settle(_one_form, text)
    lettered = any(char.isalpha() for char in value.translate(_NO_LETTERS))
    return standard(text, value if lettered and len(value) <= _LONGEST else None)


def _one_form(text: str) -> str:
    text = _HYPHEN.sub("-", _LONG_DASH.sub("ー", clean(_PICTURES.sub("", text))))
    return _TITLE.sub("", _HONORIFIC.sub("", text)).strip()


def split_name(full: str | None) -> tuple[str | None, str | None]:
    """Family and given name of a person's full name in standard form; (None, None) when there is no name.

    - A comma: family, given (Yamada, Taro).
    - Japanese, Chinese, Korean: the part before the first space is the family name. ・ parts a Western name, given first.
    - Without a space: cut behind the longest known family name (surnames.yaml), else where kana begin, else by length
      (two characters; one before a given name in 子, 美, 郎 …). A known family name alone, or kana that begin with none,
      is all family name.
    - Latin: the words in capitals are the family name when others are not (YAMADA Taro, Taro YAMADA); else a known
      Japanese family name before a word of romaji (Yamada Taro); else given first, with particles (van, de la) and
      behind it Jr., III kept with the given name.
    """
    name = standard_name(full).value
    return split(name) if name else (None, None)
