"""What filters may ask of items, and how the fields of an item are found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from trug.domain.filters import Fields, Kind, Scalar

COLUMNS: Fields = MappingProxyType(
    {
        "id": Kind.TEXT,
        "owner": Kind.TEXT,
        "type": Kind.TEXT,
        "created": Kind.TIME,
        "modified": Kind.TIME,
        "expires": Kind.TIME,
    }
)
OF_ITEMS: Fields = MappingProxyType({**COLUMNS, "age": Kind.TIME, "attributes.": Kind.ANY})
"""Fields of items."""
OF_USERS: Fields = MappingProxyType(
    {
        "id": Kind.TEXT,
        "created": Kind.TIME,
        "modified": Kind.TIME,
        "age": Kind.TIME,
        "subject": Kind.TEXT,
        "issuer": Kind.TEXT,
        "name": Kind.TEXT,
        "email": Kind.TEXT,
        "ratings": Kind.NUMBER,
        "userType": Kind.TEXT,
    }
)
"""Fields of users."""
OF_RULES: Fields = MappingProxyType({**OF_ITEMS, "account": Kind.TEXT})

STEP = re.compile(r'"([^"]*)"|([\w-]+)', re.ASCII)


def path_of(field: str) -> tuple[str, ...]:
    """The steps to a field in an item's document: ``("attributes", "a", "b")`` of ``attributes.a.b``."""
    return tuple(quoted or plain for quoted, plain in STEP.findall(field))


def scalar_at(document: Mapping[str, Any], path: tuple[str, ...]) -> Scalar | None:
    """What a document has at a path; None where that is nothing, or a list or an object."""
    found: Any = document
    for step in path:
        if not isinstance(found, dict) or step not in found:
            return None
        found = found[step]
    return found if isinstance(found, (str, int, float, bool)) else None
