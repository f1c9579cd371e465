"""Ask an ASGI application in process, message by message."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answer:
    """What came back. ``is_complete`` is false when the application ended, or failed, before its last message."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_complete: bool = False
    messages: list[dict[str, Any]] = field(default_factory=list)
    reads: int = 0
    failure: BaseException | None = None


def scope_of(
    method: str = "GET",
    target: str = "/",
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    *,
    client: tuple[str, int] | None = ("127.0.0.1", 50000),
    scheme: str = "http",
    root_path: str = "",
) -> dict[str, Any]:
    """The scope that uvicorn would make of this request line and these headers."""
    path, _, query = target.partition("?")
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": "/never/read/this",
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": root_path,
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs],
        "client": client,
        "server": ("127.0.0.1", 9000),
        "state": {},
    }


async def ask(app: Any, scope: dict[str, Any], chunks: Iterable[bytes] = (), *, then_gone: bool = False) -> Answer:
    """One exchange: ``chunks`` arrive one a message; ``then_gone`` disconnects after them in place of the end.

    What the application raises is part of the answer.
    """
    answer = Answer()
    waiting = list(chunks) or [b""]
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": chunk, "more_body": then_gone or number < len(waiting)}
        for number, chunk in enumerate(waiting, 1)
    ]
    if then_gone:
        messages.append({"type": "http.disconnect"})
    over = asyncio.Event()

    async def receive() -> dict[str, Any]:
        answer.reads += 1
        if messages:
            return messages.pop(0)
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        answer.messages.append(message)
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
            return
        answer.body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            answer.is_complete = True
            over.set()

    try:
        await app(scope, receive, send)
    except Exception as failure:
        answer.failure = failure
    return answer
