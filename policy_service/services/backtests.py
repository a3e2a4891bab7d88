"""Backtests: what a policy would have said of the orders of a history, and how right it would have been.

Pure computation, without a database, with the same `decide` as the live check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from policy_service.domain.errors import Invalid
from policy_service.services.backtesting.assumptions import Assumptions, read_assumptions
from policy_service.services.backtesting.history import FIELDS, History, read_history
from policy_service.services.backtesting.replay import Replayed, replay
from policy_service.services.backtesting.result import Backtest, summarise
from policy_service.services.importing.layout import Layout, read_layout, read_mapping
from rules.document import Policy
from rules.engine import compile_policy

__all__ = [
    "Backtest",
    "BacktestMapping",
    "History",
    "NothingToReplay",
    "backtest",
    "load_history",
    "read_backtest_mapping",
]

Watch = Callable[[Iterator[Replayed]], Iterator[Replayed]]


class NothingToReplay(Invalid):
    """The history has no invoice that can be read."""

    code = "nothing_to_replay"


@dataclass(frozen=True, slots=True)
class BacktestMapping:
    """How the file is read, and what is assumed beyond it."""

    layout: Layout
    assumptions: Assumptions


def read_backtest_mapping(text: str) -> BacktestMapping:
    """The mapping file of a history: a layout, and the section `assume`. Raises MappingNotUnderstood."""
    tree = read_mapping(text)
    assumptions = read_assumptions(tree.pop("assume", None))
    return BacktestMapping(read_layout(tree, FIELDS), assumptions)


def load_history(path: Path, mapping: BacktestMapping) -> History:
    """The invoices of a file, by day. Raises FileNotUnderstood, NothingToReplay, OSError."""
    history = read_history(path, mapping.layout, mapping.assumptions)
    if not history.entries:
        first = f" (line {history.refused[0].line}: {history.refused[0].reason.en})" if history.refused else ""
        raise NothingToReplay(f"{path.name} has no invoice that can be read{first}.")
    return history


def backtest(policy: Policy, history: History, assumptions: Assumptions, watch: Watch = iter) -> Backtest:
    """Replay a history under a policy. `watch` is handed the replay and passes it on: a progress bar.

    Raises RateNeeded, EngineFailure.
    """
    replayed = watch(replay(compile_policy(policy), history.entries, assumptions))
    first_day = history.entries[0].invoice.invoice_date
    return summarise(policy, assumptions, first_day, history.last_day, replayed)
