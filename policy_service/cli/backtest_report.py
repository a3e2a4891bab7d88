"""A backtest as tables that a person can read."""

from __future__ import annotations

from decimal import Decimal

from policy_service.cli.output import Column, print_table, result_console
from policy_service.cli.words import OUTCOMES
from policy_service.domain.money import round_half_even
from policy_service.services.backtesting.assumptions import Assumptions
from policy_service.services.backtesting.result import RuleTally, Tally
from policy_service.services.backtests import Backtest
from rules.texts import Language, Text

_ALL = Text("all", "合计")
_MISSING = "-"

_HEADING = Text(
    "Policy {policy} on {orders} orders of {customers} customers, {start} to {end}, amounts in {currency}",
    "政策 {policy}：{customers} 个客户的 {orders} 笔订单，{start} 至 {end}，金额币种 {currency}",
)
_OUTCOME_TITLE = Text("What became of the orders, by outcome", "按结论看订单后来的情况")
_RULE_TITLE = Text("How often each rule fired, and how right it was", "每条规则触发的次数与命中率")
_QUIET = Text("Never fired: {codes}", "从未触发：{codes}")
_RATE = Text("1 {currency} = {rate} of the policy's currency", "1 {currency} = {rate} 政策币种")
_ASSUMED = Text("Assumed: {assumptions}.", "假设：{assumptions}。")
_TERMS = Text("terms of {days} days", "账期 {days} 天")
_NO_LIMIT = Text("no credit limit but in the file", "除文件所列外无信用额度")
_LIMIT = Text(
    "a credit limit of {times} x the monthly sales of the 12 months known that day, at least {at_least}",
    "信用额度为当日已知近 12 个月月均销售额的 {times} 倍，至少 {at_least}",
)
_DISPUTE = Text("a dispute without a day was known on the {known}", "无日期的争议自 {known} 起已知")
_NOTES = Text(
    "Late and disputed may be the same order. Days late: mean over what was settled, weighted by amount.\n"
    "Right: of the orders on which the rule fired, those later paid late or disputed; x all: against {rate} of all "
    "orders.\n"
    "The history stays as it was: an order that would have been held or rejected was invoiced all the same, and its "
    "invoice counts for the orders after it.",
    "逾期与争议可能是同一笔订单。逾期天数：已结清发票按金额加权平均。\n"
    "命中率：规则触发的订单中后来逾期或有争议的占比；倍数：与全部订单的 {rate} 相比。\n"
    "历史保持原样：会被暂停或拒绝的订单当时仍已开票，其发票计入之后的订单。",
)
_OUTCOME_COLUMNS = (
    (Text("outcome", "结论"), False),
    (Text("orders", "订单"), True),
    (Text("share", "占比"), True),
    (Text("money", "金额"), True),
    (Text("on time", "准时"), True),
    (Text("late", "逾期"), True),
    (Text("disputed", "争议"), True),
    (Text("late or disputed", "逾期或争议"), True),
    (Text("days late", "逾期天数"), True),
    (Text("money late", "逾期金额"), True),
)
_RULE_COLUMNS = (
    (Text("rule", "规则"), False),
    (Text("fired", "触发"), True),
    (Text("share", "占比"), True),
    (Text("money", "金额"), True),
    (Text("late", "逾期"), True),
    (Text("disputed", "争议"), True),
    (Text("right", "命中率"), True),
    (Text("x all", "倍数"), True),
    (Text("days late", "逾期天数"), True),
    (Text("money late", "逾期金额"), True),
)


def print_backtest(result: Backtest, language: Language) -> None:
    """The two tables, and how to read them."""
    console = result_console()
    heading = _HEADING.in_language(language).format(
        policy=result.policy_name,
        orders=result.total.count,
        customers=result.customer_count,
        start=result.from_day,
        end=result.to_day,
        currency=result.currency,
    )
    console.print(f"{heading}\n")
    rows = [(OUTCOMES[outcome].in_language(language), tally) for outcome, tally in result.outcomes.items()]
    rows.append((_ALL.in_language(language), result.total))
    print_table(
        _OUTCOME_TITLE.in_language(language),
        _columns(_OUTCOME_COLUMNS, language),
        [_outcome_row(name, tally, result) for name, tally in rows],
    )
    fired = sorted((rule for rule in result.rules if rule.fired.count), key=lambda rule: -rule.fired.count)
    console.print()
    print_table(
        _RULE_TITLE.in_language(language),
        _columns(_RULE_COLUMNS, language),
        [_rule_row(rule, result) for rule in fired],
    )
    quiet = [rule.code for rule in result.rules if not rule.fired.count]
    if quiet:
        console.print(f"\n{_QUIET.in_language(language).format(codes=', '.join(quiet))}")
    console.print(f"\n{_ASSUMED.in_language(language).format(assumptions=_assumed(result.assumptions, language))}")
    console.print(f"\n{_NOTES.in_language(language).format(rate=_percent(result.total.bad_rate))}")


def _assumed(assumptions: Assumptions, language: Language) -> str:
    """What the file does not say, and the result hangs on."""
    limit = assumptions.credit_limit
    texts = [
        _RATE.in_language(language).format(rate=assumptions.rate, currency=assumptions.currency)
        if assumptions.rate
        else None,
        _TERMS.in_language(language).format(days=assumptions.terms_days)
        if assumptions.terms_days is not None
        else None,
        _LIMIT.in_language(language).format(times=limit.times_monthly_sales, at_least=limit.at_least)
        if limit
        else _NO_LIMIT.in_language(language),
        _DISPUTE.in_language(language).format(known=assumptions.dispute_known),
    ]
    return "; ".join(text for text in texts if text)


def _columns(columns: tuple[tuple[Text, bool], ...], language: Language) -> list[Column]:
    return [Column(title.in_language(language), "right" if number else "left") for title, number in columns]


def _outcome_row(name: str, tally: Tally, result: Backtest) -> tuple[str, ...]:
    return (
        name,
        f"{tally.count:,}",
        _share(tally.count, result.total.count),
        _money(tally.amount, result.currency),
        _count_and_share(tally.on_time_count, tally.count),
        _count_and_share(tally.late_count, tally.count),
        _count_and_share(tally.disputed_count, tally.count),
        _percent(tally.bad_rate),
        _number(tally.average_days_late),
        _money(tally.late_amount, result.currency),
    )


def _rule_row(rule: RuleTally, result: Backtest) -> tuple[str, ...]:
    tally = rule.fired
    return (
        rule.code,
        f"{tally.count:,}",
        _share(tally.count, result.total.count),
        _money(tally.amount, result.currency),
        f"{tally.late_count:,}",
        f"{tally.disputed_count:,}",
        _percent(tally.bad_rate),
        _number(result.lift(tally)),
        _number(tally.average_days_late),
        _money(tally.late_amount, result.currency),
    )


def _money(amount: Decimal, currency: str) -> str:
    return f"{round_half_even(amount, currency):,}"


def _share(part: int, whole: int) -> str:
    return _percent(Decimal(part) / whole if whole else None)


def _count_and_share(part: int, whole: int) -> str:
    return f"{part:,} ({_share(part, whole)})" if whole else _MISSING


def _percent(share: Decimal | None) -> str:
    return _MISSING if share is None else f"{share * 100:.1f} %"


def _number(value: Decimal | None) -> str:
    return _MISSING if value is None else f"{value:.2f}"
