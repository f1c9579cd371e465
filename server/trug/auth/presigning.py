"""Presigned URLs of our own making, for those who ask other services for one."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

import msgspec

from trug.auth.claim import ALGORITHM
from trug.auth.payloads import UNSIGNED
from trug.auth.scope import TERMINATOR, Scope
from trug.auth.signing import SigningKeys
from trug.ports.keys import Credential

SIGNING_KEYS = SigningKeys()


def presigned_url(
    credential: Credential,
    method: str,
    url: str,
    *,
    region: str,
    moment: int,
    seconds: int,
    parameters: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> str:
    """``url`` (path percent-encoded, no query) for who has no credentials, good for ``seconds`` from ``moment`` (µs).

    Follows "Authenticating Requests: Using Query Parameters". ``parameters`` are signed with it; ``headers``
    (lower-case names) must be sent just so.
    """
    stamp, scope = _scope(credential.access_key, region, moment // 1_000_000)
    host, slash, path = url.partition("://")[2].partition("/")
    signed = {"host": host, **(headers or {})}
    names = sorted(signed)
    asked = {
        **(parameters or {}),
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{credential.access_key}/{scope.text}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(seconds),
        "X-Amz-SignedHeaders": ";".join(names),
    }
    query = "&".join([f"{_quoted(name)}={_quoted(asked[name])}" for name in sorted(asked)])
    lines = "".join([f"{name}:{' '.join(signed[name].split())}\n" for name in names])
    canonical = f"{method}\n{slash}{path}\n{query}\n{lines}\n{';'.join(names)}\n{UNSIGNED}"
    text = f"{ALGORITHM}\n{stamp}\n{scope.text}\n{sha256(canonical.encode()).hexdigest()}"
    return f"{url}?{query}&X-Amz-Signature={SIGNING_KEYS.of(credential, scope).sign(text)}"


@lru_cache(256)
def _quoted(text: str) -> str:
    """As a query has it. Most of what is signed is said in every URL of a second."""
    return quote(text, safe="-_.~")


def signed_form(
    credential: Credential,
    fields: dict[str, str],
    *,
    region: str,
    moment: int,
    seconds: int,
    bucket: str,
    size: int,
) -> dict[str, str]:
    """The fields of a form that lets who has no credentials upload one file of ``size`` bytes into ``bucket``, with
    just these ``fields`` (the key among them), for ``seconds`` from ``moment`` (µs); the file comes after them.

    Follows "Browser-based uploads using POST".
    """
    stamp, scope = _scope(credential.access_key, region, moment // 1_000_000)
    signed = {
        **fields,
        "x-amz-algorithm": ALGORITHM,
        "x-amz-credential": f"{credential.access_key}/{scope.text}",
        "x-amz-date": stamp,
    }
    expires = datetime.fromtimestamp(moment // 1_000_000 + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    exactly: list[object] = [{name: value} for name, value in signed.items()]
    conditions = [{"bucket": bucket}, *exactly, ["content-length-range", size, size]]
    policy = b64encode(msgspec.json.encode({"expiration": expires, "conditions": conditions})).decode()
    return {**signed, "policy": policy, "x-amz-signature": SIGNING_KEYS.of(credential, scope).sign(policy)}


@lru_cache(16)
def _scope(access_key: str, region: str, second: int) -> tuple[str, Scope]:
    stamp = datetime.fromtimestamp(second, UTC).strftime("%Y%m%dT%H%M%SZ")
    place = f"{stamp[:8]}/{region}/s3/{TERMINATOR}"
    return stamp, Scope(access_key, stamp[:8], region, "s3", place)
