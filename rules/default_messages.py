"""What a reason says when its rule brings no message of its own: the title, and what the effect does."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from policy_service.domain.money import plain
from policy_service.domain.outcomes import Authority
from rules.effects import EffectKind
from rules.facts import FactValue
from rules.messages import show_days, show_money
from rules.texts import Language, Text

_AUTHORITIES = {
    Authority.CONTROLLER: Text("the credit controller", "信控专员"),
    Authority.MANAGER: Text("the credit manager", "信用经理"),
    Authority.DIRECTOR: Text("the director", "总监"),
}


def default_message(title: Text, kind: EffectKind, number: FactValue | None, currency: str) -> Text:
    """The message of an effect; `number` is its days, amount (in `currency`), percent or authority."""
    what = _WHAT[kind](number, currency)
    return Text(f"{title.en}: {what.en}", f"{title.zh}：{what.zh}")


def exemption_message(exempting: Text, exempted: Text) -> Text:
    """What is said of a rule whose effects were removed."""
    return Text(f"{exempting.en}: sets aside “{exempted.en}”", f"{exempting.zh}：豁免“{exempted.zh}”")


def rate_too_old_message(currency: str, age_days: int, most: int) -> Text:
    """What is said where the exchange rate in use is older than the policy takes."""
    return Text(
        f"The exchange rate of {currency} is {show_days(age_days, Language.EN)} old; at most {most} are accepted",
        f"{currency} 的汇率已有 {age_days} 天未更新；最多允许 {most} 天",
    )


def _terms(number: FactValue | None, _currency: str) -> Text:
    days = int(number or 0)
    return Text(
        f"payment terms of at most {show_days(days, Language.EN)}", f"账期最多 {show_days(days, Language.ZH)}"
    )


def _credit(number: FactValue | None, currency: str) -> Text:
    amount = show_money(Decimal(number or 0), currency)
    return Text(f"credit of at most {amount}", f"赊销最多 {amount}")


def _prepayment(number: FactValue | None, _currency: str) -> Text:
    percent = plain(Decimal(number or 0))
    return Text(f"{percent}% to be paid in advance", f"须预付 {percent}%")


def _hold(number: FactValue | None, _currency: str) -> Text:
    who = _AUTHORITIES[Authority(str(number))]
    return Text(f"held for {who.en}", f"暂停，待{who.zh}处理")


def _always(en: str, zh: str) -> Callable[[FactValue | None, str], Text]:
    text = Text(en, zh)
    return lambda _number, _currency: text


_WHAT: dict[EffectKind, Callable[[FactValue | None, str], Text]] = {
    EffectKind.REJECT: _always("rejected", "拒绝"),
    EffectKind.HOLD: _hold,
    EffectKind.CAP_TERMS: _terms,
    EffectKind.NO_TERMS_EXTENSION: _terms,
    EffectKind.CAP_CREDIT: _credit,
    EffectKind.REQUIRE_PREPAYMENT: _prepayment,
    EffectKind.WARN: _always("please note", "请注意"),
    EffectKind.ALERT: _always("please look at this", "请查看"),
}
