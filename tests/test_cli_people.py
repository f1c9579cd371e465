"""``trug user``, ``policy`` and ``key`` on a store that is served: what they change acts at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from tests.support.processes import run, serving

GET = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'


def client(url: str, access_key: str, secret_key: str) -> BaseClient:
    return boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name="us-east-1",
    )


def test_policies_act_at_once_on_a_store_that_is_served(tmp_path: Path) -> None:
    def command(*arguments: str) -> Any:
        done = run(tmp_path, *arguments, "--dir", "data", "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    (tmp_path / "get.json").write_text(GET)
    with serving(tmp_path) as server:
        client(server.url, "minioadmin", "minioadmin").create_bucket(Bucket="shared")
        command("user", "add", "bob", "--policy", "readwrite")
        key = command("key", "add", "--user", "bob")["key"]
        bob = client(server.url, key["access_key"], key["secret_key"])
        bob.put_object(Bucket="shared", Key="k", Body=b"x")
        command("user", "detach", "bob", "readwrite")
        with pytest.raises(ClientError, match="AccessDenied"):
            bob.get_object(Bucket="shared", Key="k")
        command("policy", "add", "get", "get.json")
        command("user", "attach", "bob", "get")
        assert bob.get_object(Bucket="shared", Key="k")["Body"].read() == b"x"
        with pytest.raises(ClientError, match="AccessDenied"):
            bob.put_object(Bucket="shared", Key="k", Body=b"y")
        command("key", "deactivate", key["access_key"])
        with pytest.raises(ClientError, match="InvalidAccessKeyId"):
            bob.get_object(Bucket="shared", Key="k")


def test_a_document_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    done = run(tmp_path, "policy", "add", "p", "nothing.json", "--dir", "data")
    assert (done.returncode, "nothing.json" in done.stderr) == (2, True)
