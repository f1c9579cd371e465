"""A store as clients see it: filled with one of everything, and looked over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "us-east-1"
ROOT = ("minioadmin", "minioadmin")
ANN = ("AKIAANN", "ann/secret+0123456789abcdefghijklmnopqrst")
CUSTOMER_KEY = bytes(range(32))
READ_PLANS = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
INIT = f"""
[[account]]
id = "111111111111"
display_name = "Alice & <Co>"
email = "alice@example.com"

[[account.policy]]
name = "ReadPlans"
document = '{READ_PLANS}'

[[account.policy]]
name = "broken"
document = "not a document"

[[account.user]]
name = "Ann"
policies = ["ReadPlans", "readonly", "broken"]
keys = [{{ access_key = "{ANN[0]}", secret_key = "{ANN[1]}" }}]

[[account.user]]
name = "ann"
keys = [{{ access_key = "AKIAOTHERANN", secret_key = "other/secret+0123456789abcdefghijklmnop" }}]

[[bucket]]
name = "plans"
account = "111111111111"

[[kms.key]]
id = "reports"
"""
"""Of an account with users; two of their names differ in nothing but case."""

OPTIONS = ("--dev", "--port", "0", "--console-port", "off", "--sse-c-over-http", "--restore-delay", "0")
ODD_KEYS = ("with space & <sign>", "größe/水/🜨", "a'b\"c", "x" * 900)
VERSIONS, PLAIN, LOCKED = "kept-versions", "plain", "locked"
DOWNLOADS = {"dir/big.bin": (PLAIN, 300_000), "parts.bin": (VERSIONS, (5 << 20) + 70_000)}


def client(url: str, pair: tuple[str, str] = ROOT, service: str = "s3") -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=pair[0],
        aws_secret_access_key=pair[1],
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}, read_timeout=60),
    )


def pattern(size: int) -> bytes:
    """Bytes that compress well and repeat at no power of two."""
    line = b"All happy stores are alike; each damaged store is damaged in its own way.\n"
    return (line * (size // len(line) + 1))[:size]


# Filling


def fill(s3: Any) -> None:
    """One of everything that the first format can hold."""
    for bucket in (PLAIN, VERSIONS):
        s3.create_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=LOCKED, ObjectLockEnabledForBucket=True)
    s3.create_bucket(Bucket="gone")
    s3.delete_bucket(Bucket="gone")
    s3.put_bucket_versioning(Bucket=VERSIONS, VersioningConfiguration={"Status": "Enabled"})
    _configure(s3)
    _fill_plain(s3)
    _fill_versions(s3)
    _fill_locked(s3)


def _configure(s3: Any) -> None:
    s3.put_bucket_tagging(Bucket=PLAIN, Tagging={"TagSet": [{"Key": "team", "Value": "stores"}]})
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.com"], "ID": "one"}
    s3.put_bucket_cors(Bucket=PLAIN, CORSConfiguration={"CORSRules": [rule]})
    page = {"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyPrefixWith": "new/"}}
    site = {"IndexDocument": {"Suffix": "index.html"}, "RoutingRules": [page]}
    s3.put_bucket_website(Bucket=PLAIN, WebsiteConfiguration=site)
    ages = {"ID": "age", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 3650}}
    s3.put_bucket_lifecycle_configuration(Bucket=VERSIONS, LifecycleConfiguration={"Rules": [ages]})
    sealed = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=VERSIONS, ServerSideEncryptionConfiguration={"Rules": [sealed]})
    kept = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    locks = {"ObjectLockEnabled": "Enabled", "Rule": kept}
    s3.put_object_lock_configuration(Bucket=LOCKED, ObjectLockConfiguration=locks)
    target = {"LoggingEnabled": {"TargetBucket": PLAIN, "TargetPrefix": "access/"}}
    s3.put_bucket_logging(Bucket=PLAIN, BucketLoggingStatus=target)
    s3.put_bucket_logging(Bucket=PLAIN, BucketLoggingStatus={})


def _fill_plain(s3: Any) -> None:
    s3.put_object(
        Bucket=PLAIN,
        Key="dir/small.txt",
        Body=b"small",
        ContentType="text/plain",
        CacheControl="no-cache",
        Metadata={"color": "green", "shape": "round"},
        Tagging="album=sea&year=2026",
    )
    s3.put_object(Bucket=PLAIN, Key="empty", Body=b"")
    s3.put_object(Bucket=PLAIN, Key="dir/big.bin", Body=pattern(300_000), ChecksumAlgorithm="SHA256")
    for number, key in enumerate(ODD_KEYS):
        s3.put_object(Bucket=PLAIN, Key=key, Body=b"%d" % number)
    s3.copy_object(Bucket=PLAIN, Key="copies/big.bin", CopySource={"Bucket": PLAIN, "Key": "dir/big.bin"})
    s3.put_object(Bucket=PLAIN, Key="customers", Body=b"secret of a customer", **customers())
    s3.put_object(Bucket=PLAIN, Key="append", Body=b"begun, ")
    s3.put_object(Bucket=PLAIN, Key="append", Body=b"and gone on", WriteOffsetBytes=7)
    s3.put_object(Bucket=PLAIN, Key="before", Body=b"renamed")
    s3.rename_object(Bucket=PLAIN, Key="after", RenameSource="/plain/before", ClientToken="0" * 32)
    s3.put_object(Bucket=PLAIN, Key="cold", Body=b"frozen", StorageClass="GLACIER")
    s3.restore_object(Bucket=PLAIN, Key="cold", RestoreRequest={"Days": 3650})
    s3.put_object(Bucket=PLAIN, Key="noted", Body=b"with a note")
    s3.put_object_annotation(Bucket=PLAIN, Key="noted", AnnotationName="note", AnnotationPayload=b"a note")
    s3.put_object(Bucket=PLAIN, Key="replaced", Body=pattern(40_000))
    s3.put_object(Bucket=PLAIN, Key="replaced", Body=b"by this")
    upload = s3.create_multipart_upload(
        Bucket=PLAIN, Key="open", ContentType="text/plain", Metadata={"a": "b"}, Tagging="t=1"
    )["UploadId"]
    for number in (1, 2):
        s3.upload_part(Bucket=PLAIN, Key="open", UploadId=upload, PartNumber=number, Body=pattern(1000 * number))


def customers() -> dict[str, Any]:
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": CUSTOMER_KEY}


def _fill_versions(s3: Any) -> None:
    for text in (b"first", b"second", b"third"):
        s3.put_object(Bucket=VERSIONS, Key="often", Body=text)
    s3.put_object(Bucket=VERSIONS, Key="removed", Body=b"not for ever")
    s3.delete_object(Bucket=VERSIONS, Key="removed")
    s3.put_object(
        Bucket=VERSIONS, Key="kms", Body=b"under a key", ServerSideEncryption="aws:kms", SSEKMSKeyId="reports"
    )
    s3.put_object(Bucket=VERSIONS, Key="sealed.bin", Body=pattern(36_000))
    sums = {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "FULL_OBJECT"}
    s3.put_bucket_encryption(
        Bucket=VERSIONS,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    s3.delete_bucket_encryption(Bucket=VERSIONS)
    upload = s3.create_multipart_upload(Bucket=VERSIONS, Key="parts.bin", Metadata={"kind": "parts"}, **sums)
    whole = pattern((5 << 20) + 70_000)
    parts = []
    for number, body in enumerate((whole[: 5 << 20], whole[5 << 20 :]), 1):
        place = {"Bucket": VERSIONS, "Key": "parts.bin", "UploadId": upload["UploadId"], "PartNumber": number}
        done = s3.upload_part(Body=body, ChecksumAlgorithm="CRC64NVME", **place)
        parts.append({"PartNumber": number, "ETag": done["ETag"], "ChecksumCRC64NVME": done["ChecksumCRC64NVME"]})
    s3.complete_multipart_upload(
        Bucket=VERSIONS, Key="parts.bin", UploadId=upload["UploadId"], MultipartUpload={"Parts": parts}
    )
    s3.put_bucket_versioning(Bucket=VERSIONS, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=VERSIONS, Key="often", Body=b"the null version")


def _fill_locked(s3: Any) -> None:
    until = datetime(2090, 1, 1, tzinfo=UTC)
    s3.put_object(Bucket=LOCKED, Key="kept", Body=b"kept", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until)
    s3.put_object(Bucket=LOCKED, Key="held", Body=b"held", ObjectLockLegalHoldStatus="ON")


# Looking


def seen(s3: Any) -> dict[str, Any]:
    """Everything that clients are shown, in values of JSON. What a version adds to the answers is left out."""
    buckets = sorted(bucket["Name"] for bucket in s3.list_buckets()["Buckets"])
    return {bucket: _bucket(s3, bucket) for bucket in buckets}


OF_BUCKETS: dict[str, tuple[str, ...]] = {
    "get_bucket_versioning": ("Status",),
    "get_bucket_tagging": ("TagSet",),
    "get_bucket_cors": ("CORSRules",),
    "get_bucket_website": ("IndexDocument",),
    "get_bucket_lifecycle_configuration": ("Rules",),
    "get_bucket_encryption": ("ServerSideEncryptionConfiguration",),
    "get_object_lock_configuration": ("ObjectLockConfiguration",),
    "get_bucket_logging": ("LoggingEnabled",),
}
OF_VERSIONS = (
    "ContentLength", "ContentType", "CacheControl", "ETag", "LastModified", "Metadata", "StorageClass",
    "ServerSideEncryption", "SSEKMSKeyId", "SSECustomerAlgorithm", "ObjectLockMode", "ObjectLockRetainUntilDate",
    "ObjectLockLegalHoldStatus", "VersionId", "ChecksumSHA256", "ChecksumCRC64NVME", "ChecksumCRC32", "ChecksumType",
    "Restore", "TagCount", "PartsCount",
)  # fmt: skip


def _bucket(s3: Any, bucket: str) -> dict[str, Any]:
    listed = s3.list_object_versions(Bucket=bucket)
    uploads = s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    return {
        "configured": {name: _asked(getattr(s3, name), fields, Bucket=bucket) for name, fields in OF_BUCKETS.items()},
        "versions": [_version(s3, bucket, row) for row in listed.get("Versions", [])],
        "markers": [
            _of(row, ("Key", "VersionId", "IsLatest", "LastModified")) for row in listed.get("DeleteMarkers", [])
        ],
        "current": [row["Key"] for row in s3.list_objects_v2(Bucket=bucket).get("Contents", [])],
        "uploads": [_upload(s3, bucket, row) for row in uploads],
    }


def _version(s3: Any, bucket: str, row: dict[str, Any]) -> dict[str, Any]:
    place = {"Bucket": bucket, "Key": row["Key"], "VersionId": row["VersionId"]}
    key = customers() if row["Key"] == "customers" else {}
    answer = s3.get_object(**place, **key, ChecksumMode="ENABLED")
    shown = _of(answer, OF_VERSIONS)
    tags = _asked(s3.get_object_tagging, ("TagSet",), **place)
    notes = [note["AnnotationName"] for note in s3.list_object_annotations(**place).get("Annotations", [])]
    digest = hashlib.sha256(answer["Body"].read()).hexdigest()
    latest = _of(row, ("Key", "IsLatest", "Size", "ETag", "StorageClass", "LastModified"))
    return {"listed": latest, "shown": shown, "tags": tags, "notes": notes, "sha256": digest}


def _upload(s3: Any, bucket: str, row: dict[str, Any]) -> dict[str, Any]:
    parts = s3.list_parts(Bucket=bucket, Key=row["Key"], UploadId=row["UploadId"]).get("Parts", [])
    return {
        **_of(row, ("Key", "UploadId", "Initiated", "StorageClass")),
        "parts": [_of(part, ("PartNumber", "ETag", "Size", "LastModified")) for part in parts],
    }


def _asked(ask: Callable[..., Any], fields: tuple[str, ...], **given: Any) -> Any:
    try:
        return _of(ask(**given), fields)
    except ClientError as error:
        return error.response["Error"]["Code"]


def _of(answer: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    return {field: _plain(answer[field]) for field in fields if field in answer}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def differences(before: Any, after: Any, place: str = "") -> Iterator[str]:
    """Where two views differ, a line each."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted({*before, *after}):
            yield from differences(before.get(name), after.get(name), f"{place}/{name}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from differences(*pair, f"{place}/{number}")
    elif before != after:
        yield f"{place}: {before!r} became {after!r}"


# What came after the first format


def fill_more(s3: Any, console: Any) -> None:
    """What only newer formats hold; ``console`` is an HTTP client of the management port that signs as a root."""
    iam = client(s3.meta.endpoint_url, service="iam")
    iam.create_user(UserName="bob")
    iam.attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/readwrite")
    iam.create_access_key(UserName="bob")
    iam.create_group(GroupName="builders")
    iam.add_user_to_group(GroupName="builders", UserName="bob")
    controls = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket=PLAIN, OwnershipControls=controls)
    resource = f"arn:aws:s3:::{PLAIN}/*"
    anybody = {"Effect": "Allow", "Principal": "*", "Action": ["s3:PutObject", "s3:PutObjectAcl"], "Resource": resource}
    s3.put_bucket_policy(Bucket=PLAIN, Policy=json.dumps({"Version": "2012-10-17", "Statement": [anybody]}))
    ann = client(s3.meta.endpoint_url, ANN)
    ann.put_object(Bucket=PLAIN, Key="anns", Body=b"another's", Metadata={"by": "ann"})
    ann.put_object(Bucket=PLAIN, Key="größe/anns", Body=b"another's too", ACL="bucket-owner-full-control")
    s3.put_object(Bucket=PLAIN, Key="listed", Body=b"with a list", ACL="authenticated-read")
    s3.put_bucket_ownership_controls(
        Bucket=VERSIONS, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    for text in (b"older", b"newer"):
        s3.put_object(Bucket=VERSIONS, Key="granted", Body=text, ACL="authenticated-read")
    s3.create_multipart_upload(Bucket=PLAIN, Key="open too", ACL="authenticated-read", Metadata={"a": "b"})
    page = {"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyPrefixWith": "new/"}}
    s3.put_bucket_website(
        Bucket=VERSIONS, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}, "RoutingRules": [page]}
    )
    asks = (
        ("POST", "/api/v1/upload", {"data": {"bucket": PLAIN}, "files": {"file": ("ours.png", PNG)}}),
        ("PUT", "/api/v1/buckets/upload-types", {"json": {"bucket_name": PLAIN, "types": ["image/png"]}}),
        ("POST", "/presigned-url", {"json": {"filename": "me.png", "type": "image", "file_size": 29, "bucket": PLAIN}}),
        ("POST", "/api/v1/items", {"json": {"type": "note", "attributes": {"text": "some words"}}}),
        ("PUT", "/api/v1/filters/small", {"json": {"bucket": PLAIN, "filter": "size < 100"}}),
    )
    for method, path, given in asks:
        answer = console.request(method, path, **given)
        assert answer.is_success, (path, answer.status_code, answer.text)


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000100000001080200000090775db3"
    "0000000c4944415408d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
