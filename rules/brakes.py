"""Emergency brakes: what a person stopped by hand, whatever the policy says.

They come after the rules, so that no rule exempts from them, and after a failure of the engine too, so that who may
release a frozen order does not depend on it. They only ever make a verdict worse.
"""

from __future__ import annotations

from dataclasses import replace

from policy_service.domain.days import rfc3339
from policy_service.domain.outcomes import Authority, CheckKind, Outcome, worst
from rules.default_messages import frozen_message, stopped_message
from rules.facts import Brake, Facts, FactValue
from rules.texts import Text
from rules.verdict import Reason, Verdict

ORDERS_FROZEN = "ORDERS_FROZEN"
EMERGENCY_STOP = "EMERGENCY_STOP"


def stops_everything(facts: Facts) -> bool:
    """Whether no order of the customer gets through, whatever it asks for."""
    is_quote = facts.values.get("order.kind") == CheckKind.QUOTE
    return not is_quote and (facts.freeze is not None or facts.stop is not None)


def braked(verdict: Verdict, facts: Facts) -> Verdict:
    """The verdict under the brakes in force: a stop rejects orders of the customer, a freeze holds every order.

    A quote binds nobody yet: it is warned of them.
    """
    if facts.freeze is None and facts.stop is None:
        return verdict
    if facts.values.get("order.kind") == CheckKind.QUOTE:
        return replace(verdict, warnings=(*_reasons(facts, "warn", "warn"), *verdict.warnings))
    outcome = worst((verdict.outcome, Outcome.REJECT if facts.stop else Outcome.HOLD))
    return replace(
        verdict,
        outcome=outcome,
        reasons=(*_reasons(facts, "reject", "hold"), *verdict.reasons),
        granted=None,
        authority=_authority(verdict) if outcome is Outcome.HOLD else None,
    )


def _authority(verdict: Verdict) -> Authority:
    """A frozen order is for the manager; for the director where a rule asks for that."""
    asked = (verdict.authority or Authority.MANAGER, Authority.MANAGER)
    return max(asked, key=lambda authority: authority.rank)


def _reasons(facts: Facts, stopped: str, frozen: str) -> tuple[Reason, ...]:
    found = []
    if facts.stop is not None:
        found.append(_reason(EMERGENCY_STOP, stopped, stopped_message(facts.stop), facts.stop))
    if facts.freeze is not None:
        found.append(_reason(ORDERS_FROZEN, frozen, frozen_message(facts.freeze), facts.freeze))
    return tuple(found)


def _reason(code: str, effect: str, message: Text, brake: Brake) -> Reason:
    parameters: dict[str, FactValue] = {"reason": brake.reason}
    if brake.until is not None:
        parameters["until"] = rfc3339(brake.until)
    if effect == "hold":
        parameters["authority"] = Authority.MANAGER.value
    return Reason(code, effect, message, (), parameters)
