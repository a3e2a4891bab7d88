"""Days and instants: a business day is taken in one timezone, an instant is always UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

EARLIEST_DAY = date(1970, 1, 1)
LATEST_DAY = date(2199, 12, 31)


def business_day(now: datetime, timezone: ZoneInfo) -> date:
    """The calendar day of the instant `now` in the business timezone."""
    return now.astimezone(timezone).date()


def rfc3339(instant: datetime) -> str:
    """An instant as RFC 3339 in UTC with microseconds: `2026-11-23T08:15:00.000000Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happens: the instant, and the business day it falls on."""

    now: datetime
    day: date

    @classmethod
    def at(cls, now: datetime, timezone: ZoneInfo) -> Moment:
        """The instant `now` with its business day."""
        return cls(now, business_day(now, timezone))
