"""What a running application works with: settings, database, clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from policy_service.config import Config
from policy_service.db.engine import Sessions

EXTENSION = "credit_policy"
"""Its name in `app.extensions`."""


def utc_now() -> datetime:
    """The instant, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Wiring:
    """Kept in `app.extensions`; `clock` is another one in tests."""

    config: Config
    sessions: Sessions
    clock: Callable[[], datetime] = utc_now

    def now(self) -> datetime:
        """The instant, UTC."""
        return self.clock()
