"""The base of all answers."""

from __future__ import annotations

from marshmallow import RAISE, Schema


class AnswerSchema(Schema):
    """An answer has the fields that are described, and no others."""

    class Meta:
        """What makes OpenAPI say so."""

        unknown = RAISE
