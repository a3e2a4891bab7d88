"""Where the database is put, who may reach it, and what is said when it cannot be."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from policy_service.db import embedded_binaries, embedded_place
from policy_service.db.embedded import DatabaseUrls, EmbeddedDatabaseError, embedded_postgres, is_initialised
from policy_service.db.embedded_place import make_control_folder, settle
from tests.embedded.conftest import Command, ask, data_of, postmaster, run, servers

NOBODY = 65534
StartCommand = Callable[..., Command]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def _socket_folder(urls: DatabaseUrls) -> Path:
    return Path(str(make_url(urls.runtime).query["host"]))


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def far_home(fresh_home: Path) -> Iterator[Path]:
    """A home whose path is too long for a socket."""
    far = fresh_home / ("x" * 60) / ("y" * 60)
    far.mkdir(parents=True)
    make_control_folder(far)
    sockets = settle(far, say=lambda _: None).socket_folder
    yield far
    if sockets.is_symlink():
        sockets.unlink()
    shutil.rmtree(sockets, ignore_errors=True)


@pytest.fixture
def system_folder(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands in for the folder of the system in which root's databases live."""
    folder = fresh_home.parent / "system"
    monkeypatch.setattr(embedded_place, "SYSTEM_FOLDER", folder)
    monkeypatch.setattr(embedded_binaries, "SYSTEM_FOLDER", folder)
    return folder


def _refused(home: Path) -> str:
    with pytest.raises(EmbeddedDatabaseError) as caught:
        embedded_postgres(home).__enter__()
    assert not servers(home)
    return caught.value.message


def test_only_the_server_may_enter_the_folders_of_its_data_and_its_socket(fresh_home: Path) -> None:
    with embedded_postgres(fresh_home) as urls:
        sockets = _socket_folder(urls)
        assert sockets == fresh_home / "postgresql" / "run"
        assert _mode(sockets) == _mode(data_of(fresh_home)) == 0o700


def test_a_long_path_works_through_a_private_folder_that_other_commands_find(
    far_home: Path, start_command: StartCommand
) -> None:
    with embedded_postgres(far_home) as urls:
        assert ask(urls.runtime, "SELECT 1") == 1
        assert start_command(far_home).urls() == urls
        assert _mode(_socket_folder(urls)) == 0o700


def test_a_socket_folder_that_others_may_enter_is_refused(far_home: Path) -> None:
    sockets = settle(far_home, say=lambda _: None).socket_folder
    sockets.mkdir()
    sockets.chmod(0o777)
    assert f"{sockets} must be a folder that belongs to" in _refused(far_home)


def test_a_link_in_place_of_the_socket_folder_is_refused(far_home: Path) -> None:
    trap = far_home / "trap"
    trap.mkdir(mode=0o700)
    sockets = settle(far_home, say=lambda _: None).socket_folder
    sockets.symlink_to(trap)
    assert f"{sockets} must be a folder that belongs to" in _refused(far_home)
    assert trap.stat().st_uid == os.geteuid()


@as_root
def test_a_socket_folder_of_somebody_else_is_refused(far_home: Path) -> None:
    sockets = settle(far_home, say=lambda _: None).socket_folder
    sockets.mkdir(mode=0o700)
    os.chown(sockets, NOBODY, NOBODY)
    assert f"{sockets} must be a folder that belongs to" in _refused(far_home)


@as_root
def test_an_ordinary_user_has_it_without_any_help_and_root_can_join(
    fresh_home: Path, start_command: StartCommand
) -> None:
    fresh_home.mkdir()
    os.chown(fresh_home, NOBODY, NOBODY)
    urls = start_command(fresh_home, "--uid", str(NOBODY)).urls()
    run(urls.owner, "CREATE TABLE kept (n int)")
    assert data_of(fresh_home).stat().st_uid == NOBODY
    with embedded_postgres(fresh_home) as joined:
        assert joined == urls


@as_root
def test_root_runs_the_database_of_an_ordinary_user_as_that_user(
    fresh_home: Path, start_command: StartCommand
) -> None:
    fresh_home.mkdir()
    os.chown(fresh_home, NOBODY, NOBODY)
    first = start_command(fresh_home, "--uid", str(NOBODY))
    run(first.urls().owner, "CREATE TABLE kept AS SELECT 7 AS n")
    first.leave()
    with embedded_postgres(fresh_home) as urls:
        assert ask(urls.owner, "SELECT n FROM kept") == 7
        assert Path(f"/proc/{postmaster(fresh_home)}").stat().st_uid == NOBODY
    again = start_command(fresh_home, "--uid", str(NOBODY))
    assert ask(again.urls().owner, "SELECT n FROM kept") == 7


@as_root
def test_an_ordinary_user_is_told_that_the_database_is_somebody_elses(
    home: Path, start_command: StartCommand
) -> None:
    with embedded_postgres(home):
        pass
    error = start_command(home, "--uid", str(NOBODY)).answer()["error"]
    assert "Permission denied" in error
    assert "CREDIT_POLICY_HOME" in error


@as_root
def test_a_home_that_cannot_be_made_is_said_with_the_setting_to_change(
    fresh_home: Path, start_command: StartCommand
) -> None:
    error = start_command(fresh_home, "--uid", str(NOBODY)).answer()["error"]
    assert f"{fresh_home}: Permission denied. Set CREDIT_POLICY_HOME" in error


def test_a_file_in_place_of_the_home_is_said(fresh_home: Path) -> None:
    fresh_home.write_text("not a folder")
    assert "something there that is not a folder" in _refused(fresh_home)


def test_data_of_another_version_is_refused_and_left_alone(home: Path) -> None:
    with embedded_postgres(home):
        pass
    (data_of(home) / "PG_VERSION").write_text("15\n")
    assert "made by PostgreSQL 15, and this program brings PostgreSQL 16" in _refused(home)
    assert is_initialised(home)


def test_a_missing_package_is_said_with_the_way_out(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_binaries, "_PACKAGE", "pixeltable_of_another_platform")
    message = _refused(fresh_home)
    assert "it is not installed" in message
    assert "DATABASE_URL" in message


def test_programs_of_another_platform_are_said(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = fresh_home.parent / "package"
    programs = package / "pginstall" / "bin"
    programs.mkdir(parents=True)
    monkeypatch.setattr(embedded_binaries, "package_folder", lambda: package)
    assert "has no postgres" in _refused(fresh_home)
    (programs / "postgres").write_bytes(b"\x7fELF of another machine")
    (programs / "postgres").chmod(0o755)
    assert "Exec format error" in _refused(fresh_home)


def test_an_overgrown_log_is_dropped_at_the_start(home: Path) -> None:
    with embedded_postgres(home):
        pass
    overgrown, small = (data_of(home) / "log" / name for name in ("postgresql-Xxx.log", "postgresql-Yyy.log"))
    for log, size in ((overgrown, 11 * 1024 * 1024), (small, 1000)):
        log.touch()
        os.truncate(log, size)
    with embedded_postgres(home):
        assert not overgrown.exists()
        assert small.exists()


@as_root
def test_root_keeps_the_database_elsewhere_when_its_home_is_closed_and_opens_nothing(
    fresh_home: Path, system_folder: Path
) -> None:
    closed = fresh_home.parent / "root"
    closed.mkdir(mode=0o700)
    said: list[str] = []
    with embedded_postgres(closed / "home", say=said.append) as urls:
        run(urls.owner, "CREATE TABLE kept AS SELECT 7 AS n")
    assert _mode(closed) == 0o700
    assert not data_of(closed / "home").exists()
    assert is_initialised(closed / "home")
    assert f"The database goes to {system_folder}" in said[0]
    with embedded_postgres(closed / "home") as urls:
        assert ask(urls.owner, "SELECT n FROM kept") == 7
    assert len(list(system_folder.iterdir())) == 1


@as_root
def test_a_copied_home_does_not_take_the_database_that_is_kept_elsewhere(
    fresh_home: Path, system_folder: Path
) -> None:
    closed = fresh_home.parent / "root"
    closed.mkdir(mode=0o700)
    with embedded_postgres(closed / "home"):
        pass
    shutil.copytree(closed / "home", closed / "copy")
    assert f"belongs to {closed / 'home'}, not to {closed / 'copy'}" in _refused(closed / "copy")
    shutil.rmtree(system_folder)
    assert "which is gone. Bring that folder back" in _refused(closed / "home")


@as_root
def test_programs_that_the_servers_user_cannot_reach_are_copied_once(
    fresh_home: Path, system_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = embedded_binaries.package_folder()
    closed = Path(tempfile.mkdtemp(prefix="closed-", dir=fresh_home.parent))
    shutil.copytree(real / "pginstall", closed / real.name / "pginstall", ignore=shutil.ignore_patterns("*.a"))
    shutil.copytree(real.with_name(f"{real.name}.libs"), closed / f"{real.name}.libs")
    monkeypatch.setattr(embedded_binaries, "package_folder", lambda: closed / real.name)
    with embedded_postgres(fresh_home) as urls:
        assert ask(urls.runtime, "SELECT 1") == 1
        assert Path(f"/proc/{postmaster(fresh_home)}/exe").readlink().is_relative_to(system_folder)
    assert _mode(closed) == 0o700
    assert [path.name.partition("-")[0] for path in system_folder.iterdir()] == ["postgresql"]


@as_root
def test_without_a_way_to_make_the_system_user_root_is_told_what_to_do(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_place, "SYSTEM_USER", "no-such-credit-policy")
    monkeypatch.setenv("PATH", "/nowhere")
    assert "could not be made: there is no useradd. Make it (useradd --system" in _refused(fresh_home)
