"""iam/oidc.py: which tokens are believed, over a real issuer on loopback."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.clock import HandClock
from tests.support.issuer import Issuer, Key, assembled, by_secret, issuing, text_of

from trug.adapters.https import HttpsFetcher
from trug.iam.oidc import FRESH, PATIENCE, STALE, Claims, Fault, Issuers, TokenRefused, Trusted, issuer_of

CONFIGURATION = "/.well-known/openid-configuration"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as made:
        yield made


class Door:
    """Issuers with a clock that is set by hand."""

    def __init__(self, issuer: Issuer, *clients: str) -> None:
        self.clock = HandClock(time.time_ns() // 1000)
        self.issuers = Issuers(HttpsFetcher(2), self.clock)
        self.trusted = Trusted(issuer.url, clients or ("trug", "other"))

    def verify(self, token: str) -> Claims:
        return asyncio.run(self.issuers.verify(token, self.trusted))

    def fault(self, token: str) -> Fault | None:
        try:
            self.verify(token)
        except TokenRefused as refusal:
            return refusal.fault
        return None


@pytest.fixture
def door(issuer: Issuer) -> Door:
    return Door(issuer)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_algorithms(issuer: Issuer, door: Door, algorithm: str) -> None:
    issuer.keys = [Key("mine", algorithm)]
    found = door.verify(issuer.token())
    assert (found.issuer, found.subject, found.audience) == (issuer.url, "ana", "trug")
    assert issuer_of(issuer.token()) == issuer.address


def test_claims_are_condition_keys(issuer: Issuer, door: Door) -> None:
    found = door.verify(
        issuer.token(
            groups=["a", "b"],
            email_verified=True,
            level=3,
            realm_access={"roles": ["admin"]},
            **{"kubernetes.io": {"namespace": "ci", "serviceaccount": {"name": "builder"}}, "Cognito:Groups": ["x"]},
        )
    )
    session = dict(found.for_sessions)
    assert session["jwt:groups"] == ("a", "b")
    assert session["jwt:email_verified"] == ("true",)
    assert session["jwt:level"] == ("3",)
    assert session["jwt:realm_access/roles"] == ("admin",)
    assert session["jwt:kubernetes.io/serviceaccount/name"] == ("builder",)
    assert session["jwt:cognito:groups"] == ("x",)
    assert "jwt:exp" not in session
    trust = found.for_trust
    assert trust[f"{issuer.url}:sub"] == ("ana",) == trust["jwt:sub"]
    assert trust[f"{issuer.url}:aud"] == ("trug",)


OTHERS = ["none", "None", "NONE", "", "HS256", "HS512", "RS1", "ES256K", "RS512", None, 5, []]


@pytest.mark.parametrize("algorithm", OTHERS)
def test_other_algorithms(issuer: Issuer, door: Door, algorithm: Any) -> None:
    header = {"alg": algorithm, "typ": "JWT", "kid": "one"}
    for sign in (lambda _: b"", by_secret(issuer.keys[0].pem), by_secret(b""), issuer.keys[0].sign):
        assert door.fault(assembled(header, issuer.claims(), sign)) is Fault.INVALID


@pytest.mark.parametrize(
    ("claimed", "made"), [("ES256", "RS256"), ("RS256", "ES256"), ("EdDSA", "RS256"), ("PS256", "RS256")]
)
def test_a_key_is_for_its_own_algorithm(issuer: Issuer, door: Door, claimed: str, made: str) -> None:
    issuer.keys = [Key("one", made)]
    assert door.fault(issuer.token(header={"alg": claimed})) is Fault.INVALID


def test_secrets_that_an_issuer_publishes_sign_nothing(issuer: Issuer, door: Door) -> None:
    keys = {"keys": [{"kty": "oct", "kid": "one", "k": text_of(b"secret" * 8), "alg": "HS256"}]}
    issuer.answers["/keys"] = 200, {}, json.dumps(keys).encode()
    token = assembled({"alg": "HS256", "kid": "one"}, issuer.claims(), by_secret(b"secret" * 8))
    assert door.fault(token) is Fault.INVALID


@pytest.mark.parametrize("change", [{"use": "enc"}, {"key_ops": ["encrypt"]}, {"alg": "RSA-OAEP"}, {"n": "A" * 2000}])
def test_keys_that_are_for_something_else(issuer: Issuer, door: Door, change: dict[str, Any]) -> None:
    issuer.answers["/keys"] = 200, {}, json.dumps({"keys": [issuer.keys[0].public | change]}).encode()
    assert door.fault(issuer.token()) is Fault.INVALID


def test_short_keys(issuer: Issuer, door: Door) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    issuer.keys = [Key("short", private=rsa.generate_private_key(65537, 1024))]
    assert door.fault(issuer.token()) is Fault.INVALID


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"exp": None}, Fault.INVALID),
        ({"exp": "soon"}, Fault.INVALID),
        ({"exp": True}, Fault.INVALID),
        ({"exp": float("nan")}, Fault.INVALID),
        ({"exp": float("inf")}, Fault.INVALID),
        ({"exp": -1}, Fault.INVALID),
        ({"exp": 10**30}, Fault.INVALID),
        ({"exp": 1_000_000_000}, Fault.EXPIRED),
        ({"nbf": 4_000_000_000}, Fault.INVALID),
        ({"iat": 4_000_000_000}, Fault.INVALID),
        ({"nbf": "now"}, Fault.INVALID),
        ({"sub": None}, Fault.INVALID),
        ({"sub": ""}, Fault.INVALID),
        ({"sub": 5}, Fault.INVALID),
        ({"sub": "a" * 513}, Fault.INVALID),
        ({"iss": "https://evil.example"}, Fault.INVALID),
        ({"iss": None}, Fault.INVALID),
        ({"iss": ["https://evil.example"]}, Fault.INVALID),
        ({"aud": "somebody"}, Fault.INVALID),
        ({"aud": None}, Fault.INVALID),
        ({"aud": []}, Fault.INVALID),
        ({"aud": {"trug": 1}}, Fault.INVALID),
        ({"aud": ["somebody", 5, None]}, Fault.INVALID),
        ({"aud": "TRUG"}, Fault.INVALID),
        ({"aud": "trug "}, Fault.INVALID),
        ({"token_use": "refresh"}, Fault.INVALID),
        ({"typ": "Refresh"}, Fault.INVALID),
        ({"typ": "Logout"}, Fault.INVALID),
        ({f"claim{number}": "x" for number in range(100)}, Fault.INVALID),
        ({"groups": ["g"] * 101}, Fault.INVALID),
        ({"SUB": "root"}, Fault.INVALID),
        ({"roles": {"admin": "no"}, "roles/admin": "yes"}, Fault.INVALID),
        ({"nbf": None, "iat": None}, None),
        ({"aud": ["trug"]}, None),
    ],
)
def test_claims(issuer: Issuer, door: Door, changes: dict[str, Any], fault: Fault | None) -> None:
    assert door.fault(issuer.token(**changes)) is fault


@pytest.mark.parametrize(
    ("changes", "audience"),
    [
        ({"aud": ["account", "trug"], "azp": "other"}, "other"),  # Keycloak
        ({"aud": "account", "azp": "trug"}, "trug"),
        ({"aud": ["account", "trug"], "azp": "somebody"}, None),
        ({"aud": ["trug"], "azp": "somebody"}, "trug"),
        ({"aud": ["account", "trug"]}, "trug"),
        ({"aud": None, "client_id": "trug", "token_use": "access"}, "trug"),  # Cognito
        ({"aud": None, "client_id": "trug"}, None),
        ({"aud": "trug", "token_use": "id"}, "trug"),
        ({"aud": ["https://kubernetes.default.svc", "trug"]}, "trug"),  # Kubernetes
    ],
)
def test_audiences(issuer: Issuer, door: Door, changes: dict[str, Any], audience: str | None) -> None:
    if audience is None:
        assert door.fault(issuer.token(**changes)) is Fault.INVALID
    else:
        assert door.verify(issuer.token(**changes)).audience == audience


def test_time_is_ours(issuer: Issuer, door: Door) -> None:
    now = door.clock.time // 1_000_000
    token = issuer.token(exp=now + 100, nbf=now + 60, iat=now + 60)
    assert door.fault(token) is None
    door.clock.time = (now + 100) * 1_000_000 - 1
    assert door.fault(token) is None
    door.clock.time += 1
    assert door.fault(token) is Fault.EXPIRED
    door.clock.time = (now - 1) * 1_000_000
    assert door.fault(token) is Fault.INVALID


NO_TOKENS = ["", "a", "a.b", "a.b.c", "..", "a.b.c.d", "é.é.é", "A" * 30_000, "e30.e30.", "e30.W10.AA", "bnVsbA.e30.AA"]


@pytest.mark.parametrize("token", NO_TOKENS)
def test_what_is_no_token(issuer: Issuer, door: Door, token: str) -> None:
    assert door.fault(token) is Fault.INVALID
    with pytest.raises(TokenRefused):
        issuer_of(token)
    assert not issuer.asked


def test_deep_documents(issuer: Issuer, door: Door) -> None:
    deep = text_of(b'{"a":' + b"[" * 6000 + b"]" * 6000 + b"}")
    header = text_of(json.dumps({"alg": "RS256", "kid": "one"}).encode())
    for token in (f"{header}.{deep}.AA", f"{deep}.{deep[:8000]}.AA"):
        assert door.fault(token) is Fault.INVALID


@pytest.mark.parametrize("change", [{"crit": ["exp"]}, {"typ": "logout+jwt"}, {"typ": 5}, {"kid": 5}])
def test_headers(issuer: Issuer, door: Door, change: dict[str, Any]) -> None:
    assert door.fault(issuer.token(header=change)) is Fault.INVALID


def test_keys_that_a_token_brings_along(issuer: Issuer, door: Door) -> None:
    """``jwk``, ``jku`` and ``x5u`` in the header name nothing."""
    evil = Key("evil")
    for header in ({"jwk": evil.public}, {"jku": f"{issuer.address}/evil"}, {"x5u": f"{issuer.address}/evil"}):
        assert door.fault(issuer.token(evil, header)) is Fault.INVALID
        assert door.fault(issuer.token(evil, {**header, "kid": "one"})) is Fault.INVALID
    assert "/evil" not in issuer.asked


def test_another_signature(issuer: Issuer, door: Door) -> None:
    token = issuer.token()
    body, _, signature = token.rpartition(".")
    assert door.fault(f"{body}.{signature[:-4]}AAAA") is Fault.INVALID
    assert door.fault(f"{body}.") is Fault.INVALID
    header = token.partition(".")[0]
    other = text_of(json.dumps(issuer.claims(sub="root")).encode())
    assert door.fault(f"{header}.{other}.{signature}") is Fault.INVALID


def test_without_an_id_the_only_key_will_do(issuer: Issuer, door: Door) -> None:
    token = issuer.token(header={"kid": None})
    assert door.fault(token) is None
    issuer.keys.append(Key("two"))
    door.clock.time += FRESH
    token = issuer.token(header={"kid": None}, exp=5_000_000_000)
    assert door.fault(token) is Fault.INVALID


def test_keys_are_kept_and_rotate(issuer: Issuer, door: Door) -> None:
    for _ in range(3):
        assert door.fault(issuer.token()) is None
    assert issuer.asked == [CONFIGURATION, "/keys"]
    new = Key("two")
    issuer.keys.append(new)
    assert door.fault(issuer.token(new)) is Fault.INVALID, "not asked for again at once"
    assert len(issuer.asked) == 2
    door.clock.time += PATIENCE
    for _ in range(3):
        assert door.fault(issuer.token(new)) is None
        assert door.fault(issuer.token()) is None
    assert len(issuer.asked) == 4
    for number in range(20):
        assert door.fault(issuer.token(Key("three"), {"kid": f"unknown-{number}"})) is Fault.INVALID
    assert len(issuer.asked) == 4, "unknown keys make nobody ask"


def test_keys_that_are_withdrawn(issuer: Issuer, door: Door) -> None:
    old, issuer.keys = issuer.keys[0], [Key("two")]
    issuer.keys.insert(0, old)
    assert door.fault(issuer.token(old, exp=5_000_000_000)) is None
    issuer.keys.remove(old)
    door.clock.time += FRESH
    assert door.fault(issuer.token(old, exp=5_000_000_000)) is Fault.INVALID


def test_an_issuer_that_does_not_answer(issuer: Issuer, door: Door) -> None:
    issuer.answers[CONFIGURATION] = 503, {}, b""
    for _ in range(5):
        assert door.fault(issuer.token()) is Fault.UNREACHABLE
    assert len(issuer.asked) == 1
    issuer.answers.clear()
    door.clock.time += PATIENCE
    token = issuer.token(exp=5_000_000_000)
    assert door.fault(token) is None
    issuer.answers[CONFIGURATION] = 503, {}, b""
    door.clock.time += FRESH
    assert door.fault(token) is None, "the keys that are known still do"
    door.clock.time += STALE
    assert door.fault(token) is Fault.UNREACHABLE


@pytest.mark.parametrize(
    ("path", "status", "headers", "body"),
    [
        (CONFIGURATION, 404, {}, b""),
        (CONFIGURATION, 302, {"Location": "/realms/main/elsewhere"}, b""),
        ("/keys", 307, {"Location": "https://127.0.0.1/keys"}, b""),
        (CONFIGURATION, 200, {}, b""),
        (CONFIGURATION, 200, {}, b"not json"),
        (CONFIGURATION, 200, {}, b"[]"),
        (CONFIGURATION, 200, {}, b"[" * 50_000),
        (CONFIGURATION, 200, {}, b" " * 70_000 + b"{}"),
        (CONFIGURATION, 200, {"Content-Length": "100"}, b"{}"),
        ("/keys", 200, {}, b" " * 300_000 + b"{}"),
        ("/keys", 200, {}, b"{}"),
        ("/keys", 200, {}, b'{"keys": {}}'),
        ("/keys", 200, {}, b'{"keys": [' + b"{}," * 100 + b"{}]}"),
        ("/keys", 200, {"Transfer-Encoding": "chunked", "Content-Length": ""}, b"zz\r\n"),
    ],
)
def test_what_issuers_may_publish(
    issuer: Issuer, door: Door, path: str, status: int, headers: dict[str, str], body: bytes
) -> None:
    issuer.answers[path] = status, headers, body
    assert door.fault(issuer.token()) is Fault.UNREACHABLE
    assert "/elsewhere" not in issuer.asked


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "http://127.0.0.1:1/realms/main"},
        {"issuer": None},
        {"jwks_uri": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "http://issuer.example/keys"},
        {"jwks_uri": "http://169.254.169.254/keys"},
        {"jwks_uri": "gopher://127.0.0.1/keys"},
        {"jwks_uri": "http://u:p@127.0.0.1/keys"},
        {"jwks_uri": "http://127.0.0.1/keys\r\nHost: evil"},
        {"jwks_uri": 5},
    ],
)
def test_configurations_that_point_elsewhere(issuer: Issuer, door: Door, change: dict[str, Any]) -> None:
    issuer.configuration |= change
    assert door.fault(issuer.token()) is Fault.UNREACHABLE


def test_plain_http_is_for_this_machine() -> None:
    async def fetch(url: str) -> None:
        await HttpsFetcher(1).fetch(url, most=10)

    for url in ("http://issuer.example/", "http://127.0.0.1.example/", "ftp://127.0.0.1/", "http:///", "https://a b/"):
        with pytest.raises(Exception, match="cannot be fetched"):
            asyncio.run(fetch(url))
