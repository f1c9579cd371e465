"""Answers about what nobody can have here: empty lists, and NoSuchEntity (data only). Tools ask before they delete."""

from __future__ import annotations

from typing import Any

from trug.iam.api.actions import Call, Family, Finder
from trug.iam.api.answers import Structure
from trug.iam.api.refusals import QueryCode, QueryError
from trug.iam.api.services import IAM
from trug.iam.api.subjects import all_of, anything, owner, role_named

family = Family(IAM, "default")

EMPTY: dict[str, tuple[Finder[Any], str]] = {
    "ListInstanceProfiles": (all_of("instance-profile"), "InstanceProfiles"),
    "ListInstanceProfilesForRole": (role_named, "InstanceProfiles"),
    "ListMFADevices": (owner, "MFADevices"),
    "ListSAMLProviders": (anything, "SAMLProviderList"),
    "ListSSHPublicKeys": (owner, "SSHPublicKeys"),
    "ListServerCertificates": (all_of("server-certificate"), "ServerCertificateMetadataList"),
    "ListServiceSpecificCredentials": (owner, "ServiceSpecificCredentials"),
    "ListSigningCertificates": (owner, "Certificates"),
    "ListVirtualMFADevices": (anything, "VirtualMFADevices"),
}
"""Lists that are always empty: what they are about, and the member that lists."""

UNPAGED = frozenset({"ListSAMLProviders"})

MISSING: dict[str, tuple[Finder[Any], str]] = {
    "DeleteAccountPasswordPolicy": (anything, "The account policy with name PasswordPolicy cannot be found."),
    "DeleteLoginProfile": (owner, "Login Profile for User cannot be found."),
    "GetAccountPasswordPolicy": (anything, "The Password Policy with domain name cannot be found."),
    "GetLoginProfile": (owner, "Login Profile for User cannot be found."),
}
"""What is asked for or deleted and never there, and what is said of it."""


def add_empty(name: str, find: Finder[Any], member: str) -> None:
    @family.action(name, find)
    async def list_nothing(call: Call, _: object) -> Structure:  # noqa: ARG001 - as all handlers are called
        return {member: []} if name in UNPAGED else {member: [], "IsTruncated": False}


def add_missing(name: str, find: Finder[Any], message: str) -> None:
    @family.action(name, find)
    async def miss(call: Call, _: object) -> None:  # noqa: ARG001 - as all handlers are called
        raise QueryError(QueryCode.NoSuchEntity, message)


for action, (finder, said) in EMPTY.items():
    add_empty(action, finder, said)
for action, (finder, said) in MISSING.items():
    add_missing(action, finder, said)
