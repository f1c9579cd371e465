"""What is explained: every policy, list and block that has a say, and the outcome that a request would meet."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.support.grants import policy, statement
from tests.support.managed import keyed_store

from trug.domain.acl import ALL_USERS, Acl, Grant, Ownership, Permission, pack_acl
from trug.domain.configurations import ACL, OWNERSHIP, POLICY, PUBLIC_ACCESS_BLOCK
from trug.domain.identity import DEFAULT_ACCOUNT, canonical_id_of
from trug.domain.public_access import PublicAccessBlock, pack_block
from trug.iam.refusals import IamError
from trug.manage.commands import COMMANDS

ARN = f"arn:aws:iam::{DEFAULT_ACCOUNT}"
ANN, OTHER = f"{ARN}:user/ann", "arn:aws:iam::222222222222:root"
OBJECTS = "arn:aws:s3:::data/*"
READ = json.dumps(policy(statement("Allow", "s3:Get*", "*")))
WRITE = json.dumps(policy(statement("Allow", "s3:PutObject", OBJECTS)))
TRUST = json.dumps(
    {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": DEFAULT_ACCOUNT}}]}
)
PUBLIC = json.dumps(policy(statement("Allow", "s3:GetObject", OBJECTS, Principal="*")))
OPEN = Acl(canonical_id_of(DEFAULT_ACCOUNT), (Grant(ALL_USERS, Permission.READ),))
Kept = dict[str, bytes]


def explained(who: str, action: str, resource: str, kept: Kept | None = None, **given: str) -> Any:
    """What is told on a store with a bucket that has these configurations, and with people of all kinds."""
    store, engine = keyed_store()
    people = store.people

    async def scene() -> Any:
        for command, values in (
            ("account/add", {"id": "222222222222"}),
            ("policy/add", {"name": "read", "document": READ}),
            ("policy/add", {"name": "write", "document": WRITE}),
            ("user/add", {"name": "ann", "policy": "read"}),
            ("user/add", {"name": "bounded", "policy": "read, write"}),
            ("role/add", {"name": "writer", "trust": TRUST}),
            ("role/attach", {"name": "writer", "policy": "write"}),
        ):
            await COMMANDS[command](store, values)
        await people.users.set_boundary(DEFAULT_ACCOUNT, "bounded", f"{ARN}:policy/read")
        bucket = await engine.buckets.create("data", account=DEFAULT_ACCOUNT, region="us-east-1", tags={})
        for kind, document in (kept or {}).items():
            await engine.configurations.store(bucket, kind, document)
        answer = await COMMANDS["explain"](store, {"as": who, "action": action, "resource": resource, **given})
        return answer["explanation"]

    return asyncio.run(scene())


def reasons(found: Any) -> list[tuple[str, str]]:
    """Of each statement that was looked at: of which kind of policy it is, and what did not fit."""
    return [(each["policy"], each["mismatch"]) for each in found["statements"]]


def test_a_boundary() -> None:
    found = explained(f"{ARN}:user/bounded", "s3:PutObject", "data/k")
    assert (found["allowed"], found["reason"]) == (
        False,
        "because no permissions boundary allows the s3:PutObject action",
    )
    assert ("permissions boundary", "Action") in reasons(found)
    assert explained(f"{ARN}:user/bounded", "s3:GetObject", "data/k")["allowed"]


def test_roles_and_sessions() -> None:
    role, session = f"{ARN}:role/writer", f"arn:aws:sts::{DEFAULT_ACCOUNT}:assumed-role/writer/one"
    assert explained(role, "s3:PutObject", "data/k")["allowed"]
    found = explained(session, "s3:PutObject", "data/k", session_policy=READ)
    assert found["principal"] == session
    assert found["reason"] == "because no session policy allows the s3:PutObject action"
    found = explained(ANN, "s3:GetObject", "data/k", session_policy=WRITE)
    assert found["principal"].endswith(":federated-user/explain")
    assert found["reason"] == "because no session policy allows the s3:GetObject action"


def test_a_public_policy_and_what_blocks_it() -> None:
    found = explained("anonymous", "GetObject", "data/k", {POLICY: PUBLIC.encode()})
    assert (found["allowed"], found["reason"]) == (
        True,
        "because a statement in a resource-based policy allows it",
    )
    blocked = pack_block(PublicAccessBlock(restrict_buckets=True))
    found = explained("anonymous", "GetObject", "data/k", {POLICY: PUBLIC.encode(), PUBLIC_ACCESS_BLOCK: blocked})
    assert (found["allowed"], found["reason"]) == (False, "because of what is noted below")
    assert any(note.startswith("RestrictPublicBuckets keeps") for note in found["notes"])


def test_lists_of_access() -> None:
    kept = {OWNERSHIP: Ownership.WRITER.value.encode(), ACL: pack_acl(OPEN).encode()}
    found = explained("anonymous", "ListBucket", "data", kept)
    assert (found["allowed"], found["reason"]) == (True, "because an ACL or the object's owner allows it")
    assert f"an ACL could grant READ; there is: READ to {ALL_USERS.id}" in found["notes"]
    assert not explained("anonymous", "ListBucket", "data", {ACL: kept[ACL]})["allowed"]


def test_other_accounts() -> None:
    found = explained(OTHER, "s3:GetObject", "data/k")
    assert (found["allowed"], found["reason"]) == (
        False,
        "because no resource-based policy allows the s3:GetObject action",
    )
    assert explained(OTHER, "s3:GetObject", "data/k", {POLICY: PUBLIC.encode()})["allowed"]


def test_the_root_and_what_remains_to_it() -> None:
    deny = json.dumps(policy(statement("Deny", "s3:*", ["arn:aws:s3:::data", OBJECTS], Principal="*")))
    root = f"{ARN}:root"
    assert (
        explained(root, "s3:DeleteBucket", "data")["reason"] == "because nothing speaks against the root of the account"
    )
    assert not explained(root, "s3:DeleteBucket", "data", {POLICY: deny.encode()})["allowed"]
    assert explained(root, "s3:DeleteBucketPolicy", "data", {POLICY: deny.encode()})["allowed"]


def test_what_is_not_there() -> None:
    found = explained(ANN, "s3:ListBucket", "other")
    assert "there is no bucket other: everybody is told so" in found["notes"]
    assert explained(f"{ARN}:root", "s3:CreateBucket", "other")["allowed"]
    assert explained(ANN, "s3:ListAllMyBuckets", "*")["resource"] == "*"
    for who in (f"{ARN}:user/nobody", f"{ARN}:role/none", "arn:aws:iam::333333333333:root"):
        with pytest.raises(IamError):
            explained(who, "s3:GetObject", "data/k")


@pytest.mark.parametrize(
    ("who", "action", "resource", "given"),
    [
        ("ann", "s3:GetObject", "data/k", {}),
        (ANN, "s3:GetObjects", "data/k", {}),
        (ANN, "s3:GetObject", "data", {}),
        (ANN, "s3:GetObject", "data/k", {"context": "[]"}),
        (ANN, "s3:GetObject", "data/k", {"session_policy": "{}"}),
    ],
)
def test_what_means_nothing(who: str, action: str, resource: str, given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        explained(who, action, resource, **given)
