"""The managed policies that every account has, under ``arn:aws:iam::aws:policy/``: MinIO's names and AWS's (data)."""

from __future__ import annotations

import json
from typing import NamedTuple

from trug.iam.entities import ManagedPolicy, place_of

OWNER = "aws"
PREFIX = "arn:aws:iam::aws:policy/"
SINCE = 1_763_683_200_000_000
"""When they were first here, in µs."""


class BuiltIn(NamedTuple):
    """A policy that nobody changes, and its one version's document."""

    policy: ManagedPolicy
    document: str


def _statement(*actions: str) -> dict[str, object]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*"}


READ_ANY = ("s3:Get*", "s3:List*", "s3:Describe*")
READ_IAM = ("iam:Get*", "iam:List*", "iam:SimulateCustomPolicy", "iam:SimulatePrincipalPolicy")

ROWS = (
    ("readonly", "Read objects whose names are known.", _statement("s3:GetBucketLocation", "s3:GetObject")),
    ("writeonly", "Write objects.", _statement("s3:PutObject")),
    ("readwrite", "All of S3.", _statement("s3:*")),
    ("diagnostics", "Read the state of the server, its logs and metrics.", _statement("trug:Diagnose*")),
    ("consoleAdmin", "All of S3 and all administration.", _statement("s3:*", "iam:*", "sts:*", "kms:*", "trug:*")),
    ("AdministratorAccess", "Provides full access to AWS services and resources.", _statement("*")),
    ("AmazonS3FullAccess", "Provides full access to all buckets.", _statement("s3:*")),
    ("AmazonS3ReadOnlyAccess", "Provides read only access to all buckets.", _statement(*READ_ANY)),
    ("IAMFullAccess", "Provides full access to IAM.", _statement("iam:*")),
    ("IAMReadOnlyAccess", "Provides read only access to IAM.", _statement(*READ_IAM)),
    (
        "ReadOnlyAccess",
        "Provides read-only access to AWS services and resources.",
        _statement(*READ_ANY, *READ_IAM, "kms:Describe*", "kms:List*", "kms:Get*", "sts:GetCallerIdentity"),
    ),
)


def _built_in(number: int, name: str, description: str, statement: dict[str, object]) -> BuiltIn:
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=4)
    unique = f"ANPATRUGBUILTIN{number:06}"
    return BuiltIn(ManagedPolicy(OWNER, name, unique, "/", SINCE, SINCE, description), document)


BUILT_IN = {place_of(row[0]): _built_in(number, *row) for number, row in enumerate(ROWS)}
"""By place."""

BY_ARN = {found.policy.arn: found for found in BUILT_IN.values()}
