"""Running the cases of a policy: the examples that its author keeps beside it.

Facts that a case does not list are missing, also those that otherwise never are. With `order.amount` there is a
request in the policy's currency, on the terms of `order.payment_terms_days`, else of
`customer.standard_terms_days`, else of 0 days; `order.kind` and `order.credit_amount` are worked out where the
case does not give them. A case without a `day` is decided on the first day on which every rule has begun.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from policy_service.domain.days import EARLIEST_DAY
from policy_service.domain.money import ZERO, money_text
from policy_service.domain.outcomes import CheckKind
from rules.case_document import Case, Expectation
from rules.clauses import clause_sentence
from rules.codec import verdict_document
from rules.conditions import GroupKind
from rules.decide import decide
from rules.document import Policy
from rules.engine import CompiledPolicy, compile_policy
from rules.exchange import MissingRate
from rules.facts import Facts, FactValue, Request
from rules.look_up import AmbiguousTable
from rules.predicates import evidence
from rules.texts import Language, Text
from rules.verdict import Evidence, Verdict


@dataclass(frozen=True, slots=True)
class DecidingClause:
    """A clause that let a rule fire, or kept it from firing, with its value and threshold in words."""

    rule_code: str
    fired: bool
    sentence: Text

    def as_document(self, language: Language) -> dict[str, Any]:
        """As JSON."""
        return {"rule_code": self.rule_code, "fired": self.fired, "clause": self.sentence.in_language(language)}


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case went. `expected` and `got` are JSON, `got` with what the case says something about.

    `decided_by` has the clauses that made it come out so: those that let the rules in question fire, or kept them.
    """

    name: str
    title: Text
    passed: bool
    expected: Mapping[str, Any]
    got: Mapping[str, Any]
    differences: tuple[Text, ...]
    decided_by: tuple[DecidingClause, ...]

    def as_document(self, language: Language) -> dict[str, Any]:
        """As JSON, with texts in `language`."""
        return {
            "name": self.title.in_language(language),
            "passed": self.passed,
            "expected": dict(self.expected),
            "got": dict(self.got),
            "differences": [difference.in_language(language) for difference in self.differences],
            "decided_by": [clause.as_document(language) for clause in self.decided_by],
        }


def run_cases(policy: Policy, compiled: CompiledPolicy | None = None) -> tuple[CaseResult, ...]:
    """Every case of a policy, in the order of the document. Raises EngineFailure."""
    if not policy.cases:
        return ()
    ready = compiled or compile_policy(policy)
    return tuple(_run(case, ready) for case in policy.cases)


def facts_of_case(case: Case, policy: Policy) -> Facts:
    """The facts of a case, completed as the module says."""
    values = {"order.kind": CheckKind.ORDER.value, **case.facts}
    request = _request(values, policy.currency)
    if request is not None:
        owed = max(ZERO, request.amount - request.prepaid_amount)
        values.setdefault("order.credit_amount", owed if request.payment_terms_days else ZERO)
    return Facts(case.day or _first_day(policy), policy.currency, values, request)


def _request(values: Mapping[str, FactValue], currency: str) -> Request | None:
    if "order.amount" not in values:
        return None
    standard = values.get("customer.standard_terms_days", 0)
    return Request(
        amount=Decimal(values["order.amount"]),
        currency=currency,
        payment_terms_days=int(values.get("order.payment_terms_days", standard)),
        prepaid_amount=Decimal(values.get("order.prepaid_amount", ZERO)),
    )


def _first_day(policy: Policy) -> date:
    return max((rule.valid_from for rule in policy.rules if rule.valid_from), default=EARLIEST_DAY)


def _run(case: Case, compiled: CompiledPolicy) -> CaseResult:
    facts = facts_of_case(case, compiled.policy)
    verdict = decide(compiled, facts)
    expected = _expected(case.expect, compiled.policy.currency)
    got = _got(verdict, facts, expected)
    differences = tuple(_differences(case.expect, expected, got))
    decided_by = tuple(_decided_by(_in_question(case.expect, verdict), compiled, facts))
    return CaseResult(case.name.en, case.name, not differences, expected, got, differences, decided_by)


def _in_question(expect: Expectation, verdict: Verdict) -> dict[str, None]:
    """The rules that a case is about: those that it names, and those that gave a reason for the outcome."""
    reasons = (reason.rule_code for reason in (*verdict.reasons, *verdict.warnings))
    return dict.fromkeys((*expect.fired, *expect.not_fired, *reasons))


def _decided_by(codes: Collection[str], compiled: CompiledPolicy, facts: Facts) -> Iterator[DecidingClause]:
    """For a rule that fired the clauses that speak for it; for one that did not, those that speak against it."""
    try:
        fired, seen = compiled.fired(compiled.see(facts))
    except (MissingRate, AmbiguousTable):
        return
    for rule in compiled.policy.rules:
        if rule.code in codes:
            has_fired = rule in fired
            for clause in evidence(rule.probes, seen):
                if _speaks_for(clause) is has_fired:
                    en, zh = (clause_sentence(clause, facts, language) for language in (Language.EN, Language.ZH))
                    yield DecidingClause(rule.code, has_fired, Text(en, zh))


def _speaks_for(clause: Evidence) -> bool:
    """Whether a clause speaks for its rule: it holds; inside `none`, it does not."""
    return clause.holds is (clause.group.count(GroupKind.NONE.value) % 2 == 0)


def _expected(expect: Expectation, currency: str) -> dict[str, Any]:
    granted = {
        "credit_amount": _money(expect.credit_amount, currency),
        "prepayment_amount": _money(expect.prepayment_amount, currency),
        "payment_terms_days": expect.payment_terms_days,
    }
    return {
        name: value
        for name, value in {
            "outcome": expect.outcome.value if expect.outcome else None,
            "fired": list(expect.fired),
            "not_fired": list(expect.not_fired),
            "granted": {name: value for name, value in granted.items() if value is not None},
        }.items()
        if value
    }


def _money(amount: Decimal | None, currency: str) -> str | None:
    return None if amount is None else money_text(amount, currency)


def _got(verdict: Verdict, facts: Facts, expected: Collection[str]) -> dict[str, Any]:
    """What came of all that the case says something about; a case about rules is shown all that fired."""
    asked = {"fired" if name == "not_fired" else name for name in expected}
    document = verdict_document(verdict, facts)
    return {name: document[name] for name in ("outcome", "fired", "granted") if name in asked}


def _differences(expect: Expectation, expected: Mapping[str, Any], got: Mapping[str, Any]) -> Iterator[Text]:
    if "outcome" in expected and expected["outcome"] != got["outcome"]:
        yield _differs("outcome", "结论", expected["outcome"], got["outcome"])
    for code in expect.fired:
        if code not in got["fired"]:
            yield Text(f"{code} should have fired and did not", f"{code} 应触发而未触发")
    for code in expect.not_fired:
        if code in got["fired"]:
            yield Text(f"{code} fired and should not have", f"{code} 不应触发却触发了")
    for name, value in expected.get("granted", {}).items():
        answer = (got["granted"] or {}).get(name)
        if answer != value:
            yield _differs(f"granted {name}", f"批准的 {name}", value, answer)


def _differs(en: str, zh: str, expected: object, got: object) -> Text:
    return Text(f"{en}: expected {expected}, got {got}", f"{zh}：期望 {expected}，实际 {got}")
