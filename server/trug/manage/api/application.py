"""The management port as one Starlette application: the table of endpoints, and the way of every request."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from contextlib import suppress
from functools import partial
from hashlib import sha256
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trug.domain.errors import S3Error
from trug.domain.frozen import frozen
from trug.manage.api.bodies import OTHER_BODY, Inlet, declared_length
from trug.manage.api.callers import Callers, pairs_of, wire_of
from trug.manage.api.endpoint import Endpoint, Family, Later
from trug.manage.api.problems import Problem, problem_of, unauthenticated
from trug.manage.api.rates import Rates
from trug.manage.api.reading import read_json, read_query
from trug.manage.api.visit import Surroundings, Visit
from trug.observe import Observer, Trace
from trug.operations.acting import actor_of
from trug.ports.acting import acting
from trug.wire.payload import Mode, Payload

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "cache-control": "no-store",
}
"""On every answer that does not say otherwise: nothing of it runs in a browser."""

PROBLEM_TYPE = "application/problem+json"
ENCODER = msgspec.json.Encoder()


@frozen
class House:
    """What all endpoints share."""

    surroundings: Surroundings
    callers: Callers
    observer: Observer
    rates: Rates


def application(house: House, families: Sequence[Family], extra: Iterable[Route] = ()) -> Starlette:
    """All endpoints of ``families`` at each of their prefixes, and the routes that are no endpoints (documentation)."""
    return Starlette(routes=[*extra, *_routes(house, families)], exception_handlers={404: _nowhere, 405: _no_method})


def _routes(house: House, families: Sequence[Family]) -> Iterable[Route]:
    """A route for each path: Starlette answers 405 itself where only the method is wrong."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for family in families:
        for prefix in family.prefixes:
            for row in family.rows:
                by_path.setdefault(prefix + row.path, {})[row.method] = row
    for path, rows in by_path.items():
        yield Route(path, Entrance(house, rows), methods=list(rows))


class Entrance:
    """The ASGI application of one path."""

    def __init__(self, house: House, rows: dict[str, Endpoint]) -> None:
        self._house = house
        self._rows = rows

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        row = self._rows.get(request.method) or self._rows["GET"]
        observer, began = self._house.observer, time.perf_counter()
        trace = observer.begin(
            request.method,
            scope["path"],
            scope["query_string"].decode("latin-1"),
            self._house.surroundings.clock.now(),
        )
        trace.operation = row.name
        trace.client = request.client.host if request.client else ""
        trace.user_agent = request.headers.get("user-agent", "")
        inlet = Inlet(receive, declared_length(request.headers.get("content-length")))
        try:
            response = await self._response(row, request, inlet, trace)
            trace.status = response.status_code
            await response(scope, receive, _settling(_counting(send, trace), inlet))
        except Exception as failure:  # an answer that breaks off: what serves it closes the connection
            trace.error = type(failure).__name__
            logger.info("%s %s was cut off: %s", row.name, trace.request_id, failure)
        finally:
            trace.bytes_in = inlet.received
            observer.end(trace, time.perf_counter() - began)

    async def _response(self, row: Endpoint, request: Request, inlet: Inlet, trace: Trace) -> Response:
        try:
            async with asyncio.timeout(self._seconds(row)):
                response = await self._answer(row, request, inlet, trace)
        except Exception as failure:
            problem = problem_of(failure)
            trace.error = failure.code.name if isinstance(failure, S3Error) else type(failure).__name__
            if problem.status == 500:
                logger.exception("%s %s failed", row.name, trace.request_id)
            response = refused(problem, request)
            if not inlet.is_finished and (inlet.length or inlet.length is None):
                response.headers["connection"] = "close"
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        response.headers["x-request-id"] = trace.request_id
        return response

    def _seconds(self, row: Endpoint) -> float | None:
        return row.seconds if row.form is None else self._house.surroundings.upload_seconds

    async def _answer(self, row: Endpoint, request: Request, inlet: Inlet, trace: Trace) -> Response:
        """Who asks, are they not too many, what exactly, and then the handler."""
        house = self._house
        wire = wire_of(request, inlet, trace.request_id, house.surroundings.clock.now())
        body = await inlet.whole(row.largest) if row.form is None else None
        try:
            caller = await house.callers.identify(request, wire, body)
        except Problem:
            house.rates.take(trace.client)
            raise
        if caller.identity.is_anonymous and not row.is_open:
            raise unauthenticated()
        house.rates.take(caller.identity.arn if not caller.identity.is_anonymous else trace.client)
        check_payload(inlet, caller.payload, body)
        asked = None if body is None else self._asked(row, request, body)
        visit = Visit(house.surroundings, caller.identity, request, wire, inlet, trace)
        work = acting(actor_of(wire, caller.identity, f"api:{row.name}"), handled(row, visit, asked))
        return shown(row, await (work if row.form is not None else _while_there(inlet, work)))

    def _asked(self, row: Endpoint, request: Request, body: bytes) -> Any:
        named = tuple((name, str(value)) for name, value in request.path_params.items())
        if row.body is not None:
            around, check = self._house.surroundings, row.check
            document = read_json(row.body, body, None if check is None else partial(check, around))
            return document if row.query is None else (self._queried(row, request, named), document)
        return None if row.query is None else self._queried(row, request, named)

    def _queried(self, row: Endpoint, request: Request, named: tuple[tuple[str, str], ...]) -> Any:
        assert row.query is not None  # noqa: S101 - the caller looked
        return read_query(row.query, named + pairs_of(request.scope["query_string"].decode("latin-1")))


async def handled(row: Endpoint, visit: Visit, asked: Any) -> Any:
    """As the handler answers."""
    return await row.handler(visit, asked)


def check_payload(inlet: Inlet, payload: Payload, body: bytes | None) -> None:
    """Hold the body against what was signed: here, or as it will be read."""
    if body is None:
        inlet.expect(payload)
    elif payload.mode is Mode.LITERAL and payload.sha256 != sha256(body).hexdigest():
        raise unauthenticated(OTHER_BODY)


async def _while_there(inlet: Inlet, work: Awaitable[Any]) -> Any:
    """What ``work`` gives; it ends when the client has gone. IncompleteBody then."""
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(inlet.gone())
    try:
        await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Problem(400, "the client has gone")
    finally:
        for task in (working, watching):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait((working, watching))


def shown(row: Endpoint, answer: Any) -> Response:
    """What a handler returned, as its row says it is shown."""
    if isinstance(answer, Response):
        return answer
    if isinstance(answer, Later):
        return Response(ENCODER.encode(answer.answer), 202, media_type="application/json")
    if answer is None and row.answer is None:
        return Response(status_code=204)
    return Response(ENCODER.encode(answer), row.status, media_type="application/json")


def refused(problem: Problem, request: Request) -> Response:
    """A problem as JSON: ``{"error": text}``, or RFC 9457's form for who asked for that."""
    mistakes = [{"field": mistake.field, "error": mistake.text} for mistake in problem.mistakes]
    if PROBLEM_TYPE in request.headers.get("accept", ""):
        content: dict[str, Any] = {"type": "about:blank", "title": problem.text, "status": problem.status}
        media = PROBLEM_TYPE
    else:
        content, media = {"error": problem.text}, "application/json"
    content |= problem.more
    if mistakes:
        content["mistakes"] = mistakes
    return Response(ENCODER.encode(content), problem.status, headers=problem.headers, media_type=media)


async def _nowhere(request: Request, _: Exception) -> Response:
    return refused(Problem(404, "there is nothing here", headers=ALWAYS), request)


async def _no_method(request: Request, error: Exception) -> Response:
    headers = dict(getattr(error, "headers", None) or {})
    return refused(Problem(405, "the method is not allowed here", headers=ALWAYS | headers), request)


def _settling(send: Send, inlet: Inlet) -> Send:
    """Before an answer ends, what the client is still sending is read."""

    async def settled(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body") and not inlet.is_finished:
            await send({**message, "more_body": True})
            await inlet.discard()
            message = {"type": "http.response.body", "body": b""}
        await send(message)

    return settled


def _counting(send: Send, trace: Trace) -> Send:
    async def counted(message: MutableMapping[str, Any]) -> None:
        trace.bytes_out += len(message.get("body", b""))
        await send(message)

    return counted
