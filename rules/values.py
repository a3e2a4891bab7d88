"""Values that conditions and effects compute with: literals, and other facts times something plus something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from rules.catalogue import CATALOGUE, Fact, FactType
from rules.facts import FactValue
from rules.reader import Node, listed
from rules.texts import Text

FLAG_GROUP = "flag."
TABLE_GROUP = "table."
_SUFFIXES: dict[str, FactType] = {
    "_amount": FactType.MONEY,
    "_days": FactType.DAYS,
    "_ratio": FactType.RATIO,
    "_rate": FactType.RATIO,
    "_factor": FactType.RATIO,
}
"""What an output of a table is, by how its name ends."""
TEXT_AT_MOST = 200

_COMPARABLE: dict[FactType, frozenset[FactType]] = {
    FactType.MONEY: frozenset({FactType.MONEY}),
    FactType.RATIO: frozenset({FactType.RATIO, FactType.NUMBER}),
    FactType.NUMBER: frozenset({FactType.NUMBER, FactType.RATIO, FactType.DAYS}),
    FactType.DAYS: frozenset({FactType.DAYS, FactType.NUMBER}),
    FactType.COUNT: frozenset({FactType.COUNT}),
    FactType.LEVEL: frozenset({FactType.LEVEL}),
    FactType.BOOLEAN: frozenset({FactType.BOOLEAN}),
    FactType.TEXT: frozenset({FactType.TEXT}),
}
"""What a fact of a type may be compared with. An average of days is a number, hence number with days."""


@dataclass(frozen=True, slots=True)
class Field:
    """The value of another fact, `times` a plain decimal, `plus` an amount of the fact's own kind.

    For money `plus` is in the policy's currency.
    """

    fact: str
    times: Decimal = Decimal(1)
    plus: Decimal = Decimal(0)

    @property
    def is_plain(self) -> bool:
        """The fact itself, nothing multiplied and nothing added."""
        return self.times == 1 and self.plus == 0


def type_by_name(output: str) -> FactType | None:
    """The type of an output of a table, where its name tells it."""
    return next((kind for suffix, kind in _SUFFIXES.items() if output.endswith(suffix)), None)


def flag_fact(name: str) -> Fact:
    """The fact `flag.<name>`: true when a rule raised it, else false, never missing."""
    text = Text(f"Flag {name}", f"标记 {name}")
    return Fact(f"{FLAG_GROUP}{name}", FactType.BOOLEAN, text, text, can_be_missing=False)


def fact_named(name: str, of_tables: Mapping[str, Fact] = MappingProxyType({})) -> Fact:
    """The fact of that name: from the catalogue, a flag, or what a table puts out. Raises KeyError."""
    if name.startswith(FLAG_GROUP) and len(name) > len(FLAG_GROUP):
        return flag_fact(name.removeprefix(FLAG_GROUP))
    return of_tables[name] if name.startswith(TABLE_GROUP) else CATALOGUE[name]


def read_fact(node: Node) -> Fact | None:
    """The fact that a node names; notes an unknown one, with what its group has."""
    name = node.string()
    try:
        return fact_named(name, node.source.facts)
    except KeyError:
        few = listed(_near(name, node.source.facts))
        text = Text(f"{name!r} is not in the catalogue; there are: {few}", f"目录中没有 {name!r}；可用：{few}")
        if name:
            node.fault("unknown_fact", text)
        return None


def _near(name: str, of_tables: Mapping[str, Fact]) -> Iterable[str]:
    """The facts of its group, or else the groups."""
    if name.startswith(TABLE_GROUP) and of_tables:
        return of_tables
    group = name.partition(".")[0]
    near = [known for known in CATALOGUE if known.startswith(f"{group}.")]
    return near or list(dict.fromkeys(f"{fact.group}.…" for fact in CATALOGUE.values()))


def read_literal(node: Node, fact: Fact) -> FactValue:
    """A literal of the fact's type. Nothing is coerced."""
    match fact.type:
        case FactType.MONEY:
            return node.decimal("100.00")
        case FactType.RATIO | FactType.NUMBER:
            return node.decimal()
        case FactType.BOOLEAN:
            return node.boolean()
        case FactType.TEXT:
            return node.choice(fact.choices) if fact.choices else node.string(TEXT_AT_MOST)
        case _:
            return node.integer()


def read_field(node: Node, allowed: frozenset[FactType]) -> Field | None:
    """`{fact, times?, plus?}` whose fact is of one of the types `allowed`; None after a fault."""
    members = node.members(("fact",), ("times", "plus"))
    fact = read_fact(members["fact"]) if "fact" in members else None
    if fact is None:
        return None
    if fact.is_list:
        members["fact"].fault("wrong_type", Text(f"{fact.name} is a list", f"{fact.name} 是列表"))
    if fact.type not in allowed:
        listed = ", ".join(sorted(allowed))
        members["fact"].fault(
            "wrong_type",
            Text(
                f"{fact.name} is a {fact.type}; needed here: {listed}",
                f"{fact.name} 是 {fact.type}；此处需要：{listed}",
            ),
        )
    arithmetic = [members[name] for name in ("times", "plus") if name in members]
    if not fact.type.is_number:
        for node_ in arithmetic:
            node_.fault("wrong_type", Text(f"{fact.name} is no number", f"{fact.name} 不是数字"))
        return Field(fact.name)
    times = members["times"].number() if "times" in members else Decimal(1)
    plus = Decimal(read_literal(members["plus"], fact)) if "plus" in members else Decimal(0)
    return Field(fact.name, times, plus)


def comparable_with(fact: Fact) -> frozenset[FactType]:
    """The types that a fact may be compared with."""
    return _COMPARABLE[fact.type]
