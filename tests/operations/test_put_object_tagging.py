"""PutObjectTagging."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.server import STRANGER, Answer, Server


def document(*tags: tuple[str, str]) -> bytes:
    inside = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in tags)
    return f"<Tagging><TagSet>{inside}</TagSet></Tagging>".encode()


def put(server: Server, bucket: str, body: bytes, headers: dict[str, str] | None = None) -> Answer:
    return server.ask("PUT", f"/{bucket}/key?tagging", headers, body)


@pytest.fixture
def held(s3: Any, bucket: str) -> str:
    """A bucket with a tagged object under ``key``."""
    s3.put_object(Bucket=bucket, Key="key", Body=b"1", Tagging="old=1", Metadata={"m": "1"})
    return bucket


def test_replaces_the_tags_and_nothing_else(server: Server, s3: Any, held: str) -> None:
    before = s3.head_object(Bucket=held, Key="key")
    s3.put_object_tagging(
        Bucket=held, Key="key", Tagging={"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]}
    )
    assert s3.get_object_tagging(Bucket=held, Key="key")["TagSet"] == [
        {"Key": "a", "Value": "1"},
        {"Key": "b", "Value": ""},
    ]
    after = s3.head_object(Bucket=held, Key="key")
    assert (after["TagCount"], after["Metadata"]) == (2, {"m": "1"})
    assert (after["ETag"], after["LastModified"]) == (before["ETag"], before["LastModified"])
    answer = put(server, held, document())
    assert (answer.status, answer.body) == (200, b"")
    assert "TagCount" not in s3.head_object(Bucket=held, Key="key")


def test_a_version(s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="key", Body=b"1")["VersionId"]
    s3.put_object(Bucket=versioned, Key="key", Body=b"2")
    tags = {"TagSet": [{"Key": "a", "Value": "1"}]}
    answer = s3.put_object_tagging(Bucket=versioned, Key="key", VersionId=first, Tagging=tags)
    assert answer["VersionId"] == first
    assert s3.get_object_tagging(Bucket=versioned, Key="key")["TagSet"] == []
    assert s3.get_object_tagging(Bucket=versioned, Key="key", VersionId=first)["TagSet"] == tags["TagSet"]


BAD = {
    "H8 nothing": (b"", "MissingRequestBodyError"),
    "H14 cut off": (b"<Tagging><TagSet>", "MalformedXML"),
    "H2 entity": (b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + document(("a", "&e;")), "MalformedXML"),
    "another root": (b"<Tags/>", "MalformedXML"),
    "H5 another namespace": (b'<Tagging xmlns="http://other/"><TagSet/></Tagging>', "MalformedXML"),
    "no TagSet": (b"<Tagging/>", "MalformedXML"),
    "tag twice": (document(("a", "1"), ("a", "2")), "InvalidTag"),
    "eleven tags": (document(*((f"t{n}", "1") for n in range(11))), "BadRequest"),
    "long key": (document(("k" * 129, "1")), "InvalidTag"),
    "long value": (document(("k", "v" * 257)), "InvalidTag"),
    "system tag": (document(("aws:a", "1")), "InvalidTag"),
    "no key": (document(("", "1")), "InvalidTag"),
    "odd character": (document(("a", "1;2")), "InvalidTag"),
    "H4 too long": (b"<Tagging>" + b" " * 70_000 + b"</Tagging>", "MaxMessageLengthExceeded"),
}


@pytest.mark.parametrize(("body", "code"), BAD.values(), ids=BAD.keys())
def test_refuses(server: Server, s3: Any, held: str, body: bytes, code: str) -> None:
    assert put(server, held, body).code == code
    assert s3.get_object_tagging(Bucket=held, Key="key")["TagSet"] == [{"Key": "old", "Value": "1"}]


def test_what_is_not_there(server: Server, s3: Any, versioned: str) -> None:
    assert put(server, versioned, document(("a", "1"))).code == "NoSuchKey"
    s3.put_object(Bucket=versioned, Key="key", Body=b"1")
    marker = s3.delete_object(Bucket=versioned, Key="key")["VersionId"]
    assert put(server, versioned, document(("a", "1"))).status == 404
    named = server.ask("PUT", f"/{versioned}/key?tagging&versionId={marker}", {}, document(("a", "1")))
    assert named.code == "MethodNotAllowed"


def test_the_digest_of_the_document_is_checked(server: Server, held: str) -> None:
    wrong = {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}
    assert put(server, held, document(("a", "1")), wrong).code == "BadDigest"


def test_who_may(server: Server, held: str) -> None:
    answer = server.ask("PUT", f"/{held}/key?tagging", {}, document(("a", "1")), keys=STRANGER)
    assert answer.code == "AccessDenied"
