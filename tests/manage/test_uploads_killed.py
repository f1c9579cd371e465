"""Several files at once, and the server killed meanwhile: of each form all files are there, or none, and all of those
that were acknowledged."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import httpx
import pytest
from tests.support import processes
from tests.support.services import Running, running

HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
FILES = 4
SENDERS = 3
MOST = 200


def sizes(number: int) -> list[int]:
    """Of the files of a form: no two forms have one in common; the last one is no inline one."""
    return [100 + number, 1000 + number, 10_000 + number, 100_000 + number][:FILES]


def send(server: Running, first: int, acknowledged: set[int], begun: threading.Semaphore) -> None:
    """Forms with the numbers of one sender, until the server is gone."""
    try:
        with server.http() as client:
            for number in range(first, MOST, SENDERS):
                files = [("files", ("a.png", HEAD.ljust(size, b"\0"))) for size in sizes(number)]
                answer = client.post("/upload-multiple", data={"bucket": "files"}, files=files)
                assert answer.status_code == 201
                acknowledged.add(number)
                begun.release()
    except httpx.TransportError:
        pass


@pytest.mark.parametrize("forms", [1, 7])
def test_all_or_none_after_a_kill(tmp_path: Path, forms: int) -> None:
    acknowledged: set[int] = set()
    begun = threading.Semaphore(0)
    with running(tmp_path) as server:
        with server.http() as client:
            assert client.post("/buckets/create", json={"bucket_name": "files"}).status_code == 201
        senders = [threading.Thread(target=send, args=(server, first, acknowledged, begun)) for first in range(SENDERS)]
        for sender in senders:
            sender.start()
        for _ in range(forms):
            assert begun.acquire(timeout=processes.SECONDS)
    for sender in senders:
        sender.join(processes.SECONDS)
    with running(tmp_path) as server, server.http() as client:
        listed = client.get("/list", params={"bucket": "files", "limit": "1000"}).json()
    found = Counter(file["size_bytes"] for file in listed["files"])
    whole = {number for number in range(MOST) if all(found[size] == 1 for size in sizes(number))}
    assert sum(found.values()) == FILES * len(whole)
    assert acknowledged <= whole
    checked = processes.run(tmp_path, "fsck", "--dir", str(tmp_path / "data"))
    assert checked.returncode == 0, checked.stdout + checked.stderr
