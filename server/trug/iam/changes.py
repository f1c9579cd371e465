"""How accounts, users and keys change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from trug.domain.frozen import frozen
from trug.domain.identity import DEFAULT_ACCOUNT, Account
from trug.iam.refusals import IamError
from trug.ports.changes import Change, Decided, Effect, Moment, Read, Rejected, Rows
from trug.ports.effects import Announce, Declare, PutAccount, PutKey, PutUser, RemoveKey, RemoveUser
from trug.ports.reads import AccountWithId, Declared, KeysOf, KeyWithId, UserNamed
from trug.ports.rows import AccessKey, User

T = TypeVar("T")


@frozen
class CreateAccount:
    """A new account. IamError when it exists."""

    account: Account
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (AccountWithId(self.account.id),)

    def decide(self, rows: Rows, moment: Moment) -> Decided[Account] | Rejected:
        if rows.of(AccountWithId(self.account.id)) is not None:
            return Rejected(IamError(f"account {self.account.id} exists already"))
        return Decided(self.account, (PutAccount(self.account), Announce("AccountCreated", 0, self.account.id)))


@frozen
class CreateUser:
    """A new user of an account. IamError when it exists or the account does not."""

    user: User
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (AccountWithId(self.user.account), UserNamed(self.user.account, self.user.name))

    def decide(self, rows: Rows, moment: Moment) -> Decided[User] | Rejected:
        if self.user.account != DEFAULT_ACCOUNT and rows.of(AccountWithId(self.user.account)) is None:
            return Rejected(IamError(f"there is no account {self.user.account}"))
        if rows.of(UserNamed(self.user.account, self.user.name)) is not None:
            return Rejected(IamError(f"user {self.user.name} exists already"))
        user = self.user._replace(created=moment.time)
        return Decided(user, (PutUser(user), Announce("UserCreated", 0, user.name)))


@frozen
class DeleteUser:
    """Remove a user and all its keys. IamError when there is none."""

    account: str
    name: str
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (UserNamed(self.account, self.name), KeysOf(self.account, self.name))

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        if rows.of(UserNamed(self.account, self.name)) is None:
            return Rejected(IamError(f"there is no user {self.name} in account {self.account}"))
        keys = [RemoveKey(key.access_key) for key in rows.of(KeysOf(self.account, self.name))]
        effects: list[Effect] = [*keys, RemoveUser(self.account, self.name), Announce("UserRemoved", 0, self.name)]
        return Decided(None, effects)


@frozen
class CreateKey:
    """A new access key of a user, or of an account's root. IamError when the id is taken or its owner is not there."""

    key: AccessKey
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        key = self.key
        return () if rows else (KeyWithId(key.access_key), AccountWithId(key.account), UserNamed(key.account, key.user))

    def decide(self, rows: Rows, moment: Moment) -> Decided[AccessKey] | Rejected:
        key = self.key
        if rows.of(KeyWithId(key.access_key)) is not None:
            return Rejected(IamError(f"access key {key.access_key} exists already"))
        if key.account != DEFAULT_ACCOUNT and rows.of(AccountWithId(key.account)) is None:
            return Rejected(IamError(f"there is no account {key.account}"))
        if key.user and rows.of(UserNamed(key.account, key.user)) is None:
            return Rejected(IamError(f"there is no user {key.user} in account {key.account}"))
        made = key._replace(created=moment.time)
        return Decided(made, (PutKey(made), Announce("KeyCreated", 0, key.access_key)))


@frozen
class DeleteKey:
    """Remove an access key. IamError when there is none."""

    access_key: str
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (KeyWithId(self.access_key),)

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        if rows.of(KeyWithId(self.access_key)) is None:
            return Rejected(IamError(f"there is no access key {self.access_key}"))
        return Decided(None, (RemoveKey(self.access_key), Announce("KeyRemoved", 0, self.access_key)))


@frozen
class Declaring(Generic[T]):
    """A change together with the record that ``--init`` declared what it makes: both or neither."""

    change: Change[T]
    kind: str
    name: str

    @property
    def blobs(self) -> tuple[int, ...]:
        return self.change.blobs

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return self.change.reads(rows)

    def decide(self, rows: Rows, moment: Moment) -> Decided[T] | Rejected:
        decision = self.change.decide(rows, moment)
        if isinstance(decision, Rejected):
            return decision
        return Decided(decision.result, (*decision.effects, Declare(self.kind, self.name, b"")))


@frozen
class RecordDeclaration:
    """Remember that ``--init`` declared something, so that what is deleted afterwards stays deleted."""

    kind: str
    name: str
    document: bytes
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (Declared(self.kind, self.name),)

    def decide(self, rows: Rows, moment: Moment) -> Decided[None]:
        if rows.of(Declared(self.kind, self.name)) == self.document:
            return Decided(None)
        return Decided(None, (Declare(self.kind, self.name, self.document),))
