"""Users."""

from __future__ import annotations

from trug.iam.api.actions import Call, Family
from trug.iam.api.answers import Structure
from trug.iam.api.kinds import ARN, PATH, SHORT_NAME
from trug.iam.api.paging import page_of, paged
from trug.iam.api.services import IAM
from trug.iam.api.shapes import group_whole, user_listed, user_whole
from trug.iam.api.subjects import account_arn, all_of, new, owner, read_tags, user_named
from trug.iam.entities import User

family = Family(IAM)


@family.action("CreateUser", new("user", "UserName", SHORT_NAME))
async def create_user(call: Call, _: None) -> Structure:
    parameters = call.parameters
    user = await call.people.users.create(
        call.tenant,
        parameters.text("UserName", SHORT_NAME),
        path=parameters.text("Path", PATH, default="/"),
        tags=read_tags(parameters),
        boundary=parameters.text("PermissionsBoundary", ARN, default=""),
    )
    return {"User": user_whole(user)}


@family.action("GetUser", owner)
async def get_user(call: Call, name: str) -> Structure:
    if not name:
        return {"User": {"UserId": call.tenant, "Arn": account_arn(call, "root")}}
    return {"User": user_whole(await call.people.users.get(call.tenant, name))}


@family.action("ListUsers", all_of("user"))
async def list_users(call: Call, _: None) -> Structure:
    asked = page_of(call.parameters)
    page = await call.people.users.page(call.tenant, prefix=asked.prefix, after=asked.after, limit=asked.limit)
    return paged("Users", page, user_listed)


@family.action("UpdateUser", user_named)
async def update_user(call: Call, user: User) -> None:
    """Whoever renames or moves a user must be allowed to update what it becomes, too."""
    name = call.parameters.text("NewUserName", SHORT_NAME, default=user.name)
    path = call.parameters.text("NewPath", PATH, default=user.path)
    await call.authorise(user._replace(name=name, path=path).arn)
    await call.people.users.update(call.tenant, user.name, new_name=name, new_path=path)


@family.action("DeleteUser", user_named)
async def delete_user(call: Call, user: User) -> None:
    await call.people.users.remove(call.tenant, user.name)


@family.action("ListGroupsForUser", user_named)
async def list_groups_for_user(call: Call, user: User) -> Structure:
    asked = page_of(call.parameters)
    page = await call.people.users.groups(call.tenant, user.name, after=asked.after, limit=asked.limit)
    return paged("Groups", page, group_whole)
