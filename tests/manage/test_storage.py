"""The storage manager, asked over a socket."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.support.console import PUBLIC, Console, consoling
from tests.support.server import ACCOUNT, OTHER_ACCOUNT, REGION, STRANGER

from trug.domain.acl import Ownership
from trug.domain.keys import extension_of
from trug.domain.media import type_of
from trug.domain.preconditions import WriteConditions
from trug.domain.retention import Lock
from trug.domain.sizes import formatted_size
from trug.domain.versioning import Versioning
from trug.engine.content import Content
from trug.engine.drafts import Draft
from trug.manage.storage import receiving
from trug.manage.storage.routes import disposition

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 64
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\1" * 100
WEBP = b"RIFF\x24\0\0\0WEBPVP8 " + b"\2" * 50
PDF = b"%PDF-1.7\n" + b"\3" * 50
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


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
    name = f"files-{next(names)}"
    assert client.post("/buckets/create", json={"bucket_name": name}).status_code == 201
    return name


def upload(client: httpx.Client, bucket: str, name: str = "a.png", content: bytes = PNG) -> str:
    answer = client.post("/upload", data={"bucket": bucket}, files={"file": (name, content)})
    assert answer.status_code == 201, answer.text
    url: str = answer.json()["url"]
    return url.rpartition("/")[2]


def listed(client: httpx.Client, bucket: str, **asked: Any) -> dict[str, Any]:
    answer = client.get("/list", params={"bucket": bucket, **asked})
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


# --- uploads --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "media"),
    [
        ("photo.PNG", PNG, "image/png"),
        ("photo.jpg", JPEG, "image/jpeg"),
        ("x.webp", WEBP, "image/webp"),
        ("x.pdf", PDF, "application/pdf"),
        ("no extension", PNG, "image/png"),
        ("../../etc/passwd", PNG, "image/png"),
        ("großes Bild.png", PNG, "image/png"),
        ("a.png", PNG + b"\0" * 300_000, "image/png"),
        ("a.png", PNG + b"\0" * 3_000_000, "image/png"),
    ],
)
def test_upload(console: Console, client: httpx.Client, bucket: str, name: str, content: bytes, media: str) -> None:
    answer = client.post("/upload", data={"bucket": bucket}, files={"file": (name, content)})
    assert answer.status_code == 201, answer.text
    url = answer.json()["url"]
    assert url.startswith(f"{PUBLIC}/{bucket}/")
    key = url.rpartition("/")[2]
    assert UUID7.match(key)
    assert extension_of(key) == extension_of(name)
    found = console.run(find(console, bucket, key))
    assert found.record.headers == {"content-type": media}
    assert found.listing.size == len(content)
    assert client.get("/download", params={"bucket": bucket, "key": key}).content == content


async def find(console: Console, name: str, key: str) -> Any:
    bucket = await console.engine.buckets.find(name)
    assert bucket is not None
    return await console.engine.objects.find(bucket, key, None)


@pytest.mark.parametrize("size", [10, 400_000])
def test_the_file_may_come_before_the_bucket(client: httpx.Client, bucket: str, size: int) -> None:
    parts = [("file", ("a.png", PNG + b"\0" * size)), ("bucket", (None, bucket))]
    answer = client.post("/upload", files=parts)
    assert answer.status_code == 201, answer.text
    assert listed(client, bucket)["files"][0]["size_bytes"] == len(PNG) + size


@pytest.mark.parametrize("content", [b"<html><script>alert(1)</script>", b"<svg onload='x'>", b"hello", b"", b"GIF89a"])
def test_what_is_not_allowed_is_told_by_content(client: httpx.Client, bucket: str, content: bytes) -> None:
    answer = client.post("/upload", data={"bucket": bucket}, files={"file": ("innocent.png", content)})
    assert (answer.status_code, answer.json()) == (400, {"error": "files of this type are not allowed"})
    assert listed(client, bucket)["files"] == []


def test_many_files_in_their_order(client: httpx.Client, bucket: str) -> None:
    contents = [PNG + bytes([number]) * (1 + number * 100_000) for number in range(4)]
    files = [("files", (f"{number}.png", content)) for number, content in enumerate(contents)]
    answer = client.post("/upload-multiple", data={"bucket": bucket}, files=files)
    assert answer.status_code == 201, answer.text
    keys = [url.rpartition("/")[2] for url in answer.json()["urls"]]
    assert [client.get("/download", params={"bucket": bucket, "key": key}).content for key in keys] == contents
    assert client.get("/buckets/stats", params={"bucket": bucket}).json()["total_files"] == 4


@pytest.mark.parametrize("place", [0, 1, 2])
def test_many_files_all_or_none(client: httpx.Client, bucket: str, place: int) -> None:
    contents = [PNG + b"\0" * 400_000] * 3
    contents[place] = b"text"
    files = [("files", ("a.png", content)) for content in contents]
    answer = client.post("/upload-multiple", data={"bucket": bucket}, files=files)
    assert answer.status_code == 400
    assert listed(client, bucket)["files"] == []


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ([("bucket", (None, "?"))], "file"),
        ([("file", ("a.png", PNG))], "bucket"),
        ([("bucket", (None, "?")), ("bucket", (None, "?")), ("file", ("a.png", PNG))], "bucket"),
        ([("bucket", (None, "?")), ("file", ("a.png", PNG)), ("file", ("b.png", PNG))], "file"),
        ([("bucket", (None, "?")), ("file", (None, PNG))], "file"),
    ],
)
def test_forms_that_lack_something(client: httpx.Client, bucket: str, parts: list[Any], field: str) -> None:
    filled = [(name, (file, bucket if value == "?" else value)) for name, (file, value) in parts]
    answer = client.post("/upload", files=filled)
    assert answer.status_code == 400
    assert [mistake["field"] for mistake in answer.json()["mistakes"]] == [field]
    assert listed(client, bucket)["files"] == []


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=", b""),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--y\r\n"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nabc'),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nabc\r\n--x--\r\n',
        ),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"a" * 40_000),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--\r\n"),
    ],
)
def test_what_is_no_form(client: httpx.Client, media: str, body: bytes) -> None:
    answer = client.post("/upload", content=body, headers={"content-type": media})
    assert answer.status_code == 400, answer.text


def test_uploads_into_what_is_not_there_or_not_ones_own(console: Console, client: httpx.Client, bucket: str) -> None:
    files = {"file": ("a.png", PNG)}
    assert client.post("/upload", data={"bucket": "nowhere"}, files=files).status_code == 404
    with console.http(STRANGER) as stranger:
        assert stranger.post("/api/v1/upload", data={"bucket": bucket}, files=files).status_code == 403
    assert listed(client, bucket)["files"] == []


# --- files ----------------------------------------------------------------------------------------------------------


def test_lists(client: httpx.Client, bucket: str) -> None:
    keys = sorted(upload(client, bucket, f"{number}.png") for number in range(12))
    first = listed(client, bucket)
    assert [file["key"] for file in first["files"]] == keys[:10]
    second = listed(client, bucket, token=first["next_token"])
    assert [file["key"] for file in second["files"]] == keys[10:]
    assert "next_token" not in second
    file = first["files"][0]
    assert set(file) == {
        "key", "url", "size_bytes", "size_formatted", "extension", "storage_class", "last_modified",
    }  # fmt: skip
    assert (file["extension"], file["storage_class"], file["size_formatted"]) == (".png", "STANDARD", f"{len(PNG)} B")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", file["last_modified"])


@pytest.mark.parametrize(("limit", "count"), [("0", 10), ("-5", 10), ("3", 3), ("5000", 12)])
def test_limits(client: httpx.Client, limit: str, count: int, bucket: str) -> None:
    for _ in range(12):
        upload(client, bucket)
    assert len(listed(client, bucket, limit=limit)["files"]) == count


@pytest.mark.parametrize("asked", [{"limit": "ten"}, {"limit": "1x"}, {"token": "x"}, {"bucket": ""}])
def test_lists_that_cannot_be(client: httpx.Client, bucket: str, asked: dict[str, str]) -> None:
    assert client.get("/list", params={"bucket": bucket} | asked).status_code == 400


def test_files_that_a_filter_holds_of(client: httpx.Client, bucket: str) -> None:
    small = upload(client, bucket)
    large = [upload(client, bucket, content=PNG + b"\0" * 2000) for _ in range(3)]
    upload(client, bucket, "a.pdf", PDF + b"\0" * 2000)
    first = listed(client, bucket, filter="size > 1 KB", extension="png", limit=2)
    assert [file["key"] for file in first["files"]] == sorted(large)[:2]
    second = listed(client, bucket, filter="size > 1 KB", extension=".PNG", limit=2, token=first["next_token"])
    assert [file["key"] for file in second["files"]] == sorted(large)[2:]
    assert "next_token" not in second
    (only,) = listed(client, bucket, filter="size < 1 KB")["files"]
    (plain,) = (file for file in listed(client, bucket)["files"] if file["key"] == small)
    assert only == plain
    assert client.get("/list", params={"bucket": bucket, "filter": "size >"}).status_code == 400


@pytest.mark.parametrize("extension", ["pdf", ".pdf", ".PDF", "Pdf"])
def test_a_page_is_full_whatever_the_extension_leaves_out(client: httpx.Client, bucket: str, extension: str) -> None:
    for number in range(9):
        upload(client, bucket, *(("a.pdf", PDF) if number % 3 == 0 else ("a.png", PNG)))
    first = listed(client, bucket, extension=extension, limit=2)
    assert [file["extension"] for file in first["files"]] == [".pdf", ".pdf"]
    second = listed(client, bucket, extension=extension, limit=2, token=first["next_token"])
    assert len(second["files"]) == 1
    assert "next_token" not in second


def test_downloads_are_never_shown_by_a_browser(client: httpx.Client, bucket: str) -> None:
    key = upload(client, bucket)
    answer = client.get("/download", params={"bucket": bucket, "key": key})
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["content-disposition"] == 'attachment; filename="a.png"'


def test_head_tells_what_get_would(client: httpx.Client, bucket: str) -> None:
    content = PNG + b"\0" * 1_000_000
    key = upload(client, bucket, content=content)
    answer = client.head("/download", params={"bucket": bucket, "key": key})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(content))
    assert client.head("/list", params={"bucket": bucket}).status_code == 200
    assert client.head("/upload").status_code == 405


@pytest.mark.parametrize("name", ["Urlaub & Meer.png", 'a"b\\c.png', "x" * 1000 + ".png", "été.png"])
def test_names_are_kept_and_s3_never_tells_them(console: Console, client: httpx.Client, bucket: str, name: str) -> None:
    key = upload(client, bucket, name)
    told = client.get("/file", params={"bucket": bucket, "key": key}).json()
    assert (told["filename"], told["content_type"]) == (name.rpartition("\\")[2], "image/png")
    shown = client.get("/download", params={"bucket": bucket, "key": key}).headers["content-disposition"]
    assert shown == disposition(told["filename"])
    version = console.run(console.engine.objects.find(console.bucket(bucket), key, None))
    assert name not in repr((version.record.headers, version.record.metadata))


def test_files_that_wait_for_their_bucket_are_bounded_together(
    client: httpx.Client, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "LARGEST_UPLOAD", 1000)
    files: list[Any] = [("files", ("a.png", PNG.ljust(600, b"\0")))] * 2
    last: list[Any] = [*files, ("bucket", (None, bucket))]
    first: list[Any] = [("bucket", (None, bucket)), *files]
    assert client.post("/upload-multiple", files=last).status_code == 413
    assert client.post("/upload-multiple", files=first).status_code == 201


@pytest.mark.parametrize("name", ["\u202egpj.exe.png", "a\0.png", "a\u2066b.png", "a\u0085.png", "a\x1b[2J.png"])
def test_names_that_deceive(client: httpx.Client, bucket: str, name: str) -> None:
    body = (
        (
            f'--B\r\nContent-Disposition: form-data; name="bucket"\r\n\r\n{bucket}\r\n--B\r\n'
            f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        ).encode()
        + PNG
        + b"\r\n--B--\r\n"
    )
    answer = client.post("/upload", content=body, headers={"content-type": "multipart/form-data; boundary=B"})
    assert (answer.status_code, answer.json()["mistakes"][0]["field"]) == (400, "file")
    assert client.get("/list", params={"bucket": bucket}).json()["files"] == []


def test_names_that_are_too_long(client: httpx.Client, bucket: str) -> None:
    answer = client.post("/upload", data={"bucket": bucket}, files={"file": ("x" * 4096, PNG)})
    assert (answer.status_code, answer.json()["mistakes"][0]["field"]) == (400, "file")


def test_types_of_a_bucket(console: Console, client: httpx.Client, bucket: str) -> None:
    shown = client.get("/buckets/upload-types", params={"bucket": bucket}).json()
    assert shown == {
        "bucket_name": bucket,
        "types": ["application/pdf", "image/jpeg", "image/png", "image/webp"],
    }
    for types, status in ((["image/*"], 201), (["application/pdf"], 400), (["*/*"], 201), ([], 201)):
        asked = {"bucket_name": bucket, "types": types}
        assert client.put("/buckets/upload-types", json=asked).status_code == 200
        answer = client.post("/upload", data={"bucket": bucket}, files={"file": ("a.png", PNG)})
        assert answer.status_code == status
    asked = {"bucket_name": bucket, "types": ["*/*"]}
    with console.http(STRANGER) as stranger:
        assert stranger.put("/api/v1/buckets/upload-types", json=asked).status_code == 403
    client.put("/buckets/upload-types", json=asked)
    key = upload(client, bucket, "a.bin", b"\0\1\2")
    told = client.get("/file", params={"bucket": bucket, "key": key}).json()
    assert told["content_type"] == "application/octet-stream"


@pytest.mark.parametrize("types", ["image/png", ["image"], ["image/"], ["*"], [5], ["a/b\r\n"], ["A/B"], ["a/b"] * 101])
def test_lists_of_types_that_cannot_be(client: httpx.Client, bucket: str, types: object) -> None:
    assert client.put("/buckets/upload-types", json={"bucket_name": bucket, "types": types}).status_code == 400


def test_ranges(client: httpx.Client, bucket: str) -> None:
    key = upload(client, bucket)
    asked = {"bucket": bucket, "key": key}
    answer = client.get("/download", params=asked, headers={"range": "bytes=1-3"})
    assert (answer.status_code, answer.content) == (206, b"PNG")
    assert answer.headers["content-range"] == f"bytes 1-3/{len(PNG)}"
    assert client.get("/download", params=asked, headers={"range": "bytes=9999-"}).status_code == 416


def test_presigned_urls_are_good_on_s3(client: httpx.Client, bucket: str) -> None:
    key = upload(client, bucket)
    url = client.get("/presign", params={"bucket": bucket, "key": key}).json()["presigned_url"]
    assert url.startswith(f"{PUBLIC}/{bucket}/{key}?")
    assert "X-Amz-Expires=900" in url
    for expires, status in (("60", 200), ("0", 400), ("604801", 400), ("soon", 400)):
        answer = client.get("/presign", params={"bucket": bucket, "key": key, "expires": expires})
        assert answer.status_code == status
    assert client.get("/presign", params={"bucket": bucket, "key": "nothing"}).status_code == 404


def test_delete(client: httpx.Client, bucket: str) -> None:
    key = upload(client, bucket)
    for _ in range(2):
        assert client.delete("/delete", params={"bucket": bucket, "key": key}).status_code == 204
    assert client.get("/download", params={"bucket": bucket, "key": key}).status_code == 404


# --- buckets --------------------------------------------------------------------------------------------------------


def test_buckets(console: Console, client: httpx.Client, bucket: str) -> None:
    assert bucket in [each["name"] for each in client.get("/buckets/list").json()]
    assert client.post("/buckets/create", json={"bucket_name": bucket}).status_code == 409
    assert client.get("/buckets/stats", params={"bucket": bucket}).json() == {
        "bucket_name": bucket,
        "total_files": 0,
        "total_size_bytes": 0,
        "total_size_formatted": "0 B",
    }
    upload(client, bucket)
    assert client.delete("/buckets/delete", params={"name": bucket}).status_code == 409
    with console.http(STRANGER) as stranger:
        assert stranger.get("/api/v1/buckets/list").json() == []
        assert stranger.post("/api/v1/buckets/create", json={"bucket_name": bucket}).status_code == 409
        assert stranger.delete("/api/v1/buckets/delete", params={"name": bucket}).status_code == 403


def test_an_empty_bucket_goes(client: httpx.Client, bucket: str) -> None:
    assert client.delete("/buckets/delete", params={"name": bucket}).status_code == 204
    assert client.delete("/buckets/delete", params={"name": bucket}).status_code == 404
    assert client.get("/list", params={"bucket": bucket}).status_code == 404


def test_statistics_count_current_files(console: Console, client: httpx.Client, bucket: str) -> None:
    s3 = console.bucket(bucket)
    console.run(console.engine.buckets.set_versioning(s3, Versioning.ENABLED))
    keys = [upload(client, bucket) for _ in range(3)]
    client.delete("/delete", params={"bucket": bucket, "key": keys[0]})
    stats = client.get("/buckets/stats", params={"bucket": bucket}).json()
    assert (stats["total_files"], stats["total_size_bytes"]) == (2, 2 * len(PNG))


def test_emptying(console: Console, client: httpx.Client, bucket: str) -> None:
    assert client.get("/buckets/empty", params={"bucket": bucket}).status_code == 404
    for _ in range(3):
        upload(client, bucket)
    with console.http(STRANGER) as stranger:
        assert stranger.delete("/api/v1/buckets/empty", params={"bucket": bucket}).status_code == 403
    assert client.delete("/buckets/empty", params={"bucket": bucket}).status_code == 204
    state = client.get("/buckets/empty", params={"bucket": bucket}).json()
    assert (state["status"], state["removed_versions"], state["left"]) == ("finished", 3, [])
    assert client.delete("/buckets/delete", params={"name": bucket}).status_code == 204
    assert client.delete("/buckets/empty", params={"bucket": bucket}).status_code == 404


def test_emptying_leaves_what_is_locked(console: Console, client: httpx.Client, bucket: str) -> None:
    locks = console.engine.buckets.create("locked", account=ACCOUNT.id, region=REGION, tags={}, locks=True)
    s3 = console.run(locks)
    draft = Draft(lock=Lock(hold="ON"))
    console.run(console.engine.objects.put(s3, "kept", Content(b"x"), draft, WriteConditions()))
    upload(client, "locked")
    answer = client.delete("/buckets/empty", params={"bucket": "locked"})
    assert answer.status_code == 409
    assert answer.json() == {
        "error": "some files are locked and were left",
        "mistakes": [{"field": "kept", "error": "was left"}],
    }
    assert [file["key"] for file in listed(client, "locked")["files"]] == ["kept"]


def test_emptying_that_takes_long_goes_on(client: httpx.Client, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trug.manage.storage.emptying.PATIENCE", 0)
    for _ in range(3):
        upload(client, bucket)
    answer = client.delete("/buckets/empty", params={"bucket": bucket})
    assert (answer.status_code, answer.json()["bucket_name"]) == (202, bucket)
    for _ in range(200):
        if client.get("/buckets/empty", params={"bucket": bucket}).json()["status"] == "finished":
            break
        time.sleep(0.01)
    assert listed(client, bucket)["files"] == []


@pytest.mark.parametrize("name", ["", "A", "a..b", "-x", "x" * 64, "192.168.0.1", "../x", "a\0b", 5, None])
def test_names_that_no_bucket_has(client: httpx.Client, name: object) -> None:
    assert client.post("/buckets/create", json={"bucket_name": name}).status_code == 400


HOSTILE = ["../../x", "a\0b", "\u202egpj.exe", "x" * 5000, "a\r\nSet-Cookie: x", ""]


@pytest.mark.parametrize("key", HOSTILE)
@pytest.mark.parametrize(("method", "path"), [("GET", "/download"), ("GET", "/presign"), ("DELETE", "/delete")])
def test_hostile_keys(client: httpx.Client, bucket: str, method: str, path: str, key: str) -> None:
    answer = client.request(method, path, params={"bucket": bucket, "key": key})
    assert answer.status_code in (204, 400, 404)
    assert "set-cookie" not in answer.headers


# --- small things ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"), (812, "812 B"), (1023, "1023 B"), (1024, "1.0 KB"), (1536, "1.5 KB"), (20 << 20, "20.0 MB"),
        ((1 << 20) - 1, "1.0 MB"), (5 << 30, "5.0 GB"), (1 << 40, "1.0 TB"), (1 << 60, "1.0 EB"),
    ],
)  # fmt: skip
def test_sizes(size: int, text: str) -> None:
    assert formatted_size(size) == text


@pytest.mark.parametrize(
    ("key", "extension"),
    [("a.JPG", ".jpg"), ("a", ""), (".hidden", ""), ("a.b/c", ""), ("a.tar.gz", ".gz"), ("a.", ""), ("a.p g", "")],
)
def test_extensions(key: str, extension: str) -> None:
    assert extension_of(key) == extension


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a.png", 'attachment; filename="a.png"'),
        ('a"b.png', "attachment; filename=\"a_b.png\"; filename*=UTF-8''a%22b.png"),
        ("ä.png", "attachment; filename=\"_.png\"; filename*=UTF-8''%C3%A4.png"),
        ("a\r\nb", "attachment; filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab"),
    ],
)
def test_dispositions(name: str, shown: str) -> None:
    assert disposition(name) == shown


@pytest.mark.parametrize("head", [b"", b"\0", b"\0" * 8192, b"P", b"\xff" * 100])
def test_types_that_nobody_can_tell(head: bytes) -> None:
    assert type_of(head) not in ("image/png", "image/jpeg", "image/webp", "application/pdf")


def test_many_files_before_their_bucket(client: httpx.Client, bucket: str) -> None:
    contents = [PNG + bytes([number]) * (number * 90_000) for number in range(5)]
    form = [("files", (f"{number}.png", content)) for number, content in enumerate(contents)]
    answer = client.post("/upload-multiple", files=[*form, ("bucket", (None, bucket))])
    assert answer.status_code == 201, answer.text
    keys = [url.rpartition("/")[2] for url in answer.json()["urls"]]
    assert [client.get("/download", params={"bucket": bucket, "key": key}).content for key in keys] == contents


def test_who_guesses_keys_is_slowed_down() -> None:
    with consoling(rate=1) as strict, strict.http(("nobody", "guess")) as client:
        statuses = [client.get("/api/v1/buckets/list").status_code for _ in range(5)]
    assert statuses == [401, 401, 429, 429, 429]


def test_others_who_may_write_own_what_they_write(console: Console, client: httpx.Client, bucket: str) -> None:
    s3 = console.bucket(bucket)
    console.run(console.engine.guards.store_ownership(s3, Ownership.WRITER))
    console.run(console.engine.guards.store_policy(console.bucket(bucket), EVERYBODY_PUTS % bucket.encode()))
    with console.http(STRANGER, "/api/v1") as stranger:
        key = upload(stranger, bucket)
    version = console.run(console.engine.objects.find(console.bucket(bucket), key, None))
    assert version.record.owner == OTHER_ACCOUNT.id


EVERYBODY_PUTS = b"""{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::%s/*"}]}"""
