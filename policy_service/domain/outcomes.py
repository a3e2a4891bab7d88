"""What a check can answer, and who may release what it held."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Outcome(StrEnum):
    """The outcomes of a check; declared from mild to severe, the worst wins."""

    APPROVE = "approve"
    APPROVE_WITH_CONDITIONS = "approve_with_conditions"
    HOLD = "hold"
    REJECT = "reject"

    @property
    def severity(self) -> int:
        """0 for approve up to 3 for reject."""
        return _SEVERITY[self]

    @property
    def is_approval(self) -> bool:
        """Whether credit is granted, fully or in part."""
        return self in (Outcome.APPROVE, Outcome.APPROVE_WITH_CONDITIONS)


_SEVERITY = {outcome: position for position, outcome in enumerate(Outcome)}


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The most severe of `outcomes`; approve when there are none."""
    return max(outcomes, key=lambda outcome: outcome.severity, default=Outcome.APPROVE)


class Authority(StrEnum):
    """Who may release a hold; declared from the lowest to the highest."""

    CONTROLLER = "controller"
    MANAGER = "manager"
    DIRECTOR = "director"

    @property
    def rank(self) -> int:
        """0 for a controller up to 2 for a director."""
        return _RANK[self]


_RANK = {authority: position for position, authority in enumerate(Authority)}


class CheckKind(StrEnum):
    """What a sales system asks about."""

    ORDER = "order"
    QUOTE = "quote"
