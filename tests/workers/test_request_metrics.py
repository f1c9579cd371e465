"""Request metrics of a bucket are those of all workers, and all of them learn what is configured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from tests.support import processes
from tests.support.client import Client
from tests.workers.crew import eventually, one_of_each

WORKERS = 2


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[processes.ServerProcess]:
    with processes.serving(tmp_path_factory.mktemp("server"), ["--workers", str(WORKERS)]) as server:
        yield server


@pytest.fixture
def clients(server: processes.ServerProcess) -> Iterator[Sequence[Client]]:
    with one_of_each(server.url, WORKERS) as clients:
        yield clients


def puts(client: Client, name: str) -> int:
    shown = f'trug_bucket_put_requests_total{{bucket="measured",filter_id="{name}"}} '
    lines = client.ask("GET", "/-/metrics").body.decode().splitlines()
    return sum(int(line.removeprefix(shown)) for line in lines if line.startswith(shown))


def test_all_count_and_all_forget(clients: Sequence[Client]) -> None:
    clients[0].make_bucket("measured")
    for turn in range(3):
        name = f"turn-{turn}"
        setting, removing = clients[turn % 2], clients[1 - turn % 2]
        document = f"<MetricsConfiguration><Id>{name}</Id></MetricsConfiguration>".encode()
        assert setting.ask("PUT", f"/measured?metrics&id={name}", document).status == 200
        for number in range(10):
            assert clients[number % 2].put("measured", "key", b"content").status == 200
        for client in clients:
            eventually(lambda client=client, name=name: puts(client, name) == 10)
        assert removing.ask("DELETE", f"/measured?metrics&id={name}").status == 204
        assert [puts(client, name) for client in clients] == [0, 0]
