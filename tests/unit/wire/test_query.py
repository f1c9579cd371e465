"""What a query may say."""

from __future__ import annotations

import pytest

from trug.domain.errors import ErrorCode, S3Error
from trug.wire.query import encoding_type, find_integer, integer, response_overrides

NUMBERS = {"absent": (None, 1000), "blank": ("", 1000), "G18-zero": ("0", 0), "most": ("2147483647", 2147483647)}
NOT_NUMBERS = {
    "G18-negative": "-1",
    "G18-letters": "abc",
    "G18-2^31": "2147483648",
    "sign": "+1",
    "underscore": "1_0",
    "space": " 1",
    "other-digits": "\u0661",
    "fraction": "1.0",
    "exponent": "1e3",
    "line-break": "1\n",
    "long": "1" * 5000,
}


@pytest.mark.parametrize(("text", "expected"), NUMBERS.values(), ids=NUMBERS)
def test_an_integer(text: str | None, expected: int) -> None:
    parameters = {} if text is None else {"max-keys": text}
    assert integer(parameters, "max-keys", default=1000) == expected


@pytest.mark.parametrize("text", NOT_NUMBERS.values(), ids=NOT_NUMBERS)
def test_no_integer(text: str) -> None:
    with pytest.raises(S3Error) as refused:
        integer({"max-keys": text}, "max-keys", default=1000)
    assert refused.value.code is ErrorCode.InvalidArgument
    assert refused.value.fields == {"ArgumentName": "max-keys", "ArgumentValue": text}


@pytest.mark.parametrize("text", ["0", "10001", "-1", "a", ""], ids=lambda text: f"J2-{text}")
def test_no_part_number(text: str) -> None:
    with pytest.raises(S3Error, match="between 1 and 10000"):
        find_integer({"partNumber": text}, "partNumber", low=1, high=10_000)


def test_a_part_number() -> None:
    assert find_integer({}, "partNumber", low=1, high=10_000) is None
    assert find_integer({"partNumber": "10000"}, "partNumber", low=1, high=10_000) == 10_000


def test_the_encoding() -> None:
    assert encoding_type({}) == ""
    assert encoding_type({"encoding-type": "url"}) == "url"


@pytest.mark.parametrize("text", ["foo", "URL"], ids=["G20-foo", "G20-capitals"])
def test_another_encoding(text: str) -> None:
    with pytest.raises(S3Error) as refused:
        encoding_type({"encoding-type": text})
    assert refused.value.code is ErrorCode.InvalidArgument


def test_overrides() -> None:
    parameters = {
        "versionId": "x",
        "response-content-type": "text/plain",
        "response-content-language": "de",
        "response-expires": "0",
        "response-cache-control": "no-cache",
        "response-content-disposition": 'attachment; filename="\xe9"',
        "response-content-encoding": "",
    }
    assert response_overrides(parameters) == {
        "content-type": "text/plain",
        "content-language": "de",
        "expires": "0",
        "cache-control": "no-cache",
        "content-disposition": 'attachment; filename="\xe9"',
    }


BAD_OVERRIDES = {
    "C12-carriage-return": ("response-content-type", "a\rb"),
    "C12-line-feed": ("response-content-type", "a\nb"),
    "C12-nul": ("response-cache-control", "\0"),
    "C12-not-latin-1": ("response-content-disposition", "€"),
    "unknown": ("response-x", "1"),
    "unknown-header": ("response-server", "1"),
}


@pytest.mark.parametrize(("name", "value"), BAD_OVERRIDES.values(), ids=BAD_OVERRIDES)
def test_an_override_that_s3_refuses(name: str, value: str) -> None:
    with pytest.raises(S3Error) as refused:
        response_overrides({name: value})
    assert refused.value.code is ErrorCode.InvalidArgument
