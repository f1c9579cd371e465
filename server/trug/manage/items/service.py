"""What is done with items: made, read, replaced, patched and removed, each by its ETag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from trug.domain.filters import LARGEST_NUMBER, words_of
from trug.domain.uuids import uuid7
from trug.engine.items import ITEM, ChangeItem, Edited
from trug.manage.api.problems import Mistake, Problem, bad_request
from trug.manage.items import schemas
from trug.ports.changes import Moment
from trug.ports.keys import Clock
from trug.ports.reads import ItemAt
from trug.ports.rows import Item
from trug.ports.stores import MetadataStore
from trug.wire.dates import iso_date

NO_ITEM = "item not found"
CHANGED = "the item has changed meanwhile"
NEEDS_MATCH = "say by If-Match which state of the item is to be replaced"
TOO_LARGE = "the item is too large"
LARGEST = 64 << 10
DEEPEST = 16
LONGEST_NAME = 128
MOST_MISTAKES = 20
SECOND = 1_000_000


# --- what a document may hold ---------------------------------------------------------------------------------------


def mistakes_in(attributes: Mapping[str, Any]) -> list[Mistake]:
    """What no schema says: how deep, how long names are, which numbers and texts. At most 20 of them."""
    found = []
    for mistake in _mistakes("attributes", attributes, 1):
        found.append(mistake)
        if len(found) == MOST_MISTAKES:
            break
    return found


def _mistakes(place: str, value: Any, depth: int) -> Iterator[Mistake]:
    if isinstance(value, (dict, list)) and depth > DEEPEST:
        yield Mistake(place, f"goes deeper than {DEEPEST}")
    elif isinstance(value, dict):
        for name, inner in value.items():
            if not 1 <= len(name) <= LONGEST_NAME or "\0" in name:
                yield Mistake(place, f"has a name that is empty, longer than {LONGEST_NAME} or has a NUL")
            else:
                yield from _mistakes(f"{place}.{name}", inner, depth + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _mistakes(f"{place}[{number}]", inner, depth + 1)
    elif isinstance(value, str) and "\0" in value:
        yield Mistake(place, "has the character U+0000")
    elif isinstance(value, (int, float)) and not abs(value) <= LARGEST_NUMBER:
        yield Mistake(place, "is a number of more than 2**53")


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from words_of(value)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)


def merged(before: Any, patch: Any) -> Any:
    """A JSON merge patch applied (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(before) if isinstance(before, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


# --- items ----------------------------------------------------------------------------------------------------------


class Items:
    """The items of an account."""

    def __init__(self, metadata: MetadataStore, clock: Clock, account: str) -> None:
        self._metadata = metadata
        self._clock = clock
        self._account = account

    async def find(self, number: str) -> Item | None:
        return await self._metadata.fetch(ItemAt(self._account, ITEM, number))

    async def create(self, new: schemas.NewItem, owner: str) -> Item:
        """A new item under a number of its own. Problem 413."""
        written = edited(owner, new)

        def edit(_: Item | None, __: Moment) -> Edited | Exception:
            return written

        return await self._changed(str(uuid7(self._clock.now())), edit)

    async def replace(self, number: str, new: schemas.NewItem, match: str) -> Item:
        """Another document in its place. Problem 404, 412, 413."""

        written = edited("", new)  # not within the commit, for which all other writes wait

        def edit(before: Item | None, _: Moment) -> Edited | Exception:
            refusal = _refusal(before, match)
            if refusal is not None or before is None or isinstance(written, Problem):
                return refusal or written
            return written._replace(item=written.item._replace(owner=before.owner))

        return await self._changed(number, edit)

    async def change(self, number: str, change: schemas.ItemChange, match: str) -> Item:
        """Some of it changed. Problem 400, 404, 412, 413."""

        def edit(before: Item | None, _: Moment) -> Edited | Exception:
            refusal = _refusal(before, match)
            if refusal is not None or before is None:
                return refusal or Problem(404, NO_ITEM)
            new = patched(before, change)
            mistakes = mistakes_in(new.attributes)
            return bad_request("the request is not valid", *mistakes) if mistakes else edited(before.owner, new)

        return await self._changed(number, edit)

    async def remove(self, number: str, match: str) -> None:
        """Problem 404, 412."""

        def edit(before: Item | None, _: Moment) -> Exception | None:
            return _refusal(before, match)

        await self._metadata.commit(ChangeItem(self._account, ITEM, number, edit))

    async def _changed(self, number: str, edit: Any) -> Item:
        _, now = await self._metadata.commit(ChangeItem(self._account, ITEM, number, edit))
        assert now is not None  # noqa: S101 - the edit gave it
        return now


def _refusal(before: Item | None, match: str) -> Problem | None:
    """Why not, where it is not there or not in the state that was asked for (RFC 9110, "If-Match")."""
    if before is None:
        return Problem(404, NO_ITEM)
    if not match or match.strip() == "*" or etag_of(before) in (tag.strip() for tag in match.split(",")):
        return None
    return Problem(412, CHANGED)


def edited(owner: str, new: schemas.NewItem) -> Edited | Problem:
    """A document as an item. Problem 413, not raised, for one that is too large, 400 for a time in no year."""
    document = msgspec.json.encode({"attributes": new.attributes, "links": new.links}).decode()
    if len(document.encode()) > LARGEST:
        return Problem(413, TOO_LARGE)
    try:
        expires = 0 if new.expires_at is None else max(1, round(new.expires_at.astimezone(UTC).timestamp() * SECOND))
    except OverflowError:
        return bad_request("the request is not valid", Mistake("expires_at", "is no time of this era"))
    words = " ".join(dict.fromkeys((*words_of(new.type), *_words(new.attributes))))
    return Edited(Item("", ITEM, "", owner, new.type, 0, 0, expires, 0, document), words)


def patched(before: Item, change: schemas.ItemChange) -> schemas.NewItem:
    """What an item is with this change."""
    document = msgspec.json.decode(before.document)
    links = msgspec.convert(document["links"], list[schemas.Link])
    expires = datetime.fromtimestamp(before.expires / SECOND, UTC) if before.expires else None
    patch = change.attributes
    return schemas.NewItem(
        type=before.type if change.type is msgspec.UNSET else change.type,
        attributes=document["attributes"] if patch is msgspec.UNSET else merged(document["attributes"], patch),
        links=links if change.links is msgspec.UNSET else change.links,
        expires_at=expires if change.expires_at is msgspec.UNSET else change.expires_at,
    )


def etag_of(item: Item) -> str:
    """In quotes, as headers have it."""
    return f'"{item.revision}"'


def shown(item: Item) -> schemas.Item:
    """An item as clients see it."""
    document = msgspec.json.decode(item.document)
    return schemas.Item(
        id=item.id,
        owner=item.owner,
        type=item.type,
        attributes=document["attributes"],
        links=document["links"],
        created_at=iso_date(item.created),
        updated_at=iso_date(item.modified),
        etag=etag_of(item),
        expires_at=iso_date(item.expires) if item.expires else None,
    )
