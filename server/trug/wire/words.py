"""Text beyond ASCII in header lines: encoded words (RFC 2047)."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode

ENCODED_WORD = re.compile(r"=\?(?P<charset>[A-Za-z0-9_-]+)\?(?P<form>[BbQq])\?(?P<text>[^? ]*)\?=")
BETWEEN_WORDS = re.compile(r"(?<=\?=)[ \t]+(?==\?)")
CHARSETS = frozenset({"utf-8", "us-ascii", "iso-8859-1"})
QUOTED = re.compile(r"=([0-9A-Fa-f]{2})")


def encode_words(text: str) -> str:
    """``text`` as a header line: printable ASCII as it is, all else as one encoded word."""
    if text.isascii() and text.isprintable():
        return text
    return f"=?UTF-8?B?{b64encode(text.encode('utf-8', 'replace')).decode()}?="


def decode_words(line: str) -> str:
    """The text behind a header line whose bytes are one character each: UTF-8 as it is, or encoded words.

    Words that hold nothing but ASCII stay as they came, so that they come back so; so does what does not decode.
    """
    if not line.isascii():
        return _from_utf8(line)
    if "=?" not in line:
        return line
    text = ENCODED_WORD.sub(_word, BETWEEN_WORDS.sub("", line))
    return line if text.isascii() else text


def _from_utf8(line: str) -> str:
    try:
        return line.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return line


def _word(found: re.Match[str]) -> str:
    if found["charset"].lower() not in CHARSETS:
        return found[0]
    try:
        content = b64decode(found["text"], validate=True) if found["form"] in "Bb" else _unquoted(found["text"])
        return content.decode(found["charset"])
    except (binascii.Error, UnicodeError):
        return found[0]


def _unquoted(text: str) -> bytes:
    return QUOTED.sub(lambda pair: chr(int(pair[1], 16)), text.replace("_", " ")).encode("latin-1")
