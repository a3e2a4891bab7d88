"""What an API key may do, and what a user may do."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """Scopes of an API key."""

    CHECK = "check"
    DATA_WRITE = "data:write"
    DATA_READ = "data:read"
    POLICY_WRITE = "policy:write"
    POLICY_APPROVE = "policy:approve"
    HOLDS = "holds"
    AUDIT_READ = "audit:read"
    ADMIN = "admin"


class Role(StrEnum):
    """Roles of a person. Each sees and does what their work needs, no more."""

    SALES = "sales"
    CONTROLLER = "controller"
    MANAGER = "manager"
    DIRECTOR = "director"
    AUDITOR = "auditor"
    ADMIN = "admin"


POLICY_MAKERS = frozenset({Role.CONTROLLER, Role.MANAGER, Role.DIRECTOR, Role.ADMIN})
"""Who may write and submit policies."""

POLICY_CHECKERS = frozenset({Role.MANAGER, Role.DIRECTOR, Role.ADMIN})
"""Who may approve, reject, publish and retire them."""

BRAKE_USERS = POLICY_MAKERS
"""Who may freeze orders and stop customers, and let go what another person stopped."""
