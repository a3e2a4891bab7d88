"""Effects as typed, frozen objects: what a rule does to an order when it fires."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from policy_service.domain.outcomes import Authority
from rules.audiences import Audience
from rules.catalogue import FactType
from rules.messages import Template, read_template
from rules.reader import Node
from rules.texts import Text
from rules.values import Field, read_field


class EffectKind(StrEnum):
    """The effects of the policy language."""

    REJECT = "reject"
    HOLD = "hold"
    CAP_TERMS = "cap_terms"
    NO_TERMS_EXTENSION = "no_terms_extension"
    CAP_CREDIT = "cap_credit"
    REQUIRE_PREPAYMENT = "require_prepayment"
    WARN = "warn"
    FLAG = "flag"
    EXEMPT = "exempt"
    ALERT = "alert"


Number = Decimal | int | Field

MAX_TERMS_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect. `number` is its days, amount, percent or severity, where the kind has one.

    `message` is for those who see everything, the other two for whom their names say.
    `name` is the kind as a plain text, which costs less to look up than a member of an enumeration.
    """

    kind: EffectKind
    message: Template | None = None
    number: Number | None = None
    authority: Authority = Authority.CONTROLLER
    flag: str = ""
    rules: tuple[str, ...] = ()
    sales_message: Template | None = None
    customer_message: Template | None = None
    name: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.kind.value)


_COUNTABLE = frozenset(kind for kind in FactType if kind.is_number and kind is not FactType.MONEY)
_MONEY = frozenset({FactType.MONEY})

_Reader = Callable[[Node], Decimal | int]


def _days(node: Node) -> int:
    return node.integer(0, MAX_TERMS_DAYS)


def _severity(node: Node) -> int:
    return node.integer(1, 5)


def _amount(node: Node) -> Decimal:
    return _not_above(node, node.decimal("1000.00"), None)


def _percent(node: Node) -> Decimal:
    return _not_above(node, node.number(), Decimal(100))


def _not_above(node: Node, value: Decimal, most: Decimal | None) -> Decimal:
    if value < 0 or (most is not None and value > most):
        to = Text("at least 0", "不小于 0") if most is None else Text("from 0 to 100", "0 到 100 之间")
        node.fault("out_of_range", Text(f"must be {to.en}", f"须{to.zh}"))
    return value


NUMBERS: dict[EffectKind, tuple[str, _Reader, frozenset[FactType]]] = {
    EffectKind.CAP_TERMS: ("days", _days, _COUNTABLE),
    EffectKind.CAP_CREDIT: ("amount", _amount, _MONEY),
    EffectKind.REQUIRE_PREPAYMENT: ("percent", _percent, _COUNTABLE),
    EffectKind.ALERT: ("severity", _severity, _COUNTABLE),
}
"""The member that holds the number of an effect, how a literal is read, and which facts may stand there."""

_MESSAGES = {
    "message": Audience.CONTROLLER,
    "sales_message": Audience.SALES,
    "customer_message": Audience.CUSTOMER,
}
"""The members that are texts, and who reads them. All are optional."""

_OTHER_MEMBERS: dict[EffectKind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    EffectKind.HOLD: ((), ("authority",)),
    EffectKind.FLAG: (("name",), ()),
    EffectKind.EXEMPT: (("rules",), ()),
}


def read_effect(node: Node) -> Effect | None:
    """One item of `then`; None after a fault."""
    if not isinstance(node.value, dict) or "effect" not in node.value:
        node.members(("effect",), _MESSAGES)
        return None
    kind = node.child("effect", node.value["effect"]).enumeration(EffectKind)
    required, optional = _members_of(kind)
    members = node.members(("effect", *required), (*optional, *_MESSAGES))
    messages = {name: read_template(members[name], who) for name, who in _MESSAGES.items() if name in members}
    number = _number(kind, members)
    authority = members["authority"].enumeration(Authority) if "authority" in members else Authority.CONTROLLER
    flag = members["name"].name() if "name" in members else ""
    rules = tuple(item.code() for item in members["rules"].items()) if "rules" in members else ()
    return Effect(kind, number=number, authority=authority, flag=flag, rules=rules, **messages)


def _members_of(kind: EffectKind) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if kind in NUMBERS:
        return (NUMBERS[kind][0],), ()
    return _OTHER_MEMBERS.get(kind, ((), ()))


def _number(kind: EffectKind, members: dict[str, Node]) -> Number | None:
    if kind not in NUMBERS or NUMBERS[kind][0] not in members:
        return None
    name, read, allowed = NUMBERS[kind]
    node = members[name]
    return read_field(node, allowed) if isinstance(node.value, dict) else read(node)
