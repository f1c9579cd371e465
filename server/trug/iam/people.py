"""All that IAM keeps, as the command line, the initial declarations and the APIs handle it."""

from __future__ import annotations

from trug.domain.identity import Account
from trug.iam.accounts import Accounts
from trug.iam.groups import Groups
from trug.iam.keys import Keys
from trug.iam.policies import Policies
from trug.iam.providers import Providers
from trug.iam.roles import Roles
from trug.iam.users import Users
from trug.ports.keys import Keyring
from trug.ports.stores import MetadataStore


class People:
    """Who there is, and what they are given. ``metadata`` is where all of it is kept."""

    def __init__(self, metadata: MetadataStore, keyring: Keyring) -> None:
        self.metadata = metadata
        self.accounts = Accounts(metadata)
        self.users = Users(metadata)
        self.groups = Groups(metadata)
        self.roles = Roles(metadata)
        self.policies = Policies(metadata)
        self.keys = Keys(metadata, keyring)
        self.providers = Providers(metadata)

    async def find_account(self, id: str) -> Account | None:  # noqa: A002 - what AWS calls it
        """The account with this id; the default account is always there."""
        return await self.accounts.find(id)
