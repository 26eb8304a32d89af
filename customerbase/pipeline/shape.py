"""The shape of a notebook: a page that can be read from top to bottom, without outputs and without definitions."""

import json
import re
from pathlib import Path

LINES_A_NOTEBOOK, LINES_A_CELL = 80, 15
LINES_A_CONTRACT = 30  # a list of tables is long where a page reads many, and no harder to follow for it
_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def faults(path: Path) -> list[str]:
    """What is out of shape in one notebook, a sentence each; an empty list when it is well."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    text = [cell for cell in cells if cell["cell_type"] == "markdown"]
    sizes = [_lines(cell) for cell in code]
    found = [
        f"{path.name}: cell {_first(cell)!r} holds outputs; run `nbstripout` or clear them"
        for cell in code
        if _ran(cell)
    ]
    found += [
        f"{path.name}: cell {_first(cell)!r} has {n} lines, at most {_most(cell)}"
        for cell, n in zip(code, sizes, strict=True)
        if n > _most(cell)
    ]
    if sum(sizes) > LINES_A_NOTEBOOK:
        found.append(f"{path.name}: {sum(sizes)} lines of code, at most {LINES_A_NOTEBOOK}")
    found += [
        f"{path.name}: cell {_first(cell)!r} defines a function or class; they live in the package"
        for cell in code
        if _defines(cell)
    ]
    if not cells or cells[0]["cell_type"] != "markdown" or not "".join(cells[0]["source"]).startswith("# "):
        found.append(f"{path.name}: the first cell is not a title (# …)")
    found += [
        f"{path.name}: text {_first(cell)!r} is in one language only"
        for cell in text
        if not _JAPANESE.search("".join(cell["source"]))
    ]
    if len(text) * 2 < len(code):
        found.append(f"{path.name}: {len(text)} cells of text for {len(code)} of code; a page is narrated")
    return found


def _ran(cell: dict) -> bool:
    return bool(cell.get("outputs")) or cell.get("execution_count") is not None


def _lines(cell: dict) -> int:
    return sum(1 for line in "".join(cell["source"]).splitlines() if line.strip())


def _most(cell: dict) -> int:
    return LINES_A_CONTRACT if "contract" in cell["metadata"].get("tags", []) else LINES_A_CELL


def _first(cell: dict) -> str:
    return next(iter("".join(cell["source"]).splitlines()), "")[:50]


def _defines(cell: dict) -> bool:
    return any(re.match(r"\s*(async\s+)?(def|class)\s", line) for line in "".join(cell["source"]).splitlines())
