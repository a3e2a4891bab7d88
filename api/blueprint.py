"""A blueprint whose operations carry their contract: who may call, what comes in, what goes out.

Flask-Smorest makes the OpenAPI document of it. Bodies are read and answers written here, since its own way coerces
what is to be refused, and dumps through a schema what is a plain document already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask_smorest
from flask import Response, g
from sqlalchemy.orm import Session

from api import idempotency, transactions
from api.auth import guard
from api.bodies import read_body, require_json
from api.context import Call, language, moment, session, wiring
from api.errors import answer_error
from api.json_loader import load_json
from api.operations import Body, Operation
from api.parts import in_parts
from api.paths import check_ids
from api.queries import read_query
from api.replies import Answer, Reply
from policy_service.domain.actors import Actor
from policy_service.schemas import read, refusal
from rules.texts import Text

Handler = Callable[..., Answer]


class ApiBlueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A resource. What is routed here without `serve` is closed: it has no access."""

    def __init__(self, name: str, about: Text) -> None:
        super().__init__(name, __name__, template_folder="templates", description=about.en)
        self.about = about
        self.before_request(guard)
        self.register_error_handler(Exception, answer_error)

    def serve(self, operation: Operation, *paths: str) -> Callable[[Handler], Handler]:
        """Serve `paths` with a handler that takes a Call and the ids of the path, and returns an Answer."""

        def decorate(handler: Handler) -> Handler:
            def view(**ids: Any) -> Response:
                check_ids(operation.method, ids)
                return _perform(operation, handler, ids).response()

            view.access = operation.access  # type: ignore[attr-defined]
            view.provide_automatic_options = False  # type: ignore[attr-defined]
            for number, path in enumerate(paths, start=1):
                name = handler.__name__ if number == 1 else f"{handler.__name__}_{number}"
                documented = self.doc(operationId=name, **operation.described())(view)
                self.add_url_rule(path, name, documented, methods=[operation.method])
            return handler

        return decorate


def _perform(operation: Operation, handler: Handler, ids: dict[str, Any]) -> Reply:
    body = _body(operation.body)

    def work(unit: Session, *more: Any) -> Reply:
        call = Call(
            session=unit,
            actor=g.get("api_actor", _NOBODY),
            moment=moment(),
            language=language(),
            config=wiring().config,
            sent=_sent(operation, body),
        )
        return Reply.of(handler(call, *more, **ids))

    claim = idempotency.claim(body)
    if operation.in_parts:
        return in_parts(claim, lambda part: work(session(), part))
    return transactions.run(work) if claim is None else idempotency.once(claim, work)


def _body(wanted: Body[Any] | None) -> bytes:
    """The bytes of the body; what nobody wants is left for `drain`."""
    if wanted is None:
        return b""
    body = read_body()
    if body or wanted.required:
        require_json()
    return body


def _sent(operation: Operation, body: bytes) -> Any:
    if operation.query is not None:
        return read_query(operation.query)
    if operation.body is None:
        return None
    document = load_json(body) if body or operation.body.required else {}
    if not operation.body.unread:
        return read(operation.body.schema, document)
    if not isinstance(document, dict):
        raise refusal("", "object")
    return document


_NOBODY = Actor()
