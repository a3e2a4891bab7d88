"""What can be wrong with a call itself, before any service is asked."""

from __future__ import annotations

from collections.abc import Iterable

from policy_service.domain.errors import Conflict, CreditPolicyError, Forbidden, Invalid
from policy_service.domain.permissions import Scope
from rules.texts import Text


class Malformed(CreditPolicyError):
    """The request cannot be read."""

    code = "malformed_request"


class MalformedJson(Malformed):
    """The body is not well-formed JSON."""

    code = "malformed_json"


class WrongContentType(CreditPolicyError):
    """The body must be sent as application/json in UTF-8, uncompressed."""

    code = "unsupported_media_type"


class BodyTooLarge(CreditPolicyError):
    """The body is larger than 1 MiB."""

    code = "body_too_large"


class InsufficientScope(Forbidden):
    """The API key lacks the scope for this."""

    code = "insufficient_scope"

    def __init__(self, scopes: Iterable[Scope]) -> None:
        names = ", ".join(sorted(scopes))
        self.text = Text(
            f"This needs an API key with one of these scopes: {names}.",
            f"这需要具有以下权限范围之一的 API 密钥：{names}。",
        )
        super().__init__(self.text.en)


class IdempotencyKeyInvalid(Invalid):
    """An Idempotency-Key has 1 to 255 printable ASCII characters."""

    code = "idempotency_key_invalid"


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key was used with another body."""

    code = "idempotency_key_reused"


class RequestInProgress(Conflict):
    """A request with this Idempotency-Key is still running; try again in a moment."""

    code = "request_in_progress"


class PreconditionMissing(CreditPolicyError):
    """Send If-Match with the ETag of the version that you change."""

    code = "precondition_required"


class PreconditionFailed(CreditPolicyError):
    """The document has changed since; read it again."""

    code = "precondition_failed"


class NotReady(CreditPolicyError):
    """The service cannot decide now: do not confirm orders on credit until it can."""

    code = "not_ready"


class DatabaseUnavailable(CreditPolicyError):
    """The database cannot be reached: do not confirm orders on credit until it can."""

    code = "database_unavailable"


class TooBusy(CreditPolicyError):
    """Too many changes to the same account at once: do not confirm on credit; try again."""

    code = "too_busy"
