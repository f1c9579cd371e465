"""Pages of what filters find among items, and what the names in filters stand for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

import msgspec

from trug.domain.configurations import HAS_SEARCH_FILTER, SEARCH_FILTER, with_id
from trug.domain.errors import S3Error
from trug.domain.filters import (
    DEEPEST,
    MOST_CONDITIONS,
    Condition,
    Every,
    Fields,
    FilterError,
    depth_of,
    names_in,
    parse_filter,
    replaced,
    size_of,
)
from trug.domain.frozen import frozen
from trug.domain.rules import RULES, ruled
from trug.engine.items import FILTER
from trug.manage.api.problems import Mistake, Problem, bad_request
from trug.manage.api.visit import Visit
from trug.operations.tokens import continuation, continued
from trug.ports.reads import Configuration, ItemAt
from trug.ports.reports import SORTABLE, ItemQuestion
from trug.ports.rows import Bucket, Item
from trug.ports.stores import MetadataStore

LONGEST_PAGE = 1000
USUAL_PAGE = 100
DEEPEST_NAMES = 8
MOST_NAMED = 8 * MOST_CONDITIONS
BAD_TOKEN = "the token is not valid"
BAD_FILTER = "the filter is not valid"

Find = Callable[[str], Awaitable[str | None]]
"""The text of a named filter, None where there is none."""


# --- filters --------------------------------------------------------------------------------------------------------


def bad_filter(error: FilterError) -> Problem:
    """400 that names the position, to be raised."""
    return bad_request(BAD_FILTER, Mistake("filter", str(error)))


async def read_filter(text: str, fields: Fields, find: Find) -> Condition:
    """What a filter says, with what its named filters say. Problem 400 that names the position."""
    if not text.strip():
        return Every(())
    try:
        return await _resolved(parse_filter(text, fields), fields, find, ())
    except FilterError as error:
        raise bad_filter(error) from error


async def _resolved(condition: Condition, fields: Fields, find: Find, within: tuple[str, ...]) -> Condition:
    known: dict[str, Condition] = {}
    for named in names_in(condition):
        if named.name in known:
            continue
        if named.name in within or len(within) >= DEEPEST_NAMES:
            raise FilterError(f"the filter {named.name} is made of itself, or too deep", named.position)
        text = await find(named.name)
        if text is None:
            raise FilterError(f"there is no filter {named.name}", named.position)
        try:
            inner = parse_filter(text, fields)
            known[named.name] = await _resolved(inner, fields, find, (*within, named.name))
        except FilterError as error:
            raise FilterError(f"{named.name}: {error.text}", named.position) from error
        if sum(map(size_of, known.values())) > MOST_NAMED:
            raise FilterError("the named filters are too large together", named.position)
    whole = replaced(condition, known)
    if size_of(whole) > MOST_NAMED:
        raise FilterError("the named filters are too large together", 1)
    if depth_of(whole) > DEEPEST:
        raise FilterError(f"with what its named filters say, a filter goes at most {DEEPEST} deep", 1)
    return whole


def filters_of(metadata: MetadataStore, account: str, bucket: Bucket | None = None) -> Find:
    """Where filters are looked up by name: the bucket's before the account's. Rules are no names for clients."""

    async def find(name: str) -> str | None:
        if name in RULES:
            return None
        if bucket is not None and bucket.configured & HAS_SEARCH_FILTER:
            stored = await metadata.fetch(Configuration(bucket.id, with_id(SEARCH_FILTER, name)))
            if stored is not None:
                return stored.decode()
        item = await metadata.fetch(ItemAt(account, FILTER, name))
        return None if item is None else str(msgspec.json.decode(item.document)["filter"])

    return find


# --- pages of items -------------------------------------------------------------------------------------------------


@frozen
class Asked:
    """A page of items of a kind as a client asks for it; ``sort`` has a minus before it for downwards."""

    kind: str
    fields: Fields
    filter: str
    rules: tuple[str, ...]
    limit: int = USUAL_PAGE
    token: str = ""
    sort: str = "id"


async def found_page(visit: Visit, asked: Asked) -> tuple[list[Item], str]:
    """A page, and the token of the next one, empty on the last. Problem 400."""
    condition = await read_filter(asked.filter, asked.fields, filters_of(visit.surroundings.metadata, visit.account.id))
    limit = page_size(asked.limit)
    sort = asked.sort.removeprefix("-")
    if sort not in SORTABLE:
        raise bad_request("the request is not valid", Mistake("sort", f"expected one of {', '.join(SORTABLE)}"))
    question = ItemQuestion(
        visit.account.id,
        asked.kind,
        ruled(asked.rules, condition, variables_of(visit)),
        sort,
        asked.sort.startswith("-"),
        _mark_of(asked.token) if asked.token else None,
        limit + 1,
    )
    reports = await visit.surroundings.metadata.reports()
    found = await reports.item_page(question)
    page = found[:limit]
    if len(found) <= limit:
        return page, ""
    last = page[-1]
    return page, continuation(msgspec.json.encode([getattr(last, sort), last.id]).decode())


def variables_of(visit: Visit) -> dict[str, str | int | float | bool]:
    """What rules go by."""
    return {"account": visit.account.id, "caller": visit.identity.arn, "now": visit.surroundings.clock.now()}


def page_size(limit: int) -> int:
    """How many to show: the usual number for 0 and less, and never more than 1,000."""
    return min(limit, LONGEST_PAGE) if limit > 0 else USUAL_PAGE


def _mark_of(token: str) -> tuple[str | int, str]:
    try:
        value, number = msgspec.json.decode(continued(token), type=tuple[str | int, str])
    except (S3Error, ValueError, msgspec.MsgspecError) as error:
        raise bad_request(BAD_TOKEN) from error
    if isinstance(value, int) and abs(value) >= 1 << 63:
        raise bad_request(BAD_TOKEN)
    return value, number


def after(token: str) -> str:
    """After which key a page begins. Problem 400."""
    try:
        return continued(token) if token else ""
    except S3Error as error:
        raise bad_request(BAD_TOKEN) from error


def explained(names: Iterable[str]) -> list[dict[str, str | bool]]:
    """The rules of these names, as ``--explain`` prints them."""
    rows = (RULES[name] for name in names)
    return [{"name": row.name, "filter": row.filter, "protects": row.protects, "says": row.says} for row in rows]
