"""What changed in a decision table, followed to the rules that read what it puts out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rules.conditions import Group, GroupKind
from rules.diffing.cases import Case
from rules.diffing.changes import Change, Subject, What
from rules.diffing.pair import IN_ORDER, Pair, either_way
from rules.diffing.pulls import BOTH
from rules.diffing.readers import Move, moved, pull_of_readers, tainted
from rules.diffing.regions import Region, Regions, cells_of, changed_rows, outputs_of
from rules.diffing.remarks import (
    AMBIGUOUS,
    CHANGES_NO_OUTCOME,
    HOLDS,
    NOT_FOLLOWED,
    NOT_READ,
    TOLD_BY_READERS,
    decides,
)
from rules.document import Policy
from rules.strictness import Direction
from rules.tables import HitPolicy, Table
from rules.texts import Text
from rules.words import outputs_text


def table_changes(pair: Pair) -> Iterator[Change]:
    """The changes of all tables."""
    old = {table.code: table for table in pair.before.tables}
    new = {table.code: table for table in pair.after.tables}
    for code in dict.fromkeys((*new, *old)):
        before, after = old.get(code), new.get(code)
        if before is not None and after is not None:
            yield from _changes_of(pair, before, after)
        else:
            change = _change(code, "table", _in_short(before), _in_short(after))
            yield replace(change, remark=TOLD_BY_READERS)
        yield from _ambiguous(pair, code, before, after)


def _change(code: str, part: str, before: Text | None, after: Text | None) -> Change:
    what = What.ADDED if before is None else What.REMOVED if after is None else What.CHANGED
    return Change(Subject.TABLE, code, what, part, before, after, Direction.NEUTRAL)


def _in_short(table: Table | None) -> Text | None:
    if table is None:
        return None
    rows, outputs = len(table.rows), ", ".join(table.outputs)
    return Text(
        f"{table.hit_policy}, rows: {rows}, outputs: {outputs}", f"{table.hit_policy}，{rows} 行，输出：{outputs}"
    )


def _changes_of(pair: Pair, before: Table, after: Table) -> Iterator[Change]:
    if before.title != after.title:
        yield _change(after.code, "title", before.title, after.title)
    if replace(before, title=after.title, position=after.position) == after:
        return
    names = [name for name in before.facts if name in after.facts]
    if HitPolicy.COLLECT in (before.hit_policy, after.hit_policy):
        yield from _not_followed(pair, before, after, names)
        return
    regions = Regions(before, after, pair.cases)
    changes = [change for region in regions.all() for change in _region_changes(pair, before, after, region, names)]
    yield from changes
    if not regions.is_complete or (changes and pull_of_readers(pair, tainted(pair.before, names))):
        yield from _not_followed(pair, before, after, names)
    elif not changes:
        yield replace(_whole(before, after), remark=CHANGES_NO_OUTCOME)


def _whole(before: Table, after: Table) -> Change:
    return _change(after.code, "rows", _in_short(before), _in_short(after))


def _not_followed(pair: Pair, before: Table, after: Table, names: list[str]) -> Iterator[Change]:
    """A table of which is only asked who reads it: anything may come of the change."""
    change = _whole(before, after)
    if pull_of_readers(pair, names):
        yield from either_way(change, NOT_FOLLOWED)
    else:
        yield replace(change, remark=NOT_READ)


def _region_changes(pair: Pair, before: Table, after: Table, region: Region, names: list[str]) -> Iterator[Change]:
    move = Move(outputs_of(before, region.before, names), outputs_of(after, region.after, names), region.conditions)
    if move.before == move.after:
        return
    was, now = _row(before, region.before, pair.before), _row(after, region.after, pair.after)
    change = _change(after.code, "row", was, now)
    puts_out = Text(f"{was.en} → {now.en}", f"{was.zh} → {now.zh}")
    found = list(moved(pair, move))
    for direction in IN_ORDER:
        those = [(rule.code, case) for rule, way, case in found if way is direction]
        if those:
            told = replace(change, remark=decides(dict.fromkeys(code for code, _ in those)))
            case = next((case for _, case in those if case.witness is not None), Case(None))
            yield from pair.directed(told, frozenset({direction}), case, puts_out)
    if not found:
        case = pair.cases.case_of(*region.conditions) or Case(None)
        told = replace(change, remark=CHANGES_NO_OUTCOME)
        yield from pair.directed(told, frozenset(), case, puts_out)


def _row(table: Table, place: int | None, policy: Policy) -> Text:
    outputs = outputs_text({} if place is None else table.rows[place].then, table, policy)
    if place is None:
        return Text(f"no row: {outputs.en}", f"无匹配行：{outputs.zh}")
    return Text(f"row {place + 1}: {outputs.en}", f"第 {place + 1} 行：{outputs.zh}")


def _ambiguous(pair: Pair, code: str, before: Table | None, after: Table | None) -> Iterator[Change]:
    """Checks that are held in one version and not in the other, since two rows of a table match."""
    case = _overlap(pair, before, after) or _overlap(pair, after, before)
    if case is not None:
        change = replace(_change(code, "rows", _in_short(before), _in_short(after)), remark=AMBIGUOUS)
        yield from pair.directed(change, BOTH, case, HOLDS)


def _overlap(pair: Pair, table: Table | None, other: Table | None) -> Case | None:
    """Facts that two rows of a table match, where it must not be and was not so in the other version."""
    if table is None or table.hit_policy is not HitPolicy.UNIQUE:
        return None
    rows = [Group(GroupKind.ALL, cells_of(row)) for row in table.rows]
    both_unique = other is not None and other.hit_policy is HitPolicy.UNIQUE
    for place in changed_rows(table, other)[0] if other is not None and both_unique else range(len(rows)):
        others = Group(GroupKind.ANY, (*rows[:place], *rows[place + 1 :]))
        case = pair.cases.case_of(rows[place], others)
        if case is not None:
            return case
    return None
