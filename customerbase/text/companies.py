"""Names of companies: each legal form in one spelling, in its place before or after the name."""

import re

from customerbase.text.plain import EMPTY, UNPARSED, Standard, clean, settle, standard

_LONGEST = 200

# what stands in brackets, as (株) or ㈱, and in a bank's kana, as カ) or (カ
_KANJI = {
    "株": "株式会社", "有": "有限会社", "同": "合同会社", "資": "合資会社", "名": "合名会社", "相": "相互会社", "医": "医療法人", "医社": "医療法人社団",
    "学": "学校法人", "宗": "宗教法人", "福": "社会福祉法人", "社福": "社会福祉法人", "社": "社団法人", "一社": "一般社団法人", "公社": "公益社団法人",
    "財": "財団法人", "一財": "一般財団法人", "公財": "公益財団法人", "特非": "特定非営利活動法人", "独": "独立行政法人", "協": "協同組合", "税": "税理士法人",
    "弁": "弁護士法人", "監": "監査法人",
}  # fmt: skip
_KANA = {
    "カ": "株式会社", "ユ": "有限会社", "ド": "合同会社", "シ": "合資会社", "メ": "合名会社", "イ": "医療法人", "ガク": "学校法人", "フク": "社会福祉法人",
    "シヤ": "社団法人", "ザイ": "財団法人", "シユウ": "宗教法人", "トクヒ": "特定非営利活動法人",
}  # fmt: skip
_LATIN = {
    r"co\.?,? ?ltd|company,? limited": "Co., Ltd.", r"pte\.?,? ?ltd": "Pte. Ltd.", r"pty\.?,? ?ltd": "Pty. Ltd.", r"ltd|limited": "Ltd.",
    r"inc|incorporated": "Inc.", r"corp|corporation": "Corp.", r"l\.?l\.?c": "LLC", r"l\.?l\.?p": "LLP", r"plc": "PLC", r"gmbh": "GmbH",
    r"k\.k|kabushiki kaisha|kabushiki gaisha": "K.K.", r"g\.k|godo kaisha|godo gaisha": "G.K.", r"y\.k|yugen kaisha|yugen gaisha": "Y.K.",
}  # fmt: skip
_EDGE = "|".join(sorted(_KANJI, key=len, reverse=True))
_BANK = "|".join(sorted(_KANA, key=len, reverse=True))
_FORMS = "|".join(sorted({*_KANJI.values(), "特例有限会社", "国立大学法人"}, key=len, reverse=True))

_BRACKETED = re.compile(rf"^\( ?({_EDGE}) ?\)|\( ?({_EDGE}) ?\)$|\( ?(株|有) ?\)")
_BANK_KANA = re.compile(rf"^\(? ?({_BANK}) ?\)(?=[ァ-ヺー ]+$)|(?<=[ァ-ヺー ])\( ?({_BANK}) ?\)?$")
_BANK_NAME = re.compile("[ァ-ヺー ()]+")
_SYNONYMS = re.compile("株式會社|(?:特定非営利活動|N\\.?P\\.?O\\.?)法人|(?:有限|合同|合資|合名|相互)會社")
_BEFORE = re.compile(rf"^({_FORMS}) +")
_AFTER = re.compile(rf"(?<=\S) +({_FORMS})(?=$| )")
_ADDRESSEE = re.compile(r"(?<=\S)\s*(?:御中|様)$")
_SUFFIX = re.compile(
    r"(?<=[^\s,])(?:\s*,\s*|\s+)(?:"
    + "|".join(f"(?P<f{place}>{form})" for place, form in enumerate(_LATIN))
    + r")\.?$",
    re.IGNORECASE,
)
_SUFFIX_FORMS = list(_LATIN.values())


def standard_company(text: str | None) -> Standard:
    """A company's name with its legal form spelled out where it stands: (株), ㈱, ㍿, カ) -> 株式会社, Co.,Ltd -> Co., Ltd.

    NFKC, no space between form and name, 御中 and 様 gone; the rest as written. More than 200 characters, or no letter
    at all, is unparsed. 前株 and 後株 stay different: they are different companies.
    """
    if not text:
        return EMPTY
    if len(text) > _LONGEST:
        return UNPARSED
    if not clean(text):
        return EMPTY
    value = settle(_one_form, text)
    return standard(text, value if any(map(str.isalpha, value)) and len(value) <= _LONGEST else None)


def _one_form(text: str) -> str:
    text = _SYNONYMS.sub(_synonym, _ADDRESSEE.sub("", clean(text)))
    if "(" in text or ")" in text:
        text = _BRACKETED.sub(lambda found: f" {_KANJI[found[found.lastindex]]} ", text).strip()
        if _BANK_NAME.fullmatch(text):
            text = _BANK_KANA.sub(lambda found: f" {_KANA[found[found.lastindex]]} ", text).strip()
    text = _AFTER.sub(r"\1", _BEFORE.sub(r"\1", text))
    return _SUFFIX.sub(lambda found: " " + _SUFFIX_FORMS[int(found.lastgroup[1:])], text)


def _synonym(found: re.Match[str]) -> str:
    return "特定非営利活動法人" if found[0].endswith("法人") else found[0].replace("會", "会")
