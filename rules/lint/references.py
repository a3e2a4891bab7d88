"""Names that lead nowhere, and choices that were not made: what is seen without asking when a condition holds."""

from __future__ import annotations

from collections.abc import Iterator

from rules.chain import flags_read
from rules.conditions import Clause, Condition
from rules.lint.questions import Questions
from rules.lint.remarks import Remark, error, path_to, rule_path, warning
from rules.rule import Rule
from rules.values import FLAG_GROUP


def references(questions: Questions) -> Iterator[Remark]:
    """What every rule names, also one that is not enabled: it may be tomorrow."""
    yield from _unsaid_if_missing(questions)
    yield from _exempted_rules(questions)
    yield from _flags(questions)


def conditions_below(path: str, condition: Condition) -> Iterator[tuple[str, Condition]]:
    """A condition and all that it is made of, groups and clauses, each with its path."""
    yield path, condition
    if not isinstance(condition, Clause):
        for place, member in enumerate(condition.members):
            yield from conditions_below(path_to(path, condition.kind, place), member)


def _clauses_of(rule: Rule) -> Iterator[tuple[str, Clause]]:
    for path, condition in conditions_below(rule_path(rule, "when"), rule.when):
        if isinstance(condition, Clause):
            yield path, condition


def _unsaid_if_missing(questions: Questions) -> Iterator[Remark]:
    for rule in questions.policy.rules:
        for path, clause in _clauses_of(rule):
            if not clause.op.asks_presence and clause.if_missing is None:
                unsure = next((name for name in clause.facts if questions.fact_of(name).can_be_missing), None)
                if unsure is not None:
                    yield error(
                        "if_missing_required",
                        path,
                        f"{unsure} can be missing: say if_missing: true or false",
                        f"{unsure} 可能缺失：请写明 if_missing: true 或 false",
                    )


def _exempted_rules(questions: Questions) -> Iterator[Remark]:
    codes = {rule.code for rule in questions.policy.rules}
    for rule in questions.policy.rules:
        for place, effect in enumerate(rule.then):
            for number, code in enumerate(effect.rules):
                path = rule_path(rule, "then", place, "rules", number)
                if code not in codes:
                    yield error("unknown_rule", path, f"no rule has the code {code!r}", f"没有代码为 {code!r} 的规则")
                elif code == rule.code:
                    yield error("exempts_itself", path, "a rule cannot exempt itself", "规则不能豁免自身")


def _flags(questions: Questions) -> Iterator[Remark]:
    rules = questions.policy.rules
    raised = {flag for rule in rules for flag in rule.raises}
    read = {flag for rule in rules for flag in flags_read(rule)}
    for rule in rules:
        for path, clause in _clauses_of(rule):
            for name in clause.facts:
                flag = name.removeprefix(FLAG_GROUP)
                if name.startswith(FLAG_GROUP) and flag not in raised:
                    yield error(
                        "unknown_flag", path, f"no rule raises the flag {flag!r}", f"没有规则产生标记 {flag!r}"
                    )
        for place, effect in enumerate(rule.then):
            if effect.flag and effect.flag not in read:
                yield warning(
                    "unused_flag",
                    rule_path(rule, "then", place),
                    f"no rule looks at the flag {effect.flag!r}",
                    f"没有规则使用标记 {effect.flag!r}",
                )
