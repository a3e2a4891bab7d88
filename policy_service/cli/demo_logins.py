"""The logins of a demo: made once for a home, and kept in it so that they can be printed again."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from policy_service.domain.permissions import Role

_FILE = "demo-logins.json"
_PASSWORD_BYTES = 9


@dataclass(frozen=True, slots=True)
class Login:
    """A user of the demo, named like the role."""

    user: str
    password: str

    @property
    def role(self) -> Role:
        """The role that the user shows."""
        return Role(self.user)


@dataclass(frozen=True, slots=True)
class DemoLogins:
    """One login a role."""

    path: Path
    logins: tuple[Login, ...]

    @classmethod
    def of_home(cls, home: Path) -> DemoLogins:
        """The logins that the home keeps, else new ones with random passwords."""
        path = home / _FILE
        if path.exists():
            kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
            return cls(path, tuple(Login(user, password) for user, password in kept.items()))
        return cls(path, tuple(Login(role.value, secrets.token_urlsafe(_PASSWORD_BYTES)) for role in Role))

    @property
    def are_kept(self) -> bool:
        """Whether the home keeps them."""
        return self.path.exists()

    def keep(self) -> None:
        """Write them to the home, readable by nobody else. Raises OSError."""
        self.path.touch(mode=0o600)
        logins = {login.user: login.password for login in self.logins}
        self.path.write_text(json.dumps(logins, indent=2), encoding="utf-8")
