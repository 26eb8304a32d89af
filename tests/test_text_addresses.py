"""Addresses by hand: what people write, and what it stands for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.text.addresses import Address, standard_address, standard_addresses

# written (one string, or fields separated by |) -> prefecture, city, town, block, building, level
GOLDEN = """
東京都千代田区霞が関1-2-3 -> 東京都 千代田区 霞が関 1-2-3 . block
東京都|千代田区|霞ヶ関１丁目２番３号| -> 東京都 千代田区 霞が関 1-2-3 . block
千代田区霞ケ関一丁目二番三号 -> 東京都 千代田区 霞が関 1-2-3 . block
東京都千代田区霞ガ関1丁目2-3 -> 東京都 千代田区 霞が関 1-2-3 . block
東京都千代田区霞が関1の2の3 -> 東京都 千代田区 霞が関 1-2-3 . block
東京都千代田区丸ノ内1番地の2 -> 東京都 千代田区 丸の内 1-2 . block
東京都千代田区丸之内1−1−1 パレスビル3階 -> 東京都 千代田区 丸の内 1-1-1 パレスビル3F block
東京都港区六本木６－１０－１六本木ヒルズ森タワー -> 東京都 港区 六本木 6-10-1 六本木ヒルズ森タワー block
東京都|港区|六本木6ー10ー1|森タワー 10F -> 東京都 港区 六本木 6-10-1 森タワー10F block
東京都港区六本木6‐10–1 -> 東京都 港区 六本木 6-10-1 . block
東京都港区六本木六—十—一 -> 東京都 港区 六本木 6-10-1 . block
東京都 港区 六本木 6丁目 10番 1号 -> 東京都 港区 六本木 6-10-1 . block
東京 港区六本木6-10-1 -> 東京都 港区 六本木 6-10-1 . block
Tokyo|港区|六本木6-10-1| -> 東京都 港区 六本木 6-10-1 . block
JP-13|港区|六本木6-10-1| -> 東京都 港区 六本木 6-10-1 . block
東京都|港区|東京都港区六本木6-10-1| -> 東京都 港区 六本木 6-10-1 . block
〒106-0032 東京都港区六本木6-10-1 -> 東京都 港区 六本木 6-10-1 . block
日本、東京都港区六本木 6-10-1 -> 東京都 港区 六本木 6-10-1 . block
六本木|港区|6-10-1| -> . . 六本木|港区|6-10-1 . . none
東京都六本木6-10-1 -> 東京都 港区 六本木 6-10-1 . block
東京都|港区|六本木 六本木ヒルズ森タワー|6-10-1 -> 東京都 港区 六本木 6-10-1 六本木ヒルズ森タワー block
東京都練馬区大泉学園町1-2-3-405 -> 東京都 練馬区 大泉学園町 1-2-3 405 block
東京都練馬区大泉学園町1丁目2番3-405号 -> 東京都 練馬区 大泉学園町 1-2-3 405 block
東京都練馬区大泉学園町1丁目2番3号サンハイツ405号室 -> 東京都 練馬区 大泉学園町 1-2-3 サンハイツ405 block
東京都練馬区大泉学園町1-2三田ビル5f -> 東京都 練馬区 大泉学園町 1-2 三田ビル5F block
東京都練馬区大泉学園町１丁目第二ビル -> 東京都 練馬区 大泉学園町 1 第二ビル block
東京都中央区日本橋2-7-3室町ビル -> 東京都 中央区 日本橋 2-7-3 室町ビル block
東京都中央区日本橋2-7-3月島ビル8階 -> 東京都 中央区 日本橋 2-7-3 月島ビル8F block
東京都中央区日本橋2-7-5F -> 東京都 中央区 日本橋 2-7 5F block
東京都練馬区大泉学園1-2-3 -> 東京都 練馬区 大泉学園町 1-2-3 . block
東京都千代田区霞関1-2-3 -> 東京都 千代田区 霞が関 1-2-3 . block
神戸市中央区三宮1丁目1-1 -> 兵庫県 神戸市中央区 三宮町 1-1-1 . block
東京都千代田区霞が関1丁目 2番3号 (中央合同庁舎) -> 東京都 千代田区 霞が関 1-2-3 中央合同庁舎 block
東京都千代田区霞が関ニ丁目1ー2 -> 東京都 千代田区 霞が関 2-1-2 . block
東京都八王子市|||  -> 東京都 八王子市 . . . city
東京都|八王子|元本郷町3-24-1| -> 東京都 八王子市 元本郷町 3-24-1 . block
八丈町大賀郷2551番地2 -> 東京都 八丈島八丈町 大賀郷 2551-2 . block
田無市南町5-6-13 -> 東京都 西東京市 南町 5-6-13 . block
東京都秋川市二宮350 -> 東京都 あきる野市 二宮 350 . block
浦和市高砂3-15-1 -> 埼玉県 さいたま市浦和区 高砂 3-15-1 . block
埼玉県大宮市桜木町1-7-5 -> 埼玉県 さいたま市大宮区 桜木町 1-7-5 . block
埼玉県与野市みのり町1-2 -> 埼玉県 さいたま市中央区 みのり町 1-2 . city
埼玉県大宮市みのり町1-2 -> 埼玉県 さいたま市 みのり町 1-2 . city
静岡県清水市旭町6-8 -> 静岡県 静岡市清水区 旭町 6-8 . block
静岡県浜松市中区元城町103番地の2 -> 静岡県 浜松市中央区 元城町 103-2 . block
静岡県浜松市北区細江町気賀305 -> 静岡県 浜松市浜名区 細江町気賀 305 . block
茨城県下館市みのり町5 -> 茨城県 筑西市 みのり町 5 . city
宮城県古川市七日町1-1 -> 宮城県 大崎市 古川七日町 1-1 . block
滋賀県甲賀郡水口町水口6053 -> 滋賀県 甲賀市 水口町水口 6053 . block
秋田県平鹿郡十文字町海道下12-5 -> 秋田県 横手市 十文字町海道下 12-5 . block
秋田県横手市十文字町字海道下12番地5 -> 秋田県 横手市 十文字町海道下 12-5 . block
兵庫県篠山市北新町41 -> 兵庫県 丹波篠山市 北新町 41 . block
茨城県龍ヶ崎市3710番地 -> 茨城県 龍ケ崎市 . 3710 . city
茨城県竜ケ崎市馴柴町1-2 -> 茨城県 龍ケ崎市 馴柴町 1-2 . block
塩釜市旭町1-1 -> 宮城県 塩竈市 旭町 1-1 . block
鎌ヶ谷市新鎌が谷二丁目6の1 -> 千葉県 鎌ケ谷市 新鎌ケ谷 2-6-1 . block
神奈川県横濱市西區みなとみらい2-2-1 -> 神奈川県 横浜市西区 みなとみらい 2-2-1 . block
横浜市みなとみらい2-2-1 -> 神奈川県 横浜市西区 みなとみらい 2-2-1 . block
神奈川県|横浜市|西区みなとみらい2-2-1| -> 神奈川県 横浜市西区 みなとみらい 2-2-1 . block
大阪市北区梅田1丁目1-3大阪駅前第3ビル20階 -> 大阪府 大阪市北区 梅田 1-1-3 大阪駅前第3ビル20F block
大阪府|北区|梅田1-1-3| -> 大阪府 大阪市北区 梅田 1-1-3 . block
大阪府|北区|奥本町1-1| -> 大阪府 堺市北区 奥本町 1-1 . block
島本町桜井2-1-1 -> 大阪府 三島郡島本町 桜井 2-1-1 . block
大阪府三島郡島本町大字桜井2-1-1 -> 大阪府 三島郡島本町 桜井 2-1-1 . block
堺市堺区熊野町東1丁2-3 -> 大阪府 堺市堺区 熊野町東 1-2-3 . block
京都市中京区寺町通御池上る上本能寺前町488番地 -> 京都府 京都市中京区 上本能寺前町 488 . block
京都府京都市下京区四条通烏丸東入ル長刀鉾町8 -> 京都府 京都市下京区 長刀鉾町 8 . block
京都市東山区三条通大橋東入2丁目下る七軒町12 -> 京都府 京都市東山区 七軒町 12 . block
京都市中京区烏丸通御池下ル -> 京都府 京都市中京区 烏丸通御池下る . . city
札幌市中央区北1条西2丁目3-4 -> 北海道 札幌市中央区 北1条西2丁目 3-4 . block
北海道札幌市中央区北一条西二丁目三番地四 -> 北海道 札幌市中央区 北1条西2丁目 3-4 . block
札幌市中央区北１条西２－３－４ -> 北海道 札幌市中央区 北1条西2丁目 3-4 . block
札幌市中央区北1西2 -> 北海道 札幌市中央区 北1条西2丁目 . . town
札幌市中央区大通西３丁目６ -> 北海道 札幌市中央区 大通西 3-6 . block
旭川市四条通8丁目 -> 北海道 旭川市 4条通8丁目 . . town
北海道泊村大字茅沼村字臼別191-7 -> 北海道 古宇郡泊村 茅沼村臼別 191-7 . block
府中市宮西町2-24 -> 東京都 府中市 宮西町 2-24 . block
広島県府中市府川町315 -> 広島県 府中市 府川町 315 . block
府中市みのり町1-2 -> . 府中市 みのり町 1-2 . city
新潟県十日町市本町2丁目226-1 -> 新潟県 十日町市 本町 2-226-1 . block
新潟県十日町市本町二丁目二二六番地一 -> 新潟県 十日町市 本町 2-226-1 . block
岩手県九戸郡洋野町種市第23地割27番地 -> 岩手県 九戸郡洋野町 種市 23-27 . block
石川県金沢市観音堂町ハ31番地 -> 石川県 金沢市 観音堂町 ハ31 . block
愛媛県松山市甲123番地4 -> 愛媛県 松山市 . 甲123-4 . city
山形県鶴岡市松根字宮田12 -> 山形県 鶴岡市 松根宮田 12 . block
福島県いわき市平字小太郎町1-1 -> 福島県 いわき市 平字小太郎町 1-1 . block
富山県南砺市才川七123 -> 富山県 南砺市 才川七 123 . block
愛知県清須市助七十一丁目三番五号 -> 愛知県 清須市 助七 11-3-5 . block
神戸市中央区三ノ宮町1-1-1 -> 兵庫県 神戸市中央区 三宮町 1-1-1 . block
名古屋市中区三の丸三丁目1番2号 -> 愛知県 名古屋市中区 三の丸 3-1-2 . block
奈良市登大路町三十番地 -> 奈良県 奈良市 登大路町 30 . block
長野県南佐久郡南相木村3525-1 -> 長野県 南佐久郡南相木村 . 3525-1 . city
群馬県吾妻郡中之条町大字中之条町1091 -> 群馬県 吾妻郡中之条町 . 1091 . city
大阪府京都市中京区上本能寺前町488 -> 京都府 京都市中京区 上本能寺前町 488 . block
東京都世田谷区みのり町3丁目15番2号 -> 東京都 世田谷区 みのり町 3-15-2 . city
東京都|世田谷区|みのり町３－１５－２|ひなたハイツ303号室 -> 東京都 世田谷区 みのり町 3-15-2 ひなたハイツ303 city
東京都|世田谷区|例示ヶ丘３ー１５ー２ 試作レジデンス101| -> 東京都 世田谷区 例示ケ丘 3-15-2 試作レジデンス101 city
北海道|札幌市北区|試作一条3-15-2| -> 北海道 札幌市北区 試作一条 3-15-2 . city
東京都|世田谷区|空想坂| -> 東京都 世田谷区 空想坂 . . city
東京都|世田谷区|サンプルビル3F| -> 東京都 世田谷区 . . サンプルビル3F city
東京都みのり市見本町1-2 -> 東京都 . みのり市見本町 1-2 . prefecture
東京都 -> 東京都 . . . . prefecture
みのり町3丁目15番2号 -> . . みのり町3丁目15番2号 . . none
1600 Pennsylvania Avenue NW, Washington, DC 20500 -> . . 1600|Pennsylvania|Avenue|NW,|Washington,|DC|20500 . . none
California|San Francisco|1 Market St|Suite 5 -> . . California|San|Francisco|1|Market|St|Suite|5 . . none
Tokyo|Minato-ku|Roppongi 6-10-1| -> 東京都 . Minato-ku|Roppongi 6-10-1 . prefecture
"""
CASES = [line.split(" -> ") for line in GOLDEN.strip().splitlines()]


def _fields(written: str) -> list[str | None]:
    if "|" not in written:
        return [None, None, written, None]
    return [part or None for part in written.split("|")]


def _again(found: Address) -> Address:
    return standard_address(found.prefecture, found.city, (found.town or "") + (found.block or ""), found.building)


@pytest.mark.parametrize(("written", "expected"), CASES, ids=[case[0] for case in CASES])
def test_golden(written, expected):
    found = standard_address(*_fields(written))
    parts = [None if part == "." else part.replace("|", " ") for part in expected.split()]
    assert list(found[:6]) == parts
    standard = [parts[0] or "", parts[1] or "", (parts[2] or "") + (parts[3] or ""), parts[4] or ""]
    unchanged = [field or "" for field in _fields(written)] == standard
    assert found.status == ("unparsed" if found.level == "none" else "ok" if unchanged else "fixed")


@pytest.mark.parametrize("written", [case[0] for case in CASES])
def test_standard_form_is_ok_and_stays(written):
    found = standard_address(*_fields(written))
    again = _again(found)
    assert again[:6] == found[:6]
    assert again.status == ("unparsed" if found.level == "none" else "ok")


def test_golden_is_large():
    assert len(CASES) >= 60


def test_nothing_given_is_nothing():
    nothing = Address(None, None, None, None, None, None, None)
    assert standard_address(None, None, None, None) == nothing
    assert standard_address("", " ", "\u3000", "\u200b") == nothing
    assert standard_address(None, None, None, None, "999-9999") == nothing


def test_ok_only_when_nothing_was_changed():
    assert standard_address("東京都", "港区", "六本木6-10-1", None).status == "ok"
    assert standard_address("東京都", "港区", "六本木6-10-1", "森タワー10F").status == "ok"
    assert standard_address("東京都", "港区", "六本木 6-10-1", None).status == "fixed"
    assert standard_address("東京都", "港区", "六本木6-10-1", "森タワー10階").status == "fixed"
    assert standard_address(None, None, "東京都港区六本木6-10-1", None).status == "fixed"


# --- the postcode -------------------------------------------------------------------------------------------------


def test_postcode_fills_what_the_text_lacks():
    expected = ("東京都", "千代田区", "霞が関", "1-2-3", None, "block")
    assert standard_address(None, None, "霞が関1-2-3", None, "100-0013")[:6] == expected
    assert standard_address(None, None, "1-2-3", None, "〒１００－００１３")[:6] == expected
    assert standard_address("東京都", "千代田区", "1丁目2番3号", None, "1000013")[:6] == expected
    assert standard_address(None, None, None, None, "100-0013")[:6] == ("東京都", "千代田区", None, None, None, "city")


def test_postcode_does_not_overrule_the_text():
    found = standard_address("大阪府", "大阪市北区", "梅田1-1-3", None, "100-0013")
    assert found[:6] == ("大阪府", "大阪市北区", "梅田", "1-1-3", None, "block")


def test_postcode_tells_cities_of_one_name_apart():
    assert standard_address(None, None, "府中市みのり町1-2", None, "726-0001").prefecture == "広島県"
    assert (
        standard_address(None, None, "府中市みのり町1-2", None, "183-9901").prefecture == "東京都"
    )  # by its first digits
    assert standard_address(None, "伊達市", "みのり町1-2", None, "052-0011").prefecture == "北海道"
    assert standard_address(None, "横浜市", "みのり町1", None, "220-0012").city == "横浜市西区"


def test_foreign_text_is_not_filled_from_a_japanese_postcode():
    assert standard_address(None, None, "1 Market Street", None, "1000013").level == "none"


# --- any text -----------------------------------------------------------------------------------------------------

WORDS = """東京都 港区 大阪府 北区 府中市 札幌市 中央区 北1条西 六本木 みのり町 試作一条 霞ヶ関 大字 字 丁目 番地 番 号 号室 階 F の
ノ ー - − 1 2 3 12 101 十 二 三 一 〇 ビル ハイツ 荘 ( ) 第 甲 イ 京都市 中京区 寺町通 御池 上る 東入 本町 町 村 郡 横浜市 西区 浦和市
千代田 、 , ・ Tower A ニ 条 線 区 地割 東京 広島 髙 〒100-0013 1000013 人 方 ケ が 才川七 南砺市 富山県 浦臼 岡谷市 蘭越町 北海道
浜松市 いわき市 平 大宮市 郵便局 様"""
some_words = st.lists(st.sampled_from([*WORDS.split(), " ", "\u3000", "\n"]), max_size=9).map("".join)
field = (
    st.none()
    | some_words
    | st.text(max_size=12)
    | st.builds("{}{}{}".format, some_words, st.text(max_size=3), some_words)
)


@settings(max_examples=400, deadline=None)
@given(field, field, field, field, st.sampled_from([None, "1000013", "0600001", "7260001", "", "x", "0609999"]))
def test_any_text_is_read_once_and_for_all(prefecture, city, address1, address2, postcode):
    found = standard_address(prefecture, city, address1, address2, postcode)
    again = _again(found)
    assert again[:6] == found[:6]
    if found.level not in (None, "none"):
        assert again.status == "ok"
    assert found.level in (None, "none", "prefecture", "city", "town", "block")
    assert (found.level == "block") <= bool(found.block and found.town)


@pytest.mark.parametrize(
    "text", ["あ" * 10_000, "1-" * 5_000, "東京都" * 3_000, "港区" + "一" * 9_000, "\ud800東京都港区", "字" * 500]
)
def test_strange_texts_come_back(text):
    for found in (standard_address(None, None, text, None), standard_address("東京都", "港区", text, text)):
        assert found.level in ("none", "prefecture", "city")
        assert _again(found)[:6] == found[:6]


def test_many_at_once():
    rows = [("東京都", "港区", "六本木6-10-1", None), (None, None, "霞が関1-2-3", None, "1000013")]
    assert standard_addresses(rows) == [standard_address(*row) for row in rows]
