"""What filters may ask of objects, and how the fields of an object are found."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from trug.domain.filters import Fields, Kind, Scalar, words_of
from trug.domain.keys import extension_of
from trug.domain.objects import Listing, Record

OF_OBJECTS: Fields = MappingProxyType(
    {
        "key": Kind.TEXT,
        "prefix": Kind.TEXT,
        "extension": Kind.TEXT,
        "size": Kind.SIZE,
        "modified": Kind.TIME,
        "age": Kind.TIME,
        "storage_class": Kind.TEXT,
        "etag": Kind.TEXT,
        "content_type": Kind.TEXT,
        "tag.": Kind.TEXT,
        "metadata.": Kind.TEXT,
    }
)
"""Fields of objects."""

LISTED = frozenset({"key", "extension", "size", "modified", "storage_class", "etag"})
"""Those that lists show; the others stand in the object's record."""


def listed_field(key: str, listing: Listing, field: str) -> Scalar | None:
    """A field that lists show; None for any other."""
    match field:
        case "key":
            return key
        case "extension":
            return extension_of(key) or None
        case "size":
            return listing.size
        case "modified":
            return listing.modified
        case "storage_class":
            return listing.storage_class
        case "etag":
            return listing.etag
    return None


def recorded_field(record: Record, field: str) -> Scalar | None:
    """A field of what GET shows beside the listing."""
    if field == "content_type":
        return record.headers.get("content-type")
    beginning, _, name = field.partition(".")
    if beginning == "tag":
        return record.tags.get(name)
    return record.metadata.get(name.lower()) if beginning == "metadata" else None


SPELLED = "{:016}"
"""Numbers as labels, which sort as text."""
SECOND = 1_000_000


def labels_of(key: str, listing: Listing, record: Record) -> frozenset[tuple[str, str]]:
    """What an object is found by in an index: pairs of a field and its value, words among them; times in seconds."""
    labels = {
        ("storage_class", listing.storage_class),
        ("size", SPELLED.format(listing.size)),
        ("modified", SPELLED.format(max(0, listing.modified // SECOND))),
    }
    if extension := extension_of(key):
        labels.add(("extension", extension))
    if content_type := record.headers.get("content-type"):
        labels.add(("content_type", content_type))
    labels.update((f"tag.{name}", value) for name, value in record.tags.items())
    labels.update((f"metadata.{name.lower()}", value) for name, value in record.metadata.items())
    labels.update(("word", word) for word in words_in(key, record))
    return frozenset(labels)


def label_name(field: str) -> str:
    """Under which name the values of a field are labels."""
    return field.lower() if field.startswith("metadata.") else field


def words_in(key: str, record: Record) -> Iterator[str]:
    """The words an object is found by: of its key, tags and user metadata."""
    yield from words_of(key)
    for texts in (record.tags, record.metadata):
        for name, value in texts.items():
            yield from words_of(name)
            yield from words_of(value)
