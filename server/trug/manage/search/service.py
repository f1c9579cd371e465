"""Filters that have names: a bucket's among its configurations, an account's among its items."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from trug.domain.configurations import SEARCH_FILTER, with_id
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.filters import Every, Fields, FilterError, is_filter_name, parse_filter
from trug.domain.item_fields import OF_ITEMS, OF_USERS
from trug.domain.object_fields import OF_OBJECTS
from trug.domain.rules import RULES
from trug.engine.configurations import BucketConfigurations
from trug.engine.items import FILTER, ChangeItem, Edited
from trug.manage.api.problems import Mistake, Problem, bad_request
from trug.manage.finding import bad_filter
from trug.manage.search.schemas import FilterShown, FilterToKeep
from trug.ports.changes import Moment
from trug.ports.reads import ItemAt
from trug.ports.reports import ItemQuestion
from trug.ports.rows import Bucket, Item
from trug.ports.stores import MetadataStore

NO_FILTER = "filter not found"
OBJECTS = "objects"
PAGE = 100
FIELDS: Mapping[str, Fields] = MappingProxyType({OBJECTS: OF_OBJECTS, "items": OF_ITEMS, "users": OF_USERS})


def check(name: str, kept: FilterToKeep) -> None:
    """Problem 400 for a name that filters cannot have, or a text that is none."""
    if not is_filter_name(name) or name in RULES:
        raise bad_request("the request is not valid", Mistake("name", "is no name for a filter"))
    try:
        parse_filter(kept.filter, FIELDS[kept.over])
    except FilterError as error:
        raise bad_filter(error) from error


class AccountFilters:
    """The named filters of an account."""

    def __init__(self, metadata: MetadataStore, account: str, owner: str) -> None:
        self._metadata = metadata
        self._account = account
        self._owner = owner

    async def page(self, after: str) -> list[FilterShown]:
        reports = await self._metadata.reports()
        mark = (after, after) if after else None
        found = await reports.item_page(ItemQuestion(self._account, FILTER, Every(()), after=mark, limit=PAGE + 1))
        return [shown(item) for item in found]

    async def find(self, name: str) -> FilterShown | None:
        item = await self._metadata.fetch(ItemAt(self._account, FILTER, name))
        return None if item is None else shown(item)

    async def keep(self, name: str, kept: FilterToKeep) -> None:
        document = msgspec.json.encode({"filter": kept.filter}).decode()

        def edit(_: Item | None, __: Moment) -> Edited:
            return Edited(Item("", FILTER, name, self._owner, kept.over, 0, 0, 0, 0, document))

        await self._metadata.commit(ChangeItem(self._account, FILTER, name, edit))

    async def remove(self, name: str) -> None:
        """Problem 404."""

        def edit(before: Item | None, _: Moment) -> Exception | None:
            return Problem(404, NO_FILTER) if before is None else None

        await self._metadata.commit(ChangeItem(self._account, FILTER, name, edit))


def shown(item: Item) -> FilterShown:
    return FilterShown(item.id, msgspec.json.decode(item.document)["filter"], item.type)


class BucketFilters:
    """The named filters of a bucket, all about its objects."""

    def __init__(self, configurations: BucketConfigurations, bucket: Bucket) -> None:
        self._configurations = configurations
        self._bucket = bucket

    async def page(self, after: str) -> list[FilterShown]:
        rows, following = await self._configurations.page(self._bucket, SEARCH_FILTER, after=after)
        found = [FilterShown(name, text.decode(), OBJECTS) for name, text in rows]
        return found if following is None else [*found, FilterShown("", "", "")]

    async def find(self, name: str) -> FilterShown | None:
        text = await self._configurations.find(self._bucket, with_id(SEARCH_FILTER, name))
        return None if text is None else FilterShown(name, text.decode(), OBJECTS)

    async def keep(self, name: str, kept: FilterToKeep) -> None:
        """Problem 409 for more than 1,000."""
        try:
            await self._configurations.store_named(self._bucket, SEARCH_FILTER, name, kept.filter.encode())
        except S3Error as error:
            if error.code is ErrorCode.TooManyConfigurations:
                raise Problem(409, "there are too many filters") from error
            raise

    async def remove(self, name: str) -> None:
        """Problem 404."""
        try:
            await self._configurations.store_named(self._bucket, SEARCH_FILTER, name, None)
        except S3Error as error:
            if error.code is ErrorCode.NoSuchConfiguration:
                raise Problem(404, NO_FILTER) from error
            raise
