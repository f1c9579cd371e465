"""RenameObject."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError
from tests.support.server import STRANGER, Answer, Server

from trug.domain.versioning import Versioning

HTTP = "%a, %d %b %Y %H:%M:%S GMT"
NAMES = {
    name: (datetime.now(UTC) + timedelta(days=days)).strftime(HTTP) for name, days in (("past", -1), ("future", 1))
}


def rename(server: Server, bucket: str, source: str, key: str, headers: dict[str, str] | None = None) -> Answer:
    asked = {"x-amz-rename-source": f"/{bucket}/{source}"} | (headers or {})
    return server.ask("PUT", f"/{bucket}/{key}?renameObject", asked)


def keys(s3: Any, bucket: str) -> list[str]:
    return [found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def content(s3: Any, bucket: str, key: str) -> bytes:
    found: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return found


def test_everything_but_the_key_stays(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"content", Metadata={"m": "1"}, Tagging="t=1", ContentType="text/plain")
    before = s3.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")
    s3.rename_object(Bucket=bucket, Key="b", RenameSource=f"{bucket}/a")
    after = s3.head_object(Bucket=bucket, Key="b", ChecksumMode="ENABLED")
    del before["ResponseMetadata"], after["ResponseMetadata"]
    assert before == after
    assert (keys(s3, bucket), content(s3, bucket, "b")) == (["b"], b"content")
    assert s3.get_object_tagging(Bucket=bucket, Key="b")["TagSet"] == [{"Key": "t", "Value": "1"}]


@pytest.mark.parametrize("source", ["a b/+?", "dir/", "ä"])
def test_keys(server: Server, s3: Any, bucket: str, source: str) -> None:
    s3.put_object(Bucket=bucket, Key=source, Body=b"1")
    assert rename(server, bucket, quote(source), "new/key").status == 200
    assert keys(s3, bucket) == ["new/key"]


def test_a_key_alone(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    assert rename(server, bucket, "", "b", {"x-amz-rename-source": "a"}).status == 200
    assert keys(s3, bucket) == ["b"]


def test_what_had_the_name_goes(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"new")
    s3.put_object(Bucket=bucket, Key="b", Body=b"old content")
    assert rename(server, bucket, "a", "b").status == 200
    assert (keys(s3, bucket), content(s3, bucket, "b")) == (["b"], b"new")
    assert rename(server, bucket, "b", "a").status == 200
    assert content(s3, bucket, "a") == b"new"


def test_multipart_objects_and_copies(server: Server, s3: Any, bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="a")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="a", UploadId=upload, PartNumber=1, Body=b"part")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="a", UploadId=upload, MultipartUpload=parts)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/a")
    assert rename(server, bucket, "a", "b").status == 200
    assert s3.get_object(Bucket=bucket, Key="b", PartNumber=1)["PartsCount"] == 1
    s3.delete_object(Bucket=bucket, Key="b")
    assert content(s3, bucket, "copy") == b"part"


# header, its value for an object with the ETag of b"1", whether it holds; the first that fails of source, then target
CONDITIONS = [
    ("x-amz-rename-source-if-match", "{etag}", True),
    ("x-amz-rename-source-if-match", '"other"', False),
    ("x-amz-rename-source-if-none-match", '"other"', True),
    ("x-amz-rename-source-if-none-match", "{etag}", False),
    ("x-amz-rename-source-if-none-match", "*", False),
    ("x-amz-rename-source-if-modified-since", "{past}", True),
    ("x-amz-rename-source-if-modified-since", "{future}", False),
    ("x-amz-rename-source-if-unmodified-since", "{future}", True),
    ("x-amz-rename-source-if-unmodified-since", "{past}", False),
    ("If-Match", "{etag}", True),
    ("If-Match", '"other"', False),
    ("If-None-Match", "*", False),
    ("If-Modified-Since", "{past}", True),
    ("If-Modified-Since", "{future}", False),
    ("If-Unmodified-Since", "{future}", True),
    ("If-Unmodified-Since", "{past}", False),
]


@pytest.mark.parametrize(("name", "value", "holds"), CONDITIONS)
def test_conditions(server: Server, s3: Any, bucket: str, name: str, value: str, *, holds: bool) -> None:
    for key in ("a", "b"):
        etag = s3.put_object(Bucket=bucket, Key=key, Body=b"1")["ETag"]
    answer = rename(server, bucket, "a", "b", {name: value.format(etag=etag, **NAMES)})
    if holds:
        assert (answer.status, keys(s3, bucket)) == (200, ["b"])
    else:
        assert (answer.status, answer.code, keys(s3, bucket)) == (412, "PreconditionFailed", ["a", "b"])
        assert answer.texts("Condition")[0].lower() == name.lower()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": "*"}, 200),
        ({"If-Unmodified-Since": "{past}"}, 200),
        ({"If-Modified-Since": "{past}"}, 412),
        ({"If-Match": '"any"'}, 404),
        ({"If-None-Match": '"any"'}, 501),
        ({"If-Modified-Since": "yesterday"}, 400),
        ({"x-amz-client-token": "two words"}, 400),
        ({"x-amz-client-token": "x" * 65}, 400),
    ],
)
def test_a_name_that_nothing_has(server: Server, s3: Any, bucket: str, headers: dict[str, str], status: int) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    asked = {name: value.format(**NAMES) for name, value in headers.items()}
    assert rename(server, bucket, "a", "b", asked).status == status


def test_what_is_not_there(server: Server, s3: Any, bucket: str) -> None:
    answer = rename(server, bucket, "absent", "b")
    assert (answer.status, answer.code, answer.texts("Key")) == (404, "NoSuchKey", ["absent"])
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    assert rename(server, bucket, "a", "a").code == "InvalidRequest"
    assert rename(server, bucket, "a", "b", {"x-amz-rename-source": f"{bucket}/"}).code == "InvalidArgument"


def test_repeated_with_a_token(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"first")
    token = {"x-amz-client-token": f"token-of-{bucket}"}
    assert rename(server, bucket, "a", "b", token).status == 200
    s3.put_object(Bucket=bucket, Key="a", Body=b"second")
    assert rename(server, bucket, "a", "b", token).status == 200
    assert (content(s3, bucket, "a"), content(s3, bucket, "b")) == (b"second", b"first")
    other = rename(server, bucket, "a", "c", token)
    assert (other.status, other.code) == (400, "IdempotencyParameterMismatch")


def test_a_token_of_what_failed_is_free(server: Server, s3: Any, bucket: str) -> None:
    token = {"x-amz-client-token": f"free-{bucket}"}
    assert rename(server, bucket, "a", "b", token).status == 404
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    assert rename(server, bucket, "a", "c", token).status == 200


def history(s3: Any, bucket: str) -> list[tuple[str, str, bool]]:
    """Key, size or ``marker``, and whether it is the newest, of each version; the newest of a key first."""
    listed = s3.list_object_versions(Bucket=bucket)
    found = [(one["Key"], str(one["Size"]), one["IsLatest"]) for one in listed.get("Versions", [])]
    found += [(one["Key"], "marker", one["IsLatest"]) for one in listed.get("DeleteMarkers", [])]
    return sorted(found, key=lambda one: (one[0], not one[2]))


def test_no_version_is_lost(s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="a", Body=b"1")["VersionId"]
    old = s3.put_object(Bucket=versioned, Key="b", Body=b"old")["VersionId"]
    before = s3.head_object(Bucket=versioned, Key="a")
    made = s3.rename_object(Bucket=versioned, Key="b", RenameSource=f"{versioned}/a")
    after = s3.head_object(Bucket=versioned, Key="b")
    assert made["ResponseMetadata"]["HTTPHeaders"]["x-amz-version-id"] == after["VersionId"]
    assert after["VersionId"] not in (first, old)
    assert (after["ETag"], after["LastModified"]) == (before["ETag"], before["LastModified"])
    assert (keys(s3, versioned), content(s3, versioned, "b")) == (["b"], b"1")
    assert history(s3, versioned) == [("a", "marker", True), ("a", "1", False), ("b", "1", True), ("b", "3", False)]
    assert s3.get_object(Bucket=versioned, Key="a", VersionId=first)["Body"].read() == b"1"
    assert s3.get_object(Bucket=versioned, Key="b", VersionId=old)["Body"].read() == b"old"
    s3.delete_object(Bucket=versioned, Key="a", VersionId=first)
    assert content(s3, versioned, "b") == b"1"


@pytest.mark.parametrize("size", [7, 100_000])
def test_null_versions_are_replaced(server: Server, s3: Any, size: int) -> None:
    bucket = server.make_bucket(Versioning.SUSPENDED)
    s3.put_object(Bucket=bucket, Key="a", Body=b"x" * size)
    s3.put_object(Bucket=bucket, Key="b", Body=b"old")
    made = s3.rename_object(Bucket=bucket, Key="b", RenameSource=f"{bucket}/a")
    assert "x-amz-version-id" not in made["ResponseMetadata"]["HTTPHeaders"]
    assert history(s3, bucket) == [("a", "marker", True), ("b", str(size), True)]
    assert content(s3, bucket, "b") == b"x" * size
    s3.rename_object(Bucket=bucket, Key="a", RenameSource=f"{bucket}/b")
    assert history(s3, bucket) == [("a", str(size), True), ("b", "marker", True)]
    assert content(s3, bucket, "a") == b"x" * size


def test_versions_kept_before_they_were_suspended(s3: Any, versioned: str) -> None:
    kept = s3.put_object(Bucket=versioned, Key="a", Body=b"kept")["VersionId"]
    s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})
    s3.rename_object(Bucket=versioned, Key="b", RenameSource=f"{versioned}/a")
    assert history(s3, versioned) == [("a", "marker", True), ("a", "4", False), ("b", "4", True)]
    s3.delete_object(Bucket=versioned, Key="a", VersionId=kept)
    assert content(s3, versioned, "b") == b"kept"


def test_a_deleted_object_has_no_other_name(server: Server, s3: Any, versioned: str) -> None:
    s3.put_object(Bucket=versioned, Key="a", Body=b"1")
    s3.delete_object(Bucket=versioned, Key="a")
    assert rename(server, versioned, "a", "b").code == "NoSuchKey"


def test_a_lock_stays_where_it_is(server: Server, s3: Any) -> None:
    bucket = server.make_bucket(locks=True)
    until = datetime.now(UTC) + timedelta(days=1)
    lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
    locked = s3.put_object(Bucket=bucket, Key="a", Body=b"1", **lock)["VersionId"]
    s3.rename_object(Bucket=bucket, Key="b", RenameSource=f"{bucket}/a")
    assert "ObjectLockMode" not in s3.head_object(Bucket=bucket, Key="b")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=bucket, Key="a", VersionId=locked)
    default = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": default}
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=configuration)
    s3.rename_object(Bucket=bucket, Key="c", RenameSource=f"{bucket}/b")
    assert s3.head_object(Bucket=bucket, Key="c")["ObjectLockMode"] == "GOVERNANCE"


def test_annotations_have_no_second_version(server: Server, s3: Any, versioned: str) -> None:
    s3.put_object(Bucket=versioned, Key="a", Body=b"1")
    s3.put_object_annotation(Bucket=versioned, Key="a", AnnotationName="n", AnnotationPayload=b"1")
    assert rename(server, versioned, "a", "b").code == "NotImplemented"
    assert keys(s3, versioned) == ["a"]


def test_who_may(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    headers = {"x-amz-rename-source": f"{bucket}/a"}
    assert server.ask("PUT", f"/{bucket}/b?renameObject", headers, keys=STRANGER).code == "AccessDenied"
