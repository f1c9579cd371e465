"""Presigned URLs of our own making, for those who ask other services for one."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote, urlsplit

import msgspec

from trug.auth.claim import ALGORITHM
from trug.auth.payloads import UNSIGNED
from trug.auth.scope import TERMINATOR, Scope
from trug.auth.signing import SigningKey
from trug.ports.keys import Credential

SAFE = "/-_.~"


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
    stamp, scope = _scope(credential, region, moment)
    parts = urlsplit(url)
    signed = {"host": parts.netloc, **(headers or {})}
    names = ";".join(sorted(signed))
    asked = {
        **(parameters or {}),
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{credential.access_key}/{scope.text}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(seconds),
        "X-Amz-SignedHeaders": names,
    }
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(asked[name], safe='-_.~')}" for name in sorted(asked))
    lines = "".join(f"{name}:{' '.join(signed[name].split())}\n" for name in sorted(signed))
    canonical = f"{method}\n{parts.path}\n{query}\n{lines}\n{names}\n{UNSIGNED}"
    text = f"{ALGORITHM}\n{stamp}\n{scope.text}\n{sha256(canonical.encode()).hexdigest()}"
    return f"{url}?{query}&X-Amz-Signature={SigningKey(credential, scope).sign(text)}"


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
    stamp, scope = _scope(credential, region, moment)
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
    return {**signed, "policy": policy, "x-amz-signature": SigningKey(credential, scope).sign(policy)}


def _scope(credential: Credential, region: str, moment: int) -> tuple[str, Scope]:
    stamp = datetime.fromtimestamp(moment // 1_000_000, UTC).strftime("%Y%m%dT%H%M%SZ")
    place = f"{stamp[:8]}/{region}/s3/{TERMINATOR}"
    return stamp, Scope(credential.access_key, stamp[:8], region, "s3", place)
