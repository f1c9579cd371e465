"""Continuation tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trug.domain.errors import S3Error
from trug.operations.tokens import continuation, continued


@given(st.text())
def test_round_trip(after: str) -> None:
    token = continuation(after)
    assert continued(token) == after
    assert token.isascii()


@pytest.mark.parametrize("token", ["", "a", "YQ==", "not base64", "AXRydWc", "AXRydWf/", "AXRydWf_", "ÿ", "\n"])
def test_what_is_none(token: str) -> None:
    with pytest.raises(S3Error) as caught:
        continued(token)
    assert caught.value.code.name == "InvalidArgument"
    assert caught.value.fields == {"ArgumentName": "continuation-token", "ArgumentValue": token}
