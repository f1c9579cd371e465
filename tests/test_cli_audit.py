"""``trug audit`` and ``trug explain`` on a store that is served, and on one that is not."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import boto3
from tests.support.processes import run, serving

ACCOUNT = "000000000000"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Home",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::data/*",
            "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        }
    ],
}


def client(service: str, url: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        aws_access_key_id="minioadmin",
        aws_secret_access_key="minioadmin",
        region_name="us-east-1",
    )


def answer(directory: Path, *arguments: str, code: int = 0) -> Any:
    done = run(directory, *arguments, "--dir", "data", "--json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def test_who_changed_what(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        s3, iam = client("s3", server.url), client("iam", server.url)
        s3.create_bucket(Bucket="data")
        s3.put_object(Bucket="data", Key="k", Body=b"x")
        s3.put_bucket_policy(Bucket="data", Policy=json.dumps(POLICY))
        iam.create_user(UserName="ann")
        answer(tmp_path, "user", "attach", "ann", "readonly")
        answer(tmp_path, "kms", "create", "reports")
        records = answer(tmp_path, "audit")["records"]
        assert [record["action"] for record in records] == [
            "s3:CreateBucket",
            "s3:PutBucketPolicy",
            "iam:CreateUser",
            "trug:user/attach",
            "trug:kms/create",
        ]
        assert [(record["actor"], record["access_key"], record["address"]) for record in records[:3]] == [
            (ROOT, "minioadmin", "127.0.0.1")
        ] * 3
        assert [(record["actor"], record["address"]) for record in records[3:]] == [("", "local")] * 2
        assert all(record["request_id"] for record in records[:3])
        assert [record["bucket"] for record in answer(tmp_path, "audit", "--bucket", "data")["records"]] == ["data"] * 2
        assert answer(tmp_path, "audit", "--actor", "local", "--until", "2001-01-01")["records"] == []
        assert len(answer(tmp_path, "audit", "--actor", "root", "--since", "2001-01-01T00:00:00Z")["records"]) == 3
        shown = run(tmp_path, "audit", "--dir", "data").stdout.splitlines()
        assert shown[0].endswith(f"{ROOT} (minioadmin) from 127.0.0.1  s3:CreateBucket")
        (made,) = answer(tmp_path, "audit", "--actor", "minioadmin")["records"][-1]["changes"]
        assert (made["resource"], made["before"], made["after"]["name"]) == (f"iam/{ACCOUNT}/user/ann", None, "ann")
        assert answer(tmp_path, "audit", "verify")["audit"]["records"] == 5
    assert run(tmp_path, "audit", "trim", "--before", "2100-01-01", "--dir", "data").returncode == 2
    assert run(tmp_path, "audit", "--since", "yesterday", "--dir", "data").returncode == 2


def test_what_was_tampered_with_is_found(tmp_path: Path) -> None:
    for name in ("ann", "bob", "cid"):
        assert run(tmp_path, "init", "data", "--dev").returncode == 0
        answer(tmp_path, "user", "add", name)
    with sqlite3.connect(tmp_path / "data" / "trug.db") as connection:
        sequences = [row[0] for row in connection.execute("SELECT sequence FROM audit ORDER BY sequence")]
        connection.execute(
            "UPDATE audit SET document = replace(document, 'bob', 'eve') WHERE sequence = ?", [sequences[1]]
        )
    broken = answer(tmp_path, "audit", "verify", code=1)["audit"]["broken"]
    assert broken.startswith(f"record {sequences[1]} does not follow")
    checked = run(tmp_path, "fsck", "--dir", "data")
    assert (checked.returncode, f"audit: {broken}" in checked.stdout) == (1, True)


def test_why_and_why_not(tmp_path: Path) -> None:
    def explain(*arguments: str, code: int = 0) -> Any:
        return answer(tmp_path, "explain", *arguments, code=code)["explanation"]

    with serving(tmp_path) as server:
        s3 = client("s3", server.url)
        s3.create_bucket(Bucket="data")
        s3.put_bucket_policy(Bucket="data", Policy=json.dumps(POLICY))
        answer(tmp_path, "user", "add", "ann", "--policy", "readonly")
        there = "aws:SourceIp=10.1.2.3"
        found = explain("--as", ANN, "s3:GetObject", "arn:aws:s3:::data/k", "--context", there)
        assert found["reason"] == "because a statement in an identity-based policy allows it"
        allowed, denied = found["statements"]
        assert (allowed["decides"], denied["applies"], denied["mismatch"]) == (True, False, "Condition")
        assert denied["condition"] == {
            "operator": "NotIpAddress",
            "key": "aws:sourceip",
            "wanted": ["10.0.0.0/8"],
            "found": ["10.1.2.3"],
        }
    found = explain("--as", ANN, "getobject", "data/k", "--context", "aws:SourceIp=192.0.2.1", code=1)
    assert (found["action"], found["reason"]) == ("s3:GetObject", "with an explicit deny in a resource-based policy")
    assert explain("--as", ANN, "GetObject", "data/k", code=1)["absent"] == ["aws:sourceip"]
    decides = [(each["policy"], each["sid"]) for each in found["statements"] if each["decides"]]
    assert decides == [("resource-based policy", "Home")]
    found = explain("--as", ANN, "s3:PutObject", "data/k", code=1)
    assert found["reason"] == "because no identity-based policy allows the s3:PutObject action"
    assert "another action" in run(tmp_path, "explain", "--as", ANN, "PutObject", "data/k", "--dir", "data").stdout
    found = explain("--as", "anonymous", "s3:ListBucket", "data", code=1)
    assert (found["principal"], found["reason"]) == (
        "anonymous",
        "because no resource-based policy allows the s3:ListBucket action",
    )
    assert explain("--as", ROOT, "s3:PutBucketPolicy", "data")["allowed"]
    assert explain("--as", ANN, "iam:CreateUser", ANN, code=1)["resource"] == ANN
    (tmp_path / "none.json").write_text('{"Version": "2012-10-17", "Statement": []}')
    for wrong in (
        ("--as", "ann", "s3:GetObject", "data/k"),
        ("--as", ANN, "s3:GetObjects", "data/k"),
        ("--as", ANN, "s3:GetObject", "data"),
        ("--as", ANN, "s3:GetObject", "data/k", "--context", "aws:SourceIp"),
    ):
        assert run(tmp_path, "explain", *wrong, "--dir", "data").returncode == 2
    nobody = run(tmp_path, "explain", "--as", f"{ANN}a", "s3:GetObject", "data/k", "--dir", "data")
    assert (nobody.returncode, nobody.stderr) == (1, f"trug: there is no user anna in account {ACCOUNT}\n")
