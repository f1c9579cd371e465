"""Two services that keep keys, as far as trug asks them: the transit engine of Vault, and AWS KMS."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "s.vault-token"
PAIR = "AKIAKMS:kms-secret"
REGION = "us-east-1"
NONCE = bytes(12)

Answer = tuple[int, dict[str, Any]]


class Service:
    """Named keys with versions, and the answers about them; ``status`` when it has none to give."""

    def __init__(self) -> None:
        self.keys: dict[str, list[bytes]] = {}
        self.status = 0

    def create(self, name: str) -> None:
        self.keys[name] = [AESGCM.generate_key(256)]

    def rotate(self, name: str) -> None:
        self.keys[name].append(AESGCM.generate_key(256))

    def seal(self, name: str, secret: bytes, context: bytes) -> tuple[int, bytes]:
        versions = self.keys[name]
        return len(versions), AESGCM(versions[-1]).encrypt(NONCE, secret, context)

    def open(self, name: str, version: int, sealed: bytes, context: bytes) -> bytes:
        return AESGCM(self.keys[name][version - 1]).decrypt(NONCE, sealed, context)


class Vault(Service):
    """``POST /v1/transit/{encrypt,decrypt}/NAME``."""

    def answer(self, request: BaseHTTPRequestHandler, body: bytes) -> Answer:
        if request.headers["X-Vault-Token"] != TOKEN:
            return 403, {"errors": ["permission denied"]}
        verb, name = request.path.removeprefix("/v1/transit/").split("/", 1)
        given = json.loads(body)
        if name not in self.keys:
            return 400, {"errors": ["encryption key not found"]}
        context = base64.b64decode(given["associated_data"])
        if verb == "encrypt":
            version, sealed = self.seal(name, base64.b64decode(given["plaintext"]), context)
            return 200, {"data": {"ciphertext": f"vault:v{version}:{base64.b64encode(sealed).decode()}"}}
        try:
            _, version, sealed = given["ciphertext"].split(":")
            secret = self.open(name, int(version[1:]), base64.b64decode(sealed), context)
        except (InvalidTag, ValueError):
            return 400, {"errors": ["cipher: message authentication failed"]}
        return 200, {"data": {"plaintext": base64.b64encode(secret).decode()}}


class Kms(Service):
    """Encrypt and Decrypt, of requests that botocore would have signed so."""

    def answer(self, request: BaseHTTPRequestHandler, body: bytes) -> Answer:
        if not _is_signed(request, body):
            return 400, {"__type": "com.amazonaws.kms#AccessDeniedException", "message": "not signed by who may"}
        given = json.loads(body)
        name = given["KeyId"]
        if name == "disabled":
            return 400, {"__type": "DisabledException", "message": "disabled"}
        if name not in self.keys:
            return 400, {"__type": "NotFoundException", "message": f"Alias {name} is not found."}
        context = json.dumps(given["EncryptionContext"], sort_keys=True).encode()
        if request.headers["X-Amz-Target"] == "TrentService.Encrypt":
            version, sealed = self.seal(name, base64.b64decode(given["Plaintext"]), context)
            return 200, {"CiphertextBlob": base64.b64encode(bytes([version]) + sealed).decode(), "KeyId": name}
        blob = base64.b64decode(given["CiphertextBlob"])
        try:
            secret = self.open(name, blob[0], blob[1:], context)
        except (InvalidTag, IndexError, ValueError):
            return 400, {"__type": "InvalidCiphertextException"}
        return 200, {"Plaintext": base64.b64encode(secret).decode(), "KeyId": name}


def _is_signed(request: BaseHTTPRequestHandler, body: bytes) -> bool:
    """By botocore's own signer, over the headers that the request says it signed."""
    claimed = request.headers["Authorization"]
    signed = claimed.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = {name: request.headers[name] for name in signed if name != "host"}
    again = AWSRequest("POST", f"http://{request.headers['Host']}{request.path}", headers=headers, data=body)
    again.context["timestamp"] = request.headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials(*PAIR.split(":")), "kms", REGION)
    canonical = signer.canonical_request(again)
    signature = signer.signature(signer.string_to_sign(again, canonical), again)
    return claimed.endswith(f"Signature={signature}")


@contextmanager
def listening(service: Vault | Kms) -> Iterator[str]:
    """The service on a loopback port: its URL without path."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(service.answer, service))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(
    answer: Callable[[BaseHTTPRequestHandler, bytes], Answer], service: Service
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, document = (service.status, {}) if service.status else answer(self, body)
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    return Handler
