"""Search over a bucket's objects, asked over a socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from msgspec import Struct
from starlette.responses import Response
from tests.support.console import Console, consoling
from tests.support.grants import policy, statement
from tests.support.server import ACCOUNT, LIMITED, STRANGER, USER

from trug.access.authority import Authority
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.versioning import Versioning
from trug.engine.content import Content
from trug.engine.drafts import Draft
from trug.jobs.indexing import Indexing
from trug.manage.api.answers import answered
from trug.manage.api.endpoint import Family
from trug.manage.api.visit import Visit
from trug.manage.searching import listed_page
from trug.ports.rows import Bucket

OBJECTS: dict[str, dict[str, Any]] = {
    "notes/a.txt": {"size": 10, "type": "text/plain", "tags": {"album": "work"}},
    "photos/a.JPG": {
        "size": 2048,
        "type": "image/jpeg",
        "tags": {"album": "summer"},
        "metadata": {"camera": "Leica M6"},
    },
    "photos/b.png": {"size": 100, "type": "image/png", "tags": {"album": "sea"}},
    "photos/c.jpg": {"size": 0, "type": "image/jpeg"},
    "z": {"size": 5},
}


def put(console: Console, bucket: Bucket, key: str, size: int = 0, **said: Any) -> None:
    headers = {"content-type": said["type"]} if "type" in said else {}
    draft = Draft(headers=headers, metadata=said.get("metadata", {}), tags=said.get("tags", {}))
    console.run(console.engine.objects.put(bucket, key, Content(b"x" * size), draft, NO_WRITE_CONDITIONS))


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    with consoling() as running:
        yield running


@pytest.fixture(scope="module")
def bucket(console: Console) -> Bucket:
    made = console.run(console.engine.buckets.create("gallery", account=ACCOUNT.id, region="us-east-1", tags={}))
    for key, said in OBJECTS.items():
        put(console, made, key, **said)
    return made


@pytest.fixture(scope="module")
def ana(console: Console) -> Iterator[httpx.Client]:
    with console.http(USER, "/api/v1") as client:
        yield client


def search(client: httpx.Client, text: str, **asked: Any) -> list[str]:
    answer = client.get("/search", params={"bucket": "gallery", "filter": text, **asked})
    assert answer.status_code == 200, answer.text
    return [row["key"] for row in answer.json()["objects"]]


FOUND = [
    ("", list(OBJECTS)),
    ("extension = 'JPG'", ["photos/a.JPG", "photos/c.jpg"]),
    ("extension in ('.txt', 'png')", ["notes/a.txt", "photos/b.png"]),
    ("not has extension", ["z"]),
    ("size >= 2 KB", ["photos/a.JPG"]),
    ("size > 0 and size < 100", ["notes/a.txt", "z"]),
    ("prefix = 'photos/'", ["photos/a.JPG", "photos/b.png", "photos/c.jpg"]),
    ("prefix != 'photos/'", ["notes/a.txt", "z"]),
    ("key = 'z'", ["z"]),
    ("key > 'photos/b.png'", ["photos/c.jpg", "z"]),
    ("key < 'photos/a.JPG' or key >= 'z'", ["notes/a.txt", "z"]),
    ("key like '%/a.%'", ["notes/a.txt", "photos/a.JPG"]),
    ("content_type like 'image/%'", ["photos/a.JPG", "photos/b.png", "photos/c.jpg"]),
    ("tag.album = 'summer'", ["photos/a.JPG"]),
    ("tag.album in ('sea', 'summer') and size < 1 KB", ["photos/b.png"]),
    ("has tag.album and not tag.album = 'work'", ["photos/a.JPG", "photos/b.png"]),
    ("metadata.Camera like 'Leica%'", ["photos/a.JPG"]),
    ("matches 'leica'", ["photos/a.JPG"]),
    ("matches 'photos SEA'", ["photos/b.png"]),
    ("storage_class = 'STANDARD' and age < 1h", list(OBJECTS)),
    ("age > 1h", []),
    ("modified < '2020-01-01'", []),
]


@pytest.mark.parametrize(("text", "keys"), FOUND)
def test_what_is_found(ana: httpx.Client, bucket: Bucket, text: str, keys: list[str]) -> None:
    assert search(ana, text) == keys
    assert search(ana, text, prefix="photos/") == [key for key in keys if key.startswith("photos/")]


def test_what_is_told_of_an_object(ana: httpx.Client, bucket: Bucket) -> None:
    (row,) = ana.get("/search", params={"bucket": "gallery", "filter": "size = 2 KB"}).json()["objects"]
    assert row["url"].endswith("/gallery/photos/a.JPG")
    assert (row["size_bytes"], row["extension"], row["storage_class"]) == (2048, ".jpg", "STANDARD")


def test_pages(ana: httpx.Client, bucket: Bucket) -> None:
    keys: list[str] = []
    token = ""
    for _ in range(4):
        asked = {"bucket": "gallery", "filter": "size > 0", "limit": 1, "token": token}
        page = ana.get("/search", params=asked).json()
        keys += [row["key"] for row in page["objects"]]
        token = page.get("next_token", "")
    assert keys == ["notes/a.txt", "photos/a.JPG", "photos/b.png", "z"]
    for bad in ("x", "AXRydWc", "\0"):
        assert ana.get("/search", params={"bucket": "gallery", "token": bad}).status_code == 400


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("size > 'a'", "expected a size, found ''a'' (at position 8)"),
        ("type = 'a'", "there is no field type (at position 1)"),
        ("bucket = 'other' or size > 0", "there is no field bucket (at position 1)"),
        ("version = 'all'", "there is no field version (at position 1)"),
        ("listable", "there is no filter listable (at position 1)"),
        ("modified > '9999-12-31T23:59:59-12:00'", None),
        ("modified > '0001-01-01T00:00:00+12:00'", None),
        ("x" * 5000, None),
    ],
)
def test_an_error_names_the_position(ana: httpx.Client, bucket: Bucket, text: str, told: str | None) -> None:
    answer = ana.get("/search", params={"bucket": "gallery", "filter": text})
    assert answer.status_code == 400
    assert told is None or answer.json()["mistakes"] == [{"field": "filter", "error": told}]


def test_only_what_the_caller_may_list_and_read(console: Console, bucket: Bucket) -> None:
    assert console.house is not None
    grants = console.house.surroundings.authority._grants
    assert isinstance(console.house.surroundings.authority, Authority)
    arn = "arn:aws:s3:::gallery"
    only_photos = {"StringLike": {"s3:prefix": "photos/*"}}
    with console.http(LIMITED, "/api/v1") as bob, console.http(STRANGER, "/api/v1") as stranger:
        for client in (bob, stranger):
            assert client.get("/search", params={"bucket": "gallery"}).status_code == 403
        assert bob.get("/search", params={"bucket": "nowhere"}).status_code == 404
        try:
            grants.let(  # type: ignore[attr-defined]
                "bob",
                policy(
                    statement("Allow", "s3:ListBucket", arn, Condition=only_photos),
                    statement("Allow", "s3:GetObjectTagging", f"{arn}/photos/b*"),
                ),
            )
            assert bob.get("/search", params={"bucket": "gallery", "filter": "not key = 'x'"}).status_code == 403
            everything = "size >= 0 or key like '%'"
            assert search(bob, everything, prefix="photos/") == ["photos/a.JPG", "photos/b.png", "photos/c.jpg"]
            assert search(bob, "has tag.album", prefix="photos/") == ["photos/b.png"]
            assert search(bob, "not tag.album = 'x'", prefix="photos/") == ["photos/b.png"]
            for album, key in (("summer", None), ("sea", "photos/b.png")):
                asked = {"bucket": "gallery", "prefix": "photos/", "filter": f"tag.album = '{album}'", "limit": 1}
                page = bob.get("/search", params=asked).json()
                assert [row["key"] for row in page["objects"]] == ([key] if key else [])
                assert "next_token" not in page, "what is hidden is not told by where a page ends"
            assert search(bob, "has tag.album", prefix="photos/", limit=1) == ["photos/b.png"]
            assert search(bob, "content_type like 'image/%'", prefix="photos/") == []
            assert search(bob, "matches 'leica'", prefix="photos/") == []
        finally:
            grants.let("bob")  # type: ignore[attr-defined]
    with console.http(None, "/api/v1") as nobody:
        assert nobody.get("/search", params={"bucket": "gallery"}).status_code == 401


def test_delete_markers_and_old_versions_are_not_found(console: Console, ana: httpx.Client) -> None:
    engine = console.engine
    made = console.run(engine.buckets.create("versions", account=ACCOUNT.id, region="us-east-1", tags={}))
    console.run(engine.buckets.set_versioning(made, Versioning.ENABLED))
    made = made._replace(versioning=Versioning.ENABLED)
    put(console, made, "a", 5, tags={"state": "old"})
    put(console, made, "a", 6, tags={"state": "new"})
    put(console, made, "b", 7)
    console.run(engine.objects.delete(made, "b", None, NO_WRITE_CONDITIONS))
    for text, keys in (("tag.state = 'old'", []), ("has tag.state", ["a"]), ("size = 7", []), ("", ["a"])):
        assert search(ana, text, bucket="versions") == keys


def test_the_search_is_explained(ana: httpx.Client, bucket: Bucket) -> None:
    asked = {"bucket": "gallery", "filter": "size > 1 KB and (extension = 'JPG' or has tag.album)", "explain": "true"}
    told = ana.get("/search", params=asked).json()["explanation"]
    assert [(rule["name"], rule["protects"]) for rule in told["rules"]] == [
        ("of-bucket", True),
        ("current", True),
        ("listable", True),
    ]
    assert told["filter"] == "size > 1024 and (extension = '.jpg' or has tag.\"album\")"


# --- filters that have names ----------------------------------------------------------------------------------------


def keep(client: httpx.Client, name: str, text: str, **more: Any) -> httpx.Response:
    over = {"over": more.pop("over")} if "over" in more else {}
    return client.put(f"/filters/{name}", json={"filter": text, **over}, params=more)


def test_filters_combine_by_name(ana: httpx.Client, bucket: Bucket) -> None:
    assert keep(ana, "images", "content_type like 'image/%'").status_code == 200
    assert keep(ana, "recent-images", "images and age < 1d").status_code == 200
    assert keep(ana, "archived", "size = 0", bucket="gallery").status_code == 200
    assert search(ana, "recent-images and not archived") == ["photos/a.JPG", "photos/b.png"]
    assert ana.get("/filters/images").json() == {
        "name": "images",
        "filter": "content_type like 'image/%'",
        "over": "objects",
    }
    assert ana.get("/filters/archived", params={"bucket": "gallery"}).json()["filter"] == "size = 0"
    names = [row["name"] for row in ana.get("/filters").json()["filters"]]
    assert names == ["images", "recent-images"]
    assert [row["name"] for row in ana.get("/filters?bucket=gallery").json()["filters"]] == ["archived"]
    assert ana.delete("/filters/archived?bucket=gallery").status_code == 204
    assert ana.delete("/filters/archived?bucket=gallery").status_code == 404
    answer = ana.get("/search", params={"bucket": "gallery", "filter": "size > 0 and archived"})
    assert answer.json()["mistakes"][0]["error"] == "there is no filter archived (at position 14)"
    for name in ("images", "recent-images"):
        assert ana.delete(f"/filters/{name}").status_code == 204
    assert ana.delete("/filters/images").status_code == 404
    assert ana.get("/filters/images").status_code == 404


def test_filters_made_of_themselves(ana: httpx.Client, bucket: Bucket) -> None:
    keep(ana, "left", "right or size > 0")
    keep(ana, "right", "not left")
    answer = ana.get("/search", params={"bucket": "gallery", "filter": "left"})
    assert answer.status_code == 400
    assert "made of itself" in answer.json()["mistakes"][0]["error"]


def test_filters_do_not_grow_without_bounds(ana: httpx.Client, bucket: Bucket) -> None:
    keep(ana, "f0", "size > 0")
    for number in range(1, 8):
        keep(ana, f"f{number}", " or ".join([f"f{number - 1}"] * 8))
    assert ana.get("/search", params={"bucket": "gallery", "filter": "f7"}).status_code == 400


@pytest.mark.parametrize(
    ("name", "text"), [("and", "size > 0"), ("current", "size > 0"), ("1a", "size > 0"), ("ok", "size >"), ("ok", "")]
)
def test_filters_that_are_none(ana: httpx.Client, name: str, text: str) -> None:
    assert keep(ana, name, text).status_code == 400
    assert ana.get(f"/filters/{name}").status_code == 404


def test_filters_belong_to_accounts(console: Console, ana: httpx.Client, bucket: Bucket) -> None:
    keep(ana, "mine", "size > 0")
    with console.http(LIMITED, "/api/v1") as bob, console.http(STRANGER, "/api/v1") as stranger:
        assert bob.get("/filters/mine").status_code == 200
        assert keep(bob, "his", "size > 0").status_code == 403
        assert bob.delete("/filters/mine").status_code == 403
        assert stranger.get("/filters/mine").status_code == 404
        assert stranger.get("/filters", params={"bucket": "gallery"}).status_code == 403
        assert keep(stranger, "hers", "size > 0", bucket="gallery").status_code == 403


def test_filters_over_items(ana: httpx.Client) -> None:
    keep(ana, "notes", "type = 'note'", over="items")
    for kind in ("note", "photo"):
        assert ana.post("/items", json={"type": kind}).status_code == 201
    items = ana.get("/items", params={"filter": "not notes"}).json()["items"]
    assert [item["type"] for item in items] == ["photo"]
    assert keep(ana, "x", "type = 'note'", over="items", bucket="gallery").status_code in (400, 404)


# --- the index ------------------------------------------------------------------------------------------------------


def test_the_index_is_switched(console: Console, ana: httpx.Client, bucket: Bucket) -> None:
    assert console.house is not None
    asked = {"bucket": "gallery"}
    assert ana.get("/search/index", params=asked).json() == {"bucket": "gallery", "state": "off"}
    answer = ana.put("/search/index", json=asked | {"enabled": True})
    assert (answer.status_code, answer.json()["state"]) == (200, "building")
    assert search(ana, "tag.album = 'sea'") == ["photos/b.png"]
    console.run(Indexing(console.house.surroundings.metadata).run())
    assert ana.get("/search/index", params=asked).json()["state"] == "ready"
    for text, keys in FOUND:
        assert search(ana, text) == keys, text
    told = ana.get("/search", params=asked | {"filter": "tag.album = 'sea'", "explain": "true"}).json()
    assert told["explanation"]["by"] == "index: tag.album = 'sea'"
    with console.http(LIMITED, "/api/v1") as bob, console.http(STRANGER, "/api/v1") as stranger:
        for client in (bob, stranger):
            assert client.put("/search/index", json=asked | {"enabled": False}).status_code == 403
    assert ana.put("/search/index", json=asked | {"enabled": "yes"}).status_code == 400
    assert ana.put("/search/index", json=asked | {"enabled": False}).json()["state"] == "clearing"
    console.run(Indexing(console.house.surroundings.metadata).run())
    assert ana.get("/search/index", params=asked).json()["state"] == "off"
    assert search(ana, "tag.album = 'sea'") == ["photos/b.png"]


# --- lists ----------------------------------------------------------------------------------------------------------

lists = Family("lists", "For tests.", "/t")


class FilesAsked(Struct):
    bucket: str
    filter: str = ""
    extension: str = ""
    prefix: str = ""
    limit: int = 2
    after: str = ""


@lists.endpoint("Files", "GET /files", "A list", query=FilesAsked)
async def list_files(visit: Visit, asked: FilesAsked) -> Response:
    page = await listed_page(
        visit,
        await visit.bucket(asked.bucket),
        text=asked.filter,
        extension=asked.extension,
        prefix=asked.prefix,
        after=asked.after,
        limit=asked.limit,
    )
    return answered({"keys": [row.key for row in page.found], "next": page.next}, 200)


def test_a_list_by_a_filter_is_full() -> None:
    with consoling(lists) as console, console.http(USER, "/t") as client:
        made = console.run(console.engine.buckets.create("many", account=ACCOUNT.id, region="us-east-1", tags={}))
        for number in range(40):
            tags = {"is": "wanted"} if number % 13 == 0 else {}
            put(console, made, f"{number:02}.{'JPG' if number % 2 else 'png'}", tags=tags)

        def files(**asked: Any) -> tuple[list[str], str | None]:
            page = client.get("/files", params={"bucket": "many", **asked}).json()
            return page["keys"], page["next"]

        assert files(filter="has tag.is") == (["00.png", "13.JPG"], "13.JPG")
        assert files(filter="has tag.is", after="13.JPG") == (["26.png", "39.JPG"], None)
        assert files(filter="has tag.is", extension=".jpg") == (["13.JPG", "39.JPG"], None)
        assert files(extension="JPG", prefix="3", limit=9) == ([f"3{n}.JPG" for n in (1, 3, 5, 7, 9)], None)
