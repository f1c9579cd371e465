"""What users, groups and roles have alike: inline policies, attached ones, and boundaries. One table for all three."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trug.domain.frozen import frozen
from trug.iam.api.actions import Call, Family, Finder
from trug.iam.api.answers import Structure, document
from trug.iam.api.kinds import ARN, DOCUMENT, NAME
from trug.iam.api.paging import page_of, paged
from trug.iam.api.services import IAM
from trug.iam.api.subjects import group_named, role_named, user_named
from trug.iam.entities import Group, Role, User
from trug.iam.holders import Bounded, Holders

family = Family(IAM)

Holder = User | Group | Role


@frozen
class Noun:
    """One of the three: how its actions call it, how it is found, and where they are kept."""

    name: str
    find: Finder[Any]
    holders: Callable[[Call], Holders[Any]]


USER = Noun("User", user_named, lambda call: call.people.users)
GROUP = Noun("Group", group_named, lambda call: call.people.groups)
ROLE = Noun("Role", role_named, lambda call: call.people.roles)


def add_inline(noun: Noun) -> None:
    """Put, Get, Delete and List of inline policies."""

    @family.action(f"Put{noun.name}Policy", noun.find)
    async def put_policy(call: Call, holder: Holder) -> None:
        name, text = call.parameters.text("PolicyName", NAME), call.parameters.text("PolicyDocument", DOCUMENT)
        await noun.holders(call).put_policy(call.tenant, holder.name, name, text)

    @family.action(f"Get{noun.name}Policy", noun.find)
    async def get_policy(call: Call, holder: Holder) -> Structure:
        name = call.parameters.text("PolicyName", NAME)
        policy = await noun.holders(call).policy(call.tenant, holder.name, name)
        return {
            f"{noun.name}Name": holder.name,
            "PolicyName": policy.name,
            "PolicyDocument": document(policy.document),
        }

    @family.action(f"Delete{noun.name}Policy", noun.find)
    async def delete_policy(call: Call, holder: Holder) -> None:
        await noun.holders(call).remove_policy(call.tenant, holder.name, call.parameters.text("PolicyName", NAME))

    @family.action(f"List{noun.name}Policies", noun.find)
    async def list_policies(call: Call, holder: Holder) -> Structure:
        asked = page_of(call.parameters)
        page = await noun.holders(call).policies(call.tenant, holder.name, after=asked.after, limit=asked.limit)
        return paged("PolicyNames", page, lambda policy: policy.name)


def add_attached(noun: Noun) -> None:
    """Attach, Detach and ListAttached of managed policies."""

    @family.action(f"Attach{noun.name}Policy", noun.find)
    async def attach_policy(call: Call, holder: Holder) -> None:
        await noun.holders(call).attach(call.tenant, holder.name, call.parameters.text("PolicyArn", ARN))

    @family.action(f"Detach{noun.name}Policy", noun.find)
    async def detach_policy(call: Call, holder: Holder) -> None:
        await noun.holders(call).detach(call.tenant, holder.name, call.parameters.text("PolicyArn", ARN))

    @family.action(f"ListAttached{noun.name}Policies", noun.find)
    async def list_attached_policies(call: Call, holder: Holder) -> Structure:
        asked = page_of(call.parameters)
        page = await noun.holders(call).attached(
            call.tenant, holder.name, prefix=asked.prefix, after=asked.after, limit=asked.limit
        )
        return paged("AttachedPolicies", page, lambda row: {"PolicyName": row.name, "PolicyArn": row.arn})


def add_boundary(noun: Noun, bounded: Callable[[Call], Bounded[Any]]) -> None:
    """Put and Delete of a permissions boundary."""

    @family.action(f"Put{noun.name}PermissionsBoundary", noun.find)
    async def put_boundary(call: Call, holder: Holder) -> None:
        await bounded(call).set_boundary(call.tenant, holder.name, call.parameters.text("PermissionsBoundary", ARN))

    @family.action(f"Delete{noun.name}PermissionsBoundary", noun.find)
    async def delete_boundary(call: Call, holder: Holder) -> None:
        await bounded(call).set_boundary(call.tenant, holder.name, "")


for each in (USER, GROUP, ROLE):
    add_inline(each)
    add_attached(each)
add_boundary(USER, lambda call: call.people.users)
add_boundary(ROLE, lambda call: call.people.roles)
