"""The `credit-policy` command: one file per group of commands, each of them one service call."""

from policy_service.cli.entry import main

__all__ = ["main"]
