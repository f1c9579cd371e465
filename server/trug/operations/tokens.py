"""Continuation tokens: opaque to clients, and told from any other text."""

from __future__ import annotations

import binascii
from base64 import b64decode, urlsafe_b64encode

from trug.domain.errors import S3Error, invalid_argument

PARAMETER = "continuation-token"
MARK = b"\x01trug"


def continuation(after: str) -> str:
    """The token of the page that begins after this name, key or common prefix."""
    return urlsafe_b64encode(MARK + after.encode()).decode("ascii")


def continued(token: str) -> str:
    """What ``continuation`` was given. InvalidArgument for text that it never made."""
    try:
        content = b64decode(token, altchars=b"-_", validate=True)
        after = content.removeprefix(MARK).decode()
    except (binascii.Error, ValueError) as cause:
        raise _incorrect(token) from cause
    if not content.startswith(MARK):
        raise _incorrect(token)
    return after


def _incorrect(token: str) -> S3Error:
    return invalid_argument("The continuation token provided is incorrect", PARAMETER, token)
