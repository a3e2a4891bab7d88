"""Hostile policy documents over HTTP: a problem that names place and rule, and nothing stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from policy_service.db.models import AuditEvent, PolicyVersion
from rules.document import load_policy
from tests.api.conftest import Caller
from tests.api.test_credit_file import stored
from tests.api.test_errors import problem
from tests.policies import LIMIT_ONLY
from tests.unit.rules.hostile import MEBIBYTE, REFUSED, filled

VERSIONS = "/v1/policy-versions"
DOCUMENT = dict(load_policy(LIMIT_ONLY).tree)
MOST_ERRORS = 100

SENT = [
    "10,000 rules",
    "nesting of 1,000 in flow style",
    "a bomb of aliases",
    "a Python object",
    "merge keys",
    "duplicate keys",
    "duplicate keys in JSON",
    "a list as a key",
    "tabs",
    "schema 2",
    "a schema of 1e999999999",
    "a schema of 4,000 digits in JSON",
    "two documents",
    "an escape sequence in a key",
    "text turned around in a comment",
    "a message of 100,000 braces",
    "a chain of 5,000 flags",
]
"""What is worth sending: the rest differs from these in nothing that the edge sees."""


@pytest.fixture
def nothing_stored(call: Caller, db_session: Session) -> Iterator[None]:
    """Fails where a call leaves a version, or a trace of one."""
    assert call.key
    before = _stored(db_session)
    yield
    db_session.expire_all()
    assert _stored(db_session) == before


def _stored(session: Session) -> tuple[int | None, ...]:
    return tuple(session.scalar(select(func.count()).select_from(kind)) for kind in (PolicyVersion, AuditEvent))


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize("name", SENT)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_hostile_source_is_refused_where_it_goes_wrong(call: Caller, name: str, language: str) -> None:
    refused = REFUSED[name]
    answer = problem(call.post(VERSIONS, {"source": refused.source}, Accept_Language=language), 422, "policy_invalid")
    first = answer["lint"][0]
    assert (first["code"], first["line"]) == (refused.code, refused.line)
    assert 1 <= len(answer["errors"]) <= MOST_ERRORS
    assert answer["errors"][0] == {"pointer": first["path"], "message": first["message"]}
    assert any("一" <= character <= "鿿" for character in first["message"]) is (language == "zh")


def _nested(depth: int) -> Any:
    condition: Any = DOCUMENT["rules"][0]["when"]
    for _ in range(depth):
        condition = {"all": [condition]}
    return DOCUMENT | {"rules": [DOCUMENT["rules"][0] | {"when": condition}]}


def _with_rule(**members: Any) -> dict[str, Any]:
    return DOCUMENT | {"rules": [DOCUMENT["rules"][0] | members]}


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(
    ("document", "code", "pointer"),
    [
        ({}, "missing_member", ""),
        (DOCUMENT | {"rules": [{}] * 5001}, "wrong_length", "/rules"),
        (_nested(15), "too_deep", "/rules/0/when/all/0/all/0/all/0/all/0/all/0/all/0/all/0/all/0/all/0/all/0"),
        (DOCUMENT | {"schema": 1.0}, "wrong_type", "/schema"),
        (DOCUMENT | {"schema": 10**400}, "out_of_range", "/schema"),
        (DOCUMENT | {"k" * 1000: 1}, "bad_key", ""),
        (DOCUMENT | {"a\u202eb": 1}, "bad_character", ""),
        (DOCUMENT | {"name": "a\u2066b"}, "bad_character", "/name"),
        (_with_rule(priority=0.95), "wrong_type", "/rules/0/priority"),
        (_with_rule(valid_from="2026-13-45"), "wrong_type", "/rules/0/valid_from"),
        (_with_rule(code="А1"), "wrong_type", "/rules/0/code"),
        (_with_rule(title="{" * 201), "wrong_length", "/rules/0/title"),
    ],
)
def test_a_hostile_document_is_refused_where_it_goes_wrong(
    call: Caller, document: dict[str, Any], code: str, pointer: str
) -> None:
    answer = problem(call.post(VERSIONS, {"document": document}), 422, "policy_invalid")
    assert (answer["lint"][0]["code"], answer["lint"][0]["path"]) == (code, pointer)
    assert answer["errors"][0]["pointer"] == pointer


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(
    "document",
    [
        b'{"schema": 1, "schema": 1}',
        b'{"schema": NaN}',
        b'{"schema": -Infinity}',
        b'{"schema": 1e9999999999999999999}',
        b'{"schema": %s}' % (b"9" * 5000),
        b'{"name": "a\\u0000b"}',
        b'{"a\\ud800b": 1}',
        b'{"a": ' * 200 + b"1" + b"}" * 200,
        b"[" * 500_000,
        '{"name": "a"}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_no_clear_json_never_reaches_the_policy(call: Caller, document: bytes) -> None:
    problem(call.send("POST", VERSIONS, b'{"document": %s}' % document), 400, "malformed_json")


@pytest.mark.usefixtures("nothing_stored")
def test_what_is_larger_than_a_mebibyte_is_too_large(call: Caller) -> None:
    problem(call.post(VERSIONS, {"source": "x" * 5 * MEBIBYTE}), 413, "body_too_large")
    problem(call.post(VERSIONS, {"document": {"name": "x" * MEBIBYTE}}), 413, "body_too_large")
    as_large_as_can_be = filled("", "# \n", LIMIT_ONLY.replace("schema: 1", "schema: 2"), MEBIBYTE // 2)
    problem(call.post(VERSIONS, {"source": as_large_as_can_be}), 422, "policy_invalid")


@pytest.mark.usefixtures("nothing_stored")
def test_a_flood_of_faults_is_an_answer_that_can_be_read(call: Caller) -> None:
    response = call.post(VERSIONS, {"source": "".join(f"k{number}: 1\n" for number in range(50_000))})
    answer = problem(response, 422, "policy_invalid")
    assert (len(answer["lint"]), len(answer["errors"])) == (1000, MOST_ERRORS)
    assert len(response.data) < MEBIBYTE


def test_a_draft_is_left_as_it_was_by_a_hostile_edit(call: Caller) -> None:
    address = f"{VERSIONS}/{stored(call.post(VERSIONS, {'source': LIMIT_ONLY}), 201)['version']}"
    for name in ("a bomb of aliases", "schema 2", "an escape sequence in a key"):
        problem(call.put(address, {"source": REFUSED[name].source}), 422, "policy_invalid")
    kept = stored(call.get(address))
    assert (kept["source"], kept["content_hash"]) == (LIMIT_ONLY, load_policy(LIMIT_ONLY).content_hash)
