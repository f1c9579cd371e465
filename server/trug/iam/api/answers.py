"""Answers of the query APIs: values → XML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Union
from urllib.parse import quote

from trug.auth.times import iso
from trug.domain.frozen import frozen
from trug.iam.api.refusals import QueryError
from trug.iam.api.services import Service
from trug.wire.reply import Reply
from trug.wire.xml import declaration, element

UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
RETRY_LATER = {"retry-after": "1"}

Value = Union[str, int, bool, None, "Entries", Sequence["Value"], Mapping[str, "Value"]]
"""What a result says: text, a number, a truth, a list, or a structure by the names of its members. None is left out."""
Structure = Mapping[str, Value]


@frozen
class Entries:
    """A map, whose keys are data."""

    items: tuple[tuple[str, str | int], ...]


def moment(microseconds: int) -> str:
    """A time in µs since 1970 as the query APIs write it: ``2026-11-21T15:00:00Z``."""
    return iso(microseconds)


def document(text: str) -> str:
    """A policy as answers carry it: percent-encoded, after RFC 3986."""
    return quote(text, safe="")


def success(service: Service, action: str, result: Structure | None, request_id: str) -> Reply:
    """The answer of an action; ``result`` is None of those that have none."""
    inside = "" if result is None else f"<{action}Result>{_structure(result)}</{action}Result>"
    metadata = f"<ResponseMetadata>{element('RequestId', request_id)}</ResponseMetadata>"
    return _reply(200, service, f"{action}Response", inside + metadata, request_id)


def failure(service: Service, error: QueryError, request_id: str) -> Reply:
    """The answer of a refusal."""
    kind = "Sender" if error.code.status < 500 else "Receiver"
    said = {"Type": kind, "Code": error.code.name, "Message": UNWRITABLE.sub("\ufffd", error.message)}
    inside = f"<Error>{_structure(said)}</Error>{element('RequestId', request_id)}"
    return _reply(error.code.status, service, "ErrorResponse", inside, request_id)


def _reply(status: int, service: Service, root: str, inside: str, request_id: str) -> Reply:
    content = f'<{root} xmlns="{service.namespace}">{inside}</{root}>\n'.encode()
    headers = {"content-type": "text/xml", "x-amzn-requestid": request_id}
    headers |= RETRY_LATER if status == 503 else {}
    return Reply(status, headers, declaration(content) + content)


def _structure(members: Structure) -> str:
    return "".join([_element(name, value) for name, value in members.items()])


def _element(name: str, value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return f"<{name}>{'true' if value else 'false'}</{name}>"
    if isinstance(value, str | int):
        return element(name, str(value))
    return f"<{name}>{_content(value)}</{name}>"


def _content(value: Entries | Sequence[Value] | Mapping[str, Value]) -> str:
    if isinstance(value, Entries):
        return "".join([f"<entry>{_structure({'key': key, 'value': said})}</entry>" for key, said in value.items])
    if isinstance(value, Mapping):
        return _structure(value)
    return "".join([_element("member", one) for one in value])
