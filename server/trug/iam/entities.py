"""What IAM keeps in an account: users, groups, roles, policies and providers, how they are named, packed and linked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from msgspec.msgpack import Decoder, Encoder

from trug.iam.refusals import missing
from trug.iam.scripts import Asking, ask
from trug.ports.effects import PutEntity, RemoveEntity
from trug.ports.reads import EntityAt
from trug.ports.rows import Entity, Link
from trug.ports.stores import Damaged

T = TypeVar("T")

Tags = tuple[tuple[str, str], ...]

FORMAT = b"\x01"
encode = Encoder().encode

MEMBER, ATTACHED, BOUNDARY = "member", "attached", "boundary"
"""Kinds of links: a user's place to its group's; a principal (``user/ann``) to the ARN of a policy that it is given, or
that bounds it."""


def place_of(name: str) -> str:
    """Where a name sorts; names that differ only in case are the same ("IAM identifiers")."""
    return name.lower()


class User(NamedTuple):
    """A user; ``created`` in µs, ``boundary`` the ARN of the policy that bounds it, if any."""

    account: str
    name: str
    id: str
    path: str = "/"
    created: int = 0
    tags: Tags = ()
    boundary: str = ""

    @property
    def place(self) -> str:
        return place_of(self.name)

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account}:user{self.path}{self.name}"


class Group(NamedTuple):
    """A group of users."""

    account: str
    name: str
    id: str
    path: str = "/"
    created: int = 0

    @property
    def place(self) -> str:
        return place_of(self.name)

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account}:group{self.path}{self.name}"


class Role(NamedTuple):
    """A role; ``trust`` is its trust policy as JSON, ``longest`` the longest session in seconds. ``trusted`` are the
    users and roles that its trust policy named when it was put: ARNs, and the unique ids that were theirs."""

    account: str
    name: str
    id: str
    trust: str
    path: str = "/"
    created: int = 0
    description: str = ""
    longest: int = 3600
    tags: Tags = ()
    boundary: str = ""
    trusted: Tags = ()

    @property
    def place(self) -> str:
        return place_of(self.name)

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account}:role{self.path}{self.name}"


class ManagedPolicy(NamedTuple):
    """A managed policy, its documents apart: ``default`` is the version in force, ``latest`` the last one made.

    ``account`` is ``aws`` for those that are built in.
    """

    account: str
    name: str
    id: str
    path: str = "/"
    created: int = 0
    updated: int = 0
    description: str = ""
    default: int = 1
    latest: int = 1
    tags: Tags = ()

    @property
    def place(self) -> str:
        return place_of(self.name)

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account}:policy{self.path}{self.name}"


class PolicyVersion(NamedTuple):
    """A version of a managed policy; AWS calls it ``v1``."""

    account: str
    policy: str
    number: int
    document: str
    created: int = 0

    @property
    def place(self) -> str:
        return version_place(self.policy, self.number)

    @property
    def label(self) -> str:
        return f"v{self.number}"


class InlinePolicy(NamedTuple):
    """A policy of one user, group or role (``holder``: its kind and place), which is deleted with it."""

    account: str
    holder: str
    name: str
    document: str

    @property
    def place(self) -> str:
        return f"{self.holder}/{self.name}"


class Provider(NamedTuple):
    """An OIDC provider; ``url`` without its scheme."""

    account: str
    url: str
    client_ids: tuple[str, ...]
    thumbprints: tuple[str, ...]
    created: int = 0
    tags: Tags = ()

    @property
    def place(self) -> str:
        return self.url

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account}:oidc-provider/{self.url}"


class Alias(NamedTuple):
    """A name of an account. It stands under the account, and once more under none, where it is unique."""

    account: str
    name: str
    of: str

    @property
    def place(self) -> str:
        return self.name


E = TypeVar("E", User, Group, Role, ManagedPolicy, PolicyVersion, InlinePolicy, Provider, Alias)


class Kind(Generic[E]):
    """A kind of things: how it is called, and how its documents are read."""

    known: ClassVar[dict[type[Any], str]] = {}

    def __init__(self, name: str, shape: type[E]) -> None:
        self.name = name
        self._decode: Callable[[bytes], E] = Decoder(shape).decode
        self.known[shape] = name

    def unpack(self, document: bytes) -> E:
        """Damaged for a format that is not known."""
        if document[:1] != FORMAT:
            raise Damaged(f"a {self.name} has format {document[:1]!r}, which this version does not know")
        return self._decode(document[1:])

    def at(self, account: str, place: str) -> Asking[E | None]:
        """In a script: the thing at a place."""
        document = yield from ask(EntityAt(account, self.name, place))
        return None if document is None else self.unpack(document)

    def named(self, account: str, name: str) -> Asking[E]:
        """In a script: the thing of this name. IamError when there is none."""
        found = yield from self.at(account, place_of(name))
        if found is None:
            raise missing(self.name, name)
        return found

    def removal(self, entity: E) -> RemoveEntity:
        return RemoveEntity(entity.account, self.name, entity.place)


USER = Kind("user", User)
GROUP = Kind("group", Group)
ROLE = Kind("role", Role)
POLICY = Kind("policy", ManagedPolicy)
VERSION = Kind("policy-version", PolicyVersion)
INLINE = Kind("inline-policy", InlinePolicy)
PROVIDER = Kind("oidc-provider", Provider)
ALIAS = Kind("alias", Alias)


def put(entity: E) -> PutEntity:
    """Keep it, in place of what was there."""
    kind = Kind.known[type(entity)]
    return PutEntity(Entity(entity.account, kind, entity.place, FORMAT + encode(entity)))


def version_place(policy: str, number: int) -> str:
    return f"{place_of(policy)}/{number:09}"


def holder(kind: str, name: str) -> str:
    """How links and inline policies call who holds a policy: ``user/ann``."""
    return f"{kind}/{place_of(name)}"


def attached(account: str, who: str, arn: str) -> Link:
    return Link(account, ATTACHED, who, arn)


def bounded(account: str, who: str, arn: str) -> Link:
    return Link(account, BOUNDARY, who, arn)


class Page(NamedTuple, Generic[T]):
    """Rows in order; where there may be more, ``next`` is what to ask for as ``after``, else empty."""

    rows: list[T]
    next: str = ""
