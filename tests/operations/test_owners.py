"""Owners in lists, of objects, versions, uploads and parts."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.listed import MODES, ONE, TWO, know_accounts, make_bucket
from tests.support.server import STRANGER, USER, Server

MINE = {"ID": ONE}
OTHERS = {"ID": TWO, "DisplayName": "Other & Co"}
KEYS = ["a/1", "a <&> b", "b", "c"]


@pytest.fixture(scope="module", autouse=True)
def _accounts(server: Server) -> None:
    know_accounts(server)


@pytest.fixture(scope="module")
def strange(server: Server) -> Any:
    return server.client(STRANGER)


@pytest.fixture(scope="module")
def shared(server: Server, s3: Any, strange: Any) -> str:
    """A bucket with objects of both accounts; the first and the third are the other one's."""
    know_accounts(server)
    bucket = make_bucket(server, s3, ACL="public-read-write")
    for number, key in enumerate(sorted(KEYS)):
        (s3 if number % 2 else strange).put_object(Bucket=bucket, Key=key, Body=b"content")
    return bucket


def owners(entries: list[dict[str, Any]]) -> list[Any]:
    return [entry.get("Owner") for entry in entries]


BOTH = [OTHERS, MINE, OTHERS, MINE]


def test_list_objects(s3: Any, shared: str) -> None:
    found = s3.list_objects(Bucket=shared)["Contents"]
    assert [entry["Key"] for entry in found] == sorted(KEYS)
    assert owners(found) == BOTH
    assert {entry["Size"] for entry in found} == {7}
    assert {entry["ETag"] for entry in found} == {s3.head_object(Bucket=shared, Key="c")["ETag"]}


def test_list_objects_encoded(server: Server, shared: str) -> None:
    answer = server.ask("GET", f"/{shared}?encoding-type=url")
    assert answer.texts("Key") == ["a+%3C%26%3E+b", "a/1", "b", "c"]
    assert answer.texts("DisplayName") == ["Other & Co"] * 2


def test_list_objects_v2(s3: Any, shared: str) -> None:
    found = s3.list_objects_v2(Bucket=shared, FetchOwner=True)
    assert owners(found["Contents"]) == BOTH
    assert owners(s3.list_objects_v2(Bucket=shared)["Contents"]) == [None] * 4


def test_a_page_after_another(s3: Any, shared: str) -> None:
    first = s3.list_objects_v2(Bucket=shared, FetchOwner=True, MaxKeys=3)
    token = first["NextContinuationToken"]
    rest = s3.list_objects_v2(Bucket=shared, FetchOwner=True, ContinuationToken=token)
    assert owners(first["Contents"] + rest["Contents"]) == BOTH


def test_with_a_delimiter(s3: Any, shared: str) -> None:
    found = s3.list_objects(Bucket=shared, Delimiter="/")
    assert [prefix["Prefix"] for prefix in found["CommonPrefixes"]] == ["a/"]
    assert owners(found["Contents"]) == [OTHERS, OTHERS, MINE]


def test_list_object_versions(server: Server, s3: Any, strange: Any) -> None:
    bucket = make_bucket(server, s3, ACL="public-read-write")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for client in (strange, s3, strange):
        client.put_object(Bucket=bucket, Key="key")
    s3.delete_object(Bucket=bucket, Key="key")
    found = s3.list_object_versions(Bucket=bucket)
    assert owners(found["Versions"]) == [OTHERS, MINE, OTHERS]
    assert owners(found["DeleteMarkers"]) == [MINE]
    assert [version["IsLatest"] for version in found["Versions"]] == [False] * 3


@pytest.mark.parametrize("mode", MODES)
def test_whoever_owns_what_is_written(server: Server, s3: Any, strange: Any, mode: str) -> None:
    acl = {} if mode == "BucketOwnerEnforced" else {"ACL": "public-read-write"}
    bucket = make_bucket(server, s3, mode, **acl)
    if acl:
        strange.put_object(Bucket=bucket, Key="key")
    else:
        s3.put_object(Bucket=bucket, Key="key")
    assert owners(s3.list_objects(Bucket=bucket)["Contents"]) == [OTHERS if acl else MINE]


def test_uploads_and_parts(server: Server, s3: Any, strange: Any) -> None:
    bucket = make_bucket(server, s3, ACL="public-read-write")
    begun = [client.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"] for client in (strange, s3)]
    by_user = server.client(USER).create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]
    found = {upload["UploadId"]: upload for upload in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]}
    assert [found[upload]["Owner"] for upload in (*begun, by_user)] == [OTHERS, MINE, MINE]
    assert [found[upload]["Initiator"] for upload in begun] == [OTHERS, MINE]
    assert found[by_user]["Initiator"]["DisplayName"] == "ana"
    parts = s3.list_parts(Bucket=bucket, Key="key", UploadId=begun[0])
    assert (parts["Owner"], parts["Initiator"]) == (OTHERS, OTHERS)


def test_another_owner_outlives_appends_tags_and_locks(server: Server, s3: Any, strange: Any) -> None:
    bucket = make_bucket(server, s3, ACL="public-read-write")
    strange.put_object(Bucket=bucket, Key="key", Body=b"a", ACL="public-read")
    strange.put_object_tagging(Bucket=bucket, Key="key", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    found = strange.get_object_acl(Bucket=bucket, Key="key")
    assert (found["Owner"]["ID"], len(found["Grants"])) == (TWO, 2)
    assert owners(s3.list_objects(Bucket=bucket)["Contents"]) == [OTHERS]


def test_a_copy_is_the_copiers(server: Server, s3: Any, strange: Any) -> None:
    bucket = make_bucket(server, s3, ACL="public-read-write")
    strange.put_object(Bucket=bucket, Key="key", ACL="bucket-owner-full-control")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "key"})
    assert owners(s3.list_objects(Bucket=bucket)["Contents"]) == [MINE, OTHERS]
    assert len(s3.get_object_acl(Bucket=bucket, Key="copy")["Grants"]) == 1
