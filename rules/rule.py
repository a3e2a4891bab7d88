"""One rule of a policy: when it applies, what it looks at, what it does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from policy_service.domain.outcomes import CheckKind
from rules.conditions import NOTHING, Clause, Condition, clauses, read_condition
from rules.default_messages import settled_message
from rules.effects import Effect, EffectKind, read_effect
from rules.exchange import is_money
from rules.messages import fixed_template
from rules.predicates import Probe, probes
from rules.reader import Node
from rules.texts import Text
from rules.values import Field

RESERVED_CODES = frozenset(
    {"EMERGENCY_STOP", "ENGINE_ERROR", "FX_RATE_TOO_OLD", "HOLD_REJECTED", "HOLD_RELEASED", "ORDERS_FROZEN"}
)
"""Codes of the reasons that the service gives by itself."""

_REQUIRED = ("code", "when", "then")
_OPTIONAL = ("title", "enabled", "applies_to", "priority", "valid_from", "valid_to")


@dataclass(frozen=True, slots=True)
class Rule:
    """`position` counts from 0 in the document; the days `valid_from` and `valid_to` are both inside."""

    code: str
    title: Text
    enabled: bool
    applies_to: tuple[CheckKind, ...]
    priority: int
    valid_from: date | None
    valid_to: date | None
    when: Condition
    then: tuple[Effect, ...]
    position: int
    probes: tuple[Probe, ...] = field(init=False, repr=False, compare=False)
    exempts: tuple[str, ...] = field(init=False, repr=False, compare=False)
    raises: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """What every check asks of a rule, worked out once."""
        object.__setattr__(self, "then", tuple(_with_message(effect, self.title) for effect in self.then))
        object.__setattr__(self, "probes", probes(self.when))
        object.__setattr__(self, "exempts", tuple(code for effect in self.then for code in effect.rules))
        object.__setattr__(self, "raises", tuple(effect.flag for effect in self.then if effect.flag))

    @property
    def order(self) -> tuple[int, int]:
        """Low fires first; among equals the document decides."""
        return (self.priority, self.position)

    def is_in_force(self, kind: str, day: date) -> bool:
        """Whether the rule applies to a kind of check on a day."""
        return (
            self.enabled
            and kind in self.applies_to
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_to is None or day <= self.valid_to)
        )

    @property
    def has_money_literals(self) -> bool:
        """Whether an amount in the policy's currency stands in a condition or an effect."""
        return any(map(_is_against_money_literal, clauses(self.when))) or any(map(_has_amount, self.then))


def _with_message(effect: Effect, title: Text) -> Effect:
    settled = settled_message(title, effect) if effect.message is None else None
    return effect if settled is None else replace(effect, message=fixed_template(settled))


def _is_against_money_literal(clause: Clause) -> bool:
    if isinstance(clause.operand, Field):
        return _adds_money(clause.operand)
    return clause.operand is not None and is_money(clause.fact)


def _has_amount(effect: Effect) -> bool:
    if isinstance(effect.number, Field):
        return _adds_money(effect.number)
    return effect.kind is EffectKind.CAP_CREDIT


def _adds_money(field: Field) -> bool:
    return is_money(field.fact) and field.plus != 0


def read_rule(node: Node, position: int) -> Rule:
    """One item of `rules`."""
    members = node.members(_REQUIRED, _OPTIONAL)
    code = members["code"].code() if "code" in members else ""
    if code in RESERVED_CODES:
        members["code"].fault("reserved_code", Text(f"{code} is kept for the service", f"{code} 由系统保留"))
    rule = Rule(
        code=code,
        title=members["title"].text(200) if "title" in members else Text.same(code),
        enabled=members["enabled"].boolean() if "enabled" in members else True,
        applies_to=_read_kinds(members.get("applies_to")),
        priority=members["priority"].integer(0, 1_000_000) if "priority" in members else 100,
        valid_from=members["valid_from"].day() if "valid_from" in members else None,
        valid_to=members["valid_to"].day() if "valid_to" in members else None,
        when=read_condition(members["when"]) if "when" in members else NOTHING,
        then=_read_effects(members.get("then")),
        position=position,
    )
    if rule.valid_from and rule.valid_to and rule.valid_to < rule.valid_from:
        members["valid_to"].fault("bad_period", Text("must not be before valid_from", "不得早于 valid_from"))
    return rule


def _read_kinds(node: Node | None) -> tuple[CheckKind, ...]:
    if node is None:
        return tuple(CheckKind)
    return tuple(dict.fromkeys(item.enumeration(CheckKind) for item in node.items(1, 2)))


def _read_effects(node: Node | None) -> tuple[Effect, ...]:
    if node is None:
        return ()
    effects = [read_effect(item) for item in node.items(at_most=50)]
    return tuple(effect for effect in effects if effect is not None)
