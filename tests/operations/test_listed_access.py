"""What lists of access let others do, from one end to the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.forms import CONTENT_TYPE, form
from tests.support.grants import policy as policy_of
from tests.support.grants import statement
from tests.support.listed import EMAIL, ONE, TWO, code_of, know_accounts, make_bucket, policy, unsigned
from tests.support.server import LIMITED, STRANGER, USER, Server

DENIED = "AccessDenied"


@pytest.fixture(scope="module", autouse=True)
def _accounts(server: Server) -> None:
    know_accounts(server)


@pytest.fixture(scope="module")
def strange(server: Server) -> Any:
    return server.client(STRANGER)


def filled(server: Server, s3: Any, acl: str, **more: Any) -> str:
    """A bucket with one object that has this list."""
    bucket = make_bucket(server, s3, **more)
    s3.put_object(Bucket=bucket, Key="key", Body=b"content", ACL=acl)
    return bucket


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_everybody_reads_what_is_public(server: Server, s3: Any, method: str) -> None:
    bucket = filled(server, s3, "public-read")
    answer = unsigned(server, method, f"/{bucket}/key")
    assert (answer.status, answer.body) == (200, b"content" if method == "GET" else b"")
    assert unsigned(server, "GET", f"/{bucket}/key?versionId=null").status == 200
    assert unsigned(server, "GET", f"/{bucket}/absent").status == 403
    assert unsigned(server, "GET", f"/{bucket}").status == 403
    assert unsigned(server, "PUT", f"/{bucket}/key", b"other").status == 403
    assert unsigned(server, "DELETE", f"/{bucket}/key").status == 403
    assert unsigned(server, "GET", f"/{bucket}/key?acl").status == 403


@pytest.mark.parametrize("acl", ["private", "authenticated-read", "aws-exec-read", "bucket-owner-read"])
def test_nobody_reads_anything_else(server: Server, s3: Any, acl: str) -> None:
    assert unsigned(server, "GET", f"/{filled(server, s3, acl)}/key").status == 403


@pytest.mark.parametrize("acl", ["public-read", "authenticated-read"])
def test_another_account_reads(server: Server, s3: Any, strange: Any, acl: str) -> None:
    bucket = filled(server, s3, acl)
    assert strange.get_object(Bucket=bucket, Key="key")["Body"].read() == b"content"
    assert strange.head_object(Bucket=bucket, Key="key")["ContentLength"] == 7
    assert code_of(strange.get_object_acl, Bucket=bucket, Key="key") == DENIED
    assert code_of(strange.put_object, Bucket=bucket, Key="key") == DENIED
    assert code_of(strange.list_objects_v2, Bucket=bucket) == DENIED
    assert code_of(strange.get_object_tagging, Bucket=bucket, Key="key") == DENIED


def test_private_to_another_account(server: Server, s3: Any, strange: Any) -> None:
    bucket = filled(server, s3, "private", ACL="public-read-write")
    assert code_of(strange.get_object, Bucket=bucket, Key="key") == DENIED


def test_read_of_a_bucket_lists(server: Server, s3: Any, strange: Any) -> None:
    bucket = filled(server, s3, "private", ACL="public-read")
    assert unsigned(server, "GET", f"/{bucket}").texts("Key") == ["key"]
    assert unsigned(server, "GET", f"/{bucket}?list-type=2&fetch-owner=true").texts("ID") == [ONE]
    assert unsigned(server, "GET", f"/{bucket}?versions").texts("Key") == ["key"]
    assert unsigned(server, "GET", f"/{bucket}?uploads").status == 200
    assert unsigned(server, "HEAD", f"/{bucket}").status == 200
    assert unsigned(server, "GET", f"/{bucket}/key").status == 403
    assert unsigned(server, "GET", f"/{bucket}/absent").status == 404
    assert strange.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    assert code_of(strange.get_bucket_versioning, Bucket=bucket) == DENIED


def test_write_of_a_bucket_puts(server: Server, s3: Any, strange: Any) -> None:
    bucket = make_bucket(server, s3, GrantWrite=f"id={TWO}", GrantFullControl=f"id={ONE}")
    strange.put_object(Bucket=bucket, Key="theirs", Body=b"content")
    assert strange.get_object(Bucket=bucket, Key="theirs")["Body"].read() == b"content"
    assert code_of(strange.list_objects_v2, Bucket=bucket) == DENIED
    s3.put_object(Bucket=bucket, Key="mine")
    assert code_of(strange.get_object, Bucket=bucket, Key="mine") == DENIED
    assert code_of(strange.delete_object, Bucket=bucket, Key="mine") == DENIED
    strange.delete_object(Bucket=bucket, Key="theirs")
    assert unsigned(server, "PUT", f"/{bucket}/free").status == 403


def test_what_was_written_unsigned_is_everybodys(server: Server, s3: Any) -> None:
    """Its owner is who writes unsigned: he may read and delete it, and the bucket's owner may delete it only."""
    bucket = make_bucket(server, s3, ACL="public-read-write")
    for key in ("a", "b"):
        assert unsigned(server, "PUT", f"/{bucket}/{key}").status == 200
    assert unsigned(server, "GET", f"/{bucket}/a").status == 200
    assert unsigned(server, "HEAD", f"/{bucket}/a").status == 200
    assert unsigned(server, "PUT", f"/{bucket}/a?acl", x_amz_acl="public-read").status == 403
    assert code_of(s3.get_object, Bucket=bucket, Key="a") == DENIED
    assert unsigned(server, "DELETE", f"/{bucket}/a").status == 204
    s3.put_object(Bucket=bucket, Key="mine")
    assert unsigned(server, "DELETE", f"/{bucket}/mine").status == 403
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    assert unsigned(server, "GET", f"/{bucket}/b").status == 403
    assert unsigned(server, "DELETE", f"/{bucket}/b").status == 403
    s3.delete_object(Bucket=bucket, Key="b")


def test_who_may_read_may_read_attributes(server: Server, s3: Any, strange: Any) -> None:
    """GetObjectAttributes: "you must have READ access to the object"."""
    asked = {"Key": "key", "ObjectAttributes": ["ETag"]}
    bucket = filled(server, s3, "authenticated-read")
    assert strange.get_object_attributes(Bucket=bucket, **asked)["ETag"]
    assert code_of(strange.get_object_attributes, Bucket=filled(server, s3, "private"), **asked) == DENIED


def test_what_another_account_owns(server: Server, s3: Any, strange: Any) -> None:
    """ "How Amazon S3 authorizes a request for an object operation": the bucket's owner needs the object's owner for
    reading, and nobody for deleting."""
    bucket = make_bucket(server, s3, ACL="public-read-write")
    strange.put_object(Bucket=bucket, Key="key", Body=b"content")
    assert code_of(s3.get_object, Bucket=bucket, Key="key") == DENIED
    assert code_of(s3.get_object_acl, Bucket=bucket, Key="key") == DENIED
    assert code_of(server.client(USER).get_object, Bucket=bucket, Key="key") == DENIED
    strange.put_object_acl(Bucket=bucket, Key="key", ACL="bucket-owner-read")
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"content"
    assert code_of(s3.put_object_acl, Bucket=bucket, Key="key", ACL="private") == DENIED
    s3.delete_object(Bucket=bucket, Key="key")
    assert code_of(strange.get_object, Bucket=bucket, Key="key") == "NoSuchKey"


@pytest.mark.parametrize("acl", ["bucket-owner-full-control", "bucket-owner-read", "public-read"])
def test_writing_with_a_list_needs_nobody_else(server: Server, s3: Any, strange: Any, acl: str) -> None:
    """Whoever writes an object owns it: the list is his."""
    bucket = make_bucket(server, s3, GrantWrite=f"id={TWO}", GrantFullControl=f"id={ONE}")
    strange.put_object(Bucket=bucket, Key="key", Body=b"content", ACL=acl)
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"content"


def test_read_acp_and_write_acp(server: Server, s3: Any, strange: Any) -> None:
    bucket = filled(server, s3, "private")
    grants = policy(ONE, (ONE, "FULL_CONTROL"), (TWO, "READ_ACP"), (TWO, "WRITE_ACP"))
    s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=grants)
    s3.put_object_acl(Bucket=bucket, Key="key", AccessControlPolicy=grants)
    assert len(strange.get_bucket_acl(Bucket=bucket)["Grants"]) == 3
    assert len(strange.get_object_acl(Bucket=bucket, Key="key")["Grants"]) == 3
    assert code_of(strange.get_object, Bucket=bucket, Key="key") == DENIED
    assert code_of(strange.list_objects_v2, Bucket=bucket) == DENIED
    strange.put_object_acl(Bucket=bucket, Key="key", GrantRead=f"id={TWO}")
    strange.put_bucket_acl(Bucket=bucket, GrantRead=f"id={TWO}")
    assert strange.get_object(Bucket=bucket, Key="key")["Body"].read() == b"content"
    assert strange.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    assert code_of(strange.put_object_acl, Bucket=bucket, Key="key", ACL="private") == DENIED
    assert len(s3.get_bucket_acl(Bucket=bucket)["Grants"]) == 1


def test_logs_may_be_delivered_by_a_list(server: Server, s3: Any) -> None:
    target = make_bucket(server, s3, ACL="log-delivery-write")
    source = make_bucket(server, s3)
    status = {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "log/"}}
    s3.put_bucket_logging(Bucket=source, BucketLoggingStatus=status)
    s3.list_objects_v2(Bucket=source)
    assert server.deliver_access_logs() >= 1
    (log,) = s3.list_objects(Bucket=target, Prefix="log/")["Contents"]
    assert log["Owner"]["ID"] == ONE
    assert unsigned(server, "PUT", f"/{target}/log/forged").status == 403


def test_lists_that_are_ignored(server: Server, s3: Any, strange: Any) -> None:
    """IgnorePublicAcls: what is granted to everybody counts no more, and what is granted by name does."""
    bucket = filled(server, s3, "public-read")
    s3.put_object(Bucket=bucket, Key="named", GrantRead=f"id={TWO}")
    block = {"BlockPublicAcls": False, "IgnorePublicAcls": True, "BlockPublicPolicy": False}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert unsigned(server, "GET", f"/{bucket}/key").status == 403
    assert code_of(strange.get_object, Bucket=bucket, Key="key") == DENIED
    assert strange.get_object(Bucket=bucket, Key="named")["ContentLength"] == 0


def test_a_policy_that_denies_wins(server: Server, s3: Any, strange: Any) -> None:
    bucket = filled(server, s3, "public-read")
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy='{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObject",'
        f'"Resource":"arn:aws:s3:::{bucket}/*"}}]}}',
    )
    assert unsigned(server, "GET", f"/{bucket}/key").status == 403
    assert code_of(strange.get_object, Bucket=bucket, Key="key") == DENIED


@pytest.mark.parametrize("acl", ["public-read", "private"])
def test_a_form_brings_its_list(server: Server, s3: Any, acl: str) -> None:
    bucket = make_bucket(server, s3)
    presigned = s3.generate_presigned_post(bucket, "key", Fields={"acl": acl}, Conditions=[{"acl": acl}])
    headers = {"Content-Type": CONTENT_TYPE}
    assert server.send("POST", f"/{bucket}", headers, form(presigned["fields"], b"content")).status == 204
    assert unsigned(server, "GET", f"/{bucket}/key").status == (200 if acl == "public-read" else 403)


def test_an_upload_keeps_its_list_until_it_is_complete(server: Server, s3: Any, strange: Any) -> None:
    bucket = make_bucket(server, s3, ACL="public-read-write")
    place = {"Bucket": bucket, "Key": "key"}
    upload = strange.create_multipart_upload(**place, ACL="bucket-owner-read")["UploadId"]
    etag = strange.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"content")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    strange.complete_multipart_upload(**place, UploadId=upload, MultipartUpload=parts)
    assert s3.get_object(**place)["Body"].read() == b"content"
    assert code_of(s3.get_object_acl, **place) == DENIED
    assert unsigned(server, "GET", f"/{bucket}/key").status == 403


@pytest.fixture
def limited(server: Server) -> Iterator[Any]:
    """A user who has no policy but what the test gives him."""
    yield server.client(LIMITED)
    server.grants.let("bob")


def test_setting_a_list_on_a_write_needs_the_permission(server: Server, s3: Any, limited: Any) -> None:
    """A user who may put objects and no more."""
    bucket = make_bucket(server, s3)
    server.grants.let("bob", policy_of(statement("Allow", "s3:PutObject", "*")))
    limited.put_object(Bucket=bucket, Key="key")
    for asked in ({"ACL": "public-read"}, {"ACL": "private"}, {"GrantRead": f"id={TWO}"}):
        assert code_of(limited.put_object, Bucket=bucket, Key="key", **asked) == DENIED
        assert code_of(limited.create_multipart_upload, Bucket=bucket, Key="key", **asked) == DENIED
    server.grants.let("bob", policy_of(statement("Allow", ["s3:PutObject", "s3:PutObjectAcl"], "*")))
    limited.put_object(Bucket=bucket, Key="key", ACL="public-read")
    assert unsigned(server, "GET", f"/{bucket}/key").status == 200


def test_grants_on_logs(server: Server, s3: Any, strange: Any) -> None:
    target, source = make_bucket(server, s3, ACL="log-delivery-write"), make_bucket(server, s3)
    grants = [
        {"Grantee": {"Type": "CanonicalUser", "ID": TWO}, "Permission": "READ"},
        {"Grantee": {"Type": "AmazonCustomerByEmail", "EmailAddress": EMAIL}, "Permission": "FULL_CONTROL"},
    ]
    enabled = {"TargetBucket": target, "TargetPrefix": "log/", "TargetGrants": grants}
    s3.put_bucket_logging(Bucket=source, BucketLoggingStatus={"LoggingEnabled": enabled})
    found = s3.get_bucket_logging(Bucket=source)["LoggingEnabled"]["TargetGrants"]
    assert [(grant["Grantee"]["ID"], grant["Permission"]) for grant in found] == [(TWO, "READ"), (TWO, "FULL_CONTROL")]
    s3.list_objects_v2(Bucket=source)
    server.deliver_access_logs()
    (log,) = s3.list_objects(Bucket=target, Prefix="log/")["Contents"]
    assert b"REST.GET.BUCKET" in strange.get_object(Bucket=target, Key=log["Key"])["Body"].read()
    assert log["Owner"]["ID"] == ONE


@pytest.mark.parametrize(
    ("who", "what", "code"),
    [
        ({"Type": "CanonicalUser", "ID": TWO}, "READ_ACP", "MalformedXML"),
        ({"Type": "CanonicalUser", "ID": "nobody"}, "READ", "InvalidArgument"),
    ],
)
def test_grants_on_logs_that_are_refused(server: Server, s3: Any, who: dict[str, str], what: str, code: str) -> None:
    bucket = make_bucket(server, s3)
    grants = [{"Grantee": who, "Permission": what}]
    enabled = {"TargetBucket": bucket, "TargetPrefix": "", "TargetGrants": grants}
    assert code_of(s3.put_bucket_logging, Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled}) == code
