"""Conditions that can never hold or always do, and branches that what stands beside them rules out.

The smallest condition is blamed: of an `all` with a member that can never hold, that member.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policy_service.domain.outcomes import CheckKind
from rules.conditions import Clause, Condition, Group, GroupKind, Op
from rules.lint.questions import Questions, Reach, facts_of
from rules.lint.remarks import Remark, error, path_to, rule_path, warning
from rules.rule import Rule


def reaching(questions: Questions) -> Iterator[Remark]:
    """The conditions of every rule that is enabled."""
    for rule in questions.policy.rules:
        if rule.enabled:
            with questions.about(rule_path(rule)):
                yield from reach_remarks(questions, rule_path(rule, "when"), rule.when)
                if questions.reach_of(rule.when) is Reach.SOMETIMES:
                    yield from _dead_branches(questions, rule_path(rule, "when"), rule.when, ())
                    yield from _never_in_force(questions, rule)


def reach_remarks(questions: Questions, path: str, condition: Condition) -> Iterator[Remark]:
    """What never or always holds, at the smallest condition of which that can be said."""
    reach = questions.reach_of(condition)
    blamed = _blamed(questions, condition, reach) if isinstance(condition, Group) else ()
    if reach is not Reach.SOMETIMES and not blamed:
        yield _remark(path, reach)
    for keys, member in blamed:
        yield from reach_remarks(questions, path_to(path, *keys), member)


def _blamed(questions: Questions, group: Group, reach: Reach) -> Sequence[tuple[tuple[str, int], Condition]]:
    """The members to look at, with their places: all of them, or those by which the group never or always holds."""
    members = [((group.kind.value, place), member) for place, member in enumerate(group.members)]
    if reach is Reach.SOMETIMES:
        return members
    if group.kind is GroupKind.NONE:
        return members if all(_is(questions, member, Reach.NEVER) for member in group.members) else ()
    return [(keys, member) for keys, member in members if _is(questions, member, reach)]


def _is(questions: Questions, condition: Condition, reach: Reach) -> bool:
    return questions.reach_of(condition) is reach


def _remark(path: str, reach: Reach) -> Remark:
    if reach is Reach.NEVER:
        return error("never_holds", path, "can never hold", "永远不会成立")
    return warning("always_holds", path, "always holds", "总是成立")


def _dead_branches(
    questions: Questions, path: str, condition: Condition, beside: tuple[Condition, ...]
) -> Iterator[Remark]:
    """Members of an `any` that cannot hold where what stands beside it, inside an `all`, holds."""
    if isinstance(condition, Clause) or condition.kind is GroupKind.NONE:
        return
    for place, member in enumerate(condition.members):
        below = path_to(path, condition.kind, place)
        others = beside
        if condition.kind is GroupKind.ALL:
            others += condition.members[:place] + condition.members[place + 1 :]
        elif _is_ruled_out(questions, member, beside):
            yield warning(
                "dead_branch",
                below,
                "can never hold together with the conditions beside it, and so adds nothing",
                "与旁边的条件不可能同时成立，因此不起作用",
            )
            continue
        yield from _dead_branches(questions, below, member, others)


def _is_ruled_out(questions: Questions, condition: Condition, beside: tuple[Condition, ...]) -> bool:
    read = facts_of(condition)
    related = [other for other in beside if not read.isdisjoint(facts_of(other))]
    if not related or questions.reach_of(condition) is Reach.NEVER:
        return False
    return questions.witness(condition, *related) is None


def _never_in_force(questions: Questions, rule: Rule) -> Iterator[Remark]:
    if len(rule.applies_to) < len(CheckKind) and "order.kind" in facts_of(rule.when):
        kinds = tuple(kind.value for kind in rule.applies_to)
        if questions.witness(rule.when, Clause("order.kind", Op.IN, kinds)) is None:
            listed = ", ".join(kinds)
            yield warning(
                "never_in_force",
                rule_path(rule),
                f"applies to {listed} only, where its condition can never hold",
                f"仅适用于 {listed}，而此时其条件永远不会成立",
            )
