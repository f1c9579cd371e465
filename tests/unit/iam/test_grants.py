"""What identities may by their own policies, as these change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.support.changes import apply

from trug.access.grants import NO_GRANTS, Grants
from trug.access.policy import PolicyKind
from trug.adapters.clock import SystemClock
from trug.adapters.keyring import FileKeyring
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.identity import ANONYMOUS, Account, Identity, Session
from trug.iam.grants import StoredGrants
from trug.iam.people import People
from trug.ports.effects import PutEntity
from trug.ports.reads import EntityAt
from trug.ports.rows import Entity
from trug.ports.stores import Damaged

ONE = "000000000000"
ACCOUNT = Account(ONE, "canonical")
READ = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'
TRUST = '{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "000000000000"}}]}'
BUILT_IN = "arn:aws:iam::aws:policy/"
READWRITE, READONLY = f"{BUILT_IN}readwrite", f"{BUILT_IN}readonly"

Scene = Callable[[People, StoredGrants], Awaitable[None]]


def with_grants(scene: Scene) -> Callable[[], None]:
    async def play() -> None:
        metadata = MemoryMetadata(SystemClock())
        await scene(People(metadata, FileKeyring(bytes(32))), StoredGrants(metadata))

    def test() -> None:
        asyncio.run(play())

    return test


def names(grants: Grants) -> list[str]:
    return [policy.name for policy in grants.policies]


def session(**more: Any) -> Session:
    return Session(1, 2, **more)


@with_grants
async def test_a_users_policies_are_his_and_his_groups(people: People, grants: StoredGrants) -> None:
    ann = await people.users.create(ONE, "Ann")
    identity = Identity(ACCOUNT, "Ann", id=ann.id)
    assert await grants.find(identity) == NO_GRANTS
    await people.users.put_policy(ONE, "ann", "own", READ)
    await people.users.attach(ONE, "ann", READWRITE)
    await people.groups.create(ONE, "Devs")
    await people.groups.add(ONE, "devs", "ann")
    await people.groups.put_policy(ONE, "devs", "theirs", READ)
    await people.groups.attach(ONE, "devs", READONLY)
    found = await grants.find(identity)
    assert names(found) == ["user/ann/own", READWRITE, "group/devs/theirs", READONLY]
    assert {policy.kind for policy in found.policies} == {PolicyKind.IDENTITY}
    assert (found.boundary, found.session) == (None, ())
    await people.groups.take_out(ONE, "devs", "ann")
    assert grants.known(identity) is None
    assert names(await grants.find(identity)) == ["user/ann/own", READWRITE]


@with_grants
async def test_the_version_in_force_counts(people: People, grants: StoredGrants) -> None:
    await people.users.create(ONE, "ann")
    policy = await people.policies.create(ONE, "p", READ)
    await people.users.attach(ONE, "ann", policy.arn)
    await people.users.set_boundary(ONE, "ann", policy.arn)
    other = READ.replace("Get", "Put")
    await people.policies.create_version(ONE, policy.arn, other, default=False)
    identity = Identity(ACCOUNT, "ann")
    assert [found.text for found in (await grants.find(identity)).policies] == [READ]
    await people.policies.set_default(ONE, policy.arn, 2)
    found = await grants.find(identity)
    assert [policy.text for policy in found.policies] == [other]
    assert found.boundary is not None
    assert (found.boundary.kind, found.boundary.text) == (PolicyKind.BOUNDARY, other)


@with_grants
async def test_who_is_no_more_has_none(people: People, grants: StoredGrants) -> None:
    first = await people.users.create(ONE, "ann")
    await people.users.remove(ONE, "ann")
    assert await grants.find(Identity(ACCOUNT, "ann", id=first.id)) == NO_GRANTS
    second = await people.users.create(ONE, "ann")
    await people.users.attach(ONE, "ann", READWRITE)
    assert await grants.find(Identity(ACCOUNT, "ann", id=first.id)) == NO_GRANTS, "another of the same name"
    assert names(await grants.find(Identity(ACCOUNT, "ann", id=second.id))) == [READWRITE]
    assert await grants.find(Identity(Account("111122223333", "c"), "ann")) == NO_GRANTS


@with_grants
async def test_a_roles_session(people: People, grants: StoredGrants) -> None:
    role = await people.roles.create(ONE, "R", TRUST, boundary=READONLY)
    await people.roles.attach(ONE, "r", READWRITE)
    identity = Identity(
        ACCOUNT, id=role.id, role="R", session=session(name="s", policy_arns=(READONLY, f"{BUILT_IN}gone"))
    )
    found = await grants.find(identity)
    assert names(found) == [READWRITE]
    assert found.boundary is not None
    assert [policy.kind for policy in found.session] == [PolicyKind.SESSION] * 2
    assert '"Deny"' in found.session[1].text, "a limit that is not there any more lets nothing through"


@with_grants
async def test_federated_users(people: People, grants: StoredGrants) -> None:
    await people.users.create(ONE, "ann")
    await people.users.attach(ONE, "ann", READWRITE)

    def federated(**more: Any) -> Identity:
        return Identity(ACCOUNT, session=session(name="bob", **more))

    assert names(await grants.find(federated(sponsor="ann", policies=(READ,)))) == [READWRITE]
    assert names(await grants.find(federated(policies=(READ,)))) == [f"{BUILT_IN}AdministratorAccess"]
    assert names(await grants.find(federated(sponsor="ann"))) == [], "no session policy, no permissions"
    assert names(await grants.find(federated(sponsor="nobody", policies=(READ,)))) == []


@with_grants
async def test_those_whom_a_provider_vouches_for_have_what_is_named(people: People, grants: StoredGrants) -> None:
    await people.policies.create(ONE, "own", READ)
    vouched = session(name="sub", provider="arn:…", grants=("own", "readonly", "unknown"))
    found = await grants.find(Identity(ACCOUNT, session=vouched))
    assert names(found) == [f"arn:aws:iam::{ONE}:policy/own", READONLY]
    assert await grants.find(Identity(ACCOUNT, session=session(name="sub", provider="arn:…"))) == NO_GRANTS


@pytest.mark.parametrize(
    "identity",
    [ANONYMOUS, Identity(ACCOUNT), Identity(ACCOUNT, session=Session(1, 2))],
    ids=["nobody", "root", "session of the root"],
)
def test_roots_and_nobody_need_no_look(identity: Identity) -> None:
    assert StoredGrants(MemoryMetadata(SystemClock())).known(identity) is NO_GRANTS


@with_grants
async def test_a_policy_that_cannot_be_read_is_no_half_of_one(people: People, grants: StoredGrants) -> None:
    await people.users.create(ONE, "ann")
    await people.users.put_policy(ONE, "ann", "p", READ)
    document = await people.metadata.fetch(EntityAt(ONE, "inline-policy", "user/ann/p"))
    assert document is not None
    broken = Entity(ONE, "inline-policy", "user/ann/p", document.replace(b"Allow", b"Alloy"))
    await people.metadata.commit(apply(PutEntity(broken)))
    with pytest.raises(Damaged, match="user/ann/p"):
        await grants.find(Identity(ACCOUNT, "ann"))
