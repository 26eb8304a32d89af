"""The generated documents: each is rendered from the one place that knows, and checked for freshness."""

import json
import re
from pathlib import Path

from customerbase import kpi, segments
from customerbase.audiences.platforms.page import with_rules
from customerbase.pipeline.contracts import read_contracts
from customerbase.tables import dictionary, schemas, snapshots
from customerbase.tables.store import ROOT, replace

GLOSSARY = ROOT / "docs" / "glossary.md"
FILES = ROOT / "docs" / "audience-files.md"


def rendered() -> dict[Path, str]:
    """Path and text of every generated document."""
    return {
        **{ROOT / name: snapshots.render(language) for language, name in snapshots.FILES.items()},
        ROOT / "docs" / "data-dictionary.md": dictionary.render("en"),
        ROOT / "docs" / "data-dictionary.ja.md": dictionary.render("ja"),
        ROOT / "docs" / "kpis.md": kpi.document(),
        ROOT / "pipelines" / "schedules" / "stages.json": stages(),
        FILES: with_rules(FILES.read_text(encoding="utf-8")),
        GLOSSARY: glossary(GLOSSARY.read_text(encoding="utf-8")),
    }


def stages() -> str:
    """Stage -> the stages it reads from, as the notebooks' contracts say: for schedulers that have nothing of ours."""
    contracts = read_contracts(ROOT / "notebooks")
    reads = {one.name: [up.name for up in contracts if set(up.writes) & set(one.reads)] for one in contracts}
    return json.dumps(reads, indent=1) + "\n"


def glossary(page: str) -> str:
    """The glossary with its rows of KPIs and segments as the registry says, the rows written by hand untouched."""
    generated = kpi.glossary() + segments.glossary()
    codes = {re.search(r"\(`\w+`\)", row)[0] for row in generated}
    lines = page.splitlines()
    ours = [number for number, line in enumerate(lines) if any(code in line for code in codes)]
    start = ours[0] if ours else len(lines)
    kept = [line for number, line in enumerate(lines) if number not in ours]
    return "\n".join([*kept[:start], *generated, *kept[start:]]) + "\n"


def write(*, check: bool = False) -> list[Path]:
    """Write the documents that are stale and name them; with `check`, only name them."""
    declared = ROOT / snapshots.EXPECTATIONS
    if not check and (not declared.is_file() or declared.read_text(encoding="utf-8") != snapshots.declared()):
        replace(declared, snapshots.declared())
        schemas.cache_clear()  # the dictionary tells of the table as it is now
    texts = {declared: snapshots.declared()} | rendered()
    stale = [path for path, text in texts.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    if not check:
        for path in stale:
            replace(path, texts[path])
    return stale
