"""Whoever writes a policy, and however: a clear answer, in bounded time and memory, and nothing read in two ways."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_service.domain.outcomes import Outcome
from rules.decide import decide
from rules.document import load_policy, policy_from_tree
from rules.engine import compile_policy
from rules.findings import PolicyError
from rules.lint import lint_source
from rules.source import MAX_FINDINGS, MAX_PATH
from tests.conftest import REPOSITORY
from tests.unit.rules.documents import facts, faults, policy, rule, tree
from tests.unit.rules.hostile import LADEN, MEBIBYTE, REFUSED, with_rules
from tests.unit.rules.hostile import rule as written_rule

MOST_TOLD = 16 * MEBIBYTE


def examined(which: str) -> dict[str, dict[str, Any]]:
    """What a process with little time and memory says of the documents."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.rules.hostile", which],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout[-500:], done.stderr[-2000:])
    return dict(json.loads(line) for line in done.stdout.splitlines())


def test_every_hostile_document_is_refused_with_code_and_line_in_little_time_and_memory() -> None:
    answers = examined("refused")
    told = {name: (answer.get("code"), answer.get("line"), answer.get("failure")) for name, answer in answers.items()}
    assert told == {name: (refused.code, refused.line, None) for name, refused in REFUSED.items()}
    assert all(answer["count"] <= MAX_FINDINGS and answer["told"] < MOST_TOLD for answer in answers.values())


def test_what_loads_decides_lints_compares_and_tries_its_cases_in_little_time_and_memory() -> None:
    answers = examined("laden")
    assert answers.keys() == LADEN.keys()
    failures = {name: answer for name, answer in answers.items() if answer.get("failed", True)}
    assert not failures
    assert all(answer["changes"] and answer["lint"] <= MAX_FINDINGS for answer in answers.values())


def test_what_does_not_load_is_what_lint_tells() -> None:
    source = REFUSED["duplicate keys"].source
    with pytest.raises(PolicyError) as caught:
        load_policy(source)
    assert lint_source(source) == caught.value.findings


# Dates and numbers keep their written form until the catalogue says what they are.


def compared(fact: str, written: str, op: str = "eq") -> Any:
    """What a comparison with an unquoted value is read as: the operand, or the fault."""
    source = with_rules([written_rule(0, f"{{fact: {fact}, op: {op}, value: {written}, if_missing: false}}")])
    try:
        (found,) = load_policy(source).rules
    except PolicyError as error:
        (fault,) = error.findings
        assert (fault.path, fault.line) == ("/rules/0/when/value", 5)
        return fault.message.en
    return found.probes[0].operand


@pytest.mark.parametrize(
    "written", ["NO", "no", "yes", "on", "off", "y", "True", "NULL", "2026-01-01", "12:30:00", "007", "0x1F", "1_000"]
)
def test_a_country_stays_the_text_that_was_written(written: str) -> None:
    assert compared("customer.country", written) == written


@pytest.mark.parametrize("written", ["0.95", "0.950", "1e3", ".5", "1e999999999", "-.inf", ".nan", "9" * 30 + ".5"])
def test_a_decimal_without_quotes_is_refused_as_it_was_written(written: str) -> None:
    assert (
        compared("receivables.on_time_rate", written) == f'must be a decimal in quotes, such as "0.95"; not {written}'
    )
    as_money = compared("order.amount", written, "gt")
    assert as_money == f'must be a decimal in quotes, such as "100.00"; not {written}'
    as_count = compared("order.line_count", written, "gt")
    assert as_count == f"must be a whole number without quotes, such as 30; not {written}"
    assert compared("customer.country", written) == f"must be a text; put it in quotes; not {written}"


@pytest.mark.parametrize(
    "written",
    ["'+1.0'", "'1e3'", "'١٢'", "'１'", "'0x10'", "'1_000'", "' 1'", "'.5'", "'1.'", "'NaN'", "''", "1", "~"],
)
def test_a_decimal_is_digits_and_nothing_else(written: str) -> None:
    assert str(compared("receivables.on_time_rate", written)).startswith("must be a decimal in quotes")


@pytest.mark.parametrize(("written", "number"), [("'0.950'", "0.950"), ("'-0'", "0"), ("'007'", "7")])
def test_a_decimal_in_quotes_is_exact(written: str, number: str) -> None:
    assert compared("receivables.on_time_rate", written) == Decimal(number)


@pytest.mark.parametrize(
    "written", ["007", "0x1F", "0o17", "1_000", "12:30", "1.0", "1e3", "'1'", "true", "1" * 19, "١"]
)
def test_a_count_is_a_whole_number_in_plain_digits(written: str) -> None:
    assert str(compared("order.line_count", written)).startswith("must be a whole number without quotes")


@pytest.mark.parametrize(("written", "day"), [("2026-01-01", "2026-01-01"), ("'2026-01-01'", "2026-01-01")])
def test_a_day_is_a_text_until_a_rule_reads_it_as_a_day(written: str, day: str) -> None:
    found = load_policy(with_rules([written_rule(0).replace("then", f"valid_from: {written}, then")]))
    assert found.tree["rules"][0]["valid_from"] == day
    assert str(found.rules[0].valid_from) == day


@pytest.mark.parametrize(
    "written",
    ["2026-13-45", "2026-02-29", "20260101", "2026-1-1", "2026-01-01T00:00:00Z", "0000-01-01", "45000", "~"],
)
def test_what_is_no_day_is_refused_as_it_was_written(written: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(with_rules([written_rule(0).replace("then", f"valid_from: {written}, then")]))
    (fault,) = caught.value.findings
    assert (fault.path, fault.line) == ("/rules/0/valid_from", 5)
    assert fault.message.en.startswith("must be a date from 1970-01-01 to 2199-12-31, such as 2026-01-31; not")


def test_a_number_in_json_keeps_its_written_form_too() -> None:
    source = json.dumps(tree(rule({"fact": "order.amount", "op": "gt", "value": "@"})))
    for written in ("0.950", "1E400", "NaN", "-Infinity"):
        with pytest.raises(PolicyError) as caught:
            load_policy(source.replace('"@"', written))
        (fault,) = caught.value.findings
        assert fault.message.en == f'must be a decimal in quotes, such as "100.00"; not {written}'


def faults_of(document: object) -> list[str]:
    """The paths of the faults of a document; none where it loads."""
    try:
        assert policy_from_tree(document).content_hash
    except PolicyError as error:
        return [finding.path for finding in error.findings]
    return []


@given(st.recursive(st.floats() | st.integers() | st.text(max_size=4) | st.none(), st.lists, max_leaves=5))
def test_anything_in_the_place_of_a_value_is_read_or_refused(value: Any) -> None:
    for name in ("priority", "enabled", "title", "when", "then", "valid_to", "applies_to", "code"):
        assert all(path.startswith(f"/rules/0/{name}") for path in faults_of(tree({**rule(), name: value})))


# Texts that could be read in two ways.


def test_a_byte_order_mark_and_line_ends_of_windows_change_nothing() -> None:
    plain = with_rules([written_rule(0)])
    for text in ("\ufeff" + plain, plain.replace("\n", "\r\n"), "\ufeff" + json.dumps(load_policy(plain).tree)):
        assert load_policy(text).content_hash == load_policy(plain).content_hash


@pytest.mark.parametrize(
    "character", "\x00\x07\x1b\x7f\x85\x9b\xad\u200b\u200e\u2028\u202e\u2066\ufeff\U000e0041\uffff"
)
def test_a_character_that_cannot_be_seen_is_refused_wherever_it_stands(character: str) -> None:
    named = f"U+{ord(character):04X}"
    for document in (
        tree(rule(title=f"a{character}b")),
        tree(**{f"a{character}b": 1}),
        tree(rule(title={f"e{character}n": "a", "zh": "b"})),
    ):
        (finding,) = faults(document)
        assert (finding.code, named in finding.message.en) == ("bad_character", True)
        assert finding.path.isprintable()
    (finding,) = lint_source(with_rules([written_rule(0)]) + f"# harmless {character}\n")
    assert (finding.code, finding.line, finding.column) == ("bad_character", 6, 12)


def test_messages_may_have_emoji_and_every_script() -> None:
    said = "⚠️ 逾期 👩‍💼 überfällig просрочено"
    assert load_policy(with_rules([written_rule(0)]).replace("hostile", said)).name == said


def test_a_key_that_is_no_text_is_never_taken_for_one() -> None:
    keys: tuple[Any, ...] = (1, None, True, 1.5, ("a",))
    for key in keys:
        assert [finding.code for finding in faults(tree() | {key: 1})] == ["bad_key"]


@pytest.mark.parametrize("code", ["a", "А1", "Ａ１", "A-1", "A 1", "É", "A" * 65, "1A", "_A", "", "A\n"])
def test_a_code_that_looks_like_another_is_no_code(code: str) -> None:
    (finding,) = faults(tree(rule(code=code)))
    assert (finding.code, finding.path) == ("wrong_type", "/rules/0/code")


def test_no_pointer_grows_beyond_its_bound() -> None:
    deep: Any = 1
    for _ in range(40):
        deep = {"k" * 90: deep}
    assert {finding.code for finding in faults({**tree(), "x": deep})} == {"bad_key"}
    assert all(len(finding.path) <= MAX_PATH for finding in faults({**tree(), "x": deep}))


# Numbers at the ends of what may be written.


def test_arithmetic_with_the_largest_numbers_is_exact_to_the_last_digit() -> None:
    huge, limit = "999999999999999.999999999999999", "999999999999999.99"
    field = {"fact": "customer.credit_limit", "times": huge, "plus": huge}
    made = policy(rule({"fact": "exposure.after", "op": "ge", "value": field, "if_missing": False}))
    with localcontext(prec=100):
        threshold = Decimal(limit) * Decimal(huge) + Decimal(huge)
        values = {threshold: Outcome.HOLD, threshold - Decimal("0." + "0" * 16 + "1"): Outcome.APPROVE}
    assert len(threshold.as_tuple().digits) > 40
    for after, outcome in values.items():
        seen = facts({"exposure.after": after, "customer.credit_limit": limit})
        assert decide(compile_policy(made), seen).outcome is outcome
