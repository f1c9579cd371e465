"""Writes that begin on the straight line end as those of the long way do, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import socket
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.support.raw import Answer as Told
from tests.support.raw import Connection
from tests.support.server import REGION, ROOT, USER, Server, compose, everyday_grants, listening
from tests.support.stand import eventually

from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.versioning import Versioning
from trug.edge.arriving import Empty, SocketBody
from trug.edge.gateway import Answer, Gateway, Underway
from trug.edge.incoming import Head
from trug.edge.render import AT_HAND
from trug.operations.objects import IS_PLAIN_PUT, SAID_OF_BYTES
from trug.operations.parameters import IS_BARE_WRITE
from trug.ports.changes import Change
from trug.ports.stores import Unavailable
from trug.wire.request import Headers

T = TypeVar("T")
CONTENT = b"some content"
LARGE = bytes(64 << 10)
CRC32 = base64.b64encode(zlib.crc32(CONTENT).to_bytes(4, "big")).decode()
MD5 = base64.b64encode(hashlib.md5(CONTENT).digest()).decode()
OTHER_MD5 = base64.b64encode(hashlib.md5(b"other").digest()).decode()
SECONDS = 30


class HeldStore(MemoryMetadata):
    """Holds what is submitted while it ``is_held``."""

    is_held = False
    failure: Exception | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.held: list[Callable[[], None]] = []

    def submit(self, change: Change[T]) -> asyncio.Future[T]:
        if not self.is_held:
            return super().submit(change)
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.held.append(lambda: self._decide(change, future))
        return future

    async def commit(self, change: Change[T]) -> T:
        return await self.submit(change) if self.is_held else await super().commit(change)

    def _decide(self, change: Change[T], future: asyncio.Future[T]) -> None:
        made = super().submit(change) if self.failure is None else None
        if future.done():
            return
        failure = self.failure if made is None else made.exception()
        if failure is not None:
            future.set_exception(failure)
        else:
            assert made is not None
            future.set_result(made.result())

    async def hold(self) -> None:
        self.is_held = True

    async def release(self, failure: Exception | None = None) -> int:
        """How many changes were held."""
        self.is_held, self.failure = False, failure
        held, self.held = self.held, []
        for decide in held:
            decide()
        self.failure = None
        return len(held)


class House(NamedTuple):
    """A gateway over a store that can be held, and the server that listens for it."""

    gateway: Gateway
    server: Server
    store: HeldStore

    def signed(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes, keys: tuple[str, str] = ROOT
    ) -> dict[str, str]:
        request = AWSRequest(method=method, url=f"{self.server.endpoint}{target}", headers=headers, data=content)
        S3SigV4Auth(Credentials(*keys), "s3", REGION).add_auth(request)
        host = urlsplit(self.server.endpoint).netloc
        length = {"content-length": str(len(content))} if content or method == "PUT" else {}
        return {"host": host, "user-agent": "a client", **length, **request.headers}

    def head(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        keys: tuple[str, str] = ROOT,
    ) -> Head:
        pairs = self.signed(method, target, headers or {}, content, keys)
        raw = [(name.encode(), value.encode("latin-1")) for name, value in pairs.items()]
        path, _, query = target.partition("?")
        return Head(method, path, query, Headers(raw), 1000, len(raw))

    async def long(self, head: Head, content: bytes) -> Answer:
        body = come(content)
        answer = await self.gateway.respond(head, body)
        self.gateway.finish(answer.trace, body, 0.0)
        return answer

    async def straight(self, head: Head, content: bytes) -> Answer | None:
        body = come(content)
        begun, _ = self.gateway.at_once(head, body)
        if not isinstance(begun, Underway):
            assert begun is None
            return None
        await asyncio.wait((begun.pending.made,))
        try:
            answer = self.gateway.made(begun)
        except Exception as failure:
            answer = await self.gateway.failed(begun, body, failure)
        self.gateway.finish(answer.trace, body, 0.0)
        return answer

    def known(self, head: Head, content: bytes) -> Answer:
        return self.server.run(self.long(head, content))

    def begin(self, head: Head, content: bytes) -> Answer | None:
        return self.server.run(self.straight(head, content))

    def wire(self, method: str, target: str, content: bytes = b"") -> bytes:
        """A request as it stands on the wire, of the shape that ``known`` was asked before."""
        lines = [f"{name}: {value}\r\n" for name, value in self.signed(method, target, {}, content).items()]
        return f"{method} {target} HTTP/1.1\r\n{''.join(lines)}\r\n".encode() + content

    def connection(self) -> Connection:
        return Connection(self.server.endpoint, seconds=SECONDS)


def come(content: bytes, pieces: int = 1) -> SocketBody | Empty:
    """A body whose bytes are all there."""
    if not content:
        return Empty()
    nobody: Any = None
    body = SocketBody(nobody, len(content), awaits_continue=False)
    size = -(-len(content) // pieces)
    for start in range(0, len(content), size):
        body.feed(content[start : start + size])
    return body


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    gateway, engine = compose(store=HeldStore)
    store = engine.objects._metadata
    assert isinstance(store, HeldStore)
    with listening(gateway) as (endpoint, loop):
        yield House(gateway, Server(endpoint, engine, loop, itertools.count(1), None, everyday_grants()), store)


def shown(answer: Answer) -> tuple[Any, ...]:
    reply, trace = answer.reply, answer.trace
    assert isinstance(reply.body, AT_HAND)
    headers = {name: value for name, value in reply.headers.items() if name != "x-amz-version-id"}
    told = (trace.operation, trace.status, trace.error, trace.method, trace.path, trace.client, trace.user_agent)
    return reply.status, headers, bytes(reply.body), "x-amz-version-id" in reply.headers, told, trace.bytes_in


def kept(house: House, bucket: str, key: str) -> tuple[Any, ...]:
    """What there is of a key, but for what differs with each write."""

    async def read() -> tuple[Any, ...]:
        found = await house.server.engine.buckets.find(bucket)
        assert found is not None
        reading = await house.server.engine.objects.open(found, key, None)
        pieces = reading.content(0, reading.version.listing.size)
        content = bytes(pieces) if isinstance(pieces, AT_HAND) else b"".join([bytes(piece) async for piece in pieces])
        return reading.version.listing._replace(modified=0), reading.version.record, reading.version.marker, content

    return house.server.run(read())


STRAIGHT = [
    ("key", {}, CONTENT),
    ("key", {}, b""),
    ("key?x-id=PutObject", {}, CONTENT),
    ("%C3%A4%20b/c%2Bd", {}, CONTENT),
    ("key", {"content-type": "text/plain"}, CONTENT),
    ("key", {"x-amz-checksum-crc32": CRC32}, CONTENT),
    ("key", {"x-amz-checksum-crc32": CRC32, "x-amz-sdk-checksum-algorithm": "CRC32"}, CONTENT),
    ("key", {"content-md5": MD5, "amz-sdk-request": "attempt=1", "accept-encoding": "identity"}, CONTENT),
    ("key", {"content-md5": MD5, "x-amz-checksum-crc32": CRC32}, CONTENT),
    ("key", {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, CONTENT),
]
LONG = [
    ("key", {}, LARGE),
    ("key", {"x-amz-checksum-crc32": "AAAAAA=="}, CONTENT),
    ("key", {"x-amz-checksum-crc32": "no digest"}, CONTENT),
    ("key", {"x-amz-checksum-crc32": CRC32, "x-amz-sdk-checksum-algorithm": "SHA1"}, CONTENT),
    ("key", {"x-amz-sdk-checksum-algorithm": "CRC32"}, CONTENT),
    ("key", {"content-md5": OTHER_MD5}, CONTENT),
    ("key", {"content-md5": "no digest"}, CONTENT),
    ("key", {"content-type": "text/\tplain"}, CONTENT),
    ("key", {"content-encoding": "aws-chunked"}, CONTENT),
    ("key", {"cache-control": "no-cache"}, CONTENT),
    ("key", {"x-amz-meta-a": "1"}, CONTENT),
    ("key", {"x-amz-tagging": "a=b"}, CONTENT),
    ("key", {"x-amz-acl": "private"}, CONTENT),
    ("key", {"x-amz-storage-class": "STANDARD"}, CONTENT),
    ("key", {"x-amz-server-side-encryption": "AES256"}, CONTENT),
    ("key", {"x-amz-object-lock-legal-hold": "ON"}, CONTENT),
    ("key", {"x-amz-write-offset-bytes": "0"}, CONTENT),
    ("key", {"if-none-match": "*"}, CONTENT),
    ("key", {"if-match": "other"}, CONTENT),
    ("key", {"x-amz-copy-source": "/b/k"}, b""),
    ("key", {"x-amz-expected-bucket-owner": "999999999999"}, CONTENT),
    ("key", {"origin": "http://example.com"}, CONTENT),
    ("key", {"expect": "100-continue"}, CONTENT),
    ("key", {"x-amz-unheard-of": "1"}, CONTENT),
    ("key?versionId=null", {}, CONTENT),
    ("key?tagging", {}, CONTENT),
    ("key?x-id=PutObject&tagging", {}, CONTENT),
    ("%ff", {}, CONTENT),
    ("", {}, CONTENT),
]


@pytest.mark.parametrize("versioning", list(Versioning))
@pytest.mark.parametrize(("key", "headers", "content"), STRAIGHT)
def test_the_same_object(
    house: House, versioning: Versioning, key: str, headers: dict[str, str], content: bytes
) -> None:
    name = house.server.make_bucket(versioning)
    head = house.head("PUT", f"/{name}/{key}", headers, content)
    plain = {"key": "key", "key?x-id=PutObject": "key"}.get(key, "ä b/c+d")
    long = house.known(head, content)
    before = kept(house, name, plain)
    straight = house.begin(head, content)
    assert straight is not None
    assert shown(straight) == shown(long)
    assert kept(house, name, plain) == before
    assert (long.reply.status, before[-1]) == (200, content)
    assert ("x-amz-version-id" in long.reply.headers) is (versioning is Versioning.ENABLED)


@pytest.mark.parametrize(("key", "headers", "content"), LONG)
def test_the_long_way(house: House, key: str, headers: dict[str, str], content: bytes) -> None:
    name = house.server.make_bucket()
    head = house.head("PUT", f"/{name}/{key}", headers, content)
    house.known(head, content)
    before = house.store.sequence
    assert house.begin(head, content) is None
    assert house.store.sequence == before


def test_another_body_than_was_signed(house: House) -> None:
    name = house.server.make_bucket()
    head = house.head("PUT", f"/{name}/key", {}, CONTENT)
    house.known(head, CONTENT)
    assert house.begin(head, CONTENT[::-1]) is None
    assert house.known(head, CONTENT[::-1]).trace.error == "XAmzContentSHA256Mismatch"
    assert kept(house, name, "key")[-1] == CONTENT


def test_only_the_plain_owner(house: House) -> None:
    name = house.server.make_bucket()
    head = house.head("PUT", f"/{name}/key", {}, CONTENT, USER)
    house.known(head, CONTENT)
    assert house.begin(head, CONTENT) is None


def test_a_body_that_has_not_come(house: House) -> None:
    name = house.server.make_bucket()
    head = house.head("PUT", f"/{name}/key", {}, CONTENT)
    house.known(head, CONTENT)

    async def begin() -> Any:
        nobody: Any = None
        body = SocketBody(nobody, len(CONTENT), awaits_continue=False)
        body.feed(CONTENT[:-1])
        return house.gateway.at_once(head, body)[0]

    assert house.server.run(begin()) is None


def test_a_body_in_pieces(house: House) -> None:
    name = house.server.make_bucket()
    head = house.head("PUT", f"/{name}/key", {}, CONTENT)
    house.known(head, CONTENT)

    async def begin() -> Answer:
        begun, _ = house.gateway.at_once(head, come(CONTENT, pieces=5))
        assert isinstance(begun, Underway)
        await begun.pending.made
        answer = house.gateway.made(begun)
        house.gateway.finish(answer.trace, Empty(), 0.0)
        return answer

    assert house.server.run(begin()).reply.headers["etag"] == f'"{hashlib.md5(CONTENT).hexdigest()}"'


def test_a_body_that_is_looked_at_may_still_be_read(house: House) -> None:
    async def read() -> list[bytes | None]:
        body = come(CONTENT, pieces=3)
        return [body.whole(), await body.read(), body.whole()]

    assert house.server.run(read()) == [CONTENT, CONTENT, None]


def test_what_is_known_of_headers_is_what_bare_writes_have() -> None:
    assert IS_BARE_WRITE.judge(tuple(SAID_OF_BYTES))
    assert IS_PLAIN_PUT.judge(tuple(SAID_OF_BYTES))
    assert not IS_PLAIN_PUT.judge(("host", "host"))
    assert not IS_PLAIN_PUT.judge(("x-amz-checksum-type",))


def rules(s3: Any, bucket: str) -> None:
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})


def log(s3: Any, bucket: str) -> None:
    enabled = {"TargetBucket": bucket, "TargetPrefix": "log/"}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})


def payment(s3: Any, bucket: str) -> None:
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})


def encryption(s3: Any, bucket: str) -> None:
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [default]})


def policy(s3: Any, bucket: str) -> None:
    statement = f'{{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::{bucket}/*"}}'
    s3.put_bucket_policy(Bucket=bucket, Policy=f'{{"Version":"2012-10-17","Statement":[{statement}]}}')


@pytest.mark.parametrize("configure", [rules, log, payment, encryption, policy])
def test_a_bucket_that_has_more_to_say(house: House, configure: Any) -> None:
    name = house.server.make_bucket()
    head = house.head("PUT", f"/{name}/key", {}, CONTENT)
    house.known(head, CONTENT)
    assert house.begin(head, CONTENT) is not None
    configure(house.server.client(), name)
    assert house.begin(head, CONTENT) is None


def test_a_bucket_with_locks(house: House) -> None:
    name = house.server.make_bucket(locks=True)
    head = house.head("PUT", f"/{name}/key", {}, CONTENT)
    house.known(head, CONTENT)
    assert house.begin(head, CONTENT) is None


# --- deletes ---


@pytest.mark.parametrize("versioning", list(Versioning))
def test_the_same_deletion(house: House, versioning: Versioning) -> None:
    name = house.server.make_bucket(versioning)
    s3 = house.server.client()
    answers = []
    for ask in (house.known, house.begin):
        s3.put_object(Bucket=name, Key="key", Body=CONTENT)
        answers.append(ask(house.head("DELETE", f"/{name}/key"), b""))
        assert house.server.ask("GET", f"/{name}/key").status == 404
    long, straight = answers
    assert long is not None
    assert straight is not None
    assert shown(straight) == shown(long)
    assert long.reply.status == 204
    assert ("x-amz-delete-marker" in long.reply.headers) is (versioning is not Versioning.OFF)
    markers = s3.list_object_versions(Bucket=name).get("DeleteMarkers", [])
    assert len(markers) == {Versioning.OFF: 0, Versioning.SUSPENDED: 1, Versioning.ENABLED: 2}[versioning]


@pytest.mark.parametrize(
    ("key", "headers", "content"),
    [
        ("key?versionId=null", {}, b""),
        ("key", {"if-match": "*"}, b""),
        ("key", {"x-amz-bypass-governance-retention": "true"}, b""),
        ("key", {"x-amz-if-match-size": "1"}, b""),
        ("key", {"content-md5": MD5}, b""),
        ("key", {"x-amz-mfa": "1 1"}, b""),
        ("key?x-id=DeleteObject", {}, CONTENT),
    ],
)
def test_deletions_the_long_way(house: House, key: str, headers: dict[str, str], content: bytes) -> None:
    name = house.server.make_bucket()
    head = house.head("DELETE", f"/{name}/{key}", headers, content)
    house.known(head, content)
    assert house.begin(head, content) is None


# --- what happens while the commit is under way, on the wire ---


@pytest.fixture
def bucket(house: House) -> str:
    """Whose requests are known, so that the next of their shape begin at once."""
    name = house.server.make_bucket()
    for method, content in (("PUT", CONTENT), ("GET", b""), ("DELETE", b"")):
        with house.connection() as connection:
            connection.send(house.wire(method, f"/{name}/known", content))
            assert connection.receive(method).status in (200, 204)
    return name


def is_under_way(house: House, count: int = 1) -> Callable[[], bool]:
    return lambda: len(house.store.held) == count


def test_headers_are_kept_though_a_body_came_with_them(house: House, bucket: str) -> None:
    request = house.wire("PUT", f"/{bucket}/key", LARGE[:8192])
    with house.connection() as connection:
        connection.send(request)
        assert connection.receive("PUT").status == 200
    shape = house.head("PUT", f"/{bucket}/key", {}, LARGE[:8192]).headers.shape
    assert shape.last is not None
    assert shape.last[1]["content-length"] == "8192"


def in_flight(house: House) -> int:
    return house.gateway._observer.metrics.in_flight


def answer_when_released(
    house: House, request: bytes, failure: Exception | None = None, *, meanwhile: Callable[[], Any] = lambda: None
) -> Told:
    house.server.run(house.store.hold())
    with house.connection() as connection:
        connection.send(request)
        assert eventually(is_under_way(house), SECONDS)
        house.store.is_held = False
        meanwhile()
        assert house.server.run(house.store.release(failure)) == 1
        return connection.receive("PUT")


def test_answers_come_in_the_order_of_requests(house: House, bucket: str) -> None:
    """And each sees what the ones before it wrote."""
    house.server.run(house.store.hold())
    with house.connection() as connection:
        connection.send(house.wire("PUT", f"/{bucket}/a", CONTENT) + house.wire("GET", f"/{bucket}/a"))
        assert eventually(is_under_way(house), SECONDS)
        connection.send(house.wire("DELETE", f"/{bucket}/a") + house.wire("GET", f"/{bucket}/a"))
        assert house.server.run(house.store.release()) == 1
        answers = [connection.receive(method) for method in ("PUT", "GET", "DELETE", "GET")]
    assert [answer.status for answer in answers] == [200, 200, 204, 404]
    assert answers[1].body == CONTENT


def test_a_client_that_goes_leaves_its_object(house: House, bucket: str) -> None:
    assert eventually(lambda: in_flight(house) == 0, SECONDS)
    house.server.run(house.store.hold())
    with house.connection() as connection:
        connection.send(house.wire("PUT", f"/{bucket}/left", CONTENT))
        assert eventually(is_under_way(house), SECONDS)
    assert eventually(lambda: in_flight(house) == 1, SECONDS)
    assert house.server.run(house.store.release()) == 1
    assert eventually(lambda: in_flight(house) == 0, SECONDS)
    assert house.server.ask("GET", f"/{bucket}/left").body == CONTENT


def test_half_a_connection_is_answered(house: House, bucket: str) -> None:
    house.server.run(house.store.hold())
    address = urlsplit(house.server.endpoint)
    with socket.create_connection((address.hostname or "", address.port or 0), SECONDS) as client:
        client.sendall(house.wire("PUT", f"/{bucket}/half", CONTENT))
        client.shutdown(socket.SHUT_WR)
        assert eventually(is_under_way(house), SECONDS)
        assert house.server.run(house.store.release()) == 1
        told = b"".join(iter(lambda: client.recv(4096), b""))
    assert told.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (Unavailable("full", is_full=True), 507, "InsufficientStorage"),
        (Unavailable("in doubt"), 503, "ServiceUnavailable"),
        (ValueError("unforeseen"), 500, "InternalError"),
    ],
)
def test_what_fails_is_told(house: House, bucket: str, failure: Exception, status: int, code: str) -> None:
    told = answer_when_released(house, house.wire("PUT", f"/{bucket}/refused", CONTENT), failure)
    assert (told.status, told.code, told.text("Resource")) == (status, code, f"/{bucket}/refused")
    assert told.text("RequestId") == told.header("x-amz-request-id")
    assert house.server.ask("GET", f"/{bucket}/refused").status == 404
    assert eventually(lambda: in_flight(house) == 0, SECONDS)


def test_a_bucket_that_goes_meanwhile(house: House) -> None:
    name = house.server.make_bucket()
    house.known(house.head("PUT", f"/{name}/gone", {}, CONTENT), CONTENT)
    s3 = house.server.client()
    s3.delete_object(Bucket=name, Key="gone")
    request = house.wire("PUT", f"/{name}/gone", CONTENT)
    told = answer_when_released(house, request, meanwhile=lambda: s3.delete_bucket(Bucket=name))
    assert (told.status, told.code) == (404, "NoSuchBucket")


def test_versions_that_are_turned_on_meanwhile(house: House, bucket: str) -> None:
    request = house.wire("PUT", f"/{bucket}/moved", CONTENT)
    told = answer_when_released(
        house, request, meanwhile=lambda: house.server.set_versioning(bucket, Versioning.ENABLED)
    )
    assert told.status == 200
    version_id = told.header("x-amz-version-id")
    assert version_id
    assert house.server.ask("GET", f"/{bucket}/moved?versionId={version_id}").body == CONTENT


def test_versions_that_are_turned_on_before_a_deletion(house: House, bucket: str) -> None:
    request = house.wire("DELETE", f"/{bucket}/moved")
    told = answer_when_released(
        house, request, meanwhile=lambda: house.server.set_versioning(bucket, Versioning.ENABLED)
    )
    assert (told.status, told.header("x-amz-delete-marker")) == (204, "true")
    assert told.header("x-amz-version-id")
