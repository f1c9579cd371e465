"""Managed policies and their versions."""

from __future__ import annotations

from collections.abc import Mapping

from trug.iam.api.actions import Call, Family
from trug.iam.api.answers import Structure, Value
from trug.iam.api.kinds import DOCUMENT, NAME, POLICY_DESCRIPTION, POLICY_PATH, VERSION_ID
from trug.iam.api.paging import page_of, paged, sliced, truncation
from trug.iam.api.services import IAM
from trug.iam.api.shapes import policy_listed, policy_whole, version_listed, version_whole
from trug.iam.api.subjects import all_of, new, policy_given, read_tags
from trug.iam.policies import Listed

family = Family(IAM)

SCOPES = ("All", "AWS", "Local")
USAGES = ("PermissionsPolicy", "PermissionsBoundary")
KINDS = {"User": "user", "Role": "role", "Group": "group"}
FILTERS = (*KINDS, "LocalManagedPolicy", "AWSManagedPolicy")


def version_number(call: Call) -> int:
    """``VersionId``, without its ``v``."""
    return int(call.parameters.text("VersionId", VERSION_ID).removeprefix("v"))


@family.action("CreatePolicy", new("policy", "PolicyName", NAME, POLICY_PATH))
async def create_policy(call: Call, _: None) -> Structure:
    parameters = call.parameters
    policy = await call.people.policies.create(
        call.tenant,
        parameters.text("PolicyName", NAME),
        parameters.text("PolicyDocument", DOCUMENT),
        path=parameters.text("Path", POLICY_PATH, default="/"),
        description=parameters.text("Description", POLICY_DESCRIPTION, default=""),
        tags=read_tags(parameters),
    )
    return {"Policy": policy_whole(Listed(policy, 0, 0))}


@family.action("GetPolicy", policy_given)
async def get_policy(call: Call, listed: Listed) -> Structure:  # noqa: ARG001 - as all handlers are called
    return {"Policy": policy_whole(listed)}


@family.action("ListPolicies", all_of("policy"))
async def list_policies(call: Call, _: None) -> Structure:
    parameters = call.parameters
    asked = page_of(parameters)
    page = await call.people.policies.page(
        call.tenant,
        scope=parameters.choice("Scope", SCOPES) or "All",
        prefix=asked.prefix,
        only_attached=parameters.truth("OnlyAttached"),
        usage=parameters.choice("PolicyUsageFilter", USAGES) or "",
        after=asked.after,
        limit=asked.limit,
    )
    return paged("Policies", page, policy_listed)


@family.action("DeletePolicy", policy_given)
async def delete_policy(call: Call, listed: Listed) -> None:
    await call.people.policies.remove(call.tenant, listed.policy.arn)


@family.action("CreatePolicyVersion", policy_given)
async def create_policy_version(call: Call, listed: Listed) -> Structure:
    is_default = call.parameters.truth("SetAsDefault")
    version = await call.people.policies.create_version(
        call.tenant, listed.policy.arn, call.parameters.text("PolicyDocument", DOCUMENT), default=is_default
    )
    in_force = version.number if is_default else listed.policy.default
    return {"PolicyVersion": version_listed(version, listed.policy._replace(default=in_force))}


@family.action("GetPolicyVersion", policy_given)
async def get_policy_version(call: Call, listed: Listed) -> Structure:
    version = await call.people.policies.version(call.tenant, listed.policy.arn, version_number(call))
    return {"PolicyVersion": version_whole(version, listed.policy)}


@family.action("ListPolicyVersions", policy_given)
async def list_policy_versions(call: Call, listed: Listed) -> Structure:
    versions = await call.people.policies.versions(call.tenant, listed.policy.arn)
    page = sliced(versions, call.parameters)
    return paged("Versions", page, lambda version: version_listed(version, listed.policy))


@family.action("SetDefaultPolicyVersion", policy_given)
async def set_default_policy_version(call: Call, listed: Listed) -> None:
    await call.people.policies.set_default(call.tenant, listed.policy.arn, version_number(call))


@family.action("DeletePolicyVersion", policy_given)
async def delete_policy_version(call: Call, listed: Listed) -> None:
    await call.people.policies.remove_version(call.tenant, listed.policy.arn, version_number(call))


@family.action("ListEntitiesForPolicy", policy_given)
async def list_entities_for_policy(call: Call, listed: Listed) -> Structure:
    asked = page_of(call.parameters)
    wanted = call.parameters.choice("EntityFilter", FILTERS)
    usage = call.parameters.choice("PolicyUsageFilter", USAGES)
    holders: dict[str, list[Value]] = {"user": [], "role": [], "group": []}
    following = ""
    if wanted is None or wanted in KINDS:
        page = await call.people.policies.holders(
            call.tenant,
            listed.policy.arn,
            kind=KINDS.get(wanted or "", ""),
            prefix=asked.prefix,
            usage=usage or "PermissionsPolicy",
            after=asked.after,
            limit=asked.limit,
        )
        following = page.next
        for holder in page.rows:
            noun = holder.kind.capitalize()
            shown: Mapping[str, Value] = {f"{noun}Name": holder.name, f"{noun}Id": holder.id}
            holders[holder.kind].append(shown)
    return {
        "PolicyGroups": holders["group"],
        "PolicyUsers": holders["user"],
        "PolicyRoles": holders["role"],
        **truncation(following),
    }
