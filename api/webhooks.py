"""Webhooks: where events are sent to."""

from __future__ import annotations

from typing import Any

from api.auth import needs
from api.blueprint import ApiBlueprint
from api.context import Call
from api.operations import Body, Operation
from api.queries import NumberedPage, NumberedPageSchema, page_of
from api.replies import Answer
from api.schemas.events import NewWebhookSchema, WebhookListSchema, WebhookSchema
from policy_service.domain.permissions import Scope
from policy_service.schemas.events import WEBHOOK, WebhookDocument
from policy_service.services.feed import arrange, end_of_feed
from policy_service.services.webhooks import (
    create_webhook,
    delete_webhook,
    get_webhook,
    list_webhooks,
    resume_webhook,
    webhook_document,
)
from rules.texts import Text

blueprint = ApiBlueprint("webhooks", Text("Webhooks", "事件推送"))

_ADMINS = needs(Scope.ADMIN)


@blueprint.serve(
    Operation(
        "POST",
        _ADMINS,
        Text("Have events sent to an address", "将事件发送到一个地址"),
        {201: NewWebhookSchema},
        Body(WEBHOOK),
    ),
    "/v1/webhooks",
)
def add_webhook(call: Call[WebhookDocument]) -> Answer:
    """Send what happens from now on; the answer holds the secret of the signatures, which is told this once."""
    allow_private = call.config.webhooks_to_private_addresses
    webhook = create_webhook(
        call.session, call.actor, call.sent.url, call.sent.kinds, call.moment.now, allow_private=allow_private
    )
    return Answer({**webhook_document(webhook, webhook.position), "secret": webhook.secret}, 201)


@blueprint.serve(
    Operation(
        "GET", _ADMINS, Text("List webhooks", "列出 webhook"), {200: WebhookListSchema}, query=NumberedPageSchema()
    ),
    "/v1/webhooks",
)
def webhooks(call: Call[NumberedPage]) -> Answer:
    """The webhooks, in the order in which they were added."""
    end = _end(call)
    found = list_webhooks(call.session, limit=call.sent.limit + 1, after=call.sent.cursor)
    return Answer(
        page_of(found, call.sent.limit, lambda each: webhook_document(each, end), lambda each: str(each.id))
    )


@blueprint.serve(
    Operation("GET", _ADMINS, Text("Read a webhook", "读取 webhook"), {200: WebhookSchema}, errors=(404,)),
    "/v1/webhooks/<number:webhook_id>",
)
def webhook(call: Call[None], webhook_id: int) -> Answer:
    """One webhook, without its secret."""
    end = _end(call)
    return Answer(webhook_document(get_webhook(call.session, webhook_id), end))


@blueprint.serve(
    Operation(
        "DELETE",
        _ADMINS,
        Text("Send nothing more to an address", "停止向一个地址发送"),
        {200: WebhookSchema},
        errors=(404,),
    ),
    "/v1/webhooks/<number:webhook_id>",
)
def remove_webhook(call: Call[None], webhook_id: int) -> Answer:
    """Delete a webhook; the answer is what it was."""
    end = _end(call)
    return Answer(webhook_document(delete_webhook(call.session, call.actor, webhook_id, call.moment.now), end))


@blueprint.serve(
    Operation(
        "POST",
        _ADMINS,
        Text("Go on where a failing or disabled webhook stopped", "从失败或停用处继续投递"),
        {200: WebhookSchema},
        errors=(404,),
    ),
    "/v1/webhooks/<number:webhook_id>/resume",
)
def resume_deliveries(call: Call[None], webhook_id: int) -> Answer:
    """Try again at once; nothing is left out."""
    end = _end(call)
    return Answer(webhook_document(resume_webhook(call.session, call.actor, webhook_id, call.moment.now), end))


def _end(call: Call[Any]) -> int:
    arrange(call.session)
    return end_of_feed(call.session)
