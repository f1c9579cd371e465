"""What the headers of a request say about an object, and how an object's own headers go out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.objects import STANDARD
from trug.domain.preconditions import NO_CONDITIONS, NO_WRITE_CONDITIONS, ReadConditions, WriteConditions
from trug.domain.storage_classes import KEPT
from trug.wire.dates import parse_http_date
from trug.wire.query import DIGITS
from trug.wire.request import Headers, Rule
from trug.wire.words import decode_words, encode_words

CONTROL = re.compile("[\x00-\x1f\x7f]")

# System metadata

CONTENT_TYPE = "content-type"
CONTENT_ENCODING = "content-encoding"
REDIRECT_LOCATION = "x-amz-website-redirect-location"
DEFAULT_CONTENT_TYPE = "binary/octet-stream"
STORED = frozenset(
    {
        CONTENT_TYPE,
        CONTENT_ENCODING,
        REDIRECT_LOCATION,
        "cache-control",
        "content-disposition",
        "content-language",
        "expires",
    }
)
TO_STORE = Rule(lambda names: [name for name in names if name in STORED])
FRAMING = "aws-chunked"
STREAMING = "STREAMING-"
REDIRECT_PREFIXES = ("/", "http://", "https://")
OFFSITE_PREFIXES = ("//", "/\\")
LONGEST_REDIRECT = 2048


def object_headers(headers: Headers) -> dict[str, str]:
    """The system metadata to keep with an object, by lower-case header name, values as on the wire.

    Content-Type is ``binary/octet-stream`` where none came. The framing's own ``aws-chunked`` is taken out of
    Content-Encoding, and refused with InvalidArgument where the body is not framed so. InvalidArgument for control
    characters, InvalidRedirectLocation for a redirect to anything but a path of this site or an http address.
    """
    stored = {CONTENT_TYPE: DEFAULT_CONTENT_TYPE}
    for name in TO_STORE(headers):
        if headers[name]:
            stored[name] = _one_line(name, headers[name])
    if CONTENT_ENCODING in stored:
        _strip_framing(stored, headers.get("x-amz-content-sha256") or "")
    if REDIRECT_LOCATION in stored:
        _check_redirect(stored[REDIRECT_LOCATION])
    return stored


def typed(headers: Headers) -> dict[str, str]:
    """As ``object_headers``, of who sends none of them but maybe Content-Type."""
    value = headers.get(CONTENT_TYPE)
    return {CONTENT_TYPE: _one_line(CONTENT_TYPE, value) if value else DEFAULT_CONTENT_TYPE}


def _one_line(name: str, value: str) -> str:
    if CONTROL.search(value):
        raise invalid_argument("Header values must not contain control characters.", name, "")
    return value


def _strip_framing(stored: dict[str, str], sha256: str) -> None:
    value = stored[CONTENT_ENCODING]
    codings = [coding.strip() for coding in value.split(",")]
    kept = [coding for coding in codings if coding.lower() != FRAMING]
    if len(kept) == len(codings):
        return
    if not sha256.startswith(STREAMING):
        raise invalid_argument(
            "aws-chunked encoding is not supported when the payload is not streamed.", "Content-Encoding", value
        )
    if any(kept):
        stored[CONTENT_ENCODING] = ", ".join(filter(None, kept))
    else:
        del stored[CONTENT_ENCODING]


def _check_redirect(location: str) -> None:
    if len(location) > LONGEST_REDIRECT:
        raise S3Error(
            ErrorCode.InvalidRedirectLocation, "The length of website redirect location cannot exceed 2,048 characters."
        )
    if not location.lower().startswith(REDIRECT_PREFIXES) or location.startswith(OFFSITE_PREFIXES):
        raise S3Error(ErrorCode.InvalidRedirectLocation)


# User metadata

METADATA_PREFIX = "x-amz-meta-"
MOST_METADATA_BYTES = 2048
HAS_METADATA = Rule(lambda names: any(name.startswith(METADATA_PREFIX) for name in names))
METADATA_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")


def user_metadata(headers: Headers) -> dict[str, str]:
    """The ``x-amz-meta-`` headers by lower-case name without the prefix, values as text.

    Values may come as UTF-8 or as encoded words ("Working with object metadata" in the Amazon S3 User Guide).
    InvalidArgument for control characters and for names that no answer could carry; MetadataTooLarge when names and
    values have more than 2,048 bytes of UTF-8.
    """
    if not HAS_METADATA(headers):
        return {}
    metadata = {
        name[len(METADATA_PREFIX) :]: decode_words(line)
        for name, line in headers.items()
        if name.startswith(METADATA_PREFIX)
    }
    check_metadata(metadata)
    return metadata


def check_metadata(metadata: dict[str, str]) -> None:
    """InvalidArgument or MetadataTooLarge for what S3 does not keep; names without prefix, values as text."""
    for name, value in metadata.items():
        if not METADATA_NAME.match(name) or CONTROL.search(value):
            raise invalid_argument("Metadata must not contain control characters.", METADATA_PREFIX + name, "")
    size = sum(len(name) + len(value.encode("utf-8", "surrogatepass")) for name, value in metadata.items())
    if size > MOST_METADATA_BYTES:
        raise S3Error(
            ErrorCode.MetadataTooLarge, fields={"Size": str(size), "MaxSizeAllowed": str(MOST_METADATA_BYTES)}
        )


def metadata_headers(metadata: Mapping[str, str]) -> dict[str, str]:
    """User metadata as headers of an answer; names without prefix, values as text."""
    return {METADATA_PREFIX + name: encode_words(value) for name, value in metadata.items()}


# Conditions

IF_MATCH = "if-match"
IF_NONE_MATCH = "if-none-match"
IF_MODIFIED_SINCE = "if-modified-since"
IF_UNMODIFIED_SINCE = "if-unmodified-since"
SOURCE_PREFIX = "x-amz-copy-source-"
MATCH_MODIFIED = "x-amz-if-match-last-modified-time"
MATCH_SIZE = "x-amz-if-match-size"
READ_CONDITIONS = frozenset({IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE})
SOURCE_CONDITIONS = frozenset(SOURCE_PREFIX + name for name in READ_CONDITIONS)
WRITE_CONDITIONS = READ_CONDITIONS | {MATCH_MODIFIED, MATCH_SIZE}
HAS_READ_CONDITIONS = Rule(lambda names: not READ_CONDITIONS.isdisjoint(names))
HAS_WRITE_CONDITIONS = Rule(lambda names: not WRITE_CONDITIONS.isdisjoint(names))
ANYTHING = "*"


def read_conditions(headers: Headers, *, now: int | None = None) -> ReadConditions:
    """The conditions of GetObject and HeadObject; dates that are none are ignored (RFC 9110, section 13.1).

    With ``now``, in µs since 1970, an If-Modified-Since later than that is ignored too.
    """
    return _read_conditions(headers, "", now) if HAS_READ_CONDITIONS(headers) else NO_CONDITIONS


def copy_source_conditions(headers: Headers, *, now: int | None = None) -> ReadConditions:
    """The conditions on the source of CopyObject and UploadPartCopy: as ``read_conditions``, and never a 304."""
    if SOURCE_CONDITIONS.isdisjoint(headers):
        return NO_CONDITIONS
    return _read_conditions(headers, SOURCE_PREFIX, now)


def write_conditions(headers: Headers) -> WriteConditions:
    """The conditions of PutObject, CopyObject and CompleteMultipartUpload: If-Match, and If-None-Match with ``*``.

    NotImplemented, as S3 answers, for another If-None-Match and for dates.
    """
    if not HAS_WRITE_CONDITIONS(headers):
        return NO_WRITE_CONDITIONS
    _refuse(headers, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE, MATCH_MODIFIED, MATCH_SIZE)
    if headers.get(IF_NONE_MATCH, ANYTHING) != ANYTHING:
        raise not_implemented(IF_NONE_MATCH)
    return WriteConditions(if_match=headers.get(IF_MATCH), if_none_match=headers.get(IF_NONE_MATCH))


def delete_conditions(headers: Headers) -> WriteConditions:
    """The conditions of DeleteObject: If-Match, and the time and size that the object must have.

    InvalidArgument for a time or size that is none: a condition on a deletion is never passed over.
    """
    if not HAS_WRITE_CONDITIONS(headers):
        return NO_WRITE_CONDITIONS
    _refuse(headers, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE)
    return WriteConditions(
        if_match=headers.get(IF_MATCH), if_match_modified=_modified(headers), if_match_size=_size(headers)
    )


def _read_conditions(headers: Headers, prefix: str, now: int | None) -> ReadConditions:
    since = _date(headers, prefix + IF_MODIFIED_SINCE)
    return ReadConditions(
        if_match=headers.get(prefix + IF_MATCH),
        if_none_match=headers.get(prefix + IF_NONE_MATCH),
        if_modified_since=None if since is None or (now is not None and since > now) else since,
        if_unmodified_since=_date(headers, prefix + IF_UNMODIFIED_SINCE),
        is_source=bool(prefix),
    )


def _date(headers: Headers, name: str) -> int | None:
    text = headers.get(name)
    return None if text is None else parse_http_date(text)


def _modified(headers: Headers) -> int | None:
    if MATCH_MODIFIED not in headers:
        return None
    moment = parse_http_date(headers[MATCH_MODIFIED])
    if moment is None:
        raise invalid_argument("The value is not a date as HTTP writes it.", MATCH_MODIFIED, headers[MATCH_MODIFIED])
    return moment


def _size(headers: Headers) -> int | None:
    if MATCH_SIZE not in headers:
        return None
    if not DIGITS.match(headers[MATCH_SIZE]):
        raise invalid_argument("The value is not a number of bytes.", MATCH_SIZE, headers[MATCH_SIZE])
    return int(headers[MATCH_SIZE])


# What is not built

STORAGE_CLASS = "x-amz-storage-class"
OTHER_CLASSES = frozenset(
    {
        "OUTPOSTS",
        "SNOW",
        "EXPRESS_ONEZONE",
        "FSX_OPENZFS",
        "FSX_ONTAP",
        "AWS_BACKUP_WARM",
        "AWS_BACKUP_LOW_COST_WARM",
    }
)
WRITE_OFFSET = "x-amz-write-offset-bytes"
"""Of PutObject alone."""
UNBUILT = (
    "x-amz-object-lock-event-hold",
    WRITE_OFFSET,
)


def asks_for_unbuilt(names: Iterable[str]) -> bool:
    """Whether headers of these names may ask for what is not built."""
    return any(name.startswith((*UNBUILT, STORAGE_CLASS)) for name in names)


WORTH_A_LOOK = Rule(asks_for_unbuilt)


def refuse_unbuilt(headers: Headers, *, takes: str = "") -> None:
    """NotImplemented for headers of PutObject, CopyObject and CreateMultipartUpload that ask for what is not built.

    The header ``takes`` is not among them. InvalidStorageClass where S3 does not know the storage class either.
    """
    if not WORTH_A_LOOK(headers):
        return
    for name in headers:
        if name.startswith(UNBUILT) and name != takes:
            raise not_implemented(name)
    storage_class_asked(headers)


def not_implemented(name: str) -> S3Error:
    """NotImplemented, to be raised, naming the header."""
    return S3Error(ErrorCode.NotImplemented, fields={"Header": name})


def _refuse(headers: Headers, *names: str) -> None:
    for name in names:
        if name in headers:
            raise not_implemented(name)


def storage_class_asked(headers: Headers) -> str:
    """``x-amz-storage-class``, STANDARD where it is absent. NotImplemented, InvalidStorageClass."""
    storage_class = headers.get(STORAGE_CLASS, STANDARD) or ""
    if storage_class in OTHER_CLASSES:
        raise not_implemented(STORAGE_CLASS)
    if storage_class not in KEPT:
        raise S3Error(ErrorCode.InvalidStorageClass, fields={"StorageClassRequested": storage_class})
    return storage_class
