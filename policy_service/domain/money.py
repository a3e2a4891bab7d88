"""Money is an exact decimal in a currency of ISO 4217, within that currency's minor unit.

Minor units: ISO 4217:2015, list one. Arithmetic runs in `EXACT`, a context wide enough that sums and products
of the amounts this service accepts are never rounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

from policy_service.domain.currencies import MINOR_UNITS
from policy_service.domain.errors import Invalid, UnknownCurrency

EXACT = Context(prec=120)
RATIO = Context(prec=28)
ZERO = Decimal(0)

MONEY_PATTERN = r"[0-9]{1,15}(\.[0-9]+)?"
_MONEY = re.compile(MONEY_PATTERN)


def minor_unit(currency: str) -> int:
    """The number of decimals of `currency`: 2 for CNY, 0 for JPY, 3 for KWD. Raises UnknownCurrency."""
    try:
        return MINOR_UNITS[currency]
    except KeyError:
        raise UnknownCurrency(f"{currency!r} is not an ISO 4217 currency code.") from None


def parse_money(text: str, currency: str) -> Decimal:
    """Read `[0-9]{1,15}(\\.[0-9]+)?` with no more decimals than `currency` has. Raises Invalid, never rounds."""
    if not _MONEY.fullmatch(text):
        raise Invalid('must be a decimal string such as "1250.00", with at most 15 digits before the point')
    decimals = len(text.partition(".")[2])
    if decimals > minor_unit(currency):
        raise Invalid(f"has {decimals} decimals; {currency} has {minor_unit(currency)}")
    return Decimal(text)


def money_text(amount: Decimal, currency: str) -> str:
    """`amount` as the API writes it: with the currency's decimals, rounded half to even where it has more."""
    return format(round_half_even(amount, currency), "f")


def round_half_even(amount: Decimal, currency: str) -> Decimal:
    """`amount` to the minor unit, half to even: for amounts that are shown."""
    return _quantize(amount, currency, ROUND_HALF_EVEN)


def round_up(amount: Decimal, currency: str) -> Decimal:
    """`amount` to the minor unit, never less: for what a customer must pay."""
    return _quantize(amount, currency, ROUND_CEILING)


def round_down(amount: Decimal, currency: str) -> Decimal:
    """`amount` to the minor unit, never more: for what is granted."""
    return _quantize(amount, currency, ROUND_FLOOR)


def _quantize(amount: Decimal, currency: str, rounding: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-minor_unit(currency)), rounding=rounding, context=EXACT)


def plain(value: Decimal) -> str:
    """A ratio or average without exponent and without trailing zeros: `0.75`, `30`, `0`."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of the base currency for one unit of a currency, known on or before the day `as_of`."""

    per_unit: Decimal
    as_of: date


def convert(amount: Decimal, source: Rate, target: Rate) -> Decimal:
    """`amount` of the source currency in the target currency, to 28 significant digits."""
    return RATIO.divide(EXACT.multiply(amount, source.per_unit), target.per_unit)
