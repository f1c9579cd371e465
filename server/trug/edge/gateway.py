"""The pipeline from a request to its answer, written once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from trug.access.actions import Action
from trug.access.authorise import authorise
from trug.auth.authenticate import Authenticator
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.identity import Identity
from trug.domain.names import check_bucket_name
from trug.edge.health import RESERVED, Health, Readiness
from trug.edge.incoming import AsgiBody, EdgeSettings, Intake, Receive, Scope, Send, peer_of, with_hoisted_headers
from trug.edge.render import ClientGone, Letterhead, begun, deliver, error_reply
from trug.engine.engine import Engine
from trug.observe import Observer, Trace
from trug.operations.call import Call
from trug.operations.operation import Operation, not_built
from trug.operations.table import OperationTable
from trug.ports.keys import Clock
from trug.ports.rows import Bucket
from trug.ports.stores import Damaged, Unavailable
from trug.wire.body import verified_body
from trug.wire.reply import Reply
from trug.wire.request import Headers, Incoming, WireRequest

logger = logging.getLogger(__name__)


class Gateway:
    """The ASGI application of the S3 port.

    ``readiness`` tells ``/-/ready`` how the store is; ``clock`` says when a request came in.
    """

    def __init__(
        self,
        *,
        table: OperationTable,
        authenticator: Authenticator,
        engine: Engine,
        settings: EdgeSettings,
        observer: Observer,
        clock: Clock,
        readiness: Callable[[], Readiness],
    ) -> None:
        self._table = table
        self._authenticator = authenticator
        self._engine = engine
        self._regions = settings.regions
        self._observer = observer
        self._clock = clock
        self._intake = Intake(settings)
        self._letterhead = Letterhead(observer.host_id)
        self._health = Health(readiness=readiness, metrics=observer.metrics, token=settings.metrics_token)

    async def answer(self, wire: WireRequest, trace: Trace) -> Reply:
        """The way of a request: who asks, may they, and only then what is there (the bucket alone before that)."""
        received, wire = wire, with_hoisted_headers(wire)
        operation = self._table.resolve(wire.method, wire.target, wire.parameters, wire.headers)
        trace.operation = operation.name
        if operation.kind == "declined":
            raise not_built(operation.name)
        caller = await self._authenticator.authenticate(received, "s3")
        found = await self._found(wire, operation, caller.identity)
        authorise(caller.identity, action_of(operation, wire), found, wire.target.key)
        body = verified_body(wire, caller.payload, streams=operation.streams)
        request = await operation.request.from_wire(Incoming(wire, body))
        call = Call(self._engine, caller.identity, wire, body, self._regions, found)
        reply: Reply = await operation.handler(call, request)
        return reply

    async def _found(self, wire: WireRequest, operation: Operation[Any], identity: Identity) -> Bucket | None:
        """The bucket of the path; that there is none is told to anybody who is authenticated."""
        name = wire.target.bucket
        if name is None or operation.makes_bucket:
            return None
        bucket = await self._engine.buckets.find(name)
        if bucket is None:
            if identity.is_anonymous:
                raise S3Error(ErrorCode.AccessDenied)
            check_bucket_name(name)
            raise S3Error(ErrorCode.NoSuchBucket, fields={"BucketName": name})
        if wire.headers.get("x-amz-expected-bucket-owner", bucket.account) != bucket.account:
            raise S3Error(ErrorCode.AccessDenied)
        return bucket

    # --- ASGI ---

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live_through(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1002})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        received = self._clock.now()
        headers = Headers(scope["headers"])
        body = AsgiBody(receive, headers)
        trace = self._begin(scope, headers, received)
        try:
            reply = await self._outcome(scope, headers, body, trace, received)
            lines = self._letterhead.lines(trace.request_id, received)
            await deliver(reply, lines=lines, body=body, receive=receive, send=send, trace=trace)
        except ClientGone:
            trace.error = "ClientGone"
        except BaseException as failure:
            trace.error = type(failure).__name__
            raise
        finally:
            trace.bytes_in = body.received
            self._observer.end(trace, time.perf_counter() - began)

    def _begin(self, scope: Scope, headers: Headers, received: int) -> Trace:
        path = (scope.get("raw_path") or b"").decode("latin-1")
        trace = self._observer.begin(scope["method"], path, scope["query_string"].decode("latin-1"), received)
        trace.client = peer_of(scope)
        trace.user_agent = headers.get("user-agent") or ""
        return trace

    async def _outcome(self, scope: Scope, headers: Headers, body: AsgiBody, trace: Trace, received: int) -> Reply:
        """An answer in every case: whatever went wrong, S3 has a word for it."""
        wire: WireRequest | None = None
        try:
            wire = self._intake.wire(scope, headers, body, request_id=trace.request_id, received=received)
            trace.client = wire.client
            probed = await self._health.find(wire) if wire.target.bucket in RESERVED else None
            if probed is not None:
                trace.operation, reply = probed
                return reply
            reply = await self.answer(wire, trace)
            if trace.method != "HEAD":
                reply = await begun(reply)
        except Exception as failure:
            reply = self._refusal(failure, wire, trace)
        return await self._with_region(reply, wire) if trace.method == "HEAD" else reply

    def _refusal(self, failure: Exception, wire: WireRequest | None, trace: Trace) -> Reply:
        error = error_of(failure)
        trace.error = error.code.name
        if error.code is ErrorCode.InternalError:
            logger.error("%s %s failed", trace.operation, trace.request_id, exc_info=failure)
        elif error is not failure:
            logger.warning("%s %s: %s", trace.operation, trace.request_id, failure)
        resource = trace.path if wire is None or not wire.target.is_virtual else f"/{wire.target.bucket}{trace.path}"
        return error_reply(error, resource=resource, request_id=trace.request_id, host_id=self._observer.host_id)

    async def _with_region(self, reply: Reply, wire: WireRequest | None) -> Reply:
        """SDKs learn a bucket's region by HEAD, from refusals too."""
        if wire is None or wire.target.key is not None or wire.target.bucket is None:
            return reply
        with suppress(Damaged, Unavailable):
            bucket = await self._engine.buckets.find(wire.target.bucket)
            if bucket is not None:
                return replace(reply, headers={**reply.headers, "x-amz-bucket-region": bucket.region})
        return reply


def action_of(operation: Operation[Any], wire: WireRequest) -> Action:
    """A request for a version needs the permission for versions."""
    if operation.versioned_action is not None and "versionId" in wire.parameters:
        return operation.versioned_action
    return operation.action


def error_of(failure: Exception) -> S3Error:
    """What S3 calls it; a failure that nobody foresaw is InternalError."""
    if isinstance(failure, S3Error):
        return failure
    if isinstance(failure, Unavailable):
        return S3Error(ErrorCode.InsufficientStorage if failure.is_full else ErrorCode.ServiceUnavailable)
    return S3Error(ErrorCode.InternalError)


async def _live_through(receive: Receive, send: Send) -> None:
    """The lifespan protocol, where nobody above us has opened and closes the store."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
