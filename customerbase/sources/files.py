"""Which raw files a run reads: the declared patterns, looked up below the data folder, in one fixed order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from python_calamine import CalamineWorkbook

from customerbase.errors import InputError, near_miss
from customerbase.sources.mapping import FileSpec, Source

SHOWN = 20  # names listed when nothing matches


@dataclass(frozen=True)
class Found:
    """One raw file (or one sheet of a workbook) with its name below the data folder."""

    path: Path
    file: str
    sheet: str | int | None = None


def find(source: Source, data: Path) -> list[tuple[FileSpec, list[Found]]]:
    """The files of one source: (kind of file, files sorted by name) in the order of the YAML; kinds without files left out.

    Raises InputError naming the pattern, the folder and what is there when a required kind has none.
    """
    if not data.is_dir():
        raise InputError(f"the data folder {data} does not exist; `data:` of the pipeline or DATA= names it.")
    matches = {
        spec.pattern: sorted(path for path in data.glob(spec.pattern) if path.is_file()) for spec in source.files
    }
    spared = {spec.fallback_for for spec in source.files if spec.fallback_for and matches[spec.pattern]}
    found = []
    for spec in source.files:
        paths = matches[spec.pattern]
        if spec.fallback_for:
            paths = [] if any(data.glob(spec.fallback_for)) else paths
        elif not paths and not spec.optional and spec.pattern not in spared:
            raise InputError(_nothing(source, spec, data))
        if paths:
            found.append((spec, [one for path in paths for one in _sheets(path, spec, data)]))
    return found


def once(found: Iterable[Found]) -> None:
    """Refuse a file that two patterns of a run would read: its rows would count twice."""
    seen: set[str] = set()
    for one in found:
        if one.file in seen:
            raise InputError(f"{one.file}: two patterns of this run match it; its rows would count twice. Narrow one.")
        seen.add(one.file)


def _sheets(path: Path, spec: FileSpec, data: Path) -> Iterator[Found]:
    name = path.relative_to(data).as_posix()
    if spec.sheet is None:
        yield Found(path, name)
    elif spec.sheet == "*":
        for sheet in CalamineWorkbook.from_path(path).sheet_names:
            yield Found(path, f"{name}#{sheet}", sheet)
    else:
        yield Found(path, f"{name}#{spec.sheet}", spec.sheet)


def _nothing(source: Source, spec: FileSpec, data: Path) -> str:
    there = sorted(path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file())
    listed = ", ".join(there[:SHOWN]) + (f" and {len(there) - SHOWN:,} more" if len(there) > SHOWN else "")
    return (
        f"no file matches {spec.pattern!r} (source {source.name}) in {data}.{near_miss(spec.pattern, there)}"
        f" There is: {listed or 'nothing'}."
    )
