"""What is said of changes."""

from __future__ import annotations

from collections.abc import Iterable

from rules.texts import Text

SAME_MEANING = Text("says the same in other words", "写法不同，含义相同")
CHANGES_NO_OUTCOME = Text("changes no outcome", "不改变任何结论")
NEVER_FIRES = Text("can never fire", "永远不会触发")
STAYS_OFF = Text("is switched off in both versions", "两个版本中均已停用")
IS_OFF = Text("is switched off", "已停用")
NOW_FIRES = Text("now fires", "现会触发")
NO_LONGER_FIRES = Text("no longer fires", "不再触发")
NOT_COMPARABLE = Text(
    "the amounts that stand in the policy are in another currency, and cannot be compared",
    "策略中的金额换了币种，无法比较",
)
RATES_NEEDED = Text(
    "the policy now has amounts of its own: accounts in another currency need a rate of the day",
    "策略现含有自己的金额：其他币种的账户需要当日汇率",
)
RATES_NOT_NEEDED = Text(
    "the policy no longer has amounts of its own: no rate is needed for them",
    "策略不再含有自己的金额：无需为其提供汇率",
)
OTHER_ORDER = Text("reasons come in another order", "理由的顺序改变")
OTHER_SPELLING = Text("the document is written differently and says the same", "文档写法不同，含义相同")
AMBIGUOUS = Text(
    "two rows of a table with hit policy unique can match: such a check is held as an engine error",
    "命中策略为 unique 的表可能有两行同时命中：该检查将因引擎错误而暂停",
)
NOT_READ = Text("nothing that decides reads this", "没有起决定作用的规则读取它")


NOT_ORDERED = Text(
    "which of the two is stricter depends on the order, or on what becomes of it", "两者孰严取决于具体订单或后续处理"
)
UNSURE = Text("whether this can happen could not be decided", "无法判定是否会发生")
NOT_FOLLOWED = Text(
    "what becomes of it in the rules that read it could not be followed", "无法推断其对读取它的规则的影响"
)
HOLDS = Text("two rows match", "两行同时命中")
TOLD_BY_READERS = Text("what comes of it is told with the rules that read it", "其影响见读取它的规则")


def decides(codes: Iterable[str]) -> Text:
    """Rules come out otherwise."""
    listed = ", ".join(codes)
    return Text(f"read by {listed}", f"由 {listed} 读取")


def fires_more(effects: Text) -> Text:
    """A rule fires in more cases."""
    return Text(f"fires more often: {effects.en}", f"更常触发：{effects.zh}")


def fires_less(effects: Text) -> Text:
    """A rule fires in fewer cases."""
    return Text(f"fires less often: {effects.en}", f"更少触发：{effects.zh}")


def unsure(remark: Text | None) -> Text:
    """The remark, and that no facts could be shown for which it is so."""
    return UNSURE if remark is None else Text(f"{remark.en}; {UNSURE.en}", f"{remark.zh}；{UNSURE.zh}")
