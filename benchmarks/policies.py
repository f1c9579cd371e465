"""A user who may read what he reads because policies of ten statements each say so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

GUARDED = "/bench-guarded"
ACCOUNT = "000000000000"


class Reader(NamedTuple):
    """The user's access key."""

    access_key: str
    secret_key: str


READER = Reader("AKIABENCHREADER00000", "a-secret-that-only-this-benchmark-has-00")

ACTIONS = (
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:ListBucket",
    "s3:GetBucketLocation",
    "s3:GetObjectTagging",
    "s3:PutObjectTagging",
    "s3:GetObjectVersion",
    "s3:AbortMultipartUpload",
)
"""Of statements that say nothing about a GET."""


def statements(**more: Any) -> list[dict[str, Any]]:
    """Ten: eight on other actions, one on other keys with a condition, and the one that counts."""
    bucket = f"arn:aws:s3:::{GUARDED[1:]}"
    others = [
        {"Effect": "Allow", "Action": action, "Resource": [bucket, f"{bucket}/*"][action != "s3:ListBucket"]}
        for action in ACTIONS
        if action != "s3:GetBucketLocation"
    ]
    return [
        statement | more
        for statement in (
            *others,
            {"Effect": "Allow", "Action": "s3:GetBucketLocation", "Resource": bucket},
            {
                "Effect": "Deny",
                "Action": "s3:GetObject",
                "Resource": f"{bucket}/secret/*",
                "Condition": {"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}},
            },
            {"Effect": "Allow", "Action": "s3:Get*", "Resource": f"{bucket}/hot/*"},
        )
    ]


def bucket_policy() -> bytes:
    principal = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/reader"}
    return json.dumps({"Version": "2012-10-17", "Statement": statements(Principal=principal)}).encode()


def with_reader(place: Path) -> list[str]:
    """Arguments for a server that knows the user, and the file they name."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements()})
    path = place / "reader.toml"
    path.write_text(
        f"""
[[account]]
id = "{ACCOUNT}"

[[account.policy]]
name = "reads"
document = '''{policy}'''

[[account.user]]
name = "reader"
policies = ["reads"]
keys = [{{ access_key = "{READER.access_key}", secret_key = "{READER.secret_key}" }}]
"""
    )
    return ["--init", str(path)]
