"""The solver as lint asks it: for one policy, with a bound on all questions of one check together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from functools import cache

from rules.conditions import Condition, Group, GroupKind, clauses
from rules.document import Policy
from rules.lint.remarks import Remark, warning
from rules.solve import Steps, Undecided, Witness, find_witness, negation

_STEPS_OF_A_CHECK = 1_000_000
_STEPS_OF_A_QUESTION = 250_000
"""A few seconds for each check, however large the policy is."""


class Reach(Enum):
    """How often a condition can hold."""

    NEVER = 0
    SOMETIMES = 1
    ALWAYS = 2

    @property
    def reversed(self) -> Reach:
        """How often it can fail to hold."""
        return Reach(2 - self.value)


class Questions:
    """What can be asked of the conditions of a policy. Every answer is certain, or the question raises Undecided."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.fact_of = cache(policy.fact)
        self.begin_check()
        self._reach: dict[Condition, Reach] = {}
        self._unexamined: dict[str, None] = {}

    def begin_check(self) -> None:
        """Give the check that comes now its own steps, whatever those before it took."""
        self._steps = Steps(_STEPS_OF_A_CHECK)

    @contextmanager
    def about(self, path: str) -> Iterator[None]:
        """What cannot be decided inside is left, and `path` is noted as not examined."""
        try:
            yield
        except Undecided:
            self._unexamined[path] = None

    def spend(self, steps: int) -> None:
        """Take steps from those of the check. Raises Undecided."""
        self._steps.spend(steps)

    def witness(self, *conditions: Condition) -> Witness | None:
        """Values under which all conditions hold; None where there are none."""
        return find_witness(*conditions, fact_of=self.fact_of, steps=Steps(_STEPS_OF_A_QUESTION, self._steps))

    def implies(self, condition: Condition, other: Condition) -> bool:
        """Whether the other condition holds wherever this one does."""
        return condition == other or self.witness(condition, negation(other)) is None

    def reach_of(self, condition: Condition) -> Reach:
        """How often a condition can hold."""
        if condition not in self._reach:
            self._reach[condition] = (
                self._reach_of_group(condition) if isinstance(condition, Group) else self._ask(condition)
            )
        return self._reach[condition]

    def _reach_of_group(self, group: Group) -> Reach:
        """From its members, where these decide it or read different facts; else from the solver."""
        members = [self.reach_of(member) for member in group.members]
        if group.kind is not GroupKind.ALL:
            members = [reach.reversed for reach in members]
        found: Reach | None = None
        if Reach.NEVER in members:
            found = Reach.NEVER
        elif set(members) <= {Reach.ALWAYS}:
            found = Reach.ALWAYS
        elif not _share_facts(group.members):
            found = Reach.SOMETIMES
        if found is None:
            return self._ask(group)
        return found.reversed if group.kind is GroupKind.ANY else found

    def _ask(self, condition: Condition) -> Reach:
        if self.witness(condition) is None:
            return Reach.NEVER
        return Reach.SOMETIMES if self.witness(negation(condition)) is not None else Reach.ALWAYS

    def unexamined(self) -> Iterator[Remark]:
        """That not everything was looked at, where it is so."""
        if self._unexamined:
            count, path = len(self._unexamined), next(iter(self._unexamined))
            yield warning(
                "not_examined",
                path,
                "could not be examined in full: it takes too long, or compares facts in a way that cannot be "
                f"settled; so it is at {count} place{'' if count == 1 else 's'}, of which this is the first",
                f"未能完整检查：耗时过长，或事实之间的比较无法判定；此类位置共 {count} 处，这是第一处",
            )


def facts_of(condition: Condition) -> frozenset[str]:
    """The facts that a condition reads."""
    return frozenset(name for clause in clauses(condition) for name in clause.facts)


def _share_facts(conditions: tuple[Condition, ...]) -> bool:
    read = [facts_of(condition) for condition in conditions]
    return sum(map(len, read)) > len(frozenset().union(*read))
