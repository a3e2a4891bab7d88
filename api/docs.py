"""The OpenAPI document, and a page that people can browse: without a script, and without the network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask import current_app, render_template

from api.auth import PUBLIC
from api.blueprint import ApiBlueprint
from api.context import Call
from api.docs_page import page_of_spec
from api.operations import Operation
from api.queries import OPTIONAL
from api.replies import Answer
from policy_service.schemas import DocumentSchema
from policy_service.schemas.fields import OneOf
from rules.texts import Language, Text

EXTENSION = "credit_policy_openapi"

_STYLE = Path(__file__).parent / "static" / "docs.css"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
}

blueprint = ApiBlueprint("documentation", Text("This documentation", "本文档"))


@dataclass(frozen=True, slots=True)
class DocsQuery:
    """The language in which the page is asked for; None: what the browser prefers."""

    lang: Language | None = None


class DocsQuerySchema(DocumentSchema[DocsQuery]):
    """The query of the page."""

    makes = DocsQuery

    lang = OneOf(Text("Language of the page", "页面语言"), Language, **OPTIONAL)


@blueprint.serve(Operation("GET", PUBLIC, Text("This document", "本接口描述"), {200: None}), "/openapi.json")
def openapi(_call: Call[None]) -> Answer:
    """The OpenAPI 3.1 document."""
    return Answer(current_app.extensions[EXTENSION])


@blueprint.serve(
    Operation(
        "GET",
        PUBLIC,
        Text("The documentation as a page", "文档页面"),
        {200: None},
        query=DocsQuerySchema(),
        media_type="text/html",
    ),
    "/docs",
)
def docs(call: Call[DocsQuery]) -> Answer:
    """The page."""
    language = call.sent.lang or call.language
    page = page_of_spec(current_app.extensions[EXTENSION], language)
    html = render_template("docs.html", page=page, language=language, languages=list(Language))
    return Answer(html, headers=_HEADERS, media_type="text/html; charset=utf-8")


@blueprint.serve(
    Operation("GET", PUBLIC, Text("The style of the page", "页面样式"), {200: None}, media_type="text/css"),
    "/docs/docs.css",
)
def style(_call: Call[None]) -> Answer:
    """The style sheet."""
    return Answer(_STYLE.read_text(encoding="utf-8"), media_type="text/css; charset=utf-8")
