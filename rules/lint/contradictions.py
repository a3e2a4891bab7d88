"""Effects that work against each other: within one rule, and between rules that exempt each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rules.effects import Effect
from rules.lint.questions import Questions, Reach
from rules.lint.remarks import Remark, error, example, rule_path, warning
from rules.rule import Rule
from rules.strictness import RESTRICTIVE, is_at_least_as_strict


def contradictions(questions: Questions) -> Iterator[Remark]:
    """In every rule that is enabled, and between each two of them."""
    enabled = {rule.code: rule for rule in questions.policy.rules if rule.enabled}
    for rule in enabled.values():
        with questions.about(rule_path(rule)):
            yield from _pointless_effects(questions, rule)
            for place, effect in enumerate(rule.then):
                for number, code in enumerate(effect.rules):
                    other = enabled.get(code, rule)
                    if other is not rule:
                        path = rule_path(rule, "then", place, "rules", number)
                        yield from _exemption(questions, path, rule, other)


def _pointless_effects(questions: Questions, rule: Rule) -> Iterator[Remark]:
    questions.spend(len(rule.then) ** 2)
    for place, effect in enumerate(rule.then):
        stricter = next((other for other in rule.then if _makes_pointless(rule, other, effect)), None)
        if stricter is not None:
            yield warning(
                "contradictory_effects",
                rule_path(rule, "then", place),
                f"adds nothing to the effect {stricter.kind} of the same rule",
                f"在同一规则的效果 {stricter.kind} 之外不起作用",
            )


def _makes_pointless(rule: Rule, other: Effect, effect: Effect) -> bool:
    """Whether the other effect is stricter; of two that are equal the first one counts."""
    if other is effect or other.kind not in RESTRICTIVE or effect.kind not in RESTRICTIVE:
        return False
    places = [id(each) for each in rule.then]
    is_first = places.index(id(other)) < places.index(id(effect))
    return is_at_least_as_strict(other, effect) and (is_first or not is_at_least_as_strict(effect, other))


def _exemption(questions: Questions, path: str, rule: Rule, other: Rule) -> Iterator[Remark]:
    if Reach.NEVER in (questions.reach_of(rule.when), questions.reach_of(other.when)):
        return
    case = questions.witness(rule.when, other.when) if _overlap(rule, other) else None
    if case is None:
        yield warning(
            "useless_exemption",
            path,
            f"{other.code} never fires together with this rule",
            f"{other.code} 不会与本规则同时触发",
        )
    elif rule.code in other.exempts and rule.position < other.position:
        shown = example(case, questions.policy)
        yield error(
            "contradictory_effects",
            path,
            f"this rule and {other.code} exempt each other, and both can fire: {shown.en}",
            f"本规则与 {other.code} 相互豁免，且可能同时触发：{shown.zh}",
        )


def _overlap(rule: Rule, other: Rule) -> bool:
    """Whether there is a kind of check and a day for both."""
    from_day = max(rule.valid_from or date.min, other.valid_from or date.min)
    to_day = min(rule.valid_to or date.max, other.valid_to or date.max)
    return from_day <= to_day and not set(rule.applies_to).isdisjoint(other.applies_to)
