"""What a request says of itself to policies: the values of condition keys, found when one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar

from trug.access.actions import Action
from trug.access.resources import LISTING, RESOURCES, Entry, Level
from trug.access.settled import SETTLED, principal_tag, settled_value
from trug.domain.errors import S3Error
from trug.domain.identity import Identity
from trug.domain.keys import decode_key
from trug.domain.tags import HEADER as TAGGING
from trug.domain.tags import as_policies_see, parse_tagging_header
from trug.ports.rows import Bucket
from trug.wire.dates import SECOND, iso_date, parse_http_date, parse_iso
from trug.wire.locking import UNTIL
from trug.wire.request import Headers, WireRequest

# After "AWS global condition context keys" (IAM User Guide) and "Condition keys for Amazon S3" (Service Authorization
# Reference). Values that the server derives come from the connection, the signature and the identity, and no header
# of the same name is ever asked for them.

Values = tuple[str, ...]
Told = Mapping[str, Values | None]
NOTHING_TOLD: Told = {}
NO_LIST: Told = dict.fromkeys(LISTING)
"""Of a request that lists nothing, whatever its query says."""

COPY_SOURCE = "x-amz-copy-source"
VERSION = "?versionId="
TAGGING_DIRECTIVE, REPLACE = "x-amz-tagging-directive", "REPLACE"
RETAIN_UNTIL = "s3:object-lock-retain-until-date"
TAG_KEYS = "s3:requestobjecttagkeys"
DAY = 24 * 3600 * SECOND
MILLISECOND = 1000
SIGV4_QUERY, SIGV2_QUERY = "X-Amz-Signature", "Signature"
AS_V4, AS_V2 = "AWS4-HMAC-SHA256", "AWS"

OF_OTHER_SERVICES = Entry(Level.ACCOUNT, frozenset())
"""Actions of IAM and STS have no condition keys of S3."""

T = TypeVar("T")


class Context:
    """Answers for one action of one request: the values of a lower-case condition key, None where it has none.

    ``headers`` are the request's own, or the fields of its form. ``told`` are values that only its document says, by
    key; what they say goes before the headers.
    """

    __slots__ = ("_entry", "bucket", "headers", "identity", "in_form", "told", "wire")

    def __init__(
        self,
        wire: WireRequest,
        identity: Identity,
        action: Action,
        bucket: Bucket | None = None,
        *,
        headers: Headers | None = None,
        told: Told = NOTHING_TOLD,
    ) -> None:
        self.wire = wire
        self.identity = identity
        self.bucket = bucket
        self.headers = wire.headers if headers is None else headers
        self.in_form = headers is not None
        self.told = told
        self._entry = RESOURCES.get(action, OF_OTHER_SERVICES)

    def __call__(self, key: str) -> Values | None:
        if not self._entry.has(key):
            return None
        if key in self.told:
            return self.told[key]
        if key in SETTLED:
            return settled_value(key, self.identity, self.bucket)
        read = ONE_OF_A_KIND.get(key)
        if read is not None:
            value = read(self)
            return None if value is None else (value,)
        many = SEVERAL.get(key)
        if many is not None:
            return many(self) or None
        name, slash, rest = key.partition("/")
        if slash:
            find = BY_NAME.get(name)
            return None if find is None else find(self, rest)
        if key in FROM_HEADERS:
            text = self.headers.get(key.removeprefix("s3:"))
            return None if text is None else (text,)
        return self._claimed(key)

    def _claimed(self, key: str) -> Values | None:
        """What the token that a session began with says: ``jwt:sub``, ``accounts.example.com:aud``."""
        session = self.identity.session
        if session is None or key.startswith(("aws:", "s3:")):
            return None
        return next((values for name, values in session.claims if name == key), None)

    # --- how it was signed ---

    @property
    def is_signed_v2(self) -> bool:
        if self.in_form:
            return "awsaccesskeyid" in self.headers
        return self.headers.get("authorization", "").startswith("AWS ") or SIGV2_QUERY in self.wire.parameters

    @property
    def is_copy(self) -> bool:
        """Whether there is a source that this copies. Of what is none the header says nothing."""
        wire = self.wire
        is_written = wire.method == "PUT" and not self.in_form and "renameObject" not in wire.parameters
        return is_written and COPY_SOURCE in self.headers

    @property
    def signed_at(self) -> int | None:
        """When, in µs since 1970; None of nobody's request."""
        is_in_header = self.in_form or "authorization" in self.headers
        text = self.headers.get("x-amz-date") if is_in_header else self.wire.parameters.get("X-Amz-Date")
        if text is None:
            return parse_http_date(self.headers.get("date", ""))
        return parse_iso(f"{text[:4]}-{text[4:6]}-{text[6:11]}:{text[11:13]}:{text[13:15]}Z")

    @property
    def request_tags(self) -> dict[str, str]:
        """The tags of a new object, as the header has them; none where it is not well-formed, which is refused later.

        The header counts neither where a document (``told``) has the tags, nor where a copy takes along those of its
        source."""
        is_heeded = TAG_KEYS not in self.told and (not self.is_copy or self.headers.get(TAGGING_DIRECTIVE) == REPLACE)
        text = self.headers.get(TAGGING) if is_heeded else None
        if text is not None:
            with suppress(S3Error):
                return parse_tagging_header(text)
        return {}


# --- values there is one of -----------------------------------------------------------------------------------------


def _boolean(value: bool) -> str:  # noqa: FBT001 - as policies write it
    return "true" if value else "false"


def _token_issued(context: Context) -> str | None:
    session = context.identity.session
    return None if session is None else iso_date(session.issued)


def _signature_version(context: Context) -> str | None:
    if context.identity.is_anonymous:
        return None
    return AS_V2 if context.is_signed_v2 else AS_V4


def _auth_type(context: Context) -> str | None:
    if context.identity.is_anonymous:
        return None
    if context.in_form:
        return "POST"
    return "REST-HEADER" if "authorization" in context.headers else "REST-QUERY-STRING"


def _signature_age(context: Context) -> str | None:
    """In milliseconds; of version 4 alone."""
    if context.identity.is_anonymous or context.is_signed_v2:
        return None
    signed = context.signed_at
    return None if signed is None else str(max(0, context.wire.received - signed) // MILLISECOND)


def _copy_source(context: Context) -> str | None:
    """``bucket/key``, decoded and without the version, however the client spelled it."""
    if not context.is_copy:
        return None
    text = context.headers[COPY_SOURCE]
    try:
        return decode_key(text.rpartition(VERSION)[0] if VERSION in text else text).removeprefix("/")
    except S3Error:
        return text


def _metadata_directive(context: Context) -> str | None:
    if not context.is_copy:
        return None
    return context.headers.get("x-amz-metadata-directive", "COPY")


def _version_id(context: Context) -> str | None:
    return context.wire.parameters.get("versionId")


def _parameter(name: str) -> Callable[[Context], str | None]:
    return lambda context: context.wire.parameters.get(name)


def _header(name: str) -> Callable[[Context], str | None]:
    return lambda context: context.headers.get(name)


def _own_header(name: str) -> Callable[[Context], str | None]:
    """Of the request itself: no field of a form stands in its place."""
    return lambda context: context.wire.headers.get(name)


def _until(context: Context) -> int | None:
    if RETAIN_UNTIL in context.told:
        told = context.told[RETAIN_UNTIL]
        return parse_iso(told[0]) if told else None
    return parse_iso(context.headers.get(UNTIL, ""))


def _retain_until(context: Context) -> str | None:
    until = _until(context)
    return None if until is None else iso_date(until)


def _days_left(context: Context) -> str | None:
    until = _until(context)
    return None if until is None else str(max(0, -(-(until - context.wire.received) // DAY)))


def _limit(context: Context) -> str | None:
    parameters = context.wire.parameters
    return parameters.get("max-uploads" if "uploads" in parameters else "max-keys")


def _creates_object(context: Context) -> str:
    """False of what writes parts, true of what makes an object (``s3:ObjectCreationOperation``)."""
    parameters = context.wire.parameters
    return _boolean("partNumber" not in parameters and "uploads" not in parameters)


ONE_OF_A_KIND: Mapping[str, Callable[[Context], str | None]] = {
    "aws:currenttime": lambda context: iso_date(context.wire.received),
    "aws:epochtime": lambda context: str(context.wire.received // SECOND),
    "aws:referer": _own_header("referer"),
    "aws:securetransport": lambda context: _boolean(context.wire.scheme == "https"),
    "aws:sourceip": lambda context: context.wire.client or None,
    "aws:tokenissuetime": _token_issued,
    "aws:useragent": _own_header("user-agent"),
    "s3:authtype": _auth_type,
    "s3:delimiter": _parameter("delimiter"),
    "s3:if-match": _own_header("if-match"),
    "s3:if-none-match": _own_header("if-none-match"),
    "s3:max-keys": _limit,
    "s3:object-lock-legal-hold": _header("x-amz-object-lock-legal-hold"),
    "s3:object-lock-mode": _header("x-amz-object-lock-mode"),
    "s3:object-lock-remaining-retention-days": _days_left,
    RETAIN_UNTIL: _retain_until,
    "s3:objectcreationoperation": _creates_object,
    "s3:prefix": _parameter("prefix"),
    "s3:signatureage": _signature_age,
    "s3:signatureversion": _signature_version,
    "s3:tlsversion": lambda context: context.wire.tls or None,
    "s3:versionid": _version_id,
    "s3:x-amz-copy-source": _copy_source,
    "s3:x-amz-metadata-directive": _metadata_directive,
}


# --- values there may be several of ---------------------------------------------------------------------------------


def _tag_keys(context: Context) -> Values:
    return tuple(context.request_tags)


def _session_tag_keys(context: Context) -> Values:
    session = context.identity.session
    return () if session is None else tuple(name for name, _ in session.tags)


SEVERAL: Mapping[str, Callable[[Context], Values]] = {
    TAG_KEYS: _tag_keys,
    "sts:transitivetagkeys": _session_tag_keys,
}


# --- values by the name behind the slash ----------------------------------------------------------------------------


def _request_tag(context: Context, name: str) -> Values | None:
    return _named(context.request_tags, name)


def _named(tags: Mapping[str, str], name: str) -> Values | None:
    """A tag's value; policies' keys are asked for in lower case, so that case tells no two tags apart."""
    value = as_policies_see(tags).get(name)
    return None if value is None else (value,)


BY_NAME: Mapping[str, Callable[[Context, str], Values | None]] = {
    "aws:principaltag": lambda context, name: principal_tag(context.identity, name),
    "s3:requestobjecttag": _request_tag,
}


# --- values that a header gives as it is ----------------------------------------------------------------------------

FROM_HEADERS = frozenset(
    {
        "s3:x-amz-acl",
        "s3:x-amz-content-sha256",
        "s3:x-amz-grant-full-control",
        "s3:x-amz-grant-read",
        "s3:x-amz-grant-read-acp",
        "s3:x-amz-grant-write",
        "s3:x-amz-grant-write-acp",
        "s3:x-amz-object-ownership",
        "s3:x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:x-amz-server-side-encryption-customer-algorithm",
        "s3:x-amz-storage-class",
        "s3:x-amz-website-redirect-location",
    }
)


def told_tags(tags: Mapping[str, str], prefix: str, keys: str) -> Told:
    """What a document's tags tell policies: under ``prefix/name`` each value, under ``keys`` the names."""
    return {keys: tuple(tags), **{f"{prefix}/{name}": (value,) for name, value in as_policies_see(tags).items()}}


def object_tags_told(tags: Mapping[str, str]) -> Told:
    return told_tags(tags, "s3:requestobjecttag", TAG_KEYS)


def resource_tags_told(tags: Mapping[str, str]) -> Told:
    return told_tags(tags, "aws:requesttag", "aws:tagkeys")


def encryption_told(kind: str, key: str) -> Told:
    """What a document's encryption tells policies."""
    return {"s3:x-amz-server-side-encryption": (kind,), "s3:x-amz-server-side-encryption-aws-kms-key-id": (key,)}


def retention_told(mode: str, until: int) -> Told:
    """What a document's retention tells policies, ``until`` in µs since 1970; nothing where it takes one away."""
    if not mode:
        return dict.fromkeys(("s3:object-lock-mode", RETAIN_UNTIL))
    return {"s3:object-lock-mode": (mode,), RETAIN_UNTIL: (iso_date(until),)}
