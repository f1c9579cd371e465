from __future__ import annotations

import os

import pytest

from trug.domain.encryption import CustomerKey
from trug.domain.wrapping import (
    Unopened,
    is_recognised,
    unwrap,
    unwrap_for_customer,
    wrap,
    wrap_for_customer,
)

KEY, OTHER, SECRET = (os.urandom(32) for _ in range(3))
CUSTOMER, STRANGER = CustomerKey(KEY, ""), CustomerKey(OTHER, "")


def altered(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def test_a_secret_comes_back() -> None:
    assert unwrap(KEY, wrap(KEY, SECRET, b"context"), b"context") == SECRET


def test_no_two_are_alike() -> None:
    assert wrap(KEY, SECRET, b"") != wrap(KEY, SECRET, b"")


def test_only_with_its_key_and_its_context() -> None:
    wrapped = wrap(KEY, SECRET, b"context")
    for key, content, context in (
        (OTHER, wrapped, b"context"),
        (KEY, wrapped, b"other"),
        (KEY, wrapped[:-1], b"context"),
        (KEY, b"", b"context"),
        *((KEY, altered(wrapped, place), b"context") for place in range(0, len(wrapped), 7)),
    ):
        with pytest.raises(Unopened):
            unwrap(key, content, context)


def test_a_customers_key_is_recognised_and_not_kept() -> None:
    wrapped = wrap_for_customer(CUSTOMER, SECRET)
    assert is_recognised(CUSTOMER, wrapped)
    assert not is_recognised(STRANGER, wrapped)
    assert unwrap_for_customer(CUSTOMER, wrapped) == SECRET
    assert KEY not in wrapped
    assert SECRET not in wrapped
    with pytest.raises(Unopened):
        unwrap_for_customer(STRANGER, wrapped)
