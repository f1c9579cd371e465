"""The straight line answers what the long way answers, and only what is as most requests are."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.support.server import DOMAIN, REGION, ROOT, STRANGER, USER, Server, compose, everyday_grants, listening

from trug.domain.versioning import Versioning
from trug.edge.arriving import Empty
from trug.edge.gateway import Answer, Gateway
from trug.edge.incoming import Head
from trug.edge.render import AT_HAND
from trug.wire.request import Headers

EMPTY = Empty()
LARGE = b"0123456789abcdef" * 4096
NOBODY = ("", "")
Keys = tuple[str, str]


class House(NamedTuple):
    """A gateway, and the server that listens for it."""

    gateway: Gateway
    server: Server

    def head(self, method: str, target: str, headers: Mapping[str, str], keys: Keys = ROOT) -> Head:
        """Of a request signed by botocore, as our own door reads it."""
        request = AWSRequest(method=method, url=f"http://{headers.get('host', 'localhost')}{target}", headers=headers)
        if keys != NOBODY:
            S3SigV4Auth(Credentials(*keys), "s3", REGION).add_auth(request)
        pairs = {"host": "localhost", "user-agent": "a client", **request.headers}
        raw = [(name.encode(), value.encode("latin-1")) for name, value in pairs.items()]
        path, _, query = target.partition("?")
        return Head(method, path, query, Headers(raw), 1000, len(raw))

    async def long(self, head: Head) -> Answer:
        answer = await self.gateway.respond(head, EMPTY)
        self.gateway.finish(answer.trace, EMPTY, 0.0)
        return answer

    async def both(self, head: Head) -> tuple[Answer | None, Answer]:
        """The straight line's answer, when a request like it was answered before, and the long way's."""
        await self.long(head)
        straight, _ = self.gateway.at_once(head)
        if straight is not None:
            self.gateway.finish(straight.trace, EMPTY, 0.0)
        return straight, await self.long(head)

    def ask(self, head: Head) -> tuple[Answer | None, Answer]:
        return self.server.run(self.both(head))


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    gateway, engine = compose()
    with listening(gateway) as (endpoint, loop):
        yield House(gateway, Server(endpoint, engine, loop, itertools.count(1), gateway.access_logs, everyday_grants()))


@pytest.fixture(scope="module")
def bucket(house: House) -> str:
    """With an object of each kind that reads tell apart."""
    name = house.server.make_bucket()
    filled(house.server.client(), name)
    return name


def filled(s3: Any, bucket: str) -> None:
    more = {
        "ContentType": "text/plain",
        "CacheControl": "no-cache",
        "Metadata": {"a": "=?UTF-8?Q?=C3=9F?="},
        "Tagging": "t=1",
    }
    s3.put_object(Bucket=bucket, Key="key", Body=b"content", **more)
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    s3.put_object(Bucket=bucket, Key="large", Body=LARGE)
    s3.put_object(Bucket=bucket, Key="ä b/c+d", Body=b"named oddly")
    s3.put_object(Bucket=bucket, Key="cold", Body=b"cold", StorageClass="STANDARD_IA")
    s3.put_object(Bucket=bucket, Key="sealed", Body=b"sealed", ServerSideEncryption="AES256")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"part")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload=parts)


def shown(answer: Answer) -> tuple[Any, ...]:
    reply, trace = answer.reply, answer.trace
    content = bytes(reply.body) if isinstance(reply.body, AT_HAND) else None
    length = reply.length if reply.length is not None else len(content or b"")
    told = (trace.operation, trace.status, trace.error, trace.method, trace.path, trace.client, trace.user_agent)
    return reply.status, dict(reply.headers), content, length, told


STRAIGHT = [
    ("GET", "key", {}),
    ("HEAD", "key", {}),
    ("GET", "large", {}),
    ("HEAD", "large", {}),
    ("GET", "%C3%A4%20b/c%2Bd", {}),
    ("HEAD", "parts", {}),
    ("GET", "key?x-id=GetObject", {}),
    ("GET", "key", {"accept": "*/*", "x-amz-request-payer": "requester"}),
]
LONG = [
    ("GET", "absent", {}),
    ("HEAD", "absent", {}),
    ("GET", "cold", {}),
    ("GET", "sealed", {}),
    ("HEAD", "sealed", {}),
    ("GET", "parts", {}),
    ("GET", "key", {"range": "bytes=1-2"}),
    ("GET", "key", {"range": "bytes=1-2", "if-range": '"other"'}),
    ("GET", "key", {"if-none-match": "*"}),
    ("GET", "key", {"if-match": '"other"'}),
    ("HEAD", "key", {"if-modified-since": "Sat, 21 Nov 2099 00:00:00 GMT"}),
    ("GET", "key", {"x-amz-checksum-mode": "ENABLED"}),
    ("GET", "key", {"x-amz-expected-bucket-owner": "999999999999"}),
    ("GET", "key", {"origin": "http://example.com"}),
    ("GET", "key", {"expect": "a miracle"}),
    ("GET", "key", {"content-length": "0"}),
    ("GET", "key", {"x-amz-server-side-encryption-customer-algorithm": "AES256"}),
    ("GET", "key?versionId=null", {}),
    ("GET", "key?partNumber=1", {}),
    ("GET", "key?response-content-type=text%2Fhtml", {}),
    ("GET", "key?tagging", {}),
    ("GET", "key?x-id=GetObject&tagging", {}),
    ("GET", "%ff", {}),
    ("GET", "a/../b", {}),
    ("GET", "", {}),
    ("HEAD", "", {}),
    ("OPTIONS", "key", {}),
    ("PATCH", "key", {}),
]


@pytest.mark.parametrize(("method", "key", "headers"), STRAIGHT)
def test_the_same_answer(house: House, bucket: str, method: str, key: str, headers: dict[str, str]) -> None:
    straight, long = house.ask(house.head(method, f"/{bucket}/{key}", headers))
    assert straight is not None
    assert shown(straight) == shown(long)
    assert long.reply.status == 200


@pytest.mark.parametrize(("method", "key", "headers"), LONG)
def test_the_long_way(house: House, bucket: str, method: str, key: str, headers: dict[str, str]) -> None:
    straight, _ = house.ask(house.head(method, f"/{bucket}/{key}", headers))
    assert straight is None


@pytest.mark.parametrize("keys", [USER, STRANGER, NOBODY])
def test_only_the_plain_owner(house: House, bucket: str, keys: Keys) -> None:
    straight, _ = house.ask(house.head("GET", f"/{bucket}/key", {}, keys))
    assert straight is None


def test_a_bucket_in_the_host(house: House, bucket: str) -> None:
    straight, long = house.ask(house.head("GET", "/key", {"host": f"{bucket}.{DOMAIN}"}))
    assert straight is not None
    assert shown(straight) == shown(long)


def bent(head: Head, **changed: Any) -> Head:
    fields = {name: getattr(head, name) for name in ("method", "path", "query", "headers", "size", "lines")}
    return Head(**fields | changed)


def test_a_signature_must_be_right(house: House, bucket: str) -> None:
    head = house.head("GET", f"/{bucket}/key", {})
    house.ask(head)
    signed = head.headers["authorization"]
    others = [
        {"authorization": signed[:-1] + "é"},
        {"authorization": signed[:-4] + "0000"},
        {"authorization": signed[:-4]},
        {"x-amz-date": "20200101T000000Z"},
        {"x-amz-date": head.headers["x-amz-date"][:-2] + "xZ"},
        {"x-amz-content-sha256": "none"},
        {"x-amz-content-sha256": "0" * 64},
        {"host": "elsewhere"},
    ]
    pairs = [
        [(name.encode(), value.encode("latin-1")) for name, value in {**head.headers, **other}.items()]
        for other in others
    ]
    heads = [bent(head, headers=Headers(each)) for each in pairs]
    for each in (*heads, bent(head, method="HEAD"), bent(head, path=f"/{bucket}/large"), bent(head, path="/other/key")):
        assert house.server.run(at_once(house, each)) == (None, None)
        assert house.server.run(house.long(each)).reply.status in (400, 403)


def test_a_version_that_is_not_spoken(house: House, bucket: str) -> None:
    head = house.head("GET", f"/{bucket}/key", {})
    straight, _ = house.ask(head)
    assert straight is not None
    old = bent(head, version="0.9")
    assert house.server.run(at_once(house, old)) == (None, None)
    assert house.server.run(house.long(old)).reply.status == 400


async def at_once(house: House, head: Head) -> tuple[Answer | None, Any]:
    return house.gateway.at_once(head)


def test_who_asks_is_told_to_the_long_way(house: House, bucket: str) -> None:
    head = house.head("PUT", f"/{bucket}/new", {"x-amz-meta-a": "1"})
    house.server.run(house.long(head))
    answer, caller = house.server.run(at_once(house, head))
    assert answer is None
    assert caller.identity.account.id == "111111111111"


def test_what_has_changed_is_seen(house: House) -> None:
    bucket = house.server.make_bucket()
    s3 = house.server.client()
    head = house.head("GET", f"/{bucket}/key", {})
    for content in (b"one", b"two"):
        s3.put_object(Bucket=bucket, Key="key", Body=content)
        straight, long = house.ask(head)
        assert straight is not None
        assert shown(straight) == shown(long)
        assert straight.reply.body == content
    s3.put_object_tagging(Bucket=bucket, Key="key", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    straight, long = house.ask(head)
    assert straight is not None
    assert straight.reply.headers["x-amz-tagging-count"] == "1"
    for versioning in (Versioning.ENABLED, Versioning.SUSPENDED):
        house.server.set_versioning(bucket, versioning)
        straight, long = house.ask(head)
        assert straight is not None
        assert shown(straight) == shown(long)
        assert straight.reply.headers["x-amz-version-id"] == "null"
    s3.delete_object(Bucket=bucket, Key="key")
    straight, long = house.ask(head)
    assert (straight, long.reply.status) == (None, 404)


def rules(s3: Any, bucket: str) -> None:
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})


def log(s3: Any, bucket: str) -> None:
    enabled = {"TargetBucket": bucket, "TargetPrefix": "log/"}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})


def payment(s3: Any, bucket: str) -> None:
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})


def policy(s3: Any, bucket: str) -> None:
    statement = f'{{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{bucket}/*"}}'
    s3.put_bucket_policy(Bucket=bucket, Policy=f'{{"Version":"2012-10-17","Statement":[{statement}]}}')


@pytest.mark.parametrize("configure", [rules, log, payment, policy])
def test_a_bucket_that_has_more_to_say(house: House, configure: Any) -> None:
    bucket = house.server.make_bucket()
    s3 = house.server.client()
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    head = house.head("GET", f"/{bucket}/key", {})
    assert house.ask(head)[0] is not None
    configure(s3, bucket)
    assert house.ask(head)[0] is None


def test_locks_are_shown(house: House) -> None:
    bucket = house.server.make_bucket(locks=True)
    house.server.client().put_object(
        Bucket=bucket, Key="key", Body=b"content", ObjectLockLegalHoldStatus="ON", ChecksumAlgorithm="CRC32"
    )
    straight, long = house.ask(house.head("HEAD", f"/{bucket}/key", {}))
    assert straight is not None
    assert shown(straight) == shown(long)
    assert straight.reply.headers["x-amz-object-lock-legal-hold"] == "ON"


def test_on_the_wire(house: House, bucket: str) -> None:
    """As clients see it: the same lines, whichever way an answer took."""
    answers = [house.server.ask("GET", f"/{bucket}/key") for _ in range(4)]
    changing = {"date", "x-amz-request-id"}
    first, *others = [{name: value for name, value in each.headers.items() if name not in changing} for each in answers]
    assert all(each == first for each in others)
    assert len({each.headers["x-amz-request-id"] for each in answers}) == 4
    assert all(each.body == b"content" for each in answers)


def test_figures_count_both(house: House, bucket: str) -> None:
    async def text() -> str:
        return house.gateway._observer.metrics.render()

    head = house.head("GET", f"/{bucket}/key", {})
    before = counted(house.server.run(text()))
    house.ask(head)
    assert counted(house.server.run(text())) == before + 3


def counted(metrics: str) -> int:
    [line] = [
        each for each in metrics.splitlines() if each.startswith('trug_requests_total{operation="GetObject",status="2')
    ]
    return int(line.rpartition(" ")[2])
