"""Requests to the management port, by who has the key."""

from __future__ import annotations

import base64
import json
from typing import Any

from benchmarks.driver import ask
from benchmarks.processes import Running
from benchmarks.signing import Request

BASIC = base64.b64encode(b"minioadmin:minioadmin").decode()


def asked(method: str, path: str, body: bytes = b"", kind: str = "application/json", *, length: int = 0) -> Request:
    """A request with HTTP Basic; ``length`` where more follows than ``body``."""
    head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Basic {BASIC}\r\n"
    if body:
        head += f"content-type: {kind}\r\ncontent-length: {length or len(body)}\r\n"
    return Request(f"{head}\r\n".encode(), body)


def told(running: Running, request: Request) -> Any:
    """The document that answers a request."""
    assert running.console is not None
    return json.loads(ask(running.console, request))
