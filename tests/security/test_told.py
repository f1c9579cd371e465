"""What requests tell policies: nothing that they do not do, and nothing otherwise than they do it."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.support.forms import CONTENT_TYPE, form, signed
from tests.support.grants import policy, statement
from tests.support.server import LIMITED, REGION, ROOT, STRANGER, USER, Answer, Server, serving

from trug.domain.versioning import Versioning

TAGGING = b"<Tagging><TagSet>%s</TagSet></Tagging>"
TAG = "<Tag><Key>%s</Key><Value>%s</Value></Tag>"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def bucket(server: Server) -> Iterator[str]:
    yield server.make_bucket()
    server.grants.let("bob")


def let(server: Server, *statements: Mapping[str, Any]) -> None:
    """What Bob may, and nothing else."""
    server.grants.let("bob", policy(*statements))


def tagging(*tags: tuple[str, str]) -> bytes:
    return TAGGING % "".join(TAG % tag for tag in tags).encode()


def as_bob(server: Server, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
    return server.ask(method, target, {name.replace("_", "-"): headers[name] for name in headers}, body, keys=LIMITED)


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code if answer.status >= 400 else ""


REFUSED = (403, "AccessDenied")


# --- forms ---


def post(server: Server, bucket: str, fields: dict[str, str], **headers: str) -> Answer:
    body = form(signed(LIMITED, {"key": "key", **fields}, bucket=bucket))
    return server.send("POST", f"/{bucket}", {"Content-Type": CONTENT_TYPE, **headers}, body)


@pytest.mark.parametrize(
    ("field", "condition"),
    [
        ("if-none-match", {"StringEquals": {"s3:if-none-match": "*"}}),
        ("if-match", {"Null": {"s3:if-match": "false"}}),
        ("referer", {"StringEquals": {"aws:Referer": "*"}}),
        ("user-agent", {"StringEquals": {"aws:UserAgent": "*"}}),
        ("x-amz-copy-source", {"Null": {"s3:x-amz-copy-source": "false"}}),
        ("authorization", {"StringEquals": {"s3:authType": "REST-HEADER"}}),
        ("x-forwarded-for", {"StringEquals": {"aws:SourceIp": "*"}}),
        ("aws:username", {"StringEquals": {"aws:username": "*"}}),
    ],
)
def test_a_field_is_no_header_of_the_request(
    server: Server, bucket: str, field: str, condition: Mapping[str, Any]
) -> None:
    let(server, statement("Allow", "s3:PutObject", "*", Condition=condition))
    assert post(server, bucket, {field: "*"}).status == 403
    let(server, statement("Allow", "s3:PutObject", "*"))
    assert post(server, bucket, {}).status == 204


def test_a_form_that_must_not_overwrite_does_not(server: Server, bucket: str) -> None:
    let(server, statement("Allow", "s3:PutObject", "*", Condition={"StringEquals": {"s3:if-none-match": "*"}}))
    assert post(server, bucket, {}, **{"If-None-Match": "*"}).status == 204
    assert post(server, bucket, {}, **{"If-None-Match": "*"}).status == 412
    assert post(server, bucket, {"if-none-match": "*"}).status == 403


# --- copies ---


@pytest.mark.parametrize(
    ("method", "target"),
    [("POST", "/{}/key?uploads"), ("POST", "/{}/key?uploadId=x"), ("PUT", "/{}/key?renameObject")],
)
def test_only_copies_have_a_source(server: Server, bucket: str, method: str, target: str) -> None:
    only_public = {"StringLike": {"s3:x-amz-copy-source": f"{bucket}/public/*"}}
    let(
        server,
        statement("Allow", "s3:PutObject", "*", Condition=only_public),
        statement("Allow", ["s3:GetObject", "s3:DeleteObject", "s3:ListBucket"], "*"),
    )
    server.ask("PUT", f"/{bucket}/other", body=b"content")
    headers = {"x_amz_copy_source": f"{bucket}/public/a", "x_amz_rename_source": f"{bucket}/other"}
    assert told(as_bob(server, method, target.format(bucket), **headers)) == REFUSED


def test_the_source_is_that_which_is_copied(server: Server, bucket: str) -> None:
    """A key may hold what begins a version, where another begins behind it."""
    let(
        server,
        statement("Allow", "s3:PutObject", "*", Condition={"StringEquals": {"s3:x-amz-copy-source": f"{bucket}/open"}}),
        statement("Allow", ["s3:GetObject*", "s3:ListBucket"], "*"),
    )
    source = f"{bucket}/open?versionId=secret?versionId=null"
    assert told(as_bob(server, "PUT", f"/{bucket}/key", x_amz_copy_source=source)) == REFUSED


def test_a_copy_has_the_tags_that_it_writes(server: Server, bucket: str) -> None:
    server.ask("PUT", f"/{bucket}/secret", {"x-amz-tagging": "level=secret"}, b"content")
    let(
        server,
        statement("Allow", ["s3:GetObject", "s3:GetObjectTagging"], "*"),
        statement(
            "Allow",
            ["s3:PutObject", "s3:PutObjectTagging"],
            "*",
            Condition={"StringEquals": {"s3:RequestObjectTag/level": "open"}},
        ),
    )
    copy = {"x_amz_copy_source": f"{bucket}/secret", "x_amz_tagging": "level=open"}
    assert told(as_bob(server, "PUT", f"/{bucket}/copy", **copy)) == REFUSED
    assert as_bob(server, "PUT", f"/{bucket}/copy", **copy, x_amz_tagging_directive="REPLACE").status == 200


def test_a_copy_is_denied_the_tags_that_it_takes_along(server: Server, bucket: str) -> None:
    server.ask("PUT", f"/{bucket}/secret", {"x-amz-tagging": "level=secret"}, b"content")
    let(
        server,
        statement("Allow", "s3:*", "*"),
        statement(
            "Deny", "s3:PutObjectTagging", "*", Condition={"StringEquals": {"s3:RequestObjectTag/level": "secret"}}
        ),
    )
    assert told(as_bob(server, "PUT", f"/{bucket}/copy", x_amz_copy_source=f"{bucket}/secret")) == REFUSED


# --- tags ---


def test_a_document_of_tags_is_not_amended_by_a_header(server: Server, bucket: str) -> None:
    server.ask("PUT", f"/{bucket}/key", body=b"content")
    let(
        server,
        statement(
            "Allow", "s3:PutObjectTagging", "*", Condition={"StringEquals": {"s3:RequestObjectTag/level": "open"}}
        ),
    )
    for tags in ([], [("other", "x")]):
        answer = as_bob(server, "PUT", f"/{bucket}/key?tagging", tagging(*tags), x_amz_tagging="level=open")
        assert told(answer) == REFUSED
    assert as_bob(server, "PUT", f"/{bucket}/key?tagging", tagging(("level", "open"))).status == 200


@pytest.mark.parametrize("tags", [("level=open", "Level=secret"), ("Level=secret", "level=open")])
def test_tags_that_differ_in_case_are_one_to_all_policies(server: Server, bucket: str, tags: tuple[str, str]) -> None:
    """What may be written as open must not be read as secret: whichever of the two counts, it does everywhere."""
    for value, other in (("open", "secret"), ("secret", "open")):
        may_write = {"StringEquals": {"s3:RequestObjectTag/level": value}}
        may_read = {"StringEquals": {"s3:ExistingObjectTag/level": other}}
        let(
            server,
            statement("Allow", ["s3:PutObject", "s3:PutObjectTagging"], "*", Condition=may_write),
            statement("Allow", "s3:GetObject", "*", Condition=may_read),
        )
        pairs = [tuple(tag.split("=")) for tag in tags]
        for written in (
            as_bob(server, "PUT", f"/{bucket}/{value}", b"content", x_amz_tagging="&".join(tags)),
            as_bob(server, "PUT", f"/{bucket}/{value}?tagging", tagging(*pairs)),  # type: ignore[arg-type]
        ):
            read = as_bob(server, "GET", f"/{bucket}/{value}")
            assert {written.status, read.status} != {200}
        server.ask("DELETE", f"/{bucket}/{value}")


# --- lists ---


def test_the_limit_is_that_of_the_list(server: Server, bucket: str) -> None:
    few = {"NumericLessThanEquals": {"s3:max-keys": "10"}}
    let(server, statement("Allow", ["s3:ListBucket", "s3:ListBucketMultipartUploads"], "*", Condition=few))
    assert told(as_bob(server, "GET", f"/{bucket}?uploads&max-keys=1&max-uploads=1000")) == REFUSED
    assert as_bob(server, "GET", f"/{bucket}?uploads&max-uploads=10").status == 200
    assert told(as_bob(server, "GET", f"/{bucket}?max-uploads=1&max-keys=1000")) == REFUSED
    assert as_bob(server, "GET", f"/{bucket}?max-keys=1&max-keys=1000").texts("MaxKeys") == ["1"]


# --- versions ---


def test_annotations_of_versions_need_the_permission_for_versions(server: Server) -> None:
    bucket = server.make_bucket(Versioning.ENABLED)
    version = server.ask("PUT", f"/{bucket}/key", body=b"content").headers["x-amz-version-id"]
    place = f"/{bucket}/key?annotation&annotationName=note"
    assert server.ask("PUT", place, body=b"{}").status == 200
    actions = [f"s3:{verb}ObjectAnnotation" for verb in ("Get", "Put", "Delete")]
    let(server, statement("Allow", [*actions, "s3:ListObjectAnnotations"], "*"))
    at_version = f"{place}&versionId={version}"
    assert as_bob(server, "GET", place).status == 200
    for method in ("GET", "PUT", "DELETE"):
        assert told(as_bob(server, method, at_version, b"{}" if method == "PUT" else b"")) == REFUSED
    assert told(as_bob(server, "GET", f"/{bucket}/key?annotation&versionId={version}")) == REFUSED
    let(
        server,
        statement("Allow", [*(name.replace("Object", "ObjectVersion") for name in actions)], "*"),
        statement("Allow", "s3:ListObjectVersionAnnotations", "*"),
    )
    assert as_bob(server, "GET", at_version).status == 200
    assert as_bob(server, "GET", f"/{bucket}/key?annotation&versionId={version}").status == 200
    assert told(as_bob(server, "GET", place)) == REFUSED
    server.grants.let("bob")


# --- what cannot be read ---


@pytest.mark.parametrize("text", [b"", b"{", b'{"Version": "2012-10-17", "Statement": []}', b"\xff\xfe"])
def test_a_damaged_policy_lets_nobody_in_but_the_root_to_mend_it(server: Server, bucket: str, text: bytes) -> None:
    server.ask("PUT", f"/{bucket}/key", body=b"content")
    server.run(_store(server, bucket, text))
    for keys in (ROOT, USER, STRANGER):
        for method, target in (("GET", "/key"), ("PUT", "/key"), ("DELETE", "/key"), ("GET", ""), ("GET", "?acl")):
            assert server.ask(method, f"/{bucket}{target}", keys=keys).status in (403, 500), (keys, method, target)
    assert server.send("GET", f"/{bucket}/key", {}).status in (403, 500)
    assert server.ask("POST", f"/{bucket}?delete", body=DELETION, keys=USER).texts("Code") != []
    assert server.ask("GET", f"/{bucket}?policy", keys=USER).status in (403, 500)
    assert server.ask("GET", f"/{bucket}?policy").status == 200
    assert server.ask("PUT", f"/{bucket}?policy", body=json.dumps(everybody(bucket)).encode()).status == 204
    assert server.send("GET", f"/{bucket}/key", {}).status == 200
    server.run(_store(server, bucket, text))
    assert server.ask("DELETE", f"/{bucket}?policy").status == 204
    assert server.ask("GET", f"/{bucket}/key").status == 200


DELETION = b"<Delete><Object><Key>key</Key></Object></Delete>"


def everybody(bucket: str) -> dict[str, Any]:
    return policy(statement("Allow", "s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal="*"))


async def _store(server: Server, name: str, text: bytes) -> None:
    bucket = await server.engine.buckets.find(name)
    assert bucket is not None
    await server.engine.guards.store_policy(bucket, text)


# --- what answers tell beside the object ---


def test_locks_and_tags_are_told_to_those_who_may_read_them(server: Server) -> None:
    """ "This header is only returned if the requester has the s3:GetObjectRetention permission" and its like."""
    bucket = server.make_bucket(locks=True)
    headers = {
        "x-amz-tagging": "level=secret",
        "x-amz-object-lock-mode": "GOVERNANCE",
        "x-amz-object-lock-retain-until-date": "2099-01-01T00:00:00Z",
        "x-amz-object-lock-legal-hold": "ON",
        "content-md5": "mgNkuembtIDdJeHwKEyFVQ==",
    }
    version = server.ask("PUT", f"/{bucket}/key", headers, b"content").headers["x-amz-version-id"]
    retention = {"x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date"}
    told_by = {
        "s3:GetObjectTagging": {"x-amz-tagging-count"},
        "s3:GetObjectRetention": retention,
        "s3:GetObjectLegalHold": {"x-amz-object-lock-legal-hold"},
        "s3:ListBucket": set(),
    }
    everything = set().union(*told_by.values())
    for action, shown in told_by.items():
        let(server, statement("Allow", ["s3:GetObject", "s3:GetObjectVersion", action], "*"))
        for method in ("GET", "HEAD"):
            assert everything & as_bob(server, method, f"/{bucket}/key").headers.keys() == shown
    let(server, statement("Allow", ["s3:GetObject*", "s3:GetObjectVersion"], "*"))
    assert everything <= as_bob(server, "GET", f"/{bucket}/key?versionId={version}").headers.keys()
    let(server, statement("Allow", ["s3:GetObjectVersion", "s3:GetObjectTagging"], "*"))
    assert not everything & as_bob(server, "GET", f"/{bucket}/key?versionId={version}").headers.keys()
    assert everything <= server.ask("GET", f"/{bucket}/key").headers.keys()
    server.grants.let("bob")


def test_annotations_are_copied_by_those_who_may_read_and_write_them(server: Server, bucket: str) -> None:
    server.ask("PUT", f"/{bucket}/key", body=b"content")
    assert server.ask("PUT", f"/{bucket}/key?annotation&annotationName=note", body=b"{}").status == 200
    copy = {"x_amz_copy_source": f"{bucket}/key"}
    read_and_write = ["s3:GetObject", "s3:PutObject"]
    for also in ([], ["s3:GetObjectAnnotation"], ["s3:PutObjectAnnotation"]):
        let(server, statement("Allow", [*read_and_write, *also], "*"))
        assert told(as_bob(server, "PUT", f"/{bucket}/copy", **copy)) == REFUSED
    assert as_bob(server, "PUT", f"/{bucket}/copy", **copy, x_amz_object_annotation_directive="EXCLUDE").status == 200
    let(server, statement("Allow", [*read_and_write, "s3:GetObjectAnnotation", "s3:PutObjectAnnotation"], "*"))
    assert as_bob(server, "PUT", f"/{bucket}/copy", **copy).status == 200


# --- documents, and the headers that stand for them elsewhere ---


def test_a_documents_encryption_is_not_named_by_a_header(server: Server, bucket: str) -> None:
    server.ask("PUT", f"/{bucket}/key", body=b"content")
    key, other = (f"arn:aws:kms:us-east-1:111111111111:key/{name}" for name in ("ours", "theirs"))
    only_ours = {"StringEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": key}}
    let(server, statement("Allow", "s3:UpdateObjectEncryption", "*", Condition=only_ours))
    document = b"<ObjectEncryption><SSE-KMS><KMSKeyArn>%s</KMSKeyArn></SSE-KMS></ObjectEncryption>"
    named = {"x_amz_server_side_encryption": "aws:kms", "x_amz_server_side_encryption_aws_kms_key_id": key}
    assert told(as_bob(server, "PUT", f"/{bucket}/key?encryption", document % other.encode(), **named)) == REFUSED
    assert told(as_bob(server, "PUT", f"/{bucket}/key?encryption", document % key.encode())) != REFUSED


@pytest.mark.parametrize("by_batch", [False, True])
def test_what_bypasses_a_lock_sets_none(server: Server, by_batch: bool) -> None:
    """Headers that say of a new object how it is locked say nothing of one that is to go."""
    bucket = server.make_bucket(locks=True)
    headers = {
        "x-amz-object-lock-mode": "GOVERNANCE",
        "x-amz-object-lock-retain-until-date": "2099-01-01T00:00:00Z",
        "content-md5": "mgNkuembtIDdJeHwKEyFVQ==",
    }
    version = server.ask("PUT", f"/{bucket}/key", headers, b"content").headers["x-amz-version-id"]
    soon = {"NumericLessThan": {"s3:object-lock-remaining-retention-days": "1"}}
    let(
        server,
        statement("Allow", "s3:DeleteObjectVersion", "*"),
        statement("Allow", "s3:BypassGovernanceRetention", "*", Condition=soon),
    )
    spoofed = {
        "x_amz_bypass_governance_retention": "true",
        "x_amz_object_lock_mode": "GOVERNANCE",
        "x_amz_object_lock_retain_until_date": "2020-01-01T00:00:00Z",
    }
    if by_batch:
        doomed = f"<Delete><Object><Key>key</Key><VersionId>{version}</VersionId></Object></Delete>".encode()
        assert as_bob(server, "POST", f"/{bucket}?delete", doomed, **spoofed).texts("Code") == ["AccessDenied"]
    else:
        assert told(as_bob(server, "DELETE", f"/{bucket}/key?versionId={version}", **spoofed)) == REFUSED
    assert server.ask("GET", f"/{bucket}/key").status == 200
    server.grants.let("bob")


def test_a_retention_is_bypassed_by_those_who_may_for_what_comes_instead(server: Server) -> None:
    bucket = server.make_bucket(locks=True)
    until = b"<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>%s</RetainUntilDate></Retention>"
    server.ask("PUT", f"/{bucket}/key", {"content-md5": "mgNkuembtIDdJeHwKEyFVQ=="}, b"content")
    assert server.ask("PUT", f"/{bucket}/key?retention", body=until % b"2099-01-01T00:00:00Z").status == 200
    still_locked = {"StringEquals": {"s3:object-lock-mode": "GOVERNANCE"}}
    let(
        server,
        statement("Allow", "s3:PutObjectRetention", "*"),
        statement("Allow", "s3:BypassGovernanceRetention", "*", Condition=still_locked),
    )
    bypass = {"x_amz_bypass_governance_retention": "true"}
    assert told(as_bob(server, "PUT", f"/{bucket}/key?retention", b"<Retention/>", **bypass, **SPOOFED)) == REFUSED
    shorter = until % b"2098-01-01T00:00:00Z"
    assert as_bob(server, "PUT", f"/{bucket}/key?retention", shorter, **bypass).status == 200
    server.grants.let("bob")


SPOOFED = {"x_amz_object_lock_mode": "GOVERNANCE"}


# --- what the server writes for somebody ---


def logging_to(bucket: str, grants: str = "") -> bytes:
    inside = f"<TargetBucket>{bucket}</TargetBucket><TargetPrefix>logs/</TargetPrefix>{grants}"
    return f"<BucketLoggingStatus><LoggingEnabled>{inside}</LoggingEnabled></BucketLoggingStatus>".encode()


EVERYBODY = (
    '<TargetGrants><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group">'
    "<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>"
    "</TargetGrants>"
)


def test_logs_go_where_the_caller_may_write(server: Server, bucket: str) -> None:
    target = server.make_bucket()
    let(server, statement("Allow", "s3:PutBucketLogging", "*"))
    assert told(as_bob(server, "PUT", f"/{bucket}?logging", logging_to(target))) == REFUSED
    write = statement("Allow", "s3:PutObject", f"arn:aws:s3:::{target}/logs/*")
    let(server, statement("Allow", "s3:PutBucketLogging", "*"), write)
    assert as_bob(server, "PUT", f"/{bucket}?logging", logging_to(target)).status == 200


def test_logs_are_public_only_where_that_is_not_blocked(server: Server, bucket: str) -> None:
    target = server.make_bucket()
    owned = b"<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>"
    block = b"<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>"
    assert server.ask("PUT", f"/{target}?ownershipControls", body=owned).status == 200
    let(server, statement("Allow", ["s3:PutBucketLogging", "s3:PutObject"], "*"))
    assert told(as_bob(server, "PUT", f"/{bucket}?logging", logging_to(target, EVERYBODY))) == REFUSED
    let(server, statement("Allow", ["s3:PutBucketLogging", "s3:PutObject", "s3:PutObjectAcl"], "*"))
    assert as_bob(server, "PUT", f"/{bucket}?logging", logging_to(target, EVERYBODY)).status == 200
    assert server.ask("PUT", f"/{target}?publicAccessBlock", body=block).status == 200
    assert told(as_bob(server, "PUT", f"/{bucket}?logging", logging_to(target, EVERYBODY))) == REFUSED
    assert as_bob(server, "PUT", f"/{bucket}?logging", logging_to(target)).status == 200


def test_inventories_go_where_the_caller_may_write(server: Server, bucket: str) -> None:
    target = server.make_bucket()
    document = (
        "<InventoryConfiguration><Destination><S3BucketDestination><Format>CSV</Format>"
        f"<Bucket>arn:aws:s3:::{target}</Bucket><Prefix>lists</Prefix></S3BucketDestination></Destination>"
        "<IsEnabled>true</IsEnabled><Id>1</Id><IncludedObjectVersions>All</IncludedObjectVersions>"
        "<Schedule><Frequency>Daily</Frequency></Schedule></InventoryConfiguration>"
    ).encode()
    let(server, statement("Allow", "s3:PutInventoryConfiguration", "*"))
    assert told(as_bob(server, "PUT", f"/{bucket}?inventory&id=1", document)) == REFUSED
    write = statement("Allow", "s3:PutObject", f"arn:aws:s3:::{target}/lists/*")
    let(server, statement("Allow", "s3:PutInventoryConfiguration", "*"), write)
    assert as_bob(server, "PUT", f"/{bucket}?inventory&id=1", document).status in (200, 204)


# --- Signature Version 2 ---


@pytest.mark.parametrize("names", [("x-amz-acl", "x-amz-acl"), ("X-Amz-Acl", "x-amz-acl"), ("x-amz-acl", "X-Amz-ACL")])
def test_what_a_v2_url_signs_is_what_counts(server: Server, bucket: str, names: tuple[str, str]) -> None:
    """Whoever is given a URL to write something private cannot have it written for everybody."""
    owned = b"<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>"
    server.ask("PUT", f"/{bucket}?ownershipControls", body=owned)
    access_key, secret = ROOT
    expires = str(int(time.time()) + 60)
    text = f"PUT\n\n\n{expires}\nx-amz-acl:private\n/{bucket}/key"
    signature = base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha1")).decode()
    signed_by = urlencode({"AWSAccessKeyId": access_key, "Expires": expires, "Signature": signature})
    first, second = names
    honest = server.send("PUT", f"/{bucket}/key?x-amz-acl=private&{signed_by}", {}, b"content")
    assert honest.status == 200
    for query in (
        f"{first}=public-read&{second}=private",
        f"{first}=private&{second}=public-read",
    ):
        assert told(server.send("PUT", f"/{bucket}/key?{query}&{signed_by}", {}, b"content"))[0] == 403
    assert server.send("GET", f"/{bucket}/key", {}).status == 403


def v2_url(target: str, expires: str, *lines: str) -> str:
    """What signs a request to write ``target`` with these lines of headers."""
    access_key, secret = ROOT
    text = "".join(f"{line}\n" for line in ("PUT", "", "", expires, *lines)) + target
    signature = base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha1")).decode()
    return urlencode({"AWSAccessKeyId": access_key, "Expires": expires, "Signature": signature})


def test_no_header_of_a_v2_url_hides_another(server: Server, bucket: str) -> None:
    expires, target = str(int(time.time()) + 60), f"/{bucket}/key"
    signed_by = v2_url(target, expires, "x-amz-meta-a:1", "x-amz-tagging:level=secret")
    hidden = urlencode({"x-amz-meta-a": "1\nx-amz-tagging:level=secret"})
    assert server.send("PUT", f"{target}?{hidden}&{signed_by}", {}, b"content").status in (400, 403)
    honest = urlencode({"x-amz-meta-a": "1", "x-amz-tagging": "level=secret"})
    assert server.send("PUT", f"{target}?{honest}&{signed_by}", {}, b"content").status == 200


@pytest.mark.parametrize("value", ["1\r\nset-cookie: evil=1", "1\nx", "a\0b", "1\r", "\x1b[2J"])
def test_headers_in_a_query_are_headers(server: Server, bucket: str, value: str) -> None:
    """What none may carry, the query of a signed URL does not bring in."""
    query = urlencode({"x-amz-meta-a": value})
    request = AWSRequest(method="PUT", url=f"{server.endpoint}/{bucket}/key?{query}")
    S3SigV4QueryAuth(Credentials(*ROOT), "s3", REGION, expires=60).add_auth(request)
    answer = server.send("PUT", request.url.removeprefix(server.endpoint), {}, b"content")
    assert told(answer) == (400, "InvalidArgument")
    assert server.ask("GET", f"/{bucket}/key").status == 404
