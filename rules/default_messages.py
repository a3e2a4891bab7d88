"""What a reason says when its rule brings no message of its own: the title, and what the effect does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC
from decimal import Decimal

from policy_service.domain.outcomes import Authority
from rules.effects import Effect, EffectKind
from rules.facts import Brake, FactValue
from rules.formats import show_days, show_money, show_percent, show_whole
from rules.texts import Language, LaterText, Text

_Wording = Callable[[Mapping[str, FactValue], str], Text]

AUTHORITIES = {
    Authority.CONTROLLER: Text("the credit controller", "信控专员"),
    Authority.MANAGER: Text("the credit manager", "信用经理"),
    Authority.DIRECTOR: Text("the director", "总监"),
}
"""Who decides on what is held."""


def default_message(title: Text, kind: EffectKind, parameters: Mapping[str, FactValue], currency: str) -> Text:
    """The message of an effect with its numbers as they worked, put together when it is read.

    Amounts are in `currency`.
    """

    def make() -> Text:
        what = what_it_does(kind, parameters, currency)
        return Text(f"{title.en}: {what.en}", f"{title.zh}：{what.zh}")

    return LaterText(make)


def what_it_does(kind: EffectKind, parameters: Mapping[str, FactValue], currency: str) -> Text:
    """An effect alone, without the rule that has it; amounts are in `currency`."""
    return _WHAT[kind](parameters, currency)


def settled_message(title: Text, effect: Effect) -> Text | None:
    """The default message of an effect whose numbers are the same in every check, else None."""
    match effect.kind, effect.number:
        case ((EffectKind.REJECT | EffectKind.WARN | EffectKind.ALERT), _):
            return default_message(title, effect.kind, {}, "")
        case EffectKind.HOLD, _:
            return default_message(title, effect.kind, {"authority": effect.authority.value}, "")
        case EffectKind.CAP_TERMS, int(days):
            return default_message(title, effect.kind, {"days": days}, "")
        case EffectKind.REQUIRE_PREPAYMENT, Decimal() as percent:
            return default_message(title, effect.kind, {"percent": percent}, "")
    return None


def exemption_message(exempting: Text, exempted: Text) -> Text:
    """What is said of a rule whose effects were removed."""
    return Text(f"{exempting.en}: sets aside “{exempted.en}”", f"{exempting.zh}：豁免“{exempted.zh}”")


def rate_too_old_message(currency: str, age_days: int, most: int) -> Text:
    """What is said where the exchange rate in use is older than the policy takes."""
    return Text(
        f"The exchange rate of {currency} is {show_days(age_days, Language.EN)} old; "
        f"at most {show_whole(most, Language.EN)} are accepted",
        f"{currency} 的汇率已有 {show_days(age_days, Language.ZH)}未更新；最多允许 {show_days(most, Language.ZH)}",
    )


def frozen_message(freeze: Brake) -> Text:
    """What is said of every order while all orders are frozen."""
    en, zh = _until(freeze)
    return Text(f"Orders are frozen{en}: {freeze.reason}", f"所有订单已冻结{zh}：{freeze.reason}")


def stopped_message(stop: Brake) -> Text:
    """What is said of the orders of a customer that was stopped."""
    en, zh = _until(stop)
    return Text(f"The customer is stopped{en}: {stop.reason}", f"该客户已紧急停止{zh}：{stop.reason}")


def _until(brake: Brake) -> tuple[str, str]:
    if brake.until is None:
        return "", ""
    shown = f"{brake.until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f" until {shown}", f"至 {shown}"


def _terms(parameters: Mapping[str, FactValue], _currency: str) -> Text:
    days = int(parameters["days"])
    return Text(
        f"payment terms of at most {show_days(days, Language.EN)}", f"账期最多 {show_days(days, Language.ZH)}"
    )


def _credit(parameters: Mapping[str, FactValue], currency: str) -> Text:
    en, zh = (show_money(Decimal(parameters["amount"]), currency, language) for language in Language)
    return Text(f"credit of at most {en}", f"赊销最多 {zh}")


def _prepayment(parameters: Mapping[str, FactValue], _currency: str) -> Text:
    en, zh = (show_percent(Decimal(parameters["percent"]), language) for language in Language)
    return Text(f"{en} to be paid in advance", f"须预付 {zh}")


def _hold(parameters: Mapping[str, FactValue], _currency: str) -> Text:
    who = AUTHORITIES[Authority(str(parameters["authority"]))]
    return Text(f"held for {who.en}", f"暂停，待{who.zh}处理")


def _always(en: str, zh: str) -> _Wording:
    text = Text(en, zh)
    return lambda _parameters, _currency: text


_WHAT: dict[EffectKind, _Wording] = {
    EffectKind.REJECT: _always("rejected", "拒绝"),
    EffectKind.HOLD: _hold,
    EffectKind.CAP_TERMS: _terms,
    EffectKind.NO_TERMS_EXTENSION: _terms,
    EffectKind.CAP_CREDIT: _credit,
    EffectKind.REQUIRE_PREPAYMENT: _prepayment,
    EffectKind.WARN: _always("please note", "请注意"),
    EffectKind.ALERT: _always("please look at this", "请查看"),
}
