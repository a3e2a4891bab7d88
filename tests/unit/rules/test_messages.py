"""Messages with facts in them, formatted for people in two languages."""

from __future__ import annotations

import pytest

from rules.facts import FactValue
from rules.texts import Text
from tests.unit.rules.documents import ALWAYS, decided, facts, faults, rule, tree


def said(message: object, values: dict[str, FactValue | None] | None = None) -> Text:
    """The message of a rule that fires on these facts."""
    return decided(rule(ALWAYS, {"effect": "warn", "message": message}), facts(values)).warnings[0].message


def test_a_placeholder_is_filled_in_each_language() -> None:
    message = {"en": "{receivables.overdue_amount} is overdue", "zh": "逾期 {receivables.overdue_amount}"}
    assert said(message, {"receivables.overdue_amount": "1234567.5"}) == Text(
        "CNY 1,234,567.50 is overdue", "逾期 CNY 1,234,567.50"
    )


@pytest.mark.parametrize(
    ("name", "value", "en", "zh"),
    [
        ("customer.credit_limit", "0", "CNY 0.00", "CNY 0.00"),
        ("customer.credit_limit", "-1500.005", "CNY -1,500.00", "CNY -1,500.00"),
        ("receivables.on_time_rate", "0.95", "95%", "95%"),
        ("receivables.on_time_rate", "0.93349", "93.3%", "93.3%"),
        ("volume.spike_ratio", "3.2", "320%", "320%"),
        ("receivables.average_days_late", "12.34", "12.3", "12.3"),
        ("receivables.average_days_late", "30", "30", "30"),
        ("receivables.oldest_overdue_days", 1, "1 day", "1 天"),
        ("receivables.oldest_overdue_days", 40, "40 days", "40 天"),
        ("customer.limit_days_left", -1, "-1 day", "-1 天"),
        ("customer.order_count", 3, "3", "3"),
        ("signals.worst_severity", 4, "4", "4"),
        ("customer.is_new", True, "yes", "是"),
        ("customer.is_new", False, "no", "否"),
        ("customer.segment", "retail", "retail", "retail"),
        ("customer.credit_limit", None, "unknown", "未知"),
    ],
)
def test_a_fact_is_shown_as_people_write_it(name: str, value: FactValue | None, en: str, zh: str) -> None:
    assert said(f"{{{name}}}", {name: value}) == Text(en, zh)


def test_money_is_shown_in_the_currency_it_is_in() -> None:
    seen = facts(
        {"exposure.after": "1234", "group.after": "5678"},
        currency="USD",
        group_currency="JPY",
        rates={"CNY": "1", "USD": "7", "JPY": "0.05"},
    )
    message = {"effect": "warn", "message": "{exposure.after} of {group.after}"}
    assert decided(rule(ALWAYS, message), seen).warnings[0].message.en == "USD 1,234.00 of JPY 5,678"


def test_braces_are_written_twice_and_values_are_never_read_as_templates() -> None:
    seen: dict[str, FactValue | None] = {"customer.segment": "{customer.id}"}
    assert said("{{literal}} {customer.segment} }}", seen).en == "{literal} {customer.id} }"


@pytest.mark.parametrize(
    "message",
    [
        "{customer}",
        "{customer.credit_limit!r}",
        "{customer.credit_limit.__class__}",
        "{0}",
        "{}",
        "{flag.x}",
        "{ customer.id }",
        "lone {",
        "lone }",
        "{customer.id",
        "{{customer.id}",
    ],
)
def test_anything_but_a_name_of_the_catalogue_is_refused(message: str) -> None:
    found = faults(tree(rule(ALWAYS, {"effect": "warn", "message": message})))
    assert {finding.code for finding in found} == {"bad_placeholder"}
    assert {finding.path for finding in found} == {"/rules/0/then/0/message"}


def test_a_fault_in_either_language_is_found() -> None:
    found = faults(tree(rule(ALWAYS, {"effect": "warn", "message": {"en": "fine", "zh": "{nothing}"}})))
    assert [finding.code for finding in found] == ["bad_placeholder"]
    assert "nothing" in found[0].message.zh
