"""Decision tables: rows of unary tests on facts, and the outputs that they give.

An output is a fact, `table.<code>.<output>`, which conditions, effects and later tables read. A name that ends in
`_amount` is money in the policy's currency, in `_days` days, in `_ratio`, `_rate` or `_factor` a share, which people
read as percent. The type of any other follows from what stands in the rows: true and false, whole numbers (counts),
quoted decimals (numbers), and otherwise texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rules.catalogue import Fact, FactType
from rules.conditions import Clause, Condition, Group, GroupKind, Op, operators_of, read_literals
from rules.exchange import is_money
from rules.facts import FactValue
from rules.reader import DECIMAL, Node
from rules.texts import Text
from rules.values import FLAG_GROUP, TABLE_GROUP, read_fact, type_by_name

MAX_TABLES = 100
MAX_COLUMNS = 20
MAX_ROWS = 1000


class HitPolicy(StrEnum):
    """Which of the rows that match count (the names are those of the DMN standard, section 8.2.8)."""

    FIRST = "first"  # the topmost
    UNIQUE = "unique"  # the only one; two are an error
    COLLECT = "collect"  # all: each output is a list


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a condition for each input, None where it takes any value and a missing one too, and its outputs.

    An output that is missing, `null` in the document, is absent from `then`.
    """

    cells: tuple[Condition | None, ...]
    then: Mapping[str, FactValue]

    @property
    def takes_all(self) -> bool:
        """Whether it matches whatever the facts are."""
        return not any(self.cells)


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table. `position` counts from 0 in the document; `facts` are its outputs as facts, by name."""

    code: str
    title: Text
    hit_policy: HitPolicy
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rows: tuple[Row, ...]
    position: int
    facts: Mapping[str, Fact]

    def fact_name(self, output: str) -> str:
        """The fact that an output is."""
        return f"{TABLE_GROUP}{self.code}.{output}"


def read_tables(node: Node) -> tuple[Table, ...]:
    """The member `tables`. What a table puts out can be read by those after it, and by every rule."""
    tables: list[Table] = []
    for position, item in enumerate(node.items(0, MAX_TABLES)):
        table = _read_table(item, position)
        if table.code and any(table.code == other.code for other in tables):
            item.child("code", None).fault(
                "duplicate_code", Text(f"{table.code} is used by a table above", f"{table.code} 已被上面的表使用")
            )
        node.source.facts.update(table.facts)
        tables.append(table)
    return tuple(tables)


def _read_table(node: Node, position: int) -> Table:
    members = node.members(("code", "hit_policy", "inputs", "outputs", "rows"), ("title",))
    code = members["code"].code() if "code" in members else ""
    inputs = _read_inputs(members["inputs"]) if "inputs" in members else []
    outputs = _read_outputs(members["outputs"]) if "outputs" in members else ()
    rows = members["rows"].items(at_most=MAX_ROWS) if "rows" in members else []
    parts = [row.members(("when", "then")) for row in rows]
    cells = [_read_cells(row["when"], inputs) if "when" in row else () for row in parts]
    columns = {name: _Column.of(name, [_member(row.get("then"), name) for row in parts]) for name in outputs}
    for row in parts:
        if "then" in row:
            row["then"].members(outputs)
    hit_policy = members["hit_policy"].enumeration(HitPolicy) if "hit_policy" in members else HitPolicy.FIRST
    found = tuple(
        Row(each, {name: value for name in outputs if (value := columns[name].values[place]) is not None})
        for place, each in enumerate(cells)
    )
    return Table(
        code=code,
        title=members["title"].text(200) if "title" in members else Text.same(code),
        hit_policy=hit_policy,
        inputs=tuple(fact.name for fact in inputs if fact is not None),
        outputs=outputs,
        rows=found,
        position=position,
        facts=_facts(code, columns, found, hit_policy),
    )


def _read_inputs(node: Node) -> list[Fact | None]:
    """The facts of the columns, None after a fault. The facts of a table are known, one after the other."""
    found: list[Fact | None] = []
    for item in node.items(at_most=MAX_COLUMNS):
        fact = read_fact(item)
        if fact is not None and (fact.name.startswith(FLAG_GROUP) or fact.is_list):
            item.fault(
                "wrong_type",
                Text(
                    f"{fact.name} cannot be an input: tables are looked up before rules, and take one value",
                    f"{fact.name} 不能作为输入：决策表先于规则求值，且每列只取一个值",
                ),
            )
            fact = None
        found.append(fact)
    return found


def _read_outputs(node: Node) -> tuple[str, ...]:
    names = [item.name() for item in node.items(at_most=MAX_COLUMNS)]
    for place, name in enumerate(names):
        if name and name in names[:place]:
            node.child(place, None).fault(
                "duplicate_code", Text(f"{name!r} is an output already", f"{name!r} 已是输出项")
            )
    return tuple(dict.fromkeys(names))


def _read_cells(node: Node, inputs: Sequence[Fact | None]) -> tuple[Condition | None, ...]:
    cells = node.items(len(inputs), max(1, len(inputs)))
    return tuple(_read_cell(cell, fact) for cell, fact in zip(cells, inputs, strict=False))


def _read_cell(node: Node, fact: Fact | None) -> Condition | None:
    """`null`, or one unary test and more: `{ge: "0.5", lt: "0.8"}`, all of which must hold."""
    if node.value is None or fact is None:
        return None
    operators = tuple(op.value for op in operators_of(fact.type))
    tests = [_read_test(test, fact, Op(op)) for op, test in node.members((), operators).items()]
    if not tests:
        example = Text('must be null or a test, such as {ge: "0.95"}', '须为 null 或测试，如 {ge: "0.95"}')
        node.fault("bad_cell", example)
        return None
    return tests[0] if len(tests) == 1 else Group(GroupKind.ALL, tuple(tests))


def _read_test(node: Node, fact: Fact, op: Op) -> Clause:
    if not op.asks_presence:
        return Clause(fact.name, op, read_literals(node, fact, op), if_missing=False)
    if node.value is not True:
        node.fault("wrong_type", Text(f"{op} is written {op}: true", f"{op} 须写作 {op}: true"))
    return Clause(fact.name, op)


@dataclass(frozen=True, slots=True)
class _Column:
    """What stands in the rows under one output: all of one type."""

    type: FactType
    values: tuple[FactValue | None, ...]

    @classmethod
    def of(cls, name: str, nodes: Sequence[Node | None]) -> _Column:
        given = [node if node is not None and node.value is not None else None for node in nodes]
        kind = _type_of(name, [node.value for node in given if node is not None])
        return cls(kind, tuple(_read_output(node, kind) for node in given))


def _member(node: Node | None, name: str) -> Node | None:
    if node is None or not isinstance(node.value, dict) or name not in node.value:
        return None
    return node.child(name, node.value[name])


def _type_of(name: str, values: Sequence[object]) -> FactType:
    """The type that fits the values, or the first one of them: what does not fit is then a fault."""
    by_name = type_by_name(name)
    if by_name is not None:
        return by_name
    first = next(iter(values), "")
    if isinstance(first, bool):
        return FactType.BOOLEAN
    if isinstance(first, int):
        return FactType.COUNT
    if values and all(isinstance(value, str) and DECIMAL.fullmatch(value) for value in values):
        return FactType.NUMBER
    return FactType.TEXT


def _read_output(node: Node | None, kind: FactType) -> FactValue | None:
    if node is None:
        return None
    match kind:
        case FactType.BOOLEAN:
            return node.boolean()
        case FactType.DAYS | FactType.COUNT:
            return node.integer()
        case FactType.MONEY | FactType.RATIO | FactType.NUMBER:
            return node.decimal()
        case _:
            return node.string(200)


def _facts(code: str, columns: Mapping[str, _Column], rows: Sequence[Row], hit_policy: HitPolicy) -> dict[str, Fact]:
    is_complete = any(row.takes_all for row in rows)
    facts = {}
    for name, column in columns.items():
        text = Text(f"{code}: {name}", f"{code}：{name}")
        choices = dict.fromkeys(value for value in column.values if isinstance(value, str))
        facts[f"{TABLE_GROUP}{code}.{name}"] = Fact(
            f"{TABLE_GROUP}{code}.{name}",
            column.type,
            text,
            text,
            can_be_missing=not is_complete or None in column.values,
            choices=tuple(choices) if column.type is FactType.TEXT else (),
            is_list=hit_policy is HitPolicy.COLLECT,
        )
    return facts


def has_money(tables: Sequence[Table]) -> bool:
    """Whether an amount in the policy's currency stands in a table."""
    outputs = (fact.type is FactType.MONEY for table in tables for fact in table.facts.values())
    return any(outputs) or any(_tests_money(cell) for table in tables for row in table.rows for cell in row.cells)


def _tests_money(cell: Condition | None) -> bool:
    if isinstance(cell, Group):
        return any(map(_tests_money, cell.members))
    return cell is not None and is_money(cell.fact) and bool(cell.literals)
