"""What is wrong with a policy file, for a person and for an editor that reads `file:line:column:`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from rules.cases import CaseResult
from rules.findings import Finding, Level
from rules.texts import Language, Text

_NOTHING = Text("no errors, no warnings", "没有错误，没有警告")
_LEVELS = {Level.ERROR: Text("error", "错误"), Level.WARNING: Text("warning", "警告")}
_FAILED = Text("failed", "未通过")
_CASE_PASSED = Text("passed", "通过")
_FIRED = Text("fired", "已触发")
_NOT_FIRED = Text("did not fire", "未触发")
_EXPECTED = Text("expected", "期望")
_GOT = Text("got", "实际")
_PASSED = Text("{passed} of {all} cases pass", "{all} 个用例通过 {passed} 个")


def print_findings(file: Path | str, findings: Sequence[Finding], language: Language) -> None:
    """One line a finding: place in the file, level, code, path in the document, message."""
    if not findings:
        click.echo(f"{file}: {_NOTHING.in_language(language)}")
    for finding in findings:
        place = ":".join(str(part) for part in (file, finding.line, finding.column) if part is not None)
        level = _LEVELS[finding.level].in_language(language)
        where = f" {finding.path}" if finding.path else ""
        click.echo(f"{place}: {level} {finding.code}{where}: {finding.message.in_language(language)}")


def print_cases(
    file: Path | str, results: Sequence[CaseResult], language: Language, *, verbose: bool = False
) -> None:
    """Each case that fails, or every one: what was expected, what came, and which clauses decided. Then a count."""
    for result in results:
        if verbose or not result.passed:
            outcome = (_CASE_PASSED if result.passed else _FAILED).in_language(language)
            click.echo(f"{file}: {outcome}: {result.title.in_language(language)}")
            for line in _about(result, language):
                click.echo(f"    {line}")
    passed = sum(result.passed for result in results)
    click.echo(f"{file}: {_PASSED.in_language(language).format(passed=passed, all=len(results))}")


def _about(result: CaseResult, language: Language) -> Iterator[str]:
    for difference in result.differences:
        yield difference.in_language(language)
    yield f"{_EXPECTED.in_language(language)}: {_json(result.expected)}"
    yield f"{_GOT.in_language(language)}: {_json(result.got)}"
    for clause in result.decided_by:
        verb = (_FIRED if clause.fired else _NOT_FIRED).in_language(language)
        yield f"{clause.rule_code} {verb}: {clause.sentence.in_language(language)}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
