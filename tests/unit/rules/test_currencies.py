"""Several currencies in one check: compared exactly, granted in the order's, held where a rate is too old."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from policy_service.domain.outcomes import Authority, Outcome
from rules.decide import ENGINE_ERROR
from rules.judging import FX_RATE_TOO_OLD
from rules.verdict import Granted, Verdict
from tests.unit.rules.documents import ALWAYS, DAY, asked, decided, facts, rule

LIMIT = "customer.credit_limit"
RATES = {"CNY": "1", "USD": "7.1", "JPY": "0.047"}


def test_a_literal_is_in_the_policys_currency() -> None:
    above = rule({"fact": "exposure.after", "op": "gt", "value": "7100.00"})
    dollars = [facts({"exposure.after": amount}, currency="USD", rates=RATES) for amount in ("1000.00", "1000.01")]
    assert [decided(above, seen).fired for seen in dollars] == [(), ("A",)]


def test_all_operators_on_lists_convert_too() -> None:
    listed = rule({"fact": "exposure.after", "op": "in", "value": ["71.00", "142.00"]})
    between = rule({"fact": "exposure.after", "op": "between", "value": ["71.00", "142.00"]}, code="B")
    for amount, fired in (("10.00", ("A", "B")), ("15.00", ("B",)), ("20.00", ("A", "B")), ("20.01", ())):
        assert (
            decided([listed, between], facts({"exposure.after": amount}, currency="USD", rates=RATES)).fired == fired
        )


def test_group_facts_are_in_the_groups_currency() -> None:
    above = rule({"fact": "group.after", "op": "gt", "value": {"fact": "exposure.after"}})
    seen = {"group.after": "1000", "exposure.after": "6.62"}
    in_yen = facts(seen, currency="USD", group_currency="JPY", rates=RATES)
    assert decided(above, in_yen).fired == ()
    assert decided(
        above, facts(seen | {"exposure.after": "6.61"}, currency="USD", group_currency="JPY", rates=RATES)
    ).fired


def test_an_addition_is_in_the_policys_currency() -> None:
    above = rule({"fact": "exposure.after", "op": "gt", "value": {"fact": LIMIT, "times": "2", "plus": "71.00"}})
    seen = {LIMIT: "100.00", "exposure.after": "210.00"}
    assert decided(above, facts(seen, currency="USD", rates=RATES)).fired == ()
    assert decided(above, facts(seen | {"exposure.after": "210.01"}, currency="USD", rates=RATES)).fired == ("A",)


def test_a_third_is_compared_exactly_and_shown_to_28_digits() -> None:
    equal = rule({"fact": "exposure.after", "op": "ge", "value": "100.00"})
    seen = facts({"exposure.after": "33.33"}, currency="USD", rates={"CNY": "1", "USD": "3"})
    assert decided(equal, seen).fired == ()
    shown = rule({"fact": "exposure.after", "op": "lt", "value": "100.00"})
    (reason,) = decided(shown, seen).reasons
    assert reason.evidence[0].threshold == Decimal("33.33333333333333333333333333")


def test_a_list_is_shown_in_the_currency_of_the_fact() -> None:
    listed = rule({"fact": "exposure.after", "op": "not_in", "value": ["71.00", "7.10"]})
    (reason,) = decided(listed, facts({"exposure.after": "2.00"}, currency="USD", rates=RATES)).reasons
    assert reason.evidence[0].threshold == (Decimal(10), Decimal(1))


def test_a_cap_is_granted_in_the_orders_currency_rounded_down() -> None:
    cap = rule(ALWAYS, {"effect": "cap_credit", "amount": "100.00"})
    verdict = decided(cap, facts(request=asked("1000.00", 30, currency="USD"), rates=RATES))
    assert verdict.granted == Granted(Decimal("14.08"), Decimal("985.92"), 30, "USD")
    assert verdict.reasons[0].message.en == "A: credit of at most USD 14.08"
    in_yen = decided(cap, facts(request=asked("100000", 30, currency="JPY"), rates=RATES))
    assert in_yen.granted == Granted(Decimal(2127), Decimal(97873), 30, "JPY")


def test_a_cap_that_converts_to_a_hair_less_is_not_rounded_up() -> None:
    cap = rule(ALWAYS, {"effect": "cap_credit", "amount": "99999999999999.99"})
    rates = {"CNY": "1", "USD": "1.000000000000000000000000000001"}
    verdict = decided(cap, facts(request=asked("999999999999999.00", 30, currency="USD"), rates=rates))
    assert verdict.granted is not None
    assert verdict.granted.credit_amount == Decimal("99999999999999.98")


def test_a_cap_from_a_fact_comes_in_the_facts_currency() -> None:
    cap = rule(ALWAYS, {"effect": "cap_credit", "amount": {"fact": LIMIT, "times": "0.5", "plus": "71.00"}})
    seen = facts({LIMIT: "100.00"}, asked("1000.00", 30), currency="USD", rates=RATES)
    verdict = decided(cap, seen)
    assert verdict.granted == Granted(Decimal("426.00"), Decimal("574.00"), 30, "CNY")


def test_without_a_request_a_cap_is_told_in_the_accounts_currency() -> None:
    cap = rule(ALWAYS, {"effect": "cap_credit", "amount": "71.00"})
    (reason,) = decided(cap, facts(currency="USD", rates=RATES)).reasons
    assert reason.parameters == {"amount": Decimal("10.00")}
    assert "USD 10.00" in reason.message.en


def is_engine_error(verdict: Verdict) -> bool:
    """Whether the check could not be decided."""
    return [reason.rule_code for reason in verdict.reasons] == [ENGINE_ERROR]


def test_a_missing_rate_is_an_engine_error_whatever_the_rules_would_have_reached() -> None:
    literal = rule({"fact": "exposure.after", "op": "gt", "value": "1.00"})
    field = rule({"fact": "exposure.after", "op": "gt", "value": {"fact": LIMIT}})
    assert is_engine_error(decided(literal, facts(currency="USD", rates={"USD": "7"})))
    assert is_engine_error(decided(field, facts(request=asked(currency="USD"), rates={"CNY": "1"})))
    assert is_engine_error(decided(field, facts(group_currency="USD", rates={"CNY": "1"})))


def test_a_policy_without_amounts_needs_no_rate_of_its_own_currency() -> None:
    field = rule({"fact": "exposure.after", "op": "gt", "value": {"fact": LIMIT}})
    assert decided(field, facts({"exposure.after": "2", LIMIT: "1"}, currency="USD")).fired == ("A",)


def test_one_currency_needs_no_rates() -> None:
    literal = rule({"fact": "exposure.after", "op": "gt", "value": "1.00"})
    assert decided(literal, facts({"exposure.after": "2"}, asked())).fired == ("A",)


def test_a_rate_older_than_the_policy_takes_holds_the_order() -> None:
    calm = rule({"fact": "customer.is_new", "op": "eq", "value": True}, "reject")
    request = asked(currency="USD")
    fresh = facts(request=request, rates=RATES, rates_of=DAY - timedelta(days=7))
    assert decided(calm, fresh).outcome is Outcome.APPROVE
    verdict = decided(calm, facts(request=request, rates=RATES, rates_of=DAY - timedelta(days=8)))
    assert verdict.outcome is Outcome.HOLD
    assert verdict.granted is None
    assert verdict.authority is Authority.CONTROLLER
    assert [reason.rule_code for reason in verdict.reasons] == [FX_RATE_TOO_OLD] * 3
    dollar = verdict.reasons[-1]
    assert dollar.parameters == {"currency": "USD", "age_days": 8, "max_rate_age_days": 7}
    assert dollar.message.en == "The exchange rate of USD is 8 days old; at most 7 are accepted"
    assert dollar.message.zh == "USD 的汇率已有 8 天未更新；最多允许 7 天"
    assert dollar.evidence[0].value == 8
    assert dollar.evidence[0].threshold == 7


def test_an_old_rate_does_not_soften_a_rejection() -> None:
    verdict = decided(
        rule(ALWAYS, "reject"), facts(request=asked(currency="USD"), rates=RATES, rates_of=DAY - timedelta(days=30))
    )
    assert verdict.outcome is Outcome.REJECT
    assert FX_RATE_TOO_OLD in {reason.rule_code for reason in verdict.reasons}


def test_the_age_of_rates_is_a_setting() -> None:
    seen = facts(request=asked(currency="USD"), rates=RATES, rates_of=DAY - timedelta(days=1))
    assert decided(rule(ALWAYS, "warn"), seen, settings={"max_rate_age_days": 0}).outcome is Outcome.HOLD
    assert decided(rule(ALWAYS, "warn"), seen, settings={"max_rate_age_days": 1}).outcome is Outcome.APPROVE
