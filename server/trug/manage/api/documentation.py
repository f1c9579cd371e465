"""The pages that document the endpoints: the OpenAPI document, and Swagger UI over it, served from the package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from trug.manage.api.endpoint import Family
from trug.manage.api.openapi import openapi

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>trug: the HTTP API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

VENDORED = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "start.js": "text/javascript",
}

GUARDED = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
"""Nothing from elsewhere: what the page needs comes with the package."""


def documentation(families: Sequence[Family], version: str) -> Iterator[Route]:
    """``/openapi.json`` and ``/docs``; ``/`` leads there."""

    @cache
    def document() -> bytes:
        return msgspec.json.encode(openapi(families, version))

    def shown(_: Request) -> Response:
        return Response(document(), media_type="application/json", headers=GUARDED)

    yield Route("/openapi.json", shown)
    yield Route("/docs", lambda _: Response(PAGE, media_type="text/html", headers=GUARDED))
    yield Route("/docs/{name}", _vendored)
    yield Route("/", lambda _: RedirectResponse("/docs", headers=GUARDED))


def _vendored(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in VENDORED:
        return Response(status_code=404, headers=GUARDED)
    content = files("trug.manage.api").joinpath("vendored", name).read_bytes()
    cached = GUARDED | {"cache-control": "public, max-age=86400"}
    return Response(content, media_type=VENDORED[name], headers=cached)
