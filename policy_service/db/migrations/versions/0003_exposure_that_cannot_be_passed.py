"""The life of orders, held orders, events and jobs"""

from __future__ import annotations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _orders()
    _holds()
    _events()
    _jobs()


def downgrade() -> None:
    _without_jobs()
    _without_events()
    _without_holds()
    _without_orders()


def _orders() -> None:
    pass


def _without_orders() -> None:
    pass


def _holds() -> None:
    pass


def _without_holds() -> None:
    pass


def _events() -> None:
    pass


def _without_events() -> None:
    pass


def _jobs() -> None:
    pass


def _without_jobs() -> None:
    pass
