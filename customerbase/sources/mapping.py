"""What a source system's files are and how their columns become canonical ones: pipelines/sources/<name>.yaml.

The format is documented in pipelines/sources/README.md. Reading is strict: a key, table, column or value that cannot
be is a ConfigError naming the file, the key path, the value and the near miss, before any raw file is opened.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

import yaml

from customerbase.errors import ConfigError, near_miss
from customerbase.sources import trial

FORMATS = ("csv", "tsv", "text", "excel", "parquet")
ENCODINGS = ("auto", "utf-8", "utf-8-sig", "cp932", "euc-jp")
RESERVED = ("_row", "_file", "_line", "_bad", "_errors", "_keep")
OWN_COLUMNS = ("source_system", "source_row_id")  # set by the intake, never mapped


@dataclass(frozen=True)
class TableMap:
    """How one canonical table is fed from the rows of a file.

    columns: canonical column -> headings, the first one present in the file counts; a name that begins with _ is a
    helper for the expressions, text, and stored nowhere. one_row_per: the table is derived,
    one row per key from the accepted rows of the file's first table; first, sum, min, max then hold SQL over the
    columns of that first table. optional: columns whose heading may be missing; tolerate: columns whose unreadable
    values become NULL with a warning in place of a quarantined row.
    """

    table: str
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    constants: dict[str, object] = field(default_factory=dict)
    values: dict[str, dict[str, object]] = field(default_factory=dict)
    patterns: dict[str, dict[str, object]] = field(default_factory=dict)
    expressions: dict[str, str] = field(default_factory=dict)
    one_row_per: tuple[str, ...] = ()
    first: dict[str, str] = field(default_factory=dict)
    sum: dict[str, str] = field(default_factory=dict)
    min: dict[str, str] = field(default_factory=dict)
    max: dict[str, str] = field(default_factory=dict)
    where: str | None = None
    optional: tuple[str, ...] = ()
    tolerate: tuple[str, ...] = ()

    @property
    def derived(self) -> bool:
        """Whether rows are collapsed (one_row_per) instead of taken one by one."""
        return bool(self.one_row_per)

    @property
    def aggregates(self) -> dict[str, tuple[str, str]]:
        """Canonical column -> (function, SQL over the first table's columns) of a derived table."""
        kinds = {"first": self.first, "sum": self.sum, "min": self.min, "max": self.max}
        return {column: (kind, text) for kind, columns in kinds.items() for column, text in columns.items()}

    @property
    def made(self) -> list[str]:
        """Every canonical column this map gives a value, in the order of the file."""
        return list(dict.fromkeys([*self.columns, *self.constants, *self.aggregates, *self.expressions]))


@dataclass(frozen=True)
class FileSpec:
    """One kind of file of a source system and the tables it feeds; the first table is where its rows are counted."""

    pattern: str
    tables: tuple[TableMap, ...]
    format: str = "csv"
    encoding: str = "auto"
    delimiter: str | None = None
    header: bool | tuple[str, ...] = True
    sheet: str | int | None = None
    optional: bool = False
    dates: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    overlap_by: str | None = None
    fallback_for: str | None = None

    @property
    def primary(self) -> TableMap:
        """The table where this file's rows are counted."""
        return self.tables[0]


@dataclass(frozen=True)
class Source:
    """One source system: its name in every table, and its files."""

    name: str
    path: Path
    system: str
    title: dict[str, str]
    files: tuple[FileSpec, ...]


def load_source(path: Path, schemas: Mapping) -> Source:
    """Read and check one file of pipelines/sources/.

    schemas: table name -> anything with `.kind` (only kind source can be mapped), `.columns` (name -> object with
    `.type`) and `.key` (columns).
    Raises ConfigError naming the file, the key path, the value and the near miss.
    """
    return _Reader(Path(path), {name: one for name, one in schemas.items() if one.kind == "source"}).source()


class _Reader:
    """Checks one YAML file key by key; `where` is the key path shown in errors."""

    def __init__(self, path: Path, schemas: Mapping):
        self.path, self.schemas = path, schemas

    def source(self) -> Source:
        try:
            content = yaml.safe_load(self.path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(f"{self.path}: cannot be read as YAML: {error}") from error
        self._keys(content, ("system", "title", "files"), "")
        system = self._text(content.get("system"), "system")
        if ":" in system:
            self._fail("system", system, "a name without ':' (it joins system and customer id)")
        title = self._mapping(content.get("title", {"en": system, "ja": system}), "title")
        files = tuple(
            self._file(item, f"files[{i}]") for i, item in enumerate(self._list(content.get("files"), "files"))
        )
        return Source(self.path.stem, self.path, system, {str(k): str(v) for k, v in title.items()}, files)

    def _file(self, item: object, where: str) -> FileSpec:
        self._keys(item, [f.name for f in fields(FileSpec)], where)
        given = dict(item)
        tables = self._mapping(given.pop("tables", None), f"{where}.tables")
        given["pattern"] = self._text(given.get("pattern"), f"{where}.pattern")
        if Path(given["pattern"]).is_absolute() or ".." in Path(given["pattern"]).parts:
            self._fail(f"{where}.pattern", given["pattern"], "a pattern below the data folder")
        for key, known in (("format", FORMATS), ("encoding", ENCODINGS)):
            if key in given and given[key] not in known:
                self._fail(f"{where}.{key}", given[key], f"one of {', '.join(known)}", known)
        for key in ("delimiter", "overlap_by", "fallback_for"):
            if given.get(key) is not None:
                self._text(given[key], f"{where}.{key}")
        for key in ("dates", "ignore"):
            given[key] = tuple(self._texts(given.get(key) or [], f"{where}.{key}"))
        given["header"] = self._header(given.get("header", True), f"{where}.header")
        if not isinstance(given.get("optional", False), bool):
            self._fail(f"{where}.optional", given["optional"], "true or false")
        if not isinstance(given.get("sheet"), str | int | None):
            self._fail(f"{where}.sheet", given["sheet"], "the name of a sheet, its index from 0, or '*' for all")
        maps = []
        for name, table in tables.items():
            maps.append(self._table(str(name), table, f"{where}.tables.{name}", maps[0] if maps else None))
        spec = FileSpec(tables=tuple(maps), **given)
        trial.dates(spec.dates, lambda value, what: self._fail(f"{where}.dates", value, what))
        return spec

    def _header(self, value: object, where: str) -> bool | tuple[str, ...]:
        return value if isinstance(value, bool) else tuple(self._texts(value, where))

    def _table(self, name: str, item: object, where: str, primary: TableMap | None) -> TableMap:
        if name not in self.schemas:
            self._fail(where, name, "a canonical table", self.schemas)
        item = self._mapping(item, where)
        self._keys(item, [f.name for f in fields(TableMap) if f.name != "table"], where)
        given: dict = {"table": name}
        for key, value in item.items():
            given[str(key)] = self._part(name, str(key), value, f"{where}.{key}")
        result = TableMap(**given)
        self._consistent(result, primary, where)
        trial.table(result, primary, self.schemas, lambda key, value, what: self._fail(f"{where}.{key}", value, what))
        return result

    def _part(self, table: str, key: str, value: object, where: str) -> object:
        if key == "where":
            return self._text(value, where)
        if key in ("one_row_per", "optional", "tolerate"):
            return tuple(self._column(table, column, where) for column in self._texts(value, where))
        entries = {self._column(table, column, where): entry for column, entry in self._mapping(value, where).items()}
        if key == "columns":
            return {column: self._headings(entry, f"{where}.{column}") for column, entry in entries.items()}
        if key in ("values", "patterns"):
            return {column: self._value_map(entry, f"{where}.{column}") for column, entry in entries.items()}
        if key == "constants":
            return entries
        return {column: self._text(entry, f"{where}.{column}") for column, entry in entries.items()}

    def _headings(self, value: object, where: str) -> tuple[str, ...]:
        return (
            (self._text(value, where),)
            if isinstance(value, str | int)
            else tuple(self._texts(self._list(value, where), where))
        )

    def _value_map(self, value: object, where: str) -> dict[str, object]:
        entries = self._mapping(value, where)
        for key in entries:
            if isinstance(key, bool) or key is None:
                self._fail(
                    where, key, "a text: YAML reads yes, no, on, off and null as something else, write it in quotes"
                )
        return {str(key): entry for key, entry in entries.items()}

    def _consistent(self, item: TableMap, primary: TableMap | None, where: str) -> None:
        """Rules between the parts of one table map, each with its own sentence."""
        for part in ("values", "patterns", "optional", "tolerate"):
            for column in getattr(item, part):
                if column not in item.columns:
                    self._fail(f"{where}.{part}", column, f"a column mapped in {where}.columns", item.columns)
        if primary is None and (item.derived or item.where):
            part = "one_row_per" if item.derived else "where"
            self._fail(where, part, "this only below the first table of a file, whose rows are all counted")
        if item.aggregates and not item.derived:
            self._fail(where, sorted(item.aggregates), "first, sum, min and max only together with one_row_per")
        for column in self.schemas[item.table].key:
            if column not in (*item.made, *OWN_COLUMNS):
                self._fail(
                    where, sorted(item.made), f"a value for {column!r}, which is part of the key of {item.table}"
                )
        for column in item.one_row_per:
            if column not in item.columns and column not in item.first:
                self._fail(f"{where}.one_row_per", column, "a column given in columns or first", item.columns)

    def _column(self, table: str, column: object, where: str) -> str:
        known = [name for name in self.schemas[table].columns if name not in OWN_COLUMNS]
        if re.fullmatch(r"_[a-z][a-z0-9_]*", str(column)) and column not in RESERVED:
            return str(column)
        if column not in known:
            self._fail(f"{where}.{column}", column, f"a column of {table}", known)
        return str(column)

    def _keys(self, item: object, known: Iterable[str], where: str) -> None:
        for key in self._mapping(item, where or "the file"):
            if key not in known:
                self._fail(f"{where}.{key}".lstrip("."), key, f"one of the keys {', '.join(known)}", known)

    def _mapping(self, value: object, where: str) -> dict:
        return value if isinstance(value, dict) and value else self._fail(where, value, "keys with values")

    def _list(self, value: object, where: str) -> list:
        return (
            value if isinstance(value, list) and value else self._fail(where, value, "a list with at least one entry")
        )

    def _texts(self, value: object, where: str) -> list[str]:
        if not isinstance(value, list):
            self._fail(where, value, "a list of texts")
        return [self._text(item, where) for item in value]

    def _text(self, value: object, where: str) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            self._fail(where, value, "a text")
        return str(value)

    def _fail(self, where: str, value: object, expected: str, options: Iterable[str] = ()):
        raise ConfigError(f"{self.path}: {where} is {value!r}; expected {expected}.{near_miss(str(value), options)}")
