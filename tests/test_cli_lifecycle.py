"""``trug lifecycle preview`` and ``--lifecycle-day``: through the real process."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from tests.support.processes import ServerProcess, run, serving

EXPIRES = {"ID": "short", "Filter": {"Prefix": "tmp/"}, "Status": "Enabled", "Expiration": {"Days": 1}}
UPLOADS = {
    "ID": "uploads",
    "Filter": {},
    "Status": "Enabled",
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
}


def client(server: ServerProcess) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=server.url,
        aws_access_key_id="minioadmin",
        aws_secret_access_key="minioadmin",
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 1}),
    )


def preview(directory: Path) -> Any:
    done = run(directory, "lifecycle", "preview", "data", "--dir", "data", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["due"]


def test_a_short_day(tmp_path: Path) -> None:
    with serving(tmp_path, ("--lifecycle-day", "0.5")) as server:
        s3 = client(server)
        s3.create_bucket(Bucket="data")
        s3.put_object(Bucket="data", Key="tmp/a", Body=b"x")
        s3.put_object(Bucket="data", Key="kept", Body=b"x")
        s3.create_multipart_upload(Bucket="data", Key="upload")
        s3.put_bucket_lifecycle_configuration(Bucket="data", LifecycleConfiguration={"Rules": [EXPIRES, UPLOADS]})
        for _ in range(100):
            if s3.list_objects_v2(Bucket="data")["KeyCount"] == 1 and "Uploads" not in s3.list_multipart_uploads(
                Bucket="data"
            ):
                break
            time.sleep(0.1)
        assert [row["Key"] for row in s3.list_objects_v2(Bucket="data")["Contents"]] == ["kept"]
        assert "Uploads" not in s3.list_multipart_uploads(Bucket="data")
        assert server.terminate() == 0
    assert run(tmp_path, "fsck", "--dir", "data").returncode == 0


def test_preview(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        s3 = client(server)
        s3.create_bucket(Bucket="data")
        assert "no lifecycle rules" in run(tmp_path, "lifecycle", "preview", "data", "--dir", "data").stderr
        assert "no bucket other" in run(tmp_path, "lifecycle", "preview", "other", "--dir", "data").stderr
        for number in range(3):
            s3.put_object(Bucket="data", Key=f"tmp/{number}", Body=b"x")
        s3.put_object(Bucket="data", Key="kept", Body=b"x")
        past = {"ID": "past", "Filter": {"Prefix": "tmp/"}, "Status": "Enabled", "Expiration": {"Date": "2020-01-01"}}
        s3.put_bucket_lifecycle_configuration(Bucket="data", LifecycleConfiguration={"Rules": [past, UPLOADS]})
        due = preview(tmp_path)
        assert [(row["key"], row["action"], row["rule"]) for row in due] == [
            (f"tmp/{number}", "Expiration", "past") for number in range(3)
        ]
        table = run(tmp_path, "lifecycle", "preview", "data", "--dir", "data").stdout.splitlines()
        assert table[0].split() == [
            "ACTION",
            "RULE",
            "KEY",
            "VERSION",
            "ID",
            "UPLOAD",
            "ID",
            "STORAGE",
            "CLASS",
            "SINCE",
        ]
        assert len(table) == 4
        assert s3.list_objects_v2(Bucket="data")["KeyCount"] == 4
        assert server.terminate() == 0
    assert len(preview(tmp_path)) == 3
