"""Conditions as typed, frozen objects: one clause compares one fact, groups combine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from rules.catalogue import Fact, FactType
from rules.facts import FactValue
from rules.reader import Node
from rules.texts import Text
from rules.values import Field, comparable_with, read_fact, read_field, read_literal

MAX_GROUP_DEPTH = 10


class Op(StrEnum):
    """The operators of a clause."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    IN = "in"
    NOT_IN = "not_in"
    BETWEEN = "between"
    IS_MISSING = "is_missing"
    IS_PRESENT = "is_present"

    @property
    def asks_presence(self) -> bool:
        """Takes neither `value` nor `if_missing`."""
        return self in (Op.IS_MISSING, Op.IS_PRESENT)

    @property
    def takes_one(self) -> bool:
        """Compares with one value, not with a list."""
        return self not in (Op.IN, Op.NOT_IN, Op.BETWEEN)


_PRESENCE = (Op.IS_MISSING, Op.IS_PRESENT)
_FOR_BOOLEAN = (Op.EQ, Op.NE, *_PRESENCE)
_FOR_TEXT = (Op.EQ, Op.NE, Op.IN, Op.NOT_IN, *_PRESENCE)


def operators_of(kind: FactType) -> tuple[Op, ...]:
    """The operators that apply to facts of a type."""
    if kind is FactType.BOOLEAN:
        return _FOR_BOOLEAN
    return _FOR_TEXT if kind is FactType.TEXT else tuple(Op)


Operand = FactValue | tuple[FactValue, ...] | Field | None


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison. A missing fact on either side makes it false, unless `if_missing` is true."""

    fact: str
    op: Op
    operand: Operand = None
    if_missing: bool | None = None

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts that it reads: its own, and the one on the right where there is one."""
        return (self.fact, self.operand.fact) if isinstance(self.operand, Field) else (self.fact,)

    @property
    def literals(self) -> tuple[FactValue, ...]:
        """The literals that it compares with; none where it compares with a fact or asks for presence."""
        if isinstance(self.operand, tuple):
            return self.operand
        return () if self.operand is None or isinstance(self.operand, Field) else (self.operand,)


class GroupKind(StrEnum):
    """How a group combines its members."""

    ALL = "all"
    ANY = "any"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Group:
    """Several conditions as one: all hold, at least one holds, or none holds."""

    kind: GroupKind
    members: tuple[Condition, ...]


Condition = Clause | Group


def clauses(condition: Condition) -> Iterator[Clause]:
    """Every clause of a condition, in the order of the document."""
    if isinstance(condition, Clause):
        yield condition
    else:
        for member in condition.members:
            yield from clauses(member)


def paths_and_clauses(condition: Condition, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Clause]]:
    """Every clause with the path of the groups around it, outermost first."""
    if isinstance(condition, Clause):
        yield path, condition
    else:
        for member in condition.members:
            yield from paths_and_clauses(member, (*path, condition.kind.value))


NOTHING = Group(GroupKind.ANY, ())


def read_condition(node: Node, depth: int = 1) -> Condition:
    """A clause, or a group with `all`, `any` or `none`."""
    if depth > MAX_GROUP_DEPTH:
        node.fault(
            "too_deep",
            Text(f"groups nest at most {MAX_GROUP_DEPTH} deep", f"条件组最多嵌套 {MAX_GROUP_DEPTH} 层"),
        )
        return NOTHING
    if isinstance(node.value, dict) and not node.value.keys().isdisjoint(set(GroupKind)):
        return _read_group(node, depth)
    return _read_clause(node)


def _read_group(node: Node, depth: int) -> Condition:
    members = node.members((), tuple(GroupKind))
    if len(members) != 1:
        node.fault("bad_group", Text("must be one of all, any, none", "须为 all、any、none 之一"))
        return NOTHING
    ((kind, items),) = members.items()
    return Group(GroupKind(kind), tuple(read_condition(item, depth + 1) for item in items.items()))


def _read_clause(node: Node) -> Condition:
    members = node.members(("fact", "op"), ("value", "if_missing"))
    if "fact" not in members or "op" not in members:
        if isinstance(node.value, dict):
            node.fault(
                "bad_condition",
                Text(
                    "must be a comparison with fact and op, or a group all, any, none",
                    "须为含 fact 与 op 的比较，或 all、any、none 组",
                ),
            )
        return NOTHING
    fact = read_fact(members["fact"])
    if fact is None:
        return NOTHING
    operators = [op.value for op in operators_of(fact.type)]
    op = Op(members["op"].choice(operators))
    if members["op"].value not in operators:
        return NOTHING
    if op.asks_presence:
        _refuse_operand(members, op)
        return Clause(fact.name, op)
    if_missing = members["if_missing"].boolean() if "if_missing" in members else None
    return Clause(fact.name, op, _operand(node, members.get("value"), fact, op), if_missing)


def _refuse_operand(members: dict[str, Node], op: Op) -> None:
    for name in ("value", "if_missing"):
        if name in members:
            members[name].fault("unknown_member", Text(f"{op} takes no {name!r}", f"{op} 不带 {name!r}"))


def _operand(clause: Node, node: Node | None, fact: Fact, op: Op) -> Operand:
    if node is None:
        clause.fault("missing_member", Text(f"{op} needs a 'value'", f"{op} 需要 'value'"))
        return None
    if op.takes_one and isinstance(node.value, dict):
        return read_field(node, comparable_with(fact))
    return read_literals(node, fact, op)


def read_literals(node: Node, fact: Fact, op: Op) -> FactValue | tuple[FactValue, ...]:
    """What an operator compares a fact with, where that is a literal: a list for `in`, `not_in` and `between`."""
    if op.takes_one:
        return read_literal(node, fact)
    items = node.items(2, 2) if op is Op.BETWEEN else node.items()
    return tuple(read_literal(item, fact) for item in items)
