"""``trug token``, and what the issuer of ``--dev`` publishes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from trug.iam.development import DISCOVERY, KEYS, POLICIES, DevelopmentIssuer
from trug.iam.refusals import IamError

USUAL_LIFE = "3600"


def sign_token(issuer: DevelopmentIssuer | None, given: Mapping[str, str]) -> dict[str, Any]:
    """An ID token for ``sub``. IamError where no server with ``--dev`` runs, ValueError for what no token holds."""
    if issuer is None:
        raise IamError("only a server that runs with --dev signs tokens")
    claims: dict[str, Any] = {name: given[name] for name in ("email", "name") if given.get(name)}
    if given.get("policy"):
        claims[POLICIES] = given["policy"].split(",")
    return {"token": issuer.token(given["sub"], seconds=int(given.get("expires") or USUAL_LIFE), claims=claims)}


def published(issuer: DevelopmentIssuer | None) -> Iterator[Route]:
    """The routes of what it publishes; none without it."""
    if issuer is not None:
        for path in (DISCOVERY, KEYS):
            yield Route(f"/dev{path}", partial(_document, issuer, path))


async def _document(issuer: DevelopmentIssuer, path: str, _: Request) -> JSONResponse:
    return JSONResponse(issuer.documents[path], headers={"x-content-type-options": "nosniff"})
