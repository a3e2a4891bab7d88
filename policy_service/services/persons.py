"""Who acts: a person or a key without an owner, and in which role."""

from __future__ import annotations

from collections.abc import Collection

from policy_service.domain.actors import Actor
from policy_service.domain.errors import Forbidden, PersonNeeded, RoleMayNot
from policy_service.domain.permissions import Role


def name_of(actor: Actor) -> str:
    """The person, else the key that belongs to none. Raises Forbidden for nobody at all."""
    name = actor.user or actor.key
    if name is None:
        raise Forbidden
    return name


def person_of(actor: Actor) -> str:
    """The person who acts, at a screen or through a key of theirs. Raises PersonNeeded."""
    if actor.user is None:
        raise PersonNeeded
    return actor.user


def refuse_other_roles(actor: Actor, roles: Collection[Role]) -> None:
    """Let only persons of these roles pass. What a key may do its scopes have told before. Raises RoleMayNot."""
    if actor.key is None and actor.role not in roles:
        raise RoleMayNot
