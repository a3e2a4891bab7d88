"""What is said when an emergency brake is pulled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from policy_service.schemas.base import DocumentSchema
from policy_service.schemas.fields import Instant, Words
from rules.texts import Text


@dataclass(frozen=True, slots=True)
class Freeze:
    """Why every order is held, and until when."""

    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Stop:
    """Why every order of a customer is rejected, and until when; None: until another person lets it go."""

    reason: str
    until: datetime | None = None


def _reason() -> Words:
    return Words(Text("Why; told with every decision", "原因；随每个决定告知"), longest=500, required=True)


class FreezeSchema(DocumentSchema[Freeze]):
    """A freeze of every order."""

    makes = Freeze

    reason = _reason()
    until = Instant(Text("When it ends by itself, in the future", "自动结束的时刻，须在将来"), required=True)


class StopSchema(DocumentSchema[Stop]):
    """An emergency stop of one customer."""

    makes = Stop

    reason = _reason()
    until = Instant(Text("When it ends by itself, in the future", "自动结束的时刻，须在将来"))


FREEZE = FreezeSchema()
STOP = StopSchema()
