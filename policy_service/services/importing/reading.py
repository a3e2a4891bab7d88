"""Tables out of files: CSV, NDJSON and XLSX become rows of named cells, each with its line in the file."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from policy_service.domain.errors import Invalid
from rules.texts import Text

_DELIMITERS = ",;\t|"
_CHUNK_BYTES = 1 << 20
_ENCODINGS = ("utf-8-sig", "gb18030")
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MOST_CHARACTERS_IN_A_CELL = 1 << 20


class FileNotUnderstood(Invalid):
    """The file cannot be read as CSV, NDJSON or XLSX."""

    code = "file_not_understood"


@dataclass(frozen=True, slots=True)
class Row:
    """One record: where it starts, its cells by column name, or why it could not be read."""

    line: int
    cells: Mapping[str, object]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not taken: its line, and why."""

    line: int
    reason: Text


@dataclass(frozen=True, slots=True)
class Table:
    """A file that is being read. `columns` is None where every record names its own fields (NDJSON).

    `estimated_rows` is for a progress bar: lines of a text file, more than there are rows if cells hold line breaks.
    """

    columns: tuple[str, ...] | None
    rows: Iterator[Row]
    estimated_rows: int


def open_table(path: Path) -> Table:
    """Read `path` by its ending (.csv .txt .tsv, .ndjson .jsonl, .xlsx). Raises FileNotUnderstood, OSError."""
    ending = path.suffix.lower()
    if ending == ".xlsx":
        return _open_workbook(path)
    encoding, lines = _encoding_and_lines(path)
    if ending in (".ndjson", ".jsonl"):
        return Table(None, _json_rows(path, encoding), lines)
    if ending in (".csv", ".txt", ".tsv"):
        return _open_csv(path, encoding, lines)
    raise FileNotUnderstood(f"{path.name}: the name must end in .csv, .txt, .tsv, .ndjson, .jsonl or .xlsx")


def _encoding_and_lines(path: Path) -> tuple[str, int]:
    """UTF-8 with or without a mark, UTF-16 with one, else the Chinese national encoding."""
    with path.open("rb") as file:
        if file.read(2) in _UTF16_MARKS:
            return "utf-16", path.read_text("utf-16").count("\n")
    for encoding in _ENCODINGS:
        try:
            return encoding, _count_lines(path, encoding)
        except UnicodeDecodeError:
            continue
    raise FileNotUnderstood(f"{path.name} is neither UTF-8 nor GB 18030 text")


def _count_lines(path: Path, encoding: str) -> int:
    """Decode the whole file once. Raises UnicodeDecodeError where it is not in `encoding`."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            lines += decoder.decode(chunk).count("\n")
    decoder.decode(b"", final=True)
    return lines


def _open_csv(path: Path, encoding: str, lines: int) -> Table:
    with path.open(encoding=encoding, newline="") as file:
        delimiter = _delimiter(file.readline())
        file.seek(0)
        header = next(csv.reader(file, delimiter=delimiter), [])
    columns = _columns(header, path)
    return Table(columns, _csv_rows(path, encoding, delimiter, columns), lines)


def _delimiter(first_line: str) -> str:
    """The delimiter that cuts the header into most columns."""
    return max(_DELIMITERS, key=lambda mark: len(next(csv.reader([first_line], delimiter=mark), [])))


def _columns(header: Iterable[object], path: Path) -> tuple[str, ...]:
    columns = tuple(str(name).strip() for name in header)
    if not any(columns):
        raise FileNotUnderstood(f"{path.name} has no header line")
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise FileNotUnderstood(f"{path.name}: more than one column is named {', '.join(twice)}")
    return columns


def _csv_rows(path: Path, encoding: str, delimiter: str, columns: tuple[str, ...]) -> Iterator[Row]:
    csv.field_size_limit(_MOST_CHARACTERS_IN_A_CELL)
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        next(reader)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield Row(line, {}, f"cannot be read as CSV: {error}")
                continue
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield _row(line, columns, cells)


def _row(line: int, columns: tuple[str, ...], cells: list[str]) -> Row:
    if len(cells) != len(columns):
        return Row(line, {}, f"has {len(cells)} cells where the header has {len(columns)}")
    return Row(line, dict(zip(columns, cells, strict=True)))


def _json_rows(path: Path, encoding: str) -> Iterator[Row]:
    with path.open(encoding=encoding) as file:
        for line, text in enumerate(file, start=1):
            if text.strip():
                yield _json_row(line, text)


def _json_row(line: int, text: str) -> Row:
    try:
        record = json.loads(text, object_pairs_hook=_no_member_twice)
    except (ValueError, RecursionError) as error:
        return Row(line, {}, f"is not a JSON object: {error}")
    if not isinstance(record, dict):
        return Row(line, {}, "is not a JSON object")
    return Row(line, record)


def _no_member_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member appears twice")
    return members


def _open_workbook(path: Path) -> Table:
    """The first sheet of a workbook; its first row that is not empty is the header."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with path.open("rb") as file:
            sheet = CalamineWorkbook.from_filelike(_checked(file)).get_sheet_by_index(0)
            rows = sheet.to_python(skip_empty_area=False)
    except CalamineError as error:
        raise FileNotUnderstood(f"{path.name} is not an XLSX workbook: {error}") from None
    header = next((position for position, row in enumerate(rows) if _filled(row)), None)
    if header is None:
        raise FileNotUnderstood(f"{path.name} has no header line")
    columns = _columns(rows[header], path)
    return Table(columns, _sheet_rows(rows, header, columns), len(rows) - header - 1)


def _checked(file: IO[bytes]) -> IO[bytes]:
    if file.read(2) != b"PK":
        raise FileNotUnderstood(f"{Path(file.name).name} is not an XLSX workbook")
    file.seek(0)
    return file


def _filled(row: Iterable[object]) -> bool:
    return any(cell not in ("", None) for cell in row)


def _sheet_rows(rows: Sequence[Sequence[object]], header: int, columns: tuple[str, ...]) -> Iterator[Row]:
    for position, cells in enumerate(rows[header + 1 :], start=header + 2):
        if _filled(cells):
            yield Row(position, {name: cell for name, cell in zip(columns, cells, strict=True) if name})
