"""Whatever is done to users, groups, roles and policies, nothing is left that belongs to nobody."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from trug.adapters.clock import SystemClock
from trug.adapters.keyring import FileKeyring
from trug.adapters.memory.metadata import MemoryMetadata
from trug.iam.builtin import BY_ARN
from trug.iam.entities import POLICY
from trug.iam.people import People
from trug.iam.refusals import IamError
from trug.ports.reads import RowsOf

ONE = "000000000000"
READ = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'
TRUST = '{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "000000000000"}}]}'
POLICIES = [f"arn:aws:iam::{ONE}:policy/p1", f"arn:aws:iam::{ONE}:policy/p2", "arn:aws:iam::aws:policy/readonly"]

Step = Callable[[], Awaitable[object]]


class Play:
    """Random steps over few names, so that they meet."""

    def __init__(self, people: People, seed: int) -> None:
        self.people = people
        self.random = random.Random(seed)

    def name(self) -> str:
        return self.random.choice(["ann", "Ann", "bob", "eve"])

    def step(self) -> Step:
        people, name, other, arn = self.people, self.name(), self.name(), self.random.choice(POLICIES)
        holders = self.random.choice([people.users, people.groups, people.roles])
        bounded = self.random.choice([people.users, people.roles])
        cascade = self.random.random() < 0.3
        steps: list[Step] = [
            lambda: people.users.create(ONE, name, boundary=self.random.choice(["", arn])),
            lambda: people.groups.create(ONE, name),
            lambda: people.roles.create(ONE, name, TRUST, boundary=self.random.choice(["", arn])),
            lambda: people.policies.create(ONE, self.random.choice(["p1", "p2"]), READ),
            lambda: people.users.update(ONE, name, new_name=other),
            lambda: people.groups.update(ONE, name, new_name=other),
            lambda: holders.attach(ONE, name, arn),
            lambda: holders.detach(ONE, name, arn),
            lambda: holders.put_policy(ONE, name, other, READ),
            lambda: holders.remove_policy(ONE, name, other),
            lambda: bounded.set_boundary(ONE, name, self.random.choice(["", arn])),
            lambda: people.groups.add(ONE, name, other),
            lambda: people.groups.take_out(ONE, name, other),
            lambda: people.keys.create(ONE, name),
            lambda: people.policies.create_version(ONE, arn, READ, default=True),
            lambda: holders.remove(ONE, name, cascade=cascade),
            lambda: people.policies.remove(ONE, arn, cascade=cascade),
        ]
        return self.random.choice(steps)

    async def check(self) -> None:
        rows = {table: await self.people.metadata.fetch(RowsOf(table, None, 10_000)) for table in TABLES}
        places = {(kind, place) for (_, kind, place), _ in rows["entities"]}
        own = [POLICY.unpack(document) for (_, kind, _), document in rows["entities"] if kind == "policy"]
        arns = {policy.arn for policy in own} | set(BY_ARN)
        for (_, kind, left, right), _ in rows["links"]:
            if kind == "member":
                assert {("user", left), ("group", right)} <= places
            else:
                assert tuple(left.split("/")) in places
                assert right in arns
        for _, kind, place in (where for where, _ in rows["entities"]):
            if kind == "inline-policy":
                assert tuple(place.split("/")[:2]) in places
            if kind == "policy-version":
                assert ("policy", place.partition("/")[0]) in places
        for _, key in rows["access_keys"]:
            assert ("user", key.user.lower()) in places
            assert await self.people.keys.of(ONE, key.user)
        await self.check_boundaries(Counter(link[2] for link, _ in rows["links"] if link[1] == "boundary"))

    async def check_boundaries(self, linked: Counter[str]) -> None:
        """What people say of their boundary is what is linked."""
        users, roles = await self.people.users.page(ONE), await self.people.roles.page(ONE)
        said = [f"user/{user.place}" for user in users.rows if user.boundary]
        said += [f"role/{role.place}" for role in roles.rows if role.boundary]
        assert linked == Counter(said)


TABLES = ("entities", "links", "access_keys")


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_left_behind(seed: int) -> None:
    async def scene() -> None:
        play = Play(People(MemoryMetadata(SystemClock()), FileKeyring(bytes(32))), seed)
        done = 0
        for number in range(600):
            try:
                await play.step()()
                done += 1
            except IamError:
                continue
            if number % 10 == 0:
                await play.check()
        await play.check()
        assert done > 150

    asyncio.run(scene())
