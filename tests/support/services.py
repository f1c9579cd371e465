"""A server as users start it, with its management port."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
from tests.support.processes import SECONDS, command, environment, first_line

KEYS = ("minioadmin", "minioadmin")


class Running(NamedTuple):
    """Where the S3 port and the management port listen, and the data directory."""

    s3: str
    url: str
    directory: Path

    def http(self, token: str = "") -> httpx.Client:
        """A client of the storage manager, as the root or by a token."""
        base, seconds = self.url + "/api/v1", SECONDS
        if token:
            return httpx.Client(base_url=base, headers={"authorization": f"Bearer {token}"}, timeout=seconds)
        return httpx.Client(base_url=base, auth=KEYS, timeout=seconds)


@contextmanager
def running(directory: Path, *options: str) -> Iterator[Running]:
    """A server until the block is left."""
    read, write = os.pipe()
    quick = ("--dev", "--port", "0", "--console-port", "0", "--durability", "none", "--ready-fd", str(write))
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            command("serve", str(directory / "data"), *quick, *options),
            cwd=directory,
            env=environment(),
            stdout=log,
            stderr=log,
            pass_fds=(write,),
        )
    os.close(write)
    try:
        line = first_line(read)
        assert line, (directory / "log").read_text()
        urls = json.loads(line)
        yield Running(urls["s3"][0], urls["console"][0], directory / "data")
    finally:
        process.kill()
        process.wait(SECONDS)
