"""Settings, all from the environment, each documented here and in docs/operations.md."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from policy_service.domain.errors import Invalid
from policy_service.domain.money import minor_unit


@dataclass(frozen=True, slots=True)
class Config:
    """One typed place for every setting.

    home: `CREDIT_POLICY_HOME`, where the embedded database and the secrets live (default `./var`).
    database_url: `DATABASE_URL`, a PostgreSQL 15 or later to use instead of the embedded one (runtime role).
    migration_database_url: `MIGRATION_DATABASE_URL`, the owner of the tables, where it differs.
    timezone: `BUSINESS_TIMEZONE`, in which a business day is taken (default UTC).
    base_currency: `BASE_CURRENCY`, in which exchange rates are given (default CNY).
    metrics_token: `METRICS_TOKEN`, lets a Prometheus read `/metrics` without an API key (default: none).
    secure_cookies: `SECURE_COOKIES`, 0 where the admin panel is served over plain http on this machine (default 1).
    session_minutes: `SESSION_MINUTES`, idle minutes after which a person must sign in again (default 60).
    webhooks_to_private_addresses: `WEBHOOKS_TO_PRIVATE_ADDRESSES`, 1 where webhooks may reach this machine and the
        networks around it (default 0: only addresses of the internet).
    """

    home: Path
    database_url: str | None
    migration_database_url: str | None
    timezone: ZoneInfo
    base_currency: str
    metrics_token: str | None
    secure_cookies: bool
    session_minutes: int
    webhooks_to_private_addresses: bool = False

    @property
    def embedded(self) -> bool:
        """Whether the service brings its own PostgreSQL."""
        return self.database_url is None


def load_config(environment: Mapping[str, str] = os.environ) -> Config:
    """Read the settings. Raises Invalid, naming the variable, for a value that makes no sense."""
    base_currency = environment.get("BASE_CURRENCY", "CNY")
    minor_unit(base_currency)
    return Config(
        home=Path(environment.get("CREDIT_POLICY_HOME", "var")).expanduser().absolute(),
        database_url=_sqlalchemy_url(environment.get("DATABASE_URL")),
        migration_database_url=_sqlalchemy_url(environment.get("MIGRATION_DATABASE_URL")),
        timezone=_timezone(environment.get("BUSINESS_TIMEZONE", "UTC")),
        base_currency=base_currency,
        metrics_token=environment.get("METRICS_TOKEN") or None,
        secure_cookies=environment.get("SECURE_COOKIES", "1") != "0",
        session_minutes=_minutes(environment.get("SESSION_MINUTES", "60")),
        webhooks_to_private_addresses=environment.get("WEBHOOKS_TO_PRIVATE_ADDRESSES", "0") == "1",
    )


def _sqlalchemy_url(url: str | None) -> str | None:
    """`postgres://` and `postgresql://` as people write them, with the driver that is installed here."""
    if not url:
        return None
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.partition("+")[0] not in ("postgres", "postgresql"):
        raise Invalid("DATABASE_URL and MIGRATION_DATABASE_URL must be postgresql:// addresses")
    return f"postgresql+psycopg://{rest}"


def _timezone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Invalid(f"BUSINESS_TIMEZONE: {name!r} is not a timezone such as Asia/Shanghai") from None


def _minutes(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 10080):
        raise Invalid("SESSION_MINUTES must be a whole number from 1 to 10080")
    return int(text)
