"""What an attacker tries beyond the list: joins, differences between layers, blocking the loop, races."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from tests.support.framed import UNSIGNED_TRAILER, unsigned_frames
from tests.support.hostile import UNSIGNED
from tests.support.raw import Answer, Cut, Header, request_bytes
from tests.support.stand import ALICE, ANA, DOMAIN, EVE, Stand, eventually

INVALID = (400, "InvalidArgument")
DENIED = (403, "AccessDenied")


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


# --- one header in two lines ---

JOINED: dict[str, list[Header]] = {
    "sha256": [("x-amz-content-sha256", UNSIGNED)],
    "decoded-length": [("x-amz-decoded-content-length", "3"), ("x-amz-decoded-content-length", "3")],
    "md5": [("Content-MD5", "kAFQmDzST7DWlj99KOF/cg=="), ("Content-MD5", "kAFQmDzST7DWlj99KOF/cg==")],
    "acl": [("x-amz-acl", "private"), ("x-amz-acl", "public-read")],
    "storage-class": [("x-amz-storage-class", "STANDARD"), ("x-amz-storage-class", "GLACIER")],
    "tagging": [("x-amz-tagging", "a=1"), ("x-amz-tagging", "b=2")],
    "owner": [("x-amz-expected-bucket-owner", "111111111111"), ("x-amz-expected-bucket-owner", "222222222222")],
    "trailer": [("x-amz-trailer", "x-amz-checksum-crc32"), ("x-amz-trailer", "x-amz-checksum-sha256")],
    "redirect": [("x-amz-website-redirect-location", "/a"), ("x-amz-website-redirect-location", "javascript:x")],
    "none-match": [("If-None-Match", "*"), ("If-None-Match", '"x"')],
}


@pytest.mark.parametrize("name", JOINED)
def test_headers_in_two_lines(stand: Stand, empty: str, name: str) -> None:
    """Joined they are one value; never is the first checked and the last used."""
    answer = stand.ask("PUT", f"/{empty}/key", JOINED[name], b"abc")
    if name == "redirect":  # "/a,javascript:x" is a path of this site
        assert answer.status == 200
        assert stand.ask("HEAD", f"/{empty}/key").header("x-amz-website-redirect-location") == "/a,javascript:x"
    elif name == "decoded-length":  # says nothing where nothing is framed
        assert answer.status in (200, 400)
    else:
        assert answer.status in (400, 403, 501), answer
    stand.ask("DELETE", f"/{empty}/key")


def test_http_trailers_are_no_headers(stand: Stand, bucket: str) -> None:
    """Fields after a chunked body, in the same packet as the head: none may count as sent before it."""
    frames = unsigned_frames([b"abc"])
    headers = [("x-amz-decoded-content-length", "3"), ("Transfer-Encoding", "chunked"), ("Content-Type", "text/plain")]
    raw = stand.spell("PUT", f"/{bucket}/key", headers, payload=UNSIGNED_TRAILER)
    body = b"%x\r\n%s\r\n0\r\n" % (len(frames), frames)
    trailers = b"Cache-Control: evil\r\nIf-None-Match: *\r\nContent-Language: evil\r\n\r\n"
    assert stand.send(raw + body + trailers, "PUT").status == 200
    answer = stand.ask("HEAD", f"/{bucket}/key")
    assert (answer.header("cache-control"), answer.header("content-language")) == (None, None)
    assert answer.header("content-type") == "text/plain"


@pytest.mark.parametrize(
    "name", ["Authorization", "Host", "x-amz-acl", "x-amz-date", "Content-Length", "x-amz-copy-source"]
)
def test_http_trailers_neither_spoil_nor_help(stand: Stand, bucket: str, name: str) -> None:
    frames = unsigned_frames([b"abc"])
    headers = [("x-amz-decoded-content-length", "3"), ("Transfer-Encoding", "chunked")]
    raw = stand.spell("PUT", f"/{bucket}/key", headers, payload=UNSIGNED_TRAILER)
    body = b"%x\r\n%s\r\n0\r\n" % (len(frames), frames)
    whole = raw + body + f"{name}: evil\r\n\r\n".encode()
    with stand.connect() as connection:
        connection.send(whole)
        at_once = stand.seen(connection.receive("PUT"), "PUT")
    with stand.connect() as connection:
        connection.send(raw)
        time.sleep(0.05)
        connection.send(whole[len(raw) :])
        apart = stand.seen(connection.receive("PUT"), "PUT")
    assert told(at_once) == told(apart), "the answer depends on how the bytes were cut into packets"


def test_an_authorization_in_a_trailer(stand: Stand, empty: str) -> None:
    """What was not in the head was not said in the head."""
    signed = stand.spell("PUT", f"/{empty}/key", [("Transfer-Encoding", "chunked")], payload=UNSIGNED)
    head, _, authorization = signed.removesuffix(b"\r\n\r\n").rpartition(b"\r\nAuthorization: ")
    raw = head + b"\r\n\r\n0\r\nAuthorization: " + authorization + b"\r\n\r\n"
    assert told(stand.send(raw, "PUT")) == DENIED


# --- one layer reads otherwise than another ---


@pytest.mark.parametrize(
    "query", ["%74agging", "tagging=", "tagging&tagging", "x=1&tagging", "tagging&x=", "tagging=x"]
)
def test_encoded_names_of_sub_resources(stand: Stand, bucket: str, query: str) -> None:
    """A sub-resource in other letters must not fall through to the object itself."""
    stand.put(bucket, "key", headers=[("x-amz-tagging", "a=1")])
    assert stand.ask("DELETE", f"/{bucket}/key?{query}").status == 204
    assert stand.get(bucket, "key") == b"content"
    assert stand.ask("GET", f"/{bucket}/key?tagging").texts("Tag") == []


@pytest.mark.parametrize(
    "query", ["acl&tagging", "uploads&tagging", "tagging&uploadId=x", "retention&tagging", "%61cl&tagging"]
)
def test_two_sub_resources(stand: Stand, bucket: str, query: str) -> None:
    stand.put(bucket, "key")
    for method in ("GET", "PUT", "DELETE", "POST"):
        assert stand.ask(method, f"/{bucket}/key?{query}").status in (400, 405, 501)
    assert stand.get(bucket, "key") == b"content"


@pytest.mark.parametrize(
    "path",
    [
        "{}%2Fkey",
        "%2F{}%2Fkey",
        "{}%252Fkey",
        "./{}/key",
        "{}/../{}/key",
        "x/../{}/key",
        "{}%00/key",
        "{}%20/key",
        "%20{}/key",
        "{}./key",
    ],
)
def test_other_spellings_of_a_bucket(stand: Stand, bucket: str, path: str) -> None:
    stand.put(bucket, "key")
    answer = stand.ask("GET", f"/{path.format(bucket, bucket)}")
    assert answer.status in (400, 403, 404)


@pytest.mark.parametrize("path", ["?x/key", "#/key", ";/key", "/key;x", "/key%3Bx", "/key%3Fx"])
def test_odd_ends_of_paths(stand: Stand, bucket: str, path: str) -> None:
    stand.put(bucket, "key")
    assert stand.ask("GET", f"/{bucket}{path}").status in (200, 400, 403, 404)
    assert stand.ask("DELETE", f"/{bucket}{path}", by=EVE).status in (400, 403, 404)
    assert stand.get(bucket, "key") == b"content"


def test_a_signature_for_one_host_style_is_none_for_the_other(stand: Stand, bucket: str) -> None:
    """``/x/key`` on the bare host and ``/x/key`` under a bucket's host are two requests."""
    stand.put(bucket, "key")
    raw = stand.spell("GET", f"/{bucket}/key")
    moved = raw.replace(f"Host: {stand.host}".encode(), f"Host: {bucket}.{DOMAIN}".encode())
    assert told(stand.send(moved)) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    "query",
    ["acl", "policy", "versioning", "encryption", "object-lock", "notification", "cors", "lifecycle", "x-unknown"],
)
def test_unbuilt_sub_resources_never_make_or_remove_a_bucket(stand: Stand, bucket: str, query: str) -> None:
    assert stand.ask("PUT", f"/{bucket}-new?{query}").status in (200, 400, 404, 501)
    made = stand.ask("HEAD", f"/{bucket}-new").status
    assert made == (200 if query == "x-unknown" else 404)
    assert stand.ask("DELETE", f"/{bucket}?{query}").status in (204, 405, 400, 501)
    assert stand.ask("HEAD", f"/{bucket}").status == (404 if query == "x-unknown" else 200)


# --- what is stored comes back as it was, or was refused ---

METADATA: dict[str, list[Header]] = {
    "no-name": [("x-amz-meta-", "a")],
    "too-large": [("x-amz-meta-a", "x" * 2049)],
    "too-many": [(f"x-amz-meta-{number}", "xxxxxxxx") for number in range(240)],
    "too-large-encoded": [("x-amz-meta-a", f"=?UTF-8?B?{base64.b64encode(b'x' * 5000).decode()}?=")],
}


@pytest.mark.parametrize("headers", METADATA.values(), ids=METADATA.keys())
def test_n8_n9_metadata_that_is_none(stand: Stand, empty: str, headers: list[Header]) -> None:
    answer = stand.ask("PUT", f"/{empty}/key", headers, b"x")
    assert told(answer) in (INVALID, (400, "MetadataTooLarge"))


VALUES = [
    "é",
    "é".encode().decode("latin-1"),
    "=?UTF-8?Q?=C3=A9?=",
    "=?UTF-8?B?w6k=?=",
    "=?UTF-8?B?!!?=",
    "=?x?Q?a?=",
    "=?=?=?=?=",
    "=?UTF-8?Q?=ZZ?=",
    "",
    "\xff\xfe",
    "€".encode().decode("latin-1"),
    "a" * 2000,
    "=?ISO-8859-1?Q?=E9?=",
    "%0D%0A",
    "\x80\x81\xa0",
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: ascii(value)[:16])
def test_n9_metadata_beyond_ascii(stand: Stand, bucket: str, value: str) -> None:
    """What comes back, sent again, means the same."""
    stand.put(bucket, "key", headers=[("x-amz-meta-a", value)])
    once = stand.ask("HEAD", f"/{bucket}/key").header("x-amz-meta-a")
    assert once is not None
    stand.put(bucket, "key", headers=[("x-amz-meta-a", once)])
    assert stand.ask("HEAD", f"/{bucket}/key").header("x-amz-meta-a") == once


NAMES = [
    "content-length",
    "set-cookie",
    "é",
    "a_b",
    "A",
    "a.b",
    "a'b",
    "a|b",
    "`",
    "%0d%0a",
    "etag",
    "x-amz-meta-a",
    "connection",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_metadata(stand: Stand, bucket: str, name: str) -> None:
    raw = stand.spell("PUT", f"/{bucket}/key", [(f"x-amz-meta-{name}", "evil")], b"abc")
    answer = stand.send(raw, "PUT")
    if answer.status != 200:
        assert told(answer) in (INVALID, (400, "BadRequest"))
        return
    head = stand.ask("HEAD", f"/{bucket}/key")
    assert head.header(f"x-amz-meta-{name.lower()}") == "evil"
    assert head.header("content-length") == "3"
    assert head.header("set-cookie") is None


@pytest.mark.parametrize(
    ("location", "status"),
    [
        ("/ok", 200),
        ("https://a.test/", 200),
        ("javascript:alert(1)", 400),
        ("//evil.test", 400),
        ("/\\evil.test", 400),
        ("JAVASCRIPT:x", 400),
        ("data:text/html,x", 400),
        (" javascript:x", 400),
        ("/" + "a" * 2048, 400),
        ("http:evil", 400),
        ("", 200),
        ("\\\\evil.test", 400),
        ("ftp://a", 400),
    ],
)
def test_n4_redirects(stand: Stand, bucket: str, location: str, status: int) -> None:
    answer = stand.ask("PUT", f"/{bucket}/key", [("x-amz-website-redirect-location", location)], b"x")
    assert answer.status == status
    assert status == 200 or answer.code == "InvalidRedirectLocation"


@pytest.mark.parametrize(
    "value", ["x" * 4096, "é", "é".encode().decode("latin-1"), 'attachment; filename="<>\'&"', ",,,", "\xa0"]
)
def test_n10_stored_headers(stand: Stand, bucket: str, value: str) -> None:
    names = ["content-type", "content-disposition", "content-language", "cache-control", "expires", "content-encoding"]
    stand.put(bucket, "key", headers=[(name, value) for name in names])
    assert stand.ask("PUT", f"/{bucket}/copy", [("x-amz-copy-source", f"/{bucket}/key")]).status == 200
    for key in ("key", "copy"):
        answer = stand.ask("GET", f"/{bucket}/{key}")
        assert [answer.header(name) for name in names] == [value] * len(names)


@pytest.mark.parametrize(
    "tags",
    [
        "a=1&a=2",
        "=1",
        "a=1&b=%zz",
        "a=%00",
        "a=%0A",
        "a=%C3",
        "&".join(f"{n}=1" for n in range(11)),
        "aws:a=1",
        "a" * 129,
        "a=" + "b" * 257,
        "a=1;b=2",
        "a=<",
        "a==",
        "%2=1",
        "\xff=1",
    ],
)
def test_tagging_headers(stand: Stand, empty: str, tags: str) -> None:
    answer = stand.ask("PUT", f"/{empty}/key", [("x-amz-tagging", tags)], b"x")
    if answer.status == 200:
        assert tags == "a=="  # an equals sign is a character that values may have
        stand.ask("DELETE", f"/{empty}/key")
        return
    assert told(answer) in (INVALID, (400, "InvalidTag"), (400, "BadRequest"))


def test_errors_can_be_read_by_any_parser(stand: Stand, bucket: str) -> None:
    """XML 1.0 has no control characters; an error that echoes one is no error to an SDK."""
    targets = [
        f"/{bucket}/%01",
        f"/{bucket}/a%0Bb",
        f"/{bucket}/%7F%C2%85",
        f"/{bucket}?max-keys=%02",
        f"/{bucket}/%EF%BF%BE",
        f"/{bucket}?encoding-type=%01",
    ]
    for target in targets:
        answer = stand.ask("GET", target)
        assert answer.code in ("NoSuchKey", "InvalidArgument"), target


def test_answers_are_never_compressed(stand: Stand, bucket: str) -> None:
    stand.put(bucket, "key", b"x" * 10_000)
    answer = stand.ask("GET", f"/{bucket}/key", [("Accept-Encoding", "gzip, br, zstd, *")])
    assert (answer.body, answer.header("content-encoding")) == (b"x" * 10_000, None)


# --- connections stay in step ---


def test_bodiless_answers_leave_the_connection_in_step(stand: Stand, bucket: str) -> None:
    etag = stand.put(bucket, "key").header("etag") or ""
    exchanges = [
        ("HEAD", f"/{bucket}/absent", [], 404),
        ("HEAD", f"/{bucket}", [], 200),
        ("GET", f"/{bucket}/key", [("If-None-Match", etag)], 304),
        ("HEAD", f"/{bucket}/key", [("If-Match", "x")], 412),
        ("DELETE", f"/{bucket}/absent", [], 204),
        ("HEAD", "/-/live", [], 200),
        ("HEAD", f"/{bucket}/key", [("Range", "bytes=99-")], 416),
        ("GET", f"/{bucket}/key", [], 200),
    ]
    with stand.connect() as connection:
        for method, target, headers, status in exchanges:
            connection.send(stand.spell(method, target, headers))
            assert stand.seen(connection.receive(method), method).status == status


def test_requests_cut_into_bytes(stand: Stand, bucket: str) -> None:
    raw = stand.spell("PUT", f"/{bucket}/key", body=b"abc")
    with stand.connect() as connection:
        for at in range(len(raw)):
            connection.socket.sendall(raw[at : at + 1])
        assert stand.seen(connection.receive("PUT")).status == 200
    assert stand.get(bucket, "key") == b"abc"


# --- nothing one client sends may stop the others ---


def many_headers(stand: Stand, _: str) -> None:
    lines = [("x-amz-meta-a", "x" * 90)] * 20_000
    with stand.connect(seconds=30) as connection, suppress(Cut):
        connection.send(request_bytes("GET", "/", [("Host", stand.host), *lines]))
        connection.receive()


def wide_completion(stand: Stand, bucket: str) -> None:
    body = b"<CompleteMultipartUpload>" + b"<Part/>" * 1_000_000 + b"</CompleteMultipartUpload>"
    stand.ask("POST", f"/{bucket}/key?uploadId=x", body=body, payload=UNSIGNED)


def wide_deletion(stand: Stand, bucket: str) -> None:
    stand.ask("POST", f"/{bucket}?delete", body=b"<Delete>" + b"<a/>" * 400_000 + b"</Delete>", payload=UNSIGNED)


def long_keys_deleted(stand: Stand, bucket: str) -> None:
    keys = "".join(f"<Object><Key>{number:04}{'k' * 1020}</Key></Object>" for number in range(1000))
    answer = stand.ask("POST", f"/{bucket}?delete", body=f"<Delete>{keys}</Delete>".encode())
    assert len(answer.texts("Deleted")) == 1000


def many_parameters(stand: Stand, bucket: str) -> None:
    for _ in range(10):
        stand.visit("GET", f"/{bucket}?" + "&".join(f"a{number}=%41" for number in range(2000)))


def many_small_chunks(stand: Stand, bucket: str) -> None:
    body = b"1\r\nx\r\n" * 300_000 + b"0\r\n\r\n"
    raw = stand.spell(
        "PUT",
        f"/{bucket}/key",
        [("Transfer-Encoding", "chunked"), ("x-amz-decoded-content-length", "300000")],
        payload=UNSIGNED_TRAILER,
    )
    with stand.connect() as connection, suppress(Cut):
        connection.send(raw + body)
        connection.receive("PUT")


COSTLY = [many_headers, wide_completion, wide_deletion, long_keys_deleted, many_parameters, many_small_chunks]


@pytest.mark.parametrize("work", COSTLY, ids=lambda work: work.__name__)
def test_no_request_keeps_the_others_waiting(stand: Stand, bucket: str, work: Callable[[Stand, str], None]) -> None:
    with stand.costing(1.0):
        work(stand, bucket)


def test_metrics_do_not_grow_with_what_strangers_ask(stand: Stand) -> None:
    def lines() -> int:
        return len(stand.send(request_bytes("GET", "/-/metrics", [("Host", stand.host)])).body.splitlines())

    stand.visit("PUT", "/x/y?acl")
    stand.visit("PATCH", "/")
    before = lines()
    for number in range(60):
        stand.visit("GET", f"/bucket{number}/key{number}?x{number}=1")
        stand.send(request_bytes(("LOCK", "MKCOL", "SEARCH")[number % 3], f"/{number}", [("Host", stand.host)]))
    assert lines() <= before + 40  # GetObject, once


def test_the_log_is_one_line_a_request(stand: Stand) -> None:
    agents = [
        "\x1b[2J",
        'x"} {"status":200',
        "a\tb",
        "é",
        "\xff",
        "${jndi:x}",
        "%0a{}",
        "\u2028".encode().decode("latin-1"),
        "x" * 20_000,
    ]
    for agent in agents:
        stand.send(request_bytes("GET", "/%0A%22%7D/%1B?a=%0A%00", [("Host", stand.host), ("User-Agent", agent)]))

    def are_whole() -> bool:
        written = [line for line in stand.log().splitlines() if line.startswith("{")]
        return all(json.loads(line) for line in written) and '"/%0A%22%7D/%1B"' in written[-1]

    assert eventually(are_whole)


# --- tenants ---


def test_existence_is_not_told_to_strangers(stand: Stand, bucket: str, versioned: str) -> None:
    """Of a bucket that is not theirs, all keys look the same, in status, code, headers and words."""
    stand.put(bucket, "key")
    stand.put(versioned, "marked")
    stand.ask("DELETE", f"/{versioned}/marked")
    for query in (
        "",
        "?versionId=null",
        "?versionId=x",
        "?tagging",
        "?attributes",
        "?partNumber=1",
        "?partNumber=x",
        "?uploadId=x",
        "?response-x=1",
    ):
        for method in ("GET", "HEAD", "DELETE"):
            seen = {
                (answer.status, answer.code, tuple(name for name, _ in answer.headers))
                for place, key in ((bucket, "key"), (bucket, "absent"), (versioned, "marked"))
                for answer in (stand.ask(method, f"/{place}/{key}{query}", by=EVE),)
            }
            assert len(seen) == 1, (method, query, seen)
    assert bucket not in stand.ask("GET", "/", by=EVE).texts("Name")
    assert told(stand.ask("PUT", f"/{bucket}", by=EVE)) == (409, "BucketAlreadyExists")
    assert stand.get(bucket, "key") == b"content"


@pytest.mark.parametrize(
    "owner", ["222222222222", "", "111111111111 ", "0111111111111", "*", "é", "111111111111,111111111111"]
)
def test_expected_owners(stand: Stand, bucket: str, owner: str) -> None:
    stand.put(bucket, "key")
    answer = stand.ask("GET", f"/{bucket}/key", [("x-amz-expected-bucket-owner", owner)])
    assert answer.status == (200 if owner.strip() == "111111111111" else 403)
    copy = [("x-amz-copy-source", f"/{bucket}/key"), ("x-amz-source-expected-bucket-owner", owner)]
    assert stand.ask("PUT", f"/{bucket}/copy", copy).status == (200 if owner.strip() == "111111111111" else 403)


def test_a_key_that_is_gone(stand: Stand) -> None:
    """A user acts by policies; a wrong secret of a known key never does."""
    assert stand.ask("GET", "/", by=ANA).status == 200
    assert told(stand.ask("GET", "/", by=type(ANA)(ANA.access_key, ALICE.secret))) == (403, "SignatureDoesNotMatch")


# --- tokens ---


@pytest.mark.parametrize(
    "after", [b"\0", b"a\0b", b"\xff", b"\xed\xa0\x80", b"", b"x" * 20_000, "\U0010ffff".encode(), b"'; --"]
)
def test_forged_continuation_tokens(stand: Stand, bucket: str, after: bytes) -> None:
    stand.put(bucket, "key")
    token = base64.urlsafe_b64encode(b"\x01trug" + after).decode().replace("=", "%3D")
    for query in ("", "&delimiter=/", "&prefix=k", "&delimiter=e"):
        assert told(stand.ask("GET", f"/{bucket}?list-type=2&continuation-token={token}{query}")) in (
            (200, ""),
            INVALID,
        )
    assert told(stand.ask("GET", f"/?max-buckets=1&continuation-token={token}")) in ((200, ""), INVALID)


# --- races ---


def at_once(*works: Callable[[], Answer]) -> list[Answer]:
    barrier = threading.Barrier(len(works))

    def one(work: Callable[[], Answer]) -> Answer:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(one, works))


@pytest.mark.parametrize("size", [10, 50_000])
def test_a_bucket_removed_while_it_is_filled(stand: Stand, size: int) -> None:
    for _ in range(8):
        bucket = stand.make_bucket()
        puts = [stand.spell("PUT", f"/{bucket}/{number}", body=bytes(size)) for number in range(3)]
        begin = stand.spell("POST", f"/{bucket}/key?uploads")
        remove = stand.spell("DELETE", f"/{bucket}")
        removed, begun, *put = at_once(
            lambda: stand.send(remove, "DELETE"),  # noqa: B023
            lambda: stand.send(begin, "POST"),  # noqa: B023
            *[lambda raw=raw: stand.send(raw, "PUT") for raw in puts],
        )
        assert told(begun) in ((200, ""), (404, "NoSuchBucket"))
        assert {told(answer) for answer in put} <= {(200, ""), (404, "NoSuchBucket")}
        if removed.status == 204:
            assert stand.ask("PUT", f"/{bucket}").status == 200
            assert stand.holds(bucket) == ([], [])
        else:
            assert told(removed) == (409, "BucketNotEmpty")
            assert len(stand.holds(bucket)[0]) == sum(answer.status == 200 for answer in put)


def test_one_bucket_made_by_two(stand: Stand) -> None:
    for turn in range(8):
        raws = [stand.spell("PUT", f"/contested-{id(stand)}-{turn}", by=who) for who in (ALICE, EVE)]
        answers = at_once(*[lambda raw=raw: stand.send(raw, "PUT") for raw in raws])
        assert sorted(told(answer) for answer in answers) == [(200, ""), (409, "BucketAlreadyExists")]


def test_copies_of_what_is_being_replaced(stand: Stand, bucket: str) -> None:
    """A copy is one of the contents, whole."""
    contents = [bytes([65 + number]) * 30_000 for number in range(4)]
    stand.put(bucket, "key", contents[0])
    works: list[Callable[[], Answer]] = []
    for number, content in enumerate(contents):
        works.append(lambda content=content: stand.ask("PUT", f"/{bucket}/key", body=content))
        source = [("x-amz-copy-source", f"/{bucket}/key")]
        works.append(lambda number=number: stand.ask("PUT", f"/{bucket}/copy{number}", source))  # noqa: B023
    answers = at_once(*works)
    assert {answer.status for answer in answers} == {200}
    for number in range(len(contents)):
        assert stand.get(bucket, f"copy{number}") in contents
