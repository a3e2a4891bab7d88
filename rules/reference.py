"""What `decide` must answer, said as plainly as it can be: the oracle of its tests.

Recursion over the document, amounts as fractions of base units, no bits, no index, no cache. Only what the fired
rules then amount to (`rules.judging`) is shared.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from rules.brakes import braked
from rules.chain import flags_named
from rules.conditions import Clause, Condition
from rules.decide import engine_error_verdict
from rules.document import Policy
from rules.exchange import MissingRate, is_money
from rules.facts import Facts
from rules.judging import judge
from rules.look_up import AmbiguousTable, hit_of
from rules.predicates import Seen
from rules.rule import Rule
from rules.tables import Table
from rules.values import FLAG_GROUP, Field
from rules.verdict import Verdict


def decide_by_reference(policy: Policy, facts: Facts) -> Verdict:
    """The same answer as `decide`, slowly."""
    return braked(_verdict(policy, facts), facts)


def _verdict(policy: Policy, facts: Facts) -> Verdict:
    try:
        reference = Reference(policy, facts)
    except (MissingRate, AmbiguousTable) as error:
        return engine_error_verdict(str(error))
    fired = [rule for rule in reference.rules if reference.fires(rule)]
    flags = {name: bool(reference.value(name)) for name in flags_named(policy.rules)}
    return judge(policy.settings.max_rate_age_days, fired, reference.seen.with_flags(flags))


class Reference:
    """One policy and the facts of one check. Raises MissingRate, AmbiguousTable."""

    def __init__(self, policy: Policy, facts: Facts) -> None:
        self.policy, self.facts = policy, facts
        self.seen = Seen.of(facts, policy.currency, policy.has_money_literals)
        self.rules = sorted(policy.rules, key=lambda rule: rule.order)
        for table in policy.tables:
            self.look_up(table)

    def look_up(self, table: Table) -> None:
        """Make the outputs of a table known. Raises AmbiguousTable."""
        rows = enumerate(table.rows)
        matching = [place for place, row in rows if all(cell is None or self.holds(cell) for cell in row.cells)]
        self.seen = self.seen.with_hit(hit_of(table, matching, self.seen), table)

    def fires(self, rule: Rule) -> bool:
        """Whether a rule is in force and its condition holds."""
        kind = str(self.facts.values.get("order.kind", "order"))
        return rule.is_in_force(kind, self.facts.day) and self.holds(rule.when)

    def holds(self, condition: Condition) -> bool:
        """Whether a condition holds."""
        if isinstance(condition, Clause):
            return self.clause_holds(condition)
        held = [self.holds(member) for member in condition.members]
        return {"all": all(held), "any": any(held), "none": not any(held)}[condition.kind]

    def clause_holds(self, clause: Clause) -> bool:
        """Whether one clause holds."""
        left, right = self.value(clause.fact), self.right(clause)
        if isinstance(left, list):
            one = (self.compare(item, clause, right) for item in left)
            return all(one) if clause.op in ("ne", "not_in") else any(one) or clause.op == "is_present"
        return self.compare(left, clause, right)

    def compare(self, left: Any, clause: Clause, right: Any) -> bool:
        """Whether a clause holds for one value."""
        if clause.op in ("is_missing", "is_present"):
            return (left is None) == (clause.op == "is_missing")
        if left is None or right is None:
            return clause.if_missing is True
        answers: dict[str, Callable[[], bool]] = {
            "eq": lambda: left == right,
            "ne": lambda: left != right,
            "lt": lambda: left < right,
            "le": lambda: left <= right,
            "gt": lambda: left > right,
            "ge": lambda: left >= right,
            "in": lambda: left in right,
            "not_in": lambda: left not in right,
            "between": lambda: right[0] <= left <= right[1],
        }
        return answers[clause.op]()

    def right(self, clause: Clause) -> Any:
        """The right-hand side; amounts in base units."""
        operand = clause.operand
        if isinstance(operand, tuple):
            return [self.literal(item, clause.fact) for item in operand]
        if not isinstance(operand, Field):
            return self.literal(operand, clause.fact)
        value = self.value(operand.fact)
        if value is None or isinstance(value, bool | str):
            return value
        return value * Fraction(operand.times) + self.literal(operand.plus, operand.fact)

    def value(self, name: str) -> Any:
        """The value of a fact; amounts in base units."""
        if name.startswith(FLAG_GROUP):
            return any(self.raises(rule, name.removeprefix(FLAG_GROUP)) for rule in self.rules)
        is_group = name.startswith("group.") and self.facts.group_currency
        currency = self.facts.group_currency if is_group else self.facts.currency
        value = self.seen.known.get(name)
        if isinstance(value, tuple):
            return [self.in_base(item, name, currency) for item in value]
        return self.in_base(value, name, currency)

    def literal(self, value: Any, against: str) -> Any:
        """A literal that stands against a fact."""
        return self.in_base(value, against, self.policy.currency)

    def in_base(self, value: Any, fact: str, currency: str | None) -> Any:
        """Numbers as fractions, amounts of a currency in base units."""
        if value is None or isinstance(value, bool | str):
            return value
        rate = self.facts.rates.get(currency or "") if is_money(fact) else None
        return Fraction(value) * (Fraction(rate.per_unit) if rate else 1)

    def raises(self, rule: Rule, flag: str) -> bool:
        """Whether a rule raises a flag, and nothing exempts it."""
        is_raiser = any(effect.flag == flag for effect in rule.then)
        return is_raiser and self.fires(rule) and not any(self.exempts(other, rule) for other in self.rules)

    def exempts(self, rule: Rule, target: Rule) -> bool:
        """A rule exempts what it names, unless a rule before it has exempted it."""
        names = any(target.code in effect.rules for effect in rule.then)
        before = self.rules[: self.rules.index(rule)]
        return names and self.fires(rule) and not any(self.exempts(other, rule) for other in before)
