"""The three locks of an embedded database: who may change it, who uses it, whether it lives.

All are flock(2) locks. The kernel drops them with the last process that has the file open, however that process
ended, so nobody has to believe a pid in a file:

guard    held for moments, by the one command that starts or stops the server
holders  shared, by every command that uses the server
server   by the server itself: the file is opened for it and handed down, so its processes hold it until the last
         of them has gone, the backends that outlive a killed postmaster too
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self


class Locks:
    """The locks in one folder. Close it (it is a context manager) to let go of all of them."""

    def __init__(self, folder: Path) -> None:
        """Open the lock files, making those that are missing. Raises OSError."""
        self._server_path = folder / "server.lock"
        self._files: list[int] = []
        try:
            self._guard = self._opened(folder / "guard.lock")
            self._holders = self._opened(folder / "holders.lock")
            self._server = self._opened(self._server_path)
        except OSError:
            self.close()
            raise

    def _opened(self, path: Path) -> int:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._files.append(file)
        return file

    def close(self) -> None:
        """Let go of everything."""
        while self._files:
            os.close(self._files.pop())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def guarded(self, timeout_seconds: float) -> Iterator[None]:
        """Alone for the length of the block. Raises TimeoutError when another command keeps the guard longer."""
        deadline = time.monotonic() + timeout_seconds
        while not _taken(self._guard, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(0.02)
        try:
            yield
        finally:
            fcntl.flock(self._guard, fcntl.LOCK_UN)

    def hold(self) -> None:
        """Become one of the holders. Only under the guard."""
        fcntl.flock(self._holders, fcntl.LOCK_SH)

    def let_go(self) -> bool:
        """Stop being a holder; true when nobody else is one. Only under the guard."""
        alone = _taken(self._holders, fcntl.LOCK_EX)
        fcntl.flock(self._holders, fcntl.LOCK_UN)
        return alone

    def server_lives(self) -> bool:
        """Whether any process of a server, or of an initdb, of this folder still runs. Only under the guard."""
        free = _taken(self._server, fcntl.LOCK_EX)
        if free:
            fcntl.flock(self._server, fcntl.LOCK_UN)
        return not free

    def are_current(self) -> bool:
        """Whether these are still the locks of that folder: not when it was deleted, or made anew, meanwhile."""
        try:
            return os.path.samestat(os.fstat(self._server), self._server_path.stat())
        except FileNotFoundError:
            return False

    @contextmanager
    def handed_down(self) -> Iterator[int]:
        """A descriptor that holds the server's lock, for a child to inherit. Only under the guard, and none lives."""
        file = os.open(self._server_path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield file
        finally:
            os.close(file)


def _taken(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
