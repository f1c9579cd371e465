"""Users, groups, roles, policies, keys and providers, as IAM has them, on every store."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest
from tests.support.clock import HandClock
from tests.support.scenes import Play

from trug.adapters.keyring import FileKeyring
from trug.domain.identity import Account
from trug.iam.people import People
from trug.iam.refusals import IamCode, IamError
from trug.iam.uses import HOUR, Uses
from trug.ports.reads import Entities, LinkCount, LinksFrom
from trug.ports.stores import MetadataStore

ONE, TWO = "000000000000", "111122223333"
READ = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ONE}}],
    }
)
READWRITE = "arn:aws:iam::aws:policy/readwrite"

Scene = Callable[[People], Awaitable[None]]


def with_people(scene: Scene) -> Callable[[Play], None]:
    """A test of a scene with an account beside the default one."""

    def test(play: Play) -> None:
        async def on_store(metadata: MetadataStore) -> None:
            people = People(metadata, FileKeyring(bytes(32)))
            await people.accounts.create(Account(TWO, "canonical"))
            await scene(people)

        play(on_store)

    return test


def refuses(code: IamCode, text: str = "") -> pytest.RaisesExc[IamError]:
    return pytest.raises(IamError, match=text or None, check=lambda error: error.code is code)


def weighing(characters: int) -> str:
    """A policy of so many characters that count."""
    bare = READ.replace(" ", "")
    return bare.replace('"*"', f'"arn:aws:s3:::{"b" * (characters - len(bare) - 12)}"')


# Users


@with_people
async def test_users_have_names_of_their_own_whatever_the_case(people: People) -> None:
    made = await people.users.create(ONE, "Ann", path="/staff/", tags=[("Team", "red")])
    assert (made.name, made.path, made.tags, made.id[:4], len(made.id)) == (
        "Ann",
        "/staff/",
        (("Team", "red"),),
        "AIDA",
        21,
    )
    assert made.arn == f"arn:aws:iam::{ONE}:user/staff/Ann"
    assert await people.users.get(ONE, "ANN") == made
    with refuses(IamCode.EntityAlreadyExists, "User with name aNN already exists."):
        await people.users.create(ONE, "aNN")
    assert (await people.users.create(TWO, "ann")).id != made.id
    with refuses(IamCode.NoSuchEntity, "The user with name bob cannot be found."):
        await people.users.get(ONE, "bob")
    with refuses(IamCode.NoSuchEntity, "no account"):
        await people.users.create("222233334444", "ann")


@with_people
async def test_pages_of_users(people: People) -> None:
    for number in range(7):
        await people.users.create(ONE, f"U{number}", path="/odd/" if number % 2 else "/")
    await people.users.create(TWO, "U2")
    first = await people.users.page(ONE, limit=3)
    assert ([user.name for user in first.rows], first.next) == (["U0", "U1", "U2"], "u2")
    rest = await people.users.page(ONE, after=first.next, limit=10)
    assert ([user.name for user in rest.rows], rest.next) == (["U3", "U4", "U5", "U6"], "")
    odd = await people.users.page(ONE, prefix="/odd/", limit=3)
    assert ([user.name for user in odd.rows], odd.next) == (["U1"], "u2")
    assert await people.users.count(ONE) == 7


@with_people
async def test_tags_replace_those_of_the_same_key_in_any_case(people: People) -> None:
    await people.users.create(ONE, "ann", tags=[("a", "1"), ("b", "2")])
    await people.users.tag(ONE, "ann", [("A", "3"), ("c", "")])
    assert (await people.users.get(ONE, "ann")).tags == (("b", "2"), ("A", "3"), ("c", ""))
    await people.users.untag(ONE, "ann", ["B", "unknown"])
    assert (await people.users.get(ONE, "ann")).tags == (("A", "3"), ("c", ""))
    with refuses(IamCode.InvalidInput, "case insensitive"):
        await people.users.tag(ONE, "ann", [("x", "1"), ("X", "2")])
    with refuses(IamCode.LimitExceeded, "TagsPerResource: 50"):
        await people.users.tag(ONE, "ann", [(f"k{number}", "") for number in range(49)])


@with_people
async def test_a_user_is_removed_when_nothing_is_his_any_more(people: People) -> None:
    await people.users.create(ONE, "ann")
    await people.groups.create(ONE, "devs")
    key, _ = await people.keys.create(ONE, "ann")
    await people.groups.add(ONE, "devs", "ann")
    await people.users.attach(ONE, "ann", READWRITE)
    await people.users.put_policy(ONE, "ann", "inline", READ)
    await people.users.set_boundary(ONE, "ann", READWRITE)
    with refuses(IamCode.DeleteConflict, "must delete access keys first"):
        await people.users.remove(ONE, "ann")
    await people.keys.remove(ONE, "ann", key.access_key)
    with refuses(IamCode.DeleteConflict, "must remove users from group first"):
        await people.users.remove(ONE, "ann")
    await people.groups.take_out(ONE, "devs", "ann")
    with refuses(IamCode.DeleteConflict, "must detach all policies first"):
        await people.users.remove(ONE, "ann")
    await people.users.detach(ONE, "ann", READWRITE)
    with refuses(IamCode.DeleteConflict, "must delete policies first"):
        await people.users.remove(ONE, "ann")
    await people.users.remove_policy(ONE, "ann", "inline")
    await people.users.remove(ONE, "ann")
    assert await people.users.find(ONE, "ann") is None
    assert await people.metadata.fetch(LinkCount(ONE, "boundary", READWRITE)) == 0


@with_people
async def test_a_user_is_removed_with_all_that_is_his(people: People) -> None:
    await people.users.create(ONE, "Ann")
    await people.groups.create(ONE, "devs")
    key, _ = await people.keys.create(ONE, "ann")
    await people.groups.add(ONE, "devs", "ann")
    await people.users.attach(ONE, "ann", READWRITE)
    await people.users.put_policy(ONE, "ann", "inline", READ)
    await people.users.remove(ONE, "ann", cascade=True)
    assert await people.keys.find(key.access_key) is None
    assert (await people.groups.members(ONE, "devs")).rows == []
    assert await people.metadata.fetch(LinksFrom(ONE, "attached", "user/ann")) == []
    assert await people.metadata.fetch(Entities(ONE, "inline-policy")) == []
    await people.groups.remove(ONE, "devs")


@with_people
async def test_a_renamed_user_keeps_what_is_his(people: People) -> None:
    made = await people.users.create(ONE, "Ann")
    await people.users.create(ONE, "bob")
    await people.groups.create(ONE, "devs")
    key, _ = await people.keys.create(ONE, "ann")
    await people.groups.add(ONE, "devs", "ann")
    await people.users.attach(ONE, "ann", READWRITE)
    await people.users.put_policy(ONE, "ann", "inline", READ)
    await people.users.set_boundary(ONE, "ann", READWRITE)
    with refuses(IamCode.EntityAlreadyExists):
        await people.users.update(ONE, "ann", new_name="BOB")
    renamed = await people.users.update(ONE, "ann", new_name="Eve", new_path="/x/")
    assert (renamed.id, renamed.name, renamed.path) == (made.id, "Eve", "/x/")
    assert await people.users.find(ONE, "ann") is None
    assert [(found.access_key, found.user) for found in await people.keys.of(ONE, "Eve")] == [(key.access_key, "Eve")]
    assert [group.name for group in (await people.users.groups(ONE, "eve")).rows] == ["devs"]
    assert [policy.arn for policy in (await people.users.attached(ONE, "eve")).rows] == [READWRITE]
    assert [policy.name for policy in (await people.users.policies(ONE, "eve")).rows] == ["inline"]
    bounded = await people.policies.holders(ONE, READWRITE, usage="PermissionsBoundary")
    assert [(found.kind, found.name, found.path) for found in bounded.rows] == [("user", "Eve", "/x/")]
    again = await people.users.update(ONE, "eve", new_name="EVE")
    assert [found.user for found in await people.keys.of(ONE, again.name)] == ["EVE"]


# Groups and roles


@with_people
async def test_groups_and_their_members(people: People) -> None:
    group = await people.groups.create(ONE, "Devs", path="/x/")
    assert (group.arn, group.id[:4]) == (f"arn:aws:iam::{ONE}:group/x/Devs", "AGPA")
    for name in ("ann", "Bob", "eve"):
        await people.users.create(ONE, name)
        await people.groups.add(ONE, "devs", name)
    await people.groups.add(ONE, "devs", "ann")
    first = await people.groups.members(ONE, "devs", limit=2)
    assert ([user.name for user in first.rows], first.next) == (["ann", "Bob"], "bob")
    assert [user.name for user in (await people.groups.members(ONE, "devs", after=first.next)).rows] == ["eve"]
    with refuses(IamCode.DeleteConflict, "must remove users from group first"):
        await people.groups.remove(ONE, "devs")
    await people.groups.take_out(ONE, "devs", "eve")
    with refuses(IamCode.NoSuchEntity):
        await people.groups.take_out(ONE, "devs", "eve")
    with refuses(IamCode.NoSuchEntity, "The user with name nobody"):
        await people.groups.add(ONE, "devs", "nobody")
    await people.groups.attach(ONE, "devs", READWRITE)
    await people.groups.update(ONE, "devs", new_name="ops")
    assert [user.name for user in (await people.groups.members(ONE, "ops")).rows] == ["ann", "Bob"]
    assert [found.name for found in (await people.users.groups(ONE, "bob")).rows] == ["ops"]
    assert [policy.arn for policy in (await people.groups.attached(ONE, "ops")).rows] == [READWRITE]
    await people.groups.remove(ONE, "ops", cascade=True)
    assert (await people.users.groups(ONE, "bob")).rows == []


@with_people
async def test_a_user_is_in_ten_groups(people: People) -> None:
    await people.users.create(ONE, "ann")
    for number in range(11):
        await people.groups.create(ONE, f"g{number}")
    for number in range(10):
        await people.groups.add(ONE, f"g{number}", "ann")
    with refuses(IamCode.LimitExceeded, "GroupsPerUser: 10"):
        await people.groups.add(ONE, "g10", "ann")


@with_people
async def test_roles(people: People) -> None:
    role = await people.roles.create(
        ONE, "Reader", TRUST, description="reads", longest=7200, tags=[("a", "b")], boundary=READWRITE
    )
    assert (role.arn, role.id[:4], role.longest, role.trust) == (f"arn:aws:iam::{ONE}:role/Reader", "AROA", 7200, TRUST)
    changed = await people.roles.update(ONE, "reader", description="", longest=43_200)
    assert (changed.description, changed.longest, changed.boundary) == ("", 43_200, READWRITE)
    other = TRUST.replace(ONE, TWO)
    await people.roles.set_trust(ONE, "reader", other)
    assert (await people.roles.get(ONE, "reader")).trust == other
    await people.roles.set_boundary(ONE, "reader", "")
    with refuses(IamCode.NoSuchEntity, "no permissions boundary"):
        await people.roles.set_boundary(ONE, "reader", "")
    with refuses(IamCode.ValidationError, "maxSessionDuration"):
        await people.roles.update(ONE, "reader", longest=60)
    with refuses(IamCode.MalformedPolicyDocument):
        await people.roles.set_trust(ONE, "reader", READ)
    await people.roles.put_policy(ONE, "reader", "p", READ)
    with refuses(IamCode.DeleteConflict, "must delete policies first"):
        await people.roles.remove(ONE, "reader")
    await people.roles.remove_policy(ONE, "reader", "p")
    await people.roles.remove(ONE, "reader")
    with refuses(IamCode.NoSuchEntity, "The role with name reader cannot be found."):
        await people.roles.get(ONE, "reader")


# Policies


@with_people
async def test_inline_policies(people: People) -> None:
    await people.users.create(ONE, "ann")
    await people.users.create(ONE, "ann2")
    await people.users.put_policy(ONE, "ann2", "other", READ)
    await people.users.put_policy(ONE, "ann", "one", READ)
    await people.users.put_policy(ONE, "Ann", "one", READ.replace("GetObject", "PutObject"))
    await people.users.put_policy(ONE, "ann", "two", READ)
    assert "PutObject" in (await people.users.policy(ONE, "ann", "one")).document
    page = await people.users.policies(ONE, "ann", limit=1)
    assert ([policy.name for policy in page.rows], page.next) == (["one"], "one")
    assert [policy.name for policy in (await people.users.policies(ONE, "ann", after="one")).rows] == ["two"]
    with refuses(IamCode.NoSuchEntity, "The user policy with name three cannot be found."):
        await people.users.policy(ONE, "ann", "three")
    with refuses(IamCode.NoSuchEntity, "The user policy with name three cannot be found."):
        await people.users.remove_policy(ONE, "ann", "three")
    with refuses(IamCode.MalformedPolicyDocument):
        await people.users.put_policy(ONE, "ann", "bad", TRUST)
    with refuses(IamCode.ValidationError):
        await people.users.put_policy(ONE, "ann", "no/name", READ)


@pytest.mark.parametrize(("kind", "most"), [("users", 2048), ("groups", 5120), ("roles", 10_240)])
def test_inline_policies_weigh_together(play: Play, kind: str, most: int) -> None:
    @with_people
    async def scene(people: People) -> None:
        holders = getattr(people, kind)
        await (people.roles.create(ONE, "x", TRUST) if kind == "roles" else holders.create(ONE, "x"))
        await holders.put_policy(ONE, "x", "one", weighing(most // 2) + " " * 1000)
        await holders.put_policy(ONE, "x", "two", weighing(most - most // 2))
        await holders.put_policy(ONE, "x", "two", weighing(most - most // 2))
        with refuses(IamCode.LimitExceeded, f"{most} bytes"):
            await holders.put_policy(ONE, "x", "two", weighing(most - most // 2 + 1))

    scene(play)


@with_people
async def test_managed_policies(people: People) -> None:
    made = await people.policies.create(ONE, "Rep", READ, path="/p/", description="d", tags=[("a", "b")])
    assert (made.arn, made.id[:4], made.default) == (f"arn:aws:iam::{ONE}:policy/p/Rep", "ANPA", 1)
    with refuses(IamCode.EntityAlreadyExists, "A policy called REP already exists"):
        await people.policies.create(ONE, "REP", READ)
    with refuses(IamCode.NoSuchEntity):
        await people.policies.get(TWO, made.arn)
    with refuses(IamCode.NoSuchEntity):
        await people.policies.get(ONE, made.arn.replace("/p/", "/q/"))
    await people.users.create(ONE, "ann")
    await people.groups.create(ONE, "ops")
    await people.users.attach(ONE, "ann", made.arn)
    await people.users.attach(ONE, "ann", made.arn)
    await people.groups.attach(ONE, "ops", "rep")
    await people.users.set_boundary(ONE, "ann", made.arn)
    assert await people.policies.get(ONE, made.arn) == (made, 2, 1)
    holders = await people.policies.holders(ONE, made.arn)
    assert [(found.kind, found.name) for found in holders.rows] == [("group", "ops"), ("user", "ann")]
    assert [found.name for found in (await people.policies.holders(ONE, made.arn, kind="user")).rows] == ["ann"]
    with refuses(IamCode.DeleteConflict, "attached to entities"):
        await people.policies.remove(ONE, made.arn)
    await people.users.set_boundary(ONE, "ann", "")
    await people.policies.remove(ONE, made.arn, cascade=True)
    assert (await people.users.attached(ONE, "ann")).rows == []
    with refuses(IamCode.NoSuchEntity, "does not exist or is not attachable"):
        await people.users.attach(ONE, "ann", made.arn)


@with_people
async def test_versions_of_a_policy(people: People) -> None:
    made = await people.policies.create(ONE, "p", READ)
    other = READ.replace("GetObject", "PutObject")
    version = await people.policies.create_version(ONE, made.arn, other, default=False)
    assert (version.label, await people.policies.document(ONE, made.arn)) == ("v2", READ)
    await people.policies.set_default(ONE, made.arn, 2)
    assert await people.policies.document(ONE, made.arn) == other
    with refuses(IamCode.DeleteConflict, "default version"):
        await people.policies.remove_version(ONE, made.arn, 2)
    with refuses(IamCode.DeleteConflict, "more than one version"):
        await people.policies.remove(ONE, made.arn)
    for _ in range(3):
        await people.policies.create_version(ONE, made.arn, READ, default=True)
    with refuses(IamCode.LimitExceeded, "up to 5 versions"):
        await people.policies.create_version(ONE, made.arn, READ, default=True)
    await people.policies.remove_version(ONE, made.arn, 1)
    with refuses(IamCode.NoSuchEntity, "version v1 does not exist"):
        await people.policies.version(ONE, made.arn, 1)
    last = await people.policies.create_version(ONE, made.arn, READ, default=True)
    assert last.label == "v6"
    assert [found.number for found in await people.policies.versions(ONE, made.arn)] == [6, 5, 4, 3, 2]


@with_people
async def test_ten_policies_are_attached(people: People) -> None:
    await people.users.create(ONE, "ann")
    for number in range(11):
        await people.policies.create(ONE, f"p{number}", READ)
    for number in range(10):
        await people.users.attach(ONE, "ann", f"p{number}")
    with refuses(IamCode.LimitExceeded, "PoliciesPerUser: 10"):
        await people.users.attach(ONE, "ann", "p10")
    with refuses(IamCode.NoSuchEntity):
        await people.users.detach(ONE, "ann", "p10")


@with_people
async def test_policies_that_are_built_in_are_not_changed(people: People) -> None:
    assert (await people.policies.named(ONE, "READWRITE")).arn == READWRITE
    for attempt in (
        people.policies.create_version(ONE, READWRITE, READ, default=True),
        people.policies.remove(ONE, READWRITE),
        people.policies.tag(ONE, READWRITE, [("a", "b")]),
    ):
        with refuses(IamCode.UnmodifiableEntity):
            await attempt
    await people.policies.create(ONE, "readwrite", READ)
    assert (await people.policies.named(ONE, "readwrite")).account == ONE, "the account's own comes first"


@with_people
async def test_pages_of_policies(people: People) -> None:
    for name in ("a", "b", "c"):
        await people.policies.create(ONE, name, READ, path="/x/" if name == "b" else "/")
    names: list[str] = []
    after = ""
    for _ in range(20):
        page = await people.policies.page(ONE, after=after, limit=2)
        names += [row.policy.name for row in page.rows]
        after = page.next
        if not after:
            break
    every = await people.policies.page(ONE)
    assert names == [row.policy.name for row in every.rows]
    assert names[-3:] == ["a", "b", "c"]
    assert "readwrite" in names
    own = await people.policies.page(ONE, scope="Local")
    assert [row.policy.name for row in own.rows] == ["a", "b", "c"]
    assert all(row.policy.account == "aws" for row in (await people.policies.page(ONE, scope="AWS")).rows)
    assert [row.policy.name for row in (await people.policies.page(ONE, prefix="/x/")).rows] == ["b"]
    await people.users.create(ONE, "ann", boundary=READWRITE)
    await people.users.attach(ONE, "ann", "c")
    assert [row.policy.name for row in (await people.policies.page(ONE, only_attached=True)).rows] == ["c"]
    bounding = await people.policies.page(ONE, usage="PermissionsBoundary")
    assert [row.policy.name for row in bounding.rows] == ["readwrite"]


# Keys


@with_people
async def test_keys(people: People) -> None:
    await people.users.create(ONE, "Ann")
    key, secret = await people.keys.create(ONE, "ann")
    assert (key.user, len(key.access_key), people.keys.secret_of(key)) == ("Ann", 20, secret)
    await people.keys.create(ONE, "ann")
    with refuses(IamCode.LimitExceeded, "AccessKeysPerUser: 2"):
        await people.keys.create(ONE, "ann")
    await people.keys.create(ONE, "ann", limited=False)
    await people.keys.set_active(ONE, "ann", key.access_key, active=False)
    found = await people.keys.find(key.access_key)
    assert found is not None
    assert not found.active
    await people.users.create(ONE, "bob")
    for attempt in (
        people.keys.remove(ONE, "bob", key.access_key),
        people.keys.remove(ONE, "", key.access_key),
        people.keys.set_active(ONE, "bob", key.access_key, active=True),
        people.keys.remove(TWO, "", key.access_key),
    ):
        with refuses(IamCode.NoSuchEntity, "The Access Key with id"):
            await attempt
    with refuses(IamCode.NoSuchEntity, "The user with name eve"):
        await people.keys.create(ONE, "eve")
    with refuses(IamCode.EntityAlreadyExists):
        await people.keys.create(TWO, "", access_key=key.access_key)
    root, _ = await people.keys.create(TWO, "")
    assert await people.keys.of(TWO, "") == [root]


@with_people
async def test_uses_are_written_once_an_hour_and_move_no_cache(people: People) -> None:
    await people.users.create(ONE, "ann")
    key, _ = await people.keys.create(ONE, "ann")
    await people.roles.create(ONE, "Reader", TRUST)
    clock = HandClock(1_000_000_000_000)
    uses = Uses(people.keys, clock, "us-east-1")
    before = people.metadata.generation
    assert await people.keys.last_used(key.access_key) is None
    uses.saw_key(key.access_key)
    uses.saw_key("AKIAUNKNOWN")
    uses.saw_role(ONE, "Reader", "iam")
    assert await uses.write() == 3
    assert await people.keys.last_used(key.access_key) == (1_000_000_000_000, "s3", "us-east-1")
    assert await people.keys.role_last_used(ONE, "reader") == (1_000_000_000_000, "iam", "us-east-1")
    assert await people.keys.last_used("AKIAUNKNOWN") is None
    clock.time += HOUR - 1
    uses.saw_key(key.access_key)
    assert await uses.write() == 0
    clock.time += 1
    uses.saw_key(key.access_key)
    assert await uses.write() == 1
    assert await uses.write() == 0
    assert people.metadata.generation == before
    await people.keys.remove_any(key.access_key)
    assert await people.keys.last_used(key.access_key) is None


# Providers and accounts


@with_people
async def test_providers(people: People) -> None:
    url, thumbprint = "https://accounts.example.com/realm/", "A" * 40
    made = await people.providers.create(ONE, url, client_ids=["one", "one"], thumbprints=[thumbprint])
    assert made.arn == f"arn:aws:iam::{ONE}:oidc-provider/accounts.example.com/realm"
    assert (made.client_ids, made.thumbprints) == (("one",), ("a" * 40,))
    with refuses(IamCode.EntityAlreadyExists):
        await people.providers.create(ONE, url)
    await people.providers.add_client(ONE, made.arn, "two")
    await people.providers.remove_client(ONE, made.arn, "one")
    await people.providers.set_thumbprints(ONE, made.arn, ["b" * 40])
    await people.providers.tag(ONE, made.arn, [("a", "b")])
    found = await people.providers.get(ONE, made.arn)
    assert (found.client_ids, found.thumbprints, found.tags) == (("two",), ("b" * 40,), (("a", "b"),))
    assert await people.providers.find(ONE, url) == found
    assert (await people.providers.page(ONE)).rows == [found]
    with refuses(IamCode.NoSuchEntity):
        await people.providers.get(TWO, made.arn)
    for wrong in ("ftp://x", "https://", "nothing"):
        with refuses(IamCode.ValidationError):
            await people.providers.create(ONE, wrong)
    await people.providers.remove(ONE, made.arn)
    await people.providers.remove(ONE, made.arn)
    assert (await people.providers.page(ONE)).rows == []


@with_people
async def test_aliases_are_one_accounts(people: People) -> None:
    await people.accounts.set_alias(ONE, "the-house")
    with refuses(IamCode.EntityAlreadyExists):
        await people.accounts.set_alias(TWO, "the-house")
    await people.accounts.set_alias(ONE, "home")
    assert await people.accounts.alias(ONE) == "home"
    await people.accounts.set_alias(TWO, "the-house")
    with refuses(IamCode.NoSuchEntity):
        await people.accounts.remove_alias(TWO, "home")
    await people.accounts.remove_alias(TWO, "the-house")
    assert await people.accounts.alias(TWO) == ""
    for wrong in ("ab", "-abc", "abc-", "a--b", "ABC", "x" * 64):
        with refuses(IamCode.ValidationError):
            await people.accounts.set_alias(ONE, wrong)


@with_people
async def test_an_account_is_removed_when_nothing_is_its_own(people: People) -> None:
    await people.users.create(TWO, "ann")
    key, _ = await people.keys.create(TWO, "")
    await people.accounts.set_alias(TWO, "the-lab")
    with refuses(IamCode.DeleteConflict, "keys"):
        await people.accounts.remove(TWO)
    await people.keys.remove(TWO, "", key.access_key)
    with refuses(IamCode.DeleteConflict, "each user"):
        await people.accounts.remove(TWO)
    await people.users.remove(TWO, "ann")
    await people.accounts.remove(TWO)
    assert await people.find_account(TWO) is None
    await people.accounts.set_alias(ONE, "the-lab")
    with refuses(IamCode.NoSuchEntity, "no account"):
        await people.accounts.remove(TWO)
    with refuses(IamCode.UnmodifiableEntity):
        await people.accounts.remove(ONE)


@with_people
async def test_the_summary_counts(people: People) -> None:
    await people.users.create(ONE, "ann")
    await people.policies.create(ONE, "p", READ)
    summary = await people.accounts.summary(ONE)
    assert (summary["Users"], summary["Groups"], summary["Policies"], summary["VersionsPerPolicyQuota"]) == (1, 0, 1, 5)
