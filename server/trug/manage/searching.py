"""Search on behalf of a caller: the rules that always hold, and only what the caller may list and read."""

from __future__ import annotations

from trug.access import actions
from trug.access.authority import Ask
from trug.domain.filters import Compared, Condition, Every, Scalar, fields_in, spelled_extension, written
from trug.domain.frozen import frozen, replace
from trug.domain.object_fields import OF_OBJECTS
from trug.domain.rules import ruled
from trug.engine.searching import Found, FoundPage, Searches
from trug.manage.api.visit import Visit
from trug.manage.finding import Find, filters_of, read_filter
from trug.operations.context import Context
from trug.ports.rows import Bucket

OBJECT_RULES = ("of-bucket", "current", "listable")


@frozen
class Search:
    """A search in a bucket: what was asked for, and all that is looked for with the rules."""

    bucket: Bucket
    asked: Condition
    condition: Condition

    @property
    def as_text(self) -> str:
        return written(self.asked)


async def begin_search(visit: Visit, bucket: Bucket, text: str, prefix: str = "") -> Search:
    """The search for a filter among the keys that begin with ``prefix``, which is what ``s3:ListBucket`` is asked for.
    AccessDenied, Problem 400."""
    await visit.authorise(actions.LIST_BUCKET, bucket)
    around = visit.surroundings
    find = filters_of(around.metadata, visit.account.id, bucket)
    return await search_of(bucket, text, prefix, find, around.clock.now())


async def search_of(bucket: Bucket, text: str, prefix: str, find: Find, now: int) -> Search:
    """The search for a filter, with the rules. Problem 400."""
    asked = await read_filter(text, OF_OBJECTS, find)
    variables: dict[str, Scalar] = {"bucket": bucket.name, "prefix": prefix, "now": now}
    return Search(bucket, asked, ruled(OBJECT_RULES, asked, variables))


async def search_page(visit: Visit, search: Search, *, after: str, limit: int, fills: bool = False) -> FoundPage:
    """A page by key; one that ``fills`` is full unless it is the last. Where tags or metadata are asked for, only
    objects whose tags or metadata the caller may read: that something is found would tell them. So does where a page
    ends: one that something was left out of is filled too, lest its token name that."""
    searches = Searches(visit.surroundings.metadata)
    asked = sorted(needed(search.asked))
    found: list[Found] = []
    place: str | None = after
    while place is not None:
        page = await searches.page(search.bucket, search.condition, after=place, limit=limit - len(found))
        shown = [row for row in page.found if await _may(visit, search.bucket, row, asked)]
        found += shown
        fills = fills or len(shown) < len(page.found)
        place = page.next
        if len(found) == limit or not fills:
            break
    return FoundPage(found, place)


async def listed_page(
    visit: Visit, bucket: Bucket, *, text: str, extension: str, prefix: str, after: str, limit: int
) -> FoundPage:
    """A full page of the files that a filter holds of and that have this extension, where one is given, in any case and
    with its dot or without. AccessDenied, Problem 400."""
    search = await begin_search(visit, bucket, text, prefix)
    if extension:
        wanted = Compared("extension", "=", spelled_extension(extension))
        search = replace(search, condition=Every((search.condition, wanted)))
    return await search_page(visit, search, after=after, limit=limit, fills=True)


def needed(condition: Condition) -> set[actions.Action]:
    """What a caller must be allowed to do to the objects that a condition tells of."""
    fields = fields_in(condition)
    reads = {actions.GET_OBJECT} if any(is_recorded(field) for field in fields) else set()
    tags = {actions.GET_OBJECT_TAGGING} if any(f.startswith("tag.") or f == "matches" for f in fields) else set()
    return reads | tags


def is_recorded(field: str) -> bool:
    return field in ("content_type", "matches") or field.startswith("metadata.")


async def _may(visit: Visit, bucket: Bucket, found: Found, asked: list[actions.Action]) -> bool:
    authority = visit.surroundings.authority
    for action in asked:
        context = Context(visit.wire, visit.identity, action, bucket)
        if await authority.find_refusal(Ask(visit.identity, action, context, bucket, found.key)) is not None:
            return False
    return True
