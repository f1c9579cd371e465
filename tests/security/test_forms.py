"""Row M of the list of bad inputs: forms, against the process that serves them."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest
from tests.support.forms import BOUNDARY, CONTENT_TYPE, END, form, part, signed
from tests.support.hostile import Keys
from tests.support.raw import Answer, Cut
from tests.support.stand import ALICE, Stand, eventually

KEY = {"key": "key"}
HEADERS = [("Content-Type", CONTENT_TYPE)]


def keys_of(keys: Keys) -> tuple[str, str]:
    return keys.access_key, keys.secret


def post(stand: Stand, bucket: str, body: bytes, headers: list[tuple[str, str]] = HEADERS) -> Answer:
    return stand.ask("POST", f"/{bucket}", headers, body, by=None)


def upload(bucket: str, content: bytes = b"content", fields: dict[str, str] = KEY, **more: object) -> bytes:
    conditions = [{"bucket": bucket}, *({name: value} for name, value in fields.items()), *more.values()]
    return form(signed(keys_of(ALICE), fields, conditions), content)


@pytest.mark.parametrize("size", [7, 100_000, 3_000_000])
def test_what_is_right_is_stored(stand: Stand, bucket: str, size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    assert post(stand, bucket, upload(bucket, content)).status == 204
    assert stand.get(bucket, "key") == content


@pytest.mark.parametrize("size", [7, 600_000])
def test_cut_anywhere(stand: Stand, empty: str, size: int) -> None:
    """D1 for forms: whatever did not come whole is not there."""
    body = upload(empty, b"x" * size)
    raw = stand.spell("POST", f"/{empty}", HEADERS, body, by=None)
    head = raw.index(b"\r\n\r\n") + 4
    for cut in (head, head + 20, head + 900, head + len(body) - size - 50, len(raw) - len(END) - 1, len(raw) - 1):
        with stand.connect() as connection:
            connection.send(raw[:cut])
            connection.end()
            with suppress(Cut):
                assert stand.seen(connection.receive("POST")).status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"\r\n" * 1_000_000,
        b"\0" * 1_000_000,
        f"--{BOUNDARY}\r\n".encode() * 100_000,
        part("", "") * 50_000,
        b"".join(part(f"x-amz-meta-{number}", "") for number in range(10_000)),
        f"--{BOUNDARY}\r\n".encode() + b"a: b\r\n" * 100_000,
        f"--{BOUNDARY}\r\nContent-Disposition: ".encode() + b"a" * 1_000_000,
        part("key", b"a" * 1_000_000),
        part("key", "k") + part("file", "x", "f") + part("file", "x", "f") * 10_000 + END,
        part("key", "k") + part("file", "x", "f") + part("after", "x") * 10_000 + END,
        form({**KEY, "policy": "[" * 10_000}),
    ],
    ids=range(11),
)
def test_m8_hostile_forms_cost_little(stand: Stand, empty: str, body: bytes) -> None:
    with stand.costing(2.0):
        answer = post(stand, empty, body)
    assert answer.status == 400


def test_what_looks_like_a_boundary(stand: Stand, bucket: str) -> None:
    """The parser's slowest food."""
    content = (b"\r\n--" + BOUNDARY.encode()[:-1] + b"x") * 100_000
    with stand.costing(5.0):
        assert post(stand, bucket, upload(bucket, content)).status == 204
    assert stand.get(bucket, "key") == content


def test_a_file_that_is_too_large_is_not_read_to_its_end(stand: Stand, empty: str) -> None:
    limit = ["content-length-range", 0, 1000]
    body = upload(empty, b"x" * 1_000_000, limit=limit)
    answer = post(stand, empty, body)
    assert (answer.status, answer.code) == (400, "EntityTooLarge")
    raw = stand.spell("POST", f"/{empty}", HEADERS, body, by=None, length=str(4 << 30))
    with stand.connect() as connection:
        connection.send(raw)
        assert stand.seen(connection.receive("POST")).code == "EntityTooLarge"


def test_one_form_is_stored_as_often_as_it_is_posted(stand: Stand, versioned: str) -> None:
    """A policy is no ticket for one use; posts at the same time do not mix."""
    bodies = [upload(versioned, bytes([number]) * 400_000) for number in range(6)]
    statuses: list[int] = []

    def one(body: bytes) -> None:
        statuses.append(post(stand, versioned, body).status)

    threads = [threading.Thread(target=one, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert statuses == [204] * 6
    content = stand.get(versioned, "key")
    assert len(set(content)) == 1
    assert len(content) == 400_000


def test_who_leaves_while_nobody_is_let_in(stand: Stand, empty: str) -> None:
    for _ in range(20):
        with stand.connect() as connection:
            connection.send(stand.spell("POST", f"/{empty}", HEADERS, form(KEY, b"x" * 500_000), by=None))
    assert eventually(lambda: not stand.open_blobs())


@pytest.mark.parametrize("host", ["{bucket}.site.test", "{bucket}.SITE.test.:80"])
def test_websites_are_off(stand: Stand, bucket: str, host: str) -> None:
    stand.put(bucket, "index.html")
    answer = stand.ask("GET", "/index.html", by=None, host=host.format(bucket=bucket))
    assert answer.code == "NoSuchBucket", "the path is read as that of a bucket"
