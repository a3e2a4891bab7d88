"""Rules without any consequence, because another rule fires whenever they do.

Trying every pair would take too long. A case in which a rule fires is looked up among all rules at once, and only
those that fire on it, too, and that do at least what it does, are asked about; each answer "no" comes with a case
that rules out more of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from rules.conditions import Clause, Condition, GroupKind
from rules.effects import Effect, EffectKind
from rules.exchange import exchange_of
from rules.facts import Facts
from rules.index import Indexes, can_be_indexed
from rules.lint.questions import Questions
from rules.lint.remarks import Remark, rule_path, warning
from rules.predicates import Seen, predicate
from rules.rule import Rule
from rules.solve import Witness, negation
from rules.strictness import is_at_least_as_strict

_STEPS_OF_A_LOOK = 5


def hidden_rules(questions: Questions) -> Iterator[Remark]:
    """Every enabled rule without consequence, with the rule that hides it."""
    hiding = _Hiding(questions)
    for rule in hiding.rules:
        with questions.about(rule_path(rule)):
            hider = hiding.hider_of(rule)
            if hider is not None:
                yield _remark(rule, hider)


def _remark(rule: Rule, hider: Rule) -> Remark:
    if rule.code in hider.exempts:
        en, zh = f"{hider.code} exempts it whenever it fires", f"每次触发都会被 {hider.code} 豁免"
    else:
        en = f"has no consequence: whenever it fires, {hider.code} fires, too, and does all that it does"
        zh = f"没有任何作用：每次触发时 {hider.code} 也会触发，且效果已全部包含"
    return warning("hidden_rule", rule_path(rule), en, zh)


class _Hiding:
    """The enabled rules of a policy, and which of them hide others."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self.rules = [rule for rule in questions.policy.rules if rule.enabled]
        self._exempted = frozenset(code for rule in self.rules for code in rule.exempts)
        self._indexes = Indexes([tuple(_needed(rule.when)) for rule in self.rules])
        self._fires = [None if _is_indexed(rule.when) else predicate(rule.when) for rule in self.rules]

    def hider_of(self, rule: Rule) -> Rule | None:
        """The first rule that takes every consequence from this one; of twins the later one is hidden."""
        case = self._questions.witness(rule.when)
        if case is None:
            return None
        cases = [self._seen(case)]
        possible = self._indexes.possible(cases[0])
        while possible:
            place = (possible & -possible).bit_length() - 1
            possible &= possible - 1
            self._questions.spend(1)
            other = self.rules[place]
            if not self._would_hide(other, rule) or not self._fires_in(place, cases):
                continue
            case = self._case_without(rule, other)
            if case is None and not self._is_later_twin(other, rule):
                return other
            if case is not None:
                cases.append(self._seen(case))
                possible &= self._indexes.possible(cases[-1])
        return None

    def _fires_in(self, place: int, cases: Sequence[Seen]) -> bool:
        """Whether a rule that the indexes leave possible fires in every case."""
        fires = self._fires[place]
        if fires is None:
            return True
        self._questions.spend(_STEPS_OF_A_LOOK * len(cases))
        return all(map(fires, cases))

    def _seen(self, case: Witness) -> Seen:
        facts = Facts(date.min, self._questions.policy.currency, {})
        return Seen(facts, case, exchange_of(facts.currency, False, facts))

    def _case_without(self, rule: Rule, other: Rule) -> Witness | None:
        """A case in which the rule fires and the other does not."""
        return None if rule.when == other.when else self._questions.witness(rule.when, negation(other.when))

    def _is_later_twin(self, other: Rule, rule: Rule) -> bool:
        return (
            other.position > rule.position
            and self._would_hide(rule, other)
            and self._questions.implies(other.when, rule.when)
        )

    def _would_hide(self, other: Rule, rule: Rule) -> bool:
        """Whether the other takes every consequence, should both fire."""
        if other is rule or other.code in self._exempted or not _is_in_force_with(other, rule):
            return False
        if rule.code in other.exempts:
            return True
        self._questions.spend(len(rule.then) * len(other.then))
        return all(_is_covered(effect, rule, other) for effect in rule.then)


def _needed(condition: Condition) -> Iterator[Clause]:
    """Clauses on literals that must all hold for a condition to hold."""
    if isinstance(condition, Clause):
        yield from (condition,) if can_be_indexed(condition) else ()
    elif condition.kind is GroupKind.ALL:
        for member in condition.members:
            yield from _needed(member)


def _is_indexed(condition: Condition) -> bool:
    """Whether nothing else must hold for it."""
    if isinstance(condition, Clause):
        return can_be_indexed(condition)
    return condition.kind is GroupKind.ALL and all(map(_is_indexed, condition.members))


def _is_in_force_with(other: Rule, rule: Rule) -> bool:
    """Whether the other applies wherever the rule does."""
    return (
        set(rule.applies_to) <= set(other.applies_to)
        and (other.valid_from is None or (rule.valid_from is not None and other.valid_from <= rule.valid_from))
        and (other.valid_to is None or (rule.valid_to is not None and rule.valid_to <= other.valid_to))
    )


def _is_covered(effect: Effect, rule: Rule, other: Rule) -> bool:
    """Whether an effect of a rule adds nothing to those of another that fires, too."""
    if effect.kind is EffectKind.EXEMPT:
        return other.order < rule.order and set(effect.rules) <= set(other.exempts)
    if effect.kind is EffectKind.WARN:
        return effect in other.then
    return any(is_at_least_as_strict(having, effect) for having in other.then)
