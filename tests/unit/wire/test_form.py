"""wire/form.py: forms as they come, and as they should not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.forms import BOUNDARY, CONTENT_TYPE, END, form, part
from tests.support.requests import wire_request

from trug.domain.errors import S3Error
from trug.domain.frozen import replace
from trug.wire.form import AT_ONCE, MOST_BYTES, Form, read_form

KEY = {"key": "k"}


class Pieces:
    """A RawBody that comes in these pieces."""

    def __init__(self, pieces: Sequence[bytes], length: int | None = None) -> None:
        self._pieces = [piece for piece in pieces if piece]
        self.length: int | None = sum(map(len, pieces)) if length is None else length

    async def read(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    async def readinto(self, buffer: memoryview) -> int:
        raise AssertionError("forms are parsed, not copied")


def asked(body: bytes | Sequence[bytes], content_type: str = CONTENT_TYPE, length: int | None = None) -> Any:
    pieces = [body] if isinstance(body, bytes) else body
    return replace(
        wire_request("POST", "/b", {"content-type": content_type}),
        raw_body=Pieces(pieces, length),  # type: ignore[arg-type]
    )


def read(body: bytes | Sequence[bytes], content_type: str = CONTENT_TYPE, length: int | None = None) -> Form:
    return asyncio.run(read_form(asked(body, content_type, length)))


async def _whole(wire: Any, limits: tuple[int, int] | None = None, size: int = 7) -> tuple[Form, bytes]:
    parsed = await read_form(wire)
    if limits:
        parsed.file.limit(*limits)
    content, buffer = bytearray(), memoryview(bytearray(size))
    while piece := await parsed.file.read():
        content += piece
        count = await parsed.file.readinto(buffer)
        content += buffer[:count]
    assert await parsed.file.readinto(buffer) == 0
    return parsed, bytes(content)


def whole(body: bytes | Sequence[bytes], *limits: int, length: int | None = None) -> tuple[Form, bytes]:
    """The form and its file."""
    return asyncio.run(_whole(asked(body, length=length), limits or None))  # type: ignore[arg-type]


def test_fields_and_file() -> None:
    parsed, content = whole(form([("Key", "a/${filename}"), ("x-amz-meta-ü", "ö"), ("acl", "private")], b"bytes"))
    assert parsed.fields == {"key": "a/a.txt", "x-amz-meta-ü": "ö", "acl": "private"}
    assert (parsed.key, content, parsed.file.length) == ("a/a.txt", b"bytes", 5)
    assert parsed.headers["x-amz-acl"] == "private"


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("a.txt", "a.txt"),
        ("C:\\folder\\a.txt", "a.txt"),
        ("/home/me/a.txt", "a.txt"),
        ("..\\../a.txt", "a.txt"),
        ("ü €.txt", "ü €.txt"),
        ('a\\"b', 'a"b'),
        ("${filename}", "${filename}"),
        ("", ""),
        (None, ""),
    ],
)
def test_filenames(filename: str | None, name: str) -> None:
    parsed, _ = whole(form({"key": "x${filename}", "x-amz-meta-name": "${filename}${filename}"}, filename=filename))
    assert (parsed.key, parsed.fields["x-amz-meta-name"]) == (f"x{name}", name * 2)


CONTENTS = st.lists(
    st.sampled_from(
        [b"\r\n", b"--", BOUNDARY.encode(), b"-", b"\r", b"\n", b"a", b"\0", b"\r\n--" + BOUNDARY[:9].encode()]
    ),
    max_size=12,
).map(b"".join)
FORBIDDEN = f"\r\n--{BOUNDARY}".encode()


@settings(max_examples=300, deadline=None)
@given(content=CONTENTS, cuts=st.lists(st.integers(1, 400), max_size=6), is_long=st.booleans())
def test_any_file_in_any_pieces(content: bytes, cuts: list[int], is_long: bool) -> None:
    if FORBIDDEN in b"\r\n" + content:
        return  # a boundary inside a part is the sender's mistake
    body = form(KEY, content)
    places = [0, *sorted({cut for cut in cuts if cut < len(body)}), len(body)]
    pieces = [body[start:stop] for start, stop in pairwise(places)]
    parsed, found = whole(pieces, length=AT_ONCE + 1 if is_long else None)
    assert (parsed.fields, found) == (KEY, content)
    assert parsed.file.length == (None if is_long else len(content))


def test_fields_after_the_file_are_ignored() -> None:
    after = part("key", "other") + part("x-amz-meta-a", "1")
    body = part("key", "k") + part("file", "content", "f") + after + END + b"epilogue"
    for length in (None, AT_ONCE + 1):
        parsed, content = whole(body, length=length)
        assert (parsed.fields, content) == (KEY, b"content")


def code_of(body: bytes | Sequence[bytes], content_type: str = CONTENT_TYPE, length: int | None = None) -> str:
    with pytest.raises(S3Error) as caught:
        asyncio.run(_whole(asked(body, content_type, length)))
    return caught.value.code.name


@pytest.mark.parametrize(
    ("content_type", "code"),
    [
        ("", "PreconditionFailed"),
        ("application/x-www-form-urlencoded", "PreconditionFailed"),
        ("multipart/mixed; boundary=x", "PreconditionFailed"),
        ("multipart/form-data", "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=", "MalformedPOSTRequest"),
        ('multipart/form-data; boundary=""', "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=" + "b" * 257, "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=a\x80", "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=a; boundary=b", "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=wrong", "MalformedPOSTRequest"),
        ("multipart/form-data boundary=x", "PreconditionFailed"),
    ],
)
def test_content_types(content_type: str, code: str) -> None:
    assert code_of(form(KEY), content_type) == code


def test_quoted_boundaries() -> None:
    assert read(form(KEY), f'Multipart/Form-Data; charset=utf-8; boundary="{BOUNDARY}"').fields == KEY


NAMED = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n'.encode()


def with_header(line: str) -> bytes:
    return NAMED + f"--{BOUNDARY}\r\n{line}\r\n\r\nv\r\n".encode() + part("file", "x", "f") + END


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "MalformedPOSTRequest"),
        (b"garbage", "MalformedPOSTRequest"),
        (b"\r\n" * 100_000, "MaxPostPreDataLengthExceeded"),
        (END, "InvalidArgument"),
        (part("key", "k") + END, "InvalidArgument"),
        (part("file", "x", "f") + part("key", "k") + END, "InvalidArgument"),
        (form({}), "InvalidArgument"),
        (form({"key": ""}), "InvalidArgument"),
        (part("key", "k") + part("file", "x", "f") + part("file", "y", "g") + END, "InvalidArgument"),
        (form([("key", "a"), ("key", "b")]), "InvalidArgument"),
        (form([("key", "a"), ("Key", "a")]), "InvalidArgument"),
        (form([("key", "k"), ("Acl", "a"), ("aCL", "a")]), "InvalidArgument"),
        (form({"key": "k" * 1025}), "KeyTooLongError"),
        (form({"key": "a\0b"}), "InvalidArgument"),
        (form({"key": "../k"}), "InvalidURI"),
        (form({"key": "${filename}"}, filename=".."), "InvalidURI"),
        (form({"key": "k", "x-amz-meta-\0": "v"}), "MalformedPOSTRequest"),
        (form({"key": "k", "": "v"}), "MalformedPOSTRequest"),
        (part("key", b"\xff") + part("file", "x") + END, "MalformedPOSTRequest"),
        (form(KEY)[:-4], "MalformedPOSTRequest"),
        (form(KEY)[: -len(END)], "MalformedPOSTRequest"),
        (form(KEY).replace(b"\r\n", b"\n"), "MalformedPOSTRequest"),
        (with_header("Content-Disposition: form-data; name*=utf-8''acl; name=\"acl\""), "MalformedPOSTRequest"),
        (with_header("Content-Disposition: form-data; name*0=a; name*1=cl"), "MalformedPOSTRequest"),
        (with_header('Content-Disposition: form-data; name="a"; name="b"'), "MalformedPOSTRequest"),
        (
            with_header('Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="b"'),
            "MalformedPOSTRequest",
        ),
        (with_header('Content-Disposition: attachment; name="a"'), "MalformedPOSTRequest"),
        (with_header("Content-Disposition: form-data"), "MalformedPOSTRequest"),
        (with_header('Content-Disposition: form-data; name="a'), "MalformedPOSTRequest"),
        (with_header("Content-Type: text/plain"), "MalformedPOSTRequest"),
        (
            with_header('Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64'),
            "MalformedPOSTRequest",
        ),
        (with_header("Content-Disposition : form-data"), "MalformedPOSTRequest"),
        (with_header(f'Content-Disposition: form-data; name="{"a" * 5000}"'), "MalformedPOSTRequest"),
        (with_header("\r\n".join([f"x-{number}: 1" for number in range(20)])), "MalformedPOSTRequest"),
        (
            form([*KEY.items(), *((f"x-amz-meta-{number}", "") for number in range(10_000))]),
            "MaxPostPreDataLengthExceeded",
        ),
        (form({**KEY, "x-ignore-a": "a" * MOST_BYTES}), "MaxPostPreDataLengthExceeded"),
        (
            part("key", "k") + part("file", "x", "f") + part("later", "a" * MOST_BYTES) + END,
            "MaxPostPreDataLengthExceeded",
        ),
    ],
)
@pytest.mark.parametrize("length", [None, AT_ONCE + 1])
def test_hostile_forms(body: bytes, code: str, length: int | None) -> None:
    assert code_of(body, length=length) == code
    assert code_of([body[at : at + 1000] for at in range(0, len(body), 1000)], length=length) == code


def test_a_body_without_length() -> None:
    wire = asked(form(KEY))
    wire.raw_body.length = None
    with pytest.raises(S3Error, match="MissingContentLength"):
        asyncio.run(read_form(wire))


@pytest.mark.parametrize("length", [None, AT_ONCE + 1])
@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ((0, 9), None),
        ((9, 9), None),
        ((0, 8), "EntityTooLarge"),
        ((10, 20), "EntityTooSmall"),
        ((20, 10), "EntityTooSmall"),
    ],
)
def test_sizes(limits: tuple[int, int], code: str | None, length: int | None) -> None:
    body = form(KEY, b"123456789")
    pieces = [body[at : at + 3] for at in range(0, len(body), 3)]
    if code is None:
        assert whole(pieces, *limits, length=length)[1] == b"123456789"
        return
    with pytest.raises(S3Error) as caught:
        whole(pieces, *limits, length=length)
    assert caught.value.code.name == code


def test_a_large_file_is_never_whole_in_memory() -> None:
    """What was not asked for was not read."""
    body = form(KEY, b"x" * 1_000_000)
    wire = asked([body[at : at + 10_000] for at in range(0, len(body), 10_000)])

    async def some() -> int:
        parsed = await read_form(wire)
        assert parsed.file.length is None
        return len(await parsed.file.read())

    assert asyncio.run(some()) <= 10_000
    assert len(wire.raw_body._pieces) >= 98
