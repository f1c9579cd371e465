"""Requests that race with their own end leave no bytes behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.crash import remains
from tests.support import processes
from tests.support.client import Answer, Client

ROUNDS = 12
SIZES = (1_000, 300_000)


def test_parts_that_race_with_abort_leave_no_orphan(tmp_path: Path) -> None:
    with processes.serving(tmp_path) as server, Client(server.url) as client:
        client.make_bucket("bucket")
        for turn in range(ROUNDS):
            race(server.url, client, f"key {turn}")
        assert b"<Upload>" not in client.ask("GET", "/bucket?uploads").body

    assert remains.examine(str(tmp_path / "data")) == []


def race(url: str, client: Client, key: str) -> None:
    """Put parts while the upload is aborted: each is taken before, or refused."""
    upload = client.begin_upload("bucket", key)

    def put(number: int) -> Answer:
        with Client(url) as own:
            return own.put_part("bucket", key, upload, number, bytes(SIZES[number % 2]))

    with ThreadPoolExecutor(4) as executor:
        parts = executor.map(put, range(1, 5))
        aborted = client.delete("bucket", key, {"uploadId": upload})
        answers = list(parts)

    assert aborted.status == 204
    assert all((answer.status, answer.code) in {(200, ""), (404, "NoSuchUpload")} for answer in answers), answers
