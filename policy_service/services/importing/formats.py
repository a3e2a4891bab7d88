"""How people write days and numbers, and what is meant by them.

A day is read by a pattern such as `M/D/YYYY`, a number by its decimal and thousands marks. Nothing is guessed:
what does not fit the pattern is refused, not read another way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from policy_service.domain.errors import Invalid

_TOKENS = {
    "YYYY": r"(?P<year>[0-9]{4})",
    "MM": r"(?P<month>[0-9]{2})",
    "M": r"(?P<month>[0-9]{1,2})",
    "DD": r"(?P<day>[0-9]{2})",
    "D": r"(?P<day>[0-9]{1,2})",
}
_TOKEN = re.compile("YYYY|MM|M|DD|D")
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DIGITS_OF_A_SHEET = 15
"""A spreadsheet computes in floats and shows 15 digits; what is beyond them is noise."""


@dataclass(frozen=True, slots=True)
class DateFormat:
    """A way to write days: `YYYY`, `MM` or `M`, `DD` or `D`, and whatever stands between them."""

    pattern: str
    regex: re.Pattern[str]

    @classmethod
    def of(cls, pattern: str) -> DateFormat:
        """The format of a pattern such as `D.M.YYYY`: year, month and day, each once. Raises Invalid."""
        parts = {token[0] for token in _TOKEN.findall(pattern)}
        if parts != {"Y", "M", "D"} or len(_TOKEN.findall(pattern)) != 3:
            raise Invalid(f"{pattern!r} must name YYYY, M or MM, and D or DD, each once, such as M/D/YYYY")
        pieces = re.split("(YYYY|MM|M|DD|D)", pattern)
        return cls(pattern, re.compile("".join(_TOKENS.get(piece) or re.escape(piece) for piece in pieces)))

    def read(self, cell: object) -> date:
        """The day in a cell; a cell that a spreadsheet holds as a date is one already. Raises Invalid."""
        if isinstance(cell, date):
            return cell.date() if isinstance(cell, datetime) else cell
        found = self.regex.fullmatch(str(cell).strip())
        try:
            if found:
                return date(int(found["year"]), int(found["month"]), int(found["day"]))
        except ValueError:
            pass
        raise Invalid(f"{str(cell)!r} is not a day written as {self.pattern}")


ISO_DAYS = DateFormat.of("YYYY-MM-DD")


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """The marks in a number: `1.234,56` has decimal `,` and thousands `.`."""

    decimal: str = "."
    thousands: str = ""

    def plain(self, cell: object) -> str:
        """The number as `1234.56`; a cell that is no number in this format comes back as it is, to be refused."""
        if isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool):
            return _plain_cell(cell)
        text = str(cell).strip()
        whole, mark, decimals = text.partition(self.decimal)
        if self.thousands and self.thousands in whole:
            if not re.fullmatch(rf"-?[0-9]{{1,3}}({re.escape(self.thousands)}[0-9]{{3}})+", whole):
                return text
            whole = whole.replace(self.thousands, "")
        number = f"{whole}.{decimals}" if mark else whole
        return number if _PLAIN_NUMBER.fullmatch(number) else text


def _plain_cell(cell: float | Decimal) -> str:
    exact = Decimal(f"{cell:.{_DIGITS_OF_A_SHEET}g}") if isinstance(cell, float) else Decimal(cell)
    if not exact.is_finite():
        return str(cell)
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain_text(cell: object) -> str:
    """A cell as text; a whole number that a spreadsheet holds as a float has no `.0`."""
    return _plain_cell(cell) if isinstance(cell, float) else str(cell).strip()
