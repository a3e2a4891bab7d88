"""Customers: the list, and one credit account."""

from __future__ import annotations

from rules.texts import Text

TEXTS: dict[str, Text] = {
    "customers.title": Text("Customers", "客户"),
    "customers.search": Text("Id or name", "编号或名称"),
    "customers.search_hint": Text("begins with …", "开头为…"),
    "customers.empty": Text("There are no customers yet", "还没有客户"),
    "customers.empty_hint": Text(
        "Send them with `PUT /v1/customers/{{id}}`, or load a file: `credit-policy import customers FILE`",
        "通过 `PUT /v1/customers/{{id}}` 写入，或导入文件：`credit-policy import customers FILE`",
    ),
    "customer.id": Text("Id", "编号"),
    "customer.name": Text("Name", "名称"),
    "customer.class": Text("Class", "等级"),
    "customer.status": Text("Status", "状态"),
    "customer.currency": Text("Currency", "币种"),
    "customer.credit_limit": Text("Credit limit", "信用额度"),
    "customer.no_limit": Text("not set", "未设定"),
    "customer.limit_until": Text("Limit valid until", "额度有效期至"),
    "customer.temporary_limit": Text("Temporary limit", "临时额度"),
    "customer.temporary_limit_value": Text("{amount}, {start} to {end}", "{amount}，{start} 至 {end}"),
    "customer.group_limit": Text("Group limit", "集团额度"),
    "customer.terms": Text("Terms", "账期"),
    "customer.settlement": Text("Settlement", "结算方式"),
    "customer.segment": Text("Segment", "客户分群"),
    "customer.country": Text("Country", "国家"),
    "customer.region": Text("Region", "地区"),
    "customer.industry": Text("Industry", "行业"),
    "customer.parent": Text("Parent", "上级"),
    "customer.group": Text("Group", "集团"),
    "customer.registered_on": Text("Customer since", "建档日期"),
    "customer.strategic_value": Text("Strategic value", "战略价值"),
    "customer.substitutability": Text("Substitutability", "可替代程度"),
    "customer.insured": Text("Insured amount", "投保金额"),
    "customer.insured_until": Text("Insured until", "保险有效期至"),
    "customer.collateral": Text("Collateral", "担保金额"),
    "customer.sales_owner": Text("Sales owner", "销售负责人"),
    "customer.updated_at": Text("Last changed", "最近更新"),
    "customer.master_data": Text("Master data", "主数据"),
    "customer.exposure": Text("Exposure", "信用敞口"),
    "customer.exposure.limit": Text("Limit in force", "当前额度"),
    "customer.exposure.used": Text("{percent} of the limit is used", "已使用额度的 {percent}"),
    "customer.exposure.no_limit": Text("No limit has been set", "未设定额度"),
    "customer.unknown_rate": Text(
        "An exchange rate is missing, so these sums cannot be stated. Send it with `PUT /v1/fx-rates/{{currency}}`.",
        "缺少汇率，无法计算这些金额。请通过 `PUT /v1/fx-rates/{{currency}}` 写入汇率。",
    ),
    "customer.facts": Text("Facts as of {day}", "截至 {day} 的事实"),
    "customer.facts_hint": Text("What a policy would read today.", "政策今天能读到的内容。"),
    "customer.last_decisions": Text("Latest decisions", "最近决策"),
    "customer.all_decisions": Text("All of this customer", "该客户的全部决策"),
    "customer.no_decisions": Text("Nothing has been checked for this customer yet", "该客户还没有任何检查"),
    "customer.no_decisions_hint": Text(
        "Decisions appear here as soon as a quote or an order is checked.", "检查报价或订单后，决策会显示在这里。"
    ),
}
