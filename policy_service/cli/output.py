"""How commands print: results on standard output, everything about them on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import click
from rich import box
from rich.console import Console
from rich.table import Table

from rules.texts import Language

_WIDTH_OF_A_FILE = 200


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; numbers stand to the right."""

    title: str
    justify: Literal["left", "right"] = "left"


def print_table(title: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """A table with lines on a terminal, plain aligned text elsewhere."""
    console = result_console()
    on_terminal = console.is_terminal
    table = Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD if on_terminal else None,
        pad_edge=False,
        title_style="",
    )
    for column in columns:
        table.add_column(column.title, justify=column.justify, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table, markup=False)


def result_console() -> Console:
    """Standard output; a file is not cut to the width of some terminal."""
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_FILE
    return console


def say(message: str) -> None:
    """Tell the person at the terminal; never mixed into a result."""
    click.echo(message, err=True)


def is_terminal() -> bool:
    """Whether someone watches what goes to standard error."""
    return sys.stderr.isatty()


def language_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--lang en|zh`, by default the language of the terminal."""
    return click.option(
        "--lang",
        "language",
        type=click.Choice([language.value for language in Language]),
        default=_language_of_terminal,
        callback=lambda _context, _parameter, value: Language(value),
        help="Language of texts: en or zh; by default that of the terminal (LANG).",
    )(command)


def _language_of_terminal() -> str:
    locale = next(filter(None, (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return Language.ZH.value if locale.startswith("zh") else Language.EN.value
