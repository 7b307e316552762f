"""Rows of a CSV, a workbook or a Parquet file, read with the guards an untrusted file needs."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import hashlib
import io
import struct
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.scenario.language.validate import nearest
from twin.scenario.tables.cells import Cell

MAX_BYTES = 100_000_000
MAX_ROWS = 1_000_000
MAX_COLUMNS = 500
MAX_CELLS = 10_000_000
#: A workbook is a zip of XML; this bounds what it may unfold to.
MAX_UNZIPPED_BYTES = 200_000_000
_MAX_MEMBERS = 2_000
_MAX_RATIO = 200
_TYPE_WORDS = (b"<!doctype", b"<!entity")
#: What openpyxl raises on damaged workbooks beside its own errors.
_WORKBOOK_SLIPS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    SyntaxError,
    EOFError,
    OverflowError,
    NotImplementedError,
    AssertionError,
    RuntimeError,
)


#: What Arrow raises on damaged Parquet files beside its own errors.
_PARQUET_SLIPS = (OSError, ValueError, OverflowError, MemoryError, LookupError, TypeError, AttributeError)


class SheetError(Exception):
    """A file cannot be read as a table."""

    def __init__(self, what: str, mend: str = "", row: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend
        self.row = row


@dataclass(frozen=True)
class Sheet:
    """Rows as they stand in the file; row 1 is ``rows[0]``.

    Attributes
    ----------
    name
        Sheet of a workbook; empty for other files.
    encoding
        Encoding of a CSV; empty for other files.
    sha256
        Of the file's bytes.
    """

    rows: list[list[Cell]]
    name: str
    encoding: str
    sha256: str


def read_sheet(path: Path, sheet: str | None, encoding: str) -> Sheet:
    """Read a CSV (``.csv .tsv .txt``), a workbook (``.xlsx .xlsm``) or a ``.parquet`` file.

    Parameters
    ----------
    path
        A file the scenario may read.
    sheet
        Sheet of a workbook; may be left out if there is one.
    encoding
        ``detect``, ``utf-8`` or ``cp932``.

    Raises
    ------
    SheetError
        If the file is too large, damaged or of another kind.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SheetError(f"the file is larger than {MAX_BYTES // 1_000_000} MB", "keep the rows that are needed")
        data = path.read_bytes()
    except OSError as fault:
        raise SheetError(f"the file cannot be read: {fault.strerror or fault}") from fault
    digest = hashlib.sha256(data).hexdigest()
    suffix = path.suffix.lower()
    if suffix in (".xlsx", ".xlsm"):
        rows, name = _workbook_rows(data, sheet)
        return Sheet(rows, name, "", digest)
    if suffix in (".csv", ".tsv", ".txt", ".parquet") and sheet is not None:
        kind = "a Parquet file" if suffix == ".parquet" else "a CSV"
        raise SheetError(f"{kind} has no sheets", "remove sheet:")
    if suffix in (".csv", ".tsv", ".txt"):
        return sheet_of_csv(data, encoding)
    if suffix == ".parquet":
        return Sheet(_parquet_rows(data), "", "", digest)
    mend = "save it as .xlsx in Excel" if suffix == ".xls" else "give a .csv, .xlsx or .parquet file"
    raise SheetError(f"a file of kind {suffix or path.name!r} is no table", mend)


def sheet_of_csv(data: bytes, encoding: str) -> Sheet:
    """Rows of the bytes of a CSV; arguments and errors as of :func:`read_sheet`."""
    text, used = decoded(data, encoding)
    return Sheet(_csv_rows(text), "", used, hashlib.sha256(data).hexdigest())


def decoded(data: bytes, encoding: str) -> tuple[str, str]:
    """Text of a CSV and the encoding it was read with."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SheetError("the file is UTF-16", "save it as CSV UTF-8")
    if data.startswith(codecs.BOM_UTF8) and encoding != "cp932":
        encoding = "utf-8"
    tried = ["utf-8", "cp932"] if encoding == "detect" else [encoding]
    for name in tried:
        try:
            return data.decode("utf-8-sig" if name == "utf-8" else name), name
        except UnicodeDecodeError as fault:
            row = data.count(b"\n", 0, fault.start) + 1
            wrong = f"byte 0x{data[fault.start]:02x}"
    other = " Write encoding: detect." if encoding != "detect" else ""
    raise SheetError(f"the file is not {' or '.join(tried)} text: {wrong}", f"save it as CSV UTF-8.{other}", row)


def _csv_rows(text: str) -> list[list[Cell]]:
    # Title lines hold no separator at all; the first 20 lines decide.
    head = "\n".join(text.splitlines()[:20])
    delimiter = max(",\t;", key=head.count)
    rows: list[list[Cell]] = []
    cells = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            cells += len(row)
            _refuse_size(len(rows) + 1, len(row), cells)
            rows.append(list(row))
    except csv.Error as fault:
        raise SheetError(f"the CSV is damaged: {fault}", "check the quotes in this row", len(rows) + 1) from fault
    return rows


def _refuse_size(rows: int, columns: int, cells: int) -> None:
    if rows > MAX_ROWS:
        raise SheetError(f"the table has more than {MAX_ROWS} rows", "sum it up by hour or zone")
    if columns > MAX_COLUMNS:
        raise SheetError(f"the table has more than {MAX_COLUMNS} columns", "keep the columns that are needed", rows)
    if cells > MAX_CELLS:
        raise SheetError(f"the table has more than {MAX_CELLS} cells", "keep the columns that are needed")


def _parquet_rows(data: bytes) -> list[list[Cell]]:
    """Headings, then the rows; a number that is not one is a gap."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        source = pa.BufferReader(data)
        schema = pq.read_schema(source)
        words = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
        source.seek(0)
        # Words stay in a dictionary: a short file may say one long word a million times.
        file = pq.ParquetFile(source, read_dictionary=words, pre_buffer=False)
        size = file.metadata
        _refuse_size(size.num_rows + 1, size.num_columns, (size.num_rows + 1) * size.num_columns)
        if any(pa.types.is_nested(field.type) for field in schema):
            nested = next(field for field in schema if pa.types.is_nested(field.type))
            raise SheetError(f"column {nested.name!r} holds {nested.type}", "give plain numbers, words or times")
        columns = [_parquet_column(column) for column in file.read(use_threads=False).columns]
    except (pa.ArrowException, *_PARQUET_SLIPS) as fault:
        said = (str(fault).splitlines() or [""])[0][:120] or type(fault).__name__
        raise SheetError(f"the Parquet file is damaged or none: {said}", "write it anew") from fault
    return [list(schema.names), *(list(row) for row in zip(*columns, strict=True))]


def _parquet_column(column: Any) -> list[Cell]:
    import pyarrow as pa

    out: list[Cell] = []
    for chunk in column.chunks:
        if pa.types.is_dictionary(chunk.type):
            known = [*chunk.dictionary.to_pylist(), None]
            indices = [len(known) - 1 if index is None else index for index in chunk.indices.to_pylist()]
            # A flipped bit in the index of a word points beyond the words, or before them.
            if any(not 0 <= index < len(known) for index in indices):
                raise ValueError("a word of a column is not among its words")
            out += [known[index] for index in indices]
        elif pa.types.is_timestamp(chunk.type):
            # By UTC: the name of a zone may be any text, and only the moment is needed.
            zone = "UTC" if chunk.type.tz is not None else None
            out += chunk.cast(pa.timestamp("us", zone), safe=chunk.type.unit != "ns").to_pylist()
        else:
            out += chunk.to_pylist()
    plain = (str, int, float, bool, dt.date, dt.time, dt.timedelta)
    for value in out:
        if value is not None and not isinstance(value, plain):
            raise SheetError(f"a column holds {type(value).__name__}", "give plain numbers, words or times")
    return [None if isinstance(value, float) and value != value else value for value in out]


def _refuse_bomb(data: bytes) -> None:
    """Refuse a zip that unfolds beyond reason, and XML that declares entities."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        unzipped = sum(member.file_size for member in members)
        if len(members) > _MAX_MEMBERS or unzipped > MAX_UNZIPPED_BYTES or unzipped > _MAX_RATIO * len(data) + 10**6:
            raise SheetError(
                f"the workbook unfolds to {unzipped / 1e6:.0f} MB from {len(data) / 1e6:.2f} MB",
                "save the sheet that is needed as CSV UTF-8",
            )
        for member in members:
            if _declares_entities(archive, member):
                raise SheetError("the workbook holds a document type declaration", "save it anew in Excel")


def _declares_entities(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Whether a part of a workbook declares a document type, however late in it and in UTF-8 or UTF-16."""
    with archive.open(member) as stream:
        rest = b""
        while block := stream.read(1 << 20):
            # In UTF-16 and UTF-32 ASCII letters stand between zeros.
            text = rest + block.replace(b"\0", b"").lower()
            if not rest and not text.lstrip(b" \t\r\n\xef\xbb\xbf\xff\xfe").startswith(b"<"):
                return False  # a picture, no XML; a parser stops here too
            if any(word in text for word in _TYPE_WORDS):
                return True
            rest = text[-16:]
    return False


def _workbook_rows(data: bytes, sheet: str | None) -> tuple[list[list[Cell]], str]:
    from openpyxl import load_workbook

    try:
        _refuse_bomb(data)
        with warnings.catch_warnings():
            # openpyxl warns of styles and extensions it skips; they hold no data.
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            try:
                chosen = _chosen_sheet(book, sheet)
                return _sheet_rows(book[chosen]), chosen
            finally:
                book.close()
    except _WORKBOOK_SLIPS as fault:
        said = (str(fault).splitlines() or [""])[0][:120] or type(fault).__name__
        raise SheetError(f"the workbook is damaged or no .xlsx: {said}", "open it in Excel and save it anew") from fault


def _chosen_sheet(book: Any, sheet: str | None) -> str:
    names: list[str] = [s.title for s in book.worksheets]
    if sheet in names:
        return str(sheet)
    listed = ", ".join(names[:20])
    if sheet is not None:
        raise SheetError(f"there is no sheet {sheet!r}", f"{nearest(sheet, names)}")
    if len(names) != 1:
        raise SheetError(f"the workbook has {len(names)} sheets: {listed}", "name one with sheet:")
    return names[0]


def _sheet_rows(worksheet: Any) -> list[list[Cell]]:
    # The size a file declares may be a lie in both directions.
    worksheet.reset_dimensions()
    rows: list[list[Cell]] = []
    cells = 0
    for row in worksheet.iter_rows(max_row=MAX_ROWS + 1):
        values = [_value(cell) for cell in row]
        while values and values[-1] is None:
            values.pop()
        cells += len(values)
        _refuse_size(len(rows) + 1, len(values), cells)
        rows.append(values)
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _value(cell: Any) -> Cell:
    value: Cell = cell.value
    if isinstance(value, float) and "%" in (cell.number_format or ""):
        # Shown as 45 % and meant as 45 %, though held as 0.45.
        return f"{value * 100:.12g}%"
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return value
