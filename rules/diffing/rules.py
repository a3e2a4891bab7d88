"""What changed in one rule, and whether checks come out stricter or milder for it.

A rule is taken from one version to the other in steps: kinds, days, condition, effects. Each of the first three makes
its effects come in more cases or in fewer, and the pull of an effect says which way checks then go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from policy_service.domain.outcomes import CheckKind
from rules.conditions import Clause, Condition, Op, clauses
from rules.diffing.cases import Case
from rules.diffing.changes import Change, Subject, What
from rules.diffing.effects import effect_changes, matched
from rules.diffing.pair import IN_ORDER, Pair, Pulling, in_words
from rules.diffing.remarks import (
    CHANGES_NO_OUTCOME,
    IS_OFF,
    NEVER_FIRES,
    NO_LONGER_FIRES,
    NOW_FIRES,
    SAME_MEANING,
    STAYS_OFF,
    fires_less,
    fires_more,
)
from rules.document import Policy
from rules.rule import Rule
from rules.strictness import Direction
from rules.texts import Text
from rules.words import condition_text, kinds_text, period_text, rule_text

_DAY = timedelta(days=1)
_KIND = "order.kind"
_MESSAGES = ("message", "sales_message", "customer_message")


def rule_changes(pair: Pair, code: str, old: Rule | None, new: Rule | None) -> Iterator[Change]:
    """The changes of the rule of one code; None where a version does not have it."""
    was_on, is_on = old is not None and old.enabled, new is not None and new.enabled
    if old is not None and new is not None and was_on and is_on:
        yield from _changes_of(pair, old, new)
    elif new is not None and is_on:
        yield from _switched(pair, _whole(pair, code, old, new), new, pair.after, is_on=True)
    elif old is not None and was_on:
        yield from _switched(pair, _whole(pair, code, old, new), old, pair.before, is_on=False)
    else:
        change = _whole(pair, code, old, new)
        if change.before != change.after or change.part == "rule":
            yield replace(change, remark=STAYS_OFF if old and new else IS_OFF)


def _whole(pair: Pair, code: str, old: Rule | None, new: Rule | None) -> Change:
    """The change of a rule as a whole, its direction not told yet."""
    what = What.ADDED if old is None else What.REMOVED if new is None else What.CHANGED
    is_switch = old is not None and new is not None and old.enabled is not new.enabled
    return Change(
        Subject.RULE,
        code,
        what,
        "enabled" if is_switch else "rule",
        None if old is None else rule_text(old, pair.before),
        None if new is None else rule_text(new, pair.after),
        Direction.NEUTRAL,
    )


def _switched(pair: Pair, change: Change, rule: Rule, policy: Policy, *, is_on: bool) -> Iterator[Change]:
    """A rule that comes into force or goes out of it with all its effects."""
    case = pair.cases.case_of(rule.when)
    if case is None:
        yield replace(change, remark=NEVER_FIRES)
        return
    effects = [Pulling(effect, pair.pulls.of_effect(effect), policy) for effect in rule.then]
    yield from _more_or_less(pair, change, effects, case, is_more=is_on)


def _more_or_less(
    pair: Pair, change: Change, effects: Sequence[Pulling], case: Case, *, is_more: bool, when: Text | None = None
) -> Iterator[Change]:
    """The change in each direction in which effects that come in more cases or in fewer pull."""
    pulling = list(effects) if is_more else [effect.turned for effect in effects]
    says: Callable[[Text], Text] = fires_more if is_more else fires_less
    what_follows = when or (NOW_FIRES if is_more else NO_LONGER_FIRES)
    for direction in IN_ORDER:
        those = [effect for effect in pulling if direction in effect.pull]
        if those:
            told = replace(change, remark=says(in_words(those)))
            yield from pair.directed(told, frozenset({direction}), case, what_follows)
    if not any(effect.pull for effect in pulling):
        told = replace(change, remark=says(in_words(pulling)) if pulling else CHANGES_NO_OUTCOME)
        yield from pair.directed(told, frozenset(), case, what_follows)


def _changes_of(pair: Pair, old: Rule, new: Rule) -> Iterator[Change]:
    kept = matched(old.then, new.then)
    effects = [
        Pulling(each.after, each.pull(pair), pair.after) for each in kept if each.before is not None and each.after
    ]
    yield from _kinds(pair, old, new, effects)
    yield from _days(pair, old, new, effects)
    yield from _condition(pair, old, new, effects)
    yield from effect_changes(pair, old, new, kept)
    yield from _texts(pair, old, new)


def _part(code: str, part: str, before: Text, after: Text) -> Change:
    return Change(Subject.RULE, code, What.CHANGED, part, before, after, Direction.NEUTRAL)


def _or_neutral(change: Change, found: Sequence[Change], remark: Text) -> Iterator[Change]:
    """What was found, or else that the change comes to nothing."""
    yield from found or [replace(change, remark=remark)]


def _kinds(pair: Pair, old: Rule, new: Rule, effects: Sequence[Pulling]) -> Iterator[Change]:
    gained, lost = set(new.applies_to) - set(old.applies_to), set(old.applies_to) - set(new.applies_to)
    if not gained and not lost:
        return
    change = _part(old.code, "kinds", kinds_text(old.applies_to), kinds_text(new.applies_to))
    found: list[Change] = []
    for kinds, is_more in ((gained, True), (lost, False)):
        case = pair.cases.case_of(old.when, *_of_kinds(kinds, old.when)) if kinds else None
        if case is not None:
            found += _more_or_less(pair, change, effects, case, is_more=is_more)
    yield from _or_neutral(change, found, CHANGES_NO_OUTCOME)


def _of_kinds(kinds: set[CheckKind], *conditions: Condition) -> Iterator[Condition]:
    """That a check is of one of these kinds, where a condition asks for the kind by itself."""
    if any(_KIND in clause.facts for condition in conditions for clause in clauses(condition)):
        yield Clause(_KIND, Op.IN, tuple(sorted(kind.value for kind in kinds)))


def _days(pair: Pair, old: Rule, new: Rule, effects: Sequence[Pulling]) -> Iterator[Change]:
    gained, lost = _day_beyond(new, old), _day_beyond(old, new)
    case = pair.cases.case_of(old.when) if gained or lost else None
    if not gained and not lost:
        return
    change = _part(old.code, "period", period_text(old), period_text(new))
    found: list[Change] = []
    if case is not None and gained is not None:
        when = Text(f"on {gained} now fires", f"{gained} 现会触发")
        found += _more_or_less(pair, change, effects, case, is_more=True, when=when)
    if case is not None and lost is not None:
        when = Text(f"on {lost} no longer fires", f"{lost} 不再触发")
        found += _more_or_less(pair, change, effects, case, is_more=False, when=when)
    yield from _or_neutral(change, found, CHANGES_NO_OUTCOME)


def _day_beyond(rule: Rule, other: Rule) -> date | None:
    """A day on which a rule applies and the other does not."""
    first, last = rule.valid_from, rule.valid_to
    if other.valid_from is not None and (first is None or first < other.valid_from):
        day = other.valid_from - _DAY
        return day if last is None else min(day, last)
    if other.valid_to is not None and (last is None or last > other.valid_to):
        day = other.valid_to + _DAY
        return day if first is None else max(day, first)
    return None


def _condition(pair: Pair, old: Rule, new: Rule, effects: Sequence[Pulling]) -> Iterator[Change]:
    if old.when == new.when:
        return
    change = _part(old.code, "condition", condition_text(old.when, pair.before), condition_text(new.when, pair.after))
    kinds = list(_of_kinds(set(new.applies_to), old.when, new.when))
    found: list[Change] = []
    for holds, fails, is_more in ((new.when, old.when, True), (old.when, new.when, False)):
        case = pair.cases.case_between(holds, fails, *kinds)
        if case is not None:
            found += _more_or_less(pair, change, effects, case, is_more=is_more)
    yield from _or_neutral(change, found, SAME_MEANING)


def _texts(pair: Pair, old: Rule, new: Rule) -> Iterator[Change]:
    if old.title != new.title:
        yield _part(old.code, "title", old.title, new.title)
    if old.priority != new.priority:
        yield _part(old.code, "priority", Text.same(str(old.priority)), Text.same(str(new.priority)))
    before, after = _messages(pair.before, old), _messages(pair.after, new)
    if before != after:
        yield Change(Subject.RULE, old.code, What.CHANGED, "message", before, after, Direction.NEUTRAL)


def _messages(policy: Policy, rule: Rule) -> Text | None:
    """What the effects of a rule say, as its author wrote it; None where they say nothing of their own."""
    effects: list[dict[str, Any]] = policy.tree["rules"][rule.position]["then"]
    written = [effect[name] for effect in effects for name in _MESSAGES if name in effect]
    texts = [Text(text["en"], text["zh"]) if isinstance(text, dict) else Text.same(text) for text in written]
    if not texts:
        return None
    return Text(" / ".join(text.en for text in texts), " / ".join(text.zh for text in texts))
