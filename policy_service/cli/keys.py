"""`credit-policy key ...`"""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from policy_service.cli.database import initialised_sessions
from policy_service.cli.output import Column, print_table, say
from policy_service.db.models import ApiKey
from policy_service.domain.actors import SYSTEM
from policy_service.domain.permissions import Scope
from policy_service.services.keys import create_key, list_keys, revoke_key

_ALL = "all"


def _scopes(_context: click.Context, _parameter: click.Parameter, value: str) -> frozenset[Scope]:
    names = {name.strip() for name in value.split(",") if name.strip()}
    if names == {_ALL}:
        return frozenset(Scope)
    try:
        return frozenset(Scope(name) for name in names)
    except ValueError:
        raise click.BadParameter(f"the scopes are {', '.join(Scope)}, or {_ALL}") from None


@click.group("key")
def command() -> None:
    """The API keys of programs."""


@command.command("create")
@click.option("--name", required=True, help="A name to find the key by, such as the program that uses it.")
@click.option("--scopes", required=True, callback=_scopes, help=f"Comma-separated, or {_ALL}: {', '.join(Scope)}.")
@click.option("--owner", help="The user whose key it is. Without one it can neither approve nor release.")
@click.option("--expires-in-days", type=click.IntRange(1, 3650), help="Without it the key does not expire.")
def create(name: str, scopes: frozenset[Scope], owner: str | None, expires_in_days: int | None) -> None:
    """Make a key and print it, once, alone on standard output."""
    with initialised_sessions() as (sessions, moment), sessions() as session:
        expires_at = None if expires_in_days is None else moment.now + timedelta(days=expires_in_days)
        plaintext = create_key(
            session, SYSTEM, name=name, scopes=scopes, owner=owner, expires_at=expires_at, now=moment.now
        )
        session.commit()
    click.echo(plaintext)
    say("Keep it now: it is not shown again.")


@command.command("list")
def show() -> None:
    """All keys, the revoked ones too; never their text."""
    with initialised_sessions() as (sessions, moment), sessions() as session:
        rows = [
            (
                key.name,
                key.owner or "-",
                ",".join(sorted(key.scopes)),
                f"{key.created_at:%Y-%m-%d}",
                *_life(key, moment.now),
            )
            for key in list_keys(session)
        ]
    titles = ("key", "owner", "scopes", "created", "expires", "status")
    print_table("", [Column(title) for title in titles], rows)


@command.command("revoke")
@click.argument("name")
def revoke(name: str) -> None:
    """End a key at once."""
    with initialised_sessions() as (sessions, moment), sessions() as session:
        revoke_key(session, SYSTEM, name, moment.now)
        session.commit()
    say(f"The key {name} is revoked.")


def _life(key: ApiKey, now: datetime) -> tuple[str, str]:
    expires = f"{key.expires_at:%Y-%m-%d}" if key.expires_at else "never"
    if key.revoked_at is not None:
        return expires, "revoked"
    return expires, "expired" if key.expires_at and key.expires_at <= now else "active"
