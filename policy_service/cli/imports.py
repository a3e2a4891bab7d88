"""`credit-policy import`"""

from __future__ import annotations

from pathlib import Path

import click
from tqdm import tqdm

from policy_service.cli.database import initialised_sessions
from policy_service.cli.files import existing_file, read_text
from policy_service.cli.output import is_terminal, language_option, say
from policy_service.domain.actors import SYSTEM
from policy_service.services.imports import ImportedBatch, ImportKind, import_batches, open_import
from rules.texts import Language


@click.command("import")
@click.argument("kind", type=click.Choice([kind.value for kind in ImportKind]))
@click.argument("file", type=existing_file)
@click.option("--mapping", type=existing_file, help="YAML that says which column is which, and how days are written.")
@language_option
@click.pass_context
def command(context: click.Context, kind: str, file: Path, mapping: Path | None, language: Language) -> None:
    """Import a CSV, NDJSON or XLSX file. Good rows of a bad file are kept; exit 1 where rows were refused.

    The same file again changes nothing.
    """
    incoming = open_import(ImportKind(kind), file, read_text(mapping) if mapping else None)
    total = ImportedBatch()
    with initialised_sessions() as (sessions, moment), sessions() as session:
        bar = tqdm(total=incoming.estimated_rows, unit=" rows", desc=kind, disable=not is_terminal(), leave=False)
        with bar:
            for batch in import_batches(session, SYSTEM, incoming, moment):
                session.commit()
                total.add(batch)
                bar.update(batch.rows)
    for refusal in total.refused:
        click.echo(f"{file}:{refusal.line}: {refusal.reason.in_language(language)}")
    counts = ", ".join(f"{count} {effect}" for effect, count in total.effects.items())
    say(f"{kind}: {total.rows} rows: {counts}, {len(total.refused)} refused.")
    if total.refused:
        context.exit(1)
