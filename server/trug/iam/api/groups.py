"""Groups, and who is in them."""

from __future__ import annotations

from trug.iam.api.actions import Call, Family
from trug.iam.api.answers import Structure
from trug.iam.api.kinds import NAME, PATH
from trug.iam.api.paging import page_of, paged
from trug.iam.api.services import IAM
from trug.iam.api.shapes import group_whole, user_listed
from trug.iam.api.subjects import all_of, group_named, new
from trug.iam.entities import Group

family = Family(IAM)


@family.action("CreateGroup", new("group", "GroupName", NAME))
async def create_group(call: Call, _: None) -> Structure:
    group = await call.people.groups.create(
        call.tenant,
        call.parameters.text("GroupName", NAME),
        path=call.parameters.text("Path", PATH, default="/"),
    )
    return {"Group": group_whole(group)}


@family.action("GetGroup", group_named)
async def get_group(call: Call, group: Group) -> Structure:
    asked = page_of(call.parameters)
    page = await call.people.groups.members(call.tenant, group.name, after=asked.after, limit=asked.limit)
    return paged("Users", page, user_listed, Group=group_whole(group))


@family.action("ListGroups", all_of("group"))
async def list_groups(call: Call, _: None) -> Structure:
    asked = page_of(call.parameters)
    page = await call.people.groups.page(call.tenant, prefix=asked.prefix, after=asked.after, limit=asked.limit)
    return paged("Groups", page, group_whole)


@family.action("UpdateGroup", group_named)
async def update_group(call: Call, group: Group) -> None:
    """Whoever renames or moves a group must be allowed to update what it becomes, too."""
    name = call.parameters.text("NewGroupName", NAME, default=group.name)
    path = call.parameters.text("NewPath", PATH, default=group.path)
    await call.authorise(group._replace(name=name, path=path).arn)
    await call.people.groups.update(call.tenant, group.name, new_name=name, new_path=path)


@family.action("DeleteGroup", group_named)
async def delete_group(call: Call, group: Group) -> None:
    await call.people.groups.remove(call.tenant, group.name)


@family.action("AddUserToGroup", group_named)
async def add_user_to_group(call: Call, group: Group) -> None:
    await call.people.groups.add(call.tenant, group.name, call.parameters.text("UserName", NAME))


@family.action("RemoveUserFromGroup", group_named)
async def remove_user_from_group(call: Call, group: Group) -> None:
    await call.people.groups.take_out(call.tenant, group.name, call.parameters.text("UserName", NAME))
