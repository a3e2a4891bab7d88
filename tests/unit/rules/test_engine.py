"""The matcher under load: many rules, many threads, forks, and an engine that fails."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policy_service.domain.outcomes import Authority, Outcome
from rules import engine
from rules.bits import MAX_BITS, MAX_BITS_OF_A_RULE, MAX_RULES, Tier
from rules.decide import ENGINE_ERROR, decide, engine_error_verdict
from rules.engine import CompiledPolicy, EngineFailure, compile_policy
from rules.facts import Facts
from tests.unit.rules.documents import ALWAYS, asked, decided, facts, policy, rule

DAYS = "receivables.oldest_overdue_days"


def later_than(days: int) -> dict[str, Any]:
    """A condition on days overdue."""
    return {"fact": DAYS, "op": "gt", "value": days, "if_missing": False}


def compiled(*rules: dict[str, Any]) -> CompiledPolicy:
    """A policy ready to decide."""
    return compile_policy(policy(*rules))


def test_two_hundred_rules_may_all_fire_at_once() -> None:
    rules = [rule(ALWAYS, "warn", code=f"R{number}") for number in range(200)]
    assert decided(rules, facts()).fired == tuple(f"R{number}" for number in range(200))


def test_each_of_many_rules_fires_at_its_own_boundary() -> None:
    ready = compiled(*(rule(later_than(number), code=f"R{number}") for number in range(300)))
    for days in (0, 1, 47, 48, 49, 150, 299, 300):
        fired = decide(ready, facts({DAYS: days})).fired
        assert fired == tuple(f"R{number}" for number in range(days))


def test_a_rule_of_thirty_parts_needs_the_last_one_too() -> None:
    parts: list[Any] = [later_than(-number) for number in range(29)]
    limit = {"fact": "exposure.after", "op": "gt", "value": {"fact": "customer.credit_limit"}}
    long = rule({"all": [*parts, limit]})
    assert decided(long, facts({DAYS: 1, "exposure.after": "2", "customer.credit_limit": "1"})).fired == ("A",)
    assert decided(long, facts({DAYS: 1, "exposure.after": "1", "customer.credit_limit": "1"})).fired == ()


def test_rulesets_stay_within_what_the_engine_bears() -> None:
    rules = [rule({"all": [later_than(number), later_than(-number - 1)]}, code=f"R{number}") for number in range(200)]
    rules += [rule(ALWAYS, code=f"SAME{number}") for number in range(100)]
    rules += [rule({"all": [later_than(number) for number in range(60)]}, code="LONG")]
    rulesets = Tier(policy(*rules).rules).rulesets
    assert sum(map(len, rulesets)) == 301
    assert max(map(len, rulesets)) == MAX_RULES
    assert max(len(set().union(*rules_of)) for rules_of in rulesets) <= MAX_BITS
    assert max(len(bits) for rules_of in rulesets for bits in rules_of) == MAX_BITS_OF_A_RULE


def test_checks_do_not_see_the_facts_of_the_checks_before_them() -> None:
    both = compiled(
        rule({"all": [later_than(3), {"fact": "customer.is_new", "op": "eq", "value": True}]}),
        rule({"fact": "customer.country", "op": "eq", "value": "NO"}, code="B"),
    )
    for _ in range(200):
        assert decide(both, facts({DAYS: 4, "customer.is_new": False})).fired == ()
        assert decide(both, facts({DAYS: 3, "customer.is_new": True})).fired == ()
        assert decide(both, facts({DAYS: 4, "customer.is_new": True, "customer.country": "NO"})).fired == ("A", "B")


def test_a_policy_whose_rules_are_all_disabled_approves() -> None:
    assert decided(rule(ALWAYS, "reject", enabled=False), facts(request=asked())).outcome is Outcome.APPROVE


def test_four_threads_share_one_policy_and_never_get_each_others_answer() -> None:
    ready = compiled(*(rule(later_than(number), code=f"R{number}") for number in range(100)))
    wrong: list[tuple[int, int]] = []

    def check(start: int) -> None:
        for step in range(1500):
            days = (start + step * 7) % 100
            fired = len(decide(ready, facts({DAYS: days})).fired)
            if fired != days:
                wrong.append((days, fired))

    threads = [threading.Thread(target=check, args=(number * 25,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_many_short_threads_reuse_matchers_instead_of_making_more() -> None:
    ready = compiled(rule(later_than(3)))
    for _ in range(50):
        thread = threading.Thread(target=decide, args=(ready, facts({DAYS: 4})))
        thread.start()
        thread.join()
    assert len(ready._idle) == 1


def test_a_forked_child_decides_with_a_matcher_of_its_own() -> None:
    ready = compiled(rule(later_than(3)))
    parents = ready._idle[0]
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # from 3.12 on, about threads of the test runner
        child = os.fork()
    if child == 0:
        try:
            fired = [decide(ready, facts({DAYS: days})).fired for days in (3, 4)]
            is_own = ready._idle[0] is not parents
            os.write(writer, b"well" if fired == [(), ("A",)] and is_own else repr(fired).encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as answer:
        assert answer.read() == b"well"
    assert decide(ready, facts({DAYS: 4})).fired == ("A",)


class _Broken:
    """The engine module, with some of its functions replaced."""

    def __init__(self, **replaced: Any) -> None:
        self._replaced = replaced

    def __getattr__(self, name: str) -> Any:
        return self._replaced.get(name) or getattr(_REAL, name)


_REAL: Any = vars(engine)["durable_rules_engine"]


def _raise(*_: object) -> None:
    raise _REAL.error("Could not assert fact, error code: 302")


def _says(*answers: Any) -> Any:
    iterator: Iterator[Any] = iter(answers)
    return lambda *_: next(iterator)


_ACTION = '{"r0":{"m":{"id":1}}}'
_CATCH_ALL = '{"z":{"m":{"id":1}}}'


@pytest.mark.parametrize(
    "replaced",
    [
        {"assert_fact": _raise},
        {"retract_fact": _raise},
        {"start_action_for_state": _raise},
        {"complete_and_start_action": _raise},
        {"assert_fact": lambda *_: (1, 1)},
        {"start_action_for_state": lambda *_: None},
        {"start_action_for_state": _says(("", _ACTION)), "complete_and_start_action": _says(None)},
        {"start_action_for_state": _says(("", '{"r77":{}}')), "complete_and_start_action": _says(_CATCH_ALL, None)},
        {
            "start_action_for_state": _says(("", _ACTION)),
            "complete_and_start_action": _says(_ACTION, _CATCH_ALL, None),
        },
        {"start_action_for_state": _says(("", "nonsense")), "complete_and_start_action": _says(None)},
    ],
)
def test_an_engine_that_fails_or_answers_nonsense_holds_the_order(
    monkeypatch: pytest.MonkeyPatch, replaced: dict[str, Any]
) -> None:
    ready = compiled(rule(later_than(3), "warn"))
    seen = facts({DAYS: 4}, asked())
    monkeypatch.setattr(engine, "durable_rules_engine", _Broken(**replaced))
    verdict = decide(ready, seen)
    assert verdict.outcome is Outcome.HOLD
    assert verdict.granted is None
    assert verdict.authority is Authority.CONTROLLER
    assert [reason.rule_code for reason in verdict.reasons] == [ENGINE_ERROR]
    assert [(alert.rule_code, alert.severity) for alert in verdict.alerts] == [(ENGINE_ERROR, 5)]


def test_after_a_failure_the_matcher_is_thrown_away_and_the_next_check_is_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ready = compiled(rule(later_than(3)))
    broken = ready._idle[0]
    with monkeypatch.context() as patched:
        patched.setattr(engine, "durable_rules_engine", _Broken(complete_and_start_action=_raise))
        assert decide(ready, facts({DAYS: 4})).reasons[0].rule_code == ENGINE_ERROR
    assert decide(ready, facts({DAYS: 4})).fired == ("A",)
    assert ready._idle[0] is not broken


def test_an_interrupted_check_leaves_no_matcher_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = compiled(rule(later_than(3)))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(engine, "durable_rules_engine", _Broken(complete_and_start_action=interrupted))
        with pytest.raises(KeyboardInterrupt):
            decide(ready, facts({DAYS: 4}))
    assert ready._idle == []


def test_a_policy_that_the_engine_does_not_take_is_an_engine_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "durable_rules_engine", _Broken(create_ruleset=_raise))
    with pytest.raises(EngineFailure, match="302"):
        compiled(rule(later_than(3)))


def test_facts_of_the_wrong_type_hold_the_order_instead_of_raising() -> None:
    ready = compiled(rule(later_than(3)))
    wrong = facts({DAYS: 4})
    verdict = decide(ready, Facts(wrong.day, wrong.currency, {DAYS: "four"}))
    assert verdict.reasons[0].rule_code == ENGINE_ERROR


def test_an_engine_error_tells_people_what_happened_in_both_languages() -> None:
    verdict = engine_error_verdict("no exchange rate for USD")
    assert verdict.reasons[0].message.en == "The check could not be decided, so it is held for a person to look at"
    assert verdict.reasons[0].message.zh == "检查无法得出结论，已暂停，待人工处理"
    assert verdict.alerts[0].message.en.endswith(": no exchange rate for USD")
    assert verdict.alerts[0].message.zh.endswith("：no exchange rate for USD")
    assert engine_error_verdict().alerts[0].message == verdict.reasons[0].message


def test_a_hundred_thousand_checks_do_not_grow_the_process() -> None:
    ready = compiled(*(rule(later_than(number), code=f"R{number}") for number in range(10)))
    seen = [facts({DAYS: days}) for days in range(4)]
    for _ in range(5_000):
        decide(ready, seen[0])
    before = _resident_bytes()
    for step in range(100_000):
        decide(ready, seen[step % 4])
    assert _resident_bytes() - before < 8 * 1024 * 1024


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
