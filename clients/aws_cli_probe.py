"""aws-cli: ``aws s3`` and ``aws s3api``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from probe import (
    LARGE,
    ODD_KEYS,
    PART,
    Server,
    command,
    expect,
    expect_equal,
    expect_files,
    expect_same,
    fetch,
    new_bucket_name,
    payload,
    run,
    step,
    write_odd_files,
)

BIG = payload(LARGE, "aws-cli")
CONFIG = """[default]
region = us-east-1
s3 =
    multipart_threshold = 5MB
    multipart_chunksize = 5MB
"""


class Aws:
    """The program, told where the server is."""

    def __init__(self, server: Server, scratch: Path) -> None:
        (scratch / "config").write_text(CONFIG)
        self.environment = {
            "AWS_CONFIG_FILE": str(scratch / "config"),
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_ACCESS_KEY_ID": server.access_key,
            "AWS_SECRET_ACCESS_KEY": server.secret_key,
            **({"AWS_CA_BUNDLE": server.ca_file} if server.ca_file else {}),
        }

    def __call__(self, *arguments: str, stdin: bytes = b"") -> bytes:
        return command(("aws", *arguments), self.environment, stdin)

    def api(self, operation: str, *arguments: str) -> Any:
        told = self("s3api", operation, *arguments, "--output", "json")
        return json.loads(told) if told.strip() else {}


def lifecycle(server: Server, scratch: Path) -> None:
    aws = Aws(server, scratch)
    bucket = new_bucket_name("aws-cli")
    at = f"s3://{bucket}"
    with step("create bucket"):
        aws("s3", "mb", at)
    try:
        upload(aws, at, scratch)
        trees(aws, at, scratch)
        listing(aws, bucket)
        reads(server, aws, bucket, scratch)
        copies(aws, at, bucket)
        versions(aws, at, bucket)
    finally:
        remove(aws, at, bucket)


def upload(aws: Aws, at: str, scratch: Path) -> None:
    with step("upload small, from standard input"):
        aws("s3", "cp", "-", f"{at}/odd/a", stdin=b"a")
        expect_same(aws("s3", "cp", f"{at}/odd/a", "-"), b"a", "small")
    with step("upload and download large"):
        (scratch / "large").write_bytes(BIG)
        aws("s3", "cp", str(scratch / "large"), f"{at}/large")
        aws("s3", "cp", f"{at}/large", str(scratch / "back"))
        expect_same((scratch / "back").read_bytes(), BIG, "large")


def trees(aws: Aws, at: str, scratch: Path) -> None:
    with step("sync odd names up and down"):
        contents = write_odd_files(scratch / "tree")
        aws("s3", "sync", str(scratch / "tree"), f"{at}/tree/")
        aws("s3", "sync", f"{at}/tree/", str(scratch / "again"))
        expect_files(scratch / "again", contents)
        expect_equal(aws("s3", "sync", str(scratch / "tree"), f"{at}/tree/"), b"", "nothing left to sync")


def listing(aws: Aws, bucket: str) -> None:
    with step("keys that no file can have"):
        for key in ("double//slash", "trailing/slash/"):
            aws.api("put-object", "--bucket", bucket, "--key", f"odd/{key}")
    with step("list"):
        found = aws.api("list-objects-v2", "--bucket", bucket, "--prefix", "odd/", "--page-size", "2")
        expect_equal(
            [one["Key"] for one in found["Contents"]], ["odd/a", "odd/double//slash", "odd/trailing/slash/"], "keys"
        )
        shown = aws("s3", "ls", f"s3://{bucket}/").decode()
        expect("PRE odd/" in shown and "PRE tree/" in shown and f"{LARGE} large" in shown, shown)


def reads(server: Server, aws: Aws, bucket: str, scratch: Path) -> None:
    with step("ranges"):
        asked = f"bytes={PART - 1}-{PART}"
        back = str(scratch / "range")
        aws.api("get-object", "--bucket", bucket, "--key", "large", "--range", asked, back)
        expect_same(Path(back).read_bytes(), BIG[PART - 1 : PART + 1], asked)
    with step("presigned"):
        url = aws("s3", "presign", f"s3://{bucket}/tree/{ODD_KEYS[7]}", "--expires-in", "60").decode().strip()
        expect_same(fetch(server, url), ODD_KEYS[7].encode(), "presigned GET")


def copies(aws: Aws, at: str, bucket: str) -> None:
    with step("copy large in parts, move small"):
        aws("s3", "cp", f"{at}/large", f"{at}/copy/large")
        expect_same(aws("s3", "cp", f"{at}/copy/large", "-"), BIG, "copy")
        aws("s3", "mv", f"{at}/tree/{ODD_KEYS[7]}", f"{at}/moved")
        expect_same(aws("s3", "cp", f"{at}/moved", "-"), ODD_KEYS[7].encode(), "moved")
        expect_equal(aws.api("head-object", "--bucket", bucket, "--key", "copy/large")["ContentLength"], LARGE, "size")


def versions(aws: Aws, at: str, bucket: str) -> None:
    with step("versions"):
        aws.api("put-bucket-versioning", "--bucket", bucket, "--versioning-configuration", "Status=Enabled")
        for text in (b"first", b"second"):
            aws("s3", "cp", "-", f"{at}/versioned", stdin=text)
        aws("s3", "rm", f"{at}/versioned")
        told = aws.api("list-object-versions", "--bucket", bucket, "--prefix", "versioned")
        expect_equal([one["Size"] for one in told["Versions"]], [6, 5], "versions, newest first")
        expect_equal([one["IsLatest"] for one in told["DeleteMarkers"]], [True], "delete marker")


def remove(aws: Aws, at: str, bucket: str) -> None:
    with step("delete everything"):
        aws("s3", "rm", at, "--recursive", "--quiet")
        told = aws.api("list-object-versions", "--bucket", bucket)
        found = told.get("Versions", []) + told.get("DeleteMarkers", [])
        named = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        if named:
            told = aws.api("delete-objects", "--bucket", bucket, "--delete", json.dumps({"Objects": named}))
            expect_equal(told.get("Errors", []), [], "errors of DeleteObjects")
    with step("remove bucket"):
        aws("s3", "rb", at)
        expect(bucket not in aws("s3", "ls").decode(), "the bucket is gone")


if __name__ == "__main__":
    run(lifecycle)
