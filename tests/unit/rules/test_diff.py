"""The diff of two policies: what a checker must see before approving a change."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from rules.diff import Change, Direction, PolicyDiff, diff
from rules.diffing import cases as asking
from rules.document import load_policy, policy_from_tree
from rules.texts import Language
from tests.conftest import REPOSITORY
from tests.unit.rules.documents import Tree, policy, rule, tree

DEFAULT = (REPOSITORY / "rules/packs/default.yaml").read_text("utf-8")

TIGHTENING, LOOSENING, NEUTRAL = Direction.TIGHTENING, Direction.LOOSENING, Direction.NEUTRAL


def fact(name: str, op: str, value: Any = None, **members: Any) -> Tree:
    return {"fact": name, "op": op, "if_missing": False, "value": value, **members}


def late(days: int) -> Tree:
    return fact("receivables.oldest_overdue_days", "gt", days)


OVERDUE = fact("receivables.overdue_amount", "gt", "100.00")
NEW = fact("customer.is_new", "eq", value=True)


def compared(before: Tree | list[Tree], after: Tree | list[Tree], **members: Any) -> PolicyDiff:
    """The diff of two policies of these rules; `members` are those of both."""
    old, new = ([rules] if isinstance(rules, dict) else rules for rules in (before, after))
    return diff(policy(*old, **members), policy(*new, **members))


def told(changes: PolicyDiff) -> list[tuple[str, Direction]]:
    """The part and the direction of every change."""
    return [(change.part, change.direction) for change in changes.changes]


def only(changes: PolicyDiff) -> Change:
    """The one change there is."""
    (change,) = changes.changes
    return change


# Identity


def test_the_same_policy_in_yaml_and_in_json_does_not_differ() -> None:
    as_json = json.dumps(yaml.safe_load(DEFAULT.replace("2026-01-01", '"2026-01-01"')))
    assert diff(load_policy(DEFAULT), load_policy(as_json)).changes == ()


def test_what_is_only_written_out_is_told_and_is_neutral() -> None:
    change = only(compared(rule(NEW), rule(NEW, enabled=True, priority=100)))
    assert (change.part, change.direction) == ("spelling", NEUTRAL)


# Conditions


def test_a_rejection_that_fires_later_is_a_loosening_with_a_case_of_it() -> None:
    change = only(compared(rule(late(3), "reject"), rule(late(5), "reject")))
    assert change.direction is LOOSENING
    assert change.before is not None
    assert change.before.en == "oldest overdue is more than 3 days"
    assert change.example is not None
    assert change.example.en == "oldest overdue 4 days: no longer fires"
    assert change.remark is not None
    assert change.remark.zh == "更少触发：拒绝"


def test_a_rejection_that_fires_sooner_is_a_tightening() -> None:
    assert told(compared(rule(late(5), "reject"), rule(late(3), "reject"))) == [("condition", TIGHTENING)]


def test_a_condition_that_covers_other_cases_is_both_each_with_its_own_case() -> None:
    changes = compared(rule(fact("signals.landlord", "eq", 3)), rule(fact("signals.landlord", "ge", 4)))
    assert told(changes) == [("condition", TIGHTENING), ("condition", LOOSENING)]
    examples = [change.example.en for change in changes.changes if change.example]
    assert examples == ["landlord signal 4: now fires", "landlord signal 3: no longer fires"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (NEW, {"none": [fact("customer.is_new", "eq", value=False)]}),
        ({"all": [OVERDUE, NEW]}, {"all": [NEW, {"all": [OVERDUE]}]}),
        (fact("customer.paid_invoice_count", "gt", 2), fact("customer.paid_invoice_count", "ge", 3)),
        (fact("customer.customer_class", "in", ["C", "D"]), fact("customer.customer_class", "not_in", ["A", "B"])),
        (OVERDUE, {**OVERDUE, "if_missing": True}),
    ],
)
def test_the_same_condition_in_other_words_is_neutral(before: Tree, after: Tree) -> None:
    change = only(compared(rule(before, "reject"), rule(after, "reject")))
    assert (change.part, change.direction) == ("condition", NEUTRAL)
    assert change.remark is not None
    assert change.remark.en == "says the same in other words"


def test_what_holds_when_a_fact_is_missing_counts() -> None:
    change = only(compared(rule({**late(3), "if_missing": True}, "reject"), rule(late(3), "reject")))
    assert change.direction is LOOSENING
    assert change.example is not None
    assert change.example.en == "oldest overdue unknown: no longer fires"


def test_a_warning_that_fires_more_often_is_neutral() -> None:
    assert told(compared(rule(late(5), "warn"), rule(late(3), "warn"))) == [("condition", NEUTRAL)]


def test_a_condition_too_hard_to_decide_is_never_neutral(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_MOST_STEPS", 0)
    changes = compared(rule(late(3), "reject"), rule(late(5), "reject"))
    assert told(changes) == [("condition", TIGHTENING), ("condition", LOOSENING)]
    assert [change.is_decided for change in changes.changes] == [False, False]
    assert [change.example for change in changes.changes] == [None, None]


# Rules as a whole


@pytest.mark.parametrize("gone", [[], [rule(late(3), "reject", code="B", enabled=False)]])
def test_a_rejection_removed_or_switched_off_is_a_loosening(gone: list[Tree]) -> None:
    change = only(compared([rule(NEW), rule(late(3), "reject", code="B")], [rule(NEW), *gone]))
    assert (change.code, change.direction) == ("B", LOOSENING)
    assert change.before is not None
    assert change.before.en == "if oldest overdue is more than 3 days, then: reject"


def test_a_rejection_added_is_a_tightening() -> None:
    change = only(compared(rule(NEW), [rule(NEW), rule(late(3), "reject", code="B")]))
    assert (change.what, change.direction, change.before) == ("added", TIGHTENING, None)


def test_a_rule_that_can_never_fire_is_neutral() -> None:
    never = {"all": [late(5), fact("receivables.oldest_overdue_days", "lt", 3)]}
    assert told(compared(rule(NEW), [rule(NEW), rule(never, "reject", code="B")])) == [("rule", NEUTRAL)]


def test_what_changes_in_a_rule_that_stays_switched_off_is_neutral() -> None:
    changes = compared(
        [rule(NEW), rule(late(3), "reject", code="B", enabled=False)],
        [rule(NEW), rule(late(9), "reject", code="B", enabled=False)],
    )
    assert told(changes) == [("rule", NEUTRAL)]


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        ({}, {"applies_to": ["order"]}, LOOSENING),
        ({"applies_to": ["quote"]}, {}, TIGHTENING),
        ({}, {"valid_from": "2026-06-01"}, LOOSENING),
        ({"valid_to": "2026-06-01"}, {"valid_to": "2026-06-02"}, TIGHTENING),
    ],
)
def test_kinds_and_days_count(before: Tree, after: Tree, direction: Direction) -> None:
    change = only(compared(rule(NEW, "reject", **before), rule(NEW, "reject", **after)))
    assert change.direction is direction


def test_days_that_move_are_both() -> None:
    changes = compared(
        rule(NEW, "reject", valid_from="2026-01-01", valid_to="2026-01-31"),
        rule(NEW, "reject", valid_from="2026-02-01", valid_to="2026-02-28"),
    )
    assert told(changes) == [("period", TIGHTENING), ("period", LOOSENING)]
    assert [change.example.en for change in changes.changes if change.example] == [
        "new customer yes: on 2026-02-01 now fires",
        "new customer yes: on 2026-01-31 no longer fires",
    ]


def test_a_kind_that_the_condition_rules_out_changes_no_outcome() -> None:
    orders = {"all": [NEW, fact("order.kind", "eq", "order")]}
    changes = compared(rule(orders, "reject"), rule(orders, "reject", applies_to=["order"]))
    assert told(changes) == [("kinds", NEUTRAL)]


def test_titles_messages_and_priorities_are_neutral() -> None:
    changes = compared(
        rule(NEW, {"effect": "reject", "message": "no"}, title="one", priority=1),
        rule(NEW, {"effect": "reject", "message": {"en": "No!", "zh": "不！"}}, title="two", priority=2),
    )
    assert told(changes) == [("title", NEUTRAL), ("priority", NEUTRAL), ("message", NEUTRAL)]


def test_rules_in_another_order_are_neutral() -> None:
    one, other = rule(NEW, code="A"), rule(OVERDUE, code="B")
    assert told(compared([one, other], [other, one])) == [("order", NEUTRAL)]


# Effects


def effect(kind: str, **members: Any) -> Tree:
    return {"effect": kind, **members}


HALF = {"fact": "customer.credit_limit", "times": "0.5"}


@pytest.mark.parametrize(
    ("mild", "strict"),
    [
        (effect("hold"), effect("hold", authority="director")),
        (effect("hold", authority="director"), effect("reject")),
        (effect("warn"), effect("hold")),
        (effect("alert", severity=5), effect("require_prepayment", percent=10)),
        (effect("cap_terms", days=45), effect("cap_terms", days=30)),
        (effect("cap_credit", amount="100.00"), effect("cap_credit", amount="99.99")),
        (effect("require_prepayment", percent=30), effect("require_prepayment", percent=50)),
        (effect("cap_credit", amount={**HALF, "times": "0.6"}), effect("cap_credit", amount=HALF)),
    ],
)
def test_effects_from_mild_to_strict(mild: Tree, strict: Tree) -> None:
    assert told(compared(rule(NEW, mild), rule(NEW, strict))) == [("effect", TIGHTENING)]
    assert told(compared(rule(NEW, strict), rule(NEW, mild))) == [("effect", LOOSENING)]


def test_effects_that_cannot_be_ordered_are_both() -> None:
    changes = compared(
        rule(NEW, effect("cap_credit", amount=HALF)),
        rule(NEW, effect("cap_credit", amount={"fact": "exposure.total"})),
    )
    assert told(changes) == [("effect", TIGHTENING), ("effect", LOOSENING)]
    assert not any(change.is_decided for change in changes.changes)


def test_a_hold_for_a_cap_is_both_since_a_released_hold_caps_nothing() -> None:
    changes = compared(rule(NEW, "hold"), rule(NEW, effect("cap_terms", days=0)))
    assert told(changes) == [("effect", LOOSENING), ("effect", TIGHTENING)]


def test_effects_in_another_order_are_neutral() -> None:
    caps = [effect("cap_terms", days=30), effect("cap_terms", days=60)]
    assert told(compared(rule(NEW, *caps), rule(NEW, *reversed(caps)))) == [("spelling", NEUTRAL)]


# Exemptions and flags


def exempting(*codes: str, when: Tree = NEW, code: str = "E", **members: Any) -> Tree:
    return rule(when, effect("exempt", rules=list(codes)), code=code, **members)


STOP = rule(OVERDUE, "reject", code="STOP")


def test_an_exemption_that_is_given_more_often_is_a_loosening() -> None:
    changes = compared([STOP, exempting("STOP", when=late(5))], [STOP, exempting("STOP", when=late(3))])
    assert told(changes) == [("condition", LOOSENING)]


def test_an_exemption_from_a_warning_is_neutral() -> None:
    note = rule(OVERDUE, "warn", code="STOP")
    assert told(compared(note, [note, exempting("STOP")])) == [("rule", NEUTRAL)]


def test_setting_aside_an_exemption_is_a_tightening() -> None:
    rules = [STOP, exempting("STOP")]
    assert told(compared(rules, [*rules, exempting("E", code="F", priority=1)])) == [("rule", TIGHTENING)]


def test_one_more_rule_that_is_exempted_is_a_loosening() -> None:
    other = rule(late(3), code="B")
    changes = compared([STOP, other, exempting("STOP")], [STOP, other, exempting("B", "STOP")])
    assert told(changes) == [("effect", LOOSENING)]


def test_a_rule_that_both_holds_and_exempts_pulls_both_ways() -> None:
    def mixed(days: int) -> Tree:
        return rule(late(days), "hold", effect("exempt", rules=["STOP"]), code="E")

    changes = compared([STOP, mixed(5)], [STOP, mixed(3)])
    assert told(changes) == [("condition", TIGHTENING), ("condition", LOOSENING)]
    assert [change.remark.en for change in changes.changes if change.remark] == [
        "fires more often: hold for the credit controller",
        "fires more often: set aside the rules [STOP]",
    ]


def test_the_order_of_rules_that_set_each_other_aside_counts() -> None:
    def rules(priority: int) -> list[Tree]:
        return [STOP, exempting("STOP", when=late(3)), exempting("E", code="F", priority=priority)]

    assert ("order", LOOSENING) in told(compared(rules(1), rules(200)))
    assert ("order", TIGHTENING) in told(compared(rules(200), rules(1)))


def flagging(days: int) -> Tree:
    return rule(late(days), effect("flag", name="late"), code="FLAG")


def reading(value: bool, *effects: Any) -> Tree:
    return rule({"fact": "flag.late", "op": "eq", "value": value}, *effects, code="READ")


@pytest.mark.parametrize(
    ("reader", "direction"),
    [
        (reading(True, "reject"), TIGHTENING),
        (reading(False, "reject"), LOOSENING),
        (reading(True, "warn"), NEUTRAL),
        (reading(True, effect("exempt", rules=["STOP"])), LOOSENING),
        (rule({"none": [{"fact": "flag.late", "op": "ne", "value": True}]}, "hold", code="READ"), TIGHTENING),
    ],
)
def test_a_flag_is_followed_to_the_rules_that_read_it(reader: Tree, direction: Direction) -> None:
    changes = compared([STOP, flagging(5), reader], [STOP, flagging(3), reader])
    assert told(changes) == [("condition", direction)]


# Settings, currency, name, cases


@pytest.mark.parametrize(
    ("name", "mild", "strict"),
    [
        ("reservation_ttl_minutes", 60, 30),
        ("quote_valid_days", 30, 29),
        ("max_rate_age_days", 7, 0),
        ("credit_horizon_days", 30, 60),
        ("net_unapplied_payments", True, False),
        ("auto_release", True, False),
        ("require_verified_prepayment", "never", "new_customers"),
        ("require_verified_prepayment", "new_customers", "always"),
    ],
)
def test_settings_from_mild_to_strict(name: str, mild: Any, strict: Any) -> None:
    old, new = (policy(rule(NEW), settings={name: value}) for value in (mild, strict))
    assert told(diff(old, new)) == [("value", TIGHTENING)]
    assert told(diff(new, old)) == [("value", LOOSENING)]


def test_how_near_a_near_miss_is_decides_nothing() -> None:
    change = only(diff(policy(rule(NEW)), policy(rule(NEW), settings={"near_miss_ratio": "0.05"})))
    assert (change.code, change.direction) == ("near_miss_ratio", NEUTRAL)
    assert change.after is not None
    assert change.after.en == "5%"


def test_amounts_in_another_currency_cannot_be_compared() -> None:
    changes = diff(policy(rule(OVERDUE)), policy(rule(OVERDUE), currency="USD"))
    assert told(changes) == [("currency", TIGHTENING), ("currency", LOOSENING)]
    assert not any(change.is_decided for change in changes.changes)


def test_another_currency_of_a_policy_without_amounts_is_neutral() -> None:
    assert told(diff(policy(rule(NEW)), policy(rule(NEW), currency="USD"))) == [("currency", NEUTRAL)]


def test_the_first_amount_makes_a_policy_depend_on_rates() -> None:
    changes = compared(rule(NEW, "warn"), [rule(NEW, "warn"), rule(OVERDUE, "warn", code="B")])
    assert told(changes) == [("rates", TIGHTENING), ("rule", NEUTRAL)]


def test_names_and_cases_are_neutral() -> None:
    case = {"name": "one", "facts": {"customer.is_new": True}, "expect": {"outcome": "hold"}}
    other = {**case, "expect": {"fired": ["A"]}}
    changes = diff(policy(rule(NEW), cases=[case]), policy(rule(NEW), name="other", cases=[other]))
    assert [(change.subject, change.direction) for change in changes.changes] == [
        ("name", NEUTRAL),
        ("case", NEUTRAL),
    ]


# Tables


def table(*rows: tuple[Any, Any], hit_policy: str = "first", **members: Any) -> Tree:
    """Days of credit by the rate of payments on time."""
    return {
        "code": "TERMS",
        "hit_policy": hit_policy,
        "inputs": ["receivables.on_time_rate"],
        "outputs": ["most_days"],
        "rows": [{"when": [cell], "then": {"most_days": days}} for cell, days in rows],
        **members,
    }


CAP = rule(NEW, effect("cap_terms", days={"fact": "table.TERMS.most_days"}))
BELOW_30 = rule({"fact": "table.TERMS.most_days", "op": "lt", "value": 30, "if_missing": True}, "hold")


def tables_compared(before: Tree, after: Tree, *rules: Tree) -> PolicyDiff:
    return diff(policy(*rules, tables=[before]), policy(*rules, tables=[after]))


def test_more_days_from_a_table_that_caps_terms_are_a_loosening() -> None:
    before, after = table(({"ge": "0.9"}, 60), (None, 0)), table(({"ge": "0.9"}, 90), (None, 0))
    change = only(tables_compared(before, after, CAP))
    assert (change.subject, change.part, change.direction) == ("table", "row", LOOSENING)
    assert change.before is not None
    assert change.before.en == "row 1: most_days = 60 days"
    assert change.example is not None
    assert change.example.en.endswith("row 1: most_days = 60 days → row 1: most_days = 90 days")
    assert "on-time rate" in change.example.en


def test_a_row_that_no_longer_takes_all_it_did_is_followed_to_where_it_matters() -> None:
    before, after = table(({"ge": "0.9"}, 60), (None, 0)), table(({"ge": "0.95"}, 60), (None, 0))
    change = only(tables_compared(before, after, BELOW_30))
    assert change.direction is TIGHTENING
    assert change.example is not None
    assert change.example.en == "on-time rate 92%: row 1: most_days = 60 days → row 2: most_days = 0 days"


def test_an_output_that_passes_no_threshold_changes_no_outcome() -> None:
    before, after = table(({"ge": "0.9"}, 60), (None, 0)), table(({"ge": "0.9"}, 45), (None, 0))
    change = only(tables_compared(before, after, BELOW_30))
    assert change.direction is NEUTRAL
    assert change.remark is not None
    assert change.remark.en == "changes no outcome"


def test_a_gap_in_a_table_counts_as_missing() -> None:
    before, after = table(({"ge": "0.9"}, 60), (None, 45)), table(({"ge": "0.9"}, 60))
    assert told(tables_compared(before, after, BELOW_30)) == [("row", TIGHTENING)]


def test_a_row_that_earlier_rows_hide_changes_nothing() -> None:
    before = table((None, 60), ({"ge": "0.9"}, 0))
    after = table((None, 60), ({"ge": "0.9"}, 90))
    assert told(tables_compared(before, after, CAP)) == [("rows", NEUTRAL)]


def test_rows_in_another_order_that_do_not_overlap_change_nothing() -> None:
    rows = [({"ge": "0.9"}, 60), ({"lt": "0.9"}, 0)]
    assert told(tables_compared(table(*rows), table(*reversed(rows)), CAP)) == [("rows", NEUTRAL)]


def test_outputs_that_nothing_reads_are_neutral() -> None:
    assert {way for _, way in told(tables_compared(table((None, 60)), table((None, 0)), rule(NEW)))} == {NEUTRAL}


def test_a_table_that_collects_and_is_read_is_never_neutral() -> None:
    rows = [({"ge": "0.9"}, 60), ({"ge": "0.5"}, 30)]
    before, after = (table(*each, hit_policy="collect") for each in (rows, rows[:1]))
    assert told(tables_compared(before, after, BELOW_30)) == [("rows", TIGHTENING), ("rows", LOOSENING)]


def test_a_table_that_another_one_reads_is_never_neutral() -> None:
    second = {
        "code": "GRADE",
        "hit_policy": "first",
        "inputs": ["table.TERMS.most_days"],
        "outputs": ["grade"],
        "rows": [{"when": [{"gt": 30}], "then": {"grade": "A"}}, {"when": [None], "then": {"grade": "B"}}],
    }
    reader = rule({"fact": "table.GRADE.grade", "op": "eq", "value": "B"}, "reject")
    old, new = (policy(reader, tables=[table((None, days)), second]) for days in (60, 0))
    assert {TIGHTENING, LOOSENING} <= {direction for _, direction in told(diff(old, new))}


def test_two_rows_of_a_unique_table_that_now_overlap_are_both() -> None:
    before = table(({"ge": "0.9"}, 60), ({"lt": "0.9"}, 60), hit_policy="unique")
    after = table(({"ge": "0.9"}, 60), ({"le": "0.9"}, 60), hit_policy="unique")
    changes = tables_compared(before, after, rule(NEW))
    assert changes.is_tightening
    assert changes.is_loosening
    assert "on-time rate 90%: two rows match" in [change.example.en for change in changes.changes if change.example]


# The answer as a whole


def test_the_summary_counts_and_the_document_speaks_the_language_asked_for() -> None:
    changes = compared([rule(late(3), "reject"), STOP], [rule(late(5), "hold"), {**STOP, "title": "x"}])
    document = changes.as_document(Language.ZH)
    assert document["summary"] == {
        "tightening": 0,
        "loosening": 2,
        "neutral": 1,
        "is_tightening": False,
        "is_loosening": True,
    }
    assert document["changes"][0] == {
        "subject": "rule",
        "code": "A",
        "what": "changed",
        "part": "condition",
        "direction": "loosening",
        "decided": True,
        "before": "最长逾期天数大于 3 天",
        "after": "最长逾期天数大于 5 天",
        "remark": "更少触发：暂停，待信控专员处理",
        "example": "最长逾期天数 4 天：不再触发",
    }
    assert json.loads(json.dumps(document)) == document


_EDITS: list[tuple[Callable[[dict[str, Tree], Tree], None], Direction]] = [
    (lambda rules, _: rules["OVERDUE_BLOCK"]["when"]["all"][1].update(value=30), LOOSENING),
    (lambda rules, _: rules["VOLUME_SPIKE"]["when"].update(value="2"), TIGHTENING),
    (lambda rules, _: rules["STRATEGIC_EXEMPTION"]["when"]["all"][1].update(value="0.95"), TIGHTENING),
    (lambda rules, _: rules["CUSTOMER_STOPPED"].update(enabled=False), LOOSENING),
    (lambda rules, _: rules["ASSET_FLIGHT"]["then"][0].update(authority="manager"), LOOSENING),
    (lambda _, document: document["settings"].update(max_rate_age_days=1), TIGHTENING),
    (lambda rules, _: rules["VOLUME_PLUNGE"]["when"].update(value="0.5"), NEUTRAL),
    (lambda _, document: document["rules"].reverse(), NEUTRAL),
]


@pytest.mark.parametrize(("edit", "direction"), _EDITS)
def test_one_edit_of_the_default_policy_is_told_as_what_it_is(
    edit: Callable[[dict[str, Tree], Tree], None], direction: Direction
) -> None:
    before = load_policy(DEFAULT)
    document = copy.deepcopy(dict(before.tree))
    edit({each["code"]: each for each in document["rules"]}, document)
    assert {change.direction for change in diff(before, policy_from_tree(document)).changes} == {direction}


def test_a_large_policy_is_compared_rule_by_rule() -> None:

    def rules(days: int) -> list[Tree]:
        return [rule(late(days + number), "reject", code=f"R{number}") for number in range(500)]

    changes = diff(policy_from_tree(tree(*rules(0))), policy_from_tree(tree(*rules(1))))
    assert changes.counts == {TIGHTENING: 0, LOOSENING: 500, NEUTRAL: 0}
    assert all(change.is_decided for change in changes.changes)


def test_a_table_that_now_puts_out_texts_is_never_neutral_where_it_is_read() -> None:
    def grading(grade: Any) -> Any:
        reader = rule({"fact": "table.TERMS.grade", "op": "eq", "value": grade}, "reject")
        rows = [{"when": [None], "then": {"grade": grade}}]
        return policy(reader, tables=[table(outputs=["grade"]) | {"rows": rows}])

    old, new = grading(1), grading("A")
    changes = diff(old, new)
    assert changes.is_tightening
    assert changes.is_loosening
