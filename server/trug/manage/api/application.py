"""The management port as one Starlette application: the table of endpoints, and the way of every request."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
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
from trug.manage.api.bodies import OTHER_BODY, SIGNED_CHUNKS, Inlet, declared_length
from trug.manage.api.callers import Callers, client_of, pairs_of, wire_of
from trug.manage.api.conditions import as_policies_see
from trug.manage.api.endpoint import Endpoint, Family, Later
from trug.manage.api.problems import Problem, bad_request, problem_of, unauthenticated
from trug.manage.api.rates import Rates
from trug.manage.api.reading import read_json, read_query
from trug.manage.api.visit import Surroundings, Visit
from trug.observe import Observer, Trace
from trug.operations.acting import actor_of
from trug.ports.acting import acting_as
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

ALWAYS_SAID = [(name.encode(), value.encode()) for name, value in ALWAYS.items()]

PROBLEM_TYPE = "application/problem+json"
ENCODER = msgspec.json.Encoder()
UNWATCHED = 0.05


@frozen
class House:
    """What all endpoints share."""

    surroundings: Surroundings
    callers: Callers
    observer: Observer
    rates: Rates


def application(house: House, families: Sequence[Family], extra: Iterable[Route] = ()) -> Starlette:
    """All endpoints of ``families`` at each of their prefixes, and the routes that are no endpoints (documentation)."""
    entrances = _entrances(house, families)
    routes = [Route(path, entrance, methods=list(entrance.methods)) for path, entrance in entrances.items()]
    return Application(
        {path: entrance for path, entrance in entrances.items() if "{" not in path},
        routes=[*extra, *routes],
        exception_handlers={404: _nowhere, 405: _no_method},
    )


class Application(Starlette):
    """Paths without parameters are found in a table: Starlette looks at one route after the other, through middleware
    that what answers here does not need, which took a third of what a short request takes. All else, wrong methods
    among it, is Starlette's, but that a path with another slash is another path: nobody is sent from
    ``/items/%2e%2e%2f`` to ``/items/..``."""

    def __init__(self, entrances: Mapping[str, Entrance], **settings: Any) -> None:
        super().__init__(**settings)
        self.router.redirect_slashes = False
        self._entrances = entrances

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        entrance = self._entrances.get(scope.get("path", ""))
        if entrance is None or scope.get("method") not in entrance.methods:
            await super().__call__(scope, receive, send)
        else:
            await entrance(scope, receive, send)


def _entrances(house: House, families: Sequence[Family]) -> dict[str, Entrance]:
    """One for each path: Starlette answers 405 itself where only the method is wrong."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for family in families:
        for prefix in family.prefixes:
            for row in family.rows:
                by_path.setdefault(prefix + row.path, {})[row.method] = row
    return {path: Entrance(house, rows) for path, rows in by_path.items()}


class Entrance:
    """The ASGI application of one path."""

    def __init__(self, house: House, rows: dict[str, Endpoint]) -> None:
        self._house = house
        self._rows = rows
        self.methods = frozenset(rows)

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
        trace.client = client_of(request)
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
        said = {name for name, _ in response.raw_headers}
        response.raw_headers += [header for header in ALWAYS_SAID if header[0] not in said]
        response.raw_headers.append((b"x-request-id", trace.request_id.encode()))
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
        seen = as_policies_see(wire, row.heeds)
        visit = Visit(house.surroundings, caller.identity, request, seen, inlet, trace)
        with acting_as(actor_of(wire, caller.identity, f"api:{row.name}")):
            if row.form is not None:
                return shown(row, await handled(row, visit, asked))
            with Presence(inlet):
                return shown(row, await handled(row, visit, asked))

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
    """Hold the body against what was signed: here, or as it will be read. Problem 400 for chunks that are signed each,
    which this port does not take."""
    if body is None:
        inlet.expect(payload)
    elif payload.mode not in (Mode.LITERAL, Mode.UNSIGNED):
        raise bad_request(SIGNED_CHUNKS)
    elif payload.mode is Mode.LITERAL and payload.sha256 != sha256(body).hexdigest():
        raise unauthenticated(OTHER_BODY)


class Presence:
    """A block of the current task that ends when the client has gone: with Problem 400.

    Nobody looks in the first ``UNWATCHED`` seconds: what is done by then is done, and a task that watches would take a
    tenth of a short request.
    """

    def __init__(self, inlet: Inlet) -> None:
        self._inlet = inlet
        self._watching: asyncio.Task[None] | None = None
        self._has_gone = self._is_over = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine enters
        self._task, self._cancelling = task, task.cancelling()
        self._timer = asyncio.get_running_loop().call_later(UNWATCHED, self._watch)

    def _watch(self) -> None:
        self._watching = asyncio.ensure_future(self._inlet.gone())
        self._watching.add_done_callback(self._end)

    def _end(self, watching: asyncio.Task[None]) -> None:
        if not watching.cancelled() and not self._is_over:
            self._has_gone = True
            self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._is_over = True
        self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()
        if self._has_gone and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise Problem(400, "the client has gone")


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
