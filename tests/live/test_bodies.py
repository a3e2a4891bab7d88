"""Bodies as sockets carry them: whatever a client sends, it can read the answer."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from tests.live.conftest import Service

MEGABYTE = 1024 * 1024
_HOST = "Host: localhost\r\n"


def exchange(service: Service, sent: bytes, *, half_close: bool = False) -> tuple[int, str, dict[str, Any]]:
    """Send raw bytes, all of them, before reading; status, headers and document of the answer."""
    host, port = service.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(sent)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode("latin-1").lower(), json.loads(body)


def request(
    service: Service, headers: str, body: bytes, *, key: str | None = None, path: str = "/check-order"
) -> bytes:
    """A POST as bytes."""
    head = f"POST {path} HTTP/1.1\r\n{_HOST}Authorization: Bearer {key or service.key}\r\n"
    return f"{head}Content-Type: application/json\r\n{headers}\r\n".encode() + body


def chunked(body: bytes, size: int = 65536) -> bytes:
    """A body in chunks."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def order(size: int) -> bytes:
    """A well-formed order of `size` bytes, refused for a field that nobody knows."""
    document = b'{"padding": "%s"}'
    return document % (b"x" * (size - len(document) + 2))


@pytest.mark.parametrize("size", [5 * MEGABYTE, MEGABYTE + 1])
def test_a_body_over_one_mebibyte_is_refused_with_an_answer_that_the_client_can_read(
    service: Service, size: int
) -> None:
    status, head, document = exchange(service, request(service, f"Content-Length: {size}\r\n", order(size)))
    assert (status, document["code"]) == (413, "body_too_large")
    assert "content-type: application/problem+json" in head


def test_a_body_of_one_mebibyte_is_read(service: Service) -> None:
    body = order(MEGABYTE)
    status, _, document = exchange(service, request(service, f"Content-Length: {len(body)}\r\n", body))
    assert (status, document["code"]) == (422, "validation_error")


def test_a_chunked_body_without_a_length_is_measured_as_it_comes(service: Service) -> None:
    headers = "Transfer-Encoding: chunked\r\n"
    status, _, document = exchange(service, request(service, headers, chunked(order(5 * MEGABYTE))))
    assert (status, document["code"]) == (413, "body_too_large")
    status, _, document = exchange(service, request(service, headers, chunked(order(1000), size=7)))
    assert (status, document["code"]) == (422, "validation_error")


@pytest.mark.parametrize(
    ("path", "key", "code"),
    [
        ("/check-order", "cp_wrong", "unauthenticated"),
        ("/nope", None, "not_found"),
        ("/v1/customers", None, "method_not_allowed"),
    ],
)
def test_what_is_refused_for_another_reason_is_read_to_its_end_too(
    service: Service, path: str, key: str | None, code: str
) -> None:
    size = 5 * MEGABYTE
    sent = request(service, f"Content-Length: {size}\r\n", order(size), path=path, key=key)
    assert exchange(service, sent)[2]["code"] == code


def test_a_body_that_ends_before_its_length_is_malformed(service: Service) -> None:
    sent = request(service, "Content-Length: 1000\r\n", b'{"order_id": "SO-1"}')
    status, _, document = exchange(service, sent, half_close=True)
    assert (status, document["code"]) == (400, "malformed_request")


def test_a_chunked_body_that_breaks_off_is_malformed(service: Service) -> None:
    sent = request(service, "Transfer-Encoding: chunked\r\n", b'14\r\n{"order_id": "SO-1"}')
    status, _, document = exchange(service, sent, half_close=True)
    assert (status, document["code"]) == (400, "malformed_request")


def test_a_body_longer_than_its_length_is_cut_there_and_malformed(service: Service) -> None:
    status, _, document = exchange(service, request(service, "Content-Length: 5\r\n", b'{"order_id": "SO-1"}'))
    assert (status, document["code"]) == (400, "malformed_json")


def test_the_service_still_answers_after_all_that(service: Service) -> None:
    assert service.call("GET", "/healthz") == (200, {"status": "ok"})
