"""Probes and metrics: ``/-/live``, ``/-/ready``, ``/-/metrics`` and the paths that MinIO's users have configured."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

import msgspec

from trug.domain.errors import ErrorCode, S3Error
from trug.edge.incoming import address_of
from trug.jobs.request_metrics import RequestMetrics
from trug.observe import Metrics
from trug.wire.reply import Reply
from trug.wire.request import WireRequest

JSON = "application/json"
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
RESERVED = frozenset({"-", "minio"})


class Readiness(msgspec.Struct, frozen=True):
    """How the store is: ``store`` in a word (``ok``, ``closed`` …), ``durability`` the level in force."""

    is_ready: bool = msgspec.field(name="ready")
    durability: str
    store: str


class Health:
    """Answers what is neither S3 nor authenticated, on the bare host only."""

    def __init__(
        self,
        *,
        readiness: Callable[[], Readiness],
        metrics: Metrics,
        token: str = "",
        request_metrics: RequestMetrics | None = None,
    ) -> None:
        self._readiness = readiness
        self._metrics = metrics
        self._request_metrics = request_metrics
        self._token = token.encode()
        live, ready = self._live, self._ready
        self._probes: dict[tuple[str, str], tuple[str, Callable[[WireRequest], Awaitable[Reply]]]] = {
            ("-", "live"): ("Live", live),
            ("-", "ready"): ("Ready", ready),
            ("-", "metrics"): ("Metrics", self._exposition),
            ("minio", "health/live"): ("Live", live),
            ("minio", "health/ready"): ("Ready", ready),
            ("minio", "health/cluster"): ("Ready", ready),
        }

    async def find(self, wire: WireRequest) -> tuple[str, Reply] | None:
        """The label and the answer of a path that is ours, None for all of S3.

        On a virtual host these paths are ordinary keys. ``/-/…`` that we do not have is 404.
        """
        target = wire.target
        if target.bucket not in RESERVED or target.is_virtual:
            return None
        label, probe = self._probes.get((target.bucket, target.key or ""), ("Unknown", self._unknown))
        if probe == self._unknown and target.bucket != "-":
            return None
        if wire.method not in ("GET", "HEAD"):
            raise S3Error(ErrorCode.MethodNotAllowed, headers={"allow": "GET, HEAD"})
        return label, await probe(wire)

    async def _live(self, _: WireRequest) -> Reply:
        return Reply(200, headers={"content-type": JSON}, body=b'{"live":true}')

    async def _ready(self, _: WireRequest) -> Reply:
        readiness = self._readiness()
        status = 200 if readiness.is_ready else 503
        return Reply(status, headers={"content-type": JSON}, body=msgspec.json.encode(readiness))

    async def _exposition(self, wire: WireRequest) -> Reply:
        if not self._may_measure(wire):
            raise S3Error(ErrorCode.AccessDenied)
        figures = self._metrics.together()
        lines = self._metrics.lines(figures)
        if self._request_metrics is not None:
            lines += await self._request_metrics.lines(figures.measured)
        return Reply(200, headers={"content-type": PROMETHEUS}, body=("\n".join(lines) + "\n").encode())

    async def _unknown(self, wire: WireRequest) -> Reply:
        raise S3Error(ErrorCode.NoSuchKey, "There is nothing of this name here.", fields={"Key": wire.target.path})

    def _may_measure(self, wire: WireRequest) -> bool:
        """By bearer token when one is configured, else from loopback, unless a proxy nobody trusts stands there."""
        if self._token:
            given = (wire.headers.get("authorization") or "").encode("latin-1")
            return hmac.compare_digest(given, b"Bearer " + self._token)
        address = address_of(wire.client)
        return address is not None and address.is_loopback and not _is_forwarded(wire)


def _is_forwarded(wire: WireRequest) -> bool:
    return "x-forwarded-for" in wire.headers or "forwarded" in wire.headers
