"""Accounts that the store knows, and buckets where lists of access count."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from tests.support.changes import apply
from tests.support.server import ACCOUNT, OTHER_ACCOUNT, Answer, Server

from trug.domain.acl import EXEC_READER
from trug.domain.frozen import replace
from trug.ports.effects import PutAccount

EMAIL = "other@example.org"
ONE, TWO = ACCOUNT.canonical_id, OTHER_ACCOUNT.canonical_id
EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOGS = "http://acs.amazonaws.com/groups/s3/LogDelivery"
EXEC = EXEC_READER
MODES = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
Granted = list[tuple[str, str]]


def know_accounts(server: Server) -> None:
    """Have the store know both accounts of the tests, the other one with an e-mail address."""
    rows = (ACCOUNT, replace(OTHER_ACCOUNT, email=EMAIL))
    server.run(server.engine.acls._metadata.commit(apply(*map(PutAccount, rows))))


def make_bucket(server: Server, s3: Any, mode: str = "ObjectWriter", **more: Any) -> str:
    """A bucket with this object ownership."""
    name = f"listed-{next(server.numbers)}"
    s3.create_bucket(Bucket=name, ObjectOwnership=mode, **more)
    return name


def code_of(work: Any, **arguments: Any) -> str:
    """The code of the error that a boto3 call raises, "" where it raises none."""
    try:
        work(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def owner_of(answer: dict[str, Any]) -> str:
    return str(answer["Owner"]["ID"])


def grants_of(answer: dict[str, Any]) -> Granted:
    """(who, what) of each grant, in order."""
    return [(grant["Grantee"].get("ID") or grant["Grantee"]["URI"], grant["Permission"]) for grant in answer["Grants"]]


def policy(owner: str, *grants: tuple[str, str]) -> dict[str, Any]:
    """What boto3 wants as AccessControlPolicy."""
    listed = [
        {"Grantee": {"Type": "Group", "URI": who} if "://" in who else _person(who), "Permission": what}
        for who, what in grants
    ]
    return {"Owner": {"ID": owner}, "Grants": listed}


def _person(who: str) -> dict[str, str]:
    if "@" in who:
        return {"Type": "AmazonCustomerByEmail", "EmailAddress": who}
    return {"Type": "CanonicalUser", "ID": who}


def unsigned(server: Server, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
    """A request of nobody's."""
    return server.send(method, target, {name.replace("_", "-"): value for name, value in headers.items()}, body)
