"""What the headers of a request say about encryption, and what an answer's say."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable

from trug.domain.encryption import (
    KEY_SIZE,
    KINDS,
    KMS_KINDS,
    MOST_CONTEXT,
    SSE_C,
    SSE_KMS,
    SSE_S3,
    CustomerKey,
    Encryption,
    Managed,
    Protection,
)
from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.wire.headers import not_implemented
from trug.wire.request import Headers, Incoming, Rule

METHOD = "x-amz-server-side-encryption"
KMS_KEY = f"{METHOD}-aws-kms-key-id"
CONTEXT = f"{METHOD}-context"
BUCKET_KEY = f"{METHOD}-bucket-key-enabled"
CUSTOMER = f"{METHOD}-customer-"
SOURCES_CUSTOMER = "x-amz-copy-source-server-side-encryption-customer-"
ALGORITHM, KEY, KEY_MD5 = "algorithm", "key", "key-md5"
KNOWN = frozenset({METHOD, KMS_KEY, CONTEXT, BUCKET_KEY, *(CUSTOMER + name for name in (ALGORITHM, KEY, KEY_MD5))})


def speaks_of_encryption(names: Iterable[str]) -> bool:
    """Whether headers of these names say anything about encryption."""
    return any(name.startswith((METHOD, SOURCES_CUSTOMER)) for name in names)


SPEAKS_OF_IT = Rule(speaks_of_encryption)
UNKNOWN = Rule(lambda names: [name for name in names if name.startswith(METHOD) and name not in KNOWN])

CUSTOMERS = "Requests specifying Server Side Encryption with Customer provided keys must"
NOT_ALONE = "Server Side Encryption with Customer provided key is incompatible with the encryption method specified"
UNKNOWN_METHOD = "The encryption method specified is not supported"
NEEDS_KMS = (
    "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms"
)


def protection_asked(incoming: Incoming) -> Protection | None:
    """The encryption that PutObject, CopyObject or CreateMultipartUpload asks for; None where it says nothing.

    InvalidArgument, InvalidEncryptionAlgorithmError, InvalidRequest for headers that are not valid, or that cannot
    stand together.
    """
    headers = incoming.headers
    if not SPEAKS_OF_IT(headers):
        return None
    _refuse_unknown(headers)
    customer = _customer_key(incoming, CUSTOMER)
    method = headers.get(METHOD)
    if customer is not None:
        if method is not None or KMS_KEY in headers:
            raise invalid_argument(NOT_ALONE, METHOD, method or "")
        return customer
    if method is None:
        _refuse_without_kms(headers, "null")
        return None
    if method not in KINDS:
        raise invalid_argument(UNKNOWN_METHOD, METHOD, method)
    if method not in KMS_KINDS:
        _refuse_without_kms(headers, method)
        return Managed(method)
    return Managed(method, headers.get(KMS_KEY, ""), _context(headers.get(CONTEXT)), _bucket_key(headers, method))


def customer_key(incoming: Incoming, *, may_repeat: bool = False) -> CustomerKey | None:
    """The key that a read or an upload of a part brings; None where it brings none. Errors as ``protection_asked``.

    InvalidArgument for headers that ask for a kind of encryption: here there is nothing to choose, unless the client
    ``may_repeat`` what it chose before. (minio-go does so in CompleteMultipartUpload, wherever it is not at AWS.)
    """
    headers = incoming.headers
    if not SPEAKS_OF_IT(headers):
        return None
    _refuse_unknown(headers)
    for name in (METHOD, KMS_KEY, CONTEXT, BUCKET_KEY):
        if name in headers and not may_repeat:
            raise invalid_argument(f"{name} header is not supported for this operation.", name, headers[name])
    return _customer_key(incoming, CUSTOMER)


def source_key(incoming: Incoming) -> CustomerKey | None:
    """The key of a copy's source. Errors as ``customer_key``."""
    return _customer_key(incoming, SOURCES_CUSTOMER) if SPEAKS_OF_IT(incoming.headers) else None


def _refuse_unknown(headers: Headers) -> None:
    """What is yet to come is not built: nobody who asks for it is to believe that they got it."""
    for name in UNKNOWN(headers):
        raise not_implemented(name)


def _refuse_without_kms(headers: Headers, method: str) -> None:
    if KMS_KEY in headers or CONTEXT in headers:
        raise invalid_argument(NEEDS_KMS, METHOD, method)


def _bucket_key(headers: Headers, method: str) -> bool | None:
    text = headers.get(BUCKET_KEY)
    if text is None:
        return None
    if text.lower() not in ("true", "false"):
        raise invalid_argument(f"The value of {BUCKET_KEY} is neither true nor false.", BUCKET_KEY, text)
    return text.lower() == "true" and method == SSE_KMS  # DSSE-KMS knows no bucket keys


def _context(text: str | None) -> dict[str, str]:
    """The pairs of an encryption context, base64 of a JSON object of strings."""
    if text is None:
        return {}
    try:
        found = json.loads(base64.b64decode(text, validate=True))
    except (ValueError, RecursionError):
        found = None
    is_object = isinstance(found, dict) and all(isinstance(value, str) for value in found.values())
    if not is_object or len(text) > MOST_CONTEXT:
        raise invalid_argument(f"The header {CONTEXT} shall be Base64-encoded UTF-8 string holding JSON", CONTEXT, text)
    pairs: dict[str, str] = found
    return pairs


def _customer_key(incoming: Incoming, prefix: str) -> CustomerKey | None:
    headers = incoming.headers
    algorithm, key, md5 = (headers.get(prefix + name) for name in (ALGORITHM, KEY, KEY_MD5))
    if algorithm is None and key is None and md5 is None:
        return None
    if prefix == CUSTOMER and METHOD in headers:
        raise invalid_argument(NOT_ALONE, METHOD, headers[METHOD])
    if not incoming.wire.is_private:
        raise S3Error(ErrorCode.InvalidRequest, f"{CUSTOMERS} be made over a secure connection.")
    if algorithm is None:
        raise _unfit("provide a valid encryption algorithm.")
    if algorithm != SSE_S3:
        raise S3Error(
            ErrorCode.InvalidEncryptionAlgorithmError, fields={"ArgumentName": METHOD, "ArgumentValue": algorithm}
        )
    if not key:
        raise _unfit("provide an appropriate secret key.")
    if not md5:
        raise _unfit("provide the client calculated MD5 of the secret key.")
    return CustomerKey(_checked_key(key, md5), md5)


def _checked_key(key: str, md5: str) -> bytes:
    """The key of these headers; its MD5 is looked at before its length."""
    try:
        secret = base64.b64decode(key, validate=True)
        claimed = base64.b64decode(md5, validate=True)
    except (binascii.Error, ValueError):
        raise invalid_argument("The secret key was invalid for the specified algorithm.", METHOD, "null") from None
    if hashlib.md5(secret, usedforsecurity=False).digest() != claimed:
        message = "The calculated MD5 hash of the key did not match the hash that was provided."
        raise invalid_argument(message, METHOD, "null")
    if len(secret) != KEY_SIZE:
        raise invalid_argument("The secret key was invalid for the specified algorithm.", METHOD, "null")
    return secret


def _unfit(text: str) -> S3Error:
    return invalid_argument(f"{CUSTOMERS} {text}", METHOD, "null")


# Out


def encryption_headers(encryption: Encryption | None, customer: CustomerKey | None = None) -> dict[str, str]:
    """How something is encrypted, as every answer about it says; ``customer`` is the key that the request brought."""
    if encryption is None:
        return {}
    if encryption.kind == SSE_C:
        return customer_headers(customer)
    headers = {METHOD: encryption.kind}
    if encryption.kind in KMS_KINDS:
        headers[KMS_KEY] = encryption.key
    if encryption.bucket_key:
        headers[BUCKET_KEY] = "true"
    return headers


def customer_headers(customer: CustomerKey | None) -> dict[str, str]:
    """The confirmation of a customer's key: its algorithm and MD5."""
    if customer is None:
        return {}
    return {f"{CUSTOMER}{ALGORITHM}": SSE_S3, f"{CUSTOMER}{KEY_MD5}": customer.md5}


def context_header(protection: Protection | None) -> dict[str, str]:
    """The encryption context as the client sent it, where it did."""
    if not isinstance(protection, Managed) or not protection.context:
        return {}
    return {CONTEXT: base64.b64encode(json.dumps(protection.context).encode()).decode()}
