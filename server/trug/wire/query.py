"""What the query of a request may say beside the operation's name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from trug.domain.errors import S3Error, invalid_argument

LARGEST = 2**31 - 1
DIGITS = re.compile(r"[0-9]{1,18}\Z")
"""A number of bytes, as far as a database can hold one."""
INTEGER = re.compile(r"-?[0-9]{1,18}\Z")
OVERRIDE_PREFIX = "response-"
OVERRIDES = {
    OVERRIDE_PREFIX + name: name
    for name in (
        "content-type",
        "content-language",
        "expires",
        "cache-control",
        "content-disposition",
        "content-encoding",
    )
}
UNSAFE = re.compile("[\x00-\x1f\x7f]|[^\x00-\xff]")


def integer(parameters: Mapping[str, str], name: str, *, default: int, low: int = 0, high: int = LARGEST) -> int:
    """The parameter as an integer from ``low`` to ``high``, both inclusive; ``default`` where it is absent or blank."""
    text = parameters.get(name)
    return default if not text else _integer(name, text, low, high)


def find_integer(parameters: Mapping[str, str], name: str, *, low: int = 0, high: int = LARGEST) -> int | None:
    """The parameter as an integer from ``low`` to ``high``, both inclusive; None where it is absent."""
    text = parameters.get(name)
    return None if text is None else _integer(name, text, low, high)


def encoding_type(parameters: Mapping[str, str]) -> str:
    """``url`` or, where it is not asked for, ""; InvalidArgument for any other encoding."""
    text = parameters.get("encoding-type", "")
    if text not in ("", "url"):
        raise invalid_argument("Invalid Encoding Method specified in Request", "encoding-type", text)
    return text


def response_overrides(parameters: Mapping[str, str]) -> dict[str, str]:
    """Headers, by lower-case name, that the ``response-…`` parameters of GetObject and HeadObject put in place.

    InvalidArgument for one that S3 does not have, and for values that no header can carry.
    """
    return {
        _overridden(name, value): value
        for name, value in parameters.items()
        if name.startswith(OVERRIDE_PREFIX) and value
    }


def _overridden(name: str, value: str) -> str:
    if name not in OVERRIDES:
        raise invalid_argument(f"{name} is not a response header that can be overridden.", name, value)
    if UNSAFE.search(value):
        raise invalid_argument("Header value cannot be represented using ISO-8859-1.", name, value)
    return OVERRIDES[name]


def _integer(name: str, text: str, low: int, high: int) -> int:
    if INTEGER.match(text) and low <= int(text) <= high:
        return int(text)
    raise _not_in_range(name, text, low, high)


def _not_in_range(name: str, text: str, low: int, high: int) -> S3Error:
    return invalid_argument(f"Argument {name} must be an integer between {low} and {high}", name, text)
