"""The change feed, asked over a socket."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.support.console import Console, consoling
from tests.support.credentials import credential
from tests.support.server import ACCOUNT, CREDENTIALS, STRANGER, USER

import trug
from trug.domain.events import TYPES
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.engine.content import Content
from trug.engine.drafts import Draft
from trug.engine.items import CALLED
from trug.engine.renaming import RenameConditions
from trug.manage.events import routes


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    with consoling() as running:
        yield running


@pytest.fixture(scope="module")
def client(console: Console) -> Iterator[httpx.Client]:
    with console.http(path="/api/v1") as client:
        yield client


names = itertools.count(1)


@pytest.fixture
def bucket(client: httpx.Client) -> str:
    name = f"events-{next(names)}"
    assert client.post("/buckets/create", json={"bucket_name": name}).status_code == 201
    return name


def put(console: Console, bucket: str, *keys: str) -> None:
    for key in keys:
        console.run(stored(console, bucket, key))


async def stored(console: Console, name: str, key: str) -> None:
    bucket = await console.engine.buckets.find(name)
    assert bucket is not None
    await console.engine.objects.put(bucket, key, Content(b"hello"), Draft(), NO_WRITE_CONDITIONS)


def page(client: httpx.Client, **asked: Any) -> dict[str, Any]:
    answer = client.get("/events", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def told(client: httpx.Client, **asked: Any) -> list[tuple[str, str]]:
    return [(event["type"], event.get("key", "")) for event in page(client, **asked)["events"]]


def test_what_happened_is_told_in_order(console: Console, client: httpx.Client, bucket: str) -> None:
    put(console, bucket, "a", "b/c")
    client.delete("/delete", params={"bucket": bucket, "key": "a"})
    assert told(client, bucket=bucket) == [
        ("trug:BucketCreated", ""),
        ("s3:ObjectCreated:Put", "a"),
        ("s3:ObjectCreated:Put", "b/c"),
        ("s3:ObjectRemoved:Delete", "a"),
    ]


def test_an_event_says_what_it_is_about(console: Console, client: httpx.Client, bucket: str) -> None:
    put(console, bucket, "a")
    _, event = page(client, bucket=bucket)["events"]
    assert event["id"] == str(event["sequence"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z", event.pop("time"))
    assert event | {"id": "", "sequence": 0} == {
        "id": "",
        "sequence": 0,
        "type": "s3:ObjectCreated:Put",
        "bucket": bucket,
        "key": "a",
        "version_id": "null",
        "size": 5,
        "etag": "5d41402abc4b2a76b9719d911017c592",
    }


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ({"type": "s3:ObjectCreated:*"}, ["a", "b/c"]),
        ({"type": "s3:ObjectCreated:Put,s3:ObjectRemoved:Delete"}, ["a", "b/c", "a"]),
        ({"type": "trug:*"}, [""]),
        ({"prefix": "b/"}, ["b/c"]),
        ({"prefix": "b/", "type": "s3:ObjectRemoved:*"}, []),
    ],
)
def test_filters(console: Console, client: httpx.Client, bucket: str, asked: dict[str, str], keys: list[str]) -> None:
    put(console, bucket, "a", "b/c")
    client.delete("/delete", params={"bucket": bucket, "key": "a"})
    assert [key for _, key in told(client, bucket=bucket, **asked)] == keys


def test_pages_go_on_where_they_ended(console: Console, client: httpx.Client, bucket: str) -> None:
    keys = [f"k{number}" for number in range(7)]
    put(console, bucket, *keys)
    found: list[str] = []
    since, more = page(client, bucket=bucket, limit=1)["next"], True
    while more:
        answer = page(client, bucket=bucket, since=since, limit=3)
        found += [event["key"] for event in answer["events"]]
        since, more = answer["next"], answer["more"]
    assert found == keys
    put(console, bucket, "later")
    assert told(client, bucket=bucket, since=since) == [("s3:ObjectCreated:Put", "later")]


def test_a_rename_tells_of_both_keys(console: Console, client: httpx.Client, bucket: str) -> None:
    put(console, bucket, "old")
    since = page(client)["next"]

    async def rename() -> None:
        found = await console.engine.buckets.find(bucket)
        assert found is not None
        await console.engine.renaming.rename(found, "old", "new", RenameConditions())

    console.run(rename())
    put(console, bucket, "next")
    assert told(client, bucket=bucket, since=since) == [
        ("trug:ObjectRenamed", "new"),
        ("s3:ObjectRemoved:Delete", "old"),
        ("s3:ObjectCreated:Put", "next"),
    ]


def test_items_are_told_to_who_may_read_them(console: Console, client: httpx.Client) -> None:
    since = page(client)["next"]
    with console.http(USER, "/api/v1") as user, console.http(STRANGER, "/api/v1") as stranger:
        answer = user.post("/items", json={"type": "note", "attributes": {}})
        assert answer.status_code == 201, answer.text
        number = answer.json()["id"]
        assert user.delete(f"/items/{number}").status_code == 204
        for reader in (user, client):
            events = page(reader, since=since, type="trug:Item*")["events"]
            assert [(event["type"], event["name"]) for event in events] == [
                ("trug:ItemCreated", number),
                ("trug:ItemRemoved", number),
            ]
        assert page(stranger, since=since)["events"] == []


def test_a_bucket_that_is_gone_keeps_its_name(client: httpx.Client, bucket: str) -> None:
    since = page(client)["next"]
    assert client.delete("/buckets/delete", params={"name": bucket}).status_code == 204
    (event,) = page(client, since=since)["events"]
    assert (event["type"], event["bucket"]) == ("trug:BucketRemoved", bucket)


def test_a_stranger_hears_nothing(console: Console, client: httpx.Client, bucket: str) -> None:
    put(console, bucket, "a")
    with console.http(STRANGER, "/api/v1") as stranger:
        assert page(stranger)["events"] == []
    with console.http(USER, "/api/v1") as user:
        assert told(user, bucket=bucket, prefix="a") == [("s3:ObjectCreated:Put", "a")]
    with console.http(None, "/api/v1") as nobody:
        assert nobody.get("/events").status_code == 401


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "x"},
        {"since": "-1"},
        {"since": str(2**70)},
        {"limit": "0"},
        {"limit": "1001"},
        {"limit": "many"},
        {"type": "s3:Nothing"},
        {"type": "*:Put"},
        {"prefix": "a" * 1025},
    ],
)
def test_bad_requests(client: httpx.Client, asked: dict[str, str]) -> None:
    answer = client.get("/events", params=asked)
    assert answer.status_code == 400
    assert answer.json()["mistakes"]


def test_an_unknown_bucket(client: httpx.Client) -> None:
    assert client.get("/events", params={"bucket": "nowhere"}).status_code == 404


def test_what_is_no_longer_kept() -> None:
    with consoling(routes.family, feed_kept=5) as console:

        async def make() -> None:
            await console.engine.buckets.create("one", account="111111111111", region="us-east-1", tags={})
            for number in range(20):
                await stored(console, "one", f"k{number}")

        console.run(make())
        with console.http(path="/api/v1") as client:
            answer = client.get("/events", params={"since": 3})
            assert answer.status_code == 410
            oldest = answer.json()["oldest"]
            assert [event["key"] for event in page(client, since=oldest)["events"]][-1] == "k19"
            assert client.get("/events", headers={"last-event-id": "3"} | STREAM).status_code == 410
            assert page(client)["events"]


# --- streams --------------------------------------------------------------------------------------------------------


def messages(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    message: dict[str, str] = {}
    for line in lines:
        if not line and "data" in message:
            yield message
            message = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            message[name] = value


STREAM = {"accept": "text/event-stream"}


def test_a_stream_goes_on_as_things_happen(console: Console, client: httpx.Client, bucket: str) -> None:
    with client.stream("GET", "/events", params={"bucket": bucket}, headers=STREAM) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        assert next(lines) == ": trug"
        coming = messages(lines)
        for key in "ab":
            put(console, bucket, key)
            message = next(coming)
            event = msgspec.json.decode(message["data"])
            assert (message["event"], event["key"]) == ("s3:ObjectCreated:Put", key)
            assert message["id"] == event["id"]


def test_a_stream_ends_with_the_key_that_asked_for_it(console: Console, client: httpx.Client, bucket: str) -> None:
    key = ("AKIALEAVING", "leaving-secret")
    CREDENTIALS.keys[key[0]] = credential(*key, account=ACCOUNT)
    try:
        with (
            console.http(key, "/api/v1") as leaving,
            leaving.stream("GET", "/events", params={"bucket": bucket}, headers=STREAM) as stream,
        ):
            lines = stream.iter_lines()
            assert next(lines) == ": trug"
            coming = messages(lines)
            put(console, bucket, "a")
            assert msgspec.json.decode(next(coming)["data"])["key"] == "a"
            del CREDENTIALS.keys[key[0]]
            put(console, bucket, "b")
            assert list(coming) == []
    finally:
        CREDENTIALS.keys.pop(key[0], None)


def test_a_stream_goes_on_where_it_was_cut(console: Console, client: httpx.Client, bucket: str) -> None:
    put(console, bucket, "a", "b", "c")
    ids = [event["id"] for event in page(client, bucket=bucket, prefix="a")["events"]]
    with client.stream(
        "GET", "/events", params={"bucket": bucket}, headers=STREAM | {"last-event-id": ids[0]}
    ) as stream:
        coming = messages(stream.iter_lines())
        assert [msgspec.json.decode(next(coming)["data"])["key"] for _ in "bc"] == ["b", "c"]
    with client.stream("GET", "/events", params={"bucket": bucket, "since": ids[0]}, headers=STREAM) as stream:
        assert msgspec.json.decode(next(messages(stream.iter_lines()))["data"])["key"] == "b"


def test_the_head_of_a_stream_ends(client: httpx.Client) -> None:
    answer = client.head("/events", headers=STREAM)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, STREAM["accept"])


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "9" * 30, "0" * 5000, "0" * 19 + "1" + "9" * 40])
def test_a_last_id_that_is_none(client: httpx.Client, text: str) -> None:
    assert client.get("/events", headers=STREAM | {"last-event-id": text}).status_code == 400


def test_a_silent_stream_is_kept_alive(client: httpx.Client, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "KEEP_ALIVE", 0.1)
    with client.stream("GET", "/events", params={"bucket": bucket}, headers=STREAM) as stream:
        lines = stream.iter_lines()
        said = list(itertools.islice(lines, 5))
    assert ": still here" in said
    assert any(line.startswith("id: ") for line in said)


def test_a_stream_ends_with_its_server() -> None:
    with consoling(routes.family) as console:
        client = console.http(path="/api/v1")
        stream = client.send(client.build_request("GET", "/events", headers=STREAM), stream=True)
        lines = stream.iter_lines()
        assert next(lines) == ": trug"
    assert list(lines) == [""]
    client.close()


# --- the closed list ------------------------------------------------------------------------------------------------


def test_every_kind_that_is_announced_has_a_type() -> None:
    sources = [path.read_text() for path in Path(trug.__file__).parent.rglob("*.py")]
    announced = {kind for text in sources for kind in re.findall(r'Announce\(\s*"([^"]+)"', text)}
    announced |= {f"{called}{what}" for called in CALLED.values() for what in ("Created", "Changed", "Removed")}
    assert announced - set(TYPES) == set()
    assert {"BucketCreated", "UserCreated", "UploadPart"} <= announced
