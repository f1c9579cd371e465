"""Asks a running server to do a command, over the Unix socket in its data directory."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from typing import Any

LONGEST_PATH = 100


def socket_path(directory: str) -> str | None:
    """The socket of a data directory; None where its path is too long for one."""
    path = os.path.join(os.path.abspath(directory), "socket")
    return path if len(os.fsencode(path)) <= LONGEST_PATH else None


def find_answer(directory: str, command: str, given: Mapping[str, str]) -> dict[str, Any] | None:
    """The server's answer; None when no server answers there. An answer with ``error`` says why it was refused."""
    path = socket_path(directory)
    if path is None or not os.path.exists(path):
        return None
    import http.client

    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    try:
        connection.sock.connect(path)
        connection.request("POST", f"/{command}", json.dumps(dict(given)), {"content-type": "application/json"})
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
    except ConnectionError:
        return None
    finally:
        connection.close()
    return answer
