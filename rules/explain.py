"""A decision explained to one audience, from its record and the policy that decided.

The controller sees everything: rules, messages, arithmetic, near misses. Sales see the messages, unless a rule rests
on field reports or flags, and what would help. What a customer sees may be forwarded as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policy_service.domain.outcomes import Outcome
from rules.audiences import Audience
from rules.clauses import clause_sentence, near_miss_sentence, recorded_clause
from rules.customer_words import customer_texts
from rules.document import Policy
from rules.effects import EffectKind
from rules.granted_words import granted_sentence, headline, is_about_the_order, offer_sentence
from rules.recorded import Item, Recorded
from rules.sales_words import sales_texts
from rules.texts import Language


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to know. The code, the effect and the clauses are for the controller; for others None."""

    text: str
    rule_code: str | None = None
    effect: str | None = None
    clauses: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A change that would be approved. `changes` are as the record has them."""

    text: str
    changes: Mapping[str, Any]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision in the words of one language for one audience. `granted` is None where nothing is."""

    audience: Audience
    language: Language
    outcome: Outcome
    headline: str
    points: tuple[Point, ...]
    granted: str | None
    near_misses: tuple[Point, ...]
    counter_offers: tuple[Offer, ...]


def explain(record: Mapping[str, Any], policy: Policy | None, audience: Audience, language: Language) -> Explanation:
    """The explanation of a record. Without the policy, or where it has no such rule, the record's own words serve."""
    decision = Recorded(record, policy, language)
    return Explanation(
        audience=audience,
        language=language,
        outcome=Outcome(decision.verdict["outcome"]),
        headline=headline(record, audience, language),
        points=tuple(_POINTS[audience](decision)),
        granted=granted_sentence(decision.verdict["granted"], language),
        near_misses=tuple(_near_misses(decision)) if audience is Audience.CONTROLLER else (),
        counter_offers=tuple(_offers(decision, audience)),
    )


def _everything(decision: Recorded) -> Iterator[Point]:
    for reason in decision.reasons:
        yield _point(decision, reason, reason["effect"])
    for item in decision.verdict["exempted"]:
        yield _point(decision, item, EffectKind.EXEMPT.value)
    for alert in decision.verdict["alerts"]:
        yield _point(decision, alert, EffectKind.ALERT.value)


def _point(decision: Recorded, item: Item, effect: str) -> Point:
    sentences = (
        clause_sentence(recorded_clause(clause), decision.facts, decision.language)
        for clause in item.get("evidence", ())
    )
    return Point(decision.said(item["message"]), item["rule_code"], effect, tuple(sentences))


def _once(texts: Iterable[str]) -> Iterator[Point]:
    return (Point(text) for text in dict.fromkeys(texts))


_POINTS: Mapping[Audience, Callable[[Recorded], Iterable[Point]]] = {
    Audience.CONTROLLER: _everything,
    Audience.SALES: lambda decision: _once(sales_texts(decision)),
    Audience.CUSTOMER: lambda decision: _once(customer_texts(decision)),
}


def _near_misses(decision: Recorded) -> Iterator[Point]:
    for miss in decision.record.get("near_misses", ()):
        yield Point(near_miss_sentence(miss, decision.facts, decision.language), miss["rule_code"])


def _offers(decision: Recorded, audience: Audience) -> Iterator[Offer]:
    """A customer is told only of what it asks for or pays, in our own words."""
    for offer in decision.record.get("counter_offers", ()):
        changes, outcome = offer["changes"], Outcome(offer["outcome"])
        if audience is not Audience.CUSTOMER:
            yield Offer(decision.said(offer["message"]), changes, outcome)
        elif is_about_the_order(changes) and outcome.is_approval:
            yield Offer(offer_sentence(changes, decision.currency, decision.language), changes, outcome)
