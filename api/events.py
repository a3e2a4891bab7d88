"""The events feed."""

from __future__ import annotations

from dataclasses import dataclass

from api.auth import needs
from api.blueprint import ApiBlueprint
from api.context import Call
from api.operations import Operation
from api.queries import OPTIONAL, NumberedPage, NumberedPageSchema, wrapped
from api.replies import Answer
from api.schemas.events import EventListSchema
from policy_service.domain.event_kinds import EventKind
from policy_service.domain.permissions import Scope
from policy_service.schemas.fields import OneOf
from policy_service.services.feed import arrange, end_of_feed, event_document, events_after
from rules.texts import Text

blueprint = ApiBlueprint("events", Text("Events", "事件"))


@dataclass(frozen=True, slots=True)
class EventQuery(NumberedPage):
    """From where on events are asked for, and of which kind."""

    kind: EventKind | None = None


class EventQuerySchema(NumberedPageSchema):
    """The query of the feed."""

    makes = EventQuery

    kind = OneOf(Text("Of this kind", "该种类的"), EventKind, **OPTIONAL)


@blueprint.serve(
    Operation(
        "GET",
        needs(Scope.AUDIT_READ, Scope.DATA_READ, Scope.HOLDS),
        Text("Read what happened, the oldest first", "读取发生的事件，最早在前"),
        {200: EventListSchema},
        query=EventQuerySchema(),
    ),
    "/v1/events",
)
def events(call: Call[EventQuery]) -> Answer:
    """The events after the cursor, and the cursor to go on with; what comes later is after it."""
    asked = call.sent
    arrange(call.session)
    end = end_of_feed(call.session)
    kinds = [asked.kind] if asked.kind else None
    found = events_after(call.session, asked.cursor, end, limit=asked.limit, kinds=kinds)
    reached = found[-1].id if len(found) == asked.limit else max(asked.cursor, end)
    return Answer({"items": [event_document(event) for event in found], "next_cursor": wrapped(str(reached))})
