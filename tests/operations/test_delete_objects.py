"""DeleteObjects."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any
from xml.sax.saxutils import escape

import pytest
from tests.support.server import STRANGER, Answer, Server


def document(*keys: str, more: str = "") -> bytes:
    return f"<Delete>{''.join(f'<Object><Key>{escape(key)}</Key></Object>' for key in keys)}{more}</Delete>".encode()


def delete(server: Server, bucket: str, body: bytes, headers: dict[str, str] | None = None) -> Answer:
    return server.ask("POST", f"/{bucket}?delete", headers, body)


def keys_in(s3: Any, bucket: str) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def fill(s3: Any, bucket: str, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")


def test_tells_each_key(s3: Any, bucket: str) -> None:
    fill(s3, bucket, "a", "b", "c")
    objects = [{"Key": key} for key in ("b", "a", "absent")]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert [entry["Key"] for entry in answer["Deleted"]] == ["b", "a", "absent"]
    assert "Errors" not in answer
    assert keys_in(s3, bucket) == ["c"]


def test_quiet_tells_failures_alone(server: Server, s3: Any, bucket: str) -> None:
    fill(s3, bucket, "a")
    body = document("a", "x" * 1025, more="<Quiet>true</Quiet>")
    answer = delete(server, bucket, body)
    assert (answer.status, answer.texts("Deleted"), answer.texts("Code")) == (200, [], ["KeyTooLongError"])
    assert keys_in(s3, bucket) == []


def test_markers_and_versions(s3: Any, versioned: str) -> None:
    version = s3.put_object(Bucket=versioned, Key="a", Body=b"1")["VersionId"]
    (made,) = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "a"}]})["Deleted"]
    assert (made["DeleteMarker"], "VersionId" in made) == (True, False)
    marker = made["DeleteMarkerVersionId"]
    objects = [{"Key": "a", "VersionId": marker}, {"Key": "a", "VersionId": version}]
    gone = s3.delete_objects(Bucket=versioned, Delete={"Objects": objects})["Deleted"]
    assert gone == [
        {"Key": "a", "VersionId": marker, "DeleteMarker": True, "DeleteMarkerVersionId": marker},
        {"Key": "a", "VersionId": version},
    ]
    assert "Versions" not in s3.list_object_versions(Bucket=versioned)


def test_conditions_per_key(server: Server, s3: Any, bucket: str) -> None:
    fill(s3, bucket, "a", "b", "c", "d")
    etag = s3.head_object(Bucket=bucket, Key="a")["ETag"]
    body = f"""<Delete>
        <Object><Key>a</Key><ETag>{escape(etag)}</ETag></Object>
        <Object><Key>b</Key><ETag>"other"</ETag></Object>
        <Object><Key>c</Key><Size>2</Size></Object>
        <Object><Key>d</Key><LastModifiedTime>2015-10-21T07:28:00Z</LastModifiedTime></Object>
        <Object><Key>absent</Key><ETag>"other"</ETag></Object>
    </Delete>""".encode()
    answer = delete(server, bucket, body)
    assert answer.texts("Code") == ["PreconditionFailed", "PreconditionFailed", "PreconditionFailed", "NoSuchKey"]
    assert keys_in(s3, bucket) == ["b", "c", "d"]


def test_a_thousand(s3: Any, bucket: str, server: Server) -> None:
    keys = [f"key-{number:04}" for number in range(1000)]
    fill(s3, bucket, *keys[::250])
    answer = delete(server, bucket, document(*keys))
    assert len(answer.texts("Deleted")) == 1000
    assert keys_in(s3, bucket) == []


BAD = {
    "trap 42 1,001 keys": (document(*map(str, range(1001))), "MalformedXML"),
    "no keys": (document(), "MalformedXML"),
    "H8 nothing": (b"", "MissingRequestBodyError"),
    "H14 cut off": (b"<Delete><Object><Key>a</Key>", "MalformedXML"),
    "another root": (b"<Remove/>", "MalformedXML"),
    "unknown element": (b"<Delete><Object><Name>a</Name></Object></Delete>", "MalformedXML"),
    "no key": (b"<Delete><Object/></Delete>", "MalformedXML"),
    "key twice": (b"<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>", "MalformedXML"),
    "H1 entities": (b'<!DOCTYPE d [<!ENTITY a "a">]><Delete><Object><Key>&a;</Key></Object></Delete>', "MalformedXML"),
    "H9 UTF-16": (document("a").decode().encode("utf-16"), "MalformedXML"),
    "H4 too long": (document("a", more=" " * (2 << 20)), "MaxMessageLengthExceeded"),
}


@pytest.mark.parametrize(("body", "code"), BAD.values(), ids=BAD.keys())
def test_refuses(server: Server, s3: Any, bucket: str, body: bytes, code: str) -> None:
    fill(s3, bucket, "a")
    assert delete(server, bucket, body).code == code
    assert keys_in(s3, bucket) == ["a"]


def test_trap_12_any_digest_or_none(server: Server, bucket: str) -> None:
    body = document("a")
    good = [
        {},
        {"Content-MD5": base64.b64encode(hashlib.md5(body).digest()).decode()},
        {"x-amz-checksum-crc32": base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()},
        {"x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(body).digest()).decode()},
    ]
    for headers in good:
        assert delete(server, bucket, body, headers).status == 200
    assert delete(server, bucket, body, {"x-amz-checksum-crc32": "AAAAAA=="}).code == "BadDigest"


@pytest.mark.parametrize("key", ["<>&\"'", "a//b", "é", " lead", "trail ", "a\tb", "..a"])
def test_k1_keys(server: Server, s3: Any, bucket: str, key: str) -> None:
    fill(s3, bucket, key)
    answer = delete(server, bucket, document(key))
    assert answer.texts("Key") == [key]
    assert keys_in(s3, bucket) == []


@pytest.mark.parametrize(("key", "code"), [("../x", "InvalidURI"), ("", "InvalidArgument")])
def test_k1_keys_that_are_none(server: Server, bucket: str, key: str, code: str) -> None:
    answer = delete(server, bucket, document(key))
    assert (answer.status, answer.texts("Code")) == (200, [code])


def test_versions_that_are_none(server: Server, bucket: str) -> None:
    body = b"<Delete><Object><Key>a</Key><VersionId>x</VersionId></Object></Delete>"
    answer = delete(server, bucket, body)
    assert (answer.texts("Code"), answer.texts("VersionId")) == (["InvalidArgument"], ["x"])


def test_nothing_is_locked_that_could_be_bypassed(server: Server, bucket: str) -> None:
    headers = {"x-amz-bypass-governance-retention": "true"}
    assert delete(server, bucket, document("a"), headers).code == "InvalidArgument"


def test_who_may(server: Server, s3: Any, bucket: str) -> None:
    fill(s3, bucket, "a")
    assert server.ask("POST", f"/{bucket}?delete", {}, document("a"), keys=STRANGER).code == "AccessDenied"
    assert keys_in(s3, bucket) == ["a"]
