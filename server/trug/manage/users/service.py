"""What is kept of users: a profile for each, under who they are."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from trug.domain.filters import words_of
from trug.domain.identity import Identity
from trug.engine.items import USER, ChangeItem, Edited
from trug.manage.api.problems import Problem
from trug.manage.users.schemas import Profile, ProfileChange, User
from trug.ports.changes import Moment
from trug.ports.reads import ItemAt
from trug.ports.rows import Item
from trug.ports.stores import MetadataStore
from trug.wire.dates import iso_date

NO_USER = "user not found"


class Subject(NamedTuple):
    """Who somebody is to applications: the subject of a token and its issuer, or an ARN and nobody."""

    subject: str
    issuer: str

    @property
    def id(self) -> str:
        """Short, and no other subject's."""
        return sha256(f"{self.issuer}\0{self.subject}".encode()).hexdigest()[:32]


def subject_of(identity: Identity) -> Subject:
    """Whose profile it is that this identity has."""
    claims = dict(identity.session.claims) if identity.session is not None else {}
    (subject, *_), (issuer, *_) = claims.get("jwt:sub") or ("",), claims.get("jwt:iss") or ("",)
    return Subject(subject, issuer) if subject and issuer else Subject(identity.arn, "")


class Users:
    """The profiles of an account's users."""

    def __init__(self, metadata: MetadataStore, account: str) -> None:
        self._metadata = metadata
        self._account = account

    async def find(self, subject: Subject) -> User | None:
        item = await self._metadata.fetch(ItemAt(self._account, USER, subject.id))
        return None if item is None else user_of(item)

    async def keep(self, subject: Subject, profile: Profile, owner: str) -> tuple[User, bool]:
        """The profile stored, in place of any before; and whether there was none."""
        fields = {"subject": subject.subject, "issuer": subject.issuer, **msgspec.structs.asdict(profile)}

        def edit(_: Item | None, __: Moment) -> Edited:
            return edited(subject.id, owner, fields)

        before, now = await self._metadata.commit(ChangeItem(self._account, USER, subject.id, edit))
        assert now is not None  # noqa: S101 - the edit gave it
        return user_of(now), before is None

    async def change(self, subject: Subject, change: ProfileChange) -> User:
        """The profile with these fields changed. Problem 404."""
        given = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not msgspec.UNSET}

        def edit(before: Item | None, _: Moment) -> Edited | Exception:
            if before is None:
                return Problem(404, NO_USER)
            return edited(subject.id, before.owner, msgspec.json.decode(before.document) | given)

        _, now = await self._metadata.commit(ChangeItem(self._account, USER, subject.id, edit))
        assert now is not None  # noqa: S101
        return user_of(now)

    async def remove(self, subject: Subject) -> None:
        """Problem 404 where there is none."""

        def edit(before: Item | None, _: Moment) -> Exception | None:
            return Problem(404, NO_USER) if before is None else None

        await self._metadata.commit(ChangeItem(self._account, USER, subject.id, edit))


def edited(number: str, owner: str, fields: dict[str, Any]) -> Edited:
    """A profile as an item."""
    document = msgspec.json.encode(fields).decode()
    words = " ".join(word for name in ("name", "email", "userType") for word in words_of(fields[name]))
    return Edited(Item("", USER, number, owner, fields["userType"], 0, 0, 0, 0, document), words)


def user_of(item: Item) -> User:
    """An item as the profile it is."""
    fields = msgspec.json.decode(item.document)
    return User(id=item.id, created_at=iso_date(item.created), updated_at=iso_date(item.modified), **fields)
