"""Permission for a request of anybody but the plain owner of its bucket: asked before it is interpreted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from trug.access import actions
from trug.access.actions import Action
from trug.access.authority import GUARDED, Ask, Authority, is_of_account
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.identity import Identity
from trug.operations.context import NO_LIST, NOTHING_TOLD, Context, Told
from trug.operations.operation import Operation
from trug.ports.rows import Bucket
from trug.wire.request import Headers, Incoming, WireRequest

ABSENT = (ErrorCode.NoSuchKey, ErrorCode.NoSuchVersion)
COPIES = frozenset({"CopyObject", "UploadPartCopy"})
"""What they did not find may be in another bucket: they know who may know."""


class Asking:
    """What is asked of the authority about one request; ``fields`` are those of a form, ``key`` the one it means."""

    def __init__(
        self,
        authority: Authority,
        operation: Operation[Any],
        wire: WireRequest,
        identity: Identity,
        found: Bucket | None,
        *,
        key: str | None = None,
        fields: Headers | None = None,
    ) -> None:
        self._authority = authority
        self._operation = operation
        self._wire = wire
        self._identity = identity
        self._found = found
        self._key = wire.target.key if key is None else key
        self._fields = fields

    def is_let_at_hand(self) -> bool:
        """Whether a plan lets him, where no document has a say: so most requests that are not the plain owner's go
        through for the price of a look-up."""
        operation, found = self._operation, self._found
        if found is None or operation.asks_itself or operation.tells is not None:
            return False
        action = action_of(operation, self._wire)
        return self._authority.allows_at_hand(self._identity, action, found, self._key, self._value)

    def _value(self, key: str) -> tuple[str, ...] | None:
        """The value of a condition key, where a plan asks for one."""
        return self._context(action_of(self._operation, self._wire), NOTHING_TOLD)(key)

    async def before(self) -> None:
        """AccessDenied for who may not, where that can be told before the request is read.

        What asks for itself, thing by thing, is refused at once to who comes from elsewhere where nothing can let him.
        """
        found = self._found
        if self._operation.asks_itself:
            if found is None or not (found.configured & GUARDED or is_of_account(self._identity, found.account)):
                raise S3Error(ErrorCode.AccessDenied)
        elif self._operation.tells is None:
            await self._authorise(NOTHING_TOLD)

    async def demand(self) -> None:
        """AccessDenied for who may not do the operation itself."""
        await self._authorise(NOTHING_TOLD)

    def read(self, incoming: Incoming) -> Awaitable[Any]:
        """The request's model. AccessDenied for who may not, whatever else may be wrong with the request."""
        tells, from_wire = self._operation.tells, self._operation.request.from_wire
        return from_wire(incoming) if tells is None else self._told(from_wire(incoming), tells)

    async def _told(self, reading: Awaitable[Any], tells: Callable[[Any], Told]) -> Any:
        try:
            request = await reading
        except S3Error:
            await self._authorise(NOTHING_TOLD)
            raise
        await self._authorise(tells(request))
        return request

    async def hidden(self, error: S3Error) -> S3Error:
        """The error, or instead of one that tells there is no such key the refusal to list, to who may not."""
        if error.code not in ABSENT or self._found is None or self._operation.name in COPIES:
            return error
        refusal = await self._authority.find_refusal(self._ask(actions.LIST_BUCKET, NO_LIST, None))
        return error if refusal is None else refusal

    async def _authorise(self, told: Told) -> None:
        action = action_of(self._operation, self._wire)
        await self._authority.authorise(self._ask(action, told, self._key))

    def _ask(self, action: Action, told: Told, key: str | None) -> Ask:
        wire, context = self._wire, self._context(action, told)
        version_id = None if key is None else wire.parameters.get("versionId")
        name = wire.target.bucket or ""
        upload_id = wire.parameters.get("uploadId")
        return Ask(self._identity, action, context, self._found, key, version_id, name, upload_id=upload_id)

    def _context(self, action: Action, told: Told) -> Context:
        return Context(self._wire, self._identity, action, self._found, headers=self._fields, told=told)


def action_of(operation: Operation[Any], wire: WireRequest) -> Action:
    """A request for a version needs the permission for versions."""
    if operation.versioned_action is not None and "versionId" in wire.parameters:
        return operation.versioned_action
    return operation.action
