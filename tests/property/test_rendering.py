"""A policy that came as a tree gets a text that loads to the same content, whatever its texts look like."""

from __future__ import annotations

from hypothesis import example, given, reject, settings
from hypothesis import strategies as st

from rules.document import load_policy, policy_from_tree
from rules.findings import PolicyError
from rules.rendering import source_of
from tests.unit.rules.documents import rule, tree

# What YAML 1.1 and 1.2, or a reader and a writer, could take for something else than a text.
TRICKY = (
    "NO",
    "yes",
    "~",
    "null",
    "1e3",
    ".5",
    "0x1F",
    "0o14",
    "1_000",
    "12:30",
    "2026-01-01",
    "=",
    "<<",
    "- a",
    "a: b",
    "# x",
    "'",
    '"',
    "&a",
    "*a",
    "!t",
    "%",
    "@",
    "`",
    "\u00a0",
    "a\nb",
    " a ",
    "\ta",
    "🙂",
    "客户",
)
texts = st.one_of(
    st.sampled_from(TRICKY),
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters=[chr(code) for code in range(32)]),
        min_size=1,
        max_size=40,
    ),
)


@given(texts, texts, texts)
@example("1e3", "1e3", "\ufdd0")
@example("\u3000", "\u00a0", "\ufffd")
@settings(max_examples=200)
def test_the_text_of_a_tree_loads_to_the_same_content(name: str, en: str, zh: str) -> None:
    """Unless it has what nobody can read: then a tree may not hold it either."""
    try:
        policy = policy_from_tree(tree(rule(title={"en": en, "zh": zh}), name=name))
    except PolicyError:
        reject()
    again = load_policy(source_of(policy))
    assert again.content_hash == policy.content_hash
    assert again.tree == policy.tree


def test_an_ordinary_policy_is_written_as_yaml_with_its_characters_as_they_are() -> None:
    text = source_of(policy_from_tree(tree(rule(title={"en": "Over the limit", "zh": "超出额度"}))))
    assert text.startswith("schema: 1\nname: test\n")
    assert "zh: 超出额度" in text


def test_the_same_node_in_two_places_is_written_twice() -> None:
    """Anchors and aliases are refused by the loader."""
    shared = {"fact": "exposure.after", "op": "gt", "value": "1.00", "if_missing": True}
    text = source_of(policy_from_tree(tree(rule(shared, code="A"), rule(shared, code="B"))))
    assert "&" not in text
    assert load_policy(text).rules[1].when == load_policy(text).rules[0].when
