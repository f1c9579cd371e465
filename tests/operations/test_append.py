"""PutObject with x-amz-write-offset-bytes."""

from __future__ import annotations

import base64
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import Answer, Server

from trug.domain.configurations import QUOTA
from trug.domain.versioning import Versioning
from trug.engine.quotas import Quota, packed

LARGE = b"larger than what is kept with the rows " * 4000


def append(
    server: Server, bucket: str, offset: int | str, body: bytes, headers: dict[str, str] | None = None
) -> Answer:
    return server.ask("PUT", f"/{bucket}/key", {"x-amz-write-offset-bytes": str(offset)} | (headers or {}), body)


def content(s3: Any, bucket: str, **options: Any) -> bytes:
    found: bytes = s3.get_object(Bucket=bucket, Key="key", **options)["Body"].read()
    return found


def crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def test_grows(s3: Any, bucket: str) -> None:
    whole = b""
    for piece in (b"first ", LARGE, b"third", LARGE):
        made = s3.put_object(Bucket=bucket, Key="key", Body=piece, WriteOffsetBytes=len(whole))
        whole += piece
        assert (made["Size"], made["ChecksumCRC32"]) == (len(whole), crc32(whole))
    assert content(s3, bucket) == whole
    assert content(s3, bucket, Range=f"bytes=3-{len(LARGE) + 8}") == whole[3 : len(LARGE) + 9]
    head = s3.head_object(Bucket=bucket, Key="key", ChecksumMode="ENABLED")
    assert (head["ETag"], head["ContentLength"]) == (made["ETag"], len(whole))
    assert (head["ChecksumType"], head["ETag"][-3:]) == ("FULL_OBJECT", '-4"')
    (listed,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert (listed["Size"], listed["ETag"]) == (len(whole), made["ETag"])


def test_what_is_kept(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"1", Metadata={"m": "1"}, Tagging="t=1", ContentType="text/plain")
    assert append(server, bucket, 1, b"2", {"Content-Type": "other/type"}).status == 200
    found = s3.get_object(Bucket=bucket, Key="key")
    assert (found["Metadata"], found["TagCount"], found["ContentType"]) == ({"m": "1"}, 1, "text/plain")
    assert found["Body"].read() == b"12"


def test_what_is_locked_stays(server: Server, s3: Any) -> None:
    """Where Object Lock is on, what is longer is another version, with a lock of its own."""
    bucket = server.make_bucket(locks=True)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
    place = {"Bucket": bucket, "Key": "key"}
    first = s3.put_object(**place, Body=b"1", **lock)["VersionId"]
    second = s3.put_object(**place, Body=b"2", WriteOffsetBytes=1)["VersionId"]
    third = s3.put_object(**place, Body=LARGE, WriteOffsetBytes=2, ObjectLockLegalHoldStatus="ON")["VersionId"]
    wanted = {first: (b"1", "COMPLIANCE", None), second: (b"12", None, None), third: (b"12" + LARGE, None, "ON")}
    for version, (whole, mode, hold) in wanted.items():
        found = s3.get_object(**place, VersionId=version)
        shown = found["Body"].read(), found.get("ObjectLockMode"), found.get("ObjectLockLegalHoldStatus")
        assert shown == (whole, mode, hold)
    for version in (first, third):
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(**place, VersionId=version)
    s3.delete_object(**place, VersionId=second)
    assert content(s3, bucket) == b"12" + LARGE
    default = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": default}
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=configuration)
    s3.put_object(**place, Body=b"end", WriteOffsetBytes=2 + len(LARGE))
    assert s3.head_object(**place)["ObjectLockMode"] == "GOVERNANCE"


def test_no_lock_where_there_is_none(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    lock = {"x-amz-object-lock-legal-hold": "ON", "Content-MD5": "yB5yjZ1ML2NvBn+JzBSGLA=="}
    assert append(server, bucket, 1, b"2", lock).code == "InvalidRequest"
    assert content(s3, bucket) == b"1"


@pytest.mark.parametrize("first", [b"", b"1"])
def test_parts(server: Server, s3: Any, bucket: str, first: bytes) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=first)
    append(server, bucket, len(first), b"second")
    count = 2 if first else 1
    found = s3.get_object(Bucket=bucket, Key="key", PartNumber=count)
    assert (found["PartsCount"], found["Body"].read()) == (count, b"second")
    attributes = s3.get_object_attributes(Bucket=bucket, Key="key", ObjectAttributes=["ObjectParts", "ObjectSize"])
    assert attributes["ObjectParts"]["TotalPartsCount"] == count
    assert sum(part["Size"] for part in attributes["ObjectParts"]["Parts"]) == attributes["ObjectSize"]


def test_multipart_objects(server: Server, s3: Any, bucket: str) -> None:
    """Parts that were left out keep nothing of the numbers that come next."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]
    tags = [
        s3.upload_part(Bucket=bucket, Key="key", UploadId=upload, PartNumber=number, Body=b"part")["ETag"]
        for number in (1, 2, 3)
    ]
    parts = {"Parts": [{"PartNumber": 1, "ETag": tags[0]}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="key", UploadId=upload, MultipartUpload=parts)
    assert append(server, bucket, 4, b" and more").status == 200
    assert content(s3, bucket) == b"part and more"
    server.run(swept(server))
    assert content(s3, bucket) == b"part and more"
    assert s3.complete_multipart_upload(Bucket=bucket, Key="key", UploadId=upload, MultipartUpload=parts)["ETag"]


async def swept(server: Server) -> None:
    while await server.engine.sweep.run():
        pass


def test_copies_stay_what_they_are(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    append(server, bucket, 1, b"2")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/key")
    append(server, bucket, 2, LARGE)
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"12"
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="copy", Body=b"3", WriteOffsetBytes=2)
    assert refused.value.response["Error"]["Code"] == "NotImplemented"
    s3.delete_object(Bucket=bucket, Key="key")
    server.run(swept(server))
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"12"
    assert s3.get_object(Bucket=bucket, Key="copy", PartNumber=1)["Body"].read() == b"12"


@pytest.mark.parametrize("versioning", [Versioning.ENABLED, Versioning.SUSPENDED])
def test_versions(server: Server, s3: Any, versioning: Versioning) -> None:
    bucket = server.make_bucket(Versioning.ENABLED)
    first = s3.put_object(Bucket=bucket, Key="key", Body=b"1")["VersionId"]
    server.set_versioning(bucket, versioning)
    append(server, bucket, 1, b"2")
    append(server, bucket, 2, b"3")
    assert content(s3, bucket) == b"123"
    assert content(s3, bucket, VersionId=first) == b"1"
    count = len(s3.list_object_versions(Bucket=bucket)["Versions"])
    assert count == (3 if versioning is Versioning.ENABLED else 2)


@pytest.mark.parametrize(
    ("offset", "body", "headers", "code"),
    [
        (3, b"x", {}, "InvalidWriteOffset"),
        (0, b"x", {}, "InvalidWriteOffset"),
        (4, b"", {}, "InvalidRequest"),
        (4, b"x", {"x-amz-meta-m": "1"}, "InvalidRequest"),
        (4, b"x", {"x-amz-tagging": "t=1"}, "InvalidRequest"),
        (4, b"x", {"x-amz-checksum-crc32": crc32(b"x")}, "InvalidRequest"),
        (4, b"x", {"x-amz-server-side-encryption": "AES256"}, "NotImplemented"),
        (4, b"x", {"If-None-Match": "*"}, "PreconditionFailed"),
        (4, b"x", {"If-Match": '"other"'}, "PreconditionFailed"),
        (4, b"x", {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, "BadDigest"),
        ("-1", b"x", {}, "InvalidArgument"),
        ("", b"x", {}, "InvalidArgument"),
    ],
)
def test_refuses(
    server: Server, s3: Any, bucket: str, offset: int | str, body: bytes, headers: dict[str, str], code: str
) -> None:
    server.ask("PUT", f"/{bucket}/key", {}, b"four")
    assert append(server, bucket, offset, body, headers).code == code
    assert content(s3, bucket) == b"four"


def test_what_is_not_there(server: Server, s3: Any, bucket: str) -> None:
    assert append(server, bucket, 1, b"x").code == "InvalidWriteOffset"
    assert append(server, bucket, 0, b"x", {"x-amz-meta-m": "1"}).headers["x-amz-object-size"] == "1"
    assert s3.head_object(Bucket=bucket, Key="key")["Metadata"] == {"m": "1"}


def test_not_to_what_cannot_be_gone_on_with(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"1", ChecksumAlgorithm="SHA256")
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.put_object(Bucket=bucket, Key="key", Body=b"2", WriteOffsetBytes=1)


CUSTOMER = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"k" * 32}
ENCRYPTED = {
    "SSE-S3": {"ServerSideEncryption": "AES256"},
    "SSE-KMS": {"ServerSideEncryption": "aws:kms"},
    "bucket key": {"ServerSideEncryption": "aws:kms", "BucketKeyEnabled": True},
    "DSSE-KMS": {"ServerSideEncryption": "aws:kms:dsse"},
    "SSE-C": CUSTOMER,
}


@pytest.mark.parametrize("asked", ENCRYPTED.values(), ids=ENCRYPTED)
@pytest.mark.parametrize("first", [b"", b"small", LARGE])
def test_encrypted(private: Server, asked: dict[str, Any], first: bytes) -> None:
    s3, bucket = private.client(), private.make_bucket()
    place = {"Bucket": bucket, "Key": "key"}
    customer = asked if "SSECustomerKey" in asked else {}
    s3.put_object(**place, Body=first, **asked)
    whole = first
    for piece in (b"more", LARGE, b"end"):
        made = s3.put_object(**place, Body=piece, WriteOffsetBytes=len(whole), **customer)
        whole += piece
        assert (made.get("ServerSideEncryption"), made["Size"]) == (asked.get("ServerSideEncryption"), len(whole))
        assert made.get("SSECustomerAlgorithm") == asked.get("SSECustomerAlgorithm")
    found = s3.get_object(**place, **customer, ChecksumMode="ENABLED")
    assert (found["Body"].read(), found["ChecksumCRC32"]) == (whole, crc32(whole))
    span = f"bytes={len(first)}-{len(first) + 10_000}"
    assert s3.get_object(**place, **customer, Range=span)["Body"].read() == whole[len(first) :][:10_001]
    sources = {f"CopySource{name}": value for name, value in customer.items()}
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/key", **sources)
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == whole


def test_with_another_key(private: Server) -> None:
    s3, bucket = private.client(), private.make_bucket()
    place = {"Bucket": bucket, "Key": "key", "Body": b"2", "WriteOffsetBytes": 1}
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    with pytest.raises(ClientError, match="InvalidRequest"):
        s3.put_object(**place, **CUSTOMER)
    s3.put_object(Bucket=bucket, Key="key", Body=b"1", **CUSTOMER)
    with pytest.raises(ClientError, match="InvalidRequest"):
        s3.put_object(**place)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(**place, **CUSTOMER | {"SSECustomerKey": b"o" * 32})
    rule = {"BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(**place, **CUSTOMER)


def test_other_operations_do_not_take_it(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    headers = {"x-amz-write-offset-bytes": "1", "x-amz-copy-source": f"{bucket}/key"}
    assert server.ask("PUT", f"/{bucket}/copy", headers).code == "NotImplemented"


def test_quota(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"12345")

    async def limited() -> None:
        found = await server.engine.buckets.find(bucket)
        assert found is not None
        await server.engine.configurations.store(found, QUOTA, packed(Quota(bytes=7)))

    server.run(limited())
    assert append(server, bucket, 5, b"678").code == "QuotaExceeded"
    assert append(server, bucket, 5, b"67").status == 200


def test_one_of_many_at_once(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"0")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda letter: append(server, bucket, 1, letter), (b"a", b"b", b"c", b"d")))
    assert sorted(answer.status for answer in answers) == [200, 400, 400, 400]
    assert len(content(s3, bucket)) == 2
