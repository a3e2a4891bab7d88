"""The sample orders of the demo: sent as a sales system would send them, and the answers as a table."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import click

from policy_service.cli.output import Column, print_table
from policy_service.cli.words import OUTCOMES
from policy_service.db.engine import Sessions
from policy_service.demo import SAMPLE_ORDERS
from policy_service.domain.actors import SYSTEM
from policy_service.domain.outcomes import Outcome
from policy_service.domain.permissions import Scope
from policy_service.server import open_directly
from policy_service.services.keys import create_key, revoke_key
from rules.texts import Language, Text

_TITLE = Text("Sample orders, sent to {address}/check-order", "示例订单，发送至 {address}/check-order")
_COLUMNS = (
    Text("order", "订单"),
    Text("customer", "客户"),
    Text("amount", "金额"),
    Text("outcome", "结论"),
    Text("on credit", "赊销"),
    Text("prepaid", "预付"),
    Text("days", "账期"),
    Text("why, and → what would pass", "原因及 → 可行方案"),
)
_NUMBERS = (2, 4, 5, 6)


def check_sample_orders(sessions: Sessions, address: str, now: datetime, language: Language) -> None:
    """Send the orders with a key that is made for it and ended after it."""
    name = f"demo {now:%Y-%m-%d %H:%M:%S.%f}"
    with sessions() as session:
        key = create_key(
            session,
            SYSTEM,
            name=name,
            scopes=frozenset((Scope.CHECK,)),
            owner="sales",
            expires_at=now + timedelta(hours=1),
            now=now,
        )
        session.commit()
    answers = [_check(address, key, {**order, "currency": "CNY"}, language) for order in SAMPLE_ORDERS]
    with sessions() as session:
        revoke_key(session, SYSTEM, name, now)
        session.commit()
    click.echo()
    print_table(
        _TITLE.in_language(language).format(address=address),
        [
            Column(title.in_language(language), "right" if place in _NUMBERS else "left")
            for place, title in enumerate(_COLUMNS)
        ],
        [_row(order, answer, language) for order, answer in zip(SAMPLE_ORDERS, answers, strict=True)],
    )


def _check(address: str, key: str, order: Mapping[str, Any], language: Language) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310  (our own address)
        f"{address}/check-order",
        data=json.dumps(order).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Accept-Language": language},
    )
    with open_directly(request, timeout=30) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def _row(order: Mapping[str, Any], answer: Mapping[str, Any], language: Language) -> tuple[str, ...]:
    granted = answer["granted"]
    return (
        order["order_id"],
        order["customer_id"],
        _amount(order["amount"]),
        OUTCOMES[Outcome(answer["outcome"])].in_language(language),
        _amount(granted and granted["credit_amount"]),
        _amount(granted and granted["prepayment_amount"]),
        str(granted["payment_terms_days"]) if granted else "-",
        "\n".join(_why(answer)) or "-",
    )


def _why(answer: Mapping[str, Any]) -> Iterator[str]:
    """The reasons, and below them what would pass."""
    for reason in (*answer["reasons"], *answer["warnings"]):
        yield reason["message"]
    for offer in answer["counter_offers"]:
        yield f"→ {offer['message']}"


def _amount(amount: str | None) -> str:
    return "-" if amount is None else f"{Decimal(amount):,}"
