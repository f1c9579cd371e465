"""What an answer looks like on the wire, and what becomes of the connection after it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from lxml import etree
from tests.support.asgi import Answer, ask, scope_of

from trug.domain.errors import ErrorCode, S3Error
from trug.edge import render
from trug.edge.asgi import AsgiBody, deliver
from trug.edge.render import BrokenStream, ClientGone, Letterhead, encoded, error_reply, head_of, pairs_of
from trug.observe import Trace
from trug.wire.reply import Lasting, Reply
from trug.wire.request import Headers


def answer_of(
    reply: Reply, method: str = "GET", headers: dict[str, str] | None = None, chunks: tuple[bytes, ...] = (), **how: Any
) -> Answer:
    """What ``deliver`` makes of a reply that was decided before the body was looked at."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = AsgiBody(receive, Headers(scope["headers"]))
        trace = Trace(0, "ID", method, "/")
        await deliver(reply, lines=[], body=body, receive=receive, send=send, trace=trace)

    return asyncio.run(ask(app, scope_of(method, headers=headers or {}), chunks, **how))


async def stream(*chunks: bytes, failure: Exception | None = None) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    if failure is not None:
        raise failure


def refusal(code: ErrorCode, **fields: str) -> Reply:
    error = S3Error(code, fields=fields, headers={"x-amz-delete-marker": "true"})
    return error_reply(error, resource="/b/<k>", request_id="ID", host_id="HOST")


def test_an_error_is_flat_xml() -> None:
    answer = answer_of(refusal(ErrorCode.NoSuchKey, Key="<k>&"))
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/xml"
    assert answer.headers["x-amz-delete-marker"] == "true"
    assert answer.headers["content-length"] == str(len(answer.body))
    root = etree.fromstring(answer.body)
    assert root.tag == "Error"
    assert [(child.tag, child.text) for child in root] == [
        ("Code", "NoSuchKey"),
        ("Message", "The specified key does not exist."),
        ("Key", "<k>&"),
        ("Resource", "/b/<k>"),
        ("RequestId", "ID"),
        ("HostId", "HOST"),
    ]


def test_an_error_to_head_has_no_body() -> None:
    answer = answer_of(refusal(ErrorCode.NoSuchKey), "HEAD")
    assert (answer.status, answer.body, answer.is_complete) == (404, b"", True)
    assert "content-length" not in answer.headers


def test_not_modified_has_neither_body_nor_content_headers() -> None:
    error = S3Error(ErrorCode.NotModified, headers={"etag": '"e"'})
    answer = answer_of(error_reply(error, resource="/", request_id="ID", host_id="H"))
    assert (answer.status, answer.body, answer.headers) == (304, b"", {"etag": '"e"'})


def test_busy_says_when_to_come_back() -> None:
    assert answer_of(refusal(ErrorCode.ServiceUnavailable)).headers["retry-after"] == "1"


def test_bytes_go_out_in_two_messages() -> None:
    answer = answer_of(Reply(headers={"etag": '"e"'}, body=b"abc"))
    assert [message["type"] for message in answer.messages] == ["http.response.start", "http.response.body"]
    assert answer.headers == {"etag": '"e"', "content-length": "3"}
    assert answer.body == b"abc"


@pytest.mark.parametrize("body", [b"", b"abc", stream(b"abc")])
def test_head_announces_a_length_and_sends_nothing(body: Any) -> None:
    answer = answer_of(Reply(body=body, length=12), "HEAD")
    assert (answer.headers["content-length"], answer.body, answer.is_complete) == ("12", b"", True)


def test_no_content() -> None:
    assert answer_of(Reply(204)).headers == {}


def test_a_stream() -> None:
    answer = answer_of(Reply(body=stream(b"ab", b"c", b"d"), length=4))
    assert (answer.body, answer.headers["content-length"], answer.is_complete) == (b"abcd", "4", True)


def test_a_stream_of_unknown_length() -> None:
    answer = answer_of(Reply(body=stream(b" ", b"<x/>")))
    assert (answer.body, answer.headers, answer.is_complete) == (b" <x/>", {}, True)


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        (Reply(body=stream(b"ab", failure=RuntimeError("disk")), length=4), RuntimeError),
        (Reply(body=stream(b"abcd", failure=RuntimeError("seal")), length=4), RuntimeError),
        (Reply(body=stream(b"ab"), length=4), BrokenStream),
        (Reply(body=stream(b"ab", failure=RuntimeError("disk"))), RuntimeError),
    ],
)
def test_R4_a_broken_stream_never_ends_cleanly(reply: Reply, failure: type[Exception]) -> None:  # noqa: N802
    answer = answer_of(reply)
    assert isinstance(answer.failure, failure)
    assert not answer.is_complete


def test_a_stream_stops_when_the_client_is_gone() -> None:
    given = 0
    is_closed = False

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given, is_closed
        try:
            while given < 1000:
                given += 1
                yield b"x"
                await asyncio.sleep(0)
        finally:
            is_closed = True

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def gone() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        body = AsgiBody(receive, Headers(()))
        reply = Reply(body=endless(), length=1000)
        await deliver(reply, lines=[], body=body, receive=gone, send=send, trace=Trace(0, "ID", "GET", "/"))

    answer = asyncio.run(ask(app, scope_of()))
    assert isinstance(answer.failure, ClientGone)
    assert given < 10
    assert is_closed


# --- headers ---


@pytest.mark.parametrize(
    ("value", "sent"),
    [("plain", b"plain"), ("caf\xe9", b"caf\xe9"), ("\u20ac", b"?"), ("a\r\nx: y", b"a  x: y"), ("a\0b\x7f", b"a b ")],
)
def test_E22_no_value_begins_another_header(value: str, sent: bytes) -> None:  # noqa: N802
    headers = {"x-amz-meta-a": value, "etag": "e"}
    assert encoded(headers) == [(b"x-amz-meta-a", sent), (b"etag", b"e")]
    head = head_of(Reply(headers=headers), "", "")
    assert head == b"HTTP/1.1 200 OK\r\nx-amz-meta-a: " + sent + b"\r\netag: e\r\n\r\n"


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "é"])
def test_only_tokens_are_names(name: str) -> None:
    with pytest.raises(ValueError, match="header name"):
        encoded({name: "x"})
    with pytest.raises(ValueError, match="header name"):
        head_of(Reply(headers={name: "x"}), "", "")


def test_headers_that_last_are_written_once() -> None:
    headers = Lasting({"ETag": '"1"', "x-amz-meta-a": "one\r\ntwo"})
    plain = head_of(Reply(200, dict(headers)), "", "")
    assert head_of(Reply(200, headers), "", "") == head_of(Reply(200, headers), "", "") == plain
    assert headers.lines.encode() in plain


def test_letterhead() -> None:
    letterhead = Letterhead("HOST")
    assert pairs_of(letterhead.text("ID", 1_700_000_000_999_999)) == [
        (b"date", b"Tue, 14 Nov 2023 22:13:20 GMT"),
        (b"server", b"trug"),
        (b"x-amz-id-2", b"HOST"),
        (b"x-amz-request-id", b"ID"),
    ]
    assert pairs_of(letterhead.text("ID", 1_700_000_001_000_000))[0] == (b"date", b"Tue, 14 Nov 2023 22:13:21 GMT")


# --- what is left of the request ---


def test_E17_a_short_rest_is_read_and_the_connection_stays() -> None:  # noqa: N802
    answer = answer_of(
        refusal(ErrorCode.AccessDenied), "PUT", {"content-length": "65536"}, (b"x" * 40_000, b"x" * 25_536)
    )
    assert "connection" not in answer.headers
    assert answer.reads == 2


def test_a_short_rest_without_length_too() -> None:
    answer = answer_of(refusal(ErrorCode.AccessDenied), "PUT", {"transfer-encoding": "chunked"}, (b"x" * 100, b"x"))
    assert "connection" not in answer.headers


@pytest.mark.parametrize("headers", [{"content-length": "200000"}, {"transfer-encoding": "chunked"}])
def test_E18_a_long_rest_closes_after_the_answer_was_sent_whole(headers: dict[str, str]) -> None:  # noqa: N802
    answer = answer_of(refusal(ErrorCode.AccessDenied), "PUT", headers, (b"x" * 100_000, b"x" * 100_000))
    assert answer.headers["connection"] == "close"
    assert answer.messages[1]["body"] == answer.body
    assert answer.messages[1]["more_body"]
    assert answer.messages[-1] == {"type": "http.response.body", "body": b""}
    assert answer.reads == 2


def test_lingering_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "LINGER_BYTES", 300_000)
    answer = answer_of(refusal(ErrorCode.AccessDenied), "PUT", {"content-length": str(10**9)}, (b"x" * 100_000,) * 100)
    assert answer.is_complete
    assert answer.reads < 10


@pytest.mark.parametrize("length", ["5", "500000"])
def test_behaviour_67_a_client_that_waits_for_100_is_answered_without_a_read(length: str) -> None:
    headers = {"content-length": length, "expect": "100-continue"}
    answer = answer_of(refusal(ErrorCode.AccessDenied), "PUT", headers, (b"x" * int(length),))
    assert answer.headers["connection"] == "close"
    assert (answer.reads, answer.is_complete) == (0, True)


def test_a_client_that_stalls_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "DRAIN_SECONDS", 0.02)
    monkeypatch.setattr(render, "LINGER_SECONDS", 0.02)

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def stalled() -> dict[str, Any]:
            await asyncio.Event().wait()
            raise AssertionError

        body = AsgiBody(stalled, Headers(scope["headers"]))
        reply = refusal(ErrorCode.AccessDenied)
        await deliver(reply, lines=[], body=body, receive=stalled, send=send, trace=Trace(0, "ID", "PUT", "/"))

    answer = asyncio.run(ask(app, scope_of("PUT", headers={"content-length": "5"})))
    assert (answer.headers["connection"], answer.is_complete) == ("close", True)


def test_a_client_that_is_gone_gets_its_answer_all_the_same() -> None:
    answer = answer_of(refusal(ErrorCode.AccessDenied), "PUT", {"content-length": "5"}, (b"x",), then_gone=True)
    assert (answer.headers["connection"], answer.is_complete) == ("close", True)
