"""The headers by which a request asks for a list of access: a canned one, or grants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from trug.domain.acl import MOST_GRANTS, OBJECT_LISTS, AclAsked, Grant, Grantee, GranteeKind, Line, Permission
from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.wire.request import Headers, Rule

CANNED = "x-amz-acl"
GRANT = "x-amz-grant-"
GRANTS = {
    "x-amz-grant-full-control": Permission.FULL_CONTROL,
    "x-amz-grant-read": Permission.READ,
    "x-amz-grant-read-acp": Permission.READ_ACP,
    "x-amz-grant-write": Permission.WRITE,
    "x-amz-grant-write-acp": Permission.WRITE_ACP,
}
KINDS = {"id": GranteeKind.USER, "uri": GranteeKind.GROUP, "emailaddress": GranteeKind.EMAIL}
GRANTEE = re.compile(r'\s*(?P<kind>[A-Za-z]+)\s*=\s*(?:"(?P<quoted>[^"]*)"|(?P<bare>[^",\s]+))\s*(?:,|\Z)')


def speaks_of_acl(names: Iterable[str]) -> bool:
    """Whether headers of these names may ask for a list."""
    return any(name == CANNED or name.startswith(GRANT) for name in names)


HAS_ACL = Rule(speaks_of_acl)


def acl_asked(headers: Headers, known: Mapping[str, tuple[Line, ...]] = OBJECT_LISTS) -> AclAsked | None:
    """The list that the headers ask for, None where they ask for none; ``known`` are the canned ones.

    InvalidArgument for a canned list that S3 does not have and for grantees that are written in another way ("Access
    control list (ACL) overview", "Canned ACL"); InvalidRequest for both kinds at once.
    """
    if not HAS_ACL(headers):
        return None
    name = headers.get(CANNED)
    grants = tuple(_grants(headers))
    if name is None:
        return AclAsked(grants=grants) if grants else None
    if grants:
        raise S3Error(ErrorCode.InvalidRequest, "Specifying both Canned ACLs and Header Grants is not allowed")
    if name not in known:
        raise invalid_argument("The canned ACL is not one that S3 has.", CANNED, name)
    return AclAsked(name)


def _grants(headers: Headers) -> Iterator[Grant]:
    count = 0
    for name, permission in GRANTS.items():
        for grantee in grantees_in(name, headers.get(name, "")):
            count += 1
            if count > MOST_GRANTS:
                raise S3Error(ErrorCode.MalformedACLError)
            yield Grant(grantee, permission)


def grantees_in(name: str, text: str) -> Iterator[Grantee]:
    """Those that the header ``name`` lists: ``id="…", uri="…", emailAddress="…"``. InvalidArgument."""
    at = 0
    while at < len(text):
        found = GRANTEE.match(text, at)
        kind = None if found is None else KINDS.get(found["kind"].lower())
        if found is None or kind is None:
            raise invalid_argument("Argument format not recognized", name, text)
        yield Grantee(kind, found["quoted"] if found["bare"] is None else found["bare"])
        at = found.end()
