"""Policy versions: which one is in force, and how one gets there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.orm import Session

from policy_service.db.models import PolicyVersion
from policy_service.domain.actors import Actor
from policy_service.domain.errors import Conflict, Invalid, NoActivePolicy, NotAnAdmin, PolicyVersionNotFound
from policy_service.domain.permissions import Role
from policy_service.services.audit import record_event
from rules.cases import CaseResult, run_cases
from rules.document import Policy, load_policy
from rules.engine import CompiledPolicy, compile_policy
from rules.findings import Finding, PolicyError
from rules.lint import lint

_PUBLISH_LOCK = 0x706F6C696379

IN_FORCE = (
    select(PolicyVersion.number, PolicyVersion.content_hash)
    .where(PolicyVersion.status == "published", PolicyVersion.effective_at <= bindparam("now"))
    .order_by(PolicyVersion.effective_at.desc(), PolicyVersion.number.desc())
    .limit(1)
)
"""Number and content hash of the version in force at `now`."""


class PolicyHasErrors(Invalid):
    """The policy has errors; it cannot be published."""

    code = "policy_has_errors"

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__()
        self.findings = findings


class PolicyCasesFail(Conflict):
    """Cases of the policy fail; it cannot be published."""

    code = "policy_cases_fail"

    def __init__(self, results: tuple[CaseResult, ...]) -> None:
        names = ", ".join(result.name for result in results if not result.passed)
        super().__init__(f"Cases of the policy fail: {names}.")
        self.results = results


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


def ready_policy(session: Session, number: int | None, content_hash: str | None) -> ActivePolicy:
    """The version that was found in force, compiled. Raises NoActivePolicy where none was."""
    if number is None or content_hash is None:
        raise NoActivePolicy
    return ActivePolicy(number, content_hash, _compiled(session, number, content_hash))


def publish_in_one_step(
    session: Session, actor: Actor, source: str, note: str | None, now: datetime
) -> PolicyVersion:
    """The operator's path: create, submit, approve and publish at once, recorded as not four-eyed.

    Raises NotAnAdmin, PolicyHasErrors (text that does not load, or lint errors), PolicyCasesFail.
    """
    if actor.role is not Role.ADMIN or actor.user is None:
        raise NotAnAdmin("Only an admin may publish a policy in one step.")
    policy = checked_policy(source)
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _PUBLISH_LOCK})
    session.execute(
        update(PolicyVersion)
        .where(PolicyVersion.status == "published", PolicyVersion.effective_at <= now)
        .values(status="retired", retired_at=now)
    )
    version = PolicyVersion(
        name=policy.name,
        status="published",
        source=source,
        document=dict(policy.tree),
        content_hash=policy.content_hash,
        note=note,
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
    session.flush()
    return version


def checked_policy(source: str) -> Policy:
    """The policy of a text that may be published. Raises PolicyHasErrors, PolicyCasesFail."""
    try:
        policy = load_policy(source)
    except PolicyError as error:
        raise PolicyHasErrors(tuple(error.findings)) from error
    findings = lint(policy)
    if any(finding.level == "error" for finding in findings):
        raise PolicyHasErrors(findings)
    results = run_cases(policy)
    if not all(result.passed for result in results):
        raise PolicyCasesFail(results)
    return policy


def list_versions(session: Session, *, limit: int = 50, before: int | None = None) -> list[PolicyVersion]:
    """Versions, the newest first; those below number `before` where it is given."""
    wanted = select(PolicyVersion).order_by(PolicyVersion.number.desc()).limit(limit)
    return list(session.scalars(wanted if before is None else wanted.where(PolicyVersion.number < before)))


def get_version(session: Session, number: int) -> PolicyVersion:
    """One version. Raises PolicyVersionNotFound."""
    version = session.get(PolicyVersion, number)
    if version is None:
        raise PolicyVersionNotFound(f"There is no policy version {number}.")
    return version


def has_versions(session: Session) -> bool:
    """Whether any policy was ever written."""
    return bool(session.scalar(select(func.count()).select_from(PolicyVersion)))


def _compiled(session: Session, number: int, content_hash: str) -> CompiledPolicy:
    """Compiling is dear and leaks a little inside the matcher: once for a content in one process."""
    compiled = _COMPILED.get(content_hash)
    if compiled is None:
        compiled = compile_policy(load_policy(get_version(session, number).source))
        if len(_COMPILED) >= _KEPT:
            del _COMPILED[next(iter(_COMPILED))]
        _COMPILED[content_hash] = compiled
    return compiled


_COMPILED: dict[str, CompiledPolicy] = {}
_KEPT = 4
