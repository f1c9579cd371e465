"""CopyObject."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError
from tests.support.server import OTHER_ACCOUNT, STRANGER, Answer, Server

from trug.domain.versioning import Versioning

LARGE = bytes(range(256)) * 1024


def copy(server: Server, bucket: str, source: str, headers: dict[str, str] | None = None, key: str = "to") -> Answer:
    return server.ask("PUT", f"/{bucket}/{key}", {"x-amz-copy-source": source} | (headers or {}))


@pytest.fixture
def held(s3: Any, bucket: str) -> str:
    """A bucket with an object under ``from``."""
    s3.put_object(
        Bucket=bucket, Key="from", Body=b"content", ContentType="text/plain", Metadata={"m": "1"}, Tagging="t=1"
    )
    return bucket


@pytest.mark.parametrize("content", [b"", b"small", LARGE], ids=["empty", "inline", "file"])
def test_copies_bytes_and_all_that_describes_them(s3: Any, bucket: str, content: bytes) -> None:
    s3.put_object(Bucket=bucket, Key="from", Body=content, ContentType="text/plain", Metadata={"m": "1"}, Tagging="t=1")
    answer = s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from"})
    source, made = (s3.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED") for key in ("from", "to"))
    assert made["Body"].read() == content
    assert answer["CopyObjectResult"]["ETag"] == source["ETag"] == made["ETag"]
    assert answer["CopyObjectResult"]["ChecksumCRC32"] == source["ChecksumCRC32"] == made["ChecksumCRC32"]
    assert answer["CopyObjectResult"]["ChecksumType"] == "FULL_OBJECT"
    assert (made["ContentType"], made["Metadata"], made["TagCount"]) == ("text/plain", {"m": "1"}, 1)
    s3.delete_object(Bucket=bucket, Key="from")
    assert s3.get_object(Bucket=bucket, Key="to")["Body"].read() == content


def test_metadata_replaced(s3: Any, held: str) -> None:
    source = {"Bucket": held, "Key": "from"}
    s3.copy_object(Bucket=held, Key="to", CopySource=source, MetadataDirective="REPLACE", Metadata={"n": "2"})
    made = s3.head_object(Bucket=held, Key="to")
    assert (made["ContentType"], made["Metadata"], made["TagCount"]) == ("binary/octet-stream", {"n": "2"}, 1)


def test_tags_replaced(s3: Any, held: str) -> None:
    source = {"Bucket": held, "Key": "from"}
    s3.copy_object(Bucket=held, Key="to", CopySource=source, TaggingDirective="REPLACE", Tagging="a=1&b=2")
    made = s3.head_object(Bucket=held, Key="to")
    assert (made["ContentType"], made["Metadata"], made["TagCount"]) == ("text/plain", {"m": "1"}, 2)
    s3.copy_object(Bucket=held, Key="to", CopySource=source, TaggingDirective="REPLACE")
    assert s3.get_object_tagging(Bucket=held, Key="to")["TagSet"] == []


def test_another_checksum(s3: Any, held: str) -> None:
    source = {"Bucket": held, "Key": "from"}
    answer = s3.copy_object(Bucket=held, Key="to", CopySource=source, ChecksumAlgorithm="SHA256")
    made = s3.head_object(Bucket=held, Key="to", ChecksumMode="ENABLED")
    assert answer["CopyObjectResult"]["ChecksumSHA256"] == made["ChecksumSHA256"]
    assert "ChecksumCRC32" not in made


def test_k5_onto_itself(s3: Any, server: Server, held: str) -> None:
    assert copy(server, held, f"{held}/from", key="from").code == "InvalidRequest"
    source = {"Bucket": held, "Key": "from"}
    s3.copy_object(Bucket=held, Key="from", CopySource=source, MetadataDirective="REPLACE", Metadata={"x": "y"})
    found = s3.get_object(Bucket=held, Key="from")
    assert (found["Body"].read(), found["Metadata"], found["TagCount"]) == (b"content", {"x": "y"}, 1)


def test_versions(server: Server, s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="from", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="from", Body=b"2")["VersionId"]
    newest = s3.copy_object(Bucket=versioned, Key="to", CopySource=f"{versioned}/from")
    assert newest["CopySourceVersionId"] == second
    assert newest["VersionId"]
    oldest = s3.copy_object(
        Bucket=versioned, Key="to", CopySource={"Bucket": versioned, "Key": "from", "VersionId": first}
    )
    assert oldest["CopySourceVersionId"] == first
    assert s3.get_object(Bucket=versioned, Key="to")["Body"].read() == b"1"
    restored = s3.copy_object(
        Bucket=versioned, Key="from", CopySource={"Bucket": versioned, "Key": "from", "VersionId": first}
    )
    assert restored["VersionId"] not in (first, second)
    marker = s3.delete_object(Bucket=versioned, Key="from")["VersionId"]
    assert copy(server, versioned, f"{versioned}/from").code == "NoSuchKey"
    assert copy(server, versioned, f"{versioned}/from?versionId={marker}").code == "InvalidRequest"


def test_into_another_bucket(server: Server, s3: Any, held: str) -> None:
    target = server.make_bucket(Versioning.ENABLED)
    answer = s3.copy_object(Bucket=target, Key="to", CopySource=f"{held}/from")
    assert answer["VersionId"]
    assert "CopySourceVersionId" not in answer


SPELLINGS = ["a/b", "a+b", "a b", "a%20b", "é", "?", "a?versionId=b", "//", "a/../b", "<&>", "\U0001f600"]


@pytest.mark.parametrize("key", SPELLINGS)
@pytest.mark.parametrize("slash", ["", "/"])
def test_k1_keys_of_sources(server: Server, s3: Any, bucket: str, key: str, slash: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    assert copy(server, bucket, f"{slash}{bucket}/{quote(key)}").status == 200
    assert copy(server, bucket, f"{bucket}%2F{quote(key, safe='')}").status == 200


# K4; {b} is the bucket
SOURCES = {
    "empty": ("", "InvalidArgument"),
    "slash": ("/", "InvalidArgument"),
    "question mark": ("?", "InvalidArgument"),
    "bucket alone": ("{b}", "InvalidArgument"),
    "no key": ("{b}/", "InvalidArgument"),
    "no bucket": ("//from", "InvalidArgument"),
    "no bucket name": ("NO_BUCKET/from", "InvalidArgument"),
    "empty version": ("{b}/from?versionId=", "InvalidArgument"),
    "bad version": ("{b}/from?versionId=x", "InvalidArgument"),
    "no such version": ("{b}/from?versionId=" + "a" * 32, "NoSuchVersion"),
    "another key": ("{b}//from", "NoSuchKey"),
    "no such key": ("{b}/absent", "NoSuchKey"),
    "no such bucket": ("no-such-bucket/from", "NoSuchBucket"),
    "access point": ("arn:aws:s3:us-east-1:1:accesspoint/a/object/from", "NotImplemented"),
    "G4": ("{b}/../x", "InvalidURI"),
    "G8": ("{b}/%ff", "InvalidURI"),
    "broken escape": ("{b}/%zz", "InvalidURI"),
}


@pytest.mark.parametrize(("source", "code"), SOURCES.values(), ids=SOURCES.keys())
def test_k4_sources(server: Server, held: str, source: str, code: str) -> None:
    assert copy(server, held, source.format(b=held)).code == code


REFUSED = {
    "metadata directive": ({"x-amz-metadata-directive": "MERGE"}, "InvalidArgument"),
    "tagging directive": ({"x-amz-tagging-directive": "MERGE"}, "InvalidArgument"),
    "checksum": ({"x-amz-checksum-algorithm": "CRC7"}, "InvalidRequest"),
    "source's key": ({"x-amz-copy-source-server-side-encryption-customer-algorithm": "AES256"}, "InvalidRequest"),
    "half a lock": ({"x-amz-object-lock-mode": "COMPLIANCE"}, "InvalidArgument"),
    "event hold": ({"x-amz-object-lock-event-hold": "ON"}, "NotImplemented"),
    "storage class": ({"x-amz-storage-class": "OUTPOSTS"}, "NotImplemented"),
    "ACL": ({"x-amz-acl": "public-read"}, "AccessControlListNotSupported"),
    "source's owner": ({"x-amz-source-expected-bucket-owner": "999999999999"}, "AccessDenied"),
    "target's owner": ({"x-amz-expected-bucket-owner": "999999999999"}, "AccessDenied"),
    "too many tags": (
        {"x-amz-tagging-directive": "REPLACE", "x-amz-tagging": "&".join(f"t{n}=1" for n in range(11))},
        "BadRequest",
    ),
}


@pytest.mark.parametrize(("headers", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(server: Server, held: str, headers: dict[str, str], code: str) -> None:
    assert copy(server, held, f"{held}/from", headers).code == code
    assert server.ask("HEAD", f"/{held}/to").status == 404


def test_conditions_on_the_source(server: Server, s3: Any, held: str) -> None:
    shown = s3.head_object(Bucket=held, Key="from")
    etag, modified = shown["ETag"], shown["ResponseMetadata"]["HTTPHeaders"]["last-modified"]
    past = "Wed, 21 Oct 2015 07:28:00 GMT"
    cases = [
        ({"if-match": etag}, 200),
        ({"if-match": '"other"'}, 412),
        ({"if-none-match": etag}, 412),
        ({"if-none-match": '"other"'}, 200),
        ({"if-modified-since": past}, 200),
        ({"if-modified-since": modified}, 412),
        ({"if-unmodified-since": past}, 412),
        ({"if-unmodified-since": modified}, 200),
        ({"if-match": etag, "if-unmodified-since": past}, 200),
        ({"if-none-match": etag, "if-modified-since": past}, 412),
    ]
    for conditions, status in cases:
        headers = {f"x-amz-copy-source-{name}": value for name, value in conditions.items()}
        assert copy(server, held, f"{held}/from", headers).status == status, conditions


def test_trap_17_conditions_on_the_target(server: Server, s3: Any, held: str) -> None:
    source = f"{held}/from"
    assert copy(server, held, source, {"If-Match": '"a"'}).code == "NoSuchKey"
    assert copy(server, held, source, {"If-None-Match": "*"}).status == 200
    assert copy(server, held, source, {"If-None-Match": "*"}).code == "PreconditionFailed"
    etag = s3.head_object(Bucket=held, Key="to")["ETag"]
    assert copy(server, held, source, {"If-Match": '"a"'}).code == "PreconditionFailed"
    assert copy(server, held, source, {"If-Match": etag}).status == 200


def test_trap_48_the_source_must_be_readable(server: Server, held: str) -> None:
    theirs = server.make_bucket(account=OTHER_ACCOUNT)
    answer = server.ask("PUT", f"/{theirs}/to", {"x-amz-copy-source": f"{held}/from"}, keys=STRANGER)
    assert answer.code == "AccessDenied"
    assert copy(server, held, f"{theirs}/anything").code == "AccessDenied"


def test_a_multipart_object_becomes_a_plain_one(s3: Any, bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="from")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="from", UploadId=upload, PartNumber=1, Body=b"content")
    s3.complete_multipart_upload(
        Bucket=bucket,
        Key="from",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/from")
    made = s3.get_object(Bucket=bucket, Key="to")
    assert made["Body"].read() == b"content"
    assert made["ETag"] == part["ETag"]


def test_conditions_by_boto3(s3: Any, held: str) -> None:
    s3.copy_object(Bucket=held, Key="to", CopySource=f"{held}/from", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.copy_object(Bucket=held, Key="to", CopySource=f"{held}/from", CopySourceIfMatch='"other"')


def test_redirect_is_the_requests_own(server: Server, held: str) -> None:
    """ "CopyObject": the redirect location is never copied, whatever the metadata directive."""
    redirected = copy(server, held, f"{held}/from", {"x-amz-website-redirect-location": "/x"})
    assert redirected.status == 200
    assert server.ask("HEAD", f"/{held}/to").headers["x-amz-website-redirect-location"] == "/x"
    assert copy(server, held, f"{held}/to", {}, key="again").status == 200
    assert "x-amz-website-redirect-location" not in server.ask("HEAD", f"/{held}/again").headers
