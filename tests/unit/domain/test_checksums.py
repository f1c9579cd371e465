"""The ten checksums against botocore's model, known values and each other."""

from __future__ import annotations

import base64
import hashlib
from itertools import pairwise
from typing import Any

import pytest
from botocore.loaders import Loader

from trug.domain.checksums import (
    ALGORITHMS,
    BY_HEADER,
    check_checksum_type,
    combine,
    composite,
    decode,
    decode_of_object,
    encode,
    find_algorithm,
    new_digest,
)
from trug.domain.errors import ErrorCode, S3Error

CHECK = b"123456789"
KNOWN = {
    "CRC32": "cbf43926",
    "CRC32C": "e3069283",
    "CRC64NVME": "ae8b14860a799888",
    "SHA1": hashlib.sha1(CHECK).hexdigest(),
    "SHA256": hashlib.sha256(CHECK).hexdigest(),
    "SHA512": hashlib.sha512(CHECK).hexdigest(),
    "MD5": hashlib.md5(CHECK).hexdigest(),
    "XXHASH64": "8cb841db40e6ae83",
}
EVERY = sorted(ALGORITHMS)
CRCS = ["CRC32", "CRC32C", "CRC64NVME"]
SAMPLE = bytes(range(256)) * 700


def model() -> dict[str, Any]:
    shapes: dict[str, Any] = Loader().load_service_model("s3", "service-2")["shapes"]
    return shapes


def test_names_headers_and_elements_are_botocores() -> None:
    shapes = model()
    members = shapes["PutObjectRequest"]["members"]
    assert set(shapes["ChecksumAlgorithm"]["enum"]) == set(ALGORITHMS)
    for name, algorithm in ALGORITHMS.items():
        assert algorithm.name == name
        assert members[f"Checksum{name}"]["locationName"] == algorithm.header
        assert algorithm.element in shapes["Checksum"]["members"]
        assert BY_HEADER[algorithm.header] is algorithm


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_known_values(name: str) -> None:
    assert ALGORITHMS[name].hash(CHECK).hex() == KNOWN[name]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: memoryview(bytearray(data))])
def test_in_pieces_as_at_once(name: str, kind: Any) -> None:
    algorithm = ALGORITHMS[name]
    hasher = new_digest(name)
    for at in range(0, len(SAMPLE), 50_000):
        hasher.update(kind(SAMPLE[at : at + 50_000]))
    assert hasher.digest() == algorithm.hash(SAMPLE) == algorithm.hash(kind(SAMPLE))
    assert len(hasher.digest()) == algorithm.size


@pytest.mark.parametrize("name", EVERY)
def test_of_nothing(name: str) -> None:
    algorithm = ALGORITHMS[name]
    assert algorithm.new().digest() == algorithm.hash(b"")


@pytest.mark.parametrize("name", CRCS)
@pytest.mark.parametrize("cuts", [[], [1], [70_000], [0, 5, 5, 100_000], [len(SAMPLE)]])
def test_combined_crc_is_that_of_the_whole(name: str, cuts: list[int]) -> None:
    algorithm = ALGORITHMS[name]
    edges = [0, *cuts, len(SAMPLE)]
    parts = [SAMPLE[start:stop] for start, stop in pairwise(edges)]
    assert combine(name, [(algorithm.hash(part), len(part)) for part in parts]) == algorithm.hash(SAMPLE)


@pytest.mark.parametrize("name", sorted(set(EVERY) - set(CRCS)))
def test_no_other_digest_combines(name: str) -> None:
    with pytest.raises(ValueError, match="combined"):
        combine(name, [(b"", 0)])


def test_composite_is_the_digest_of_digests_and_their_number() -> None:
    digests = [hashlib.sha256(part).digest() for part in (b"one", b"two", b"three")]
    expected = base64.b64encode(hashlib.sha256(b"".join(digests)).digest()).decode()
    assert composite("SHA256", digests) == f"{expected}-3"


@pytest.mark.parametrize("name", EVERY)
def test_values_there_and_back(name: str) -> None:
    algorithm = ALGORITHMS[name]
    digest = algorithm.hash(CHECK)
    assert decode(algorithm, encode(digest)) == digest
    assert decode_of_object(algorithm, encode(digest)) == (digest, 0)
    assert decode_of_object(algorithm, f"{encode(digest)}-17") == (digest, 17)


@pytest.mark.parametrize(
    "text", ["", "y/Q5Jg", "y/Q5Jg=", "y/Q5Jg==\n", " y/Q5Jg==", "!!!!", "AAAA", "AAAAAAAA", "\xff"]
)
def test_d20_values_that_are_no_digest(text: str) -> None:
    with pytest.raises(S3Error) as caught:
        decode(ALGORITHMS["CRC32"], text)
    assert caught.value.code is ErrorCode.InvalidRequest
    assert caught.value.message == "Value for x-amz-checksum-crc32 header is invalid."


@pytest.mark.parametrize("suffix", ["-", "-x", "--1", "-1-2", "-999999", "-²"])
def test_object_values_with_a_bad_number_of_parts(suffix: str) -> None:
    value = encode(ALGORITHMS["SHA1"].hash(b"")) + suffix
    with pytest.raises(S3Error) as caught:
        decode_of_object(ALGORITHMS["SHA1"], value)
    assert caught.value.code is ErrorCode.InvalidRequest


@pytest.mark.parametrize(
    ("algorithm", "type", "expected"),
    [
        ("", "", ("", "")),
        ("CRC32", "", ("CRC32", "COMPOSITE")),
        ("crc32c", "FULL_OBJECT", ("CRC32C", "FULL_OBJECT")),
        ("CRC32", "COMPOSITE", ("CRC32", "COMPOSITE")),
        ("CRC64NVME", "", ("CRC64NVME", "FULL_OBJECT")),
        ("SHA256", "", ("SHA256", "COMPOSITE")),
        ("XXHASH3", "", ("XXHASH3", "COMPOSITE")),
        ("MD5", "COMPOSITE", ("MD5", "COMPOSITE")),
    ],
)
def test_checksum_types_that_stand(algorithm: str, type: str, expected: tuple[str, str]) -> None:  # noqa: A002
    assert check_checksum_type(algorithm, type) == expected


@pytest.mark.parametrize(
    ("algorithm", "type", "message"),
    [
        ("CRC64NVME", "COMPOSITE", "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm."),
        ("SHA1", "FULL_OBJECT", "The FULL_OBJECT checksum type cannot be used with the sha1 checksum algorithm."),
        ("SHA256", "FULL_OBJECT", "The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm."),
        ("XXHASH128", "FULL_OBJECT", "The FULL_OBJECT checksum type cannot be used with the xxhash128 checksum"),
        ("", "COMPOSITE", "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."),
        ("CRC16", "", "Checksum algorithm provided is unsupported."),
        ("CRC32", "HALF", "Value for x-amz-checksum-type header is invalid."),
    ],
)
def test_checksum_types_that_do_not(algorithm: str, type: str, message: str) -> None:  # noqa: A002
    with pytest.raises(S3Error) as caught:
        check_checksum_type(algorithm, type)
    assert caught.value.code is ErrorCode.InvalidRequest
    assert caught.value.message.startswith(message)


def test_algorithms_are_found_in_any_case() -> None:
    assert find_algorithm("crc64nvme") is find_algorithm("CRC64NVME") is ALGORITHMS["CRC64NVME"]
    assert find_algorithm("crc") is None
