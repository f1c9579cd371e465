"""Search: objects by what they are, and filters that have names."""

from __future__ import annotations

from urllib.parse import quote

from trug.domain.keys import extension_of
from trug.engine.indexing import Indexes
from trug.engine.searching import Found, Searches
from trug.manage.api.endpoint import Family
from trug.manage.api.problems import FORBIDDEN, Problem, bad_request
from trug.manage.api.visit import Visit
from trug.manage.finding import after, explained, page_size
from trug.manage.search import schemas
from trug.manage.search.service import NO_FILTER, OBJECTS, PAGE, AccountFilters, BucketFilters, check
from trug.manage.searching import OBJECT_RULES, begin_search, search_page
from trug.operations.tokens import continuation
from trug.ports.rows import Bucket
from trug.wire.dates import iso_date

family = Family("search", "Objects by what they are, and filters that have names.", "/api/v1")


@family.endpoint(
    "Search",
    "GET /search",
    "Objects that a filter holds of",
    query=schemas.SearchAsked,
    answer=schemas.SearchPage,
    refuses=(403, 404),
    heeds=("prefix",),
)
async def search(visit: Visit, asked: schemas.SearchAsked) -> schemas.SearchPage:
    """What ``s3:ListBucket`` allows with the prefix asked for; a filter that asks for tags finds only objects whose
    tags the caller may read, one that asks for metadata only objects that he may read."""
    bucket = await visit.bucket(asked.bucket)
    begun = await begin_search(visit, bucket, asked.filter, asked.prefix)
    found = await search_page(visit, begun, after=after(asked.token), limit=page_size(asked.limit))
    page = schemas.SearchPage([_shown(visit, bucket.name, row) for row in found.found])
    if found.next is not None:
        page.next_token = continuation(found.next)
    if asked.explain:
        rules = [schemas.RuleShown(**row) for row in explained(OBJECT_RULES)]  # type: ignore[arg-type]
        way = await Searches(visit.surroundings.metadata).way(bucket, begun.condition)
        page.explanation = schemas.Explanation(rules, begun.as_text, way)
    return page


def _shown(visit: Visit, bucket: str, found: Found) -> schemas.FoundObject:
    key, listing = found
    return schemas.FoundObject(
        key=key,
        url=f"{visit.surroundings.public_url}/{bucket}/{quote(key, safe='/-_.~')}",
        size_bytes=listing.size,
        etag=f'"{listing.etag}"',
        extension=extension_of(key),
        storage_class=listing.storage_class,
        last_modified=iso_date(listing.modified),
    )


# --- the index ------------------------------------------------------------------------------------------------------


async def _owned(visit: Visit, name: str, action: str) -> Bucket:
    """The bucket, when it is the caller's account's and a policy allows the action on
    ``arn:trug:api::ACCOUNT:bucket/NAME``. NoSuchBucket, AccessDenied, Problem 403."""
    bucket = await visit.bucket(name)
    await visit.authorise_on(action, f"bucket/{name}")
    if bucket.account != visit.account.id:
        raise Problem(403, FORBIDDEN)
    return bucket


@family.endpoint(
    "GetSearchIndex",
    "GET /search/index",
    "Whether a bucket has an index for searches",
    query=schemas.IndexAsked,
    answer=schemas.IndexShown,
    refuses=(403, 404),
)
async def get_index(visit: Visit, asked: schemas.IndexAsked) -> schemas.IndexShown:
    bucket = await _owned(visit, asked.bucket, "trug:GetSearchIndex")
    return schemas.IndexShown(bucket.name, await Indexes(visit.surroundings.metadata).state(bucket.id))


@family.endpoint(
    "PutSearchIndex",
    "PUT /search/index",
    "Have an index kept for a bucket, or no longer",
    body=schemas.IndexSwitch,
    answer=schemas.IndexShown,
    refuses=(403, 404, 413),
)
async def put_index(visit: Visit, asked: schemas.IndexSwitch) -> schemas.IndexShown:
    """What is there already is taken into it in the background."""
    bucket = await _owned(visit, asked.bucket, "trug:PutSearchIndex")
    indexes = Indexes(visit.surroundings.metadata)
    await indexes.switch(bucket, is_on=asked.enabled)
    return schemas.IndexShown(bucket.name, await indexes.state(bucket.id))


# --- filters --------------------------------------------------------------------------------------------------------


async def _filters(visit: Visit, action: str, bucket: str, name: str) -> AccountFilters | BucketFilters:
    """Where they are kept, when a policy allows the action on ``arn:trug:api::ACCOUNT:filter/NAME``, or
    ``…:filter/BUCKET/NAME`` for a bucket of the account. NoSuchBucket, AccessDenied, Problem 403."""
    around = visit.surroundings
    is_own = action == "trug:GetFilter"
    if not bucket:
        await visit.authorise_on(action, f"filter/{name}", is_own=is_own)
        return AccountFilters(around.metadata, visit.account.id, visit.identity.arn)
    found = await visit.bucket(bucket)
    await visit.authorise_on(action, f"filter/{bucket}/{name}", is_own=is_own)
    if found.account != visit.account.id:
        raise Problem(403, FORBIDDEN)
    return BucketFilters(around.engine.configurations, found)


@family.endpoint(
    "ListFilters",
    "GET /filters",
    "Named filters",
    query=schemas.FiltersAsked,
    answer=schemas.FilterList,
    refuses=(403, 404),
)
async def list_filters(visit: Visit, asked: schemas.FiltersAsked) -> schemas.FilterList:
    filters = await _filters(visit, "trug:GetFilter", asked.bucket, "*")
    found = await filters.page(asked.after)
    page = schemas.FilterList(found[:PAGE])
    if len(found) > PAGE:
        page.next = found[PAGE - 1].name
    return page


@family.endpoint(
    "GetFilter",
    "GET /filters/{name}",
    "A named filter",
    query=schemas.FilterNamed,
    answer=schemas.FilterShown,
    refuses=(403, 404),
)
async def get_filter(visit: Visit, asked: schemas.FilterNamed) -> schemas.FilterShown:
    filters = await _filters(visit, "trug:GetFilter", asked.bucket, asked.name)
    found = await filters.find(asked.name)
    if found is None:
        raise Problem(404, NO_FILTER)
    return found


@family.endpoint(
    "PutFilter",
    "PUT /filters/{name}",
    "Give a filter a name",
    query=schemas.FilterNamed,
    body=schemas.FilterToKeep,
    answer=schemas.FilterShown,
    refuses=(403, 404, 409, 413),
)
async def put_filter(visit: Visit, asked: tuple[schemas.FilterNamed, schemas.FilterToKeep]) -> schemas.FilterShown:
    """Other filters take it up by its name: ``recent-images and not archived``."""
    named, kept = asked
    check(named.name, kept)
    if named.bucket and kept.over != OBJECTS:
        raise bad_request("a bucket's filters are about objects")
    filters = await _filters(visit, "trug:PutFilter", named.bucket, named.name)
    await filters.keep(named.name, kept)
    return schemas.FilterShown(named.name, kept.filter, kept.over)


@family.endpoint(
    "DeleteFilter", "DELETE /filters/{name}", "Forget a named filter", query=schemas.FilterNamed, refuses=(403, 404)
)
async def delete_filter(visit: Visit, asked: schemas.FilterNamed) -> None:
    filters = await _filters(visit, "trug:DeleteFilter", asked.bucket, asked.name)
    await filters.remove(asked.name)
