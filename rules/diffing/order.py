"""The order of rules. It decides one thing only: a rule that was set aside by one before it sets nothing aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from rules.diffing.changes import Change, Subject, What
from rules.diffing.pair import Pair
from rules.diffing.pulls import opposite
from rules.diffing.remarks import OTHER_ORDER
from rules.document import Policy
from rules.rule import Rule
from rules.strictness import Direction
from rules.texts import Text


def order_changes(pair: Pair) -> Iterator[Change]:
    """The changes that follow from the order of the rules that both versions have."""
    old, new = _by_code(pair.before), _by_code(pair.after)
    both = old.keys() & new.keys()
    for code in (code for code in old if code in both):
        for other in dict.fromkeys((*old[code].exempts, *new[code].exempts)):
            if other in both and old[other].exempts and new[other].exempts:
                yield from _swapped(pair, (old[code], old[other]), (new[code], new[other]))
    first = [rule.code for rule in sorted(old.values(), key=_order) if rule.code in both]
    then = [rule.code for rule in sorted(new.values(), key=_order) if rule.code in both]
    if first != then:
        yield Change(Subject.DOCUMENT, "", What.CHANGED, "order", None, None, Direction.NEUTRAL, remark=OTHER_ORDER)


def _swapped(pair: Pair, before: tuple[Rule, Rule], after: tuple[Rule, Rule]) -> Iterator[Change]:
    """The second rule sets aside what it did not, because the first sets it aside only later now, or the reverse."""
    is_first, was_first = after[0].order < after[1].order, before[0].order < before[1].order
    if is_first is was_first:
        return
    setter, rule = after
    case = pair.cases.case_of(setter.when, rule.when)
    pull = pair.pulls.of_exempting({*before[1].exempts, *rule.exempts})
    change = Change(
        Subject.RULE, rule.code, What.CHANGED, "order", _place(setter, was_first), _place(setter, is_first), _NEUTRAL
    )
    if case is None or not pull:
        yield change
        return
    remark = _no_longer_sets_aside(setter) if is_first else _now_sets_aside(setter)
    follows = Text("both fire", "两者都触发")
    yield from pair.directed(replace(change, remark=remark), opposite(pull) if is_first else pull, case, follows)


_NEUTRAL = Direction.NEUTRAL


def _place(setter: Rule, is_first: bool) -> Text:
    if is_first:
        return Text(f"after {setter.code}, which sets it aside", f"在豁免它的 {setter.code} 之后")
    return Text(f"before {setter.code}, which sets it aside", f"在豁免它的 {setter.code} 之前")


def _now_sets_aside(setter: Rule) -> Text:
    return Text(
        f"now sets rules aside even where {setter.code} fires too", f"即使 {setter.code} 也触发，仍会豁免其他规则"
    )


def _no_longer_sets_aside(setter: Rule) -> Text:
    return Text(
        f"no longer sets rules aside where {setter.code} fires too", f"{setter.code} 也触发时，不再豁免其他规则"
    )


def _by_code(policy: Policy) -> Mapping[str, Rule]:
    return {rule.code: rule for rule in policy.rules if rule.enabled}


def _order(rule: Rule) -> tuple[int, int]:
    return rule.order
