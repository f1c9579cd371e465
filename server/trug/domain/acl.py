"""Access control lists: who was granted what on a bucket or an object, and who owns what is written."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import NamedTuple

from trug.domain.frozen import frozen

MOST_GRANTS = 100
"""Of one list ("Access control list (ACL) overview")."""


class Ownership(Enum):
    """Who owns the objects of a bucket, and whether lists of access count there at all ("S3 Object Ownership")."""

    ENFORCED = "BucketOwnerEnforced"
    PREFERRED = "BucketOwnerPreferred"
    WRITER = "ObjectWriter"


class Permission(StrEnum):
    """What may be granted; FULL_CONTROL is all four others."""

    FULL_CONTROL = "FULL_CONTROL"
    READ = "READ"
    WRITE = "WRITE"
    READ_ACP = "READ_ACP"
    WRITE_ACP = "WRITE_ACP"


class GranteeKind(StrEnum):
    """As ``xsi:type`` says it. Who was named by an e-mail address is stored as the account that has it."""

    USER = "CanonicalUser"
    GROUP = "Group"
    EMAIL = "AmazonCustomerByEmail"


class Grantee(NamedTuple):
    """A canonical user id, the URI of a group, or an e-mail address."""

    kind: GranteeKind
    id: str


class Grant(NamedTuple):
    """One line of a list."""

    grantee: Grantee
    permission: Permission


@frozen
class Acl:
    """A list of access: ``owner`` is the canonical id of who owns the thing, in his grants and outside of them."""

    owner: str
    grants: tuple[Grant, ...]


ALL_USERS = Grantee(GranteeKind.GROUP, "http://acs.amazonaws.com/groups/global/AllUsers")
AUTHENTICATED_USERS = Grantee(GranteeKind.GROUP, "http://acs.amazonaws.com/groups/global/AuthenticatedUsers")
LOG_DELIVERY = Grantee(GranteeKind.GROUP, "http://acs.amazonaws.com/groups/s3/LogDelivery")
GROUPS = {group.id: group for group in (ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY)}
PUBLIC = frozenset({ALL_USERS, AUTHENTICATED_USERS})
EXEC_READER = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c"
"""The canonical id that AWS grants with ``aws-exec-read``."""

NOBODY = "*"
"""Stands as the account of who wrote unsigned."""
NOBODY_ID = "65a011a29cdf8ec533ec3d1ccaae921c"
"""The canonical id of who wrote unsigned."""


def user(canonical_id: str) -> Grantee:
    return Grantee(GranteeKind.USER, canonical_id)


# What it comes to


def permits(acl: Acl, canonical_id: str | None, permission: Permission, *, is_authenticated: bool) -> bool:
    """Whether the list lets an account (None: nobody's) do this. The owner may always read and write the list itself
    ("Managing access with ACLs")."""
    if canonical_id is not None and canonical_id == acl.owner and permission in OWNERS_ALWAYS:
        return True
    enough = (permission, Permission.FULL_CONTROL)
    meant = _meant(canonical_id, is_authenticated=is_authenticated)
    return any(grant.permission in enough and grant.grantee in meant for grant in acl.grants)


OWNERS_ALWAYS = (Permission.READ_ACP, Permission.WRITE_ACP)


def _meant(canonical_id: str | None, *, is_authenticated: bool) -> tuple[Grantee, ...]:
    """Who somebody is, as grantees are named."""
    own = () if canonical_id is None else (user(canonical_id),)
    return (ALL_USERS, AUTHENTICATED_USERS, *own) if is_authenticated else (ALL_USERS, *own)


def is_public(acl: Acl) -> bool:
    """Whether it grants anything to everybody, or to everybody with an account ("The meaning of public")."""
    return any(grant.grantee in PUBLIC for grant in acl.grants)


def private(owner: str) -> Acl:
    """The list of what has none: all to its owner (canonical id)."""
    return Acl(owner, (Grant(user(owner), Permission.FULL_CONTROL),))


def is_private(acl: Acl) -> bool:
    """Whether it says no more and no less than no list at all; ``private`` need not be stored."""
    return acl == private(acl.owner)


# Canned lists


class Role(Enum):
    """A grantee of canned lists who is another one each time."""

    BUCKET_OWNER = "the owner of the bucket"


Line = tuple[Grantee | Role, Permission]

OBJECT_LISTS: Mapping[str, tuple[Line, ...]] = {
    "private": (),
    "public-read": ((ALL_USERS, Permission.READ),),
    "public-read-write": ((ALL_USERS, Permission.READ), (ALL_USERS, Permission.WRITE)),
    "authenticated-read": ((AUTHENTICATED_USERS, Permission.READ),),
    "aws-exec-read": ((user(EXEC_READER), Permission.READ),),
    "bucket-owner-read": ((Role.BUCKET_OWNER, Permission.READ),),
    "bucket-owner-full-control": ((Role.BUCKET_OWNER, Permission.FULL_CONTROL),),
}
"""What each canned list of objects grants besides all to the owner ("Canned ACL")."""

BUCKET_LISTS: Mapping[str, tuple[Line, ...]] = {
    **OBJECT_LISTS,
    "log-delivery-write": ((LOG_DELIVERY, Permission.WRITE), (LOG_DELIVERY, Permission.READ_ACP)),
}
"""Those of buckets."""

GIVES_AWAY = "bucket-owner-full-control"
"""With it, whoever writes into a bucket whose owner is preferred makes the object his."""


def canned(name: str, owner: str, bucket_owner: str) -> Acl:
    """The list of this name, of an object of ``owner`` in a bucket of ``bucket_owner`` (canonical ids). What is granted
    to the owner besides all is left out. KeyError."""
    lines = ((user(bucket_owner) if who is Role.BUCKET_OWNER else who, what) for who, what in BUCKET_LISTS[name])
    others = tuple(Grant(who, what) for who, what in lines if isinstance(who, Grantee) and who != user(owner))
    return Acl(owner, private(owner).grants + others)


@frozen
class AclAsked:
    """A list as a request asks for it: a canned one by name, or grants, whose grantees are not looked up yet."""

    canned: str = ""
    grants: tuple[Grant, ...] = ()


# As it is stored: owner and grants end to end, a letter for the permission and one for a well-known grantee.

END = "\0"
LETTERS = {
    Permission.FULL_CONTROL: "F",
    Permission.READ: "R",
    Permission.WRITE: "W",
    Permission.READ_ACP: "r",
    Permission.WRITE_ACP: "w",
}
PERMISSIONS = {letter: permission for permission, letter in LETTERS.items()}
MARKS = {ALL_USERS: "*", AUTHENTICATED_USERS: "+", LOG_DELIVERY: "!"}
MARKED = {mark: group for group, mark in MARKS.items()}
OTHER = "="


def pack_acl(acl: Acl) -> str:
    """As it is stored: ``public-read`` takes 70 bytes, of which 64 are the owner."""
    marks = {**MARKS, user(acl.owner): ""}
    lines = (LETTERS[grant.permission] + marks.get(grant.grantee, OTHER + grant.grantee.id) for grant in acl.grants)
    return END.join((acl.owner, *lines))


def unpack_acl(text: str) -> Acl:
    """What ``pack_acl`` packed. KeyError for what is none."""
    owner, *lines = text.split(END)
    return Acl(owner, tuple(Grant(_grantee(line[1:], owner), PERMISSIONS[line[:1]]) for line in lines))


def _grantee(mark: str, owner: str) -> Grantee:
    if not mark:
        return user(owner)
    return user(mark[1:]) if mark[0] == OTHER else MARKED[mark]
