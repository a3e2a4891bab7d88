"""Decision tables: cases for which no row is made, rows that cannot be reached, outputs that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator

from rules.conditions import Clause, Condition, Group, GroupKind, Op, clauses
from rules.document import Policy
from rules.effects import Effect
from rules.lint.boxes import Boxes
from rules.lint.questions import Questions
from rules.lint.reaching import reach_remarks
from rules.lint.remarks import Remark, error, example, table_path, warning
from rules.tables import HitPolicy, Row, Table
from rules.values import Field


def tables(questions: Questions) -> Iterator[Remark]:
    """Every table of the policy."""
    read = _facts_read(questions.policy)
    for table in questions.policy.tables:
        yield from _unread(table, read)
        with questions.about(table_path(table)):
            yield from _cells(questions, table)
            if table.hit_policy is not HitPolicy.COLLECT:
                yield from _gap(questions, table)
        with questions.about(table_path(table)):
            yield from _rows(questions, table)


def _cells(questions: Questions, table: Table) -> Iterator[Remark]:
    for number, row in enumerate(table.rows):
        for place, cell in enumerate(row.cells):
            if cell is not None:
                path = table_path(table, "rows", number, "when", place)
                yield from _at(path, reach_remarks(questions, path, cell))


def _at(path: str, remarks: Iterator[Remark]) -> Iterator[Remark]:
    """Each code once: what is below a cell has no place of its own in the document."""
    yield from {remark.code: Remark(remark.level, remark.code, path, remark.message) for remark in remarks}.values()


def _gap(questions: Questions, table: Table) -> Iterator[Remark]:
    """A case with every input known says more to people, so it goes before one with a missing input."""
    no_row = Group(GroupKind.NONE, tuple(map(_condition, table.rows)))
    is_known = tuple(Clause(name, Op.IS_PRESENT) for name in dict.fromkeys(table.inputs))
    case = questions.witness(no_row, *is_known) or questions.witness(no_row)
    if case is not None:
        shown = example(case, questions.policy)
        yield warning("table_gap", table_path(table), f"{shown.en}: no row", f"{shown.zh}：没有对应的行")


def _condition(row: Row) -> Condition:
    return Group(GroupKind.ALL, tuple(cell for cell in row.cells if cell is not None))


def _rows(questions: Questions, table: Table) -> Iterator[Remark]:
    """Rows are counted from 1, as a decision names them."""
    boxes = Boxes.of(table, questions.fact_of)
    for row, box in enumerate(boxes.rows):
        questions.spend(1 + row // 4)
        path = table_path(table, "rows", row)
        if not all(box):
            yield from _contradictory_row(table, row, path)
        elif table.hit_policy is HitPolicy.UNIQUE:
            yield from _overlap(questions, boxes, row, path)
        elif table.hit_policy is HitPolicy.FIRST:
            yield from _hidden(questions, table, boxes, row, path)


def _contradictory_row(table: Table, row: int, path: str) -> Iterator[Remark]:
    """Two cells of a row on the same input. What is wrong with one cell alone has been said there."""
    if len(set(table.inputs)) < len(table.inputs):
        yield error("never_holds", path, f"row {row + 1} can never match", f"第 {row + 1} 行永远不会匹配")


def _overlap(questions: Questions, boxes: Boxes, row: int, path: str) -> Iterator[Remark]:
    other = next(iter(boxes.overlapping(row)), None)
    case = None if other is None else boxes.common(row, other)
    if other is not None and case is not None:
        shown = example(case, questions.policy)
        yield error(
            "table_overlap",
            path,
            f"rows {other + 1} and {row + 1} both match, and only one may: {shown.en}",
            f"第 {other + 1} 行与第 {row + 1} 行同时匹配，而只允许一行：{shown.zh}",
        )


def _hidden(questions: Questions, table: Table, boxes: Boxes, row: int, path: str) -> Iterator[Remark]:
    above = boxes.overlapping(row)
    one = next((other for other in above if boxes.is_inside(row, other)), None)
    if one is not None:
        yield warning(
            "hidden_row",
            path,
            f"never counts: row {one + 1} takes all that row {row + 1} would",
            f"不起作用：第 {row + 1} 行的情形已全部由第 {one + 1} 行处理",
        )
    elif len(above) > 1 and not boxes.has_corner_outside(row, above):
        others = Group(GroupKind.NONE, tuple(_condition(table.rows[other]) for other in above))
        if questions.witness(_condition(table.rows[row]), others) is None:
            listed = [str(other + 1) for other in above]
            yield warning(
                "hidden_row",
                path,
                f"never counts: rows {', '.join(listed)} together take all that row {row + 1} would",
                f"不起作用：第 {row + 1} 行的情形已由第 {'、'.join(listed)} 行共同处理",
            )


def _unread(table: Table, read: frozenset[str]) -> Iterator[Remark]:
    unread = [name for name in table.outputs if table.fact_name(name) not in read]
    if len(unread) == len(table.outputs):
        yield warning(
            "unused_table", table_path(table), f"nothing reads {table.code}", f"没有任何地方使用 {table.code}"
        )
        return
    for name in unread:
        fact = table.fact_name(name)
        path = table_path(table, "outputs", table.outputs.index(name))
        yield warning("unused_output", path, f"nothing reads {fact}", f"没有任何地方使用 {fact}")


def _facts_read(policy: Policy) -> frozenset[str]:
    conditions = {name for rule in policy.rules for clause in clauses(rule.when) for name in clause.facts}
    effects = {name for rule in policy.rules for effect in rule.then for name in _facts_of_effect(effect)}
    return frozenset(conditions | effects | {name for table in policy.tables for name in table.inputs})


def _facts_of_effect(effect: Effect) -> Iterator[str]:
    if isinstance(effect.number, Field):
        yield effect.number.fact
    for message in (effect.message, effect.sales_message, effect.customer_message):
        if message is not None:
            yield from message.facts
