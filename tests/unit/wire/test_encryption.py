from __future__ import annotations

import base64
import hashlib
import json

import pytest
from tests.support.requests import wire_request

from trug.domain.encryption import CustomerKey, Encryption, Managed, Protection
from trug.domain.errors import S3Error
from trug.domain.frozen import replace
from trug.wire.encryption import (
    context_header,
    customer_key,
    encryption_headers,
    protection_asked,
    source_key,
)
from trug.wire.request import Incoming

METHOD = "x-amz-server-side-encryption"
SOURCE = "x-amz-copy-source-server-side-encryption"
SECRET = bytes(range(32))


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def md5(content: bytes) -> str:
    return text(hashlib.md5(content).digest())


def brought(secret: bytes = SECRET, prefix: str = METHOD, **other: str | None) -> dict[str, str]:
    """The headers of a customer's key, some of them others or (None) left out."""
    values = {"algorithm": "AES256", "key": text(secret), "key-md5": md5(secret)}
    values |= {name.replace("_", "-"): value for name, value in other.items()}  # type: ignore[misc]
    return {f"{prefix}-customer-{name}": value for name, value in values.items() if value is not None}


def incoming(headers: dict[str, str], *, is_private: bool = True) -> Incoming:
    wire = replace(wire_request("PUT", "/bucket/key", headers), is_private=is_private)
    return Incoming.of(wire, None)  # type: ignore[arg-type]


def context(value: object) -> str:
    return text(json.dumps(value).encode())


KMS = {METHOD: "aws:kms"}
ASKED: dict[str, tuple[dict[str, str], Protection | None]] = {
    "nothing": ({"content-type": "text/plain"}, None),
    "sse-s3": ({METHOD: "AES256"}, Managed("AES256")),
    "kms": (KMS, Managed("aws:kms")),
    "dsse": ({METHOD: "aws:kms:dsse"}, Managed("aws:kms:dsse")),
    "key": (KMS | {f"{METHOD}-aws-kms-key-id": "k"}, Managed("aws:kms", "k")),
    "context": (KMS | {f"{METHOD}-context": context({"a": "ä"})}, Managed("aws:kms", "", {"a": "ä"})),
    "bucket-key": (KMS | {f"{METHOD}-bucket-key-enabled": "True"}, Managed("aws:kms", bucket_key=True)),
    "no-bucket-key": (KMS | {f"{METHOD}-bucket-key-enabled": "false"}, Managed("aws:kms", bucket_key=False)),
    "bucket-key-of-none": ({f"{METHOD}-bucket-key-enabled": "true"}, None),
    "customer": (brought(), CustomerKey(SECRET, md5(SECRET))),
}


@pytest.mark.parametrize("case", ASKED)
def test_what_is_asked(case: str) -> None:
    headers, asked = ASKED[case]
    assert protection_asked(incoming(headers)) == asked


REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "unknown": ({METHOD: "rot13"}, "InvalidArgument: The encryption method specified is not supported"),
    "empty": ({METHOD: ""}, "InvalidArgument"),
    "of-other-buckets": ({METHOD: "aws:fsx"}, "InvalidArgument"),
    "key-alone": ({f"{METHOD}-aws-kms-key-id": "k"}, "InvalidArgument: Server Side Encryption with AWS KMS"),
    "context-alone": ({f"{METHOD}-context": context({})}, "InvalidArgument"),
    "key-of-sse-s3": ({METHOD: "AES256", f"{METHOD}-aws-kms-key-id": "k"}, "InvalidArgument"),
    "context-no-base64": (KMS | {f"{METHOD}-context": "{}"}, "InvalidArgument"),
    "context-no-json": (KMS | {f"{METHOD}-context": text(b"a=b")}, "InvalidArgument"),
    "context-no-object": (KMS | {f"{METHOD}-context": context(["a"])}, "InvalidArgument"),
    "context-no-strings": (KMS | {f"{METHOD}-context": context({"a": 1})}, "InvalidArgument"),
    "context-deep": (KMS | {f"{METHOD}-context": text(b"[" * 5000)}, "InvalidArgument"),
    "context-long": (KMS | {f"{METHOD}-context": context({"a": "b" * 9000})}, "InvalidArgument"),
    "bucket-key-maybe": (KMS | {f"{METHOD}-bucket-key-enabled": "maybe"}, "InvalidArgument"),
    "both": ({METHOD: "AES256", **brought()}, "InvalidArgument: Server Side Encryption with Customer provided key is"),
    "both-and-algorithm": ({METHOD: "AES256", **brought(algorithm="x")}, "InvalidArgument: Server Side Encryption wit"),
    "yet-to-come": ({f"{METHOD}-new": "1"}, "NotImplemented"),
}
KEYS: dict[str, tuple[dict[str, str | None], str]] = {
    "no-algorithm": ({"algorithm": None}, "InvalidArgument: .*must provide a valid encryption algorithm"),
    "other-algorithm": ({"algorithm": "AES128"}, "InvalidEncryptionAlgorithmError"),
    "o2-no-key": ({"key": None}, "InvalidArgument: .*must provide an appropriate secret key"),
    "no-md5": ({"key_md5": None}, "InvalidArgument: .*must provide the client calculated MD5"),
    "other-md5": ({"key_md5": md5(b"other")}, "InvalidArgument: The calculated MD5 hash of the key did not match"),
    "key-no-base64": ({"key": "?"}, "InvalidArgument: The secret key was invalid"),
    "md5-no-base64": ({"key_md5": "?"}, "InvalidArgument: The secret key was invalid"),
    "short": ({"key": text(SECRET[1:]), "key_md5": md5(SECRET[1:])}, "InvalidArgument: The secret key was invalid"),
    "short-and-other-md5": ({"key": text(SECRET[1:])}, "InvalidArgument: The calculated MD5"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_asked(case: str) -> None:
    headers, text = REFUSED[case]
    with pytest.raises(S3Error, match=text):
        protection_asked(incoming(headers))


@pytest.mark.parametrize("case", KEYS)
def test_keys_that_are_none(case: str) -> None:
    changes, text = KEYS[case]
    for read, prefix in ((protection_asked, METHOD), (customer_key, METHOD), (source_key, SOURCE)):
        with pytest.raises(S3Error, match=text) as refused:
            read(incoming(brought(prefix=prefix, **changes)))
        assert base64.b64encode(SECRET).decode() not in str(refused.value.fields)


def test_o4_keys_need_a_private_line() -> None:
    for read, prefix in ((protection_asked, METHOD), (customer_key, METHOD), (source_key, SOURCE)):
        with pytest.raises(S3Error, match=r"InvalidRequest: .*must be made over a secure connection"):
            read(incoming(brought(prefix=prefix), is_private=False))


def test_the_keys_of_reads_and_of_sources() -> None:
    both = brought() | brought(bytes(32), prefix=SOURCE)
    assert customer_key(incoming(both)) == CustomerKey(SECRET, md5(SECRET))
    assert source_key(incoming(both)) == CustomerKey(bytes(32), md5(bytes(32)))
    assert source_key(incoming(brought())) is None
    assert customer_key(incoming({})) is source_key(incoming({})) is None


@pytest.mark.parametrize("name", ["", "-aws-kms-key-id", "-context", "-bucket-key-enabled"])
def test_reads_choose_nothing(name: str) -> None:
    with pytest.raises(S3Error, match=r"InvalidArgument: .*header is not supported for this operation"):
        customer_key(incoming({METHOD + name: "AES256"}))
    assert customer_key(incoming({METHOD + name: "AES256"}), may_repeat=True) is None
    with pytest.raises(S3Error, match="NotImplemented"):
        customer_key(incoming({f"{METHOD}-new": "1"}))


def test_what_answers_tell() -> None:
    customer = CustomerKey(SECRET, md5(SECRET))
    assert encryption_headers(None) == {}
    assert encryption_headers(Encryption("AES256", b"w")) == {METHOD: "AES256"}
    assert encryption_headers(Encryption("aws:kms", b"w", key="k", bucket_key=b"b")) == {
        METHOD: "aws:kms",
        f"{METHOD}-aws-kms-key-id": "k",
        f"{METHOD}-bucket-key-enabled": "true",
    }
    assert encryption_headers(Encryption("SSE-C", b"w"), customer) == {
        f"{METHOD}-customer-algorithm": "AES256",
        f"{METHOD}-customer-key-md5": md5(SECRET),
    }
    assert encryption_headers(Encryption("SSE-C", b"w")) == {}
    assert context_header(Managed("aws:kms", "", {"a": "b"})) == {f"{METHOD}-context": context({"a": "b"})}
    assert context_header(customer) == context_header(Managed("aws:kms")) == {}
