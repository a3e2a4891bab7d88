"""Which column is which field, and how its cells are read."""

from __future__ import annotations

import pytest

from policy_service.domain.errors import Invalid
from policy_service.services.importing.kinds import KINDS, ImportKind
from policy_service.services.importing.layout import (
    Cell,
    MappingNotUnderstood,
    check_columns,
    layout_of_header,
    read_layout,
    read_mapping,
)
from policy_service.services.importing.reading import FileNotUnderstood, Row, Table

_FIELDS = {"id": Cell.TEXT, "on": Cell.DATE, "amount": Cell.AMOUNT, "open": Cell.BOOLEAN, "days": Cell.INTEGER}
_MAPPING = """
columns: {id: No, "on": Day, amount: Sum, open: Open}
constants: {days: "30"}
date_format: D.M.YYYY
decimal_mark: ","
thousands_mark: "."
values: {open: {Yes: "true", No: "false"}}
"""


def test_a_row_is_read_as_its_mapping_says() -> None:
    row = Row(2, {"No": " A-1 ", "Day": "1.2.2013", "Sum": "1.234,50", "Open": "Yes", "more": "left aside"})
    assert read_layout(read_mapping(_MAPPING), _FIELDS).document(row, _FIELDS) == {
        "id": "A-1",
        "on": "2013-02-01",
        "amount": "1234.50",
        "open": True,
        "days": 30,
    }


def test_an_empty_cell_is_a_field_left_out() -> None:
    row = Row(2, {"No": "A-1", "Day": "", "Sum": "  ", "Open": None})
    assert read_layout(read_mapping(_MAPPING), _FIELDS).document(row, _FIELDS) == {"id": "A-1", "days": 30}


def test_a_cell_that_cannot_be_read_names_its_column() -> None:
    with pytest.raises(Invalid, match=r"^Day: '2013-02-01' is not a day"):
        read_layout(read_mapping(_MAPPING), _FIELDS).document(Row(2, {"Day": "2013-02-01"}), _FIELDS)


def test_members_of_an_object_are_named_with_a_dot() -> None:
    fields = KINDS[ImportKind.CUSTOMERS].fields
    table = Table(("customer_id", "temporary_limit.amount", "external_ids.erp"), iter(()), 0)
    row = Row(2, {"customer_id": "C-1", "temporary_limit.amount": "5.00", "external_ids.erp": "77"})
    assert layout_of_header(table, fields).document(row, fields) == {
        "customer_id": "C-1",
        "temporary_limit": {"amount": "5.00"},
        "external_ids": {"erp": "77"},
    }


def test_allocations_stand_in_one_cell() -> None:
    fields = KINDS[ImportKind.PAYMENTS].fields
    layout = layout_of_header(Table(("allocations",), iter(()), 0), fields)
    assert layout.document(Row(2, {"allocations": "INV:1:10.00; INV-2:5"}), fields) == {
        "allocations": [{"invoice_id": "INV:1", "amount": "10.00"}, {"invoice_id": "INV-2", "amount": "5"}]
    }
    with pytest.raises(Invalid, match="is not an invoice and an amount"):
        layout.document(Row(2, {"allocations": "INV-1"}), fields)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("- a", "must be a map"),
        ("a: [", "not YAML"),
        ("colums: {}", "colums: unknown; allowed are columns"),
        ("columns: {idd: No}", "columns.idd: unknown; allowed are id"),
        ("columns: [id]", "columns: must be a map"),
        ("columns: {id: {a: b}}", "columns.id: must be a text"),
        ("columns: {id: No}\nconstants: {id: x}", "id: in columns and in constants"),
        ("columns: {id: No}\ndate_format: '%d'", "date_format: '%d' must name"),
        ("columns: {id: No}\ndecimal_mark: '.'\nthousands_mark: '.'", "the same"),
        ("columns: {id: No}\ndecimal_mark: ':'", "decimal_mark is"),
    ],
)
def test_a_mapping_that_does_not_say_what_it_should_is_refused_with_the_place(mapping: str, message: str) -> None:
    with pytest.raises(MappingNotUnderstood, match=message):
        read_layout(read_mapping(mapping), _FIELDS)


def test_a_column_that_is_not_there_is_told_with_those_that_are() -> None:
    layout = read_layout(read_mapping("columns: {id: Number}"), _FIELDS)
    with pytest.raises(FileNotUnderstood, match="no column Number; its columns are No, Day"):
        check_columns(layout, Table(("No", "Day"), iter(()), 0))


def test_a_header_with_an_unknown_field_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(FileNotUnderstood, match=r"No such field: colour. The fields are id, on, amount"):
        layout_of_header(Table(("id", "colour"), iter(()), 0), _FIELDS)
