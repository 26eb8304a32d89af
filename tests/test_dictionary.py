import pytest

from customerbase.tables.dictionary import FILES, ROOT, render, write
from customerbase.tables.schema import schemas


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_dictionary_in_docs_is_what_expectations_say(language):
    there = (ROOT / FILES[language]).read_text(encoding="utf-8")
    assert there == render(language), "stale: run `python -m customerbase.tables.dictionary`"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_table_and_column_is_explained(language):
    text = render(language)
    for name, one in schemas().items():
        part = text.split(f"\n### {name}\n")[1].split("\n#")[0]
        assert one.title[language] in part and one.grain[language] in part
        for column in one.columns.values():
            (line,) = [line for line in part.splitlines() if line.startswith(f"| `{column.name}` |")]
            assert getattr(column, language) in line and f"`{column.type}`" in line


def test_tables_stay_tables_whatever_a_cell_says():
    lines = [line for line in render("en").splitlines() if line.startswith("|")]
    widths = {len(line.replace("\\|", "").split("|")) for line in lines}
    assert widths == {5, 6, 7}
    assert "<" not in render("en") and "<" not in render("ja")


def test_writing_puts_both_languages_in_docs(tmp_path):
    (tmp_path / "docs").mkdir()
    write(tmp_path)
    assert (tmp_path / "docs/data-dictionary.ja.md").read_text(encoding="utf-8").startswith("# データ辞書\n")
    assert (tmp_path / "docs/data-dictionary.md").read_text(encoding="utf-8").startswith("# Data dictionary\n")
