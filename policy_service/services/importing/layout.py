"""The layout of a file: which column is which field, and how its cells are written.

    columns: {invoice_id: invoiceNumber, invoice_date: InvoiceDate, disputed: Disputed}
    constants: {currency: USD}              # fields that are the same in every row
    date_format: M/D/YYYY                   # default YYYY-MM-DD
    decimal_mark: ","                       # default .
    thousands_mark: "."                     # default none
    values: {disputed: {"Yes": "true", "No": "false"}}

Columns that the layout does not name are left aside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import yaml

from policy_service.domain.errors import Invalid
from policy_service.services.importing.formats import ISO_DAYS, DateFormat, NumberFormat, plain_text
from policy_service.services.importing.reading import FileNotUnderstood, Row, Table

_SECTIONS = ("columns", "constants", "values", "date_format", "decimal_mark", "thousands_mark")
_BOOLEANS = {"true": True, "false": False}


class MappingNotUnderstood(Invalid):
    """The mapping file does not say what it should."""

    code = "mapping_not_understood"


class Cell(StrEnum):
    """What stands in a cell of a table."""

    TEXT = "text"
    AMOUNT = "amount"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    ALLOCATIONS = "allocations"  # INV-1:100.00;INV-2:50.00


Fields = Mapping[str, Cell]
"""The fields of a document, with what stands in the cell of each.

A dot names a member, `temporary_limit.amount`; a star stands for members of any name, `external_ids.*`.
"""


def cell_of(fields: Fields, name: str) -> Cell | None:
    """What stands in the cells of a field; None where there is no such field."""
    return fields.get(name) or fields.get(f"{name.partition('.')[0]}.*" if "." in name else name)


@dataclass(frozen=True, slots=True)
class Layout:
    """How the rows of a file are read."""

    columns: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    values: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    days: DateFormat = ISO_DAYS
    numbers: NumberFormat = field(default_factory=NumberFormat)

    def document(self, row: Row, fields: Fields) -> dict[str, object]:
        """The fields of a row, those with an empty cell left out. Raises Invalid, naming the column."""
        if row.fault:
            raise Invalid(row.fault)
        found: dict[str, object] = {}
        for name, column in self.columns.items():
            cell = row.cells.get(column)
            if cell is not None and cell != "" and str(cell).strip():
                _put(found, name, self._read(name, column, cell, cell_of(fields, name)))
        for name, constant in self.constants.items():
            _put(found, name, self._read(name, name, constant, cell_of(fields, name)))
        return found

    def _read(self, name: str, column: str, cell: object, kind: Cell | None) -> object:
        meaning = self.values.get(name, {})
        cell = meaning.get(plain_text(cell), cell)
        try:
            return self._value(cell, kind)
        except Invalid as error:
            raise Invalid(f"{column}: {error.message}") from None

    def _value(self, cell: object, kind: Cell | None) -> object:
        match kind:
            case Cell.DATE:
                return self.days.read(cell).isoformat()
            case Cell.AMOUNT:
                return self.numbers.plain(cell)
            case Cell.INTEGER:
                return _integer(self.numbers.plain(cell))
            case Cell.BOOLEAN:
                return cell if isinstance(cell, bool) else _BOOLEANS.get(str(cell).strip().lower(), cell)
            case Cell.ALLOCATIONS:
                return [self._allocation(part) for part in str(cell).split(";") if part.strip()]
            case _:
                return plain_text(cell)

    def _allocation(self, part: str) -> dict[str, str]:
        invoice_id, mark, amount = part.rpartition(":")
        if not mark:
            raise Invalid(f"{part.strip()!r} is not an invoice and an amount, such as INV-1:100.00")
        return {"invoice_id": invoice_id.strip(), "amount": self.numbers.plain(amount)}


def _integer(number: str) -> object:
    return int(number) if number.lstrip("-").isdigit() and number.isascii() else number


def _put(document: dict[str, object], name: str, value: object) -> None:
    """Set a field; `temporary_limit.amount` sets a member of an object."""
    parent, dot, member = name.partition(".")
    if not dot:
        document[name] = value
        return
    inner = document.setdefault(parent, {})
    if isinstance(inner, dict):
        inner[member] = value


def layout_of_header(table: Table, fields: Fields) -> Layout:
    """The layout of a file whose columns have the names of the fields. Raises FileNotUnderstood."""
    columns = [column for column in table.columns or () if column]
    unknown = [column for column in columns if cell_of(fields, column) is None]
    if unknown:
        raise FileNotUnderstood(
            f"No such field: {', '.join(unknown)}. The fields are {', '.join(fields)}; "
            "a mapping file says which column is which."
        )
    return Layout({column: column for column in columns})


def read_mapping(text: str) -> dict[str, object]:
    """The tree of a mapping file; every scalar is text, so that `Yes` stays Yes. Raises MappingNotUnderstood."""
    try:
        tree = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  (the base loader makes only text, lists, maps)
    except (yaml.YAMLError, RecursionError) as error:
        raise MappingNotUnderstood(f"The mapping is not YAML: {error}") from None
    if not isinstance(tree, dict):
        raise MappingNotUnderstood("The mapping must be a map with `columns`.")
    return tree


def read_layout(tree: Mapping[str, object], fields: Fields) -> Layout:
    """The layout that a mapping file describes. Raises MappingNotUnderstood, naming the place."""
    refuse_unknown("", tree, _SECTIONS)
    columns = _texts("columns", tree.get("columns", {}))
    constants = _texts("constants", tree.get("constants", {}))
    values = _map("values", tree.get("values", {}))
    for section, names in (("columns", columns), ("constants", constants), ("values", values)):
        refuse_unknown(section, (name for name in names if cell_of(fields, name) is None), fields)
    twice = sorted(set(columns) & set(constants))
    if twice:
        raise MappingNotUnderstood(f"{', '.join(twice)}: in columns and in constants")
    return Layout(
        columns,
        constants,
        {name: _texts(f"values.{name}", meaning) for name, meaning in values.items()},
        _date_format(tree),
        _number_format(tree),
    )


def check_columns(layout: Layout, table: Table) -> None:
    """Every column that the layout names must be there. Raises FileNotUnderstood."""
    if table.columns is None:
        return
    missing = [column for column in layout.columns.values() if column not in table.columns]
    if missing:
        raise FileNotUnderstood(
            f"The file has no column {', '.join(missing)}; its columns are {', '.join(filter(None, table.columns))}"
        )


def refuse_unknown(section: str, names: Iterable[str], allowed: Iterable[str]) -> None:
    """Raises MappingNotUnderstood where a name is not allowed there."""
    known = list(allowed)
    for name in names:
        if name not in known:
            place = f"{section}.{name}" if section else name
            raise MappingNotUnderstood(f"{place}: unknown; allowed are {', '.join(known)}")


def _map(place: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise MappingNotUnderstood(f"{place}: must be a map")
    return value


def _texts(place: str, value: object) -> Mapping[str, str]:
    texts = _map(place, value)
    for name, text in texts.items():
        if not isinstance(text, str) or not text:
            raise MappingNotUnderstood(f"{place}.{name}: must be a text")
    return {name: str(text) for name, text in texts.items()}


def _text(tree: Mapping[str, object], name: str, default: str) -> str:
    value = tree.get(name, default)
    if not isinstance(value, str):
        raise MappingNotUnderstood(f"{name}: must be a text")
    return value


def _date_format(tree: Mapping[str, object]) -> DateFormat:
    try:
        return DateFormat.of(_text(tree, "date_format", ISO_DAYS.pattern))
    except MappingNotUnderstood:
        raise
    except Invalid as error:
        raise MappingNotUnderstood(f"date_format: {error.message}") from None


def _number_format(tree: Mapping[str, object]) -> NumberFormat:
    decimal, thousands = _text(tree, "decimal_mark", "."), _text(tree, "thousands_mark", "")
    if decimal not in (".", ",") or thousands not in ("", ".", ",", " ", "'", "\N{NO-BREAK SPACE}"):
        raise MappingNotUnderstood("decimal_mark is . or , and thousands_mark one of . , ' or a space")
    if decimal == thousands:
        raise MappingNotUnderstood("decimal_mark and thousands_mark are the same")
    return NumberFormat(decimal, thousands)
