"""How the rules that fired become one verdict.

Exemptions are settled first, going through the fired rules by priority: a rule that was exempted by one before it
exempts nothing, and an exemption once made stands. A rule that is exempted has no effect at all.

A cap that cuts nothing is no reason. Numbers that come from a missing fact are taken on the safe side: no days, no
credit, everything prepaid, the highest severity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal

from policy_service.domain.money import EXACT, ZERO
from policy_service.domain.outcomes import Authority, Outcome
from rules.default_messages import default_message, exemption_message, rate_too_old_message
from rules.effects import Effect, EffectKind
from rules.facts import FactValue
from rules.granting import Grant
from rules.messages import fill
from rules.predicates import Seen, evidence, field_in_base_units
from rules.rule import Rule
from rules.texts import Text
from rules.values import Field
from rules.verdict import Alert, Evidence, Exempted, Reason, Verdict

FX_RATE_TOO_OLD = "FX_RATE_TOO_OLD"
_HUNDRED = Decimal(100)
_WORST_SEVERITY = Decimal(5)


@dataclass(frozen=True, slots=True)
class Exemption:
    """The rule that removes the effects of another, and the effect by which it does."""

    by: Rule
    effect: Effect


def exemptions(fired: Sequence[Rule]) -> dict[str, Exemption]:
    """Which of the fired rules have no effect, by code. `fired` is in the order of priority."""
    found: dict[str, Exemption] = {}
    if not any(rule.exempts for rule in fired):
        return found
    codes = {rule.code for rule in fired}
    for rule in fired:
        if rule.code not in found:
            for effect in rule.then:
                for code in codes.intersection(effect.rules):
                    found.setdefault(code, Exemption(rule, effect))
    return found


def flags_of(fired: Sequence[Rule]) -> tuple[str, ...]:
    """The flags that the fired rules raise, those of exempted rules left out, each once, by priority."""
    if not any(rule.raises for rule in fired):
        return ()
    without = exemptions(fired)
    return tuple(dict.fromkeys(flag for rule in fired if rule.code not in without for flag in rule.raises))


@dataclass(slots=True)
class _Judgement:
    """The verdict in the making."""

    seen: Seen
    grant: Grant
    reasons: list[Reason] = field(default_factory=list)
    warnings: list[Reason] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    authority: Authority | None = None
    is_rejected: bool = False

    @property
    def outcome(self) -> Outcome:
        if self.is_rejected:
            return Outcome.REJECT
        if self.authority is not None:
            return Outcome.HOLD
        return Outcome.APPROVE_WITH_CONDITIONS if self.grant.is_cut else Outcome.APPROVE

    def hold_for(self, authority: Authority) -> None:
        if authority is self.authority:
            return
        if self.authority is None or authority.rank > self.authority.rank:
            self.authority = authority


def judge(max_rate_age_days: int, fired: Sequence[Rule], seen: Seen) -> Verdict:
    """The verdict on the rules that fired, which come in the order of priority."""
    without = exemptions(fired)
    judgement = _Judgement(seen, Grant(seen.facts.request))
    for rule in fired:
        if rule.code not in without:
            _apply(rule, judgement)
    if seen.facts.rates:
        _hold_on_old_rates(max_rate_age_days, judgement)
    outcome = judgement.outcome
    return Verdict(
        outcome=outcome,
        reasons=tuple(judgement.reasons),
        warnings=tuple(judgement.warnings),
        exempted=_exempted(without, fired, seen) if without else (),
        alerts=tuple(judgement.alerts),
        flags=flags_of(fired),
        tables=seen.hits,
        fired=tuple([rule.code for rule in fired]),
        granted=judgement.grant.granted() if outcome.is_approval else None,
        authority=judgement.authority if outcome is Outcome.HOLD else None,
    )


def _exempted(without: Mapping[str, Exemption], fired: Sequence[Rule], seen: Seen) -> tuple[Exempted, ...]:
    return tuple(
        Exempted(rule.code, found.by.code, _exemption_text(found, rule, seen))
        for rule in fired
        if (found := without.get(rule.code)) is not None
    )


def _exemption_text(found: Exemption, exempted: Rule, seen: Seen) -> Text:
    if found.effect.message is not None:
        return fill(found.effect.message, seen.facts, seen.known)
    return exemption_message(found.by.title, exempted.title)


def _apply(rule: Rule, judgement: _Judgement) -> None:
    clauses: tuple[Evidence, ...] | None = None
    for effect in rule.then:
        parameters = _EFFECTS[effect.name](effect, judgement)
        if parameters is None:
            continue
        if effect.message is not None:
            message = fill(effect.message, judgement.seen.facts, judgement.seen.known)
        else:
            message = default_message(rule.title, effect.kind, parameters, judgement.seen.exchange.target_currency)
        if effect.name == "alert":
            judgement.alerts.append(Alert(rule.code, int(parameters["severity"]), message))
            continue
        if clauses is None:
            clauses = evidence(rule.probes, judgement.seen)
        reason = Reason(rule.code, effect.name, message, clauses, parameters)
        (judgement.warnings if effect.name == "warn" else judgement.reasons).append(reason)


Parameters = Mapping[str, FactValue]
"""The numbers of an effect as they worked."""


def _reject(_effect: Effect, judgement: _Judgement) -> Parameters:
    judgement.is_rejected = True
    return {}


def _hold(effect: Effect, judgement: _Judgement) -> Parameters:
    judgement.hold_for(effect.authority)
    return {"authority": effect.authority.value}


def _warn(_effect: Effect, _judgement: _Judgement) -> Parameters:
    return {}


def _nothing(_effect: Effect, _judgement: _Judgement) -> None:
    """Flags and exemptions have been settled before."""


def _alert(effect: Effect, judgement: _Judgement) -> Parameters:
    severity = min(max(_number(effect, judgement, _WORST_SEVERITY), Decimal(1)), _WORST_SEVERITY)
    return {"severity": _whole(severity)}


def _cap_terms(effect: Effect, judgement: _Judgement) -> Parameters | None:
    days = max(0, _whole(_number(effect, judgement, ZERO)))
    return {"days": days} if judgement.grant.cap_terms(days) else None


def _no_terms_extension(_effect: Effect, judgement: _Judgement) -> Parameters | None:
    days = terms_agreed(judgement.seen)
    return {"days": days} if judgement.grant.cap_terms(days) else None


def _cap_credit(effect: Effect, judgement: _Judgement) -> Parameters | None:
    amount = credit_cap(effect, judgement.seen)
    return {"amount": amount} if judgement.grant.cap_credit(amount) else None


def _require_prepayment(effect: Effect, judgement: _Judgement) -> Parameters | None:
    percent = min(max(_number(effect, judgement, _HUNDRED), ZERO), _HUNDRED)
    return {"percent": percent} if judgement.grant.require_prepayment(percent) else None


def credit_cap(effect: Effect, seen: Seen) -> Decimal:
    """The credit that an effect allows, in the order's currency, rounded down."""
    if isinstance(effect.number, Field):
        amount = field_in_base_units(effect.number, seen)
    else:
        amount = EXACT.multiply(Decimal(effect.number or 0), seen.exchange.policy)
    return seen.exchange.to_target(Decimal(amount or 0))


def terms_agreed(seen: Seen) -> int:
    """The standard terms of the account in days; 0 where they are missing."""
    return max(0, int(seen.known.get("customer.standard_terms_days", 0)))


def number_of(effect: Effect, seen: Seen) -> Decimal | None:
    """The days, the percent or the severity of an effect; None where it comes from a missing fact."""
    if not isinstance(effect.number, Field):
        return Decimal(effect.number or 0)
    value = field_in_base_units(effect.number, seen)
    return None if value is None else Decimal(value)


def _number(effect: Effect, judgement: _Judgement, if_missing: Decimal) -> Decimal:
    value = number_of(effect, judgement.seen)
    return if_missing if value is None else value


def _whole(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_FLOOR))


_EFFECTS: dict[str, Callable[[Effect, _Judgement], Parameters | None]] = {
    EffectKind.REJECT.value: _reject,
    EffectKind.HOLD.value: _hold,
    EffectKind.CAP_TERMS.value: _cap_terms,
    EffectKind.NO_TERMS_EXTENSION.value: _no_terms_extension,
    EffectKind.CAP_CREDIT.value: _cap_credit,
    EffectKind.REQUIRE_PREPAYMENT.value: _require_prepayment,
    EffectKind.WARN.value: _warn,
    EffectKind.FLAG.value: _nothing,
    EffectKind.EXEMPT.value: _nothing,
    EffectKind.ALERT.value: _alert,
}
"""What an effect does to a verdict in the making. None: it cuts nothing, and is no reason."""


def _hold_on_old_rates(most: int, judgement: _Judgement) -> None:
    """An order is at least held where a rate that took part is older than the policy takes."""
    facts = judgement.seen.facts
    for currency, rate in sorted(facts.rates.items()):
        age_days = (facts.day - rate.as_of).days
        if age_days > most:
            message = rate_too_old_message(currency, age_days, most)
            parameters: Parameters = {"currency": currency, "age_days": age_days, "max_rate_age_days": most}
            clause = Evidence("fx.rate_age_days", age_days, "gt", most, holds=True)
            judgement.reasons.append(Reason(FX_RATE_TOO_OLD, "hold", message, (clause,), parameters))
            judgement.hold_for(Authority.CONTROLLER)
