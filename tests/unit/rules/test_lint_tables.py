"""What lint finds in decision tables: cases without a row, rows against each other, outputs that nobody reads."""

from __future__ import annotations

from typing import Any

import pytest

from rules.findings import Finding, Level
from rules.lint import lint
from tests.unit.rules.documents import policy, rule

RATE, VALUE, COUNT = "receivables.on_time_rate", "customer.strategic_value", "customer.paid_invoice_count"
READS = rule({"fact": "table.T.grade", "op": "eq", "value": "A", "if_missing": False})


def table(inputs: list[str], *rows: list[Any], hit_policy: str = "first") -> dict[str, Any]:
    """A table T; every second row puts out B, so that a condition on it can go either way."""
    listed = [{"when": row, "then": {"grade": "AB"[place % 2]}} for place, row in enumerate(rows)]
    return {"code": "T", "hit_policy": hit_policy, "inputs": inputs, "outputs": ["grade"], "rows": listed}


def findings(found: dict[str, Any], *rules: dict[str, Any]) -> list[Finding]:
    return list(lint(policy(*rules or (READS,), tables=[found])))


def found(*args: Any) -> list[tuple[str, str]]:
    return [(finding.code, finding.path) for finding in findings(*args)]


def test_a_gap_is_a_warning_with_a_case() -> None:
    (gap,) = findings(table([RATE, VALUE], [{"ge": "0.95"}, {"in": ["A", "B"]}], [{"lt": "0.5"}, None]))
    assert (gap.level, gap.code, gap.path) == (Level.WARNING, "table_gap", "/tables/0")
    assert gap.message.en == f"{RATE} 0.80, {VALUE} A: no row"
    assert gap.message.zh == f"{RATE} 0.80，{VALUE} A：没有对应的行"


def test_a_gap_of_missing_facts_alone_is_a_gap() -> None:
    (gap,) = findings(table([RATE], [{"ge": "0.95"}], [{"lt": "0.95"}]))
    assert gap.message.en == f"{RATE} missing: no row"


@pytest.mark.parametrize(
    "rows",
    [
        [[{"ge": "0.95"}], [None]],
        [[{"ge": "0.95"}], [{"lt": "0.95"}], [{"is_missing": True}]],
        [[{"is_present": True}], [{"is_missing": True}]],
    ],
)
def test_a_table_with_a_row_for_everything_has_no_gap(rows: list[Any]) -> None:
    assert found(table([RATE], *rows)) == []


def test_whole_numbers_leave_no_gap_between_neighbours() -> None:
    assert found(table([COUNT], [{"le": 3}], [{"ge": 4}], hit_policy="unique")) == []


def test_a_table_that_collects_may_find_nothing_and_more_than_one_row() -> None:
    assert found(table([COUNT], [{"le": 3}], [{"le": 2}], hit_policy="collect")) == []


def test_rows_of_a_unique_table_must_not_overlap() -> None:
    (overlap,) = findings(table([COUNT, VALUE], [{"le": 3}, None], [{"ge": 3}, None], hit_policy="unique"))
    assert (overlap.level, overlap.code, overlap.path) == (Level.ERROR, "table_overlap", "/tables/0/rows/1")
    assert overlap.message.en == f"rows 1 and 2 both match, and only one may: {COUNT} 3, {VALUE} A"
    apart = table([COUNT, VALUE], [{"le": 3}, {"eq": "A"}], [{"ge": 3}, {"eq": "B"}], hit_policy="unique")
    assert ("table_overlap", "/tables/0/rows/1") not in found(apart)


def test_a_row_that_one_above_it_takes_whole_is_hidden() -> None:
    hidden = findings(table([COUNT], [{"ge": 3}], [{"ge": 5}], [None]))
    assert [(item.level, item.code, item.path) for item in hidden] == [
        (Level.WARNING, "hidden_row", "/tables/0/rows/1")
    ]
    assert "row 1 takes all that row 2 would" in hidden[0].message.en


def test_a_row_that_several_above_it_take_together_is_hidden() -> None:
    rows = [{"le": 3}], [{"ge": 7}], [{"between": [4, 6]}], [{"between": [2, 8]}]
    assert found(table([COUNT], *rows)) == [("hidden_row", "/tables/0/rows/3")]
    with_a_way_through = [{"le": 3}], [{"ge": 7}], [{"between": [5, 6]}], [{"between": [2, 8]}]
    assert found(table([COUNT], *with_a_way_through)) == []


def test_a_way_through_that_is_no_corner_of_the_row_is_found() -> None:
    rows = [{"le": 1}], [{"ge": 9}], [{"between": [0, 4]}], [{"between": [6, 20]}], [{"between": [1, 9]}]
    assert found(table([COUNT], *rows)) == []


def test_a_cell_that_never_or_always_holds_is_found() -> None:
    assert found(table([COUNT], [{"gt": 5, "lt": 3}], [{"lt": 0}], [{"ge": 0}])) == [
        ("never_holds", "/tables/0/rows/0/when/0"),
        ("never_holds", "/tables/0/rows/1/when/0"),
        ("always_holds", "/tables/0/rows/2/when/0"),
    ]


def test_a_row_with_two_cells_on_one_input_that_exclude_each_other_never_matches() -> None:
    assert ("never_holds", "/tables/0/rows/0") in found(table([COUNT, COUNT], [{"gt": 5}, {"lt": 3}], [None, None]))


def test_a_table_or_output_that_nobody_reads_is_found() -> None:
    stopped = {"fact": "customer.status", "op": "eq", "value": "stop"}
    told = {"effect": "hold", "message": "grade {table.T.grade}"}
    rows = [{"le": 3}], [None]
    assert found(table([COUNT], *rows), rule(stopped)) == [("unused_table", "/tables/0")]
    assert found(table([COUNT], *rows), rule(stopped, told)) == []
    two = {**table([COUNT], *rows), "outputs": ["grade", "points"]}
    for place, row in enumerate(two["rows"]):
        row["then"] = row["then"] | {"points": place}
    assert found(two, READS) == [("unused_output", "/tables/0/outputs/1")]


def test_a_condition_on_what_no_row_puts_out_never_holds() -> None:
    other = rule({"fact": "table.T.grade", "op": "eq", "value": "B", "if_missing": False})
    assert found(table([COUNT], [{"le": 3}], [None]), other) == []
    both = {"all": [other["when"], READS["when"]]}
    assert found(table([COUNT], [{"le": 3}], [None]), rule(both)) == [("never_holds", "/rules/0/when")]
    collected = table([COUNT], [{"le": 3}], [{"ge": 1}], hit_policy="collect")
    assert found(collected, rule(both)) == [], "a list may hold both"
