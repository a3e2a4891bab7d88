"""`decide(policy, facts) -> Verdict`: the one way to reach a verdict."""

from __future__ import annotations

import logging

from policy_service.domain.outcomes import Authority, Outcome
from rules.brakes import braked
from rules.engine import CompiledPolicy
from rules.facts import Facts
from rules.judging import judge
from rules.near_misses import NearMiss
from rules.texts import LaterText, Text
from rules.verdict import Alert, Reason, Verdict

ENGINE_ERROR = "ENGINE_ERROR"
_SEVEREST = 5
_MESSAGE = Text(
    "The check could not be decided, so it is held for a person to look at",
    "检查无法得出结论，已暂停，待人工处理",
)

_log = logging.getLogger(__name__)


def decide(policy: CompiledPolicy, facts: Facts) -> Verdict:
    """What the policy says of the facts, under the brakes in force.

    Never raises for trouble of its own: what cannot be decided is held.
    """
    return _decided(policy, facts, is_read=True)


def outcome_of(policy: CompiledPolicy, facts: Facts) -> Outcome:
    """The outcome of `decide`, of which nobody reads the messages: for a search that asks often."""
    return _decided(policy, facts, is_read=False).outcome


def _decided(policy: CompiledPolicy, facts: Facts, *, is_read: bool) -> Verdict:
    try:
        fired, seen = policy.fired(policy.see(facts))
        verdict = judge(policy.policy.settings.max_rate_age_days, fired, seen)
        if is_read:
            _put_together(verdict)
    except Exception as failure:
        _log.exception("the policy could not be applied")
        verdict = engine_error_verdict(str(failure))
    return braked(verdict, facts)


def _put_together(verdict: Verdict) -> None:
    """Every message, here, where trouble with one still holds the order."""
    reasons = (each.message for each in (*verdict.reasons, *verdict.warnings))
    exempted = (each.message for each in verdict.exempted)
    for message in (*reasons, *exempted, *(each.message for each in verdict.alerts)):
        if isinstance(message, LaterText):
            message.put_together()


def near_misses(policy: CompiledPolicy, facts: Facts) -> tuple[NearMiss, ...]:
    """The rules that nearly fired, by priority; none where the check cannot be decided."""
    try:
        fired, seen = policy.fired(policy.see(facts))
        return policy.near_misses.of(seen, {rule.code for rule in fired})
    except Exception:
        _log.exception("near misses could not be told")
        return ()


def engine_error_verdict(detail: str = "") -> Verdict:
    """The verdict where the engine or a needed fact fails: held, nothing granted, and someone is told."""
    alert = Text(f"{_MESSAGE.en}: {detail}", f"{_MESSAGE.zh}：{detail}") if detail else _MESSAGE
    return Verdict(
        outcome=Outcome.HOLD,
        reasons=(Reason(ENGINE_ERROR, "hold", _MESSAGE, (), {}),),
        alerts=(Alert(ENGINE_ERROR, _SEVEREST, alert),),
        authority=Authority.CONTROLLER,
    )
