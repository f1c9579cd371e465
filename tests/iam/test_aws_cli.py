"""aws-cli's ``iam`` and ``sts`` commands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.iam import ROOT, IamServer
from tests.support.policies import allowing
from tests.support.toolchain import missing

PLACES = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


class Aws:
    """The program, told where the server is and who asks."""

    def __init__(self, server: IamServer, keys: tuple[str, str], home: Path) -> None:
        self.program = shutil.which("aws", path=PLACES) or missing("aws-cli is not installed")
        self.environment = {
            "PATH": PLACES,
            "HOME": str(home),
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_ACCESS_KEY_ID": keys[0],
            "AWS_SECRET_ACCESS_KEY": keys[1],
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        }

    def __call__(self, *arguments: str) -> Any:
        told = self.run(*arguments)
        assert told.returncode == 0, told.stderr
        return json.loads(told.stdout) if told.stdout.strip() else None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *arguments, "--output", "json"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=self.environment,
        )


@pytest.fixture
def aws(server: IamServer, tmp_path: Path) -> Aws:
    return Aws(server, ROOT, tmp_path)


def test_people(server: IamServer, aws: Aws, tmp_path: Path, name: str) -> None:
    (tmp_path / "policy.json").write_text(allowing("iam:List*", "sts:GetCallerIdentity"))
    made = aws("iam", "create-user", "--user-name", name, "--tags", "Key=Dept,Value=a b")
    assert made["User"]["Tags"] == [{"Key": "Dept", "Value": "a b"}]
    policy = aws("iam", "create-policy", "--policy-name", name, "--policy-document", f"file://{tmp_path}/policy.json")
    aws("iam", "attach-user-policy", "--user-name", name, "--policy-arn", policy["Policy"]["Arn"])
    key = aws("iam", "create-access-key", "--user-name", name)["AccessKey"]
    other = Aws(server, (key["AccessKeyId"], key["SecretAccessKey"]), tmp_path)
    assert name in [user["UserName"] for user in other("iam", "list-users", "--page-size", "1")["Users"]]
    assert other("sts", "get-caller-identity")["Arn"] == made["User"]["Arn"]
    denied = other.run("iam", "delete-user", "--user-name", name)
    assert denied.returncode != 0
    assert "(AccessDenied) when calling the DeleteUser operation" in denied.stderr
    simulated = aws(
        "iam",
        "simulate-principal-policy",
        *("--policy-source-arn", made["User"]["Arn"]),
        *("--action-names", "iam:ListUsers", "iam:DeleteUser"),
    )
    assert [row["EvalDecision"] for row in simulated["EvaluationResults"]] == ["allowed", "implicitDeny"]
    assert aws("iam", "get-account-summary")["SummaryMap"]["Users"] >= 1
