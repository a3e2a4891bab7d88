"""Sending to a real HTTP server: what is taken, what is not, and that nobody makes us wait or sends us elsewhere."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from policy_service.services.webhook_sending import DeliveryFailed, Sender
from tests.receiver import Behaviour, Receiver, answers, drips, hangs, running_receiver

SENDER = Sender(seconds=0.5, allow_private=True)
_LONG = 5.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server on this machine."""
    with running_receiver() as running:
        yield running


def test_a_message_arrives_as_it_was_sent_under_the_path_that_was_asked_for(receiver: Receiver) -> None:
    SENDER.post(f"{receiver.address}/hooks/credit?from=us", b'{"zh": "\xe5\xae\xa2"}', {"webhook-id": "evt_1"})
    got = receiver.take()
    assert (got.path, got.body) == ("/hooks/credit?from=us", b'{"zh": "\xe5\xae\xa2"}')
    assert got.headers["webhook-id"] == "evt_1"
    assert got.headers["host"] == receiver.address.removeprefix("http://")


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_means_that_it_was_taken(receiver: Receiver, status: int) -> None:
    receiver.behaviours = [answers(status)]
    SENDER.post(receiver.address, b"{}", {})


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 503])
def test_any_other_answer_means_that_it_was_not(receiver: Receiver, status: int) -> None:
    receiver.behaviours = [answers(status)]
    with pytest.raises(DeliveryFailed, match=f"answered {status}") as failed:
        SENDER.post(receiver.address, b"{}", {})
    assert failed.value.is_gone is (status == 410)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    with running_receiver() as elsewhere:
        receiver.behaviours = [answers(status, Location=elsewhere.address)]
        with pytest.raises(DeliveryFailed, match=f"answered {status}"):
            SENDER.post(receiver.address, b"{}", {})
        assert elsewhere.received.empty()


@pytest.mark.parametrize("behaviour", [hangs, drips])
def test_who_hangs_or_drips_is_cut_off_when_the_time_is_up(receiver: Receiver, behaviour: Behaviour) -> None:
    receiver.behaviours = [behaviour]
    began = time.monotonic()
    with pytest.raises(DeliveryFailed):
        SENDER.post(receiver.address, b"{}", {})
    assert time.monotonic() - began < _LONG


def test_a_door_that_is_closed_is_told() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    with pytest.raises(DeliveryFailed, match="Connection refused"):
        SENDER.post(f"http://127.0.0.1:{port}", b"{}", {})


def test_a_server_that_speaks_no_http_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(DeliveryFailed):
        SENDER.post(f"https://127.0.0.1:{server.getsockname()[1]}", b"{}", {})


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.5",
        "192.168.1.1",
        "169.254.169.254",
        "224.0.0.1",
        "[::1]",
        "[fd00::1]",
        "[::ffff:10.0.0.1]",
    ],
)
def test_private_addresses_are_not_connected_to(address: str) -> None:
    with pytest.raises(DeliveryFailed, match="private address"):
        Sender(seconds=0.5).post(f"http://{address}:9", b"{}", {})


def test_a_name_that_leads_to_a_private_address_is_not_connected_to(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it led to when the webhook was added, and if only one of its addresses is private."""
    public, private = ("93.184.216.34", 443), ("127.0.0.1", int(receiver.address.rpartition(":")[2]))

    def looked_up(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in (public, private)]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    with pytest.raises(DeliveryFailed, match=r"hooks\.example\.com is a private address"):
        Sender(seconds=0.5).post("https://hooks.example.com/", b"{}", {})
    assert receiver.received.empty()


def test_a_name_that_nobody_knows_is_told() -> None:
    with pytest.raises(DeliveryFailed, match=r"nowhere\.invalid is not known"):
        SENDER.post("https://nowhere.invalid/", b"{}", {})
