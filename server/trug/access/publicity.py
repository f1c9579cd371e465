"""Whether a bucket's policy makes it public."""

from __future__ import annotations

from trug.access.conditions import Condition, range_of, reading_of
from trug.access.statements import Effect, Policy, Statement

SHORTEST = {4: 8, 6: 32}
"""Prefixes of the widest ranges of addresses that are not everybody's."""
MARKS = ("*", "?", "${")
TEXTUAL = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"})
ACCESS_POINT = "s3:dataaccesspointarn"
SOURCE_IP = "aws:sourceip"
FIXED_KEYS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalservicename",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "s3:dataaccesspointaccount",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        ACCESS_POINT,
    }
)
"""By these a condition says who it is, or from where he comes."""


def is_public(policy: Policy) -> bool:
    """Whether one of its statements lets in others than those whom it names or a condition fixes.

    A condition does so by a few keys, with values that have neither wildcards nor variables, or by ranges of addresses
    that are narrow enough ("Blocking public access to your Amazon S3 storage: The meaning of 'public'"). What denies
    makes nothing less public.
    """
    return any(map(_is_public, policy.statements))


def _is_public(statement: Statement) -> bool:
    principals = statement.principals
    if statement.effect is not Effect.ALLOW or principals is None:
        return False
    if not (principals.is_everyone or principals.is_negated):
        return False
    return not any(map(_fixes, statement.conditions))


def _fixes(condition: Condition) -> bool:
    """Whether only fixed values let it be true; what is also true without the key fixes nothing."""
    reading = reading_of(condition.operator)
    if reading.is_optional or reading.quantifier == "forallvalues":
        return False
    if reading.name == "IpAddress" and condition.key == SOURCE_IP:
        return all(map(_is_narrow, condition.operands))
    if reading.name not in TEXTUAL or condition.key not in FIXED_KEYS:
        return False
    is_fixed = _has_fixed_account if condition.key == ACCESS_POINT else _is_fixed
    return all(map(is_fixed, condition.operands))


def _is_fixed(operand: str) -> bool:
    return not any(mark in operand for mark in MARKS)


def _has_fixed_account(arn: str) -> bool:
    """Of an access point: its name may be a pattern, its account must not."""
    parts = arn.split(":", 5)
    return len(parts) == 6 and bool(parts[4]) and all(map(_is_fixed, parts[:5]))


def _is_narrow(operand: str) -> bool:
    network = range_of(operand)
    return network.prefixlen >= SHORTEST[network.version]
