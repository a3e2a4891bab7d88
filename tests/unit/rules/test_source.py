"""YAML and JSON are read alike, strictly, and with the place of every node."""

from __future__ import annotations

import json

import pytest
import yaml

from rules.document import load_policy, policy_from_tree
from rules.findings import Finding, PolicyError
from rules.source import MAX_BYTES, MAX_FINDINGS, Unquoted, read_source
from rules.texts import Language
from tests.unit.rules.documents import rule, tree

SMALL = """
schema: 1
name: small
currency: CNY
rules:
  - code: A
    valid_from: 2026-01-31
    when: {fact: customer.country, op: in, value: [NO, yes, on, 12:30, "1.10", 2026-01-31, ~x, 0x1F]}
    then:
      - {effect: hold}
"""


def findings_of(source: str) -> list[Finding]:
    """The findings of a text that must not load."""
    with pytest.raises(PolicyError) as caught:
        load_policy(source)
    return list(caught.value.findings)


def test_only_true_and_false_are_booleans_and_dates_stay_texts() -> None:
    value = load_policy(SMALL).tree["rules"][0]["when"]["value"]
    assert value == ["NO", "yes", "on", "12:30", "1.10", "2026-01-31", "~x", "0x1F"]
    assert load_policy(SMALL).tree["rules"][0]["valid_from"] == "2026-01-31"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("yes", "yes"),
        ("null", None),
        ("~", None),
        ("", None),
        ("-7", -7),
        ("007", "007"),
        ("+7", 7),
        ("-0", 0),
        ("1_000", "1_000"),
        ("0o17", "0o17"),
        ("0.950", Unquoted("0.950")),
        ("1e3", Unquoted("1e3")),
        (".5", Unquoted(".5")),
        (".inf", Unquoted(".inf")),
        ("-.INF", Unquoted("-.INF")),
        (".nan", Unquoted(".nan")),
        ("'0.95'", "0.95"),
        ('"true"', "true"),
        ("1234567890123456789", "1234567890123456789"),
        ("<<", "<<"),
    ],
)
def test_a_scalar_is_what_yaml_1_2_says_or_a_text(text: str, value: object) -> None:
    read = read_source(f"a: {text}").tree
    assert read == {"a": value}
    assert type(read["a"]) is type(value)


def test_yaml_and_json_of_one_policy_are_the_same_policy() -> None:
    from_yaml = load_policy(SMALL)
    as_json = json.dumps(from_yaml.tree, ensure_ascii=False, indent="\t")
    from_json, from_tree = load_policy(as_json), policy_from_tree(json.loads(as_json))
    assert from_yaml == from_json == from_tree
    assert from_yaml.content_hash == from_json.content_hash == from_tree.content_hash
    assert from_yaml.content_hash.startswith("sha256:")


def test_the_hash_does_not_see_the_order_of_members_but_every_value() -> None:
    first = policy_from_tree(tree(rule()))
    turned = policy_from_tree(dict(reversed(tree(rule()).items())))
    other = policy_from_tree(tree(rule(priority=99)))
    assert first.content_hash == turned.content_hash != other.content_hash


def test_a_fault_is_told_with_line_and_column_in_yaml_and_in_json() -> None:
    (finding,) = findings_of(SMALL.replace("{effect: hold}", "{effect: hold, authority: boss}"))
    assert (finding.line, finding.column, finding.path) == (10, 24, "/rules/0/then/0/authority")
    document = json.dumps(load_policy(SMALL).tree, indent="\t").replace('"hold"', '"hold it"')
    (in_json,) = findings_of(document)
    assert in_json.path == "/rules/0/then/0/effect"
    assert in_json.line == 1 + document[: document.index('"hold it"')].count("\n")


def test_a_tree_has_paths_and_no_lines() -> None:
    with pytest.raises(PolicyError) as caught:
        policy_from_tree(tree(rule(priority="high")))
    (finding,) = caught.value.findings
    assert (finding.path, finding.line, finding.column) == ("/rules/0/priority", None, None)


def test_a_finding_as_a_document_speaks_one_language() -> None:
    (finding,) = findings_of(SMALL.replace("schema: 1", "schema: 2"))
    assert finding.as_document(Language.EN) == {
        "level": "error",
        "code": "out_of_range",
        "path": "/schema",
        "line": 2,
        "column": 1,
        "message": "must be 1; not 2",
    }
    assert finding.as_document(Language.ZH)["message"] == "须为 1；而不是 2"


@pytest.mark.parametrize(
    ("source", "code", "line"),
    [
        ("", "empty", None),
        ("# nothing\n", "empty", None),
        ("---\na: 1\n---\nb: 1\n", "many_documents", 3),
        ("a: [1,\n  2", "syntax", None),
        ("a: b: c", "syntax", 1),
        ("{a: 1", "syntax", None),
        ("\ta: 1", "syntax", 1),
        ("a: 'x", "syntax", 1),
        ("a: \x00", "bad_character", 1),
        ("a: \ud800", "bad_character", 1),
        ("? [1, 2]\n: 3", "bad_key", 1),
        ("[" * 60 + "]" * 60, "too_deep", None),
        ("[" * 100_000 + "]" * 100_000, "too_deep", 1),
        ("a: " + "[" * 60 + "]" * 60, "too_deep", 1),
        ("x" * (MAX_BYTES + 1), "too_large", None),
    ],
)
def test_what_cannot_be_read_is_one_finding(source: str, code: str, line: int | None) -> None:
    (finding,) = findings_of(source)
    assert finding.code == code
    assert finding.message.zh
    if line is not None:
        assert finding.line == line


@pytest.mark.parametrize(
    ("source", "code", "line"),
    [
        ("schema: 1\nname: a\nname: b\n", "duplicate_key", 3),
        ("a: &x 1\nb: *x\n", "anchor", 1),
        ("a: !!str 1\n", "tag", 1),
        ("a: !!python/object/apply:os.system [ls]\n", "tag", 1),
        ('{"name": "a", "name": "b"}', "duplicate_key", 1),
        ('{"rules": [{"code": 1,\n"code": 2}]}', "duplicate_key", 2),
        ('{"\U0001f600": "\\ud83d\\ude00", "name": "a", "name": "b"}', "duplicate_key", None),
        ('{"name": "a\\u0000b"}', "bad_character", 1),
        ('{"name": "a\\ud800b"}', "bad_character", None),
        ('name: "a\\0b"', "bad_character", 1),
    ],
)
def test_what_yaml_allows_and_we_do_not_is_refused(source: str, code: str, line: int | None) -> None:
    found = [finding for finding in findings_of(source) if finding.code == code]
    assert found
    if line is not None:
        assert found[0].line == line


def test_a_bomb_of_aliases_is_never_expanded() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    assert {finding.code for finding in findings_of("\n".join(lines))} == {"anchor"}


def test_keys_with_slashes_and_tildes_make_a_valid_pointer() -> None:
    (finding,) = [each for each in findings_of(SMALL + "a/b~c: 1\n") if each.code == "unknown_member"]
    assert finding.path == "/a~1b~0c"
    assert finding.line == 11


def test_all_faults_are_told_in_the_order_of_the_lines() -> None:
    source = SMALL.replace("CNY", "XXQ").replace("code: A", "code: a").replace("hold", "held").replace("in,", "like,")
    assert [(finding.line, finding.code) for finding in findings_of(source)] == [
        (4, "unknown_currency"),
        (6, "wrong_type"),
        (8, "not_allowed"),
        (10, "not_allowed"),
    ]


def test_the_summary_of_an_error_names_the_first_fault_and_counts_the_rest() -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(SMALL.replace("schema: 1", "schema: 9").replace("hold", "held"))
    assert str(caught.value).startswith("The policy document has faults: line 2: must be 1; not 9")
    assert str(caught.value).endswith("(1 more)")
    assert [error.pointer for error in caught.value.errors] == ["/schema", "/rules/0/then/0/effect"]


def test_the_pure_python_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with_c = load_policy(SMALL)
    monkeypatch.setattr("rules.source._LOADER", yaml.SafeLoader)
    assert load_policy(SMALL) == with_c
    assert load_policy(SMALL).positions == with_c.positions


def test_a_flood_of_faults_is_cut_off_and_a_flood_of_duplicates_is_read_quickly() -> None:
    assert len(findings_of("\n".join(f"a{number}: 1" for number in range(5000)))) == MAX_FINDINGS
    flood = "{" + ",".join(['"a":1,"b":1'] + [f'"k{number}":1' for number in range(50_000)] + ['"a":1']) + "}"
    assert [finding.code for finding in findings_of(flood)] == ["duplicate_key"]
