"""PutObject."""

from __future__ import annotations

import base64
import hashlib
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import STRANGER, USER, Answer, Server

from trug.domain.versioning import Versioning

BODY = b"hello world"
LARGE = bytes(range(256)) * 1024
GIB = 1 << 30


def etag_of(content: bytes) -> str:
    return f'"{hashlib.md5(content).hexdigest()}"'


def put(server: Server, bucket: str, headers: dict[str, str] | None = None, body: bytes = BODY) -> Answer:
    return server.ask("PUT", f"/{bucket}/key", headers, body)


@pytest.mark.parametrize("content", [b"", BODY, LARGE], ids=["empty", "inline", "file"])
def test_stores_bytes_and_tells_their_etag(s3: Any, bucket: str, content: bytes) -> None:
    answer = s3.put_object(Bucket=bucket, Key="a", Body=content)
    assert answer["ETag"] == etag_of(content)
    assert "VersionId" not in answer
    found = s3.get_object(Bucket=bucket, Key="a")
    assert found["Body"].read() == content
    assert found["ETag"] == etag_of(content)


def test_replaces_what_was_there(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"old", Metadata={"m": "1"})
    s3.put_object(Bucket=bucket, Key="a", Body=b"new")
    found = s3.get_object(Bucket=bucket, Key="a")
    assert (found["Body"].read(), found["Metadata"]) == (b"new", {})


def test_tells_the_version_only_where_versions_are_on(server: Server, s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="a", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="a", Body=b"2")["VersionId"]
    assert first != second
    server.set_versioning(versioned, Versioning.SUSPENDED)
    assert "VersionId" not in s3.put_object(Bucket=versioned, Key="a", Body=b"3")
    assert s3.get_object(Bucket=versioned, Key="a", VersionId=first)["Body"].read() == b"1"
    assert s3.get_object(Bucket=versioned, Key="a", VersionId="null")["Body"].read() == b"3"


def test_keeps_all_that_describes_an_object(s3: Any, bucket: str) -> None:
    described = {
        "CacheControl": "max-age=60",
        "ContentDisposition": 'attachment; filename="a.txt"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "ContentType": "text/plain; charset=utf-8",
        "WebsiteRedirectLocation": "/elsewhere",
        "Metadata": {"colour": "red", "empty": ""},
    }
    s3.put_object(Bucket=bucket, Key="a", Body=BODY, Expires="Wed, 21 Oct 2026 07:28:00 GMT", **described)
    found = s3.head_object(Bucket=bucket, Key="a")
    assert {name: found[name] for name in described} == described
    assert found["ExpiresString"] == "Wed, 21 Oct 2026 07:28:00 GMT"


def test_content_type_is_never_guessed(s3: Any, bucket: str, server: Server) -> None:
    server.ask("PUT", f"/{bucket}/page.html", {}, b"<html>")
    assert s3.head_object(Bucket=bucket, Key="page.html")["ContentType"] == "binary/octet-stream"


def test_tags_of_the_header(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=BODY, Tagging="colour=red&size=two+words")
    assert s3.head_object(Bucket=bucket, Key="a")["TagCount"] == 2
    assert s3.get_object_tagging(Bucket=bucket, Key="a")["TagSet"] == [
        {"Key": "colour", "Value": "red"},
        {"Key": "size", "Value": "two words"},
    ]


@pytest.mark.parametrize(
    ("algorithm", "value"),
    [
        ("CRC32", base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big"))),
        ("SHA1", base64.b64encode(hashlib.sha1(BODY).digest())),
        ("SHA256", base64.b64encode(hashlib.sha256(BODY).digest())),
        ("SHA512", base64.b64encode(hashlib.sha512(BODY).digest())),
        ("MD5", base64.b64encode(hashlib.md5(BODY).digest())),
    ],
)
def test_a_checksum_in_a_header_is_checked_and_told(server: Server, bucket: str, algorithm: str, value: bytes) -> None:
    header = f"x-amz-checksum-{algorithm.lower()}"
    answer = put(server, bucket, {header: value.decode()})
    assert (answer.status, answer.headers[header]) == (200, value.decode())
    assert answer.headers["x-amz-checksum-type"] == "FULL_OBJECT"
    wrong = base64.b64encode(bytes(len(base64.b64decode(value)))).decode()
    assert put(server, bucket, {header: wrong}).code == "BadDigest"
    assert put(server, bucket, {header: "AAAA"}).code == "InvalidRequest"


def test_without_a_checksum_crc64nvme_is_computed(server: Server, bucket: str) -> None:
    answer = put(server, bucket)
    assert answer.headers["x-amz-checksum-crc64nvme"]
    assert answer.headers["x-amz-checksum-type"] == "FULL_OBJECT"


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_boto3_sends_each_checksum(s3: Any, bucket: str, algorithm: str) -> None:
    told = s3.put_object(Bucket=bucket, Key="a", Body=BODY, ChecksumAlgorithm=algorithm)
    found = s3.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")
    assert told[f"Checksum{algorithm}"] == found[f"Checksum{algorithm}"]
    assert found["ChecksumType"] == "FULL_OBJECT"


CASES = {
    "D21 Content-MD5 that is none": ({"Content-MD5": "zz"}, "InvalidDigest"),
    "D21 Content-MD5 of other bytes": ({"Content-MD5": base64.b64encode(bytes(16)).decode()}, "BadDigest"),
    "D20 two algorithms": (
        {"x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-crc32c": "AAAAAA=="},
        "InvalidRequest",
    ),
    "D20 unknown algorithm": ({"x-amz-checksum-crc7": "AA=="}, "InvalidRequest"),
    "trap 7 algorithm without checksum": ({"x-amz-sdk-checksum-algorithm": "CRC32"}, "InvalidRequest"),
    "D17 aws-chunked without streaming": ({"Content-Encoding": "aws-chunked"}, "InvalidArgument"),
    "I9 If-None-Match with an entity tag": ({"If-None-Match": '"a"'}, "NotImplemented"),
    "I8 If-Match on a missing key": ({"If-Match": '"a"'}, "NoSuchKey"),
    "N4 redirect with a script": ({"x-amz-website-redirect-location": "javascript:x"}, "InvalidRedirectLocation"),
    "N8 too much metadata": ({"x-amz-meta-a": "x" * 2048}, "MetadataTooLarge"),
    "tag twice": ({"x-amz-tagging": "a=1&a=2"}, "InvalidArgument"),
    "eleven tags": ({"x-amz-tagging": "&".join(f"t{n}=1" for n in range(11))}, "BadRequest"),
    "customer's key": ({"x-amz-server-side-encryption-customer-algorithm": "AES256"}, "InvalidRequest"),
    "half a lock": ({"x-amz-object-lock-mode": "GOVERNANCE"}, "InvalidArgument"),
    "legal hold": ({"x-amz-object-lock-legal-hold": "ON"}, "InvalidRequest"),
    "event hold": ({"x-amz-object-lock-event-hold": "ON"}, "NotImplemented"),
    "public ACL": ({"x-amz-acl": "public-read"}, "AccessControlListNotSupported"),
    "unknown ACL": ({"x-amz-acl": "mine"}, "InvalidArgument"),
    "grant to nobody": ({"x-amz-grant-read": "id=1"}, "InvalidArgument"),
    "other storage class": ({"x-amz-storage-class": "OUTPOSTS"}, "NotImplemented"),
    "unknown storage class": ({"x-amz-storage-class": "PAPER"}, "InvalidStorageClass"),
    "E24 more than 5 GiB": ({"Content-Length": str(5 * GIB + 1)}, "EntityTooLarge"),
    "another owner": ({"x-amz-expected-bucket-owner": "999999999999"}, "AccessDenied"),
}


@pytest.mark.parametrize(("headers", "code"), CASES.values(), ids=CASES.keys())
def test_refuses(server: Server, s3: Any, bucket: str, headers: dict[str, str], code: str) -> None:
    assert put(server, bucket, headers).code == code
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


@pytest.mark.parametrize("acl", ["private", "bucket-owner-full-control"])
def test_accepts_the_acls_that_change_nothing(server: Server, bucket: str, acl: str) -> None:
    assert put(server, bucket, {"x-amz-acl": acl, "x-amz-storage-class": "STANDARD"}).status == 200


def test_a_version_cannot_be_named(server: Server, bucket: str) -> None:
    assert server.ask("PUT", f"/{bucket}/key?versionId=null", {}, BODY).code == "InvalidArgument"


def test_a_body_without_a_length_is_411(server: Server, bucket: str) -> None:
    headers = {"Transfer-Encoding": "chunked"}
    assert server.ask("PUT", f"/{bucket}/key", headers, b"").code == "MissingContentLength"


def test_trap_2_the_framing_is_no_content_encoding(server: Server, s3: Any, bucket: str) -> None:
    for encoding, kept in (("aws-chunked", None), ("gzip,aws-chunked", "gzip"), ("aws-chunked,gzip", "gzip")):
        answer = server.ask_framed("PUT", f"/{bucket}/key", BODY, {"Content-Encoding": encoding})
        assert answer.headers["etag"] == etag_of(BODY)
        found = server.ask("GET", f"/{bucket}/key")
        assert (found.body, found.headers.get("content-encoding")) == (BODY, kept)


@pytest.mark.parametrize("content", [b"", BODY, LARGE], ids=["empty", "inline", "file"])
def test_framed_without_content_length(server: Server, bucket: str, content: bytes) -> None:
    answer = server.ask_framed("PUT", f"/{bucket}/key", content, is_http_chunked=True)
    assert (answer.status, answer.headers["etag"]) == (200, etag_of(content))
    assert server.ask("GET", f"/{bucket}/key").body == content


def test_d12_a_wrong_trailer_leaves_nothing(server: Server, bucket: str) -> None:
    assert server.ask_framed("PUT", f"/{bucket}/key", BODY, crc32="AAAAAA==").code == "BadDigest"
    assert server.ask("GET", f"/{bucket}/key").code == "NoSuchKey"


def test_d8_a_wrong_decoded_length(server: Server, bucket: str) -> None:
    for length in ("5", "500"):
        headers = {"x-amz-decoded-content-length": length}
        assert server.ask_framed("PUT", f"/{bucket}/key", BODY, headers).code == "IncompleteBody"
    assert server.ask("GET", f"/{bucket}/key").code == "NoSuchKey"


def test_conditions(s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="a", Body=b"1", IfNoneMatch="*")["ETag"]
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key="a", Body=b"2", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key="a", Body=b"2", IfMatch='"00000000000000000000000000000000"')
    s3.put_object(Bucket=bucket, Key="a", Body=b"2", IfMatch=etag)
    s3.put_object(Bucket=bucket, Key="a", Body=b"3", IfMatch=etag_of(b"2").strip('"'))
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"3"


def test_i13_a_delete_marker_is_no_object(s3: Any, versioned: str) -> None:
    s3.put_object(Bucket=versioned, Key="a", Body=b"1")
    s3.delete_object(Bucket=versioned, Key="a")
    s3.put_object(Bucket=versioned, Key="a", Body=b"2", IfNoneMatch="*")


def test_i10_of_64_creations_one_wins(server: Server, bucket: str) -> None:
    headers = {"If-None-Match": "*"}
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda n: put(server, bucket, headers, b"%d" % n).status, range(64)))
    assert sorted(answers) == [200] + 63 * [412]


KEYS = [
    "a/b",
    "a//b",
    "/x",
    "a/",
    "//",
    ".",
    "./x",
    "a/../b",
    "con",
    "key.",
    "trailing  ",
    "a+b c",
    "100%_'; DROP TABLE",
    "\u00e9",
    "e\u0301",
    "\ufeffb",
    "\u202eb",
    "<>&\"']]>",
    "?x=y#z",
    "\U0001f600",
    "x" * 1024,
]


@pytest.mark.parametrize("key", KEYS)
def test_g5_to_g16_keys_are_opaque(s3: Any, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [entry["Key"] for entry in listed] == [key]


BAD_PATHS = {
    "G4 ..": ("/..", "InvalidURI"),
    "G4 ../x": ("/../x", "InvalidURI"),
    "G4 a/../../x": ("/a/../../x", "InvalidURI"),
    "G6 overlong": ("/..%c0%af", "InvalidURI"),
    "G8 %ff": ("/%ff", "InvalidURI"),
    "G8 surrogate": ("/%ed%a0%80", "InvalidURI"),
    "A25 broken escape": ("/%zz", "InvalidURI"),
    "too long": ("/" + "x" * 1025, "KeyTooLongError"),
}


@pytest.mark.parametrize(("path", "code"), BAD_PATHS.values(), ids=BAD_PATHS.keys())
def test_keys_that_are_none(server: Server, bucket: str, path: str, code: str) -> None:
    assert server.ask("PUT", f"/{bucket}{path}", {}, BODY).code == code


def test_metadata_beyond_ascii(s3: Any, server: Server, bucket: str) -> None:
    put(server, bucket, {"x-amz-meta-name": "=?UTF-8?B?w6TDtsO8?="})
    assert server.ask("HEAD", f"/{bucket}/key").headers["x-amz-meta-name"] == "=?UTF-8?B?w6TDtsO8?="


def test_who_may(server: Server, bucket: str) -> None:
    target = f"/{bucket}/key"
    assert server.ask("PUT", target, {}, BODY, keys=USER).status == 200
    assert server.ask("PUT", target, {}, BODY, keys=STRANGER).code == "AccessDenied"
    assert server.send("PUT", target, {}, BODY).code == "AccessDenied"
    assert server.ask("PUT", "/no-such-bucket/key", {}, BODY).code == "NoSuchBucket"
