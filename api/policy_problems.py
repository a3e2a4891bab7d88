"""What is wrong with a policy, in the language of the caller: every finding with its line, every case that fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from policy_service.domain.errors import Invalid
from policy_service.services.policy_checks import PolicyCasesFail, PolicyHasErrors
from rules.findings import Level, PolicyError
from rules.texts import Language

_MOST_ERRORS = 100


def members_of(error: Invalid, language: Language) -> Mapping[str, Any]:
    """The members that a problem has beside the usual ones: `lint`, `cases`."""
    if isinstance(error, PolicyError | PolicyHasErrors):
        return {"lint": [finding.as_document(language) for finding in error.findings]}
    if isinstance(error, PolicyCasesFail):
        return {"cases": [result.as_document(language) for result in error.results]}
    return {}


def field_errors_of(error: Invalid, language: Language) -> Iterator[dict[str, str]]:
    """The `errors` of a problem, up to a hundred of them."""
    return islice(_errors(error, language), _MOST_ERRORS)


def _errors(error: Invalid, language: Language) -> Iterator[dict[str, str]]:
    if isinstance(error, PolicyError | PolicyHasErrors):
        for finding in error.findings:
            if finding.level is Level.ERROR:
                yield {"pointer": finding.path, "message": finding.message.in_language(language)}
    elif isinstance(error, PolicyCasesFail):
        for place, result in enumerate(error.results):
            if not result.passed:
                said = "; ".join(difference.in_language(language) for difference in result.differences)
                yield {"pointer": f"/cases/{place}", "message": said}
    else:
        for field in error.errors:
            yield {"pointer": field.pointer, "message": field.message}
