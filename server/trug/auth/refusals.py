"""The errors of authentication, worded as S3 words them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from trug.auth.times import iso
from trug.domain.errors import ErrorCode, S3Error, invalid_argument

SKEW = 15 * 60 * 1_000_000
"""How far a request's time may be from ours, in µs."""
SECRETS = re.compile(
    r"(?im)^(x-amz-security-token:|x-amz-(?:copy-source-)?server-side-encryption-customer-key:).*$"
    r"|((?<=[?&\n])(?:X-Amz-Security-Token|"
    r"x-amz-(?:copy-source-)?server-side-encryption-customer-key)=)[^&\n]*"
)
"""Lines of headers and parameters of the query that no answer repeats."""


def one_mechanism_only(argument: str) -> S3Error:
    return invalid_argument(
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter "
        "or the Authorization header should be specified",
        "Authorization",
        argument,
    )


def forms_are_signed_by_policy() -> S3Error:
    return S3Error(
        ErrorCode.InvalidRequest, "The upload of a form is signed by its policy, not in the header or the query."
    )


def unsupported_scheme(scheme: str) -> S3Error:
    return invalid_argument("Unsupported Authorization Type", "Authorization", scheme)


def sigv2_is_off() -> S3Error:
    return S3Error(
        ErrorCode.InvalidRequest,
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    )


def asymmetric_is_not_built() -> S3Error:
    return S3Error(ErrorCode.NotImplemented, "AWS4-ECDSA-P256-SHA256 signatures are not implemented.")


def bad_token() -> S3Error:
    return S3Error(ErrorCode.InvalidToken)


def token_expired() -> S3Error:
    return S3Error(ErrorCode.ExpiredToken)


def session_revoked() -> S3Error:
    return S3Error(ErrorCode.AccessDenied, "The session was revoked.")


def unknown_key(access_key: str) -> S3Error:
    return S3Error(ErrorCode.InvalidAccessKeyId, fields={"AWSAccessKeyId": access_key})


def no_valid_date() -> S3Error:
    return S3Error(ErrorCode.AccessDenied, "AWS authentication requires a valid Date or x-amz-date header")


DIAGNOSIS = "Diagnosis"
"""The element of an error, of our own, that says what may have gone wrong."""


def too_skewed(requested: str, moment: int, now: int) -> S3Error:
    fields = {
        "RequestTime": requested,
        "ServerTime": iso(now),
        "MaxAllowedSkewMilliseconds": str(SKEW // 1000),
        DIAGNOSIS: clock_of(now - moment),
    }
    return S3Error(ErrorCode.RequestTimeTooSkewed, fields=fields)


def expired(end: int, now: int, *, seconds: str | None = None) -> S3Error:
    lifetime = {} if seconds is None else {"X-Amz-Expires": seconds}
    fields = {**lifetime, "Expires": iso(end), "ServerTime": iso(now)}
    return S3Error(ErrorCode.AccessDenied, "Request has expired", fields=fields)


def not_yet_valid(requested: str, begin: int, now: int) -> S3Error:
    fields = {"X-Amz-Date": requested, "ServerTime": iso(now), DIAGNOSIS: clock_of(now - begin)}
    return S3Error(ErrorCode.AccessDenied, "Request is not yet valid", fields=fields)


def headers_not_signed(names: Iterable[str]) -> S3Error:
    return S3Error(
        ErrorCode.AccessDenied,
        "There were headers present in the request which were not signed",
        fields={"HeadersNotSigned": ", ".join(names)},
    )


def header_absent(name: str, access_key: str, provided: str) -> S3Error:
    return S3Error(
        ErrorCode.SignatureDoesNotMatch,
        f"{ErrorCode.SignatureDoesNotMatch.message} The signed header '{name}' was not received.",
        fields={
            "AWSAccessKeyId": access_key,
            "SignatureProvided": provided,
            DIAGNOSIS: f"The header {name} was signed and did not arrive: it was taken away on the way.",
        },
    )


def other_day(access_key: str, day: str, requested: str) -> S3Error:
    return S3Error(
        ErrorCode.SignatureDoesNotMatch,
        f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{day}' != "
        f"'{requested[:8]}', from '{requested}'.",
        fields={"AWSAccessKeyId": access_key},
    )


def mismatch(
    access_key: str, string_to_sign: str, provided: str, canonical_request: str | None = None, diagnosis: str = ""
) -> S3Error:
    """SignatureDoesNotMatch with what S3 tells so that a client can compare; texts hold one character per byte.

    Session tokens and customers' keys are left out: what clients are told ends up in their logs."""
    string_to_sign = without_secrets(string_to_sign)
    fields = {
        "AWSAccessKeyId": access_key,
        "StringToSign": readable(string_to_sign),
        "SignatureProvided": provided,
        "StringToSignBytes": spelled(string_to_sign),
    }
    if canonical_request is not None:
        canonical_request = without_secrets(canonical_request)
        fields["CanonicalRequest"] = readable(canonical_request)
        fields["CanonicalRequestBytes"] = spelled(canonical_request)
    if diagnosis:
        fields[DIAGNOSIS] = diagnosis
    return S3Error(ErrorCode.SignatureDoesNotMatch, fields=fields)


def without_secrets(text: str) -> str:
    return SECRETS.sub(lambda found: f"{found[1] or found[2]}***", text)


def readable(text: str) -> str:
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


def spelled(text: str) -> str:
    return text.encode("latin-1", "replace").hex(" ")


def clock_of(microseconds: int) -> str:
    """How far a client's clock is from ours, which is ``microseconds`` behind it, or before it when negative."""
    seconds = round(abs(microseconds) / 1_000_000)
    parts = ((seconds // 86_400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    amount = " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"
    return f"The client's clock is {amount} {'behind' if microseconds > 0 else 'ahead of'} the server's."
