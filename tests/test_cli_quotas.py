"""``trug quota``, and logs that are delivered when a server ends: through the real process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.support.processes import ServerProcess, run, serving

ACCOUNT = "000000000000"


def client(server: ServerProcess) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=server.url,
        aws_access_key_id="minioadmin",
        aws_secret_access_key="minioadmin",
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 1}),
    )


def quota(directory: Path, *arguments: str) -> Any:
    done = run(directory, "quota", *arguments, "--dir", "data", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["quota"]


def test_a_quota_holds_and_is_kept(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        s3 = client(server)
        s3.create_bucket(Bucket="data")
        s3.put_object(Bucket="data", Key="a", Body=b"x" * 1000)
        assert quota(tmp_path, "set", "--account", ACCOUNT, "--bytes", "1KiB")["used_bytes"] == 1000
        with pytest.raises(ClientError, match="QuotaExceeded"):
            s3.put_object(Bucket="data", Key="b", Body=b"x" * 25)
        assert server.terminate() == 0
    shown = quota(tmp_path, "show", "--account", ACCOUNT)
    assert shown == {"account": ACCOUNT, "bytes": 1024, "objects": None, "used_bytes": 1000, "used_objects": 1}
    refused = run(tmp_path, "quota", "set", "--bucket", "other", "--bytes", "1", "--dir", "data")
    assert (refused.returncode, refused.stderr) == (1, "trug: there is no bucket other\n")
    assert quota(tmp_path, "clear", "--account", ACCOUNT)["bytes"] is None
    assert run(tmp_path, "fsck", "--dir", "data").returncode == 0


def test_what_waits_is_delivered_at_the_end(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        s3 = client(server)
        for name in ("data", "logs"):
            s3.create_bucket(Bucket=name)
        target = {"TargetBucket": "logs", "TargetPrefix": "data/"}
        s3.put_bucket_logging(Bucket="data", BucketLoggingStatus={"LoggingEnabled": target})
        s3.put_object(Bucket="data", Key="a", Body=b"x")
        assert server.terminate() == 0
    with serving(tmp_path) as server:
        s3 = client(server)
        (found,) = s3.list_objects_v2(Bucket="logs")["Contents"]
        content = s3.get_object(Bucket="logs", Key=found["Key"])["Body"].read().decode()
        assert " REST.PUT.OBJECT a " in content
        assert server.terminate() == 0
