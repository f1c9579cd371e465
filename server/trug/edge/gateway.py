"""The pipeline from a request to its answer, written once."""

from __future__ import annotations

import logging
from asyncio import BaseTransport
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from trug.access.authority import Authority, is_plain_owner
from trug.access.payment import CHARGED, is_charged
from trug.auth.authenticate import Authentication, Authenticator
from trug.auth.refusals import DIAGNOSIS, forms_are_signed_by_policy
from trug.domain.configurations import HAS_METRICS, HAS_REQUEST_PAYMENT
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen, replace
from trug.domain.identity import ANONYMOUS, Identity
from trug.domain.names import check_bucket_name
from trug.edge.accelerated import check_acceleration, not_there
from trug.edge.arriving import Empty
from trug.edge.asking import Asking
from trug.edge.control import ACCOUNT_ID, LABEL, AccountControl, is_meant
from trug.edge.control import VERSION as CONTROL
from trug.edge.health import RESERVED, Health, Readiness
from trug.edge.incoming import LARGEST_PAYLOAD, Arriving, EdgeSettings, Head, Intake, with_hoisted_headers
from trug.edge.lasting import in_time
from trug.edge.logged import NOTICED, lines_of, noted, object_size, tls_of
from trug.edge.metered import Meter, turn_around
from trug.edge.preflight import PREFLIGHT, CrossOrigin
from trug.edge.render import AT_HAND, BODILESS, Letterhead, begun, error_reply
from trug.edge.straight import Straight
from trug.edge.website import Websites, error_page
from trug.engine.engine import Engine
from trug.iam.api.dispatcher import QueryApi
from trug.jobs.access_logs import AccessLogs
from trug.observe import Observer, Trace
from trug.operations.acting import actor_of
from trug.operations.call import Call
from trug.operations.noting import Note
from trug.operations.operation import Operation, Pending, not_built
from trug.operations.table import OperationTable
from trug.ports.acting import acting
from trug.ports.keys import Clock
from trug.ports.rows import Bucket
from trug.ports.stores import Damaged, Unavailable
from trug.wire.body import verified_body
from trug.wire.form import read_form
from trug.wire.reply import Reply
from trug.wire.request import Incoming, WholeBody, WireRequest

logger = logging.getLogger(__name__)

ASIDE = RESERVED | {CONTROL}
"""Where a path begins that is no bucket's, or need not be."""

NO_BODY = Empty()
READING = frozenset({"GET", "HEAD"})
"""What changes nothing. All that is managed is of a bucket or of none, so requests on a key need no actor either."""


@frozen
class Answer:
    """What is sent: the reply, and the lines that stand on every answer."""

    reply: Reply
    trace: Trace
    letterhead: str


@frozen
class Underway:
    """What was begun at once, and is to be answered when it is done; ``received`` in µs since 1970."""

    head: Head
    received: int
    pending: Pending
    trace: Trace


class Gateway:
    """Answers the requests of the S3 port, whichever door they come in by.

    ``readiness`` tells ``/-/ready`` how the store is; ``clock`` says when a request came in; ``visitor`` is who comes
    to websites, where nobody signs; ``queries`` answers what is for IAM and STS; ``meter`` counts for buckets with
    metrics configurations.
    """

    def __init__(
        self,
        *,
        table: OperationTable,
        authenticator: Authenticator,
        engine: Engine,
        authority: Authority,
        settings: EdgeSettings,
        observer: Observer,
        clock: Clock,
        readiness: Callable[[], Readiness],
        access_logs: AccessLogs | None = None,
        visitor: Identity = ANONYMOUS,
        queries: QueryApi | None = None,
        meter: Meter | None = None,
    ) -> None:
        self._table = table
        self._authenticator = authenticator
        self._engine = engine
        self._authority = authority
        self._regions = settings.regions
        self._answer_within = settings.answer_within
        self._observer = observer
        self._queries = queries
        self.access_logs = access_logs
        self.meter = meter
        self._clock = clock
        self._intake = Intake(settings)
        self.max_header_bytes = settings.max_header_bytes
        self._cross_origin = CrossOrigin(engine)
        self._websites = Websites(
            table=table,
            engine=engine,
            authority=authority,
            regions=settings.regions,
            host_id=observer.host_id,
            visitor=visitor,
        )
        self._control = AccountControl(authenticator, authority, engine, observer.host_id)
        self._letterhead = Letterhead(observer.host_id)
        self._straight = Straight(table=table, authenticator=authenticator, engine=engine, intake=self._intake)
        self._health = Health(
            readiness=readiness,
            metrics=observer.metrics,
            token=settings.metrics_token,
            request_metrics=None if meter is None else meter.metrics,
        )

    async def answer(self, wire: WireRequest, trace: Trace, caller: Authentication | None = None) -> Reply:
        """The way of a request: who asks, may they, and only then what is there (the bucket alone before that)."""
        received, wire = wire, with_hoisted_headers(wire) if wire.parameters else wire
        operation = self._table.resolve(wire.method, wire.target, wire.parameters, wire.headers)
        trace.operation = operation.name
        if operation.kind == "declined":
            raise not_built(operation.name)
        caller = caller or await self._authenticator.authenticate(received, "s3")
        if operation.in_form:
            return await self._answer_form(operation, wire, trace, caller.identity)
        found = await self._found(wire, operation)
        charges = False
        if found is not None and found.configured & NOTICED:
            wire, charges = await self._notice(found, wire, caller.identity, trace)
        asking = None
        if found is None or not is_plain_owner(caller.identity, found):
            asking = Asking(self._authority, operation, wire, caller.identity, found)
            if not asking.is_let_at_hand():
                await asking.before()
        body = verified_body(wire, caller.payload, streams=operation.streams)
        incoming = Incoming.of(wire, body)
        request = await (operation.request.from_wire(incoming) if asking is None else asking.read(incoming))
        call = Call(self._engine, caller.identity, wire, body, self._regions, self._authority, found, trace)
        try:
            if operation.may_last:
                reply = await self._in_time(operation, call, request, trace)
            elif wire.target.key is None and wire.method not in READING:
                actor = actor_of(wire, caller.identity, f"s3:{operation.name}")
                reply = await acting(actor, handled(operation, call, request))
            else:
                reply = await operation.handler(call, request)
        except S3Error as error:
            if asking is None:
                raise
            raise await asking.hidden(error) from error
        return replace(reply, headers=reply.headers | CHARGED) if charges else reply

    async def _notice(
        self, bucket: Bucket, wire: WireRequest, identity: Identity, trace: Trace
    ) -> tuple[WireRequest, bool]:
        """As ``notices``, with the request to go on with."""
        meter = self.meter if bucket.configured & HAS_METRICS else None
        if meter is None:
            return wire, notices(bucket, wire, identity, trace)
        wire = meter.timed(wire)
        charges = notices(bucket, wire, identity, trace)
        if wire.method == "DELETE" and trace.notes is not None:
            trace.notes = [await meter.before(note) for note in trace.notes]
        return wire, charges

    async def _in_time(self, operation: Operation[Any], call: Call, request: Any, trace: Trace) -> Reply:
        """As the handler answers, or begun before it does."""

        work, key = handled(operation, call, request), call.wire.target.key or ""
        return await in_time(work, self._answer_within, key, lambda failure: self._refusal(failure, call.wire, trace))

    async def _answer_form(self, operation: Operation[Any], wire: WireRequest, trace: Trace, signer: Identity) -> Reply:
        """The same way for a form: its fields say who asks and for which key, and are what else are headers."""
        if not signer.is_anonymous:
            asking = Asking(self._authority, operation, wire, signer, await self._found(wire, operation), key="")
            await asking.demand()
            raise forms_are_signed_by_policy()
        form = await read_form(wire)
        permit = await self._authenticator.authenticate_form(form.fields, wire.target.bucket or "")
        identity = permit.identity
        found = await self._found(wire, operation)
        charges = found is not None and notices(found, wire, identity, trace)
        if trace.notes is not None:
            trace.notes = [replace(note, key=form.key) for note in trace.notes]
        headers = form.headers
        asking = Asking(self._authority, operation, wire, identity, found, key=form.key, fields=headers)
        await asking.before()
        form.file.limit(permit.smallest, min(permit.largest, LARGEST_PAYLOAD))
        body = form.body(headers)
        request = await asking.read(Incoming(wire, body, headers, {}, wire.target.bucket or "", form.key))
        call = Call(self._engine, identity, wire, body, self._regions, self._authority, found, trace, headers)
        reply: Reply = await operation.handler(call, request)
        return replace(reply, headers=reply.headers | CHARGED) if charges else reply

    async def _found(self, wire: WireRequest, operation: Operation[Any]) -> Bucket | None:
        """The bucket of the path or host; that there is none, or none that is reached this way, is told to anybody."""
        name = wire.target.bucket
        if name is None or operation.makes_bucket:
            if wire.target.is_accelerated:
                raise not_there(operation.name)
            return None
        bucket = self._engine.buckets.known(name) or await self._engine.buckets.find(name)
        if bucket is None:
            check_bucket_name(name)
            raise S3Error(ErrorCode.NoSuchBucket, fields={"BucketName": name})
        if wire.headers.get("x-amz-expected-bucket-owner", bucket.account) != bucket.account:
            raise S3Error(ErrorCode.AccessDenied)
        if wire.target.is_accelerated:
            await check_acceleration(self._engine, bucket, operation.name)
        return bucket

    def at_once(self, head: Head, body: WholeBody = NO_BODY) -> tuple[Answer | Underway | None, Authentication | None]:
        """The answer, where there is one that needs no waiting, or the beginning of one that waits for its commit
        alone; else None and, where it was found out, who asks: that is for ``respond``, which answers then. ``finish``
        ends what this begins."""
        received = self._clock.now()
        try:
            caller, operation, reply = self._straight.find(head, body, received)
        except (S3Error, Unavailable):
            return None, None
        except Exception:
            logger.exception("no answer to %s %s was found at once", head.method, head.path)
            return None, None
        if operation is None or reply is None:
            return None, caller
        trace = self._begun(head, received)
        trace.operation = operation.name
        if isinstance(reply, Pending):
            return Underway(head, received, reply, trace), caller
        trace.status = reply.status
        return Answer(reply, trace, self._letterhead.text(trace.request_id, received)), caller

    def made(self, underway: Underway) -> Answer:
        """The answer to what was begun, when it is done. Raises what it failed by: that is for ``failed``."""
        pending, trace = underway.pending, underway.trace
        reply = pending.shown(pending.made.result())
        trace.status = reply.status
        return Answer(reply, trace, self._letterhead.text(trace.request_id, underway.received))

    async def failed(self, underway: Underway, body: Arriving, failure: Exception) -> Answer:
        """The answer to what was begun and has failed: that of the long way."""
        received, trace = underway.received, underway.trace
        try:
            reply = await underway.pending.mended(failure)
        except Exception as error:
            wire = self._intake.wire(underway.head, body, request_id=trace.request_id, received=received)
            reply = self._refusal(error, wire, trace)
            await self._note_unseen(wire, trace)
        trace.status = reply.status
        if trace.notes is not None:
            trace.notes = await self._measured(trace.notes, trace.operation, reply)
        return Answer(reply, trace, self._letterhead.text(trace.request_id, received))

    async def respond(self, head: Head, body: Arriving, caller: Authentication | None = None) -> Answer:
        """An answer in every case: whatever went wrong, S3 has a word for it. ``finish`` ends what this begins.
        ``caller`` is who asks, where ``at_once`` has told."""
        received = self._clock.now()
        trace = self._begun(head, received)
        reply = await self._outcome(head, body, trace, received, caller)
        trace.status = reply.status
        if trace.notes is not None:
            trace.notes = await self._measured(trace.notes, trace.operation, reply)
        return Answer(reply, trace, self._letterhead.text(trace.request_id, received))

    def _begun(self, head: Head, received: int) -> Trace:
        agent = head.headers.get("user-agent", "")
        return self._observer.begin(head.method, head.path or "", head.query, received, head.client, agent)

    async def _outcome(
        self, head: Head, body: Arriving, trace: Trace, received: int, caller: Authentication | None
    ) -> Reply:
        wire: WireRequest | None = None
        try:
            wire = self._intake.wire(head, body, request_id=trace.request_id, received=received)
            trace.client = wire.client
            if wire.target.bucket in ASIDE or (wire.target.is_virtual and ACCOUNT_ID in wire.headers):
                aside = await self._aside(wire, trace)
                if aside is not None:
                    return aside
            if head.method == PREFLIGHT:
                trace.operation = "Preflight"
                reply = await self._cross_origin.preflight(wire)
                await self._note_unseen(wire, trace)
            elif wire.target.is_website:
                reply = await self._websites.answer(wire, trace)
                await self._note_unseen(wire, trace)
            elif wire.target.bucket is None and self._queries is not None and self._queries.takes(wire):
                reply, trace.operation, trace.error = await self._queries.answer(wire)
            else:
                reply = await self.answer(wire, trace, caller)
            if head.method != "HEAD" and not isinstance(reply.body, AT_HAND):
                reply = await begun(reply)
        except Exception as failure:
            reply = self._refusal(failure, wire, trace)
            await self._note_unseen(wire, trace)
        if "origin" in head.headers and wire is not None:
            reply = await self._cross_origin.shown(wire, reply)
        if head.method == "HEAD" and wire is not None and wire.target.key is None:
            reply = await self._with_region(reply, wire)
        return reply

    async def _aside(self, wire: WireRequest, trace: Trace) -> Reply | None:
        """The answer to what is about no bucket, though its path reads like one."""
        probed = await self._health.find(wire) if wire.target.bucket in RESERVED else None
        if probed is not None:
            trace.operation, reply = probed
            return reply
        if not is_meant(wire):
            return None
        trace.operation = LABEL
        reply, trace.operation, trace.error = await self._control.answer(wire)
        return reply

    def refuse(self, code: ErrorCode, client: str) -> Answer:
        """The answer to what is no request at all. ``finish`` ends it."""
        received = self._clock.now()
        trace = self._observer.begin("-", "", "", received, client)
        trace.operation, trace.status, trace.error = "Unparsed", code.status, code.name
        reply = error_reply(S3Error(code), resource="", request_id=trace.request_id, host_id=self._observer.host_id)
        return Answer(reply, trace, self._letterhead.text(trace.request_id, received))

    def finish(self, trace: Trace, body: Arriving, seconds: float, transport: BaseTransport | None = None) -> None:
        """The answer was sent, or could not be, over ``transport``; it all took ``seconds``."""
        trace.bytes_in = body.received
        if trace.notes is not None:
            self._tell(trace, trace.notes, seconds, transport)
        self._observer.end(trace, seconds)

    def _tell(self, trace: Trace, notes: list[Note], seconds: float, transport: BaseTransport | None) -> None:
        """Put what was noted of the request into the access logs and metrics of its buckets."""
        trace.notes = None
        if self.meter is not None:
            self.meter.count(notes, trace, seconds)
        if self.access_logs is None:
            return
        trace.ms = seconds * 1000
        for line in lines_of(trace, notes, self._observer.host_id, tls_of(transport)):
            self.access_logs.add(*line)

    async def _note_unseen(self, wire: WireRequest | None, trace: Trace) -> None:
        """What is refused before its bucket was looked at, and what went another way, belongs into the bucket's log
        and metrics too."""
        if trace.notes is not None or wire is None or wire.target.bucket is None:
            return
        with suppress(Damaged, Unavailable):
            bucket = await self._engine.buckets.find(wire.target.bucket)
            if bucket is not None:
                trace.notes = noted(bucket, wire)

    async def _measured(self, notes: list[Note], operation: str, reply: Reply) -> list[Note]:
        """With what the answer tells of the object in question, and how long it took until it could begin."""
        first, *others = notes
        if not first.operation:
            took = turn_around(first, self._clock.now())
            notes = [replace(first, size=object_size(operation, first.wire, reply), turn_around=took), *others]
        return notes if self.meter is None else await self.meter.filed(notes, operation, reply)

    def _refusal(self, failure: Exception, wire: WireRequest | None, trace: Trace) -> Reply:
        error = error_of(failure)
        trace.error = error.code.name
        if error.code is ErrorCode.InternalError:
            logger.error("%s %s failed", trace.operation, trace.request_id, exc_info=failure)
        elif error is not failure:
            logger.warning("%s %s: %s", trace.operation, trace.request_id, failure)
        elif DIAGNOSIS in error.fields:
            logger.info("%s %s: %s", trace.operation, trace.request_id, error.fields[DIAGNOSIS])
        if wire is not None and wire.target.is_website and error.code.status not in BODILESS:
            return error_page(error, request_id=trace.request_id, host_id=self._observer.host_id).reply()
        resource = trace.path if wire is None or not wire.target.is_virtual else f"/{wire.target.bucket}{trace.path}"
        return error_reply(error, resource=resource, request_id=trace.request_id, host_id=self._observer.host_id)

    async def _with_region(self, reply: Reply, wire: WireRequest) -> Reply:
        """SDKs learn a bucket's region by HEAD, from refusals too."""
        if wire.target.bucket is None or wire.target.is_website:
            return reply
        with suppress(Damaged, Unavailable):
            bucket = await self._engine.buckets.find(wire.target.bucket)
            if bucket is not None:
                return replace(reply, headers={**reply.headers, "x-amz-bucket-region": bucket.region})
        return reply


async def handled(operation: Operation[Any], call: Call, request: Any) -> Reply:
    """As the handler answers."""
    reply: Reply = await operation.handler(call, request)
    return reply


def notices(bucket: Bucket, wire: WireRequest, identity: Identity, trace: Trace) -> bool:
    """Note the request where the bucket has a log or metrics; whether the requester is charged for it. AccessDenied."""
    trace.notes = noted(bucket, wire, identity)
    return bool(bucket.configured & HAS_REQUEST_PAYMENT) and is_charged(identity, bucket, wire.headers)


def error_of(failure: Exception) -> S3Error:
    """What S3 calls it; a failure that nobody foresaw is InternalError."""
    if isinstance(failure, S3Error):
        return failure
    if isinstance(failure, Unavailable):
        return S3Error(ErrorCode.InsufficientStorage if failure.is_full else ErrorCode.ServiceUnavailable)
    return S3Error(ErrorCode.InternalError)
