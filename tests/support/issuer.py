"""An OpenID Connect issuer on loopback: keys of ``cryptography``, tokens signed with its own code and not with ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

MAKERS: dict[str, Callable[[], PrivateKey]] = {
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number_of(value: int, size: int | None = None) -> str:
    return text_of(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Key:
    """A pair of keys: ``public`` is what the issuer publishes of it."""

    def __init__(self, kid: str, algorithm: str = "RS256", private: PrivateKey | None = None) -> None:
        self.kid = kid
        self.algorithm = algorithm
        self.private = private or MAKERS[algorithm]()

    @property
    def public(self) -> dict[str, Any]:
        return {"kid": self.kid, "use": "sig", "alg": self.algorithm, **self._numbers()}

    @property
    def pem(self) -> bytes:
        """The public key as text, which attackers sign HS256 with."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def _numbers(self) -> dict[str, str]:
        if isinstance(self.private, rsa.RSAPrivateKey):
            numbers = self.private.public_key().public_numbers()
            return {"kty": "RSA", "n": number_of(numbers.n), "e": number_of(numbers.e)}
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            point = self.private.public_key().public_numbers()
            return {"kty": "EC", "crv": "P-256", "x": number_of(point.x, 32), "y": number_of(point.y, 32)}
        return {"kty": "OKP", "crv": "Ed25519", "x": text_of(self.private.public_key().public_bytes_raw())}

    def sign(self, content: bytes) -> bytes:
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            first, second = decode_dss_signature(self.private.sign(content, ec.ECDSA(hashes.SHA256())))
            return first.to_bytes(32, "big") + second.to_bytes(32, "big")
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(content)
        if self.algorithm == "PS256":
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256().digest_size)
            return self.private.sign(content, pss, hashes.SHA256())
        return self.private.sign(content, padding.PKCS1v15(), hashes.SHA256())


def assembled(header: Mapping[str, Any], claims: Any, sign: Callable[[bytes], bytes]) -> str:
    """A token of any header, whoever signs."""
    parts = [text_of(json.dumps(part).encode()) for part in (header, claims)]
    return ".".join([*parts, text_of(sign(".".join(parts).encode()))])


def by_secret(secret: bytes) -> Callable[[bytes], bytes]:
    """Signs HS256."""
    return lambda content: hmac.digest(secret, content, hashlib.sha256)


class Issuer:
    """What is published, and how; tests may change all of it. ``asked`` are the paths that were asked for."""

    def __init__(self, port: int) -> None:
        self.url = f"127.0.0.1:{port}/realms/main"
        self.keys = [Key("one")]
        self.asked: list[str] = []
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.configuration: dict[str, Any] = {"issuer": self.address, "jwks_uri": f"{self.address}/keys"}

    @property
    def address(self) -> str:
        return f"http://{self.url}"

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a path below the issuer's."""
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            return 200, {}, json.dumps(self.configuration).encode()
        if path == "/keys":
            return 200, {}, json.dumps({"keys": [key.public for key in self.keys]}).encode()
        return 404, {}, b"{}"

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Those of a good token, with some changed; None leaves one out."""
        now = int(time.time())
        good = {"iss": self.address, "sub": "ana", "aud": "trug", "iat": now, "nbf": now, "exp": now + 600}
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def token(self, key: Key | None = None, header: Mapping[str, Any] | None = None, **changes: Any) -> str:
        """A token of the issuer's first key, or of another."""
        key = key or self.keys[0]
        said = {"alg": key.algorithm, "typ": "JWT", "kid": key.kid, **(header or {})}
        header = {name: value for name, value in said.items() if value is not None}
        return assembled(header, self.claims(**changes), key.sign)


@contextmanager
def issuing() -> Iterator[Issuer]:
    """An issuer that answers until the block is left."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = issuer.answer(self.path.removeprefix("/realms/main"))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *parts: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = Issuer(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="issuer")
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
