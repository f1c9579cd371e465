"""AccessControlPolicy, read and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from trug.domain.acl import ALL_USERS, Acl, Grant, Grantee, GranteeKind, Permission, user
from trug.domain.errors import ErrorCode, S3Error
from trug.wire.documents.acl import LIMIT, acl_content, parse_acl
from trug.wire.xml import document

HEAD = '<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
TAIL = "</AccessControlPolicy>"
OWNER = "<Owner><ID>me</ID><DisplayName>Me</DisplayName></Owner>"
TYPED = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type'


def listed(grants: str, owner: str = OWNER) -> bytes:
    return f"{HEAD}{owner}<AccessControlList>{grants}</AccessControlList>{TAIL}".encode()


def grant(kind: str = "CanonicalUser", who: str = "<ID>you</ID>", what: str = "READ") -> str:
    return f'<Grant><Grantee {TYPED}="{kind}">{who}</Grantee><Permission>{what}</Permission></Grant>'


@pytest.mark.parametrize(
    ("text", "grantee", "permission"),
    [
        (grant(), user("you"), Permission.READ),
        (
            grant(who="<ID> you </ID><DisplayName>You</DisplayName>", what="WRITE_ACP"),
            user("you"),
            Permission.WRITE_ACP,
        ),
        (grant("Group", f"<URI>{ALL_USERS.id}</URI>", "FULL_CONTROL"), ALL_USERS, Permission.FULL_CONTROL),
        (
            grant("AmazonCustomerByEmail", "<EmailAddress>a@b.c</EmailAddress>", "WRITE"),
            Grantee(GranteeKind.EMAIL, "a@b.c"),
            Permission.WRITE,
        ),
    ],
)
def test_grants(text: str, grantee: Grantee, permission: Permission) -> None:
    assert parse_acl(listed(text)) == Acl("me", (Grant(grantee, permission),))


def test_no_grants() -> None:
    assert parse_acl(listed("")) == Acl("me", ())


@pytest.mark.parametrize(
    "body",
    [
        listed("", owner=""),
        listed("", owner="<Owner/>"),
        listed("", owner="<Owner><ID/></Owner>"),
        listed("<Other/>"),
        listed("<Grant/>"),
        listed(grant(what="read")),
        listed(grant(what="")),
        listed(grant("User")),
        listed(grant("Group")),
        listed(grant(who="")),
        listed(grant() * 101),
        f"{HEAD}{OWNER}{TAIL}".encode(),
        f"{HEAD}{OWNER}<AccessControlList/><Other/>{TAIL}".encode(),
        b"<AccessControlPolicy>",
        b"<!DOCTYPE a><AccessControlPolicy/>",
        b"<Policy/>",
    ],
)
def test_what_is_no_list(body: bytes) -> None:
    with pytest.raises(S3Error) as refused:
        parse_acl(body)
    assert refused.value.code is ErrorCode.MalformedACLError


def test_limits() -> None:
    assert len(parse_acl(listed(grant() * 100)).grants) == 100
    with pytest.raises(S3Error) as refused:
        parse_acl(b" " * (LIMIT + 1))
    assert refused.value.code is ErrorCode.MaxMessageLengthExceeded


GRANTEES = some.sampled_from([ALL_USERS, user("you"), user("<&>"), user("me")])


@given(some.lists(some.builds(Grant, GRANTEES, some.sampled_from(Permission)), max_size=10))
def test_what_is_written_is_read(grants: list[Grant]) -> None:
    acl = Acl("me", tuple(grants))
    content = acl_content(acl, {"me": "M & E", "you": ""})
    assert content.startswith("<Owner><ID>me</ID><DisplayName>M &amp; E</DisplayName></Owner>")
    assert parse_acl(document("AccessControlPolicy", content)) == acl
