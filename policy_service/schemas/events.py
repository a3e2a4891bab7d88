"""What is said of a new webhook."""

from __future__ import annotations

from dataclasses import dataclass

from policy_service.domain.event_kinds import EventKind
from policy_service.schemas.base import DocumentSchema
from policy_service.schemas.fields import OneOf, Several, Words
from rules.texts import Text

_LONGEST_URL = 2000


@dataclass(frozen=True, slots=True)
class WebhookDocument:
    """Where events are to be sent, and which; None: all kinds."""

    url: str
    kinds: tuple[EventKind, ...] | None = None


class WebhookDocumentSchema(DocumentSchema[WebhookDocument]):
    """A new webhook."""

    makes = WebhookDocument

    url = Words(
        Text("https address that takes the messages", "接收消息的 https 地址"), longest=_LONGEST_URL, required=True
    )
    kinds = Several(
        Text("Kinds of events to send; left out: all", "要发送的事件种类；省略则全部"),
        OneOf(Text("Kind", "种类"), EventKind, required=True),
        at_most=len(EventKind),
        load_default=None,
    )


WEBHOOK = WebhookDocumentSchema()
