"""What errors say, in Chinese too: titles by status, sentences by code."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from rules.texts import Language, Text

TITLES: Mapping[HTTPStatus, Text] = MappingProxyType(
    {
        HTTPStatus.BAD_REQUEST: Text("Bad request", "请求无法解读"),
        HTTPStatus.UNAUTHORIZED: Text("Not authenticated", "未通过身份验证"),
        HTTPStatus.FORBIDDEN: Text("Forbidden", "不允许"),
        HTTPStatus.NOT_FOUND: Text("Not found", "未找到"),
        HTTPStatus.METHOD_NOT_ALLOWED: Text("Method not allowed", "不支持的方法"),
        HTTPStatus.CONFLICT: Text("Conflict", "状态冲突"),
        HTTPStatus.PRECONDITION_FAILED: Text("Precondition failed", "前提条件不成立"),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Text("Body too large", "请求体过大"),
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Text("Unsupported media type", "不支持的内容类型"),
        HTTPStatus.UNPROCESSABLE_ENTITY: Text("Not acceptable as it is", "内容不符合要求"),
        HTTPStatus.PRECONDITION_REQUIRED: Text("Precondition required", "缺少前提条件"),
        HTTPStatus.INTERNAL_SERVER_ERROR: Text("Internal error", "内部错误"),
        HTTPStatus.SERVICE_UNAVAILABLE: Text("Service unavailable", "服务不可用"),
    }
)

SENTENCES: Mapping[HTTPStatus, Text] = MappingProxyType(
    {
        HTTPStatus.NOT_FOUND: Text("There is nothing at this address.", "这个地址没有内容。"),
        HTTPStatus.METHOD_NOT_ALLOWED: Text(
            "This address does not know this method; the Allow header names those it does.",
            "这个地址不支持该方法；Allow 标头列出所支持的方法。",
        ),
        HTTPStatus.INTERNAL_SERVER_ERROR: Text(
            "Something went wrong on our side; do not confirm on credit. Tell us this request id",
            "服务内部出错；请勿按赊销确认。请告知我们请求编号",
        ),
    }
)

CHINESE: Mapping[str, str] = MappingProxyType(
    {
        "another_person_needed": "解除须由另一人操作，不能是当初停止的人。",
        "approval_void": "政策内容与复核时不一致，复核已失效。",
        "body_too_large": "请求体超过 1 MiB。",
        "cannot_be_decided": "目前无法取得所需事实，因此不能放行。",
        "conflict": "当前状态下不能这样做。",
        "currency_in_use": "有敞口时不能更改信用账户的币种。",
        "customer_not_found": "没有这个客户编号。",
        "database_unavailable": "无法连接数据库：恢复之前，请勿按赊销确认订单。",
        "decision_not_approved": "只有获批的订单才能确认。",
        "decision_not_found": "没有这个决定编号。",
        "decision_superseded": "该订单之后又检查过，这个决定已被取代。",
        "delegation_not_found": "没有这个授权编号。",
        "delivery_differs": "该发货此前已报过，金额不同。",
        "document_of_another_customer": "这个编号已被另一客户的单据使用。",
        "forbidden": "不允许。",
        "highest_authority_asked": "该暂停已要求最高权限。",
        "hold_not_found": "没有以这个决定暂停的订单。",
        "hold_not_open": "该暂停已结束；以之后的决定为准。",
        "hold_now_rejected": "按现况政策会拒绝该订单，任何人都不能放行；请重新检查以了解原因。",
        "idempotency_key_invalid": "Idempotency-Key 须为 1 到 255 个可打印 ASCII 字符。",
        "idempotency_key_reused": "这个 Idempotency-Key 已用于另一个请求体。",
        "insufficient_scope": "该 API 密钥没有所需的权限范围。",
        "invoice_not_found": "没有这个发票编号。",
        "key_exists": "同名的 API 密钥已存在。",
        "key_not_found": "没有这个名称的 API 密钥。",
        "maker_cannot_approve": "编制人不能复核自己参与编制的政策。",
        "malformed_json": "请求体不是格式正确的 JSON。",
        "malformed_request": "请求无法解读。",
        "no_active_policy": "没有生效的政策；请先发布一个。",
        "no_exchange_rate": "当日及之前没有该币种的汇率。",
        "not_an_admin": "只有管理员可以这样做。",
        "not_found": "没有这个名称的内容。",
        "not_frozen": "订单未被冻结。",
        "not_ready": "服务暂时无法作出决定：恢复之前，请勿按赊销确认订单。",
        "not_stopped": "该客户未处于紧急停止状态；若其自身状态为 stop，请更改客户资料。",
        "order_is_live": "该订单在本系统检查过，不能从外部写入其历史。",
        "order_not_found": "没有这个订单编号。",
        "order_of_another_customer": "这个订单编号已被另一客户使用。",
        "order_wrong_state": "订单当前的状态不允许这样做。",
        "orders_stopped": "紧急制动生效期间不能放行。",
        "parent_cycle": "客户不能是自己的上级，直接或间接都不行。",
        "payment_not_found": "没有这个付款编号。",
        "person_needed": "这须由个人操作：没有所有者的 API 密钥不能这样做。",
        "policy_cases_fail": "政策的用例未通过；cases 逐一列出期望与实际。",
        "policy_changed_meanwhile": "其间另有版本被发布或停用；请查看后重试。",
        "policy_has_errors": "政策有错误；lint 逐一列出。",
        "policy_in_force": "该版本正在生效，不能停用；请发布另一个版本取代它。",
        "policy_invalid": "政策文档有错误；lint 逐一列出所在行与原因。",
        "policy_version_not_found": "没有这个政策版本号。",
        "policy_wrong_state": "该政策版本当前的状态不允许这样做。",
        "precondition_failed": "文档已被他人更改；请重新读取。",
        "precondition_required": "请在 If-Match 中带上所改版本的 ETag。",
        "request_in_progress": "使用这个 Idempotency-Key 的请求仍在处理；请稍后再试。",
        "reservation_expired": "该决定的额度预留已过期；请重新检查订单。",
        "role_may_not": "您的角色不能这样做。",
        "second_person_needed": "两人放行时，任何一方不得代表另一方；须由另外的人放行。",
        "too_busy": "同一账户同时变动过多：请勿按赊销确认，稍后再试。",
        "unauthenticated": "API 密钥缺失、无效、过期或已撤销。",
        "unknown_currency": "不是 ISO 4217 货币代码。",
        "unsupported_media_type": "请求体须以 UTF-8 的 application/json 发送，不得压缩。",
        "user_exists": "同名用户已存在。",
        "user_not_found": "没有这个名称的用户。",
        "validation_error": "有些字段不符合要求；errors 逐一列出。",
        "webhook_not_found": "没有这个编号的 webhook。",
    }
)


def title_in(status: HTTPStatus, language: Language) -> str:
    """The title of a status."""
    return TITLES.get(status, Text.same(status.phrase)).in_language(language)


def sentence_in(status: HTTPStatus, language: Language) -> str:
    """What a status means to the caller."""
    return SENTENCES.get(status, TITLES.get(status, Text.same(status.phrase))).in_language(language)
