"""What the documentation page shows, picked from the OpenAPI document in one language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from api.errors import kinds_of_errors, status_of
from api.texts import CHINESE
from rules.texts import Language, Text

Spec = Mapping[str, Any]

LABELS: Mapping[str, Text] = {
    "title": Text("Credit policy service: API", "信用政策服务：接口"),
    "operations": Text("Operations", "操作"),
    "schemas": Text("Documents", "文档结构"),
    "problems": Text("Errors", "错误"),
    "scopes": Text("Scopes, any of", "权限范围（任一）"),
    "public": Text("open to everyone", "无需密钥"),
    "parameters": Text("Parameters", "参数"),
    "body": Text("Body", "请求体"),
    "answers": Text("Answers", "答复"),
    "name": Text("Name", "名称"),
    "kind": Text("Type", "类型"),
    "about": Text("Meaning", "含义"),
    "required": Text("required", "必填"),
    "status": Text("Status", "状态码"),
    "code": Text("Code", "代码"),
    "document": Text("OpenAPI document", "OpenAPI 文档"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a field: a text, and the document it leads to."""

    text: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A parameter or a field."""

    name: str
    place: str
    kind: Kind
    limits: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One operation."""

    anchor: str
    method: str
    path: str
    summary: str
    scopes: tuple[str, ...]
    parameters: tuple[Entry, ...]
    body: Kind | None
    answers: tuple[tuple[str, Kind | None], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page."""

    labels: Mapping[str, str]
    introduction: str
    operations: Mapping[str, list[Shown]]
    schemas: Mapping[str, tuple[Entry, ...]]
    problems: tuple[tuple[str, int, str], ...]


def page_of_spec(spec: Spec, language: Language) -> Page:
    """The page of an OpenAPI document."""
    info = spec["info"]
    return Page(
        labels={name: text.in_language(language) for name, text in LABELS.items()},
        introduction=_in(language, info),
        operations=_by_tag(spec, language),
        schemas={
            name: tuple(_fields(schema, language)) for name, schema in sorted(spec["components"]["schemas"].items())
        },
        problems=tuple(_problems(language)),
    )


def _by_tag(spec: Spec, language: Language) -> dict[str, list[Shown]]:
    names = {tag["name"]: _in(language, tag) for tag in spec["tags"]}
    found: dict[str, list[Shown]] = {name: [] for name in names.values()}
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                shown = _shown(spec, path, method, operation, item.get("parameters", []), language)
                found[names[operation["tags"][0]]].append(shown)
    return found


def _shown(spec: Spec, path: str, method: str, operation: Spec, parameters: list[Any], language: Language) -> Shown:
    return Shown(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["x-summary-zh"] if language is Language.ZH else operation["summary"],
        scopes=tuple(scope for way in operation["security"] for names in way.values() for scope in names),
        parameters=tuple(_parameter(spec, each, language) for each in [*parameters, *operation["parameters"]]),
        body=_content(operation.get("requestBody", {})),
        answers=tuple((status, _content(_resolved(spec, each))) for status, each in operation["responses"].items()),
    )


def _parameter(spec: Spec, parameter: Spec, language: Language) -> Entry:
    found = _resolved(spec, parameter)
    about = _in(language, found) or _in(language, found["schema"])
    schema = found["schema"]
    return Entry(found["name"], found["in"], _kind(schema), _limits(schema), found.get("required", False), about)


def _fields(schema: Spec, language: Language) -> Iterator[Entry]:
    required = schema.get("required", [])
    for name, member in schema.get("properties", {}).items():
        yield Entry(name, "", _kind(member), _limits(member), name in required, _in(language, member))


def _problems(language: Language) -> Iterator[tuple[str, int, str]]:
    for kind in kinds_of_errors():
        english = (kind.__doc__ or "").strip().splitlines()[0]
        text = CHINESE.get(kind.code, english) if language is Language.ZH else english
        yield kind.code, status_of(kind).value, text


def _content(place: Spec) -> Kind | None:
    for media in place.get("content", {}).values():
        if "schema" in media:
            return _kind(media["schema"])
    return None


def _kind(schema: Spec) -> Kind:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Kind(name, f"#document-{name}")
    if "anyOf" in schema:
        first = _kind(schema["anyOf"][0])
        return Kind(f"{first.text} | null", first.link)
    if schema.get("type") == "array":
        item = _kind(schema.get("items", {}))
        return Kind(f"[{item.text}]", item.link)
    if "enum" in schema:
        return Kind(" | ".join("null" if each is None else str(each) for each in schema["enum"]))
    kind = schema.get("type", "any")
    text = " | ".join(kind) if isinstance(kind, list) else kind
    return Kind(f"{text} ({schema['format']})" if "format" in schema else text)


def _limits(schema: Spec) -> str:
    """What a value must keep to, beside its type."""
    ranges = (("minLength", "maxLength"), ("minimum", "maximum"), ("minItems", "maxItems"))
    found = [f"{schema.get(low, 0)}–{schema[high]}" for low, high in ranges if high in schema]
    return " ".join([*found, schema["pattern"]] if "pattern" in schema else found)


def _resolved(spec: Spec, place: Spec) -> Spec:
    found: Any = place
    if "$ref" in place:
        found = spec
        for step in place["$ref"].removeprefix("#/").split("/"):
            found = found[step]
    return found  # type: ignore[no-any-return]


def _in(language: Language, described: Spec) -> str:
    english = described.get("description", "")
    return str(described.get("x-description-zh", english) if language is Language.ZH else english)
