"""Held orders: what becomes of a hold, and who may release it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from policy_service.domain.outcomes import Authority
from policy_service.domain.permissions import Role


class HoldStatus(StrEnum):
    """What became of a hold. A later check of the order supersedes it."""

    OPEN = "open"
    RELEASED = "released"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class DelegationDocument:
    """To whom authority is lent, from one business day to another, both ends in."""

    delegate: str
    from_day: date
    to_day: date
    note: str | None = None


AUTHORITY_OF_ROLE = {
    Role.CONTROLLER: Authority.CONTROLLER,
    Role.MANAGER: Authority.MANAGER,
    Role.DIRECTOR: Authority.DIRECTOR,
}
"""The authority of each role that has one: who looks after the system, sells or audits releases nothing."""

HOLD_USERS = frozenset(AUTHORITY_OF_ROLE)
"""Who may work on held orders; releasing takes authority for the amount, too."""


def next_authority(authority: Authority) -> Authority | None:
    """The one above, None above the highest."""
    return next((above for above in Authority if above.rank == authority.rank + 1), None)
