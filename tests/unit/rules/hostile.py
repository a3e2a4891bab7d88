"""Policy documents that nobody writes by accident, and a process with little memory and time that reads them.

Run as a program it examines all of them: `python -m tests.unit.rules.hostile refused | laden`.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from rules.cases import run_cases
from rules.decide import ENGINE_ERROR, decide, near_misses
from rules.diff import diff
from rules.document import load_policy
from rules.engine import compile_policy
from rules.facts import FactValue
from rules.findings import PolicyError
from rules.lint import lint
from rules.offers import counter_offers
from tests.benchmarks.bench_offers import SCENES, situation
from tests.unit.rules.documents import asked, facts

MEBIBYTE = 1024 * 1024
MEMORY = 1024 * MEBIBYTE
CPU_SECONDS = 20
"""For each document; the slowest takes two on a slow core."""

HEAD = "schema: 1\nname: hostile\ncurrency: CNY\n"
CLAUSE = "{fact: order.line_count, op: gt, value: 1}"


class Refused(NamedTuple):
    """A document that must not load, with the code and the line of the first fault."""

    source: str
    code: str
    line: int | None


def filled(before: str, piece: str, after: str = "", size: int = MEBIBYTE) -> str:
    """As many pieces as have room."""
    return before + piece * ((size - len(before) - len(after)) // len(piece)) + after


def with_rules(rules: Iterable[str], **members: str) -> str:
    """A document in CNY with these rules, in flow style, and other members."""
    others = "".join(f"{name}: {value}\n" for name, value in members.items())
    return f"{HEAD}{others}rules:\n" + "".join(f"  - {rule}\n" for rule in rules)


def rule(number: int, when: str = CLAUSE, *then: str) -> str:
    """A rule R0, R1, ...; without effects it holds."""
    return f"{{code: R{number}, when: {when}, then: [{', '.join(then or ('{effect: hold}',))}]}}"


def _group(kind: str, clauses: Iterable[str]) -> str:
    return f"{{{kind}: [{', '.join(clauses)}]}}"


def _on_flag(name: str) -> str:
    return f"{{fact: flag.{name}, op: eq, value: true}}"


def _table(code: str, rows: Iterable[str], outputs: str = "a", inputs: str = "order.line_count") -> str:
    return f"{{code: {code}, hit_policy: first, inputs: [{inputs}], outputs: [{outputs}], rows: [{', '.join(rows)}]}}"


def _rows(count: int, output: Callable[[int], object] = lambda place: place) -> list[str]:
    return [f"{{when: [{{eq: {place}}}], then: {{a: {output(place)}}}}}" for place in range(count)]


_WIDE = ", ".join(f"a{number}" for number in range(20))
_UNKNOWN = _group("any", ["{fact: table.z, op: eq}"] * 5000)
_EXEMPTING_EACH_OTHER = [
    rule(
        number,
        _on_flag(f"f{number // 100}"),
        f"{{effect: flag, name: f{number // 100 + 1}}}",
        f"{{effect: exempt, rules: [{', '.join(f'R{(number * 7 + step * 13) % 1500}' for step in range(50))}]}}",
    )
    for number in range(1500)
]

REFUSED = {
    "5 MB": Refused("x" * 5 * MEBIBYTE, "too_large", None),
    "10,000 rules": Refused(with_rules(map(rule, range(10_000))), "wrong_length", 4),
    "10,000 rows": Refused(with_rules([rule(0)], tables=f"[{_table('T', _rows(10_000))}]"), "wrong_length", 4),
    "1,000 tables": Refused(
        with_rules([rule(0)], tables=f"[{', '.join(_table(f'T{n}', _rows(1)) for n in range(1000))}]"),
        "wrong_length",
        4,
    ),
    "100,000 clauses": Refused(with_rules([rule(0, _group("any", ["{op: a}"] * 100_000))]), "wrong_length", 5),
    "nesting of 1,000 in flow style": Refused(
        with_rules([rule(0, "{all: [" * 1000 + CLAUSE + "]}" * 1000)]), "too_deep", 5
    ),
    "nesting of 1,000 in block style": Refused(
        "\n".join(" " * depth + "a:" for depth in range(1000)), "too_deep", 51
    ),
    "nesting of 500,000 lists": Refused("[" * 500_000, "too_deep", 1),
    "nesting of 250,000 mappings": Refused("{a: " * 250_000, "too_deep", 1),
    "nesting of 100,000 in JSON": Refused('{"a":' * 100_000 + "1" + "}" * 100_000, "too_deep", 1),
    "nesting of 500,000 dashes": Refused("- " * 500_000, "too_deep", 1),
    "nesting of 500,000 keys": Refused("? " * 500_000, "bad_key", 1),
    "groups nested deeper than ten": Refused(
        with_rules([rule(0, "{all: [" * 11 + CLAUSE + "]}" * 11)]), "too_deep", 5
    ),
    "a bomb of aliases": Refused(
        "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 40)), "anchor", 1
    ),
    "300,000 aliases": Refused(filled("a: [", "*a,", "]"), "anchor", 1),
    "a million marks of a tag": Refused("a: " + "!" * 1_000_000, "tag", 1),
    "a Python object": Refused("!!python/object/apply:os.system [ls]\n", "tag", 1),
    "a Python object under another handle": Refused(
        f"%TAG ! tag:yaml.org,2002:python/\n---\n{HEAD}rules: !object/apply:os.system [ls]\n", "tag", 6
    ),
    "a set": Refused(with_rules([rule(0)], settings="!!set {a, b}"), "tag", 4),
    "binary data": Refused(f"{HEAD}rules: !!binary aGVsbG8=\n", "tag", 4),
    "YAML of a version to come": Refused(f"%YAML 9.9\n---\n{HEAD}", "syntax", 1),
    "merge keys": Refused(with_rules([rule(0)], settings="{<<: {quote_valid_days: 3}}"), "unknown_member", 4),
    "duplicate keys": Refused(with_rules([rule(0)], name="other"), "duplicate_key", 4),
    "250,000 duplicate keys": Refused(filled("", "a: 1\n"), "duplicate_key", 2),
    "duplicate keys in JSON": Refused('{"schema": 1,\n"schema": 1}', "duplicate_key", 2),
    "90,000 unknown keys": Refused("{" + ",".join(f'"k{n}":1' for n in range(90_000)) + "}", "missing_member", 1),
    "a number as a key": Refused(with_rules([rule(0)]) + "1: 2\n", "unknown_member", 6),
    "null as a key": Refused(with_rules([rule(0)]) + "~: 2\n", "unknown_member", 6),
    "a list as a key": Refused(with_rules([rule(0)]) + "? [a]\n: 2\n", "bad_key", 6),
    "a mapping as a key": Refused(with_rules([rule(0)]) + "? {a: 1}\n: 2\n", "bad_key", 6),
    "a key of 900,000 characters": Refused('{"' + "k" * 900_000 + '": 1}', "bad_key", None),
    "a key of 500,000 characters over 250,000 items": Refused(
        f'? "{"k" * 500_000}"\n: [{"1," * 250_000}]', "bad_key", 1
    ),
    "the same in JSON": Refused(f'{{"{"k" * 500_000}": [{"1," * 250_000}1]}}', "bad_key", None),
    "keys of 100 characters inside each other": Refused(f"{{{'k' * 100}: " * 40 + "1" + "}" * 40, "bad_key", 1),
    "tabs": Refused(with_rules([rule(0)]).replace("  -", "\t-"), "syntax", 5),
    "schema 2": Refused(with_rules([rule(0)]).replace("schema: 1", "schema: 2"), "out_of_range", 1),
    "schema 1.0": Refused(with_rules([rule(0)]).replace("schema: 1", "schema: 1.0"), "wrong_type", 1),
    "schema true": Refused(with_rules([rule(0)]).replace("schema: 1", "schema: true"), "wrong_type", 1),
    "a schema of a million digits": Refused(
        with_rules([rule(0)]).replace("schema: 1", "schema: " + "9" * 1_000_000), "wrong_type", 1
    ),
    "a schema of 4,000 digits in JSON": Refused(f'{{"schema": {"9" * 4000}}}', "missing_member", 1),
    "a schema of a million digits in JSON": Refused(f'{{"schema": {"9" * 1_000_000}}}', "missing_member", 1),
    "a schema of 1e999999999": Refused(
        with_rules([rule(0)]).replace("schema: 1", "schema: 1e999999999"), "wrong_type", 1
    ),
    "a schema of a million digits and a letter": Refused(
        with_rules([rule(0)]).replace("schema: 1", f"schema: {'9' * 1_000_000}x"), "wrong_type", 1
    ),
    "a name of 900,000 characters": Refused(
        with_rules([rule(0)]).replace("hostile", "x" * 900_000), "wrong_length", 2
    ),
    "two documents": Refused(with_rules([rule(0)]) + "---\n" + with_rules([rule(0)]), "many_documents", 6),
    "250,000 documents": Refused(filled("", "---\n"), "many_documents", 2),
    "NUL": Refused(with_rules([rule(0)]) + "# \0", "bad_character", 6),
    "UTF-16 read as bytes": Refused("s\0c\0h\0e\0m\0a\0", "bad_character", 1),
    "half a surrogate pair": Refused(with_rules([rule(0)]) + "# \ud800", "bad_character", 6),
    "half a surrogate pair in a key": Refused('{"\\ud800": 1}', "bad_character", None),
    "an escape sequence in a key": Refused('"\\e[31m": 1', "bad_character", 1),
    "text turned around in a comment": Refused(with_rules([rule(0)]) + "# \u202e", "bad_character", 6),
    "a line that only YAML sees": Refused(with_rules([rule(0)]) + "# a comment\u2028x: 1", "bad_character", 6),
    "a country with a blank of no width": Refused(
        with_rules([rule(0, '{fact: customer.country, op: eq, value: "N\\u200bO"}')]), "bad_character", 5
    ),
    "a message of 100,000 braces": Refused(
        with_rules([rule(0, CLAUSE, f"{{effect: hold, message: '{'{' * 100_000}'}}")]), "wrong_length", 5
    ),
    "a code that many patterns would try for ever": Refused(
        with_rules([rule(0).replace("R0", "A_" * 400_000 + "!")]), "wrong_type", 5
    ),
    "5,000 rules of one code": Refused(with_rules([rule(0)] * 5000), "duplicate_code", 6),
    "5,000 unknown facts of 2,000 others": Refused(
        with_rules(
            [rule(0, _UNKNOWN)],
            tables=f"[{', '.join(_table(f'T{n}', ['{when: [~], then: {}}'], _WIDE) for n in range(100))}]",
        ),
        "missing_member",
        4,
    ),
    "5,000 values that are none of 1,000 long ones": Refused(
        with_rules(
            [rule(0, _group("any", ["{fact: table.T.a, op: eq, value: q}"] * 5000))],
            tables=f"[{_table('T', _rows(1000, lambda place: 'x' * 190 + str(place)))}]",
        ),
        "not_allowed",
        6,
    ),
    "6,000 faulty cases": Refused(
        with_rules([rule(0)])
        + f"cases: [{', '.join(['{name: a, facts: {zz: 1}, expect: {fired: [ZZ]}}'] * 6000)}]\n",
        "wrong_length",
        6,
    ),
    "a circle of 5,000 flags": Refused(
        with_rules(rule(n, _on_flag(f"f{n}"), f"{{effect: flag, name: f{(n + 1) % 5000}}}") for n in range(5000)),
        "flag_cycle",
        5,
    ),
    "a chain of 5,000 flags": Refused(
        with_rules(rule(n, _on_flag(f"f{n}"), f"{{effect: flag, name: f{n + 1}}}") for n in range(5000)),
        "too_deep",
        1005,
    ),
    "flags behind exemptions that go every way": Refused(with_rules(_EXEMPTING_EACH_OTHER), "flag_cycle", 105),
    "white space": Refused(" " * 900_000 + "a", "wrong_type", 1),
    "quotes": Refused("'" * 1_000_000, "wrong_type", 1),
    "an open list": Refused("[" + "[]," * 30_000, "syntax", 2),
    "directives": Refused(filled("", "%FOO bar\n", "---\na: 1\n"), "syntax", 1),
}
"""Documents that must be refused."""

_RING = [
    rule(n, CLAUSE, f"{{effect: flag, name: f{n % 7}}}", f"{{effect: exempt, rules: [R{(n + 1) % 1000}]}}")
    for n in range(1000)
]
_NEAR = [f"{{fact: order.line_count, op: gt, value: {n % 300 + 1001}}}" for n in range(4900)]
_COUNTRIES = ", ".join(f"c{n}" for n in range(5000))
_HUGE = "'999999999999999.999999999999999'"
_TIMES = f"{{fact: customer.credit_limit, times: {_HUGE}, plus: {_HUGE}}}"

LADEN = {
    "5,000 rules": with_rules(map(rule, range(5000))),
    "2,000 comparisons of two facts": with_rules(
        rule(
            n,
            "{fact: exposure.after, op: gt, value: "
            f"{{fact: customer.credit_limit, times: '0.{n}', plus: '{n}.00'}}}}",
        )
        for n in range(2000)
    ),
    "20,000 clauses near their thresholds": with_rules([rule(0, _group("any", [_group("all", _NEAR)] * 4))]),
    "5,000 clauses on one fact": with_rules(
        [rule(0, _group("all", [f"{{fact: order.line_count, op: ne, value: {n}}}" for n in range(5000)]))]
    ),
    "lists of 5,000 countries": with_rules(
        rule(n, f"{{fact: customer.country, op: in, value: [{_COUNTRIES}]}}") for n in range(20)
    ),
    "500 rows of 100 countries": with_rules(
        [rule(0)],
        tables="["
        + _table(
            "T",
            (
                f"{{when: [{{in: [{', '.join(f'c{place * 100 + n}' for n in range(100))}]}}], then: {{a: 1}}}}"
                for place in range(500)
            ),
            inputs="customer.country",
        )
        + "]",
    ),
    "a chain of 999 flags": with_rules(
        rule(n, _on_flag(f"f{n}"), f"{{effect: flag, name: f{n + 1}}}") for n in range(1000)
    ),
    "1,000 rules that exempt 50 each": with_rules(
        rule(
            n,
            CLAUSE,
            f"{{effect: exempt, rules: [{', '.join(f'R{(n * 7 + step * 13 + 1) % 1000}' for step in range(50))}]}}",
        )
        for n in range(1000)
    ),
    "1,000 rules on flags behind a ring of 1,000 exemptions": with_rules(
        [*_RING, *(rule(n, _on_flag(f"f{n % 7}")) for n in range(1000, 2000))]
    ),
    "5,000 cases": with_rules(map(rule, range(1000)))
    + "cases:\n"
    + "".join(
        f"  - {{name: c{n}, facts: {{order.amount: {_HUGE}}}, expect: {{outcome: approve}}}}\n" for n in range(5000)
    ),
    "arithmetic at the ends of all numbers": with_rules(
        [
            rule(
                0,
                f"{{fact: exposure.after, op: lt, value: {_TIMES}, if_missing: false}}",
                f"{{effect: cap_credit, amount: {_TIMES}}}",
                f"{{effect: cap_terms, days: {{fact: order.line_count, times: {_HUGE}, plus: -999999999999999}}}}",
                f"{{effect: require_prepayment, percent: {{fact: order.line_count, times: {_HUGE}}}}}",
                "{effect: alert, severity: {fact: order.line_count, times: '-0.000000000000001'}}",
                "{effect: hold, message: '{exposure.after} {customer.credit_limit} {order.line_count}'}",
            )
        ]
    ),
}
"""Documents that load, and must then be good for everything, without end and without failure."""

LARGE_FACTS: dict[str, FactValue | None] = {
    "order.line_count": 1000,
    "order.amount": "999999999999999.99",
    "order.credit_amount": "999999999999999.99",
    "customer.credit_limit": "999999999999999.99",
    "customer.country": "c4999",
    "customer.status": "active",
    "exposure.after": "99999999999999999.99",
}


def examine_refused(source: str) -> dict[str, Any]:
    """What is said of a document, and how much of it."""
    try:
        load_policy(source)
    except PolicyError as error:
        first = error.findings[0]
        told = sum(len(found.message.en + found.message.zh + found.path) for found in error.findings)
        return {
            "code": first.code,
            "line": first.line,
            "path": first.path,
            "count": len(error.findings),
            "told": told,
        }
    return {"code": "it loads"}


def examine_laden(source: str) -> dict[str, Any]:
    """What becomes of a policy in everything that is done with it."""
    policy = load_policy(source)
    compiled = compile_policy(policy)
    seen = facts(LARGE_FACTS, asked("999999999999999.99", 3650))
    verdict = decide(compiled, seen)
    near_misses(compiled, seen)
    order = situation(SCENES[0], policy.settings)
    offers = counter_offers(compiled, decide(compiled, order.facts), order)
    other = load_policy(source.replace("name: hostile", "name: other").replace("value: 1}", "value: 2}"))
    return {
        "outcome": verdict.outcome,
        "failed": any(reason.rule_code == ENGINE_ERROR for reason in verdict.reasons),
        "lint": len(lint(policy)),
        "runs": offers.evaluations,
        "changes": len(diff(policy, other).changes),
        "passed": all(result.passed for result in run_cases(policy)),
    }


class TooSlow(BaseException):
    """Time is up, also for code that carries on after any trouble of its own."""


def _give_up(*_: object) -> None:
    raise TooSlow


def _examine_all(documents: dict[str, str], examine: Callable[[str], dict[str, Any]]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, _give_up)
    for name, source in documents.items():
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        try:
            answer = examine(source)
        except (Exception, TooSlow) as error:
            answer = {"failure": repr(error)}
        print(json.dumps([name, answer]), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "refused":
        _examine_all({name: refused.source for name, refused in REFUSED.items()}, examine_refused)
    else:
        _examine_all(LADEN, examine_laden)
