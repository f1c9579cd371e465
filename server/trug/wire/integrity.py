"""What a client claims about the body it sends: Content-MD5 and one checksum, in a header or in the trailer."""

from __future__ import annotations

from typing import NamedTuple

from trug.domain.checksums import BY_HEADER, HEADER_PREFIX, Algorithm, decode, find_digest
from trug.domain.errors import ErrorCode, S3Error
from trug.wire.request import Headers, Rule

MD5_SIZE = 16
SDK_ALGORITHM = "x-amz-sdk-checksum-algorithm"
SETTINGS = frozenset({"x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type"})


class Integrity(NamedTuple):
    """The claims: raw MD5, the checksum's algorithm and raw value, the name of the trailer that will carry it.

    ``value`` is None while the checksum is still to come in the trailer; ``trailer`` is None when none was announced.
    """

    content_md5: bytes | None = None
    algorithm: str | None = None
    value: bytes | None = None
    trailer: str | None = None


NOTHING = Integrity()
make = tuple.__new__


def read_integrity(headers: Headers) -> Integrity:
    """What these headers claim about the body.

    Raises InvalidDigest for a Content-MD5 that is none, InvalidRequest for a checksum that is not valid, for more than
    one, for an unknown algorithm, and for ``x-amz-sdk-checksum-algorithm`` without the checksum it speaks of.
    """
    claimed = ONE_CHECKSUM(headers)
    if claimed is not None:
        if SDK_ALGORITHM in headers:
            _check_sdk_algorithm(headers, claimed)
        return make(Integrity, (None, claimed.name, decode(claimed, headers[claimed.header]), None))
    content_md5 = read_content_md5(headers)
    names = CHECKSUM_NAMES(headers)
    trailer = headers.get("x-amz-trailer")
    if not names and trailer is None:
        if SDK_ALGORITHM in headers:
            raise _invalid(
                f"{SDK_ALGORITHM} specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found."
            )
        return NOTHING if content_md5 is None else Integrity(content_md5)
    if trailer is not None:
        return _in_trailer(headers, content_md5, trailer, names)
    if len(names) > 1:
        raise _invalid("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
    algorithm = BY_HEADER.get(names[0])
    if algorithm is None:
        raise _invalid("The algorithm type you specified in x-amz-checksum- header is invalid.")
    _check_sdk_algorithm(headers, algorithm)
    return Integrity(content_md5, algorithm.name, decode(algorithm, headers[names[0]]))


def read_content_md5(headers: Headers) -> bytes | None:
    """The digest in Content-MD5, None when there is none. InvalidDigest when it is no base64 of 16 bytes."""
    text = headers.get("content-md5")
    if text is None:
        return None
    digest = find_digest(text, MD5_SIZE)
    if digest is None:
        raise S3Error(ErrorCode.InvalidDigest, fields={"Content-MD5": text})
    return digest


def _is_checksum(name: str) -> bool:
    return name.startswith(HEADER_PREFIX) and name not in SETTINGS


CHECKSUM_NAMES = Rule(lambda names: tuple(dict.fromkeys(filter(_is_checksum, names))))
"""The headers that carry a checksum, each once."""


def _one_checksum(names: tuple[str, ...]) -> Algorithm | None:
    if "content-md5" in names or "x-amz-trailer" in names:
        return None
    carrying = set(filter(_is_checksum, names))
    return BY_HEADER.get(carrying.pop()) if len(carrying) == 1 else None


ONE_CHECKSUM = Rule(_one_checksum)
"""The algorithm of who claims one checksum in a header and nothing else, as SDKs do; None where there is more to see,
or nothing."""


def _in_trailer(headers: Headers, content_md5: bytes | None, trailer: str, names: tuple[str, ...]) -> Integrity:
    if names:
        raise _invalid("Expecting a single x-amz-checksum- header")
    algorithm = BY_HEADER.get(trailer.lower())
    if algorithm is None:
        raise _invalid("The value specified in the x-amz-trailer header is not supported")
    _check_sdk_algorithm(headers, algorithm)
    return Integrity(content_md5, algorithm.name, None, algorithm.header)


def _check_sdk_algorithm(headers: Headers, algorithm: Algorithm) -> None:
    if (headers.get(SDK_ALGORITHM) or algorithm.name).upper() != algorithm.name:
        raise _invalid(f"Value for {SDK_ALGORITHM} header is invalid.")


def _invalid(message: str) -> S3Error:
    return S3Error(ErrorCode.InvalidRequest, message)
