"""What policies are told of a request: nothing that this port does not heed."""

from __future__ import annotations

from trug.domain.frozen import replace
from trug.wire.request import Headers, Rule, WireRequest

HOW_IT_WAS_SIGNED = frozenset({"x-amz-content-sha256", "x-amz-date", "x-amz-security-token"})
OF_S3 = ("x-amz-", "if-")
"""Headers by which S3 is asked for more, which nothing here does."""


def _is_unheeded(name: str) -> bool:
    return name.startswith(OF_S3) and name not in HOW_IT_WAS_SIGNED


HAS_UNHEEDED = Rule(lambda names: any(map(_is_unheeded, names)))


def as_policies_see(wire: WireRequest, heeded: frozenset[str]) -> WireRequest:
    """The request with no more parameters than those ``heeded`` and the signature's, and without headers of S3.

    A policy that lets somebody list folders by ``delimiter=/``, or store what is encrypted, must not be met by who
    merely says so."""
    parameters = {
        name: value for name, value in wire.parameters.items() if name in heeded or name.lower().startswith("x-amz-")
    }
    headers = wire.headers
    if HAS_UNHEEDED(headers):
        headers = Headers(
            [
                (name.encode("latin-1"), value.encode("latin-1"))
                for name, value in headers.items()
                if not _is_unheeded(name)
            ]
        )
    return replace(wire, parameters=parameters, headers=headers)
