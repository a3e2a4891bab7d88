"""Which policy version is in force, and the operator's short way to put one there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.orm import Session

from policy_service.db.models import PolicyVersion
from policy_service.domain.actors import Actor
from policy_service.domain.days import rfc3339
from policy_service.domain.errors import NoActivePolicy, NotAnAdmin, PolicyChangedMeanwhile, PolicyVersionNotFound
from policy_service.domain.event_kinds import EventKind
from policy_service.domain.permissions import Role
from policy_service.services.audit import record_event
from policy_service.services.feed import publish_event
from policy_service.services.policy_checks import checked_policy
from policy_service.services.recheck_jobs import defer_recheck_of_all
from rules.document import Policy, load_policy
from rules.engine import CompiledPolicy, compile_policy

_PUBLISH_LOCK = 0x706F6C696379

IN_FORCE = (
    select(PolicyVersion.number, PolicyVersion.content_hash)
    .where(PolicyVersion.status == "published", PolicyVersion.effective_at <= bindparam("now"))
    .order_by(PolicyVersion.effective_at.desc(), PolicyVersion.published_at.desc(), PolicyVersion.number.desc())
    .limit(1)
)
"""Number and content hash of the version in force at `now`."""


@dataclass(frozen=True, slots=True)
class ActivePolicy:
    """The version in force, ready to decide."""

    number: int
    content_hash: str
    compiled: CompiledPolicy

    @property
    def policy(self) -> Policy:
        """The document."""
        return self.compiled.policy


def active_policy(session: Session, now: datetime) -> ActivePolicy:
    """The version in force at `now`, compiled once per process. Raises NoActivePolicy."""
    found = session.connection().execute(IN_FORCE, {"now": now}).one_or_none()
    return ready_policy(session, *(found or (None, None)))


def number_in_force(session: Session, now: datetime) -> int | None:
    """The number of the version in force at `now`, which is not compiled for it; None where there is none."""
    found = session.connection().execute(IN_FORCE, {"now": now}).one_or_none()
    return found.number if found else None


def ready_policy(session: Session, number: int | None, content_hash: str | None) -> ActivePolicy:
    """The version that was found in force, compiled. Raises NoActivePolicy where none was."""
    if number is None or content_hash is None:
        raise NoActivePolicy
    return ActivePolicy(number, content_hash, _compiled(session, number, content_hash))


def publish_in_one_step(
    session: Session, actor: Actor, source: str, note: str | None, now: datetime
) -> PolicyVersion:
    """The operator's path: create, submit, approve and publish at once, recorded as not four-eyed.

    Raises NotAnAdmin, PolicyHasErrors (text that does not load, or lint errors), PolicyCasesFail,
    PolicyChangedMeanwhile.
    """
    if actor.role is not Role.ADMIN or actor.user is None:
        raise NotAnAdmin("Only an admin may publish a policy in one step.")
    before = published_numbers(session)
    policy = checked_policy(source)
    lock_publishing(session, before)
    version = PolicyVersion(
        name=policy.name,
        status="published",
        source=source,
        document=dict(policy.tree),
        content_hash=policy.content_hash,
        note=note,
        makers=[actor.user],
        created_by=actor.user,
        created_at=now,
        submitted_by=actor.user,
        submitted_at=now,
        approved_by=actor.user,
        approved_at=now,
        approved_hash=policy.content_hash,
        published_by=actor.user,
        published_at=now,
        effective_at=now,
        four_eyes=False,
    )
    session.add(version)
    session.flush()
    detail = {"content_hash": policy.content_hash, "four_eyes": False, "note": note}
    record_event(session, actor, "policy.published", "policy_version", str(version.number), detail, now)
    tell_published(session, version, now)
    session.flush()
    return version


def tell_published(session: Session, version: PolicyVersion, now: datetime) -> None:
    """Tell the feed that a version was published, and from when it is in force; have open holds checked again."""
    payload = {
        "version": version.number,
        "content_hash": version.content_hash,
        "effective_at": rfc3339(version.effective_at) if version.effective_at else None,
        "published_by": version.published_by,
        "four_eyes": version.four_eyes,
    }
    publish_event(session, EventKind.POLICY_PUBLISHED, str(version.number), payload, now)
    defer_recheck_of_all(session)


def published_numbers(session: Session) -> frozenset[int]:
    """The numbers of all versions that were published and not taken back: what a publisher builds on."""
    return frozenset(session.scalars(select(PolicyVersion.number).where(PolicyVersion.status == "published")))


def lock_publishing(session: Session, before: frozenset[int]) -> None:
    """One publisher at a time, until the transaction ends. `before` is what was published when it began.

    Raises PolicyChangedMeanwhile where that is another now: what this publisher compared with is no longer so.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _PUBLISH_LOCK})
    if published_numbers(session) != before:
        raise PolicyChangedMeanwhile


def get_version(session: Session, number: int) -> PolicyVersion:
    """One version. Raises PolicyVersionNotFound."""
    version = session.get(PolicyVersion, number)
    if version is None:
        raise PolicyVersionNotFound(f"There is no policy version {number}.")
    return version


def has_versions(session: Session) -> bool:
    """Whether any policy was ever written."""
    return bool(session.scalar(select(func.count()).select_from(PolicyVersion)))


def compiled_policy(policy: Policy) -> CompiledPolicy:
    """A policy compiled. That is dear and leaks a little inside the matcher: once for a content in one process."""
    compiled = _COMPILED.get(policy.content_hash)
    if compiled is None:
        compiled = compile_policy(policy)
        if len(_COMPILED) >= _KEPT:
            del _COMPILED[next(iter(_COMPILED))]
        _COMPILED[policy.content_hash] = compiled
    return compiled


def _compiled(session: Session, number: int, content_hash: str) -> CompiledPolicy:
    """The version compiled. A text that somebody changed behind our back after it was published never decides."""
    compiled = _COMPILED.get(content_hash)
    if compiled is None:
        policy = load_policy(get_version(session, number).source)
        if policy.content_hash != content_hash:
            raise NoActivePolicy(f"The text of policy version {number} is not the one that was published.")
        compiled = compiled_policy(policy)
    return compiled


_COMPILED: dict[str, CompiledPolicy] = {}
_KEPT = 4
