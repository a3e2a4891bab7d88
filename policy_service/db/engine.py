"""Engines and sessions. One engine a process: made after the fork, never shared across it."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import partial

from psycopg import RawCursor
from psycopg.types.json import set_json_loads
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

Sessions = sessionmaker[Session]

# Sums that PostgreSQL hands over as JSON stay exact.
set_json_loads(partial(json.loads, parse_float=Decimal))


# Every statement of a check looks up one account through an index: planning it anew would cost more than running it.
def make_engine(url: str, *, pool_size: int = 5) -> Engine:
    """An engine for `url`, at READ COMMITTED: the account's row lock is what orders two checks."""
    return create_engine(
        url,
        paramstyle="numeric_dollar",
        pool_size=pool_size,
        max_overflow=5,
        pool_pre_ping=False,
        pool_recycle=1800,
        isolation_level="READ COMMITTED",
        connect_args={
            "connect_timeout": 5,
            "cursor_factory": RawCursor,
            "application_name": "credit-policy",
            "prepare_threshold": 1,
            "options": "-c plan_cache_mode=force_generic_plan -c jit=off",
        },
    )


def make_sessions(engine: Engine) -> Sessions:
    """Sessions that keep what they loaded readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False)
