"""The storage manager: files and buckets over JSON."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from trug.access import actions
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.keys import check_key
from trug.domain.names import check_bucket_name
from trug.domain.preconditions import WriteConditions
from trug.domain.ranges import parse_range
from trug.domain.sizes import formatted_size
from trug.engine.together import MOST
from trug.manage.api.endpoint import Family, Later
from trug.manage.api.problems import Problem, bad_request
from trug.manage.api.streams import Stream
from trug.manage.api.visit import Visit
from trug.manage.storage import emptying, lists, schemas, service
from trug.manage.storage.receiving import received
from trug.operations.tokens import continued
from trug.ports.reads import BucketsOf, CountersOf
from trug.ports.rows import Bucket
from trug.wire.dates import http_date, iso_date

family = Family("storage", "Files and buckets.", "/api/v1")

DELETE_SECONDS = 5

GUARDED = {
    "content-type": "application/octet-stream",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "accept-ranges": "bytes",
}
"""Users' bytes share the documentation's origin: no browser shows or runs them."""


@family.endpoint("Health", "GET /health", "Whether the server answers", answer=schemas.Health, is_open=True)
async def health(visit: Visit, _: None) -> schemas.Health:
    around = visit.surroundings
    return schemas.Health("healthy", around.env, iso_date(around.clock.now()))


# --- uploads --------------------------------------------------------------------------------------------------------


@family.endpoint(
    "Upload",
    "POST /upload",
    "Store a file",
    form=schemas.UploadForm,
    answer=schemas.Uploaded,
    status=201,
    refuses=(403, 404, 413),
)
async def upload(visit: Visit, _: None) -> schemas.Uploaded:
    """The file gets a name of its own, a UUID with the extension it came with, and the type that its content has."""
    urls = await received(visit, "file", most=1)
    return schemas.Uploaded(urls[0])


@family.endpoint(
    "UploadMultiple",
    "POST /upload-multiple",
    "Store several files",
    form=schemas.ManyUploadsForm,
    answer=schemas.ManyUploaded,
    status=201,
    refuses=(403, 404, 413),
)
async def upload_multiple(visit: Visit, _: None) -> schemas.ManyUploaded:
    """All of them become visible at once, or none."""
    return schemas.ManyUploaded(await received(visit, "files", most=MOST))


# --- files ----------------------------------------------------------------------------------------------------------


@family.endpoint(
    "ListFiles",
    "GET /list",
    "A page of files",
    query=schemas.ListFiles,
    answer=schemas.FilePage,
    refuses=(403, 404),
    heeds=("prefix",),
)
async def list_files(visit: Visit, asked: schemas.ListFiles) -> Response:
    bucket = await visit.bucket(asked.bucket)
    await visit.authorise(actions.LIST_BUCKET, bucket)
    after = _after(asked.token) if asked.token else ""
    if asked.filter:
        page = await lists.filtered_files(visit, bucket, asked, after)
    else:
        page = await lists.list_files(visit.surroundings, bucket, asked, after)
    return Response(page.written(), media_type="application/json")


def _after(token: str) -> str:
    try:
        return continued(token)
    except S3Error as error:
        raise bad_request("the token is not valid") from error


@family.endpoint(
    "Download",
    "GET /download",
    "The file's bytes",
    query=schemas.FileNamed,
    media="application/octet-stream",
    refuses=(403, 404, 416),
    seconds=None,
)
async def download(visit: Visit, asked: schemas.FileNamed) -> Response:
    """Ranges are answered with 206. The file is offered under the name that it was uploaded with."""
    bucket = await visit.bucket(asked.bucket)
    await visit.authorise(actions.GET_OBJECT, bucket, asked.key)
    reading = await visit.surroundings.engine.objects.open(bucket, asked.key, None)
    listing = reading.version.listing
    span = parse_range(visit.request.headers.get("range"), listing.size)
    start, stop = span or (0, listing.size)
    headers = GUARDED | {
        "content-length": str(stop - start),
        "content-disposition": disposition(service.name_of(reading.version)),
        "etag": f'"{listing.etag}"',
        "last-modified": http_date(listing.modified),
    }
    if span is not None:
        headers["content-range"] = f"bytes {start}-{stop - 1}/{listing.size}"
    content = reading.content(start, stop)
    status = 200 if span is None else 206
    if isinstance(content, (bytes, memoryview)):
        return Response(bytes(content), status, headers=headers)
    return Stream(content, status, headers)


def disposition(name: str) -> str:
    """A safe ``Content-Disposition`` (RFC 6266) with the name in ASCII and, where that is another one, as RFC 5987
    writes it."""
    plain = "".join(character if " " <= character <= "~" and character not in '"\\%' else "_" for character in name)
    extended = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{extended}'


@family.endpoint(
    "DescribeFile",
    "GET /file",
    "What there is to tell of the file",
    query=schemas.FileNamed,
    answer=schemas.FileDescribed,
    refuses=(403, 404),
)
async def describe_file(visit: Visit, asked: schemas.FileNamed) -> schemas.FileDescribed:
    """The name that it was uploaded under, too, which S3 never tells."""
    bucket = await visit.bucket(asked.bucket)
    await visit.authorise(actions.GET_OBJECT, bucket, asked.key)
    version = await visit.surroundings.engine.objects.find(bucket, asked.key, None)
    return service.described(visit.surroundings, bucket, version)


@family.endpoint(
    "Presign",
    "GET /presign",
    "A URL to read the file without credentials",
    query=schemas.Presign,
    answer=schemas.Presigned,
    refuses=(403, 404),
)
async def presign(visit: Visit, asked: schemas.Presign) -> schemas.Presigned:
    bucket = await visit.bucket(asked.bucket)
    await visit.authorise(actions.GET_OBJECT, bucket, asked.key)
    await visit.surroundings.engine.objects.find(bucket, asked.key, None)
    url = await visit.presigned("GET", visit.surroundings.url_of(bucket.name, asked.key), asked.expires)
    return schemas.Presigned(url)


@family.endpoint(
    "DeleteFile",
    "DELETE /delete",
    "Delete the file",
    query=schemas.FileNamed,
    refuses=(403, 404),
    seconds=DELETE_SECONDS,
)
async def delete_file(visit: Visit, asked: schemas.FileNamed) -> None:
    """A file that is not there counts as deleted."""
    bucket = await visit.bucket(asked.bucket)
    check_key(asked.key)
    await visit.authorise(actions.DELETE_OBJECT, bucket, asked.key)
    await visit.surroundings.engine.objects.delete(bucket, asked.key, None, WriteConditions())


# --- buckets --------------------------------------------------------------------------------------------------------


@family.endpoint(
    "ListBuckets", "GET /buckets/list", "The caller's buckets", answer=list[schemas.Bucket], refuses=(403,)
)
async def list_buckets(visit: Visit, _: None) -> list[schemas.Bucket]:
    await visit.authorise(actions.LIST_ALL_MY_BUCKETS, None)
    after, found = "", []
    while page := await visit.surroundings.metadata.fetch(BucketsOf(visit.account.id, after)):
        found += page
        after = page[-1].name
    return [schemas.Bucket(bucket.name, iso_date(bucket.created)) for bucket in found]


@family.endpoint(
    "CreateBucket",
    "POST /buckets/create",
    "Make a bucket",
    body=schemas.CreateBucket,
    answer=schemas.BucketCreated,
    status=201,
    refuses=(403, 409),
)
async def create_bucket(visit: Visit, asked: schemas.CreateBucket) -> schemas.BucketCreated:
    check_bucket_name(asked.bucket_name)
    await visit.authorise(actions.CREATE_BUCKET, None, name=asked.bucket_name)
    around = visit.surroundings
    bucket = await around.engine.buckets.create(
        asked.bucket_name, account=visit.account.id, region=around.region, tags={}
    )
    return schemas.BucketCreated(bucket.name)


@family.endpoint(
    "BucketStats",
    "GET /buckets/stats",
    "How much is in a bucket",
    query=schemas.BucketAsked,
    answer=schemas.BucketStats,
    refuses=(403, 404),
)
async def bucket_stats(visit: Visit, asked: schemas.BucketAsked) -> schemas.BucketStats:
    bucket = await visit.bucket(asked.bucket)
    await visit.authorise(actions.LIST_BUCKET, bucket)
    totals = await visit.surroundings.metadata.fetch(CountersOf(bucket.id))
    return schemas.BucketStats(bucket.name, totals.objects, totals.current, formatted_size(totals.current))


@family.endpoint(
    "DeleteBucket",
    "DELETE /buckets/delete",
    "Remove an empty bucket",
    query=schemas.BucketToDelete,
    refuses=(403, 404, 409),
    seconds=DELETE_SECONDS,
)
async def delete_bucket(visit: Visit, asked: schemas.BucketToDelete) -> None:
    bucket = await visit.bucket(asked.name)
    await visit.authorise(actions.DELETE_BUCKET, bucket)
    await visit.surroundings.engine.buckets.delete(bucket)


@family.endpoint(
    "EmptyBucket",
    "DELETE /buckets/empty",
    "Remove all that is in a bucket",
    query=schemas.BucketAsked,
    later=schemas.EmptyingState,
    refuses=(403, 404, 409),
    seconds=DELETE_SECONDS,
)
async def empty_bucket(visit: Visit, asked: schemas.BucketAsked) -> Later | None:
    """All versions, delete markers and uploads that were there when this was asked for. What a lock protects stays: 409
    tells of it. When it takes longer than some seconds the answer is 202; GET tells how far it is."""
    bucket = await visit.bucket(asked.bucket)
    await visit.authorise(actions.LIST_BUCKET_VERSIONS, bucket)
    await visit.authorise(actions.LIST_BUCKET_MULTIPART_UPLOADS, bucket)
    emptyings = visit.surroundings.emptyings
    await emptyings.begin(bucket, emptying.asker_of(visit))
    state = await emptyings.settled(bucket, emptying.PATIENCE)
    if state is None:
        raise S3Error(ErrorCode.NoSuchBucket)
    if not state.is_over:
        return Later(emptying.shown(bucket, state))
    emptying.check_all_gone(state)
    return None


@family.endpoint(
    "EmptyingState",
    "GET /buckets/empty",
    "How far a bucket has been emptied",
    query=schemas.BucketAsked,
    answer=schemas.EmptyingState,
    refuses=(403, 404),
)
async def emptying_state(visit: Visit, asked: schemas.BucketAsked) -> schemas.EmptyingState:
    bucket = await visit.bucket(asked.bucket)
    await visit.authorise(actions.LIST_BUCKET_VERSIONS, bucket)
    state = await visit.surroundings.emptyings.find(bucket)
    if state is None:
        raise Problem(404, "nobody has emptied the bucket")
    return emptying.shown(bucket, state)


@family.endpoint(
    "UploadTypes",
    "GET /buckets/upload-types",
    "The types that may be uploaded",
    query=schemas.BucketAsked,
    answer=schemas.UploadTypes,
    refuses=(403, 404),
)
async def upload_types(visit: Visit, asked: schemas.BucketAsked) -> schemas.UploadTypes:
    bucket = await visit.bucket(asked.bucket)
    await visit.authorise(actions.LIST_BUCKET, bucket)
    return await _types_of(visit, bucket)


async def _types_of(visit: Visit, bucket: Bucket) -> schemas.UploadTypes:
    return schemas.UploadTypes(bucket.name, sorted(await service.types_of(visit.surroundings, bucket)))


@family.endpoint(
    "SetUploadTypes",
    "PUT /buckets/upload-types",
    "Say which types may be uploaded",
    body=schemas.SetUploadTypes,
    answer=schemas.UploadTypes,
    refuses=(403, 404),
)
async def set_upload_types(visit: Visit, asked: schemas.SetUploadTypes) -> schemas.UploadTypes:
    """For who may put the bucket's ownership controls, which are about uploads too."""
    bucket = await visit.bucket(asked.bucket_name)
    await visit.authorise(actions.PUT_BUCKET_OWNERSHIP_CONTROLS, bucket)
    await service.set_types(visit.surroundings, bucket, asked.types)
    return await _types_of(visit, await visit.bucket(bucket.name))
