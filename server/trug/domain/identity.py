"""Who acts: an account's root, one of its users or roles, or nobody."""

from __future__ import annotations

import hashlib

from trug.domain.frozen import frozen

DEFAULT_ACCOUNT = "000000000000"


def canonical_id_of(account: str) -> str:
    """The canonical id of an account that was given none: the lower-case hex SHA-256 of its id."""
    return hashlib.sha256(account.encode()).hexdigest()


@frozen
class Account:
    """A tenant: it owns buckets. ``id`` as it stands in ARNs."""

    id: str
    canonical_id: str
    display_name: str = ""
    email: str = ""


@frozen
class Session:
    """What temporary credentials carry; times in µs since 1970.

    ``name`` is the role session's or the federated user's, empty for a session of the user or root itself.
    ``policies`` are session policies as JSON, each a further limit; ``grants`` the names of managed policies that take
    the place of a role's, where claims were mapped to these. ``claims`` are condition keys that a token gave
    (``jwt:sub``), lower-case, and ``tags`` the session's, of which those of the keys ``transitive`` pass on to the
    roles it assumes; ``provider`` is who vouched for it, by ARN. ``sponsor`` is the user that a federated user's
    credentials were asked for by, whose policies limit what he may; empty for the root.
    """

    issued: int
    expires: int
    name: str = ""
    policies: tuple[str, ...] = ()
    policy_arns: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    claims: tuple[tuple[str, tuple[str, ...]], ...] = ()
    provider: str = ""
    source_identity: str = ""
    transitive: tuple[str, ...] = ()
    sponsor: str = ""


@frozen
class Identity:
    """The one who signed: an account's root, a user, a role's session, a federated user; nobody, without an account.

    ``user`` is a user's name, ``role`` a role's, both empty for the root and for federated users; ``path`` is the
    user's or role's, ``id`` its unique id (``AIDA…``, ``AROA…``). ``session`` stands on temporary credentials alone.
    ``tags`` are the user's or role's own.
    """

    account: Account | None
    user: str = ""
    access_key: str = ""
    path: str = "/"
    id: str = ""
    role: str = ""
    session: Session | None = None
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def is_anonymous(self) -> bool:
        return self.account is None

    @property
    def is_root(self) -> bool:
        """Whether this is an account's root by its own keys or a session of its own."""
        return self.account is not None and not (self.user or self.role) and not (self.session and self.session.name)

    @property
    def arn(self) -> str:
        """The principal as IAM writes it ("IAM identifiers", "AWS STS principals")."""
        if self.account is None:
            return "*"
        session = self.session.name if self.session else ""
        if self.role:
            return f"arn:aws:sts::{self.account.id}:assumed-role/{self.role}/{session}"
        if self.user:
            return f"arn:aws:iam::{self.account.id}:user{self.path}{self.user}"
        if session:
            return f"arn:aws:sts::{self.account.id}:federated-user/{session}"
        return f"arn:aws:iam::{self.account.id}:root"

    @property
    def user_id(self) -> str:
        """``aws:userid``."""
        if self.account is None:
            return ""
        session = self.session.name if self.session else ""
        if self.role:
            return f"{self.id}:{session}"
        if self.user:
            return self.id
        return f"{self.account.id}:{session}" if session else self.account.id


ANONYMOUS = Identity(account=None)
