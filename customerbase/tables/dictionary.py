"""The data dictionary in docs/, written from expectations/: the meaning of every table and column, in two languages."""

from pathlib import Path

from customerbase.tables.schema import SENSITIVITIES, Expectation, Schema, schemas

ROOT = Path(__file__).resolve().parents[2]
FILES = {"en": "docs/data-dictionary.md", "ja": "docs/data-dictionary.ja.md"}
_WORDS = {
    "en": {
        "title": "Data dictionary",
        "intro": "Written from `expectations/` by `make docs`; do not edit by hand.",
        "kinds": {
            "source": "Source tables: what 01_quality makes of the raw files",
            "analysis": "Analysis tables: what later stages write",
            "record": "Records: what a run writes about itself",
            "view": "Views: what pages show, made of the other tables",
        },
        "sensitivity": {word: word for word in SENSITIVITIES},
        "columns": ("Column", "Meaning", "Type", "Unit", "Sensitivity"),
        "rules": ("Severity", "Reason", "Column", "Expectation"),
        "key": "Key",
        "needed": "required",
        "table": "Table",
        "rows": "One row",
        "checks": "Expectations",
        "other": "日本語: [data-dictionary.ja.md](data-dictionary.ja.md)",
        "note": "Implied everywhere: key and required columns are filled, the key is unique, DOUBLE values are finite, "
        "and tables hold exactly the columns listed.",
    },
    "ja": {
        "title": "データ辞書",
        "intro": "`expectations/` から `make docs` で生成。手で編集しない。",
        "kinds": {
            "source": "元データの表（01_quality が生ファイルから作る）",
            "analysis": "分析の表（後続のステージが書く）",
            "record": "記録の表（実行そのものについて）",
            "view": "表示用の表（ほかの表から作り、画面に示すもの）",
        },
        "sensitivity": {"public": "公開", "internal": "社内", "pseudonym": "仮名ID", "contact": "連絡先・個人情報"},
        "columns": ("列", "意味", "型", "単位", "機微度"),
        "rules": ("重さ", "理由コード", "列", "検査"),
        "key": "主キー",
        "needed": "必須",
        "table": "表",
        "rows": "1行の単位",
        "checks": "検査項目",
        "other": "English: [data-dictionary.md](data-dictionary.md)",
        "note": "すべての表に共通: 主キーと必須列は空欄なし、主キーは重複なし、DOUBLE は有限の値、列は一覧のとおり。",
    },
}


def render(language: str) -> str:
    """The whole dictionary as Markdown in one language, "en" or "ja"."""
    words, tables = _WORDS[language], schemas()
    parts = [f"# {words['title']}", f"{words['intro']} {words['other']}", words["note"]]
    for kind, heading in words["kinds"].items():
        chosen = [one for one in tables.values() if one.kind == kind]
        lines = [[f"[{one.name}](#{one.name})", one.title[language], one.grain[language]] for one in chosen]
        parts += [f"## {heading}", grid([words["table"], "", words["rows"]], lines)]
        parts += [_table(one, language) for one in chosen]
    return "\n\n".join(parts) + "\n"


def write(root: Path = ROOT) -> None:
    """Write both languages into docs/."""
    for language, name in FILES.items():
        (root / name).write_text(render(language), encoding="utf-8")


def _table(one: Schema, language: str) -> str:
    words = _WORDS[language]
    lines = [
        [
            f"`{column.name}`",
            _meaning(column.en if language == "en" else column.ja, column.required, words),
            f"`{column.type}`",
            column.unit or "",
            words["sensitivity"][column.sensitivity],
        ]
        for column in one.columns.values()
    ]
    rules = [
        [each.severity, f"`{each.reason}`", f"`{each.column}`", _rule(each)]
        for each in one.expectations
        if not each.implied
    ]
    keys = ", ".join(f"`{name}`" for name in one.key)
    told = f" {words['key']}: {keys}." if keys else ""
    head = f"### {one.name}\n\n**{one.title[language]}** — {one.grain[language]}{told}"
    return "\n\n".join([head, grid(words["columns"], lines), *([grid(words["rules"], rules)] if rules else [])])


def _meaning(text: str, required: bool, words: dict) -> str:
    return f"{text} ({words['needed']})" if required else text


def _rule(each: Expectation) -> str:
    """The expectation as one line: type without its ceremony, and its keywords."""
    if "unexpected_rows_query" in each.kwargs:
        tables = ", ".join(f"`{name}`" for name in sorted(each.tables))
        return f"`{each.type}`{f' ({tables})' if tables else ''}"
    shown = {key: value for key, value in each.kwargs.items() if not key.startswith("column")}
    return f"`{each.type}`" + "".join(f" `{key}={_shown(value)}`" for key, value in shown.items())


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def grid(head, lines) -> str:
    """A Markdown table; a bar within a cell is escaped."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows)


if __name__ == "__main__":
    write()
