"""An instant says its offset, or it is none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from policy_service.schemas import DocumentRefused, read
from policy_service.schemas.policies import PUBLICATION


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-24T08:00:00Z", datetime(2026, 11, 24, 8, tzinfo=UTC)),
        ("2026-11-24t08:00:00z", datetime(2026, 11, 24, 8, tzinfo=UTC)),
        ("2026-11-24T08:00:00+08:00", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-11-23T19:00:00.5-05:00", datetime(2026, 11, 24, 0, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-11-24T08:00:00.000001Z", datetime(2026, 11, 24, 8, 0, 0, 1, tzinfo=UTC)),
    ],
)
def test_an_instant_is_taken_in_any_offset(written: str, meant: datetime) -> None:
    assert read(PUBLICATION, {"effective_at": written}).effective_at == meant


@pytest.mark.parametrize(
    ("written", "key"),
    [
        (1764000000, "instant"),
        ("", "instant"),
        ("now", "instant"),
        ("2026-11-24", "instant"),
        ("2026-11-24T08:00:00", "instant"),
        ("2026-11-24 08:00:00Z", "instant"),
        ("2026-11-24T08:00Z", "instant"),
        ("2026-11-24T08:00:00.0000001Z", "instant"),
        ("2026-11-24T08:00:00Z\n", "instant"),
        ("2026-11-24T24:00:00Z", "instant"),
        ("2026-02-30T08:00:00Z", "instant"),
        ("2026-11-24T08:00:60Z", "instant"),
        ("2026-11-24T08:00:00+24:00", "instant"),
        ("２026-11-24T08:00:00Z", "instant"),
        ("0001-01-01T00:00:00+01:00", "instant"),
        ("1969-12-31T23:59:59Z", "day_range"),
        ("2200-01-01T00:00:00Z", "day_range"),
    ],
)
def test_what_is_no_instant_is_refused(written: Any, key: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        read(PUBLICATION, {"effective_at": written})
    assert [(fault.pointer, fault.message.key) for fault in refused.value.faults] == [("/effective_at", key)]
