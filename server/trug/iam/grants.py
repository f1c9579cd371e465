"""What identities may by their own policies: a user's, his groups', a role's, those a session was given by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from trug.access.grants import NO_GRANTS, Grants
from trug.access.policy import Policy, PolicyKind
from trug.domain.identity import DEFAULT_ACCOUNT, Identity, canonical_id_of
from trug.iam.builtin import BY_ARN
from trug.iam.documents import compiled
from trug.iam.entities import (
    ATTACHED,
    GROUP,
    MEMBER,
    ROLE,
    USER,
    VERSION,
    Role,
    User,
    holder,
    place_of,
    version_place,
)
from trug.iam.holders import inline_policies
from trug.iam.managed import find_policy, named
from trug.iam.principals import OF_AWS, is_entity, unique_id, unique_ids
from trug.iam.refusals import IamError
from trug.iam.scripts import Asking, ask, look
from trug.ports.reads import AccountWithCanonicalId, AccountWithId, EntityAt, LinksFrom
from trug.ports.remembered import Remembered
from trug.ports.stores import MetadataStore, Reader

ALL = "arn:aws:iam::aws:policy/AdministratorAccess"
"""What a root may, for those who act for one within the policies of their session."""

ROOT = "root"
NAMED = "named"


class Holding(NamedTuple):
    """Whose policies they are: of a user or role with this unique id, of a root, or those that are ``named``; and the
    ARNs of further limits of the session."""

    account: str
    kind: str
    name: str = ""
    id: str = ""
    named: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


Signer = tuple[str, str, str]
"""Account, name and unique id of a user."""


class StoredGrants:
    """Implements ``access.grants.GrantSource`` over the store, cached until anything that is cached changes."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata
        self._of_users: Remembered[Signer, Grants] = Remembered(metadata, self._read_user)
        self._found: Remembered[Holding, Grants] = Remembered(metadata, self._read)

    def known(self, identity: Identity) -> Grants | None:
        """What is at hand. A user with a key of his own, who is asked for most, costs no more than a look-up."""
        if identity.session is None:
            account = identity.account
            if account is None or not identity.user:
                return NO_GRANTS
            return self._of_users.known((account.id, identity.user, identity.id))
        holding = holding_of(identity)
        return NO_GRANTS if holding is None else self._found.known(holding)

    async def find(self, identity: Identity) -> Grants:
        """The identity's policies; none of one that is no more. Damaged for one that cannot be read."""
        holding = holding_of(identity)
        if holding is None:
            return NO_GRANTS
        if identity.session is None:
            return await self._of_users.find((holding.account, holding.name, holding.id)) or NO_GRANTS
        return await self._found.find(holding) or NO_GRANTS

    async def find_stranger(self, policy: Policy) -> str:
        """The first whom a policy names though there is no such account, user or role; empty where all are there.
        Services and providers are not looked up."""
        for name in sorted(policy.names):
            if not await self._metadata.view(partial(_is_there, name)):
                return name
        return ""

    async def ids_of(self, names: Iterable[str]) -> dict[str, str]:
        """The unique ids of the users and roles among these ARNs that are there."""
        return dict(await self._metadata.view(partial(look, unique_ids(names))))

    async def _read_user(self, signer: Signer) -> Grants:
        account, user, number = signer
        return await self._read(Holding(account, USER.name, user, number))

    async def _read(self, holding: Holding) -> Grants:
        return await self._metadata.view(partial(_grants_of, holding))


def _is_there(name: str, reader: Reader) -> bool:
    kind, _, canonical_id = name.partition(" ")
    if kind == CANONICAL:
        return canonical_id == DEFAULT_CANONICAL or reader.fetch(AccountWithCanonicalId(canonical_id)) is not None
    if not name.startswith("arn:"):
        return True
    account, resource = name.split(":", 5)[4:]
    if is_entity(name):
        return bool(look(unique_id(name), reader))
    sort = resource.partition("/")[0]
    if sort not in OF_AN_ACCOUNT or account in OF_AWS:
        return True
    return account == DEFAULT_ACCOUNT or reader.fetch(AccountWithId(account)) is not None


CANONICAL = "CanonicalUser"
DEFAULT_CANONICAL = canonical_id_of(DEFAULT_ACCOUNT)
OF_AN_ACCOUNT = frozenset({"root", "assumed-role", "federated-user"})


def holding_of(identity: Identity) -> Holding | None:
    """Whose policies say what an identity may; None for a root, who needs none, and for nobody."""
    account, session = identity.account, identity.session
    if account is None:
        return None
    if session is None:
        return Holding(account.id, USER.name, identity.user, identity.id) if identity.user else None
    limits = session.policy_arns
    if session.grants or (session.provider and not identity.role):
        return Holding(account.id, NAMED, named=session.grants, limits=limits)
    if identity.role:
        return Holding(account.id, ROLE.name, identity.role, identity.id, limits=limits)
    if identity.user:
        return Holding(account.id, USER.name, identity.user, identity.id, limits=limits)
    if not session.name:
        return None
    if not (session.policies or limits):  # a federated user may nothing that no session policy names
        return Holding(account.id, NAMED)
    kind = USER.name if session.sponsor else ROOT
    return Holding(account.id, kind, session.sponsor, limits=limits)


def _grants_of(holding: Holding, reader: Reader) -> Grants:
    limits = _limits_of(holding, reader)
    if holding.kind == NAMED:
        return Grants(tuple(_named(holding, reader)), None, limits)
    if holding.kind == ROOT:
        return Grants((_managed(reader, holding.account, ALL),), None, limits)
    owner = _owner(holding, reader)
    if owner is None:
        return Grants(session=limits)
    places = list(_holders(holding, reader))
    policies = [policy for place in places for policy in _policies_of(reader, holding.account, place)]
    boundary = _managed(reader, holding.account, owner.boundary, PolicyKind.BOUNDARY) if owner.boundary else None
    return Grants(tuple(policies), boundary, limits)


def _owner(holding: Holding, reader: Reader) -> User | Role | None:
    """The user or role, if it is the one that the identity was when it signed."""
    kind = USER if holding.kind == USER.name else ROLE
    document = reader.fetch(EntityAt(holding.account, kind.name, place_of(holding.name)))
    found: User | Role | None = None if document is None else kind.unpack(document)
    return found if found is not None and holding.id in ("", found.id) else None


def _holders(holding: Holding, reader: Reader) -> Iterator[str]:
    """Who holds policies that count: the user with his groups, or the role."""
    yield holder(holding.kind, holding.name)
    if holding.kind == USER.name:
        for group in reader.fetch(LinksFrom(holding.account, MEMBER, place_of(holding.name))):
            yield holder(GROUP.name, group)


def _policies_of(reader: Reader, account: str, place: str) -> Iterator[Policy]:
    for inline in look(inline_policies(account, place), reader):
        yield compiled(inline.document, PolicyKind.IDENTITY, account, inline.place)
    for arn in reader.fetch(LinksFrom(account, ATTACHED, place)):
        yield _managed(reader, account, arn)


def _managed(reader: Reader, account: str, arn: str, kind: PolicyKind = PolicyKind.IDENTITY) -> Policy:
    return compiled(look(document_in_force(account, arn), reader), kind, account, arn)


def document_in_force(account: str, arn: str) -> Asking[str]:
    """In a script: the document of a managed policy that acts. IamError when there is no such policy."""
    if (built_in := BY_ARN.get(arn)) is not None:
        return built_in.document
    policy = yield from find_policy(account, arn)
    document = None
    if policy is not None:
        document = yield from ask(EntityAt(account, VERSION.name, version_place(policy.name, policy.default)))
    return DENIED if document is None else VERSION.unpack(document).document


DENIED = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'
"""In place of a policy that is not there any more: it can only have been a limit."""


def _limits_of(holding: Holding, reader: Reader) -> tuple[Policy, ...]:
    return tuple(_managed(reader, holding.account, arn, PolicyKind.SESSION) for arn in holding.limits)


def _named(holding: Holding, reader: Reader) -> Iterable[Policy]:
    """Policies by name, as a token names them: one that is not there gives nothing."""
    for name in holding.named:
        try:
            policy = look(named(holding.account, name), reader)
        except IamError:
            continue
        yield _managed(reader, holding.account, policy.arn)
