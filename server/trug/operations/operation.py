"""A row of the operation table, and the families that rows are written in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, Literal, Protocol, Self, TypeVar

from trug.access.actions import Action
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.engine.engine import Engine
from trug.operations.call import Call
from trug.operations.context import Told
from trug.ports.rows import Bucket
from trug.wire.payload import Payload
from trug.wire.reply import Reply
from trug.wire.request import Headers, Incoming, Rule, WholeBody

Q_co = TypeVar("Q_co", covariant=True)


class RequestModel(Protocol):
    """A frozen dataclass of one operation's input."""

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> Self:
        """Read headers, query and, where the operation has a document, the body. S3Error for what is not valid."""
        ...


Q = TypeVar("Q", bound=RequestModel)
Handler = Callable[[Call, Any], Awaitable[Reply]]

Kind = Literal["acts", "kept", "default", "declined"]
"""Does what AWS does; keeps and shows configuration that nothing acts on; tells that nobody configured anything; is not
built and answers 501."""


@frozen
class AtHand:
    """How an operation on a key answers at once (edge.straight).

    A request without query, with headers whose names ``fits`` finds to ask for nothing but the whole, from the plain
    owner of the bucket (``access.authority.is_plain_owner``), is answered by ``answer`` out of memory: with what the
    handler would answer, or None.
    """

    fits: Rule[bool]
    answer: Callable[[Engine, Bucket, str], Reply | None]


@frozen
class Pending:
    """An answer to be waited for: ``shown`` makes it of what was ``made``. Where that failed, ``mended`` is asked, and
    raises what the handler would raise, or answers after all."""

    made: asyncio.Future[Any]
    shown: Callable[[Any], Reply]
    mended: Callable[[Exception], Awaitable[Reply]]


@frozen
class Submitting:
    """How an operation that writes a key begins at once, as ``AtHand`` answers.

    ``fits`` knows all names that headers may have there, each once. ``begin`` is given the body and how it was signed,
    and does what the handler does up to the commit, or nothing: then it answers None, or raises. S3Error, Unavailable.
    """

    fits: Rule[bool]
    begin: Callable[[Engine, Bucket, str, Headers, WholeBody, Payload], Pending | None]


@frozen
class Operation(Generic[Q_co]):
    """One operation of S3.

    ``route`` is spelled as AWS's API reference spells it (``PUT /{Bucket}/{Key+}?tagging``); a required header that
    tells two operations apart stands behind it in braces (``PUT /{Bucket}/{Key+} {x-amz-copy-source}``).
    ``versioned_action`` replaces ``action`` when the request has a versionId. ``streams`` is true of the two
    operations that take aws-chunked bodies without signatures. ``makes_bucket`` is true where the bucket in the path
    need not exist. ``in_form`` is true where the body is a form, whose fields say who asks and for what. ``may_last``
    is true where the answer, a document, begins after some seconds though the work is not done (edge.lasting).
    ``asks_itself`` is true where the handler asks for permission, thing by thing. ``tells`` gives what only a request's
    document says to policies; then permission is asked for when it was read. ``at_hand`` is there where requests may be
    answered without the handler. ``note`` is what the list of operations says beside the name: the default answer, or
    why not.
    """

    name: str
    route: str
    action: Action
    request: type[Any]
    handler: Handler
    versioned_action: Action | None = None
    streams: bool = False
    makes_bucket: bool = False
    in_form: bool = False
    may_last: bool = False
    asks_itself: bool = False
    tells: Callable[[Any], Told] | None = None
    at_hand: AtHand | Submitting | None = None
    kind: Kind = "acts"
    note: str = ""


BEYOND_THE_MODEL = frozenset({"PostObject"})
"""Operations that AWS's API reference has and its service model, whose operations are counted, has not."""


def not_built(name: str) -> S3Error:
    """NotImplemented, to be raised, naming the operation."""
    return S3Error(ErrorCode.NotImplemented, f"The operation {name} is not implemented.")


class Family:
    """A module's short table of operations."""

    def __init__(self) -> None:
        self.rows: list[Operation[Any]] = []

    def operation(
        self,
        name: str,
        route: str,
        *,
        action: Action,
        request: type[Q],
        versioned_action: Action | None = None,
        streams: bool = False,
        makes_bucket: bool = False,
        in_form: bool = False,
        may_last: bool = False,
        asks_itself: bool = False,
        tells: Callable[[Q], Told] | None = None,
        at_hand: AtHand | Submitting | None = None,
        kept: str = "",
    ) -> Callable[[Callable[[Call, Q], Awaitable[Reply]]], Callable[[Call, Q], Awaitable[Reply]]]:
        """Add the decorated handler to the table under AWS's ``name``. ``kept`` says what does not come of what it
        keeps, where that is so."""

        def add(handler: Callable[[Call, Q], Awaitable[Reply]]) -> Callable[[Call, Q], Awaitable[Reply]]:
            self.rows.append(
                Operation(
                    name=name,
                    route=route,
                    action=action,
                    request=request,
                    handler=handler,
                    versioned_action=versioned_action,
                    streams=streams,
                    makes_bucket=makes_bucket,
                    in_form=in_form,
                    may_last=may_last,
                    asks_itself=asks_itself,
                    tells=tells,
                    at_hand=at_hand,
                    kind="kept" if kept else "acts",
                    note=kept,
                )
            )
            return handler

        return add
