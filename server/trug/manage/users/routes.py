"""Users: each keeps a profile of their own; administrators list them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trug.domain.item_fields import OF_USERS
from trug.engine.items import USER
from trug.manage.api.answers import answered
from trug.manage.api.endpoint import Family
from trug.manage.api.problems import Mistake, Problem
from trug.manage.api.visit import Surroundings, Visit
from trug.manage.finding import Asked, found_page
from trug.manage.users import schemas
from trug.manage.users.service import NO_USER, Subject, Users, subject_of, user_of

family = Family("users", "Profiles of those who use the services.", "/api/v1", "")


def check_type(around: Surroundings, given: Mapping[str, Any]) -> Iterator[Mistake]:
    """Which types there are is configured, so no schema can say it."""
    kind = given.get("userType")
    if isinstance(kind, str) and kind not in around.user_types:
        yield Mistake("userType", f"expected one of {', '.join(around.user_types)}")


async def _mine(visit: Visit, action: str) -> tuple[Users, Subject]:
    """The users of the caller's account, and the caller; what is his own he may, unless something denies it."""
    subject = subject_of(visit.identity)
    await visit.authorise_on(action, f"user/{subject.id}", is_own=True)
    return Users(visit.surroundings.metadata, visit.account.id), subject


@family.endpoint(
    "PutUser",
    "POST /user",
    "Keep the caller's profile",
    body=schemas.Profile,
    answer=schemas.User,
    status=201,
    also=(200,),
    refuses=(403, 413),
    check=check_type,
)
async def put_user(visit: Visit, asked: schemas.Profile) -> Any:
    """201 where it is new, 200 where it takes the place of the one before."""
    users, subject = await _mine(visit, "trug:PutUser")
    user, is_new = await users.keep(subject, asked, visit.identity.arn)
    return user if is_new else answered(user, 200)


@family.endpoint("GetUser", "GET /user", "The caller's profile", answer=schemas.User, refuses=(403, 404))
async def get_user(visit: Visit, _: None) -> schemas.User:
    users, subject = await _mine(visit, "trug:GetUser")
    user = await users.find(subject)
    if user is None:
        raise Problem(404, NO_USER)
    return user


@family.endpoint(
    "ChangeUser",
    "PATCH /user",
    "Change fields of the caller's profile",
    body=schemas.ProfileChange,
    answer=schemas.User,
    refuses=(403, 404, 413),
    check=check_type,
)
async def change_user(visit: Visit, asked: schemas.ProfileChange) -> schemas.User:
    users, subject = await _mine(visit, "trug:PutUser")
    return await users.change(subject, asked)


@family.endpoint("DeleteUser", "DELETE /user", "Remove the caller's profile", refuses=(403, 404))
async def delete_user(visit: Visit, _: None) -> None:
    users, subject = await _mine(visit, "trug:DeleteUser")
    await users.remove(subject)


@family.endpoint(
    "ListUsers",
    "GET /users",
    "A page of the account's users",
    query=schemas.UsersAsked,
    answer=schemas.UserPage,
    refuses=(403,),
)
async def list_users(visit: Visit, asked: schemas.UsersAsked) -> schemas.UserPage:
    """For whom a policy allows ``trug:ListUsers`` on ``arn:trug:api::ACCOUNT:user/*``."""
    await visit.authorise_on("trug:ListUsers", "user/*")
    wanted = Asked(USER, OF_USERS, asked.filter, ("own-account",), limit=asked.limit, token=asked.token)
    items, following = await found_page(visit, wanted)
    page = schemas.UserPage([user_of(item) for item in items])
    if following:
        page.next_token = following
    return page
