"""What an operation promises, as OpenAPI has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from marshmallow import Schema

from api.auth import Access
from policy_service.schemas import DocumentSchema
from rules.texts import Text

T = TypeVar("T")

SECURITY_SCHEME = "apiKey"
METRICS_SCHEME = "metricsToken"


@dataclass(frozen=True, slots=True)
class Body(Generic[T]):
    """A JSON body. An `unread` one is handed over as the JSON object it is, for the handler to complete and read."""

    schema: DocumentSchema[T]
    required: bool = True
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """The contract of one operation.

    `answers` maps statuses to schemas, `errors` are those it adds of its own. A `versioned` document has an ETag. The
    handler of one `in_parts` takes, after the call, what does a part in a transaction of its own (see api.parts).
    """

    method: str
    access: Access
    summary: Text
    answers: Mapping[int, type[Schema] | None]
    body: Body[Any] | None = None
    query: DocumentSchema[Any] | None = None
    errors: tuple[int, ...] = ()
    media_type: str = "application/json"
    versioned: bool = False
    in_parts: bool = False

    def described(self) -> dict[str, Any]:
        """The operation object of OpenAPI."""
        document: dict[str, Any] = {
            "summary": self.summary.en,
            "x-summary-zh": self.summary.zh,
            "security": self._security(),
            "parameters": self._parameters(),
            "responses": {str(status): self._answer(status) for status in self.answers}
            | {str(status): problem_name(status) for status in self._errors()},
        }
        if self.body is not None:
            content = {"application/json": {"schema": self.body.schema}}
            document["requestBody"] = {"required": self.body.required, "content": content}
        return document

    def _security(self) -> list[dict[str, list[str]]]:
        wanted = [{SECURITY_SCHEME: [scope.value]} for scope in sorted(self.access.scopes)]
        return [*wanted, {METRICS_SCHEME: []}] if self.access.metrics_token else wanted

    def _parameters(self) -> list[Any]:
        parameters: list[Any] = ["AcceptLanguage"]
        if self.method == "POST":
            parameters.append("IdempotencyKey")
        if self.versioned and self.method != "GET":
            parameters.append("IfMatch")
        if self.query is not None:
            parameters.append({"in": "query", "schema": self.query})
        return parameters

    def _answer(self, status: int) -> dict[str, Any]:
        schema = self.answers[status]
        content: dict[str, Any] = {"schema": schema} if schema else {}
        return {
            "description": HTTPStatus(status).phrase,
            "content": {self.media_type: content},
            "headers": {name: {"schema": {"type": "string"}} for name in self._headers()},
        }

    def _headers(self) -> list[str]:
        """What answers carry beside what all of them do."""
        return [*(["ETag"] if self.versioned else []), *(["Idempotent-Replayed"] if self.method == "POST" else [])]

    def _errors(self) -> list[int]:
        found = {500, 503, *self.errors}
        if not self.access.public:
            found |= {401, 403}
        if self.method == "POST":
            found |= {409, 422}
        if self.body is not None:
            found |= {400, 413, 415, 422}
        if self.query is not None:
            found.add(422)
        return sorted(found)


def problem_name(status: int) -> str:
    """The name of the component that describes the problem answered with `status`."""
    return "".join(word.capitalize() for word in HTTPStatus(status).name.split("_"))
