"""aws-chunked: AWS's own examples, every way of cutting a stream, and every way of breaking one."""

from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.bodies import split
from tests.support.chunks import DocumentedSigner, signed, unsigned

from trug.domain.errors import ErrorCode, S3Error
from trug.wire.chunked import ChunkDecoder, without_aws_chunked

CRC = "x-amz-checksum-crc32"
PAYLOAD = bytes(range(251)) * 80
CHUNKS = [PAYLOAD[:9000], PAYLOAD[9000:18_000], PAYLOAD[18_000:]]
VALUE = base64.b64encode(zlib.crc32(PAYLOAD).to_bytes(4, "big")).decode()


def decoder(kind: str, length: int = len(PAYLOAD)) -> ChunkDecoder:
    match kind:
        case "signed":
            return ChunkDecoder(length, signer=DocumentedSigner())
        case "signed trailer":
            return ChunkDecoder(length, signer=DocumentedSigner(), trailer=CRC, has_trailer=True)
        case _:
            return ChunkDecoder(length, trailer=CRC, has_trailer=True)


def stream(kind: str, chunks: list[bytes] = CHUNKS, line_end: str = "\r\n") -> bytes:
    match kind:
        case "signed":
            return signed(chunks)
        case "signed trailer":
            return signed(chunks, (CRC, VALUE), line_end=line_end)
        case _:
            return unsigned(chunks, (CRC, VALUE), line_end=line_end)


def decode(decoding: ChunkDecoder, pieces: list[bytes]) -> bytes:
    payload = b"".join(feed(decoding, data) for data in pieces)
    decoding.finish()
    if decoding.signatures is not None:
        decoding.signatures.update(payload)
    decoding.verify()
    return payload


def feed(decoding: ChunkDecoder, data: bytes, size: int = 1 << 20) -> bytes:
    """The payload in ``data``, decoded through a buffer of ``size`` bytes."""
    buffer = memoryview(bytearray(size))
    payload, at = b"", 0
    while at < len(data):
        at, filled = decoding.feed(data, at, buffer)
        payload += buffer[:filled]
    return payload


def code_of(decoding: ChunkDecoder, data: bytes) -> str:
    with pytest.raises(S3Error) as caught:
        decode(decoding, [data])
    return caught.value.code.name


KINDS = ["signed", "signed trailer", "unsigned trailer"]


def test_the_example_of_chunked_upload() -> None:
    """The 66,560 bytes of AWS's documentation, with the signatures printed there."""
    body = signed([b"a" * 65_536, b"a" * 1024])
    for signature in (
        b"10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        b"400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        b"0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ):
        assert signature in body
    assert decode(decoder("signed", 66_560), [body]) == b"a" * 66_560


def test_the_example_of_trailing_headers() -> None:
    seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
    crc32c = "x-amz-checksum-crc32c"
    body = signed([b"a" * 65_536, b"a" * 1024], (crc32c, "sOO8/Q=="), line_end="\n\r\n", seed=seed)
    assert b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435" in body
    signer = DocumentedSigner(signature=seed)
    decoding = ChunkDecoder(66_560, signer=signer, trailer=crc32c, has_trailer=True)
    assert decode(decoding, [body]) == b"a" * 66_560
    assert decoding.trailer_value == "sOO8/Q=="


@pytest.mark.parametrize("kind", KINDS)
@given(sizes=st.lists(st.integers(1, 12_000), max_size=8))
@settings(max_examples=25, deadline=None)
def test_any_split_gives_the_same_payload(kind: str, sizes: list[int]) -> None:
    decoding = decoder(kind)
    assert decode(decoding, split(stream(kind), sizes)) == PAYLOAD
    assert decoding.trailer_value == (VALUE if "trailer" in kind else None)


@pytest.mark.parametrize("kind", KINDS)
def test_byte_by_byte(kind: str) -> None:
    assert decode(decoder(kind), split(stream(kind), [1])) == PAYLOAD


@pytest.mark.parametrize("kind", KINDS)
def test_d1_cut_at_any_byte(kind: str) -> None:
    chunks = [PAYLOAD[:8192], PAYLOAD[8192:16_384], PAYLOAD[16_384:16_500]]
    body = stream(kind, chunks)
    head = body.rindex(chunks[2])
    cuts = [*range(200), *range(8192, 8600), *range(head, len(body))]
    for cut in cuts:
        assert code_of(decoder(kind, 16_500), body[:cut]) == "IncompleteBody", cut


@pytest.mark.parametrize("kind", KINDS)
@given(at=st.integers(0, 1_000_000), bit=st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_any_flipped_bit_of_a_signed_stream_is_noticed(kind: str, at: int, bit: int) -> None:
    body = bytearray(stream(kind))
    at %= len(body)
    body[at] ^= 1 << bit
    decoding = decoder(kind)
    try:
        payload = decode(decoding, [bytes(body)])
    except S3Error:
        return
    is_harmless = payload == PAYLOAD and decoding.trailer_value in (VALUE, None)
    assert is_harmless or kind == "unsigned trailer"


@pytest.mark.parametrize("line_end", ["\r\n", "\n\r\n"])
@pytest.mark.parametrize("kind", ["signed trailer", "unsigned trailer"])
def test_both_line_ends_of_trailers(kind: str, line_end: str) -> None:
    decoding = decoder(kind)
    assert decode(decoding, [stream(kind, line_end=line_end)]) == PAYLOAD
    assert decoding.trailer_value == VALUE


def test_no_payload_at_all() -> None:
    assert decode(decoder("signed", 0), [signed([])]) == b""
    assert decode(ChunkDecoder(0, has_trailer=True), [b"0\r\n\r\n"]) == b""


@pytest.mark.parametrize("kind", KINDS)
@given(sizes=st.lists(st.integers(1, 12_000), max_size=8), buffer=st.integers(1, 30_000))
@settings(max_examples=25, deadline=None)
def test_a_buffer_of_any_size(kind: str, sizes: list[int], buffer: int) -> None:
    decoding = decoder(kind)
    assert b"".join(feed(decoding, data, buffer) for data in split(stream(kind), sizes)) == PAYLOAD
    decoding.finish()


def test_lines_are_read_on_behind_a_full_buffer() -> None:
    data = stream("unsigned")
    decoding = decoder("unsigned")
    assert decoding.feed(data, 0, memoryview(bytearray(len(PAYLOAD)))) == (len(data), len(PAYLOAD))
    decoding.finish()


@pytest.mark.parametrize("kind", ["signed", "signed trailer"])
@given(sizes=st.lists(st.integers(1, 12_000), max_size=8))
@settings(max_examples=25, deadline=None)
def test_signatures_hold_for_payload_seen_later_in_any_pieces(kind: str, sizes: list[int]) -> None:
    for payload, is_right in ((PAYLOAD, True), (PAYLOAD[:-1] + b"?", False), (PAYLOAD[:-1], False), (b"", False)):
        decoding = decoder(kind)
        feed(decoding, stream(kind))
        decoding.finish()
        assert decoding.signatures is not None
        try:
            for piece in split(payload, sizes):
                decoding.signatures.update(piece)
            decoding.verify()
        except S3Error as error:
            assert error.code is ErrorCode.SignatureDoesNotMatch
            assert not is_right
        else:
            assert is_right


@pytest.mark.parametrize(
    "size",
    [
        "zz",
        "-1",
        "+1",
        "0x10",
        "",
        " ",
        "1 ",
        "_1",
        "1" * 17,
        "0" * 1000 + "5",
        "ffffffffffffffff",
        "5;chunk-signature=x",
    ],
)
def test_d2_chunk_sizes(size: str) -> None:
    assert code_of(decoder("unsigned"), f"{size}\r\nhello\r\n0\r\n\r\n".encode()) == "IncompleteBody"


@pytest.mark.parametrize(
    "data",
    [b"5\nhello\r\n", b"5\r\nhello\n", b"5\r\nhelloX\r\n", b"5\rhello\r\n", b"5\r\nhello\rX", b"\r\n5\r\nhello\r\n"],
)
def test_line_ends_of_chunks(data: bytes) -> None:
    assert code_of(decoder("unsigned", 5), data + b"0\r\n\r\n") == "IncompleteBody"


def test_a_header_without_an_end_is_not_kept() -> None:
    decoding = decoder("unsigned")
    assert feed(decoding, b"0" * 100) == feed(decoding, b"0" * 100) == b""
    with pytest.raises(S3Error) as caught:
        feed(decoding, b"0" * 100)
    assert caught.value.code is ErrorCode.IncompleteBody


@pytest.mark.parametrize("kind", ["signed", "signed trailer"])
@pytest.mark.parametrize("which", [0, 1, 2, 3])
@pytest.mark.parametrize("change", ["wrong", "missing", "short", "upper", "not ascii"])
def test_d4_d5_chunk_signatures(kind: str, which: int, change: str) -> None:
    body = stream(kind)
    at = -1
    for _ in range(which + 1):
        at = body.index(b";chunk-signature=", at + 1)
    signature = body[at + 17 : at + 81]
    changed = {
        "wrong": b";chunk-signature=" + signature[1:] + signature[:1],
        "missing": b"",
        "short": b";chunk-signature=" + signature[:63],
        "upper": b";chunk-signature=" + signature.upper(),
        "not ascii": b";chunk-signature=\xff" + signature[1:],
    }[change]
    assert code_of(decoder(kind), body[:at] + changed + body[at + 81 :]) == "SignatureDoesNotMatch"


def test_d4_signature_of_the_previous_chunk() -> None:
    body = signed([b"a" * 9000, b"a" * 9000])
    first, second = (body[at + 17 : at + 81] for at in (body.index(b";"), body.rindex(b"\r\n2328;") + 6))
    assert code_of(decoder("signed", 18_000), body.replace(second, first)) == "SignatureDoesNotMatch"


def test_swapped_chunks() -> None:
    one, two = b"a" * 9000, b"b" * 9000
    body = signed([one, two]).replace(one, b"?").replace(two, one).replace(b"?", two)
    assert code_of(decoder("signed", 18_000), body) == "SignatureDoesNotMatch"


@pytest.mark.parametrize("kind", KINDS)
def test_d6_bytes_after_the_end(kind: str) -> None:
    for extra in (b"x", b"\r\n", stream(kind)):
        assert code_of(decoder(kind), stream(kind) + extra) == "InvalidRequest"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("difference", [-1, 1, 5_000_000_000])
def test_d8_declared_length_differs(kind: str, difference: int) -> None:
    assert code_of(decoder(kind, len(PAYLOAD) + difference), stream(kind)) == "IncompleteBody"


@pytest.mark.parametrize("kind", KINDS)
def test_d9_only_the_last_chunk_may_be_small(kind: str) -> None:
    body = stream(kind, [b"a" * 8192, b"b" * 8191, b"c"])
    with pytest.raises(S3Error) as caught:
        decode(decoder(kind, 16_384), [body])
    assert caught.value.code is ErrorCode.InvalidChunkSizeError
    assert caught.value.fields == {"Chunk": "3", "BadChunkSize": "8191"}


def test_d10_a_claimed_chunk_is_streamed() -> None:
    decoding = decoder("unsigned", 5 << 30)
    assert feed(decoding, b"140000000\r\n") == b""
    assert [feed(decoding, b"x" * 1000) for _ in range(3)] == [b"x" * 1000] * 3
    with pytest.raises(S3Error):
        decoding.finish()


@pytest.mark.parametrize("trailer", ["0" * 64, "", "a" * 63, "\xff"])
def test_d13_trailer_signature_wrong(trailer: str) -> None:
    body = stream("signed trailer")
    at = body.index(b"x-amz-trailer-signature:") + 24
    assert (
        code_of(decoder("signed trailer"), body[:at] + trailer.encode("latin-1") + b"\r\n\r\n")
        == "SignatureDoesNotMatch"
    )


def test_d13_trailer_signature_missing() -> None:
    body = stream("signed trailer")
    at = body.index(b"x-amz-trailer-signature:")
    assert code_of(decoder("signed trailer"), body[:at] + b"\r\n") == "SignatureDoesNotMatch"


def test_a_signed_stream_without_any_trailer() -> None:
    decoding = ChunkDecoder(len(PAYLOAD), signer=DocumentedSigner(), has_trailer=True)
    assert code_of(decoding, stream("signed")) == "IncompleteBody"


@pytest.mark.parametrize(
    "trailer",
    [
        "",
        "x-amz-copy-source:/a/b\r\n",
        "content-type:text/html\r\n",
        "authorization:AWS4-HMAC-SHA256\r\n",
        "x-amz-checksum-crc32c:AAAAAA==\r\n",
        "x-amz-trailer-signature:00\r\n",
        ":AAAAAA==\r\n",
        "x-amz-checksum-crc32\r\n",
        "x-amz-checksum-crc32:AAAAAA==\r\nx-amz-checksum-crc32:AAAAAA==\r\n",
        "x-amz-checksum-crc32:AAAAAA==\ncontent-type:x\r\n",
        "x-amz-checksum-crc32:" + "A" * 5000,
        "a" * 5000,
    ],
)
def test_d14_trailers(trailer: str) -> None:
    data = f"5\r\nhello\r\n0\r\n{trailer}\r\n".encode()
    assert code_of(decoder("unsigned", 5), data) == "MalformedTrailerError"


def test_trailers_that_nobody_announced() -> None:
    data = unsigned([b"hello"], (CRC, "AAAAAA=="))
    assert code_of(ChunkDecoder(5, has_trailer=True), data) == "MalformedTrailerError"
    assert (
        code_of(decoder("signed"), stream("signed")[:-2] + b"x-amz-checksum-crc32:A\r\n\r\n") == "MalformedTrailerError"
    )


def test_trailer_names_in_any_case_with_blanks() -> None:
    decoding = decoder("unsigned", 5)
    assert decode(decoding, [b"5\r\nhello\r\n0\r\nX-Amz-Checksum-CRC32 : AAAAAA== \r\n\r\n"]) == b"hello"
    assert decoding.trailer_value == "AAAAAA=="


def test_d18_a_million_chunks_of_one_byte_end_at_the_second() -> None:
    decoding = decoder("unsigned", 1_000_000)
    with pytest.raises(S3Error) as caught:
        feed(decoding, b"1\r\na\r\n" * 1_000_000)
    assert caught.value.fields["Chunk"] == "2"


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("aws-chunked", ""),
        ("aws-chunked,gzip", "gzip"),
        ("gzip, AWS-Chunked", "gzip"),
        ("gzip, br,aws-chunked", "gzip,br"),
        ("gzip", "gzip"),
        ("", ""),
    ],
)
def test_d16_content_encoding_to_store(sent: str, stored: str) -> None:
    assert without_aws_chunked(sent) == stored
