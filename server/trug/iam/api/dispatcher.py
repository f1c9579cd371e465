"""The way of a query request, for IAM and STS: body → parameters → who asks → may they → answer."""

from __future__ import annotations

import asyncio
import logging
import re
from hashlib import sha256
from typing import NamedTuple

from trug.auth.authenticate import Authenticator
from trug.auth.refusals import DIAGNOSIS
from trug.domain.errors import S3Error
from trug.domain.identity import Identity
from trug.iam.api.actions import Action, Call
from trug.iam.api.answers import Structure, failure, success
from trug.iam.api.catalogue import TABLE, ActionTable
from trug.iam.api.parameters import Parameters, read_parameters
from trug.iam.api.refusals import QueryCode, QueryError, query_error
from trug.iam.api.service_set import ServiceSet
from trug.iam.api.services import IAM, SERVICES, VERSIONS, Service
from trug.operations.acting import actor_of
from trug.ports.acting import acting
from trug.wire.reply import Reply
from trug.wire.request import WireRequest

logger = logging.getLogger(__name__)

METHODS = frozenset({"GET", "POST"})
FORM = "application/x-www-form-urlencoded"
CREDENTIAL = re.compile(r"[\s,]Credential=([^,\s]+)")
SMALL = 64 * 1024
"""The longest body that is read without more ado."""
LARGE = 2 * 1024 * 1024
"""The longest of all: simulations bring their policies along."""
LARGE_AT_ONCE = 8
OPEN_TO_SESSIONS = frozenset({"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:GetCallerIdentity"})


class Answered(NamedTuple):
    """An answer, and what logs and metrics are told of it; ``error`` is the code of a refusal."""

    reply: Reply
    operation: str
    error: str


class Progress:
    """How far a request has come: which service it is for, and which action, once that is known to be one."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.name = "Unresolved"

    @property
    def label(self) -> str:
        """``iam:CreateUser``: one of few, whatever clients send."""
        return f"{self.service.name}:{self.name}"


class QueryApi:
    """Answers the requests of the S3 port that are for IAM or STS."""

    def __init__(self, authenticator: Authenticator, services: ServiceSet, table: ActionTable = TABLE) -> None:
        self._authenticator = authenticator
        self._services = services
        self._table = table
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)

    def takes(self, wire: WireRequest) -> bool:
        """Whether a request, to no bucket, is for one of these services: one whose query names an action, a POST that
        is a form, unless its scope says otherwise, or whose scope says so."""
        claimed = claimed_service(wire)
        if claimed and claimed not in SERVICES:
            return False
        if wire.method in METHODS and "Action" in wire.parameters:  # minio-py posts nothing but a query
            return True
        return wire.method == "POST" and (bool(claimed) or content_type(wire) == FORM)

    async def answer(self, wire: WireRequest) -> Answered:
        """An answer in every case."""
        progress = Progress(SERVICES.get(claimed_service(wire), IAM))
        try:
            result = await self._result(wire, progress)
        except Exception as refusal:
            error = query_error(refusal)
            if error.code is QueryCode.InternalFailure:
                logger.exception("%s %s failed", progress.label, wire.request_id)
            elif isinstance(refusal, S3Error) and DIAGNOSIS in refusal.fields:
                logger.info("%s %s: %s", progress.label, wire.request_id, refusal.fields[DIAGNOSIS])
            return Answered(failure(progress.service, error, wire.request_id), progress.label, error.code.name)
        return Answered(success(progress.service, progress.name, result, wire.request_id), progress.label, "")

    async def _result(self, wire: WireRequest, progress: Progress) -> Structure | None:
        content = await self._content(wire)
        if not claimed_service(wire):
            progress.service = VERSIONS.get(read_query(wire, content).text("Version", default=""), IAM)
        service = progress.service
        caller = await self._authenticator.authenticate(wire, service.name, sha256(content).hexdigest())
        parameters = read_query(wire, content)
        action = self._action(service, parameters)
        progress.name = action.name
        if caller.identity.is_anonymous and not action.is_open:
            raise QueryError(QueryCode.MissingAuthenticationToken)
        check_session(caller.identity, action)
        if action.kind == "declined":
            raise QueryError(QueryCode.NotImplemented, f"{action.name} is not implemented: {action.note}")
        call = Call(self._services, caller.identity, parameters, wire, action.label)
        return await acting(actor_of(wire, caller.identity, action.label), perform(action, call))

    async def _content(self, wire: WireRequest) -> bytes:
        """The body, whole: a long one only of who claims to be somebody, and few at once."""
        body = wire.raw_body
        if (body.length or 0) <= SMALL or not claimed_service(wire):
            return await gathered(wire, SMALL)
        async with self._large:
            return await gathered(wire, LARGE)

    def _action(self, service: Service, parameters: Parameters) -> Action:
        name = parameters.text("Action", default="")
        if not name:
            raise QueryError(QueryCode.MissingAction, "Missing Action")
        version = parameters.text("Version", default="NO_VERSION_SPECIFIED")
        action = self._table.find(service, name) if version == service.version else None
        if action is None:
            raise QueryError(
                QueryCode.InvalidAction, f"Could not find operation {name[:128]} for version {version[:64]}"
            )
        return action


def check_session(identity: Identity, action: Action) -> None:
    """AccessDenied for what the sessions of users, roots and federated users may not ask, whatever their policies say:
    anything of IAM, and of STS what is not in OPEN_TO_SESSIONS ("Compare AWS STS credentials", of those without a
    second factor)."""
    session = identity.session
    if session is None or identity.role or session.provider or action.label in OPEN_TO_SESSIONS:
        return
    raise QueryError(QueryCode.AccessDenied, f"Cannot call {action.name} with session credentials")


async def perform(action: Action, call: Call) -> Structure | None:
    """Find what a call is about, have it authorised, and only then tell whether it is there."""
    if action.find is None:
        return await action.handler(call, None)
    subject = await action.find(call)
    await call.authorise(subject.arn, subject.values)
    if subject.absence is not None:
        raise subject.absence
    return await action.handler(call, subject.thing)


def read_query(wire: WireRequest, content: bytes) -> Parameters:
    """The parameters of a request, from its query and its body."""
    return read_parameters(wire.raw_query, content.decode("latin-1"))


async def gathered(wire: WireRequest, limit: int) -> bytes:
    """The whole body. RequestEntityTooLarge above so many bytes."""
    body = wire.raw_body
    if body.length is not None and body.length > limit:
        raise QueryError(QueryCode.RequestEntityTooLarge, f"A request has {limit} bytes at most.")
    pieces, size = [], 0
    while piece := await body.read():
        size += len(piece)
        if size > limit:
            raise QueryError(QueryCode.RequestEntityTooLarge, f"A request has {limit} bytes at most.")
        pieces.append(piece)
    return b"".join(pieces)


def content_type(wire: WireRequest) -> str:
    return wire.headers.get("content-type", "").partition(";")[0].strip().lower()


def claimed_service(wire: WireRequest) -> str:
    """The service in the scope that a request claims to be signed for, "" where it has none."""
    found = CREDENTIAL.search(wire.headers.get("authorization", ""))
    credential = found[1] if found else wire.parameters.get("X-Amz-Credential", "")
    parts = credential.rsplit("/", 2)
    return parts[1] if len(parts) == 3 else ""
