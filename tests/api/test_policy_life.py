"""Policies over HTTP: written, submitted, approved by another person, published, compared, gone back to."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from policy_service.db.models import PolicyVersion
from policy_service.domain.permissions import Role
from rules.document import load_policy
from tests.api.conftest import Caller, order
from tests.api.test_errors import problem
from tests.api.test_openapi import hold
from tests.conftest import NOW, REPOSITORY
from tests.factories import Book
from tests.policies import ADVANCE, LIMIT_ONLY

DOCUMENT = dict(load_policy(LIMIT_ONLY).tree)
LINT_ERROR = LIMIT_ONLY.replace(", if_missing: true", "")
FAILING = LIMIT_ONLY + "cases: [{name: never, facts: {exposure.after: '1.00'}, expect: {outcome: reject}}]\n"
VERSIONS = "/v1/policy-versions"


@pytest.fixture
def person(
    client: FlaskClient, make_key: Callable[..., str], make_user: Callable[..., str]
) -> Callable[[str], Caller]:
    """A person with a new key of every scope: `person("ann")`."""
    known: set[str] = set()

    def come(name: str) -> Caller:
        if name not in known:
            make_user(Role.MANAGER, name)
            known.add(name)
        return Caller(client, make_key(owner=name))

    return come


@pytest.fixture
def ann(person: Callable[[str], Caller]) -> Caller:
    """Who writes policies."""
    return person("ann")


@pytest.fixture
def bob(person: Callable[[str], Caller]) -> Caller:
    """Who approves them."""
    return person("bob")


def done(response: Any, status: int = 200) -> dict[str, Any]:
    """The answer to what went well."""
    assert response.status_code == status, response.text
    return dict(response.json)


def draft(caller: Caller, source: str = LIMIT_ONLY) -> str:
    """A draft; its address."""
    version = done(caller.post(VERSIONS, {"source": source}), 201)["version"]
    return f"{VERSIONS}/{version}"


def approved(ann: Caller, bob: Caller, source: str = LIMIT_ONLY) -> str:
    """An approved version; its address."""
    address = draft(ann, source)
    done(ann.post(f"{address}/submit"))
    done(bob.post(f"{address}/approve"))
    return address


def published(ann: Caller, bob: Caller, source: str = LIMIT_ONLY) -> str:
    """A version in force; its address."""
    address = approved(ann, bob, source)
    done(ann.post(f"{address}/publish"))
    return address


def test_a_policy_goes_from_draft_to_force_through_two_persons(ann: Caller, bob: Caller) -> None:
    version = done(ann.post(VERSIONS, {"source": LIMIT_ONLY, "note": "the first"}), 201)
    assert (version["status"], version["lint"], version["makers"], version["note"]) == (
        "draft",
        [],
        ["ann"],
        "the first",
    )
    address = f"{VERSIONS}/{version['version']}"
    submitted = done(ann.post(f"{address}/submit"))
    assert (submitted["status"], submitted["submitted_by"], submitted["diff"]) == ("submitted", "ann", None)
    assert done(bob.post(f"{address}/approve", {"note": "fine"}))["approved_by"] == "bob"
    live = done(ann.post(f"{address}/publish"))
    assert (live["status"], live["published_by"], live["four_eyes"]) == ("published", "ann", True)
    assert live["effective_at"] == live["published_at"] == "2026-11-23T08:00:00.000000Z"
    assert done(ann.get(f"{VERSIONS}/active"))["version"] == version["version"]


def test_a_document_is_kept_with_a_text_of_the_same_content(ann: Caller) -> None:
    version = done(ann.post(VERSIONS, {"document": DOCUMENT}), 201)
    assert (version["document"], version["name"]) == (DOCUMENT, "limit only")
    assert (
        load_policy(version["source"]).content_hash == version["content_hash"] == load_policy(LIMIT_ONLY).content_hash
    )


def test_the_default_policy_survives_the_way_as_a_document(ann: Caller) -> None:
    source = (REPOSITORY / "rules" / "packs" / "default.yaml").read_text(encoding="utf-8")
    policy = load_policy(source)
    version = done(ann.post(VERSIONS, {"document": dict(policy.tree)}), 201)
    assert version["content_hash"] == policy.content_hash
    assert version["source"].startswith("schema: 1\n")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"note": "nothing"},
        {"source": LIMIT_ONLY, "document": DOCUMENT},
        {"source": LIMIT_ONLY, "based_on": 1},
        {"source": None},
        {"source": 7},
        {"document": "schema: 1"},
        {"document": [1]},
        {"based_on": 0},
        {"based_on": True},
        {"source": LIMIT_ONLY, "status": "approved"},
        {"source": LIMIT_ONLY, "note": ""},
    ],
)
def test_what_is_no_policy_at_all_is_refused_and_named(
    ann: Caller, db_session: Session, body: dict[str, Any]
) -> None:
    document = problem(ann.post(VERSIONS, body), 422, "validation_error")
    assert document["errors"]
    assert db_session.scalars(select(PolicyVersion)).all() == []


def test_a_text_that_does_not_load_is_refused_with_every_line_and_nothing_is_stored(
    ann: Caller, db_session: Session
) -> None:
    wrong = LIMIT_ONLY.replace("exposure.after", "exposure.afters").replace("effect: hold", "effect: hould")
    refused = problem(ann.post(VERSIONS, {"source": wrong}), 422, "policy_invalid")
    assert [(each["path"], each["line"], each["level"]) for each in refused["lint"]] == [
        ("/rules/0/when/all/0/fact", 8, "error"),
        ("/rules/0/then/0/effect", 9, "error"),
    ]
    assert [error["pointer"] for error in refused["errors"]] == [each["path"] for each in refused["lint"]]
    chinese = problem(ann.post(VERSIONS, {"source": wrong}, Accept_Language="zh"), 422, "policy_invalid")
    assert "须" in chinese["errors"][1]["message"]
    assert "须" in chinese["lint"][1]["message"]
    tree = json.loads(json.dumps(DOCUMENT).replace("exposure.after", "exposure.afters"))
    assert problem(ann.post(VERSIONS, {"document": tree}), 422, "policy_invalid")["lint"][0]["line"] is None
    assert db_session.scalars(select(PolicyVersion)).all() == []


@pytest.mark.parametrize(
    "source",
    [
        "",
        "- a",
        "{",
        "a: &x 1\nb: *x",
        "\tx",
        "a: b: c",
        "schema: 1",
        "null",
        "%YAML 9.9\n---\nx",
        "!!python/object:x {}",
    ],
)
def test_any_text_is_answered_with_what_is_wrong_with_it(ann: Caller, source: str) -> None:
    assert problem(ann.post(VERSIONS, {"source": source}), 422, "policy_invalid")["lint"]


def test_a_policy_of_a_million_bytes_is_taken_or_refused_but_always_answered(ann: Caller) -> None:
    """Thousands of rules with a fault each: a thousand are told, a hundred of them as errors."""
    rule = dict(DOCUMENT["rules"][0])
    rules = [rule | {"code": f"R_{number}"} for number in range(2000)]
    version = done(ann.post(VERSIONS, {"document": DOCUMENT | {"rules": rules}}), 201)
    assert len(version["document"]["rules"]) == 2000
    faulty = [rule | {"code": f"r {number}"} for number in range(4000)]
    refused = problem(ann.post(VERSIONS, {"document": DOCUMENT | {"rules": faulty}}), 422, "policy_invalid")
    assert (len(refused["lint"]), len(refused["errors"])) == (1000, 100)


def test_a_body_of_more_than_a_mebibyte_is_too_large(ann: Caller) -> None:
    response = ann.post(VERSIONS, {"source": "#" * 1024 * 1024})
    problem(response, 413, "body_too_large")


def test_lint_errors_are_told_with_the_draft_and_bar_its_submission(ann: Caller) -> None:
    version = done(ann.post(VERSIONS, {"source": LINT_ERROR}), 201)
    assert [(each["code"], each["line"]) for each in version["lint"]] == [("if_missing_required", 8)]
    refused = problem(ann.post(f"{VERSIONS}/{version['version']}/submit"), 422, "policy_has_errors")
    assert [each["code"] for each in refused["lint"]] == ["if_missing_required"]
    assert [error["pointer"] for error in refused["errors"]] == ["/rules/0/when/all/0"]


def test_failing_cases_bar_the_submission_and_are_told_one_by_one(ann: Caller) -> None:
    address = draft(ann, FAILING)
    tested = done(ann.post(f"{address}/test"))
    assert (tested["passed"], tested["failed"]) == (0, 1)
    (case,) = tested["cases"]
    assert (case["name"], case["expected"], case["got"]) == ("never", {"outcome": "reject"}, {"outcome": "hold"})
    refused = problem(ann.post(f"{address}/submit", Accept_Language="zh"), 422, "policy_cases_fail")
    assert refused["errors"] == [{"pointer": "/cases/0", "message": "结论：期望 reject，实际 hold"}]
    assert [each["passed"] for each in refused["cases"]] == [False]


def test_a_draft_is_written_over_and_nothing_else_is(ann: Caller, bob: Caller) -> None:
    address = draft(ann)
    edited = done(bob.put(address, {"source": ADVANCE, "note": "better"}))
    assert (edited["name"], edited["makers"], edited["note"]) == ("half in advance", ["ann", "bob"], "better")
    problem(bob.put(address, {"source": "schema: 1"}), 422, "policy_invalid")
    problem(bob.put(address, {"based_on": 1}), 422, "validation_error")
    done(ann.post(f"{address}/submit"))
    problem(ann.put(address, {"source": LIMIT_ONLY}), 409, "policy_wrong_state")
    assert done(ann.get(address))["name"] == "half in advance"


def test_a_maker_cannot_approve_with_any_key_of_theirs(ann: Caller, person: Callable[[str], Caller]) -> None:
    address = draft(ann)
    done(ann.post(f"{address}/submit"))
    problem(person("ann").post(f"{address}/approve"), 403, "maker_cannot_approve")
    assert done(ann.get(address))["status"] == "submitted"


def test_a_key_without_owner_may_write_but_not_approve(call: Caller, bob: Caller) -> None:
    address = draft(call)
    assert done(call.post(f"{address}/submit"))["makers"] == ["key 1"]
    problem(call.post(f"{address}/approve"), 403, "person_needed")
    assert done(bob.post(f"{address}/approve"))["status"] == "approved"


def test_a_rejected_version_is_a_draft_again_and_a_rejection_says_why(ann: Caller, bob: Caller) -> None:
    address = draft(ann)
    done(ann.post(f"{address}/submit"))
    assert problem(bob.post(f"{address}/reject", {}), 422, "validation_error")["errors"][0]["pointer"] == "/note"
    rejected = done(bob.post(f"{address}/reject", {"note": "too mild"}))
    assert (rejected["status"], rejected["submitted_by"]) == ("draft", None)
    assert done(ann.put(address, {"source": ADVANCE}))["status"] == "draft"


@pytest.mark.parametrize("step", ["submit", "approve", "reject", "publish", "retire"])
def test_a_step_out_of_order_is_a_conflict_that_names_the_status(ann: Caller, bob: Caller, step: str) -> None:
    address = published(ann, bob)
    published(ann, bob, ADVANCE)
    refused = problem(
        bob.post(f"{address}/{step}", {"note": "x"} if step == "reject" else None), 409, "policy_wrong_state"
    )
    assert "is retired" in refused["detail"]


def test_the_version_in_force_is_not_retired(ann: Caller, bob: Caller) -> None:
    problem(ann.post(f"{published(ann, bob)}/retire"), 409, "policy_in_force")


def test_a_version_is_published_for_later_and_taken_back(ann: Caller, bob: Caller, at: Callable[[Any], None]) -> None:
    first, second = published(ann, bob), approved(ann, bob, ADVANCE)
    for time in ("2026-11-23T07:59:59.999999Z", "2026-11-23T15:59:59+08:00"):
        refused = problem(ann.post(f"{second}/publish", {"effective_at": time}), 422, "validation_error")
        assert [error["pointer"] for error in refused["errors"]] == ["/effective_at"]
    for wrong in (
        "tomorrow",
        "2026-11-24",
        "2026-11-24T00:00:00",
        1,
        "2026-13-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
    ):
        problem(ann.post(f"{second}/publish", {"effective_at": wrong}), 422, "validation_error")
    later = done(ann.post(f"{second}/publish", {"effective_at": "2026-11-23T17:00:00+08:00"}))
    assert (later["status"], later["effective_at"]) == ("published", "2026-11-23T09:00:00.000000Z")
    assert done(ann.get(f"{VERSIONS}/active"))["name"] == "limit only"
    at(NOW + timedelta(hours=1))
    assert done(ann.get(f"{VERSIONS}/active"))["name"] == "half in advance"
    replaced = done(ann.get(first))
    assert (replaced["status"], replaced["retired_at"]) == ("retired", "2026-11-23T09:00:00.000000Z")
    problem(ann.post(f"{second}/retire"), 409, "policy_in_force")
    at(NOW)
    assert done(ann.post(f"{second}/retire"))["status"] == "retired"
    at(NOW + timedelta(hours=1))
    assert done(ann.get(f"{VERSIONS}/active"))["name"] == "limit only"


def test_the_next_check_is_decided_by_the_version_just_published(
    ann: Caller, bob: Caller, book: Book, db_session: Session
) -> None:
    book.customer(credit_limit="1000", standard_terms_days=30)
    db_session.commit()
    published(ann, bob)
    assert done(ann.post("/check-order", order()))["outcome"] == "approve"
    second = published(ann, bob, ADVANCE)
    decided = done(ann.post("/check-order", order()))
    assert (decided["outcome"], f"{VERSIONS}/{decided['policy']['version']}") == ("approve_with_conditions", second)


def test_going_back_begins_a_draft_with_the_old_text(ann: Caller, bob: Caller) -> None:
    first = published(ann, bob)
    published(ann, bob, ADVANCE)
    back = done(bob.post(VERSIONS, {"based_on": int(first.rpartition("/")[2]), "note": "back"}), 201)
    assert (back["status"], back["source"], back["makers"], back["note"]) == ("draft", LIMIT_ONLY, ["bob"], "back")
    problem(ann.post(VERSIONS, {"based_on": 999_999_999}), 404, "policy_version_not_found")


def test_a_submission_tells_what_changes_against_the_policy_in_force(ann: Caller, bob: Caller) -> None:
    first = published(ann, bob)
    second = draft(ann, LIMIT_ONLY.replace("effect: hold", "effect: reject"))
    submitted = done(ann.post(f"{second}/submit"))["diff"]
    assert (submitted["summary"]["is_tightening"], submitted["summary"]["is_loosening"]) == (True, False)
    assert submitted == done(ann.get(f"{second}/diff"))
    numbers = [address.rpartition("/")[2] for address in (first, second)]
    back = done(ann.get(f"{first}/diff?against={numbers[1]}"))
    assert (back["version"], back["against"]) == tuple(map(int, numbers))
    assert (back["summary"]["is_tightening"], back["summary"]["is_loosening"]) == (False, True)
    assert done(ann.get(f"{first}/diff"))["changes"] == []
    problem(ann.get(f"{first}/diff?against=999999999"), 404, "policy_version_not_found")
    problem(ann.get(f"{first}/diff?against=x"), 422, "validation_error")


def test_without_a_policy_in_force_a_comparison_needs_a_version(ann: Caller) -> None:
    problem(ann.get(f"{draft(ann)}/diff"), 404, "policy_version_not_found")


def test_a_step_sent_again_under_its_key_is_done_once(ann: Caller, bob: Caller, db_session: Session) -> None:
    body = {"source": LIMIT_ONLY}
    first, again = (ann.post(VERSIONS, body, Idempotency_Key="draft") for _ in range(2))
    assert again.headers["Idempotent-Replayed"] == "true"
    assert done(first, 201) == done(again, 201)
    address = f"{VERSIONS}/{done(first, 201)['version']}"
    for caller, step in ((ann, "submit"), (bob, "approve"), (ann, "publish")):
        once = caller.post(f"{address}/{step}", Idempotency_Key=step)
        assert done(once) == done(caller.post(f"{address}/{step}", Idempotency_Key=step))
    faulty = [ann.post(VERSIONS, {"source": "schema: 1"}, Idempotency_Key="faulty") for _ in range(2)]
    assert problem(faulty[0], 422, "policy_invalid") == problem(faulty[1], 422, "policy_invalid")
    assert len(db_session.scalars(select(PolicyVersion)).all()) == 1


def test_what_is_answered_at_every_step_is_what_the_document_says(ann: Caller, bob: Caller) -> None:
    spec = ann.get("/openapi.json").json or {}
    path = "/v1/policy-versions/{version}"
    published(ann, bob)
    address = draft(ann, LIMIT_ONLY.replace("effect: hold", "effect: reject"))
    steps = [
        (ann, "POST", "", {"source": FAILING}),
        (ann, "POST", "", {"source": "schema: 1"}),
        (ann, "PUT", address, {"document": DOCUMENT | {"name": "other"}}),
        (ann, "GET", f"{address}/diff", None),
        (ann, "POST", f"{address}/test", None),
        (ann, "POST", f"{draft(ann, FAILING)}/test", None),
        (ann, "POST", f"{draft(ann, FAILING)}/submit", None),
        (ann, "POST", f"{draft(ann, LINT_ERROR)}/submit", None),
        (ann, "POST", f"{address}/submit", None),
        (ann, "POST", f"{address}/approve", None),
        (bob, "POST", f"{address}/reject", {"note": "no"}),
        (ann, "POST", f"{address}/submit", None),
        (bob, "POST", f"{address}/approve", {"note": "yes"}),
        (bob, "POST", f"{address}/publish", {"effective_at": "2026-12-01T00:00:00Z"}),
        (bob, "POST", f"{address}/retire", None),
        (bob, "POST", f"{address}/retire", None),
    ]
    statuses = []
    for caller, method, where, body in steps:
        response = caller(method, where or VERSIONS, body)
        step = where.partition("/v1/policy-versions/")[2].partition("/")[2]
        hold(spec, response, method, (f"{path}/{step}" if step else path) if where else VERSIONS)
        statuses.append(response.status_code)
    assert statuses == [201, 422, 200, 200, 200, 200, 422, 422, 200, 403, 200, 200, 200, 200, 200, 409]
