"""The OpenAPI document, made from the contracts that the operations carry."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import flask_smorest
from flask import Flask
from marshmallow import Schema

from api.blueprint import ApiBlueprint
from api.operations import METRICS_SCHEME, SECURITY_SCHEME, problem_name
from api.paths import PARAMETER_SCHEMAS
from api.schemas.common import ProblemSchema
from api.texts import TITLES
from policy_service import __version__

_DESCRIPTION = """\
Checks orders and quotes against the credit policy in force, and keeps the credit file that it reads.

Money is a decimal string with its ISO 4217 code beside it, days are YYYY-MM-DD, times are RFC 3339 in UTC.
Errors are application/problem+json. If the service cannot be reached or answers 5xx: do not confirm on credit.
"""
_DESCRIPTION_ZH = """\
依据生效的信用政策检查订单和报价，并保存其所依据的信用档案。

金额是十进制字符串，旁附 ISO 4217 货币代码；日期为 YYYY-MM-DD；时间为 RFC 3339（UTC）。
错误以 application/problem+json 返回。服务无法访问或返回 5xx 时：请勿按赊销确认。
"""

_HEADERS: dict[str, dict[str, Any]] = {
    "AcceptLanguage": {
        "name": "Accept-Language",
        "description": "Language of messages",
        "x-description-zh": "消息的语言",
        "schema": {"type": "string", "examples": ["zh", "en"]},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "description": "The same key and body within 24 hours give the same answer, and nothing is done twice",
        "x-description-zh": "24 小时内相同的键与请求体得到相同的答复，不会重复执行",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "IfMatch": {
        "name": "If-Match",
        "description": "ETag of the version that is changed",
        "x-description-zh": "所改版本的 ETag",
        "schema": {"type": "string"},
    },
}


class OpenApi(flask_smorest.Api):  # type: ignore[misc]
    """Flask-Smorest without its own error handling."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Errors are answered by api.errors."""

    def _register_pagination_header(self) -> None:
        """Pages tell where they go on in their body."""

    def _register_responses(self) -> None:
        """One response for each status that can be a problem."""
        for status in TITLES:
            content = {"application/problem+json": {"schema": ProblemSchema}}
            response: dict[str, Any] = {"description": TITLES[status].en, "content": content}
            if status is HTTPStatus.UNAUTHORIZED:
                response["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
            self.spec.components.response(problem_name(status), response)


def register(app: Flask, blueprints: Sequence[ApiBlueprint]) -> dict[str, Any]:
    """Register the blueprints with `app`; the OpenAPI document that describes them."""
    api = OpenApi(
        app,
        spec_kwargs={
            "title": "Credit policy service",
            "version": __version__,
            "openapi_version": "3.1.0",
            "info": {"description": _DESCRIPTION, "x-description-zh": _DESCRIPTION_ZH},
            "marshmallow_plugin": flask_smorest.spec.MarshmallowPlugin(schema_name_resolver=_component_name),
        },
    )
    components = api.spec.components
    components.security_scheme(SECURITY_SCHEME, {"type": "http", "scheme": "bearer", "description": "An API key"})
    components.security_scheme(METRICS_SCHEME, {"type": "http", "scheme": "bearer", "description": "METRICS_TOKEN"})
    for name, header in _HEADERS.items():
        components.parameter(name, "header", header)
    for converter, schema in PARAMETER_SCHEMAS.items():
        api.register_converter(converter, lambda _converter, schema=schema: dict(schema))
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    document: dict[str, Any] = api.spec.to_dict()
    for tag, blueprint in zip(document["tags"], blueprints, strict=True):
        tag["x-description-zh"] = blueprint.about.zh
    return document


def _component_name(schema: Schema | type[Schema]) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    name = kind.__name__.removesuffix("Schema")
    return f"{name}Patch" if isinstance(schema, Schema) and schema.partial else name
