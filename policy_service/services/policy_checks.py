"""What a policy must pass before it may be submitted or published: no lint errors, all cases, and it compiles."""

from __future__ import annotations

from policy_service.domain.errors import FieldError, Invalid
from rules.cases import CaseResult, run_cases
from rules.document import Policy, load_policy
from rules.findings import Finding, Level, PolicyError
from rules.lint import lint


class PolicyHasErrors(Invalid):
    """The policy has errors; lint names each of them."""

    code = "policy_has_errors"

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        errors = (finding for finding in findings if finding.level is Level.ERROR)
        super().__init__(None, *(FieldError(finding.path, finding.message.en) for finding in errors))
        self.findings = findings


class PolicyCasesFail(Invalid):
    """Cases of the policy fail; each is named with what was expected and what came."""

    code = "policy_cases_fail"

    def __init__(self, results: tuple[CaseResult, ...]) -> None:
        failed = {place: result for place, result in enumerate(results) if not result.passed}
        names = ", ".join(result.name for result in failed.values())
        errors = (
            FieldError(f"/cases/{place}", "; ".join(each.en for each in result.differences))
            for place, result in failed.items()
        )
        super().__init__(f"Cases of the policy fail: {names}.", *errors)
        self.results = results


def checked_policy(source: str) -> Policy:
    """The policy of a text that may be published. Raises PolicyHasErrors, PolicyCasesFail."""
    try:
        policy = load_policy(source)
    except PolicyError as error:
        raise PolicyHasErrors(tuple(error.findings)) from error
    refuse_faulty(policy)
    return policy


def refuse_faulty(policy: Policy) -> None:
    """Let only a policy pass that may be in force. Raises PolicyHasErrors, PolicyCasesFail."""
    findings = lint(policy)
    if any(finding.level is Level.ERROR for finding in findings):
        raise PolicyHasErrors(findings)
    results = run_cases(policy)
    if not all(result.passed for result in results):
        raise PolicyCasesFail(results)
