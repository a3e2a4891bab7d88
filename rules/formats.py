"""Values as people write them in their language, by the data of CLDR (Babel). Never through a float.

Money has its ISO code in front and the decimals of ISO 4217, which differ from what CLDR rounds cash to; between code
and amount stands a plain space, so that a message can be searched and copied. The screens may make it unbreakable.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal, localcontext
from functools import cache

from babel import Locale
from babel.dates import format_date
from babel.numbers import NumberPattern, get_decimal_symbol, parse_pattern

from policy_service.domain.money import EXACT, ZERO, minor_unit, round_half_even
from rules.catalogue import CATALOGUE, FactType
from rules.facts import FactValue
from rules.naming import NO, UNKNOWN, YES
from rules.texts import Language, Text
from rules.values import type_by_name

Shown = FactValue | tuple[FactValue, ...] | None
"""What can be shown: the value of a fact, the values of a list, or that it is missing."""

LIST_JOIN = Text(", ", "、")


def _loaded(locale: Locale) -> Locale:
    """A locale whose data is read now: that takes 20 ms, which no check should wait for."""
    get_decimal_symbol(locale)
    return locale


_LOCALES = {Language.EN: _loaded(Locale("en")), Language.ZH: _loaded(Locale("zh", "CN", script="Hans"))}
_TENTHS = parse_pattern("#,##0.#")
_PERCENT = parse_pattern("#,##0.#%")
_THOUSANDTH = Decimal("0.001")
_TENTH = Decimal("0.1")


@cache
def kind_of(name: str) -> FactType | None:
    """How the values of a fact are written; outside the catalogue its name may tell. Else None."""
    if name in CATALOGUE:
        return CATALOGUE[name].type
    return type_by_name(name)


def show(name: str, value: Shown, currency: str, language: Language) -> str:
    """The value of a fact for a person: money with its code, ratios as percent, days with their unit."""
    return show_as(kind_of(name), value, currency, language)


def show_as(kind: FactType | None, value: Shown, currency: str, language: Language) -> str:
    """A value that is written as `kind` says; None: as its own type says."""
    match value:
        case None:
            return UNKNOWN.in_language(language)
        case bool():
            return (YES if value else NO).in_language(language)
        case str():
            return value
        case Decimal():
            return _show_decimal(kind, value, currency, language)
        case int():
            return show_days(value, language) if kind is FactType.DAYS else show_whole(value, language)
    return LIST_JOIN.in_language(language).join(show_as(kind, item, currency, language) for item in value)


def _show_decimal(kind: FactType | None, value: Decimal, currency: str, language: Language) -> str:
    match kind:
        case FactType.MONEY:
            return show_money(value, currency, language)
        case FactType.RATIO:
            return _apply(_PERCENT, value.quantize(_THOUSANDTH, context=EXACT), language)
        case FactType.NUMBER:
            return _apply(_TENTHS, value.quantize(_TENTH, context=EXACT), language)
    return _apply(_TENTHS, value, language, is_rounded=False)


def show_money(amount: Decimal, currency: str, language: Language) -> str:
    """`CNY 12,500.00`: the code, and the amount in groups with the currency's decimals."""
    pattern = _money_pattern(minor_unit(currency))
    return f"{currency} {_apply(pattern, round_half_even(amount, currency), language)}"


@cache
def _money_pattern(decimals: int) -> NumberPattern:
    return parse_pattern("#,##0." + "0" * decimals if decimals else "#,##0")


def show_percent(percent: Decimal, language: Language) -> str:
    """`33.3%` for 33.3, with all decimals that it has."""
    return _apply(_PERCENT, percent.scaleb(-2, EXACT), language, is_rounded=False)


def show_whole(number: int, language: Language) -> str:
    """`3`, `12,500`. Below a thousand there is nothing to group, and no language of ours writes other digits."""
    return str(number) if -1000 < number < 1000 else _apply(_TENTHS, Decimal(number), language)


def show_days(days: int, language: Language) -> str:
    """`1 day`, `30 days`, `30 天`."""
    number = show_whole(days, language)
    if language is Language.ZH:
        return f"{number} 天"
    return f"{number} day" if abs(days) == 1 else f"{number} days"


def show_day(day: date, language: Language) -> str:
    """`November 23, 2026`, `2026年11月23日`."""
    return format_date(day, "long", _LOCALES[language])


def _apply(pattern: NumberPattern, value: Decimal, language: Language, *, is_rounded: bool = True) -> str:
    """Babel reckons in the context of the thread, which would round to 28 digits; minus zero is zero."""
    with localcontext(EXACT):
        return str(pattern.apply(value + ZERO, _LOCALES[language], decimal_quantization=is_rounded))
