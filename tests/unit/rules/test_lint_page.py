"""The page docs/lint.md names every code that a finding can have, and every example there yields its code."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from rules.audiences import NOT_FOR
from rules.findings import Level
from rules.lint import lint_source
from tests.conftest import REPOSITORY

PAGE = (REPOSITORY / "docs" / "lint.md").read_text(encoding="utf-8")
WITHOUT_EXAMPLE = {"too_large"}
HEAD = "schema: 1\nname: example\ncurrency: CNY\n"
RULES = "rules: [{code: SOME, when: {fact: customer.status, op: eq, value: stop}, then: [{effect: reject}]}]\n"


class Section(NamedTuple):
    """What the page says of one code."""

    code: str
    is_fault: bool
    text: str

    @property
    def examples(self) -> list[str]:
        """Whole documents."""
        found = re.findall(r"```(yaml|text)\n(.*?)```", self.text, re.DOTALL)
        return [source if kind == "text" else document(source) for kind, source in found]


def document(snippet: str) -> str:
    """A snippet with what every policy needs."""
    return HEAD + (snippet if snippet.startswith(("---", "rules:")) or "\nrules:" in snippet else RULES + snippet)


def sections() -> list[Section]:
    before, after = PAGE.split("\n## Faults\n")
    return [
        Section(code, is_fault, text)
        for is_fault, part in ((False, before), (True, after))
        for code, text in re.findall(r"^### `([a-z_]+)`\n(.*?)(?=^##|\Z)", part, re.DOTALL | re.MULTILINE)
    ]


def codes(pattern: str, where: str) -> set[str]:
    files = (REPOSITORY / "rules").glob(where)
    return {code for file in files for code in re.findall(pattern, file.read_text(encoding="utf-8"))}


FAULTS = codes(r'(?:\.fault|_refusal|ChainFault)\(\s*"([a-z_]+)"', "*.py") | {code for code, _ in NOT_FOR.values()}
LINT = codes(r'\b(?:error|warning)\(\s*"([a-z_]+)"', "lint/*.py")
EXAMPLES = [(section, example) for section in sections() for example in section.examples]


def test_every_code_has_a_section() -> None:
    documented = [section.code for section in sections()]
    assert len(set(documented)) == len(documented)
    assert set(documented) == FAULTS | LINT
    assert {section.code for section in sections() if not section.is_fault} >= LINT - FAULTS


def test_every_section_has_an_example() -> None:
    assert {section.code for section in sections() if not section.examples} == WITHOUT_EXAMPLE


@pytest.mark.parametrize(("section", "example"), EXAMPLES, ids=[section.code for section, _ in EXAMPLES])
def test_every_example_yields_its_code(section: Section, example: str) -> None:
    """One mistake can be several faults; what lint finds in an example is that one thing only."""
    findings = lint_source(example)
    found = {finding.code for finding in findings}
    assert section.code in found if section.is_fault else found == {section.code}
    levels = {finding.level for finding in findings}
    is_said = all(level.value.capitalize() in section.text for level in levels)
    assert is_said or (section.is_fault and levels == {Level.ERROR})
    assert all(finding.message.en and finding.message.zh for finding in findings)


def test_a_text_above_the_bound_is_a_fault_without_example() -> None:
    assert [finding.code for finding in lint_source("#" * (1024 * 1024 + 1))] == ["too_large"]
