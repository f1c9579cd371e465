"""What headers claim about a body, and claims that S3 refuses."""

from __future__ import annotations

import pytest

from trug.domain.errors import ErrorCode, S3Error
from trug.wire.integrity import NOTHING, Integrity, read_integrity
from trug.wire.request import Headers

CRC = "y/Q5Jg=="
RAW_CRC = bytes.fromhex("cbf43926")
MD5 = "1B2M2Y8AsgTpgAmY7PhCfg=="
RAW_MD5 = bytes.fromhex("d41d8cd98f00b204e9800998ecf8427e")


def headers(*pairs: tuple[str, str]) -> Headers:
    return Headers([(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], NOTHING),
        ([("x-amz-checksum-mode", "ENABLED"), ("x-amz-checksum-algorithm", "SHA1")], NOTHING),
        ([("Content-MD5", MD5)], Integrity(RAW_MD5)),
        ([("X-Amz-Checksum-CRC32", CRC)], Integrity(None, "CRC32", RAW_CRC)),
        ([("content-md5", MD5), ("x-amz-checksum-crc32", CRC)], Integrity(RAW_MD5, "CRC32", RAW_CRC)),
        ([("x-amz-checksum-crc32", CRC), ("x-amz-sdk-checksum-algorithm", "crc32")], Integrity(None, "CRC32", RAW_CRC)),
        ([("x-amz-checksum-md5", MD5)], Integrity(None, "MD5", RAW_MD5)),
        (
            [("x-amz-checksum-mode", "ENABLED"), ("x-amz-checksum-crc32", CRC), ("x-amz-checksum-type", "FULL_OBJECT")],
            Integrity(None, "CRC32", RAW_CRC),
        ),
        ([("x-amz-trailer", "X-Amz-Checksum-SHA1")], Integrity(None, "SHA1", None, "x-amz-checksum-sha1")),
        (
            [("x-amz-trailer", "x-amz-checksum-crc32"), ("x-amz-sdk-checksum-algorithm", "CRC32")],
            Integrity(None, "CRC32", None, "x-amz-checksum-crc32"),
        ),
    ],
)
def test_claims(given: list[tuple[str, str]], expected: Integrity) -> None:
    assert read_integrity(headers(*given)) == expected


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ([("content-md5", "")], "InvalidDigest", "The Content-MD5 you specified is not valid."),
        ([("content-md5", "AAAA")], "InvalidDigest", "The Content-MD5 you specified is not valid."),
        ([("content-md5", "not base64 at all")], "InvalidDigest", "The Content-MD5 you specified is not valid."),
        ([("content-md5", MD5), ("content-md5", MD5)], "InvalidDigest", "The Content-MD5 you specified is not valid."),
        (
            [("x-amz-checksum-crc32", CRC), ("x-amz-checksum-crc32c", CRC)],
            "InvalidRequest",
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        ),
        (
            [("x-amz-checksum-crc32", CRC), ("x-amz-trailer", "x-amz-checksum-crc32c")],
            "InvalidRequest",
            "Expecting a single x-amz-checksum- header",
        ),
        (
            [("x-amz-checksum-crc32", CRC), ("x-amz-checksum-crc32", CRC)],
            "InvalidRequest",
            "Value for x-amz-checksum-crc32 header is invalid.",
        ),
        (
            [("x-amz-checksum-crc99", CRC)],
            "InvalidRequest",
            "The algorithm type you specified in x-amz-checksum- header is invalid.",
        ),
        ([("x-amz-checksum-sha1", CRC)], "InvalidRequest", "Value for x-amz-checksum-sha1 header is invalid."),
        (
            [("x-amz-sdk-checksum-algorithm", "CRC32")],
            "InvalidRequest",
            (
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer "
                "headers were found."
            ),
        ),
        (
            [("x-amz-sdk-checksum-algorithm", "CRC32C"), ("x-amz-checksum-crc32", CRC)],
            "InvalidRequest",
            "Value for x-amz-sdk-checksum-algorithm header is invalid.",
        ),
        (
            [("x-amz-trailer", "content-type")],
            "InvalidRequest",
            "The value specified in the x-amz-trailer header is not supported",
        ),
    ],
)
def test_d20_d21_claims_that_are_refused(given: list[tuple[str, str]], code: str, message: str) -> None:
    with pytest.raises(S3Error) as caught:
        read_integrity(headers(*given))
    assert (caught.value.code, caught.value.message) == (ErrorCode[code], message)
