"""Killed servers, stale pid files, long recoveries: what the next command makes of them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from policy_service.db import embedded_process
from policy_service.db.embedded import EmbeddedDatabaseError, embedded_postgres
from policy_service.db.embedded_binaries import find_binaries
from policy_service.db.embedded_place import Place, settle
from policy_service.db.embedded_process import is_server_by_its_command, why_not_ready
from tests.embedded.conftest import (
    as_superuser,
    ask,
    connected,
    data_of,
    kill_all,
    postmaster,
    run,
    servers,
    wait_until,
)


@contextmanager
def _sleeper(home: Path) -> Iterator[int]:
    """A stranger that runs as the server's user, so that PostgreSQL itself would take its pid for a rival's."""
    owner = data_of(home).stat()
    user = owner.st_uid if os.geteuid() == 0 else None
    sleeper = subprocess.Popen(["sleep", "600"], user=user)
    try:
        yield sleeper.pid
        assert sleeper.poll() is None, "the stranger was ended"
    finally:
        sleeper.kill()
        sleeper.wait()


def _claim(home: Path, pid: int) -> None:
    """Leave the pid file of a killed server behind, its pid reused."""
    with embedded_postgres(home):
        found = (data_of(home) / "postmaster.pid").read_text()
        real = str(postmaster(home))
        kill_all(home)
    for stale in (data_of(home) / "postmaster.pid", *(home / "postgresql" / "run").glob("*.lock")):
        text = stale.read_text()
        assert text.startswith(f"{real}\n")
        stale.write_text(text.replace(real, str(pid), 1))
    assert found.startswith(f"{real}\n")


def test_after_the_power_went_the_committed_is_there(home: Path) -> None:
    with embedded_postgres(home) as urls:
        run(urls.owner, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        kill_all(home)
    with embedded_postgres(home) as urls:
        assert ask(urls.owner, "SELECT sum(n) FROM kept") == 500500
    assert not servers(home)


def test_a_stale_pid_file_with_the_pid_of_a_stranger_harms_neither(home: Path) -> None:
    with embedded_postgres(home) as urls:
        run(urls.owner, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
    with _sleeper(home) as stranger:
        _claim(home, stranger)
        with embedded_postgres(home) as urls:
            assert ask(urls.owner, "SELECT n FROM kept") == 7
            assert postmaster(home) != stranger
        assert not servers(home)


def test_a_stale_pid_file_with_the_pid_of_the_server_of_another_home_harms_neither(home: Path) -> None:
    other = home.with_name("other")
    with embedded_postgres(home), embedded_postgres(other) as others:
        pass
    with embedded_postgres(other) as others:
        stranger = postmaster(other)
        _claim(home, stranger)
        with embedded_postgres(home) as urls:
            assert ask(as_superuser(urls), "SHOW data_directory") == str(data_of(home))
        assert ask(others.owner, "SELECT 1") == 1
        assert servers(other)
        assert not servers(home)


def test_a_pid_file_that_a_power_cut_left_half_written_is_overcome(home: Path) -> None:
    with embedded_postgres(home):
        pass
    for content in ("", "12", "rubbish"):
        (data_of(home) / "postmaster.pid").write_text(content)
        with embedded_postgres(home) as urls:
            assert ask(urls.runtime, "SELECT 1") == 1


def test_backends_that_outlive_a_killed_server_are_waited_for(home: Path) -> None:
    with embedded_postgres(home) as urls:
        run(urls.owner, "CREATE TABLE kept AS SELECT 7 AS n")
        busy = threading.Thread(target=_lose_connection, args=(urls.owner,))
        busy.start()
        _until_busy(urls.owner)
        os.kill(postmaster(home), signal.SIGKILL)
    orphans = servers(home)
    assert orphans, "nothing outlived the server: the test shows nothing"
    with embedded_postgres(home) as urls:
        assert not orphans & servers(home)
        assert ask(urls.owner, "SELECT n FROM kept") == 7
    busy.join()
    assert not servers(home)


def _lose_connection(url: str) -> None:
    """Keep a backend too busy to notice that its postmaster died, for about three seconds."""
    with suppress(psycopg.OperationalError), connected(url) as connection:
        connection.execute("SELECT sum(sqrt(n)) FROM (SELECT generate_series(1, 30000000) AS n) AS many")


def _until_busy(url: str) -> None:
    question = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT sum(sqrt%' AND state = 'active'"
    while ask(url, question) != 1:
        time.sleep(0.01)


def test_a_recovery_longer_than_ten_seconds_is_waited_out_by_everybody(home: Path) -> None:
    with embedded_postgres(home) as urls:
        run(urls.owner, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        kill_all(home)
    _ask_for_a_recovery_from_an_archive(home)
    said: list[str] = []
    began = time.monotonic()
    impatient = embedded_postgres(home, start_timeout_seconds=3, options=_SLOW_ARCHIVE, say=said.append)
    with pytest.raises(EmbeddedDatabaseError, match="left at its work"):
        impatient.__enter__()
    recovering = postmaster(home)
    with embedded_postgres(home) as urls:
        assert time.monotonic() - began > 10
        assert postmaster(home) == recovering, "the recovery was begun again"
        assert ask(urls.owner, "SELECT sum(n) FROM kept") == 500500
        run(urls.owner, "INSERT INTO kept VALUES (0)")
    assert any("starting up" in message or "not yet accepting" in message for message in said)
    assert not servers(home)


# A real recovery, whose archive takes its time to say that it has nothing.
_SLOW_ARCHIVE = {"restore_command": "test -e asked || { touch asked; sleep 11; }; false"}


def _ask_for_a_recovery_from_an_archive(home: Path) -> None:
    request = data_of(home) / "recovery.signal"
    request.touch()
    owner = data_of(home).stat()
    os.chown(request, owner.st_uid, owner.st_gid)


def test_a_server_that_cannot_start_says_its_last_words_at_once(home: Path) -> None:
    began = time.monotonic()
    broken = embedded_postgres(home, options={"max_connections": "many"})
    with pytest.raises(EmbeddedDatabaseError, match='invalid value for parameter "max_connections": "many"'):
        broken.__enter__()
    assert time.monotonic() - began < 20
    with embedded_postgres(home) as urls:
        assert ask(urls.runtime, "SELECT 1") == 1


def test_ctrl_c_during_the_start_leaves_no_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(place: Place) -> str | None:
        raise KeyboardInterrupt

    monkeypatch.setattr(embedded_process, "why_not_ready", interrupted)
    with pytest.raises(KeyboardInterrupt):
        embedded_postgres(home).__enter__()
    assert not servers(home)


def test_a_server_started_by_hand_is_neither_joined_nor_stopped(home: Path) -> None:
    with embedded_postgres(home):
        place = settle(home, say=lambda _: None)
    command: list[str | Path] = [find_binaries(place.account) / "postgres", "-D", place.data]
    command += ["-k", place.socket_folder]
    by_hand = subprocess.Popen(
        command, user=place.account.user, group=place.account.group, cwd="/", stderr=subprocess.DEVNULL
    )
    wait_until(lambda: why_not_ready(place) is None)
    with pytest.raises(EmbeddedDatabaseError, match=f"process {by_hand.pid}"):
        embedded_postgres(home).__enter__()
    assert by_hand.poll() is None
    assert is_server_by_its_command(place, by_hand.pid), "and where there is no /proc, it is known too"
    assert not is_server_by_its_command(place, os.getpid())
    by_hand.send_signal(signal.SIGINT)
    by_hand.wait(timeout=60)


def test_the_home_made_anew_after_a_deleted_one_gets_a_server_of_its_own(home: Path) -> None:
    before = embedded_postgres(home, say=lambda _: None)
    run(before.__enter__().owner, "CREATE TABLE of_the_deleted (n int)")
    shutil.rmtree(home)
    with embedded_postgres(home) as urls:
        assert ask(urls.owner, "SELECT to_regclass('of_the_deleted')::text") is None
        before.__exit__(None, None, None)
        assert ask(urls.owner, "SELECT 1") == 1, "the holder of the deleted home stopped the new server"
