"""Tables out of files."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from policy_service.services.importing.reading import FileNotUnderstood, open_table

Write = Callable[[str, bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file."""

    def write(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def _cells(path: Path) -> list[tuple[int, dict[str, object], str | None]]:
    return [(row.line, dict(row.cells), row.fault) for row in open_table(path).rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(write: Write, delimiter: str) -> None:
    path = write("a.csv", f'id{delimiter}name\n1{delimiter}"a, b; c"\n'.encode())
    assert _cells(path) == [(2, {"id": "1", "name": "a, b; c"}, None)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_text_is_read_in_the_encodings_that_people_save_in(write: Write, encoding: str) -> None:
    path = write("a.csv", "编号,名称\nC-1,湖畔食品\n".encode(encoding))
    assert _cells(path) == [(2, {"编号": "C-1", "名称": "湖畔食品"}, None)]


def test_a_row_is_told_by_the_line_on_which_it_begins(write: Write) -> None:
    path = write("a.csv", b'id,note\n1,"two\nlines"\n\n2,x\n')
    assert [(line, cells["id"]) for line, cells, _ in _cells(path)] == [(2, "1"), (5, "2")]


def test_a_row_with_more_or_fewer_cells_than_the_header_is_at_fault_and_the_next_is_read(write: Write) -> None:
    path = write("a.csv", b"id,name\n1\n2,b,c\n3,d\n")
    assert [(line, fault) for line, _, fault in _cells(path)] == [
        (2, "has 1 cells where the header has 2"),
        (3, "has 3 cells where the header has 2"),
        (4, None),
    ]


def test_broken_quotes_are_a_fault_of_their_row(write: Write) -> None:
    path = write("a.csv", b'id,name\n1,"a"b\n2,c\n')
    (line, _, fault), (_, cells, no_fault) = _cells(path)
    assert line == 2
    assert fault is not None
    assert fault.startswith("cannot be read as CSV")
    assert (cells, no_fault) == ({"id": "2", "name": "c"}, None)


def test_a_column_named_twice_is_refused(write: Write) -> None:
    with pytest.raises(FileNotUnderstood, match="more than one column is named amount"):
        open_table(write("a.csv", b"amount,id,amount\n"))


def test_an_empty_file_is_refused(write: Write) -> None:
    with pytest.raises(FileNotUnderstood, match="has no header line"):
        open_table(write("a.csv", b""))


def test_ndjson_gives_one_record_a_line_and_tells_lines_that_are_none(write: Write) -> None:
    path = write("a.ndjson", b'{"id": "1", "lines": [1]}\n\n[2]\n{"id": 1, "id": 2}\n{"id"\n')
    found = _cells(path)
    assert found[0] == (1, {"id": "1", "lines": [1]}, None)
    assert [line for line, _, fault in found if fault] == [3, 4, 5]
    assert "a member appears twice" in str(found[2][2])


def test_the_first_sheet_of_a_workbook_is_read_with_its_row_numbers(write: Write, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    _write_workbook(path)
    assert _cells(path) == [(3, {"id": "1", "amount": 55.94}, None)]


def test_a_file_that_only_says_that_it_is_a_workbook_is_refused(write: Write) -> None:
    with pytest.raises(FileNotUnderstood, match="is not an XLSX workbook"):
        open_table(write("a.xlsx", b"id,name\n"))
    with pytest.raises(FileNotUnderstood, match="is not an XLSX workbook"):
        open_table(write("b.xlsx", b"PK\x03\x04 and then nothing"))


def test_an_unknown_ending_is_refused(write: Write) -> None:
    with pytest.raises(FileNotUnderstood, match=r"must end in \.csv"):
        open_table(write("a.pdf", b"%PDF"))


def _write_workbook(path: Path) -> None:
    """The least that is a workbook: an empty first row, a header, one record."""
    sheet = (
        '<row r="2"><c r="A2" t="inlineStr"><is><t>id</t></is></c>'
        '<c r="B2" t="inlineStr"><is><t>amount</t></is></c></row>'
        '<row r="3"><c r="A3" t="inlineStr"><is><t>1</t></is></c><c r="B3"><v>55.94</v></c></row>'
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kinds}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relations}">'
        '<sheets><sheet name="one" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{sheet}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
