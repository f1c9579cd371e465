"""What the presigned-upload service does, over the engine."""

from __future__ import annotations

import binascii
import re
import unicodedata
from base64 import b64decode
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache

from trug.access import actions
from trug.domain.checksums import find_algorithm
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.keys import check_key, extension_of
from trug.domain.media import OCTETS, active_type, type_of_name
from trug.domain.names import check_bucket_name
from trug.domain.uuids import uuid7
from trug.engine.drafts import Draft
from trug.engine.expected import Expect, ReportStatus, Unknown
from trug.manage.api.problems import Mistake, Problem, bad_request
from trug.manage.api.reading import NOT_VALID
from trug.manage.api.visit import Signer, Visit
from trug.manage.uploads import schemas
from trug.ports.expected import PENDING, Details, ExpectedFile, ExpectedOf, ExpectedWithId
from trug.ports.reads import BucketOnce
from trug.ports.rows import Bucket
from trug.settings import UploadProfile
from trug.wire.dates import iso_date

UNKNOWN = "file not found"
MEDIA = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,126}\Z")
FAMILY = re.compile(r"[a-z]{1,32}\Z")
FAMILIES = {"document": ("application/", "text/")}
"""What clients call a type that is no family of media types."""
METADATA_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")
UNSHOWN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Categories of characters that no file's name needs: controls, and those that turn the direction of text."""
MOST_PARTS = 1_000
SMALLEST_PART = 16 << 20
MOST_METADATA = 2048
SECOND = 1_000_000
DAY = 86_400 * SECOND


@frozen
class Wanted:
    """A file that is to be uploaded, looked through."""

    profile: UploadProfile
    name: str
    extension: str
    type: str
    media: str
    size: int
    checksum: str
    metadata: dict[str, str]


def wanted_of(asked: schemas.AskUrl, profile: UploadProfile) -> Wanted:
    """Problem 400 with all that is wrong."""
    mistakes = [*_of_name(asked.filename), *_of_size(asked, profile), *_of_metadata(asked.metadata)]
    kind = (asked.content_type or asked.type).lower()
    family = FAMILIES.get(asked.type, (f"{asked.type}/",))
    if asked.type and asked.content_type and "/" not in asked.type and not kind.startswith(family):
        mistakes.append(Mistake("content_type", f"is not of type {asked.type}"))
    media = _media(asked, kind, profile, mistakes)
    checksum = _checksum(asked.checksum, mistakes)
    if mistakes:
        raise bad_request(NOT_VALID, *mistakes)
    shown = asked.type or media.partition("/")[0]
    return Wanted(
        profile, asked.filename, extension_of(asked.filename), shown, media, asked.file_size, checksum, asked.metadata
    )


def _of_name(name: str) -> list[Mistake]:
    if "/" in name or "\\" in name:
        return [Mistake("filename", "has a folder in it")]
    if not name.isprintable() and any(unicodedata.category(character) in UNSHOWN for character in name):
        return [Mistake("filename", "has characters that cannot be shown")]
    return [] if extension_of(name) else [Mistake("filename", "has no extension")]


def _of_size(asked: schemas.AskUrl, profile: UploadProfile) -> list[Mistake]:
    if asked.file_size > profile.largest:
        return [Mistake("file_size", f"is above {profile.largest} bytes")]
    return []


def _of_metadata(metadata: dict[str, str]) -> list[Mistake]:
    names = [name for name in metadata if not METADATA_NAME.match(name)]
    texts = [name for name, text in metadata.items() if not (text.isascii() and text.isprintable())]
    mistakes = [Mistake(f"metadata.{name}", "is no name") for name in names]
    mistakes += [Mistake(f"metadata.{name}", "is not printable ASCII") for name in texts]
    if sum(len(name) + len(text) for name, text in metadata.items()) > MOST_METADATA:
        mistakes.append(Mistake("metadata", f"has more than {MOST_METADATA} characters"))
    return mistakes


def _media(asked: schemas.AskUrl, kind: str, profile: UploadProfile, mistakes: list[Mistake]) -> str:
    """The media type that the file must have: the one given, or of the family given the one that its name has."""
    field = "content_type" if asked.content_type else "type"
    by_name = type_of_name(asked.filename)
    if MEDIA.match(kind):
        media = kind
    elif FAMILY.match(kind):
        media = by_name if by_name.startswith(FAMILIES.get(kind, (f"{kind}/",))) else ""
        if not media:
            mistakes.append(Mistake(field, f"is not the type of {extension_of(asked.filename) or 'the file'} files"))
            return OCTETS
    else:
        mistakes.append(Mistake(field, "is no type" if kind else "is missing"))
        return OCTETS
    if not any(_matches(pattern, media) for pattern in profile.types) or is_unasked(media, profile):
        mistakes.append(Mistake(field, "is not allowed"))
    elif by_name and by_name.partition("/")[0] != media.partition("/")[0]:
        mistakes.append(Mistake("filename", "has the extension of another type"))
    return media


def is_unasked(media: str, profile: UploadProfile) -> bool:
    """Whether browsers run files of this type, and the profile does not name it itself: ``image/*`` is no SVG."""
    return bool(active_type(media)) and media not in profile.types


def _matches(pattern: str, media: str) -> bool:
    return media.startswith(pattern[:-1]) if pattern.endswith("/*") else media == pattern


def _checksum(text: str, mistakes: list[Mistake]) -> str:
    """``ALGORITHM:base64`` by the algorithm's own name."""
    if not text:
        return ""
    name, _, value = text.partition(":")
    algorithm = find_algorithm(name.replace("-", ""))
    try:
        size = len(b64decode(value.encode("ascii"), validate=True))
    except (binascii.Error, UnicodeEncodeError):
        size = -1
    if algorithm is None or size != algorithm.size:
        mistakes.append(Mistake("checksum", "is not ALGORITHM:base64 of an algorithm that S3 has"))
        return ""
    return f"{algorithm.name}:{value}"


# --- URLs -----------------------------------------------------------------------------------------------------------


async def url_for(visit: Visit, asked: schemas.AskUrl) -> schemas.UploadUrl:
    """Expect a file, and say where it goes. Problem 400, NoSuchBucket, AccessDenied."""
    around = visit.surroundings
    profile = around.profiles.get(asked.profile)
    if profile is None:
        raise bad_request(NOT_VALID, Mistake("profile", "is not known"))
    wanted = wanted_of(asked, profile)
    signer = await visit.signer()
    bucket = await visit.bucket(asked.bucket) if asked.bucket else await _bucket_of(visit, profile)
    number = str(uuid7(around.clock.now()))
    key = _key(visit, asked.profile, wanted, number)
    await visit.authorise(actions.PUT_OBJECT, bucket, key)
    upload_id = ""
    if wanted.size >= profile.parts_from:
        upload_id = await _begun(visit, bucket, key, wanted)
    expires = around.clock.now() + signer.seconds(profile.lifetime) * SECOND
    details = _details(wanted, asked.profile, upload_id)
    file = ExpectedFile(number, visit.identity.arn, bucket.id, key, PENDING, PENDING, 0, 0, expires, details)
    return _answer(visit, signer, bucket, await around.metadata.commit(Expect(file)), wanted, asked.method)


async def _bucket_of(visit: Visit, profile: UploadProfile) -> Bucket:
    """The profile's bucket, made where there is none for who may make it. NoSuchBucket."""
    try:
        return await visit.bucket(profile.bucket)
    except S3Error as missing:
        around = visit.surroundings
        try:
            check_bucket_name(profile.bucket)
            await visit.authorise(actions.CREATE_BUCKET, None, name=profile.bucket)
        except S3Error:
            raise missing from None
        with suppress(S3Error):  # somebody has just made it
            await around.engine.buckets.create(profile.bucket, account=visit.account.id, region=around.region, tags={})
    return await visit.bucket(profile.bucket)


def _key(visit: Visit, profile: str, wanted: Wanted, number: str) -> str:
    identity = visit.identity
    user = identity.user or (identity.session.name if identity.session else "") or "root"
    day = _day(visit.surroundings.clock.now() // DAY)
    key = wanted.profile.key.format(uuid=number, extension=wanted.extension, profile=profile, user=user, date=day)
    check_key(key)
    return key


@lru_cache(2)
def _day(day: int) -> str:
    return datetime.fromtimestamp(day * DAY // SECOND, UTC).strftime("%Y/%m/%d")


async def _begun(visit: Visit, bucket: Bucket, key: str, wanted: Wanted) -> str:
    """A multipart upload for a large file."""
    draft = Draft(headers={"content-type": wanted.media}, metadata=wanted.metadata)
    upload = await visit.surroundings.engine.multipart.create(
        bucket, key, draft, initiator=visit.identity.arn, checksum_algorithm="", checksum_type=""
    )
    return upload.upload_id


def _details(wanted: Wanted, profile: str, upload_id: str) -> Details:
    shown = (wanted.name, wanted.type, wanted.media, wanted.size)
    return Details(*shown, profile, wanted.checksum, wanted.metadata, upload_id)


def _answer(
    visit: Visit, signer: Signer, bucket: Bucket, file: ExpectedFile, wanted: Wanted, method: str
) -> schemas.UploadUrl:
    around, seconds = visit.surroundings, wanted.profile.lifetime
    url = around.url_of(bucket.name, file.key)
    answer = schemas.UploadUrl(
        url=signer.url("PUT", url, seconds),
        key=file.id,
        status=file.status,
        method=method,
        expires_at=iso_date(file.expires),
        bucket=bucket.name,
        object_key=file.key,
        headers={"content-type": wanted.media},
    )
    if method == "POST":
        meta = {f"x-amz-meta-{name}": text for name, text in wanted.metadata.items()}
        fields = {"key": file.key, "Content-Type": wanted.media, **meta}
        answer.url, answer.headers = around.url_of(bucket.name, "").rstrip("/"), {}
        answer.fields = signer.form(fields, seconds, bucket=bucket.name, size=wanted.size)
    if file.details.upload_id:
        answer.multipart = _parts(signer, url, file, seconds)
    return answer


def _parts(signer: Signer, url: str, file: ExpectedFile, seconds: int) -> schemas.Parts:
    size, upload = file.details.size, {"uploadId": file.details.upload_id}
    each = max(SMALLEST_PART, -(-size // MOST_PARTS))
    parts = [
        schemas.Part(
            number,
            min(each, size - start),
            signer.url("PUT", url, seconds, {**upload, "partNumber": str(number)}),
        )
        for number, start in enumerate(range(0, size, each), 1)
    ]
    complete, abort = signer.url("POST", url, seconds, upload), signer.url("DELETE", url, seconds, upload)
    return schemas.Parts(file.details.upload_id, parts, complete, abort)


# --- status ---------------------------------------------------------------------------------------------------------


async def report(visit: Visit, asked: schemas.Report) -> schemas.FileStatus:
    """Problem 404 for a file that is not known, or not to the caller."""
    await found(visit, asked.uuid, actions.PUT_OBJECT)
    try:
        file = await visit.surroundings.metadata.commit(ReportStatus(asked.uuid.lower(), asked.status))
    except Unknown as error:
        raise Problem(404, UNKNOWN) from error
    return await status_of(visit, file)


async def found(visit: Visit, number: str, action: actions.Action = actions.GET_OBJECT) -> ExpectedFile:
    """A file that the caller asked a URL for, or with whose object the caller may do this. Problem 404."""
    file = await visit.surroundings.metadata.fetch(ExpectedWithId(number.lower()))
    if file is None:
        raise Problem(404, UNKNOWN)
    if file.owner == visit.identity.arn:
        return file
    bucket = await visit.surroundings.metadata.fetch(BucketOnce(file.bucket))
    if bucket is None:
        raise Problem(404, UNKNOWN)
    try:
        await visit.authorise(action, bucket, file.key)
    except S3Error as refusal:
        if refusal.code is not ErrorCode.AccessDenied:
            raise
        raise Problem(404, UNKNOWN) from refusal
    return file


async def status_of(visit: Visit, file: ExpectedFile) -> schemas.FileStatus:
    bucket = await visit.surroundings.metadata.fetch(BucketOnce(file.bucket))
    details = file.details
    return schemas.FileStatus(
        uuid=file.id,
        name=details.name,
        type=details.type,
        status=file.status,
        updated_at=iso_date(file.updated),
        created_at=iso_date(file.created),
        expires_at=iso_date(file.expires),
        content_type=details.media,
        size=details.size,
        bucket="" if bucket is None else bucket.name,
        object_key=file.key,
        metadata=details.metadata,
        reason=details.reason,
        moved_to=details.moved_to,
    )


async def page(visit: Visit, asked: schemas.ListStatus) -> schemas.StatusPage:
    """The caller's own files."""
    read = ExpectedOf(visit.identity.arn, asked.status, asked.token, asked.limit + 1)
    files = await visit.surroundings.metadata.fetch(read)
    shown = [await status_of(visit, file) for file in files[: asked.limit]]
    return schemas.StatusPage(shown, shown[-1].uuid if len(files) > asked.limit else "")
