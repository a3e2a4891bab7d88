"""Which way a rule pulls: whether checks come out stricter or milder when it fires more often.

A rule that rejects pulls to the strict side, one that sets it aside to the mild side, one that sets aside that one to
the strict side again. A flag pulls as the rules that read it do, or against them where they read that it is not
raised. Rules of both versions are taken together, so that what holds on any way from one to the other is seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from rules.conditions import Clause, Condition, GroupKind, Op
from rules.document import Policy
from rules.effects import Effect, EffectKind
from rules.rule import Rule
from rules.strictness import RESTRICTIVE, Direction
from rules.values import FLAG_GROUP

Pull = frozenset[Direction]
"""The directions in which a check may go; none where no outcome follows."""

NO_PULL: Pull = frozenset()
BOTH: Pull = frozenset({Direction.TIGHTENING, Direction.LOOSENING})
STRICTER: Pull = frozenset({Direction.TIGHTENING})


def opposite(pull: Pull) -> Pull:
    """Which way it goes when there is less of it."""
    return frozenset(direction.reversed for direction in pull)


class Pulls:
    """Which way each rule and each flag pulls.

    `_feeds` has for each of them those that pull as it does (True), or against it (False).
    """

    def __init__(self, *policies: Policy) -> None:
        rules = [rule for policy in policies for rule in policy.rules if rule.enabled]
        self._found: dict[str, set[Direction]] = defaultdict(set)
        self._feeds: dict[str, set[tuple[str, bool]]] = defaultdict(set)
        for rule in rules:
            for code in rule.exempts:
                self._feeds[code].add((rule.code, False))
            for flag in rule.raises:
                self._feeds[f"{FLAG_GROUP}{flag}"].add((rule.code, True))
            for flag, is_along in _flags(rule.when, along=True):
                self._feeds[rule.code].add((flag, is_along))
        strict = {rule.code for rule in rules for effect in rule.then if effect.kind in RESTRICTIVE}
        self._spread([(code, Direction.TIGHTENING) for code in strict])

    def _spread(self, waiting: list[tuple[str, Direction]]) -> None:
        while waiting:
            node, direction = waiting.pop()
            if direction not in self._found[node]:
                self._found[node].add(direction)
                for other, is_along in self._feeds.get(node, ()):
                    waiting.append((other, direction if is_along else direction.reversed))

    def of_rule(self, code: str) -> Pull:
        """Which way checks go when a rule fires more often; not at all where no policy has it."""
        return frozenset(self._found.get(code, ()))

    def of_flag(self, name: str) -> Pull:
        """Which way checks go when a flag is raised more often."""
        return self.of_rule(f"{FLAG_GROUP}{name}")

    def of_exempting(self, codes: Iterable[str]) -> Pull:
        """Which way checks go when rules are set aside more often."""
        return frozenset(direction for code in codes for direction in opposite(self.of_rule(code)))

    def of_effect(self, effect: Effect) -> Pull:
        """Which way checks go when an effect comes more often."""
        match effect.kind:
            case EffectKind.FLAG:
                return self.of_flag(effect.flag)
            case EffectKind.EXEMPT:
                return self.of_exempting(effect.rules)
        return STRICTER if effect.kind in RESTRICTIVE else NO_PULL

    def of_effects(self, rule: Rule) -> Pull:
        """Which way checks go when all effects of a rule come more often."""
        return frozenset(direction for effect in rule.then for direction in self.of_effect(effect))


def _flags(condition: Condition, *, along: bool) -> Iterator[tuple[str, bool]]:
    """The flags that a condition reads; `along` where it holds more often when the flag is raised."""
    if not isinstance(condition, Clause):
        for member in condition.members:
            yield from _flags(member, along=along is not (condition.kind is GroupKind.NONE))
        return
    for name in condition.facts:
        if name.startswith(FLAG_GROUP):
            if isinstance(condition.operand, bool):
                yield name, along is (condition.operand is (condition.op is Op.EQ))
            else:
                yield name, True
                yield name, False
