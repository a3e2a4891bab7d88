"""Drafts of policies: written, written over, and made of an old version to go back to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from policy_service.db.models import PolicyVersion
from policy_service.domain.actors import Actor
from policy_service.domain.permissions import POLICY_MAKERS
from policy_service.services.persons import name_of, refuse_other_roles
from policy_service.services.policies import get_version
from policy_service.services.policy_steps import Status, locked_version, need_status, record_step, state_of
from rules.document import Policy, load_policy, policy_from_tree
from rules.rendering import source_of


@dataclass(frozen=True, slots=True)
class Written:
    """A policy as its author wrote it, and what it says."""

    source: str
    policy: Policy


def written_source(source: str) -> Written:
    """A policy written as YAML or JSON text. Raises PolicyError."""
    return Written(source, load_policy(source))


def written_document(document: object) -> Written:
    """A policy that came as a tree; its text is made. Raises PolicyError."""
    policy = policy_from_tree(document)
    return Written(source_of(policy), policy)


def written_before(session: Session, number: int) -> Written:
    """The policy of an old version, to go back to it. Raises PolicyVersionNotFound, PolicyError."""
    return written_source(get_version(session, number).source)


def create_draft(
    session: Session, actor: Actor, written: Written, note: str | None, now: datetime, based_on: int | None = None
) -> PolicyVersion:
    """Begin a version. Raises RoleMayNot."""
    refuse_other_roles(actor, POLICY_MAKERS)
    maker = name_of(actor)
    version = PolicyVersion(
        name=written.policy.name,
        status=Status.DRAFT,
        source=written.source,
        document=dict(written.policy.tree),
        content_hash=written.policy.content_hash,
        note=note,
        makers=[maker],
        created_by=maker,
        created_at=now,
    )
    session.add(version)
    session.flush()
    detail = {"based_on": based_on} if based_on is not None else {}
    record_step(session, actor, "policy.drafted", version, None, now, note=note, **detail)
    return version


def edit_draft(
    session: Session, actor: Actor, number: int, written: Written, note: str | None, now: datetime
) -> PolicyVersion:
    """Write over a draft; whoever does is one of its makers. The same content again changes nothing.

    Raises PolicyVersionNotFound, PolicyWrongState, RoleMayNot.
    """
    refuse_other_roles(actor, POLICY_MAKERS)
    version = locked_version(session, number)
    need_status(session, version, now, "edited", Status.DRAFT)
    if (version.source, version.note) == (written.source, note):
        return version
    before, maker = state_of(version), name_of(actor)
    version.name, version.source, version.note = written.policy.name, written.source, note
    version.document, version.content_hash = dict(written.policy.tree), written.policy.content_hash
    if maker not in version.makers:
        version.makers = [*version.makers, maker]
    record_step(session, actor, "policy.edited", version, before, now, note=note)
    return version
