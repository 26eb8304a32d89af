"""Files that grow block by block and come out the same, byte for byte: CSV of any encoding, Parquet, xlsx."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

NEWLINE, BAD_BYTES = "\x1f", "\x1e"  # stand-ins while rendering: a line end inside a cell, bytes that mean nothing
BROKEN = {"cp932": b"\x81 ", "utf-8": b"\xff", "utf-8-sig": b"\xff"}
LINE_KINDS = {"blank_line": (1, 0), "duplicate_key": (0, 1), "newline_in_cell": (0, 1)}  # lines added before, after
_STYLE = pacsv.WriteOptions(include_header=False, quoting_style="needed")


class CsvFile:
    """One CSV file, every text cell quoted; remembers the line it has reached."""

    def __init__(self, path: Path, columns: Sequence[str], encoding: str, eol: str = "\r\n") -> None:
        self.path, self.encoding, self.eol = path, encoding, eol
        self.next = 2
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((",".join(f'"{column}"' for column in columns) + eol).encode(encoding))

    def append(self, table: pa.Table, plants: Sequence) -> np.ndarray:
        """Write the rows, with the defects of whole lines; returns the first line number of each row."""
        sink = pa.BufferOutputStream()
        if table.num_rows:  # Arrow writes whatever lay in its buffer for a chunk without rows
            pacsv.write_csv(table.combine_chunks(), sink, _STYLE)
        text = sink.getvalue().to_pybytes().decode()
        odd = [plant for plant in plants if plant.line]
        text = self._bent(text, odd) if odd else text.replace("\n", self.eol)
        data = text.replace(NEWLINE, "\n").encode(self.encoding.replace("-sig", ""))
        with self.path.open("ab") as file:
            file.write(data.replace(BAD_BYTES.encode(), BROKEN[self.encoding]))
        return self._number(table.num_rows, plants)

    def _bent(self, text: str, plants: Sequence) -> str:
        lines = [line + self.eol for line in text.split("\n")[:-1]]
        for plant in plants:
            line = lines[plant.row].removesuffix(self.eol)
            lines[plant.row] = plant.line(line, self.eol)
        return "".join(lines)

    def _number(self, rows: int, plants: Sequence) -> np.ndarray:
        before, after = np.zeros(rows + 1, dtype=np.int64), np.zeros(rows + 1, dtype=np.int64)
        for plant in plants:
            first, last = LINE_KINDS.get(plant.kind, (0, 0))
            before[plant.row] += first
            after[plant.row + 1] += last
        start = self.next + np.arange(rows + 1) + np.cumsum(before + after)
        self.next = int(start[-1])
        return start[:-1]


class ParquetFile:
    """One Parquet file with a row group per block."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.next = 1
        self.writer = pq.ParquetWriter(path, schema, compression="zstd", store_schema=False)

    def append(self, table: pa.Table, plants: Sequence = ()) -> np.ndarray:
        """Write the rows; returns their numbers as the intake counts them (from 1)."""
        self.writer.write_table(table)
        lines = self.next + np.arange(table.num_rows)
        self.next += table.num_rows
        return lines

    def close(self) -> None:
        """Write the footer."""
        self.writer.close()


class XlsxFile:
    """One workbook of one sheet, texts and numbers only, held in memory until it is closed; no clock in it."""

    def __init__(self, path: Path, columns: Sequence[str], sheet: str) -> None:
        self.path, self.sheet, self.rows, self.next = path, sheet, [list(columns)], 2
        path.parent.mkdir(parents=True, exist_ok=True)

    def append(self, table: pa.Table, plants: Sequence = ()) -> np.ndarray:
        """Keep the rows; returns their row numbers in the sheet."""
        lines = np.arange(table.num_rows) + self.next
        self.rows += [list(row) for row in zip(*[column.to_pylist() for column in table.columns], strict=True)]
        self.next += table.num_rows
        return lines

    def close(self) -> None:
        """Write the workbook."""
        with zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in self._parts().items():
                info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, text.encode())

    def _parts(self) -> dict[str, str]:
        office = "http://schemas.openxmlformats.org"
        head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        main, rel = f"{office}/spreadsheetml/2006/main", f"{office}/officeDocument/2006/relationships"
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        types = (
            f'<Types xmlns="{office}/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>'
        )
        links = '<Relationships xmlns="{0}/package/2006/relationships"><Relationship Id="rId1" Type="{1}/{2}" Target="{3}"/>'
        links += "</Relationships>"
        book = (
            f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets>'
            f'<sheet name="{escape(self.sheet)}" sheetId="1" r:id="rId1"/></sheets></workbook>'
        )
        return {
            "[Content_Types].xml": head + types,
            "_rels/.rels": head + links.format(office, rel, "officeDocument", "xl/workbook.xml"),
            "xl/workbook.xml": head + book,
            "xl/_rels/workbook.xml.rels": head + links.format(office, rel, "worksheet", "worksheets/sheet1.xml"),
            "xl/worksheets/sheet1.xml": f'{head}<worksheet xmlns="{main}"><sheetData>{self._cells()}</sheetData></worksheet>',
        }

    def _cells(self) -> str:
        rows = []
        for number, row in enumerate(self.rows, 1):
            cells = "".join(_cell(f"{_letters(place)}{number}", value) for place, value in enumerate(row))
            rows.append(f'<row r="{number}">{cells}</row>')
        return "".join(rows)


def _letters(place: int) -> str:
    return chr(65 + place) if place < 26 else _letters(place // 26 - 1) + chr(65 + place % 26)


def _cell(where: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return f'<c r="{where}"><v>{value}</v></c>'
    return f'<c r="{where}" t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'
