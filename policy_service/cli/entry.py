"""The entry point: the commands, and how a failure is told."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from policy_service.db.embedded import EmbeddedDatabaseError
from policy_service.domain.errors import CreditPolicyError

_MODULES = {
    "authority": "authority",
    "backtest": "backtest",
    "demo": "demo",
    "import": "imports",
    "init": "init",
    "key": "keys",
    "policy": "policies",
    "reconcile": "reconcile",
    "serve": "serve",
    "user": "users",
    "worker": "worker",
}
"""The module that holds a command; loaded when the command is used, so that it starts quickly."""


class Refused(click.ClickException):
    """The command could not do what was asked; one line says why. Exit code 1."""


class Commands(click.Group):
    """The commands, and a line instead of a traceback where one fails."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (as click calls it)
        """By name."""
        return sorted(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, loaded now."""
        if cmd_name not in _MODULES:
            return None
        command: click.Command = import_module(f"policy_service.cli.{_MODULES[cmd_name]}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except (CreditPolicyError, EmbeddedDatabaseError) as error:
            raise Refused(str(error)) from error
        except SQLAlchemyError as error:
            raise Refused(f"The database could not do it: {_first_line(error)}") from error
        except OSError as error:
            raise Refused(f"{error.filename}: {error.strerror}" if error.filename else str(error)) from error


def _first_line(error: SQLAlchemyError) -> str:
    """What the database said, without the statement and its values."""
    return str(getattr(error, "orig", None) or type(error).__name__).strip().partition("\n")[0]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="credit-policy-service", message="%(version)s")
def main() -> None:
    """Credit policies as rules, checked on every quote and order.

    Settings come from the environment; CREDIT_POLICY_HOME (default ./var) is where the database and secrets live.
    """
