"""What a person decides on a held order: the verdict after a release or a refusal.

A release overrules what held the order and nothing else: terms, credit and prepayment stay capped as the policy says.
A replay of such a decision comes to the same verdict by the same functions.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from policy_service.domain.outcomes import Outcome
from rules.effects import EffectKind
from rules.facts import Facts
from rules.granting import Grant
from rules.texts import Text
from rules.verdict import Reason, Verdict

HOLD_RELEASED = "HOLD_RELEASED"
HOLD_REJECTED = "HOLD_REJECTED"

_RELEASED = Text("A person with the authority for it released the held order", "有权限的人员已放行该暂停订单")
_REJECTED = Text("Credit control looked at the held order and rejected it", "信控部门审核后拒绝了该暂停订单")


def released(verdict: Verdict, facts: Facts) -> Verdict:
    """The verdict when what held the order is overruled: all that was asked for is granted, less what is capped.

    The reasons stay, those that were overruled among them; a warning tells of the release.
    """
    grant = Grant(facts.request)
    for reason in verdict.reasons:
        _cap(grant, reason)
    return replace(
        verdict,
        outcome=Outcome.APPROVE_WITH_CONDITIONS if grant.is_cut else Outcome.APPROVE,
        warnings=(Reason(HOLD_RELEASED, EffectKind.WARN.value, _RELEASED, (), {}), *verdict.warnings),
        granted=grant.granted(),
        authority=None,
    )


def refused(verdict: Verdict) -> Verdict:
    """The verdict when a person rejects the held order."""
    reason = Reason(HOLD_REJECTED, EffectKind.REJECT.value, _REJECTED, (), {})
    return replace(verdict, outcome=Outcome.REJECT, reasons=(reason, *verdict.reasons), granted=None, authority=None)


def _cap(grant: Grant, reason: Reason) -> None:
    match reason.effect:
        case EffectKind.CAP_TERMS | EffectKind.NO_TERMS_EXTENSION:
            grant.cap_terms(int(reason.parameters["days"]))
        case EffectKind.CAP_CREDIT:
            grant.cap_credit(Decimal(reason.parameters["amount"]))
        case EffectKind.REQUIRE_PREPAYMENT:
            grant.require_prepayment(Decimal(reason.parameters["percent"]))
