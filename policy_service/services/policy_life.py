"""The life of a policy version after it was written: submitted, approved or rejected, published, retired."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from policy_service.db.models import PolicyVersion
from policy_service.domain.actors import Actor
from policy_service.domain.days import rfc3339
from policy_service.domain.errors import ApprovalVoid, Invalid, MakerCannotApprove, PolicyInForce
from policy_service.domain.permissions import POLICY_CHECKERS, POLICY_MAKERS
from policy_service.services.persons import name_of, person_of, refuse_other_roles
from policy_service.services.policies import (
    compiled_policy,
    get_version,
    lock_publishing,
    number_in_force,
    published_numbers,
    tell_published,
)
from policy_service.services.policy_checks import refuse_faulty
from policy_service.services.policy_steps import (
    Status,
    locked_version,
    need_status,
    record_step,
    state_of,
    wrong_state,
)
from rules.cases import CaseResult, run_cases
from rules.document import Policy, load_policy
from rules.findings import PolicyError


def submit(session: Session, actor: Actor, number: int, now: datetime) -> PolicyVersion:
    """Hand a draft over for approval.

    Raises PolicyVersionNotFound, PolicyWrongState, PolicyError, PolicyHasErrors, PolicyCasesFail, RoleMayNot.
    """
    refuse_other_roles(actor, POLICY_MAKERS)
    version = locked_version(session, number)
    need_status(session, version, now, "submitted", Status.DRAFT)
    refuse_faulty(load_policy(version.source))
    before = state_of(version)
    version.status, version.submitted_by, version.submitted_at = Status.SUBMITTED, name_of(actor), now
    record_step(session, actor, "policy.submitted", version, before, now)
    return version


def approve(session: Session, actor: Actor, number: int, note: str | None, now: datetime) -> PolicyVersion:
    """Approve the content as it stands; the approval counts for nothing else.

    Raises PolicyVersionNotFound, PolicyWrongState, PersonNeeded, MakerCannotApprove, ApprovalVoid, RoleMayNot.
    """
    refuse_other_roles(actor, POLICY_CHECKERS)
    version = locked_version(session, number)
    need_status(session, version, now, "approved", Status.SUBMITTED)
    person = person_of(actor)
    if person in version.makers:
        raise MakerCannotApprove
    policy = _stored_policy(version, version.content_hash)
    before = state_of(version)
    version.status, version.approved_by, version.approved_at = Status.APPROVED, person, now
    version.approved_hash = policy.content_hash
    record_step(session, actor, "policy.approved", version, before, now, note=note)
    return version


def reject(session: Session, actor: Actor, number: int, note: str, now: datetime) -> PolicyVersion:
    """Give a submitted version back to its makers. Raises PolicyVersionNotFound, PolicyWrongState, RoleMayNot."""
    refuse_other_roles(actor, POLICY_CHECKERS)
    version = locked_version(session, number)
    need_status(session, version, now, "rejected", Status.SUBMITTED)
    before = state_of(version)
    version.status, version.submitted_by, version.submitted_at = Status.DRAFT, None, None
    record_step(session, actor, "policy.rejected", version, before, now, note=note)
    return version


def publish(
    session: Session, actor: Actor, number: int, effective_at: datetime | None, now: datetime
) -> PolicyVersion:
    """Put an approved version in force, now or at `effective_at`.

    It is verified before the lock is taken, since that takes its time, and what it was compared with is looked at
    again under the lock. Raises PolicyVersionNotFound, PolicyWrongState, ApprovalVoid, PolicyHasErrors,
    PolicyCasesFail, PolicyChangedMeanwhile, RoleMayNot; Invalid for a time in the past.
    """
    refuse_other_roles(actor, POLICY_CHECKERS)
    if effective_at is not None and effective_at < now:
        raise Invalid.field("/effective_at", "is in the past")
    published = published_numbers(session)
    version = get_version(session, number)
    need_status(session, version, now, "published", Status.APPROVED)
    verified = _approved_policy(version)
    lock_publishing(session, published)
    version = locked_version(session, number)
    need_status(session, version, now, "published", Status.APPROVED)
    _stored_policy(version, verified.content_hash)
    before = state_of(version)
    version.status, version.published_by, version.published_at = Status.PUBLISHED, name_of(actor), now
    version.effective_at, version.four_eyes = effective_at or now, True
    tell_published(session, version, now)
    record_step(session, actor, "policy.published", version, before, now, effective_at=rfc3339(version.effective_at))
    return version


def retire(session: Session, actor: Actor, number: int, now: datetime) -> PolicyVersion:
    """Give up an approved version, or a published one before its time has come.

    Raises PolicyVersionNotFound, PolicyInForce, PolicyWrongState, PolicyChangedMeanwhile, RoleMayNot.
    """
    refuse_other_roles(actor, POLICY_CHECKERS)
    lock_publishing(session, published_numbers(session))
    version = locked_version(session, number)
    if number_in_force(session, now) == number:
        raise PolicyInForce
    if version.status != Status.APPROVED and not _is_scheduled(version, now):
        raise wrong_state(session, version, now, "retired", Status.APPROVED)
    before = state_of(version)
    version.status, version.retired_at = Status.RETIRED, now
    record_step(session, actor, "policy.retired", version, before, now)
    return version


def run_cases_of(session: Session, number: int) -> tuple[CaseResult, ...]:
    """Run the cases of a version, whatever its status. Raises PolicyVersionNotFound, PolicyError."""
    return run_cases(load_policy(get_version(session, number).source))


def _is_scheduled(version: PolicyVersion, now: datetime) -> bool:
    starts = version.effective_at
    return version.status == Status.PUBLISHED and starts is not None and starts > now


def _approved_policy(version: PolicyVersion) -> Policy:
    """What was approved, once more without errors, with all cases passing, and compiled."""
    policy = _stored_policy(version, version.approved_hash)
    refuse_faulty(policy)
    compiled_policy(policy)
    return policy


def _stored_policy(version: PolicyVersion, content_hash: str | None) -> Policy:
    """The policy of the stored text, where that and all that is kept beside it is still of this content."""
    try:
        policy = load_policy(version.source)
    except PolicyError as error:
        raise ApprovalVoid from error
    if not policy.content_hash == version.content_hash == content_hash or version.document != policy.tree:
        raise ApprovalVoid
    return policy
