"""Percent-encoded text, decoded once and strictly."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def decode_percent(raw: str) -> str:
    """The text behind ``raw``, which is as on the wire, each byte one character; ``+`` is literal.

    ValueError for a broken escape and for bytes that are not UTF-8 (overlong forms and surrogates are not).
    """
    if "%" not in raw and raw.isascii():
        return raw
    if BROKEN_ESCAPE.search(raw):
        raise ValueError("a percent sign without two hex digits")
    return unquote_to_bytes(raw.encode("latin-1")).decode("utf-8")
