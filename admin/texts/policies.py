"""Policies: the versions, and one version with its rules."""

from __future__ import annotations

from rules.texts import Text

TEXTS: dict[str, Text] = {
    "policies.title": Text("Policies", "政策"),
    "policies.empty": Text("There is no policy yet", "还没有政策"),
    "policies.empty_hint": Text(
        "Publish the default one with `credit-policy init`, "
        "or your own: `credit-policy policy publish FILE --as USER`",
        "用 `credit-policy init` 发布默认政策，或发布自己的：`credit-policy policy publish FILE --as USER`",
    ),
    "policy.title": Text("Version {number}", "第 {number} 版"),
    "policy.number": Text("Version", "版本"),
    "policy.name": Text("Name", "名称"),
    "policy.status": Text("Status", "状态"),
    "policy.in_force": Text("In force", "生效中"),
    "policy.hash": Text("Content hash", "内容哈希"),
    "policy.published_by": Text("Published by", "发布人"),
    "policy.effective_at": Text("In force from", "生效时间"),
    "policy.retired_at": Text("Retired", "停用时间"),
    "policy.created_by": Text("Written by", "编写人"),
    "policy.approved_by": Text("Approved by", "审批人"),
    "policy.note": Text("Note", "备注"),
    "policy.currency": Text("Currency", "币种"),
    "policy.four_eyes": Text("Four eyes", "双人复核"),
    "policy.four_eyes_yes": Text("written and approved by different people", "编写与审批为不同人员"),
    "policy.four_eyes_no": Text("published in one step by one person", "由一人一步发布"),
    "policy.four_eyes_open": Text("not yet published", "尚未发布"),
    "policy.rules": Text("Rules ({number})", "规则（{number} 条）"),
    "policy.rule": Text("Rule", "规则"),
    "policy.rule_title": Text("What it says", "内容"),
    "policy.effects": Text("Effects", "效果"),
    "policy.applies_to": Text("Applies to", "适用于"),
    "policy.priority": Text("Priority", "优先级"),
    "policy.enabled": Text("On", "启用"),
    "policy.source": Text("Source", "原文"),
    "policy.source_hint": Text("As it was written; read-only.", "原样显示，只读。"),
}
