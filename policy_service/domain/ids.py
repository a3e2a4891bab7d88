"""Ids that sort by time."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime


def new_id(now: datetime) -> str:
    """A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then 74 random bits."""
    milliseconds = int(now.timestamp() * 1000)
    value = (milliseconds << 80) | secrets.randbits(80)
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return str(uuid.UUID(int=value))


def first_id(now: datetime) -> str:
    """The lowest id that `new_id` could have made at `now`: where a period of ids begins."""
    return str(uuid.UUID(int=int(now.timestamp() * 1000) << 80))
