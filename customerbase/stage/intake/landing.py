"""Raw files -> bronze -> mapped rows: finds the files of all sources, reads them and gives every cell its type."""

from dataclasses import dataclass
from pathlib import Path

from customerbase.engine import identifier, literal
from customerbase.sources import casts, files, raw, rows
from customerbase.sources.mapping import FileSpec, Source, TableMap
from customerbase.sources.readers import Bronze, read_bronze
from customerbase.stage.intake.workspace import Workspace

Types = dict[str, dict[str, str]]  # table -> column -> SQL type


@dataclass(frozen=True)
class Part:
    """One kind of file of one source: its files as read, and the view of their mapped rows."""

    number: int
    source: Source
    spec: FileSpec
    files: list[raw.RawFile]

    @property
    def mapped(self) -> str:
        """The view of the mapped rows."""
        return f"_mapped_{self.number}"


class Landing:
    """All raw files of a run in the workspace: `parts`, the table _files, and `notes` worth a reader's eye."""

    def __init__(self, space: Workspace, sources: list[Source], data: Path, types: Types):
        self.space, self.types = space, types
        self.parts: list[Part] = []
        self.notes: list[str] = []
        space.empty(
            "_files",
            "number bigint, source_system varchar, file varchar, table_name varchar, encoding varchar,"
            " rows_read bigint, sha256 varchar",
        )
        for name, sign in (("row_file", "//"), ("row_line", "%")):
            space.run(f"create or replace macro {name}(place) as place {sign} {raw.LINES}")
        self._read([(source, *pair) for source in sources for pair in files.find(source, data)])
        for part in self.parts:
            self._map(part)

    def _read(self, found: list[tuple[Source, FileSpec, list[files.Found]]]) -> None:
        files.once(one for _, _, several in found for one in several)
        count = 0
        for source, spec, several in found:
            part = Part(len(self.parts), source, spec, [])
            self.parts.append(part)
            for one in several:
                bronze = self._bronze(spec, one, count)
                part.files.append(raw.RawFile(count, one.file, str(bronze.parquet), tuple(bronze.columns)))
                self._list(part, part.files[-1], bronze)
                count += 1

    def _bronze(self, spec: FileSpec, one: files.Found, number: int) -> Bronze:
        header = spec.header if isinstance(spec.header, bool) else list(spec.header)
        options = {"format": spec.format, "encoding": spec.encoding, "delimiter": spec.delimiter, "header": header}
        return read_bronze(
            one.path, self.space.folder / f"bronze_{number}.parquet", **options, sheet=one.sheet, file=one.file
        )

    def _list(self, part: Part, one: raw.RawFile, bronze: Bronze) -> None:
        unused = raw.unmapped(part.spec, one)
        self.notes += [f"{one.file}: {note}" for note in bronze.notes]
        self.notes += [f"{one.file}: not used: {', '.join(unused)}"] if unused else []
        place = [one.number, part.source.system, one.file, part.spec.primary.table]
        self.space.run(f"insert into _files values {literal([*place, bronze.encoding, bronze.rows, bronze.sha256])}")

    def _map(self, part: Part) -> None:
        overlaps = None
        if part.spec.overlap_by:
            overlaps = f"_overlap_{part.number}"
            self.space.table(overlaps, raw.overlap_sql(part.spec, part.files))
        self.space.store(part.mapped, rows.mapped_sql(part.spec, part.files, self.types, self._parse(part), overlaps))

    def _parse(self, part: Part) -> dict[tuple[str, str], str]:
        """Read what the fast path could not, once per distinct spelling; (cell, kind) -> table of results."""
        doubtful = raw.doubtful(part.spec, self.types)
        if not doubtful:
            return {}
        cells = f"from ({raw.raw_sql(part.spec, part.files)}) where _bad is null"
        counts = ", ".join(f"count(*) filter (where {missed})" for missed in doubtful.values())
        found = self.space.connection.execute(f"select {counts} {cells}").fetchall()[0]
        parsed = {}
        for ((slot, how), missed), count in zip(doubtful.items(), found, strict=True):
            if count:
                name = parsed[slot, how] = f"_parsed_{part.number}_{slot}_{how}"
                texts = f"select distinct {slot} {cells} and {missed}"
                casts.parse_distinct(self.space.connection, texts, name, how, part.spec.dates)
        return parsed


def incoming_sql(part: Part, item: TableMap, types: dict[str, str], derived: str | None = None) -> str:
    """One part's rows of a table: every declared column, in the declared order and type, with _row and _errors.

    derived: the view of collapsed rows, for a table with one_row_per; None gives no row when the table is derived.
    """
    if item.derived and derived is None:
        return empty_sql(types)
    prefix, errors, keep = "", "cast([] as varchar[])", ""
    if not item.derived:
        prefix, errors = f"{item.table}.", f"m.{identifier(item.table + '._errors')}"
        keep = f"where m._bad is null and m.{identifier(item.table + '._keep')}"
    fixed = {"source_system": literal(part.source.system), "source_row_id": "f.file || ':' || row_line(m._row)"}
    made = {c: f"m.{identifier(prefix + c)}" for c in item.made} | fixed
    select = [f"cast({made.get(c, 'null')} as {kind}) as {identifier(c)}" for c, kind in types.items()]
    return (
        f"select {', '.join(select)}, m._row, {errors} as _errors from {derived or part.mapped} as m"
        f" inner join _files as f on f.number = row_file(m._row) {keep}"
    )


def empty_sql(types: dict[str, str]) -> str:
    """No row, with the columns of incoming_sql."""
    select = [f"cast(null as {kind}) as {identifier(column)}" for column, kind in types.items()]
    return f"select {', '.join(select)}, cast(null as bigint) as _row, cast([] as varchar[]) as _errors where false"
