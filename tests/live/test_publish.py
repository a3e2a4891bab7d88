"""Policies are published and brakes are pulled while live workers check orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from policy_service.db.engine import make_sessions
from policy_service.domain.actors import SYSTEM
from policy_service.domain.permissions import Role, Scope
from policy_service.services.keys import create_key
from policy_service.services.users import create_user
from tests.conftest import PASSWORD
from tests.live.conftest import Service
from tests.policies import LIMIT_ONLY

# Both approve an order within the limit, and each says by a warning of its own that it decided.
_MARKED = (
    LIMIT_ONLY
    + """
  - code: %s
    when: {all: [{fact: order.amount, op: ge, value: "0.00"}]}
    then: [{effect: warn}, {effect: alert, severity: 1}]
"""
)


@pytest.fixture(scope="module")
def persons(service: Service) -> dict[str, Service]:
    """The service as two persons call it."""
    now = datetime.now(UTC)
    found = {}
    with make_sessions(service.engine)() as session:
        for name in ("ann", "bob"):
            create_user(session, SYSTEM, name=name, role=Role.MANAGER, password=PASSWORD, now=now)
            key = create_key(
                session, SYSTEM, name=f"key of {name}", scopes=frozenset(Scope), owner=name, expires_at=None, now=now
            )
            found[name] = replace(service, key=key)
        session.commit()
    return found


def done(answered: tuple[int, dict[str, Any]]) -> dict[str, Any]:
    """The answer to what went well."""
    status, document = answered
    assert status in (200, 201), document
    return document


def approved(persons: dict[str, Service], mark: str) -> str:
    """An approved version of a policy that marks its decisions; its address."""
    ann, bob = persons["ann"], persons["bob"]
    version = done(ann.call("POST", "/v1/policy-versions", {"source": _MARKED % mark}))["version"]
    done(ann.call("POST", f"/v1/policy-versions/{version}/submit"))
    done(bob.call("POST", f"/v1/policy-versions/{version}/approve"))
    return f"/v1/policy-versions/{version}"


def customer(service: Service, customer_id: str) -> None:
    """A customer whose orders are approved."""
    document = {"name": customer_id, "currency": "CNY", "credit_limit": "100000000", "standard_terms_days": 30}
    done(service.call("PUT", f"/v1/customers/{customer_id}", document))


def check(service: Service, customer_id: str, order_id: str) -> dict[str, Any]:
    """Check an order."""
    order = {"order_id": order_id, "customer_id": customer_id, "amount": "100.00", "currency": "CNY"}
    return done(service.call("POST", "/check-order", order))


def marks(answer: dict[str, Any]) -> set[str]:
    """The rules that mark a decision."""
    return {warning["rule_code"] for warning in answer["warnings"]}


def test_orders_that_are_checked_during_publications_are_each_decided_wholly_by_one_version(
    service: Service, persons: dict[str, Service]
) -> None:
    customer(service, "C-busy")
    marked = {}
    for number in range(4):
        address = approved(persons, f"MARK_{number}")
        marked[int(address.rpartition("/")[2])] = {f"MARK_{number}"}
    over = Event()

    def keep_checking(caller: int) -> list[dict[str, Any]]:
        def orders() -> Iterator[str]:
            number = 0
            while not over.is_set():
                number += 1
                yield f"SO-{caller}-{number}"

        return [check(service, "C-busy", order_id) for order_id in orders()]

    with ThreadPoolExecutor(6) as callers:
        checking = [callers.submit(keep_checking, caller) for caller in range(6)]
        try:
            for version in marked:
                done(persons["ann"].call("POST", f"/v1/policy-versions/{version}/publish"))
                assert check(service, "C-busy", f"SO-after-{version}")["policy"]["version"] == version
        finally:
            over.set()
        answers = [answer for caller in checking for answer in caller.result()]
    assert {answer["outcome"] for answer in answers} <= {"approve"}
    for answer in answers:
        assert marks(answer) == marked.get(answer["policy"]["version"], set())


def test_of_many_who_publish_at_once_one_wins_and_the_others_are_told(
    service: Service, persons: dict[str, Service]
) -> None:
    addresses = [approved(persons, f"RACE_{number}") for number in range(6)]
    with ThreadPoolExecutor(12) as publishers:
        answers = list(
            publishers.map(lambda address: persons["bob"].call("POST", f"{address}/publish"), addresses * 2)
        )
    published = [document["version"] for status, document in answers if status == 200]
    assert len(published) >= 1
    assert len(set(published)) == len(published)
    refused = Counter(document["code"] for status, document in answers if status != 200)
    assert refused.keys() <= {"policy_changed_meanwhile", "policy_wrong_state"}
    statuses = Counter(done(service.call("GET", address))["status"] for address in addresses)
    assert statuses["published"] == 1
    assert statuses["approved"] + statuses["retired"] == len(addresses) - 1


def test_a_scheduled_version_takes_effect_in_every_worker_without_a_restart(
    service: Service, persons: dict[str, Service]
) -> None:
    customer(service, "C-later")
    address = approved(persons, "LATER")
    effective_at = datetime.now(UTC) + timedelta(seconds=5)
    done(persons["ann"].call("POST", f"{address}/publish", {"effective_at": effective_at.isoformat()}))
    decided_at, number = datetime.min.replace(tzinfo=UTC), 0
    while decided_at < effective_at + timedelta(seconds=1):
        number += 1
        answer = check(service, "C-later", f"SO-later-{number}")
        decided_at = datetime.fromisoformat(answer["decided_at"])
        assert (marks(answer) == {"LATER"}) == (decided_at >= effective_at)


def test_a_freeze_and_a_stop_work_at_the_next_check_of_every_worker(
    service: Service, persons: dict[str, Service]
) -> None:
    customer(service, "C-brake")
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()

    def outcomes(name: str) -> set[str]:
        with ThreadPoolExecutor(8) as callers:
            orders = [f"SO-{name}-{number}" for number in range(24)]
            return {answer["outcome"] for answer in callers.map(lambda each: check(service, "C-brake", each), orders)}

    done(persons["ann"].call("POST", "/v1/freeze", {"reason": "audit", "until": until}))
    assert outcomes("frozen") == {"hold"}
    status, refused = persons["ann"].call("POST", "/v1/unfreeze")
    assert (status, refused["code"]) == (403, "another_person_needed")
    done(persons["bob"].call("POST", "/v1/unfreeze"))
    assert outcomes("free") == {"approve"}
    done(persons["ann"].call("POST", "/v1/customers/C-brake/stop", {"reason": "fire"}))
    assert outcomes("stopped") == {"reject"}
    done(persons["bob"].call("POST", "/v1/customers/C-brake/resume"))
    assert outcomes("again") == {"approve"}
