"""`credit-policy reconcile`"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import click
from tqdm import tqdm

from policy_service.cli.database import initialised_sessions
from policy_service.cli.output import Column, is_terminal, language_option, print_table, say
from policy_service.domain.money import money_text
from policy_service.services.reconciling import BucketDifference, Reconciliation, SumDifference, reconcile
from rules.texts import Language, Text

_FIXED = Text("put right", "已更正")
_OPEN = Text("differs", "不一致")
_FOR_A_PERSON = Text("left for a person", "留待人工处理")
_BUCKETS = Text("Orders", "订单")
_SUMS = Text("Kept sums and groups", "保存的合计与集团")
_BUCKET_COLUMNS = (
    Text("order", "订单"),
    Text("customer", "客户"),
    Text("bucket", "科目"),
    Text("kept", "保存值"),
    Text("by movements", "按变动"),
    Text("by documents", "按单据"),
    Text("documents", "涉及单据"),
    Text("", ""),
)
_SUM_COLUMNS = (
    Text("kind", "类别"),
    Text("id", "编号"),
    Text("customer", "客户"),
    Text("column", "字段"),
    Text("kept", "保存值"),
    Text("found", "应为"),
    Text("", ""),
)


@click.command("reconcile")
@click.option("--fix", is_flag=True, help="Let rows follow the documents; every correction is audited.")
@click.option("--json", "as_json", is_flag=True, help="The result as JSON.")
@language_option
@click.pass_context
def command(context: click.Context, fix: bool, as_json: bool, language: Language) -> None:
    """Prove that order rows, movements and documents agree, and every kept sum. Exit 1 where something does not hold.

    Checks go on meanwhile. With --fix, exit 0 where all that differed could be put right.
    """
    with initialised_sessions() as (sessions, moment), sessions() as session:
        found = reconcile(session, moment, fix, _bar)
        session.commit()
    if as_json:
        click.echo(json.dumps(found.as_document(), ensure_ascii=False, indent=2))
    else:
        _print(found, language)
    if not found.holds:
        context.exit(1)


def _bar(groups: Sequence[list[str]]) -> Iterable[list[str]]:
    """A bar that counts accounts."""
    total = sum(map(len, groups))
    with tqdm(total=total, unit=" accounts", disable=not is_terminal(), leave=False) as bar:
        for customers in groups:
            yield customers
            bar.update(len(customers))


def _print(found: Reconciliation, language: Language) -> None:
    if found.buckets:
        titles = [Column(title.in_language(language)) for title in _BUCKET_COLUMNS]
        print_table(_BUCKETS.in_language(language), titles, [_bucket_row(each, language) for each in found.buckets])
    if found.sums:
        titles = [Column(title.in_language(language)) for title in _SUM_COLUMNS]
        print_table(_SUMS.in_language(language), titles, [_sum_row(each, language) for each in found.sums])
    say(_summary(found).in_language(language))


def _bucket_row(difference: BucketDifference, language: Language) -> list[str]:
    sides = (difference.kept, difference.by_movements, difference.by_documents)
    currency = difference.currency
    return [
        difference.order_id,
        difference.customer_id,
        difference.bucket,
        *("-" if amount is None else f"{money_text(amount, currency)} {currency}" for amount in sides),
        ", ".join(difference.documents),
        _state(difference, can_be_fixed=difference.by_documents is not None).in_language(language),
    ]


def _sum_row(difference: SumDifference, language: Language) -> list[str]:
    return [
        difference.kind,
        difference.id,
        difference.customer_id,
        difference.column,
        difference.kept or "-",
        difference.found or "-",
        _state(difference, can_be_fixed=difference.can_be_fixed).in_language(language),
    ]


def _state(difference: BucketDifference | SumDifference, *, can_be_fixed: bool) -> Text:
    if difference.is_fixed:
        return _FIXED
    return _OPEN if can_be_fixed else _FOR_A_PERSON


def _summary(found: Reconciliation) -> Text:
    differing = len(list(found.differences))
    fixed = sum(each.is_fixed for each in found.differences)
    return Text(
        f"{found.accounts} accounts, {found.orders} orders, {found.movements} movements, {found.documents} invoices "
        f"and payments: {differing} differences, {fixed} put right.",
        f"{found.accounts} 个账户、{found.orders} 个订单、{found.movements} 条变动、{found.documents} 张发票与付款："
        f"{differing} 处不一致，已更正 {fixed} 处。",
    )
