"""What iam refuses, in the words and under the codes of AWS."""

from __future__ import annotations

from enum import StrEnum


class IamCode(StrEnum):
    """Error codes of the IAM API ("Common errors", and those of each action)."""

    NoSuchEntity = "NoSuchEntity"
    EntityAlreadyExists = "EntityAlreadyExists"
    DeleteConflict = "DeleteConflict"
    LimitExceeded = "LimitExceeded"
    UnmodifiableEntity = "UnmodifiableEntity"
    MalformedPolicyDocument = "MalformedPolicyDocument"
    InvalidInput = "InvalidInput"
    ValidationError = "ValidationError"

    @property
    def status(self) -> int:
        """Its HTTP status."""
        return STATUS.get(self, 400)


STATUS = {
    IamCode.NoSuchEntity: 404,
    IamCode.EntityAlreadyExists: 409,
    IamCode.DeleteConflict: 409,
    IamCode.LimitExceeded: 409,
}


class IamError(Exception):
    """A request about accounts, their people or policies that cannot be met; the text says why."""

    def __init__(self, message: str, code: IamCode = IamCode.InvalidInput) -> None:
        super().__init__(message)
        self.code = code


def missing(noun: str, name: str) -> IamError:
    return IamError(f"The {noun} with name {name} cannot be found.", IamCode.NoSuchEntity)


def taken(noun: str, name: str) -> IamError:
    return IamError(f"{noun.capitalize()} with name {name} already exists.", IamCode.EntityAlreadyExists)


def in_use(what_first: str) -> IamError:
    return IamError(f"Cannot delete entity, must {what_first} first.", IamCode.DeleteConflict)


def over_quota(quota: str, most: int) -> IamError:
    return IamError(f"Cannot exceed quota for {quota}: {most}", IamCode.LimitExceeded)


def malformed(member: str, value: str, constraint: str) -> IamError:
    """What AWS says of a value outside the shape that its model gives."""
    return IamError(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}",
        IamCode.ValidationError,
    )
