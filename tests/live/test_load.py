"""Many sales systems at once on few accounts: every limit holds at every moment, and nobody sees a deadlock."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from policy_service.db.embedded import DatabaseUrls
from tests.live.conftest import Service, running_service
from tests.live.load import POLICY, REFUSALS, Load, assert_limits_held, open_accounts, run_load

CLIENTS, LIVES = 8, 12


@pytest.fixture(scope="module")
def service(make_database: Callable[[], DatabaseUrls], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """With the limits of accounts and of their group."""
    with running_service(make_database(), tmp_path_factory.mktemp("load"), POLICY) as running:
        yield running


def test_mixed_lives_of_orders_at_once_never_pass_a_limit(
    service: Service, record_property: Callable[[str, object], None]
) -> None:
    """Checks, confirmations, deliveries, closes and cancels, on orders of one client and on orders of all."""
    open_accounts(service)
    load, started = Load(), time.perf_counter()
    run_load(service, load, clients=CLIENTS, lives=LIVES)
    per_second = len(load.answers) / (time.perf_counter() - started)
    record_property("answers_per_second", round(per_second, 1))
    print(f"\n{len(load.answers)} answers, {per_second:.0f} a second: {Counter(each.step for each in load.answers)}")

    refused = [each for each in load.answers if not each.done]
    assert {each.answer.get("code") for each in refused} <= REFUSALS, refused
    assert {each.answer["outcome"] for each in load.done("check")} == {"approve", "hold"}
    assert load.done("confirm")
    with service.engine.connect() as connection:
        assert_limits_held(connection)
