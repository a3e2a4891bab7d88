"""What changed among the effects of a rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rules.diffing.changes import Change, Subject, What
from rules.diffing.pair import Pair, either_way
from rules.diffing.pulls import NO_PULL, Pull, opposite
from rules.diffing.remarks import NOT_ORDERED
from rules.effects import Effect, EffectKind
from rules.rule import Rule
from rules.strictness import Direction, direction_of_effect_change
from rules.texts import Text
from rules.words import effect_text

_FOLLOWED = (EffectKind.FLAG, EffectKind.EXEMPT)
"""What such an effect comes to is told by the rules that it names or that read it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An effect of the version before, and the one that stands in its place; None where there is none."""

    before: Effect | None
    after: Effect | None

    @property
    def is_same(self) -> bool:
        """Whether both do the same, whatever they say."""
        return self.before is not None and self.after is not None and _deed(self.before) == _deed(self.after)

    def pull(self, pair: Pair) -> Pull:
        """Which way checks go when what both have in common comes more often."""
        if self.before is None or self.after is None:
            return NO_PULL
        if self.before.kind is EffectKind.EXEMPT:
            return pair.pulls.of_exempting(set(self.before.rules) & set(self.after.rules))
        return pair.pulls.of_effect(self.before) & pair.pulls.of_effect(self.after)


def matched(before: Sequence[Effect], after: Sequence[Effect]) -> list[Kept]:
    """The effects of two versions side by side: first those that do the same, then those of one kind, then those that
    can be ordered by how strict they are."""
    old, new = list(before), list(after)
    found: list[Kept] = []
    for is_match in (_does_the_same, _is_of_one_kind, _can_be_ordered):
        for effect in list(old):
            other = next((each for each in new if is_match(effect, each)), None)
            if other is not None:
                old.remove(effect)
                new.remove(other)
                found.append(Kept(effect, other))
    return [*found, *(Kept(effect, None) for effect in old), *(Kept(None, effect) for effect in new)]


def _deed(effect: Effect) -> tuple[object, ...]:
    """What an effect does, without what it says."""
    return (effect.kind, effect.number, effect.authority, effect.flag, frozenset(effect.rules))


def _does_the_same(effect: Effect, other: Effect) -> bool:
    return _deed(effect) == _deed(other)


def _is_of_one_kind(effect: Effect, other: Effect) -> bool:
    return effect.kind is other.kind and effect.flag == other.flag


def _can_be_ordered(effect: Effect, other: Effect) -> bool:
    if effect.kind in _FOLLOWED or other.kind in _FOLLOWED:
        return False
    return direction_of_effect_change(effect, other) is not None


def effect_changes(pair: Pair, old: Rule, new: Rule, kept: Sequence[Kept]) -> Iterator[Change]:
    """The changes among the effects of a rule that both versions have."""
    for each in kept:
        if not each.is_same:
            yield from _changes_of(pair, old, new, each)


def _changes_of(pair: Pair, old: Rule, new: Rule, kept: Kept) -> Iterator[Change]:
    before = None if kept.before is None else effect_text(kept.before, pair.before)
    after = None if kept.after is None else effect_text(kept.after, pair.after)
    what = What.ADDED if before is None else What.REMOVED if after is None else What.CHANGED
    change = Change(Subject.RULE, new.code, what, "effect", before, after, Direction.NEUTRAL)
    pull = _pull_of_change(pair, kept)
    case = pair.cases.case_of(old.when if kept.after is None else new.when) or pair.cases.case_of(old.when)
    if case is None:
        yield change
    elif pull is None:
        yield from either_way(change, NOT_ORDERED)
    else:
        yield from pair.directed(change, pull, case, _what_follows(after))


def _what_follows(after: Text | None) -> Text:
    return Text("no longer so", "不再如此") if after is None else Text(f"now {after.en}", f"现为{after.zh}")


def _pull_of_change(pair: Pair, kept: Kept) -> Pull | None:
    """Which way checks go by the change; None where that cannot be told."""
    before, after = kept.before, kept.after
    if before is None or after is None:
        added = pair.pulls.of_effect(after) if after is not None else NO_PULL
        return added if before is None else opposite(pair.pulls.of_effect(before))
    if before.kind is EffectKind.EXEMPT:
        gained, lost = set(after.rules) - set(before.rules), set(before.rules) - set(after.rules)
        return pair.pulls.of_exempting(gained) | opposite(pair.pulls.of_exempting(lost))
    direction = direction_of_effect_change(before, after)
    if direction is None:
        return None
    return NO_PULL if direction is Direction.NEUTRAL else frozenset({direction})
