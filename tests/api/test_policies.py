"""The catalogue of facts and the policy versions, as they are read."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from rules.catalogue import CATALOGUE
from tests.api.conftest import Caller
from tests.api.test_credit_file import stored
from tests.api.test_errors import problem
from tests.conftest import REPOSITORY
from tests.factories import Book
from tests.policies import ADVANCE, LIMIT_ONLY


def test_the_catalogue_names_every_fact_in_both_languages(call: Caller) -> None:
    facts = {fact["name"]: fact for fact in stored(call.get("/v1/facts"))["items"]}
    assert facts.keys() == CATALOGUE.keys()
    assert facts["receivables.dso"] == {
        "name": "receivables.dso",
        "group": "receivables",
        "type": "number",
        "currency": None,
        "label": {"en": "DSO", "zh": "应收账款周转天数"},
        "meaning": {
            "en": "Open items / credit sales of the period x its days",
            "zh": "未清金额 / 期间赊销额 x 期间天数",
        },
        "can_be_missing": True,
        "choices": [],
    }


def test_versions_are_listed_newest_first_and_read_one_by_one(call: Caller, book: Book, db_session: Session) -> None:
    numbers = [book.policy(source) for source in (LIMIT_ONLY, ADVANCE, LIMIT_ONLY)]
    db_session.commit()
    first = stored(call.get("/v1/policy-versions?limit=2"))
    second = stored(call.get(f"/v1/policy-versions?limit=2&cursor={first['next_cursor']}"))
    assert [item["version"] for item in first["items"] + second["items"]] == numbers[::-1]
    assert [item["status"] for item in first["items"] + second["items"]] == ["published", "retired", "retired"]
    version = stored(call.get(f"/v1/policy-versions/{numbers[1]}"))
    assert (version["source"], version["document"]["name"], version["four_eyes"]) == (
        ADVANCE,
        "half in advance",
        False,
    )
    assert stored(call.get("/v1/policy-versions/active"))["version"] == numbers[2]


def test_without_a_policy_in_force_there_is_none_to_read(call: Caller) -> None:
    problem(call.get("/v1/policy-versions/active"), 404, "policy_version_not_found")


@pytest.mark.parametrize("number", ["1000000", "999999999"])
def test_a_version_that_was_never_written_is_not_found(call: Caller, number: str) -> None:
    problem(call.get(f"/v1/policy-versions/{number}"), 404, "policy_version_not_found")


@pytest.mark.parametrize("number", ["0", "-1", "1.0", "9" * 30, "x", "１"])
def test_what_is_no_number_is_no_address(call: Caller, number: str) -> None:
    problem(call.get(f"/v1/policy-versions/{number}"), 404, "not_found")


def test_a_cursor_of_another_list_is_refused(call: Caller) -> None:
    problem(call.get("/v1/policy-versions?cursor=Qy0x"), 422, "validation_error")


def test_the_default_policy_is_read_with_its_tree(call: Caller, book: Book, db_session: Session) -> None:
    source = (REPOSITORY / "rules" / "packs" / "default.yaml").read_text(encoding="utf-8")
    number = book.policy(source)
    db_session.commit()
    version = stored(call.get(f"/v1/policy-versions/{number}"))
    assert version["source"] == source
    assert "OVERDUE_BLOCK" in [rule["code"] for rule in version["document"]["rules"]]
