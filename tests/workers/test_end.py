"""A server of several processes starts and ends as one does."""

from __future__ import annotations

import http.client
import signal
from pathlib import Path
from urllib.parse import urlsplit

from tests.support import processes
from tests.support.client import Client
from tests.workers.crew import eventually, is_alive, kill, one_of_each, wait_until_refused, workers_of

CONTENT = bytes(range(256)) * 4096
REFUSED, STORE_LOCKED = 2, 3


def test_a_second_server_is_refused_with_one_clear_line(tmp_path: Path) -> None:
    with processes.serving(tmp_path, ["--workers", "2"]):
        second = processes.run(tmp_path, "serve", "data", *processes.QUIET, "--workers", "2")

    assert second.returncode == STORE_LOCKED
    (line,) = second.stderr.splitlines()
    assert "in use" in line


def test_what_the_first_worker_refuses_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "init.toml").write_text("nonsense = 1\n")
    refused = processes.run(tmp_path, "serve", "data", *processes.QUIET, "--workers", "3", "--init", "init.toml")

    assert refused.returncode == REFUSED
    (line,) = refused.stderr.splitlines()
    assert "nonsense" in line


def test_term_lets_requests_finish(tmp_path: Path) -> None:
    with processes.serving(tmp_path, ["--workers", "2"]) as server, one_of_each(server.url, 2) as clients:
        workers = workers_of(server)
        clients[0].make_bucket("bucket")
        running = [half_put(client, f"key {number}") for number, client in enumerate(clients)]

        server.process.terminate()
        wait_until_refused(server.url)
        for connection in running:
            connection.send(CONTENT[len(CONTENT) // 2 :])

        assert [connection.getresponse().status for connection in running] == [200, 200]
        for connection in running:
            connection.close()
        assert server.process.wait(processes.SECONDS) == 0
        assert not any(map(is_alive, workers))
    assert not (tmp_path / "data" / "trug.db-wal").exists()
    with processes.serving(tmp_path) as server, Client(server.url) as client:
        assert [client.get("bucket", f"key {number}").body == CONTENT for number in range(2)] == [True, True]


def half_put(client: Client, key: str) -> http.client.HTTPConnection:
    """A PUT of which half the body is sent, on the client's own connection, so to the worker it talks to."""
    address = urlsplit(client.url)
    running = client._connection
    target = f"/bucket/{key.replace(' ', '%20')}"
    headers = {**client.signed("PUT", target, CONTENT), "Content-Length": str(len(CONTENT))}
    running.putrequest("PUT", target, skip_host=True)
    for name, value in {"Host": address.netloc, **headers}.items():
        running.putheader(name, value)
    running.endheaders(CONTENT[: len(CONTENT) // 2])
    return running


def test_a_second_term_does_not_wait(tmp_path: Path) -> None:
    with processes.serving(tmp_path, ["--workers", "2"]) as server, one_of_each(server.url, 2) as clients:
        clients[0].make_bucket("bucket")
        half_put(clients[1], "key")
        server.process.terminate()
        wait_until_refused(server.url)
        assert server.terminate() == 0
    with processes.serving(tmp_path) as server, Client(server.url) as client:
        assert client.get("bucket", "key").status == 404


def test_a_worker_that_is_asked_to_end_is_replaced(tmp_path: Path) -> None:
    with processes.serving(tmp_path, ["--workers", "2"]) as server:
        before = workers_of(server)
        kill({min(before)}, signal.SIGTERM)
        eventually(lambda: not is_alive(min(before)))
        with one_of_each(server.url, 2) as clients:
            clients[1].make_bucket("bucket")
            assert clients[0].put("bucket", "key", b"content").status == 200
        assert server.terminate() == 0
