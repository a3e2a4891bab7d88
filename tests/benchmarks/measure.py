"""Timing that can be compared: contenders take turns, and only ratios of one run are quoted."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping

Contenders = Mapping[str, Callable[[], object]]


def microseconds(contenders: Contenders, *, rounds: int = 15, budget_seconds: float = 0.1) -> dict[str, float]:
    """The median time of one call of each contender. In every round each runs for about `budget_seconds`, in turn."""
    gc.collect()
    gc.freeze()  # what the contenders built must not burden each other's collections
    calls = {name: _calls_within(run, budget_seconds) for name, run in contenders.items()}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            times[name].append(_timed(run, calls[name]))
    return {name: statistics.median(each) for name, each in times.items()}


def _calls_within(run: Callable[[], object], seconds: float) -> int:
    for _ in range(20):
        run()
    return max(1, int(seconds * 1_000_000 / _timed(run, 10)))


def _timed(run: Callable[[], object], calls: int) -> float:
    started = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - started) / calls * 1_000_000
