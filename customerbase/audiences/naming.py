"""Names of audiences: what a platform would read as a hint at somebody's health or money, and a name that says nothing.

Meta has flagged such audiences since September 2025; a name is also seen by everybody with access to the account.
"""

import hashlib
import re
from typing import NamedTuple

from customerbase.audiences.platforms import Platform
from customerbase.errors import ConfigError
from customerbase.text.plain import clean

# words of health and of money; Latin ones as whole words (underscores and digits part them), Japanese ones anywhere
HINTS = {
    "health": (
        "病|疾患|患者|医療|医薬|通院|入院|診断|健康|糖尿|血圧|妊娠|妊婦|不妊|更年期|障害|介護|うつ|鬱|アレルギ|がん(?!ば)|癌|肥満|ダイエット|薄毛|禁煙|サプリ|メンタル|処方|更年期|生理",
        "health|medical|medicine|patients?|disease|illness|diagnos(?:is|ed)|diabet(?:es|ic)|cancer|pregnan(?:t|cy)|fertility|depress(?:ion|ed)|anxiety|allerg(?:y|ies|ic)|obes(?:e|ity)|diet|disab(?:led|ility)|asthma|hiv|prescription|supplements?|menopause|symptoms?|therapy",
    ),
    "finance": (
        "年収|所得|収入|借金|借入|ローン|融資|負債|債務|破産|滞納|延滞|信用情報|与信|クレジットスコア|貧困|生活保護|富裕|資産|投資|預金|貯蓄|保険金|未払",
        "income|salary|debts?|loans?|mortgage|credit|bankrupt(?:cy)?|insolven(?:t|cy)|overdue|arrears|delinquen(?:t|cy)|wealth(?:y)?|rich|poor|assets?|net ?worth|invest(?:ors?|ments?)|savings?|unpaid|payday|welfare|insurance",
    ),
}


class Named(NamedTuple):
    """A name with what it hints at, and the name to give instead (the same one where there is nothing to hide)."""

    name: str
    hints: tuple[str, ...]
    neutral: str


def look_at(name: str) -> Named:
    """What a name hints at: health, finance or both; in Japanese or English, in any width and case."""
    text = re.sub(r"[_\W\d]+", " ", clean(name)).lower()
    hints = tuple(
        f"{kind}: {found[0]}"
        for kind, (japanese, latin) in HINTS.items()
        if (found := re.search(rf"{japanese}|\b(?:{latin})\b", text))
    )
    neutral = f"list-{hashlib.sha256(name.encode()).hexdigest()[:8]}" if hints else name
    return Named(name, hints, neutral)


def check_name(platform: Platform, name: str) -> Named:
    """The name with its hints. Raises ConfigError for one longer than the platform's field."""
    if platform.longest_name and len(name) > platform.longest_name:
        raise ConfigError(
            f"the name of the audience has {len(name)} characters; {platform.name} takes {platform.longest_name}. Give --name."
        )
    return look_at(name)
