"""The body of CreateBucket."""

from __future__ import annotations

from typing import NamedTuple

from trug.wire import xml
from trug.wire.documents.tagging import tag_pairs

LIMIT = 64 * 1024


class CreateBucketConfiguration(NamedTuple):
    """Where the bucket is to be ("" when not said) and its tags as sent: neither counted nor checked."""

    location: str = ""
    tags: tuple[tuple[str, str], ...] = ()


def parse_create_bucket(body: bytes) -> CreateBucketConfiguration:
    """What a ``CreateBucketConfiguration`` asks for; no body asks for nothing.

    ``Location`` and ``Bucket``, which describe directory buckets, and elements yet unknown are passed over.
    """
    if not body.strip():
        return CreateBucketConfiguration()
    root = xml.parse(body, "CreateBucketConfiguration", limit=LIMIT)
    for name in ("Location", "Bucket"):
        xml.only(root, name)
    tags = xml.only(root, "Tags")
    return CreateBucketConfiguration(
        location=(xml.text_of(root, "LocationConstraint") or "").strip(),
        tags=() if tags is None else tuple(tag_pairs(tags)),
    )
