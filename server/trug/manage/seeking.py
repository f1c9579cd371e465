"""``trug search``: the search of the management port, by who has the store itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from trug.engine.indexing import Indexes
from trug.engine.searching import Found, Searches
from trug.iam.refusals import IamError
from trug.manage.api.problems import Problem
from trug.manage.finding import explained, filters_of
from trug.manage.searching import OBJECT_RULES, search_of
from trug.ports.reads import BucketNamed
from trug.ports.stores import MetadataStore
from trug.wire.dates import iso_date

PAGE = 1000


async def search_objects(metadata: MetadataStore, given: Mapping[str, str]) -> dict[str, Any]:
    """A page of the objects of ``bucket`` that ``filter`` holds of; with ``explain`` how they would be looked for.
    IamError for a bucket that there is none of, and a filter that cannot be read."""
    bucket = await metadata.fetch(BucketNamed(given["bucket"]))
    if bucket is None:
        raise IamError(f"there is no bucket {given['bucket']}")
    find = filters_of(metadata, bucket.account, bucket)
    try:
        search = await search_of(bucket, given.get("filter", ""), given.get("prefix", ""), find, time.time_ns() // 1000)
    except Problem as problem:
        raise IamError("; ".join(mistake.text for mistake in problem.mistakes) or problem.text) from problem
    searches = Searches(metadata)
    if given.get("explain"):
        rules = [{name: row[name] for name in ("name", "filter", "protects")} for row in explained(OBJECT_RULES)]
        asked = {"name": "asked-for", "filter": search.as_text, "protects": False}
        return {"rules": [*rules, asked], "way": [{"by": await searches.way(bucket, search.condition)}]}
    page = await searches.page(bucket, search.condition, after=given.get("after", ""), limit=PAGE)
    return {"objects": [_row(found) for found in page.found]} | ({} if page.next is None else {"next": page.next})


async def switch_index(metadata: MetadataStore, given: Mapping[str, str]) -> dict[str, Any]:
    """Have an index kept for the bucket ``name``, or no longer. IamError where there is none, ValueError for a state
    that is neither ``on`` nor ``off``."""
    bucket = await metadata.fetch(BucketNamed(given["name"]))
    if bucket is None:
        raise IamError(f"there is no bucket {given['name']}")
    if given["state"] not in ("on", "off"):
        raise ValueError("an index is on or off")
    indexes = Indexes(metadata)
    await indexes.switch(bucket, is_on=given["state"] == "on")
    return {"index": {"bucket": bucket.name, "state": await indexes.state(bucket.id)}}


def _row(found: Found) -> dict[str, Any]:
    key, listing = found
    return {
        "key": key,
        "bytes": listing.size,
        "storage_class": listing.storage_class,
        "modified": iso_date(listing.modified),
    }
