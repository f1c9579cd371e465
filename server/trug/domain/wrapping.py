"""Keys wrapped under keys, with AES-256-GCM."""

from __future__ import annotations

import hmac
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING

from trug.domain.encryption import KEY_SIZE, CustomerKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FIXED_NONCE = bytes(12)
SALT_SIZE = 16


class Unopened(Exception):
    """What was sealed does not open: it was altered, or key or context are not those it was sealed with."""


def aead(key: bytes) -> AESGCM:
    """AES-256-GCM under a key of 32 bytes."""
    return _cipher_class()(key)


@lru_cache(1)
def _cipher_class() -> type[AESGCM]:
    """Imported late: it takes 20 ms, which a server that encrypts nothing need not wait for."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM


def opened(key: bytes, nonce: bytes, content: bytes, context: bytes | None) -> bytes:
    """The plaintext of one message. Unopened."""
    try:
        return aead(key).decrypt(nonce, content, context)
    except unopened() as error:
        raise Unopened("a sealed message does not open") from error


def unopened() -> tuple[type[Exception], ...]:
    """What the cipher raises for a message that does not open."""
    from cryptography.exceptions import InvalidTag

    return InvalidTag, ValueError


# Under keys that wrap many others


def wrap(key: bytes, secret: bytes, context: bytes) -> bytes:
    """``secret`` under ``key``, by way of a key derived for this once, so that no nonce can come twice."""
    salt = secrets.token_bytes(SALT_SIZE)
    return salt + aead(hmac.digest(key, salt, "sha256")).encrypt(FIXED_NONCE, secret, context)


def unwrap(key: bytes, wrapped: bytes, context: bytes) -> bytes:
    """What ``wrap`` wrapped. Unopened."""
    salt, content = wrapped[:SALT_SIZE], wrapped[SALT_SIZE:]
    return opened(hmac.digest(key, salt, "sha256"), FIXED_NONCE, content, context)


# Under a customer's key, of which nothing is kept but a salt and an HMAC to recognise it by


def wrap_for_customer(customer: CustomerKey, secret: bytes) -> bytes:
    """``secret`` under a customer's key: a salt, an HMAC that recognises the key, and the ciphertext."""
    salt = secrets.token_bytes(SALT_SIZE)
    sealed = aead(_derived(customer, salt, b"wrap")).encrypt(FIXED_NONCE, secret, None)
    return salt + _derived(customer, salt, b"recognise") + sealed


def is_recognised(customer: CustomerKey, wrapped: bytes) -> bool:
    """Whether this is the customer's key that ``wrapped`` was made with."""
    known = wrapped[SALT_SIZE : SALT_SIZE + KEY_SIZE]
    return hmac.compare_digest(_derived(customer, wrapped[:SALT_SIZE], b"recognise"), known)


def unwrap_for_customer(customer: CustomerKey, wrapped: bytes) -> bytes:
    """What was wrapped under a customer's key that ``is_recognised``. Unopened."""
    key = _derived(customer, wrapped[:SALT_SIZE], b"wrap")
    return opened(key, FIXED_NONCE, wrapped[SALT_SIZE + KEY_SIZE :], None)


def _derived(customer: CustomerKey, salt: bytes, purpose: bytes) -> bytes:
    return hmac.digest(customer.key, purpose + salt, "sha256")
