"""The life of a policy version: every step from every status, four eyes, and one version in force at any instant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from policy_service.db.embedded import DatabaseUrls
from policy_service.db.engine import make_engine, make_sessions
from policy_service.db.models import AuditEvent, PolicyVersion
from policy_service.domain.actors import SYSTEM, Actor
from policy_service.domain.errors import (
    ApprovalVoid,
    CreditPolicyError,
    Invalid,
    MakerCannotApprove,
    NoActivePolicy,
    PersonNeeded,
    PolicyChangedMeanwhile,
    PolicyInForce,
    PolicyWrongState,
    RoleMayNot,
)
from policy_service.domain.permissions import Role
from policy_service.services import policies, policy_life
from policy_service.services.policies import active_policy, get_version, number_in_force, publish_in_one_step
from policy_service.services.policy_checks import PolicyCasesFail, PolicyHasErrors
from policy_service.services.policy_drafts import (
    create_draft,
    edit_draft,
    written_before,
    written_document,
    written_source,
)
from policy_service.services.policy_life import approve, publish, reject, retire, run_cases_of, submit
from policy_service.services.policy_steps import Status
from policy_service.services.policy_versions import list_versions, show_version
from rules.document import load_policy
from tests.conftest import NOW, TODAY
from tests.factories import Book
from tests.policies import ADVANCE, LIMIT_ONLY

CARL = Actor("carl", role=Role.CONTROLLER)
MEI = Actor("mei", role=Role.MANAGER)
DORA = Actor("dora", role=Role.DIRECTOR)
ROBOT = Actor(key="robot", key_id=1)
HOUR = timedelta(hours=1)
LINT_ERROR = LIMIT_ONLY.replace(", if_missing: true", "")
FAILING = LIMIT_ONLY + "cases: [{name: never, facts: {exposure.after: '1.00'}, expect: {outcome: reject}}]\n"


def draft(session: Session, source: str = LIMIT_ONLY, actor: Actor = CARL) -> int:
    """A draft."""
    return create_draft(session, actor, written_source(source), None, NOW).number


def submitted(session: Session, source: str = LIMIT_ONLY) -> int:
    """A version that waits for approval."""
    number = draft(session, source)
    submit(session, CARL, number, NOW)
    return number


def approved(session: Session, source: str = LIMIT_ONLY) -> int:
    """A version that may be published."""
    number = submitted(session, source)
    approve(session, MEI, number, None, NOW)
    return number


def scheduled(session: Session, source: str = LIMIT_ONLY) -> int:
    """A version that takes effect in an hour."""
    number = approved(session, source)
    publish(session, MEI, number, NOW + HOUR, NOW)
    return number


def in_force(session: Session, source: str = LIMIT_ONLY) -> int:
    """The version in force."""
    number = approved(session, source)
    publish(session, MEI, number, None, NOW)
    return number


def replaced(session: Session) -> int:
    """A version that was in force before another."""
    number = in_force(session)
    in_force(session, ADVANCE)
    return number


def retired(session: Session) -> int:
    """A version that was given up."""
    number = approved(session)
    retire(session, MEI, number, NOW)
    return number


BEGINNINGS: dict[str, Callable[[Session], int]] = {
    "draft": draft,
    "submitted": submitted,
    "approved": approved,
    "scheduled": scheduled,
    "in force": in_force,
    "replaced": replaced,
    "retired": retired,
}

STEPS: dict[str, Callable[[Session, int], PolicyVersion]] = {
    "edit": lambda session, number: edit_draft(session, CARL, number, written_source(ADVANCE), None, NOW),
    "submit": lambda session, number: submit(session, CARL, number, NOW),
    "approve": lambda session, number: approve(session, MEI, number, None, NOW),
    "reject": lambda session, number: reject(session, MEI, number, "no", NOW),
    "publish": lambda session, number: publish(session, MEI, number, None, NOW),
    "retire": lambda session, number: retire(session, MEI, number, NOW),
}

ALLOWED = {
    ("draft", "edit"): "draft",
    ("draft", "submit"): "submitted",
    ("submitted", "approve"): "approved",
    ("submitted", "reject"): "draft",
    ("approved", "publish"): "published",
    ("approved", "retire"): "retired",
    ("scheduled", "retire"): "retired",
}


@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("step", STEPS)
def test_every_step_from_every_status_is_allowed_or_refused_and_then_changes_nothing(
    db_session: Session, beginning: str, step: str
) -> None:
    number = BEGINNINGS[beginning](db_session)
    expected = ALLOWED.get((beginning, step))
    if expected is not None:
        assert STEPS[step](db_session, number).status == expected
        return
    before = show_version(db_session, number, NOW).status
    events = db_session.scalars(select(AuditEvent.id).order_by(AuditEvent.id)).all()
    with pytest.raises((PolicyWrongState, PolicyInForce)) as refused:
        STEPS[step](db_session, number)
    assert isinstance(refused.value, PolicyInForce) == ((beginning, step) == ("in force", "retire"))
    assert show_version(db_session, number, NOW).status == before
    assert db_session.scalars(select(AuditEvent.id).order_by(AuditEvent.id)).all() == events


def test_a_wrong_step_names_the_status_that_people_see(db_session: Session) -> None:
    with pytest.raises(PolicyWrongState, match="is retired; only when approved can it be published"):
        publish(db_session, MEI, replaced(db_session), None, NOW)


def test_a_version_lives_from_draft_to_retired_and_every_step_is_recorded(db_session: Session) -> None:
    number = draft(db_session)
    submit(db_session, CARL, number, NOW)
    reject(db_session, MEI, number, "too mild", NOW)
    edit_draft(db_session, CARL, number, written_source(ADVANCE), "half in advance", NOW)
    submit(db_session, CARL, number, NOW)
    approve(db_session, MEI, number, "fine", NOW)
    publish(db_session, DORA, number, None, NOW)
    events = db_session.scalars(
        select(AuditEvent).where(AuditEvent.subject_kind == "policy_version").order_by(AuditEvent.id)
    ).all()
    assert [(event.action, event.actor["user"], event.detail["after"]["status"]) for event in events] == [
        ("policy.drafted", "carl", "draft"),
        ("policy.submitted", "carl", "submitted"),
        ("policy.rejected", "mei", "draft"),
        ("policy.edited", "carl", "draft"),
        ("policy.submitted", "carl", "submitted"),
        ("policy.approved", "mei", "approved"),
        ("policy.published", "dora", "published"),
    ]
    edited = events[3].detail
    assert (edited["before"]["content_hash"], edited["after"]["content_hash"], edited["note"]) == (
        load_policy(LIMIT_ONLY).content_hash,
        load_policy(ADVANCE).content_hash,
        "half in advance",
    )
    version = get_version(db_session, number)
    assert (version.four_eyes, version.approved_hash) == (True, version.content_hash)


def test_a_rejected_version_says_no_longer_who_submitted_it(db_session: Session) -> None:
    number = submitted(db_session)
    version = reject(db_session, MEI, number, "no", NOW)
    assert (version.submitted_by, version.submitted_at) == (None, None)


def test_every_editor_is_a_maker_and_none_of_them_may_approve(db_session: Session) -> None:
    number = draft(db_session)
    edit_draft(db_session, MEI, number, written_source(ADVANCE), None, NOW)
    edit_draft(db_session, ROBOT, number, written_source(LIMIT_ONLY), None, NOW)
    submit(db_session, ROBOT, number, NOW)
    assert get_version(db_session, number).makers == ["carl", "mei", "robot"]
    carl_as_manager = Actor("carl", key="another key of carl", key_id=2, role=Role.MANAGER)
    for maker in (MEI, carl_as_manager):
        with pytest.raises(MakerCannotApprove):
            approve(db_session, maker, number, None, NOW)
    with pytest.raises(PersonNeeded):
        approve(db_session, ROBOT, number, None, NOW)
    assert approve(db_session, DORA, number, None, NOW).approved_by == "dora"


def test_the_same_content_written_again_makes_no_maker_and_no_trace(db_session: Session) -> None:
    number = draft(db_session)
    events = db_session.scalars(select(AuditEvent.id).order_by(AuditEvent.id)).all()
    assert edit_draft(db_session, MEI, number, written_source(LIMIT_ONLY), None, NOW).makers == ["carl"]
    assert db_session.scalars(select(AuditEvent.id).order_by(AuditEvent.id)).all() == events


@pytest.mark.parametrize("role", [Role.SALES, Role.AUDITOR, Role.CONTROLLER])
def test_a_person_does_what_the_role_allows(db_session: Session, role: Role) -> None:
    person = Actor("sam", role=role)
    if role is not Role.CONTROLLER:
        with pytest.raises(RoleMayNot):
            draft(db_session, actor=person)
        with pytest.raises(RoleMayNot):
            submit(db_session, person, draft(db_session), NOW)
    waiting, ready = submitted(db_session), approved(db_session)
    refused: list[Callable[[], object]] = [
        lambda: approve(db_session, person, waiting, None, NOW),
        lambda: reject(db_session, person, waiting, "no", NOW),
        lambda: publish(db_session, person, ready, None, NOW),
        lambda: retire(db_session, person, ready, NOW),
    ]
    for step in refused:
        with pytest.raises(RoleMayNot):
            step()


def test_a_draft_may_have_errors_but_is_not_submitted_with_them(db_session: Session) -> None:
    with pytest.raises(PolicyHasErrors) as faulty:
        submit(db_session, CARL, draft(db_session, LINT_ERROR), NOW)
    assert [error.pointer for error in faulty.value.errors] == ["/rules/0/when/all/0"]
    number = draft(db_session, FAILING)
    with pytest.raises(PolicyCasesFail) as failing:
        submit(db_session, CARL, number, NOW)
    assert [error.pointer for error in failing.value.errors] == ["/cases/0"]
    assert get_version(db_session, number).status == Status.DRAFT
    assert [result.passed for result in run_cases_of(db_session, number)] == [False]


@pytest.mark.parametrize("column", ["source", "content_hash", "document", "source, hashes and all"])
def test_an_approval_counts_for_the_content_that_was_approved_and_for_no_other(
    db_session: Session, column: str
) -> None:
    """Somebody with the rights of a superuser edits the row: nothing of it is published."""
    number = approved(db_session)
    other = load_policy(ADVANCE)
    edits: dict[str, dict[str, Any]] = {
        "source": {"source": ADVANCE},
        "content_hash": {"content_hash": other.content_hash},
        "document": {"document": dict(other.tree)},
        "source, hashes and all": {
            "source": ADVANCE,
            "content_hash": other.content_hash,
            "document": dict(other.tree),
        },
    }
    db_session.execute(update(PolicyVersion).values(**edits[column]))
    db_session.expire_all()
    with pytest.raises(ApprovalVoid):
        publish(db_session, MEI, number, None, NOW)
    with pytest.raises(NoActivePolicy):
        active_policy(db_session, NOW)


def test_a_row_that_changes_between_the_verification_and_the_lock_is_not_published(
    db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = approved(db_session)

    def tamper(*arguments: object) -> None:
        policies.lock_publishing(*arguments)  # type: ignore[arg-type]
        db_session.execute(text("UPDATE policy_versions SET source = :source"), {"source": ADVANCE})

    monkeypatch.setattr(policy_life, "lock_publishing", tamper)
    with pytest.raises(ApprovalVoid):
        publish(db_session, MEI, number, None, NOW)


def test_a_submitted_text_that_was_changed_behind_our_back_is_not_approved(db_session: Session) -> None:
    number = submitted(db_session)
    db_session.execute(text("UPDATE policy_versions SET source = 'schema: 1'"))
    with pytest.raises(ApprovalVoid):
        approve(db_session, MEI, number, None, NOW)


def test_a_published_text_that_was_changed_behind_our_back_never_decides(
    db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_force(db_session)
    monkeypatch.setattr(policies, "_COMPILED", {})
    db_session.execute(text("UPDATE policy_versions SET source = :source"), {"source": ADVANCE})
    db_session.expire_all()
    with pytest.raises(NoActivePolicy, match="not the one that was published"):
        active_policy(db_session, NOW)


def test_a_check_a_moment_before_a_publication_still_finds_the_version_before(book: Book) -> None:
    """A check takes its instant, then somebody publishes, then it reads: it is decided wholly by the old version."""
    session, later = book.session, NOW + timedelta(microseconds=1)
    first = in_force(session)
    second = approved(session, ADVANCE)
    book.customer(credit_limit="1000", standard_terms_days=30)
    publish(session, MEI, second, None, later)
    record = book.check("100")
    assert (record["policy"]["version"], record["verdict"]["outcome"]) == (first, "approve")
    assert record["policy"]["content_hash"] == load_policy(LIMIT_ONLY).content_hash
    assert number_in_force(session, later) == second


def test_a_scheduled_version_takes_effect_at_its_instant_and_retires_the_one_before(db_session: Session) -> None:
    first, second = in_force(db_session), scheduled(db_session, ADVANCE)

    def shown(now: datetime) -> list[tuple[int, str, datetime | None]]:
        return [(each.version.number, each.status, each.retired_at) for each in list_versions(db_session, now)]

    before, then = NOW + HOUR - timedelta(microseconds=1), NOW + HOUR
    assert (number_in_force(db_session, before), number_in_force(db_session, then)) == (first, second)
    assert shown(before) == [(second, "published", None), (first, "published", None)]
    assert shown(then) == [(second, "published", None), (first, "retired", then)]


def test_of_three_publications_each_retires_the_one_before_it_not_an_earlier_one(db_session: Session) -> None:
    numbers = []
    for hours in range(3):
        numbers.append(approved(db_session))
        publish(db_session, MEI, numbers[-1], NOW + hours * HOUR, NOW)
    shown = {each.version.number: each for each in list_versions(db_session, NOW + 5 * HOUR)}
    assert [(shown[number].status, shown[number].retired_at) for number in numbers] == [
        ("retired", NOW + HOUR),
        ("retired", NOW + 2 * HOUR),
        ("published", None),
    ]


def test_two_versions_for_one_instant_the_one_published_later_is_in_force(db_session: Session) -> None:
    older, newer = approved(db_session), approved(db_session, ADVANCE)
    publish(db_session, MEI, newer, NOW + HOUR, NOW)
    publish(db_session, MEI, older, NOW + HOUR, NOW + timedelta(minutes=1))
    assert number_in_force(db_session, NOW + HOUR) == older
    assert show_version(db_session, newer, NOW + HOUR).status == "retired"


def test_a_version_taken_back_before_its_time_never_takes_effect(db_session: Session) -> None:
    first, second = in_force(db_session), scheduled(db_session, ADVANCE)
    retire(db_session, MEI, second, NOW)
    assert number_in_force(db_session, NOW + HOUR) == first
    assert show_version(db_session, first, NOW + HOUR).status == "published"
    assert show_version(db_session, second, NOW + HOUR).retired_at == NOW


def test_a_scheduled_version_that_has_come_into_force_is_not_retired(db_session: Session) -> None:
    number = scheduled(db_session)
    with pytest.raises(PolicyInForce):
        retire(db_session, MEI, number, NOW + HOUR)


def test_nothing_is_published_into_the_past(db_session: Session) -> None:
    number = approved(db_session)
    with pytest.raises(Invalid) as refused:
        publish(db_session, MEI, number, NOW - timedelta(microseconds=1), NOW)
    assert [error.pointer for error in refused.value.errors] == ["/effective_at"]
    assert publish(db_session, MEI, number, NOW, NOW).effective_at == NOW


def test_going_back_is_a_new_draft_of_the_old_content_that_needs_its_own_approval(db_session: Session) -> None:
    first = replaced(db_session)
    back = create_draft(db_session, CARL, written_before(db_session, first), None, NOW, based_on=first)
    assert back.number != first
    assert (back.status, back.content_hash) == ("draft", get_version(db_session, first).content_hash)
    event = db_session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
    assert event.detail["based_on"] == first
    submit(db_session, CARL, back.number, NOW)
    approve(db_session, MEI, back.number, None, NOW)
    publish(db_session, MEI, back.number, None, NOW + HOUR)
    assert active_policy(db_session, NOW + HOUR).number == back.number


def test_a_document_gets_a_text_that_loads_to_the_same_content(db_session: Session) -> None:
    policy = load_policy(LIMIT_ONLY)
    version = create_draft(db_session, CARL, written_document(dict(policy.tree)), None, NOW)
    assert version.source.startswith("schema: 1\nname: limit only\n")
    assert load_policy(version.source).content_hash == version.content_hash == policy.content_hash


# Two publishers at once need two transactions, so a database of their own.


@pytest.fixture(scope="module")
def own_database(make_database: Callable[[], DatabaseUrls]) -> DatabaseUrls:
    """A database in which transactions are committed."""
    return make_database()


def test_of_two_publishers_at_once_one_is_told_that_the_policy_changed_meanwhile(
    own_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the first verifies its version, a second one publishes another, a little later by the clock."""
    engine = make_engine(own_database.runtime)
    sessions = make_sessions(engine)
    with sessions() as session:
        publish_in_one_step(session, SYSTEM, LIMIT_ONLY, None, NOW - HOUR)
        first, second = approved(session), approved(session, ADVANCE)
        session.commit()

    def verify_slowly(policy: object) -> None:
        monkeypatch.undo()
        with sessions() as other:
            publish(other, DORA, second, None, NOW + timedelta(seconds=1))
            other.commit()

    monkeypatch.setattr(policy_life, "refuse_faulty", verify_slowly)
    with sessions() as session, pytest.raises(PolicyChangedMeanwhile):
        publish(session, MEI, first, None, NOW)
    with sessions() as session:
        assert get_version(session, first).status == "approved"
        assert number_in_force(session, NOW + HOUR) == second
        publish(session, MEI, first, None, NOW + HOUR)
        assert number_in_force(session, NOW + HOUR) == first
    engine.dispose()


def test_an_edit_waits_for_the_submission_and_is_then_refused(own_database: DatabaseUrls) -> None:
    """Nobody changes what is being submitted: the row belongs to the one who came first."""
    engine = make_engine(own_database.runtime)
    sessions = make_sessions(engine)
    with sessions() as session:
        number = draft(session)
        session.commit()
    with sessions() as first, sessions() as second:
        submit(first, CARL, number, NOW)
        second.execute(text("SET lock_timeout = '50ms'"))
        with pytest.raises(Exception, match="lock timeout"):
            edit_draft(second, CARL, number, written_source(ADVANCE), None, NOW)
        second.rollback()
        first.commit()
        with pytest.raises(PolicyWrongState):
            edit_draft(second, CARL, number, written_source(ADVANCE), None, NOW)
    engine.dispose()


def test_an_order_is_decided_the_same_by_a_version_and_by_its_way_back(book: Book) -> None:
    in_force(book.session)
    book.customer(credit_limit="50", standard_terms_days=30)
    before = book.check("100")
    in_force(book.session, ADVANCE)
    again = create_draft(book.session, CARL, written_before(book.session, before["policy"]["version"]), None, NOW)
    submit(book.session, CARL, again.number, NOW)
    approve(book.session, MEI, again.number, None, NOW)
    publish(book.session, MEI, again.number, None, NOW)
    after = book.check("100", order_id="SO-2")
    assert after["policy"]["content_hash"] == before["policy"]["content_hash"]
    assert after["verdict"] == before["verdict"]
    assert TODAY.isoformat() == after["facts"]["day"]


def test_an_unknown_version_is_named_in_every_step(db_session: Session) -> None:
    for step in STEPS.values():
        with pytest.raises(CreditPolicyError, match="no policy version 999"):
            step(db_session, 999)
