"""Verified bodies: what comes out is what was promised, or the end is an error."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import zlib
from collections.abc import Collection, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.bodies import request, split
from tests.support.chunks import DocumentedSigner, signed, unsigned

from trug.domain.checksums import ALGORITHMS
from trug.domain.errors import ErrorCode, S3Error
from trug.ports.body import Body
from trug.wire.body import VerifiedBody, verified_body
from trug.wire.payload import Mode, Payload

DATA = bytes(range(253)) * 1200
SMALL = DATA[:4096]
UNSIGNED = Payload()


def base64_of(algorithm: str, data: bytes) -> str:
    return base64.b64encode(ALGORITHMS[algorithm].hash(data)).decode()


def literal(data: bytes) -> Payload:
    return Payload(Mode.LITERAL, hashlib.sha256(data).hexdigest())


def body_of(
    data: bytes | Sequence[bytes],
    headers: Mapping[str, str] = {},
    payload: Payload = UNSIGNED,
    *,
    streams: bool = True,
    method: str = "PUT",
    parameters: Mapping[str, str] | None = None,
    length: int | None = None,
    is_chunked: bool = False,
) -> VerifiedBody:
    wire = request(data, headers, method=method, parameters=parameters, length=length, is_chunked=is_chunked)
    return verified_body(wire, payload, streams=streams)


def drain(
    body: Body, algorithms: Collection[str] = (), size: int = 100_000, buffers: int = 1
) -> tuple[bytes, Mapping[str, bytes]]:
    """Read ``body`` to its end through ``buffers`` buffers of ``size`` bytes in turn."""

    async def run() -> tuple[bytes, Mapping[str, bytes]]:
        held = [memoryview(bytearray(size)) for _ in range(buffers)]
        out = []
        source = body.open(algorithms)
        turn = 0
        while count := await source.readinto(held[turn % buffers]):
            out.append(bytes(held[turn % buffers][:count]))
            for lane in source.lanes:
                lane(held[turn % buffers][:count])
            turn += 1
        assert await source.readinto(held[0]) == 0
        return b"".join(out), source.verified()

    return asyncio.run(run())


def gather(body: Body, algorithms: Collection[str] = (), limit: int = 1 << 20) -> tuple[bytes, Mapping[str, bytes]]:
    gathered = asyncio.run(body.gather(algorithms, limit))
    return bytes(gathered.content), gathered.verified()


def error_of(body: Body, *, small: bool) -> S3Error:
    with pytest.raises(S3Error) as caught:
        gather(body) if small else drain(body)
    return caught.value


def chunked(payload: bytes, kind: str, value: str | None = None) -> tuple[bytes, dict[str, str], Payload]:
    """An aws-chunked body of one of the three kinds, its headers and how it was signed."""
    chunks = split(payload, [65_536]) if payload else []
    headers = {"x-amz-decoded-content-length": str(len(payload)), "content-encoding": "aws-chunked"}
    if kind == "signed":
        return signed(chunks), headers, Payload(Mode.SIGNED_CHUNKS, signer=DocumentedSigner())
    name = "x-amz-checksum-crc32"
    headers["x-amz-trailer"] = name
    trailer = (name, base64_of("CRC32", payload) if value is None else value)
    if kind == "signed trailer":
        mode = Mode.SIGNED_CHUNKS_TRAILER
        return signed(chunks, trailer), headers, Payload(mode, signer=DocumentedSigner())
    return unsigned(chunks, trailer), headers, Payload(Mode.UNSIGNED_TRAILER)


KINDS = ["signed", "signed trailer", "unsigned trailer"]


@pytest.mark.parametrize("data", [b"", b"x", SMALL, DATA])
@pytest.mark.parametrize("pieces", [[], [1000], [70_000, 1]])
@pytest.mark.parametrize("known", [True, False])
def test_a_plain_body(data: bytes, pieces: list[int], known: bool) -> None:
    def body() -> VerifiedBody:
        return body_of(split(data, pieces), payload=literal(data), is_chunked=not known)

    expected = {name: ALGORITHMS[name].hash(data) for name in ("MD5", "CRC64NVME", "SHA256")}
    assert body().length == (len(data) if known else None)
    assert gather(body(), ["MD5", "CRC64NVME"]) == (data, expected)
    for size, buffers in ((1 << 20, 1), (len(data) or 1, 1), (100_000, 1), (100_000, 2), (999, 1)):
        assert drain(body(), ["MD5", "CRC64NVME"], size, buffers) == (data, expected)
    assert asyncio.run(body().read(1 << 20)) == data


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [b"", SMALL, DATA])
@given(pieces=st.lists(st.integers(1, 100_000), max_size=4), size=st.integers(1000, 400_000))
@settings(max_examples=8, deadline=None)
def test_a_chunked_body(kind: str, data: bytes, pieces: list[int], size: int) -> None:
    def body() -> VerifiedBody:
        stream, headers, payload = chunked(data, kind)
        return body_of(split(stream, pieces), headers, payload)

    assert body().length == len(data)
    content, digests = drain(body(), ["MD5", "CRC64NVME"], size, 2)
    assert (content, digests["MD5"]) == (data, hashlib.md5(data).digest())
    content, digests = gather(body(), ["MD5"])
    assert (content, digests["MD5"]) == (data, hashlib.md5(data).digest())


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
@pytest.mark.parametrize("data", [SMALL, DATA])
@pytest.mark.parametrize("small", [True, False])
def test_each_checksum_in_the_header(algorithm: str, data: bytes, small: bool) -> None:
    def body(claimed: bytes) -> VerifiedBody:
        return body_of(split(data, [50_000]), {ALGORITHMS[algorithm].header: base64_of(algorithm, claimed)})

    assert body(data).checksum_algorithm == algorithm
    if small:
        _, digests = gather(body(data))
    else:
        _, digests = drain(body(data))
    assert digests == {algorithm: ALGORITHMS[algorithm].hash(data)}
    error = error_of(body(data + b"!"), small=small)
    assert error.code is ErrorCode.BadDigest
    assert error.message == f"The {algorithm} you specified did not match the calculated checksum."


@pytest.mark.parametrize("small", [True, False])
def test_a28_sha256_of_another_body(small: bool) -> None:
    error = error_of(body_of(DATA, payload=literal(SMALL)), small=small)
    assert error.code is ErrorCode.XAmzContentSHA256Mismatch
    assert error.fields == {
        "ClientComputedContentSHA256": hashlib.sha256(SMALL).hexdigest(),
        "S3ComputedContentSHA256": hashlib.sha256(DATA).hexdigest(),
    }


@pytest.mark.parametrize("small", [True, False])
def test_d21_content_md5(small: bool) -> None:
    assert asyncio.run(body_of(DATA, {"content-md5": base64_of("MD5", DATA)}).read(1 << 20)) == DATA
    error = error_of(body_of(DATA, {"content-md5": base64_of("MD5", SMALL)}), small=small)
    assert error.code is ErrorCode.BadDigest
    assert error.message == "The Content-MD5 you specified did not match what we received."
    assert error.fields == {"ExpectedDigest": base64_of("MD5", SMALL), "CalculatedDigest": base64_of("MD5", DATA)}


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("pieces", [[], [1000]])
def test_fewer_bytes_than_declared(small: bool, pieces: list[int]) -> None:
    body = body_of(split(SMALL, pieces), length=len(SMALL) + 1)
    assert error_of(body, small=small).code is ErrorCode.IncompleteBody


@pytest.mark.parametrize("length", [0, len(SMALL) - 1])
def test_no_more_is_taken_than_declared(length: int) -> None:
    assert drain(body_of([SMALL], length=length))[0] == SMALL[:length]


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("kind", ["signed trailer", "unsigned trailer"])
@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        ("AAAAAA==", "BadDigest", "The CRC32 you specified did not match the calculated checksum."),
        ("AAAA", "InvalidRequest", "Value for x-amz-checksum-crc32 trailing header is invalid."),
        ("no base64", "InvalidRequest", "Value for x-amz-checksum-crc32 trailing header is invalid."),
    ],
)
def test_d12_trailer_checksum(small: bool, kind: str, value: str, code: str, message: str) -> None:
    stream, headers, payload = chunked(DATA, kind, value)
    error = error_of(body_of(split(stream, [65_536]), headers, payload), small=small)
    assert (error.code, error.message) == (ErrorCode[code], message)


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@given(cut=st.integers(0, 1_000_000))
@settings(max_examples=20, deadline=None)
def test_d1_a_stream_cut_anywhere_raises(small: bool, kind: str, cut: int) -> None:
    stream, headers, payload = chunked(DATA, kind)
    body = body_of(split(stream[: cut % len(stream)], [65_536]), headers, payload)
    assert error_of(body, small=small).code is ErrorCode.IncompleteBody


@pytest.mark.parametrize("kind", KINDS)
def test_other_claims_hold_for_the_payload_of_chunks(kind: str) -> None:
    stream, headers, payload = chunked(DATA, kind)
    assert drain(body_of(stream, {**headers, "content-md5": base64_of("MD5", DATA)}, payload))[0] == DATA
    stream, headers, payload = chunked(DATA, kind)
    error = error_of(body_of(stream, {**headers, "content-md5": base64_of("MD5", stream)}, payload), small=True)
    assert error.code is ErrorCode.BadDigest


def test_an_unsigned_stream_without_trailer_and_announcement() -> None:
    headers = {"x-amz-decoded-content-length": str(len(SMALL))}
    body = body_of(unsigned([SMALL]), headers, Payload(Mode.UNSIGNED_TRAILER))
    assert body.checksum_algorithm is None
    assert asyncio.run(body.read(4096)) == SMALL


@pytest.mark.parametrize(
    ("headers", "payload", "streams", "code"),
    [
        ({"x-amz-decoded-content-length": "1"}, Payload(Mode.UNSIGNED_TRAILER), False, "InvalidRequest"),
        ({}, Payload(Mode.UNSIGNED_TRAILER), True, "MissingContentLength"),
        ({}, Payload(Mode.SIGNED_CHUNKS, signer=DocumentedSigner()), False, "MissingContentLength"),
        ({"x-amz-decoded-content-length": "-1"}, Payload(Mode.UNSIGNED_TRAILER), True, "InvalidArgument"),
        ({"x-amz-decoded-content-length": "1_0"}, Payload(Mode.UNSIGNED_TRAILER), True, "InvalidArgument"),
        ({"x-amz-decoded-content-length": "\xb2"}, Payload(Mode.UNSIGNED_TRAILER), True, "InvalidArgument"),
        ({"x-amz-decoded-content-length": "9" * 20}, Payload(Mode.UNSIGNED_TRAILER), True, "InvalidArgument"),
        ({"x-amz-decoded-content-length": "1"}, Payload(Mode.SIGNED_CHUNKS), True, "SignatureDoesNotMatch"),
        (
            {"x-amz-decoded-content-length": "1", "x-amz-trailer": "x-amz-checksum-crc32"},
            Payload(Mode.SIGNED_CHUNKS, signer=DocumentedSigner()),
            True,
            "MalformedTrailerError",
        ),
        ({"x-amz-trailer": "x-amz-checksum-crc32"}, UNSIGNED, True, "MalformedTrailerError"),
        ({"content-encoding": "aws-chunked"}, UNSIGNED, True, "InvalidArgument"),
        ({"content-encoding": "gzip,aws-chunked"}, literal(b""), True, "InvalidArgument"),
        ({"content-md5": "x"}, UNSIGNED, True, "InvalidDigest"),
        ({"x-amz-checksum-crc32": "x"}, UNSIGNED, False, "InvalidRequest"),
    ],
)
def test_headers_that_cannot_stand_together(
    headers: dict[str, str], payload: Payload, streams: bool, code: str
) -> None:
    with pytest.raises(S3Error) as caught:
        body_of(b"", headers, payload, streams=streams)
    assert caught.value.code is ErrorCode[code]


def test_checksums_of_complete_multipart_upload_are_the_objects() -> None:
    headers = {"x-amz-checksum-sha256": "AAAA-2", "x-amz-checksum-type": "COMPOSITE"}
    body = body_of(b"<x/>", headers, method="POST", parameters={"uploadId": "1"})
    assert body.checksum_algorithm is None
    assert asyncio.run(body.read(100)) == b"<x/>"


@pytest.mark.parametrize("is_chunked", [True, False])
@pytest.mark.parametrize("pieces", [[], [10]])
def test_h4_longer_than_the_limit(is_chunked: bool, pieces: list[int]) -> None:
    with pytest.raises(S3Error) as caught:
        asyncio.run(body_of(split(SMALL, pieces), is_chunked=is_chunked).read(4095))
    assert caught.value.code is ErrorCode.MaxMessageLengthExceeded
    assert asyncio.run(body_of(split(SMALL, pieces), is_chunked=is_chunked).read(4096)) == SMALL


def test_the_end_is_reached_by_the_call_that_fills_the_last_byte() -> None:
    async def run() -> int:
        stream, headers, payload = chunked(SMALL, "signed trailer")
        source = body_of(split(stream, [1000]), headers, payload).open(["MD5"])
        buffer = memoryview(bytearray(len(SMALL)))
        count = await source.readinto(buffer)
        for lane in source.lanes:
            lane(buffer)
        assert source.verified()["CRC32"] == zlib.crc32(SMALL).to_bytes(4, "big")
        return count

    assert asyncio.run(run()) == len(SMALL)


def test_a_body_that_came_in_one_piece_is_not_copied() -> None:
    data = SMALL * 16
    assert asyncio.run(body_of(data).gather((), len(data))).content is data


def test_md5_has_a_lane_of_its_own() -> None:
    assert len(body_of(DATA, payload=literal(DATA)).open(["MD5", "CRC64NVME"]).lanes) == 2
    assert len(body_of(DATA).open(["MD5", "CRC64NVME"]).lanes) == 1


@pytest.mark.parametrize("kind", ["signed", "signed trailer"])
@pytest.mark.parametrize("small", [True, False])
def test_d4_a_payload_that_was_not_signed(kind: str, small: bool) -> None:
    stream, headers, payload = chunked(DATA, kind)
    changed = stream.replace(DATA[:1000], bytes(1000), 1)
    error = error_of(body_of(split(changed, [65_536]), headers, payload), small=small)
    assert error.code is ErrorCode.SignatureDoesNotMatch
