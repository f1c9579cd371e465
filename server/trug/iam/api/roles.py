"""Roles, and who is trusted to assume them."""

from __future__ import annotations

from trug.iam.api.actions import Call, Family
from trug.iam.api.answers import Structure
from trug.iam.api.kinds import ARN, DESCRIPTION, DOCUMENT, LONGEST_SESSION, PATH, SHORT_NAME
from trug.iam.api.paging import page_of, paged
from trug.iam.api.services import IAM
from trug.iam.api.shapes import role_listed, role_whole
from trug.iam.api.subjects import all_of, new, read_tags, role_named
from trug.iam.entities import Role

family = Family(IAM)


@family.action("CreateRole", new("role", "RoleName", SHORT_NAME))
async def create_role(call: Call, _: None) -> Structure:
    parameters = call.parameters
    trust = parameters.text("AssumeRolePolicyDocument", DOCUMENT)
    await call.tokens.trust.check(trust)
    role = await call.people.roles.create(
        call.tenant,
        parameters.text("RoleName", SHORT_NAME),
        trust,
        path=parameters.text("Path", PATH, default="/"),
        description=parameters.text("Description", DESCRIPTION, default=""),
        longest=parameters.integer("MaxSessionDuration", *LONGEST_SESSION, default=LONGEST_SESSION[0]),
        tags=read_tags(parameters),
        boundary=parameters.text("PermissionsBoundary", ARN, default=""),
    )
    return {"Role": role_whole(role)}


@family.action("GetRole", role_named)
async def get_role(call: Call, role: Role) -> Structure:
    return {"Role": role_whole(await call.tokens.trust.shown(role))}


@family.action("ListRoles", all_of("role"))
async def list_roles(call: Call, _: None) -> Structure:
    asked = page_of(call.parameters)
    page = await call.people.roles.page(call.tenant, prefix=asked.prefix, after=asked.after, limit=asked.limit)
    rows = [await call.tokens.trust.shown(role) for role in page.rows]
    return paged("Roles", page._replace(rows=rows), role_listed)


@family.action("UpdateRole", role_named)
async def update_role(call: Call, role: Role) -> Structure:
    await call.people.roles.update(
        call.tenant,
        role.name,
        description=call.parameters.find("Description", DESCRIPTION),
        longest=call.parameters.find_integer("MaxSessionDuration", *LONGEST_SESSION),
    )
    return {}


@family.action("UpdateRoleDescription", role_named)
async def update_role_description(call: Call, role: Role) -> Structure:
    description = call.parameters.text("Description", DESCRIPTION)
    return {"Role": role_whole(await call.people.roles.update(call.tenant, role.name, description=description))}


@family.action("UpdateAssumeRolePolicy", role_named)
async def update_assume_role_policy(call: Call, role: Role) -> None:
    trust = call.parameters.text("PolicyDocument", DOCUMENT)
    await call.tokens.trust.check(trust)
    await call.people.roles.set_trust(call.tenant, role.name, trust)


@family.action("DeleteRole", role_named)
async def delete_role(call: Call, role: Role) -> None:
    await call.people.roles.remove(call.tenant, role.name)
