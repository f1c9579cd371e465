"""The commands over HTTP on a Unix socket in the data directory: whoever may open the socket may command."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from trug.iam.refusals import IamError
from trug.manage.commands import COMMANDS, Managed, run

logger = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
LARGEST_BODY = 1 << 20


class Control:
    """An ASGI application: ``POST /user/add`` with a JSON object of text values."""

    def __init__(self, store: Managed) -> None:
        self._store = store

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        status, answer = await self._answer(scope["method"], scope["path"].strip("/"), receive)
        body = json.dumps(answer).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, method: str, name: str, receive: Receive) -> tuple[int, dict[str, Any]]:
        if name not in COMMANDS or method != "POST":
            return 404, {"error": f"there is no command {name}"}
        try:
            return 200, await run(self._store, name, _given(await _body(receive)))
        except KeyError as error:
            return 400, {"error": f"{error.args[0]} is missing"}
        except (IamError, ValueError) as error:
            return 400, {"error": str(error)}
        except Exception:
            logger.exception("command %s failed", name)
            return 500, {"error": "internal error: see the server's log"}


def _given(body: bytes) -> dict[str, str]:
    """What a command is given. ValueError when this is not a JSON object."""
    given = json.loads(body or b"{}")
    if not isinstance(given, dict):
        raise ValueError("what a command is given is a JSON object")
    return {key: str(value) for key, value in given.items()}


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while len(body) <= LARGEST_BODY:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)
    raise ValueError("too large")
