"""How the things of IAM look in answers."""

from __future__ import annotations

from trug.iam.api.answers import Structure, Value, document, moment
from trug.iam.entities import Group, ManagedPolicy, PolicyVersion, Role, Tags, User
from trug.iam.policies import Listed


def tag_list(tags: Tags) -> list[Structure]:
    return [{"Key": key, "Value": value} for key, value in tags]


def boundary_of(holder: User | Role) -> Structure | None:
    if not holder.boundary:
        return None
    return {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": holder.boundary}


def user_listed(user: User) -> dict[str, Value]:
    """A user as lists show it."""
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn,
        "CreateDate": moment(user.created),
    }


def user_whole(user: User) -> Structure:
    return user_listed(user) | {
        "PermissionsBoundary": boundary_of(user),
        "Tags": tag_list(user.tags) if user.tags else None,
    }


def group_whole(group: Group) -> dict[str, Value]:
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": group.arn,
        "CreateDate": moment(group.created),
    }


def role_listed(role: Role) -> dict[str, Value]:
    """A role as lists show it."""
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": moment(role.created),
        "AssumeRolePolicyDocument": document(role.trust),
        "Description": role.description or None,
        "MaxSessionDuration": role.longest,
    }


def role_whole(role: Role) -> Structure:
    return role_listed(role) | {
        "PermissionsBoundary": boundary_of(role),
        "Tags": tag_list(role.tags) if role.tags else None,
    }


def policy_listed(listed: Listed) -> dict[str, Value]:
    """A managed policy as lists show it."""
    policy = listed.policy
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": f"v{policy.default}",
        "AttachmentCount": listed.attachments,
        "PermissionsBoundaryUsageCount": listed.boundaries,
        "IsAttachable": True,
        "CreateDate": moment(policy.created),
        "UpdateDate": moment(policy.updated),
    }


def policy_whole(listed: Listed) -> Structure:
    policy = listed.policy
    return policy_listed(listed) | {
        "Description": policy.description or None,
        "Tags": tag_list(policy.tags) if policy.tags else None,
    }


def version_listed(version: PolicyVersion, policy: ManagedPolicy) -> dict[str, Value]:
    """A version of a policy, without its document."""
    return {
        "VersionId": version.label,
        "IsDefaultVersion": version.number == policy.default,
        "CreateDate": moment(version.created),
    }


def version_whole(version: PolicyVersion, policy: ManagedPolicy) -> Structure:
    return version_listed(version, policy) | {"Document": document(version.document)}
