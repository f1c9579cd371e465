"""A row of the table of query actions, and the families that rows are written in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from typing import Any, Generic, Literal, TypeVar

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.identity import Account, Identity
from trug.iam.api.answers import Structure
from trug.iam.api.context import values_of
from trug.iam.api.parameters import Parameters
from trug.iam.api.refusals import QueryCode, QueryError
from trug.iam.api.service_set import ServiceSet
from trug.iam.api.services import Service
from trug.iam.people import People
from trug.iam.sts.service import TokenService
from trug.wire.request import WireRequest

T = TypeVar("T")

NOTHING_TOLD: Mapping[str, tuple[str, ...]] = {}


@frozen
class Call:
    """One authenticated call of a query action: ``action`` is as policies call it (``iam:CreateUser``)."""

    services: ServiceSet
    identity: Identity
    parameters: Parameters
    wire: WireRequest
    action: str

    @property
    def account(self) -> Account:
        assert self.identity.account is not None  # noqa: S101 - the dispatcher refuses anonymous calls
        return self.identity.account

    @property
    def people(self) -> People:
        return self.services.people

    @property
    def tokens(self) -> TokenService:
        return self.services.tokens

    @property
    def tenant(self) -> str:
        """The id of the caller's account, beyond which nothing can be seen."""
        return self.account.id

    async def authorise(self, arn: str, values: Mapping[str, tuple[str, ...]] = NOTHING_TOLD) -> None:
        """AccessDenied, in IAM's words, for who may not do this on the ARN; ``values`` are of condition keys, by their
        lower-case names."""
        try:
            await self.services.authorise(self.identity, self.action, arn, values_of(self.wire, self.identity, values))
        except S3Error as error:
            if error.code is not ErrorCode.AccessDenied:
                raise
            raise QueryError(QueryCode.AccessDenied, error.message) from error


@frozen
class Subject(Generic[T]):
    """What an action is about: the ARN that it is authorised on, the condition values that go with it, and the thing.

    ``absence`` is raised, where the thing is not there, once the caller may know.
    """

    arn: str
    thing: T
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    absence: QueryError | None = None


Finder = Callable[[Call], Awaitable[Subject[T]]]
Handler = Callable[[Call, T], Awaitable[Structure | None]]
Kind = Literal["acts", "default", "declined"]
"""Does what AWS does; tells that there is nothing, as there never is; is not built and answers NotImplemented."""


@frozen
class Action:
    """One action: found subject → authorised → handled.

    A row without ``find`` decides itself who may; one that ``is_open`` takes requests that nobody signed. ``note`` says
    why a declined one is not built. A handler's None is an answer without a result.
    """

    name: str
    service: Service
    find: Finder[Any] | None
    handler: Handler[Any]
    is_open: bool = False
    kind: Kind = "acts"
    note: str = ""

    @property
    def label(self) -> str:
        """``iam:CreateUser``, as in policies, logs and metrics."""
        return f"{self.service.name}:{self.name}"


class Family:
    """A module's short table of one service's actions."""

    def __init__(self, service: Service, kind: Kind = "acts") -> None:
        self.service = service
        self.kind = kind
        self.rows: list[Action] = []

    def action(self, name: str, find: Finder[T]) -> Callable[[Handler[T]], Handler[T]]:
        """Add the decorated handler, which is given what ``find`` found once the caller may do this to it."""

        def add(handler: Handler[T]) -> Handler[T]:
            self.rows.append(Action(name, self.service, find, handler, kind=self.kind))
            return handler

        return add

    def unguarded(self, name: str, *, is_open: bool = False) -> Callable[[Handler[None]], Handler[None]]:
        """Add the decorated handler, which decides itself who may; ``is_open`` when callers need not sign."""

        def add(handler: Handler[None]) -> Handler[None]:
            self.rows.append(Action(name, self.service, None, handler, is_open))
            return handler

        return add

    def declined(self, name: str, reason: str, *, is_open: bool = False) -> None:
        """Add a row for an action that AWS has and that answers NotImplemented with the reason."""
        self.rows.append(Action(name, self.service, None, _declined, is_open, "declined", reason))


async def _declined(call: Call, _: None) -> None:
    raise AssertionError(f"{call.action} is declined before it is handled")
