"""What a policy document of the right shape still gets wrong. Faults of shape are told by `rules.document`."""

from __future__ import annotations

from rules.document import Policy, load_policy
from rules.findings import Finding, Level, PolicyError

__all__ = ["Finding", "Level", "lint", "lint_source"]


def lint_source(source: str) -> tuple[Finding, ...]:
    """The findings of a text, whether it loads or not."""
    try:
        return lint(load_policy(source))
    except PolicyError as error:
        return error.findings


def lint(policy: Policy) -> tuple[Finding, ...]:
    """The findings of a policy, by line."""
    del policy
    return ()
