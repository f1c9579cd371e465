"""Buckets as websites: pages for browsers instead of S3's documents."""

from __future__ import annotations

from html import escape
from http import HTTPStatus

from trug.access import actions
from trug.access.actions import Action
from trug.access.authority import Ask, Authority
from trug.domain.configurations import WEBSITE
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen, replace
from trug.domain.identity import ANONYMOUS, Identity
from trug.domain.website import CLIENT_ERRORS, Redirect, Website, folder_location, unpack_website
from trug.edge.logged import noted
from trug.engine.engine import Engine
from trug.observe import Trace
from trug.operations.call import Call
from trug.operations.context import NO_LIST, Context
from trug.operations.table import OperationTable
from trug.ports.rows import Bucket
from trug.wire.body import verified_body
from trug.wire.headers import REDIRECT_LOCATION
from trug.wire.payload import Payload
from trug.wire.reply import Reply
from trug.wire.request import Headers, Incoming, Target, WireRequest

LABEL = "Website"
HTML = "text/html; charset=utf-8"
METHODS = ("GET", "HEAD")
NO_HEADERS = Headers(())
UNVERSIONED = {**NO_LIST, "s3:versionid": None}
FOUND = 302


@frozen
class Visit:
    """A request to the website of an existing bucket; ``key`` is empty at its root."""

    wire: WireRequest
    bucket: Bucket
    site: Website
    key: str


class Websites:
    """The website endpoint ("Hosting a static website using Amazon S3" in its user guide).

    Nobody signs requests to it: whoever comes is ``visitor``, and may see what that identity may.
    """

    def __init__(
        self,
        *,
        table: OperationTable,
        engine: Engine,
        authority: Authority,
        regions: tuple[str, ...],
        host_id: str,
        visitor: Identity = ANONYMOUS,
    ) -> None:
        self._table = table
        self._engine = engine
        self._authority = authority
        self._regions = regions
        self._host_id = host_id
        self._visitor = visitor

    async def answer(self, wire: WireRequest, trace: Trace) -> Reply:
        """A document, a redirect, or what a site has to say about an error. S3Error for a site that is not there, for
        304, and for what is no fault of the visitor's."""
        trace.operation = LABEL
        visit = await self._visit(wire, trace)
        try:
            return await self._document(visit)
        except S3Error as error:
            if error.code.status not in CLIENT_ERRORS:
                raise
            trace.error = error.code.name
            return await self._explained(visit, error)

    async def _visit(self, wire: WireRequest, trace: Trace) -> Visit:
        name = wire.target.bucket or ""
        bucket = await self._engine.buckets.find(name)
        if bucket is None:
            raise S3Error(ErrorCode.NoSuchBucket, fields={"BucketName": name})
        trace.notes = noted(bucket, wire, self._visitor)
        stored = await self._engine.configurations.find(bucket, WEBSITE)
        if stored is None:
            raise S3Error(ErrorCode.NoSuchWebsiteConfiguration, fields={"BucketName": name})
        return Visit(wire, bucket, unpack_website(stored), wire.target.key or "")

    async def _document(self, visit: Visit) -> Reply:
        wire, site, key = visit.wire, visit.site, visit.key
        if wire.method not in METHODS:
            raise S3Error(
                ErrorCode.MethodNotAllowed,
                fields={"Method": wire.method[:32], "ResourceType": "OBJECT"},
                headers={"allow": ", ".join(METHODS)},
            )
        if site.elsewhere is not None:
            return _sent(visit, site.elsewhere, "")
        rule = site.find_rule(key)
        if rule is not None:
            return _sent(visit, rule.redirect, rule.prefix or "")
        try:
            reply = await self._read(visit, site.document_of(key), wire.headers)
        except S3Error as error:
            if error.code is ErrorCode.NoSuchKey and await self._is_folder(visit):
                return Reply(FOUND, {"location": folder_location(key)})
            raise await self._hidden(visit, error) from None
        location = reply.headers.get(REDIRECT_LOCATION)
        return reply if location is None else Reply(301, {"location": location})

    async def _read(self, visit: Visit, key: str, headers: Headers) -> Reply:
        """What the operation that a visitor's method means answers of an object. AccessDenied, NoSuchKey …"""
        await self._authorise(visit, actions.GET_OBJECT, key)
        target = Target(visit.bucket.name, key, visit.wire.target.path, is_virtual=True)
        wire = replace(visit.wire, target=target, headers=headers, query=(), raw_query="", parameters={})
        operation = self._table.resolve(wire.method, target, {}, headers)
        body = verified_body(wire, Payload(), streams=False)
        request = await operation.request.from_wire(Incoming.of(wire, body))
        call = Call(self._engine, self._visitor, wire, body, self._regions, self._authority, visit.bucket)
        reply: Reply = await operation.handler(call, request)
        return reply

    async def _is_folder(self, visit: Visit) -> bool:
        """Whether the path lacks no more than the slash behind it."""
        index = visit.site.index_of(visit.key)
        if index is None:
            return False
        try:
            await self._authorise(visit, actions.GET_OBJECT, index)
            await self._engine.objects.find(visit.bucket, index, None)
        except S3Error:
            return False
        return True

    async def _authorise(self, visit: Visit, action: Action, key: str | None) -> None:
        context = Context(visit.wire, self._visitor, action, visit.bucket, told=UNVERSIONED)
        await self._authority.authorise(Ask(self._visitor, action, context, visit.bucket, key))

    async def _hidden(self, visit: Visit, error: S3Error) -> S3Error:
        """That there is no such key is told to those who may list the keys."""
        if error.code is not ErrorCode.NoSuchKey:
            return error
        try:
            await self._authorise(visit, actions.LIST_BUCKET, None)
        except S3Error as refusal:
            return refusal
        return error

    async def _explained(self, visit: Visit, error: S3Error) -> Reply:
        """Where the site's rules send who met this error, its own error document, or a page of ours."""
        rule = visit.site.find_rule(visit.key, error.code.status)
        if rule is not None:
            return _sent(visit, rule.redirect, rule.prefix or "")
        page = error_page(error, request_id=visit.wire.request_id, host_id=self._host_id)
        if not visit.site.error or visit.wire.method not in METHODS:
            return page.reply()
        try:
            document = await self._read(visit, visit.site.error, NO_HEADERS)
        except S3Error as second:
            return page.reply(second)
        shown = {name: value for name, value in document.headers.items() if name != REDIRECT_LOCATION}
        return replace(document, status=error.code.status, headers={**shown, **page.headers})


def _sent(visit: Visit, redirect: Redirect, matched: str) -> Reply:
    wire = visit.wire
    host = wire.headers.get("host", "")
    location = redirect.location(visit.key, matched=matched, scheme=wire.scheme, host=host)
    return Reply(redirect.status, {"location": location})


# --- pages of errors ------------------------------------------------------------------------------------------------


@frozen
class ErrorPage:
    """An error as browsers see it ("Configuring a custom error document"): everything in it is escaped."""

    status: int
    items: tuple[tuple[str, str], ...]
    headers: dict[str, str]

    def reply(self, second: S3Error | None = None) -> Reply:
        """The page; ``second`` is what went wrong with the site's own error document."""
        title = f"{self.status} {HTTPStatus(self.status).phrase}"
        also = "" if second is None else f"<h3>{UNREADABLE}</h3>\n{_listed(_items(second))}"
        content = (
            f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n"
            f"{_listed(self.items)}{also}<hr/>\n</body>\n</html>\n"
        )
        return Reply(self.status, {"content-type": HTML, **self.headers}, content.encode("utf-8", "replace"))


UNREADABLE = "An Error Occurred While Attempting to Retrieve a Custom Error Document"


def error_page(error: S3Error, *, request_id: str, host_id: str) -> ErrorPage:
    """What is known of an error, as a page and as headers."""
    items = (*_items(error), ("RequestId", request_id), ("HostId", host_id))
    details = {f"x-amz-error-detail-{name.lower()}": value for name, value in error.fields.items()}
    headers = {"x-amz-error-code": error.code.name, "x-amz-error-message": error.message, **details, **error.headers}
    return ErrorPage(error.code.status, items, headers)


def _items(error: S3Error) -> tuple[tuple[str, str], ...]:
    return (("Code", error.code.name), ("Message", error.message), *error.fields.items())


def _listed(items: tuple[tuple[str, str], ...]) -> str:
    lines = "".join(f"<li>{name}: {escape(value)}</li>\n" for name, value in items)
    return f"<ul>\n{lines}</ul>\n"
