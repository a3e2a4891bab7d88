"""Which rules of a policy fire, matched by durable_rules. The only module that imports it.

What was measured on 2.0.28 shapes this file. More than 64 matches at once fail and some 550 rules in one ruleset
hang, hence rulesets of at most 48; a fact of more than some 200 members fails, hence at most 128 bits. A fact that
matches nothing raises and later crashes, hence the catch-all. Events are consumed by the first rule, hence facts.
A fresh state for every check runs out of memory, and two checks in one state see each other's facts, hence one
state, one fact at a time, always retracted. Two threads in one ruleset crash it, hence a pool. Its numbers are
floats, so it compares none: the bits come from exact predicates.
"""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import count

import durable_rules_engine  # type: ignore[import-not-found]

from rules.bits import Tier
from rules.chain import flags_named, tiers_of
from rules.conditions import GroupKind
from rules.document import Policy
from rules.facts import Facts
from rules.index import can_be_indexed
from rules.judging import flags_of
from rules.look_up import LookUp, with_tables
from rules.near_misses import NearMisses
from rules.predicates import Seen
from rules.rule import Rule
from rules.values import FLAG_GROUP

_ALWAYS = "c"
_CATCH_ALL = "z"
_CATCH_ALL_NUMBER = -1
_HANDLED = 0


class EngineFailure(Exception):
    """The rule engine failed, or answered what it cannot answer."""


class Ruleset:
    """At most 48 rules, numbered from 0, each the bits that must all be on. Not for two threads at once."""

    def __init__(self, rules: Sequence[frozenset[str]]) -> None:
        definition = {f"r{number}": _all_of(bits) for number, bits in enumerate(rules)}
        definition[_CATCH_ALL] = _all_of(())
        self._numbers = {f"r{number}": number for number in range(len(rules))} | {_CATCH_ALL: _CATCH_ALL_NUMBER}
        self._members = {bit: f',"{bit}":1' for bits in rules for bit in bits}
        self._handle: int = durable_rules_engine.create_ruleset("policy", json.dumps(definition))
        self._ids = count(1)
        weakref.finalize(self, durable_rules_engine.delete_ruleset, self._handle).atexit = False

    def match(self, bits: Iterable[str]) -> list[int]:
        """The numbers of the rules that fire when just these bits are on, in order. Raises EngineFailure."""
        name = f'{{"id":{next(self._ids)},"sid":"s"'
        members = "".join(map(self._members.__getitem__, bits))
        handled, state = durable_rules_engine.assert_fact(self._handle, f'{name},"{_ALWAYS}":1{members}}}')
        try:
            if handled != _HANDLED:
                raise EngineFailure(f"a fact was not handled: {handled}")
            numbers = sorted(self._actions(state))
        finally:
            durable_rules_engine.retract_fact(self._handle, name + "}")
        if not numbers or numbers[0] != _CATCH_ALL_NUMBER or len(set(numbers)) != len(numbers):
            raise EngineFailure(f"the engine answered nonsense: {numbers}")
        return numbers[1:]

    def _actions(self, state: int) -> list[int]:
        """The numbers of the rules that fire. An action is a text such as `{"r7":{"m":{...}}}`."""
        numbers = []
        first = durable_rules_engine.start_action_for_state(self._handle, state)
        action = first[1] if first else None
        try:
            while action:
                numbers.append(self._numbers[action[2 : action.index('"', 2)]])
                action = durable_rules_engine.complete_and_start_action(self._handle, state)
        except KeyError as error:
            raise EngineFailure(f"an unknown rule fired: {error}") from None
        return numbers


def _all_of(bits: Iterable[str]) -> dict[str, object]:
    return {"all": [{"m": {"$and": [{_ALWAYS: 1}, *({bit: 1} for bit in sorted(bits))]}}]}


Matcher = tuple[tuple[Tier, tuple[Ruleset, ...]], ...]
"""The tiers and the rulesets of each: all that one check needs, for one thread at a time."""


class CompiledPolicy:
    """A policy ready to decide. Safe to share between threads and to carry over a fork."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        enabled = [rule for rule in policy.rules if rule.enabled]
        self._tables = tuple(map(LookUp, policy.tables))
        self._tiers = tuple(Tier(rules) for rules in tiers_of(enabled))
        self._flags_off = dict.fromkeys(flags_named(enabled), False)
        self._idle: list[Matcher] = []
        self._process = 0
        self._give_back(self._take())

    @cached_property
    def near_misses(self) -> NearMisses:
        """What looks for the rules that nearly fired."""
        return NearMisses(self.policy)

    @cached_property
    def open_clauses(self) -> int:
        """How many clauses no index answers: any run of the policy may have to look at all of them."""
        probes = (probe for rule in self.policy.rules if rule.enabled for probe in rule.probes)
        return sum(
            not can_be_indexed(probe.clause) or not set(probe.group) <= {GroupKind.ALL.value} for probe in probes
        )

    def see(self, facts: Facts) -> Seen:
        """The facts as the rules see them, with what the tables put out. Raises MissingRate, AmbiguousTable."""
        seen = Seen.of(facts, self.policy.currency, self.policy.has_money_literals)
        return with_tables(self._tables, seen)

    def fired(self, seen: Seen) -> tuple[list[Rule], Seen]:
        """The rules that fire, by priority, and the facts with the flags that they raise.

        A matcher that has failed once is never used again.
        """
        matcher = self._take()
        fired: list[Rule] = []
        for tier, rulesets in matcher:
            if self._flags_off:
                seen = seen.with_flags(self._flags_off | {f"{FLAG_GROUP}{name}": True for name in flags_of(fired)})
            fired += _match(tier, rulesets, seen)
            if len(matcher) > 1:
                fired.sort(key=lambda rule: rule.order)
        self._give_back(matcher)
        return fired, seen

    def _take(self) -> Matcher:
        """A matcher for this check alone. After a fork the parent's are not taken over."""
        if self._process != os.getpid():
            self._idle, self._process = [], os.getpid()
        try:
            return self._idle.pop()
        except IndexError:
            return tuple((tier, tuple(map(Ruleset, tier.rulesets))) for tier in self._tiers)

    def _give_back(self, matcher: Matcher) -> None:
        self._idle.append(matcher)


def _match(tier: Tier, rulesets: Sequence[Ruleset], seen: Seen) -> list[Rule]:
    """The rules of a tier that fire, by priority: rulesets are asked in order, and each answers in order."""
    fired: list[Rule] = []
    for place, bits in tier.bits_on(seen).items():
        rules = tier.packed[place]
        fired += [rules[number] for number in rulesets[place].match(bits)]
    return fired


def compile_policy(policy: Policy) -> CompiledPolicy:
    """Make a policy ready to decide. Raises EngineFailure where the engine does not take it."""
    try:
        return CompiledPolicy(policy)
    except durable_rules_engine.error as error:
        raise EngineFailure(str(error)) from error
