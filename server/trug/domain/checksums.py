"""The ten checksums of S3: their names, their digests, and how those of parts become one of the object."""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial, reduce
from typing import Protocol

from awscrt import checksums as crt
from isal import isal_zlib

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.objects import COMPOSITE, FULL_OBJECT, Checksum

Buffer = bytes | bytearray | memoryview

HEADER_PREFIX = "x-amz-checksum-"


class Hasher(Protocol):
    """A digest in the making."""

    def update(self, data: Buffer, /) -> None: ...

    def digest(self) -> bytes: ...


@frozen
class Algorithm:
    """A checksum algorithm as S3 knows it.

    ``element`` is its XML element, ``size`` the digest's length in bytes, ``types`` the checksum types that a multipart
    upload may ask for, the default first. ``new`` begins a digest, ``hash`` makes one of bytes at hand; ``combine``
    makes the CRC of two stretches of data from both CRCs and the length of the second. ``is_quick`` is true of those
    that cost next to nothing beside an MD5.
    """

    name: str
    header: str
    element: str
    size: int
    types: tuple[str, ...]
    new: Callable[[], Hasher]
    hash: Callable[[Buffer], bytes]
    combine: Callable[[int, int, int], int] | None = None
    is_quick: bool = False


class _Crc:
    __slots__ = ("_function", "_size", "_value")

    def __init__(self, function: Callable[[Buffer, int], int], size: int) -> None:
        self._function = function
        self._size = size
        self._value = 0

    def update(self, data: Buffer, /) -> None:
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")


class _XXHash:
    """awscrt's XXHash takes nothing but bytes."""

    __slots__ = ("_hash",)

    def __init__(self, new: Callable[[], crt.XXHash]) -> None:
        self._hash = new()

    def update(self, data: Buffer, /) -> None:
        self._hash.update(bytes(data))

    def digest(self) -> bytes:
        digest: bytes = self._hash.finalize()
        return digest


def _crc(
    name: str,
    size: int,
    types: tuple[str, ...],
    function: Callable[[Buffer, int], int],
    combine: Callable[[int, int, int], int],
) -> Algorithm:
    return _algorithm(
        name,
        size,
        types,
        new=partial(_Crc, function, size),
        hash=lambda data: function(data, 0).to_bytes(size, "big"),
        combine=combine,
        is_quick=True,
    )


def _sha(name: str, size: int, function: Callable[..., Hasher]) -> Algorithm:
    return _algorithm(name, size, (COMPOSITE,), new=function, hash=lambda data: function(data).digest())


def _xxhash(name: str, size: int, new: Callable[[], crt.XXHash], compute: Callable[[bytes], bytes]) -> Algorithm:
    return _algorithm(
        name, size, (COMPOSITE,), new=partial(_XXHash, new), hash=lambda data: compute(bytes(data)), is_quick=True
    )


def _algorithm(
    name: str,
    size: int,
    types: tuple[str, ...],
    *,
    new: Callable[[], Hasher],
    hash: Callable[[Buffer], bytes],  # noqa: A002 - the field's name
    combine: Callable[[int, int, int], int] | None = None,
    is_quick: bool = False,
) -> Algorithm:
    return Algorithm(name, HEADER_PREFIX + name.lower(), f"Checksum{name}", size, types, new, hash, combine, is_quick)


# ISA-L's CRC32 takes 0.02 s/GiB, as the other two of awscrt's; zlib's and awscrt's take 0.3 to 0.6.
ALGORITHMS: dict[str, Algorithm] = {
    algorithm.name: algorithm
    for algorithm in (
        _crc("CRC32", 4, (COMPOSITE, FULL_OBJECT), isal_zlib.crc32, crt.combine_crc32),
        _crc("CRC32C", 4, (COMPOSITE, FULL_OBJECT), crt.crc32c, crt.combine_crc32c),
        _crc("CRC64NVME", 8, (FULL_OBJECT,), crt.crc64nvme, crt.combine_crc64nvme),
        _sha("SHA1", 20, hashlib.sha1),
        _sha("SHA256", 32, hashlib.sha256),
        _sha("SHA512", 64, hashlib.sha512),
        _sha("MD5", 16, hashlib.md5),
        _xxhash("XXHASH64", 8, crt.XXHash.new_xxhash64, crt.XXHash.compute_xxhash64),
        _xxhash("XXHASH3", 8, crt.XXHash.new_xxhash3_64, crt.XXHash.compute_xxhash3_64),
        _xxhash("XXHASH128", 16, crt.XXHash.new_xxhash3_128, crt.XXHash.compute_xxhash3_128),
    )
}

BY_HEADER: dict[str, Algorithm] = {algorithm.header: algorithm for algorithm in ALGORITHMS.values()}


def new_digest(algorithm: str) -> Hasher:
    """Begin a digest of the algorithm of this exact name."""
    return ALGORITHMS[algorithm].new()


def find_algorithm(name: str) -> Algorithm | None:
    """The algorithm of this name, in whatever case a client wrote it."""
    return ALGORITHMS.get(name) or ALGORITHMS.get(name.upper())


def check_checksum_type(algorithm: str, type: str) -> tuple[str, str]:  # noqa: A002 - S3's word
    """Algorithm and checksum type that a multipart upload gets, each ``""`` where the client named none.

    A type left open is the algorithm's default; no algorithm gives none and no type. Follows "Checking object integrity
    for data uploads" in the S3 user guide: CRC64NVME is of the full object only, CRC32 and CRC32C of either kind, all
    others composite only. Raises InvalidRequest.
    """
    if not algorithm:
        if type:
            raise _invalid("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
        return "", ""
    found = find_algorithm(algorithm)
    if found is None:
        raise _invalid(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
            f"[{', '.join(ALGORITHMS)}]"
        )
    wanted = type.upper() or found.types[0]
    if wanted not in (COMPOSITE, FULL_OBJECT):
        raise _invalid("Value for x-amz-checksum-type header is invalid.")
    if wanted not in found.types:
        raise _invalid(f"The {wanted} checksum type cannot be used with the {found.name.lower()} checksum algorithm.")
    return found.name, wanted


def encode(digest: bytes) -> str:
    """A digest as S3 writes it: base64."""
    return binascii.b2a_base64(digest, newline=False).decode("ascii")


def full_object(algorithm: str, digest: bytes) -> Checksum:
    """The checksum of a whole object, or of a part, from its raw digest."""
    return tuple.__new__(Checksum, (algorithm, encode(digest), FULL_OBJECT))


def find_digest(text: str, size: int) -> bytes | None:
    """The ``size`` bytes that ``text`` is the base64 of; None when it is not."""
    try:
        digest = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    return digest if len(digest) == size else None


def decode(algorithm: Algorithm, text: str, *, where: str = "header") -> bytes:
    """The digest in the value of a checksum header. InvalidRequest when it is no base64 of the right length."""
    digest = find_digest(text, algorithm.size)
    if digest is None:
        raise _invalid(f"Value for {algorithm.header} {where} is invalid.")
    return digest


def decode_of_object(algorithm: Algorithm, text: str) -> tuple[bytes, int]:
    """The digest and the number of parts in a multipart object's checksum, ``base64-N``; 0 where no number stands."""
    value, dash, parts = text.partition("-")
    if dash and not (parts.isascii() and parts.isdigit() and len(parts) <= len("10000")):
        raise _invalid(f"Value for {algorithm.header} header is invalid.")
    return decode(algorithm, value), int(parts or 0)


def composite(algorithm: str, digests: Sequence[bytes]) -> str:
    """The composite checksum of an object from those of its parts: ``base64-N``, the digest of all digests in order."""
    return f"{encode(ALGORITHMS[algorithm].hash(b''.join(digests)))}-{len(digests)}"


def combine(algorithm: str, parts: Iterable[tuple[bytes, int]]) -> bytes:
    """The CRC of a whole object from (digest, length in bytes) of its parts in order. ValueError for what is no CRC."""
    found = ALGORITHMS[algorithm]
    join = found.combine
    if join is None:
        raise ValueError(f"{algorithm} cannot be combined")
    whole = reduce(lambda crc, part: join(crc, int.from_bytes(part[0], "big"), part[1]), parts, 0)
    return whole.to_bytes(found.size, "big")


def _invalid(message: str) -> S3Error:
    return S3Error(ErrorCode.InvalidRequest, message)
