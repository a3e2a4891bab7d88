"""The two versions that are compared, with what is worked out once for all their parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rules.diffing.cases import Case, Cases
from rules.diffing.changes import Change
from rules.diffing.pulls import Pull, Pulls, opposite
from rules.diffing.remarks import unsure
from rules.document import Policy
from rules.effects import Effect
from rules.strictness import Direction
from rules.texts import Text
from rules.words import effect_text

IN_ORDER = (Direction.TIGHTENING, Direction.LOOSENING)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two versions of a policy."""

    before: Policy
    after: Policy
    cases: Cases
    pulls: Pulls

    @classmethod
    def of(cls, before: Policy, after: Policy) -> Pair:
        """What is to be known of two versions."""
        return cls(before, after, Cases(before, after), Pulls(before, after))

    def directed(self, change: Change, pull: Pull, case: Case, what_follows: Text) -> Iterator[Change]:
        """The change in each direction of a pull, with the case as its example; neutral where there is no pull."""
        shown = replace(change, example=self.cases.example(case, what_follows))
        if not pull:
            yield replace(shown, direction=Direction.NEUTRAL)
        for direction in IN_ORDER:
            if direction in pull:
                told = replace(shown, direction=direction)
                yield told if case.witness is not None else undecided(replace(told, remark=unsure(change.remark)))


@dataclass(frozen=True, slots=True)
class Pulling:
    """An effect as it comes more or less often, which way checks then go, and whose words tell it."""

    effect: Effect
    pull: Pull
    policy: Policy

    @property
    def turned(self) -> Pulling:
        """The same when the effect comes less often."""
        return replace(self, pull=opposite(self.pull))


def in_words(effects: Sequence[Pulling]) -> Text:
    """The effects, one after the other."""
    texts = [effect_text(each.effect, each.policy) for each in effects]
    return Text("; ".join(text.en for text in texts), "；".join(text.zh for text in texts))


def undecided(change: Change) -> Change:
    """A change that is only possibly in its direction."""
    return replace(change, is_decided=False)


def either_way(change: Change, remark: Text) -> Iterator[Change]:
    """A change that may make checks stricter, and may make them milder."""
    return (undecided(replace(change, direction=direction, remark=remark)) for direction in IN_ORDER)
