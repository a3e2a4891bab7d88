"""The record of a decision read again beside the policy that decided: its facts, its rules, its words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rules.clauses import recorded_value
from rules.codec import facts_from_document
from rules.conditions import clauses
from rules.document import Policy
from rules.effects import Effect
from rules.facts import Facts
from rules.messages import Template, fill
from rules.rule import Rule
from rules.texts import Language, Text
from rules.values import FLAG_GROUP, TABLE_GROUP, Field

Item = Mapping[str, Any]
"""A part of a record: a reason, a warning, an exemption."""


@dataclass(frozen=True)
class Recorded:
    """One record, in one language. `policy` is None where it cannot be read: the record's own words serve."""

    record: Mapping[str, Any]
    policy: Policy | None
    language: Language

    @property
    def verdict(self) -> Mapping[str, Any]:
        """The verdict as JSON."""
        verdict: Mapping[str, Any] = self.record["verdict"]
        return verdict

    @property
    def reasons(self) -> tuple[Item, ...]:
        """Reasons, then warnings."""
        return (*self.verdict["reasons"], *self.verdict["warnings"])

    @property
    def currency(self) -> str:
        """The currency of the order."""
        return str(self.record["request"]["currency"])

    @cached_property
    def facts(self) -> Facts:
        """The facts as they were seen."""
        return facts_from_document(self.record["facts"])

    @cached_property
    def known(self) -> Mapping[str, Any]:
        """The values that the rules saw: facts, what tables put out, and the flags that were raised."""
        of_tables = {
            (fact := f"{TABLE_GROUP}{hit['table']}.{name}"): recorded_value(fact, value)
            for hit in self.verdict.get("tables", ())
            for name, value in hit["outputs"].items()
        }
        flags = {f"{FLAG_GROUP}{name}": True for name in self.verdict["flags"]}
        return {**self.facts.values, **of_tables, **flags}

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """The rules of the policy, by code."""
        return {rule.code: rule for rule in self.policy.rules} if self.policy else {}

    def said(self, text: Text | Mapping[str, str]) -> str:
        """A text, of ours or of the record, in the language."""
        return text.in_language(self.language) if isinstance(text, Text) else text[self.language.value]

    def filled(self, template: Template) -> str:
        """A message of the policy with the values of the record."""
        return self.said(fill(template, self.facts, self.known))

    def effect_of(self, reason: Item) -> Effect | None:
        """The effect that gave a reason; the first one where several of a rule may have."""
        return next(iter(self.effects_behind(reason)), None)

    def effects_behind(self, reason: Item) -> list[Effect]:
        """The effects of its rule that may have given a reason: of its kind, and with its message or none."""
        rule = self.rules.get(reason["rule_code"])
        found = [effect for effect in rule.then if effect.name == reason["effect"]] if rule else []
        said = self.said(reason["message"])
        exact = [effect for effect in found if effect.message and self.filled(effect.message) == said]
        return exact or [effect for effect in found if effect.message is None] or found

    def facts_behind(self, reason: Item) -> Iterator[str]:
        """What a reason rests on: the facts of its rule's condition, of its message and of its number."""
        yield from (clause["fact"] for clause in reason["evidence"])
        for effect in self.effects_behind(reason):
            yield from facts_read(self.rules[reason["rule_code"]])
            if effect.message is not None:
                yield from effect.message.facts
            if isinstance(effect.number, Field):
                yield effect.number.fact


def facts_read(rule: Rule) -> Iterator[str]:
    """The facts in the condition of a rule, on both sides."""
    for clause in clauses(rule.when):
        yield from clause.facts
