"""The words of a text that carry what it is about, in two ways: without a dictionary (core) and by SudachiPy (extra ja).

core: runs of Han characters (with their inflected endings taken off), of katakana, of Latin letters, hiragana words that
are no function words, and the phrases of voice.phrases. ja: nouns, verbs and adjectives in dictionary form.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from customerbase.errors import ConfigError
from customerbase.satisfaction.voice.masking import MASK
from customerbase.text.plain import HAN

CORE, JA = "core", "ja"
WAYS = (CORE, JA)
LONGEST_SENTENCE = 200  # characters; longer ones are cut at commas, then anywhere
SENTENCES = 60  # of one text that are read

_ENDS = re.compile(r"(?<=[。!?！？…])|(?<=[.;])\s+")
_COMMA = re.compile("(?<=[、,，])")
_NOUN = rf"品ぞろえ|お?問い?合わ?せ|[{HAN}][ちりきしみけれめえびぎ][{HAN}]{{1,4}}|(?:使|問|扱|払|支払|買|洗|品)い[{HAN}]{{1,4}}"  # 待ち時間, 使い心地
_PARTS = re.compile(rf"(?P<noun>{_NOUN})|(?P<han>[{HAN}]+)|(?P<kata>[ァ-ヺー]{{2,}})|(?P<latin>[a-z][a-z'’]+)|(?P<hira>[ぁ-ゖー]+)")
_LEAD = re.compile("^(?:何度も?|何回も?|毎回|今回|前回|次回|一番|全部|全然|先日|昨日|今日|今年|去年|毎月|毎日|一部|各|本当|大変|非常|特|御|初)")
_KANA_WORDS = re.compile(
    "|".join(
        """におい かおり おいし うれし かわい きれい たのし やさし やわらか かたく かたい おもた かるい つなが わかりにく わかりやす わかりづら つかいやす つかいにく
        ていねい しつこ きつい きつく べたつ べたべた かゆみ かゆく かぶれ しっとり さらさら すべすべ もちもち ふわふわ うるお なめらか つぶれ やぶれ こわれ こぼれ もれて はがれ
        がっかり ひどい ひどく まずい すごい おすすめ おしゃれ お得 おまけ おつり くじ しみ しわ たるみ くすみ くま はり つや まとまり はやい はやく おそい おそく たかい やすい やすく
        さっぱり すっきり あっさり こってり ぬるぬる ざらざら ちくちく ひりひり ぴったり ゆったり きつめ ゆるい ゆるく みじかい ながい うすい うすく こまか やめて ためし""".split()
    )
)
_LOST = re.compile(re.escape(MASK))
_FUNCTION = sorted(
    """ありがとうございます ありがとうございました よろしくおねがいします ございます ございました でしょうか でしたが ですから ですので でしょう
    ください くださり いただき いただいて いただいた いただけ もらえ もらい もらって もらった くれない くれま くれて くれた くれる しまいました しまった しまい
    ませんでした ましたが ました ますか ません ますが ます でした です だった だけど だけ だと だし だが では でも での
    している しています していた していただ しており したい したが したら しない しました します した して しか しかし する すると すぐ
    なかった なくて なくな なって なった なりました なります なる なら ならない なければ ない ないで なので なのに など なく なし
    という といった といい とても とき ところ として とか とは との とも こと これ この こちら こう ここ もの もう もっと もし まし まで また まだ まったく
    それ その そう そこ あの あれ ある あります ありました ありません あった あって あまり いつ いつも いる います いました いません いて いた いない いう いい
    から ので のに けど けれど けれども ため ための ように ような ようで ようです よう より よく よりも よかった ほど ほう ほど ぐらい くらい ほしい ほしかった
    たい たく たら たり たび ても てい ておる てから てほしい られ れる れた れて れます れません せん られる られた られて られません
    みたい みて みました みんな みな かなり かも から かな さん さま すごく ずっと ちょっと とにかく なんて なんか なに どう どこ どの どれ どちら どうして
    とくに ぜひ やはり やっぱり たくさん すべて ほとんど すこし うち おり おります おかげ および ただ ながら のみ ばかり はず まま わけ わりと つもり そして
    できます できません できない できる できた できて できれば できますか できました でき くる きました きて いき いって いった いく おいて""".split(),
    key=lambda word: (-len(word), word),
)
_CUT = re.compile("|".join(map(re.escape, _FUNCTION)) + "|[をはがにでともへやのてたかねよなだし]")
_STOP = frozenset(
    """思 言 事 時 今 方 人 中 何 私 的 感 気 者 様 一 二 三 四 五 六 七 八 九 十 物 為 前 後 度 点 目 回 日 月 年 分 円 個 本 枚 件 自分 今回 前回 次回 毎回 何度
    以上 以下 場合 全部 少 多 他 等 上 下 内 外 間 行 来 出 入 見 聞 使 持 合 立 出来 下 貰 頂 致 御座 御願 願 有 無 無し 大変 本当 非常 一番 最近 昨日 今日 明日
    先日 以前 現在 部分 全然 是非 普通 特 良 悪 好 商品 コト モノ ヒト サン ホント トコロ""".split()
)
_STOP_EN = frozenset(
    """a about after again all also am an and any are as at be because been before being but by can could did do does doing don down
    each even ever for from get got had has have having he her here hers him his how i if in into is it its just let me more most much
    my no nor not now of off on once one only or other our out over own re s same she should so some such t than that the their them
    then there these they this those through to too two three under until up us very was we were what when where which while who why will
    with would you your yours i'm i've it's don't didn't doesn't wasn't isn't can't won't i'd that's really still back made make""".split()
)
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
        by_first: dict[str, list[str]] = {}
        for one in sorted(phrases, key=lambda word: (-len(word), word)):
            by_first.setdefault(one[0], []).append(one)
        return lambda sentence: parts(sentence, by_first)
    if way == JA:
        return _sudachi
    raise ConfigError(f"tokens is {way!r}; expected {' or '.join(WAYS)}.")


def parts(sentence: str, phrases: dict[str, Sequence[str]] | None = None) -> Tokens:
    """Words by kinds of characters and known phrases (by first character, the longest first); shown with their ending."""
    text = _LOST.sub(" ", sentence).lower()
    found: Tokens = []
    for piece, phrase in _split(text, phrases or {}):
        if phrase:
            found.append((piece, piece))
            continue
        place = 0
        while part := _PARTS.search(piece, place):
            words, place = _part(piece, part)
            found += words
    return found


def _split(text: str, phrases: dict[str, Sequence[str]]) -> Iterable[tuple[str, bool]]:
    """The text cut at known phrases: (piece, whether it is a phrase)."""
    start = place = 0
    while place < len(text):
        known = phrases.get(text[place])
        phrase = next((one for one in known if text.startswith(one, place)), None) if known else None
        if phrase:
            if start < place:
                yield text[start:place], False
            yield phrase, True
            start = place = place + len(phrase)
        else:
            place += 1
    if start < len(text):
        yield text[start:], False


def _part(text: str, part: re.Match[str]) -> tuple[Tokens, int]:
    """The words of one stretch of characters of a kind, and where it ends with its inflected ending."""
    if word := part["noun"]:
        return [(word, word)], part.end()
    if word := part["han"]:
        end = _ENDING.match(text, part.end())
        shown = word + (end[0] if end else "")
        word, shown = _LEAD.sub("", word), _LEAD.sub("", shown)
        lone = word in _STOP or len(word) == 1 and shown == word
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
    return Dictionary().create(mode=SplitMode.C)


_KEPT = {"名詞": ("普通名詞", "固有名詞"), "動詞": ("一般",), "形容詞": ("一般",), "形状詞": ("一般",)}


def _sudachi(sentence: str) -> Tokens:
    """Content words in dictionary form; nouns that follow each other are one word."""
    found: Tokens = []
    joined = number = False
    for one in _dictionary().tokenize(_LOST.sub(" ", sentence).lower()):
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
