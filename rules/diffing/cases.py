"""Cases between two versions: whether there are facts for which one condition holds and another does not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

from rules.catalogue import Fact, FactType
from rules.conditions import Clause, Condition, Group, GroupKind, Op, clauses
from rules.document import Policy
from rules.exchange import exchange_of
from rules.facts import Facts, FactValue
from rules.formula import Value
from rules.naming import name_of, value_text
from rules.predicates import Seen, predicate
from rules.solve import STEPS, Steps, Undecided, Witness, find_witness, negation
from rules.texts import Text
from rules.values import TABLE_GROUP, Field

BEFORE = "before:"
AFTER = "after:"
"""What stands before the name of a fact that the two versions give different values."""

_A_DAY = date(2000, 1, 1)
_MOST_NAMED = 8
_MOST_STEPS = 10 * STEPS
"""For a whole comparison: what is asked when they are used up counts as undecided."""


@dataclass(frozen=True, slots=True)
class Case:
    """Facts that were asked for. `witness` is None where there may be such facts, but none could be shown."""

    witness: Witness | None


class Cases:
    """Answers whether there are cases between two versions of a policy, whose facts may differ."""

    def __init__(self, before: Policy, after: Policy) -> None:
        self.before, self.after = before, after
        self._steps = Steps(_MOST_STEPS)

    def fact(self, name: str) -> Fact:
        """A fact of either version; an output of a table can be whatever it is in one of them. Raises KeyError."""
        if name.startswith((BEFORE, AFTER)):
            return replace(self.fact(name.partition(":")[2]), name=name, can_be_missing=True)
        old, new = self.before.table_facts.get(name), self.after.table_facts.get(name)
        if old is None or new is None or old == new:
            return (self.before if old is not None else self.after).fact(name)
        return replace(
            new,
            type=new.type if new.type is old.type else FactType.NUMBER,
            can_be_missing=old.can_be_missing or new.can_be_missing,
            choices=tuple(dict.fromkeys((*old.choices, *new.choices))),
        )

    def _asked(self, name: str) -> Fact:
        """A fact as the solver takes it: a table may put out any whole number, where counts are never negative."""
        fact = self.fact(name)
        is_count = fact.type is FactType.COUNT and TABLE_GROUP in name
        return replace(fact, type=FactType.DAYS) if is_count else fact

    def case_of(self, *conditions: Condition) -> Case | None:
        """Facts for which all conditions hold; None where there certainly are none."""
        if any(
            self._is_of_two_kinds(name) for each in conditions for clause in clauses(each) for name in clause.facts
        ):
            return Case(None)
        try:
            witness = find_witness(*conditions, fact_of=self._asked, steps=Steps(shared=self._steps))
        except Undecided:
            return Case(None)
        if witness is None:
            return None
        return Case(witness if self.holds(witness, *conditions) else None)

    def case_between(self, holds: Condition, fails: Condition, *more: Condition) -> Case | None:
        """Facts for which the first condition and all others hold, and the second does not."""
        return self.case_of(holds, negation(fails), *more)

    def holds(self, witness: Witness, *conditions: Condition) -> bool:
        """Whether all conditions hold on the facts of a witness."""
        known = {name: value for name, value in witness.items() if value is not None}
        facts = Facts(_A_DAY, self.after.currency, {})
        seen = Seen(facts, known, exchange_of(self.after.currency, False, facts))
        return all(predicate(condition)(seen) for condition in conditions)

    def _is_of_two_kinds(self, name: str) -> bool:
        """Whether a table puts out in one version what cannot be compared with what it puts out in the other."""
        plain = name.rpartition(":")[2]
        old, new = self.before.table_facts.get(plain), self.after.table_facts.get(plain)
        if old is None or new is None:
            return False
        is_comparable = old.type is new.type or (old.type.is_number and new.type.is_number)
        return not is_comparable or old.is_list is not new.is_list

    def example(self, case: Case, what_follows: Text) -> Text | None:
        """The facts of a case in words, and what follows; None where no facts can be shown."""
        if case.witness is None:
            return None
        named = [self._fact_text(name, value) for name, value in case.witness.items() if ":" not in name]
        more = len(named) - _MOST_NAMED
        if more > 0:
            named = [*named[:_MOST_NAMED], Text(f"and {more} more", f"另 {more} 项")]
        if not named:
            return Text(f"whatever the facts are: {what_follows.en}", f"无论事实如何：{what_follows.zh}")
        en, zh = ", ".join(text.en for text in named), "，".join(text.zh for text in named)
        return Text(f"{en}: {what_follows.en}", f"{zh}：{what_follows.zh}")

    def _fact_text(self, name: str, value: Value) -> Text:
        fact = self.fact(name)
        called = name_of(fact)
        items = value if isinstance(value, tuple) else (value,)
        shown = [value_text(fact, item, self.after.currency) for item in items]
        en, zh = ", ".join(text.en for text in shown), "、".join(text.zh for text in shown)
        if fact.is_list:
            en, zh = f"[{en}]", f"[{zh}]"
        return Text(f"{called.en} {en}", f"{called.zh} {zh}")


def in_version(condition: Condition, version: str, names: Collection[str]) -> Condition:
    """The condition with some facts under another name, so that two versions can give them different values."""
    if isinstance(condition, Group):
        return Group(condition.kind, tuple(in_version(member, version, names) for member in condition.members))
    operand = condition.operand
    if isinstance(operand, Field) and operand.fact in names:
        operand = replace(operand, fact=f"{version}{operand.fact}")
    fact = f"{version}{condition.fact}" if condition.fact in names else condition.fact
    return replace(condition, fact=fact, operand=operand)


def has_values(version: str, values: Mapping[str, FactValue | None]) -> Condition:
    """That facts have these values in one version, and are missing where they have none."""
    return Group(
        GroupKind.ALL,
        tuple(
            Clause(f"{version}{name}", Op.IS_MISSING)
            if value is None
            else Clause(f"{version}{name}", Op.EQ, value, if_missing=False)
            for name, value in values.items()
        ),
    )
