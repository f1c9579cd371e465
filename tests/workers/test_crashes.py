"""Workers and their supervisor are killed: what was acknowledged is there, and the others go on."""

from __future__ import annotations

import hashlib
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.crash import remains
from tests.support import processes
from tests.support.client import Client, Lost
from tests.workers.crew import eventually, is_alive, kill, one_of_each, worker_of, workers_of

WRITERS = 8
SIZES = (700, 40_000, 300_000)
STORE_LOCKED = 3


def content_of(key: str, size: int) -> bytes:
    return (hashlib.sha256(key.encode()).digest() * (size // 32 + 1))[:size]


class Writer:
    """Puts one object after another over one connection, and notes which were acknowledged and who failed him."""

    def __init__(self, url: str, number: int) -> None:
        self._url = url
        self._number = number
        self.acknowledged: dict[str, int] = {}
        self.lost_by: list[str] = []
        self.workers: set[str] = set()

    def run(self, stop: threading.Event) -> None:
        turn = 0
        with Client(self._url) as client:
            while not stop.is_set() and turn < 3000:
                worker = worker_of(client)
                self.workers.add(worker)
                try:
                    while not stop.is_set():
                        turn += 1
                        self._put(client, f"{self._number} {turn}", SIZES[turn % 3])
                except Lost:
                    self.lost_by.append(worker)

    def _put(self, client: Client, key: str, size: int) -> None:
        answer = client.put("bucket", key, content_of(key, size))
        assert answer.status == 200, answer
        self.acknowledged[key] = size


def test_a_killed_worker_is_replaced_and_the_others_never_fail(tmp_path: Path) -> None:
    with processes.serving(tmp_path, ["--workers", "2"]) as server:
        with Client(server.url) as client:
            client.make_bucket("bucket")
        writers = [Writer(server.url, number) for number in range(WRITERS)]
        stop = threading.Event()
        with ThreadPoolExecutor(WRITERS) as executor:
            running = [executor.submit(writer.run, stop) for writer in writers]
            try:
                for count in (50, 100):
                    eventually(lambda count=count: sum(len(writer.acknowledged) for writer in writers) > count)
                    before = workers_of(server)
                    kill({min(before)})
                    eventually(lambda before=before: len(workers_of(server) - before) == 1)
                with one_of_each(server.url, 2) as clients:
                    assert [client.ask("GET", "/-/ready").status for client in clients] == [200, 200]
            finally:
                stop.set()
            for each in running:
                each.result()

        assert len({worker for writer in writers for worker in writer.lost_by}) <= 2
        assert len({worker for writer in writers for worker in writer.workers}) >= 3
        with one_of_each(server.url, 2) as clients:
            for writer in writers:
                for turn, (key, size) in enumerate(writer.acknowledged.items()):
                    assert clients[turn % 2].get("bucket", key).body == content_of(key, size)
        assert server.terminate() == 0
        assert "takes the place of one that was ended by signal 9" in server.log.read_text()

    assert remains.examine(str(tmp_path / "data")) == []


def test_workers_end_with_their_supervisor_and_another_takes_over(tmp_path: Path) -> None:
    with processes.serving(tmp_path, ["--workers", "2"]) as server:
        workers = workers_of(server)
        with Client(server.url) as client:
            client.make_bucket("bucket")
            assert client.put("bucket", "key", b"content").status == 200
            server.kill()
            with processes.serving(tmp_path, ["--workers", "2"]) as second, Client(second.url) as again:
                assert not any(map(is_alive, workers))
                assert again.get("bucket", "key").body == b"content"
                assert second.terminate() == 0
    assert not (tmp_path / "data" / "trug.db-wal").exists()
    assert remains.examine(str(tmp_path / "data")) == []


def test_a_worker_that_does_not_end_keeps_the_directory(tmp_path: Path) -> None:
    with processes.serving(tmp_path, ["--workers", "2"]) as server:
        workers = workers_of(server)
        kill({min(workers)}, signal.SIGSTOP)
        server.kill()
        try:
            second = processes.run(tmp_path, "serve", "data", *processes.QUIET)
        finally:
            kill(workers)

    assert second.returncode == STORE_LOCKED
    (line,) = second.stderr.splitlines()
    assert "workers" in line
    eventually(lambda: not any(map(is_alive, workers)))
    with processes.serving(tmp_path) as third:
        assert third.terminate() == 0
