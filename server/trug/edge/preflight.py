"""Pages of other origins: preflights answered, and what they may see of the answers to their requests."""

from __future__ import annotations

from contextlib import suppress

from trug.domain.configurations import CORS, HAS_CORS
from trug.domain.cors import METHODS, Grant, Rules, find_grant, unpack_rules
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import replace
from trug.engine.engine import Engine
from trug.ports.stores import Damaged, Unavailable
from trug.wire.reply import Reply
from trug.wire.request import WireRequest

PREFLIGHT = "OPTIONS"
VARY = {"vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"}
REFUSED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)
"""Spelled as S3 spells it."""


class CrossOrigin:
    """Asks the rules of buckets ("Using cross-origin resource sharing" in the Amazon S3 user guide)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def preflight(self, wire: WireRequest) -> Reply:
        """The answer to OPTIONS, which nobody signs.

        BadRequest where it says not enough to be a preflight; AccessForbidden where the bucket has no rule for it.
        """
        origin = wire.headers.get("origin")
        if not origin:
            raise S3Error(ErrorCode.BadRequest, "Insufficient information. Origin request header needed.")
        method = wire.headers.get("access-control-request-method")
        if method not in METHODS:
            shown = "null" if method is None else method
            raise S3Error(ErrorCode.BadRequest, f"Invalid Access-Control-Request-Method: {shown}")
        rules = await self._rules(wire)
        if rules is None:
            raise _forbidden(wire, method, ErrorCode.AccessForbidden.message)
        asked = names_in(wire.headers.get("access-control-request-headers", ""))
        grant = find_grant(rules, origin, method, asked)
        if grant is None:
            raise _forbidden(wire, method, REFUSED)
        return Reply(headers=granted(grant))

    async def shown(self, wire: WireRequest, reply: Reply) -> Reply:
        """The answer to a request with an Origin, errors as well, with what lets the page see it."""
        if wire.method == PREFLIGHT:
            return reply
        rules = None
        with suppress(Damaged, Unavailable):
            rules = await self._rules(wire)
        if rules is None:
            return reply
        grant = find_grant(rules, wire.headers.get("origin", ""), wire.method)
        return replace(reply, headers={**reply.headers, **(VARY if grant is None else granted(grant))})

    async def _rules(self, wire: WireRequest) -> Rules | None:
        name = wire.target.bucket
        bucket = None if name is None else await self._engine.buckets.find(name)
        if bucket is None or not bucket.configured & HAS_CORS:
            return None
        document = await self._engine.configurations.find(bucket, CORS)
        return None if document is None else unpack_rules(document)


def names_in(text: str) -> tuple[str, ...]:
    """The header names that a preflight lists, lower case."""
    return tuple(name.strip().lower() for name in text.split(",") if name.strip())


def granted(grant: Grant) -> dict[str, str]:
    """The headers of a grant, by lower-case name."""
    rule = grant.rule
    headers = {"access-control-allow-origin": grant.origin, "access-control-allow-methods": ", ".join(rule.methods)}
    if grant.headers:
        headers["access-control-allow-headers"] = ", ".join(grant.headers)
    if rule.exposed:
        headers["access-control-expose-headers"] = ", ".join(rule.exposed)
    if rule.max_age is not None:
        headers["access-control-max-age"] = str(rule.max_age)
    if grant.allows_credentials:
        headers["access-control-allow-credentials"] = "true"
    return headers | VARY


def _forbidden(wire: WireRequest, method: str, message: str) -> S3Error:
    target = wire.target
    kind = "SERVICE" if target.bucket is None else "BUCKET" if target.key is None else "OBJECT"
    return S3Error(ErrorCode.AccessForbidden, message, fields={"Method": method, "ResourceType": kind})
