"""`credit-policy reconcile`"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.orm import Session

from policy_service.db.models import Movement, Order
from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.domain.documents import CustomerDocument
from policy_service.domain.money import ZERO
from policy_service.services.customers import put_customer
from tests.cli.conftest import Installation
from tests.conftest import NOW, TODAY


@pytest.fixture
def tampered(credit_policy: Installation) -> Iterator[None]:
    """An account with an order of which the row says 70 and the movements 100; gone after the test."""
    engine = create_engine(make_url(credit_policy.urls.owner).set(username="credit_policy_super"))
    with Session(engine) as session:
        put_customer(session, SYSTEM, "R-1", CustomerDocument("One", "CNY"), Moment(NOW, TODAY))
        session.add(
            Order(
                updated_at=NOW,
                id="RO-1",
                customer_id="R-1",
                source="check",
                status="confirmed",
                amount=Decimal(100),
                currency="CNY",
                order_date=TODAY,
                reserved=ZERO,
                open_orders=Decimal(70),
                open_deliveries=ZERO,
            )
        )
        session.add(
            Movement(
                customer_id="R-1",
                order_id="RO-1",
                to_bucket="open_orders",
                amount=Decimal(100),
                currency="CNY",
                cause="confirm",
                cause_id="D-1",
                business_on=TODAY,
                recorded_at=NOW,
            )
        )
        session.commit()
    yield
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table, column in (("movements", "customer_id"), ("orders", "customer_id"), ("customers", "id")):
            connection.execute(text(f"DELETE FROM {table} WHERE {column} = 'R-1'"))
    engine.dispose()


def test_all_that_is_kept_holds_and_the_counts_are_told(credit_policy: Installation) -> None:
    result = credit_policy("reconcile")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "0 differences, 0 put right." in result.stderr
    assert "0 处不一致" in credit_policy("reconcile", "--lang", "zh").stderr


@pytest.mark.usefixtures("tampered")
def test_a_difference_is_named_fixed_and_gone(credit_policy: Installation) -> None:
    named = credit_policy("reconcile")
    assert named.exit_code == 1
    row = named.stdout.splitlines()[-1].split()
    assert row == ["RO-1", "R-1", "open_orders", "70.00", "CNY", "100.00", "CNY", "100.00", "CNY", "differs"]
    found = json.loads(credit_policy("reconcile", "--json").stdout)
    assert found["holds"] is False
    assert [(each["bucket"], each["kept"], each["by_movements"]) for each in found["buckets"]] == [
        ("open_orders", "70", "100")
    ]
    fixed = credit_policy("reconcile", "--fix")
    assert fixed.exit_code == 0
    assert "put right" in fixed.stdout
    assert "1 differences, 1 put right." in fixed.stderr
    assert credit_policy("reconcile").exit_code == 0
