"""`/check-order` through gunicorn against a bare Flask endpoint with one durable transaction, on one PostgreSQL.

A policy of 50 rules, 200 customers of 200 invoices and 100 past orders each, approvals that reserve. Both servers run
at once with the same workers; the load goes to them in turns, so that the ratio holds on a noisy machine. PostgreSQL
is the embedded one with its production settings: every commit is on disk before it is answered.

    make bench        or        python -m tests.benchmarks.bench_check
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, create_engine, text

from policy_service.db.embedded import embedded_postgres
from policy_service.db.engine import make_engine, make_sessions
from policy_service.db.migrate import migrate
from policy_service.domain.actors import SYSTEM
from policy_service.domain.permissions import Scope
from policy_service.services.keys import create_key
from policy_service.services.policies import publish_in_one_step
from tests.benchmarks.load import Load, post, run_load

CUSTOMERS, INVOICES, WORKERS, CLIENTS = 200, 200, 3, 6
ROUNDS, SECONDS = 5, 4.0
_REPOSITORY = Path(__file__).parents[2]

_CUSTOMERS = """
INSERT INTO customers (id, name, currency, credit_limit, standard_terms_days, status, country, settlement_mode,
                       external_ids, revision, created_at, updated_at)
SELECT 'C' || c, 'Customer ' || c, 'CNY', 1000000000, 30, 'active', 'CN', 'credit', '{}', 1, now(), now()
FROM generate_series(1, :customers) c
"""
# An invoice every third day, paid after 28 days, the last ten of them open.
_INVOICES = """
INSERT INTO invoices (id, customer_id, type, amount, currency, invoice_date, due_date, disputed, status,
                      taken_from_deliveries, taken_from_orders, applied, settled_on, settled_by_payment, state_from,
                      updated_at)
SELECT 'I' || c || '-' || i, 'C' || c, 'invoice', 100 + i, 'CNY', current_date - 3 * i, current_date - 3 * i + 30,
       false, 'posted', 0, 0, CASE WHEN i > 10 THEN 100 + i ELSE 0 END,
       CASE WHEN i > 10 THEN current_date - 3 * i + 28 END, i > 10,
       CASE WHEN i > 10 THEN current_date - 3 * i + 28 ELSE current_date - 3 * i END, now()
FROM generate_series(1, :customers) c, generate_series(1, :invoices) i
"""
_PAYMENTS = """
INSERT INTO payments (id, customer_id, amount, currency, received_on, applied, state_from, updated_at)
SELECT 'P' || substr(id, 2), customer_id, amount, currency, settled_on, amount, settled_on, now()
FROM invoices WHERE settled_on IS NOT NULL
"""
_APPLICATIONS = """
INSERT INTO applications (customer_id, invoice_id, source, source_id, amount, effective_from)
SELECT customer_id, id, 'payment', 'P' || substr(id, 2), amount, settled_on
FROM invoices WHERE settled_on IS NOT NULL
"""
# An order every sixth day, placed elsewhere.
_ORDERS = """
INSERT INTO orders (id, customer_id, source, status, amount, currency, order_date, reserved, open_orders,
                    open_deliveries, updated_at)
SELECT 'H' || c || '-' || o, 'C' || c, 'history', 'delivered', 200 + o, 'CNY', current_date - 6 * o, 0, 0, 0, now()
FROM generate_series(1, :customers) c, generate_series(1, :invoices / 2) o
"""
_BARE = """
CREATE TABLE bare_accounts (id text PRIMARY KEY, balance numeric(19, 4) NOT NULL);
CREATE TABLE bare_entries (id text PRIMARY KEY, account_id text NOT NULL REFERENCES bare_accounts,
                           amount numeric(19, 4) NOT NULL);
INSERT INTO bare_accounts SELECT 'C' || c, 0 FROM generate_series(1, 200) c;
GRANT SELECT, INSERT, UPDATE ON bare_accounts, bare_entries TO credit_policy_app;
"""


def policy() -> str:
    """Fifty rules of three tests each; two fire with a warning on every order."""
    rules = [
        f"""
  - code: RULE_{number}
    title: Rule {number}
    when:
      all:
        - {{fact: customer.country, op: eq, value: {"CN" if number % 5 == 0 else f"X{number}"}, if_missing: false}}
        - {{fact: receivables.overdue_amount, op: gt, value: "{number * 100}.00"}}
        - {{fact: exposure.utilisation_after, op: gt, value: "0.{number + 10}", if_missing: false}}
    then: [{{effect: hold}}]"""
        for number in range(48)
    ]
    warnings = [
        f"""
  - code: WARNING_{number}
    title: Warning {number}
    when: {{fact: receivables.open_amount, op: gt, value: "{number}.00"}}
    then: [{{effect: warn}}]"""
        for number in range(2)
    ]
    return "schema: 1\nname: bench\ncurrency: CNY\nrules:" + "".join(rules + warnings)


def main() -> None:
    """Print both throughputs and both p99, round by round, and the ratios of the medians."""
    with both_served(_fill) as (check, bare, key):
        _report(*_measure(check, bare, key))


@contextmanager
def both_served(fill: Callable[[str, str], str]) -> Iterator[tuple[int, int, str]]:
    """The ports of the service and of the bare endpoint on one new database, and the key that `fill` made in it.

    `fill` is given the addresses for the owner and for the runtime role.
    """
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = stack.enter_context(embedded_postgres(home, say=lambda _: None))
        migrate(urls.owner, urls.runtime)
        key = fill(urls.owner, urls.runtime)
        environment = {**os.environ, "DATABASE_URL": urls.runtime, "CREDIT_POLICY_HOME": str(home / "service")}
        check = stack.enter_context(gunicorn("wsgi:app", environment))
        yield check, stack.enter_context(gunicorn("tests.benchmarks.bare_app:app", environment)), key


def _fill(owner: str, runtime: str) -> str:
    engine = create_engine(owner)
    with engine.begin() as connection:
        _documents(connection)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Only what is filled: a table that was analysed while empty would be scanned whole ever after.
        connection.execute(text("VACUUM ANALYZE customers, invoices, payments, applications, orders"))
    engine.dispose()
    return ready_to_check(runtime)


def ready_to_check(runtime: str) -> str:
    """A policy in force, and a key that may do everything."""
    engine = make_engine(runtime)
    with make_sessions(engine)() as session:
        now = datetime.now(UTC)
        publish_in_one_step(session, SYSTEM, policy(), None, now)
        key = create_key(session, SYSTEM, name="bench", scopes=frozenset(Scope), owner=None, expires_at=None, now=now)
        session.commit()
    engine.dispose()
    return key


def _documents(connection: Connection) -> None:
    sizes = {"customers": CUSTOMERS, "invoices": INVOICES}
    connection.execute(text(_CUSTOMERS), sizes)
    connection.execute(text(_INVOICES), sizes)
    connection.execute(text(_ORDERS), sizes)
    connection.execute(text(_PAYMENTS))
    connection.execute(text(_APPLICATIONS))
    for statement in _BARE.strip().split(";\n"):
        connection.execute(text(statement))


@contextmanager
def gunicorn(application: str, environment: dict[str, str]) -> Iterator[int]:
    """The application behind gunicorn with the settings of the service; the port on which it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "--workers", str(WORKERS), "--bind", f"127.0.0.1:{port}"]
    command += ["--config", "python:policy_service.gunicorn_settings"]
    process = subprocess.Popen(
        [*command, "--log-level", "error", application],
        cwd=_REPOSITORY,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("gunicorn did not start")


def _measure(check: int, bare: int, key: str) -> tuple[list[Load], list[Load]]:
    run = f"{time.time_ns()}"

    def order(number: int) -> bytes:
        body = (
            f'{{"order_id": "SO-{run}-{number}", "customer_id": "C{number % CUSTOMERS + 1}", "amount": "10.00", '
            f'"currency": "CNY", "channel": "direct"}}'
        )
        return post("/check-order", body.encode(), f"Authorization: Bearer {key}\r\n")

    def entry(number: int) -> bytes:
        return post("/order", f'{{"customer_id": "C{number % CUSTOMERS + 1}", "amount": "10.00"}}'.encode())

    for port, make_request in ((check, order), (bare, entry)):
        run_load(port, make_request, clients=CLIENTS, seconds=2)
    checks, bares = [], []
    for number in range(ROUNDS):
        run = f"{time.time_ns()}-{number}"
        checks.append(run_load(check, order, clients=CLIENTS, seconds=SECONDS))
        bares.append(run_load(bare, entry, clients=CLIENTS, seconds=SECONDS))
    return checks, bares


def _report(checks: list[Load], bares: list[Load]) -> None:
    table = Table(title=f"{WORKERS} workers, {CLIENTS} clients: check-order against a bare durable transaction")
    for name in ("round", "check-order /s", "bare /s", "ratio", "check-order p99 ms", "bare p99 ms", "ratio"):
        table.add_column(name, justify="right")
    for number, (check, bare) in enumerate(zip(checks, bares, strict=True), 1):
        table.add_row(
            str(number),
            f"{check.per_second:.0f}",
            f"{bare.per_second:.0f}",
            f"{check.per_second / bare.per_second:.2f}",
            f"{check.p99_milliseconds:.1f}",
            f"{bare.p99_milliseconds:.1f}",
            f"{check.p99_milliseconds / bare.p99_milliseconds:.2f}",
        )
    pairs = list(zip(checks, bares, strict=True))
    throughput = statistics.median(check.per_second / bare.per_second for check, bare in pairs)
    p99 = statistics.median(check.p99_milliseconds / bare.p99_milliseconds for check, bare in pairs)
    console = Console(width=120)
    console.print(table)
    console.print(f"median of the rounds: throughput {throughput:.2f} of the bare endpoint, p99 {p99:.2f} times it")


if __name__ == "__main__":
    main()
