"""`credit-policy policy ...`"""

from __future__ import annotations

from pathlib import Path

import click

from policy_service.cli.database import initialised_sessions
from policy_service.cli.files import existing_file, read_text
from policy_service.cli.findings import print_cases, print_findings
from policy_service.cli.output import language_option, say
from policy_service.cli.persons import acting, as_option
from policy_service.cli.policy_steps import STEPS
from policy_service.cli.policy_views import VIEWS
from policy_service.services.policies import publish_in_one_step
from policy_service.services.policy_checks import PolicyCasesFail, PolicyHasErrors
from rules.cases import run_cases
from rules.document import load_policy
from rules.findings import Level, PolicyError
from rules.lint import lint_source
from rules.texts import Language


@click.group("policy", commands=[*STEPS, *VIEWS])
def command() -> None:
    """Policies: check and try files, and lead versions from draft to force."""


@command.command("lint")
@click.argument("file", type=existing_file)
@language_option
@click.pass_context
def lint_file(context: click.Context, file: Path, language: Language) -> None:
    """Tell every fault of a policy file: where, what, and what is allowed. Exit 1 on errors."""
    findings = lint_source(read_text(file))
    print_findings(file, findings, language)
    if any(finding.level is Level.ERROR for finding in findings):
        context.exit(1)


@command.command("test")
@click.argument("file", type=existing_file)
@click.option("-v", "--verbose", is_flag=True, help="Show every case, not only those that fail.")
@language_option
@click.pass_context
def test_file(context: click.Context, file: Path, verbose: bool, language: Language) -> None:
    """Run the cases of a policy file. Exit 1 where one fails, or where the file has errors."""
    try:
        results = run_cases(load_policy(read_text(file)))
    except PolicyError as error:
        print_findings(file, error.findings, language)
        context.exit(1)
    print_cases(file, results, language, verbose=verbose)
    if not all(result.passed for result in results):
        context.exit(1)


@command.command("publish")
@click.argument("file", type=existing_file)
@as_option
@click.option("--note", help="Why; kept with the version.")
@language_option
@click.pass_context
def publish(context: click.Context, file: Path, user: str, note: str | None, language: Language) -> None:
    """Create, submit, approve and publish in one step: the operator's path, audited as not four-eyed."""
    source = read_text(file)
    with initialised_sessions() as (sessions, moment), sessions() as session:
        actor = acting(session, user)
        try:
            version = publish_in_one_step(session, actor, source, note, moment.now)
        except PolicyHasErrors as error:
            print_findings(file, error.findings, language)
            context.exit(1)
        except PolicyCasesFail as error:
            print_cases(file, error.results, language)
            context.exit(1)
        session.commit()
    say(f"Published {version.name} as version {version.number} ({version.content_hash}).")
