"""What a counter-offer says, in both languages, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import StrEnum

from policy_service.domain.outcomes import Outcome
from rules.formats import LIST_JOIN, show_days, show_money
from rules.invoices_to_pay import OverdueInvoice, cost_of
from rules.texts import Language, Text
from rules.verdict import Verdict


class Change(StrEnum):
    """What can be changed about an order."""

    AMOUNT = "amount"
    TERMS = "payment_terms_days"
    PREPAID = "prepaid_amount"
    PAY = "pay_invoices"


_THEN = {
    Outcome.APPROVE: Text("would be approved", "即可批准"),
    Outcome.APPROVE_WITH_CONDITIONS: Text("would be approved with conditions", "即可附条件批准"),
}
_NAMED_INVOICES = 5


def amount_message(amount: Decimal, currency: str, outcome: Outcome) -> Text:
    """The order, smaller."""
    return _message(
        outcome, lambda language: (show_money(amount, currency, language),), "An order of {0}", "订单金额降至 {0}"
    )


def terms_message(days: int, outcome: Outcome) -> Text:
    """The order, to be paid sooner."""
    if days == 0:
        return _message(outcome, lambda _: (), "Paid before delivery, the order", "款到发货")
    return _message(
        outcome,
        lambda language: (show_days(days, language),),
        "With payment terms of {0} the order",
        "账期缩短至 {0}",
    )


def prepaid_message(amount: Decimal, currency: str, outcome: Outcome, *, is_recorded: bool) -> Text:
    """The order, paid for in part. `is_recorded`: a payment counts only once it is recorded for the order."""
    en, zh = "With {0} paid in advance the order", "预付 {0}"
    if is_recorded:
        en, zh = (
            "Once {0} is paid in advance, and recorded as a payment for it, the order",
            "预付 {0} 并登记到本订单后",
        )
    return _message(outcome, lambda language: (show_money(amount, currency, language),), en, zh)


def payment_message(invoices: Sequence[OverdueInvoice], currency: str, outcome: Outcome) -> Text:
    """The order, once invoices are paid; `currency` is the account's."""
    cost = cost_of(invoices)
    return _message(
        outcome,
        lambda language: (show_money(cost, currency, language), _ids(invoices, language)),
        "Once {0} is paid for the overdue {1}, the order",
        "付清逾期的 {1}（共 {0}）后",
    )


def _message(outcome: Outcome, values: Callable[[Language], tuple[str, ...]], en: str, zh: str) -> Text:
    then = _THEN[outcome]
    return Text(f"{en.format(*values(Language.EN))} {then.en}", f"{zh.format(*values(Language.ZH))}，{then.zh}")


def _ids(invoices: Sequence[OverdueInvoice], language: Language) -> str:
    more = len(invoices) - _NAMED_INVOICES
    rest = (Text(f"{more} more", f"另外 {more} 张").in_language(language),) if more > 0 else ()
    return LIST_JOIN.in_language(language).join((*(invoice.id for invoice in invoices[:_NAMED_INVOICES]), *rest))


def nothing_needed() -> Text:
    """An approved order needs no other offer."""
    return Text("Approved as requested", "已按申请批准")


def nothing_would_pass(verdict: Verdict) -> Text:
    """No single change would do."""
    codes = dict.fromkeys(reason.rule_code for reason in verdict.reasons)
    en, zh = (LIST_JOIN.in_language(language).join(codes) for language in (Language.EN, Language.ZH))
    return Text(
        "No smaller amount, shorter terms, prepayment or payment of overdue invoices would by itself be approved, "
        f"because of {en}",
        f"仅靠减少金额、缩短账期、预付或付清逾期发票，单独任何一项都无法获批，原因：{zh}",
    )
