"""Row E of the list of bad inputs: HTTP framing. Row F, slow and many clients, is ``test_slow.py``.

What cannot be parsed, or says two things about its length, is a BadRequest and the end of the connection: never a guess
at what the next proxy made of it. Both are told in S3's XML, behind the answers to what was understood before.
"""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest
from tests.support.hostile import EMPTY_SHA256, UNSIGNED
from tests.support.raw import Answer, Cut, Header, request_bytes
from tests.support.stand import DOMAIN, Stand

BAD = (400, "BadRequest")
UNBUILT = (501, "NotImplemented")
TOO_LARGE = (400, "RequestHeaderSectionTooLarge")


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


def put(stand: Stand, bucket: str, headers: list[Header], body: bytes = b"abc") -> Answer:
    """A PUT with these framing headers alone; nothing comes after it."""
    raw = stand.spell("PUT", f"/{bucket}/key", payload=UNSIGNED)
    head = raw.removesuffix(b"\r\n") + b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in headers)
    with stand.connect(seconds=3) as connection:
        connection.send(head + b"\r\n" + body)
        connection.end()
        answer = stand.seen(connection.receive("PUT"), "PUT")
        assert answer.status < 400 or connection.is_closed()
        return answer


LENGTHS: dict[str, list[Header]] = {
    "E1-two": [("Content-Length", "3"), ("Content-Length", "4")],
    "E2-equal": [("Content-Length", "3"), ("Content-Length", "3")],
    "E2-list": [("Content-Length", "3, 3")],
    "E5-plus": [("Content-Length", "+3")],
    "E5-minus": [("Content-Length", "-1")],
    "E5-float": [("Content-Length", "1e1")],
    "E5-hex": [("Content-Length", "0x3")],
    "E5-long": [("Content-Length", "9" * 23)],
    "E5-superscript": [("Content-Length", "\xb3")],
    "E5-underscore": [("Content-Length", "1_0")],
    "E5-with-coding": [("Content-Length", "3"), ("Transfer-Encoding", "chunked")],
    "E5-with-coding-before": [("Transfer-Encoding", "chunked"), ("Content-Length", "3")],
}


@pytest.mark.parametrize("headers", LENGTHS.values(), ids=LENGTHS.keys())
def test_e1_e2_e5_lengths(stand: Stand, empty: str, headers: list[Header]) -> None:
    assert told(put(stand, empty, headers)) == BAD


CODINGS = [
    "gzip, chunked",
    "xchunked",
    "chunked, chunked",
    "identity",
    "chunked, gzip",
    "gzip",
    "chunked;q=1",
    '"chunked"',
    "chunked,",
]


@pytest.mark.parametrize("coding", CODINGS)
def test_e4_codings(stand: Stand, empty: str, coding: str) -> None:
    answer = put(stand, empty, [("Transfer-Encoding", coding)], b"3\r\nabc\r\n0\r\n\r\n")
    assert told(answer) in (BAD, UNBUILT)


def test_e4_two_codings(stand: Stand, empty: str) -> None:
    headers = [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")]
    assert told(put(stand, empty, headers, b"3\r\nabc\r\n0\r\n\r\n")) in (BAD, UNBUILT)


@pytest.mark.parametrize("coding", ["Chunked", "CHUNKED", "chunked ", " chunked"])
def test_e4_another_case_is_the_same_coding(stand: Stand, empty: str, coding: str) -> None:
    answer = put(stand, empty, [("Transfer-Encoding", coding)], b"3\r\nabc\r\n0\r\n\r\n")
    assert told(answer) == (411, "MissingContentLength")


CHUNKS = [
    b"3\r\nabcX\r\n0\r\n\r\n",
    b"zz\r\nabc\r\n0\r\n\r\n",
    b"-3\r\nabc\r\n0\r\n\r\n",
    b"0x3\r\nabc\r\n0\r\n\r\n",
    b"fffffffffffffffff\r\nabc\r\n",
    b"3\r\nab",
    b"3;" + b"x" * 200_000 + b"\r\nabc\r\n0\r\n\r\n",
    b"\r\n\r\n",
]


@pytest.mark.parametrize("body", CHUNKS, ids=lambda body: ascii(body[:12]))
def test_e6_chunks(stand: Stand, empty: str, body: bytes) -> None:
    answer = put(stand, empty, [("Transfer-Encoding", "chunked")], body)
    assert answer.status in (400, 411)


def stored(stand: Stand, bucket: str, body: bytes) -> Answer:
    """A PUT in chunks that the operation does read: its length is told by the coding of its signature."""
    headers = [("x-amz-decoded-content-length", "3"), ("Transfer-Encoding", "chunked")]
    raw = stand.spell("PUT", f"/{bucket}/key", headers, payload="STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    with stand.connect(seconds=5) as connection:
        connection.send(raw + body)
        return stand.seen(connection.receive("PUT"), "PUT")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


FRAMED = b"3\r\nabc\r\n0\r\n\r\n"


def test_e6_chunks_of_http_around_chunks_of_s3(stand: Stand, bucket: str) -> None:
    assert stored(stand, bucket, chunk(FRAMED) + b"0\r\n\r\n").status == 200
    assert stored(stand, bucket, b"".join(chunk(FRAMED[at : at + 1]) for at in range(len(FRAMED))) + b"0\r\n\r\n")
    assert stand.get(bucket, "key") == b"abc"


@pytest.mark.parametrize("end", [b"zz\r\n", b"0\r\nX : y\r\n\r\n", b"-1\r\n", b"1\r\ncX\n", b"\r\n"])
def test_e6_a_body_that_breaks_off_is_nothing(stand: Stand, empty: str, end: bytes) -> None:
    """At once, not when the client's time is over."""
    assert told(stored(stand, empty, chunk(FRAMED[:5]) + end)) == BAD


def test_e6_a_trailer_is_nobodys_header(stand: Stand, bucket: str) -> None:
    trailer = b"0\r\nx-amz-meta-a: b\r\nx-amz-acl: public-read\r\nHost: evil.test\r\n\r\n"
    assert stored(stand, bucket, chunk(FRAMED) + trailer).status == 200
    assert stand.ask("HEAD", f"/{bucket}/key").header("x-amz-meta-a") is None


@pytest.mark.parametrize("line", [b"X-A: b\r\n", b"X-A: " + b"b" * 60_000])
def test_e6_a_trailer_without_end(stand: Stand, empty: str, line: bytes) -> None:
    with stand.costing(2.0):
        assert told(stored(stand, empty, chunk(FRAMED[:5]) + b"0\r\n" + line * (1_000_000 // len(line)))) == BAD


def raw_header(stand: Stand, line: bytes, method: str = "GET", target: str = "/-/live") -> Answer:
    head = f"{method} {target} HTTP/1.1\r\nHost: {stand.host}\r\n".encode()
    return stand.send(head + line + b"\r\n\r\n", method)


LINES = {
    "E9-blank-before-colon": b"X-A : b",
    "E9-nul": b"X-A: b\0c",
    "E9-bare-cr": b"X-A: b\rc",
    "E9-nul-in-name": b"X\0A: b",
    "E9-no-name": b": b",
    "E9-no-colon": b"X-A",
    "E9-latin-1-name": b"X-\xe9: b",
    "E9-slash-name": b"X/A: b",
    "E9-two-hosts": b"Host: evil.test",
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
def test_e9_header_lines(stand: Stand, line: bytes) -> None:
    assert told(raw_header(stand, line)) == BAD


def test_e8_a_folded_line_is_refused(stand: Stand, bucket: str) -> None:
    raw = stand.spell("PUT", f"/{bucket}/key", [("x-amz-meta-a", "b x-amz-meta-c: d")], b"abc")
    assert told(stand.send(raw.replace(b"b x-amz-meta-c", b"b\r\n x-amz-meta-c"), "PUT")) == BAD
    assert stand.holds(bucket) == ([], [])


@pytest.mark.parametrize("byte", [*range(1, 9), *range(11, 13), *range(14, 32), 127])
def test_e10_controls_in_metadata(stand: Stand, empty: str, byte: int) -> None:
    answer = stand.ask("PUT", f"/{empty}/key", [("x-amz-meta-a", f"a{chr(byte)}b")], b"abc")
    assert told(answer) in ((400, "InvalidArgument"), BAD)


@pytest.mark.parametrize("name", ["x-amz-tagging", "Content-Type", "Cache-Control", "x-amz-website-redirect-location"])
def test_e10_controls_in_what_is_stored(stand: Stand, empty: str, name: str) -> None:
    answer = stand.ask("PUT", f"/{empty}/key", [(name, "/a\x01b")], b"abc")
    assert told(answer) in ((400, "InvalidArgument"), BAD)


@pytest.mark.parametrize(
    "target",
    ["http://evil/{}/key", "HTTP://evil:80/{}/key", "http://u:p@evil/{}/key", "//evil/{}/key", "ftp://evil/{}/key"],
)
def test_e12_absolute_targets(stand: Stand, bucket: str, target: str) -> None:
    """The path alone, or a refusal: the host in a target is never believed over Host, nor made part of a key."""
    stand.put(bucket, "key")
    raw = stand.spell("GET", f"/{bucket}/key").replace(
        f"GET /{bucket}/key ".encode(), f"GET {target.format(bucket)} ".encode()
    )
    answer = stand.send(raw)
    assert answer.status in (200, 400, 403)
    if answer.status == 200:
        assert answer.body == b"content"
    assert stand.holds(bucket)[0] == ["key"]


@pytest.mark.parametrize(
    "target", ["*", "", "key", "?x", "#x", "\\", "/\\..\\x", "..", "../x", "/\xe9", "/a\x01", "/\x7f", "http://"]
)
def test_e12_targets_that_are_no_paths(stand: Stand, target: str) -> None:
    answer = stand.send(request_bytes("GET", target, [("Host", stand.host)]))
    assert answer.status in (400, 403)


@pytest.mark.parametrize("target", ["/{}/key#", "/{}/key#x", "/{}/key?x#y", "http://evil/{}/key#x", "/#/{}/key"])
def test_e13_fragments(stand: Stand, bucket: str, target: str) -> None:
    stand.put(bucket, "key")
    raw = request_bytes("GET", target.format(bucket), [("Host", stand.host)])
    assert told(stand.send(raw)) == (400, "InvalidURI")


@pytest.mark.parametrize(
    "line",
    [
        b"GET /\r\n",
        b"GET / HTTP/1.1\n",
        b"GET / HTTP/0.9\r\n",
        b"GET / HTTP/2.0\r\n",
        b"GET / HTTP/3\r\n",
        b"GET / HTTP/1.1 x\r\n",
        b"GET / http/1.1\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0" * 1000,
    ],
)
def test_e14_request_lines(stand: Stand, line: bytes) -> None:
    with stand.connect(seconds=2) as connection:
        connection.send(line + b"Host: x\r\n\r\n")
        connection.end()
        assert told(stand.seen(connection.receive())) == BAD
        assert connection.is_closed()


@pytest.mark.parametrize("size", [40_000, 200_000, 2_000_000])
@pytest.mark.parametrize("place", ["path", "query", "header", "headers", "name"])
def test_e16_long_heads(stand: Stand, place: str, size: int) -> None:
    x = "x" * size
    target = {"path": f"/{x}", "query": f"/?{x}"}.get(place, "/")
    headers = {"header": [("X-A", x)], "name": [(x, "a")], "headers": [("X-A", "a" * 90)] * (size // 100)}.get(
        place, []
    )
    with stand.costing(1.0), stand.connect() as connection:
        connection.send(request_bytes("GET", target, [("Host", stand.host), *headers]))
        assert told(stand.seen(connection.receive())) == TOO_LARGE
        assert size < 100_000 or connection.is_closed()  # a header that has come whole ends no connection


def test_e16_many_headers(stand: Stand) -> None:
    assert told(stand.send(stand.spell("GET", "/", [(f"x-{number}", "") for number in range(300)]))) == TOO_LARGE


def test_e16_the_limit_is_each_requests_own(stand: Stand) -> None:
    """In one piece with others, and behind them."""
    fitting = stand.spell("GET", "/", [("X-A", "x" * 30_000)])
    with stand.connect() as connection:
        connection.send(fitting * 4 + stand.spell("GET", "/", [("X-A", "x" * 40_000)]))
        assert [stand.seen(connection.receive()).status for _ in range(4)] == [200] * 4
        assert told(stand.seen(connection.receive())) == TOO_LARGE


# --- E17, E18: bodies nobody asked for ---


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("size", [10, 60_000, 300_000])
def test_e17_the_next_request_is_not_confused(stand: Stand, bucket: str, method: str, size: int) -> None:
    """What a body holds is never read as a request: drained, or the connection ends."""
    stand.put(bucket, "key")
    evil = stand.spell("DELETE", f"/{bucket}/key")
    body = (evil * (size // len(evil) + 1))[: max(size, len(evil))]
    first = stand.spell(method, f"/{bucket}/other", body=body)
    second = request_bytes("GET", "/-/live", [("Host", stand.host)])
    with stand.connect() as connection:
        connection.send(first + second)
        stand.seen(connection.receive(method), method)
        with suppress(Cut):
            assert connection.receive().body == b'{"live":true}'
            connection.end()
            assert connection.is_closed()
    assert stand.get(bucket, "key") == b"content"


def test_e17_pipelined_requests_are_answered_in_order(stand: Stand, bucket: str) -> None:
    for number in range(5):
        stand.put(bucket, f"{number}", b"%d" % number)
    with stand.connect() as connection:
        connection.send(b"".join(stand.spell("GET", f"/{bucket}/{number}") for number in range(5)))
        assert [stand.seen(connection.receive()).body for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]


def test_e17_a_smuggled_request_after_a_short_length(stand: Stand, bucket: str) -> None:
    """Bytes beyond Content-Length are the next request, with its own signature to show."""
    stand.put(bucket, "key")
    first = stand.spell("PUT", f"/{bucket}/new", body=b"abc")
    with stand.connect() as connection:
        connection.send(first + f"DELETE /{bucket}/key HTTP/1.1\r\nHost: {stand.host}\r\n\r\n".encode())
        assert connection.receive("PUT").status == 200
        assert told(stand.seen(connection.receive("DELETE"))) == (403, "AccessDenied")
    assert stand.get(bucket, "new") == b"abc"
    assert stand.get(bucket, "key") == b"content"


@pytest.mark.parametrize("waits", [False, True])
def test_e18_refused_before_the_body(stand: Stand, empty: str, *, waits: bool) -> None:
    expect = [("Expect", "100-continue")] if waits else []
    raw = stand.spell("PUT", f"/{empty}/key", expect, by=None, length=str(5 << 30))
    with stand.connect(seconds=5) as connection:
        connection.send(raw if waits else raw + bytes(100_000))
        answer = stand.seen(connection.receive("PUT"))
        assert told(answer) == (403, "AccessDenied")
        assert answer.interim == ()
        assert answer.header("connection") == "close"
        assert connection.is_closed()


def test_e18_nothing_sent_after_a_refusal_is_read_as_a_request(stand: Stand, bucket: str) -> None:
    stand.put(bucket, "key")
    evil = stand.spell("DELETE", f"/{bucket}/key")
    raw = stand.spell("PUT", f"/{bucket}/new", by=None, length=str(1 << 20))
    with stand.connect() as connection:
        connection.send(raw + evil)
        assert told(stand.seen(connection.receive("PUT"))) == (403, "AccessDenied")
        connection.send(evil * 10)
        assert connection.is_closed()
    assert stand.get(bucket, "key") == b"content"


def test_trap_67_100_continue_comes_after_the_decision(stand: Stand, bucket: str) -> None:
    body = b"x" * 100_000
    raw = stand.spell("PUT", f"/{bucket}/key", [("Expect", "100-continue")], body)
    head = raw[: -len(body)]
    with stand.connect() as connection:
        connection.send(head)
        assert connection.socket.recv(25, socket.MSG_PEEK).startswith(b"HTTP/1.1 100 Continue")
        connection.send(body)
        answer = stand.seen(connection.receive("PUT"))
        assert (answer.status, answer.interim) == (200, (100,))
    for refused in ([("If-None-Match", '"etag"')], [("Content-MD5", "x")], [("x-amz-acl", "public-read")]):
        raw = stand.spell("PUT", f"/{bucket}/key", [("Expect", "100-continue"), *refused], body)
        with stand.connect() as connection:
            connection.send(raw[: -len(body)])
            answer = stand.seen(connection.receive("PUT"))
            assert answer.status in (400, 501)
            assert answer.interim == ()


@pytest.mark.parametrize("expectation", ["foo", "100-continue, foo", "", "200-ok", "100-continue; a=b"])
def test_e20_expectations(stand: Stand, empty: str, expectation: str) -> None:
    raw = stand.spell("PUT", f"/{empty}/key", [("Expect", expectation)], b"abc")
    assert told(stand.send(raw, "PUT")) == (417, "ExpectationFailed")


@pytest.mark.parametrize("upgrade", ["h2c", "websocket", "TLS/1.3", "foo, bar"])
def test_e21_upgrades(stand: Stand, bucket: str, upgrade: str) -> None:
    stand.put(bucket, "key")
    headers = [
        ("Connection", "Upgrade"),
        ("Upgrade", upgrade),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", "13"),
        ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA"),
    ]
    with stand.connect() as connection:
        for method, body in (("PUT", b"content"), ("PUT", b"c" * 300_000), ("GET", b"")):
            connection.send(stand.spell(method, f"/{bucket}/key", headers, body))
            assert stand.seen(connection.receive(method)).status == 200
        connection.send(stand.spell("GET", f"/{bucket}/key"))
        assert connection.receive().body == b"c" * 300_000


def test_e21_nothing_behind_an_upgrade_is_read(stand: Stand, bucket: str) -> None:
    """Who goes on in another protocol, without an answer, speaks to nobody."""
    stand.put(bucket, "key")
    evil = stand.spell("DELETE", f"/{bucket}/key")
    upgrade = [("Connection", "Upgrade"), ("Upgrade", "h2c")]
    for first in (stand.spell("GET", f"/{bucket}/key", upgrade), stand.spell("CONNECT", "/", by=None)):
        with stand.connect() as connection:
            connection.send(first + evil)
            assert connection.receive().status in (200, 400, 405)
            assert connection.is_closed()
    assert stand.get(bucket, "key") == b"content"


SPLITS = [
    "%0D%0ASet-Cookie:%20evil=1",
    "%0ASet-Cookie:%20evil=1",
    "%0D%0A%0D%0A<script>",
    "%E5%98%8A%E5%98%8DSet-Cookie:%20evil=1",
]


@pytest.mark.parametrize("split", SPLITS)
def test_e22_line_breaks_in_names(stand: Stand, bucket: str, split: str) -> None:
    stand.put(bucket, f"a{split}")
    upload = stand.begin_upload(bucket, f"a{split}")
    etag = stand.put_part(bucket, upload, 1, b"x", f"a{split}")
    document = (
        f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    )
    target = f"/{bucket}/a{split}"
    answers = [
        stand.ask("GET", target),
        stand.ask("GET", f"/{bucket}?list-type=2"),
        stand.ask("GET", f"/{bucket}?prefix=a{split}&delimiter={split}&marker={split}"),
        stand.ask("GET", f"/{bucket}?uploads&prefix=a{split}"),
        stand.ask("GET", f"/{bucket}/missing{split}"),
        stand.ask("PUT", f"/bucket{split}"),
        stand.ask("GET", f"/bucket{split}/key"),
        stand.ask("GET", f"/{bucket}?continuation-token={split}&list-type=2"),
        stand.ask("GET", f"{target}?versionId={split}"),
        stand.ask("GET", f"{target}?response-content-type={split}"),
        stand.ask("POST", f"{target}?uploadId={upload}", body=document.encode()),
        stand.ask("PUT", f"/{bucket}/copy", [("x-amz-copy-source", f"/{bucket}/a{split}")]),
    ]
    for answer in answers:
        assert answer.header("set-cookie") is None
        assert b"<script>" not in answer.body.replace(b"content", b"")
        assert answer.status < 400 or answer.root is not None


ENCODED = [
    "=?UTF-8?Q?=C3=A9=0D=0ASet-Cookie:_evil?=",
    "=?UTF-8?B?w6kNClNldC1Db29raWU6IGV2aWw=?=",
    "=?ISO-8859-1?Q?=E9=0D=0A?=",
]


@pytest.mark.parametrize("value", ENCODED)
def test_e22_line_breaks_in_encoded_words(stand: Stand, empty: str, value: str) -> None:
    assert told(stand.ask("PUT", f"/{empty}/key", [("x-amz-meta-a", value)])) == (400, "InvalidArgument")


@pytest.mark.parametrize("value", ["=?UTF-8?Q?a=0D=0ASet-Cookie:_evil?=", "=?UTF-8?B?YQ0KU2V0LUNvb2tpZTogZXZpbA==?="])
def test_e22_encoded_words_of_ascii_stay_encoded(stand: Stand, bucket: str, value: str) -> None:
    stand.put(bucket, "key", headers=[("x-amz-meta-a", value)])
    answer = stand.ask("HEAD", f"/{bucket}/key")
    assert (answer.header("x-amz-meta-a"), answer.header("set-cookie")) == (value, None)


@pytest.mark.parametrize("size", [(5 << 30) + 1, 1 << 40, 9_999_999_999_999_999_999, 99_999_999_999_999_999_999])
def test_e24_too_large(stand: Stand, empty: str, size: int) -> None:
    raw = stand.spell("PUT", f"/{empty}/key", payload=UNSIGNED, length=str(size))
    answer = stand.send(raw, "PUT")
    assert told(answer) in ((400, "EntityTooLarge"), BAD)
    assert size != (5 << 30) + 1 or answer.code == "EntityTooLarge"


FORWARDED = [
    ("X-Forwarded-For", "8.8.8.8"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "evil.test"),
    ("Forwarded", "for=8.8.8.8;host=evil.test;proto=https"),
    ("X-Real-IP", "8.8.8.8"),
]


def test_e25_forwarded_headers_of_strangers(stand: Stand, bucket: str) -> None:
    stand.put(bucket, "key")
    assert stand.ask("GET", f"/{bucket}/key", FORWARDED).status == 200
    upload = stand.begin_upload(bucket)
    etag = stand.put_part(bucket, upload, 1, b"x")
    document = (
        f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    )
    answer = stand.ask("POST", f"/{bucket}/key?uploadId={upload}", FORWARDED, document.encode())
    assert answer.text("Location") == f"{stand.url}/{bucket}/key"
    assert "8.8.8.8" not in stand.log()
    metrics = stand.send(request_bytes("GET", "/-/metrics", [("Host", stand.host), *FORWARDED]))
    assert told(metrics) == (403, "AccessDenied")


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_e26_method_overrides(stand: Stand, bucket: str, name: str) -> None:
    stand.put(bucket, "key")
    assert stand.ask("GET", f"/{bucket}/key", [(name, "DELETE")]).body == b"content"
    assert stand.ask("POST", f"/{bucket}/key?_method=DELETE", [(name, "DELETE")]).status in (400, 405)
    assert stand.get(bucket, "key") == b"content"


# --- hosts ---


@pytest.mark.parametrize("host", [f"{{}}.{DOMAIN}", f"{{}}.{DOMAIN}:9000", f"{{}}.{DOMAIN.upper()}", f"{{}}.{DOMAIN}."])
def test_a_bucket_in_the_host(stand: Stand, bucket: str, host: str) -> None:
    stand.put(bucket, "key")
    for path, status in (
        ("/key", 200),
        (f"/{bucket}/key", 404),
        ("//key", 404),
        ("/-/live", 404),
        ("/minio/health/live", 404),
    ):
        assert stand.send(stand.spell("GET", path, host=host.format(bucket))).status == status, path


@pytest.mark.parametrize(
    "host",
    [
        f"evil{DOMAIN}",
        f".{DOMAIN}",
        f"..{DOMAIN}",
        f"{DOMAIN}.evil.test",
        f"a/b.{DOMAIN}",
        f"%2e.{DOMAIN}",
        f"-.{DOMAIN}",
        f"x@{DOMAIN}",
        "[::1",
        "é",
        f"a b.{DOMAIN}",
        ":",
        "[",
        "]",
    ],
)
def test_hosts_that_are_none_of_ours(stand: Stand, bucket: str, host: str) -> None:
    stand.put(bucket, "key")
    answer = stand.send(stand.spell("GET", f"/{bucket}/key", host=host))
    assert answer.status in (200, 400, 403, 404)
    if answer.status == 200:
        assert answer.body == b"content"


def test_no_host_at_all(stand: Stand) -> None:
    assert stand.send(b"GET / HTTP/1.1\r\n\r\n").status in (400, 403)
    assert stand.send(b"GET /-/live HTTP/1.0\r\n\r\n").status == 200


# --- who leaves in the middle ---


@pytest.mark.parametrize("sent", [0, 5, 100, 20_000, 200_000])
def test_trap_69_a_client_that_leaves(stand: Stand, empty: str, sent: int) -> None:
    raw = stand.spell("PUT", f"/{empty}/key", payload=UNSIGNED, length="200001")
    with stand.connect() as connection:
        connection.send(raw + bytes(sent))
        connection.end()
        with suppress(Cut):
            assert told(stand.seen(connection.receive("PUT"))) == (400, "IncompleteBody")


def test_an_empty_body_is_what_it_says(stand: Stand, empty: str) -> None:
    """No length at all is a length of nothing, and a signed hash of nothing."""
    assert stand.ask("PUT", f"/{empty}/key", payload=EMPTY_SHA256).status == 200
    assert stand.get(empty, "key") == b""
    stand.ask("DELETE", f"/{empty}/key")
