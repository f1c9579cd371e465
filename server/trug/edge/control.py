"""What S3 Control's clients ask of an account on S3's port: its public access block."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NamedTuple

from trug.access import actions
from trug.access.actions import Action
from trug.access.authority import Ask, Authority
from trug.auth.authenticate import Authenticator
from trug.domain.errors import ErrorCode, S3Error
from trug.edge.render import control_error_reply
from trug.engine.engine import Engine
from trug.operations.acting import actor_of
from trug.operations.context import Context
from trug.ports.acting import acting
from trug.wire.body import verified_body
from trug.wire.documents.guarding import LIMIT, block_content, parse_block
from trug.wire.reply import XML, Reply
from trug.wire.request import WireRequest
from trug.wire.xml import document

# After "Amazon S3 Control" in the Amazon S3 API reference, version 2018-08-20. Its paths begin with its version, which
# buckets may be called too: what only these clients send tells them apart.

VERSION = "v20180820"
BLOCK = "configuration/publicAccessBlock"
ACCOUNT_ID = "x-amz-account-id"
LABEL = "S3Control"


class Answered(NamedTuple):
    """An answer, what it is counted as, and the code of a refusal, empty where there is none."""

    reply: Reply
    label: str
    error: str


class Row(NamedTuple):
    """An operation: its name, what the caller must be allowed, and what it does."""

    name: str
    action: Action
    handle: Callable[[Engine, str, bytes], Coroutine[Any, Any, Reply]]


def is_meant(wire: WireRequest) -> bool:
    """Whether a request is for S3 Control. SDKs put the account before the host's name: where that is a name that
    buckets are hosts under, the account looks like one of them."""
    target, headers = wire.target, wire.headers
    if ACCOUNT_ID not in headers or target.is_website:
        return False
    if target.is_virtual:
        return target.bucket == headers[ACCOUNT_ID] and (target.key or "").startswith(f"{VERSION}/")
    return target.bucket == VERSION


class AccountControl:
    """Answers what concerns the caller's own account."""

    def __init__(self, authenticator: Authenticator, authority: Authority, engine: Engine, host_id: str) -> None:
        self._authenticator = authenticator
        self._authority = authority
        self._engine = engine
        self._host_id = host_id

    async def answer(self, wire: WireRequest) -> Answered:
        """An answer in every case but that of a failure which nobody foresaw."""
        target = wire.target
        path = target.key if not target.is_virtual else (target.key or "").removeprefix(f"{VERSION}/")
        row = ROWS.get(wire.method) if path == BLOCK else None
        label = LABEL if row is None else f"{LABEL}:{row.name}"
        try:
            return Answered(await self._reply(row, wire), label, "")
        except S3Error as error:
            reply = control_error_reply(error, request_id=wire.request_id, host_id=self._host_id)
            return Answered(reply, label, error.code.name)

    async def _reply(self, row: Row | None, wire: WireRequest) -> Reply:
        caller = await self._authenticator.authenticate(wire, "s3")
        identity, account = caller.identity, wire.headers[ACCOUNT_ID]
        if row is None:
            raise S3Error(ErrorCode.NotImplemented, "Of S3 Control there is the public access block of an account.")
        if identity.account is None or identity.account.id != account:
            raise S3Error(ErrorCode.AccessDenied)
        await self._authority.authorise(Ask(identity, row.action, Context(wire, identity, row.action)))
        body = verified_body(wire, caller.payload, streams=False)
        content = await body.read(LIMIT)
        return await acting(actor_of(wire, identity, row.action), row.handle(self._engine, account, content))


async def put_block(engine: Engine, account: str, content: bytes) -> Reply:
    if not await engine.guards.block_account(account, parse_block(content)):
        raise S3Error(ErrorCode.AccessDenied)
    return Reply()


async def get_block(engine: Engine, account: str, _: bytes) -> Reply:
    block = await engine.guards.account_block(account)
    if block is None:
        raise S3Error(ErrorCode.NoSuchPublicAccessBlockConfiguration, fields={"AccountId": account})
    body = document("PublicAccessBlockConfiguration", block_content(block))
    return Reply(headers={"content-type": XML}, body=body)


async def delete_block(engine: Engine, account: str, _: bytes) -> Reply:
    await engine.guards.block_account(account, None)
    return Reply(204)


ROWS: Mapping[str, Row] = {
    "PUT": Row("PutPublicAccessBlock", actions.PUT_ACCOUNT_PUBLIC_ACCESS_BLOCK, put_block),
    "GET": Row("GetPublicAccessBlock", actions.GET_ACCOUNT_PUBLIC_ACCESS_BLOCK, get_block),
    "DELETE": Row("DeletePublicAccessBlock", actions.PUT_ACCOUNT_PUBLIC_ACCESS_BLOCK, delete_block),
}
