"""One server at a time holds a data directory, and it ends as it is told."""

from __future__ import annotations

import http.client
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests.support import processes
from tests.support.client import Client

STORE_LOCKED = 3
CONTENT = bytes(range(256)) * 4096


def test_a_second_server_is_refused_with_one_clear_line(tmp_path: Path) -> None:
    with processes.serving(tmp_path):
        second = processes.run(tmp_path, "serve", "data", *processes.QUIET)

    assert second.returncode == STORE_LOCKED
    (line,) = second.stderr.splitlines()
    assert "data" in line
    assert "in use" in line
    assert second.stdout == ""


def test_the_first_server_goes_on_when_a_second_was_refused(tmp_path: Path) -> None:
    with processes.serving(tmp_path) as server, Client(server.url) as client:
        client.make_bucket("bucket")
        processes.run(tmp_path, "serve", "data", *processes.QUIET)
        assert client.put("bucket", "key", b"content").status == 200
        assert client.get("bucket", "key").body == b"content"


def test_a_killed_server_leaves_the_directory_free(tmp_path: Path) -> None:
    with processes.serving(tmp_path) as first, Client(first.url) as client:
        client.make_bucket("bucket")
        assert client.put("bucket", "key", b"content").status == 200
        first.kill()
        with processes.serving(tmp_path) as second, Client(second.url) as again:
            assert again.get("bucket", "key").body == b"content"


def test_term_ends_an_idle_server_with_exit_code_0(tmp_path: Path) -> None:
    with processes.serving(tmp_path) as server:
        assert server.terminate() == 0
    assert not (tmp_path / "data" / "trug.db-wal").exists()


def test_term_lets_a_request_finish(tmp_path: Path) -> None:
    with processes.serving(tmp_path) as server, Client(server.url) as client:
        client.make_bucket("bucket")
        address = urlsplit(server.url)
        running = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        headers = client.signed("PUT", "/bucket/key", CONTENT)
        running.putrequest("PUT", "/bucket/key", skip_host=True)
        for name, value in {"Host": address.netloc, **headers, "Content-Length": str(len(CONTENT))}.items():
            running.putheader(name, value)
        running.endheaders(CONTENT[: len(CONTENT) // 2])

        server.process.terminate()
        wait_until_refused(address.hostname or "", address.port or 0)
        running.send(CONTENT[len(CONTENT) // 2 :])

        assert running.getresponse().status == 200
        running.close()
        assert server.process.wait(processes.SECONDS) == 0
    with processes.serving(tmp_path) as server, Client(server.url) as client:
        assert client.get("bucket", "key").body == CONTENT


def wait_until_refused(host: str, port: int) -> None:
    """Until the server takes no new connections."""
    for _ in range(3000):
        try:
            socket.create_connection((host, port), timeout=5).close()
        except ConnectionRefusedError:
            return
        except OSError:
            time.sleep(0.01)
    raise AssertionError("the server still listens")
