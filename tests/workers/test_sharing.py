"""What one worker changes all others heed from the next request on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from botocore.credentials import Credentials
from tests.support import processes
from tests.support.client import Client
from tests.workers.crew import eventually, one_of_each, workers_of

WORKERS = 2
ENABLED = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[processes.ServerProcess]:
    with processes.serving(home, ["--workers", str(WORKERS)]) as server:
        yield server


@pytest.fixture
def clients(server: processes.ServerProcess) -> Iterator[Sequence[Client]]:
    with one_of_each(server.url, WORKERS) as clients:
        yield clients


def test_there_are_as_many_workers_as_asked_for(server: processes.ServerProcess) -> None:
    assert len(workers_of(server)) == WORKERS
    announced = server.log.read_text()
    assert announced.count("S3 API") == 1
    assert "2 workers" in announced


def test_buckets_come_and_go_for_all(clients: Sequence[Client]) -> None:
    one, other = clients
    for turn in range(10):
        name = f"turn-{turn}"
        assert other.ask("HEAD", f"/{name}").status == 404
        one.make_bucket(name)
        assert other.ask("HEAD", f"/{name}").status == 200
        assert other.put(name, "key", b"content").status == 200
        assert one.delete(name, "key").status == 204
        assert one.ask("DELETE", f"/{name}").status == 204
        assert other.put(name, "key", b"content").status == 404
        one, other = other, one


def test_versioning_holds_for_all(clients: Sequence[Client]) -> None:
    one, other = clients
    one.make_bucket("versions")
    assert "x-amz-version-id" not in other.put("versions", "key", b"one").headers
    assert one.ask("PUT", "/versions?versioning", ENABLED).status == 200
    assert "x-amz-version-id" in other.put("versions", "key", b"two").headers


def test_l16_what_a_policy_says_holds_for_all_from_the_next_request_on(clients: Sequence[Client]) -> None:
    one, other = clients
    one.make_bucket("policies")
    assert one.put("policies", "key", b"content").status == 200
    for turn in range(10):
        effect = "Deny" if turn % 2 else "Allow"
        statement = {
            "Effect": effect,
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::policies/*",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode()
        assert one.ask("PUT", "/policies?policy", document).status == 204
        assert other.send("GET", "/policies/key", {}).status == (403 if turn % 2 else 200)
        assert other.get("policies", "key").status == (403 if turn % 2 else 200)
        assert other.ask("DELETE", "/policies?policy").status == 204
        assert one.send("GET", "/policies/key", {}).status == 403
        assert one.get("policies", "key").status == 200
        one, other = other, one


def test_what_is_blocked_is_blocked_by_all(clients: Sequence[Client]) -> None:
    one, other = clients
    one.make_bucket("blocked")
    assert one.put("blocked", "key", b"content").status == 200
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::blocked/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode()
    assert one.ask("PUT", "/blocked?policy", document).status == 204
    assert [client.send("GET", "/blocked/key", {}).status for client in clients] == [200, 200]
    name = "PublicAccessBlockConfiguration"
    block = f"<{name}><RestrictPublicBuckets>true</RestrictPublicBuckets></{name}>".encode()
    assert one.ask("PUT", "/blocked?publicAccessBlock", block).status == 200
    assert [client.send("GET", "/blocked/key", {}).status for client in clients] == [403, 403]
    assert other.ask("DELETE", "/blocked?publicAccessBlock").status == 204
    assert [client.send("GET", "/blocked/key", {}).status for client in clients] == [200, 200]


def test_a_key_that_is_removed_is_refused_by_all(home: Path, clients: Sequence[Client]) -> None:
    added = processes.run(home, "user", "add", "anna", "--policy", "readwrite", "--dir", "data")
    assert added.returncode == 0, added.stderr
    added = processes.run(home, "key", "add", "--user", "anna", "--dir", "data", "--json")
    key = json.loads(added.stdout)["key"]
    credentials = Credentials(key["access_key"], key["secret_key"])
    with_key = [other_hand(client, credentials) for client in clients]
    assert [client.ask("GET", "/").status for client in with_key] == [200, 200]
    assert processes.run(home, "key", "remove", key["access_key"], "--dir", "data").returncode == 0
    assert [client.ask("GET", "/").status for client in with_key] == [403, 403]


def other_hand(client: Client, credentials: Credentials) -> Client:
    """The same connection, signed with another key."""
    other = Client(client.url, credentials)
    other._connection = client._connection
    return other


def test_figures_are_summed_whoever_is_asked(clients: Sequence[Client]) -> None:
    clients[0].make_bucket("figures")
    before = [figure(client, 'trug_requests_total{operation="PutObject",status="2xx"}') for client in clients]
    for number in range(10):
        assert clients[number % 2].put("figures", "key", b"content").status == 200

    for client in clients:
        eventually(
            lambda client=client: (
                figure(client, 'trug_requests_total{operation="PutObject",status="2xx"}') == max(before) + 10
            )
        )
    for client in clients:
        assert client.ask("GET", "/-/ready").status == 200


def figure(client: Client, name: str) -> float:
    lines = client.ask("GET", "/-/metrics").body.decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name + " "))


def test_connections_are_dealt_out_evenly(server: processes.ServerProcess) -> None:
    clients = [Client(server.url) for _ in range(16)]
    counts: dict[str, int] = {}
    for client in clients:
        client._connection.connect()
    for client in clients:
        name = client.ask("GET", "/").headers["x-amz-id-2"]
        counts[name] = counts.get(name, 0) + 1
    for client in clients:
        client.close()
    assert min(counts.values()) >= 4
    assert len(counts) == WORKERS
