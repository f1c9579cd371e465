"""The presigned-upload service, asked over a socket; what is in no S3 port here is put into the engine."""

from __future__ import annotations

import itertools
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.support.console import PUBLIC, Console, consoling
from tests.support.server import STRANGER

from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.engine.content import Content
from trug.engine.drafts import Draft
from trug.jobs.expected_files import QUARANTINE, ExpectedFiles
from trug.ports.reads import OpenUploads

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 64
ASKED = {"filename": "holiday.png", "type": "image", "file_size": len(PNG)}


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
    name = f"uploads-{next(names)}"
    assert client.post("/buckets/create", json={"bucket_name": name}).status_code == 201
    return name


def ask(client: httpx.Client, bucket: str, **more: Any) -> dict[str, Any]:
    answer = client.post("/presigned-url", json={**ASKED, "bucket": bucket, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def status(client: httpx.Client, key: str) -> dict[str, Any]:
    answer = client.get(f"/file-status/{key}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def report(client: httpx.Client, key: str, said: str, method: str = "PUT") -> dict[str, Any]:
    answer = client.request(method, "/file-status", json={"uuid": key, "status": said})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def arrive(console: Console, bucket: str, key: str, content: bytes = PNG) -> None:
    async def store() -> None:
        found = await console.engine.buckets.find(bucket)
        assert found is not None
        await console.engine.objects.put(found, key, Content(content), Draft(), NO_WRITE_CONDITIONS)

    console.run(store())


def look(console: Console) -> None:
    """What the server does by itself all the time."""
    console.run(job(console).run())


def job(console: Console) -> ExpectedFiles:
    assert console.house is not None
    around = console.house.surroundings
    return ExpectedFiles(around.engine, around.metadata, around.clock)


def keys_of(client: httpx.Client, bucket: str) -> list[str]:
    return [file["key"] for file in client.get("/list", params={"bucket": bucket}).json()["files"]]


# --- URLs -----------------------------------------------------------------------------------------------------------


def test_a_url_for_a_file(client: httpx.Client, bucket: str) -> None:
    answer = ask(client, bucket)
    assert answer["status"] == "pending"
    assert answer["url"].startswith(f"{PUBLIC}/{bucket}/{answer['key']}.png?")
    assert parse_qs(urlsplit(answer["url"]).query)["X-Amz-Expires"] == ["3600"]
    assert answer["object_key"] == f"{answer['key']}.png"
    assert answer["headers"] == {"content-type": "image/png"}
    found = status(client, answer["key"])
    assert (found["name"], found["type"], found["status"]) == ("holiday.png", "image", "pending")


def test_at_the_root_too(console: Console, bucket: str) -> None:
    with console.http() as client:
        answer = client.post("/presigned-url", json={**ASKED, "bucket": bucket})
        assert answer.status_code == 200
        assert client.get(f"/file-status/{answer.json()['key']}").json()["status"] == "pending"


@pytest.mark.parametrize(
    ("name", "kind", "media"),
    [
        ("a.PDF", "document", "application/pdf"),
        ("a.txt", "document", "text/plain"),
        ("a.jpeg", "image", "image/jpeg"),
        ("a.mov", "video", "video/quicktime"),
        ("größe.webp", "image", "image/webp"),
        ("a.mp3", "audio/mpeg", "audio/mpeg"),
    ],
)
def test_types(client: httpx.Client, bucket: str, name: str, kind: str, media: str) -> None:
    answer = ask(client, bucket, filename=name, type=kind)
    assert answer["headers"] == {"content-type": media}
    assert status(client, answer["key"])["type"] == kind


def test_a_form(client: httpx.Client, bucket: str) -> None:
    answer = ask(client, bucket, method="POST", metadata={"album": "summer"})
    assert answer["url"] == f"{PUBLIC}/{bucket}"
    fields = answer["fields"]
    assert fields["key"] == answer["object_key"]
    assert fields["x-amz-meta-album"] == "summer"
    assert {"policy", "x-amz-signature", "x-amz-credential", "x-amz-date", "Content-Type"} <= set(fields)


def test_a_large_file_gets_parts(console: Console, client: httpx.Client, bucket: str) -> None:
    size = 1 << 30
    parts = ask(client, bucket, filename="a.mp4", type="video", file_size=size)["multipart"]
    assert sum(part["size"] for part in parts["parts"]) == size
    assert [part["number"] for part in parts["parts"]] == list(range(1, 65))
    query = parse_qs(urlsplit(parts["parts"][1]["url"]).query)
    assert (query["partNumber"], query["uploadId"]) == (["2"], [parts["upload_id"]])
    assert "uploadId=" in parts["complete_url"]
    assert len(open_uploads(console, bucket)) == 1


def open_uploads(console: Console, name: str) -> list[Any]:
    async def find() -> list[Any]:
        bucket = await console.engine.buckets.find(name)
        assert bucket is not None
        assert console.house is not None
        return await console.house.surroundings.metadata.fetch(OpenUploads(bucket.id, "", "", False, "", 10))

    return console.run(find())


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"file_size": 0}, "file_size"),
        ({"file_size": -5}, "file_size"),
        ({"file_size": "7"}, "file_size"),
        ({"file_size": 7.5}, "file_size"),
        ({"file_size": (5 << 30) + 1}, "file_size"),
        ({"file_size": 10**30}, "file_size"),
        ({"filename": ""}, "filename"),
        ({"filename": "no extension"}, "filename"),
        ({"filename": "../../etc/passwd.png"}, "filename"),
        ({"filename": "a\\b.png"}, "filename"),
        ({"filename": "a\0.png"}, "filename"),
        ({"filename": "gnp.\u202etxt.png"}, "filename"),
        ({"filename": "a" * 4096 + ".png"}, "filename"),
        ({"filename": 5}, "filename"),
        ({"type": ""}, "type"),
        ({"type": "unheard"}, "type"),
        ({"type": "video"}, "type"),
        ({"type": "", "content_type": "application/x-msdownload"}, "content_type"),
        ({"content_type": "video/mp4"}, "content_type"),
        ({"content_type": "not a type"}, "content_type"),
        ({"filename": "a.svg"}, "type"),
        ({"filename": "a.html", "type": "text"}, "type"),
        ({"type": "", "content_type": "text/html", "filename": "a.html"}, "content_type"),
        ({"type": "application/pdf"}, "filename"),
        ({"checksum": "SHA256:AAAA"}, "checksum"),
        ({"checksum": "NONE:AAAA"}, "checksum"),
        ({"checksum": "sha256"}, "checksum"),
        ({"profile": "nobody's"}, "profile"),
        ({"method": "DELETE"}, "method"),
        ({"metadata": {"a b": "c"}}, "metadata.a b"),
        ({"metadata": {"a": "ü"}}, "metadata.a"),
        ({"metadata": {str(n): "x" for n in range(17)}}, "metadata"),
        ({"metadata": ["a"]}, "metadata"),
    ],
)
def test_what_is_refused(client: httpx.Client, bucket: str, more: dict[str, Any], field: str) -> None:
    answer = client.post("/presigned-url", json={**ASKED, "bucket": bucket, **more})
    assert answer.status_code == 400, answer.text
    assert field in [mistake["field"] for mistake in answer.json().get("mistakes", [{"field": ""}])]


@pytest.mark.parametrize("missing", ["filename", "file_size", "type"])
def test_what_is_missing(client: httpx.Client, bucket: str, missing: str) -> None:
    given = {name: value for name, value in {**ASKED, "bucket": bucket}.items() if name != missing}
    answer = client.post("/presigned-url", json=given)
    assert answer.status_code == 400
    assert missing in [mistake["field"] for mistake in answer.json()["mistakes"]]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"filename": "\xff"}'])
def test_no_document(client: httpx.Client, body: bytes) -> None:
    assert client.post("/presigned-url", content=body).status_code == 400


def test_the_bucket_of_a_profile_is_made_by_who_may(console: Console) -> None:
    asked = {"filename": "a.png", "type": "image", "file_size": 5}
    with console.http() as client:
        assert client.post("/presigned-url", json=asked).json()["bucket"] == "uploads"
        assert client.post("/presigned-url", json=asked).status_code == 200
    with console.http(STRANGER) as stranger:
        assert stranger.post("/presigned-url", json=asked).status_code == 403


def test_who_may_not(console: Console, client: httpx.Client, bucket: str) -> None:
    assert client.post("/presigned-url", json={**ASKED, "bucket": "nowhere"}).status_code == 404
    with console.http(STRANGER) as stranger:
        assert stranger.post("/presigned-url", json={**ASKED, "bucket": bucket}).status_code == 403
    with console.http(None) as nobody:
        assert nobody.post("/presigned-url", json={**ASKED, "bucket": bucket}).status_code == 401


# --- what becomes of it ---------------------------------------------------------------------------------------------


def test_what_arrives_is_verified_and_no_report_is_needed(console: Console, client: httpx.Client, bucket: str) -> None:
    checksum = "SHA256:" + b64encode(sha256(PNG).digest()).decode()
    answer = ask(client, bucket, checksum=checksum)
    look(console)
    assert status(client, answer["key"])["status"] == "pending"
    arrive(console, bucket, answer["object_key"])
    look(console)
    assert status(client, answer["key"])["status"] == "verified"
    assert keys_of(client, bucket) == [answer["object_key"]]


@pytest.mark.parametrize(
    ("content", "more", "reason"),
    [
        (PNG + b"!", {}, f"it has {len(PNG) + 1} bytes instead of {len(PNG)}"),
        (b"<html><script>" + b"x" * (len(PNG) - 14), {}, "its content is not image/png"),
        (b"MZ" + b"\0" * (len(PNG) - 2), {}, "its content is not image/png"),
        (PNG, {"checksum": "MD5:" + b64encode(b"\0" * 16).decode()}, "its checksum is another one"),
    ],
)
def test_what_is_not_as_promised_is_put_aside(
    console: Console, client: httpx.Client, bucket: str, content: bytes, more: dict[str, str], reason: str
) -> None:
    answer = ask(client, bucket, **more)
    arrive(console, bucket, answer["object_key"], content)
    look(console)
    found = status(client, answer["key"])
    assert (found["status"], found["reason"]) == ("failed", reason)
    assert found["moved_to"] == f"{QUARANTINE}{answer['key']}/{answer['object_key']}"
    assert keys_of(client, bucket) == [found["moved_to"]]


def test_a_second_try_may_be_right(console: Console, client: httpx.Client, bucket: str) -> None:
    answer = ask(client, bucket)
    arrive(console, bucket, answer["object_key"], b"wrong")
    look(console)
    arrive(console, bucket, answer["object_key"])
    look(console)
    assert status(client, answer["key"])["status"] == "verified"


def test_what_is_verified_and_then_replaced_is_looked_at_again(
    console: Console, client: httpx.Client, bucket: str
) -> None:
    answer = ask(client, bucket)
    arrive(console, bucket, answer["object_key"])
    look(console)
    arrive(console, bucket, answer["object_key"], b"<html>")
    look(console)
    assert status(client, answer["key"])["status"] == "failed"


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH"])
def test_reports_are_told_until_the_server_knows(
    console: Console, client: httpx.Client, bucket: str, method: str
) -> None:
    answer = ask(client, bucket)
    for said in ("uploaded", "processing", "completed"):
        told = report(client, answer["key"], said, method)
        assert set(told) >= {"uuid", "name", "type", "status", "updated_at"}
        assert (told["uuid"], told["status"]) == (answer["key"], said)
    arrive(console, bucket, answer["object_key"], b"wrong")
    look(console)
    assert report(client, answer["key"], "completed", method)["status"] == "failed"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"uuid": "00000000-0000-7000-8000-000000000000", "status": "uploaded"}, 404),
        ({"uuid": "x", "status": "uploaded"}, 404),
        ({"uuid": "", "status": "uploaded"}, 400),
        ({"uuid": "x" * 5000, "status": "uploaded"}, 400),
        ({"uuid": "x\0", "status": "uploaded"}, 404),
        ({"uuid": 5, "status": "uploaded"}, 400),
        ({"status": "uploaded"}, 400),
        ({"uuid": "x"}, 400),
        ({"uuid": "x", "status": "verified"}, 400),
        ({"uuid": "x", "status": "unheard"}, 400),
        ({"uuid": "x", "status": None}, 400),
    ],
)
def test_reports_that_say_nothing(client: httpx.Client, body: dict[str, Any], code: int) -> None:
    assert client.put("/file-status", json=body).status_code == code


def test_nobody_else_is_told(console: Console, client: httpx.Client, bucket: str) -> None:
    key = ask(client, bucket)["key"]
    with console.http(STRANGER, "/api/v1") as stranger:
        assert stranger.get(f"/file-status/{key}").status_code == 404
        assert stranger.put("/file-status", json={"uuid": key, "status": "failed"}).status_code == 404
        assert stranger.get("/file-status").json() == {"files": []}


def test_pages_of_files(client: httpx.Client, bucket: str) -> None:
    asked = [ask(client, bucket)["key"] for _ in range(5)]
    report(client, asked[2], "processing")
    found: list[str] = []
    query: dict[str, Any] = {"limit": 2, "status": "pending"}
    while True:
        page = client.get("/file-status", params=query).json()
        found += [file["uuid"] for file in page["files"]]
        if "next_token" not in page:
            break
        query["token"] = page["next_token"]
    assert [key for key in found if key in asked] == [asked[0], asked[1], asked[3], asked[4]]
    assert client.get("/file-status", params={"status": "unheard"}).status_code == 400
    assert client.get("/file-status", params={"limit": "0"}).status_code == 400
