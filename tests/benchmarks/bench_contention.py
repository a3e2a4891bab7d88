"""What it costs that checks of one account wait for each other: `/check-order` on 1, 10 and 10,000 accounts.

The same clients ask live workers about ever more accounts. Beside it, in turns, the bare endpoint with one durable
transaction gets the same load on as many accounts of its own, whose rows it locks in the same way: so the ratio is
what a check costs, and the first row against the last is what waiting costs. An account has fifty orders, checked
again and again, so that it does not grow while it is measured. Commits are on disk before they are answered.

    make bench        or        python -m tests.benchmarks.bench_contention
"""

from __future__ import annotations

import statistics
import time

from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, text

from tests.benchmarks.bench_check import CLIENTS, WORKERS, both_served, ready_to_check
from tests.benchmarks.load import Load, post, run_load

ACCOUNTS = (1, 10, 10_000)
ORDERS, ROUNDS, SECONDS, WARM_UP_SECONDS = 50, 5, 3.0, 2.0

_TABLES = (
    """
    INSERT INTO customers (id, name, currency, credit_limit, standard_terms_days, status, country, settlement_mode,
                           external_ids, revision, created_at, updated_at)
    SELECT 'C' || c, 'Customer ' || c, 'CNY', 1000000000, 30, 'active', 'CN', 'credit', '{}', 1, now(), now()
    FROM generate_series(1, :accounts) c
    """,
    "CREATE TABLE bare_accounts (id text PRIMARY KEY, balance numeric(19, 4) NOT NULL)",
    """
    CREATE TABLE bare_entries (id text PRIMARY KEY, account_id text NOT NULL REFERENCES bare_accounts,
                               amount numeric(19, 4) NOT NULL)
    """,
    "INSERT INTO bare_accounts SELECT 'C' || c, 0 FROM generate_series(1, :accounts) c",
    "GRANT SELECT, INSERT, UPDATE ON bare_accounts, bare_entries TO credit_policy_app",
)


def main() -> None:
    """Print both throughputs for each number of accounts, and their ratios."""
    with both_served(_fill) as (check, bare, key):
        _report({accounts: _measure(check, bare, key, accounts) for accounts in ACCOUNTS})


def _fill(owner: str, runtime: str) -> str:
    engine = create_engine(owner)
    with engine.begin() as connection:
        for statement in _TABLES:
            connection.execute(text(statement), {"accounts": max(ACCOUNTS)})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE customers, bare_accounts"))
    engine.dispose()
    return ready_to_check(runtime)


def _measure(check: int, bare: int, key: str, accounts: int) -> list[tuple[Load, Load]]:
    """One pair of loads a round, on the same number of accounts."""
    run = time.time_ns()

    def order(number: int) -> bytes:
        account, turn = number % accounts + 1, number // accounts % ORDERS
        body = (
            f'{{"order_id": "SO-{run}-{account}-{turn}", "customer_id": "C{account}", "amount": "10.00", '
            f'"currency": "CNY", "channel": "direct"}}'
        )
        return post("/check-order", body.encode(), f"Authorization: Bearer {key}\r\n")

    def entry(number: int) -> bytes:
        return post("/order", f'{{"customer_id": "C{number % accounts + 1}", "amount": "10.00"}}'.encode())

    for port, make_request in ((check, order), (bare, entry)):
        run_load(port, make_request, clients=CLIENTS, seconds=WARM_UP_SECONDS)
    return [
        (
            run_load(check, order, clients=CLIENTS, seconds=SECONDS),
            run_load(bare, entry, clients=CLIENTS, seconds=SECONDS),
        )
        for _ in range(ROUNDS)
    ]


def _report(measured: dict[int, list[tuple[Load, Load]]]) -> None:
    table = Table(title=f"{WORKERS} workers, {CLIENTS} clients, medians of {ROUNDS} rounds in turns")
    for name in ("accounts", "check-order /s", "bare /s", "ratio", "check-order p99 ms", "bare p99 ms", "ratio"):
        table.add_column(name, justify="right")
    for accounts, rounds in measured.items():
        table.add_row(f"{accounts:,}", *_row(rounds))
    Console(width=120).print(table)


def _row(rounds: list[tuple[Load, Load]]) -> list[str]:
    """Medians; the ratios are medians of the ratios of each round, whose two loads ran one after the other."""

    def median(figures: list[float], form: str) -> str:
        return format(statistics.median(figures), form)

    return [
        median([check.per_second for check, _ in rounds], ".0f"),
        median([bare.per_second for _, bare in rounds], ".0f"),
        median([check.per_second / bare.per_second for check, bare in rounds], ".2f"),
        median([check.p99_milliseconds for check, _ in rounds], ".1f"),
        median([bare.p99_milliseconds for _, bare in rounds], ".1f"),
        median([check.p99_milliseconds / bare.p99_milliseconds for check, bare in rounds], ".2f"),
    ]


if __name__ == "__main__":
    main()
