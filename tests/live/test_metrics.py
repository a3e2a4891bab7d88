"""What one worker counted, another tells."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from policy_service.db.embedded import DatabaseUrls
from policy_service.server import listen, open_directly, running_server

_TOKEN = "only for prometheus"


def test_the_counts_of_all_workers_are_added_up(make_database: Callable[[], DatabaseUrls], tmp_path: Path) -> None:
    environment = {
        "DATABASE_URL": make_database().runtime,
        "CREDIT_POLICY_HOME": str(tmp_path),
        "METRICS_TOKEN": _TOKEN,
    }
    with running_server(listen("127.0.0.1", 0), 3, environment) as server:
        for _ in range(30):
            with open_directly(f"{server.address}/healthz", timeout=60) as response:
                assert response.status == 200
        request = urllib.request.Request(  # noqa: S310  (our own address)
            f"{server.address}/metrics", headers={"Authorization": f"Bearer {_TOKEN}"}
        )
        with open_directly(request, timeout=30) as response:
            families = text_string_to_metric_families(response.read().decode())
    found = [
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == "credit_policy_http_requests_total" and sample.labels["route"] == "/healthz"
    ]
    assert found == [30.0]
