"""Tags of users, roles, policies and providers: one table for all four."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from trug.domain.frozen import frozen
from trug.iam.api.actions import Call, Family, Finder
from trug.iam.api.answers import Structure
from trug.iam.api.paging import paged, sliced
from trug.iam.api.services import IAM
from trug.iam.api.subjects import policy_given, provider_given, read_tag_keys, read_tags, role_named, user_named
from trug.iam.entities import Tags

family = Family(IAM)


class Tagged(Protocol):
    """Where things that have tags are kept; ``name`` is a thing's name, or its ARN."""

    async def tag(self, account: str, name: str, /, tags: Tags) -> None: ...

    async def untag(self, account: str, name: str, /, keys: list[str]) -> None: ...


@frozen
class Noun:
    """What has tags: how its actions call it, how one is found and kept, how it is named there, and its tags."""

    name: str
    find: Finder[Any]
    kept: Callable[[Call], Tagged]
    name_of: Callable[[Any], str]
    tags_of: Callable[[Any], Tags]


NOUNS = (
    Noun("User", user_named, lambda call: call.people.users, lambda user: user.name, lambda user: user.tags),
    Noun("Role", role_named, lambda call: call.people.roles, lambda role: role.name, lambda role: role.tags),
    Noun(
        "Policy",
        policy_given,
        lambda call: call.people.policies,
        lambda listed: listed.policy.arn,
        lambda listed: listed.policy.tags,
    ),
    Noun(
        "OpenIDConnectProvider",
        provider_given,
        lambda call: call.people.providers,
        lambda provider: provider.arn,
        lambda provider: provider.tags,
    ),
)


def add(noun: Noun) -> None:
    """Tag, Untag and List…Tags."""

    @family.action(f"Tag{noun.name}", noun.find)
    async def tag(call: Call, thing: object) -> None:
        await noun.kept(call).tag(call.tenant, noun.name_of(thing), read_tags(call.parameters, least=1))

    @family.action(f"Untag{noun.name}", noun.find)
    async def untag(call: Call, thing: object) -> None:
        await noun.kept(call).untag(call.tenant, noun.name_of(thing), read_tag_keys(call.parameters))

    @family.action(f"List{noun.name}Tags", noun.find)
    async def list_tags(call: Call, thing: object) -> Structure:
        page = sliced(noun.tags_of(thing), call.parameters)
        return paged("Tags", page, lambda tag: {"Key": tag[0], "Value": tag[1]})


for each in NOUNS:
    add(each)
