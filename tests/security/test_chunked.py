"""Row D of the list of bad inputs: aws-chunked framing, trailers and checksums."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from tests.support.framed import SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER, Frames, chunks, framed, unsigned_frames
from tests.support.hostile import UNSIGNED, Chain
from tests.support.raw import Answer, Cut, Header
from tests.support.stand import Stand

FIRST, SECOND, LAST = b"a" * 8192, b"b" * 8192, b"c" * 100
PIECES = [FIRST, SECOND, LAST]
CONTENT = b"".join(PIECES)
CRC = base64.b64encode(zlib.crc32(CONTENT).to_bytes(4, "big")).decode()
TRAILER = ("x-amz-checksum-crc32", CRC)
ANNOUNCED = [("x-amz-trailer", TRAILER[0])]
INCOMPLETE = (400, "IncompleteBody")
MISMATCH = (403, "SignatureDoesNotMatch")
INVALID = (400, "InvalidRequest")
BAD_TRAILER = (400, "MalformedTrailerError")


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


def upload(stand: Stand, bucket: str, frames: Frames, *, decoded: int | str | None = None, **how: Any) -> Answer:
    """The answer to a PUT of ``key``; the connection says nothing more after it."""
    decoded = len(CONTENT) if decoded is None else decoded
    head, body = framed(stand, f"/{bucket}/key", frames, decoded=decoded, **how)
    return stand.send(head + body, "PUT", ends=False)


MODES: dict[str, tuple[str, Frames, list[Header]]] = {
    "signed": (SIGNED, chunks(PIECES), []),
    "signed-trailer": (SIGNED_TRAILER, chunks(PIECES, trailer=TRAILER), ANNOUNCED),
    "unsigned-trailer": (UNSIGNED_TRAILER, chunks(PIECES, trailer=TRAILER, is_signed=False), ANNOUNCED),
}


@pytest.mark.parametrize("mode", MODES)
def test_right_frames_are_taken(stand: Stand, bucket: str, mode: str) -> None:
    name, frames, headers = MODES[mode]
    assert upload(stand, bucket, frames, mode=name, headers=headers).status == 200
    assert stand.get(bucket, "key") == CONTENT
    assert stand.ask("HEAD", f"/{bucket}/key").header("content-encoding") is None


# --- D1: cut anywhere ---


def interesting(body: bytes) -> list[int]:
    """Every offset but those inside the chunks' data, of which the ends and the middles."""
    found = set(range(len(body)))
    for piece in PIECES:
        begin = body.index(piece)
        found -= set(range(begin + 3, begin + len(piece) - 3)) - {begin + len(piece) // 2}
    return sorted(found)


@pytest.mark.parametrize("mode", MODES)
def test_d1_cut_and_closed(stand: Stand, empty: str, mode: str) -> None:
    name, frames, headers = MODES[mode]
    head, body = framed(stand, f"/{empty}/key", frames, decoded=len(CONTENT), mode=name, headers=headers)
    for offset in interesting(body)[::3]:
        with stand.connect() as connection, suppress(Cut):
            connection.send(head + body[:offset])
            connection.end()
            assert told(stand.seen(connection.receive("PUT"), "PUT")) == INCOMPLETE, offset


@pytest.mark.parametrize("mode", MODES)
def test_d1_cut_and_declared_so(stand: Stand, empty: str, mode: str) -> None:
    """A Content-Length that fits what is sent does not make half a body whole."""
    name, frames, headers = MODES[mode]
    decoded = len(CONTENT)
    _, body = framed(stand, f"/{empty}/key", frames, decoded=decoded, mode=name, headers=headers)
    for offset in interesting(body)[::3]:
        head, body = framed(stand, f"/{empty}/key", frames, decoded=decoded, mode=name, headers=headers, length=offset)
        answer = stand.send(head + body[:offset], "PUT")
        assert told(answer) == INCOMPLETE, offset


# --- D2: sizes ---

SIZES = [
    "zz",
    "-1",
    "+1",
    "0x10",
    "",
    " 1",
    "1 ",
    "1_0",
    "fffffffffffffffff",
    "0" * 1000 + "1",
    "ffffffffffffffff",
    "\xb2",
    "1;",
    ";",
    "\t1",
    "7fffffffffffffff",
    "1e1",
    "1.0",
]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: ascii(size)[:12])
@pytest.mark.parametrize("is_signed", [True, False])
def test_d2_sizes(stand: Stand, empty: str, size: str, *, is_signed: bool) -> None:
    def frames(chain: Chain) -> bytes:
        extension = f";chunk-signature={chain.chunk(b'x')}" if is_signed else ""
        return f"{size}{extension}\r\nx\r\n".encode("latin-1") + chunks([], is_signed=is_signed)(chain)

    mode = SIGNED if is_signed else UNSIGNED_TRAILER
    assert told(upload(stand, empty, frames, decoded=1, mode=mode)) in (INVALID, INCOMPLETE)


ENDS = {
    "lf": lambda body: body.replace(b"\r\n", b"\n"),
    "cr": lambda body: body.replace(b"\r\n", b"\r"),
    "extension": lambda body: body.replace(b";chunk", b";a=b;chunk", 1),
    "other-extension": lambda body: body.replace(b";chunk-signature=", b";chunk=", 1),
    "long-extension": lambda body: body.replace(b";chunk-signature=", b";chunk-signature=" + b"0" * 100_000, 1),
    "long-line": lambda body: b"0" * 200_000 + body,
    "no-line-end": lambda body: b"1" * 1_000_000,
    "data-not-ended": lambda body: body.replace(b"aa\r\n", b"aaXX", 1),
    "data-too-long": lambda body: body.replace(b"aa\r\n", b"aaa\r\n", 1),
}


@pytest.mark.parametrize("alter", ENDS.values(), ids=ENDS.keys())
def test_d2_line_ends_and_extensions(stand: Stand, empty: str, alter: Callable[[bytes], bytes]) -> None:
    frames = chunks(PIECES)
    assert told(upload(stand, empty, lambda chain: alter(frames(chain)))) in (INVALID, INCOMPLETE, MISMATCH)


# --- D4, D5: chunk signatures ---


def swapped(chain: Chain) -> bytes:
    """The second chunk under the first one's signature."""
    first, second, end = chain.chunk(FIRST), chain.chunk(SECOND), chain.chunk(b"")
    return b"".join(
        b"%x;chunk-signature=%s\r\n%s" % (len(data), signature.encode(), data + b"\r\n" if data else b"")
        for data, signature in ((FIRST, first), (SECOND, first), (b"", end or second))
    ) + b"\r\n"  # fmt: skip


def from_another_request(chain: Chain) -> bytes:
    chain.previous = "0" * 64
    return chunks(PIECES)(chain)


def changed(pattern: bytes, replacement: bytes, number: int = 1) -> Frames:
    frames = chunks(PIECES)

    def change(chain: Chain) -> bytes:
        pieces = frames(chain).split(pattern)
        return pattern.join(pieces[:number]) + replacement + pattern.join(pieces[number:])

    return change


MARK = b";chunk-signature="
WRONG_SIGNATURES: dict[str, Frames] = {
    "wrong": changed(MARK, MARK + b"0"),
    "missing": chunks(PIECES, is_signed=False),
    "empty": lambda chain: b"".join(
        line.partition(b"=")[0] + b"=\r\n" if MARK in line else line for line in chunks(PIECES)(chain).splitlines(True)
    ),
    "short": lambda chain: b"".join(
        line[:-3] + b"\r\n" if MARK in line else line for line in chunks(PIECES)(chain).splitlines(True)
    ),
    "upper": lambda chain: b"".join(
        line.partition(b"=")[0] + b"=" + line.partition(b"=")[2].upper() if MARK in line else line
        for line in chunks(PIECES)(chain).splitlines(True)
    ),
    "non-ascii": changed(MARK, MARK + b"\xe9" * 64),
    "of-the-chunk-before": swapped,
    "of-another-request": from_another_request,
    "D5-of-the-last": changed(MARK, MARK + b"0", 4),
    "data-changed": lambda chain: chunks(PIECES)(chain).replace(b"bbb", b"bxb", 1),
    "order": lambda chain: chunks([SECOND, FIRST, LAST])(Chain(chain.signer, chain.stamp, "1" * 64)),
}


@pytest.mark.parametrize("frames", WRONG_SIGNATURES.values(), ids=WRONG_SIGNATURES.keys())
def test_d4_d5_chunk_signatures(stand: Stand, empty: str, frames: Frames) -> None:
    assert told(upload(stand, empty, frames, decoded=16384 if frames is swapped else None)) == MISMATCH


def test_d5_no_last_chunk(stand: Stand, empty: str) -> None:
    def frames(chain: Chain) -> bytes:
        return chunks(PIECES)(chain).rpartition(b"0;chunk")[0]

    assert told(upload(stand, empty, frames)) == INCOMPLETE


@pytest.mark.parametrize("tail", [b"x", b"\r\n", b"0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: evil\r\n\r\n", b"x" * 300_000])
@pytest.mark.parametrize("mode", MODES)
def test_d6_bytes_after_the_end(stand: Stand, empty: str, mode: str, tail: bytes) -> None:
    name, frames, headers = MODES[mode]
    answer = upload(stand, empty, lambda chain: frames(chain) + tail, mode=name, headers=headers)
    assert told(answer) == INVALID


# --- D8, D9, D10, D18: lengths ---


@pytest.mark.parametrize("decoded", [0, 1, len(CONTENT) - 1, len(CONTENT) + 1, 5 << 30])
@pytest.mark.parametrize("mode", MODES)
def test_d8_decoded_length(stand: Stand, empty: str, mode: str, decoded: int) -> None:
    name, frames, headers = MODES[mode]
    assert told(upload(stand, empty, frames, mode=name, headers=headers, decoded=decoded)) == INCOMPLETE


@pytest.mark.parametrize("decoded", ["", "-1", "x", "1e3", "0x10", "+5", "9" * 23, "\xb2", "16484, 16484"])
def test_d8_decoded_lengths_that_are_none(stand: Stand, empty: str, decoded: str) -> None:
    answer = upload(stand, empty, chunks(PIECES), decoded=decoded)
    assert told(answer) in ((400, "InvalidArgument"), (411, "MissingContentLength"), (400, "EntityTooLarge"))


def test_d8_no_decoded_length(stand: Stand, empty: str) -> None:
    head, body = framed(stand, f"/{empty}/key", chunks(PIECES), decoded=None)
    assert told(stand.send(head + body, "PUT")) == (411, "MissingContentLength")


def test_d9_small_chunks(stand: Stand, empty: str) -> None:
    answer = upload(stand, empty, chunks([b"a" * 8191, b"b"]), decoded=8192)
    assert told(answer) == (400, "InvalidChunkSizeError")


def test_d10_a_chunk_of_five_gibibytes(stand: Stand, empty: str) -> None:
    size = 5 << 30
    with stand.connect() as connection:
        head, _ = framed(stand, f"/{empty}/key", lambda _: b"", decoded=size, mode=UNSIGNED_TRAILER, length=size + 100)
        connection.send(head + b"%x\r\n" % size + bytes(1 << 20))
        connection.end()
        with suppress(Cut):
            assert told(stand.seen(connection.receive("PUT"), "PUT")) == INCOMPLETE


def test_d18_a_million_chunks_of_a_byte(stand: Stand, empty: str) -> None:
    frames = b"1\r\nx\r\n" * 1_000_000 + b"0\r\n\r\n"
    answer = upload(stand, empty, lambda _: frames, decoded=1_000_000, mode=UNSIGNED_TRAILER)
    assert told(answer) == (400, "InvalidChunkSizeError")


# --- D12 to D14: trailers ---


@pytest.mark.parametrize("mode", ["signed-trailer", "unsigned-trailer"])
def test_d12_a_wrong_checksum_in_the_trailer(stand: Stand, empty: str, mode: str) -> None:
    name, is_signed = (SIGNED_TRAILER, True) if mode == "signed-trailer" else (UNSIGNED_TRAILER, False)
    for pieces in (PIECES, [LAST], [b"x" * 100_000]):
        frames = chunks(pieces, trailer=(TRAILER[0], "AAAAAA=="), is_signed=is_signed)
        decoded = sum(map(len, pieces))
        assert told(upload(stand, empty, frames, decoded=decoded, mode=name, headers=ANNOUNCED)) == (400, "BadDigest")


@pytest.mark.parametrize("value", ["", "x", "AAAA", "A" * 1000, CRC + CRC, CRC.rstrip("="), f"{CRC},{CRC}", "é"])
def test_d12_values_that_are_no_checksum(stand: Stand, empty: str, value: str) -> None:
    frames = chunks(PIECES, trailer=(TRAILER[0], value), is_signed=False)
    answer = upload(stand, empty, frames, mode=UNSIGNED_TRAILER, headers=ANNOUNCED)
    assert told(answer) in (INVALID, (400, "BadDigest"), BAD_TRAILER)


SIGNATURE_LINE = b"x-amz-trailer-signature:"
TRAILER_SIGNATURES: dict[str, Callable[[bytes], bytes]] = {
    "missing": lambda body: body.rpartition(SIGNATURE_LINE)[0] + b"\r\n",
    "empty": lambda body: body.rpartition(SIGNATURE_LINE)[0] + SIGNATURE_LINE + b"\r\n\r\n",
    "wrong": lambda body: body.rpartition(SIGNATURE_LINE)[0] + SIGNATURE_LINE + b"0" * 64 + b"\r\n\r\n",
    "non-ascii": lambda body: body.rpartition(SIGNATURE_LINE)[0] + SIGNATURE_LINE + b"\xe9" * 64 + b"\r\n\r\n",
    "of-another-value": lambda body: body.replace(CRC.encode(), b"AAAAAA=="),
}


@pytest.mark.parametrize("alter", TRAILER_SIGNATURES.values(), ids=TRAILER_SIGNATURES.keys())
def test_d13_trailer_signatures(stand: Stand, empty: str, alter: Callable[[bytes], bytes]) -> None:
    frames = MODES["signed-trailer"][1]
    answer = upload(stand, empty, lambda chain: alter(frames(chain)), mode=SIGNED_TRAILER, headers=ANNOUNCED)
    assert told(answer) == MISMATCH


NAMES = [
    "x-amz-copy-source",
    "content-type",
    "authorization",
    "x-amz-meta-a",
    "x-amz-checksum-sha256",
    "host",
    "",
    "x-amz-trailer-signature",
    "content-length",
]


@pytest.mark.parametrize("name", NAMES)
def test_d14_trailers_of_another_name(stand: Stand, empty: str, name: str) -> None:
    frames = chunks(PIECES, trailer=(name, CRC), is_signed=False)
    assert told(upload(stand, empty, frames, mode=UNSIGNED_TRAILER, headers=ANNOUNCED)) == BAD_TRAILER
    assert told(upload(stand, empty, frames, mode=UNSIGNED_TRAILER)) == BAD_TRAILER


@pytest.mark.parametrize("name", ["x-amz-copy-source", "content-type", "authorization", "x-amz-meta-a", "", "*"])
def test_d14_announced_names_that_are_none(stand: Stand, empty: str, name: str) -> None:
    frames = chunks(PIECES, trailer=(name, "text/html"), is_signed=False)
    answer = upload(stand, empty, frames, mode=UNSIGNED_TRAILER, headers=[("x-amz-trailer", name)])
    assert told(answer) in (INVALID, BAD_TRAILER)


@pytest.mark.parametrize(
    "more", ["x-amz-meta-a:1\r\n", "x-amz-checksum-crc32:AAAAAA==\r\n", "no colon\r\n", "a" * 100_000, ": \r\n"]
)
def test_d14_more_trailers(stand: Stand, empty: str, more: str) -> None:
    frames = chunks(PIECES, trailer=TRAILER, is_signed=False)

    def added(chain: Chain) -> bytes:
        return frames(chain).removesuffix(b"\r\n") + more.encode() + b"\r\n"

    assert told(upload(stand, empty, added, mode=UNSIGNED_TRAILER, headers=ANNOUNCED)) == BAD_TRAILER


def test_d14_an_announced_trailer_that_never_comes(stand: Stand, empty: str) -> None:
    answer = upload(stand, empty, chunks(PIECES, is_signed=False), mode=UNSIGNED_TRAILER, headers=ANNOUNCED)
    assert told(answer) == BAD_TRAILER


# --- D16, D17: Content-Encoding ---


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("aws-chunked,gzip", "gzip"),
        ("gzip,aws-chunked", "gzip"),
        ("AWS-Chunked , gzip", "gzip"),
        ("aws-chunked", None),
        ("aws-chunked,", None),
        ("gzip", "gzip"),
        ("a, aws-chunked, b", "a, b"),
    ],
)
def test_d16_the_framing_is_not_stored(stand: Stand, bucket: str, sent: str, stored: str | None) -> None:
    signed_again = stand.spell(
        "PUT",
        f"/{bucket}/key",
        [("Content-Encoding", sent), ("x-amz-decoded-content-length", str(len(CONTENT)))],
        unsigned_frames(PIECES),
        payload=UNSIGNED_TRAILER,
    )
    assert stand.send(signed_again, "PUT").status == 200
    assert stand.ask("HEAD", f"/{bucket}/key").header("content-encoding") == stored
    assert stand.get(bucket, "key") == CONTENT


@pytest.mark.parametrize("encoding", ["aws-chunked", "gzip,aws-chunked", "AWS-CHUNKED"])
def test_d17_framing_that_nobody_declared(stand: Stand, empty: str, encoding: str) -> None:
    answer = stand.ask(
        "PUT", f"/{empty}/key", [("Content-Encoding", encoding)], b"1\r\nx\r\n0\r\n\r\n", payload=UNSIGNED
    )
    assert told(answer) == (400, "InvalidArgument")


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("path", ["?versioning", "/key?tagging", "?delete", "?tagging", "/key?uploads"])
def test_trap_6_frames_where_no_object_is_sent(stand: Stand, empty: str, method: str, path: str) -> None:
    frames = unsigned_frames([b"<Delete/>"])
    headers = [("x-amz-decoded-content-length", "9")]
    answer = stand.ask(method, f"/{empty}{path}", headers, frames, payload=UNSIGNED_TRAILER)
    assert answer.status in (400, 405)
    assert answer.code in ("InvalidRequest", "MethodNotAllowed", "InvalidArgument")


# --- D20, D21: checksums in headers ---

SHA256 = base64.b64encode(hashlib.sha256(LAST).digest()).decode()
CRC_OF_LAST = base64.b64encode(zlib.crc32(LAST).to_bytes(4, "big")).decode()
CHECKSUMS: dict[str, list[Header]] = {
    "not-base64": [("x-amz-checksum-sha256", "!" * 44)],
    "empty": [("x-amz-checksum-sha256", "")],
    "short": [("x-amz-checksum-sha256", "AAAA")],
    "long": [("x-amz-checksum-sha256", "A" * 400)],
    "url-alphabet": [("x-amz-checksum-sha256", "_" * 43 + "=")],
    "no-padding": [("x-amz-checksum-crc32", CRC_OF_LAST.rstrip("="))],
    "blank-inside": [("x-amz-checksum-crc32", CRC_OF_LAST[:3] + " " + CRC_OF_LAST[3:])],
    "non-ascii": [("x-amz-checksum-crc32", "é" * 6)],
    "two-algorithms": [("x-amz-checksum-sha256", SHA256), ("x-amz-checksum-crc32", CRC_OF_LAST)],
    "the-same-twice": [("x-amz-checksum-crc32", CRC_OF_LAST), ("x-amz-checksum-crc32", CRC_OF_LAST)],
    "unknown": [("x-amz-checksum-crc128", CRC_OF_LAST)],
    "unknown-beside": [("x-amz-checksum-crc128", "x"), ("x-amz-checksum-crc32", CRC_OF_LAST)],
    "sdk-alone": [("x-amz-sdk-checksum-algorithm", "CRC32")],
    "sdk-other": [("x-amz-sdk-checksum-algorithm", "SHA256"), ("x-amz-checksum-crc32", CRC_OF_LAST)],
    "sdk-unknown": [("x-amz-sdk-checksum-algorithm", "CRC128"), ("x-amz-checksum-crc32", CRC_OF_LAST)],
    "header-and-trailer": [("x-amz-checksum-crc32", CRC_OF_LAST), ("x-amz-trailer", "x-amz-checksum-crc32")],
}


@pytest.mark.parametrize("headers", CHECKSUMS.values(), ids=CHECKSUMS.keys())
def test_d20_checksums_that_are_none(stand: Stand, empty: str, headers: list[Header]) -> None:
    assert told(stand.ask("PUT", f"/{empty}/key", headers, LAST)) == INVALID


@pytest.mark.parametrize("size", [100, 100_000])
@pytest.mark.parametrize(
    "name", ["crc32", "crc32c", "crc64nvme", "sha1", "sha256", "sha512", "md5", "xxhash64", "xxhash3", "xxhash128"]
)
def test_d20_wrong_checksums(stand: Stand, empty: str, name: str, size: int) -> None:
    sizes = {"crc32": 4, "crc32c": 4, "sha1": 20, "sha256": 32, "sha512": 64, "md5": 16, "xxhash128": 16}
    value = base64.b64encode(bytes(sizes.get(name, 8))).decode()
    answer = stand.ask("PUT", f"/{empty}/key", [(f"x-amz-checksum-{name}", value)], b"x" * size)
    assert told(answer) == (400, "BadDigest")


@pytest.mark.parametrize(
    "value", ["", "x", "AAAA", "!" * 24, "é", "1B2M2Y8AsgTpgAmY7PhCfg", "1B2M2Y8AsgTpgAmY7PhCfg==,", "A" * 1000]
)
def test_d21_content_md5_that_is_none(stand: Stand, empty: str, value: str) -> None:
    assert told(stand.ask("PUT", f"/{empty}/key", [("Content-MD5", value)], LAST)) == (400, "InvalidDigest")


@pytest.mark.parametrize("size", [100, 100_000])
def test_d21_a_wrong_content_md5(stand: Stand, empty: str, size: int) -> None:
    headers = [("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")]
    assert told(stand.ask("PUT", f"/{empty}/key", headers, b"x" * size)) == (400, "BadDigest")


def test_an_old_object_outlives_every_failed_upload(stand: Stand, bucket: str) -> None:
    stand.put(bucket, "key", b"old")
    for frames in WRONG_SIGNATURES.values():
        upload(stand, bucket, frames)
    assert stand.get(bucket, "key") == b"old"
    assert stand.holds(bucket) == (["key"], [])
