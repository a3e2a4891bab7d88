"""`credit-policy user ...`"""

from __future__ import annotations

import sys

import click

from policy_service.cli.database import initialised_sessions
from policy_service.cli.output import Column, print_table, say
from policy_service.domain.actors import SYSTEM
from policy_service.domain.permissions import Role
from policy_service.services.users import create_user, list_users


@click.group("user")
def command() -> None:
    """The people who sign in."""


@command.command("create")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
def create(name: str, role: str, password_stdin: bool) -> None:
    """Add a person. A password has at least 8 characters."""
    password = _password(from_stdin=password_stdin)
    with initialised_sessions() as (sessions, moment), sessions() as session:
        create_user(session, SYSTEM, name=name, role=Role(role), password=password, now=moment.now)
        session.commit()
    say(f"Created {name} with the role {role}.")


@command.command("list")
def show() -> None:
    """All people, with their roles."""
    with initialised_sessions() as (sessions, _), sessions() as session:
        rows = [
            (user.name, user.role, "active" if user.is_active else "inactive", f"{user.created_at:%Y-%m-%d}")
            for user in list_users(session)
        ]
    print_table("", [Column("user"), Column("role"), Column("status"), Column("since")], rows)


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask for the password; use --password-stdin.")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return password
