"""`credit-policy policy draft | submit | approve | reject | release | retire | rollback`: one service call each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from policy_service.cli.database import initialised_sessions
from policy_service.cli.differences import print_diff
from policy_service.cli.files import existing_file, read_text
from policy_service.cli.findings import print_cases, print_findings
from policy_service.cli.output import language_option, say
from policy_service.cli.persons import acting, as_option
from policy_service.domain.actors import Actor
from policy_service.domain.days import Moment
from policy_service.schemas.fields import Instant
from policy_service.services.policies import number_in_force
from policy_service.services.policy_checks import PolicyCasesFail, PolicyHasErrors
from policy_service.services.policy_diffs import diff_to_version_in_force
from policy_service.services.policy_drafts import create_draft, written_before, written_source
from policy_service.services.policy_life import approve, publish, reject, retire, submit
from rules.findings import PolicyError
from rules.lint import lint
from rules.texts import Language, Text

_number = click.argument("number", type=click.IntRange(1, 999_999_999))
_note = click.option("--note", help="Why; kept with the step.")


@contextmanager
def _step(user: str, what: str | Path, language: Language) -> Iterator[tuple[Session, Actor, Moment]]:
    """One step in one transaction; what is wrong with the policy is told line by line, and nothing is changed."""
    with initialised_sessions() as (sessions, moment), sessions() as session:
        try:
            yield session, acting(session, user), moment
        except (PolicyHasErrors, PolicyError) as error:
            print_findings(what, error.findings, language)
            raise click.exceptions.Exit(1) from error
        except PolicyCasesFail as error:
            print_cases(what, error.results, language)
            raise click.exceptions.Exit(1) from error
        session.commit()


def _instant(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    try:
        return None if value is None else Instant(Text.same("")).deserialize(value)
    except ValidationError:
        raise click.BadParameter('an instant with its offset, such as "2026-11-24T08:00:00+08:00"') from None


@click.command("draft")
@click.argument("file", type=existing_file)
@as_option
@_note
@language_option
def draft_file(file: Path, user: str, note: str | None, language: Language) -> None:
    """Begin a version with the text of a file; what is wrong with it so far is told."""
    source = read_text(file)
    with _step(user, file, language) as (session, actor, moment):
        written = written_source(source)
        number = create_draft(session, actor, written, note, moment.now).number
    print_findings(file, lint(written.policy), language)
    say(f"{written.policy.name} is version {number}, a draft.")


@click.command("rollback")
@_number
@as_option
@_note
@language_option
def rollback_version(number: int, user: str, note: str | None, language: Language) -> None:
    """Begin a version with the content of an old one, to go back to it. It needs its own approval."""
    with _step(user, _name(number), language) as (session, actor, moment):
        written = written_before(session, number)
        draft = create_draft(session, actor, written, note, moment.now, based_on=number).number
    say(f"Version {draft} is a draft with the content of version {number}.")


@click.command("submit")
@_number
@as_option
@language_option
def submit_version(number: int, user: str, language: Language) -> None:
    """Hand a draft over for approval, and tell what changes against the policy in force. Exit 1 on errors."""
    with _step(user, _name(number), language) as (session, actor, moment):
        submit(session, actor, number, moment.now)
        if number_in_force(session, moment.now) is not None:
            print_diff(diff_to_version_in_force(session, number, moment.now).diff, language)
    say(f"Version {number} is submitted.")


@click.command("approve")
@_number
@as_option
@_note
@language_option
def approve_version(number: int, user: str, note: str | None, language: Language) -> None:
    """Approve a submitted version; nobody approves what they wrote in."""
    with _step(user, _name(number), language) as (session, actor, moment):
        approve(session, actor, number, note, moment.now)
    say(f"Version {number} is approved.")


@click.command("reject")
@_number
@as_option
@click.option("--note", required=True, help="Why; told to its makers.")
@language_option
def reject_version(number: int, user: str, note: str, language: Language) -> None:
    """Give a submitted version back to its makers."""
    with _step(user, _name(number), language) as (session, actor, moment):
        reject(session, actor, number, note, moment.now)
    say(f"Version {number} is a draft again.")


@click.command("release")
@_number
@as_option
@click.option("--at", "effective_at", callback=_instant, help="From when it is in force; left out, from now.")
@language_option
def release_version(number: int, user: str, effective_at: datetime | None, language: Language) -> None:
    """Publish an approved version. Exit 1 where it fails what it passed before."""
    with _step(user, _name(number), language) as (session, actor, moment):
        version = publish(session, actor, number, effective_at, moment.now)
    say(f"Version {number} is in force from {version.effective_at:%Y-%m-%d %H:%M:%S} UTC.")


@click.command("retire")
@_number
@as_option
@language_option
def retire_version(number: int, user: str, language: Language) -> None:
    """Give up an approved version, or a published one before its time has come."""
    with _step(user, _name(number), language) as (session, actor, moment):
        retire(session, actor, number, moment.now)
    say(f"Version {number} is retired.")


def _name(number: int) -> str:
    return f"version {number}"


STEPS = (
    draft_file,
    rollback_version,
    submit_version,
    approve_version,
    reject_version,
    release_version,
    retire_version,
)
