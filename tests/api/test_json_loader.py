"""JSON that two parsers could read in two ways is refused; what is well-formed is read exactly."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.faults import MalformedJson
from api.json_loader import DEEPEST, load_json

MEGABYTE = 1024 * 1024


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  \n",
        b"{",
        b'{"a": 1,}',
        b"{'a': 1}",
        b'{"a": 1} x',
        b'{"a": 1}{"a": 1}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 01}',
        b'{"a": +1}',
        b'{"a": .5}',
        b'{"a": 1, "a": 1}',
        b'{"b": [{"a": 1, "\\u0061": 2}]}',
        b'{"a": "\x00"}',
        b'{"a": "\\u0000"}',
        b'{"\\u0000": 1}',
        b'["x", {"a": ["\\u0000"]}]',
        b'{"a": "\\ud800"}',
        b'{"a": "\\uDFFF"}',
        b'{"a": "\\ude00\\ud83d"}',
        b'{"\\ud800": 1}',
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a": "\n"}',
        b'{"a": "\\x41"}',
        b'{"a": 1e9999999999999999999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"{" * 100_000,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"// comment\n{}",
    ],
)
def test_what_is_not_plain_json_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedJson):
        load_json(body)


def test_fifty_levels_are_read_and_one_more_is_refused() -> None:
    load_json(b"[" * DEEPEST + b"]" * DEEPEST)
    load_json(b'{"a":' * DEEPEST + b"1" + b"}" * DEEPEST)
    with pytest.raises(MalformedJson):
        load_json(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1))


def test_brackets_in_strings_and_side_by_side_are_not_levels() -> None:
    document = {"a": "[" * 1000 + '\\"{', "b": [[]] * 1000}
    assert load_json(json.dumps(document).encode()) == document


def test_a_pair_of_surrogates_is_a_character_and_an_escaped_backslash_is_no_escape() -> None:
    assert load_json(b'["\\ud83d\\ude00", "\\\\u0000", "\\\\ud800"]') == ["😀", "\\u0000", "\\ud800"]


def test_decimals_stay_exact() -> None:
    value = load_json(b'{"a": 0.1000000000000000000001}')["a"]
    assert value == Decimal("0.1000000000000000000001")


@pytest.mark.parametrize(
    "body",
    [
        b'"' + b'\\"' * (MEGABYTE // 2),
        b'{"a": "' + b"\\" * (MEGABYTE - 8),
        b"[" + b'"[",' * (MEGABYTE // 4),
        b"[" + b"[]," * (MEGABYTE // 3),
        b'{"' + b"[" * (MEGABYTE - 2),
        b'{"a": "' + b"\\u0000" * (MEGABYTE // 6) + b'"}',
    ],
    ids=["escaped quotes", "backslashes", "brackets in strings", "side by side", "open name", "nul"],
)
def test_a_megabyte_of_malice_costs_no_more_than_a_moment(body: bytes) -> None:
    started = time.perf_counter()
    with pytest.raises(MalformedJson):
        load_json(body)
    assert time.perf_counter() - started < 2


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=30,
)


@given(_DOCUMENTS, st.booleans())
def test_everything_that_json_can_say_is_read_as_it_was_written(document: Any, ascii_only: bool) -> None:
    assert load_json(json.dumps(document, ensure_ascii=ascii_only).encode()) == document


@given(st.binary(max_size=200) | st.text('[]{}",:\\u0dD8 1eE.-truefalsn\x00', max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused_never_anything_else(body: bytes) -> None:
    with suppress(MalformedJson):
        load_json(body)
