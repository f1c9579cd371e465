"""CreateBucket."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from tests.support.server import ACCOUNT, STRANGER, USER, Server

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


@pytest.fixture
def name(server: Server) -> str:
    """A name that nobody has yet."""
    return f"new-{next(server.numbers)}"


def configuration(inside: str) -> bytes:
    return f'<CreateBucketConfiguration xmlns="{NAMESPACE}">{inside}</CreateBucketConfiguration>'.encode()


def test_makes_an_empty_private_bucket(server: Server, s3: Any, name: str) -> None:
    answer = s3.create_bucket(Bucket=name)
    assert answer["Location"] == f"/{name}"
    assert "Contents" not in s3.list_objects_v2(Bucket=name)
    assert "Status" not in s3.get_bucket_versioning(Bucket=name)
    assert server.ask("HEAD", f"/{name}", keys=STRANGER).status == 403


def test_trap_44_again_by_its_owner(server: Server, s3: Any, name: str) -> None:
    """In us-east-1 that is a success, as AWS keeps it for old clients."""
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="kept")
    assert server.ask("PUT", f"/{name}").status == 200
    assert server.ask("PUT", f"/{name}", keys=USER).status == 200
    assert s3.list_objects_v2(Bucket=name)["KeyCount"] == 1


def test_again_with_tags_would_change_it(server: Server, s3: Any, name: str) -> None:
    s3.create_bucket(Bucket=name)
    tags = configuration("<Tags><Tag><Key>a</Key><Value>1</Value></Tag></Tags>")
    answer = server.ask("PUT", f"/{name}", body=tags)
    assert (answer.status, answer.code) == (409, "BucketAlreadyOwnedByYou")
    assert answer.texts("BucketName") == [name]


def test_again_by_another_account(server: Server, s3: Any, name: str) -> None:
    s3.create_bucket(Bucket=name)
    answer = server.ask("PUT", f"/{name}", keys=STRANGER)
    assert (answer.status, answer.code) == (409, "BucketAlreadyExists")


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<LocationConstraint>us-east-1</LocationConstraint>",  # AWS refuses it; here it may be named
        "<LocationConstraint/>",
        "<Location><Name>x</Name><Type>AvailabilityZone</Type></Location><Bucket><Type>Directory</Type></Bucket>",
    ],
)
def test_locations(server: Server, name: str, inside: str) -> None:
    assert server.ask("PUT", f"/{name}", body=configuration(inside)).status == 200
    assert server.ask("HEAD", f"/{name}").headers["x-amz-bucket-region"] == "us-east-1"


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("eu-west-1", "IllegalLocationConstraintException"),
        ("EU", "InvalidLocationConstraint"),
        ("&lt;", "InvalidLocationConstraint"),
    ],
)
def test_locations_elsewhere(server: Server, name: str, location: str, code: str) -> None:
    body = configuration(f"<LocationConstraint>{location}</LocationConstraint>")
    answer = server.ask("PUT", f"/{name}", body=body)
    assert (answer.status, answer.code) == (400, code)
    assert server.ask("HEAD", f"/{name}").status == 404


def test_tags(s3: Any, name: str) -> None:
    tags = [{"Key": "team", "Value": "a @ b"}, {"Key": "ümlaut", "Value": ""}]
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"Tags": tags})
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == tags


def test_tags_that_are_none(server: Server, name: str) -> None:
    twice = "<Tag><Key>a</Key><Value>1</Value></Tag>" * 2
    assert server.ask("PUT", f"/{name}", body=configuration(f"<Tags>{twice}</Tags>")).code == "InvalidTag"
    assert server.ask("HEAD", f"/{name}").status == 404


@pytest.mark.parametrize("body", [b"<CreateBucketConfiguration>", b"<Other/>", b"text", b"<!DOCTYPE a><a/>"])
def test_malformed(server: Server, name: str, body: bytes) -> None:
    assert server.ask("PUT", f"/{name}", body=body).code == "MalformedXML"


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "a" * 64,
        "Upper",
        "under_score",
        "a..b",
        "192.168.0.1",
        "-a-",
        "xn--abc",
        "abc-s3alias",
        "minio",
        "ünder",
        "a b",
    ],
)
def test_names_that_no_bucket_has(server: Server, name: str) -> None:
    answer = server.ask("PUT", f"/{quote(name)}")
    assert (answer.status, answer.code) == (400, "InvalidBucketName")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-amz-acl", "private"),
        ("x-amz-object-ownership", "BucketOwnerEnforced"),
        ("x-amz-bucket-object-lock-enabled", "false"),
        ("x-amz-bucket-object-lock-enabled", "False"),
        ("x-amz-bucket-namespace", "global"),
    ],
)
def test_headers_that_ask_for_what_is_so(server: Server, name: str, header: str, value: str) -> None:
    assert server.ask("PUT", f"/{name}", {header: value}).status == 200


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-amz-acl", "public-read"),
        ("x-amz-acl", "log-delivery-write"),
        ("x-amz-grant-read", f'id="{ACCOUNT.canonical_id}"'),
    ],
)
def test_lists_that_would_not_count(server: Server, name: str, header: str, value: str) -> None:
    answer = server.ask("PUT", f"/{name}", {header: value})
    assert (answer.status, answer.code) == (400, "InvalidBucketAclWithObjectOwnership")
    assert server.ask("HEAD", f"/{name}").status == 404


@pytest.mark.parametrize(
    "header", ["x-amz-acl", "x-amz-object-ownership", "x-amz-bucket-object-lock-enabled", "x-amz-bucket-namespace"]
)
def test_headers_that_say_nothing_s3_knows(server: Server, name: str, header: str) -> None:
    answer = server.ask("PUT", f"/{name}", {header: "nonsense"})
    assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_account_regional_names(server: Server, s3: Any) -> None:
    """ "Account regional namespace naming rules"."""
    name = f"mine-{ACCOUNT.id}-us-east-1-an"
    s3.create_bucket(Bucket=name, BucketNamespace="account-regional")
    assert server.ask("HEAD", f"/{name}").status == 200
    for other in (name, "iran-an"):
        answer = server.ask("PUT", f"/{other}")
        assert (answer.status, answer.code) == (400, "MissingNamespaceHeader")


@pytest.mark.parametrize("name", ["plain", "mine-222222222222-us-east-1-an", f"mine-{ACCOUNT.id}-eu-west-1-an"])
def test_other_names_in_the_account_regional_namespace(server: Server, name: str) -> None:
    answer = server.ask("PUT", f"/{name}", {"x-amz-bucket-namespace": "account-regional"})
    assert (answer.status, answer.code) == (400, "InvalidBucketName")


def test_nobody_makes_a_bucket(server: Server, name: str) -> None:
    assert server.send("PUT", f"/{name}", {}).code == "AccessDenied"
    assert server.ask("HEAD", f"/{name}").status == 404
