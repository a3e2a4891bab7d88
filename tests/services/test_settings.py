"""Every setting of a policy at work: the examples of docs/policy-language.md, beside the same policy without it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from policy_service.domain.days import rfc3339
from policy_service.domain.outcomes import CheckKind
from tests.conftest import NOW, REPOSITORY
from tests.factories import Book, day

PAGE = (REPOSITORY / "docs" / "policy-language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

Record = dict[str, Any]


def _example(setting: str) -> str:
    """The policy of the page that is about a setting; the first one of all only shows where settings stand."""
    (source,) = (each for each in EXAMPLES[1:] if f"\nsettings: {{{setting}:" in each)
    return str(source)


def _checked_with_and_without(book: Book, setting: str, amount: str, **order: Any) -> tuple[Record, Record]:
    """The same order under the example of a setting, and under that policy with the setting left out."""
    source, records = _example(setting), []
    for policy in (source, re.sub(r"\nsettings: .*", "", source)):
        book.policy(policy)
        records.append(book.check(amount, **order))
    return records[0], records[1]


def _outcomes(records: tuple[Record, Record]) -> list[str]:
    return [record["verdict"]["outcome"] for record in records]


def test_a_reservation_ends_after_the_minutes_that_the_policy_gives(book: Book) -> None:
    book.customer(credit_limit="1000")
    records = _checked_with_and_without(book, "reservation_ttl_minutes", "100")
    ends = [record["reservation"]["expires_at"] for record in records]
    assert ends == [rfc3339(NOW + timedelta(hours=4)), rfc3339(NOW + timedelta(days=1))]


def test_what_ships_beyond_the_horizon_is_left_out_of_it(book: Book) -> None:
    """An order of 600 that ships in 50 days, and now another."""
    book.customer(credit_limit="1000")
    book.policy(_example("credit_horizon_days"))
    book.confirm(book.check("600", order_id="SO-LATER", requested_ship_date=day(50)))
    assert _outcomes(_checked_with_and_without(book, "credit_horizon_days", "600")) == ["hold", "approve"]


def test_the_policy_says_how_near_a_near_miss_is(book: Book) -> None:
    book.customer(credit_limit="1000")
    near, far = (
        [miss["rule_code"] for miss in record["near_misses"]]
        for record in _checked_with_and_without(book, "near_miss_ratio", "750")
    )
    assert (near, far) == ([], ["NEARLY_USED_UP"])


def test_a_payment_not_applied_yet_frees_the_limit_only_where_the_policy_nets_it(book: Book) -> None:
    book.customer(credit_limit="1000")
    book.invoice("1500", issued=-5, due=25)
    book.payment("600", received=-1)
    assert _outcomes(_checked_with_and_without(book, "net_unapplied_payments", "10")) == ["hold", "approve"]


def test_a_rate_older_than_the_policy_takes_holds_the_order(book: Book) -> None:
    book.customer(currency="USD", credit_limit="1000")
    for currency, rate in (("USD", "7.1"), ("EUR", "8.2")):
        book.rate(currency, rate, on=-4)
    records = _checked_with_and_without(book, "max_rate_age_days", "10", currency="EUR")
    assert _outcomes(records) == ["hold", "approve"]
    assert {reason["rule_code"] for reason in records[0]["verdict"]["reasons"]} == {"FX_RATE_TOO_OLD"}


def test_a_prepayment_that_is_only_said_counts_where_the_policy_takes_it(book: Book) -> None:
    book.customer(credit_limit="1000")
    book.invoice("50", issued=-60, due=-30, paid=-30)
    records = _checked_with_and_without(book, "require_verified_prepayment", "1000", prepaid="300")
    assert _outcomes(records) == ["hold", "approve"]


def test_a_quote_is_valid_for_the_days_that_the_policy_gives(book: Book) -> None:
    book.customer(credit_limit="1000")
    records = _checked_with_and_without(book, "quote_valid_days", "100", kind=CheckKind.QUOTE, order_id="Q-1")
    ends = [record["valid_until"] for record in records]
    assert ends == [rfc3339(NOW + timedelta(days=14)), rfc3339(NOW + timedelta(days=30))]
