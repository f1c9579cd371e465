"""The typed client against the services, over a socket."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
from tests.support.console import Console, consoling
from tests.support.server import ROOT

from trug.client import Client, Refused, Upload

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 600_000


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    with consoling() as running:
        yield running


@pytest.fixture
def client(console: Console) -> Client:
    return Client(console.endpoint, access_key=ROOT[0], secret_key=ROOT[1])


@pytest.fixture
def bucket(console: Console) -> str:
    return console.make_bucket()


def test_a_file_goes_up_and_comes_back(client: Client, bucket: str) -> None:
    url = client.upload(bucket, Upload("a b.png", BytesIO(PNG)))
    (file,) = client.files(bucket)
    assert file.url == url
    assert client.describe(bucket, file.key).filename == "a b.png"
    target = BytesIO()
    client.download(bucket, file.key, target)
    assert target.getvalue() == PNG
    assert "X-Amz-Signature=" in client.presign(bucket, file.key, expires=60)
    client.delete(bucket, file.key)
    assert list(client.files(bucket)) == []


def test_many_files_and_their_pages(client: Client, bucket: str) -> None:
    urls = client.upload_all(bucket, [Upload(f"{number}.png", PNG) for number in range(3)])
    first = client.page(bucket, limit=2)
    second = client.page(bucket, limit=2, token=first.next_token or "")
    assert sorted(file.url for file in first.files + second.files) == sorted(urls)
    assert second.next_token is None
    assert list(client.files(bucket, extension="pdf")) == []


def test_buckets(client: Client) -> None:
    client.create_bucket("made-by-client")
    assert "made-by-client" in [bucket.name for bucket in client.buckets()]
    client.upload("made-by-client", Upload("a.png", PNG))
    assert client.stats("made-by-client").total_size_bytes == len(PNG)
    assert client.upload_types("made-by-client", ["image/*"]) == client.upload_types("made-by-client") == ["image/*"]
    assert client.empty_bucket("made-by-client") is None
    assert client.emptying("made-by-client").removed_versions == 1
    client.delete_bucket("made-by-client")
    assert client.health() == "healthy"


def test_refusals_say_why(client: Client, console: Console) -> None:
    with pytest.raises(Refused) as refusal:
        client.page("nowhere")
    assert (refusal.value.status, refusal.value.text) == (404, "bucket not found")
    with pytest.raises(Refused) as refusal:
        client.presign("nowhere", "", expires=0)
    assert {mistake.field for mistake in refusal.value.mistakes} == {"key", "expires"}
    with pytest.raises(Refused) as refusal:
        Client(console.endpoint, token="nonsense").buckets()
    assert refusal.value.status == 401


def test_an_answer_that_comes_early_is_read(client: Client) -> None:
    with pytest.raises(Refused) as refusal:
        client.upload("nowhere", Upload("a.png", PNG * 20))
    assert refusal.value.status == 404
