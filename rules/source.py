"""The text of a policy document, YAML or JSON, as a plain tree that remembers the line of every node.

Scalars are read as the core schema of YAML 1.2 reads them, and a little stricter: only `true` and `false` are
booleans, so the country code NO stays a text, a date is a text, and neither 12:30 nor 007 is a number. A number
that is not whole keeps its written form. Tags, anchors, aliases and duplicate keys are refused, and so are
characters that hide or turn around what a checker reads.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from rules.catalogue import Fact
from rules.findings import Finding, Level, PolicyError
from rules.texts import Text

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 50
MAX_FINDINGS = 1000
MAX_PATH = 200
"""The longest pointer to a member: every node keeps its own, so a long key would be kept once for each below it."""

Position = tuple[int, int]
"""Line and column, both from 1."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_UNREADABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls, and a line break that only YAML sees
    "\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f"  # not seen, or turns text around
    "\ufffe\uffff\ud800-\udfff]"  # no characters at all
)
"""Behind one of these a line could look like a comment and be a rule."""


@dataclass(frozen=True, slots=True)
class Unquoted:
    """A number that is not whole, as it was written. It fits nowhere: decimals stand in quotes."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True)
class Source:
    """A document as read: its tree, where each node stands, what could not be read, and the facts that it makes."""

    tree: object = None
    positions: dict[str, Position] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    facts: dict[str, Fact] = field(default_factory=dict)

    def fault(self, code: str, path: str, message: Text) -> None:
        """Note a fault at the node `path`; after a thousand nobody reads on."""
        if len(self.findings) == MAX_FINDINGS:
            return
        line, column = self.positions.get(path, (None, None))
        self.findings.append(Finding(Level.ERROR, code, path, message, line, column))


def read_source(text: str) -> Source:
    """YAML or JSON text as a tree with positions. Raises PolicyError where nothing can be read at all."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise _refusal("too_large", Text("is larger than 1 MiB", "超过 1 MiB"))
    text = text.removeprefix("\ufeff")  # what some editors put before a text, to say that it is UTF-8
    _refuse_unreadable(text)
    if text.lstrip().startswith(("{", "[")):
        source = _read_json(text)
        if source is not None:
            return source
    return _read_yaml(text)


def pointer(path: str, key: str | int) -> str:
    """The RFC 6901 pointer to the member `key` of the node `path`."""
    return f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}"


def plain_tree(value: object, source: Source, path: str = "", depth: int = 1) -> object:
    """A copy of `value` in plain dicts and lists. Notes what JSON, the database or a reader could not take."""
    if depth > MAX_DEPTH:
        source.fault("too_deep", path, _TOO_DEEP)
        return None
    if isinstance(value, str) and (found := _UNREADABLE.search(value)):
        source.fault("bad_character", path, _unreadable(found[0]))
    if isinstance(value, Mapping):
        return {
            key: plain_tree(member, source, pointer(path, key), depth + 1)
            for key, member in value.items()
            if _is_key(key, source, path)
        }
    if isinstance(value, list | tuple):
        return [plain_tree(item, source, pointer(path, place), depth + 1) for place, item in enumerate(value)]
    return value


def _is_key(key: object, source: Source, path: str) -> bool:
    """Whether a member of the node `path` can have that key; if not, that is noted there."""
    if not isinstance(key, str):
        source.fault("bad_key", path, _BAD_KEY)
    elif found := _UNREADABLE.search(key):
        source.fault("bad_character", path, _unreadable(found[0]))
    elif len(path) + len(key) > MAX_PATH:
        source.fault("bad_key", path, _LONG_KEY)
    else:
        return True
    return False


_TOO_DEEP = Text(f"is nested deeper than {MAX_DEPTH}", f"嵌套超过 {MAX_DEPTH} 层")
_BAD_KEY = Text("has a key that is not a plain text", "键必须是纯文本")
_LONG_KEY = Text(
    f"has a key with which the path is longer than {MAX_PATH} characters", f"键过长：路径超过 {MAX_PATH} 个字符"
)


def _refuse_unreadable(text: str) -> None:
    found = _UNREADABLE.search(text)
    if found:
        before = text[: found.start()].split("\n")
        raise _refusal("bad_character", _unreadable(found[0]), (len(before), len(before[-1]) + 1))


def _unreadable(character: str) -> Text:
    name = f"U+{ord(character):04X}"
    return Text(f"has a character that nobody can read or see: {name}", f"含有无法读取或看不见的字符：{name}")


def _refusal(code: str, message: Text, position: Position | None = None) -> PolicyError:
    line, column = position or (None, None)
    return PolicyError((Finding(Level.ERROR, code, "", message, line, column),))


def _read_json(text: str) -> Source | None:
    """The values as JSON has them; None where it is not JSON, but perhaps YAML in flow style."""
    source = Source()
    twice: list[str] = []

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            times = Counter(name for name, _ in pairs)
            twice.extend(name for name in found if times[name] > 1)
        return found

    try:
        source.tree = json.loads(text, object_pairs_hook=members, parse_float=Unquoted, parse_constant=Unquoted)
    except (RecursionError, ValueError):
        return None
    as_yaml = _as_yaml(text)
    source.positions = as_yaml.positions
    source.findings = as_yaml.findings
    if not source.findings:
        for name in twice:
            source.fault("duplicate_key", "", _duplicate(name))
    return source


def _as_yaml(json_text: str) -> Source:
    """A JSON text with its lines, and its faults; a tab counts as a blank, since YAML takes none between tokens."""
    try:
        return _read_yaml(json_text.replace("\t", " "))
    except PolicyError:
        return Source()


def _read_yaml(text: str) -> Source:
    source = Source()
    try:
        events = iter(yaml.parse(text, Loader=_LOADER))
        _skip(events, yaml.StreamStartEvent, yaml.DocumentStartEvent)
        source.tree = _Builder(events, source).node(next(events), "", 1)
        _skip(events, yaml.DocumentEndEvent)
        end = next(events)
        if not isinstance(end, yaml.StreamEndEvent):
            raise _refusal("many_documents", Text("holds more than one document", "含有多个文档"), _place(end))
    except yaml.YAMLError as error:
        raise _syntax_error(error) from None
    return source


def _skip(events: Iterator[yaml.Event], *kinds: type[yaml.Event]) -> None:
    for kind in kinds:
        if not isinstance(next(events, None), kind):
            raise _refusal("empty", Text("is empty", "内容为空"))


def _syntax_error(error: yaml.YAMLError) -> PolicyError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    position = (mark.line + 1, mark.column + 1) if mark else None
    return _refusal(
        "syntax", Text(f"is neither YAML nor JSON: {problem}", f"既不是 YAML 也不是 JSON：{problem}"), position
    )


def _duplicate(name: str) -> Text:
    return Text(f"has the member {name[:40]!r} twice", f"成员 {name[:40]!r} 重复")


@dataclass(slots=True)
class _Builder:
    """Builds the tree from parser events, so that nothing is expanded, resolved or constructed for us."""

    events: Iterator[yaml.Event]
    source: Source

    def node(self, event: yaml.Event, path: str, depth: int) -> object:
        if depth > MAX_DEPTH:
            raise _refusal("too_deep", _TOO_DEEP, _place(event))
        self._note(event, path)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path, depth)
        return _scalar(event) if isinstance(event, yaml.ScalarEvent) else None

    def _note(self, event: yaml.Event, path: str) -> None:
        self.source.positions.setdefault(path, _place(event))
        if getattr(event, "anchor", None) is not None:
            self.source.fault(
                "anchor",
                path,
                Text("anchors and aliases are not supported; write it out", "不支持锚点与别名，请写全"),
            )
        if getattr(event, "tag", None) not in (None, "!"):
            self.source.fault("tag", path, Text("tags are not supported", "不支持标签"))

    def _mapping(self, path: str, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        while not isinstance(key := next(self.events), yaml.MappingEndEvent):
            name = self._key(key, path)
            member = pointer(path, name)
            if name in found:
                self.source.positions[path] = _place(key)
                self.source.fault("duplicate_key", path, _duplicate(name))
            self.source.positions[member] = _place(key)
            found[name] = self.node(next(self.events), member, depth + 1)
        return found

    def _key(self, event: yaml.Event, path: str) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise _refusal("bad_key", _BAD_KEY, _place(event))
        if len(path) + len(event.value) > MAX_PATH:
            raise _refusal("bad_key", _LONG_KEY, _place(event))
        self._note(event, pointer(path, event.value))
        return str(event.value)

    def _sequence(self, path: str, depth: int) -> list[object]:
        found: list[object] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self.node(event, pointer(path, len(found)), depth + 1))
        return found


def _place(event: yaml.Event) -> Position:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _scalar(event: yaml.ScalarEvent) -> object:
    text = str(event.value)
    if not event.implicit[0]:
        return text  # quoted, or a block
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return Unquoted(text) if _is_float(text) else text


def _is_float(text: str) -> bool:
    return bool(_FLOAT.fullmatch(text)) and not text.lstrip("+-").isdigit()
