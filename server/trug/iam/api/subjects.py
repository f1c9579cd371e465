"""What IAM's actions are about: found by the names and ARNs in a call, with the ARN they are authorised on.

After "Actions, resources, and condition keys for AWS Identity and Access Management" (Service Authorization Reference).
"""

from __future__ import annotations

from typing import Any, TypeVar

from trug.iam.api.actions import Call, Finder, Subject
from trug.iam.api.kinds import ARN, MOST_TAGS, NAME, PATH, PATH_PREFIX, TAG_KEY, TAG_VALUE
from trug.iam.api.parameters import Kind, Parameters
from trug.iam.api.refusals import QueryCode, QueryError, no_such, query_error
from trug.iam.entities import Group, Provider, Role, Tags, User
from trug.iam.policies import Listed
from trug.iam.refusals import IamCode, IamError

H = TypeVar("H", User, Group, Role)

Told = dict[str, tuple[str, ...]]

BOUNDING_NAMES = "CreateRole CreateUser PutRolePermissionsBoundary PutUserPermissionsBoundary"
TAGGING_NAMES = """
    CreateOpenIDConnectProvider CreatePolicy CreateRole CreateUser TagOpenIDConnectProvider TagPolicy TagRole TagUser
    UntagOpenIDConnectProvider UntagPolicy UntagRole UntagUser
"""


def account_arn(call: Call, rest: str) -> str:
    """An ARN of the caller's account."""
    return f"arn:aws:iam::{call.tenant}:{rest}"


# --- what calls say of themselves to policies ---


def read_tags(parameters: Parameters, *, least: int = 0) -> Tags:
    """``Tags`` of a request."""
    members = parameters.structures("Tags", most=MOST_TAGS, least=least)
    return tuple((member.text("Key", TAG_KEY), member.text("Value", TAG_VALUE)) for member in members)


def read_tag_keys(parameters: Parameters) -> list[str]:
    """``TagKeys`` of a request."""
    return parameters.texts("TagKeys", TAG_KEY, most=MOST_TAGS)


BOUNDING = frozenset(f"iam:{name}" for name in BOUNDING_NAMES.split())
TAGGING = frozenset(f"iam:{name}" for name in TAGGING_NAMES.split())
"""Actions that heed the parameters of these kinds. Of others they say nothing: whoever may give policies only to users
with a certain boundary must not help himself by naming it beside."""


def told_of(call: Call) -> Told:
    """The condition keys that the parameters of a call give: its tags, and the policy it attaches or bounds by."""
    told: Told = {}
    if call.action in TAGGING:
        tags = read_tags(call.parameters)
        told |= {f"aws:requesttag/{key.lower()}": (value,) for key, value in tags}
        keys = tuple(key for key, _ in tags) or tuple(read_tag_keys(call.parameters))
        told |= {"aws:tagkeys": keys} if keys else {}
    if call.action.startswith(("iam:Attach", "iam:Detach")):
        told["iam:policyarn"] = (call.parameters.text("PolicyArn", ARN),)
    boundary = call.parameters.find("PermissionsBoundary", ARN) if call.action in BOUNDING else None
    if boundary is not None:
        told["iam:permissionsboundary"] = (boundary,)
    return told


def told_about(tags: Tags, boundary: str = "") -> Told:
    """The condition keys that a thing gives: its tags and its boundary."""
    told: Told = {}
    for key, value in tags:
        told[f"iam:resourcetag/{key.lower()}"] = told[f"aws:resourcetag/{key.lower()}"] = (value,)
    if boundary:
        told["iam:permissionsboundary"] = (boundary,)
    return told


# --- things by name ---


async def user_named(call: Call) -> Subject[User]:
    """The user of ``UserName``."""
    return await find_user(call, call.parameters.text("UserName", NAME))


async def find_user(call: Call, name: str) -> Subject[User]:
    """A user of the caller's account."""
    return subject_of(call, "user", name, await call.people.users.find(call.tenant, name))


async def group_named(call: Call) -> Subject[Group]:
    """The group of ``GroupName``."""
    name = call.parameters.text("GroupName", NAME)
    return subject_of(call, "group", name, await call.people.groups.find(call.tenant, name))


async def role_named(call: Call) -> Subject[Role]:
    """The role of ``RoleName``."""
    name = call.parameters.text("RoleName", NAME)
    return subject_of(call, "role", name, await call.people.roles.find(call.tenant, name))


def subject_of(call: Call, kind: str, name: str, thing: H | None) -> Subject[H]:
    """What was found, or what is said of its absence to those who may know."""
    if thing is None:
        return Subject(account_arn(call, f"{kind}/{name}"), NOBODY, told_of(call), no_such(kind, name))
    told = told_about(
        () if isinstance(thing, Group) else thing.tags, "" if isinstance(thing, Group) else thing.boundary
    )
    return Subject(thing.arn, thing, told | told_of(call))


async def owner(call: Call) -> Subject[str]:
    """The name of the user of ``UserName`` or, without one, of the caller: empty for the account's root."""
    name = call.parameters.find("UserName", NAME)
    if name is None and call.identity.is_root:
        return Subject(account_arn(call, "root"), "")
    if name is None:
        name = call.identity.user
    if not name:
        raise QueryError(QueryCode.ValidationError, "Must specify userName when calling with non-User credentials")
    found = await find_user(call, name)
    return Subject(found.arn, name if found.absence else found.thing.name, found.values, found.absence)


# --- things by ARN ---


async def policy_given(call: Call) -> Subject[Listed]:
    """The policy of ``PolicyArn``: the account's own, or one that is built in."""
    arn = call.parameters.text("PolicyArn", ARN)
    try:
        listed = await call.people.policies.get(call.tenant, arn)
    except IamError as error:
        if error.code is not IamCode.NoSuchEntity:
            raise
        return Subject(arn, NOBODY, told_of(call), query_error(error))
    return Subject(arn, listed, told_about(listed.policy.tags) | told_of(call))


async def provider_given(call: Call) -> Subject[Provider]:
    """The provider of ``OpenIDConnectProviderArn``."""
    arn = call.parameters.text("OpenIDConnectProviderArn", ARN)
    try:
        provider = await call.people.providers.get(call.tenant, arn)
    except IamError as error:
        if error.code is not IamCode.NoSuchEntity:
            raise
        return Subject(arn, NOBODY, told_of(call), query_error(error))
    return Subject(provider.arn, provider, told_about(provider.tags) | told_of(call))


async def provider_arn(call: Call) -> Subject[str]:
    """The ARN of a provider, be it there or not."""
    found = await provider_given(call)
    return Subject(found.arn, found.arn, found.values)


# --- what is to be, and what is many ---


def new(kind: str, parameter: str, name_kind: Kind, path_kind: Kind = PATH) -> Finder[None]:
    """A thing of a kind that is to be made, by the parameter of its name and its ``Path``."""

    async def find(call: Call) -> Subject[None]:
        name = call.parameters.text(parameter, name_kind)
        path = call.parameters.text("Path", path_kind, default="/")
        return Subject(account_arn(call, f"{kind}{path}{name}"), None, told_of(call))

    return find


def all_of(kind: str) -> Finder[None]:
    """All things of a kind, below ``PathPrefix``."""

    async def find(call: Call) -> Subject[None]:
        prefix = call.parameters.text("PathPrefix", PATH_PREFIX, default="/")
        return Subject(account_arn(call, f"{kind}{prefix}"), None)

    return find


async def anything(call: Call) -> Subject[None]:  # noqa: ARG001 - as all finders are called
    """What actions are authorised on that are about no resource."""
    return Subject("*", None)


NOBODY: Any = None
"""The thing of a subject that was not found: nobody asks for it."""
