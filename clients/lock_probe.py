"""What backup programs do with Object Lock: write locked, extend, fail to delete, hold, and clean up when it is over.

Veeam and others write with Content-MD5 and in compliance mode, so that a bucket of this probe can be removed only when
its retentions, of a few seconds, are over.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from boto3_probe import connect, read, refused, remove
from probe import MIB, Server, expect, expect_equal, expect_same, new_bucket_name, payload, run, step

KEPT = timedelta(seconds=10)
LONGEST = 30
BLOCK = payload(MIB, "lock")


def lifecycle(server: Server, _: Path) -> None:
    s3 = connect(server, request_checksum_calculation="when_required")
    bucket = new_bucket_name("lock")
    with step("create bucket with Object Lock"):
        s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
        expect_equal(s3.get_bucket_versioning(Bucket=bucket)["Status"], "Enabled", "versioning")
        told = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
        expect_equal(told, {"ObjectLockEnabled": "Enabled"}, "configuration")
    try:
        suspended(s3, bucket)
        locked = compliance(s3, bucket)
        holds(s3, bucket)
        if server.has_short_days:
            expiring(s3, bucket)
        governance(s3, bucket)
        defaults(s3, bucket)
        with step("delete a version whose retention is over"):
            eventually(lambda: s3.delete_object(Bucket=bucket, Key="backup", VersionId=locked))
    finally:
        release(s3, bucket)
        eventually(lambda: remove(s3, bucket))


def write(s3: Any, bucket: str, key: str, body: bytes = BLOCK, **lock: Any) -> str:
    digest = base64.b64encode(hashlib.md5(body).digest()).decode()
    return str(s3.put_object(Bucket=bucket, Key=key, Body=body, ContentMD5=digest, **lock)["VersionId"])


def soon(length: timedelta = KEPT) -> datetime:
    """In whole seconds, as the programs send it."""
    return (datetime.now(UTC) + length).replace(microsecond=0)


def suspended(s3: Any, bucket: str) -> None:
    with step("versioning cannot be suspended"):
        off = {"Status": "Suspended"}
        refused(lambda: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=off), "InvalidBucketState")


def compliance(s3: Any, bucket: str) -> str:
    named = {"Bucket": bucket, "Key": "backup"}
    with step("write a locked version"):
        until = soon()
        lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
        version = write(s3, bucket, "backup", **lock)
        this = {**named, "VersionId": version}
        head = s3.head_object(**this)
        expect_equal(head["ObjectLockMode"], "COMPLIANCE", "mode")
        expect_equal(head["ObjectLockRetainUntilDate"], until, "retain until")
    with step("extend the retention"):
        until = max(until + timedelta(seconds=1), soon())
        longer = {"Mode": "COMPLIANCE", "RetainUntilDate": until}
        s3.put_object_retention(**this, Retention=longer)
        expect_equal(s3.get_object_retention(**this)["Retention"], longer, "retention")
    with step("nobody shortens, loosens, removes or deletes"):
        shorter = {"Mode": "COMPLIANCE", "RetainUntilDate": until - timedelta(seconds=1)}
        looser = {"Mode": "GOVERNANCE", "RetainUntilDate": until}
        for retention in (shorter, looser, {}):
            for bypass in ({}, {"BypassGovernanceRetention": True}):
                asked = {**this, **bypass, "Retention": retention}
                refused(lambda asked=asked: s3.put_object_retention(**asked), "AccessDenied")
        refused(lambda: s3.delete_object(**this), "AccessDenied")
        refused(lambda: s3.delete_object(**this, BypassGovernanceRetention=True), "AccessDenied")
        refused(lambda: s3.delete_bucket(Bucket=bucket), "BucketNotEmpty")
    with step("a delete marker hides it and leaves it"):
        marker = s3.delete_object(**named)
        expect(marker["DeleteMarker"], "a delete marker")
        refused(lambda: read(s3, bucket, "backup"), "NoSuchKey")
        expect_same(read(s3, bucket, "backup", VersionId=version), BLOCK, "the locked version")
        s3.delete_object(**named, VersionId=marker["VersionId"])
        expect_same(read(s3, bucket, "backup"), BLOCK, "undeleted")
    with step("DeleteObjects leaves the locked"):
        free = write(s3, bucket, "free", b"free")
        asked = [{"Key": "backup", "VersionId": version}, {"Key": "free", "VersionId": free}]
        told = s3.delete_objects(Bucket=bucket, Delete={"Objects": asked})
        expect_equal([one["Key"] for one in told["Deleted"]], ["free"], "deleted")
        expect_equal([(one["Key"], one["Code"]) for one in told["Errors"]], [("backup", "AccessDenied")], "errors")
    with step("list versions"):
        newer = write(s3, bucket, "backup", b"newer")
        listed = s3.list_object_versions(Bucket=bucket, Prefix="backup")["Versions"]
        expect_equal([one["VersionId"] for one in listed], [newer, version], "versions")
        expect_equal([one["IsLatest"] for one in listed], [True, False], "latest")
    return version


def holds(s3: Any, bucket: str) -> None:
    with step("legal hold"):
        this = {"Bucket": bucket, "Key": "held", "VersionId": write(s3, bucket, "held", b"held")}
        refused(lambda: s3.get_object_legal_hold(**this), "NoSuchObjectLockConfiguration")
        s3.put_object_legal_hold(**this, LegalHold={"Status": "ON"})
        expect_equal(s3.get_object_legal_hold(**this)["LegalHold"], {"Status": "ON"}, "hold")
        refused(lambda: s3.delete_object(**this, BypassGovernanceRetention=True), "AccessDenied")
        s3.put_object_legal_hold(**this, LegalHold={"Status": "OFF"})
        s3.delete_object(**this)


def expiring(s3: Any, bucket: str) -> None:
    with step("lifecycle removes what is free and leaves the locked"):
        kept = write(s3, bucket, "expiring/held", b"first", ObjectLockLegalHoldStatus="ON")
        for key in ("expiring/free", "expiring/free", "expiring/held"):
            latest = write(s3, bucket, key, b"next")
        rule = {
            "ID": "old versions",
            "Status": "Enabled",
            "Filter": {"Prefix": "expiring/"},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        }
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})

        def only_held_is_left() -> None:
            found = s3.list_object_versions(Bucket=bucket, Prefix="expiring/")["Versions"]
            keys = [one["Key"] for one in found]
            expect_equal(keys, ["expiring/free", "expiring/held", "expiring/held"], "keys")
            expect_equal([one["VersionId"] for one in found[1:]], [latest, kept], "versions of the held key")

        eventually(only_held_is_left)
        s3.delete_bucket_lifecycle(Bucket=bucket)


def governance(s3: Any, bucket: str) -> None:
    with step("governance mode, and its bypass"):
        lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": soon(timedelta(days=1))}
        this = {"Bucket": bucket, "Key": "governed", "VersionId": write(s3, bucket, "governed", b"governed", **lock)}
        shorter = {"Mode": "GOVERNANCE", "RetainUntilDate": soon(timedelta(hours=1))}
        refused(lambda: s3.put_object_retention(**this, Retention=shorter), "AccessDenied")
        refused(lambda: s3.delete_object(**this), "AccessDenied")
        s3.put_object_retention(**this, Retention=shorter, BypassGovernanceRetention=True)
        s3.delete_object(**this, BypassGovernanceRetention=True)


def defaults(s3: Any, bucket: str) -> None:
    with step("default retention"):
        rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
        wanted = {"ObjectLockEnabled": "Enabled", "Rule": rule}
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=wanted)
        told = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
        expect_equal(told, wanted, "configuration")
        this = {"Bucket": bucket, "Key": "default", "VersionId": write(s3, bucket, "default", b"default")}
        expect_equal(s3.get_object_retention(**this)["Retention"]["Mode"], "GOVERNANCE", "mode")
        refused(lambda: s3.delete_object(**this), "AccessDenied")
        refused(lambda: s3.put_object(Bucket=bucket, Key="no digest", Body=b"?"), "InvalidRequest")


def release(s3: Any, bucket: str) -> None:
    """Take away all that can be: holds and governance."""
    with step("release"):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for one in page.get("Versions", []):
                this = {"Bucket": bucket, "Key": one["Key"], "VersionId": one["VersionId"]}
                head = s3.head_object(**this)
                if head.get("ObjectLockLegalHoldStatus") == "ON":
                    s3.put_object_legal_hold(**this, LegalHold={"Status": "OFF"})
                if head.get("ObjectLockMode") == "GOVERNANCE":
                    s3.delete_object(**this, BypassGovernanceRetention=True)


def eventually(attempt: Callable[[], object]) -> None:
    """Until it works, or fails for the last time."""
    last = time.monotonic() + LONGEST
    while True:
        try:
            attempt()
        except Exception:
            if time.monotonic() > last:
                raise
            time.sleep(0.2)
        else:
            return


if __name__ == "__main__":
    run(lifecycle)
