"""What changes from one policy version to another, by what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from policy_service.domain.errors import PolicyVersionNotFound
from policy_service.services.policies import get_version, number_in_force
from rules.diff import PolicyDiff, diff
from rules.document import load_policy
from rules.texts import Language


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """The changes that make `version` out of `against`."""

    version: int
    against: int
    diff: PolicyDiff

    def as_document(self, language: Language) -> dict[str, Any]:
        """As JSON, with texts in `language`."""
        return {"version": self.version, "against": self.against, **self.diff.as_document(language)}


def diff_versions(session: Session, number: int, against: int) -> VersionDiff:
    """The changes from version `against` to version `number`. Raises PolicyVersionNotFound, PolicyError."""
    before, after = (load_policy(get_version(session, each).source) for each in (against, number))
    return VersionDiff(number, against, diff(before, after))


def diff_to_version_in_force(session: Session, number: int, now: datetime) -> VersionDiff:
    """The same against the version in force. Raises PolicyVersionNotFound, also where none is in force."""
    against = number_in_force(session, now)
    if against is None:
        raise PolicyVersionNotFound("No policy is in force to compare with; name a version.")
    return diff_versions(session, number, against)
