"""Which policy is in force."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from policy_service.db.models import AuditEvent
from policy_service.domain.actors import SYSTEM, Actor
from policy_service.domain.errors import NoActivePolicy, NotAnAdmin, PolicyVersionNotFound
from policy_service.domain.permissions import Role
from policy_service.services.policies import active_policy, get_version, has_versions, publish_in_one_step
from policy_service.services.policy_checks import PolicyCasesFail, PolicyHasErrors
from policy_service.services.policy_versions import list_versions
from tests.factories import Book
from tests.policies import ADVANCE, LIMIT_ONLY

FAILING_CASE = LIMIT_ONLY + "cases: [{name: never, facts: {exposure.after: '1.00'}, expect: {outcome: reject}}]\n"


def test_publishing_puts_the_new_version_in_force_and_retires_the_old_one(book: Book) -> None:
    assert not has_versions(book.session)
    first = book.policy(LIMIT_ONLY)
    second = book.policy(ADVANCE)
    active = active_policy(book.session, book.moment.now)
    assert active.number == second
    assert active.policy.name == "half in advance"
    shown = list_versions(book.session, book.moment.now)
    assert [(each.version.number, each.status) for each in shown] == [
        (second, "published"),
        (first, "retired"),
    ]


def test_publishing_in_one_step_is_recorded_as_not_four_eyed(book: Book) -> None:
    number = book.policy(LIMIT_ONLY)
    assert get_version(book.session, number).four_eyes is False
    event = book.session.scalars(select(AuditEvent).where(AuditEvent.action == "policy.published")).one()
    assert event.detail["four_eyes"] is False


def test_only_an_admin_publishes_in_one_step(book: Book) -> None:
    with pytest.raises(NotAnAdmin):
        publish_in_one_step(book.session, Actor("mei", role=Role.DIRECTOR), LIMIT_ONLY, None, book.moment.now)


@pytest.mark.parametrize("source", ["", "schema: 1", LIMIT_ONLY.replace("exposure.after", "exposure.unknown")])
def test_a_policy_with_errors_is_not_published(book: Book, source: str) -> None:
    with pytest.raises(PolicyHasErrors) as error:
        publish_in_one_step(book.session, SYSTEM, source, None, book.moment.now)
    assert error.value.findings
    assert not has_versions(book.session)


def test_a_policy_whose_case_fails_is_not_published(book: Book) -> None:
    with pytest.raises(PolicyCasesFail, match="never"):
        publish_in_one_step(book.session, SYSTEM, FAILING_CASE, None, book.moment.now)


def test_a_version_is_in_force_from_its_instant_on(book: Book) -> None:
    number = book.policy(LIMIT_ONLY)
    get_version(book.session, number).effective_at = book.moment.now + timedelta(hours=1)
    book.session.flush()
    assert active_policy(book.session, book.moment.now + timedelta(hours=1)).number == number
    with pytest.raises(NoActivePolicy):
        active_policy(book.session, book.moment.now)


def test_an_unknown_version_is_named(book: Book) -> None:
    with pytest.raises(PolicyVersionNotFound):
        get_version(book.session, 10**9)
