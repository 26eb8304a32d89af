"""The generated documents: each is rendered from the one place that knows, and checked for freshness."""

from pathlib import Path

from customerbase import kpi
from customerbase.tables import dictionary
from customerbase.tables.store import ROOT, replace


def rendered() -> dict[Path, str]:
    """Path and text of every generated document."""
    return {
        ROOT / "docs" / "data-dictionary.md": dictionary.render("en"),
        ROOT / "docs" / "data-dictionary.ja.md": dictionary.render("ja"),
        ROOT / "docs" / "glossary.md": kpi.glossary(),
    }


def write(*, check: bool = False) -> list[Path]:
    """Write the documents that are stale and name them; with `check`, only name them."""
    stale = [
        path for path, text in rendered().items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    if not check:
        for path in stale:
            replace(path, rendered()[path])
    return stale
