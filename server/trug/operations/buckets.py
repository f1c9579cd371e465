"""Buckets: made, looked at, removed; their versioning and their tags."""

from __future__ import annotations

import re

from trug.access import actions
from trug.domain.acl import BUCKET_LISTS, Acl, AclAsked, Ownership, is_public
from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.frozen import frozen
from trug.domain.names import check_bucket_name
from trug.domain.tags import BUCKET_TAGS, check_tags
from trug.domain.versioning import Versioning
from trug.operations.call import Call
from trug.operations.context import Told, resource_tags_told
from trug.operations.granting import acl_for
from trug.operations.operation import Family
from trug.operations.parameters import Nothing
from trug.operations.representation import document
from trug.wire.acl import acl_asked
from trug.wire.documents import create_bucket as create_bucket_document
from trug.wire.documents import tagging, versioning
from trug.wire.headers import refuse_unbuilt
from trug.wire.reply import Reply
from trug.wire.request import Headers, Incoming
from trug.wire.xml import element

family = Family()

FIRST_REGION = "us-east-1"
"""The region that GetBucketLocation has no name for, and where a bucket may be made again."""
REGION = re.compile(r"[a-z]{2,3}(?:-[a-z]+)+-[0-9]{1,2}\Z")

OBJECT_LOCK = "x-amz-bucket-object-lock-enabled"
OWNERSHIP = "x-amz-object-ownership"
NAMESPACE = "x-amz-bucket-namespace"
ACCOUNT_REGIONAL = "account-regional"
REGIONAL_SUFFIX = "-an"
OWNERSHIPS = {mode.value.lower(): mode for mode in Ownership}
CHOICES = {
    OBJECT_LOCK: frozenset({"false", "true"}),
    OWNERSHIP: OWNERSHIPS.keys(),
    NAMESPACE: frozenset({"global", ACCOUNT_REGIONAL}),
}
"""What each header of CreateBucket may ask for."""


# --- CreateBucket ---


@frozen
class CreateBucket:
    name: str
    location: str
    tags: dict[str, str]
    is_regional: bool = False
    locks: bool = False
    ownership: Ownership | None = None
    asked: AclAsked | None = None

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> CreateBucket:
        check_bucket_name(incoming.bucket)
        _check_headers(incoming.headers)
        body = await incoming.body.read(create_bucket_document.LIMIT)
        configuration = create_bucket_document.parse_create_bucket(body)
        tags = check_tags(list(configuration.tags), limit=BUCKET_TAGS)
        is_regional = (incoming.headers.get(NAMESPACE) or "").lower() == ACCOUNT_REGIONAL
        locks = (incoming.headers.get(OBJECT_LOCK) or "").lower() == "true"
        ownership = OWNERSHIPS.get((incoming.headers.get(OWNERSHIP) or "").lower())
        asked = acl_asked(incoming.headers, BUCKET_LISTS)
        return cls(incoming.bucket, configuration.location, tags, is_regional, locks, ownership, asked)


def _told(request: CreateBucket) -> Told:
    """What the document says to policies: where the bucket is to be, and its tags."""
    return {"s3:locationconstraint": (request.location or FIRST_REGION,), **resource_tags_told(request.tags)}


@family.operation(
    "CreateBucket",
    "PUT /{Bucket}",
    action=actions.CREATE_BUCKET,
    request=CreateBucket,
    makes_bucket=True,
    tells=_told,
)
async def create_bucket(call: Call, request: CreateBucket) -> Reply:
    if request.tags:
        await call.authorise(actions.TAG_RESOURCE, None, name=request.name, told=_told(request))
    if request.locks:
        await call.authorise(actions.PUT_BUCKET_OBJECT_LOCK_CONFIGURATION, None, name=request.name)
        await call.authorise(actions.PUT_BUCKET_VERSIONING, None, name=request.name)
    if request.ownership is not None:
        await call.authorise(actions.PUT_BUCKET_OWNERSHIP_CONTROLS, None, name=request.name)
    acl = None if request.asked is None else await _acl(call, request, request.asked)
    region = _region(request.location, call.regions)
    _check_namespace(request, call.account.id, region)
    try:
        await call.engine.buckets.create(
            request.name,
            account=call.account.id,
            region=region,
            tags=request.tags,
            locks=request.locks,
            ownership=request.ownership,
            acl=acl,
        )
    except S3Error as error:
        if not await _is_made_again(call, request, region, error):
            raise
    return Reply(headers={"location": f"/{request.name}"})


async def _acl(call: Call, request: CreateBucket, asked: AclAsked) -> Acl | None:
    """The list of the new bucket, None where it is private. InvalidBucketAclWithObjectOwnership where lists will not
    count, errors of ``acl_for``."""
    await call.authorise(actions.PUT_BUCKET_ACL, None, name=request.name)
    acl = await acl_for(call, asked, call.account, call.account)
    ownership = request.ownership or call.engine.buckets.new.ownership
    if acl is not None and ownership is Ownership.ENFORCED:
        raise S3Error(ErrorCode.InvalidBucketAclWithObjectOwnership, fields={"BucketName": request.name})
    if acl is not None and is_public(acl) and await _blocks_acls(call):
        raise S3Error(ErrorCode.InvalidBucketAclWithBlockPublicAccessError, fields={"BucketName": request.name})
    return acl


async def _blocks_acls(call: Call) -> bool:
    """Whether a new bucket of the caller's takes no public list."""
    blocked = await call.authority.block_of_account(call.account.id)
    return blocked.block_acls or call.engine.buckets.new.blocks_public_access


def _check_headers(headers: Headers) -> None:
    refuse_unbuilt(headers)
    for name, choices in CHOICES.items():
        value = headers.get(name)
        if value is not None and value.lower() not in choices:
            raise invalid_argument(f"The value of {name} is not one that S3 has.", name, value)


def _region(location: str, regions: tuple[str, ...]) -> str:
    """The region to make a bucket in. Unlike AWS's, ours may be named although it is us-east-1."""
    if not location:
        return regions[0]
    if location in regions:
        return location
    is_elsewhere = REGION.match(location) is not None
    code = ErrorCode.IllegalLocationConstraintException if is_elsewhere else ErrorCode.InvalidLocationConstraint
    raise S3Error(code, fields={"LocationConstraint": location})


def _check_namespace(request: CreateBucket, account: str, region: str) -> None:
    """Names that end in ``-an`` are those of an account in a region, and made only by who says so ("Account regional
    namespace naming rules"). MissingNamespaceHeader, InvalidBucketName."""
    if not request.is_regional:
        if request.name.endswith(REGIONAL_SUFFIX):
            raise S3Error(ErrorCode.MissingNamespaceHeader, fields={"BucketName": request.name})
        return
    suffix = f"-{account}-{region}{REGIONAL_SUFFIX}"
    if not request.name.endswith(suffix):
        text = f"A bucket name in your account regional namespace ends with {suffix}"
        raise S3Error(ErrorCode.InvalidBucketName, text, fields={"BucketName": request.name})


def _asks_more(request: CreateBucket) -> bool:
    return bool(request.tags) or request.locks or request.ownership is not None or request.asked is not None


async def _is_made_again(call: Call, request: CreateBucket, region: str, error: S3Error) -> bool:
    """In us-east-1 an owner may make a bucket again, which changes nothing; never when it is asked to."""
    if error.code is not ErrorCode.BucketAlreadyOwnedByYou or _asks_more(request) or region != FIRST_REGION:
        return False
    bucket = await call.engine.buckets.find(request.name)
    return bucket is not None and bucket.region == FIRST_REGION


# --- HeadBucket, DeleteBucket, GetBucketLocation ---


@family.operation("HeadBucket", "HEAD /{Bucket}", action=actions.LIST_BUCKET, request=Nothing)
async def head_bucket(call: Call, _: Nothing) -> Reply:
    return Reply(headers={"x-amz-bucket-region": call.bucket.region, "x-amz-access-point-alias": "false"})


@family.operation("DeleteBucket", "DELETE /{Bucket}", action=actions.DELETE_BUCKET, request=Nothing)
async def delete_bucket(call: Call, _: Nothing) -> Reply:
    await call.engine.buckets.delete(call.bucket)
    return Reply(204)


@family.operation("GetBucketLocation", "GET /{Bucket}?location", action=actions.GET_BUCKET_LOCATION, request=Nothing)
async def get_bucket_location(call: Call, _: Nothing) -> Reply:
    region = call.bucket.region
    return document("LocationConstraint", "" if region == FIRST_REGION else region)


# --- versioning ---


@frozen
class PutBucketVersioning:
    versioning: Versioning

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutBucketVersioning:
        return cls(versioning.parse_versioning(await incoming.body.read(versioning.LIMIT)))


@family.operation(
    "PutBucketVersioning",
    "PUT /{Bucket}?versioning",
    action=actions.PUT_BUCKET_VERSIONING,
    request=PutBucketVersioning,
)
async def put_bucket_versioning(call: Call, request: PutBucketVersioning) -> Reply:
    await call.engine.buckets.set_versioning(call.bucket, request.versioning)
    return Reply()


@family.operation(
    "GetBucketVersioning", "GET /{Bucket}?versioning", action=actions.GET_BUCKET_VERSIONING, request=Nothing
)
async def get_bucket_versioning(call: Call, _: Nothing) -> Reply:
    return document("VersioningConfiguration", element("Status", call.bucket.versioning.value or None))


# --- tags ---


@frozen
class PutBucketTagging:
    tags: dict[str, str]

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutBucketTagging:
        pairs = tagging.parse_tagging(await incoming.body.read(tagging.LIMIT))
        return cls(check_tags(pairs, limit=BUCKET_TAGS))


@family.operation(
    "PutBucketTagging",
    "PUT /{Bucket}?tagging",
    action=actions.PUT_BUCKET_TAGGING,
    request=PutBucketTagging,
    tells=lambda request: resource_tags_told(request.tags),
)
async def put_bucket_tagging(call: Call, request: PutBucketTagging) -> Reply:
    await call.engine.buckets.set_tags(call.bucket, request.tags or None)
    return Reply(204)


@family.operation("GetBucketTagging", "GET /{Bucket}?tagging", action=actions.GET_BUCKET_TAGGING, request=Nothing)
async def get_bucket_tagging(call: Call, _: Nothing) -> Reply:
    tags = await call.engine.buckets.tags(call.bucket)
    if tags is None:
        raise S3Error(ErrorCode.NoSuchTagSet, fields={"BucketName": call.bucket.name})
    tag_set = "".join(f"<Tag>{element('Key', key)}{element('Value', value)}</Tag>" for key, value in tags.items())
    return document("Tagging", f"<TagSet>{tag_set}</TagSet>")


@family.operation("DeleteBucketTagging", "DELETE /{Bucket}?tagging", action=actions.PUT_BUCKET_TAGGING, request=Nothing)
async def delete_bucket_tagging(call: Call, _: Nothing) -> Reply:
    await call.engine.buckets.set_tags(call.bucket, None)
    return Reply(204)
