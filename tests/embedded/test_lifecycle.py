"""Start, join, stop: who is left holding the server, and what the database looks like."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from policy_service.db.embedded import EmbeddedDatabaseError, embedded_postgres, is_initialised
from tests.embedded.conftest import (
    Command,
    as_superuser,
    ask,
    connected,
    data_of,
    postmaster,
    processes,
    run,
    servers,
    wait_until,
)

_IDENTITY = "SELECT system_identifier::text FROM pg_control_system()"

StartCommand = Callable[..., Command]


def test_a_fresh_home_gets_a_database_that_is_stopped_at_the_end_and_found_again(fresh_home: Path) -> None:
    assert not is_initialised(fresh_home)
    with embedded_postgres(fresh_home) as urls:
        run(urls.owner, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
    assert not servers(fresh_home)
    assert is_initialised(fresh_home)
    with embedded_postgres(fresh_home) as urls:
        assert ask(urls.owner, "SELECT n FROM kept") == 7
    assert not servers(fresh_home)


def test_the_addresses_are_for_sqlalchemy(home: Path) -> None:
    with embedded_postgres(home) as urls:
        for url, role in ((urls.runtime, "credit_policy_app"), (urls.owner, "credit_policy_owner")):
            engine = create_engine(url)
            with engine.connect() as connection:
                who = connection.execute(text("SELECT current_user || '@' || current_database()")).scalar_one()
            engine.dispose()
            assert who == f"{role}@credit_policy"


def test_the_runtime_role_owns_nothing_and_the_owner_makes_tables_and_schemas(fresh_home: Path) -> None:
    with embedded_postgres(fresh_home) as urls:
        run(urls.owner, "CREATE TABLE mine (n int)", "CREATE SCHEMA more")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(urls.runtime, "CREATE TABLE theirs (n int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(urls.runtime, "SELECT n FROM mine")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(urls.owner, "CREATE DATABASE another")
        powers = "SELECT bool_or(rolsuper OR rolcreatedb OR rolcreaterole) FROM pg_roles WHERE rolname IN "
        assert ask(as_superuser(urls), f"{powers} ('credit_policy_app', 'credit_policy_owner')") is False


def test_the_settings_are_those_of_a_database_that_keeps_money(fresh_home: Path) -> None:
    promised = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "timezone": "UTC",
        "listen_addresses": "",
        "max_connections": "100",
        "shared_buffers": "128MB",
    }
    with embedded_postgres(fresh_home) as urls:
        assert {name: ask(urls.runtime, f"SELECT current_setting('{name}')") for name in promised} == promised
        assert ask(urls.runtime, "SELECT datcollate FROM pg_database WHERE datname = current_database()") == "C"


def test_further_options_count_for_the_command_that_starts(home: Path) -> None:
    with embedded_postgres(home, options={"fsync": "off", "max_connections": "33"}) as urls:
        assert ask(urls.runtime, "SHOW fsync") == "off"
        assert ask(urls.runtime, "SHOW max_connections") == "33"
    with embedded_postgres(home) as urls:
        assert ask(urls.runtime, "SHOW fsync") == "on"


def test_another_postgresql_in_the_environment_does_not_count(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "1", "PGHOST": "/nowhere", "PGDATA": "/nowhere", "PGUSER": "x"}.items():
        monkeypatch.setenv(name, value)
    with embedded_postgres(home) as urls:
        assert ask(urls.runtime, "SELECT 1") == 1


def test_two_commands_at_once_on_a_fresh_home_share_one_cluster(
    fresh_home: Path, start_command: StartCommand
) -> None:
    first, second = start_command(fresh_home), start_command(fresh_home)
    urls, others = first.urls(), second.urls()
    assert urls == others
    run(urls.owner, "CREATE TABLE shared (n int)")
    run(others.owner, "INSERT INTO shared VALUES (1)")
    first.leave()
    assert ask(others.owner, "SELECT n FROM shared") == 1
    second.leave()
    assert not servers(fresh_home)
    made = {path.name for path in (fresh_home / "postgresql").iterdir() if path.is_dir()}
    assert made == {"data", "run"}


def test_the_starter_may_leave_first(home: Path, start_command: StartCommand) -> None:
    starter = start_command(home)
    starter.urls()
    with embedded_postgres(home) as urls:
        running = postmaster(home)
        starter.leave()
        assert ask(urls.runtime, "SELECT 1") == 1
        assert postmaster(home) == running
    assert not servers(home)


def test_one_process_may_hold_it_twice(home: Path) -> None:
    with embedded_postgres(home) as urls:
        with embedded_postgres(home) as again:
            assert again == urls
        assert ask(urls.runtime, "SELECT 1") == 1
    assert not servers(home)


def test_a_server_whose_starter_was_killed_is_joined_by_the_next_and_stopped_by_it(
    home: Path, start_command: StartCommand
) -> None:
    starter = start_command(home)
    identity = ask(as_superuser(starter.urls()), _IDENTITY)
    orphan = postmaster(home)
    starter.kill()
    assert orphan in servers(home)
    with embedded_postgres(home) as urls:
        assert postmaster(home) == orphan
        assert ask(as_superuser(urls), _IDENTITY) == identity
    assert not servers(home)


def test_a_killed_holder_does_not_keep_the_server(home: Path, start_command: StartCommand) -> None:
    with embedded_postgres(home):
        other = start_command(home)
        other.urls()
        other.kill()
    assert not servers(home)


def test_a_connected_client_keeps_the_server_and_the_next_command_stops_it(home: Path) -> None:
    said: list[str] = []
    with embedded_postgres(home, say=said.append) as urls:
        client = connected(urls.runtime)
    assert "1 other client" in said[-1]
    assert client.execute("SELECT 1").fetchone() == (1,)
    client.close()
    with embedded_postgres(home):
        pass
    assert not servers(home)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_forked_inside_does_not_stop_it_for_the_parent(home: Path) -> None:
    block = embedded_postgres(home)
    urls = block.__enter__()
    child = os.fork()
    if child == 0:
        block.__exit__(None, None, None)
        os._exit(0)
    os.waitpid(child, 0)
    assert ask(urls.runtime, "SELECT 1") == 1
    block.__exit__(None, None, None)
    assert not servers(home)


def test_ctrl_c_does_not_reach_the_server(home: Path, start_command: StartCommand) -> None:
    command = start_command(home, "--deaf")
    urls = command.urls()
    with connected(urls.runtime) as connection:
        os.killpg(command.process.pid, signal.SIGINT)
        assert connection.execute("SELECT count(*) FROM pg_sleep(0.3)").fetchone() == (1,)
    command.leave()
    assert not servers(home)


def test_ctrl_c_ends_the_command_and_it_stops_the_server(home: Path, start_command: StartCommand) -> None:
    command = start_command(home)
    command.urls()
    os.killpg(command.process.pid, signal.SIGINT)
    command.process.wait(timeout=60)
    assert not servers(home)


def test_a_killed_first_start_leaves_nothing_that_confuses_the_next(
    fresh_home: Path, start_command: StartCommand
) -> None:
    killed = start_command(fresh_home)
    wait_until(lambda: any((fresh_home / "postgresql").glob("data.new-*/base")))
    left_running = processes(fresh_home, program="initdb")
    for pid in left_running:
        os.kill(pid, signal.SIGSTOP)
    killed.kill()
    following = start_command(fresh_home)
    time.sleep(3)
    assert not is_initialised(fresh_home), "the next start did not wait for what the killed one left running"
    for pid in left_running:
        os.kill(pid, signal.SIGCONT)
    assert ask(following.urls().runtime, "SELECT 1") == 1
    assert is_initialised(fresh_home)
    assert [path.name for path in (fresh_home / "postgresql").glob("data*")] == ["data"]


def test_a_database_that_was_lost_is_not_replaced_by_an_empty_one(home: Path) -> None:
    with embedded_postgres(home):
        pass
    data_of(home).rename(home / "elsewhere")
    with pytest.raises(EmbeddedDatabaseError, match="is gone"), embedded_postgres(home):
        pass
