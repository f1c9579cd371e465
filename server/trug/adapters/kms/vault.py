"""The transit engine of HashiCorp Vault, and of what speaks its API (OpenBao)."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

from trug.adapters.kms.service import Address, post
from trug.domain.encryption import canonical_context, key_name
from trug.ports.key_management import Context, RefusedKey, UnknownKey
from trug.ports.stores import Damaged


class VaultTransit:
    """Keys in a transit engine ("Transit secrets engine (API)" in Vault's documentation).

    ``url`` names the engine's mount, ``https://vault:8200/v1/transit``. The encryption context is the ciphertext's
    associated data. ValueError for another kind of URL.
    """

    def __init__(self, url: str, token: str) -> None:
        self._address = Address.of(url)
        self._headers = {"X-Vault-Token": token, "X-Vault-Request": "true", "Content-Type": "application/json"}

    def __repr__(self) -> str:
        return f"VaultTransit({self._address.authority})"

    async def wrap(self, name: str, secret: bytes, context: Context) -> bytes:
        """``secret`` under the newest version of the key."""
        answer = await self._ask("encrypt", name, context, {"plaintext": base64.b64encode(secret).decode()})
        return _text(answer, "ciphertext").encode()

    async def unwrap(self, name: str, wrapped: bytes, context: Context) -> bytes:
        """What was wrapped. Errors of KeyManagement."""
        answer = await self._ask("decrypt", name, context, {"ciphertext": wrapped.decode("ascii", "replace")})
        try:
            return base64.b64decode(_text(answer, "plaintext"), validate=True)
        except ValueError as error:
            raise Damaged("Vault answered with a plaintext that is not base64") from error

    def is_newest(self, name: str, wrapped: bytes) -> bool:
        """Vault alone knows."""
        return False

    async def _ask(self, verb: str, name: str, context: Context, given: dict[str, str]) -> dict[str, Any]:
        bound = base64.b64encode(canonical_context(context).encode()).decode()
        body = json.dumps(given | {"associated_data": bound}).encode()
        key = key_name(name)
        status, answer = await post(self._address, f"/{verb}/{quote(key, safe='')}", self._headers, body)
        if status == 200:
            return answer
        reasons = "; ".join(map(str, answer.get("errors") or ())) or str(status)
        if status == 403:
            raise RefusedKey(f"Vault refuses to {verb} with the key {key}: {reasons}")
        if status == 404 or "not found" in reasons:
            raise UnknownKey(f"Vault has no key {key}: {reasons}")
        raise Damaged(f"Vault cannot {verb} with the key {key}: {reasons}")


def _text(answer: dict[str, Any], name: str) -> str:
    found = (answer.get("data") or {}).get(name)
    if not isinstance(found, str) or not found.isascii():
        raise Damaged(f"Vault's answer has no {name}")
    return found
