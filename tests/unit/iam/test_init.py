"""``--init``: what is declared is made once, contradictions are refused with their line, later changes stay."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import pytest

from trug.adapters.clock import SystemClock
from trug.adapters.keyring import FileKeyring
from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.keys import MemoryKeyRing
from trug.adapters.memory.metadata import MemoryMetadata
from trug.adapters.session_tokens import SealedTokens
from trug.domain.identity import DEFAULT_ACCOUNT
from trug.domain.retention import DefaultRetention, LockConfiguration
from trug.domain.versioning import Versioning
from trug.engine.engine import Engine
from trug.iam.credentials import Credentials
from trug.iam.declarations import InitError, parse_declarations
from trug.iam.init import Initialiser
from trug.iam.people import People
from trug.ports.changes import Change

T = TypeVar("T")

DOCUMENT = """
[[account]]
id = "123456789012"
canonical_id = "79a59df900b949e5"
display_name = "research"
keys = [{ access_key = "AKIAROOT", secret_key = "root secret" }]

[[account.user]]
name = "alice"
policies = ["readwrite"]
keys = [{ access_key = "AKIAALICE", secret_key = "alice's" }]

[[account.policy]]
name = "reports-only"
document = '{"Version": "2012-10-17", "Statement": []}'

[[bucket]]
name = "data"
account = "123456789012"
versioning = true

[[kms.key]]
id = "reports-key"
"""


@dataclass
class Store:
    """A store in memory, and what acts on it."""

    metadata: MemoryMetadata
    engine: Engine
    people: People
    credentials: Credentials

    ring: MemoryKeyRing | None = None

    async def apply(self, text: str) -> list[str]:
        initialiser = Initialiser(self.metadata, self.people, self.engine.buckets, "us-east-1", self.ring)
        return await initialiser.apply(parse_declarations(text))


def on_a_store(scene: Callable[[Store], Awaitable[None]]) -> Callable[[], None]:
    async def play() -> None:
        metadata = MemoryMetadata(SystemClock())
        people = People(metadata, FileKeyring(os.urandom(32)))
        engine = Engine.over(metadata, MemoryBlobs(), SystemClock())
        await scene(
            Store(metadata, engine, people, Credentials(metadata, people, {}, SealedTokens(bytes(32), SystemClock())))
        )

    def test() -> None:
        asyncio.run(play())

    return test


@on_a_store
async def test_everything_is_made(store: Store) -> None:
    unbuilt = await store.apply(DOCUMENT)
    assert unbuilt == ["KMS key reports-key"], "no ring to make it in"
    alice = await store.credentials.find("AKIAALICE")
    assert alice is not None
    assert alice.identity.account is not None
    assert (alice.secret, alice.identity.user) == ("alice's", "alice")
    assert alice.identity.account.canonical_id == "79a59df900b949e5"
    attached = await store.people.users.attached("123456789012", "alice")
    assert [policy.name for policy in attached.rows] == ["readwrite"]
    policy = await store.people.policies.named("123456789012", "reports-only")
    assert policy.arn == "arn:aws:iam::123456789012:policy/reports-only"
    root = await store.credentials.find("AKIAROOT")
    assert root is not None
    assert root.identity.account is not None
    assert (root.identity.user, root.identity.account.display_name) == ("", "research")
    bucket = await store.engine.buckets.find("data")
    assert bucket is not None
    assert (bucket.account, bucket.versioning) == ("123456789012", Versioning.ENABLED)


@on_a_store
async def test_kms_keys_are_made_once(store: Store) -> None:
    store.ring = MemoryKeyRing()
    for _ in range(2):
        assert not any("reports-key" in text for text in await store.apply(DOCUMENT))
        assert store.ring.entries() == [("reports-key", 1, 0)]
    store.ring = MemoryKeyRing()
    await store.apply(DOCUMENT)
    assert store.ring.entries() == [], "what was deleted since stays deleted"


@on_a_store
async def test_a_kms_key_that_is_there_already(store: Store) -> None:
    store.ring = MemoryKeyRing()
    store.ring.create("reports-key")
    await store.apply(DOCUMENT)
    assert store.ring.entries() == [("reports-key", 1, 0)]


@on_a_store
async def test_a_kms_key_with_no_name(store: Store) -> None:
    store.ring = MemoryKeyRing()
    with pytest.raises(InitError, match="a key's name has"):
        await store.apply(DOCUMENT.replace("reports-key", "reports key"))


@on_a_store
async def test_twice_changes_nothing(store: Store) -> None:
    await store.apply(DOCUMENT)
    before = store.metadata.sequence
    await store.apply(DOCUMENT)
    bucket = await store.engine.buckets.find("data")
    assert bucket is not None
    assert await store.people.keys.of("123456789012", "alice") != []
    users = (await store.people.users.page("123456789012")).rows
    assert [user.name for user in users] == ["alice"]
    assert store.metadata.sequence >= before


@on_a_store
async def test_what_was_deleted_stays_deleted_and_what_changed_stays(store: Store) -> None:
    await store.apply(DOCUMENT)
    bucket = await store.engine.buckets.find("data")
    assert bucket is not None
    await store.engine.buckets.delete(bucket)
    await store.people.users.remove("123456789012", "alice", cascade=True)
    await store.apply(DOCUMENT)
    assert await store.engine.buckets.find("data") is None
    assert await store.people.users.find("123456789012", "alice") is None
    assert await store.credentials.find("AKIAALICE") is None


@on_a_store
async def test_policies_are_declared_and_given_once(store: Store) -> None:
    document = DOCUMENT.replace('["readwrite"]', '["reports-only", "readwrite"]')
    await store.apply(document)
    users, policies = store.people.users, store.people.policies
    arn = (await policies.named("123456789012", "reports-only")).arn
    await users.detach("123456789012", "alice", arn)
    await policies.remove("123456789012", arn)
    await store.apply(document)
    assert [policy.name for policy in (await users.attached("123456789012", "alice")).rows] == ["readwrite"]
    assert await policies.find("123456789012", "reports-only") is None
    await store.apply(document.replace('["reports-only", "readwrite"]', '["readwrite", "writeonly"]'))
    given = {policy.name for policy in (await users.attached("123456789012", "alice")).rows}
    assert given == {"readwrite", "writeonly"}, "what is new in the list is given too"


@on_a_store
async def test_an_account_that_was_removed_stays_so(store: Store) -> None:
    await store.apply(DOCUMENT)
    account, people = "123456789012", store.people
    bucket = await store.engine.buckets.find("data")
    assert bucket is not None
    await store.engine.buckets.delete(bucket)
    await people.users.remove(account, "alice", cascade=True)
    await people.policies.remove(account, (await people.policies.named(account, "reports-only")).arn)
    await people.keys.remove_any("AKIAROOT")
    await people.accounts.remove(account)
    await store.apply(DOCUMENT)
    assert await people.find_account(account) is None
    assert await store.credentials.find("AKIAROOT") is None


@on_a_store
async def test_a_declared_policy_that_is_there_already_is_left_alone(store: Store) -> None:
    await store.apply(DOCUMENT.partition("[[account.user]]")[0])
    other = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'
    made = await store.people.policies.create("123456789012", "reports-only", other)
    await store.apply(DOCUMENT)
    assert await store.people.policies.document("123456789012", made.arn) == other


@on_a_store
async def test_suspended_versioning_is_left_alone(store: Store) -> None:
    await store.apply(DOCUMENT)
    bucket = await store.engine.buckets.find("data")
    assert bucket is not None
    await store.engine.buckets.set_versioning(bucket, Versioning.SUSPENDED)
    await store.apply(DOCUMENT)
    again = await store.engine.buckets.find("data")
    assert again is not None
    assert again.versioning is Versioning.SUSPENDED


LOCKED = DOCUMENT.replace("versioning = true", "object_lock = true")


@on_a_store
async def test_object_lock(store: Store) -> None:
    unbuilt = await store.apply(LOCKED)
    assert not any("lock" in text for text in unbuilt)
    bucket = await store.engine.buckets.find("data")
    assert bucket is not None
    assert bucket.versioning is Versioning.ENABLED
    assert await store.engine.locks.find(bucket) == LockConfiguration()


@on_a_store
async def test_object_lock_of_a_bucket_that_is_there_already(store: Store) -> None:
    await store.engine.buckets.create("data", account="123456789012", region="us-east-1", tags={})
    await store.apply(LOCKED)
    bucket = await store.engine.buckets.find("data")
    assert bucket is not None
    await store.engine.locks.configure(bucket, LockConfiguration(DefaultRetention("GOVERNANCE", days=1)))
    await store.apply(LOCKED)
    assert await store.engine.locks.find(bucket) == LockConfiguration(DefaultRetention("GOVERNANCE", days=1))


WRONG_POLICIES = {
    "nobody's policy": ('["readwrite"]', '["unheard-of"]', "line 8: Policy unheard-of was not found"),
    "no policy": ('"Statement": []', '"Statment": []', "line 13: "),
    "no policy's name": ('name = "reports-only"', 'name = "reports only"', "line 13: .*policyName"),
}


@pytest.mark.parametrize(("old", "new", "text"), WRONG_POLICIES.values(), ids=WRONG_POLICIES.keys())
def test_policies_that_cannot_be(old: str, new: str, text: str) -> None:
    async def scene(store: Store) -> None:
        with pytest.raises(InitError, match=text):
            await store.apply(DOCUMENT.replace(old, new))

    on_a_store(scene)()


CONTRADICTIONS = {
    "another secret": ("alice's", "other", "another secret"),
    "another canonical id": ("79a59df900b949e5", "ffff", "canonical id"),
    "another owner of a key": ('access_key = "AKIAALICE"', 'access_key = "AKIAROOT"', "belongs to somebody else"),
    "another owner of a bucket": ('name = "data"\naccount = "123456789012"', 'name = "data"', "belongs to account"),
}


@pytest.mark.parametrize(("old", "new", "text"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_contradictions(old: str, new: str, text: str) -> None:
    async def scene(store: Store) -> None:
        await store.apply(DOCUMENT)
        with pytest.raises(InitError, match=rf"line \d+: .*{text}"):
            await store.apply(DOCUMENT.replace(old, new))

    on_a_store(scene)()


MISTAKES = {
    "not TOML": ("[[account]]\nid = \n", "line 2"),
    "unknown name": ('[[bucket]]\nname = "data"\ncolour = "red"', "line 1: colour is not known"),
    "no name": ("\n\n[[bucket]]\nversioning = true", "line 3: name is missing"),
    "not a name": ('[[bucket]]\nname = "A"', "cannot be a bucket's name"),
    "not a list": ('[[account]]\nid = "1"\nkeys = "k"', "keys is a list"),
    "unknown table": ("[[bukket]]", "bukket is not known"),
}


@pytest.mark.parametrize(("document", "text"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes(document: str, text: str) -> None:
    with pytest.raises(InitError, match=text):
        parse_declarations(document)


class Killed(Exception):
    """Stands for the end of the process."""


class Mortal(MemoryMetadata):
    """A store whose process ends before its ``left`` + 1st commit."""

    left = -1

    async def commit(self, change: Change[T]) -> T:
        if self.left == 0:
            raise Killed
        self.left -= 1
        return await super().commit(change)


def test_killed_anywhere_and_started_again() -> None:
    """Whatever commit the process ended before, the next start makes the rest."""

    async def scene() -> None:
        for left in range(1, 30):
            metadata = Mortal(SystemClock())
            people = People(metadata, FileKeyring(os.urandom(32)))
            engine = Engine.over(metadata, MemoryBlobs(), SystemClock())
            store = Store(
                metadata, engine, people, Credentials(metadata, people, {}, SealedTokens(bytes(32), SystemClock()))
            )
            document = DOCUMENT.replace("123456789012", DEFAULT_ACCOUNT)
            metadata.left = left
            with suppress(Killed):
                await store.apply(document)
            metadata.left = -1
            await store.apply(document)
            bucket = await engine.buckets.find("data")
            assert bucket is not None
            assert bucket.versioning is Versioning.ENABLED
            assert await store.credentials.find("AKIAALICE") is not None
            await engine.buckets.delete(bucket)
            await store.apply(document)
            assert await engine.buckets.find("data") is None

    asyncio.run(scene())
