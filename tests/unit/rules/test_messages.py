"""Messages with facts in them, formatted for people in two languages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_service.domain.currencies import MINOR_UNITS
from policy_service.domain.money import round_half_even
from rules.facts import FactValue
from rules.formats import show, show_day, show_days, show_money, show_percent
from rules.messages import fill, read_template
from rules.reader import Node
from rules.source import Source
from rules.texts import Language, Text
from rules.values import flag_fact
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
        ("customer.credit_limit", "-0.001", "CNY 0.00", "CNY 0.00"),
        ("receivables.on_time_rate", "0.95", "95%", "95%"),
        ("receivables.on_time_rate", "0.93349", "93.3%", "93.3%"),
        ("receivables.on_time_rate", "0.9525", "95.2%", "95.2%"),
        ("volume.spike_ratio", "3.2", "320%", "320%"),
        ("volume.spike_ratio", "45.678", "4,567.8%", "4,567.8%"),
        ("receivables.average_days_late", "12.34", "12.3", "12.3"),
        ("receivables.average_days_late", "30", "30", "30"),
        ("receivables.average_days_late", "1234.56", "1,234.6", "1,234.6"),
        ("receivables.oldest_overdue_days", 1, "1 day", "1 天"),
        ("receivables.oldest_overdue_days", 40, "40 days", "40 天"),
        ("customer.tenure_days", 2500, "2,500 days", "2,500 天"),
        ("customer.limit_days_left", -1, "-1 day", "-1 天"),
        ("customer.order_count", 3, "3", "3"),
        ("customer.order_count", 12500, "12,500", "12,500"),
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
        "{flag.}",
        "{flag.Watched}",
        "{flag.x!r}",
        "{table.NONE.grade}",
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


def read(message: object, values: dict[str, object]) -> Text:
    """A message filled with values that the rules saw beside the facts."""
    source = Source(facts=dict.fromkeys(values, flag_fact("any")))
    return fill(read_template(Node(message, "", source)), facts(), values)


def test_flags_and_what_tables_put_out_are_shown_by_their_values() -> None:
    values: dict[str, object] = {
        "table.RISK.grade": "B",
        "table.RISK.cap_amount": Decimal("5000"),
        "table.RISK.max_terms_days": 60,
        "table.RISK.factor": Decimal("1234.5670"),
        "table.RISK.is_watched": True,
        "table.RISK.grades": ("B", "C"),
        "flag.strange": True,
    }
    text = " ".join(f"{{{name}}}" for name in (*values, "flag.never_raised"))
    assert read(text, values) == Text(
        "B CNY 5,000.00 60 days 1,234.567 yes B, C yes no", "B CNY 5,000.00 60 天 1,234.567 是 B、C 是 否"
    )


def test_without_other_values_a_message_is_filled_from_the_facts() -> None:
    assert fill(read_template(Node("{customer.id}", "", Source())), facts({"customer.id": "C-1"})).zh == "C-1"


@given(st.decimals(-(10**30), 10**30, allow_nan=False), st.sampled_from(sorted(MINOR_UNITS)))
def test_money_loses_nothing_on_its_way_into_a_message(amount: Decimal, currency: str) -> None:
    for language in Language:
        code, _, number = show_money(amount, currency, language).partition(" ")
        assert code == currency
        assert Decimal(number.replace(",", "")) == round_half_even(amount, currency)
        assert not any(character.isspace() for character in number)


@given(st.decimals(-(10**6), 10**6, allow_nan=False, places=20), st.sampled_from(list(Language)))
def test_a_ratio_is_a_percentage_to_one_place(ratio: Decimal, language: Language) -> None:
    shown = show("receivables.on_time_rate", ratio, "CNY", language)
    number = Decimal(shown.removesuffix("%").replace(",", ""))
    assert abs(number - ratio * 100) <= Decimal("0.05")
    assert shown != "-0%"


def test_a_percentage_that_is_asked_for_keeps_its_decimals() -> None:
    assert show_percent(Decimal("33.30"), Language.EN) == "33.3%"
    assert show_percent(Decimal("12.125"), Language.ZH) == "12.125%"


def test_a_day_is_written_out_so_that_nobody_takes_the_month_for_the_day() -> None:
    assert show_day(date(2026, 3, 4), Language.EN) == "March 4, 2026"
    assert show_day(date(2026, 3, 4), Language.ZH) == "2026年3月4日"


def test_a_measure_outside_the_catalogue_tells_its_unit_by_its_name() -> None:
    assert show("fx.rate_age_days", 8, "CNY", Language.EN) == show_days(8, Language.EN) == "8 days"
