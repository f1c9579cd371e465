"""GetAccountAuthorizationDetails: everybody and everything that they may, page by page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from trug.iam.api.actions import Call, Family
from trug.iam.api.answers import Structure, Value, document
from trug.iam.api.paging import page_of, truncation
from trug.iam.api.refusals import invalid
from trug.iam.api.services import IAM
from trug.iam.api.shapes import (
    boundary_of,
    group_whole,
    policy_whole,
    role_listed,
    tag_list,
    user_listed,
    version_whole,
)
from trug.iam.api.subjects import anything
from trug.iam.entities import Group, Page, Role, User
from trug.iam.holders import Holders
from trug.iam.policies import Listed

family = Family(IAM)

ALL = 1000
"""More than anybody may have of groups, policies or versions."""


async def held(call: Call, holders: Holders[Any], name: str, policies: str) -> Structure:
    """The inline policies, under the name that their list has, and the attached ones."""
    inline = await holders.policies(call.tenant, name, limit=ALL)
    attached = await holders.attached(call.tenant, name, limit=ALL)
    return {
        policies: [{"PolicyName": policy.name, "PolicyDocument": document(policy.document)} for policy in inline.rows],
        "AttachedManagedPolicies": [{"PolicyName": row.name, "PolicyArn": row.arn} for row in attached.rows],
    }


async def user_detail(call: Call, user: User) -> Structure:
    groups = await call.people.users.groups(call.tenant, user.name, limit=ALL)
    return {
        **user_listed(user),
        **await held(call, call.people.users, user.name, "UserPolicyList"),
        "GroupList": [group.name for group in groups.rows],
        "PermissionsBoundary": boundary_of(user),
        "Tags": tag_list(user.tags),
    }


async def group_detail(call: Call, group: Group) -> Structure:
    return {**group_whole(group), **await held(call, call.people.groups, group.name, "GroupPolicyList")}


async def role_detail(call: Call, role: Role) -> Structure:
    role = await call.tokens.trust.shown(role)
    shown = {name: value for name, value in role_listed(role).items() if name in ROLE_MEMBERS}
    return {
        **shown,
        **await held(call, call.people.roles, role.name, "RolePolicyList"),
        "InstanceProfileList": [],
        "PermissionsBoundary": boundary_of(role),
        "Tags": tag_list(role.tags),
    }


ROLE_MEMBERS = frozenset({"Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument"})


async def policy_detail(call: Call, listed: Listed) -> Structure:
    versions = await call.people.policies.versions(call.tenant, listed.policy.arn)
    shown = {name: value for name, value in policy_whole(listed).items() if name != "Tags"}
    return {**shown, "PolicyVersionList": [version_whole(version, listed.policy) for version in versions]}


Pages = Callable[[Call, str, int], Awaitable[Page[Any]]]


class Part(NamedTuple):
    """One of the lists: the filters that ask for it, its member, its pages, and how a row looks."""

    filters: frozenset[str]
    member: str
    pages: Pages
    detail: Callable[[Call, Any], Awaitable[Structure]]


async def user_pages(call: Call, after: str, limit: int) -> Page[User]:
    return await call.people.users.page(call.tenant, after=after, limit=limit)


async def group_pages(call: Call, after: str, limit: int) -> Page[Group]:
    return await call.people.groups.page(call.tenant, after=after, limit=limit)


async def role_pages(call: Call, after: str, limit: int) -> Page[Role]:
    return await call.people.roles.page(call.tenant, after=after, limit=limit)


def policy_pages(scope: str) -> Pages:
    async def pages(call: Call, after: str, limit: int) -> Page[Listed]:
        return await call.people.policies.page(call.tenant, scope=scope, after=after, limit=limit)

    return pages


PARTS = (
    Part(frozenset({"User"}), "UserDetailList", user_pages, user_detail),
    Part(frozenset({"Group"}), "GroupDetailList", group_pages, group_detail),
    Part(frozenset({"Role"}), "RoleDetailList", role_pages, role_detail),
    Part(frozenset({"AWSManagedPolicy"}), "Policies", policy_pages("AWS"), policy_detail),
    Part(frozenset({"LocalManagedPolicy"}), "Policies", policy_pages("Local"), policy_detail),
)
FILTERS = ("User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy")


@family.action("GetAccountAuthorizationDetails", anything)
async def get_account_authorization_details(call: Call, _: None) -> Structure:
    """Markers are the number of a part and the place in it."""
    asked = page_of(call.parameters)
    wanted = filters_of(call)
    first, after = place_of(asked.after)
    found: dict[str, list[Value]] = {part.member: [] for part in PARTS}
    room = asked.limit
    for number, part in enumerate(PARTS[first:], first):
        if wanted.isdisjoint(part.filters):
            continue
        if not room:
            return {**found, **truncation(f"{number}:")}
        page = await part.pages(call, after if number == first else "", room)
        found[part.member] += [await part.detail(call, row) for row in page.rows]
        if page.next:
            return {**found, **truncation(f"{number}:{page.next}")}
        room -= len(page.rows)
    return {**found, **truncation("")}


def filters_of(call: Call) -> frozenset[str]:
    """``Filter``: all there are where it names none."""
    wanted = call.parameters.texts("Filter", most=len(FILTERS))
    for name in wanted:
        if name not in FILTERS:
            raise invalid("Filter", name, f"satisfy enum value set: [{', '.join(FILTERS)}]")
    return frozenset(wanted or FILTERS)


def place_of(marker: str) -> tuple[int, str]:
    """The part and the place in it that a marker means."""
    if not marker:
        return 0, ""
    number, _, place = marker.partition(":")
    if number not in {str(part) for part in range(len(PARTS))}:
        raise invalid("Marker", marker, "be what an answer gave as Marker")
    return int(number), place
