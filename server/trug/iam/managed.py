"""Managed policies as others refer to them: by ARN, the account's own or built in."""

from __future__ import annotations

import re

from trug.iam.builtin import BUILT_IN, BY_ARN
from trug.iam.entities import POLICY, ManagedPolicy, place_of
from trug.iam.refusals import IamCode, IamError, malformed
from trug.iam.scripts import Asking

ARN = re.compile(r"arn:aws:iam::([^:/]+):policy(/(?:.*/)?)([^/]+)\Z")


class PolicyArn:
    """The parts of a managed policy's ARN. IamError for what is none."""

    def __init__(self, arn: str) -> None:
        found = ARN.match(arn)
        if found is None:
            raise malformed("policyArn", arn, "Member must be the ARN of a managed policy")
        self.account, self.path, self.name = found.groups()


def policy_name(arn: str) -> str:
    return arn.rpartition("/")[2]


def find_policy(account: str, arn: str) -> Asking[ManagedPolicy | None]:
    """In a script: the policy of this ARN that people of the account may be given. ARNs are compared letter by letter,
    as policies do that speak of them."""
    if (built_in := BY_ARN.get(arn)) is not None:
        return built_in.policy
    parts = PolicyArn(arn)
    if parts.account != account:
        return None
    policy = yield from POLICY.at(account, place_of(parts.name))
    return policy if policy is not None and policy.arn == arn else None


def attachable(account: str, arn: str) -> Asking[ManagedPolicy]:
    """In a script: the policy, to be attached. IamError."""
    policy = yield from find_policy(account, arn)
    if policy is None:
        raise IamError(f"Policy {arn} does not exist or is not attachable.", IamCode.NoSuchEntity)
    return policy


def existing(account: str, arn: str) -> Asking[ManagedPolicy]:
    """In a script: the policy. IamError."""
    policy = yield from find_policy(account, arn)
    if policy is None:
        raise IamError(f"Policy {arn} was not found.", IamCode.NoSuchEntity)
    return policy


def own(account: str, arn: str) -> Asking[ManagedPolicy]:
    """In a script: the policy, to be changed. IamError, for one that is built in as well."""
    policy = yield from existing(account, arn)
    if policy.account != account:
        raise IamError(f"Policy {arn} is built in and cannot be changed.", IamCode.UnmodifiableEntity)
    return policy


def named(account: str, name: str) -> Asking[ManagedPolicy]:
    """In a script: the policy of this ARN, or of this name, the account's own before one that is built in. IamError."""
    if name.startswith("arn:"):
        policy = yield from existing(account, name)
        return policy
    found = yield from POLICY.at(account, place_of(name))
    if found is not None:
        return found
    if (built_in := BUILT_IN.get(place_of(name))) is None:
        raise IamError(f"Policy {name} was not found.", IamCode.NoSuchEntity)
    return built_in.policy
