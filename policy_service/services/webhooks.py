"""Webhooks: addresses that the events feed is sent to, each in order, from the moment on at which it was added."""

from __future__ import annotations

import base64
import ipaddress
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from policy_service.db.models import Webhook
from policy_service.domain.actors import Actor
from policy_service.domain.days import rfc3339
from policy_service.domain.errors import WebhookNotFound
from policy_service.domain.event_kinds import EventKind
from policy_service.schemas.faults import refusal
from policy_service.services.audit import record_event
from policy_service.services.feed import arrange, end_of_feed
from policy_service.services.persons import name_of

_SECRET_PREFIX = "whsec_"  # noqa: S105  (it says what a secret is)
_SECRET_BYTES = 32
_LOCAL = ("localhost", "127.0.0.1", "::1")


def create_webhook(
    session: Session,
    actor: Actor,
    url: str,
    kinds: Collection[EventKind] | None,
    now: datetime,
    *,
    allow_private: bool,
) -> Webhook:
    """Add an address; its secret is told to nobody again.

    Raises DocumentRefused for an address that is not allowed, and for an empty list of kinds.
    """
    refuse_address(url, allow_private=allow_private)
    if kinds is not None and not kinds:
        raise refusal("/kinds", "blank")
    arrange(session)
    webhook = Webhook(
        url=url,
        kinds=None if kinds is None else sorted(set(kinds)),
        secret=_SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode("ascii"),
        created_by=name_of(actor),
        created_at=now,
        position=end_of_feed(session),
        failures=0,
    )
    session.add(webhook)
    session.flush()
    _record(session, actor, "webhook.created", webhook, now)
    return webhook


def list_webhooks(session: Session, *, limit: int = 50, after: int = 0) -> list[Webhook]:
    """Webhooks in the order in which they were added, those after the id `after`."""
    return list(session.scalars(select(Webhook).where(Webhook.id > after).order_by(Webhook.id).limit(limit)))


def get_webhook(session: Session, webhook_id: int, *, lock: bool = False) -> Webhook:
    """One webhook, nobody else's until the transaction ends where it is locked. Raises WebhookNotFound."""
    webhook = session.get(Webhook, webhook_id, with_for_update=lock or None, populate_existing=lock)
    if webhook is None:
        raise WebhookNotFound(f"There is no webhook {webhook_id}.")
    return webhook


def delete_webhook(session: Session, actor: Actor, webhook_id: int, now: datetime) -> Webhook:
    """Send it nothing more; what is under way may still arrive. Raises WebhookNotFound."""
    webhook = get_webhook(session, webhook_id, lock=True)
    session.delete(webhook)
    _record(session, actor, "webhook.deleted", webhook, now)
    return webhook


def resume_webhook(session: Session, actor: Actor, webhook_id: int, now: datetime) -> Webhook:
    """Go on at once where a failing or disabled webhook stopped; nothing is left out. Raises WebhookNotFound."""
    webhook = get_webhook(session, webhook_id, lock=True)
    webhook.failures, webhook.failing_since, webhook.next_attempt_at, webhook.disabled_at = 0, None, None, None
    _record(session, actor, "webhook.resumed", webhook, now)
    return webhook


def refuse_address(url: str, *, allow_private: bool) -> None:
    """Let only https pass, and http to this machine. Raises DocumentRefused.

    Names are looked up when something is sent; here only what is written as a private address is refused.
    """
    parts = _parts(url)
    if parts is None or parts.username is not None or parts.password is not None or parts.fragment:
        raise refusal("/url", "webhook_url")
    host = parts.hostname or ""
    if parts.scheme != "https" and host not in _LOCAL:
        raise refusal("/url", "webhook_url")
    if not allow_private and (host in _LOCAL or host.endswith(".localhost") or _is_private(host)):
        raise refusal("/url", "webhook_private")


def webhook_document(webhook: Webhook, end: int) -> dict[str, Any]:
    """A webhook as it is read, without its secret; `end` is the newest event of the feed."""
    state = "disabled" if webhook.disabled_at else "failing" if webhook.failing_since else "active"
    return {
        "id": webhook.id,
        "url": webhook.url,
        "kinds": webhook.kinds,
        "status": state,
        "created_by": webhook.created_by,
        "created_at": rfc3339(webhook.created_at),
        "last_delivered_at": _when(webhook.last_delivered_at),
        "failing_since": _when(webhook.failing_since),
        "next_attempt_at": _when(webhook.next_attempt_at),
        "last_error": webhook.last_error,
        "is_behind": webhook.position < end,
    }


def _parts(url: str) -> SplitResult | None:
    """The parts of an http address; None for anything else."""
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return None
    plain = url.isascii() and url.isprintable() and " " not in url
    return parts if plain and has_port and parts.hostname and parts.scheme in ("http", "https") else None


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def _record(session: Session, actor: Actor, action: str, webhook: Webhook, now: datetime) -> None:
    detail = {"url": webhook.url, "kinds": webhook.kinds}
    record_event(session, actor, action, "webhook", str(webhook.id), detail, now)
    session.flush()


def _when(instant: datetime | None) -> str | None:
    return rfc3339(instant) if instant else None
