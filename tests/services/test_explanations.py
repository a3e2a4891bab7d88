"""A decision that was written, explained from its record and the policy that decided it."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import text

from policy_service.db.models import Decision
from policy_service.domain.errors import DecisionNotFound
from policy_service.services import checks
from policy_service.services.decisions import get_decision
from policy_service.services.explanations import explain_decision, explanation_of
from rules.audiences import Audience
from rules.texts import Language
from tests.conftest import REPOSITORY
from tests.factories import Book
from tests.policies import ADVANCE, LIMIT_ONLY

PAGE = (REPOSITORY / "docs" / "explanations.md").read_text(encoding="utf-8")
DEFAULT_POLICY = (REPOSITORY / "rules" / "packs" / "default.yaml").read_text(encoding="utf-8")


def texts(book: Book, decision_id: str, audience: Audience, language: Language = Language.EN) -> list[str]:
    """What the points of an explanation say."""
    return [point["text"] for point in explain_decision(book.session, decision_id, audience, language)["points"]]


def test_the_policy_of_the_decision_explains_it_not_the_one_in_force_now(book: Book) -> None:
    said = '{effect: hold, customer_message: "Our limit is {customer.credit_limit}."}'
    book.policy(LIMIT_ONLY.replace("{effect: hold}", said))
    book.customer(credit_limit="1000")
    decision_id = book.check("1500")["decision_id"]
    book.policy(ADVANCE)
    assert texts(book, decision_id, Audience.CUSTOMER) == ["Our limit is CNY 1,000.00."]


def test_a_policy_that_no_longer_loads_leaves_the_words_of_the_record(book: Book) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000")
    record = book.check("1500")
    decision = get_decision(book.session, record["decision_id"])
    broken = Decision(record=decision.record, policy_version=None)
    explanation = explanation_of(book.session, broken, Audience.SALES, Language.ZH)
    assert [point.text for point in explanation.points] == ["超出额度：暂停，待信控专员处理"]


def test_a_field_report_reaches_neither_sales_nor_the_customer(book: Book) -> None:
    book.policy(DEFAULT_POLICY)
    book.customer(credit_limit="50000")
    book.report("landlord", 4, observed=-3)
    decision_id = book.check("100")["decision_id"]
    inside, sales, customer = (
        json.dumps(explain_decision(book.session, decision_id, audience, Language.EN)) for audience in Audience
    )
    assert "FIELD_SIGNAL_SEVERE" in inside
    assert "severity 4" in inside
    for told in (sales, customer):
        assert not re.search("SIGNAL|signal|severity|landlord|[Ff]ield|report", told)
    assert "We are reviewing the order and will come back to you." in customer


def test_an_overdue_customer_is_asked_to_pay_what_is_overdue(book: Book) -> None:
    book.policy(DEFAULT_POLICY)
    book.customer(credit_limit="50000")
    book.invoice("46800.50", issued=-70, due=-25)
    decision_id = book.check("100")["decision_id"]
    assert texts(book, decision_id, Audience.CUSTOMER)[0] == (
        "Please settle the overdue amount of CNY 46,800.50 (as of November 23, 2026) first."
    )
    assert texts(book, decision_id, Audience.CUSTOMER, Language.ZH)[0] == (
        "请先结清逾期款项 CNY 46,800.50（截至2026年11月23日）。"
    )


def test_what_would_be_approved_is_said_to_the_customer_in_words_of_its_own(book: Book) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000")
    decision_id = book.check("1500")["decision_id"]
    customer = explain_decision(book.session, decision_id, Audience.CUSTOMER, Language.EN)
    offers = [(offer["text"], offer["changes"]) for offer in customer["counter_offers"]]
    assert ("It can be accepted with an amount of CNY 1,000.00.", {"amount": "1000.00"}) in offers
    assert ("It can be accepted if CNY 500.00 is paid before delivery.", {"prepaid_amount": "500.00"}) in offers


def test_a_rule_that_nearly_fired_is_told_to_the_controller(book: Book) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000")
    decision_id = book.check("950")["decision_id"]
    controller = explain_decision(book.session, decision_id, Audience.CONTROLLER, Language.ZH)
    assert controller["near_misses"] == [
        {"text": "下单后敞口 CNY 950.00，距 CNY 1,000.00 相差 CNY 50.00", "rule_code": "EXPOSURE_CAP"}
    ]


def test_a_check_that_failed_itself_is_explained(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the facts are gone")

    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000")
    monkeypatch.setattr(checks, "gather", broken)
    decision_id = book.check("100")["decision_id"]
    for audience in Audience:
        explanation = explain_decision(book.session, decision_id, audience, Language.EN)
        assert explanation["outcome"] == "hold"
        assert explanation["points"]
        assert "gone" not in json.dumps(explanation)


def test_an_unknown_decision_has_no_explanation(book: Book) -> None:
    with pytest.raises(DecisionNotFound):
        explain_decision(book.session, "nothing", Audience.SALES, Language.EN)


def test_explaining_writes_nothing(book: Book) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000")
    decision_id = book.check("1500")["decision_id"]
    book.session.execute(text("SET TRANSACTION READ ONLY"))
    assert texts(book, decision_id, Audience.CONTROLLER)


def test_the_page_shows_what_the_service_says(book: Book) -> None:
    source, *answers = re.findall(r"```(?:yaml|json)\n(.*?)```", PAGE, re.DOTALL)
    book.policy(source)
    book.customer(credit_limit="50000", standard_terms_days=60)
    book.invoice("150.00", issued=-70, due=-25)
    book.report("landlord", 3, observed=-3)
    decision_id = book.check("12500", terms=60)["decision_id"]
    assert len(answers) == len(Audience)
    for audience, answer in zip(Audience, answers, strict=True):
        expected = {"decision_id": decision_id, **json.loads(answer)}
        answered = json.dumps(explain_decision(book.session, decision_id, audience, Language.EN))
        assert json.loads(answered) == expected
