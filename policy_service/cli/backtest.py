"""`credit-policy backtest`"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
from tqdm import tqdm

from policy_service.cli.backtest_report import print_backtest
from policy_service.cli.files import existing_file, read_text
from policy_service.cli.findings import print_findings
from policy_service.cli.output import is_terminal, language_option, say
from policy_service.services.backtesting.replay import Replayed
from policy_service.services.backtests import History, backtest, load_history, read_backtest_mapping
from rules.document import load_policy
from rules.findings import PolicyError
from rules.texts import Language

_MOST_TOLD = 20


@click.command("backtest")
@click.option("--data", type=existing_file, required=True, help="The invoice history: CSV, NDJSON or XLSX.")
@click.option("--mapping", type=existing_file, required=True, help="YAML: which column is which, what is assumed.")
@click.option("--policy", "policy_file", type=existing_file, required=True, help="The policy to try.")
@click.option("--json", "as_json", is_flag=True, help="The result as JSON.")
@language_option
@click.pass_context
def command(
    context: click.Context, data: Path, mapping: Path, policy_file: Path, as_json: bool, language: Language
) -> None:
    """Replay an invoice history: what would a policy have said of each order on its day, and what became of it?

    Needs no database. Exit 1 where rows of the history could not be read, or a check failed.
    """
    read_as = read_backtest_mapping(read_text(mapping))
    try:
        policy = load_policy(read_text(policy_file))
    except PolicyError as error:
        print_findings(policy_file, error.findings, language)
        context.exit(1)
    history = load_history(data, read_as)

    def watch(replayed: Iterator[Replayed]) -> Iterator[Replayed]:
        total = len(history.entries)
        return iter(tqdm(replayed, total=total, unit=" orders", disable=not is_terminal(), leave=False))

    result = backtest(policy, history, read_as.assumptions, watch)
    if as_json:
        click.echo(json.dumps(result.as_document(), ensure_ascii=False, indent=2))
    else:
        print_backtest(result, language)
    _tell_refusals(data, history, language)
    if history.refused or result.engine_error_count:
        context.exit(1)


def _tell_refusals(data: Path, history: History, language: Language) -> None:
    for refusal in history.refused[:_MOST_TOLD]:
        say(f"{data}:{refusal.line}: {refusal.reason.in_language(language)}")
    if history.refused:
        say(f"{data}: {len(history.refused)} rows were refused.")
