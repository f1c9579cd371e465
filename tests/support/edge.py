"""A gateway over hand-made rows: the edge alone, with what stands behind it said in a line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from tests.support.clock import HandClock

from trug.access import actions
from trug.access.authority import Authority
from trug.access.grants import NobodyGranted
from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.metadata import MemoryMetadata
from trug.auth.authentication import Authentication
from trug.domain.identity import ANONYMOUS, Account, Identity
from trug.edge.gateway import Gateway
from trug.edge.health import Readiness
from trug.edge.incoming import EdgeSettings
from trug.observe import AccessLog, Observer
from trug.operations.call import Call
from trug.operations.operation import Operation
from trug.operations.table import OperationTable
from trug.ports.rows import Bucket
from trug.wire.payload import Payload
from trug.wire.reply import Reply
from trug.wire.request import Headers, Incoming, WireRequest

OWNER = Identity(Account("111111111111", "c1"), access_key="AK")
STRANGER = Identity(Account("222222222222", "c2"), access_key="AK2")
BUCKET = Bucket(1, "b", "111111111111", "eu-north-1", 0)

Handler = Callable[[Call, Any], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Nothing:
    """A request model without input."""

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> Self:
        return cls()


async def hello(call: Call, request: Nothing) -> Reply:
    return Reply(headers={"etag": '"e"'}, body=b"hello")


async def swallow(call: Call, request: Nothing) -> Reply:
    """Reads the whole body and tells its length."""
    return Reply(body=str(len(await call.body.read(1 << 20))).encode())


def row(name: str, route: str, handler: Handler = hello, **more: Any) -> Operation[Any]:
    return Operation(name, route, more.pop("action", actions.GET_OBJECT), Nothing, handler, **more)


ROWS = (
    row("ListBuckets", "GET /"),
    row("CreateBucket", "PUT /{Bucket}", makes_bucket=True),
    row("HeadBucket", "HEAD /{Bucket}"),
    row("GetObject", "GET /{Bucket}/{Key+}", versioned_action=actions.GET_OBJECT_VERSION),
    row("PutObject", "PUT /{Bucket}/{Key+}", swallow, streams=True),
)


@dataclass
class Signed:
    """An authenticator that knows already, but at its leisure."""

    identity: Identity = OWNER
    seen: list[WireRequest] = field(default_factory=list)

    def recognise(self, method: str, path: str, query: str, headers: Headers, received: int) -> None:
        return None

    async def authenticate(self, wire: WireRequest, service: str) -> Authentication:
        self.seen.append(wire)
        return Authentication(self.identity, Payload())


@dataclass
class OneBucket:
    """An engine that holds ``BUCKET`` and nothing else, or fails."""

    failure: Exception | None = None

    @property
    def buckets(self) -> Self:
        return self

    def known(self, name: str) -> Bucket | None:
        return None

    async def find(self, name: str) -> Bucket | None:
        if self.failure is not None:
            raise self.failure
        return BUCKET if name == BUCKET.name else None


def gateway_of(
    *rows: Operation[Any],
    identity: Identity = OWNER,
    failure: Exception | None = None,
    settings: EdgeSettings | None = None,
    log: AccessLog | None = None,
) -> Gateway:
    """A gateway over ``ROWS``, of which ``rows`` replace those of the same name."""
    names = {each.name for each in rows}
    return Gateway(
        table=OperationTable([*rows, *(each for each in ROWS if each.name not in names)]),
        authenticator=Signed(identity),  # type: ignore[arg-type]
        engine=OneBucket(failure),  # type: ignore[arg-type]
        authority=Authority(MemoryMetadata(HandClock(), MemoryBlobs()), NobodyGranted()),
        settings=settings or EdgeSettings(),
        observer=Observer(log=log),
        clock=HandClock(),
        readiness=lambda: Readiness(is_ready=True, durability="none", store="ok"),
    )


NOBODY = ANONYMOUS
