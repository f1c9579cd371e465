"""Who acts: an account's root, one of its users, or nobody."""

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
class Identity:
    """The one who signed: ``user`` is empty for the account's root; ``account`` is None for nobody."""

    account: Account | None
    user: str = ""
    access_key: str = ""

    @property
    def is_anonymous(self) -> bool:
        return self.account is None

    @property
    def arn(self) -> str:
        """The principal as IAM writes it."""
        if self.account is None:
            return "*"
        return f"arn:aws:iam::{self.account.id}:{f'user/{self.user}' if self.user else 'root'}"


ANONYMOUS = Identity(account=None)
