"""What ``x-amz-content-sha256`` declares, read into a payload's mode."""

from __future__ import annotations

import re

from trug.auth.refusals import asymmetric_is_not_built
from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.wire.payload import Mode, Payload

CONTENT_SHA256 = "x-amz-content-sha256"
UNSIGNED = Mode.UNSIGNED.value
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
HEX_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
ASYMMETRIC = ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER")

MODES = {mode.value: mode for mode in Mode if mode is not Mode.LITERAL} | {EMPTY_SHA256: Mode.LITERAL}
SETTLED = {
    EMPTY_SHA256: Payload(Mode.LITERAL, EMPTY_SHA256),
    UNSIGNED: Payload(),
    Mode.UNSIGNED_TRAILER.value: Payload(Mode.UNSIGNED_TRAILER),
}
"""Payloads that look the same on every request."""


def mode_of(declared: str) -> Mode:
    """InvalidArgument when it is none of the documented values, NotImplemented for the asymmetric ones."""
    mode = MODES.get(declared)
    if mode is not None:
        return mode
    if HEX_SHA256.fullmatch(declared):
        return Mode.LITERAL
    if declared in ASYMMETRIC:
        raise asymmetric_is_not_built()
    raise invalid_argument(
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
        CONTENT_SHA256,
        declared,
    )


def unchained_payload(declared: str) -> Payload:
    """The payload of a request without such a signature. InvalidRequest when its chunks would have to be signed."""
    mode = mode_of(declared)
    if mode is Mode.LITERAL:
        return Payload(mode, declared.lower())
    if declared in SETTLED:
        return SETTLED[declared]
    raise S3Error(ErrorCode.InvalidRequest, f"{declared} requires a request signed with AWS4-HMAC-SHA256.")
