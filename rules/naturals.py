"""Numbers as a person would pick them: 0.8 between 0.5 and 0.95, 4 above 3, 30000 between 20000 and 40000."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from policy_service.domain.money import EXACT

_MIN_ROOM = 4


def natural_between(low: Fraction | None, high: Fraction | None, *, is_whole: bool, span: int) -> Fraction | None:
    """A number strictly between two others; None as an end is without end, None comes back where there is none.

    `span` is how far from an only end to look.
    """
    if low is not None and high is not None:
        return _roundest(low, high, is_whole)
    if low is not None:
        far = low + max(abs(low), Fraction(span))
        return _next_whole(low) if is_whole else _roundest(low, far, is_whole)
    if high is None:
        return natural_between(Fraction(0), None, is_whole=is_whole, span=span)
    if high > 0:
        found = _roundest(Fraction(0), high, is_whole)
        return Fraction(0) if found is None else found
    mirrored = natural_between(-high, None, is_whole=is_whole, span=span)
    return None if mirrored is None else -mirrored


def _next_whole(low: Fraction) -> Fraction:
    return Fraction(math.floor(low) + 1)


def _roundest(low: Fraction, high: Fraction, is_whole: bool) -> Fraction | None:
    """A round number strictly between; with as many decimals as it takes to have a choice."""
    if low >= high:
        return None
    scale = 1
    while not is_whole and (high - low) * scale < _MIN_ROOM:
        scale *= 10
    first, last = math.floor(low * scale) + 1, math.ceil(high * scale) - 1
    return Fraction(_roundest_whole(first, last), scale) if first <= last else None


def _roundest_whole(first: int, last: int) -> int:
    """The multiple of the coarsest of 1, 2, 5, 10, 20, ... within; of several the one nearest to the middle."""
    if first <= 0 <= last:
        return 0
    power = int(10 ** len(str(last - first)))
    while True:
        for divisor in (1, 2, 5):
            size = max(power // divisor, 1)
            found = (first + last + size) // (2 * size) * size
            if first <= found <= last:
                return found
        power = max(power // 10, 1)


def as_decimal(number: Fraction) -> Decimal | None:
    """The number as a decimal; None where its decimals never end."""
    rest, places = number.denominator, 0
    for factor in (10, 5, 2):
        while rest % factor == 0:
            rest //= factor
            places += 1
    if rest != 1:
        return None
    return Decimal(number.numerator * 10**places // number.denominator).scaleb(-places, EXACT)
