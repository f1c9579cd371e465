"""Access keys as requests find them, and what it costs where there are very many."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tests.support.changes import apply
from tests.support.clock import HandClock

from trug.adapters.clock import SystemClock
from trug.adapters.keyring import FileKeyring
from trug.adapters.memory.metadata import MemoryMetadata
from trug.adapters.session_tokens import SealedTokens
from trug.iam.credentials import Credentials
from trug.iam.entities import User, attached, put
from trug.iam.grants import StoredGrants
from trug.iam.people import People
from trug.iam.uses import Uses
from trug.ports.changes import Change, Read
from trug.ports.effects import PutKey, PutLink
from trug.ports.rows import AccessKey
from trug.ports.stores import Reader

ONE = "000000000000"
READWRITE = "arn:aws:iam::aws:policy/readwrite"
R = TypeVar("R")
T = TypeVar("T")


class Counting(MemoryMetadata):
    """Counts what it is asked."""

    def __init__(self) -> None:
        super().__init__(SystemClock())
        self.asked: Counter[str] = Counter()
        self.commits = 0

    async def commit(self, change: Change[T]) -> T:
        self.commits += 1
        return await super().commit(change)

    async def fetch(self, read: Read[R]) -> R:
        self.asked[type(read).__name__] += 1
        return await super().fetch(read)

    async def view(self, question: Callable[[Reader], T]) -> T:
        return await super().view(lambda reader: question(Watched(reader, self.asked)))


class Watched:
    """A reader that counts."""

    def __init__(self, reader: Reader, asked: Counter[str]) -> None:
        self._reader = reader
        self._asked = asked

    def fetch(self, read: Read[R]) -> R:
        self._asked[type(read).__name__] += 1
        return self._reader.fetch(read)


Scene = Callable[[People, Credentials], Awaitable[None]]


def with_keys(scene: Scene) -> Callable[[], None]:
    async def play() -> None:
        metadata = Counting()
        people = People(metadata, FileKeyring(bytes(32)))
        uses = Uses(people.keys, HandClock(), "us-east-1")
        credentials = Credentials(metadata, people, {"ROOT": "root's"}, SealedTokens(bytes(32), SystemClock()), uses)
        await scene(people, credentials)

    def test() -> None:
        asyncio.run(play())

    return test


@with_keys
async def test_the_identity_of_a_users_key(people: People, credentials: Credentials) -> None:
    ann = await people.users.create(ONE, "Ann", path="/x/", tags=[("Team", "red")])
    key, secret = await people.keys.create(ONE, "ann")
    found = await credentials.find(key.access_key)
    assert found is not None
    identity = found.identity
    assert (found.secret, identity.user, identity.path, identity.id) == (secret, "Ann", "/x/", ann.id)
    assert (identity.tags, identity.arn) == ((("Team", "red"),), ann.arn)
    await people.users.tag(ONE, "ann", [("Team", "blue")])
    assert credentials.known(key.access_key) is None
    again = await credentials.find(key.access_key)
    assert again is not None
    assert again.identity.tags == (("Team", "blue"),)


@with_keys
async def test_keys_that_are_not_accepted(people: People, credentials: Credentials) -> None:
    await people.users.create(ONE, "ann")
    key, _secret = await people.keys.create(ONE, "ann")
    assert await credentials.find(key.access_key) is not None
    await people.keys.set_active(ONE, "ann", key.access_key, active=False)
    assert credentials.known(key.access_key) is None
    assert await credentials.find(key.access_key) is None
    await people.keys.set_active(ONE, "ann", key.access_key, active=True)
    assert await credentials.find(key.access_key) is not None
    await people.users.remove(ONE, "ann", cascade=True)
    assert await credentials.find(key.access_key) is None
    assert await credentials.find("AKIAUNKNOWN") is None
    orphan = AccessKey("AKIAORPHAN", ONE, "ann", b"sealed", 0)
    await people.metadata.commit(apply(PutKey(orphan)))
    assert await credentials.find("AKIAORPHAN") is None, "nobody is behind it"


@with_keys
async def test_what_is_used_is_noted_when_it_is_looked_up(people: People, credentials: Credentials) -> None:
    uses = credentials.uses
    assert uses is not None
    await people.users.create(ONE, "ann")
    key, _secret = await people.keys.create(ONE, "ann")
    assert await credentials.find(key.access_key) is not None
    assert await credentials.find("ROOT") is not None
    assert await uses.write() == 1
    assert await people.keys.last_used(key.access_key) == (HandClock().now(), "s3", "us-east-1")
    assert await credentials.find(key.access_key) is not None
    assert await uses.write() == 0, "at hand: nothing is seen"
    credentials.renew()
    assert credentials.known(key.access_key) is None


MANY = 3000


@with_keys
async def test_many_users_make_no_look_up_dearer(people: People, credentials: Credentials) -> None:
    """The reads behind one key and its policies, among few users and among many; none once they are at hand."""
    metadata, grants = people.metadata, StoredGrants(people.metadata)
    assert isinstance(metadata, Counting)
    await people.users.create(ONE, "ann")
    await people.users.attach(ONE, "ann", READWRITE)
    key, _secret = await people.keys.create(ONE, "ann")

    async def look_up() -> Counter[str]:
        metadata.asked.clear()
        found = await credentials.find(key.access_key)
        assert found is not None
        assert len((await grants.find(found.identity)).policies) == 1
        return Counter(metadata.asked)

    few = await look_up()
    sealed = FileKeyring(bytes(32)).seal("secret", "x")
    for start in range(0, MANY, 1000):
        names = [f"u{number}" for number in range(start, start + 1000)]
        await metadata.commit(
            apply(
                *(put(User(ONE, name, f"AIDA{name}")) for name in names),
                *(PutKey(AccessKey(f"AKIA{name}", ONE, name, sealed, 0)) for name in names),
                *(PutLink(attached(ONE, f"user/{name}", READWRITE)) for name in names),
            )
        )
    commits = metadata.commits
    assert await look_up() == few
    assert few.total() <= 8
    found = credentials.known(key.access_key)
    metadata.asked.clear()
    for _attempt in range(100):
        assert credentials.known(key.access_key) is found
        assert found is not None
        assert grants.known(found.identity) is not None
    assert (metadata.asked.total(), metadata.commits) == (0, commits)
