"""What is wrong with a policy document: where it is, what it is, and what is allowed there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from policy_service.domain.errors import FieldError, Invalid
from rules.texts import Language, Text


class Level(StrEnum):
    """An error bars a policy from being published; a warning asks its author to look."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a policy document.

    `path` is the RFC 6901 pointer into the document; `line` and `column` count from 1 and are None where the
    document came as a tree and not as text.
    """

    level: Level
    code: str
    path: str
    message: Text
    line: int | None = None
    column: int | None = None

    def as_document(self, language: Language) -> dict[str, object]:
        """As JSON, with the message in `language`."""
        return {
            "level": self.level.value,
            "code": self.code,
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "message": self.message.in_language(language),
        }


class PolicyError(Invalid):
    """The policy document has faults."""

    code = "policy_invalid"

    def __init__(self, findings: Sequence[Finding]) -> None:
        errors = (FieldError(finding.path, finding.message.en) for finding in findings)
        super().__init__(_summary(findings), *errors)
        self.findings = tuple(findings)


def _summary(findings: Sequence[Finding]) -> str:
    first = findings[0]
    place = f"line {first.line}" if first.line else first.path or "the document"
    more = f" ({len(findings) - 1} more)" if len(findings) > 1 else ""
    return f"The policy document has faults: {place}: {first.message.en}{more}"
