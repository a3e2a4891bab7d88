"""`credit-policy policy list | show | diff`"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from policy_service.cli.database import initialised_sessions
from policy_service.cli.differences import print_diff
from policy_service.cli.files import read_text
from policy_service.cli.findings import print_findings
from policy_service.cli.output import Column, language_option, print_table, say
from policy_service.services.policies import get_version, number_in_force
from policy_service.services.policy_versions import list_versions, show_version
from rules.diff import diff
from rules.document import Policy, load_policy
from rules.findings import PolicyError
from rules.texts import Language

_TITLES = ("version", "status", "name", "makers", "approved by", "in force from", "retired")
_IN_FORCE = "in force"


@click.command("list")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="Most versions to show.")
def list_all(limit: int) -> None:
    """The versions, the newest first."""
    with initialised_sessions() as (sessions, moment), sessions() as session:
        active = number_in_force(session, moment.now)
        rows = [
            (
                str(shown.version.number),
                _IN_FORCE if shown.version.number == active else shown.status,
                shown.version.name,
                ", ".join(shown.version.makers),
                shown.version.approved_by or "-",
                _instant(shown.version.effective_at),
                _instant(shown.retired_at),
            )
            for shown in list_versions(session, moment.now, limit=limit)
        ]
    print_table("", [Column(title, "right" if title == "version" else "left") for title in _TITLES], rows)


@click.command("show")
@click.argument("number", type=click.IntRange(1, 999_999_999))
def show(number: int) -> None:
    """The text of a version on standard output, and what became of it beside that."""
    with initialised_sessions() as (sessions, moment), sessions() as session:
        shown = show_version(session, number, moment.now)
    version = shown.version
    say(f"version {number}: {shown.status}, {version.name}, {version.content_hash}")
    say(f"written by {', '.join(version.makers)}; approved by {version.approved_by or '-'}")
    say(f"in force from {_instant(version.effective_at)}; retired {_instant(shown.retired_at)}")
    click.echo(version.source, nl=not version.source.endswith("\n"))


@click.command("diff")
@click.argument("before")
@click.argument("after")
@language_option
@click.pass_context
def compare(context: click.Context, before: str, after: str, language: Language) -> None:
    """What changes from one policy to another, each a file or the number of a version, and in which direction.

    Exit 1 where one of them does not load.
    """
    policies = []
    for name in (before, after):
        try:
            policies.append(_policy(name))
        except PolicyError as error:
            print_findings(name, error.findings, language)
            context.exit(1)
    print_diff(diff(*policies), language)


def _policy(name: str) -> Policy:
    """A number is a version; a file of such a name is written `./7`."""
    if name.isascii() and name.isdigit() and len(name) < 10:
        with initialised_sessions() as (sessions, _), sessions() as session:
            return load_policy(get_version(session, int(name)).source)
    if not Path(name).is_file():
        raise click.BadParameter(f"{name!r} is neither a file nor the number of a version.")
    return load_policy(read_text(Path(name)))


def _instant(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}" if instant else "-"


VIEWS = (list_all, show, compare)
