"""What goes wrong, in the words of the management port: one table of stable texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from trug.domain.errors import ErrorCode, S3Error
from trug.ports.stores import Unavailable


class Mistake(NamedTuple):
    """One thing that is wrong with what was sent: where (``limit``, ``attributes.size``) and why."""

    field: str
    text: str


class Problem(Exception):
    """A refusal, to be raised: an HTTP status, a text that does not change, and the mistakes that make it up.

    ``more`` are numbers that the client needs to go on, by name."""

    def __init__(
        self,
        status: int,
        text: str,
        mistakes: Sequence[Mistake] = (),
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.mistakes = tuple(mistakes)
        self.headers = dict(headers or {})
        self.more = dict(more or {})


UNEXPECTED = "an unexpected error occurred"
TOO_LONG = "the request took too long"
NOT_AUTHENTICATED = "credentials are missing or not valid"
FORBIDDEN = "access denied"

TEXTS: Mapping[ErrorCode, tuple[int, str]] = {
    ErrorCode.NoSuchBucket: (404, "bucket not found"),
    ErrorCode.NoSuchKey: (404, "file not found"),
    ErrorCode.NoSuchVersion: (404, "version not found"),
    ErrorCode.InvalidBucketName: (400, "the bucket name is not valid"),
    ErrorCode.BucketAlreadyExists: (409, "bucket already exists"),
    ErrorCode.BucketAlreadyOwnedByYou: (409, "bucket already exists"),
    ErrorCode.BucketNotEmpty: (409, "bucket is not empty"),
    ErrorCode.AccessDenied: (403, FORBIDDEN),
    ErrorCode.EntityTooLarge: (413, "the file is too large"),
    ErrorCode.KeyTooLongError: (400, "the key is too long"),
    ErrorCode.IncompleteBody: (400, "the request ended before its body did"),
    ErrorCode.PreconditionFailed: (409, "something else has changed this meanwhile"),
    ErrorCode.QuotaExceeded: (413, "the quota is used up"),
}
"""What S3 calls it, as this port says it."""

UNAUTHENTICATED = frozenset(
    {
        ErrorCode.InvalidAccessKeyId,
        ErrorCode.SignatureDoesNotMatch,
        ErrorCode.AuthorizationHeaderMalformed,
        ErrorCode.AuthorizationQueryParametersError,
        ErrorCode.RequestTimeTooSkewed,
    }
)


def problem_of(failure: Exception) -> Problem:
    """The problem that a failure is to whoever asked; what nobody foresaw is 500 and says nothing of its cause."""
    if isinstance(failure, Problem):
        return failure
    if isinstance(failure, TimeoutError):
        return Problem(504, TOO_LONG)
    if isinstance(failure, Unavailable):
        return Problem(503, "the store cannot be written to now", headers={"retry-after": "1"})
    if not isinstance(failure, S3Error) or failure.code.status >= 500:
        return Problem(500, UNEXPECTED)
    if failure.code in UNAUTHENTICATED:
        return unauthenticated()
    status, text = TEXTS.get(failure.code) or (failure.code.status, failure.message)
    return Problem(status, text)


def unauthenticated(text: str = NOT_AUTHENTICATED) -> Problem:
    """401, to be raised, naming the ways to authenticate."""
    return Problem(401, text, headers={"www-authenticate": 'Bearer, Basic realm="trug", charset="UTF-8"'})


def bad_request(text: str, *mistakes: Mistake) -> Problem:
    """400, to be raised."""
    return Problem(400, text, mistakes)
