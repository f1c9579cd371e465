"""Users and roles as policies name them, by ARN, and who they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trug.access.policy import PolicyKind
from trug.iam.documents import compiled
from trug.iam.entities import ROLE, USER, Kind, Role, Tags, User, place_of
from trug.iam.scripts import Asking

ENTITIES: Mapping[str, Kind[User] | Kind[Role]] = {USER.name: USER, ROLE.name: ROLE}
OF_AWS = frozenset({"aws", "cloudfront"})


def is_entity(name: str) -> bool:
    """Whether a principal is a user or a role, there or not, of an account of ours."""
    parts = name.split(":", 5)
    return len(parts) > 5 and parts[5].partition("/")[0] in ENTITIES and parts[4] not in OF_AWS


def unique_id(name: str) -> Asking[str]:
    """In a script: the id of the user or role with this ARN; empty where there is none."""
    if not is_entity(name):
        return ""
    account, resource = name.split(":", 5)[4:]
    kind, _, path = resource.partition("/")
    found = yield from ENTITIES[kind].at(account, place_of(path.rpartition("/")[2]))
    return found.id if found is not None and found.arn == name else ""


def unique_ids(names: Iterable[str]) -> Asking[Tags]:
    """In a script: the ids of those who are there, by ARN."""
    found: list[tuple[str, str]] = []
    for name in sorted(names):
        number = yield from unique_id(name)
        if number:
            found.append((name, number))
    return tuple(found)


def trusted_by(trust: str, account: str) -> Asking[Tags]:
    """In a script: who the users and roles are that a trust policy names."""
    found = yield from unique_ids(compiled(trust, PolicyKind.TRUST, account, "").names)
    return found
