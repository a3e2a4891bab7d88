"""Who does something: a person, a key of a person, or the service itself."""

from __future__ import annotations

from dataclasses import dataclass

from policy_service.domain.permissions import Role, Scope


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts. `user` is None for a key without an owner.

    `key` and `key_id` name the API key that was used, None for a person at a screen or a terminal.
    """

    user: str | None = None
    key: str | None = None
    key_id: int | None = None
    role: Role | None = None
    scopes: frozenset[Scope] = frozenset()

    def as_document(self) -> dict[str, str | None]:
        """The actor as decisions and events record it."""
        return {"user": self.user, "key": self.key, "role": self.role}


SYSTEM = Actor(user="system", role=Role.ADMIN)
