"""What a comparison of two policies finds, as frozen objects, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rules.strictness import Direction
from rules.texts import Language, Text


class Subject(StrEnum):
    """What of a policy changed."""

    RULE = "rule"
    TABLE = "table"
    SETTING = "setting"
    CURRENCY = "currency"
    NAME = "name"
    CASE = "case"
    DOCUMENT = "document"


class What(StrEnum):
    """How it changed."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One change in one direction: what is stricter in some cases and milder in others are two.

    `code` is that of the rule or table, or the name of the setting or case. `part` is what of it changed. `before`
    and `after` are in words, None where there was or is nothing. `remark` says what follows, `example` gives facts
    for which it does. `is_decided` is False where a direction is only possible: nothing shows or excludes it.
    """

    subject: Subject
    code: str
    what: What
    part: str
    before: Text | None
    after: Text | None
    direction: Direction
    remark: Text | None = None
    example: Text | None = None
    is_decided: bool = True

    def as_document(self, language: Language) -> dict[str, Any]:
        """As JSON, with texts in `language`."""
        return {
            "subject": self.subject.value,
            "code": self.code,
            "what": self.what.value,
            "part": self.part,
            "direction": self.direction.value,
            "decided": self.is_decided,
            "before": _in(language, self.before),
            "after": _in(language, self.after),
            "remark": _in(language, self.remark),
            "example": _in(language, self.example),
        }


def _in(language: Language, text: Text | None) -> str | None:
    return None if text is None else text.in_language(language)


@dataclass(frozen=True, slots=True)
class PolicyDiff:
    """All changes from one policy to another; none where both are the same."""

    changes: tuple[Change, ...]

    @property
    def counts(self) -> Mapping[Direction, int]:
        """How many changes there are of each direction."""
        found = Counter(change.direction for change in self.changes)
        return {direction: found[direction] for direction in Direction}

    @property
    def is_tightening(self) -> bool:
        """Whether some check may come out stricter."""
        return self.counts[Direction.TIGHTENING] > 0

    @property
    def is_loosening(self) -> bool:
        """Whether some check may come out milder."""
        return self.counts[Direction.LOOSENING] > 0

    def as_document(self, language: Language) -> dict[str, Any]:
        """As JSON, with texts in `language`."""
        return {
            "summary": {
                **{direction.value: count for direction, count in self.counts.items()},
                "is_tightening": self.is_tightening,
                "is_loosening": self.is_loosening,
            },
            "changes": [change.as_document(language) for change in self.changes],
        }
