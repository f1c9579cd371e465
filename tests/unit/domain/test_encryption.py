from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trug.domain.blocks import BLOCK
from trug.domain.encryption import (
    DSSE_KMS,
    FULL_KEY_ARN,
    SSE_S3,
    BucketEncryption,
    CustomerKey,
    Encryption,
    Managed,
    Span,
    canonical_context,
    key_name,
    kind_of,
    layers_of,
    pack_bucket_encryption,
    room,
    segment_count,
    size_on_disk,
    stored_size,
    unpack_bucket_encryption,
)

LAYERS = st.sampled_from((1, 2))


@pytest.mark.parametrize(
    ("size", "layers", "segments", "stored"),
    [
        (0, 1, 0, 0),
        (1, 1, 1, 17),
        (1, 2, 1, 33),
        (65_520, 1, 1, 65_536),
        (65_521, 1, 2, 65_536 + 17),
        (65_504, 2, 1, 65_536),
        (65_505, 2, 2, 65_536 + 33),
    ],
)
def test_sizes(size: int, layers: int, segments: int, stored: int) -> None:
    assert segment_count(size, layers) == segments
    assert stored_size(size, layers) == stored


@given(size=st.integers(1, 1 << 40), layers=LAYERS)
def test_segments_are_blocks_of_what_is_stored(size: int, layers: int) -> None:
    assert -(-stored_size(size, layers) // BLOCK) == segment_count(size, layers)


@given(start=st.integers(0, 1 << 30), length=st.integers(1, 1 << 20), layers=LAYERS)
def test_a_span_holds_what_is_wanted_and_no_segment_more(start: int, length: int, layers: int) -> None:
    span, size = Span.of(start, start + length, layers), room(layers)
    assert span.first * size + span.skip == start
    assert 0 <= span.skip < size
    assert (span.end - 1) * size < start + length <= span.end * size


def test_what_is_plain_is_stored_as_it_is() -> None:
    assert size_on_disk(100, None) == 100
    assert size_on_disk(100, Encryption(SSE_S3, b"")) == 116
    assert size_on_disk(100, Encryption(DSSE_KMS, b"")) == 132


def test_kinds() -> None:
    assert kind_of(None) == ""
    assert kind_of(CustomerKey(bytes(32), "md5")) == "SSE-C"
    assert kind_of(Managed("aws:kms")) == "aws:kms"
    assert [layers_of(kind) for kind in ("", SSE_S3, "aws:kms", DSSE_KMS, "SSE-C")] == [1, 1, 1, 2, 1]


def test_a_customers_key_is_never_shown() -> None:
    secret = b"0123456789abcdef0123456789abcdef"
    assert "0123" not in repr(CustomerKey(secret, "md5"))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("reports-key", "reports-key"),
        ("alias/reports-key", "reports-key"),
        ("arn:aws:kms:us-east-1:111111111111:key/reports-key", "reports-key"),
        ("arn:aws:kms:us-east-1:111111111111:alias/aws/s3", "aws/s3"),
        ("arn:aws:kms:reports-key", "reports-key"),
        ("arn:aws:s3:::bucket", "arn:aws:s3:::bucket"),
    ],
)
def test_names_of_keys(text: str, name: str) -> None:
    assert key_name(text) == name


def test_an_arn_that_update_object_encryption_takes() -> None:
    assert FULL_KEY_ARN.match("arn:aws:kms:us-east-1:111111111111:key/k")
    assert not FULL_KEY_ARN.match("arn:aws:kms:us-east-1:111111111111:alias/k")
    assert not FULL_KEY_ARN.match("k")


def test_one_text_for_one_context() -> None:
    assert canonical_context({"b": "1", "a": "ä"}) == '{"a":"ä","b":"1"}'


@pytest.mark.parametrize(
    "configuration",
    [
        BucketEncryption(),
        BucketEncryption(Managed(SSE_S3, bucket_key=False)),
        BucketEncryption(Managed("aws:kms", "k", bucket_key=True), ("SSE-C",)),
        BucketEncryption(None, ()),
    ],
)
def test_a_buckets_configuration_is_kept(configuration: BucketEncryption) -> None:
    assert unpack_bucket_encryption(pack_bucket_encryption(configuration)) == configuration
