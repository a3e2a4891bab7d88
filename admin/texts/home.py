"""The overview."""

from __future__ import annotations

from rules.texts import Text

TEXTS: dict[str, Text] = {
    "home.title": Text("Overview", "总览"),
    "home.last_30_days": Text("Decisions of the last 30 days", "近 30 天决策"),
    "home.share": Text("{percent} of {total}", "占 {total} 的 {percent}"),
    "home.latest": Text("Latest decisions", "最新决策"),
    "home.all_decisions": Text("All decisions", "全部决策"),
    "home.policy": Text("Policy in force", "生效中的政策"),
    "home.policy_rules": Text("{number} rules", "{number} 条规则"),
    "home.policy_since": Text("in force since {when}", "{when} 起生效"),
    "home.no_policy": Text("No policy is in force", "还没有生效的政策"),
    "home.no_policy_hint": Text(
        "Every check fails until one is published: `credit-policy policy publish FILE --as USER`",
        "发布之前所有检查都会失败：`credit-policy policy publish FILE --as USER`",
    ),
    "home.customers": Text("Credit accounts", "信用账户"),
    "home.no_decisions": Text("Nothing has been checked yet", "还没有任何检查"),
    "home.no_decisions_hint": Text(
        "A sales system asks with `POST /check-order` and a key from `credit-policy key create`; "
        "every answer appears here with its reasons.",
        "销售系统使用 `credit-policy key create` 生成的密钥调用 `POST /check-order`，每个结果及理由都会显示在这里。",
    ),
}
