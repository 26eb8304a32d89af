"""What stands behind the town: the block (丁目, 番, 号) as 1-2-3, then the building and the room."""

import re

from customerbase.text.gazetteer import to_number
from customerbase.text.plain import DASHES, HAN, KANA, nfkc, settle

GAP = " \n,、。・:;-"  # what may stand between two parts of an address, or around it

# --- dashes -------------------------------------------------------------------------------------------------------

_ODD_DASH = re.compile(rf"[{DASHES.replace('-', '', 1)}]|(?<![ァ-ヺー])ー|--|ニ丁目")
_DASH_RUN = re.compile(rf"[{DASHES}]+")
_LONG_VOWEL = re.compile(rf"(?<=[ァ-ヺー])(?!-)[{DASHES}](?![0-9])")
_KANJI_DIGIT = "[〇一二三四五六七八九十]"
_DASH_WRITTEN_OTHERWISE = re.compile(rf"(?<=[0-9目番地号割丁])ー(?=[0-9])|(?<={_KANJI_DIGIT})ー(?={_KANJI_DIGIT})")
_KANA_FOR_NUMERAL = re.compile(r"(?<![ァ-ヺー])[ニー](?=丁目)")


def one_dash(text: str) -> str:
    """The text with one kind of dash; ー among numbers is one, a dash behind katakana is ー; ニ丁目 is 二丁目."""
    if not _ODD_DASH.search(text):
        return text
    text = _DASH_RUN.sub("-", _LONG_VOWEL.sub("ー", text))
    text = _DASH_WRITTEN_OTHERWISE.sub("-", text)
    return _KANA_FOR_NUMERAL.sub(lambda match: "二" if match[0] == "ニ" else "一", text)


# --- blocks -------------------------------------------------------------------------------------------------------

_K = "[〇一二三四五六七八九十百千]"
# a number of a floor, a room or a house of an estate; the first number may also belong to a name
_ROOMS = r"[Ff](?![A-Za-z])|階|号室|号棟|号館|号車|号線|棟|室(?![町戸蘭生])|[LS]?DK"
_NAMES = r"条|線|番町|番街|番館|街区|軒|区|町|周年|[年月人%]"
_NUMBER = rf"[0-9]{{1,5}}(?![0-9])(?! ?(?:{_ROOMS}))"
_FIRST = rf"{_NUMBER}(?! ?(?:{_NAMES}))"
_UNIT = r"(?P<unit>丁目|丁(?![目町場田堀])|番地|番戸|番(?![町街館組丁外線])|地割|号地|号(?![室棟館車線]))?"
# kanji numerals stand in names as well (一条, 三田): they are a number only before a unit, or joined to a number
_KANJI = (
    rf"{_K}{{1,6}}(?!{_K})"
    rf"(?=丁目|丁[0-9]|番地|番(?:[0-9のノ \n-]|{_K}|$)|地割|号地|号(?:[ \n]|$)|[-のノ](?:[0-9]|{_K}{{1,6}}(?:[ \n番号-]|$)))"
)
_LETTER = rf"(?:(?P<letter>[甲乙丙丁戊己庚辛ア-ン])[部字]?[{GAP}]*(?=[0-9]))?"
_AT_START = re.compile(rf"(?:第|[のノ](?=[0-9]))?{_LETTER}(?P<number>{_FIRST}|{_KANJI}|{_K}{{1,6}}(?=[ \n]|$)){_UNIT}")
ANYWHERE = re.compile(rf"(?<![0-9])第?{_FIRST}|(?<!{_K})第?{_KANJI}")
_JOINED = re.compile(rf"(?P<gap> ?(?:-|[のノ之]) ?)(?P<number>{_NUMBER}|{_K}{{1,6}}(?=[ \n番号地のノ-]|$)){_UNIT}")
_AFTER_UNIT = re.compile(
    rf"(?P<gap>[ \n]*(?:[-のノ之] ?)?)第?(?P<number>{_NUMBER}|{_KANJI}|{_K}{{1,6}}(?=[ \n号]|$)){_UNIT}"
)
# as most are written: at most three numbers, and nothing behind that could belong to them
_PLAIN_BLOCK = re.compile(r"[0-9]{1,5}(?:-[0-9]{1,5}){0,2}(?=$|\n| [ァ-ネハ-ヺ])")


def read_block(text: str) -> tuple[str | None, str]:
    """The block at the start of the text as `1-2-3` (or 甲12, イ34-5), and the text behind it.

    1丁目2番3号, 一丁目二番三号, 1丁目2-3, 1-2-3, 1の2の3, 1番地の2, 第5地割12-3 are read. A room joined by a dash
    (1-2-3-405, 2番3-405号) stays in the text behind. None when the text does not start with a block.
    """
    text = text.lstrip(GAP)
    if match := _PLAIN_BLOCK.match(text):
        return "-".join(map(_plain, match[0].split("-"))), text[match.end() :]
    match = _AT_START.match(text)
    if match is None:
        return None, text
    parts = [match]
    while len(parts) < 6 and (following := _next(text, parts[-1])):
        parts.append(following)
    end = parts[-1].end()
    if len(parts) > 2 and _is_room(parts):
        end = parts.pop().start("number")
    numbers = [_plain(part["number"]) for part in parts]
    return (match["letter"] or "") + "-".join(numbers), text[end:]


def _next(text: str, last: re.Match) -> re.Match | None:
    """The next number of the block; after 番 or 号 a number behind a space is a room unless it says 号 itself."""
    if not last["unit"]:
        return _JOINED.match(text, last.end())
    found = _AFTER_UNIT.match(text, last.end())
    if found is None or last["unit"].startswith("丁") or "-" in found["gap"]:
        return found
    if last["unit"].startswith("号"):
        return None
    return None if found["gap"].isspace() and found["unit"] != "号" else found


def _is_room(parts: list[re.Match]) -> bool:
    last = parts[-1]
    if int(_plain(last["number"])) < 100 or "-" not in last["gap"]:
        return False
    return len(parts) > 3 or last["unit"] == "号" or parts[-2]["unit"] == "号"


def _plain(number: str) -> str:
    if not number.isascii():
        number = to_number(number)
    return number if number[0] != "0" else number.lstrip("0") or "0"


# --- buildings ----------------------------------------------------------------------------------------------------

BUILDING = re.compile(
    r"ビル|ビルヂング|マンション|ハイツ|コーポ|アパート|メゾン|ハイム|レジデンス|タワー|ハウス|パレス|プラザ|コート|センター|シャトー"
    r"|ロイヤル|スクエア|ステージ|テラス|[ぁ-んァ-ヶー]荘|荘[0-9]{3}|寮(?:[0-9 ]|$)|[0-9A-Z東西南北]棟|号室|(?<!企業)(?<!工業)団地|住宅|会館|本館|別館|新館|旅館"
    r"|病院|医院|学校|大学(?![町前通])|工場|株式会社|有限会社|合同会社|\(株\)|\(有\)|[本支]店|様方|[Bb]uilding|[Tt]ower|[Aa]part"
)
_UNTIDY = re.compile(r"[ \n号階f(]")  # nothing else is changed
_KANJI_FLOOR = re.compile(rf"(?<!{_K}){_K}{{1,3}}(?=階(?!建|堂|町))")
_FLOOR = re.compile(r"(?<=[0-9])(?:階(?![建堂町])|f(?![A-Za-z]))")
_ROOM = re.compile(r"(?<![0-9第])([0-9]+)号(?:室|(?= |$))")
_LOOSE_SPACE = re.compile(rf" (?=[{HAN}{KANA}])|(?<=[{HAN}{KANA}]) ")


def without_spaces(text: str) -> str:
    """The text on one line, trimmed, without the spaces beside Japanese characters; those between Latin words stay."""
    text = _LOOSE_SPACE.sub("", text.replace("\n", " ").strip(GAP))
    return one_dash(nfkc(text))


def standard_building(text: str, *, behind_block: bool) -> str | None:
    """The building and room in one form: サンハイツ 101号室 -> サンハイツ101, 三田ビル三階 -> 三田ビル3F; None if empty.

    Only behind a block are 号室 and brackets around all of it left out: without a block what is bare would be read as
    town or block.
    """
    text = text.strip(GAP)
    if not _UNTIDY.search(text):
        return text or None
    return settle(lambda part: _tidy(part, behind_block), text) or None


def _tidy(text: str, behind_block: bool) -> str:
    text = without_spaces(text)
    if behind_block and text.startswith("(") and text.endswith(")") and text.count("(") == 1:
        text = text[1:-1]
    text = _KANJI_FLOOR.sub(lambda match: to_number(match[0]), text)
    text = _FLOOR.sub("F", text).replace("地下1F", "B1F").replace("地下2F", "B2F")
    return _ROOM.sub(r"\1", text) if behind_block else text
