"""Sending one message to one address, and nowhere else: no redirect is followed, no proxy asked, no time wasted."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

_LONGEST_REASON = 200
_TLS = ssl.create_default_context()


class DeliveryFailed(Exception):
    """The message was not taken; the text says why. `is_gone` where the address says it will never take one again."""

    def __init__(self, reason: str, *, is_gone: bool = False) -> None:
        super().__init__(reason[:_LONGEST_REASON])
        self.is_gone = is_gone


@dataclass(frozen=True, slots=True)
class Sender:
    """How messages are sent: for how many seconds at most, all in all, and whether to private addresses too."""

    seconds: float = 10.0
    allow_private: bool = False

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a message; any 2xx means that it was taken. Raises DeliveryFailed."""
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        host, port = parts.hostname or "", parts.port or (443 if secure else 80)
        connection = _Connection(host, port, self._addresses_of(host, port), self.seconds, secure=secure)
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        deadline = _Deadline(connection, self.seconds)
        try:
            with deadline:
                connection.request("POST", path, body, dict(headers))
                status = connection.getresponse().status
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DeliveryFailed(f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()
        if deadline.is_over:
            raise DeliveryFailed(f"did not answer within {self.seconds:g} seconds")
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise DeliveryFailed(f"answered {status}", is_gone=status == HTTPStatus.GONE)

    def _addresses_of(self, host: str, port: int) -> list[str]:
        """The addresses of the host, every one of them allowed: what is connected to is what was looked at."""
        try:
            found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except (OSError, UnicodeError) as error:
            raise DeliveryFailed(f"{host} is not known: {error}") from error
        if not self.allow_private and not all(_is_public(each) for each in found):
            raise DeliveryFailed(f"{host} is a private address")
        return found


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    inner = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (inner or parsed).is_global and not parsed.is_multicast


class _Connection(http.client.HTTPConnection):
    """A connection to the first address that answers of those chosen before, under the name of their host."""

    def __init__(self, host: str, port: int, addresses: Sequence[str], seconds: float, *, secure: bool) -> None:
        super().__init__(host, port, timeout=seconds)
        self._addresses, self._seconds, self._secure = addresses, seconds, secure
        self.default_port = 443 if secure else 80

    def connect(self) -> None:
        """Open it. Raises OSError."""
        self.sock = self._opened()
        self.sock.settimeout(self._seconds)
        if self._secure:
            self.sock = _TLS.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    def _opened(self) -> socket.socket:
        seconds = self._seconds / len(self._addresses)
        for address in self._addresses[:-1]:
            with suppress(OSError):
                return socket.create_connection((address, self.port), seconds)
        return socket.create_connection((self._addresses[-1], self.port), seconds)


class _Deadline:
    """Cuts the connection when the time is up: a timeout of a socket begins anew with every byte that drips in."""

    def __init__(self, connection: _Connection, seconds: float) -> None:
        self.is_over = False
        self._connection = connection
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        self.is_over = True
        with suppress(OSError, AttributeError):  # it may just have been closed
            self._connection.sock.shutdown(socket.SHUT_RDWR)
