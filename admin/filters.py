"""What a person narrowed a list to: the query string, read with care, so that a typing error is said, not hidden."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from enum import StrEnum
from typing import TypeVar

from policy_service.domain.days import EARLIEST_DAY, LATEST_DAY

Choice = TypeVar("Choice", bound=StrEnum)


class Filters:
    """Reads one list's filters. `given` holds what was filled in, to show it again and to keep it on the next page.

    `unread` names, by the key of its label, each field that could not be understood and was left out.
    """

    def __init__(self, args: Mapping[str, str]) -> None:
        self._args = args
        self.given: dict[str, str] = {}
        self.unread: list[str] = []

    def text(self, name: str) -> str | None:
        """The words in a field; None for an empty one."""
        words = self._args.get(name, "").strip()
        if not words:
            return None
        self.given[name] = words
        return words

    def choice(self, name: str, choices: type[Choice], label: str) -> Choice | None:
        """One of `choices`."""
        words = self.text(name)
        if words is None:
            return None
        if words in set(choices):
            return choices(words)
        self._leave_out(name, label)
        return None

    def day(self, name: str, label: str) -> date | None:
        """A day within the years that the service knows."""
        words = self.text(name)
        if words is None:
            return None
        with suppress(ValueError):
            day = date.fromisoformat(words)
            if EARLIEST_DAY <= day <= LATEST_DAY:
                return day
        self._leave_out(name, label)
        return None

    def _leave_out(self, name: str, label: str) -> None:
        del self.given[name]
        self.unread.append(label)
