"""Sales systems under load: lives of orders through live workers, sent again until each step has its answer."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from http.client import HTTPException
from typing import Any

from sqlalchemy import Connection, text

from tests.live.conftest import Service

POLICY = """
schema: 1
name: limits of accounts and groups
currency: CNY
rules:
  - code: EXPOSURE_CAP
    title: Over the limit
    when: {fact: exposure.after, op: gt, value: {fact: customer.credit_limit}, if_missing: true}
    then: [{effect: hold}]
  - code: GROUP_CAP
    title: Over the limit of the group
    when: {fact: group.after, op: gt, value: {fact: group.credit_limit}, if_missing: false}
    then: [{effect: hold}]
"""
ACCOUNT_LIMIT, GROUP_LIMIT = 1000, 1500
ALONE = ("C-1", "C-2")
SIBLINGS = ("G-1", "G-2", "G-3")
TOPMOST = "G-0"

REFUSALS = {"decision_superseded", "decision_not_approved", "reservation_expired", "order_wrong_state"}
"""What a client may be told: somebody else was quicker."""

_AGAIN_SECONDS = 0.05
_MOST_ATTEMPTS = 600


@dataclass(frozen=True, slots=True)
class Answered:
    """One step of an order and what came of it."""

    step: str
    order_id: str
    sent: dict[str, Any]
    status: int
    answer: dict[str, Any]

    @property
    def done(self) -> bool:
        """Whether the service said that it did it."""
        return self.status == 200


@dataclass
class Load:
    """All answers of a load, in the order in which they came; others may wait for their number."""

    answers: list[Answered] = field(default_factory=list)
    sent_again: int = 0
    came: threading.Condition = field(default_factory=threading.Condition)
    over: bool = False

    def add(self, answered: Answered) -> None:
        """One more."""
        with self.came:
            self.answers.append(answered)
            self.came.notify_all()

    def end(self) -> None:
        """No more will come."""
        with self.came:
            self.over = True
            self.came.notify_all()

    def wait_for(self, number: int) -> bool:
        """Until so many answers came; false where the load ended before."""
        with self.came:
            self.came.wait_for(lambda: self.over or len(self.answers) >= number, timeout=120)
            return not self.over

    def done(self, step: str) -> list[Answered]:
        """The answers to a step that was done."""
        return [each for each in self.answers if each.step == step and each.done]


def open_accounts(service: Service) -> None:
    """Two accounts of their own, and three in a group whose limit is less than theirs together."""
    fields = {"currency": "CNY", "standard_terms_days": 30, "credit_limit": f"{ACCOUNT_LIMIT}.00"}
    group = {**fields, "credit_limit": f"{GROUP_LIMIT}.00"}
    accounts: list[tuple[str, dict[str, Any]]] = [(TOPMOST, group)]
    accounts += [(name, fields) for name in ALONE]
    accounts += [(name, {**fields, "parent_id": TOPMOST}) for name in SIBLINGS]
    for name, document in accounts:
        status, answer = service.call("PUT", f"/v1/customers/{name}", {"name": name, **document})
        assert status == 201, answer


def run_load(service: Service, load: Load, *, clients: int, lives: int) -> None:
    """Each client leads so many orders through their lives, one after the other. Raises what any of them met."""
    try:
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(lambda number: _Client(service, load, number).run(lives), range(clients)))
    finally:
        load.end()


class _Client:
    """One sales system. What it decides is drawn from its own number, so that a run can be repeated."""

    def __init__(self, service: Service, load: Load, number: int) -> None:
        self._service, self._load, self._number = service, load, number
        self._draw = random.Random(number)  # noqa: S311  (nothing secret)
        self._keys = itertools.count()

    def run(self, lives: int) -> None:
        for life in range(lives):
            customer_id = self._draw.choice(ALONE + SIBLINGS)
            shared = self._draw.random() < 0.3
            order_id = f"{customer_id}-shared" if shared else f"{customer_id}-{self._number}-{life}"
            self._live(order_id, customer_id, shared=shared)

    def _live(self, order_id: str, customer_id: str, *, shared: bool) -> None:
        """Check, perhaps again, confirm, deliver in parts or not at all, close or cancel."""
        checked = self._check(order_id, customer_id)
        if self._draw.random() < 0.3:
            checked = self._check(order_id, customer_id)
        if checked.answer["outcome"] != "approve":
            return
        confirmed = self._post(order_id, "confirm", {"decision_id": checked.answer["decision_id"]})
        if confirmed.done and not shared:
            self._deliver(order_id, Decimal(confirmed.answer["credit_amount"]))
        self._post(order_id, self._draw.choice(["cancel", "cancel", "close"]), {})

    def _check(self, order_id: str, customer_id: str) -> Answered:
        amount = self._draw.choice([100, 200, 300, 500])
        order = {"order_id": order_id, "customer_id": customer_id, "amount": f"{amount}.00", "currency": "CNY"}
        return self._send("check", "/check-order", order_id, order)

    def _deliver(self, order_id: str, credit: Decimal) -> None:
        """Never more than was confirmed: what leaves beyond it is the seller's doing, and may pass a limit."""
        for part in range(self._draw.randint(0, 2)):
            sent = {"delivery_id": f"{order_id}-{part}", "amount": str(credit / 2)}
            self._post(order_id, "deliver", sent)

    def _post(self, order_id: str, step: str, document: dict[str, Any]) -> Answered:
        return self._send(step, f"/v1/orders/{order_id}/{step}", order_id, document)

    def _send(self, step: str, path: str, order_id: str, document: dict[str, Any]) -> Answered:
        """Until there is an answer that is one: a broken connection, 503 and "still running" are not."""
        key = {"Idempotency-Key": f"{self._number}-{next(self._keys)}"}
        for _ in range(_MOST_ATTEMPTS):
            try:
                status, answer = self._service.call("POST", path, document, key)
            except (OSError, HTTPException, ValueError):
                status, answer = 503, {}
            if status != 503 and answer.get("code") != "request_in_progress":
                answered = Answered(step, order_id, document, status, answer)
                self._load.add(answered)
                return answered
            self._load.sent_again += 1
            threading.Event().wait(_AGAIN_SECONDS)
        raise AssertionError(f"{path} got no answer: {status} {answer}")


_MOVED = text("""
SELECT xmin::text AS transaction,
       amount * ((to_bucket IS NOT NULL)::int - (from_bucket IS NOT NULL)::int) AS net
FROM movements WHERE customer_id = ANY(:customers) ORDER BY id
""")


def highest_exposure(connection: Connection, customers: Sequence[str]) -> Decimal:
    """The most that these accounts ever held together, their movements replayed one transaction after the other."""
    total = highest = Decimal(0)
    rows = connection.execute(_MOVED, {"customers": list(customers)})
    for _, moves in itertools.groupby(rows, key=lambda row: row.transaction):
        total += sum(row.net for row in moves)
        highest = max(highest, total)
    return highest


def assert_limits_held(connection: Connection) -> None:
    """At no moment of the log did an account or the group pass its limit."""
    for name in (*ALONE, *SIBLINGS):
        assert highest_exposure(connection, [name]) <= ACCOUNT_LIMIT, name
    assert highest_exposure(connection, [TOPMOST, *SIBLINGS]) <= GROUP_LIMIT
