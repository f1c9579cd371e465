"""The query APIs of a server as users start it, of two processes over one store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.support import processes
from tests.support.policies import allowing
from tests.workers.crew import eventually

DEV = ("minioadmin", "minioadmin")
CONNECTIONS = 5


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with processes.serving(tmp_path_factory.mktemp("iam"), ["--workers", "2"]) as running:
        yield running


def clients(url: str, service: str, keys: tuple[str, str]) -> list[Any]:
    """As many as reach every worker, each with a connection of its own."""
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    return [
        boto3.client(
            service,
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=keys[0],
            aws_secret_access_key=keys[1],
            config=config,
        )
        for _ in range(CONNECTIONS)
    ]


def codes(calls: list[Callable[[], object]]) -> set[str]:
    found = set()
    for call in calls:
        try:
            call()
            found.add("")
        except ClientError as error:
            found.add(error.response["Error"]["Code"])
    return found


def test_every_worker_sees_every_change(server: processes.ServerProcess) -> None:
    roots = clients(server.url, "iam", DEV)
    iam = roots[0]
    iam.create_user(UserName="ana")
    assert {client.get_user(UserName="ana")["User"]["UserName"] for client in roots} == {"ana"}
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    mine = clients(server.url, "iam", (key["AccessKeyId"], key["SecretAccessKey"]))
    buckets = clients(server.url, "s3", (key["AccessKeyId"], key["SecretAccessKey"]))
    asked = [client.list_users for client in mine] + [client.list_buckets for client in buckets]
    eventually(lambda: codes(asked) == {"AccessDenied"})
    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=allowing("iam:List*", "s3:List*"))
    eventually(lambda: codes(asked) == {""})
    iam.delete_user_policy(UserName="ana", PolicyName="p")
    eventually(lambda: codes(asked) == {"AccessDenied"})
    iam.update_access_key(UserName="ana", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    eventually(lambda: codes(asked) == {"InvalidClientTokenId", "InvalidAccessKeyId"})
    assert key["SecretAccessKey"] not in server.log.read_text()
    assert '"operation":"iam:CreateAccessKey"' in server.log.read_text()
