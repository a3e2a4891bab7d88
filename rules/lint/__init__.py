"""What a policy document of the right shape still gets wrong. Faults of shape are told by `rules.document`.

Every check is certain of what it says, and takes a bounded time: what could not be examined is a finding, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rules.document import Policy, load_policy
from rules.findings import Finding, Level, PolicyError
from rules.lint.contradictions import contradictions
from rules.lint.hidden import hidden_rules
from rules.lint.questions import Questions
from rules.lint.reaching import reaching
from rules.lint.references import references
from rules.lint.remarks import Remark
from rules.lint.tables import tables
from rules.source import MAX_FINDINGS

__all__ = ["Finding", "Level", "lint", "lint_source"]

_CHECKS: tuple[Callable[[Questions], Iterator[Remark]], ...] = (
    references,
    reaching,
    tables,
    contradictions,
    hidden_rules,
    Questions.unexamined,
)


def lint_source(source: str) -> tuple[Finding, ...]:
    """The findings of a text, whether it loads or not."""
    try:
        return lint(load_policy(source))
    except PolicyError as error:
        return error.findings


def lint(policy: Policy) -> tuple[Finding, ...]:
    """The findings of a policy, by line; after a thousand nobody reads on, and errors go before warnings."""
    questions = Questions(policy)
    findings: list[Finding] = []
    for check in _CHECKS:
        questions.begin_check()
        findings += [remark.finding(policy) for remark in check(questions)]
    findings.sort(key=lambda found: (found.level is not Level.ERROR, found.code != "not_examined"))
    return tuple(sorted(findings[:MAX_FINDINGS], key=lambda found: found.line or 0))
