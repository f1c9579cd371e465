"""CompleteMultipartUpload's rules, as a table of requests against stored parts."""

from __future__ import annotations

import base64
import hashlib
import zlib

import pytest

from trug.domain.checksums import ALGORITHMS
from trug.domain.ends import pack
from trug.domain.errors import S3Error
from trug.domain.objects import COMPOSITE, FULL_OBJECT, Checksum, Record
from trug.engine.assembly import SMALLEST_PART, assemble
from trug.engine.drafts import RequestedPart
from trug.ports.rows import Part, Upload

CONTENTS = {1: b"a" * SMALLEST_PART, 2: b"b" * SMALLEST_PART, 5: b"tail"}


def upload_of(algorithm: str = "", kind: str = "") -> Upload:
    return Upload(1, "id", 1, "key", 7, 1, "me", "STANDARD", algorithm, kind, Record())


def parts_of(algorithm: str = "CRC64NVME") -> dict[int, Part]:
    return {
        number: Part(
            upload=1,
            number=number,
            etag=hashlib.md5(content).hexdigest(),
            size=len(content),
            modified=0,
            extents=(),
            checksum=Checksum(algorithm, base64.b64encode(ALGORITHMS[algorithm].hash(content)).decode()),
        )
        for number, content in CONTENTS.items()
    }


def wanted(*numbers: int, algorithm: str = "") -> list[RequestedPart]:
    parts = parts_of(algorithm or "CRC64NVME")
    return [
        RequestedPart(
            number,
            parts[number].etag if number in parts else "0" * 32,
            {algorithm: parts[number].checksum.value} if algorithm else {},  # type: ignore[union-attr]
        )
        for number in numbers
    ]


def test_etag_ends_and_default_checksum() -> None:
    made = assemble(upload_of(), parts_of(), wanted(1, 2, 5), None, None)
    digests = b"".join(hashlib.md5(content).digest() for content in CONTENTS.values())
    whole = b"".join(CONTENTS.values())
    assert made.completed.etag == f"{hashlib.md5(digests).hexdigest()}-3"
    assert made.completed.ends == pack(((1, SMALLEST_PART), (2, 2 * SMALLEST_PART), (5, len(whole))))
    crc = base64.b64encode(ALGORITHMS["CRC64NVME"].hash(whole)).decode()
    assert made.listing.checksum_algorithm == "CRC64NVME"
    assert made.record.checksum == Checksum("CRC64NVME", crc, FULL_OBJECT)
    assert made.record.parts == 3


def test_full_object_crc32_is_that_of_the_bytes() -> None:
    made = assemble(upload_of("CRC32", FULL_OBJECT), parts_of("CRC32"), wanted(1, 2, 5), None, None)
    assert made.record.checksum is not None
    assert base64.b64decode(made.record.checksum.value) == zlib.crc32(b"".join(CONTENTS.values())).to_bytes(4, "big")


def test_composite_sha256() -> None:
    requested = wanted(1, 5, algorithm="SHA256")
    made = assemble(upload_of("SHA256", COMPOSITE), parts_of("SHA256"), requested, None, None)
    digests = hashlib.sha256(CONTENTS[1]).digest() + hashlib.sha256(CONTENTS[5]).digest()
    expected = base64.b64encode(hashlib.sha256(digests).digest()).decode() + "-2"
    assert made.record.checksum == Checksum("SHA256", expected, COMPOSITE)


REFUSALS = {
    "out of order": (wanted(2, 1), None, None, "InvalidPartOrder"),
    "twice": (wanted(1, 1), None, None, "InvalidPartOrder"),
    "J4 missing part": (wanted(1, 3), None, None, "InvalidPart"),
    "J4 wrong ETag": ([RequestedPart(1, "0" * 32, {})], None, None, "InvalidPart"),
    "J4 wrong checksum": ([wanted(1)[0]._replace(checksums={"CRC64NVME": "AAAAAAAAAAA="})], None, None, "InvalidPart"),
    "J13 size": (wanted(1, 2), None, 1, "InvalidRequest"),
    "J12 type": (wanted(1), Checksum("", "", COMPOSITE), None, "InvalidRequest"),
    "J12 algorithm": (wanted(1), Checksum("CRC32", "AAAAAA=="), None, "InvalidRequest"),
    "J12 value": (wanted(1), Checksum("CRC64NVME", "AAAAAAAAAAA="), None, "BadDigest"),
}


@pytest.mark.parametrize(("requested", "claimed", "size", "code"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refusals(requested: list[RequestedPart], claimed: Checksum | None, size: int | None, code: str) -> None:
    with pytest.raises(S3Error) as caught:
        assemble(upload_of(), parts_of(), requested, claimed, size)
    assert caught.value.code.name == code


def test_j5_a_part_before_the_last_is_too_small() -> None:
    parts = parts_of()
    parts[2] = parts[5]._replace(number=2)
    requested = [wanted(1)[0], RequestedPart(2, parts[2].etag, {}), wanted(5)[0]]
    with pytest.raises(S3Error) as caught:
        assemble(upload_of(), parts, requested, None, None)
    assert caught.value.code.name == "EntityTooSmall"


def test_a_composite_upload_wants_each_parts_checksum() -> None:
    with pytest.raises(S3Error, match="missing for part 1"):
        assemble(upload_of("SHA256", COMPOSITE), parts_of("SHA256"), wanted(1), None, None)
