"""Headers that ask for a list of access."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from trug.domain.acl import BUCKET_LISTS, OBJECT_LISTS, AclAsked, Grant, Grantee, GranteeKind, Permission
from trug.domain.errors import ErrorCode, S3Error
from trug.wire.acl import GRANTS, acl_asked, grantees_in
from trug.wire.request import Headers

USER, GROUP, EMAIL = GranteeKind
ID = "a" * 64


def of(headers: dict[str, str]) -> Headers:
    return Headers([(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()])


def test_none() -> None:
    assert acl_asked(of({"x-amz-meta-x-amz-acl": "public-read", "content-type": "a/b"})) is None
    assert acl_asked(of({"x-amz-grant-read": ""})) is None


@pytest.mark.parametrize("name", BUCKET_LISTS)
def test_canned(name: str) -> None:
    assert acl_asked(of({"x-amz-acl": name}), BUCKET_LISTS) == AclAsked(name)


def test_canned_lists_of_buckets_are_not_those_of_objects() -> None:
    for name in ("log-delivery-write", "public", "PRIVATE", ""):
        with pytest.raises(S3Error) as refused:
            acl_asked(of({"x-amz-acl": name}), OBJECT_LISTS)
        assert refused.value.code is ErrorCode.InvalidArgument
        assert refused.value.fields == {"ArgumentName": "x-amz-acl", "ArgumentValue": name}


def test_grants_of_each_header() -> None:
    headers = {name: f'id="{number}"' for number, name in enumerate(GRANTS)}
    assert acl_asked(of(headers)) == AclAsked(
        grants=tuple(Grant(Grantee(USER, str(number)), what) for number, what in enumerate(GRANTS.values()))
    )
    assert set(GRANTS.values()) == set(Permission)


@pytest.mark.parametrize(
    ("text", "grantees"),
    [
        (f"id={ID}", [(USER, ID)]),
        (f'id="{ID}"', [(USER, ID)]),
        (f' ID = "{ID}" , uri=http://x/y ', [(USER, ID), (GROUP, "http://x/y")]),
        ('emailAddress="a@b.c",emailaddress=d@e.f', [(EMAIL, "a@b.c"), (EMAIL, "d@e.f")]),
        ('uri="http://x/a,b"', [(GROUP, "http://x/a,b")]),
        ('id=""', [(USER, "")]),
    ],
)
def test_how_grantees_are_written(text: str, grantees: list[tuple[GranteeKind, str]]) -> None:
    assert list(grantees_in("x-amz-grant-read", text)) == [Grantee(*grantee) for grantee in grantees]


@pytest.mark.parametrize("text", [ID, "id", "id=", '="a"', "arn=a", 'id="a', "id=a b", "id=a,,id=b", ","])
def test_grantees_that_are_none(text: str) -> None:
    with pytest.raises(S3Error) as refused:
        list(grantees_in("x-amz-grant-read", text))
    assert refused.value.code is ErrorCode.InvalidArgument
    assert refused.value.fields["ArgumentName"] == "x-amz-grant-read"


@given(some.text(max_size=60))
def test_any_text(text: str) -> None:
    try:
        found = list(grantees_in("x-amz-grant-read", text))
    except S3Error as refusal:
        assert refusal.code is ErrorCode.InvalidArgument
    else:
        assert len(found) <= len(text)


def test_a_long_header_takes_no_time() -> None:
    with pytest.raises(S3Error):
        list(grantees_in("x-amz-grant-read", "id=" + " " * 30_000 + '"'))
    with pytest.raises(S3Error):
        acl_asked(of({"x-amz-grant-read": ",".join(["id=a"] * 101)}))
