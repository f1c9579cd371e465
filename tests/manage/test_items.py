"""Items, asked over a socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.support.console import Console, consoling
from tests.support.server import LIMITED, ROOT, STRANGER, USER

PHOTO: dict[str, Any] = {
    "type": "photo",
    "attributes": {
        "title": "Großes Bild am Meer",
        "size": {"width": 800, "height": 600.5},
        "tags": ["sea"],
        "raw": True,
    },
    "links": [{"bucket": "photos", "key": "a/b.jpg"}],
}


@pytest.fixture
def console() -> Iterator[Console]:
    with consoling() as running:
        yield running


@pytest.fixture
def bob(console: Console) -> Iterator[httpx.Client]:
    with console.http(LIMITED, "/api/v1") as client:
        yield client


def make(client: httpx.Client, **changes: Any) -> dict[str, Any]:
    answer = client.post("/items", json=PHOTO | changes)
    assert answer.status_code == 201, answer.text
    item: dict[str, Any] = answer.json()
    return item


def found(client: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get("/items", params=asked)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_an_item_lives(bob: httpx.Client) -> None:
    answer = bob.post("/items", json=PHOTO)
    item = answer.json()
    assert answer.status_code == 201
    assert answer.headers["etag"] == item["etag"]
    assert {name: item[name] for name in PHOTO} == PHOTO
    path = f"/items/{item['id']}"
    assert answer.headers["location"] == f"/api/v1{path}"
    assert bob.get(path).json() == item

    assert bob.put(path, json={"type": "note"}).status_code == 428
    assert bob.put(path, json={"type": "note"}, headers={"if-match": '"0"'}).status_code == 412
    replaced = bob.put(path, json={"type": "note"}, headers={"if-match": item["etag"]})
    assert (replaced.status_code, replaced.json()["attributes"], replaced.json()["links"]) == (200, {}, [])
    assert bob.delete(path, headers={"if-match": item["etag"]}).status_code == 412
    assert bob.delete(path, headers={"if-match": replaced.headers["etag"]}).status_code == 204
    assert bob.get(path).status_code == 404
    assert bob.delete(path).status_code == 404


def test_a_patch_is_merged(bob: httpx.Client) -> None:
    item = make(bob)
    change = {"attributes": {"size": {"width": 1, "height": None}, "new": [1]}, "expires_at": "2999-01-01T00:00:00Z"}
    answer = bob.patch(f"/items/{item['id']}", json=change)
    assert answer.status_code == 200
    assert answer.json()["attributes"] == PHOTO["attributes"] | {"size": {"width": 1}, "new": [1]}
    assert answer.json()["expires_at"] == "2999-01-01T00:00:00.000Z"
    assert bob.patch(f"/items/{item['id']}", json={}, headers={"if-match": item["etag"]}).status_code == 412
    assert bob.patch(f"/items/{item['id']}", json={"expires_at": None}).json()["expires_at"] is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": ""}, "type"),
        ({"type": 1}, "type"),
        ({"type": "a b"}, "type"),
        ({"attributes": []}, "attributes"),
        ({"attributes": {"a": {"b": "x\0"}}}, "attributes.a.b"),
        ({"attributes": {"a": [2**60]}}, "attributes.a[0]"),
        ({"attributes": {"": 1}}, "attributes"),
        ({"attributes": {"x" * 129: 1}}, "attributes"),
        ({"links": [{"bucket": "photos"}]}, "links"),
        ({"links": [{"bucket": "../etc", "key": "a"}]}, "links"),
        ({"links": [{"bucket": "photos", "key": "a\0"}]}, "links"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": "2026-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+12:00"}, "expires_at"),
    ],
)
def test_bad_documents_leave_nothing(bob: httpx.Client, changes: dict[str, Any], field: str) -> None:
    answer = bob.post("/items", json=PHOTO | changes)
    assert answer.status_code == 400, answer.text
    assert next(mistake["field"] for mistake in answer.json()["mistakes"]).startswith(field)
    assert found(bob) == []


def test_documents_are_bounded(bob: httpx.Client) -> None:
    assert bob.post("/items", json={"type": "a", "attributes": {"a": "x" * 65_600}}).status_code == 413
    deep: Any = 1
    for _ in range(17):
        deep = {"a": deep}
    assert bob.post("/items", json={"type": "a", "attributes": deep}).status_code == 400
    item = make(bob, attributes=deep["a"]["a"])
    assert bob.patch(f"/items/{item['id']}", json={"attributes": {"a": "x" * 65_600}}).status_code == 413


def test_items_belong_to_owners_and_accounts(console: Console, bob: httpx.Client) -> None:
    item = make(bob)
    path = f"/items/{item['id']}"
    with console.http(USER, "/api/v1") as ana, console.http(STRANGER, "/api/v1") as stranger:
        assert ana.get(path).json() == item
        assert stranger.get(path).status_code == 404
        hers = make(ana)
        assert bob.get(f"/items/{hers['id']}").status_code == 404
        assert bob.delete(f"/items/{hers['id']}").status_code == 404
        assert [row["id"] for row in found(bob)] == [item["id"]]
        assert {row["id"] for row in found(ana)} == {item["id"], hers["id"]}
        assert found(stranger) == []
        everything = "owner like '%' or not type = 'x'"
        assert [row["id"] for row in found(bob, filter=everything)] == [item["id"]]
        assert found(stranger, filter=everything) == []


FILTERS = [
    ("type = 'photo'", 1),
    ("type in ('note', 'photo')", 2),
    ("attributes.size.width >= 800", 1),
    ("attributes.size.width = 'x'", 0),
    ("attributes.raw = true and not type = 'note'", 1),
    ("matches 'BILD grosses'", 1),
    ("matches 'photo'", 1),
    ("attributes.title like '%Meer'", 1),
    ("attributes.title like 'gro%'", 0),
    ("has attributes.title", 1),
    ("not has attributes.title", 1),
    ("age < 1h", 2),
    ("created < '2020-01-01'", 0),
]


@pytest.mark.parametrize(("text", "count"), FILTERS)
def test_filters(bob: httpx.Client, text: str, count: int) -> None:
    make(bob)
    make(bob, type="note", attributes={"a": 1})
    assert len(found(bob, filter=text)) == count


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("type = ", "expected text in quotes, found the end (at position 8)"),
        ("nothing = 1", "there is no field nothing (at position 1)"),
        ("type = 'a' and nobodys-filter", "there is no filter nobodys-filter (at position 16)"),
        ("account = 'x'", "there is no field account (at position 1)"),
        ("owner = $caller", "expected text in quotes, found '$caller' (at position 9)"),
        ("type = 'a'; drop table items", "';' stands where nothing can be read (at position 11)"),
    ],
)
def test_an_error_names_the_position(bob: httpx.Client, text: str, told: str) -> None:
    answer = bob.get("/items", params={"filter": text})
    assert answer.status_code == 400
    assert answer.json()["mistakes"] == [{"field": "filter", "error": told}]


def test_pages_and_orders(bob: httpx.Client) -> None:
    kinds = ["b", "a", "c", "a", "b"]
    ids = [make(bob, type=kind)["id"] for kind in kinds]
    for sort, wanted in (
        ("id", ids),
        ("-id", ids[::-1]),
        ("type", [number for _, number in sorted(zip(kinds, ids, strict=True))]),
        ("-type", [number for _, number in sorted(zip(kinds, ids, strict=True), reverse=True)]),
    ):
        got: list[str] = []
        token = ""
        for _ in range(3):
            page = bob.get("/items", params={"sort": sort, "limit": 2, "token": token}).json()
            got += [item["id"] for item in page["items"]]
            token = page.get("next_token", "")
        assert (got, token) == (wanted, "")
    assert bob.get("/items", params={"sort": "attributes.a"}).status_code == 400
    assert bob.get("/items", params={"token": "AXRydWdbMSwyXQ=="}).status_code == 400


def test_what_has_expired_is_listed_when_asked_for(bob: httpx.Client) -> None:
    make(bob, expires_at="2020-01-01T00:00:00Z")
    kept = make(bob, expires_at="2999-01-01T00:00:00+02:00")
    assert [row["id"] for row in found(bob)] == [kept["id"]]
    assert len(found(bob, expired=True)) == 2


def test_who_is_nobody_has_no_items(console: Console) -> None:
    with console.http(None, "/api/v1") as nobody:
        assert nobody.get("/items").status_code == 401
        assert nobody.post("/items", json=PHOTO).status_code == 401


def test_root_may_all(console: Console, bob: httpx.Client) -> None:
    item = make(bob)
    with console.http(ROOT, "/api/v1") as root:
        assert root.delete(f"/items/{item['id']}").status_code == 204


@pytest.mark.parametrize(
    "number",
    ["%00", "..%252f", "x" * 65, "x" * 4096, "%E2%80%AE", "%F0%9F%98%80", "'", "%22", "*", "%25", "a%0d%0ab"],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_hostile_ids_are_not_there(bob: httpx.Client, method: str, number: str) -> None:
    answer = bob.request(method, f"/items/{number}", json={"type": "a"}, headers={"if-match": "*"})
    assert answer.status_code in (400, 404), answer.text


@pytest.mark.parametrize(
    "query",
    [
        "limit=x",
        "expired=maybe",
        "sort=document",
        "sort=--id",
        "sort=",
        "token=%00",
        "filter=%00",
        "filter=%ff",
        "filter=matches%20'%22'",
        "filter=" + "(" * 4000,
        "filter=attributes.%22%22%20%3D%201%20or",
        "filter=type%20like%20'" + "%25" * 9 + "'",
    ],
)
def test_hostile_questions(bob: httpx.Client, query: str) -> None:
    answer = bob.get(f"/items?{query}")
    assert answer.status_code == 400, answer.text
    assert "error" in answer.json()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"type": "a", "attributes": {"a": 1e400}}',
        b'{"type": "a", "attributes": {"a": "\\ud800"}}',
        b'{"type": "a", "attributes": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
        b'{"type": "a", "attributes": {"a": 123456789012345678901234567890}}',
    ],
)
def test_hostile_documents(bob: httpx.Client, body: bytes) -> None:
    assert bob.post("/items", content=body).status_code == 400
    assert found(bob, expired=True) == []


def test_names_that_filters_cannot_spell_do_no_harm(bob: httpx.Client) -> None:
    make(bob, attributes={'a"b': 1, "$": {"x": 2}, "a.b": 3, "[0]": 4, "é": 5, "\u202e": "\u202e"})
    for text, count in (
        ('attributes."a.b" = 3', 1),
        ('attributes."[0]" = 4', 1),
        ('attributes."é" = 5', 1),
        ("attributes.a.b = 3", 0),
    ):
        assert len(found(bob, filter=text)) == count, text


def test_filters_that_are_too_much(bob: httpx.Client) -> None:
    many = " or ".join(["type in ({})".format(",".join(["''"] * 250))] * 5)
    deep = "type = 'a'"
    for _ in range(30):
        deep = f"(type = 'b' or type = 'c' and {deep})"
    assert found(bob, filter=many) == []
    answer = bob.get("/items", params={"filter": deep})
    assert (answer.status_code, answer.json()["error"]) == (400, "the filter is not valid")
