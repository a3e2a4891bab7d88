"""Bodies of requests: how large they may be, and why what is not wanted is still read."""

from __future__ import annotations

from contextlib import suppress

from flask import Response, request

from api.faults import BodyTooLarge, Malformed, WrongContentType

LARGEST = 1024 * 1024
DRAINED = 16 * LARGEST
_PIECE = 64 * 1024


def read_body() -> bytes:
    """The body as it was sent. Raises BodyTooLarge; Malformed where it ends before its time."""
    declared = request.content_length
    if declared is not None and declared > LARGEST:
        raise BodyTooLarge
    try:
        body = _read(LARGEST + 1)
    except Exception as error:  # Each server has its own exceptions for a body that breaks off.
        raise Malformed("The body ended before it was complete.") from error
    if len(body) > LARGEST:
        raise BodyTooLarge
    if declared is not None and len(body) < declared:
        raise Malformed("The body is shorter than its Content-Length.")
    return body


def require_json() -> None:
    """Raise WrongContentType unless the body is declared as JSON in UTF-8, uncompressed."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if (request.mimetype, charset, encoding) != ("application/json", "utf-8", "identity"):
        raise WrongContentType


def drain(response: Response) -> Response:
    """Read the rest of the body: closing on unread data resets the connection, and the answer would be lost."""
    left = DRAINED
    with suppress(Exception):  # Whatever is wrong with the body, there is an answer to give.
        while left > 0 and (piece := request.stream.read(min(_PIECE, left))):
            left -= len(piece)
    return response


def _read(size: int) -> bytes:
    """Up to `size` bytes, however small the pieces in which they come."""
    pieces = []
    while size > 0 and (piece := request.stream.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
