"""What is said of users."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

Name = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$", description="What the user is called.")
]
Email = Annotated[str, Meta(max_length=254, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$", description="An address.")]
LARGEST = 1_000_000_000
Ratings = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)] | Annotated[float, Meta(ge=-LARGEST, le=LARGEST)]
UserType = Annotated[str, Meta(min_length=1, max_length=64, description="renter or rentee, unless configured.")]


class Profile(Struct):
    """A user's profile as the user writes it."""

    name: Name
    email: Email
    ratings: Ratings
    userType: UserType  # noqa: N815 - as its users spell it


class ProfileChange(Struct):
    """What of a profile is to change."""

    name: Name | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    ratings: Ratings | UnsetType = UNSET
    userType: UserType | UnsetType = UNSET  # noqa: N815


class User(Struct):
    """A profile with whose it is: the ``subject`` that the token's ``issuer`` knows, or an access key's ARN."""

    id: str
    subject: str
    issuer: str
    name: str
    email: str
    ratings: int | float
    userType: str  # noqa: N815
    created_at: str
    updated_at: str


class UsersAsked(Struct):
    """``limit`` is 100 where it is 0 or less, and at most 1,000."""

    limit: int = 100
    token: Annotated[str, Meta(max_length=4096, description="next_token of the page before.")] = ""
    filter: Annotated[str, Meta(max_length=4096, description="Only users that this filter holds of.")] = ""


class UserPage(Struct):
    """A page of users by id; ``next_token`` is not there on the last one."""

    users: list[User]
    next_token: str | UnsetType = UNSET
