"""What changed from one policy to another, in words, and whether checks come out stricter or milder for it.

Two versions are compared by what they mean, not by how they are written: a condition in other words is no change of
outcome, and one that looks harmless is told with a case in which it decides differently. What cannot be decided is
told as both, stricter and milder, never as neutral.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.diffing.changes import Change, PolicyDiff, Subject, What
from rules.diffing.order import order_changes
from rules.diffing.pair import Pair
from rules.diffing.remarks import OTHER_SPELLING
from rules.diffing.rules import rule_changes
from rules.diffing.settings import case_changes, currency_changes, name_changes, settings_changes
from rules.diffing.tables import table_changes
from rules.document import Policy
from rules.strictness import Direction

__all__ = ["Change", "Direction", "PolicyDiff", "Subject", "What", "diff"]


def diff(before: Policy, after: Policy) -> PolicyDiff:
    """The changes that make the policy `after` out of the policy `before`; none where both are the same."""
    if before.content_hash == after.content_hash:
        return PolicyDiff(())
    return PolicyDiff(tuple(_changes(Pair.of(before, after))) or (_spelling(),))


def _changes(pair: Pair) -> Iterator[Change]:
    yield from name_changes(pair)
    yield from currency_changes(pair)
    yield from settings_changes(pair)
    yield from table_changes(pair)
    old = {rule.code: rule for rule in pair.before.rules}
    new = {rule.code: rule for rule in pair.after.rules}
    for code in dict.fromkeys((*new, *old)):
        yield from rule_changes(pair, code, old.get(code), new.get(code))
    yield from order_changes(pair)
    yield from case_changes(pair)


def _spelling() -> Change:
    return Change(
        Subject.DOCUMENT, "", What.CHANGED, "spelling", None, None, Direction.NEUTRAL, remark=OTHER_SPELLING
    )
