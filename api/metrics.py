"""What Prometheus reads. Counted after the answer is committed; with several workers, summed over all of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Counter("credit_policy_http_requests", "HTTP requests", ("method", "route", "status"))
REQUEST_SECONDS = Histogram(
    "credit_policy_http_request_seconds", "Duration of HTTP requests", ("method", "route"), buckets=_BUCKETS
)
CHECKS = Counter("credit_policy_checks", "Checks by kind and outcome", ("kind", "outcome"))
CHECK_SECONDS = Histogram(
    "credit_policy_check_seconds", "Duration of checks, commit included", ("kind",), buckets=_BUCKETS
)
ENGINE_ERRORS = Counter("credit_policy_engine_errors", "Checks held because the engine or a fact failed", ("kind",))

_ENGINE_ERROR = "ENGINE_ERROR"


def count_check(answer: Mapping[str, Any], seconds: float) -> None:
    """Count one check that was decided."""
    kind = answer["kind"]
    CHECKS.labels(kind, answer["outcome"]).inc()
    CHECK_SECONDS.labels(kind).observe(seconds)
    if any(reason["rule_code"] == _ENGINE_ERROR for reason in answer["reasons"]):
        ENGINE_ERRORS.labels(kind).inc()


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request."""
    REQUESTS.labels(method, route, status).inc()
    REQUEST_SECONDS.labels(method, route).observe(seconds)


def metrics_text(jobs: Mapping[str, int]) -> tuple[bytes, str]:
    """All metrics in the text format of Prometheus, and its content type; `jobs` by state, where that is known."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry) + generate_latest(_of_database(jobs)), CONTENT_TYPE_PLAIN_0_0_4


def _of_database(jobs: Mapping[str, int]) -> CollectorRegistry:
    """What no process counts, for the database knows it."""
    registry = CollectorRegistry()
    gauge = Gauge(
        "credit_policy_jobs", "Background jobs that wait, run and have failed", ("state",), registry=registry
    )
    for state, number in jobs.items():
        gauge.labels(state).set(number)
    return registry
