"""The policy that a new installation starts with."""

from __future__ import annotations

from pathlib import Path

import pytest

import rules
from policy_service.domain.outcomes import Outcome
from rules.cases import run_cases
from rules.decide import decide
from rules.document import Policy, load_policy
from rules.engine import compile_policy
from rules.facts import FactValue
from rules.lint import lint
from rules.reference import decide_by_reference
from rules.verdict import Verdict
from tests.unit.rules.documents import asked, facts

PROMISED = [
    "OVERDUE_BLOCK",
    "NEW_CUSTOMER_CASH",
    "NEW_CUSTOMER_SMALL_LIMIT",
    "NO_LIMIT_SET",
    "LIMIT_EXPIRED",
    "EXPOSURE_CAP",
    "GROUP_EXPOSURE_CAP",
    "SINGLE_ORDER_CAP",
    "TERMS_TIGHTENING",
    "NO_TERMS_EXTENSION",
    "VOLUME_SPIKE",
    "VOLUME_PLUNGE",
    "POOR_PAYER_TERMS",
    "RETURNED_PAYMENT",
    "FIELD_SIGNAL_WARNING",
    "FIELD_SIGNAL_SEVERE",
    "ASSET_FLIGHT",
    "CUSTOMER_STOPPED",
    "CUSTOMER_WATCH",
    "STRATEGIC_EXEMPTION",
]

HEALTHY: dict[str, FactValue | None] = {
    "order.kind": "order",
    "order.amount": "100.00",
    "order.credit_amount": "100.00",
    "order.payment_terms_days": 30,
    "order.terms_extension_days": 0,
    "customer.status": "active",
    "customer.is_new": False,
    "customer.paid_invoice_count": 5,
    "customer.standard_terms_days": 30,
    "customer.credit_limit": "1000.00",
    "exposure.after": "1000.00",
    "receivables.undisputed_overdue_amount": "0.00",
    "receivables.returned_payment_count": 0,
}


@pytest.fixture(scope="module")
def default() -> Policy:
    """The default policy."""
    return load_policy((Path(rules.__file__).parent / "packs" / "default.yaml").read_text(encoding="utf-8"))


def checked(default: Policy, **changes: FactValue | None) -> Verdict:
    """The verdict on a healthy customer with some facts changed; double underscores stand for points."""
    seen = facts(HEALTHY | {name.replace("__", "."): value for name, value in changes.items()}, asked("100.00", 30))
    verdict = decide(compile_policy(default), seen)
    assert verdict == decide_by_reference(default, seen)
    return verdict


def test_it_has_the_promised_rules(default: Policy) -> None:
    assert set(PROMISED) <= {rule.code for rule in default.rules}


def test_all_its_cases_pass(default: Policy) -> None:
    assert [(result.name, result.differences) for result in run_cases(default) if not result.passed] == []


def test_lint_finds_nothing(default: Policy) -> None:
    assert lint(default) == ()


def test_every_rule_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(default: Policy) -> None:
    fires = {code for case in default.cases for code in case.expect.fired}
    spares = {code for case in default.cases for code in case.expect.not_fired}
    codes = {rule.code for rule in default.rules}
    assert codes - fires == set()
    assert codes - spares == set()


def test_every_text_is_there_in_both_languages(default: Policy) -> None:
    for rule in default.rules:
        assert rule.title.en != rule.title.zh
        for effect in rule.then:
            assert effect.message is not None
            assert effect.message.en != effect.message.zh
    assert all(case.name.en != case.name.zh for case in default.cases)


def test_a_healthy_customer_is_approved_without_a_word(default: Policy) -> None:
    verdict = checked(default)
    assert verdict.outcome is Outcome.APPROVE
    assert verdict.fired == ()


@pytest.mark.parametrize(
    ("changes", "code", "outcome"),
    [
        ({"customer__status": "stop"}, "CUSTOMER_STOPPED", Outcome.REJECT),
        ({"customer__status": "watch"}, "CUSTOMER_WATCH", Outcome.HOLD),
        ({"customer__credit_limit": None}, "NO_LIMIT_SET", Outcome.HOLD),
        ({"exposure__after": "1000.01"}, "EXPOSURE_CAP", Outcome.HOLD),
        ({"receivables__returned_payment_count": 1}, "RETURNED_PAYMENT", Outcome.HOLD),
        ({"customer__is_new": True}, "NEW_CUSTOMER_CASH", Outcome.APPROVE_WITH_CONDITIONS),
        ({"signals__worst_severity": 5}, "FIELD_SIGNAL_SEVERE", Outcome.HOLD),
        ({"volume__spike_ratio": "3.5"}, "VOLUME_SPIKE", Outcome.HOLD),
    ],
)
def test_one_bad_sign_is_enough(
    default: Policy, changes: dict[str, FactValue | None], code: str, outcome: Outcome
) -> None:
    verdict = checked(default, **changes)
    assert (verdict.fired, verdict.outcome) == ((code,), outcome)


def test_the_flight_of_assets_goes_to_the_director_with_the_highest_alert(default: Policy) -> None:
    verdict = checked(default, volume__spike_ratio="2.5", signals__asset_transfer=2)
    assert verdict.authority == "director"
    assert [(alert.rule_code, alert.severity) for alert in verdict.alerts] == [("ASSET_FLIGHT", 5)]


def test_strategic_trust_lets_a_spike_through_and_says_so(default: Policy) -> None:
    trusted = {"customer__strategic_value": "A", "receivables__on_time_rate": "0.95"}
    verdict = checked(default, volume__spike_ratio="3.5", **trusted)
    assert verdict.outcome is Outcome.APPROVE
    assert [(item.rule_code, item.by) for item in verdict.exempted] == [("VOLUME_SPIKE", "STRATEGIC_EXEMPTION")]
    assert [warning.rule_code for warning in verdict.warnings] == ["STRATEGIC_EXEMPTION"]
