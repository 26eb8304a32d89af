"""Names of people and companies: spellings by hand, the table of variants held against the standards, any text."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customerbase.text import Standard, fold_name, fold_variants, split_name, standard_company, standard_name
from customerbase.text.variants import _groups, _variants

NAMES = {
    "山田 太郎": ("山田 太郎", "ok"),
    "山田　太郎": ("山田 太郎", "fixed"),
    "  山田 \t 太郎\n": ("山田 太郎", "fixed"),
    "山田太郎様": ("山田太郎", "fixed"),
    "山田 太郎 殿": ("山田 太郎", "fixed"),
    "山田太郎さん": ("山田太郎", "fixed"),
    "鵜殿": ("鵜殿", "ok"),
    "様": ("様", "ok"),
    "髙橋 一郎": ("髙橋 一郎", "ok"),
    "葛\U000e0100城": ("葛\U000e0100城", "ok"),
    "神\ufe00田": ("神田", "fixed"),
    "ﾔﾏﾀﾞ ﾀﾛｳ": ("ヤマダ タロウ", "fixed"),
    "タ゛イスケ": ("ダイスケ", "fixed"),
    "マ－ク": ("マーク", "fixed"),
    "山田\u200b太郎\ufeff": ("山田太郎", "fixed"),
    "田中😀花子♡": ("田中花子", "fixed"),
    "〓橋": ("〓橋", "ok"),
    "ＹＡＭＡＤＡ　Ｔａｒｏ": ("YAMADA Taro", "fixed"),
    "Mr. Taro Yamada": ("Taro Yamada", "fixed"),
    "Dr.Smith": ("Smith", "fixed"),
    "O’Brien": ("O'Brien", "fixed"),
    "Jean‐Luc Picard": ("Jean-Luc Picard", "fixed"),
    "José Ñúñez": ("José Ñúñez", "ok"),
    "김철수": ("김철수", "ok"),
    "Нина": ("Нина", "ok"),
    None: (None, None),
    "": (None, None),
    " 　\u200b": (None, None),
    "123": (None, "unparsed"),
    "ーー": (None, "unparsed"),
    "々": (None, "unparsed"),
    "***": (None, "unparsed"),
    "山" * 201: (None, "unparsed"),
    "\ud800": (None, None),
    "\ud800山": ("山", "fixed"),
}
FOLDED = {
    "髙橋": "高橋", "渡邊": "渡辺", "渡邉": "渡辺", "渡邊\U000e0101": "渡辺", "齋藤": "斎藤", "齊藤": "斎藤", "斉藤": "斎藤", "山﨑": "山崎",
    "𠮷田": "吉田", "濵田": "浜田", "濱田": "浜田", "澤": "沢", "櫻井": "桜井", "廣瀨": "広瀬", "國分": "国分", "眞惠": "真恵", "壽": "寿",
    "淺野": "浅野", "瀧": "滝", "龍": "竜", "槇": "槙", "小嶋": "小島", "嶌": "島", "冨田": "富田", "栁": "柳", "桒原": "桑原", "圡屋": "土屋",
    "曾根": "曽根", "會田": "会田", "淵": "淵", "渕": "淵", "藪": "薮", "鷗外": "鴎外", "神\ufe00": "神", "福\ufa1b": "福福", "陈": "陳", "⻑谷川": "長谷川",
    "佐々木": "佐々木", "タケシ": "タケシ", "Taro": "Taro", "": "",
}  # fmt: skip
FOLDED_NAMES = {
    "佐佐木": "佐々木", "四日市市": "四日市市", "一一": "一一", "山ロ": "山口", "孝ー": "孝一", "健ニ": "健二", "エ藤": "工藤", "江ロ": "江口",
    "ハルコ": "ハルコ", "八木ハル": "八木ハル", "一の瀬": "一ノ瀬", "竹ケ原": "竹ヶ原", "竹が原": "竹ヶ原", "ひろ子": "ヒロ子", "髙橋　一郎": "高橋一郎",
    "José Ñúñez": "josenunez", "MÜLLER": "muller", "O'Brien": "obrien", "Smith-Jones": "smithjones", "がぎ": "ガギ", "佐藤－田中": "佐藤田中",
}  # fmt: skip
PARTS = {
    "山田　太郎": ("山田", "太郎"),
    "山田太郎": ("山田", "太郎"),
    "YAMADA Taro": ("YAMADA", "Taro"),
    "Taro YAMADA": ("YAMADA", "Taro"),
    "Taro Yamada": ("Yamada", "Taro"),
    "Yamada Taro": ("Yamada", "Taro"),
    "Yamada, Taro": ("Yamada", "Taro"),
    "Ōno Yūko": ("Ōno", "Yūko"),
    "YAMADA TARO": ("YAMADA", "TARO"),
    "TARO YAMADA": ("YAMADA", "TARO"),
    "Abe Lincoln": ("Lincoln", "Abe"),
    "Mary Ann Smith": ("Smith", "Mary Ann"),
    "Ludwig van Beethoven": ("van Beethoven", "Ludwig"),
    "DE LA CRUZ Maria": ("DE LA CRUZ", "Maria"),
    "John Smith Jr.": ("Smith", "John Jr."),
    "J. K. Rowling": ("Rowling", "J. K."),
    "Madonna": ("Madonna", None),
    "山田": ("山田", None),
    "佐々木": ("佐々木", None),
    "林修": ("林", "修"),
    "髙橋一生様": ("髙橋", "一生"),
    "葛\U000e0100城太郎": ("葛\U000e0100城", "太郎"),
    "木の下太郎": ("木の下", "太郎"),
    "山田さくら": ("山田", "さくら"),
    "さいとう太郎": ("さいとう", "太郎"),
    "ヤマダ タロウ": ("ヤマダ", "タロウ"),
    "ヤマダタロウ": ("ヤマダ", "タロウ"),
    "ﾔﾏﾀﾞﾀﾛｳ": ("ヤマダ", "タロウ"),
    "ジョン・スミス": ("スミス", "ジョン"),
    "ヤマダ・タロウ": ("ヤマダ", "タロウ"),
    "김철수": ("김", "철수"),
    "남궁민수": ("남궁", "민수"),
    "王小明": ("王", "小明"),
    "欧陽 修": ("欧陽", "修"),
    None: (None, None),
    "": (None, None),
    "12": (None, None),
}
# prime ministers, writers, scientists and others of history: family and given name as every encyclopaedia parts them
HISTORY = """
伊藤/博文 黒田/清隆 山県/有朋 松方/正義 大隈/重信 桂/太郎 西園寺/公望 山本/権兵衛 寺内/正毅
原/敬 高橋/是清 加藤/友三郎 清浦/奎吾 加藤/高明 若槻/礼次郎 田中/義一 浜口/雄幸 犬養/毅 斎藤/実
岡田/啓介 広田/弘毅 林/銑十郎 近衛/文麿 平沼/騏一郎 阿部/信行 米内/光政 東条/英機 小磯/国昭
鈴木/貫太郎 東久邇/稔彦 幣原/喜重郎 吉田/茂 片山/哲 芦田/均 鳩山/一郎 石橋/湛山 岸/信介
池田/勇人 佐藤/栄作 田中/角栄 三木/武夫 福田/赳夫 大平/正芳 鈴木/善幸 中曽根/康弘 竹下/登
宇野/宗佑 海部/俊樹 宮沢/喜一 村山/富市 橋本/龍太郎 小渕/恵三 夏目/漱石 森/鴎外 芥川/龍之介
太宰/治 川端/康成 三島/由紀夫 谷崎/潤一郎 樋口/一葉 宮沢/賢治 志賀/直哉 島崎/藤村 与謝野/晶子
石川/啄木 中原/中也 坂口/安吾 大江/健三郎 安部/公房 井伏/鱒二 梶井/基次郎 有島/武郎 江戸川/乱歩
横溝/正史 松本/清張 司馬/遼太郎 遠藤/周作 北/杜夫 星/新一 筒井/康隆 小松/左京 平塚/らいてう
野口/英世 北里/柴三郎 湯川/秀樹 朝永/振一郎 岡/潔 福沢/諭吉 渋沢/栄一 津田/梅子 勝/海舟
坂本/龍馬 西郷/隆盛 大久保/利通 木戸/孝允 板垣/退助 植村/直己 手塚/治虫 石ノ森/章太郎 黒沢/明
小津/安二郎 溝口/健二 三船/敏郎 原/節子 高峰/秀子 笠/智衆 美空/ひばり 山田/耕筰 滝/廉太郎
葛飾/北斎 歌川/広重 伊能/忠敬 平賀/源内 杉田/玄白 青木/昆陽 二宮/尊徳 徳川/家康 豊臣/秀吉
織田/信長 武田/信玄 上杉/謙信 明智/光秀 石田/三成 真田/幸村 伊達/政宗 毛利/元就 長宗我部/元親
前田/利家
"""
# pairs of 常用漢字表 and 人名用漢字表, written down apart from the table
OFFICIAL = """
亜亞 医醫 栄榮 円圓 塩鹽 応應 桜櫻 奥奧 横橫 温溫 価價 会會 絵繪 学學 岳嶽 楽樂 関關 気氣
亀龜 旧舊 峡峽 郷鄕 暁曉 区區 勲勳 薫薰 恵惠 渓溪 経經 蛍螢 県縣 剣劍 権權 顕顯 厳嚴 広廣
恒恆 黄黃 国國 黒黑 斎齋 参參 桟棧 児兒 実實 写寫 釈釋 寿壽 収收 従從 渋澁 緒緖 将將 焼燒
条條 浄淨 縄繩 穣穰 真眞 慎愼 穂穗 瀬瀨 斎齊 静靜 浅淺 銭錢 禅禪 双雙 壮壯 荘莊 巣巢 曽曾
総總 増增 蔵藏 対對 台臺 滝瀧 沢澤 団團 伝傳 灯燈 当當 稲稻 徳德 独獨 売賣 麦麥 浜濱 富冨
払拂 仏佛 辺邊 宝寶 豊豐 峰峯 万萬 満滿 弥彌 薬藥 与與 様樣 来來 頼賴 竜龍 涼凉 緑綠 塁壘
礼禮 霊靈 暦曆 歴歷 恋戀 労勞 郎郞 録錄 亘亙 凛凜 尭堯 巌巖 晃晄 桧檜 槙槇 祢禰 禄祿 萌萠
遥遙 園薗 島嶋 野埜
"""
COMPANIES = {
    "株式会社山田商店": ("株式会社山田商店", "ok"),
    "(株)山田商店": ("株式会社山田商店", "fixed"),
    "（株）山田商店": ("株式会社山田商店", "fixed"),
    "㈱山田商店": ("株式会社山田商店", "fixed"),
    "㍿山田商店": ("株式会社山田商店", "fixed"),
    "株式会社　山田商店": ("株式会社山田商店", "fixed"),
    "株式會社山田商店": ("株式会社山田商店", "fixed"),
    "カ)ヤマダ": ("株式会社ヤマダ", "fixed"),
    "ﾔﾏﾀﾞ(ｶ": ("ヤマダ株式会社", "fixed"),
    "ユ）タナカ": ("有限会社タナカ", "fixed"),
    "カ)山田": ("カ)山田", "ok"),
    "山田商店㈱": ("山田商店株式会社", "fixed"),
    "山田商店 株式会社 御中": ("山田商店株式会社", "fixed"),
    "山田商店(有) 営業部": ("山田商店有限会社 営業部", "fixed"),
    "㈲山田": ("有限会社山田", "fixed"),
    "(同)山田": ("合同会社山田", "fixed"),
    "(医)緑会": ("医療法人緑会", "fixed"),
    "（一社）日本花協会": ("一般社団法人日本花協会", "fixed"),
    "NPO法人緑": ("特定非営利活動法人緑", "fixed"),
    "Yamada Co.,Ltd.": ("Yamada Co., Ltd.", "fixed"),
    "Yamada Co., LTD": ("Yamada Co., Ltd.", "fixed"),
    "Yamada Co., Ltd.": ("Yamada Co., Ltd.", "ok"),
    "Yamada, Inc": ("Yamada Inc.", "fixed"),
    "Yamada LLC": ("Yamada LLC", "ok"),
    "Yamada K.K": ("Yamada K.K.", "fixed"),
    "Siemens gmbh": ("Siemens GmbH", "fixed"),
    "Limited": ("Limited", "ok"),
    "Sony 株式会社": ("Sony株式会社", "fixed"),
    None: (None, None),
    "　": (None, None),
    "123": (None, "unparsed"),
    "あ" * 201: (None, "unparsed"),
}


@pytest.mark.parametrize(("text", "expected"), NAMES.items())
def test_names_as_people_write_them(text, expected):
    assert standard_name(text) == expected


@pytest.mark.parametrize(("text", "expected"), COMPANIES.items())
def test_companies_in_one_form(text, expected):
    assert standard_company(text) == expected


@pytest.mark.parametrize(("text", "expected"), FOLDED.items())
def test_characters_fold_to_the_usual_form(text, expected):
    assert fold_variants(text) == expected


@pytest.mark.parametrize(("text", "expected"), FOLDED_NAMES.items())
def test_names_fold_to_what_is_compared(text, expected):
    assert fold_name(text) == expected


@pytest.mark.parametrize(("text", "expected"), PARTS.items())
def test_full_names_are_parted(text, expected):
    assert split_name(text) == expected


def test_names_without_a_space_are_cut_in_the_right_place_nearly_always():
    pairs = [tuple(name.split("/")) for name in HISTORY.split()]
    right = [pair for pair in pairs if split_name("".join(pair)) == pair]
    assert len(pairs) > 120 and len(right) >= 0.95 * len(pairs)
    assert all(split_name(" ".join(pair)) == pair for pair in pairs)


# --- the table of variants ----------------------------------------------------------------------------------------


def test_every_variant_stands_once_and_leads_straight_to_a_usual_character():
    olds = [
        old
        for section, groups in _groups().items()
        if section != "look_alikes"
        for group in groups
        for old in group[1:]
    ]
    table = {chr(old): new for old, new in _variants().items() if new}
    assert len(olds) == len(set(olds)) and len(table) > 600
    assert not set(table) & set(table.values())
    assert all(unicodedata.normalize("NFKC", old) == old for old in table)
    assert all(new.encode("cp932") for new in table.values())


def test_the_official_old_forms_fold_to_the_official_new_ones():
    assert [old for new, old in OFFICIAL.split() if fold_variants(old) != new] == []


def test_names_that_differ_stay_different():
    pairs = "坂本/阪本 弘/宏 祐/佑 斎/済 藤/籐 修/脩 崎/埼 渡辺/渡部 古/吉 太/大 叶/葉 洲/州"
    for one, other in (pair.split("/") for pair in pairs.split()):
        assert fold_name(one) != fold_name(other)


# --- any text -----------------------------------------------------------------------------------------------------

anything = st.text(st.characters(), max_size=40)  # every code point, lone surrogates too
japanese = st.text(
    "山田太郎渡邊邉髙﨑𠮷斉々ノのヶがケカロ一ーニ二ヽ゛゜ｶﾞﾟ様殿氏さん御中 　()（）㈱株有カユ㍿,、・-−'.JrMs\u3099\u200b\U000e0100\ufe0f😀〓",
    max_size=12,
)


@given(anything | japanese)
@example("\ud800" * 3)
@example("A" * 10_000)
@example("髙" * 10_000)
def test_standard_values_stay_as_they_are(text):
    for standardise in (standard_name, standard_company):
        found = standardise(text)
        assert isinstance(found, Standard)
        assert (found.value is None) == (found.status in {None, "unparsed"})
        if found.value is not None:
            assert standardise(found.value) == (found.value, "ok")
            assert (found.value == text) == (found.status == "ok")
    for fold in (fold_variants, fold_name):
        assert fold(fold(text)) == fold(text)


@given(anything | japanese)
@example("山" * 10_000)
def test_parts_are_what_the_name_is_made_of(text):
    family, given_name = split_name(text)
    name = standard_name(text).value
    assert (family is None) == (name is None)
    if family and "," not in name and "、" not in name:
        assert sorted((family + (given_name or "")).replace(" ", "").replace("・", "")) == sorted(
            name.replace(" ", "").replace("・", "")
        )
