"""restic, which keeps backups as packs that it reads by range, and takes locks by what a list shows."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from boto3_probe import connect, remove
from probe import (
    LARGE,
    Server,
    command,
    expect,
    expect_equal,
    expect_files,
    new_bucket_name,
    payload,
    run,
    step,
    write_odd_files,
)


class Restic:
    """The program, told where the repository is."""

    def __init__(self, server: Server, bucket: str, scratch: Path) -> None:
        self.options = ["--no-cache", *(["--cacert", server.ca_file] if server.ca_file else [])]
        self.environment = {
            "AWS_ACCESS_KEY_ID": server.access_key,
            "AWS_SECRET_ACCESS_KEY": server.secret_key,
            "RESTIC_REPOSITORY": f"s3:{server.endpoint}/{bucket}/repository",
            "RESTIC_PASSWORD": "not a secret",
        }

    def __call__(self, *arguments: str) -> bytes:
        return command(("restic", *self.options, *arguments), self.environment)

    def snapshots(self) -> list[str]:
        return [one["short_id"] for one in json.loads(self("snapshots", "--json"))]


def lifecycle(server: Server, scratch: Path) -> None:
    bucket = new_bucket_name("restic")
    restic = Restic(server, bucket, scratch)
    tree = scratch / "tree"
    with step("init, which makes the bucket"):
        restic("init")
    try:
        with step("back up"):
            write_odd_files(tree)
            (tree / "large").write_bytes(payload(LARGE, "restic"))
            restic("backup", str(tree))
        with step("back up again, with less and more"):
            (tree / "large").unlink()
            (tree / "new").write_bytes(payload(LARGE // 2, "new"))
            restic("backup", str(tree))
            expect_equal(len(restic.snapshots()), 2, "snapshots")
        with step("forget and prune"):
            before = stored(server, bucket)
            restic("forget", "--prune", "--max-unused", "0", "--keep-last", "1")
            expect_equal(len(restic.snapshots()), 1, "snapshots")
            expect(stored(server, bucket) < before - LARGE // 2, "what nobody needs is gone")
        with step("check, every pack read"):
            restic("check", "--read-data")
        with step("restore"):
            contents = contents_of(tree)
            shutil.rmtree(tree)
            restic("restore", "latest", "--target", str(scratch / "restored"))
            expect_files(scratch / "restored" / tree.relative_to("/"), contents)
    finally:
        remove(connect(server), bucket)


def contents_of(tree: Path) -> dict[str, bytes]:
    return {path.relative_to(tree).as_posix(): path.read_bytes() for path in tree.rglob("*") if path.is_file()}


def stored(server: Server, bucket: str) -> int:
    """How many bytes the bucket holds."""
    pages = connect(server).get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return sum(one["Size"] for page in pages for one in page.get("Contents", []))


if __name__ == "__main__":
    run(lifecycle)
