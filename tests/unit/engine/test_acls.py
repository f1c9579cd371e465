"""Lists of access of buckets and versions, over both stores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.changes import apply
from tests.support.stores import Scene, Stand, play_on

from trug.domain.acl import EXEC_READER, NOBODY, NOBODY_ID, Acl, Ownership, canned
from trug.domain.configurations import HAS_ACL, OWNERSHIP
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.identity import DEFAULT_ACCOUNT, Account, canonical_id_of
from trug.domain.lines import KEY_END, shown
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.versioning import Versioning
from trug.engine.content import Content
from trug.engine.drafts import CopyDirectives, CopySource, Draft
from trug.ports.access_lists import pack_ownership
from trug.ports.effects import PutAccount
from trug.ports.rows import Bucket

OWNER, OTHER = canonical_id_of("1"), canonical_id_of("2")
PUBLIC = canned("public-read", OWNER, OWNER)
THEIRS = canned("public-read", OTHER, OWNER)


@pytest.fixture(params=["memory", "sql"])
def on(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Scene], None]:
    return lambda scene: play_on(request.param, tmp_path, scene)


async def listed(stand: Stand, versioning: Versioning = Versioning.OFF) -> Bucket:
    """A bucket where lists count."""
    bucket = await stand.bucket("data", versioning)
    await stand.engine.configurations.store(bucket, OWNERSHIP, pack_ownership(Ownership.WRITER))
    return await stand.bucket("data")


async def put(stand: Stand, acl: Acl | None = None, owner: str = "") -> str:
    draft = Draft(owner=owner, acl=acl)
    bucket = await stand.bucket("data")
    stored = await stand.engine.objects.put(bucket, "key", Content(b"content"), draft, NO_WRITE_CONDITIONS)
    return stored.version_id or "null"


def test_of_a_bucket(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await listed(stand)
        assert await stand.engine.access_lists.acl_of(bucket) is None
        await stand.engine.acls.set_bucket(bucket, PUBLIC)
        bucket = await stand.bucket("data")
        assert bucket.configured & HAS_ACL
        assert await stand.engine.access_lists.acl_of(bucket) == PUBLIC
        await stand.engine.acls.set_bucket(bucket, None)
        bucket = await stand.bucket("data")
        assert not bucket.configured & HAS_ACL
        assert await stand.engine.access_lists.acl_of(bucket) is None

    on(scene)


def test_where_lists_do_not_count_none_is_stored(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await stand.bucket("data")
        with pytest.raises(S3Error) as refused:
            await stand.engine.acls.set_bucket(bucket, PUBLIC)
        assert refused.value.code is ErrorCode.AccessControlListNotSupported

    on(scene)


@pytest.mark.parametrize(
    ("document", "ownership"),
    [
        (None, Ownership.ENFORCED),
        (b"", Ownership.WRITER),
        (b"ObjectWriter", Ownership.WRITER),
        (b"BucketOwnerPreferred", Ownership.PREFERRED),
        (b"BucketOwnerEnforced", Ownership.ENFORCED),
    ],
)
def test_ownership_as_it_is_stored(on: Callable[[Scene], None], document: bytes | None, ownership: Ownership) -> None:
    async def scene(stand: Stand) -> None:
        for _ in range(2):  # what was remembered before the second change counts no more after it
            bucket = await stand.bucket("data")
            await stand.engine.configurations.store(bucket, OWNERSHIP, document)
            assert await stand.engine.access_lists.ownership_of(await stand.bucket("data")) is ownership
            await stand.engine.configurations.store(bucket, OWNERSHIP, b"ObjectWriter")
            assert await stand.engine.access_lists.ownership_of(await stand.bucket("data")) is Ownership.WRITER

    on(scene)


def test_of_versions(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await listed(stand, Versioning.ENABLED)
        objects, acls = stand.engine.objects, stand.engine.acls
        first, second = await put(stand, PUBLIC), await put(stand)
        version = await acls.set_object(bucket, "key", None, "", THEIRS)
        assert (version.version_id, version.record.acl) == (second, THEIRS)
        version = await acls.set_object(bucket, "key", first, "", None)
        assert (version.version_id, version.record.acl) == (first, None)
        assert (await objects.find(bucket, "key", None)).record.acl == THEIRS
        assert (await objects.find(bucket, "key", first)).record.acl is None
        for key, version_id in (("absent", None), ("key", "no such version")):
            with pytest.raises(S3Error):
                await acls.set_object(bucket, key, version_id, "", None)

    on(scene)


def test_of_what_another_one_owns_by_now(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await listed(stand)
        await put(stand, owner="2")
        with pytest.raises(S3Error) as refused:
            await stand.engine.acls.set_object(bucket, "key", None, "", PUBLIC)
        assert refused.value.code is ErrorCode.OperationAborted

    on(scene)


def test_lines_of_lists_name_another_owner(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await listed(stand)
        for owner in ("", "2"):
            await put(stand, owner=owner)
            page = await stand.engine.listings.objects(bucket, prefix="", delimiter="", after="", limit=9)
            assert [shown(row.partition(KEY_END)[2]).owner for row in page.rows] == [owner]

    on(scene)


def test_a_copy_has_neither_owner_nor_list_of_its_source(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await listed(stand)
        await put(stand, THEIRS, "2")
        for directives in (CopyDirectives(), CopyDirectives(owner="3", acl=PUBLIC), CopyDirectives(draft=Draft())):
            source = CopySource(bucket, "key")
            await stand.engine.copies.copy(
                source, bucket, "copy", directives=directives, conditions=NO_WRITE_CONDITIONS
            )
            record = (await stand.engine.objects.find(bucket, "copy", None)).record
            assert (record.owner, record.acl) == (directives.owner, directives.acl)

    on(scene)


def test_accounts(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        accounts = stand.engine.accounts
        assert await accounts.with_id("2") == Account("2", OTHER)
        assert await accounts.find(OTHER) is None
        one = Account("2", "f" * 64, "Two", "two@example.org")
        await stand.metadata.commit(apply(PutAccount(one)))
        assert await accounts.with_id("2") == one
        assert await accounts.find("f" * 64) == one
        assert await accounts.find_by_email("two@example.org") == one
        assert await accounts.find_by_email("TWO@example.org") is None
        assert await accounts.find_by_email("") is None
        for name, canonical_id in ((NOBODY, NOBODY_ID), (DEFAULT_ACCOUNT, canonical_id_of(DEFAULT_ACCOUNT))):
            assert (await accounts.with_id(name)).canonical_id == canonical_id
            assert await accounts.find(canonical_id) is not None
        assert await accounts.find(EXEC_READER) is not None

    on(scene)
