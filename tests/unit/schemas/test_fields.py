"""Fields take a value as it must be, or refuse it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from policy_service.domain.currencies import MINOR_UNITS
from policy_service.schemas import ORDER_CHECK, DocumentRefused, read, write
from policy_service.schemas.messages import MESSAGES

ORDER = {"order_id": "SO-1", "customer_id": "C-1", "amount": "100.00", "currency": "CNY"}


def faults(**changes: Any) -> dict[str, str]:
    """What is wrong with an order, by pointer."""
    with pytest.raises(DocumentRefused) as refused:
        read(ORDER_CHECK, ORDER | changes)
    return {fault.pointer: fault.message.key for fault in refused.value.faults}


@pytest.mark.parametrize(
    "amount",
    [
        100,
        100.0,
        True,
        None,
        "",
        " 100",
        "100 ",
        "+100",
        "-100",
        "1e3",
        "1E3",
        ".5",
        "5.",
        "1,000.00",
        "1_000",
        "0x10",
        "NaN",
        "Infinity",
        "１００",
        "١٠٠",
        "1" * 16,
        ["100"],
        {"amount": "100"},
    ],
)
def test_money_that_is_no_plain_decimal_string_is_refused(amount: Any) -> None:
    assert set(faults(amount=amount)) == {"/amount"}


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("100.001", "CNY"), ("100.10", "JPY"), ("0.0001", "KWD"), ("100.000", "CNY"), ("1.", "CNY")],
)
def test_money_with_more_decimals_than_its_currency_is_refused_never_rounded(amount: str, currency: str) -> None:
    assert set(faults(amount=amount, currency=currency)) == {"/amount"}


@pytest.mark.parametrize("currency", sorted(MINOR_UNITS))
def test_money_of_every_currency_is_read_exactly_and_written_as_it_came(currency: str) -> None:
    decimals = MINOR_UNITS[currency]
    text = "123456789012345" + (f".{'1' * decimals}" if decimals else "")
    request = read(ORDER_CHECK, ORDER | {"amount": text, "currency": currency})
    assert request.amount == Decimal(text)
    assert write(ORDER_CHECK, request, currency)["amount"] == text


def test_an_amount_must_be_above_zero_and_a_prepayment_need_not() -> None:
    assert faults(amount="0.00") == {"/amount": "positive"}
    assert read(ORDER_CHECK, ORDER | {"prepaid_amount": "0"}).prepaid_amount == 0


def test_an_unknown_currency_is_the_one_fault_and_gives_its_own_code() -> None:
    with pytest.raises(DocumentRefused) as refused:
        read(ORDER_CHECK, ORDER | {"currency": "XXX", "amount": "1.2345"})
    assert refused.value.code == "unknown_currency"
    assert [error.pointer for error in refused.value.errors] == ["/currency"]


@pytest.mark.parametrize("currency", ["cny", "CN", "CNYY", "", 156, None, "ＣＮＹ"])
def test_only_codes_as_iso_4217_writes_them_are_currencies(currency: Any) -> None:
    assert "/currency" in faults(currency=currency)


@pytest.mark.parametrize("days", [-1, 3651, "30", 30.0, Decimal("30.0"), True, False, [30], 10**30])
def test_terms_are_whole_json_numbers_from_0_to_3650(days: Any) -> None:
    assert faults(payment_terms_days=days) == {"/payment_terms_days": "integer"}


def test_terms_of_0_and_of_ten_years_are_accepted() -> None:
    assert [read(ORDER_CHECK, ORDER | {"payment_terms_days": days}).payment_terms_days for days in (0, 3650)] == [
        0,
        3650,
    ]


@pytest.mark.parametrize(
    "day",
    [
        "2026-2-1",
        "2026-02-30",
        "20260201",
        "2026-02-01T00:00:00Z",
        "2026-W05-1",
        "01.02.2026",
        "２０２６-02-01",
        " 2026-02-01",
        "",
        20260201,
        True,
    ],
)
def test_only_days_written_as_year_month_day_are_days(day: Any) -> None:
    assert faults(order_date=day) == {"/order_date": "day"}


@pytest.mark.parametrize("day", ["1969-12-31", "2200-01-01", "0001-01-01", "9999-12-31"])
def test_days_before_1970_and_after_2199_are_refused(day: str) -> None:
    assert faults(order_date=day) == {"/order_date": "day_range"}


def test_the_first_and_the_last_day_are_accepted() -> None:
    days = [read(ORDER_CHECK, ORDER | {"order_date": day}).order_date for day in ("1970-01-01", "2199-12-31")]
    assert days == [date(1970, 1, 1), date(2199, 12, 31)]


@pytest.mark.parametrize("name", ["", "x" * 101, "a\nb", "a\x00b", "a\u202eb", "a\x7fb", "\ud800", 7, None, ["a"]])
def test_ids_have_1_to_100_printable_characters(name: Any) -> None:
    assert set(faults(customer_id=name)) == {"/customer_id"}


@pytest.mark.parametrize("name", ["x", "x" * 100, "SO/2026/17", "客户-1", "a b", "~!@#$%^&*()'\"<>"])
def test_ids_may_have_any_printable_character(name: str) -> None:
    assert read(ORDER_CHECK, ORDER | {"customer_id": name}).customer_id == name


@pytest.mark.parametrize("channel", ["", "   ", "x" * 101, "a\tb", "a\nb", "\x85", 5])
def test_texts_are_not_blank_not_endless_and_have_no_control_characters(channel: Any) -> None:
    assert set(faults(channel=channel)) == {"/channel"}


def test_texts_may_have_the_wide_space_that_chinese_names_have() -> None:
    assert read(ORDER_CHECK, ORDER | {"channel": "直销\u3000华东"}).channel == "直销\u3000华东"


def test_what_is_left_out_is_none_or_its_default() -> None:
    request = read(ORDER_CHECK, ORDER)
    assert (request.payment_terms_days, request.order_date, request.lines) == (None, None, ())
    assert request.prepaid_amount == 0


def test_null_is_accepted_only_where_leaving_out_means_nothing() -> None:
    assert read(ORDER_CHECK, ORDER | {"order_date": None}).order_date is None
    assert faults(prepaid_amount=None, lines=None) == {"/prepaid_amount": "null", "/lines": "null"}


def test_every_fault_is_named_with_its_pointer_in_one_answer() -> None:
    line = {"sku": "A-1", "quantity": "1", "amount": "1.00"}
    assert faults(
        order_id="", amount="x", lines=[line, {"sku": "A-2", "quantity": "1.2345678"}, 3], **{"a/b~c": 1}
    ) == {
        "/order_id": "id",
        "/amount": "decimal",
        "/lines/1/quantity": "decimals",
        "/lines/1/amount": "required",
        "/lines/2": "object",
        "/a~1b~0c": "unknown",
    }


def test_a_document_full_of_faults_is_answered_with_the_first_hundred() -> None:
    assert len(faults(**{f"unknown_{number}": 1 for number in range(5000)})) == 100


@pytest.mark.parametrize("document", [None, [], [ORDER], "order", 7, True])
def test_a_document_is_an_object(document: Any) -> None:
    with pytest.raises(DocumentRefused) as refused:
        read(ORDER_CHECK, document)
    assert [(fault.pointer, fault.message.key) for fault in refused.value.faults] == [("", "object")]


def test_an_order_has_at_most_1000_lines() -> None:
    line = {"sku": "A-1", "quantity": "1", "amount": "1.00"}
    assert len(read(ORDER_CHECK, ORDER | {"lines": [line] * 1000}).lines) == 1000
    assert faults(lines=[line] * 1001) == {"/lines": "too_many_items"}


@pytest.mark.parametrize("key", MESSAGES)
def test_every_message_says_the_same_in_chinese_with_the_same_numbers(key: str) -> None:
    text = MESSAGES[key]
    assert any("\u4e00" <= character <= "\u9fff" for character in text.zh)
    assert {part.partition("}")[0] for part in text.en.split("{")[1:]} == {
        part.partition("}")[0] for part in text.zh.split("{")[1:]
    }
