"""Lists of access: GetBucketAcl, PutBucketAcl, GetObjectAcl, PutObjectAcl."""

from __future__ import annotations

from trug.access import actions
from trug.domain.acl import BUCKET_LISTS, OBJECT_LISTS, Acl, AclAsked, GranteeKind, private
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.identity import Account
from trug.engine.acls import not_supported
from trug.operations.call import Call
from trug.operations.granting import acl_for, refuse_public
from trug.operations.operation import Family
from trug.operations.owners import bucket_owner, lists_count, object_owner
from trug.operations.parameters import Nothing, version_asked
from trug.operations.representation import document, shown_version
from trug.wire.acl import CANNED, acl_asked
from trug.wire.documents.acl import LIMIT, acl_content, parse_acl
from trug.wire.reply import Reply
from trug.wire.request import Incoming

family = Family()


@frozen
class AclGiven:
    """A list as a request gives it: in headers, or in a document, which names the ``owner`` (canonical id) too."""

    asked: AclAsked
    owner: str = ""

    @classmethod
    async def of(cls, incoming: Incoming, *, is_bucket: bool) -> AclGiven:
        """MissingSecurityHeader where there is none; UnexpectedContent for a document beside headers; errors of
        ``acl_asked`` and ``parse_acl``."""
        asked = acl_asked(incoming.headers, BUCKET_LISTS if is_bucket else OBJECT_LISTS)
        body = await incoming.body.read(LIMIT)
        if asked is not None:
            if body:
                raise S3Error(ErrorCode.UnexpectedContent)
            return cls(asked)
        if not body:
            raise S3Error(ErrorCode.MissingSecurityHeader, fields={"MissingHeaderName": CANNED})
        acl = parse_acl(body)
        return cls(AclAsked(grants=acl.grants), acl.owner)


async def settled(call: Call, given: AclGiven, owner: Account, holder: Account) -> Acl | None:
    """The list to store of something that ``owner`` owns in the bucket of ``holder``; None where it is private.

    AccessDenied for a document that names another owner: nobody gives anything away so. AccessControlListNotSupported
    where lists do not count, for one that says anything else than that. Errors of ``acl_for`` and
    ``refuse_public``.
    """
    if given.owner and given.owner != owner.canonical_id:
        raise S3Error(ErrorCode.AccessDenied)
    acl = await acl_for(call, given.asked, owner, holder)
    if acl is not None and not await lists_count(call):
        raise not_supported()
    await refuse_public(call, acl)
    return acl


async def shown(call: Call, acl: Acl | None, owner: Account, headers: dict[str, str] | None = None) -> Reply:
    """The document of a list; None is that of what is private to its owner."""
    acl = acl or private(owner.canonical_id)
    names = {owner.canonical_id: owner.display_name}
    for (kind, name), _ in acl.grants:
        if kind is GranteeKind.USER and name not in names:
            account = await call.engine.accounts.find(name)
            names[name] = "" if account is None else account.display_name
    return document("AccessControlPolicy", acl_content(acl, names), headers=headers)


# Of buckets


@family.operation("GetBucketAcl", "GET /{Bucket}?acl", action=actions.GET_BUCKET_ACL, request=Nothing)
async def get_bucket_acl(call: Call, _: Nothing) -> Reply:
    acl = await call.engine.access_lists.acl_of(call.bucket)
    return await shown(call, acl, await bucket_owner(call))


@frozen
class PutBucketAcl:
    given: AclGiven

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutBucketAcl:
        return cls(await AclGiven.of(incoming, is_bucket=True))


@family.operation("PutBucketAcl", "PUT /{Bucket}?acl", action=actions.PUT_BUCKET_ACL, request=PutBucketAcl)
async def put_bucket_acl(call: Call, request: PutBucketAcl) -> Reply:
    owner = await bucket_owner(call)
    acl = await settled(call, request.given, owner, owner)
    if await lists_count(call):
        await call.engine.acls.set_bucket(call.bucket, acl)
    return Reply()


# Of objects


@frozen
class GetObjectAcl:
    key: str
    version_id: str | None

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> GetObjectAcl:
        return cls(incoming.key, version_asked(incoming))


@family.operation(
    "GetObjectAcl",
    "GET /{Bucket}/{Key+}?acl",
    action=actions.GET_OBJECT_ACL,
    versioned_action=actions.GET_OBJECT_VERSION_ACL,
    request=GetObjectAcl,
)
async def get_object_acl(call: Call, request: GetObjectAcl) -> Reply:
    version = await call.engine.objects.find(call.bucket, request.key, request.version_id)
    owner = await object_owner(call, version.record)
    acl = version.record.acl if await lists_count(call) else None
    return await shown(call, acl, owner, shown_version(call.bucket, version))


@frozen
class PutObjectAcl:
    key: str
    version_id: str | None
    given: AclGiven

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutObjectAcl:
        return cls(incoming.key, version_asked(incoming), await AclGiven.of(incoming, is_bucket=False))


@family.operation(
    "PutObjectAcl",
    "PUT /{Bucket}/{Key+}?acl",
    action=actions.PUT_OBJECT_ACL,
    versioned_action=actions.PUT_OBJECT_VERSION_ACL,
    request=PutObjectAcl,
)
async def put_object_acl(call: Call, request: PutObjectAcl) -> Reply:
    version = await call.engine.objects.find(call.bucket, request.key, request.version_id)
    owner = await object_owner(call, version.record)
    acl = await settled(call, request.given, owner, await bucket_owner(call))
    if await lists_count(call):
        record = version.record
        asked = (actions.PUT_OBJECT_ACL, actions.PUT_OBJECT_VERSION_ACL)
        judged = await call.judged(asked, request.key, request.version_id)
        version = await call.engine.acls.set_object(
            call.bucket, request.key, request.version_id, record.owner, acl, judged
        )
    return Reply(headers=shown_version(call.bucket, version))
