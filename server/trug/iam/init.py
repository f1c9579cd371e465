"""Makes what ``--init`` declares and is missing; refuses what contradicts it; leaves alone what changed since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trug.domain.configurations import HAS_OBJECT_LOCK
from trug.domain.identity import Account, canonical_id_of
from trug.domain.retention import LockConfiguration
from trug.domain.versioning import Versioning
from trug.engine.buckets import Buckets
from trug.engine.locking import ConfigureLock
from trug.iam.accounts import account_creation
from trug.iam.changes import Declaring, RecordDeclaration
from trug.iam.declarations import (
    Declarations,
    DeclaredAccount,
    DeclaredBucket,
    DeclaredPolicy,
    DeclaredUser,
    InitError,
    KeyPair,
)
from trug.iam.entities import USER
from trug.iam.holders import attachment
from trug.iam.people import People
from trug.iam.policies import policy_creation
from trug.iam.refusals import IamError
from trug.iam.users import user_creation
from trug.ports.changes import Change
from trug.ports.key_management import KeyRing
from trug.ports.reads import AccountWithId, Declared
from trug.ports.stores import MetadataStore


class Initialiser:
    """One application of declarations to a store. Applying the same twice changes nothing."""

    def __init__(
        self, metadata: MetadataStore, people: People, buckets: Buckets, region: str, ring: KeyRing | None = None
    ) -> None:
        self._metadata = metadata
        self._ring = ring
        self._people = people
        self._buckets = buckets
        self._region = region
        self._unbuilt: list[str] = []

    async def apply(self, declarations: Declarations) -> list[str]:
        """Make what is missing; answers what was stored but has no effect yet.

        InitError names the line of a contradiction about ownership, ids or secrets.
        """
        for account in declarations.accounts:
            await self._account(account)
        for bucket in declarations.buckets:
            await self._bucket(bucket)
        for key in declarations.kms_keys:
            await self._kms_key(key)
        return self._unbuilt

    async def _is_new(self, kind: str, name: str) -> bool:
        """Whether this was never declared before: only then it is made (what was deleted since stays deleted)."""
        return await self._metadata.fetch(Declared(kind, name)) is None

    async def _make(self, line: int, kind: str, name: str, change: Change[Any]) -> None:
        """Make what is declared, and record that it was, in one commit."""
        try:
            await self._metadata.commit(Declaring(change, kind, name))
        except IamError as error:
            raise _contradiction(line, str(error)) from error

    async def _record(self, kind: str, name: str, document: bytes = b"") -> None:
        await self._metadata.commit(RecordDeclaration(kind, name, document))

    async def _kms_key(self, name: str) -> None:
        """Make a key in the ring, unless it was declared before; where a service keeps the keys, only it makes any."""
        if self._ring is None:
            await self._keep("kms.key", name, b"", f"KMS key {name}")
            return
        if not await self._is_new("kms.key", name):
            return
        if all(name != known for known, _, _ in self._ring.entries()):
            try:
                self._ring.create(name)
            except ValueError as error:
                raise InitError(f"kms.key {name}: {error}") from error
        await self._record("kms.key", name)

    async def _keep(self, kind: str, name: str, document: bytes, text: str) -> None:
        await self._record(kind, name, document)
        self._unbuilt.append(text)

    async def _account(self, declared: DeclaredAccount) -> None:
        wanted = Account(
            declared.id, declared.canonical_id or canonical_id_of(declared.id), declared.display_name, declared.email
        )
        found = await self._metadata.fetch(AccountWithId(declared.id))
        if found is not None and found.canonical_id != wanted.canonical_id:
            raise _contradiction(declared.line, f"account {declared.id} has another canonical id")
        if await self._is_new("account", declared.id):
            await self._make_or_record(found, declared.line, "account", declared.id, lambda: account_creation(wanted))
        elif found is None:
            return
        for pair in declared.keys:
            await self._key(declared.id, "", pair, declared.line)
        for policy in declared.policies:
            await self._policy(declared.id, policy)
        for user in declared.users:
            await self._user(declared.id, user)

    async def _policy(self, account: str, declared: DeclaredPolicy) -> None:
        name = f"{account}/{declared.name}"
        if not await self._is_new("policy", name):
            return
        found = await self._people.policies.find(account, declared.name)
        await self._make_or_record(
            found,
            declared.line,
            "policy",
            name,
            lambda: policy_creation(account, declared.name, declared.document, may_be_empty=True),
        )

    async def _make_or_record(
        self, found: object, line: int, kind: str, name: str, change: Callable[[], Change[Any]]
    ) -> None:
        """What is there already, made by somebody else, is recorded as declared too."""
        if found is not None:
            await self._record(kind, name)
            return
        try:
            wanted = change()
        except IamError as error:
            raise _contradiction(line, str(error)) from error
        await self._make(line, kind, name, wanted)

    async def _user(self, account: str, declared: DeclaredUser) -> None:
        name = f"{account}/{declared.name}"
        found = await self._people.users.find(account, declared.name)
        if await self._is_new("user", name):
            await self._make_or_record(
                found, declared.line, "user", name, lambda: user_creation(account, declared.name)
            )
        elif found is None:
            return
        for policy in declared.policies:
            await self._attachment(account, declared, policy)
        for pair in declared.keys:
            await self._key(account, declared.name, pair, declared.line)

    async def _attachment(self, account: str, user: DeclaredUser, policy: str) -> None:
        """Give a user a policy, by its name or ARN; what was taken away since stays away."""
        name = f"{account}/{user.name}/{policy}"
        if await self._is_new("attachment", name):
            await self._make(user.line, "attachment", name, attachment(USER, account, user.name, policy))

    async def _key(self, account: str, user: str, pair: KeyPair, line: int) -> None:
        found = await self._people.keys.find(pair.access_key)
        if found is not None:
            if (found.account, found.user) != (account, user):
                raise _contradiction(line, f"access key {pair.access_key} belongs to somebody else")
            if self._people.keys.secret_of(found) != pair.secret_key:
                raise _contradiction(line, f"access key {pair.access_key} has another secret")
        if await self._is_new("key", pair.access_key):
            await self._make_or_record(
                found,
                line,
                "key",
                pair.access_key,
                lambda: self._people.keys.creation(account, user, pair.access_key, pair.secret_key),
            )

    async def _bucket(self, declared: DeclaredBucket) -> None:
        found = await self._buckets.find(declared.name)
        if found is not None and found.account != declared.account:
            raise _contradiction(declared.line, f"bucket {declared.name} belongs to account {found.account}")
        if await self._is_new("bucket", declared.name):
            if await self._people.find_account(declared.account) is None:
                raise _contradiction(declared.line, f"there is no account {declared.account}")
            creation = await self._buckets.creation(
                declared.name,
                account=declared.account,
                region=self._region,
                tags={},
                versioning=Versioning.ENABLED if declared.versioning else Versioning.OFF,
                locks=declared.object_lock,
            )
            await self._make_or_record(found, declared.line, "bucket", declared.name, lambda: creation)
            if declared.object_lock and found is not None and not found.configured & HAS_OBJECT_LOCK:
                await self._buckets.set_versioning(found, Versioning.ENABLED)
                await self._metadata.commit(ConfigureLock(found, LockConfiguration()))


def _contradiction(line: int, text: str) -> InitError:
    return InitError(f"line {line}: {text}")
