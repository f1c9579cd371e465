"""What comes of a list of access that a request asks for: its grantees looked up, weighed against the bucket."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from trug.access import actions
from trug.domain.acl import (
    GIVES_AWAY,
    GROUPS,
    NOBODY,
    NOBODY_ID,
    Acl,
    AclAsked,
    Grant,
    Grantee,
    GranteeKind,
    Ownership,
    canned,
    is_private,
    is_public,
    user,
)
from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.frozen import replace
from trug.domain.identity import Account
from trug.engine.acls import not_supported
from trug.engine.drafts import Draft
from trug.operations.call import Call
from trug.operations.owners import bucket_owner
from trug.ports.rows import Bucket

PRIVATE = AclAsked("private")


class Granted(NamedTuple):
    """Who owns what is written, empty where that is the bucket's account, and its list, None where that is private."""

    owner: str = ""
    acl: Acl | None = None


def is_plain(call: Call, asked: AclAsked | None) -> bool:
    """Whether there is nothing to weigh: the bucket's own account writes, and asks for no list."""
    account = call.identity.account
    return asked is None and account is not None and account.id == call.bucket.account


async def with_owner(call: Call, key: str, draft: Draft) -> Draft:
    """The draft of a new object with its owner and its list. Errors of ``granted``."""
    owner, acl = await granted(call, key, draft.asked)
    return replace(draft, owner=owner, acl=acl)


async def granted(call: Call, key: str, asked: AclAsked | None) -> Granted:
    """Who will own a new object that the caller writes, and its list ("Controlling ownership of objects").

    AccessDenied for who may not set lists; AccessControlListNotSupported for a list that gives more than all to the
    bucket's owner where lists do not count; errors of ``refuse_public`` and ``resolved``.
    """
    writer = call.identity.account or Account(NOBODY, NOBODY_ID)
    if asked is not None:
        await call.authorise(actions.PUT_OBJECT_ACL, call.bucket, key, writer=writer.id)
    holder = await bucket_owner(call)
    ownership = await call.engine.access_lists.ownership_of(call.bucket)
    if ownership is Ownership.ENFORCED:
        if asked is not None and await acl_for(call, asked, holder, holder) is not None:
            raise not_supported()
        return Granted()
    gives_away = ownership is Ownership.PREFERRED and asked is not None and asked.canned == GIVES_AWAY
    owner = holder if gives_away else writer
    acl = await acl_for(call, asked or PRIVATE, owner, holder)
    await refuse_public(call, acl)
    return Granted("" if owner.id == holder.id else owner.id, acl)


async def refuse_public(call: Call, acl: Acl | None, bucket: Bucket | None = None) -> None:
    """AccessDenied for a list that gives everybody something, where such are blocked (BlockPublicAcls): in ``bucket``,
    or in the one of the call."""
    if acl is not None and is_public(acl) and (await call.authority.block_of(bucket or call.bucket)).block_acls:
        raise S3Error(ErrorCode.AccessDenied, BLOCKED)


BLOCKED = "Access Denied: public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access."


async def acl_for(call: Call, asked: AclAsked, owner: Account, holder: Account) -> Acl | None:
    """The list asked for, of something that ``owner`` owns in the bucket of ``holder``; None where it is private.
    Errors of ``resolved``."""
    if asked.canned:
        acl = canned(asked.canned, owner.canonical_id, holder.canonical_id)
    else:
        acl = Acl(owner.canonical_id, await resolved(call, asked.grants))
    return None if is_private(acl) else acl


async def resolved(call: Call, grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """The grants with who is meant by each. InvalidArgument for a canonical id or a group that nobody has,
    UnresolvableGrantByEmailAddress."""
    return tuple([Grant(await _grantee(call, grantee), permission) for grantee, permission in grants])


async def _grantee(call: Call, grantee: Grantee) -> Grantee:
    kind, text = grantee
    if kind is GranteeKind.GROUP:
        if text not in GROUPS:
            raise invalid_argument("Invalid group uri", "Group/URI", text)
        return grantee
    if kind is GranteeKind.EMAIL:
        found = await call.engine.accounts.find_by_email(text)
        if found is None:
            raise S3Error(ErrorCode.UnresolvableGrantByEmailAddress, fields={"EmailAddress": text})
        return user(found.canonical_id)
    account = call.identity.account
    is_callers = account is not None and account.canonical_id == text
    if not is_callers and await call.engine.accounts.find(text) is None:
        raise invalid_argument("Invalid id", "CanonicalUser/ID", text)
    return grantee
