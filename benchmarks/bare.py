"""The least that uvicorn can do, as a yardstick: one ASGI function that answers every request with 4 KiB."""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Any

import uvicorn

BODY = b"x" * 4096
HEADERS = [(b"content-length", b"4096"), (b"content-type", b"binary/octet-stream")]


async def application(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


def main() -> None:
    ready = int(sys.argv[sys.argv.index("--ready-fd") + 1])
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    os.write(ready, json.dumps({"s3": [url]}).encode() + b"\n")  # connections wait in the backlog from here on
    config = uvicorn.Config(application, http="httptools", loop="uvloop", lifespan="off", access_log=False)
    config.log_config = None
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
