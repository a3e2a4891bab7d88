"""Who acts at the terminal: `--as USER`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from sqlalchemy.orm import Session

from policy_service.domain.actors import Actor
from policy_service.domain.errors import RoleMayNot, UserNotFound
from policy_service.domain.permissions import Role
from policy_service.services.users import find_user


def as_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--as USER`."""
    return click.option("--as", "user", required=True, help="The person who does it, in their role.")(command)


def acting(session: Session, user: str) -> Actor:
    """The person of that name. Raises UserNotFound; RoleMayNot where they are no longer active."""
    person = find_user(session, user)
    if person is None:
        raise UserNotFound(f"No user is named {user!r}.")
    if not person.is_active:
        raise RoleMayNot(f"{user} is not active.")
    return Actor(user=person.name, role=Role(person.role))
