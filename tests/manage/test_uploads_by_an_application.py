"""An application that lets its users upload files by presigned URLs, against a server as users start it."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import boto3
import httpx
import msgspec
import pytest
from tests.support import patient
from tests.support.issuer import issuing
from tests.support.processes import ServerProcess, serving, start, with_console

from trug.iam.sts.federation import POLICY_CLAIM

KEYS = ("minioadmin", "minioadmin")
SECONDS = 30
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 64
CONFIGURATION = """
[upload_profiles.avatars]
bucket = "avatars"
types = ["image/png", "image/jpeg"]
largest = 1048576
key = "{date}/{uuid}{extension}"
lifetime = 60

[upload_profiles.films]
bucket = "avatars"
types = ["video/*"]
parts_from = 5242880
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("application")
    (directory / "trug.toml").write_text(CONFIGURATION)
    return directory


@pytest.fixture(scope="module")
def server(place: Path) -> Iterator[ServerProcess]:
    with serving(place, usual=with_console()) as running:
        with application(running) as client:
            assert client.post("/api/v1/buckets/create", json={"bucket_name": "avatars"}).status_code == 201
        yield running


@pytest.fixture
def client(server: ServerProcess) -> Iterator[httpx.Client]:
    with application(server) as client:
        yield client


def application(server: ServerProcess) -> httpx.Client:
    return httpx.Client(base_url=server.console, auth=KEYS, timeout=SECONDS)


def ask(client: httpx.Client, **more: Any) -> dict[str, Any]:
    asked = {"filename": "me.png", "type": "image", "file_size": len(PNG), "profile": "avatars", **more}
    answer = client.post("/presigned-url", json=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def settled(client: httpx.Client, key: str) -> dict[str, Any]:
    """The status of a file once the server has looked at it, and has moved it where it failed."""
    for _ in range(20 * SECONDS):
        found: dict[str, Any] = client.get(f"/file-status/{key}").json()
        if found["status"] in ("verified", "expired") or "moved_to" in found:
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def test_a_user_uploads_a_picture(server: ServerProcess, client: httpx.Client) -> None:
    checksum = "SHA256:" + b64encode(sha256(PNG).digest()).decode()
    answer = ask(client, checksum=checksum)
    assert answer["url"].startswith(server.url)
    assert patient.put(answer["url"], content=PNG, headers=answer["headers"]).status_code == 200
    found = settled(client, answer["key"])
    assert (found["status"], found["name"]) == ("verified", "me.png")
    stored = client.get("/api/v1/download", params={"bucket": "avatars", "key": answer["object_key"]})
    assert stored.content == PNG
    told = client.put("/file-status", json={"uuid": answer["key"], "status": "completed"}).json()
    assert told["status"] == "verified"


def test_plain_clients_need_no_headers(client: httpx.Client) -> None:
    answer = ask(client)
    assert patient.put(answer["url"], content=PNG).status_code == 200
    assert settled(client, answer["key"])["status"] == "verified"


def test_a_picture_that_is_none(client: httpx.Client) -> None:
    answer = ask(client)
    content = b"<script>alert(1)</script>".ljust(len(PNG))
    assert patient.put(answer["url"], content=content, headers=answer["headers"]).status_code == 200
    found = settled(client, answer["key"])
    assert (found["status"], found["reason"]) == ("failed", "its content is not image/png")
    gone = client.get("/api/v1/download", params={"bucket": "avatars", "key": answer["object_key"]})
    assert gone.status_code == 404
    aside = client.get("/api/v1/download", params={"bucket": "avatars", "key": found["moved_to"]})
    assert aside.content == content


def test_a_form_of_a_page(client: httpx.Client) -> None:
    answer = ask(client, method="POST", metadata={"album": "summer"})
    sent = patient.post(answer["url"], data=answer["fields"], files={"file": ("me.png", PNG, "image/png")})
    assert sent.status_code == 204, sent.text
    assert settled(client, answer["key"])["status"] == "verified"
    wrong = ask(client, method="POST")
    refused = patient.post(wrong["url"], data=wrong["fields"], files={"file": ("me.png", PNG + b"!", "image/png")})
    assert refused.status_code == 400


def test_a_film_in_parts(client: httpx.Client) -> None:
    film = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * (17 << 20)
    checksum = "SHA256:" + b64encode(sha256(film).digest()).decode()
    more = {"filename": "film.mp4", "type": "video", "file_size": len(film), "profile": "films", "checksum": checksum}
    answer = ask(client, **more)
    parts, at, done = answer["multipart"]["parts"], 0, []
    assert len(parts) == 2
    for part in parts:
        sent = patient.put(part["url"], content=film[at : at + part["size"]], timeout=SECONDS)
        assert sent.status_code == 200, sent.text
        at += part["size"]
        done.append(f"<Part><PartNumber>{part['number']}</PartNumber><ETag>{sent.headers['etag']}</ETag></Part>")
    document = f"<CompleteMultipartUpload>{''.join(done)}</CompleteMultipartUpload>"
    completed = patient.post(answer["multipart"]["complete_url"], content=document, timeout=SECONDS)
    assert completed.status_code == 200, completed.text
    assert ET.fromstring(completed.content).tag.endswith("CompleteMultipartUploadResult")
    assert settled(client, answer["key"])["status"] == "verified"


def test_the_profile_decides(client: httpx.Client) -> None:
    for more in ({"file_size": 2 << 20}, {"filename": "a.gif"}, {"profile": "films"}):
        asked = {"filename": "me.png", "type": "image", "file_size": 5, "profile": "avatars", **more}
        assert client.post("/presigned-url", json=asked).status_code == 400


def test_a_listener_hears_of_it(client: httpx.Client) -> None:
    query = {"type": "trug:FileStatus,s3:ObjectCreated:Put", "bucket": "avatars"}
    with client.stream("GET", "/api/v1/events", params=query, headers={"accept": "text/event-stream"}) as stream:
        lines = stream.iter_lines()
        assert next(lines) == ": trug"
        answer = ask(client)
        patient.put(answer["url"], content=PNG)
        heard = []
        for line in lines:
            if line.startswith("data: "):
                event = msgspec.json.decode(line[6:])
                heard.append((event["type"], event.get("status", "")))
                if event.get("status") == "verified":
                    break
    assert heard == [
        ("trug:FileStatus", "pending"),
        ("s3:ObjectCreated:Put", ""),
        ("trug:FileStatus", "uploaded"),
        ("trug:FileStatus", "verified"),
    ]


def test_who_has_a_token_of_an_issuer_alone(server: ServerProcess) -> None:
    iam = boto3.client(
        "iam",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id=KEYS[0],
        aws_secret_access_key=KEYS[1],
    )
    with issuing() as issuer:
        iam.create_open_id_connect_provider(
            Url=issuer.address, ClientIDList=["trug"], Tags=[{"Key": POLICY_CLAIM, "Value": "may"}]
        )

        def bearer(**claims: Any) -> httpx.Client:
            headers = {"authorization": f"Bearer {issuer.token(**claims)}"}
            return httpx.Client(base_url=server.console, headers=headers, timeout=SECONDS)

        with bearer(may=["readwrite"]) as client, bearer(sub="bob") as nobody:
            answer = ask(client)
            assert "X-Amz-Security-Token=" in answer["url"]
            assert patient.put(answer["url"], content=PNG).status_code == 200
            assert settled(client, answer["key"])["status"] == "verified"
            form = ask(client, method="POST")
            sent = patient.post(form["url"], data=form["fields"], files={"file": ("me.png", PNG, "image/png")})
            assert sent.status_code == 204, sent.text
            assert settled(client, form["key"])["status"] == "verified"
            asked = {"filename": "me.png", "type": "image", "file_size": 5, "profile": "avatars"}
            assert nobody.post("/presigned-url", json=asked).status_code == 403
            assert nobody.get(f"/file-status/{answer['key']}").status_code == 404
            assert nobody.get("/api/v1/events").json()["events"] == []


def test_the_root_of_an_account_hears_of_its_users(server: ServerProcess, client: httpx.Client) -> None:
    iam = boto3.client(
        "iam",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id=KEYS[0],
        aws_secret_access_key=KEYS[1],
    )
    since = client.get("/api/v1/events").json()["next"]
    iam.create_user(UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    query = {"since": since, "type": "trug:User*,trug:Key*"}
    told = client.get("/api/v1/events", params=query).json()["events"]
    assert [(event["type"], event["name"], event["account"]) for event in told] == [
        ("trug:UserCreated", "ana", "000000000000"),
        ("trug:KeyCreated", key["AccessKeyId"], "000000000000"),
    ]
    with httpx.Client(
        base_url=server.console, auth=(key["AccessKeyId"], key["SecretAccessKey"]), timeout=patient.SECONDS
    ) as ana:
        assert ana.get("/api/v1/events", params=query).json()["events"] == []


def test_a_server_that_is_killed_forgets_nothing(tmp_path: Path) -> None:
    first = start(tmp_path, usual=with_console())
    try:
        with application(first) as client:
            client.post("/api/v1/buckets/create", json={"bucket_name": "uploads"})
            answers = [ask(client, profile="default") for _ in range(5)]
        for answer in answers:
            assert patient.put(answer["url"], content=PNG).status_code == 200
    finally:
        first.kill()
    with serving(tmp_path, usual=with_console()) as second, application(second) as client:
        assert {settled(client, answer["key"])["status"] for answer in answers} == {"verified"}


def test_a_server_with_a_listener_stops_at_once(tmp_path: Path) -> None:
    with serving(tmp_path, usual=with_console()) as running, application(running) as client:
        headers = {"accept": "text/event-stream"}
        with client.stream("GET", "/api/v1/events", headers=headers) as stream:
            lines = stream.iter_lines()
            assert next(lines) == ": trug"
            running.process.terminate()
            assert list(lines) == [""]
        assert running.process.wait(SECONDS) == 0
