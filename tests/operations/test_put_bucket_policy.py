"""PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy and GetBucketPolicyStatus, and what policies come to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.grants import policy, statement
from tests.support.server import (
    ACCOUNT,
    LIMITED,
    OTHER_ACCOUNT,
    ROOT,
    STRANGER,
    STRANGERS_USER,
    USER,
    WEBSITE_DOMAIN,
    Server,
)

ALL = "*"


def arn(bucket: str, key: str | None = None) -> str:
    return f"arn:aws:s3:::{bucket}" if key is None else f"arn:aws:s3:::{bucket}/{key}"


def put(s3: Any, bucket: str, *statements: dict[str, Any]) -> None:
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy(*statements)))


def let(action: str, resource: str, principal: Any = ALL, **more: Any) -> dict[str, Any]:
    return statement("Allow", action, resource, Principal=principal, **more)


def deny(action: str, resource: str, principal: Any = ALL, **more: Any) -> dict[str, Any]:
    return statement("Deny", action, resource, Principal=principal, **more)


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> tuple[int, str]:
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


# --- the operations -------------------------------------------------------------------------------------------------


def test_a_policy_is_kept_as_it_was_sent(server: Server, s3: Any, bucket: str) -> None:
    text = json.dumps(policy(let("s3:GetObject", arn(bucket, "*"))), indent=3)
    answer = s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text
    raw = server.ask("GET", f"/{bucket}?policy")
    assert (raw.status, raw.body.decode(), raw.headers["content-type"]) == (200, text, "application/json")
    assert server.ask("DELETE", f"/{bucket}?policy").status == 204
    assert server.ask("DELETE", f"/{bucket}?policy").status == 204
    for operation in (s3.get_bucket_policy, s3.get_bucket_policy_status):
        with pytest.raises(ClientError) as caught:
            operation(Bucket=bucket)
        assert code_of(caught) == (404, "NoSuchBucketPolicy")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Policies must be valid JSON and the first byte must be '{'"),
        (b"<Policy/>", "Policies must be valid JSON and the first byte must be '{'"),
        (b"{", "This policy contains invalid Json"),
        (b'{"Version":"2012-10-17","Statement":[],"Statement":[]}', "This policy contains invalid Json"),
        (b'{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*"}]}', "Missing required field Action"),
        (b"{" + b" " * 20_481, "Policy exceeds the maximum allowed document size."),
    ],
    ids=["nothing", "xml", "cut", "twice", "no action", "too large"],
)
def test_l4_what_is_no_policy(server: Server, bucket: str, body: bytes, message: str) -> None:
    answer = server.ask("PUT", f"/{bucket}?policy", {}, body)
    assert (answer.status, answer.code) == (400, "MalformedPolicy")
    assert answer.texts("Message") == [message]


def test_l1_a_policy_names_whom_it_may(s3: Any, bucket: str) -> None:
    with pytest.raises(ClientError, match="Invalid principal in policy") as caught:
        put(s3, bucket, let("s3:GetObject", arn(bucket, "*"), {"AWS": "arn:aws:iam::*:root"}))
    assert code_of(caught) == (400, "MalformedPolicy")
    with pytest.raises(ClientError, match="Policy has invalid resource"):
        put(s3, bucket, let("s3:GetObject", arn("another-bucket", "*")))


def test_nobody_is_allowed_by_not_being_named(s3: Any, bucket: str) -> None:
    """ "AWS JSON policy elements: NotPrincipal"."""
    others = {"NotPrincipal": {"AWS": OTHER_ACCOUNT.id}, "Action": "s3:GetObject", "Resource": arn(bucket, "*")}
    with pytest.raises(ClientError, match="Allow with NotPrincipal") as caught:
        put(s3, bucket, {"Effect": "Allow", **others})
    assert code_of(caught) == (400, "MalformedPolicy")
    put(s3, bucket, {"Effect": "Deny", **others})


@pytest.mark.parametrize(
    ("principal", "condition", "is_public"),
    [
        ("*", {}, True),
        ({"AWS": "*"}, {}, True),
        ({"AWS": OTHER_ACCOUNT.id}, {}, False),
        ("*", {"StringEquals": {"aws:PrincipalAccount": OTHER_ACCOUNT.id}}, False),
    ],
)
def test_status(s3: Any, bucket: str, principal: Any, condition: dict[str, Any], *, is_public: bool) -> None:
    put(s3, bucket, let("s3:GetObject", arn(bucket, "*"), principal, Condition=condition))
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": is_public}


# --- who may --------------------------------------------------------------------------------------------------------


def test_anybody_may_what_a_policy_says_and_nothing_more(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="open/key", Body=b"for all")
    s3.put_object(Bucket=bucket, Key="key", Body=b"secret")
    assert server.send("GET", f"/{bucket}/open/key", {}).code == "AccessDenied"
    put(s3, bucket, let("s3:GetObject", arn(bucket, "open/*")))
    read = server.send("GET", f"/{bucket}/open/key", {})
    assert (read.status, read.body) == (200, b"for all")
    assert server.send("HEAD", f"/{bucket}/open/key", {}).status == 200
    for method, target in [
        ("GET", f"/{bucket}/key"),
        ("GET", f"/{bucket}"),
        ("GET", f"/{bucket}?versions"),
        ("PUT", f"/{bucket}/open/key"),
        ("DELETE", f"/{bucket}/open/key"),
        ("GET", f"/{bucket}?policy"),
        ("GET", "/"),
    ]:
        assert server.send(method, target, {}).code == "AccessDenied", target
    s3.delete_bucket_policy(Bucket=bucket)
    assert server.send("GET", f"/{bucket}/open/key", {}).code == "AccessDenied"


def test_trap_59_nobody_says_with_which_headers_an_answer_comes(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"for all")
    put(s3, bucket, let("s3:GetObject", arn(bucket, "*")))
    answer = server.send("GET", f"/{bucket}/key?response-content-language=en", {})
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert server.ask("GET", f"/{bucket}/key?response-content-language=en", keys=STRANGER).status == 200


def test_anybody_may_write_where_a_policy_says(server: Server, s3: Any, bucket: str) -> None:
    put(s3, bucket, let("s3:PutObject", arn(bucket, "in/*")))
    assert server.send("PUT", f"/{bucket}/in/key", {}, b"by nobody").status == 200
    started = server.send("POST", f"/{bucket}/in/parts?uploads", {})
    assert started.status == 200
    [upload] = started.texts("UploadId")
    part = server.send("PUT", f"/{bucket}/in/parts?partNumber=1&uploadId={upload}", {}, b"part")
    assert part.status == 200
    listed = f"<Part><PartNumber>1</PartNumber><ETag>{part.headers['etag']}</ETag></Part>"
    done = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>"
    finished = server.send("POST", f"/{bucket}/in/parts?uploadId={upload}", {}, done.encode())
    assert (finished.status, finished.texts("Key")) == (200, ["in/parts"])
    assert s3.get_object(Bucket=bucket, Key="in/parts")["Body"].read() == b"part"
    assert server.ask("GET", f"/{bucket}?uploads").status == 200


def test_nobody_copies_unsigned(server: Server, s3: Any, bucket: str) -> None:
    """ "CopyObject": all requests must be authenticated and signed."""
    s3.put_object(Bucket=bucket, Key="key", Body=b"for all")
    put(s3, bucket, let("s3:GetObject", arn(bucket, "*")), let("s3:PutObject", arn(bucket, "*")))
    source = {"x-amz-copy-source": f"/{bucket}/key"}
    upload = s3.create_multipart_upload(Bucket=bucket, Key="copy")["UploadId"]
    for target in (f"/{bucket}/copy", f"/{bucket}/copy?partNumber=1&uploadId={upload}"):
        answer = server.send("PUT", target, source)
        assert (answer.status, answer.code) == (403, "AccessDenied")
        assert server.ask("PUT", target, source).status == 200


def test_trap_50_a_deny_wins_over_all(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"secret")
    put(s3, bucket, deny("s3:GetObject", arn(bucket, "key")), let("s3:GetObject", arn(bucket, "*")))
    for keys in (ROOT, USER, STRANGER):
        assert server.ask("GET", f"/{bucket}/key", keys=keys).code == "AccessDenied"
    assert server.send("GET", f"/{bucket}/key", {}).code == "AccessDenied"
    assert server.ask("GET", f"/{bucket}").status == 200


def test_l12_who_locks_himself_out_may_take_the_policy_back(server: Server, s3: Any, bucket: str) -> None:
    put(s3, bucket, deny("s3:*", arn(bucket)), deny("s3:*", arn(bucket, "*")))
    for target in (f"/{bucket}", f"/{bucket}?policyStatus", f"/{bucket}/key"):
        assert server.ask("GET", target).code == "AccessDenied"
    assert server.ask("GET", f"/{bucket}?policy", keys=USER).code == "AccessDenied"
    assert server.ask("DELETE", f"/{bucket}?policy", keys=USER).code == "AccessDenied"
    assert server.ask("GET", f"/{bucket}?policy").status == 200
    assert server.ask("DELETE", f"/{bucket}?policy").status == 204
    assert server.ask("GET", f"/{bucket}").status == 200


def test_other_accounts(server: Server, s3: Any, bucket: str) -> None:
    """Across accounts both sides must allow ("Cross-account policy evaluation logic")."""
    s3.put_object(Bucket=bucket, Key="key", Body=b"lent")
    target = f"/{bucket}/key"
    assert server.ask("GET", target, keys=STRANGER).code == "AccessDenied"
    put(s3, bucket, let("s3:GetObject", arn(bucket, "*"), {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT.id}:root"}))
    assert server.ask("GET", target, keys=STRANGER).body == b"lent"
    assert server.ask("GET", target, keys=STRANGERS_USER).code == "AccessDenied"
    server.grants.let("eve", policy(statement("Allow", "s3:GetObject", arn(bucket, "*"))))
    try:
        assert server.ask("GET", target, keys=STRANGERS_USER).body == b"lent"
        assert server.ask("PUT", target, keys=STRANGERS_USER).code == "AccessDenied"
    finally:
        server.grants.let("eve")
    assert server.ask("GET", target, {"x-amz-expected-bucket-owner": ACCOUNT.id}, keys=STRANGER).status == 200
    assert server.ask("GET", target, {"x-amz-expected-bucket-owner": OTHER_ACCOUNT.id}, keys=STRANGER).status == 403


def test_users_may_what_their_own_policies_say(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    target = f"/{bucket}/key"
    refused = server.ask("GET", target, keys=LIMITED)
    assert refused.code == "AccessDenied"
    assert refused.texts("Message") == [
        f"User: arn:aws:iam::{ACCOUNT.id}:user/bob is not authorized to perform: s3:GetObject on resource: "
        f'"{arn(bucket, "key")}" because no identity-based policy allows the s3:GetObject action'
    ]
    server.grants.let("bob", policy(statement("Allow", "s3:GetObject", arn(bucket, "*"))))
    try:
        assert server.ask("GET", target, keys=LIMITED).body == b"content"
        assert server.ask("PUT", target, keys=LIMITED).code == "AccessDenied"
        assert server.ask("GET", "/", keys=LIMITED).code == "AccessDenied"
        assert server.ask("PUT", "/a-bucket-of-bob", keys=LIMITED).code == "AccessDenied"
        put(s3, bucket, deny("s3:GetObject", arn(bucket, "*"), {"AWS": f"arn:aws:iam::{ACCOUNT.id}:user/bob"}))
        denied = server.ask("GET", target, keys=LIMITED)
        assert denied.texts("Message")[0].endswith("with an explicit deny in a resource-based policy")
    finally:
        server.grants.let("bob")


def test_a_policy_of_the_bucket_is_enough_for_a_user_of_its_account(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    put(s3, bucket, let("s3:GetObject", arn(bucket, "*"), {"AWS": f"arn:aws:iam::{ACCOUNT.id}:user/bob"}))
    assert server.ask("GET", f"/{bucket}/key", keys=LIMITED).body == b"content"
    assert server.ask("DELETE", f"/{bucket}/key", keys=LIMITED).code == "AccessDenied"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_l14_that_there_is_no_such_key_is_told_to_who_may_list(
    server: Server, s3: Any, bucket: str, method: str
) -> None:
    put(s3, bucket, let("s3:GetObject*", arn(bucket, "*")))
    assert server.send(method, f"/{bucket}/absent", {}).status == 403
    assert server.send(method, f"/{bucket}/absent?prefix=absent", {}).status == 403
    put(s3, bucket, let("s3:GetObject*", arn(bucket, "*")), let("s3:ListBucket", arn(bucket)))
    assert server.send(method, f"/{bucket}/absent", {}).status == 404


def test_l14_the_source_of_a_copy(server: Server, s3: Any, bucket: str) -> None:
    server.grants.let(
        "bob", policy(statement("Allow", ["s3:GetObject", "s3:PutObject", "s3:*Tagging"], arn(bucket, "*")))
    )
    headers = {"x-amz-copy-source": f"/{bucket}/absent"}
    try:
        assert server.ask("PUT", f"/{bucket}/copy", headers, keys=LIMITED).code == "AccessDenied"
        assert server.ask("PUT", f"/{bucket}/copy", headers).code == "NoSuchKey"
    finally:
        server.grants.let("bob")


def test_trap_49_versions_have_actions_of_their_own(server: Server, s3: Any, versioned: str) -> None:
    version = s3.put_object(Bucket=versioned, Key="key", Body=b"old")["VersionId"]
    put(s3, versioned, let("s3:GetObject", arn(versioned, "*")))
    assert server.send("GET", f"/{versioned}/key", {}).status == 200
    assert server.send("GET", f"/{versioned}/key?versionId={version}", {}).code == "AccessDenied"
    put(
        s3,
        versioned,
        let("s3:GetObjectVersion", arn(versioned, "*"), Condition={"StringEquals": {"s3:VersionId": version}}),
    )
    assert server.send("GET", f"/{versioned}/key?versionId={version}", {}).status == 200
    assert server.send("GET", f"/{versioned}/key", {}).code == "AccessDenied"


def test_trap_42_delete_objects_asks_for_each_key(server: Server, s3: Any, bucket: str) -> None:
    for key in ("a/1", "b/1"):
        s3.put_object(Bucket=bucket, Key=key)
    put(s3, bucket, let("s3:DeleteObject", arn(bucket, "a/*")))
    body = b"<Delete><Object><Key>a/1</Key></Object><Object><Key>b/1</Key></Object></Delete>"
    answer = server.send("POST", f"/{bucket}?delete", {}, body)
    assert (answer.status, answer.texts("Key"), answer.texts("Code")) == (200, ["a/1", "b/1"], ["AccessDenied"])
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["b/1"]


def test_trap_48_a_copy_needs_both_ends(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="secret", Body=b"secret")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="in/part")["UploadId"]
    put(s3, bucket, let("s3:PutObject", arn(bucket, "in/*")))
    headers = {"x-amz-copy-source": f"/{bucket}/secret"}
    for target in (f"/{bucket}/in/copy", f"/{bucket}/in/part?partNumber=1&uploadId={upload}"):
        assert server.send("PUT", target, headers).code == "AccessDenied"


def test_trap_48_the_source_that_a_policy_asks_for(server: Server, s3: Any, bucket: str) -> None:
    """However the client spells it."""
    for key in ("open/key", "closed/key"):
        s3.put_object(Bucket=bucket, Key=key)
    put(
        s3,
        bucket,
        let("s3:GetObject*", arn(bucket, "*")),
        let(
            "s3:PutObject",
            arn(bucket, "in/*"),
            Condition={"StringLike": {"s3:x-amz-copy-source": f"{bucket}/open/*"}},
        ),
    )
    for spelled, status in [
        (f"/{bucket}/open/key", 200),
        (f"{bucket}/op%65n/key", 200),
        (f"{bucket}/closed/key", 403),
        (f"{bucket}/closed/key?versionId=null&x={bucket}/open/", 403),
    ]:
        headers = {"x-amz-copy-source": spelled, "x-amz-tagging-directive": "REPLACE"}
        assert server.ask("PUT", f"/{bucket}/in/key", headers, keys=STRANGER).status == status, spelled
    assert server.ask("PUT", f"/{bucket}/in/key", keys=STRANGER).code == "AccessDenied"


# --- conditions -----------------------------------------------------------------------------------------------------


def test_tags_of_the_object_that_is_there(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="open", Tagging="Access=all")
    s3.put_object(Bucket=bucket, Key="closed", Tagging="Access=none")
    tagged = {"StringEquals": {"s3:ExistingObjectTag/Access": "all"}}
    put(s3, bucket, let("s3:GetObject", arn(bucket, "*"), Condition=tagged))
    assert server.send("GET", f"/{bucket}/open", {}).status == 200
    assert server.send("GET", f"/{bucket}/closed", {"x-amz-tagging": "Access=all"}).code == "AccessDenied"
    assert server.send("GET", f"/{bucket}/absent", {}).code == "AccessDenied"


def test_tags_that_a_request_gives(server: Server, s3: Any, bucket: str) -> None:
    asked = {"StringEquals": {"s3:RequestObjectTag/Stage": "draft"}}
    put(
        s3, bucket, let("s3:PutObject", arn(bucket, "*")), let("s3:PutObjectTagging", arn(bucket, "*"), Condition=asked)
    )
    assert server.send("PUT", f"/{bucket}/key", {}).status == 200
    assert server.send("PUT", f"/{bucket}/key", {"x-amz-tagging": "Stage=draft"}).status == 200
    assert server.send("PUT", f"/{bucket}/key", {"x-amz-tagging": "Stage=final"}).code == "AccessDenied"
    document = "<Tagging><TagSet><Tag><Key>Stage</Key><Value>{}</Value></Tag></TagSet></Tagging>"
    target = f"/{bucket}/key?tagging"
    assert server.send("PUT", target, {}, document.format("draft").encode()).status == 200
    assert server.send("PUT", target, {}, document.format("final").encode()).code == "AccessDenied"
    assert server.send("PUT", target, {"x-amz-tagging": "Stage=draft"}, document.format("final").encode()).status == 403
    assert server.send("PUT", target, {}, b"<nonsense").code == "AccessDenied"


@pytest.mark.parametrize(
    ("action", "condition", "method", "target", "headers", "status"),
    [
        ("s3:ListBucket", {"StringEquals": {"s3:prefix": "home/"}}, "GET", "?prefix=home/", {}, 200),
        ("s3:ListBucket", {"StringEquals": {"s3:prefix": "home/"}}, "GET", "?prefix=other/", {}, 403),
        ("s3:ListBucket", {"StringEquals": {"s3:prefix": "home/"}}, "GET", "?list-type=2", {}, 403),
        ("s3:ListBucket", {"NumericLessThanEquals": {"s3:max-keys": "10"}}, "GET", "?max-keys=10", {}, 200),
        ("s3:ListBucket", {"NumericLessThanEquals": {"s3:max-keys": "10"}}, "GET", "?max-keys=11", {}, 403),
        ("s3:ListBucketVersions", {"StringEquals": {"s3:delimiter": "/"}}, "GET", "?versions&delimiter=/", {}, 200),
        ("s3:ListBucketVersions", {"StringEquals": {"s3:delimiter": "/"}}, "GET", "?versions", {}, 403),
        (
            "s3:GetObject",
            {"StringLike": {"aws:Referer": "http://us/*"}},
            "GET",
            "/key",
            {"Referer": "http://us/x"},
            200,
        ),
        ("s3:GetObject", {"StringLike": {"aws:Referer": "http://us/*"}}, "GET", "/key", {}, 403),
        ("s3:GetObject", {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, "GET", "/key", {}, 200),
        (
            "s3:GetObject",
            {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
            "GET",
            "/key",
            {"X-Forwarded-For": "192.0.2.1", "SourceIp": "192.0.2.1"},
            403,
        ),
        (
            "s3:GetObject",
            {"Bool": {"aws:SecureTransport": "true"}},
            "GET",
            "/key",
            {"X-Forwarded-Proto": "https", "SecureTransport": "true"},
            403,
        ),
        ("s3:GetObject", {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, "GET", "/key", {}, 200),
        ("s3:GetObject", {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, "GET", "/key", {}, 403),
        ("s3:*", {"StringEquals": {"s3:prefix": "home/"}}, "GET", "/key?prefix=home/", {}, 403),
        ("s3:PutObject", {"StringEquals": {"s3:if-none-match": "*"}}, "PUT", "/new", {"If-None-Match": "*"}, 200),
        ("s3:PutObject", {"Null": {"s3:if-none-match": "true"}}, "PUT", "/new", {"If-None-Match": "*"}, 403),
        (
            "s3:PutObject",
            {"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}},
            "PUT",
            "/new",
            {"x-amz-server-side-encryption": "AES256"},
            200,
        ),
        ("s3:PutObject", {"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}}, "PUT", "/new", {}, 403),
        (
            "s3:PutObject",
            {"StringEquals": {"s3:x-amz-storage-class": "STANDARD_IA"}},
            "PUT",
            "/new",
            {"x-amz-storage-class": "STANDARD_IA"},
            200,
        ),
    ],
)
def test_conditions(
    server: Server,
    s3: Any,
    bucket: str,
    *,
    action: str,
    condition: dict[str, Any],
    method: str,
    target: str,
    headers: dict[str, str],
    status: int,
) -> None:
    s3.put_object(Bucket=bucket, Key="key")
    resource = arn(bucket) if action.startswith("s3:List") else arn(bucket, "*")
    put(s3, bucket, let(action, resource, Condition=condition))
    assert server.send(method, f"/{bucket}{target}", headers).status == status


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"StringEquals": {"s3:authType": "REST-HEADER"}}, 200),
        ({"StringEquals": {"s3:signatureversion": "AWS4-HMAC-SHA256"}}, 200),
        ({"NumericLessThan": {"s3:signatureAge": "600000"}}, 200),
        ({"NumericGreaterThan": {"s3:signatureAge": "600000"}}, 403),
        ({"StringEquals": {"aws:PrincipalAccount": OTHER_ACCOUNT.id}}, 200),
        ({"StringEquals": {"aws:PrincipalType": "Account"}}, 200),
        ({"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER_ACCOUNT.id}:root"}}, 200),
        ({"StringEquals": {"aws:userid": OTHER_ACCOUNT.id}}, 200),
        ({"StringEquals": {"aws:ResourceAccount": ACCOUNT.id, "s3:ResourceAccount": ACCOUNT.id}}, 200),
        ({"Null": {"aws:username": "true", "aws:TokenIssueTime": "true", "s3:TlsVersion": "true"}}, 200),
        ({"StringEquals": {"aws:username": "eve"}}, 403),
        ({"StringEquals": {"s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD"}}, 403),
    ],
)
def test_conditions_on_who_signed(server: Server, s3: Any, bucket: str, condition: dict[str, Any], status: int) -> None:
    s3.put_object(Bucket=bucket, Key="key")
    put(s3, bucket, let("s3:GetObject", arn(bucket, "*"), {"AWS": OTHER_ACCOUNT.id}, Condition=condition))
    assert server.ask("GET", f"/{bucket}/key", keys=STRANGER).status == status


def test_presigned_urls_say_so(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key")
    put(
        s3,
        bucket,
        deny("s3:GetObject", arn(bucket, "*"), Condition={"StringEquals": {"s3:authType": "REST-QUERY-STRING"}}),
    )
    url = server.client(USER).generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "key"})
    assert server.send("GET", url.removeprefix(server.endpoint), {}).code == "AccessDenied"
    assert server.ask("GET", f"/{bucket}/key", keys=USER).status == 200


def test_the_fields_of_inventories(server: Server, s3: Any, bucket: str) -> None:
    server.grants.let(
        "bob",
        policy(
            statement("Allow", ["s3:PutInventoryConfiguration", "s3:PutObject"], "*"),
            statement(
                "Deny",
                "s3:PutInventoryConfiguration",
                "*",
                Condition={"ForAnyValue:StringEquals": {"s3:InventoryAccessibleOptionalFields": "ObjectOwner"}},
            ),
        ),
    )
    inventory = {
        "Destination": {"S3BucketDestination": {"Bucket": arn(bucket), "Format": "CSV"}},
        "IsEnabled": True,
        "Id": "daily",
        "IncludedObjectVersions": "Current",
        "Schedule": {"Frequency": "Daily"},
    }
    bob = server.client(LIMITED)
    try:
        for fields, is_refused in ((["Size"], False), (["Size", "ObjectOwner"], True)):
            wanted = inventory | {"OptionalFields": fields}
            if is_refused:
                with pytest.raises(ClientError, match="AccessDenied"):
                    bob.put_bucket_inventory_configuration(Bucket=bucket, Id="daily", InventoryConfiguration=wanted)
            else:
                bob.put_bucket_inventory_configuration(Bucket=bucket, Id="daily", InventoryConfiguration=wanted)
    finally:
        server.grants.let("bob")


def test_tags_of_buckets(server: Server, s3: Any, bucket: str) -> None:
    tagged = {"StringEquals": {"aws:RequestTag/Team": "blue"}}
    put(s3, bucket, let("s3:PutBucketTagging", arn(bucket), Condition=tagged))
    document = "<Tagging><TagSet><Tag><Key>Team</Key><Value>{}</Value></Tag></TagSet></Tagging>"
    assert server.send("PUT", f"/{bucket}?tagging", {}, document.format("blue").encode()).status == 204
    assert server.send("PUT", f"/{bucket}?tagging", {}, document.format("red").encode()).code == "AccessDenied"


# --- requesters who pay, forms, websites ----------------------------------------------------------------------------


def test_requesters_pay_who_are_not_the_owner(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    put(s3, bucket, let("s3:GetObject", arn(bucket, "*")))
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    target, agreed = f"/{bucket}/key", {"x-amz-request-payer": "requester"}
    assert server.ask("GET", target, keys=STRANGER).code == "AccessDenied"
    paid = server.ask("GET", target, agreed, keys=STRANGER)
    assert (paid.status, paid.headers["x-amz-request-charged"]) == (200, "requester")
    assert server.send("GET", target, agreed).code == "AccessDenied"
    assert server.ask("GET", target).status == 200


def test_forms_of_nobody(server: Server, s3: Any, bucket: str) -> None:
    put(s3, bucket, let("s3:PutObject", arn(bucket, "in/*")))
    for key, status in (("in/key", 204), ("key", 403)):
        form = (
            f'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\n{key}\r\n'
            '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\ncontent\r\n--b--\r\n'
        )
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        assert server.send("POST", f"/{bucket}", headers, form.encode()).status == status


def test_websites_show_what_anybody_may_see(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="index.html", Body=b"welcome", ContentType="text/html")
    s3.put_object(Bucket=bucket, Key="secret.html", Body=b"secret")
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    site = {"Host": f"{bucket}.{WEBSITE_DOMAIN}"}
    assert server.send("GET", "/", site).status == 403
    put(s3, bucket, let("s3:GetObject", arn(bucket, "index.html")))
    assert server.send("GET", "/", site).body == b"welcome"
    assert [server.send("GET", path, site).status for path in ("/secret.html", "/absent")] == [403, 403]
    put(s3, bucket, let("s3:GetObject", arn(bucket, "*")), let("s3:ListBucket", arn(bucket)))
    assert [server.send("GET", path, site).status for path in ("/secret.html", "/absent")] == [200, 404]


# --- making buckets -------------------------------------------------------------------------------------------------


def test_buckets_are_made_where_policies_say(server: Server) -> None:
    made = statement(
        "Allow",
        ["s3:CreateBucket", "s3:DeleteBucket"],
        "arn:aws:s3:::bobs-*",
        Condition={"StringEqualsIfExists": {"s3:LocationConstraint": "us-east-1"}},
    )
    server.grants.let("bob", policy(made, statement("Allow", "s3:ListAllMyBuckets", "*")))
    try:
        assert server.ask("PUT", "/bobs-bucket", keys=LIMITED).status == 200
        assert server.ask("PUT", "/anas-bucket", keys=LIMITED).code == "AccessDenied"
        locks = {"x-amz-bucket-object-lock-enabled": "true"}
        assert server.ask("PUT", "/bobs-locked", locks, keys=LIMITED).code == "AccessDenied"
        owns = {"x-amz-object-ownership": "ObjectWriter"}
        assert server.ask("PUT", "/bobs-writers", owns, keys=LIMITED).code == "AccessDenied"
        assert "bobs-bucket" in server.ask("GET", "/", keys=LIMITED).texts("Name")
        assert server.ask("DELETE", "/bobs-bucket", keys=LIMITED).status == 204
    finally:
        server.grants.let("bob")


# --- what is told of a refusal ("Troubleshoot access denied error messages") -----------------------------------------


def message_of(server: Server, method: str, target: str, headers: dict[str, str] | None = None) -> str:
    refused = server.ask(method, target, headers or {}, keys=LIMITED)
    assert refused.code == "AccessDenied"
    (message,) = refused.texts("Message")
    return message


def test_each_kind_of_policy_is_named(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    get = statement("Allow", "s3:GetObject", arn(bucket, "*"))
    never = statement("Deny", "s3:GetObject", "*")
    who = f"User: arn:aws:iam::{ACCOUNT.id}:user/bob is not authorized to perform: s3:GetObject on resource: "
    limits = policy(statement("Allow", "s3:PutObject", "*"))
    cases = [
        ((), None, "because no identity-based policy allows the s3:GetObject action"),
        ((policy(get, never),), None, "with an explicit deny in an identity-based policy"),
        ((policy(get),), limits, "because no permissions boundary allows the s3:GetObject action"),
        ((policy(get),), policy(never), "with an explicit deny in a permissions boundary"),
    ]
    try:
        for documents, boundary, reason in cases:
            server.grants.let("bob", *documents, boundary=boundary)
            assert message_of(server, "GET", f"/{bucket}/key") == f'{who}"{arn(bucket, "key")}" {reason}'
    finally:
        server.grants.let("bob")


def test_who_may_not_list_is_told_of_that(server: Server, s3: Any, bucket: str) -> None:
    reason = (
        f's3:ListBucket on resource: "{arn(bucket)}" because no identity-based policy allows the s3:ListBucket action'
    )
    server.grants.let("bob", policy(statement("Allow", ["s3:GetObject", "s3:PutObject"], arn(bucket, "*"))))
    try:
        assert message_of(server, "GET", f"/{bucket}/none").endswith(reason)
        copied = message_of(server, "PUT", f"/{bucket}/copy", {"x-amz-copy-source": f"/{bucket}/none"})
        assert copied.endswith(reason)
    finally:
        server.grants.let("bob")


def test_others_are_told_nothing(server: Server, s3: Any, bucket: str) -> None:
    """Who is of another account, or nobody, learns neither which policy nor whether there is one."""
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    for refusing in (let("s3:PutObject", arn(bucket, "*"), {"AWS": OTHER_ACCOUNT.id}), deny("s3:*", arn(bucket, "*"))):
        put(s3, bucket, refusing)
        for target in (f"/{bucket}/key", f"/{bucket}/none"):
            refusals = [server.ask("GET", target, keys=keys) for keys in (STRANGER, STRANGERS_USER)]
            for refused in (*refusals, server.send("GET", target, {})):
                assert (refused.code, refused.texts("Message")) == ("AccessDenied", ["Access Denied"])
