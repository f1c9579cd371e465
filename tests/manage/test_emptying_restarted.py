"""A bucket that is being emptied while the server is killed is empty some time after the next start."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import httpx
from tests.support.services import running

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 64
FILES = 900


def test_the_next_start_goes_on(tmp_path: Path) -> None:
    with running(tmp_path) as server, server.http() as client:
        client.post("/buckets/create", json={"bucket_name": "files"})
        for _ in range(3):
            form = [("files", ("a.png", PNG))] * FILES
            assert client.post("/upload-multiple", data={"bucket": "files"}, files=form).status_code == 201
        with suppress(httpx.ReadTimeout):  # the job goes on without an impatient client
            client.delete("/buckets/empty", params={"bucket": "files"}, timeout=0.3)
    with running(tmp_path) as server, server.http() as client:
        for _ in range(300):
            state = client.get("/buckets/empty", params={"bucket": "files"}).json()
            if state.get("status") == "finished":
                break
            time.sleep(0.1)
        assert state["status"] == "finished"
        assert client.get("/buckets/stats", params={"bucket": "files"}).json()["total_files"] == 0
