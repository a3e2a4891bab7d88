"""How the rules that fired become one verdict.

Exemptions are settled first, going through the fired rules by priority: a rule that was exempted by one before it
exempts nothing, and an exemption once made stands. A rule that is exempted has no effect at all.

A cap, a limit of terms and a required prepayment are each held against the request alone: whichever would cut it
is a reason, so two that both cut are two reasons, and one that cuts nothing is none. Numbers that come from a
missing fact are taken on the safe side: no days, no credit, everything prepaid, the highest severity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal

from policy_service.domain.money import EXACT, ZERO, round_up
from policy_service.domain.outcomes import Authority, Outcome
from rules.default_messages import default_message, exemption_message, rate_too_old_message
from rules.effects import Effect, EffectKind
from rules.facts import FactValue, Request
from rules.messages import fill
from rules.predicates import Seen, evidence, field_in_base_units
from rules.rule import Rule
from rules.texts import Text
from rules.values import Field
from rules.verdict import Alert, Evidence, Exempted, Granted, Reason, Verdict

FX_RATE_TOO_OLD = "FX_RATE_TOO_OLD"
_HUNDRED = Decimal(100)
_WORST_SEVERITY = 5


@dataclass(frozen=True, slots=True)
class Exemption:
    """The rule that removes the effects of another, and the effect by which it does."""

    by: Rule
    effect: Effect


def exemptions(fired: Iterable[Rule]) -> dict[str, Exemption]:
    """Which of the fired rules have no effect, by code. `fired` is in the order of priority."""
    rules = tuple(fired)
    codes = {rule.code for rule in rules}
    found: dict[str, Exemption] = {}
    for rule in rules:
        if rule.code in found:
            continue
        for effect in rule.then:
            for code in effect.rules:
                if code in codes:
                    found.setdefault(code, Exemption(rule, effect))
    return found


def flags_of(fired: Iterable[Rule]) -> tuple[str, ...]:
    """The flags that the fired rules raise, those of exempted rules left out, each once, by priority."""
    rules = tuple(fired)
    without = exemptions(rules)
    raised = (effect.flag for rule in rules if rule.code not in without for effect in rule.then if effect.flag)
    return tuple(dict.fromkeys(raised))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the request leaves to be paid: after invoices, and as credit. All in the order's currency."""

    request: Request
    not_invoiced: Decimal
    credit: Decimal

    @classmethod
    def of(cls, request: Request) -> _Asked:
        not_invoiced = max(ZERO, request.amount - request.invoiced_amount)
        credit = max(ZERO, not_invoiced - request.prepaid_amount) if request.payment_terms_days > 0 else ZERO
        return cls(request, not_invoiced, credit)


@dataclass(slots=True)
class _Judgement:
    """The verdict in the making."""

    seen: Seen
    asked: _Asked | None
    reasons: list[Reason] = field(default_factory=list)
    warnings: list[Reason] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    authority: Authority | None = None
    is_rejected: bool = False
    has_conditions: bool = False
    terms_days: int | None = None
    credit_cap: Decimal | None = None
    prepayment: Decimal = ZERO

    @property
    def outcome(self) -> Outcome:
        if self.is_rejected:
            return Outcome.REJECT
        if self.authority is not None:
            return Outcome.HOLD
        return Outcome.APPROVE_WITH_CONDITIONS if self.has_conditions else Outcome.APPROVE


def judge(max_rate_age_days: int, fired: Sequence[Rule], seen: Seen) -> Verdict:
    """The verdict on the rules that fired, which come in the order of priority."""
    without = exemptions(fired)
    asked = _Asked.of(seen.facts.request) if seen.facts.request else None
    judgement = _Judgement(seen, asked)
    for rule in fired:
        if rule.code not in without:
            _apply(rule, judgement)
    _hold_on_old_rates(max_rate_age_days, judgement)
    outcome = judgement.outcome
    return Verdict(
        outcome=outcome,
        reasons=tuple(judgement.reasons),
        warnings=tuple(judgement.warnings),
        exempted=_exempted(without, fired, seen),
        alerts=tuple(judgement.alerts),
        flags=flags_of(fired),
        fired=tuple([rule.code for rule in fired]),
        granted=_granted(judgement) if outcome.is_approval else None,
        authority=judgement.authority if outcome is Outcome.HOLD else None,
    )


def _exempted(without: Mapping[str, Exemption], fired: Sequence[Rule], seen: Seen) -> tuple[Exempted, ...]:
    if not without:
        return ()
    titles = {rule.code: rule.title for rule in fired}
    return tuple(
        Exempted(
            code,
            found.by.code,
            fill(found.effect.message, seen.facts)
            if found.effect.message
            else exemption_message(found.by.title, titles[code]),
        )
        for code, found in without.items()
    )


def _apply(rule: Rule, judgement: _Judgement) -> None:
    seen_clauses: tuple[Evidence, ...] | None = None
    for effect in rule.then:
        if effect.kind is EffectKind.FLAG or effect.kind is EffectKind.EXEMPT:
            continue
        if effect.kind is EffectKind.ALERT:
            severity = _severity(effect, judgement)
            judgement.alerts.append(Alert(rule.code, severity, _message(rule, effect, None, judgement)))
            continue
        applied = _APPLY[effect.kind](effect, judgement)
        if applied is None:
            continue
        if seen_clauses is None:
            seen_clauses = evidence(rule.when, judgement.seen)
        name, number = applied
        message = _message(rule, effect, number, judgement)
        parameters = {} if number is None else {name: number}
        reason = Reason(rule.code, effect.kind.value, message, seen_clauses, parameters)
        (judgement.warnings if effect.kind is EffectKind.WARN else judgement.reasons).append(reason)


def _message(rule: Rule, effect: Effect, number: FactValue | None, judgement: _Judgement) -> Text:
    if effect.message is not None:
        return fill(effect.message, judgement.seen.facts)
    return default_message(rule.title, effect.kind, number, judgement.seen.exchange.target_currency)


_Applied = tuple[str, FactValue | None] | None
"""The name and the value of the number that an effect worked with; None where it cut nothing."""


def _reject(_effect: Effect, judgement: _Judgement) -> _Applied:
    judgement.is_rejected = True
    return "", None


def _warn(_effect: Effect, _judgement: _Judgement) -> _Applied:
    return "", None


def _hold(effect: Effect, judgement: _Judgement) -> _Applied:
    _raise_authority(effect.authority, judgement)
    return "authority", effect.authority.value


def _raise_authority(authority: Authority, judgement: _Judgement) -> None:
    if judgement.authority is None or authority.rank > judgement.authority.rank:
        judgement.authority = authority


def _cap_terms(effect: Effect, judgement: _Judgement) -> _Applied:
    days = int(_number(effect, judgement, ZERO).to_integral_value(ROUND_FLOOR))
    return _limit_terms(max(0, days), judgement)


def _no_terms_extension(_effect: Effect, judgement: _Judgement) -> _Applied:
    return _limit_terms(int(judgement.seen.known.get("customer.standard_terms_days", 0)), judgement)


def _limit_terms(days: int, judgement: _Judgement) -> _Applied:
    if judgement.asked is not None and days >= judgement.asked.request.payment_terms_days:
        return None
    judgement.has_conditions = True
    judgement.terms_days = days if judgement.terms_days is None else min(days, judgement.terms_days)
    return "days", days


def _cap_credit(effect: Effect, judgement: _Judgement) -> _Applied:
    amount = _credit_cap(effect, judgement)
    if judgement.asked is not None and amount >= judgement.asked.credit:
        return None
    judgement.has_conditions = True
    judgement.credit_cap = amount if judgement.credit_cap is None else min(amount, judgement.credit_cap)
    return "amount", amount


def _credit_cap(effect: Effect, judgement: _Judgement) -> Decimal:
    """In the order's currency, rounded down."""
    seen = judgement.seen
    if isinstance(effect.number, Field):
        amount = field_in_base_units(effect.number, seen)
    else:
        amount = EXACT.multiply(Decimal(effect.number or 0), seen.exchange.policy)
    return seen.exchange.to_target(Decimal(amount or 0))


def _require_prepayment(effect: Effect, judgement: _Judgement) -> _Applied:
    percent = min(max(_number(effect, judgement, _HUNDRED), ZERO), _HUNDRED)
    asked = judgement.asked
    if asked is not None:
        share = EXACT.multiply(asked.request.amount, percent).scaleb(-2, EXACT)
        required = max(asked.request.prepaid_amount, round_up(share, asked.request.currency))
        if asked.not_invoiced - required >= asked.credit or asked.credit == 0:
            return None
        judgement.prepayment = max(judgement.prepayment, required)
    judgement.has_conditions = True
    return "percent", percent


def _severity(effect: Effect, judgement: _Judgement) -> int:
    severity = int(_number(effect, judgement, Decimal(_WORST_SEVERITY)).to_integral_value(ROUND_FLOOR))
    return min(max(severity, 1), _WORST_SEVERITY)


def _number(effect: Effect, judgement: _Judgement, if_missing: Decimal) -> Decimal:
    if not isinstance(effect.number, Field):
        return Decimal(effect.number or 0)
    value = field_in_base_units(effect.number, judgement.seen)
    return if_missing if value is None else Decimal(value)


_APPLY: dict[EffectKind, Callable[[Effect, _Judgement], _Applied]] = {
    EffectKind.REJECT: _reject,
    EffectKind.HOLD: _hold,
    EffectKind.WARN: _warn,
    EffectKind.CAP_TERMS: _cap_terms,
    EffectKind.NO_TERMS_EXTENSION: _no_terms_extension,
    EffectKind.CAP_CREDIT: _cap_credit,
    EffectKind.REQUIRE_PREPAYMENT: _require_prepayment,
}


def _hold_on_old_rates(most: int, judgement: _Judgement) -> None:
    """An order is at least held where a rate that took part is older than the policy takes."""
    facts = judgement.seen.facts
    for currency, rate in sorted(facts.rates.items()):
        age_days = (facts.day - rate.as_of).days
        if age_days > most:
            message = rate_too_old_message(currency, age_days, most)
            parameters: dict[str, FactValue] = {"currency": currency, "age_days": age_days, "max_rate_age_days": most}
            clause = Evidence("fx.rate_age_days", age_days, "gt", most, holds=True)
            judgement.reasons.append(Reason(FX_RATE_TOO_OLD, EffectKind.HOLD.value, message, (clause,), parameters))
            _raise_authority(Authority.CONTROLLER, judgement)


def _granted(judgement: _Judgement) -> Granted | None:
    asked = judgement.asked
    if asked is None:
        return None
    request = asked.request
    terms_days = request.payment_terms_days
    if judgement.terms_days is not None:
        terms_days = min(terms_days, judgement.terms_days)
    credit = max(ZERO, min(asked.credit, asked.not_invoiced - judgement.prepayment))
    if judgement.credit_cap is not None:
        credit = min(credit, judgement.credit_cap)
    if terms_days == 0:
        credit = ZERO
    prepayment = asked.not_invoiced - credit if request.payment_terms_days > 0 else ZERO
    return Granted(credit, prepayment, terms_days, request.currency)
