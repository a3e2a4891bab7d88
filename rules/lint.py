"""What a policy document of the right shape still gets wrong. Faults of shape are told by `rules.document`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rules.chain import flags_read
from rules.conditions import Clause, Condition
from rules.document import Policy, load_policy
from rules.findings import Finding, Level, PolicyError
from rules.reach import Reach, reach_of
from rules.rule import Rule
from rules.source import pointer
from rules.texts import Text
from rules.values import FLAG_GROUP, fact_named

__all__ = ["Finding", "Level", "lint", "lint_source"]


@dataclass(frozen=True, slots=True)
class _Remark:
    """A finding before its line is looked up."""

    level: Level
    code: str
    path: str
    message: Text


def lint_source(source: str) -> tuple[Finding, ...]:
    """The findings of a text, whether it loads or not."""
    try:
        return lint(load_policy(source))
    except PolicyError as error:
        return error.findings


def lint(policy: Policy) -> tuple[Finding, ...]:
    """The findings of a policy, by line."""
    remarks = (remark for check in _CHECKS for remark in check(policy))
    return tuple(sorted((_finding(remark, policy) for remark in remarks), key=lambda found: found.line or 0))


def _finding(remark: _Remark, policy: Policy) -> Finding:
    line, column = policy.positions.get(remark.path, (None, None))
    return Finding(remark.level, remark.code, remark.path, remark.message, line, column)


def _error(code: str, path: str, en: str, zh: str) -> _Remark:
    return _Remark(Level.ERROR, code, path, Text(en, zh))


def _warning(code: str, path: str, en: str, zh: str) -> _Remark:
    return _Remark(Level.WARNING, code, path, Text(en, zh))


def _path_of(rule: Rule, *keys: str | int) -> str:
    path = pointer("/rules", rule.position)
    for key in keys:
        path = pointer(path, key)
    return path


def _conditions(rule: Rule) -> Iterator[tuple[str, Condition]]:
    """Every condition of a rule, groups and clauses, with its path."""
    yield from _below(_path_of(rule, "when"), rule.when)


def _below(path: str, condition: Condition) -> Iterator[tuple[str, Condition]]:
    yield path, condition
    if not isinstance(condition, Clause):
        for place, member in enumerate(condition.members):
            yield from _below(pointer(pointer(path, condition.kind), place), member)


def _unsaid_if_missing(policy: Policy) -> Iterator[_Remark]:
    for rule in policy.rules:
        for path, clause in _conditions(rule):
            if isinstance(clause, Clause) and not clause.op.asks_presence and clause.if_missing is None:
                unsure = next((name for name in clause.facts if fact_named(name).can_be_missing), None)
                if unsure is not None:
                    yield _error(
                        "if_missing_required",
                        path,
                        f"{unsure} can be missing: say if_missing: true or false",
                        f"{unsure} 可能缺失：请写明 if_missing: true 或 false",
                    )


def _unknown_rules(policy: Policy) -> Iterator[_Remark]:
    codes = {rule.code for rule in policy.rules}
    for rule in policy.rules:
        for place, effect in enumerate(rule.then):
            for number, code in enumerate(effect.rules):
                path = _path_of(rule, "then", place, "rules", number)
                if code not in codes:
                    yield _error(
                        "unknown_rule", path, f"no rule has the code {code!r}", f"没有代码为 {code!r} 的规则"
                    )
                elif code == rule.code:
                    yield _error("exempts_itself", path, "a rule cannot exempt itself", "规则不能豁免自身")


def _flags(policy: Policy) -> Iterator[_Remark]:
    raised = {flag for rule in policy.rules for flag in rule.raises}
    read = {flag for rule in policy.rules for flag in flags_read(rule)}
    for rule in policy.rules:
        for path, clause in _conditions(rule):
            if isinstance(clause, Clause) and clause.fact.startswith(FLAG_GROUP):
                name = clause.fact.removeprefix(FLAG_GROUP)
                if name not in raised:
                    yield _error(
                        "unknown_flag", path, f"no rule raises the flag {name!r}", f"没有规则产生标记 {name!r}"
                    )
        for place, effect in enumerate(rule.then):
            if effect.flag and effect.flag not in read:
                path = _path_of(rule, "then", place)
                yield _warning(
                    "unused_flag",
                    path,
                    f"no rule looks at the flag {effect.flag!r}",
                    f"没有规则使用标记 {effect.flag!r}",
                )


def _unreachable(policy: Policy) -> Iterator[_Remark]:
    for rule in policy.rules:
        for path, condition in _conditions(rule):
            reach = reach_of(condition)
            if reach is Reach.NEVER:
                yield _error("never_holds", path, "can never hold", "永远不会成立")
            elif reach is Reach.ALWAYS:
                yield _warning("always_holds", path, "always holds", "总是成立")


_CHECKS: tuple[Callable[[Policy], Iterator[_Remark]], ...] = (
    _unsaid_if_missing,
    _unknown_rules,
    _flags,
    _unreachable,
)
