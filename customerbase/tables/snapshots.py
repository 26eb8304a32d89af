"""What is written from features.yaml: expectations/snapshots.yaml, and the pages docs/features.md and .ja.md."""

import json

from customerbase.features.names import Block, Feature, blocks, features
from customerbase.tables.dictionary import grid

EXPECTATIONS = "expectations/snapshots.yaml"
FILES = {"en": "docs/features.md", "ja": "docs/features.ja.md"}
_HEAD = """\
# Written from customerbase/features/features.yaml by `make docs`; do not edit by hand.
table: snapshots
kind: analysis
title: {en: "Snapshots", ja: "スナップショット"}
grain:
  en: "One row per eligible customer and cutoff: features of what lay strictly before the cutoff."
  ja: "対象顧客・基準日ごとに1行：基準日より前の行動から作った特徴量。"
key: [customer_id, cutoff]
columns:
"""
_MARKS = (  # name, type, unit, sensitivity, required, en, ja
    ("customer_id", "VARCHAR", None, "pseudonym", False, "The person, as one id over all systems.", "統合顧客ID。"),
    ("cutoff", "DATE", None, "internal", False, "First instant not looked at: the start of this day.",
     "基準日（この日の0時より前だけを見る）。"),
    ("eligible_days", "INTEGER", "days", "internal", True,
     "Customers with an order in so many days before the cutoff are eligible.", "対象とする期間（基準日の前にこの日数以内の注文がある顧客）。"),
    ("version", "VARCHAR", None, "internal", True, "Digest of the code that made the row.", "行を作ったコードの版（ダイジェスト）。"),
)  # fmt: skip
_WORDS = {
    "en": {
        "title": "Features of a customer",
        "intro": "Written from `customerbase/features/features.yaml` by `make docs`; do not edit by hand. "
        "日本語: [features.ja.md](features.ja.md)",
        "rules": (
            "One row per eligible customer and **cutoff** (the first day of a month). Only what lay strictly before the start "
            "of that day is seen; labels are what happened in `[cutoff, cutoff + horizon)`.",
            "**Eligible**: a person with a completed order in the 365 days before the cutoff, unless set otherwise.",
            "**Windows** are whole days that end with the day before the cutoff: the last 30 days are the 30 days before it.",
            "**As it was known then**: an order cancelled, a message opened or an inquiry closed at the cutoff or later was not "
            "yet. A source keeps no date for a status `returned` or `pending`; such orders are left out always.",
            "**As it is known today**: which accounts are one person (`identity_links`) and the category of a product.",
            "Log: a linear model takes sign(x) · ln(1 + |x|) (`features.matrix`). Empty: what stands where the source has "
            "nothing of a customer; a dash means not defined. An absent table counts as an empty one.",
        ),
        "columns": ("Feature", "Meaning", "Kind", "Unit", "Log", "Empty"),
        "from": "From",
        "count": "{} features",
        "yes": "yes",
        "no": "no",
    },
    "ja": {
        "title": "顧客の特徴量",
        "intro": "`customerbase/features/features.yaml` から `make docs` で生成。手で編集しない。 "
        "English: [features.md](features.md)",
        "rules": (
            "対象顧客と**基準日**（月の初日）ごとに1行です。基準日の0時より前の事実だけを見ます。正解ラベルは `[基準日, 基準日 + 期間)` の行動です。",
            "**対象顧客**：基準日の前365日以内に完了した注文のある人（設定で変えられます）。",
            "**期間**：基準日の前日までの丸一日単位です。「直近30日」は基準日の前の30日間です。",
            "**当時の状態**：基準日以降の取消・開封・問い合わせ完了は、まだ起きていないものとして扱います。日付の残らない状態（`returned`・`pending`）の注文は、"
            "いつも除きます。",
            "**現在の知識**：名寄せの結果（`identity_links`）と商品のカテゴリは、今日のものを使います。",
            "対数：線形モデルでは sign(x)・ln(1 + |x|) を使います（`features.matrix`）。空：元データに何もない顧客の値で、「－」は未定義です。ない表は空の表とみなします。",
        ),
        "columns": ("特徴量", "意味", "種類", "単位", "対数", "空"),
        "from": "元の表",
        "count": "全{}項目",
        "yes": "あり",
        "no": "なし",
    },
}


def declared() -> str:
    """The text of expectations/snapshots.yaml."""
    told = [_column(name, kind, unit, level, needed, en, ja) for name, kind, unit, level, needed, en, ja in _MARKS]
    for one in features().values():
        needed = one.kind.empty is not None
        told.append(_column(one.name, one.type, one.unit, "internal", needed, one.en, one.ja))
    return _HEAD + "".join(told) + "expectations:\n" + "".join(_rule(one) for one in features().values())


def render(language: str) -> str:
    """The page of all features as Markdown in one language, "en" or "ja"."""
    words = _WORDS[language]
    total = words["count"].format(len(features()))
    parts = [f"# {words['title']}", words["intro"], "\n".join(f"- {rule}" for rule in words["rules"]), total]
    return "\n\n".join([*parts, *(_block(block, language) for block in blocks())]) + "\n"


def _block(block: Block, language: str) -> str:
    words = _WORDS[language]
    tables = ", ".join(
        f"[`{name}`](data-dictionary{'' if language == 'en' else '.ja'}.md#{name})" for name in block.tables
    )
    lines = [
        [f"`{one.name}`", getattr(one, language), getattr(one.kind, language), one.unit or "", _log(one, words), _empty(one, words)]
        for one in block.features
    ]  # fmt: skip
    return f"## {getattr(block, language)}\n\n{words['from']}: {tables}.\n\n{grid(words['columns'], lines)}"


def _log(one: Feature, words: dict) -> str:
    return words["yes"] if one.log else ""


def _empty(one: Feature, words: dict) -> str:
    empty = one.kind.empty
    return "–" if empty is None else words["no"] if empty is False else str(empty)


def _column(name: str, kind: str, unit: str | None, level: str, needed: bool, en: str, ja: str) -> str:
    lines = [f"  {name}:", f"    type: {kind}", f"    unit: {_text(unit)}", f"    sensitivity: {level}"]
    lines += ["    required: true"] if needed else []
    return "\n".join([*lines, f"    en: {_text(en)}", f"    ja: {_text(ja)}"]) + "\n"


def _rule(one: Feature) -> str:
    """The bounds of a feature, as an expectation; nothing for one without."""
    bounds = {"min_value": one.low, "max_value": one.high}
    told = "".join(f", {name}: {value}" for name, value in bounds.items() if value is not None)
    rule = f"  - type: expect_column_values_to_be_between\n    kwargs: {{column: {one.name}{told}}}\n"
    return f"{rule}    severity: block\n    reason: impossible_{one.name}\n" if told else ""


def _text(value: str | None) -> str:
    return "null" if value is None else json.dumps(value, ensure_ascii=False)
