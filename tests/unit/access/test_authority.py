"""Every action for everybody: who may, by which policies, lists and blocks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

import pytest
from tests.support.changes import apply
from tests.support.clock import HandClock
from tests.support.grants import ANYTHING, MemoryGrants, policy, statement

from trug.access import actions
from trug.access.actions import Action
from trug.access.authority import ALWAYS, Ask, Authority
from trug.access.resources import RESOURCES, Level
from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.acl import Acl, Grant, Grantee, GranteeKind, Ownership, Permission
from trug.domain.configurations import HAS_OWNERSHIP, OWNERSHIP, POLICY, PUBLIC_ACCESS_BLOCK
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.identity import ANONYMOUS, Account, Identity, Session
from trug.domain.objects import Listing, Record
from trug.domain.public_access import PublicAccessBlock
from trug.engine.engine import Engine
from trug.ports.access_lists import pack_ownership
from trug.ports.effects import PutAccount, PutCurrent, SetConfiguration
from trug.ports.reads import BucketNamed
from trug.ports.rows import Bucket, Version
from trug.ports.stores import Damaged

OURS = Account("111111111111", "c1")
THEIRS = Account("222222222222", "c2")
ROOT = Identity(OURS)
THEIR_ROOT = Identity(THEIRS)
NOTHING = policy(statement("Allow", "sts:GetCallerIdentity", "*"))


def user(name: str, account: Account = OURS) -> Identity:
    return Identity(account, name, id=f"AIDA{name}")


def session(role: str, *policies: str) -> Identity:
    limits = Session(issued=0, expires=1 << 60, name="work", policies=policies)
    return Identity(OURS, role=role, id="AROAROLE", session=limits)


class House:
    """A store with one bucket of ours, and an authority over it."""

    def __init__(self) -> None:
        clock, blobs = HandClock(), MemoryBlobs()
        self.metadata = MemoryMetadata(clock, blobs)
        self.engine = Engine.over(self.metadata, blobs, clock)
        self.grants = MemoryGrants()
        self.grants.let("reader", ANYTHING)
        self.grants.let("bounded", ANYTHING, boundary=NOTHING)
        self.grants.let("worker", ANYTHING)
        self.authority = Authority(self.metadata, self.grants)

    async def bucket(self, *statements: dict[str, Any], ownership: Ownership | None = None) -> Bucket:
        made = await self.engine.buckets.create("ours", account=OURS.id, region="us-east-1", tags={})
        if statements:
            await self.engine.configurations.store(made, POLICY, json.dumps(policy(*statements)).encode())
        if ownership is not None:
            await self.engine.configurations.store(made, OWNERSHIP, pack_ownership(ownership))
        found = await self.engine.buckets.find("ours")
        assert found is not None
        return found

    async def keep(self, bucket: Bucket, key: str, record: Record) -> None:
        version = Version(bucket.id, key, 1, 1, "null", Listing("e" * 32, 0, 0), record)
        await self.metadata.commit(apply(PutAccount(OURS), PutAccount(THEIRS), PutCurrent(version)))

    async def may(self, identity: Identity, action: Action, bucket: Bucket, key: str | None = None) -> bool:
        level = RESOURCES[action].level
        if level is Level.ACCOUNT:
            ask = Ask(identity, action, nothing)
        else:
            ask = Ask(identity, action, nothing, bucket, key or "key" if level is Level.OBJECT else None)
        is_allowed = await self.authority.find_refusal(ask) is None
        for _ in range(3):  # by the evaluator, by a new plan, by the plan that is at hand
            assert await self.is_authorised(ask) is is_allowed, action
        return is_allowed

    async def is_authorised(self, ask: Ask) -> bool:
        try:
            await self.authority.authorise(ask)
        except S3Error as error:
            assert error.code is ErrorCode.AccessDenied
            return False
        return True


def nothing(key: str) -> None:
    """No condition key has a value."""


def told(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


PARTIES = {
    "root": (ROOT, True),
    "nobody": (ANONYMOUS, False),
    "another account's root": (THEIR_ROOT, False),
    "another account's user, who may anything at home": (user("reader", THEIRS), False),
    "user without policy": (user("nobody"), False),
    "user who may": (user("reader"), True),
    "user within a boundary": (user("bounded"), False),
    "role's session": (session("worker"), True),
    "role's session within a session policy": (session("worker", json.dumps(NOTHING)), False),
    "role without policy": (session("idler"), False),
}


@pytest.mark.parametrize("party", PARTIES)
def test_the_matrix(party: str) -> None:
    """What an account's own buckets let its own identities do, and nobody else."""

    async def story() -> None:
        identity, expected = PARTIES[party]
        house = House()
        bucket = await house.bucket()
        for action, entry in RESOURCES.items():
            at_home = entry.level is Level.ACCOUNT and not identity.is_anonymous and identity.account is THEIRS
            assert await house.may(identity, action, bucket) is (expected or at_home), action

    told(story())


@pytest.mark.parametrize("party", PARTIES)
def test_the_matrix_where_the_bucket_denies_all(party: str) -> None:
    async def story() -> None:
        identity, expected = PARTIES[party]
        house = House()
        resources = ["arn:aws:s3:::ours", "arn:aws:s3:::ours/*"]
        deny = statement("Deny", "*", resources, Principal="*")
        allow = statement("Allow", "*", resources, Principal="*")
        bucket = await house.bucket(allow, deny)
        for action, entry in RESOURCES.items():
            if entry.level is not Level.ACCOUNT:
                remains = identity is ROOT and action in ALWAYS
                assert await house.may(identity, action, bucket) is remains, action
        assert expected or not await house.may(identity, actions.GET_OBJECT, bucket)

    told(story())


@pytest.mark.parametrize("party", PARTIES)
def test_the_matrix_where_the_bucket_allows_all_to_anybody(party: str) -> None:
    """Limits stay limits, and across accounts both sides must allow."""

    async def story() -> None:
        identity, _ = PARTIES[party]
        house = House()
        resources = ["arn:aws:s3:::ours", "arn:aws:s3:::ours/*"]
        bucket = await house.bucket(statement("Allow", "s3:*", resources, Principal="*"))
        expected = party not in ("user within a boundary", "role's session within a session policy")
        for action, entry in RESOURCES.items():
            if entry.level is not Level.ACCOUNT and action.startswith("s3:"):
                assert await house.may(identity, action, bucket) is expected, action

    told(story())


def test_what_another_account_owns_is_not_the_bucket_owners_to_read() -> None:
    async def story() -> None:
        house = House()
        allow = statement("Allow", "s3:*", "arn:aws:s3:::ours/*", Principal="*")
        bucket = await house.bucket(allow, ownership=Ownership.WRITER)
        await house.keep(bucket, "theirs", Record(owner=THEIRS.id))
        await house.keep(bucket, "ours", Record())
        for action in (actions.GET_OBJECT, actions.GET_OBJECT_ACL, actions.PUT_OBJECT_ACL, actions.GET_OBJECT_TAGGING):
            for identity in (ROOT, ANONYMOUS, user("reader")):
                assert not await house.may(identity, action, bucket, "theirs"), action
                assert await house.may(identity, action, bucket, "ours"), action
            assert await house.may(THEIR_ROOT, action, bucket, "theirs"), action
            assert not await house.may(user("nobody", THEIRS), action, bucket, "theirs"), action
        assert await house.may(ROOT, actions.DELETE_OBJECT, bucket, "theirs")

    told(story())


def test_a_policy_that_cannot_be_read_lets_nobody_but_the_root_who_may_replace_it() -> None:
    async def story() -> None:
        house = House()
        bucket = await house.bucket(statement("Allow", "s3:*", "arn:aws:s3:::ours", Principal="*"))
        await house.engine.configurations.store(bucket, POLICY, b"nonsense")
        for identity in (ROOT, ANONYMOUS, user("reader")):
            with pytest.raises(Damaged):
                await house.may(identity, actions.LIST_BUCKET, bucket)
        assert await house.may(ROOT, actions.PUT_BUCKET_POLICY, bucket)

    told(story())


@pytest.mark.parametrize("kind", [POLICY, PUBLIC_ACCESS_BLOCK])
def test_what_is_lost_lets_nobody_in(kind: str) -> None:
    """The bucket's row says that there is a policy, or a block, and there is none."""

    async def story() -> None:
        house = House()
        bucket = await house.bucket(statement("Allow", "s3:ListBucket", "arn:aws:s3:::ours", Principal="*"))
        await house.engine.configurations.store(bucket, kind, b"{}")
        found = await house.metadata.fetch(BucketNamed("ours"))
        assert found is not None
        await house.metadata.commit(apply(SetConfiguration(found.id, kind, None)))
        with pytest.raises(Damaged):
            await house.may(ANONYMOUS, actions.LIST_BUCKET, found)

    told(story())


def test_accounts_block_for_all_their_buckets() -> None:
    async def story() -> None:
        house = House()
        bucket = await house.bucket(statement("Allow", "s3:ListBucket", "arn:aws:s3:::ours", Principal="*"))
        await house.metadata.commit(apply(PutAccount(OURS)))
        assert await house.may(ANONYMOUS, actions.LIST_BUCKET, bucket)
        await house.engine.guards.block_account(OURS.id, PublicAccessBlock(restrict_buckets=True))
        assert not await house.may(ANONYMOUS, actions.LIST_BUCKET, bucket)
        assert not await house.may(THEIR_ROOT, actions.LIST_BUCKET, bucket)
        assert await house.may(ROOT, actions.LIST_BUCKET, bucket)

    told(story())


def test_those_of_the_account_are_told_why_and_others_are_not() -> None:
    async def story() -> None:
        house = House()
        bucket = await house.bucket(statement("Deny", "s3:ListBucket", "arn:aws:s3:::ours", Principal="*"))
        for identity, end in [
            (user("reader"), "with an explicit deny in a resource-based policy"),
            (THEIR_ROOT, "Access Denied"),
            (ANONYMOUS, "Access Denied"),
        ]:
            with pytest.raises(S3Error) as caught:
                await house.authority.authorise(Ask(identity, actions.LIST_BUCKET, nothing, bucket))
            assert caught.value.code is ErrorCode.AccessDenied
            assert caught.value.message.endswith(end)

    told(story())


def test_other_services_ask_by_arn() -> None:
    async def story() -> None:
        house = House()
        house.grants.let("self", policy(statement("Allow", "iam:GetUser", f"arn:aws:iam::{OURS.id}:user/self")))
        arn = f"arn:aws:iam::{OURS.id}:user/"
        await house.authority.authorise_on(ROOT, "iam:DeleteUser", arn + "self", nothing)
        await house.authority.authorise_on(user("self"), "iam:GetUser", arn + "self", nothing)
        for identity, action, name in [
            (user("self"), "iam:GetUser", "other"),
            (user("self"), "iam:DeleteUser", "self"),
            (ANONYMOUS, "iam:GetUser", "self"),
        ]:
            with pytest.raises(S3Error, match="not authorized to perform"):
                await house.authority.authorise_on(identity, action, arn + name, nothing)

    told(story())


# --- plans ----------------------------------------------------------------------------------------------------------


def at_hand(house: House, identity: Identity, bucket: Bucket, key: str = "key") -> bool:
    return house.authority.allows_at_hand(identity, actions.GET_OBJECT, bucket, key, nothing)


async def read(house: House, identity: Identity, bucket: Bucket, key: str = "key") -> bool:
    return await house.is_authorised(Ask(identity, actions.GET_OBJECT, nothing, bucket, key))


def test_what_was_asked_once_is_answered_by_a_plan() -> None:
    async def story() -> None:
        house = House()
        bucket = await house.bucket(
            statement("Allow", "s3:GetObject", "arn:aws:s3:::ours/*", Principal={"AWS": OURS.id}),
            statement("Deny", "s3:GetObject", "arn:aws:s3:::ours/secret/*", Principal="*"),
        )
        reader = user("reader")
        assert not at_hand(house, reader, bucket)
        assert await read(house, reader, bucket)  # what it depends on is read
        assert await read(house, reader, bucket)
        assert at_hand(house, reader, bucket)
        assert not at_hand(house, reader, bucket, "secret/1")
        assert not at_hand(house, user("reader"), bucket), "another identity in memory, though the same in every field"
        assert not house.authority.allows_at_hand(reader, actions.PUT_OBJECT, bucket, "key", nothing)

    told(story())


def test_plans_go_with_anything_that_changes() -> None:
    async def story() -> None:
        house = House()
        allow = statement("Allow", "s3:GetObject", "arn:aws:s3:::ours/*", Principal="*")
        bucket = await house.bucket(allow)
        for _ in range(2):
            assert await read(house, ANONYMOUS, bucket)
        assert at_hand(house, ANONYMOUS, bucket)
        await house.metadata.commit(apply(PutAccount(OURS)))
        await house.engine.guards.block_account(OURS.id, PublicAccessBlock(restrict_buckets=True))
        assert not at_hand(house, ANONYMOUS, bucket)
        for _ in range(3):
            assert not await read(house, ANONYMOUS, bucket)

    told(story())


def test_plans_are_not_made_where_more_than_policies_has_a_say() -> None:
    async def story() -> None:
        for more, ownership in [
            ({"Condition": {"StringEquals": {"s3:ExistingObjectTag/a": "b"}}}, None),
            ({}, Ownership.WRITER),
        ]:
            house = House()
            bucket = await house.bucket(
                statement("Allow", "s3:GetObject", "arn:aws:s3:::ours/*", Principal="*", **more), ownership=ownership
            )
            await house.keep(bucket, "key", Record(tags={"a": "b"}))
            for _ in range(3):
                assert await read(house, ANONYMOUS, bucket)
                assert not at_hand(house, ANONYMOUS, bucket)

    told(story())


def test_a_plan_is_for_one_row_of_a_bucket() -> None:
    """So that a bucket which was made again, or got lists of access, has no plan of before."""

    async def story() -> None:
        house = House()
        bucket = await house.bucket(statement("Allow", "s3:GetObject", "arn:aws:s3:::ours/*", Principal="*"))
        for _ in range(2):
            assert await read(house, ANONYMOUS, bucket)
        assert at_hand(house, ANONYMOUS, bucket)
        assert not at_hand(house, ANONYMOUS, bucket._replace(configured=bucket.configured | HAS_OWNERSHIP))

    told(story())


# --- what a change must find as it was judged by --------------------------------------------------------------------

IF_RED = {"Condition": {"StringEquals": {"s3:ExistingObjectTag/team": "red"}}}


def retagging(identity: Identity, bucket: Bucket, key: str = "key", action: Action = actions.PUT_OBJECT_TAGGING) -> Ask:
    return Ask(identity, action, nothing, bucket, key)


def test_a_tag_that_let_somebody_in_must_still_be_there_when_his_change_is_made() -> None:
    async def story() -> None:
        house = House()
        bucket = await house.bucket(
            statement("Allow", "s3:PutObjectTagging", "arn:aws:s3:::ours/*", Principal={"AWS": THEIRS.id}, **IF_RED),
            statement("Allow", "s3:PutObjectTagging", "arn:aws:s3:::ours/*", Principal={"AWS": OURS.id}),
        )
        await house.keep(bucket, "key", Record(tags={"team": "red"}))
        objects = house.engine.objects
        judged = await house.authority.judged(retagging(THEIR_ROOT, bucket))
        assert judged is not None and judged.tags == {"team": "red"}
        await objects.retag(bucket, "key", None, {"team": "red"})  # as it was judged by
        await objects.retag(bucket, "key", None, {"team": "red", "mine": "1"}, judged)
        with pytest.raises(S3Error) as caught:
            await objects.retag(bucket, "key", None, {}, judged)
        assert caught.value.code is ErrorCode.OperationAborted
        await objects.retag(bucket, "key", None, {"team": "blue"})
        with pytest.raises(S3Error) as caught:
            await house.authority.judged(retagging(THEIR_ROOT, bucket))
        assert caught.value.code is ErrorCode.AccessDenied

    told(story())


def test_what_was_not_there_has_no_tags() -> None:
    """So that one which is put in the meantime is as it was judged by only without any."""

    async def story() -> None:
        house = House()
        bucket = await house.bucket(
            statement("Allow", "s3:PutObjectTagging", "arn:aws:s3:::ours/*", Principal="*"),
            statement("Deny", "s3:PutObjectTagging", "arn:aws:s3:::ours/*", Principal="*", **IF_RED),
        )
        judged = await house.authority.judged(retagging(ANONYMOUS, bucket))
        await house.keep(bucket, "key", Record(tags={"team": "red"}))
        with pytest.raises(S3Error) as caught:
            await house.engine.objects.retag(bucket, "key", None, {}, judged)
        assert caught.value.code is ErrorCode.OperationAborted
        await house.engine.objects.retag(bucket, "key", None, {})
        await house.engine.objects.retag(bucket, "key", None, {}, judged)

    told(story())


def test_a_list_that_let_somebody_in_must_still_be_there_too() -> None:
    async def story() -> None:
        house = House()
        bucket = await house.bucket(ownership=Ownership.WRITER)
        letting = Acl(OURS.canonical_id, (Grant(Grantee(GranteeKind.USER, THEIRS.canonical_id), Permission.WRITE_ACP),))
        await house.keep(bucket, "key", Record(acl=letting))
        judged = await house.authority.judged(retagging(THEIR_ROOT, bucket, action=actions.PUT_OBJECT_ACL))
        acls = house.engine.acls
        await acls.set_object(bucket, "key", None, "", letting, judged)
        await acls.set_object(bucket, "key", None, "", None)
        with pytest.raises(S3Error) as caught:
            await acls.set_object(bucket, "key", None, "", letting, judged)
        assert caught.value.code is ErrorCode.OperationAborted

    told(story())


def test_nothing_is_held_against_what_nothing_was_read_of() -> None:
    async def story() -> None:
        house = House()
        bucket = await house.bucket(
            statement("Allow", "s3:*Object*", "arn:aws:s3:::ours/*", Principal={"AWS": THEIRS.id})
        )
        for identity in (ROOT, THEIR_ROOT, user("reader")):
            assert await house.authority.judged(retagging(identity, bucket)) is None

    told(story())
