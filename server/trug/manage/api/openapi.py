"""The table of endpoints as an OpenAPI 3.1 document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from trug.domain.frozen import frozen
from trug.manage.api.endpoint import Endpoint, Family

PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
REFERENCE = "#/components/schemas/{name}"
IN_EVERY_ANSWER = (400, 401, 413, 429, 500, 503, 504)
IN_OPEN_ANSWERS = (400, 413, 429, 500, 503, 504)
Document = dict[str, Any]


@frozen
class MistakeShown:
    """One thing that is wrong with what was sent."""

    field: str
    error: str


class Refusal(msgspec.Struct, omit_defaults=True):
    """Why a request was refused; ``mistakes`` where what was sent does not fit its schema."""

    error: str
    mistakes: list[MistakeShown] = []


class ProblemDetails(msgspec.Struct, omit_defaults=True):
    """The same in the form of RFC 9457, for who accepts application/problem+json."""

    title: str
    status: int
    type: str = "about:blank"
    mistakes: list[MistakeShown] = []


def openapi(families: Sequence[Family], version: str) -> Document:
    """The document; each endpoint stands at every prefix of its family."""
    types = list(dict.fromkeys(_types_of(families)))
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    shown = dict(zip(types, schemas, strict=True))
    paths: dict[str, Document] = {}
    for family in families:
        for place, prefix in enumerate(family.prefixes):
            for row in family.rows:
                path = PARAMETER.sub(r"{\1}", prefix + row.path)
                suffix = "" if place == 0 else f"At{place}"
                paths.setdefault(path, {})[row.method.lower()] = _operation(row, shown, components, suffix)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "trug",
            "version": version,
            "description": "The services beside S3: files, uploads, users, items, changes and search over JSON.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": family.tag, "description": family.description} for family in families],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": SCHEMES},
    }


SCHEMES = {
    "accessKey": {
        "type": "http",
        "scheme": "basic",
        "description": "An access key and its secret; over TLS or on the same machine only.",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An ID token of an OpenID Connect provider that the server knows.",
    },
}


def _types_of(families: Sequence[Family]) -> Iterator[Any]:
    yield Refusal
    yield ProblemDetails
    for family in families:
        for row in family.rows:
            yield from (kind for kind in (row.query, row.body, row.form, row.answer, row.later) if kind is not None)


def _operation(row: Endpoint, shown: Mapping[Any, Document], components: Mapping[str, Any], suffix: str) -> Document:
    operation: Document = {
        "operationId": row.name + suffix,
        "summary": row.summary,
        "tags": [row.tag],
        "responses": {str(row.status if _has_content(row) else 204): _answer(row, shown)},
    }
    if row.later is not None:
        operation["responses"]["202"] = {
            "description": "The work goes on.",
            "content": {"application/json": {"schema": shown[row.later]}},
        }
    operation["responses"].update({str(status): _answer(row, shown) for status in row.also})
    if row.handler.__doc__:
        operation["description"] = row.handler.__doc__.strip()
    parameters = list(_parameters(row, shown, components))
    if parameters:
        operation["parameters"] = parameters
    if row.body is not None:
        operation["requestBody"] = _content("application/json", shown[row.body])
    if row.form is not None:
        operation["requestBody"] = _content("multipart/form-data", shown[row.form])
    if not row.is_open:
        operation["security"] = [{name: []} for name in SCHEMES]
    for status in sorted({*row.refuses, *(IN_OPEN_ANSWERS if row.is_open else IN_EVERY_ANSWER)}):
        operation["responses"][str(status)] = REFUSED | {"description": HTTPStatus(status).phrase}
    return operation


REFUSED = {
    "content": {
        "application/json": {"schema": {"$ref": REFERENCE.format(name="Refusal")}},
        "application/problem+json": {"schema": {"$ref": REFERENCE.format(name="ProblemDetails")}},
    }
}


def _has_content(row: Endpoint) -> bool:
    return row.answer is not None or bool(row.media)


def _answer(row: Endpoint, shown: Mapping[Any, Document]) -> Document:
    if row.media:
        schema = shown[row.answer] if row.answer is not None else {"type": "string", "format": "binary"}
        return {"description": "The content.", "content": {row.media: {"schema": schema}}}
    if row.answer is None:
        return {"description": "Done."}
    return {"description": "Done.", "content": {"application/json": {"schema": shown[row.answer]}}}


def _content(media: str, schema: Document) -> Document:
    return {"required": True, "content": {media: {"schema": schema}}}


def _parameters(row: Endpoint, shown: Mapping[Any, Document], components: Mapping[str, Any]) -> Iterator[Document]:
    in_path = set(PARAMETER.findall(row.path))
    if row.query is None:
        yield from ({"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in in_path)
        return
    schema = components[shown[row.query]["$ref"].rpartition("/")[2]]
    for name, kind in schema["properties"].items():
        parameter = {
            "name": name,
            "in": "path" if name in in_path else "query",
            "required": name in in_path or name in schema.get("required", ()),
            "schema": {key: value for key, value in kind.items() if key != "description"},
        }
        if "description" in kind:
            parameter["description"] = kind["description"]
        yield parameter
