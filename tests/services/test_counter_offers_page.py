"""The worked example of docs/counter-offers.md: what the page says is offered, and gets what it says when taken."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest

from rules.document import load_policy
from rules.lint import lint
from rules.offer_messages import Change
from tests.conftest import REPOSITORY, TODAY
from tests.factories import Book

PAGE = (REPOSITORY / "docs" / "counter-offers.md").read_text(encoding="utf-8")
POLICY = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
ANSWERS = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
INVOICES = re.findall(r"^\| (C-\d) \| (\S+) \| (\S+) \| (\S+) \| (\S*) ?\|$", PAGE, re.MULTILINE)
TERMS_DAYS = 60

Record = dict[str, Any]


def _offset(day: str) -> int:
    return (date.fromisoformat(day) - TODAY).days


@pytest.fixture
def example(book: Book) -> Book:
    """The credit file of the page, under its policy."""
    book.policy(POLICY)
    for customer in ("C-1", "C-2", "C-3"):
        book.customer(customer, credit_limit="50000.00")
    for customer, invoice, amount, due, paid in INVOICES:
        settled = _offset(paid) if paid else None
        book.invoice(amount, issued=-90, due=_offset(due), paid=settled, customer_id=customer, invoice_id=invoice)
    return book


def _check(book: Book, answer: Record, **changes: Any) -> Record:
    asked = {"customer_id": answer["customer"], "amount": answer["amount"], "terms": TERMS_DAYS} | changes
    return book.check(asked.pop("amount"), **asked)


def _told(record: Record, answer: Record) -> Record:
    """What the page shows of an answer, in English."""
    reason = record["no_counter_offer_reason"]
    return {
        "customer": answer["customer"],
        "amount": answer["amount"],
        "outcome": record["verdict"]["outcome"],
        "counter_offers": [offer | {"message": offer["message"]["en"]} for offer in record["counter_offers"]],
        "no_counter_offer_reason": reason and reason["en"],
    }


def _take(book: Book, answer: Record, offer: Record) -> Record:
    """Check again with the change made; what has to be recorded is recorded first."""
    ((change, value),) = offer["changes"].items()
    match Change(change):
        case Change.AMOUNT:
            return _check(book, answer, amount=value)
        case Change.TERMS:
            return _check(book, answer, terms=value)
        case Change.PREPAID if "recorded" not in offer["message"]:
            return _check(book, answer, prepaid=value)
        case Change.PREPAID:
            book.payment(value, received=0, customer_id=answer["customer"], order_id="SO-1")
        case Change.PAY:
            for _, invoice, amount, _, _ in INVOICES:
                if invoice in value:
                    book.payment(amount, received=0, customer_id=answer["customer"], pays={invoice: amount})
    return _check(book, answer)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: f"{answer['customer']} {answer['amount']}")
def test_the_answers_are_those_of_the_page(example: Book, answer: Record) -> None:
    assert _told(_check(example, answer), answer) == answer


@pytest.mark.parametrize(
    ("answer", "offer"), [(answer, offer) for answer in ANSWERS for offer in answer["counter_offers"]]
)
def test_every_offer_of_the_page_gets_what_it_says_when_it_is_taken(
    example: Book, answer: Record, offer: Record
) -> None:
    assert _take(example, answer, offer)["verdict"]["outcome"] == offer["outcome"]


def test_a_prepayment_that_is_only_said_is_not_enough_where_it_must_be_recorded(example: Book) -> None:
    (answer,) = (each for each in ANSWERS if each["customer"] == "C-3")
    assert _check(example, answer, prepaid="6400.00")["verdict"]["outcome"] == "approve_with_conditions"


def test_the_page_shows_every_kind_of_change_and_both_reasons_for_none() -> None:
    shown = {change for answer in ANSWERS for offer in answer["counter_offers"] for change in offer["changes"]}
    assert shown == set(Change)
    assert {answer["outcome"] for answer in ANSWERS if not answer["counter_offers"]} == {"approve", "reject"}


def test_the_policy_of_the_page_has_no_findings() -> None:
    assert lint(load_policy(POLICY)) == ()
