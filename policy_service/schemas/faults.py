"""Faults of a document: where, what, and in every language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from marshmallow.exceptions import SCHEMA

from policy_service.domain.errors import FieldError, Invalid, UnknownCurrency
from policy_service.schemas.messages import MESSAGES
from rules.texts import Text


@dataclass(frozen=True, slots=True)
class Message:
    """What is wrong with one field: a key of MESSAGES, and its text."""

    key: str
    text: Text


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: RFC 6901 pointer to the field, and what is wrong with it."""

    pointer: str
    message: Message


class DocumentRefused(Invalid):
    """Some fields of the document are not acceptable; each is named."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(None, *(FieldError(fault.pointer, fault.message.text.en) for fault in faults))
        self.faults = faults
        if {fault.message.key for fault in faults} == {UnknownCurrency.code}:
            self.code = UnknownCurrency.code  # type: ignore[misc]


def message(key: str, /, **values: object) -> Message:
    """The message `key` with its numbers filled in. The values are ours, never the caller's."""
    text = MESSAGES[key]
    return Message(key, Text(text.en.format(**values), text.zh.format(**values)))


def refusal(pointer: str, key: str, /, **values: object) -> DocumentRefused:
    """The refusal of a document for one fault."""
    return DocumentRefused((Fault(pointer, message(key, **values)),))


def faults_of(messages: Any, pointer: str = "") -> Iterator[Fault]:
    """The nested messages of marshmallow as a flat list with pointers."""
    if isinstance(messages, Message):
        yield Fault(pointer, messages)
    elif isinstance(messages, dict):
        for name, member in messages.items():
            yield from faults_of(member, pointer if name == SCHEMA else f"{pointer}/{_escaped(name)}")
    elif isinstance(messages, Iterable) and not isinstance(messages, str):
        for member in messages:
            yield from faults_of(member, pointer)
    else:
        raise TypeError(f"a message without translation: {messages!r}")


def _escaped(name: str | int) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")
