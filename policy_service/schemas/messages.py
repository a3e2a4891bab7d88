"""What can be wrong with a field, in every language. Each text continues the name of the field."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rules.texts import Text

MESSAGES: Mapping[str, Text] = MappingProxyType(
    {
        "required": Text("is required", "必填"),
        "null": Text("must not be null", "不能为 null"),
        "unknown": Text("is not a field of this document", "不是这个文档的字段"),
        "object": Text("must be a JSON object", "必须是 JSON 对象"),
        "list": Text("must be a JSON array", "必须是 JSON 数组"),
        "too_many_items": Text("has more than {limit} items", "超过 {limit} 项"),
        "string": Text("must be a JSON string", "必须是 JSON 字符串"),
        "id": Text("must have 1 to 100 printable characters", "须为 1 到 100 个可打印字符"),
        "blank": Text("must not be blank", "不能为空白"),
        "too_long": Text("has more than {limit} characters", "超过 {limit} 个字符"),
        "control_characters": Text("must not contain control characters", "不能含控制字符"),
        "choice": Text("must be one of {choices}", "须为以下之一：{choices}"),
        "boolean": Text("must be true or false", "须为 true 或 false"),
        "integer": Text(
            "must be a whole JSON number from {lowest} to {highest}", "须为 {lowest} 到 {highest} 的整数（JSON 数字）"
        ),
        "day": Text('must be a day written as "YYYY-MM-DD"', "须为 “YYYY-MM-DD” 形式的日期"),
        "day_range": Text("must be a day from {earliest} to {latest}", "日期须在 {earliest} 与 {latest} 之间"),
        "instant": Text(
            'must be an instant with its offset, such as "2026-11-24T08:00:00Z"',
            "须为带时区的时刻，如 “2026-11-24T08:00:00Z”",
        ),
        "day_order": Text("is before {other}", "早于 {other}"),
        "order_date_ahead": Text("is more than {days} days after the business day", "晚于业务日超过 {days} 天"),
        "decimal": Text(
            'must be a decimal string such as "1250.00": at most 15 digits before the point, no sign, no exponent',
            "须为 “1250.00” 形式的十进制字符串：小数点前至多 15 位，无符号，无指数",
        ),
        "decimals": Text("has {found} decimals; {allowed} are allowed", "有 {found} 位小数；至多 {allowed} 位"),
        "money_decimals": Text(
            "has {found} decimals; {currency} has {allowed}", "有 {found} 位小数；{currency} 只有 {allowed} 位"
        ),
        "positive": Text("must be above 0", "必须大于 0"),
        "unknown_currency": Text("is not an ISO 4217 currency code", "不是 ISO 4217 货币代码"),
        "credit_notes_only": Text("is for credit notes only", "只用于贷项通知单"),
        "disputed_only": Text("is for disputed invoices only", "只用于有争议的发票"),
        "void_only": Text("is for void invoices only", "只用于已作废的发票"),
        "cursor": Text("is not a cursor that this list has given", "不是本列表给出的游标"),
        "exactly_one": Text("exactly one of {names} is needed", "{names} 须且只须给出一个"),
        "webhook_url": Text(
            "must be an https:// address without user and fragment; http:// only for localhost",
            "须为不含用户名和片段的 https:// 地址；只有 localhost 可用 http://",
        ),
        "webhook_private": Text(
            "is a private address, which WEBHOOKS_TO_PRIVATE_ADDRESSES does not allow here",
            "是内网地址；此处的 WEBHOOKS_TO_PRIVATE_ADDRESSES 不允许",
        ),
        "repeated": Text("is given more than once", "给出了多次"),
    }
)
