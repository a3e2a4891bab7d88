"""What a customer is told of a decision: only what it knows itself, whatever the reasons inside were.

An effect may bring a `customer_message`. Where it does not, the cause decides: overdue invoices are to be paid, an
order may exceed the credit available, conditions are said as they were granted, and of anything else we say that we
look at it. No sentence here names a fact, a code or a threshold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from policy_service.domain.outcomes import CheckKind, Outcome
from rules.clauses import recorded_clause
from rules.conditions import GroupKind, Op
from rules.effects import EffectKind
from rules.formats import show_day, show_days, show_money
from rules.granted_words import KINDS
from rules.recorded import Item, Recorded
from rules.texts import Text
from rules.verdict import Evidence

_ABOVE = frozenset({Op.GT, Op.GE, Op.NE, Op.BETWEEN, Op.IS_PRESENT})
_BELOW = frozenset({Op.LT, Op.LE})
_OVERDUE = {
    "receivables.overdue_amount": "receivables.overdue_amount",
    "receivables.overdue_ratio": "receivables.overdue_amount",
    "receivables.overdue_invoice_count": "receivables.overdue_amount",
    "receivables.oldest_overdue_days": "receivables.overdue_amount",
    "receivables.undisputed_overdue_amount": "receivables.undisputed_overdue_amount",
    "receivables.oldest_undisputed_overdue_days": "receivables.undisputed_overdue_amount",
}
"""Facts that say that invoices are overdue, and the amount that is to be paid."""
_EXCEEDED = frozenset(
    {
        "exposure.total",
        "exposure.after",
        "exposure.horizon_after",
        "exposure.uninsured_after",
        "exposure.utilisation_after",
        "group.total",
        "group.after",
        "group.utilisation_after",
    }
)
_STOPPING = frozenset({EffectKind.HOLD, EffectKind.REJECT})

_EXCEEDS = Text("The {kind} exceeds the credit available at present.", "该{kind}超出目前可用的信用额度。")
_REVIEWED = Text("We are reviewing the {kind} and will come back to you.", "我们正在审核该{kind}，随后与您联系。")
_CONTACT = Text("Please contact us about the {kind}.", "请就该{kind}与我们联系。")
_OTHERWISE = {Outcome.HOLD: _REVIEWED, Outcome.REJECT: _CONTACT}


def customer_texts(decision: Recorded) -> Iterator[str]:
    """Why the order is stopped, as far as the customer may know, and what an approval asks for."""
    outcome = Outcome(decision.verdict["outcome"])
    for reason in decision.reasons:
        effect = decision.effect_of(reason)
        if outcome.is_approval and reason["effect"] in _STOPPING:
            continue  # a hold that was released
        if effect is not None and effect.customer_message is not None:
            yield decision.filled(effect.customer_message)
        elif reason["effect"] in _STOPPING:
            yield _cause(reason, decision)
    if outcome is Outcome.APPROVE_WITH_CONDITIONS and decision.verdict["granted"] is not None:
        yield from _conditions(decision)


def _cause(reason: Item, decision: Recorded) -> str:
    looks = map(recorded_clause, reason["evidence"])
    holding = [clause for clause in looks if clause.holds and GroupKind.NONE not in clause.group]
    overdue = _overdue(holding, decision)
    if overdue > 0:
        return _please_pay(overdue, decision)
    sentence = _EXCEEDS if any(map(_is_exceeded, holding)) else _OTHERWISE[Outcome(decision.verdict["outcome"])]
    kind = KINDS[CheckKind(decision.record["kind"])]
    return decision.said(sentence).format(kind=decision.said(kind))


def _overdue(holding: Sequence[Evidence], decision: Recorded) -> Decimal:
    """What is overdue, where that is among the causes; else 0."""
    amounts = {_OVERDUE[clause.fact] for clause in holding if clause.fact in _OVERDUE and clause.op in _ABOVE}
    return max((Decimal(decision.facts.values.get(name, 0)) for name in amounts), default=Decimal(0))


def _please_pay(overdue: Decimal, decision: Recorded) -> str:
    amount = show_money(overdue, decision.facts.currency, decision.language)
    day = show_day(decision.facts.day, decision.language)
    return decision.said(
        Text(
            f"Please settle the overdue amount of {amount} (as of {day}) first.",
            f"请先结清逾期款项 {amount}（截至{day}）。",
        )
    )


def _is_exceeded(clause: Evidence) -> bool:
    if clause.fact == "exposure.available":
        return clause.op in _BELOW
    return clause.fact in _EXCEEDED and clause.op in (Op.GT, Op.GE)


def _conditions(decision: Recorded) -> Iterator[str]:
    """What is paid before delivery, beyond what was, and by when the rest is."""
    granted, asked = decision.verdict["granted"], decision.record["request"]
    before = Decimal(granted["prepayment_amount"])
    if before > Decimal(asked["counted_prepaid_amount"]):
        amount = show_money(before, granted["currency"], decision.language)
        yield decision.said(Text(f"{amount} is to be paid before delivery.", f"发货前须付 {amount}。"))
    if granted["payment_terms_days"] < asked["payment_terms_days"]:
        days = show_days(granted["payment_terms_days"], decision.language)
        at_once = Text("Payment is due before delivery.", "须款到发货。")
        later = Text(f"Payment is due within {days}.", f"须在 {days}内付款。")
        yield decision.said(later if granted["payment_terms_days"] else at_once)
