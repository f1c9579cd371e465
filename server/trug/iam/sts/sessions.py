"""Temporary credentials: made, found again by the token that comes with a request, and taken back."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple, TypeVar

from trug.domain.frozen import replace
from trug.domain.identity import Account, Identity, Session
from trug.iam.entities import PROVIDER, ROLE, USER, E, Kind, Provider, Role, User, place_of, put
from trug.iam.limits import ID_LETTERS
from trug.iam.refusals import missing
from trug.iam.scripts import Script, Scripted
from trug.ports.changes import Moment
from trug.ports.effects import Announce, KeepDocument
from trug.ports.keys import Credential, Lapse, SessionTokens, Ticket
from trug.ports.reads import Document, EntityAt
from trug.ports.remembered import Remembered
from trug.ports.stores import MetadataStore

REVOKED = "sessions-revoked"
"""Documents of this kind say until when the sessions of somebody are revoked, in µs."""
MOST_REMEMBERED = 2_000
SECOND = 1_000_000

S = TypeVar("S", Role, User, Provider)
"""Who has sessions that can be revoked."""

FindAccount = Callable[[str], Awaitable[Account | None]]
FindKey = Callable[[str], Awaitable[Credential | None]]


class Issued(NamedTuple):
    """Temporary credentials as they are handed out, once; ``expires`` in µs since 1970."""

    access_key: str
    secret: str
    token: str
    expires: int


class Sessions:
    """The sessions of roles, users, roots, federated users and those whom OIDC providers vouch for.

    Nothing of a session is stored: its token says all. What it rests on is looked up, and kept until anything that
    processes cache changes: a role or a user of the same id, the lasting key that asked for it, the provider; and
    whether it was revoked. ``find_account`` and ``find_key`` are where accounts and lasting keys are found.
    """

    def __init__(
        self, metadata: MetadataStore, tokens: SessionTokens, find_account: FindAccount, find_key: FindKey
    ) -> None:
        self._metadata = metadata
        self._tokens = tokens
        self._find_account = find_account
        self._find_key = find_key
        self._found: Remembered[tuple[str, str], Credential | Lapse] = Remembered(metadata, self._read, MOST_REMEMBERED)

    def issue(self, identity: Identity, *, parent: str = "") -> Issued:
        """Credentials for an identity with a session; of ``parent``, the lasting key that asked, where there is one."""
        session = identity.session
        if session is None or identity.account is None:
            raise ValueError("temporary credentials are of a session in an account")
        access_key, secret = new_temporary_key(), secrets.token_urlsafe(30)
        ticket = Ticket(
            access_key,
            secret,
            identity.account.id,
            session,
            identity.user,
            identity.role,
            identity.path,
            identity.id,
            parent,
        )
        return Issued(access_key, secret, self._tokens.seal(ticket), session.expires)

    def weight(self, session: Session) -> int:
        """How many bytes a session's policies and tags take."""
        return self._tokens.weight(session)

    def known(self, access_key: str, token: str) -> Credential | None:
        """The key of a session whose token was found good, if nothing has changed since."""
        found = self._found.known((access_key, token))
        return found if isinstance(found, Credential) else None

    async def find(self, access_key: str, token: str) -> Credential | Lapse:
        """The key of a session, out of its token."""
        return await self._found.find((access_key, token)) or Lapse.UNREADABLE

    async def _read(self, place: tuple[str, str]) -> Credential | Lapse | None:
        """None for what is no token of this key: anybody can send any number of those."""
        access_key, token = place
        ticket = self._tokens.open(token)
        if ticket is None or ticket.access_key != access_key:
            return None
        identity = await self._holder(ticket)
        if identity is None:
            return Lapse.GONE
        if await self._is_revoked(subject_of(ticket, identity), ticket.session.issued):
            return Lapse.REVOKED
        return Credential(access_key, ticket.secret, identity)

    async def _holder(self, ticket: Ticket) -> Identity | None:
        """Whose session it is, as he is now; None when he is no more."""
        account = await self._find_account(ticket.account)
        if account is None:
            return None
        if ticket.parent:
            return await self._child(ticket, account)
        if ticket.role:
            role = await self._fetch(ROLE, ticket.account, place_of(ticket.role))
            if role is None or role.id != ticket.id:
                return None
            return Identity(account, "", ticket.access_key, role.path, role.id, role.name, ticket.session, role.tags)
        provider = await self._fetch(PROVIDER, ticket.account, provider_url(ticket.session))
        return None if provider is None else Identity(account, access_key=ticket.access_key, session=ticket.session)

    async def _child(self, ticket: Ticket, account: Account) -> Identity | None:
        """Of a session that somebody asked for with a lasting key of his own."""
        parent = await self._find_key(ticket.parent)
        if parent is None or parent.identity.account is None or parent.identity.account.id != account.id:
            return None
        holder = parent.identity
        if ticket.user:
            if (holder.user, holder.id) != (ticket.user, ticket.id):
                return None
            return replace(holder, access_key=ticket.access_key, session=ticket.session)
        if holder.user and not ticket.session.name:
            return None
        session = replace(ticket.session, sponsor=holder.user)
        return Identity(account, access_key=ticket.access_key, session=session)

    async def _is_revoked(self, subject: str, issued: int) -> bool:
        document = await self._metadata.fetch(Document(REVOKED, subject))
        return document is not None and issued <= int.from_bytes(document, "big")

    async def _fetch(self, kind: Kind[E], account: str, place: str) -> E | None:
        document = await self._metadata.fetch(EntityAt(account, kind.name, place))
        return None if document is None else kind.unpack(document)


async def revoke_sessions(metadata: MetadataStore, kind: Kind[S], account: str, place: str) -> int:
    """Have all sessions end that were issued so far: a role's, a user's (his federated users' too), or those that a
    provider vouched for without a role. Until when, in µs. IamError (NoSuchEntity)."""
    return await metadata.commit(Scripted(partial(_revoke, kind, account, place)))


def _revoke(kind: Kind[S], account: str, place: str, moment: Moment) -> Script[int]:
    found = yield from kind.at(account, place)
    if found is None:
        raise missing(kind.name, place)
    subject = f"{account}/{kind.name}/{found.place}"
    return moment.time, (
        KeepDocument(REVOKED, subject, moment.time.to_bytes(8, "big")),
        put(found),  # as it is, so that all processes look again
        Announce("SessionsRevoked", 0, subject, account=account),
    )


def subject_of(ticket: Ticket, identity: Identity) -> str:
    """Whose sessions they are, as revocations name it."""
    session = identity.session
    if ticket.role:
        return f"{ticket.account}/{ROLE.name}/{place_of(ticket.role)}"
    if not ticket.parent:
        return f"{ticket.account}/{PROVIDER.name}/{provider_url(ticket.session)}"
    user = identity.user or (session.sponsor if session else "")
    return f"{ticket.account}/{USER.name}/{place_of(user)}"


def provider_url(session: Session) -> str:
    """Of the provider that vouched for a session, out of its ARN."""
    return session.provider.partition(":oidc-provider/")[2]


def new_temporary_key() -> str:
    """``ASIA`` and 16 characters of base32."""
    return "ASIA" + "".join(secrets.choice(ID_LETTERS) for _ in range(16))
