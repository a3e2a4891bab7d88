"""Numbers as a person would pick them: 0.8 between 0.5 and 0.95, 4 above 3, 30000 between 20000 and 40000."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from policy_service.domain.money import EXACT

_STEPS = (Fraction(1), Fraction(1, 2), Fraction(1, 5))


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
    """The multiple of the coarsest step that lies between; of several the one nearest to the middle."""
    if low >= high or (is_whole and _next_whole(low) >= high):
        return None
    if low < 0 < high:
        return Fraction(0)
    middle = (low + high) / 2
    power = _power_of_ten_above(high - low) * 10
    while True:
        for step in _STEPS:
            size = max(power * step, Fraction(1)) if is_whole else power * step
            found = round(middle / size) * size
            if low < found < high:
                return found
        power /= 10


def _power_of_ten_above(width: Fraction) -> Fraction:
    digits = len(str(width.numerator)) - len(str(width.denominator)) + 1
    return Fraction(10) ** digits


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
