"""Access keys, and where their secrets never are."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.support.iam import IamServer, serving_iam
from tests.support.policies import allowing

from trug.observe import AccessLog, Observer, configure_logging


def test_a_key_signs_at_once(server: IamServer, iam: Any, user: str) -> None:
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allowing("iam:ListUsers"))
    made = iam.create_access_key(UserName=user)["AccessKey"]
    assert (made["UserName"], made["Status"], len(made["SecretAccessKey"])) == (user, "Active", 40)
    assert made["AccessKeyId"].startswith("AKIA")
    other = server.query_client("iam", (made["AccessKeyId"], made["SecretAccessKey"]))
    assert other.list_users()["Users"]


def test_rotation(server: IamServer, iam: Any, user: str, refused: Callable[..., str]) -> None:
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allowing("iam:*"))
    old = iam.create_access_key(UserName=user)["AccessKey"]
    mine = server.query_client("iam", (old["AccessKeyId"], old["SecretAccessKey"]))
    new = mine.create_access_key()["AccessKey"]
    assert new["UserName"] == user
    assert refused(mine.create_access_key) == "LimitExceeded"
    mine = server.query_client("iam", (new["AccessKeyId"], new["SecretAccessKey"]))
    mine.update_access_key(AccessKeyId=old["AccessKeyId"], Status="Inactive")
    listed = {row["AccessKeyId"]: row["Status"] for row in mine.list_access_keys()["AccessKeyMetadata"]}
    assert listed == {old["AccessKeyId"]: "Inactive", new["AccessKeyId"]: "Active"}
    assert refused(server.query_client("iam", (old["AccessKeyId"], old["SecretAccessKey"])).list_users) == (
        "InvalidClientTokenId"
    )
    mine.update_access_key(AccessKeyId=old["AccessKeyId"], Status="Active")
    server.query_client("iam", (old["AccessKeyId"], old["SecretAccessKey"])).list_users()
    mine.delete_access_key(AccessKeyId=old["AccessKeyId"])
    assert [row["AccessKeyId"] for row in mine.list_access_keys()["AccessKeyMetadata"]] == [new["AccessKeyId"]]


def test_refusals(iam: Any, user: str, name: str, refused: Callable[..., str]) -> None:
    iam.create_user(UserName=f"{name}-other")
    key = iam.create_access_key(UserName=f"{name}-other")["AccessKey"]["AccessKeyId"]
    assert refused(iam.create_access_key, UserName="absent") == "NoSuchEntity"
    assert refused(iam.list_access_keys, UserName="absent") == "NoSuchEntity"
    assert refused(iam.delete_access_key, UserName=user, AccessKeyId=key) == "NoSuchEntity"
    assert refused(iam.update_access_key, UserName=user, AccessKeyId=key, Status="Active") == "NoSuchEntity"
    assert refused(iam.update_access_key, UserName=user, AccessKeyId=key, Status="Asleep") == "ValidationError"
    assert refused(iam.get_access_key_last_used, AccessKeyId="AKIAAAAAAAAAAAAAAAAA") == "NoSuchEntity"


def test_last_used(iam: Any, user: str) -> None:
    key = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    found = iam.get_access_key_last_used(AccessKeyId=key)
    assert found["UserName"] == user
    assert found["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}


@pytest.fixture
def logged() -> Iterator[tuple[IamServer, list[bytes], io.StringIO]]:
    """A server that logs all there is to log, its access log, and everything else."""
    lines: list[bytes] = []
    stream = io.StringIO()
    before = logging.getLogger().level, logging.getLogger().handlers[:]
    configure_logging(is_human=False, stream=stream, level=logging.DEBUG)
    try:
        with serving_iam(Observer(log=AccessLog(lines.append))) as server:
            yield server, lines, stream
    finally:
        logging.getLogger().setLevel(before[0])
        logging.getLogger().handlers[:] = before[1]


def test_secrets_are_in_one_answer_alone(logged: tuple[IamServer, list[bytes], io.StringIO]) -> None:
    server, lines, stream = logged
    iam = server.query_client("iam")
    iam.create_user(UserName="ana")
    made = server.query({"Action": "CreateAccessKey", "UserName": "ana"})
    (secret,), (access_key,) = made.texts("SecretAccessKey"), made.texts("AccessKeyId")
    told = [
        server.query({"Action": action, "UserName": "ana", "AccessKeyId": access_key, "Status": "Active"}).body
        for action in ("ListAccessKeys", "UpdateAccessKey", "GetAccessKeyLastUsed", "GetUser", "CreateAccessKey")
    ]
    told.append(server.query({"Action": "GetAccountAuthorizationDetails"}).body)
    told.append(server.query({"Action": "ListUsers"}, keys=(access_key, secret)).body)
    told.append(server.query({"Action": "ListUsers"}, keys=(access_key, secret + "x")).body)
    told.append(server.query({"Action": "ListUsers", "x": "%"}, keys=(access_key, secret)).body)
    server.query(b"", method="GET", target=f"/?Action=ChangePassword&Version=2010-05-08&NewPassword={secret}")
    server.observer.close()
    told += lines
    stream_text = "\n".join(line for line in stream.getvalue().splitlines() if "botocore" not in line)
    assert b'"operation":"iam:CreateAccessKey"' in b"".join(lines)
    assert secret not in stream_text
    assert not [text for text in told if secret.encode() in text]
