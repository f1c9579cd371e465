"""Queries and JSON documents read into schemas, every mistake told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from trug.manage.api.problems import Mistake, Problem, bad_request

T = TypeVar("T")

Check = Callable[[Mapping[str, Any]], Iterable[Mistake]]

NOT_VALID = "the request is not valid"


def read_query(schema: type[T], pairs: Iterable[tuple[str, str]]) -> T:
    """The query's pairs as ``schema``, a msgspec Struct; names it does not have are ignored. Problem 400 for a name
    that comes twice and for values that do not fit."""
    given: dict[str, str] = {}
    twice = []
    for name, value in pairs:
        if name in given:
            twice.append(Mistake(name, "comes twice"))
        given[name] = value
    if twice:
        raise bad_request(NOT_VALID, *twice)
    return converted(schema, given, strict=False)


def read_json(schema: type[T], body: bytes, check: Check | None = None) -> T:
    """A JSON document as ``schema``, a msgspec Struct; ``check`` finds what the schema cannot. Problem 400 with all
    mistakes."""
    try:
        given = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad_request("the body is not valid JSON") from error
    if not isinstance(given, dict):
        raise bad_request("the body is not a JSON object")
    return converted(schema, given, strict=True, more=() if check is None else tuple(check(given)))


def converted(schema: type[T], given: Mapping[str, Any], *, strict: bool, more: Sequence[Mistake] = ()) -> T:
    """Values by name as ``schema``. Problem 400 with all mistakes."""
    try:
        read = msgspec.convert(given, schema, strict=strict)
    except msgspec.ValidationError as error:
        raise _problem(schema, given, str(error), strict=strict, more=more) from error
    if more:
        raise bad_request(NOT_VALID, *more)
    return read


def _problem(
    schema: type[Any], given: Mapping[str, Any], first: str, *, strict: bool, more: Sequence[Mistake]
) -> Problem:
    """Each field looked at by itself; msgspec stops at the first mistake."""
    fields = msgspec.structs.fields(schema)
    mistakes = [
        mistake
        for field in fields
        if (mistake := _mistake(field, given.get(field.encode_name, msgspec.UNSET), strict=strict)) is not None
    ]
    if getattr(schema, "__struct_config__").forbid_unknown_fields:  # noqa: B009 - typing knows it on instances only
        known = {field.encode_name for field in fields}
        mistakes += [Mistake(name, "is not known here") for name in given if name not in known]
    told = {mistake.field for mistake in mistakes}
    mistakes += [mistake for mistake in more if mistake.field not in told]
    return bad_request(NOT_VALID, *(mistakes or [Mistake("", first)]))


def _mistake(field: msgspec.structs.FieldInfo, value: Any, *, strict: bool) -> Mistake | None:
    if value is msgspec.UNSET:
        return Mistake(field.encode_name, "is missing") if field.required else None
    try:
        msgspec.convert(value, field.type, strict=strict)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        return Mistake(field.encode_name + path.rstrip("`"), text[0].lower() + text[1:])
    return None
