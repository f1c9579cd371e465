"""A second implementation of aws-chunked, from AWS's documentation alone: it makes what the server takes apart."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


@dataclass
class DocumentedSigner:
    """The chain of chunk signatures of "Signature calculations … transferring payload in multiple chunks"."""

    secret: str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    timestamp: str = "20130524T000000Z"
    region: str = "us-east-1"
    signature: str = field(default="4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9")

    def chunk(self, sha256: str) -> str:
        return self._sign("AWS4-HMAC-SHA256-PAYLOAD", EMPTY_SHA256, sha256)

    def trailer(self, sha256: str) -> str:
        return self._sign("AWS4-HMAC-SHA256-TRAILER", sha256)

    def _sign(self, kind: str, *hashes: str) -> str:
        day = self.timestamp[:8]
        key = f"AWS4{self.secret}".encode()
        for part in (day, self.region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        scope = f"{day}/{self.region}/s3/aws4_request"
        text = "\n".join([kind, self.timestamp, scope, self.signature, *hashes])
        self.signature = hmac.new(key, text.encode(), "sha256").hexdigest()
        return self.signature


def signed(
    chunks: list[bytes], trailer: tuple[str, str] | None = None, *, line_end: str = "\r\n", seed: str = ""
) -> bytes:
    """A body of signed chunks, with a signed trailer where one is given. An empty last chunk is added."""
    signer = DocumentedSigner(signature=seed) if seed else DocumentedSigner()
    out = []
    for chunk in [*chunks, b""]:
        signature = signer.chunk(hashlib.sha256(chunk).hexdigest())
        out.append(b"%x;chunk-signature=%s\r\n%s" % (len(chunk), signature.encode(), chunk + b"\r\n" if chunk else b""))
    if trailer is not None:
        name, value = trailer
        signature = signer.trailer(hashlib.sha256(f"{name}:{value}\n".encode()).hexdigest())
        out.append(f"{name}:{value}{line_end}x-amz-trailer-signature:{signature}\r\n".encode())
    return b"".join([*out, b"\r\n"])


def unsigned(chunks: list[bytes], trailer: tuple[str, str] | None = None, *, line_end: str = "\r\n") -> bytes:
    """A body of plain chunks, with a trailer where one is given. An empty last chunk is added."""
    out = [b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks]
    ending = f"{trailer[0]}:{trailer[1]}{line_end}" if trailer is not None else ""
    return b"".join([*out, b"0\r\n", ending.encode(), b"\r\n"])
