"""Users who come with ID tokens: of the issuer that --dev brings along, against a real process."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.support import patient
from tests.support.processes import ServerProcess, run, serving

PROFILE = {"name": "Ana Lima", "email": "ana@example.com", "ratings": 4.5, "userType": "renter"}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tokens")


@pytest.fixture(scope="module")
def server(directory: Path) -> Iterator[ServerProcess]:
    with serving(directory, ("--console-port", "0")) as process:
        yield process


def token_of(directory: Path, *options: str) -> str:
    answer = run(directory, "token", "--dir", str(directory / "data"), *options)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


@pytest.fixture(scope="module")
def ana(directory: Path, server: ServerProcess) -> str:
    return token_of(directory, "--sub", "ana")


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_a_user_lives(server: ServerProcess, directory: Path, ana: str) -> None:
    with httpx.Client(base_url=server.console, headers=bearer(ana), timeout=patient.SECONDS) as client:
        assert client.get("/user").status_code == 404
        made = client.post("/user", json=PROFILE)
        assert made.status_code == 201
        assert (made.json()["subject"], made.json()["issuer"]) == ("ana", f"{server.console}/dev")
        assert client.post("/api/v1/user", json=PROFILE).status_code == 200
        assert client.patch("/user", json={"ratings": 5}).json()["ratings"] == 5
        assert client.get("/users").status_code == 403
        other = token_of(directory, "--sub", "bob", "--policy", "consoleAdmin")
        assert client.get("/user", headers=bearer(other)).status_code == 404
        listed = client.get("/users", headers=bearer(other)).json()["users"]
        assert [user["subject"] for user in listed] == ["ana"]
        item = client.post("/api/v1/items", json={"type": "note", "attributes": {"text": "Großes Bild"}})
        assert item.status_code == 201
        found = client.get("/api/v1/items", params={"filter": "matches 'grosses bild'", "sort": "-created"})
        assert [row["id"] for row in found.json()["items"]] == [item.json()["id"]]
        assert client.get("/api/v1/buckets/list").status_code == 403
        assert client.delete("/user").status_code == 204


def test_what_the_issuer_publishes(server: ServerProcess) -> None:
    document = patient.get(f"{server.console}/dev/.well-known/openid-configuration").json()
    assert document["issuer"] == f"{server.console}/dev"
    (key,) = patient.get(document["jwks_uri"]).json()["keys"]
    assert (key["kty"], key["crv"], "d" in key) == ("EC", "P-256", False)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forged(token: str, kind: str) -> str:
    """A token that says what the true one does, and is none."""
    header, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
    key = ec.generate_private_key(ec.SECP256R1())
    match kind:
        case "none":
            return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."
        case "None with a signature":
            return f"{part({**header, 'alg': 'none'})}.{part(claims)}.{token.rpartition('.')[2]}"
        case "another key":
            return jwt.encode(claims, key, "ES256", headers={"kid": header["kid"]})
        case "another issuer":
            return jwt.encode({**claims, "iss": "https://issuer.example.com"}, key, "ES256")
        case "no subject":
            return jwt.encode({name: claims[name] for name in claims if name != "sub"}, key, "ES256")
        case "changed claims":
            head, _, signature = token.split(".")
            return f"{head}.{part({**claims, 'sub': 'root'})}.{signature}"
        case "a shared secret":
            return jwt.encode(claims, "x" * 32, "HS256", headers={"kid": header["kid"]})
    return kind


@pytest.mark.parametrize(
    "kind",
    [
        "none",
        "None with a signature",
        "another key",
        "another issuer",
        "no subject",
        "changed claims",
        "a shared secret",
        "x",
        "a.b.c",
        "x" * 30_000,
    ],
)
def test_forged_tokens_are_refused_and_leave_nothing(server: ServerProcess, ana: str, kind: str) -> None:
    answer = patient.post(f"{server.console}/user", json=PROFILE, headers=bearer(forged(ana, kind)))
    assert answer.status_code == 401
    assert answer.json() == {"error": "credentials are missing or not valid"}
    assert patient.get(f"{server.console}/user", headers=bearer(ana)).status_code == 404


def test_an_expired_token_is_refused(server: ServerProcess, directory: Path) -> None:
    token = token_of(directory, "--sub", "late", "--expires", "1")
    ends = jwt.decode(token, options={"verify_signature": False})["exp"]
    for _ in range(3):
        if time.time() > ends:
            break
        time.sleep(0.6)
    assert patient.get(f"{server.console}/user", headers=bearer(token)).status_code == 401


@pytest.mark.parametrize("options", [("--sub", ""), ("--sub", "x", "--expires", "0"), ("--sub", "x", "--expires", "y")])
def test_tokens_that_nobody_signs(directory: Path, server: ServerProcess, options: tuple[str, ...]) -> None:
    assert run(directory, "token", "--dir", str(directory / "data"), *options).returncode == 1


def test_only_a_server_for_trials_signs(tmp_path: Path) -> None:
    assert run(tmp_path, "init", str(tmp_path / "data")).returncode == 0
    answer = run(tmp_path, "token", "--dir", str(tmp_path / "data"), "--sub", "ana")
    assert answer.returncode == 1
    assert "--dev" in answer.stderr
