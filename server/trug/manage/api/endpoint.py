"""A row of the table of endpoints, and the families that rows are written in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple

from trug.domain.frozen import frozen
from trug.manage.api.problems import Mistake
from trug.manage.api.visit import Surroundings, Visit

Check = Callable[[Surroundings, Mapping[str, Any]], Iterable[Mistake]]
Handler = Callable[[Visit, Any], Awaitable[Any]]

ORDINARY = 30.0
"""In seconds: how long an answer may take."""
LARGEST_DOCUMENT = 1 << 20


@frozen
class Endpoint:
    """One thing that the management port can do.

    ``path`` has its parameters in braces (``/items/{id}``). ``query`` and ``body`` are the schemas of the query (path
    parameters among them) and of the JSON document, ``form`` describes a form whose parts the handler reads itself;
    the handler is given the one that there is, None where there is none. ``answer`` is the schema of what it returns,
    None for nothing (204) or, with ``media``, for bytes of that type; ``later`` the schema of what it returns as
    ``Later`` (202), where the work goes on. ``refuses`` are the statuses of its refusals, ``also`` other statuses that
    it answers the same with. ``check`` finds mistakes in a document that its schema cannot. ``heeds`` are the
    parameters that conditions of policies see: those that the handler goes by as S3 does. ``is_open`` to anybody; all
    others need an identity. It has ``seconds``
    (a form as many as an upload), None where only idleness ends it.
    """

    name: str
    method: str
    path: str
    summary: str
    tag: str
    handler: Handler
    query: type[Any] | None = None
    body: type[Any] | None = None
    form: type[Any] | None = None
    answer: Any = None
    status: int = 200
    later: Any = None
    media: str = ""
    refuses: frozenset[int] = frozenset()
    is_open: bool = False
    seconds: float | None = ORDINARY
    largest: int = LARGEST_DOCUMENT
    also: tuple[int, ...] = ()
    check: Check | None = None
    heeds: frozenset[str] = frozenset()


class Later(NamedTuple):
    """What a handler returns when the work goes on without the client."""

    answer: Any


class Family:
    """A service's short table of endpoints; ``prefixes`` is where they are found, the first of them documented."""

    def __init__(self, tag: str, description: str, *prefixes: str) -> None:
        self.tag = tag
        self.description = description
        self.prefixes = prefixes
        self.rows: list[Endpoint] = []

    def endpoint(
        self,
        name: str,
        route: str,
        summary: str,
        *,
        query: type[Any] | None = None,
        body: type[Any] | None = None,
        form: type[Any] | None = None,
        answer: Any = None,
        status: int = 200,
        later: Any = None,
        media: str = "",
        refuses: tuple[int, ...] = (),
        is_open: bool = False,
        seconds: float | None = ORDINARY,
        largest: int = LARGEST_DOCUMENT,
        also: tuple[int, ...] = (),
        check: Check | None = None,
        heeds: tuple[str, ...] = (),
    ) -> Callable[[Handler], Handler]:
        """Add the decorated handler to the table; ``route`` is ``GET /list``."""
        method, _, path = route.partition(" ")

        def add(handler: Handler) -> Handler:
            self.rows.append(
                Endpoint(
                    name=name,
                    method=method,
                    path=path,
                    summary=summary,
                    tag=self.tag,
                    handler=handler,
                    query=query,
                    body=body,
                    form=form,
                    answer=answer,
                    status=status,
                    later=later,
                    media=media,
                    refuses=frozenset(refuses),
                    is_open=is_open,
                    seconds=seconds,
                    largest=largest,
                    also=also,
                    check=check,
                    heeds=frozenset(heeds),
                )
            )
            return handler

        return add
