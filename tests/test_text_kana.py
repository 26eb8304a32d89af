"""Kana, romaji and sound: spellings by hand, every word of syllables there and back, agreement with jaconv and DuckDB."""

from itertools import product

import duckdb
import jaconv
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customerbase.text import SOUND_FROM, SOUND_TO, fold_kana, from_romaji, sound, standard_kana, to_romaji

KANA = {
    "ヤマダ タロウ": ("ヤマダ タロウ", "ok"),
    "ﾔﾏﾀﾞ ﾀﾛｳ": ("ヤマダ タロウ", "fixed"),
    "やまだ　たろう": ("ヤマダ タロウ", "fixed"),
    "タ゛イスケ": ("ダイスケ", "fixed"),
    "カ\u3099": ("ガ", "fixed"),
    "サト－": ("サトー", "fixed"),
    "サト-": ("サトー", "fixed"),
    "サト−": ("サトー", "fixed"),
    "サト一": ("サトー", "fixed"),
    "サト～": ("サトー", "fixed"),
    "ミスヾ": ("ミスズ", "fixed"),
    "いすゞ": ("イスズ", "fixed"),
    "ヤマ夕": ("ヤマタ", "fixed"),
    "ヤマダ,タロウ": ("ヤマダ タロウ", "fixed"),
    "ジョン・スミス": ("ジョン・スミス", "ok"),
    "ｼﾞｮﾝ･ｽﾐｽ": ("ジョン・スミス", "fixed"),
    "ヤマダ サマ": ("ヤマダ", "fixed"),
    "ヤマダ様": ("ヤマダ", "fixed"),
    "ゔぃ": ("ヴィ", "fixed"),
    "\u200bヤ": ("ヤ", "fixed"),
    None: (None, None),
    "": (None, None),
    "　": (None, None),
    "山田": (None, "unparsed"),
    "Yamada": (None, "unparsed"),
    "ヤマダ2": (None, "unparsed"),
    "ー": (None, "unparsed"),
    "・": (None, "unparsed"),
    "ア" * 201: (None, "unparsed"),
}
ROMAJI = {  # kana: Hepburn, passport, as written
    "サトウ ユウコ": ("satō yūko", "sato yuko", "satou yuuko"),
    "オオノ": ("ōno", "ono", "oono"),
    "イノウエ": ("inoue", "inoue", "inoue"),
    "マツウラ": ("matsuura", "matsuura", "matsuura"),
    "ヨコオ": ("yokoo", "yokoo", "yokoo"),
    "ケンイチロウ": ("ken'ichirō", "kenichiro", "ken'ichirou"),
    "シンバシ": ("shinbashi", "shimbashi", "shinbashi"),
    "ホンマ": ("honma", "homma", "honma"),
    "ジュンヤ": ("jun'ya", "junya", "jun'ya"),
    "ハットリ": ("hattori", "hattori", "hattori"),
    "ハッチョウ": ("hatchō", "hatcho", "hatchou"),
    "チヅル": ("chizuru", "chizuru", "chizuru"),
    "カヲル": ("kaoru", "kaoru", "kaoru"),
    "ニイガタ": ("niigata", "niigata", "niigata"),
    "ケイコ": ("keiko", "keiko", "keiko"),
    "シャーロット": ("shārotto", "sharotto", "shaarotto"),
    "ヴァン": ("van", "van", "van"),
    "ティナ": ("t'ina", "tina", "t'ina"),
}
READ = {
    "Ohno": "オオノ", "Ōno": "オオノ", "Oono": "オオノ", "Ono": "オノ", "Ohashi": "オハシ", "Ohta": "オオタ", "Ohya": "オオヤ", "Satoh": "サトウ",
    "SATOU": "サトウ", "Satō": "サトウ", "Satô": "サトウ", "Sato": "サト", "Yuko": "ユコ", "Yuuko": "ユウコ", "Yūko": "ユウコ", "Yuhki": "ユウキ",
    "Kohei": "コヘイ", "Shimbashi": "シンバシ", "Honma": "ホンマ", "Homma": "ホンマ", "Konno": "コンノ", "Kanna": "カンナ", "Jun'ichi": "ジュンイチ",
    "Jun-ichi": "ジュンイチ", "Junichi": "ジュンイチ", "Shin’ichirō": "シンイチロウ", "Junya": "ジュンヤ", "Tsuda": "ツダ", "Tuda": "ツダ", "Tiba": "チバ",
    "Chiba": "チバ", "Sinzi": "シンジ", "Syouko": "ショウコ", "Tyuuzyou": "チュウジョウ", "Jyunko": "ジュンコ", "Hattori": "ハットリ", "Matcha": "マッチャ",
    "Macchan": "マッチャン", "Huzita": "フジタ", "ＫＯＵＺＡＫＩ": "コウザキ", "Kaworu": "カヲル", "sato yuko": "サト ユコ", "Sato, Yuko": "サト ユコ",
    "Smith": None, "John": None, "Kim": None, "Lee": None, "O'Brien": None, "Taro2": None, "Taro x": None, "山田": None,
    "": None, " ": None, "-": None, "'": None, None: None, "\ud800": None,
}  # fmt: skip
ALIKE = [
    ["サトウ", "サトー", "サト", "さとう", "ｻﾄｳ"],
    ["オオノ", "オーノ", "オノ"],
    ["ユウコ", "ユーコ", "ユコ"],
    ["キョウコ", "キヨウコ", "キョーコ", "ｷﾖｳｺ"],
    ["シンイチ", "シニチ"],
    ["ジュンヤ", "ジュニャ"],
    ["ヴァイオレット", "バイオレット"],
    ["ヴ", "ブ"],
    ["カヲル", "カオル"],
    ["チヅル", "チズル"],
    ["マリー", "マリイ"],
    ["ケーコ", "ケイコ"],
    ["サーヤ", "サアヤ"],
    ["キヱ", "キエ"],
    ["ヤマダ タロウ", "ヤマダタロウ", "ヤマダ・タロウ"],
    ["José", "jose", "ＪＯＳÉ"],
]
APART = [
    "レイナ レナ",
    "イイダ イダ",
    "サアヤ サヤ",
    "タナカ ナカタ",
    "ハラ バラ",
    "カキ ガキ",
    "ケイコ ケコ",
    "サイトウ サトウ",
    "リサ リザ",
    "ヒロ ピロ",
]
PLAIN = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワ"
FOREIGN = (
    "ファ フィ フェ フォ フュ ヴァ ヴィ ヴェ ヴォ ティ トゥ ディ ドゥ デュ ウィ ウェ ウォ ツァ ツェ クァ グァ イェ スィ"
)
SYLLABLES = [
    *PLAIN,
    *"ヲンガギグゲゴザジズゼゾダヂヅデドバビブベボパピプペポヴッー",
    *(stem + small for stem, small in product("キギシジチヂニヒビピミリ", "ャュョェ")),
    *FOREIGN.split(),
]


@pytest.mark.parametrize(("text", "expected"), KANA.items())
def test_readings_in_one_form(text, expected):
    assert standard_kana(text) == expected


@pytest.mark.parametrize(("kana", "expected"), ROMAJI.items())
def test_romaji_in_each_style(kana, expected):
    assert tuple(to_romaji(kana, style) for style in ("hepburn", "passport", "written")) == expected


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_romaji_as_people_write_their_names(text, expected):
    assert from_romaji(text) == expected


@pytest.mark.parametrize("spellings", ALIKE, ids=lambda spellings: spellings[0])
def test_spellings_of_one_name_have_one_sound(spellings):
    assert len({sound(spelling) for spelling in spellings}) == 1 and sound(spellings[0])


@pytest.mark.parametrize("pair", APART)
def test_names_that_are_told_apart_have_different_sounds(pair):
    one, other = pair.split()
    assert sound(one) != sound(other)


# --- properties ---------------------------------------------------------------------------------------------------

words = st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=8).map("".join)


@given(words)
@example("オヒャッヒュウオオウ")
@example("ンンアンナンニャ")
def test_every_word_of_syllables_comes_back_from_romaji(word):
    for style in ("hepburn", "written"):
        assert sound(from_romaji(to_romaji(word, style))) == sound(word)


@given(st.lists(st.sampled_from(PLAIN), min_size=1, max_size=6).map("".join))
def test_passport_spelling_comes_back_for_plain_syllables(word):
    """Without ン, ッ and small kana nothing is lost but length."""
    assert sound(from_romaji(to_romaji(word, "passport"))) == sound(word)


def test_pairs_of_syllables_come_back_from_romaji():
    failed = [
        one + other
        for one, other in product(SYLLABLES, SYLLABLES)
        if sound(from_romaji(to_romaji(one + other))) != sound(one + other)
    ]
    assert failed == []


@given(words, words)
def test_sound_is_injective_on_folded_kana(one, other):
    assert (sound(one) == sound(other)) == (fold_kana(one) == fold_kana(other))
    assert len(sound(one)) == len(fold_kana(one))
    assert fold_kana(fold_kana(one)) == fold_kana(one)


def test_the_bytes_of_sound_are_printable_ascii_and_leave_a_to_z_to_latin_letters():
    assert len(SOUND_FROM) == len(SOUND_TO) == len(set(SOUND_FROM)) == len(set(SOUND_TO)) == 68
    assert all("!" <= byte <= "~" and not "a" <= byte <= "z" for byte in SOUND_TO)
    assert sound("Smith-Jones") == "smithjones" and sound("Łukasz Ærø") == "lukaszaero"
    assert sound("山田") == sound("") == sound(None) == sound("12 ー!") == ""


def test_sql_translate_gives_the_same_sound():
    readings = ["サトウ", "キョウコ", "ヴィクトリア", "パピプペポ", "シンイチ ジュン"]
    db = duckdb.connect()
    for reading in readings:
        folded = fold_kana(reading).replace(" ", "")
        rows = db.execute("select translate(?, ?, ?)", [folded, SOUND_FROM, SOUND_TO]).fetchall()
        assert rows == [(sound(reading),)]


def test_edit_distance_over_sounds_counts_kana():
    db = duckdb.connect()
    rows = db.execute("select levenshtein(?, ?)", [sound("サイトウ"), sound("サトウ")]).fetchall()
    assert rows == [(1,)]  # over UTF-8 bytes it is 3


@given(st.text(st.characters(min_codepoint=0x3041, max_codepoint=0x3096), min_size=1, max_size=20))
def test_hiragana_and_half_width_agree_with_jaconv(text):
    full = jaconv.hira2kata(text)
    value = standard_kana(text).value
    assert value == full
    assert standard_kana(jaconv.z2h(full)).value == standard_kana(jaconv.h2z(jaconv.z2h(full))).value


@given(
    st.text(st.characters(), max_size=40)
    | st.text("アカガハパンッャヴヽヾ゛゜ｱｶﾞﾟｰ・･ 　-−~一二口様サマあゞ\u3099\u200b\ud800", max_size=12)
)
@example("\ud800")
@example("ア" * 10_000)
@example("ー" * 10_000)
@example("a" * 10_000)
@example("\U0001f600" * 10_000)
def test_any_text_is_read_or_refused_and_standard_kana_stay(text):
    found = standard_kana(text)
    assert (found.value is None) == (found.status in {None, "unparsed"})
    if found.value is not None:
        assert standard_kana(found.value) == (found.value, "ok")
    assert sound(text).isascii() and sound(text) == sound(text).strip()
    for result in (to_romaji(text), fold_kana(text), from_romaji(text)):
        assert result is None or isinstance(result, str)
