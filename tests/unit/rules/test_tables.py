"""Decision tables: which rows count, what they put out, and what a table may not say."""

from __future__ import annotations

from typing import Any

import pytest

from policy_service.domain.outcomes import Outcome
from rules.catalogue import FactType
from rules.codec import verdict_document
from rules.decide import ENGINE_ERROR
from rules.facts import FactValue
from rules.verdict import TableHit, Verdict
from tests.unit.rules.documents import asked, decided, facts, faults, policy, rule, tree

STANDARDS: dict[str, Any] = {
    "code": "CLASS",
    "hit_policy": "first",
    "inputs": ["receivables.on_time_rate", "customer.strategic_value"],
    "outputs": ["grade", "max_terms_days"],
    "rows": [
        {"when": [{"ge": "0.95"}, {"in": ["A", "B"]}], "then": {"grade": "A", "max_terms_days": 60}},
        {"when": [{"ge": "0.80", "lt": "0.95"}, None], "then": {"grade": "B", "max_terms_days": 45}},
        {"when": [{"is_missing": True}, None], "then": {"grade": "C", "max_terms_days": 15}},
        {"when": [None, None], "then": {"grade": "D", "max_terms_days": 0}},
    ],
}
GRADE_D = rule({"fact": "table.CLASS.grade", "op": "eq", "value": "D"})


def table(**members: Any) -> dict[str, Any]:
    """The table CLASS with other members."""
    return {**STANDARDS, **members}


def hit(values: dict[str, FactValue | None], rules: Any = GRADE_D, **members: Any) -> TableHit:
    """What CLASS puts out."""
    (found,) = decided(rules, facts(values), tables=[table(**members)]).tables
    return found


@pytest.mark.parametrize(
    ("on_time", "strategic", "row", "grade"),
    [
        ("0.95", "B", 0, "A"),
        ("0.95", "C", 3, "D"),
        ("0.9499", "A", 1, "B"),
        ("0.80", None, 1, "B"),
        (None, "A", 2, "C"),
        ("0.7999", "A", 3, "D"),
    ],
)
def test_the_first_row_whose_cells_all_hold_gives_the_outputs(
    on_time: str | None, strategic: str | None, row: int, grade: str
) -> None:
    found = hit({"receivables.on_time_rate": on_time, "customer.strategic_value": strategic})
    assert (found.rows, found.outputs["grade"]) == ((row,), grade)


def test_a_cell_left_open_takes_a_missing_fact_too_and_a_test_never_does() -> None:
    rows = [
        {"when": [{"ne": "0.5"}, None], "then": {"grade": "A", "max_terms_days": 1}},
        {"when": [None, {"not_in": ["A"]}], "then": {"grade": "B", "max_terms_days": 2}},
    ]
    assert hit({}, rule(), rows=rows).outputs == {"grade": None, "max_terms_days": None}


def test_where_no_row_matches_the_outputs_are_missing_and_the_author_says_what_then() -> None:
    rows = STANDARDS["rows"][:1]
    for if_missing, outcome in ((True, Outcome.HOLD), (False, Outcome.APPROVE)):
        held = rule({"fact": "table.CLASS.grade", "op": "ne", "value": "A", "if_missing": if_missing})
        verdict = decided(held, facts(), tables=[table(rows=rows)])
        assert verdict.outcome is outcome
        assert verdict.tables == (TableHit("CLASS", (), {"grade": None, "max_terms_days": None}),)


def test_rules_read_what_a_table_puts_out_in_conditions_and_in_effects() -> None:
    rules = [
        rule(
            {"fact": "order.payment_terms_days", "op": "gt", "value": {"fact": "table.CLASS.max_terms_days"}},
            {"effect": "cap_terms", "days": {"fact": "table.CLASS.max_terms_days"}},
        )
    ]
    values: dict[str, FactValue | None] = {"receivables.on_time_rate": "0.85", "order.payment_terms_days": 60}
    verdict = decided(rules, facts(values, asked(terms=60)), tables=[STANDARDS])
    assert verdict.outcome is Outcome.APPROVE_WITH_CONDITIONS
    assert verdict.granted is not None
    assert verdict.granted.payment_terms_days == 45
    (clause,) = verdict.reasons[0].evidence
    assert (clause.value, clause.threshold) == (60, 45)


def test_the_record_names_the_rows_as_people_count_them() -> None:
    seen = facts({"receivables.on_time_rate": "0.85"})
    document = verdict_document(decided(GRADE_D, seen, tables=[STANDARDS]), seen)
    assert document["tables"] == [{"table": "CLASS", "rows": [2], "outputs": {"grade": "B", "max_terms_days": 45}}]


def test_a_table_reads_what_an_earlier_one_put_out_and_never_a_later_one() -> None:
    second = {
        "code": "FACTOR",
        "hit_policy": "unique",
        "inputs": ["table.CLASS.grade"],
        "outputs": ["factor"],
        "rows": [
            {"when": [{"in": ["A", "B"]}], "then": {"factor": "1.00"}},
            {"when": [{"in": ["C", "D"]}], "then": {"factor": "0.50"}},
        ],
    }
    above = rule(
        {
            "fact": "exposure.utilisation_after",
            "op": "gt",
            "value": {"fact": "table.FACTOR.factor"},
            "if_missing": False,
        }
    )
    seen = facts({"exposure.utilisation_after": "0.51"})
    assert decided(above, seen, tables=[STANDARDS, second]).outcome is Outcome.HOLD
    assert [found.code for found in faults(tree(above, tables=[second, STANDARDS]))] == ["unknown_fact"]


UNIQUE_ROWS = [
    {"when": [{"ge": "0.5"}, None], "then": {"grade": "A", "max_terms_days": 60}},
    {"when": [None, {"eq": "A"}], "then": {"grade": "B", "max_terms_days": 30}},
]


def test_two_rows_of_a_unique_table_at_once_hold_the_order() -> None:
    """Which of them was meant cannot be known, so nobody guesses."""
    both = facts({"receivables.on_time_rate": "0.9", "customer.strategic_value": "A"})
    verdict = decided(GRADE_B, both, tables=[_unique()])
    assert verdict.outcome is Outcome.HOLD
    assert [reason.rule_code for reason in verdict.reasons] == [ENGINE_ERROR]
    assert "rows 1, 2" in verdict.alerts[0].message.en
    one = facts({"receivables.on_time_rate": "0.9", "customer.strategic_value": "B"})
    assert decided(GRADE_B, one, tables=[_unique()]).outcome is Outcome.APPROVE


GRADE_B = rule({"fact": "table.CLASS.grade", "op": "eq", "value": "B", "if_missing": False})


def _unique() -> dict[str, Any]:
    return table(hit_policy="unique", rows=UNIQUE_ROWS)


SIGNS: dict[str, Any] = {
    "code": "SIGNS",
    "hit_policy": "collect",
    "inputs": ["volume.spike_ratio", "signals.landlord"],
    "outputs": ["sign", "points"],
    "rows": [
        {"when": [{"gt": "2"}, None], "then": {"sign": "spike", "points": 1}},
        {"when": [None, {"ge": 2}], "then": {"sign": "rent", "points": 3}},
    ],
}


def collected(op: str, value: object, **values: FactValue) -> Verdict:
    """The verdict of a rule that holds on what SIGNS collects."""
    name = "points" if isinstance(value, int) else "sign"
    held = rule({"fact": f"table.SIGNS.{name}", "op": op, "value": value, "if_missing": False})
    seen = facts({"volume.spike_ratio": values.get("spike"), "signals.landlord": values.get("rent")})
    return decided(held, seen, tables=[SIGNS])


def test_collect_gives_all_and_a_comparison_asks_for_one_of_them() -> None:
    verdict = collected("eq", "rent", spike="3", rent=2)
    assert verdict.outcome is Outcome.HOLD
    assert verdict.tables[0].outputs == {"sign": ("spike", "rent"), "points": (1, 3)}
    assert verdict.reasons[0].evidence[0].value == ("spike", "rent")
    assert collected("ge", 3, spike="3", rent=2).outcome is Outcome.HOLD
    assert collected("ge", 3, spike="3").outcome is Outcome.APPROVE
    assert collected("ne", "rent", spike="3", rent=2).outcome is Outcome.APPROVE
    assert collected("ne", "rent", spike="3").outcome is Outcome.HOLD
    assert collected("not_in", ["rent"]).outcome is Outcome.APPROVE


def test_amounts_stand_in_the_currency_of_the_policy_and_become_the_account_s() -> None:
    small = {
        "code": "SMALL",
        "hit_policy": "first",
        "inputs": ["customer.is_new"],
        "outputs": ["most_amount"],
        "rows": [{"when": [None], "then": {"most_amount": "700.00"}}],
    }
    above = rule(
        {"fact": "exposure.after", "op": "gt", "value": {"fact": "table.SMALL.most_amount"}},
        {"effect": "cap_credit", "amount": {"fact": "table.SMALL.most_amount"}},
    )
    rates = {"USD": "7", "CNY": "1"}
    for after, outcome in (("100.00", Outcome.APPROVE), ("100.01", Outcome.APPROVE_WITH_CONDITIONS)):
        seen = facts({"exposure.after": after}, asked(currency="USD"), currency="USD", rates=rates)
        verdict = decided(above, seen, tables=[small])
        assert verdict.outcome is outcome
    assert verdict.granted is not None
    assert verdict.granted.credit_amount == 100


def test_outputs_are_typed_by_what_stands_in_the_rows() -> None:
    outputs = ["grade", "max_terms_days", "points", "factor", "limit_factor", "most_amount", "is_odd"]
    then = {
        "grade": "A",
        "max_terms_days": 1,
        "points": 1,
        "factor": "0.5",
        "limit_factor": "0.5",
        "most_amount": "1.00",
        "is_odd": True,
    }
    made = policy(tables=[table(outputs=outputs, rows=[{"when": [None, None], "then": then}])])
    kinds = [made.fact(f"table.CLASS.{name}").type for name in outputs]
    assert kinds == [
        FactType.TEXT,
        FactType.DAYS,
        FactType.COUNT,
        FactType.NUMBER,
        FactType.RATIO,
        FactType.MONEY,
        FactType.BOOLEAN,
    ]
    assert not made.fact("table.CLASS.grade").can_be_missing
    assert made.fact("table.CLASS.grade").choices == ("A",)


def _row(when: object, then: object = None) -> list[dict[str, Any]]:
    return [{"when": when, "then": then if then is not None else {"grade": "A", "max_terms_days": 1}}]


@pytest.mark.parametrize(
    ("faulty", "path", "code"),
    [
        (table(hit_policy="last"), "/tables/0/hit_policy", "not_allowed"),
        (table(inputs=[]), "/tables/0/inputs", "wrong_length"),
        (table(inputs=["customer.shoe_size", "customer.segment"]), "/tables/0/inputs/0", "unknown_fact"),
        (table(inputs=["flag.x", "customer.strategic_value"]), "/tables/0/inputs/0", "wrong_type"),
        (table(outputs=["grade", "grade"]), "/tables/0/outputs/1", "duplicate_code"),
        (table(outputs=["Grade", "max_terms_days"]), "/tables/0/outputs/0", "wrong_type"),
        (table(rows=[]), "/tables/0/rows", "wrong_length"),
        (table(rows=_row([None])), "/tables/0/rows/0/when", "wrong_length"),
        (table(rows=_row([{"ge": 0.95}, None])), "/tables/0/rows/0/when/0/ge", "wrong_type"),
        (table(rows=_row([{"over": "1"}, None])), "/tables/0/rows/0/when/0/over", "unknown_member"),
        (table(rows=_row([{}, None])), "/tables/0/rows/0/when/0", "bad_cell"),
        (table(rows=_row(["0.95", None])), "/tables/0/rows/0/when/0", "wrong_type"),
        (table(rows=_row([None, {"gt": "A"}])), "/tables/0/rows/0/when/1/gt", "unknown_member"),
        (table(rows=_row([None, {"eq": "Z"}])), "/tables/0/rows/0/when/1/eq", "not_allowed"),
        (table(rows=_row([{"is_missing": False}, None])), "/tables/0/rows/0/when/0/is_missing", "wrong_type"),
        (table(rows=_row([{"gt": {"fact": "x"}}, None])), "/tables/0/rows/0/when/0/gt", "wrong_type"),
        (table(rows=_row([None, None], {"grade": "A"})), "/tables/0/rows/0/then", "missing_member"),
        (
            table(rows=_row([None, None], {"grade": 1, "max_terms_days": "x"})),
            "/tables/0/rows/0/then/max_terms_days",
            "wrong_type",
        ),
        (table(code="class"), "/tables/0/code", "wrong_type"),
        (table(extra=1), "/tables/0/extra", "unknown_member"),
    ],
)
def test_a_faulty_table_is_refused_where_the_fault_is(faulty: dict[str, Any], path: str, code: str) -> None:
    assert (path, code) in {(found.path, found.code) for found in faults(tree(rule(), tables=[faulty]))}


def test_two_tables_of_one_code_are_refused() -> None:
    assert [found.code for found in faults(tree(rule(), tables=[STANDARDS, STANDARDS]))] == ["duplicate_code"]


def test_a_rule_may_only_ask_for_values_that_the_table_can_give() -> None:
    never = rule({"fact": "table.CLASS.grade", "op": "eq", "value": "AA"})
    (found,) = faults(tree(never, tables=[STANDARDS]))
    assert (found.path, found.code) == ("/rules/0/when/value", "not_allowed")
    assert "A, B, C, D" in found.message.en


def test_an_unknown_output_is_named_with_those_that_there_are() -> None:
    wrong = rule({"fact": "table.CLASS.gade", "op": "eq", "value": "A"})
    (found,) = faults(tree(wrong, tables=[STANDARDS]))
    assert "table.CLASS.grade" in found.message.en


def test_a_collected_list_is_no_number_for_an_effect() -> None:
    capped = rule({"fact": "customer.is_new", "op": "eq", "value": True}, _cap("table.SIGNS.points"))
    assert [found.code for found in faults(tree(capped, tables=[SIGNS]))] == ["wrong_type"]


def _cap(fact: str) -> dict[str, Any]:
    return {"effect": "cap_terms", "days": {"fact": fact}}
