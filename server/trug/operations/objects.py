"""PutObject, GetObject, HeadObject and DeleteObject."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Self

from trug.access import actions
from trug.domain.bounded import Bounded
from trug.domain.checksums import BY_HEADER
from trug.domain.configurations import HAS_LIFECYCLE, HAS_OBJECT_LOCK
from trug.domain.encryption import CustomerKey
from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.frozen import frozen
from trug.domain.objects import STANDARD, Checksum
from trug.domain.preconditions import NO_CONDITIONS, NO_WRITE_CONDITIONS, ReadConditions, WriteConditions
from trug.domain.ranges import parse_range
from trug.domain.versioning import Versioning
from trug.engine.drafts import Deleted, Draft, Stored
from trug.engine.engine import Engine
from trug.engine.envelopes import check_customer_key
from trug.engine.intake import DEFAULT_CHECKSUM, digests_for
from trug.engine.refusals import Moved
from trug.engine.versions import PutVersion
from trug.operations.call import Call
from trug.operations.expiring import stored_expiration, version_expiration
from trug.operations.granting import is_plain, with_owner
from trug.operations.operation import AtHand, Family, Pending, Submitting
from trug.operations.parameters import (
    IS_BARE_WRITE,
    authorise_lock,
    check_length,
    demand_digest_of_default,
    draft_from,
    may_bypass,
    part_asked,
    refuse_version,
    version_asked,
)
from trug.operations.representation import checksum_headers, stored_headers, version_header
from trug.ports.rows import Bucket, Version
from trug.wire.body import body_at_hand
from trug.wire.dates import http_date
from trug.wire.encryption import customer_key, encryption_headers, speaks_of_encryption
from trug.wire.headers import (
    CONTENT_TYPE,
    READ_CONDITIONS,
    WRITE_OFFSET,
    asks_for_unbuilt,
    delete_conditions,
    metadata_headers,
    read_conditions,
    refuse_unbuilt,
    typed,
    write_conditions,
)
from trug.wire.integrity import SDK_ALGORITHM
from trug.wire.locking import HOLD, MODE, UNTIL, asks_to_bypass, demand_digest, lock_headers
from trug.wire.payload import Payload
from trug.wire.query import DIGITS, response_overrides
from trug.wire.reply import Lasting, Reply
from trug.wire.request import Headers, Incoming, Rule, WholeBody

family = Family()

NO_OVERRIDES: Mapping[str, str] = {}
CHECKSUM_MODE = "x-amz-checksum-mode"
ASKING = READ_CONDITIONS | {"range", "if-range", CHECKSUM_MODE}
IS_PLAIN_READ = Rule(
    lambda names: ASKING.isdisjoint(names) and not asks_for_unbuilt(names) and not speaks_of_encryption(names)
)
"""Of reads that ask for all of the newest version and nothing more."""
SAID_OF_NOTHING = frozenset(
    {
        "accept",
        "accept-encoding",
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "authorization",
        "connection",
        "content-length",
        "date",
        "host",
        "user-agent",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-user-agent",
    }
)
"""Names of headers that say nothing of an object."""
SAID_OF_BYTES = SAID_OF_NOTHING | {CONTENT_TYPE, "content-md5", SDK_ALGORITHM, *BY_HEADER}
IS_PLAIN_DELETE = Rule(lambda names: SAID_OF_NOTHING.issuperset(names) and len(set(names)) == len(names))
IS_PLAIN_PUT = Rule(
    lambda names: SAID_OF_BYTES.issuperset(names) and len(set(names)) == len(names) and IS_BARE_WRITE.judge(names)
)
"""Of writes whose headers all are known to say nothing but which bytes come, and of what type."""
SHOWN_TO_WRITERS = HAS_LIFECYCLE | HAS_OBJECT_LOCK
"""What makes ``put_object`` look further than at the request."""
SHOWN_UNCHANGED = ("last-modified", "x-amz-version-id", "cache-control", "expires")
WHOLE, PARTIAL = 200, 206
TAGGING_COUNT = "x-amz-tagging-count"
NOT_UNSIGNED = "Request specific response headers cannot be used for anonymous GET requests."
OFF = Versioning.OFF  # bound once: looking up a member costs 0.1 µs before Python 3.12


# PutObject


@frozen
class PutObject:
    """``offset`` is where to append, None where an object is to be put in place of any."""

    key: str
    draft: Draft
    conditions: WriteConditions
    offset: int | None = None

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutObject:
        headers = incoming.headers
        if not incoming.parameters and IS_BARE_WRITE(headers):
            check_length(incoming.body)
            return cls(incoming.key, Draft(typed(headers)), NO_WRITE_CONDITIONS)
        refuse_version(incoming)
        check_length(incoming.body)
        offset = offset_asked(headers) if WRITE_OFFSET in headers else None
        draft = draft_from(incoming, takes=WRITE_OFFSET)
        if draft.lock is not None:
            demand_digest(headers)
        return cls(incoming.key, draft, write_conditions(headers), offset)


def offset_asked(headers: Headers) -> int:
    """``x-amz-write-offset-bytes``."""
    text = headers[WRITE_OFFSET]
    if not DIGITS.match(text):
        raise invalid_argument("The write offset is not a number of bytes.", WRITE_OFFSET, text)
    return int(text)


def put_at_hand(
    engine: Engine, bucket: Bucket, key: str, headers: Headers, raw: WholeBody, payload: Payload
) -> Pending | None:
    """What ``put_object`` does with a small body that has come, where the bucket asks for nothing more."""
    objects = engine.objects
    if bucket.configured & SHOWN_TO_WRITERS or not objects.may_keep(raw.length or 0):
        return None
    body, content = body_at_hand(raw, headers, payload), raw.whole()
    if body is None or content is None:
        return None
    algorithm = body.checksum_algorithm or DEFAULT_CHECKSUM
    digests = body.digests_of(content, digests_for(algorithm))
    change = objects.put_at_hand(bucket, key, content, digests, algorithm, Draft(typed(headers)))
    if change is None:
        return None
    return Pending(objects.submit(change), put_shown, partial(put_mended, engine, change))


def put_shown(stored: Stored) -> Reply:
    return Reply(headers=stored_headers(stored))


async def put_mended(engine: Engine, change: PutVersion, failure: Exception) -> Reply:
    if not isinstance(failure, Moved):
        raise failure
    return put_shown(await engine.objects.put_named(change))


@family.operation(
    "PutObject",
    "PUT /{Bucket}/{Key+}",
    action=actions.PUT_OBJECT,
    request=PutObject,
    streams=True,
    at_hand=Submitting(IS_PLAIN_PUT, put_at_hand),
)
async def put_object(call: Call, request: PutObject) -> Reply:
    draft, bucket = request.draft, call.bucket
    if draft.tags:
        await call.authorise(actions.PUT_OBJECT_TAGGING, bucket, request.key)
    if draft.lock is not None:
        await authorise_lock(call, request.key, draft.lock)
    elif bucket.configured & HAS_OBJECT_LOCK:
        await demand_digest_of_default(call, "Put Object")
    if not is_plain(call, draft.asked):
        draft = await with_owner(call, request.key, draft)
    if request.offset is not None:
        return await append_object(call, request, draft, request.offset)
    stored = await call.engine.objects.put(bucket, request.key, call.body, draft, request.conditions)
    headers = stored_headers(stored, draft.protection)
    if bucket.configured & HAS_LIFECYCLE:
        headers |= await stored_expiration(call, request.key, request.draft.tags, stored)
    return Reply(headers=headers)


async def append_object(call: Call, request: PutObject, draft: Draft, offset: int) -> Reply:
    """The answer tells the size too, as only appends' do."""
    stored = await call.engine.appending.append(call.bucket, request.key, offset, call.body, draft, request.conditions)
    headers = stored_headers(stored, request.draft.protection)
    return Reply(headers=headers | {"x-amz-object-size": str(stored.size)})


# GetObject and HeadObject


@frozen
class Retrieval:
    """What both reads ask for: a version, on conditions, all of it or a range or a part, and how to show it."""

    key: str
    version_id: str | None = None
    conditions: ReadConditions = NO_CONDITIONS
    range: str | None = None
    if_range: str | None = None
    part: int | None = None
    shows_checksum: bool = False
    overrides: Mapping[str, str] = NO_OVERRIDES
    customer_key: CustomerKey | None = None

    @property
    def is_whole(self) -> bool:
        return self.range is None and self.part is None

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> Self:
        headers, parameters = incoming.headers, incoming.parameters
        if not parameters and IS_PLAIN_READ(headers):
            return cls(incoming.key)
        refuse_unbuilt(headers)
        asked, part = headers.get("range"), None
        overrides, version_id = NO_OVERRIDES, None
        if parameters:
            part, version_id = part_asked(incoming), version_asked(incoming)
            overrides = response_overrides(parameters)
        if asked is not None and part is not None:
            raise S3Error(ErrorCode.InvalidRequest, "Cannot specify both Range header and partNumber query parameter")
        return cls(
            key=incoming.key,
            version_id=version_id,
            conditions=read_conditions(headers, now=incoming.wire.received),
            range=asked,
            if_range=headers.get("if-range"),
            part=part,
            shows_checksum=headers.get(CHECKSUM_MODE, "").upper() == "ENABLED",
            overrides=overrides,
            customer_key=customer_key(incoming),
        )


class GetObject(Retrieval):
    """With the bytes."""


class HeadObject(Retrieval):
    """Without them."""


@frozen
class Extract:
    """Which bytes are answered, half open; with which status; their checksum, None where only the whole has one."""

    start: int
    stop: int
    status: int
    checksum: Checksum | None


def get_at_hand(engine: Engine, bucket: Bucket, key: str) -> Reply | None:
    """What ``get_object`` answers of a whole object whose bytes can be had without waiting."""
    fetched = engine.objects.at_hand(bucket, key, content=True)
    if fetched is None:
        return None
    version, content = fetched
    headers = lasting_headers(bucket, version)
    if headers is None:
        return None
    whole = content if content is not None else engine.objects.file_at_hand(bucket, version)
    return None if whole is None else Reply(WHOLE, headers, whole, version.listing.size)


def head_at_hand(engine: Engine, bucket: Bucket, key: str) -> Reply | None:
    """What ``head_object`` answers of an object whose row can be had without waiting."""
    fetched = engine.objects.at_hand(bucket, key, content=False)
    if fetched is None:
        return None
    version = fetched.version
    headers = lasting_headers(bucket, version)
    return None if headers is None else Reply(WHOLE, headers, b"", version.listing.size)


@family.operation(
    "GetObject",
    "GET /{Bucket}/{Key+}",
    action=actions.GET_OBJECT,
    versioned_action=actions.GET_OBJECT_VERSION,
    request=GetObject,
    at_hand=AtHand(IS_PLAIN_READ, get_at_hand),
)
async def get_object(call: Call, request: GetObject) -> Reply:
    if request.overrides and call.identity.is_anonymous:
        raise S3Error(ErrorCode.InvalidRequest, NOT_UNSIGNED)
    reading = await call.engine.objects.open(call.bucket, request.key, request.version_id, request.customer_key)
    version = reading.version
    check_conditions(call, request.conditions, version)
    if request.is_whole:
        extract = whole_of(version)
    else:
        part = None if request.part is None else await reading.part(request.part)
        extract = await extract_of(call, request, version, part)
    headers = extract_headers(call, request, version, extract)
    if version.record.tags or version.record.lock is not None:
        headers = await permitted_headers(call, request, headers)
    if call.bucket.configured & HAS_LIFECYCLE:
        headers = headers | await version_expiration(call, version)
    return Reply(extract.status, headers, reading.content(extract.start, extract.stop), extract.stop - extract.start)


@family.operation(
    "HeadObject",
    "HEAD /{Bucket}/{Key+}",
    action=actions.GET_OBJECT,
    versioned_action=actions.GET_OBJECT_VERSION,
    request=HeadObject,
    at_hand=AtHand(IS_PLAIN_READ, head_at_hand),
)
async def head_object(call: Call, request: HeadObject) -> Reply:
    version, part = await _looked_up(call, request)
    extract = whole_of(version) if request.is_whole else await extract_of(call, request, version, part)
    headers = extract_headers(call, request, version, extract)
    if version.record.tags or version.record.lock is not None:
        headers = await permitted_headers(call, request, headers)
    if call.bucket.configured & HAS_LIFECYCLE:
        headers = headers | await version_expiration(call, version)
    return Reply(extract.status, headers, length=extract.stop - extract.start)


async def _looked_up(call: Call, request: HeadObject) -> tuple[Version, tuple[int, int] | None]:
    """The version, without its bytes unless a part's place must be known."""
    if request.part is None:
        version = await call.engine.objects.find(call.bucket, request.key, request.version_id)
        if version.record.encryption is not None or request.customer_key is not None:
            check_customer_key(version.record.encryption, request.customer_key)
        check_conditions(call, request.conditions, version)
        return version, None
    reading = await call.engine.objects.open(
        call.bucket, request.key, request.version_id, request.customer_key, is_read=False
    )
    check_conditions(call, request.conditions, reading.version)
    return reading.version, await reading.part(request.part)


def extract_headers(call: Call, request: Retrieval, version: Version, extract: Extract) -> dict[str, str]:
    """All that an answer shows; it may be shared with others, so that who adds to it makes another."""
    headers = shared_headers(call.bucket, version, call.wire.received)
    if version.record.encryption is not None:
        headers = headers | encryption_headers(version.record.encryption, request.customer_key)
    if request.shows_checksum:
        headers = headers | checksum_headers(extract.checksum)
    if request.part is not None and version.record.parts:
        headers = headers | {"x-amz-mp-parts-count": str(version.record.parts)}
    if extract.status == PARTIAL:
        headers = headers | {"content-range": f"bytes {extract.start}-{extract.stop - 1}/{version.listing.size}"}
    return {**headers, **request.overrides} if request.overrides else headers


async def permitted_headers(call: Call, request: Retrieval, headers: dict[str, str]) -> dict[str, str]:
    """Without what only those are told of tags and locks who may read these as well ("GetObject")."""
    if call.is_plain_owner_of(call.bucket):
        return headers
    shown = dict(headers)
    for names, of_newest, of_version in PERMITTED:
        asked = shown.keys() & names
        action = of_newest if request.version_id is None else of_version
        if asked and not await call.may(action, call.bucket, request.key, version_id=request.version_id):
            shown = {name: value for name, value in shown.items() if name not in asked}
    return shown


PERMITTED = (
    (frozenset({TAGGING_COUNT}), actions.GET_OBJECT_TAGGING, actions.GET_OBJECT_VERSION_TAGGING),
    (frozenset({MODE, UNTIL}), actions.GET_OBJECT_RETENTION, actions.GET_OBJECT_RETENTION),
    (frozenset({HOLD}), actions.GET_OBJECT_LEGAL_HOLD, actions.GET_OBJECT_LEGAL_HOLD),
)
"""Headers, and what one must be allowed to be shown them: of the newest version, and of one by its id."""


SHOWN: Bounded[int, tuple[Version, bool, Lasting]] = Bounded(2048)
"""What versions show, and whether with a version id, by their place in memory: a small object that is read again and
again is the same one, found in memory, until it changes."""


def shared_headers(bucket: Bucket, version: Version, received: int) -> dict[str, str]:
    """As ``version_headers``, made once of each version whose headers depend on nothing but itself."""
    if version.listing.storage_class != STANDARD:
        return version_headers(bucket, version, received)
    is_versioned = bucket.versioning is not OFF
    known = SHOWN.get(id(version))
    if known is not None and known[0] is version and known[1] is is_versioned:
        return known[2]
    headers = Lasting(version_headers(bucket, version, received))
    SHOWN.keep(id(version), (version, is_versioned, headers))
    return headers


def lasting_headers(bucket: Bucket, version: Version) -> dict[str, str] | None:
    """All that a read of a whole version shows to the plain owner of its bucket; None where it shows more than the
    version alone tells."""
    if version.record.encryption is not None or version.listing.storage_class != STANDARD:
        return None
    return None if bucket.configured & HAS_LIFECYCLE else shared_headers(bucket, version, 0)


def version_headers(bucket: Bucket, version: Version, received: int) -> dict[str, str]:
    """What every read shows of a version, whatever part of it is read; ``received`` in µs since 1970."""
    listing, record = version.listing, version.record
    headers = {
        "etag": f'"{listing.etag}"',
        "last-modified": http_date(listing.modified),
        "accept-ranges": "bytes",
        **record.headers,
    }
    if record.metadata:
        headers |= metadata_headers(record.metadata)
    if bucket.versioning is not OFF:
        headers["x-amz-version-id"] = version.version_id
    if record.tags:
        headers[TAGGING_COUNT] = str(len(record.tags))
    if record.lock is not None:
        headers |= lock_headers(record.lock)
    if listing.storage_class != STANDARD:
        headers |= storage_headers(version, received)
    return headers


def storage_headers(version: Version, now: int) -> dict[str, str]:
    """The storage class, and how far a restored copy is."""
    headers = {"x-amz-storage-class": version.listing.storage_class}
    restoration = version.record.restoration
    told = None if restoration is None else restoration.header(now)
    return headers if told is None else headers | {"x-amz-restore": told}


def check_conditions(call: Call, conditions: ReadConditions, version: Version) -> None:
    """As ``ReadConditions.check``; a 304 tells of the version what RFC 9110, section 15.4.5 asks for."""
    if conditions.is_empty:
        return
    try:
        conditions.check(version.listing.etag, version.listing.modified)
    except S3Error as refusal:
        if refusal.code is ErrorCode.NotModified:
            shown = version_headers(call.bucket, version, call.wire.received)
            refusal.headers |= {name: shown[name] for name in SHOWN_UNCHANGED if name in shown}
        raise


async def extract_of(call: Call, request: Retrieval, version: Version, part: tuple[int, int] | None) -> Extract:
    """What is answered: the part asked for (its span is ``part``), the range, or the whole."""
    if part is not None:
        start, stop = part
        return Extract(start, stop, PARTIAL if stop > start else WHOLE, await _part_checksum(call, request, version))
    size = version.listing.size
    span = parse_range(request.range, size) if _is_unchanged(request.if_range, version) else None
    return whole_of(version) if span is None else Extract(*span, PARTIAL, None)


def whole_of(version: Version) -> Extract:
    return Extract(0, version.listing.size, WHOLE, version.record.checksum)


async def _part_checksum(call: Call, request: Retrieval, version: Version) -> Checksum | None:
    """A part's own checksum. Of an object that was not uploaded in parts the first is the whole."""
    whole = version.record.checksum
    if not version.record.parts or whole is None:
        return whole
    if request.part is None or not request.shows_checksum:
        return None
    for part in await call.engine.multipart.object_parts(version, after=request.part - 1, limit=1):
        return part.checksum and part.checksum._replace(type=whole.type)
    return None


def _is_unchanged(if_range: str | None, version: Version) -> bool:
    """RFC 9110, section 13.1.5: a range is only answered of what the client has the rest of."""
    if if_range is None:
        return True
    return if_range in (f'"{version.listing.etag}"', http_date(version.listing.modified))


# DeleteObject


@frozen
class DeleteObject:
    key: str
    version_id: str | None
    conditions: WriteConditions
    bypass: bool = False

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> DeleteObject:
        headers = incoming.headers
        return cls(incoming.key, version_asked(incoming), delete_conditions(headers), asks_to_bypass(headers))


def delete_at_hand(
    engine: Engine, bucket: Bucket, key: str, headers: Headers, raw: WholeBody, payload: Payload
) -> Pending | None:
    """What ``delete_object`` does to a key without conditions."""
    if raw.length or body_at_hand(raw, headers, payload) is None:
        return None
    change = engine.objects.delete_at_hand(bucket, key, NO_WRITE_CONDITIONS)
    if change is None:
        return None
    return Pending(engine.objects.submit(change), delete_shown, partial(delete_mended, engine, bucket, key))


def delete_shown(deleted: Deleted) -> Reply:
    headers = version_header(deleted.version_id)
    if deleted.marker:
        headers["x-amz-delete-marker"] = "true"
    return Reply(204, headers)


async def delete_mended(engine: Engine, bucket: Bucket, key: str, failure: Exception) -> Reply:
    if not isinstance(failure, Moved):
        raise failure
    return delete_shown(await engine.objects.delete_named(bucket, key, NO_WRITE_CONDITIONS))


@family.operation(
    "DeleteObject",
    "DELETE /{Bucket}/{Key+}",
    action=actions.DELETE_OBJECT,
    versioned_action=actions.DELETE_OBJECT_VERSION,
    request=DeleteObject,
    at_hand=Submitting(IS_PLAIN_DELETE, delete_at_hand),
)
async def delete_object(call: Call, request: DeleteObject) -> Reply:
    bypass = request.bypass and await may_bypass(call, request.key, request.version_id)
    deleted = await call.engine.objects.delete(
        call.bucket, request.key, request.version_id, request.conditions, bypass=bypass
    )
    return delete_shown(deleted)
