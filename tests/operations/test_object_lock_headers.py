"""Locks that are asked for with a new object, and a backup program's life with them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.clock import HandClock
from tests.support.locks import COMPLIANCE, DAY, GOVERNANCE, after, default_of, put_locked, refused
from tests.support.server import Server

MODE, UNTIL, HOLD = "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold"
SOON = "2029-01-01T00:00:00Z"
MD5 = {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}


@pytest.fixture
def s3(timed: Server) -> Any:
    return timed.client()


BAD = {
    "mode alone": ({MODE: GOVERNANCE}, "InvalidArgument"),
    "date alone": ({UNTIL: SOON}, "InvalidArgument"),
    "other mode": ({MODE: "governance", UNTIL: SOON}, "InvalidArgument"),
    "no date": ({MODE: GOVERNANCE, UNTIL: "soon"}, "InvalidArgument"),
    "past date": ({MODE: GOVERNANCE, UNTIL: "2001-01-01T00:00:00Z"}, "InvalidArgument"),
    "too far": ({MODE: GOVERNANCE, UNTIL: "2999-01-01T00:00:00Z"}, "InvalidArgument"),
    "other hold": ({HOLD: "on"}, "InvalidArgument"),
    "empty mode": ({MODE: "", UNTIL: SOON}, "InvalidArgument"),
}
WAYS = ("put", "copy", "upload")


def ask(server: Server, way: str, bucket: str, headers: dict[str, str]) -> Any:
    if way == "upload":
        return server.ask("POST", f"/{bucket}/key?uploads", headers)
    source = {"x-amz-copy-source": f"/{bucket}/source"} if way == "copy" else MD5
    return server.ask("PUT", f"/{bucket}/key", source | headers)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("headers", "code"), BAD.values(), ids=BAD)
def test_what_is_no_lock(s3: Any, timed: Server, lockable: str, way: str, headers: dict[str, str], code: str) -> None:
    s3.put_object(Bucket=lockable, Key="source", Body=b"")
    assert ask(timed, way, lockable, headers).code == code
    assert refused(s3.head_object, Bucket=lockable, Key="key")[0] == 404


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("headers", [{MODE: GOVERNANCE, UNTIL: SOON}, {HOLD: "ON"}, {HOLD: "OFF"}])
def test_in_a_bucket_without(s3: Any, timed: Server, way: str, headers: dict[str, str]) -> None:
    bucket = timed.make_bucket()
    s3.put_object(Bucket=bucket, Key="source", Body=b"")
    answer = ask(timed, way, bucket, headers)
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert answer.texts("Message") == ["Bucket is missing Object Lock Configuration"]


def test_a_digest_is_demanded(timed: Server, lockable: str) -> None:
    target, lock = f"/{lockable}/key", {MODE: GOVERNANCE, UNTIL: SOON}
    assert timed.ask("PUT", target, lock).code == "InvalidRequest"
    assert timed.ask("PUT", target, lock | MD5).status == 200
    assert timed.ask("PUT", target, lock | {"x-amz-checksum-crc32": "AAAAAA=="}).status == 200
    assert timed.ask_framed("PUT", target, b"content", lock).status == 200


def test_a_default_retention_demands_a_digest_too(s3: Any, timed: Server, lockable: str) -> None:
    target = f"/{lockable}/key"
    assert timed.ask("PUT", target).status == 200
    s3.put_object_lock_configuration(Bucket=lockable, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    assert timed.ask("PUT", target).status == 200
    default = default_of(GOVERNANCE, Days=1)
    s3.put_object_lock_configuration(Bucket=lockable, ObjectLockConfiguration=default)
    refusal = timed.ask("PUT", target)
    assert (refusal.status, refusal.code) == (400, "InvalidRequest")
    assert refusal.texts("Message")[0].startswith("Content-MD5 OR x-amz-checksum- HTTP header is required")
    assert timed.ask("PUT", target, MD5).status == 200
    assert timed.ask_framed("PUT", target, b"content", {}).status == 200


def test_a_part_of_what_will_be_locked_demands_a_digest_too(s3: Any, timed: Server, lockable: str) -> None:
    place = {"Bucket": lockable, "Key": "key"}
    free = s3.create_multipart_upload(**place)["UploadId"]
    held = s3.create_multipart_upload(**place, ObjectLockLegalHoldStatus="ON")["UploadId"]

    def put(upload: str, headers: dict[str, str]) -> Any:
        return timed.ask("PUT", f"/{lockable}/key?partNumber=1&uploadId={upload}", headers)

    assert put(free, {}).status == 200
    refusal = put(held, {})
    assert (refusal.status, refusal.code) == (400, "InvalidRequest")
    assert refusal.texts("Message") == [
        "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Part requests with Object Lock parameters"
    ]
    assert put("none", {}).code == "NoSuchUpload"
    s3.put_object_lock_configuration(Bucket=lockable, ObjectLockConfiguration=default_of(GOVERNANCE, Days=1))
    assert put(free, {}).code == "InvalidRequest"
    for upload in (free, held):
        assert put(upload, MD5).status == 200
        assert put(upload, {"x-amz-checksum-crc32": "AAAAAA=="}).status == 200
        target = f"/{lockable}/key?partNumber=1&uploadId={upload}"
        assert timed.ask_framed("PUT", target, b"content").status == 200
    assert timed.ask("PUT", f"/{lockable}/key", MD5).status == 200
    copied = put(held, {"x-amz-copy-source": f"/{lockable}/key"})
    assert copied.status == 200, "there is no body of the client's to know by digest"


def test_an_upload_keeps_what_was_asked(s3: Any, time: HandClock, lockable: str) -> None:
    until = after(time, 5)
    lock = {"ObjectLockMode": COMPLIANCE, "ObjectLockRetainUntilDate": until, "ObjectLockLegalHoldStatus": "OFF"}
    upload = s3.create_multipart_upload(Bucket=lockable, Key="key", **lock)["UploadId"]
    place = {"Bucket": lockable, "Key": "key", "UploadId": upload}
    part = s3.upload_part(**place, PartNumber=1, Body=b"content")
    stored = s3.complete_multipart_upload(**place, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    head = s3.head_object(Bucket=lockable, Key="key")
    assert {name: head[name] for name in lock} == lock
    version = {"Bucket": lockable, "Key": "key", "VersionId": stored["VersionId"]}
    assert refused(s3.delete_object, **version) == (403, "AccessDenied")


def test_an_upload_on_a_locked_key(s3: Any, time: HandClock, lockable: str) -> None:
    """A new version only; the locked one stays."""
    locked = put_locked(s3, lockable, "key", COMPLIANCE, after(time, 5))
    place = {"Bucket": lockable, "Key": "key"}
    place["UploadId"] = s3.create_multipart_upload(**place)["UploadId"]
    part = s3.upload_part(**place, PartNumber=1, Body=b"newer")
    s3.complete_multipart_upload(**place, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    assert s3.get_object(Bucket=lockable, Key="key")["Body"].read() == b"newer"
    assert s3.get_object(**locked)["Body"].read() == b"content"


def test_a_backup_repository(s3: Any, timed: Server, time: HandClock) -> None:
    """What Veeam and its like do: a bucket with Object Lock and no default, blocks that are locked as they come and
    extended while backups need them, deletions that are tried and must fail, and a clean-up of what is over."""
    bucket = f"veeam-{next(timed.numbers)}"
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    configuration = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    assert configuration == {"ObjectLockEnabled": "Enabled"}
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"

    blocks = [put_locked(s3, bucket, f"Veeam/blocks/{n}", COMPLIANCE, after(time, 7)) for n in range(4)]
    index = s3.put_object(Bucket=bucket, Key="Veeam/index", Body=b"v1")["VersionId"]
    s3.put_object_retention(
        Bucket=bucket,
        Key="Veeam/index",
        VersionId=index,
        Retention={"Mode": COMPLIANCE, "RetainUntilDate": after(time, 7)},
    )
    needed, over = blocks[:2], blocks[2:]
    for block in needed:
        s3.put_object_retention(**block, Retention={"Mode": COMPLIANCE, "RetainUntilDate": after(time, 17)})
        assert s3.head_object(**block)["ObjectLockRetainUntilDate"] == after(time, 17)

    doomed = [{name: block[name] for name in ("Key", "VersionId")} for block in blocks]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed})
    assert [each["Code"] for each in answer["Errors"]] == ["AccessDenied"] * 4
    assert refused(s3.delete_bucket, Bucket=bucket) == (409, "BucketNotEmpty")

    time.time += 8 * DAY
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed})
    assert [each["Key"] for each in answer["Deleted"]] == [block["Key"] for block in over]
    versions = s3.list_object_versions(Bucket=bucket, Prefix="Veeam/blocks/")["Versions"]
    assert [each["VersionId"] for each in versions] == [block["VersionId"] for block in needed]
    for block in needed:
        assert s3.get_object(**block)["Body"].read() == b"content"


def test_plain_reads_show_nothing(s3: Any, timed: Server, lockable: str) -> None:
    s3.put_object_lock_configuration(Bucket=lockable, ObjectLockConfiguration=default_of(GOVERNANCE, Days=1))
    bucket = timed.make_bucket()
    s3.put_object(Bucket=bucket, Key="key", Body=b"")
    assert not [name for name in timed.ask("HEAD", f"/{bucket}/key").headers if "lock" in name]
