"""What an object may be called: opaque UTF-8, never a path."""

from __future__ import annotations

from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.percent import decode_percent

MAX_KEY_BYTES = 1024
LAST_CHARACTER = "\U0010ffff"
BEFORE_SURROGATES = "\ud7ff"
AFTER_SURROGATES = "\ue000"


def check_key(key: str) -> None:
    """Refuse what S3 does not take as a key.

    KeyTooLongError above 1,024 bytes of UTF-8, InvalidURI for more ``..`` than segments before them or text that has
    no UTF-8, InvalidArgument for nothing at all and for NUL, which no text column of a database holds.
    """
    size = len(key) if key.isascii() else len(_encoded(key))
    if size > MAX_KEY_BYTES:
        raise S3Error(ErrorCode.KeyTooLongError, fields={"Size": str(size), "MaxSizeAllowed": str(MAX_KEY_BYTES)})
    if not key:
        raise invalid_argument("A key must not be empty.", "Key", key)
    if "\0" in key:
        raise invalid_argument("A key must not contain the character U+0000.", "Key", key.replace("\0", "\\0"))
    if ".." in key and _climbs(key):
        raise S3Error(ErrorCode.InvalidURI)


def after_prefix(prefix: str) -> str:
    """The smallest text, in the order of UTF-8 bytes, above every text that begins with ``prefix``; "" for none.

    The order of UTF-8 bytes is that of code points, so the last character that can grow grows by one: U+10FFFF cannot,
    and U+D7FF is followed by U+E000.
    """
    trunk = prefix.rstrip(LAST_CHARACTER)
    if not trunk:
        return ""
    last = trunk[-1]
    following = AFTER_SURROGATES if last == BEFORE_SURROGATES else chr(ord(last) + 1)
    return trunk[:-1] + following


def extension_of(key: str) -> str:
    """``.jpg`` of ``photos/a.JPG``, empty where the last part of the key has none of at most 16 letters or digits."""
    stem, dot, last = key.rpartition("/")[2].rpartition(".")
    is_one = bool(stem and dot) and 1 <= len(last) <= 16 and last.isascii() and last.isalnum()
    return f".{last.lower()}" if is_one else ""


def decode_key(raw: str) -> str:
    """A key out of a path or a copy source, as on the wire: percent-decoded once, ``+`` literal; else InvalidURI."""
    try:
        return decode_percent(raw)
    except ValueError as error:
        raise S3Error(ErrorCode.InvalidURI) from error


def _encoded(key: str) -> bytes:
    try:
        return key.encode("utf-8")
    except UnicodeEncodeError as error:
        raise S3Error(ErrorCode.InvalidURI) from error


def _climbs(key: str) -> bool:
    depth = 0
    for segment in key.split("/"):
        if segment == "..":
            depth -= 1
        elif segment not in ("", "."):
            depth += 1
        if depth < 0:
            return True
    return False
