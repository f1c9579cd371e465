"""PutBucketLogging and GetBucketLogging, and the logs that are delivered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.server import ACCOUNT, OTHER_ACCOUNT, STRANGER, USER, Server

LINE = re.compile(r'(\[[^\]]*\]|"[^"]*"|[^ ]+)(?: |$)')


def log_into(s3: Any, bucket: str, target: str, **more: Any) -> None:
    enabled = {"TargetBucket": target, "TargetPrefix": "logs/", **more}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})


def lines_in(s3: Any, bucket: str, prefix: str = "logs/") -> list[list[str]]:
    """The fields of all lines that were delivered."""
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", ())
    contents = [s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read().decode() for each in found]
    return [LINE.findall(line) for content in contents for line in content.splitlines()]


@pytest.fixture
def target(server: Server) -> str:
    return server.make_bucket()


@pytest.fixture(autouse=True)
def _nothing_waits(server: Server) -> Iterator[None]:
    server.deliver_access_logs()
    yield
    server.deliver_access_logs()


@pytest.mark.parametrize(
    "key_format",
    [
        None,
        {"SimplePrefix": {}},
        {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
        {"PartitionedPrefix": {"PartitionDateSource": "DeliveryTime"}},
    ],
)
def test_what_was_put_is_shown(s3: Any, bucket: str, target: str, key_format: Any) -> None:
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    more = {} if key_format is None else {"TargetObjectKeyFormat": key_format}
    log_into(s3, bucket, target, **more)
    found = s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]
    assert found == {"TargetBucket": target, "TargetPrefix": "logs/", **more}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)


def enabled(inside: str) -> bytes:
    return f"<BucketLoggingStatus><LoggingEnabled>{inside}</LoggingEnabled></BucketLoggingStatus>".encode()


def test_refuses_targets(server: Server, s3: Any, bucket: str, target: str) -> None:
    foreign = server.make_bucket(account=OTHER_ACCOUNT)
    s3.put_bucket_request_payment(Bucket=target, RequestPaymentConfiguration={"Payer": "Requester"})
    for name in ("no-such-bucket", foreign, target):
        body = enabled(f"<TargetBucket>{name}</TargetBucket><TargetPrefix/>")
        answer = server.ask("PUT", f"/{bucket}?logging", body=body)
        assert (answer.status, answer.code) == (400, "InvalidTargetBucketForLogging")


GRANT = (
    '<TargetGrants><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">'
    "<ID>x</ID></Grantee><Permission>READ</Permission></Grant></TargetGrants>"
)
BOTH = "<TargetObjectKeyFormat><SimplePrefix/><PartitionedPrefix/></TargetObjectKeyFormat>"


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<TargetPrefix/>", "MalformedXML"),
        ("<TargetBucket>{target}</TargetBucket>", "MalformedXML"),
        ("<TargetBucket>{target}</TargetBucket><TargetPrefix/>" + BOTH, "MalformedXML"),
        ("<TargetBucket>{target}</TargetBucket><TargetPrefix/><Other/>", "MalformedXML"),
        ("<TargetBucket>{target}</TargetBucket><TargetPrefix/>" + GRANT, "AccessControlListNotSupported"),
        (f"<TargetBucket>{{target}}</TargetBucket><TargetPrefix>{'p' * 801}</TargetPrefix>", "InvalidArgument"),
    ],
)
def test_refuses_documents(server: Server, bucket: str, target: str, inside: str, code: str) -> None:
    answer = server.ask("PUT", f"/{bucket}?logging", body=enabled(inside.format(target=target)))
    assert (answer.status, answer.code) == (400, code)


def test_requests_are_logged(server: Server, s3: Any, bucket: str, target: str) -> None:
    server.ask("PUT", f"/{bucket}/before", body=b"")
    log_into(s3, bucket, target)
    written = server.ask("PUT", f"/{bucket}/a%20key", {"User-Agent": 'a "quoted" agent'}, b"12345")
    server.ask("GET", f"/{bucket}/a%20key?versionId=null", {"Referer": "http://example.com/", "Range": "bytes=1-2"})
    server.ask("GET", f"/{bucket}/absent", keys=USER)
    server.ask("GET", f"/{bucket}?versioning", keys=STRANGER)
    server.send("GET", f"/{bucket}?list-type=2&X-Amz-Signature=secret", {})
    assert server.deliver_access_logs() == 1
    put, get, absent, denied, anonymous = lines_in(s3, target)
    owner = ACCOUNT.canonical_id
    assert put[:2] == [owner, bucket]
    assert re.fullmatch(r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\]", put[2])
    host = server.endpoint.removeprefix("http://")
    assert put[3:] == [
        "127.0.0.1", owner, written.headers["x-amz-request-id"], "REST.PUT.OBJECT", "a%20key",
        f'"PUT /{bucket}/a%20key HTTP/1.1"', "200", "-", "-", "5", put[13], "-", '"-"', '"a %22quoted%22 agent"', "-",
        written.headers["x-amz-id-2"], "SigV4", "-", "AuthHeader", host, "-", "-", "-", "-",
    ]  # fmt: skip
    assert get[6:13] == [
        "REST.GET.OBJECT", "a%20key", f'"GET /{bucket}/a%20key?versionId=null HTTP/1.1"', "206", "-", "2", "5",
    ]  # fmt: skip
    assert (get[14].isdigit(), get[15], get[17]) == (True, '"http://example.com/"', "null")
    assert absent[4] == f"arn:aws:iam::{ACCOUNT.id}:user/ana"
    assert absent[9:11] == ["404", "NoSuchKey"]
    assert (denied[4], denied[6], denied[9:11]) == (
        OTHER_ACCOUNT.canonical_id, "REST.GET.VERSIONING", ["403", "AccessDenied"],
    )  # fmt: skip
    assert (anonymous[4], anonymous[6], anonymous[7]) == ("-", "REST.GET.BUCKET", "-")
    assert "secret" not in " ".join(anonymous)


def test_copies_are_logged_twice(server: Server, s3: Any, bucket: str, target: str) -> None:
    """ "Additional logging for copy operations"."""
    s3.put_object(Bucket=bucket, Key="from", Body=b"x")
    log_into(s3, bucket, target)
    s3.copy_object(Bucket=target, Key="to", CopySource={"Bucket": bucket, "Key": "from"})
    s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from"})
    server.deliver_access_logs()
    found = [(line[6], line[7], line[9]) for line in lines_in(s3, target)]
    read = ("REST.COPY.OBJECT_GET", "from", "200")
    assert found == [read, ("REST.COPY.OBJECT", "to", "200"), read]


def test_each_of_many_deleted_keys_is_logged(server: Server, s3: Any, bucket: str, target: str) -> None:
    log_into(s3, bucket, target)
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "odd"}]})
    server.deliver_access_logs()
    request, *keys = lines_in(s3, target)
    assert (request[6], request[7]) == ("REST.POST.MULTI_OBJECT_DELETE", "-")
    assert [line[6:12] for line in keys] == [
        ["BATCH.DELETE.OBJECT", "a", "-", "204", "-", "-"],
        ["BATCH.DELETE.OBJECT", "b", "-", "400", "InvalidArgument", "-"],
    ]


def test_partitioned_keys(server: Server, s3: Any, bucket: str, target: str) -> None:
    log_into(s3, bucket, target, TargetObjectKeyFormat={"PartitionedPrefix": {"PartitionDateSource": "EventTime"}})
    server.ask("GET", f"/{bucket}")
    server.deliver_access_logs()
    (found,) = s3.list_objects_v2(Bucket=target)["Contents"]
    place = rf"logs/{ACCOUNT.id}/us-east-1/{bucket}/\d{{4}}/\d\d/\d\d/\d{{4}}-\d\d-\d\d-00-00-00-[0-9A-F]{{16}}"
    assert re.fullmatch(place, found["Key"])


def test_a_bucket_may_hold_its_own_log(server: Server, s3: Any, bucket: str) -> None:
    log_into(s3, bucket, bucket)
    server.ask("GET", f"/{bucket}/absent")
    assert server.deliver_access_logs() == 1
    assert server.deliver_access_logs() == 0
    assert server.deliver_access_logs() == 0


def test_nothing_is_delivered_where_it_may_not_go_any_more(server: Server, s3: Any, bucket: str, target: str) -> None:
    log_into(s3, bucket, target)
    server.ask("GET", f"/{bucket}/absent")
    s3.delete_bucket(Bucket=target)
    lost = server.access_logs.lost if server.access_logs else 0
    assert server.deliver_access_logs() == 0
    assert server.access_logs is not None and server.access_logs.lost == lost + 1
