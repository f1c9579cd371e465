"""Forms as browsers would post them, signed by the documentation's recipe and not by our code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
REGION = "us-east-1"


def part(name: str, value: str | bytes, filename: str | None = None, *lines: str) -> bytes:
    """One part, its name as it stands."""
    named = "" if filename is None else f'; filename="{filename}"'
    head = "\r\n".join([f'Content-Disposition: form-data; name="{name}"{named}', *lines])
    content = value.encode() if isinstance(value, str) else value
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def form(
    fields: Mapping[str, str] | Iterable[tuple[str, str]], content: bytes = b"content", filename: str | None = "a.txt"
) -> bytes:
    """A whole form with its file at the end."""
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    return b"".join(part(name, value) for name, value in pairs) + part("file", content, filename) + END


def encoded(document: Any) -> str:
    """A policy in base64."""
    text = document if isinstance(document, str) else json.dumps(document)
    return base64.b64encode(text.encode()).decode()


def expiring(seconds: int = 600) -> str:
    """A policy's expiration, so many seconds from now."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + seconds))


def signed(
    keys: tuple[str, str],
    fields: Mapping[str, str],
    conditions: Iterable[Any] | None = None,
    *,
    bucket: str = "",
    expires: str | None = None,
    document: Any = None,
) -> dict[str, str]:
    """``fields`` with a policy signed in version 4: of ``conditions``, or one that demands exactly these fields."""
    access_key, secret = keys
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = [stamp[:8], REGION, "s3", "aws4_request"]
    signing = {
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": "/".join([access_key, *scope]),
        "x-amz-date": stamp,
    }
    wanted = [{"bucket": bucket}, *({name: value} for name, value in fields.items())]
    every = [*(wanted if conditions is None else conditions), *({name: value} for name, value in signing.items())]
    policy = encoded(document or {"expiration": expires or expiring(), "conditions": every})
    key = f"AWS4{secret}".encode()
    for step in (*scope, policy):
        key = hmac.digest(key, step.encode(), hashlib.sha256)
    return {**fields, **signing, "policy": policy, "x-amz-signature": key.hex()}


def signed_v2(keys: tuple[str, str], fields: Mapping[str, str], conditions: Iterable[Any]) -> dict[str, str]:
    """``fields`` with a policy signed in version 2."""
    access_key, secret = keys
    policy = encoded({"expiration": expiring(), "conditions": list(conditions)})
    signature = base64.b64encode(hmac.digest(secret.encode(), policy.encode(), hashlib.sha1)).decode()
    return {**fields, "AWSAccessKeyId": access_key, "policy": policy, "signature": signature}
