"""What changes from one policy to another, for a person at a terminal."""

from __future__ import annotations

import click

from rules.diff import Change, Direction, PolicyDiff
from rules.texts import Language, Text

_NOTHING = Text("nothing changes", "没有变更")
_DIRECTIONS = {
    Direction.TIGHTENING: Text("stricter", "趋严"),
    Direction.LOOSENING: Text("MILDER", "趋松"),
    Direction.NEUTRAL: Text("neutral", "中性"),
}
_UNCERTAIN = Text("perhaps", "可能")
_BEFORE = Text("before", "原为")
_AFTER = Text("after", "现为")


def print_diff(diff: PolicyDiff, language: Language) -> None:
    """Each change with its direction, in words, and a case that comes out differently where there is one."""
    if not diff.changes:
        click.echo(_NOTHING.in_language(language))
    for change in diff.changes:
        _print_change(change, language)


def _print_change(change: Change, language: Language) -> None:
    direction = _DIRECTIONS[change.direction].in_language(language)
    certainty = "" if change.is_decided else f" ({_UNCERTAIN.in_language(language)})"
    subject = " ".join(filter(None, (change.subject, change.code, change.part, change.what)))
    click.echo(f"{direction}{certainty}: {subject}")
    for title, text in ((_BEFORE, change.before), (_AFTER, change.after)):
        if text is not None:
            click.echo(f"    {title.in_language(language)}: {text.in_language(language)}")
    for said in (change.remark, change.example):
        if said is not None:
            click.echo(f"    {said.in_language(language)}")
