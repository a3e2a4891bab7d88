"""Answers: what a handler returns, and what is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response

JSON = "application/json"
NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """A document and the status it is sent with; of another media type than JSON, a text."""

    document: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON


def stored(document: Any, *, created: bool, headers: Mapping[str, str] = NO_HEADERS) -> Answer:
    """The answer to a PUT: 201 for what is new, 200 for what was replaced."""
    return Answer(document, 201 if created else 200, headers)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as text."""

    body: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON

    @classmethod
    def of(cls, answer: Answer) -> Reply:
        """The answer, its document written as JSON."""
        text = json_text(answer.document) if answer.media_type == JSON else answer.document
        return cls(text, answer.status, answer.headers, answer.media_type)

    def response(self) -> Response:
        """The answer as Flask sends it."""
        return Response(self.body, self.status, self.headers, content_type=self.content_type)


def json_text(document: Any) -> str:
    """JSON in UTF-8, without spaces. Decimals must have been made text before."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
