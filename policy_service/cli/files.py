"""Files named on the command line."""

from __future__ import annotations

from pathlib import Path

import click

existing_file = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


def read_text(path: Path) -> str:
    """A file of UTF-8 text. Raises ClickException where it is something else."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException(f"{path} is not UTF-8 text.") from None
