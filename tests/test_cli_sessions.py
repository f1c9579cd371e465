"""Sessions over the store on disk, by two worker processes: kept over a restart, and taken back by the command line."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.client import ClientError
from botocore.config import Config
from tests.test_cli import Running, running, trug

REGION = "us-east-1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:user/ana"}, "Action": "sts:*"}],
}


def made(server: Running, service: str, *keys: str) -> Any:
    access_key, secret, *token = keys
    return boto3.client(
        service,
        endpoint_url=server.urls[0],
        region_name=REGION,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        aws_session_token=token[0] if token else None,
        config=Config(retries={"total_max_attempts": 1}),
    )


def outcome(server: Running, keys: tuple[str, ...]) -> str:
    try:
        made(server, "s3", *keys).list_buckets()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_sessions_of_a_role(tmp_path: Path) -> None:
    data = tmp_path / "data"
    trust = tmp_path / "trust.json"
    trust.write_text(json.dumps(TRUST).replace("sts:*", "sts:AssumeRole"))

    def command(*arguments: str) -> dict[str, Any]:
        done = trug(*arguments, "--dir", str(data), "--json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    with running(data, "--dev", "--workers", "2", cwd=tmp_path) as server:
        command("user", "add", "ana")
        key = command("key", "add", "--user", "ana")["key"]
        command("role", "add", "builder", str(trust))
        command("role", "attach", "builder", "readwrite")
        asked = made(server, "sts", key["access_key"], key["secret_key"]).assume_role(
            RoleArn="arn:aws:iam::000000000000:role/builder", RoleSessionName="build-1"
        )["Credentials"]
        keys = (asked["AccessKeyId"], asked["SecretAccessKey"], asked["SessionToken"])
        assert [outcome(server, keys) for _ in range(4)] == [""] * 4
        assert server.end() == 0
    with running(data, "--dev", "--workers", "2", cwd=tmp_path) as server:
        assert [outcome(server, keys) for _ in range(4)] == [""] * 4
        command("role", "revoke-sessions", "builder")
        end = time.monotonic() + 1
        while "" in [outcome(server, keys) for _ in range(4)]:
            assert time.monotonic() < end
        assert {outcome(server, keys) for _ in range(4)} == {"AccessDenied"}
        log = server.log.read_text()
        assert keys[1] not in log and keys[2] not in log
        assert trug("role", "revoke-sessions", "absent", "--dir", str(data), cwd=tmp_path).returncode == 1
        assert server.end() == 0
