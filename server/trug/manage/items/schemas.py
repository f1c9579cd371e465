"""What is said of items."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

Type = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Its sort.")
]
Moment = Annotated[datetime, Meta(tz=True, description="When it is no longer listed, in RFC 3339.")]
Attributes = Annotated[
    dict[str, Any], Meta(max_length=1000, description="A JSON object: at most 64 KiB, 16 deep, names of 128.")
]


class Link(Struct):
    """An object that an item belongs with; it need not be there, and nobody may more for the link."""

    bucket: Annotated[str, Meta(min_length=3, max_length=63, pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    key: Annotated[str, Meta(min_length=1, max_length=1024, pattern=r"^[^\x00]*$")]


Links = Annotated[list[Link], Meta(max_length=100)]


class NewItem(Struct):
    """An item as its owner writes it."""

    type: Type
    attributes: Attributes = {}
    links: Links = []
    expires_at: Moment | None = None


class ItemNamed(Struct):
    """One item."""

    id: Annotated[str, Meta(min_length=1, max_length=64)]


class ItemChange(Struct):
    """What of an item is to change; ``attributes`` are merged as RFC 7396 says, null takes one away."""

    type: Type | UnsetType = UNSET
    attributes: Attributes | UnsetType = UNSET
    links: Links | UnsetType = UNSET
    expires_at: Moment | UnsetType | None = UNSET


class Item(Struct):
    """An item; ``etag`` changes with each of its changes and is what If-Match asks for."""

    id: str
    owner: str
    type: str
    attributes: dict[str, Any]
    links: list[Link]
    created_at: str
    updated_at: str
    etag: str
    expires_at: str | None = None


class ItemsAsked(Struct):
    """``limit`` is 100 where it is 0 or less, and at most 1,000."""

    filter: Annotated[str, Meta(max_length=4096, description="Only items that this filter holds of.")] = ""
    sort: Annotated[
        str, Meta(max_length=16, description="id, type, owner, created or modified; a minus before it turns it round.")
    ] = "id"
    limit: int = 100
    token: Annotated[str, Meta(max_length=4096, description="next_token of the page before.")] = ""
    expired: Annotated[bool, Meta(description="With those that have expired.")] = False


class ItemPage(Struct):
    """A page of items; ``next_token`` is not there on the last one."""

    items: list[Item]
    next_token: str | UnsetType = UNSET
