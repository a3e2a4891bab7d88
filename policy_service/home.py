"""The home folder of an installation, and the one secret in it that all workers share: it signs sessions."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

_SESSION_KEY = "session.key"
_KEY_BYTES = 32


def session_key(home: Path) -> str:
    """The key that signs sessions; made where there is none yet, readable by nobody else. Raises OSError."""
    path = home / _SESSION_KEY
    if not path.exists():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_once(path, secrets.token_hex(_KEY_BYTES))
    return path.read_text(encoding="ascii")


def has_session_key(home: Path) -> bool:
    """Whether this home was prepared."""
    return (home / _SESSION_KEY).exists()


def _write_once(path: Path, text: str) -> None:
    """Write a whole private file or, where another process was first, nothing."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    try:
        draft.write_text(text, encoding="ascii")
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
