"""Items: JSON documents with an owner, a type, attributes and links to objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.responses import Response

from trug.domain.item_fields import OF_ITEMS
from trug.engine.items import ITEM
from trug.manage.api.answers import answered
from trug.manage.api.endpoint import Family
from trug.manage.api.problems import Mistake, Problem
from trug.manage.api.visit import Surroundings, Visit
from trug.manage.finding import Asked, found_page
from trug.manage.items import schemas
from trug.manage.items.service import NEEDS_MATCH, NO_ITEM, Items, etag_of, mistakes_in, shown
from trug.ports.rows import Item

family = Family("items", "JSON documents that applications keep.", "/api/v1")


def check_attributes(_: Surroundings, given: Mapping[str, Any]) -> Iterable[Mistake]:
    attributes = given.get("attributes")
    return mistakes_in(attributes) if isinstance(attributes, dict) else ()


def _items(visit: Visit) -> Items:
    around = visit.surroundings
    return Items(around.metadata, around.clock, visit.account.id)


def _told(item: Item, status: int = 200) -> Response:
    headers = {"etag": etag_of(item)}
    if status == 201:
        headers["location"] = f"/api/v1/items/{item.id}"
    return answered(shown(item), status, headers)


async def _there(visit: Visit, number: str, action: str) -> Item:
    """The item, when the caller may do this to it: its owner may all, others what policies allow them on
    ``arn:trug:api::ACCOUNT:item/ID``. To who may not read it, it is not there. Problem 404, AccessDenied."""
    item = await _items(visit).find(number)
    if item is None:
        raise Problem(404, NO_ITEM)
    is_own = item.owner == visit.identity.arn
    if not is_own and not await visit.may_on("trug:GetItem", f"item/{number}"):
        raise Problem(404, NO_ITEM)
    await visit.authorise_on(action, f"item/{number}", is_own=is_own)
    return item


@family.endpoint(
    "CreateItem",
    "POST /items",
    "Keep a new item",
    body=schemas.NewItem,
    answer=schemas.Item,
    status=201,
    refuses=(403, 413),
    check=check_attributes,
)
async def create_item(visit: Visit, asked: schemas.NewItem) -> Response:
    """It is the caller's own."""
    await visit.authorise_on("trug:CreateItem", "item/*", is_own=True)
    return _told(await _items(visit).create(asked, visit.identity.arn), 201)


@family.endpoint(
    "ListItems",
    "GET /items",
    "A page of items",
    query=schemas.ItemsAsked,
    answer=schemas.ItemPage,
    refuses=(403,),
)
async def list_items(visit: Visit, asked: schemas.ItemsAsked) -> schemas.ItemPage:
    """The caller's own; all of the account's for whom a policy allows ``trug:ListItems`` on
    ``arn:trug:api::ACCOUNT:item/*``."""
    rules = ["own-account"]
    if not await visit.may_on("trug:ListItems", "item/*"):
        await visit.authorise_on("trug:ListItems", "item/*", is_own=True)
        rules.append("own")
    if not asked.expired:
        rules.append("not-expired")
    wanted = Asked(ITEM, OF_ITEMS, asked.filter, tuple(rules), asked.limit, asked.token, asked.sort)
    items, following = await found_page(visit, wanted)
    page = schemas.ItemPage([shown(item) for item in items])
    if following:
        page.next_token = following
    return page


@family.endpoint(
    "GetItem",
    "GET /items/{id}",
    "One item",
    query=schemas.ItemNamed,
    answer=schemas.Item,
    refuses=(403, 404),
)
async def get_item(visit: Visit, asked: schemas.ItemNamed) -> Response:
    return _told(await _there(visit, asked.id, "trug:GetItem"))


@family.endpoint(
    "ReplaceItem",
    "PUT /items/{id}",
    "Another document in an item's place",
    query=schemas.ItemNamed,
    body=schemas.NewItem,
    answer=schemas.Item,
    refuses=(403, 404, 412, 413, 428),
    check=check_attributes,
)
async def replace_item(visit: Visit, asked: tuple[schemas.ItemNamed, schemas.NewItem]) -> Response:
    """``If-Match`` says which state is replaced: the item's ETag, or ``*`` for any. Without it: 428."""
    named, new = asked
    await _there(visit, named.id, "trug:PutItem")
    match = visit.request.headers.get("if-match", "")
    if not match:
        raise Problem(428, NEEDS_MATCH)
    return _told(await _items(visit).replace(named.id, new, match))


@family.endpoint(
    "ChangeItem",
    "PATCH /items/{id}",
    "Change some of an item",
    query=schemas.ItemNamed,
    body=schemas.ItemChange,
    answer=schemas.Item,
    refuses=(403, 404, 412, 413),
)
async def change_item(visit: Visit, asked: tuple[schemas.ItemNamed, schemas.ItemChange]) -> Response:
    """Attributes are merged in one step, so that ``If-Match`` is not needed; where it is there, it counts."""
    named, change = asked
    await _there(visit, named.id, "trug:PutItem")
    return _told(await _items(visit).change(named.id, change, visit.request.headers.get("if-match", "")))


@family.endpoint("DeleteItem", "DELETE /items/{id}", "Remove an item", query=schemas.ItemNamed, refuses=(403, 404, 412))
async def delete_item(visit: Visit, asked: schemas.ItemNamed) -> None:
    await _there(visit, asked.id, "trug:DeleteItem")
    await _items(visit).remove(asked.id, visit.request.headers.get("if-match", ""))
