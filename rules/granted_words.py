"""What is granted, what would be granted after a change, and the headline of a decision, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from policy_service.domain.outcomes import Authority, CheckKind, Outcome
from rules.audiences import Audience
from rules.default_messages import AUTHORITIES
from rules.formats import LIST_JOIN, show_days, show_money
from rules.texts import Language, Text

KINDS = {CheckKind.ORDER: Text("order", "订单"), CheckKind.QUOTE: Text("quote", "报价")}

_INSIDE = {
    Outcome.APPROVE: Text("{Kind} {id} is approved.", "{kind} {id} 已通过。"),
    Outcome.APPROVE_WITH_CONDITIONS: Text("{Kind} {id} is approved with conditions.", "{kind} {id} 有条件通过。"),
    Outcome.HOLD: Text("{Kind} {id} is held for {who}.", "{kind} {id} 已暂停，待{who}处理。"),
    Outcome.REJECT: Text("{Kind} {id} is rejected.", "{kind} {id} 已拒绝。"),
}
_TO_CUSTOMER = {
    Outcome.APPROVE: Text("We can accept your {kind} {id}.", "我们可以接受您的{kind} {id}。"),
    Outcome.APPROVE_WITH_CONDITIONS: Text(
        "We can accept your {kind} {id} on these conditions.", "在以下条件下，我们可以接受您的{kind} {id}。"
    ),
    Outcome.HOLD: Text("Your {kind} {id} is being reviewed.", "您的{kind} {id} 正在审核中。"),
    Outcome.REJECT: Text("We cannot accept your {kind} {id} at present.", "目前我们无法接受您的{kind} {id}。"),
}


def headline(record: Mapping[str, Any], audience: Audience, language: Language) -> str:
    """The decision in one sentence."""
    verdict = record["verdict"]
    words = _TO_CUSTOMER if audience is Audience.CUSTOMER else _INSIDE
    kind = KINDS[CheckKind(record["kind"])].in_language(language)
    who = AUTHORITIES[Authority(verdict["authority"] or Authority.CONTROLLER)].in_language(language)
    sentence = words[Outcome(verdict["outcome"])].in_language(language)
    return sentence.format(Kind=kind.capitalize(), kind=kind, id=record["subject_id"], who=who)


def granted_sentence(granted: Mapping[str, Any] | None, language: Language) -> str | None:
    """`CNY 3,750.00 before delivery, CNY 8,750.00 on credit with terms of 60 days`; None where nothing is granted."""
    if granted is None:
        return None
    credit, before = (
        _money(granted[name], granted["currency"], language) for name in ("credit_amount", "prepayment_amount")
    )
    days = show_days(granted["payment_terms_days"], language)
    on_credit = Text(f"{credit} on credit with terms of {days}", f"赊销 {credit}，账期 {days}")
    if not Decimal(granted["credit_amount"]):
        on_credit = Text("nothing on credit", "不赊销")
    paid_first = Text(f"{before} before delivery", f"发货前付 {before}")
    parts = (paid_first, on_credit) if Decimal(granted["prepayment_amount"]) else (on_credit,)
    return Text(", ".join(part.en for part in parts), "，".join(part.zh for part in parts)).in_language(language)


def offer_sentence(changes: Mapping[str, Any], currency: str, language: Language) -> str:
    """What would have to change, in one sentence. Amounts are in `currency`, the order's."""
    parts = [_CHANGES[name](value, currency, language) for name, value in changes.items()]
    if language is Language.ZH:
        return f"{'，'.join(parts)}，即可接受。"
    return f"It can be accepted {' and '.join(parts)}."


def is_about_the_order(changes: Mapping[str, Any]) -> bool:
    """Whether an offer changes only what a customer asks for or pays."""
    return bool(changes) and changes.keys() <= _CHANGES.keys()


def _money(amount: str, currency: str, language: Language) -> str:
    return show_money(Decimal(amount), currency, language)


def _amount(amount: str, currency: str, language: Language) -> str:
    shown = _money(amount, currency, language)
    return Text(f"with an amount of {shown}", f"金额改为 {shown}").in_language(language)


def _terms(days: int, _currency: str, language: Language) -> str:
    shown = show_days(days, language)
    at_once = Text("with payment before delivery", "改为款到发货")
    later = Text(f"with payment terms of {shown}", f"账期改为 {shown}")
    return (later if days else at_once).in_language(language)


def _prepaid(amount: str, currency: str, language: Language) -> str:
    shown = _money(amount, currency, language)
    return Text(f"if {shown} is paid before delivery", f"发货前付 {shown}").in_language(language)


def _invoices(ids: list[str], _currency: str, language: Language) -> str:
    listed = LIST_JOIN.in_language(language).join(ids)
    return Text(f"after payment of {listed}", f"先付清发票 {listed}").in_language(language)


_CHANGES: Mapping[str, Callable[[Any, str, Language], str]] = {
    "amount": _amount,
    "payment_terms_days": _terms,
    "prepaid_amount": _prepaid,
    "pay_invoices": _invoices,
}
