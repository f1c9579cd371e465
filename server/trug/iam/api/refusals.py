"""What the query APIs refuse, in AWS's codes, and what other rooms' failures are called here."""

from __future__ import annotations

from enum import Enum

from trug.auth.refusals import DIAGNOSIS
from trug.domain.errors import ErrorCode, S3Error
from trug.iam.refusals import IamError
from trug.ports.stores import Unavailable

LONGEST_SHOWN = 256


class QueryCode(Enum):
    """An error code of IAM or STS: its name on the wire, its HTTP status and its usual message.

    After "Common Error Types" and the errors of each action in the API references of both.
    """

    status: int
    message: str

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message

    AccessDenied = 403, "Access denied."
    ConcurrentModification = 409, "Multiple requests to change this object were submitted simultaneously."
    DeleteConflict = 409, "Cannot delete entity, it has subordinate entities."
    EntityAlreadyExists = 409, "The entity exists already."
    EntityTemporarilyUnmodifiable = 409, "The entity cannot be modified at the moment."
    ExpiredToken = 403, "The security token included in the request is expired"
    ExpiredTokenException = 400, "The token that was passed is expired or is not valid."
    IDPCommunicationError = 400, "The identity provider could not be reached."
    IDPRejectedClaim = 403, "The identity provider reported that authentication failed."
    IncompleteSignature = 400, "The request signature does not conform to AWS standards."
    InternalFailure = 500, "The request processing has failed because of an unknown error, exception or failure."
    InvalidAction = 400, "The action or operation requested is invalid."
    InvalidAuthorizationMessageException = 400, "The message that was passed is not valid."
    InvalidClientTokenId = 403, "The security token included in the request is invalid."
    InvalidIdentityToken = 400, "The web identity token that was passed could not be validated."
    InvalidInput = 400, "An invalid or out-of-range value was supplied for an input parameter."
    InvalidParameterCombination = 400, "Parameters that must not be used together were used together."
    InvalidParameterValue = 400, "An invalid or out-of-range value was supplied for the input parameter."
    InvalidQueryParameter = 400, "The AWS query string is malformed or does not adhere to AWS standards."
    InvalidUserType = 400, "The request is rejected because of the type of its user."
    LimitExceeded = 409, "The request would exceed a limit of the account."
    MalformedPolicyDocument = 400, "The policy is not well-formed."
    MissingAction = 400, "The request is missing an action or a required parameter."
    MissingAuthenticationToken = 403, "Request is missing Authentication Token"
    NoSuchEntity = 404, "The entity does not exist."
    NotImplemented = 501, "The action is not implemented."
    PackedPolicyTooLarge = 400, "The session policies and tags are larger than allowed."
    PolicyEvaluation = 500, "A policy could not be evaluated."
    PolicyNotAttachable = 400, "The policy cannot be attached."
    RequestEntityTooLarge = 413, "The request is too long."
    RequestExpired = 400, "The request's time is too far from the server's."
    RequestTimeout = 400, "The request did not arrive in time."
    ServiceUnavailable = 503, "The request has failed due to a temporary failure of the server."
    SignatureDoesNotMatch = (
        403,
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.",
    )
    Throttling = 400, "Rate exceeded"
    UnmodifiableEntity = 400, "The entity is a service's, which alone may modify it."
    ValidationError = 400, "The input fails to satisfy the constraints of the service."


class QueryError(Exception):
    """An answer of IAM or STS that is not a success."""

    def __init__(self, code: QueryCode, message: str | None = None) -> None:
        super().__init__(message or code.message)
        self.code = code
        self.message = message or code.message


def invalid(name: str, value: str | None, constraint: str) -> QueryError:
    """ValidationError, to be raised, as AWS words it; ``name`` is the parameter's, whose first letter AWS writes
    small."""
    shown = "null" if value is None else value[:LONGEST_SHOWN]
    place = name[:1].lower() + name[1:]
    return QueryError(
        QueryCode.ValidationError,
        f"1 validation error detected: Value '{shown}' at '{place}' failed to satisfy constraint: "
        f"Member must {constraint}",
    )


def malformed_query(message: str) -> QueryError:
    """InvalidQueryParameter, to be raised."""
    return QueryError(QueryCode.InvalidQueryParameter, message)


def no_such(kind: str, name: str) -> QueryError:
    """NoSuchEntity, to be raised: ``The user with name ana cannot be found.``"""
    return QueryError(QueryCode.NoSuchEntity, f"The {kind} with name {name} cannot be found.")


CODES = {
    ErrorCode.AccessDenied: QueryCode.AccessDenied,
    ErrorCode.AuthorizationHeaderMalformed: QueryCode.IncompleteSignature,
    ErrorCode.AuthorizationQueryParametersError: QueryCode.IncompleteSignature,
    ErrorCode.ExpiredToken: QueryCode.ExpiredToken,
    ErrorCode.IncompleteBody: QueryCode.InvalidQueryParameter,
    ErrorCode.InsufficientStorage: QueryCode.ServiceUnavailable,
    ErrorCode.InternalError: QueryCode.InternalFailure,
    ErrorCode.InvalidAccessKeyId: QueryCode.InvalidClientTokenId,
    ErrorCode.InvalidToken: QueryCode.InvalidClientTokenId,
    ErrorCode.MaxMessageLengthExceeded: QueryCode.RequestEntityTooLarge,
    ErrorCode.NotImplemented: QueryCode.NotImplemented,
    ErrorCode.RequestTimeTooSkewed: QueryCode.RequestExpired,
    ErrorCode.RequestTimeout: QueryCode.RequestTimeout,
    ErrorCode.ServiceUnavailable: QueryCode.ServiceUnavailable,
    ErrorCode.SignatureDoesNotMatch: QueryCode.SignatureDoesNotMatch,
    ErrorCode.SlowDown: QueryCode.Throttling,
}
"""What the errors of rooms that serve S3 too are called in IAM and STS; any other is a parameter's fault."""

WORDED_HERE = frozenset(
    {
        QueryCode.ExpiredToken,
        QueryCode.InvalidClientTokenId,
        QueryCode.InternalFailure,
        QueryCode.ServiceUnavailable,
    }
)
"""Codes whose message is the query APIs' own, whatever S3 says."""


def query_error(failure: Exception) -> QueryError:
    """What IAM and STS call it; a failure that nobody foresaw is InternalFailure."""
    if isinstance(failure, QueryError):
        return failure
    if isinstance(failure, IamError):
        return QueryError(QueryCode[failure.code], str(failure))
    if isinstance(failure, Unavailable):
        return QueryError(QueryCode.ServiceUnavailable)
    if not isinstance(failure, S3Error):
        return QueryError(QueryCode.InternalFailure)
    code = CODES.get(failure.code)
    if code is None:
        return QueryError(QueryCode.InvalidQueryParameter if failure.code.status < 500 else QueryCode.InternalFailure)
    return QueryError(code, None if code in WORDED_HERE else _message_of(failure, code))


def _message_of(failure: S3Error, code: QueryCode) -> str:
    if code is not QueryCode.SignatureDoesNotMatch:
        return failure.message
    canonical, text = failure.fields.get("CanonicalRequest"), failure.fields.get("StringToSign")
    if canonical is None or text is None:
        return failure.message
    diagnosis = failure.fields.get(DIAGNOSIS, "")
    return (
        f"{code.message}\n\nThe Canonical String for this request should have been\n'{canonical}'\n\n"
        f"The String-to-Sign should have been\n'{text}'\n" + (f"\n{diagnosis}\n" if diagnosis else "")
    )
