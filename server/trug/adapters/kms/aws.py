"""The AWS Key Management Service, and what speaks its API."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from functools import reduce
from typing import Any

from trug.adapters.kms.service import Address, post
from trug.ports.key_management import Context, DisabledKey, RefusedKey, UnknownKey
from trug.ports.keys import Clock
from trug.ports.stores import Damaged, Unavailable

CONTENT_TYPE = "application/x-amz-json-1.1"
SIGNED = "content-type;host;x-amz-date;x-amz-target"

REFUSALS: dict[str, type[Exception]] = {
    "AccessDeniedException": RefusedKey,
    "DisabledException": DisabledKey,
    "KMSInvalidStateException": DisabledKey,
    "InvalidKeyUsageException": DisabledKey,
    "NotFoundException": UnknownKey,
    "InvalidArnException": UnknownKey,
    "InvalidCiphertextException": Damaged,
    "IncorrectKeyException": Damaged,
    "KeyUnavailableException": Unavailable,
    "DependencyTimeoutException": Unavailable,
    "KMSInternalException": Unavailable,
    "LimitExceededException": Unavailable,
    "ThrottlingException": Unavailable,
}
"""What the errors of Encrypt and Decrypt mean here; every other refuses the key."""


class AwsKms:
    """Keys in AWS KMS, by its operations Encrypt and Decrypt.

    ``url`` is the endpoint, ``https://kms.eu-central-1.amazonaws.com``, whose region requests are signed for;
    ``pair`` is ACCESS_KEY:SECRET_KEY. ValueError for another kind of URL, or no pair.
    """

    def __init__(self, url: str, pair: str, *, region: str, clock: Clock) -> None:
        self._address = Address.of(url)
        self._access_key, colon, self._secret = pair.partition(":")
        if not (self._access_key and colon and self._secret):
            raise ValueError("AWS KMS needs ACCESS_KEY:SECRET_KEY as its token")
        self._region = _region_of(self._address.host) or region
        self._clock = clock

    def __repr__(self) -> str:
        return f"AwsKms({self._address.authority})"

    async def wrap(self, name: str, secret: bytes, context: Context) -> bytes:
        """``secret`` under the newest version of the key."""
        given = {"KeyId": name, "Plaintext": base64.b64encode(secret).decode(), "EncryptionContext": dict(context)}
        return _bytes(await self._ask("Encrypt", given), "CiphertextBlob")

    async def unwrap(self, name: str, wrapped: bytes, context: Context) -> bytes:
        """What was wrapped. Errors of KeyManagement."""
        sealed = base64.b64encode(wrapped).decode()
        given = {"KeyId": name, "CiphertextBlob": sealed, "EncryptionContext": dict(context)}
        return _bytes(await self._ask("Decrypt", given), "Plaintext")

    def is_newest(self, name: str, wrapped: bytes) -> bool:
        """KMS alone knows."""
        return False

    async def _ask(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(given).encode()
        status, answer = await post(self._address, "/", self._signed(f"TrentService.{operation}", body), body)
        if status == 200:
            return answer
        code = str(answer.get("__type", "")).rpartition("#")[2]
        reason = answer.get("message") or answer.get("Message") or code or status
        raise REFUSALS.get(code, RefusedKey)(f"KMS {operation}: {reason}")

    def _signed(self, target: str, body: bytes) -> dict[str, str]:
        """The headers of a request, with a signature of version 4 over them ("Signing AWS API requests")."""
        moment = _basic_date(self._clock.now())
        headers = {
            "Content-Type": CONTENT_TYPE,
            "Host": self._address.authority,
            "X-Amz-Date": moment,
            "X-Amz-Target": target,
        }
        scope = f"{moment[:8]}/{self._region}/kms/aws4_request"
        lines = "".join(f"{name.lower()}:{value}\n" for name, value in headers.items())
        path = f"{self._address.path}/"
        canonical = f"POST\n{path}\n\n{lines}\n{SIGNED}\n{hashlib.sha256(body).hexdigest()}"
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = reduce(_hmac, scope.split("/"), f"AWS4{self._secret}".encode())
        credential = f"AWS4-HMAC-SHA256 Credential={self._access_key}/{scope}"
        signature = _hmac(key, text).hex()
        return headers | {"Authorization": f"{credential}, SignedHeaders={SIGNED}, Signature={signature}"}


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _basic_date(moment: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(moment // 1_000_000, UTC).strftime("%Y%m%dT%H%M%SZ")


def _region_of(host: str) -> str:
    """``eu-central-1`` in ``kms.eu-central-1.amazonaws.com``; empty for other hosts."""
    labels = host.split(".")
    return labels[1] if labels[0] in ("kms", "kms-fips") and "amazonaws" in labels else ""


def _bytes(answer: dict[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(answer[name], validate=True)
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(f"the answer of KMS has no {name}") from error
