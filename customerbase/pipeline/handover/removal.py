"""Who is to be removed at the platform: what was handed over last and is not handed over now.

Nothing is kept for this beside the files of the exports themselves, which are read back until their retention date. So
whoever was erased, opted out or left the audience is removed by the very form in which the platform knows them, and
that form goes nowhere it has not been.
"""

import hashlib
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from customerbase.audiences.gate import cells
from customerbase.audiences.platforms import Listing
from customerbase.engine import Engine, identifier
from customerbase.errors import InputError
from customerbase.pipeline.handover.seal import SUFFIX, opened
from customerbase.pipeline.handover.writing import LIST, Form
from customerbase.tables import store

EMPTY = pa.schema([("cell", pa.string()), ("value", pa.string())])


def folder_of(entry: dict) -> Path:
    """Where the files of an entry of the register stand."""
    return store.report_folder(entry["pipeline"], entry["month"]) / "audiences" / entry["id"]


def held_before(past: list[dict], listing: Listing, key: bytes | None) -> pa.Table | None:
    """What the platform holds of an audience by the register: column (as remove_by) and value; None where files are gone.

    past: entries of this audience, platform and list, oldest first. Counted from the last export with a list, less
    what later ones (too small for a list) removed. Raises InputError for a sealed file without its key, or one changed.
    """
    last = max((n for n, one in enumerate(past) if any(file["kind"] == LIST for file in one["files"])), default=None)
    if last is None:
        return EMPTY.empty_table()
    tables: dict[str, list[pa.Table]] = {"list": [], "removal": []}
    for one in past[last:]:
        for file in one["files"]:
            if file["kind"] != LIST and one is past[last]:
                continue
            path = folder_of(one) / file["name"]
            if not path.is_file():
                return None
            tables[file["kind"]].append(
                _identifiers(_content(path, file, key), Form(**one["form"]), _as_written(one, listing))
            )
    return _minus(pa.concat_tables(tables["list"]), pa.concat_tables([EMPTY.empty_table(), *tables["removal"]]))


def _as_written(entry: dict, listing: Listing) -> Listing:
    """The list with the columns that its file has."""
    return listing.with_offers() if entry.get("offers") else listing


def _content(path: Path, file: dict, key: bytes | None) -> bytes:
    content = path.read_bytes()
    if path.name.endswith(SUFFIX):
        if key is None:
            raise InputError(f"{path.name} of the last export is sealed; give the key it was sealed with (--key-file).")
        content = opened(content, key, path.name)
    if hashlib.sha256(content).hexdigest() != file["sha256"]:
        raise InputError(f"{path} is not the file that the register names; it was changed.")
    return content


def _identifiers(content: bytes, form: Form, listing: Listing) -> pa.Table:
    names = cells(listing)
    rows = _workbook(content, names) if form.format == "xlsx" else _text(content, names, form)
    found = [EMPTY.empty_table()]
    for name in listing.remove_by:
        for n in range(1, listing.columns[name].take + 1):
            values = rows[f"{name}_{n}"]
            values = values.filter(pc.not_equal(values, ""))
            found.append(pa.table({"cell": pa.array([name] * len(values), pa.string()), "value": values}))
    return pa.concat_tables(found)


def _text(content: bytes, names: list[str], form: Form) -> pa.Table:
    text = content.decode("utf-8-sig" if form.bom else form.encoding).encode()
    read = pyarrow.csv.ReadOptions(column_names=names, skip_rows=1 if form.header else 0)
    kinds = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    parse = pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False)
    return pyarrow.csv.read_csv(io.BytesIO(text), read, parse, kinds)


def _workbook(content: bytes, names: list[str]) -> pa.Table:
    import python_calamine

    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    rows = sheet.to_python(skip_empty_area=False)[1:]
    width = len(names)
    columns = zip(*([*map(str, row), *[""] * (width - len(row))] for row in rows), strict=True)
    return pa.table({name: pa.array(list(column), pa.string()) for name, column in zip(names, columns, strict=True)})


def _minus(held: pa.Table, gone: pa.Table) -> pa.Table:
    db = Engine()
    db.register("held", held)
    db.register("gone", gone)
    return db.query("select distinct cell, value from held except select cell, value from gone").to_arrow_table()


def make(db: Engine, before: pa.Table, listing: Listing, *, table: str) -> int:
    """Make `removal` with the cells of the file: an identifier a row that the platform holds and `table` does not.

    One identifier a row: of somebody whose telephone changed the old number alone goes, and the e-mail address stays.
    """
    db.register("held_before", before)
    now = [
        f"select '{name}' as cell, {identifier(f'{name}_{n}')} as value from {table}"
        for name in listing.remove_by
        for n in range(1, listing.columns[name].take + 1)
    ]
    shown = ", ".join(
        f"case when cell = '{one.rpartition('_')[0]}' then value end as {identifier(one)}"
        if one.endswith("_1") and one.rpartition("_")[0] in listing.remove_by
        else f"cast(null as varchar) as {identifier(one)}"
        for one in cells(listing)
    )
    db.connection.execute(f"""create or replace temp table removal as
        select {shown} from held_before as held
        anti join ({" union all ".join(now)}) as now on now.cell = held.cell and now.value = held.value
        order by cell, value""")
    return db.connection.execute("select count(*) from removal").fetchall()[0][0]
