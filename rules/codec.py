"""Facts and verdicts as JSON.

Money, ratios and averages are decimal strings; days, counts and levels are integers; what is missing is absent
from `facts_document` and null from `fact_text`. Nothing is lost on the way to JSON and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from policy_service.domain.days import rfc3339
from policy_service.domain.money import Rate, money_text, plain
from rules.catalogue import CATALOGUE
from rules.conditions import GroupKind
from rules.distances import distance
from rules.exchange import is_money
from rules.facts import Brake, Facts, FactValue, Request
from rules.messages import currency_of
from rules.near_misses import NearMiss
from rules.offers import CounterOffer
from rules.texts import Language, Text
from rules.values import TABLE_GROUP
from rules.verdict import Evidence, Granted, Reason, TableHit, Verdict

Document = dict[str, Any]


def fact_text(name: str, value: FactValue | None, currency: str) -> str | int | bool | None:
    """One value as the API writes it: money rounded to the minor unit of `currency`."""
    if not isinstance(value, Decimal):
        return value
    return money_text(value, currency) if is_money(name) else plain(value)


def _exact(name: str, value: FactValue, currency: str) -> str | int | bool:
    """Like `fact_text`, but never rounded: an average of money has more decimals than its currency."""
    text = fact_text(name, value, currency)
    if isinstance(value, Decimal) and isinstance(text, str) and Decimal(text) != value:
        return plain(value)
    return text if text is not None else plain(Decimal(value))


def facts_document(facts: Facts) -> Document:
    """The facts of a check as they are stored with its decision."""
    document: Document = {
        "day": facts.day.isoformat(),
        "currency": facts.currency,
        "values": {
            name: _exact(name, value, currency_of(name, facts)) for name, value in sorted(facts.values.items())
        },
    }
    if facts.request is not None:
        document["request"] = _request_document(facts.request)
    if facts.group_currency is not None:
        document["group_currency"] = facts.group_currency
    if facts.rates:
        document["rates"] = {
            currency: {"rate": plain(rate.per_unit), "as_of": rate.as_of.isoformat()}
            for currency, rate in sorted(facts.rates.items())
        }
    for name, brake in (("freeze", facts.freeze), ("stop", facts.stop)):
        if brake is not None:
            document[name] = {"reason": brake.reason, "until": rfc3339(brake.until) if brake.until else None}
    return document


def _request_document(request: Request) -> Document:
    return {
        "amount": _exact("order.amount", request.amount, request.currency),
        "currency": request.currency,
        "payment_terms_days": request.payment_terms_days,
        "prepaid_amount": _exact("order.amount", request.prepaid_amount, request.currency),
        "invoiced_amount": _exact("order.amount", request.invoiced_amount, request.currency),
    }


def facts_from_document(document: Mapping[str, Any]) -> Facts:
    """The facts that `facts_document` wrote."""
    return Facts(
        day=date.fromisoformat(document["day"]),
        currency=document["currency"],
        values={name: _value(name, value) for name, value in document["values"].items()},
        request=_request(document["request"]) if "request" in document else None,
        group_currency=document.get("group_currency"),
        rates={
            currency: Rate(Decimal(rate["rate"]), date.fromisoformat(rate["as_of"]))
            for currency, rate in document.get("rates", {}).items()
        },
        freeze=_brake(document.get("freeze")),
        stop=_brake(document.get("stop")),
    )


def _brake(document: Mapping[str, Any] | None) -> Brake | None:
    if document is None:
        return None
    until = document["until"]
    return Brake(document["reason"], datetime.fromisoformat(until) if until else None)


def _value(name: str, value: str | int | bool) -> FactValue:
    fact = CATALOGUE.get(name)
    return Decimal(value) if fact is not None and fact.type.is_decimal else value


def _request(document: Mapping[str, Any]) -> Request:
    return Request(
        amount=Decimal(document["amount"]),
        currency=document["currency"],
        payment_terms_days=document["payment_terms_days"],
        prepaid_amount=Decimal(document["prepaid_amount"]),
        invoiced_amount=Decimal(document["invoiced_amount"]),
    )


def verdict_document(verdict: Verdict, facts: Facts, language: Language | None = None) -> Document:
    """A verdict on `facts`: with messages in `language`, or, for storage and replay, as `{en, zh}` in both."""
    document: Document = {
        "outcome": verdict.outcome.value,
        "reasons": [_reason(reason, facts) for reason in verdict.reasons],
        "warnings": [_reason(warning, facts) for warning in verdict.warnings],
        "exempted": [
            {"rule_code": item.rule_code, "by": item.by, "message": _text(item.message)} for item in verdict.exempted
        ],
        "alerts": [
            {"rule_code": alert.rule_code, "severity": alert.severity, "message": _text(alert.message)}
            for alert in verdict.alerts
        ],
        "flags": list(verdict.flags),
        "tables": [_table_hit(hit, facts) for hit in verdict.tables],
        "fired": list(verdict.fired),
        "granted": _granted(verdict.granted),
        "authority": verdict.authority.value if verdict.authority else None,
    }
    return document if language is None else in_language(document, language)


def in_language(document: Any, language: Language) -> Any:
    """A stored document with every text `{en, zh}` in one language."""
    if isinstance(document, dict):
        if document.keys() == {"en", "zh"}:
            return document[language.value]
        return {name: in_language(member, language) for name, member in document.items()}
    if isinstance(document, list):
        return [in_language(item, language) for item in document]
    return document


def _text(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}


def _reason(reason: Reason, facts: Facts) -> Document:
    currency = facts.request.currency if facts.request else facts.currency
    return {
        "rule_code": reason.rule_code,
        "effect": reason.effect,
        "message": _text(reason.message),
        "parameters": {name: _parameter(name, value, currency) for name, value in reason.parameters.items()},
        "evidence": [_evidence(clause, facts) for clause in reason.evidence],
    }


def _parameter(name: str, value: FactValue, currency: str) -> str | int | bool:
    return _exact("order.amount" if name == "amount" else "", value, currency)


def _evidence(clause: Evidence, facts: Facts) -> Document:
    """`group` is there only inside `any` or `none`: that all clauses of a rule hold goes without saying.

    `distance` is there only where numbers were compared: how far the value is from the nearest threshold.
    """
    currency = currency_of(clause.fact, facts)
    document: Document = {
        "fact": clause.fact,
        "value": _value_text(clause.fact, clause.value, currency),
        "op": clause.op,
        "threshold": _value_text(clause.fact, clause.threshold, currency),
        "holds": clause.holds,
    }
    far = distance(clause)
    if far is not None:
        document["distance"] = _value_text(clause.fact, far.amount, currency)
    if set(clause.group) - {GroupKind.ALL.value}:
        document["group"] = list(clause.group)
    return document


def near_miss_document(miss: NearMiss, facts: Facts) -> Document:
    """A rule that nearly fired."""
    currency = currency_of(miss.fact, facts)
    return {
        "rule_code": miss.rule_code,
        "fact": miss.fact,
        "op": miss.op,
        "value": _value_text(miss.fact, miss.value, currency),
        "threshold": _value_text(miss.fact, miss.threshold, currency),
        "distance": _value_text(miss.fact, miss.distance, currency),
    }


def offer_document(offer: CounterOffer, currency: str) -> Document:
    """One change that would be approved; amounts are in `currency`, the order's."""
    value = list(offer.value) if isinstance(offer.value, tuple) else offer.value
    changed = money_text(value, currency) if isinstance(value, Decimal) else value
    return {
        "changes": {offer.change.value: changed},
        "outcome": offer.outcome.value,
        "message": _text(offer.message),
    }


def text_document(text: Text | None) -> Document | None:
    """A text as it is stored: in both languages."""
    return None if text is None else _text(text)


def _value_text(name: str, value: FactValue | tuple[FactValue, ...] | None, currency: str) -> Any:
    if isinstance(value, tuple):
        return [fact_text(name, item, currency) for item in value]
    return fact_text(name, value, currency)


def _table_hit(hit: TableHit, facts: Facts) -> Document:
    """Rows are counted from 1, as people count them."""
    outputs = {
        name: _value_text(f"{TABLE_GROUP}{hit.table}.{name}", value, facts.currency)
        for name, value in hit.outputs.items()
    }
    return {"table": hit.table, "rows": [row + 1 for row in hit.rows], "outputs": outputs}


def _granted(granted: Granted | None) -> Document | None:
    if granted is None:
        return None
    return {
        "credit_amount": money_text(granted.credit_amount, granted.currency),
        "prepayment_amount": money_text(granted.prepayment_amount, granted.currency),
        "payment_terms_days": granted.payment_terms_days,
        "currency": granted.currency,
    }
