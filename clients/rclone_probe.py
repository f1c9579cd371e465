"""rclone, as an S3 provider that it does not know by name."""

from __future__ import annotations

import json
from pathlib import Path

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

BIG = payload(LARGE, "rclone")


class Rclone:
    """The program, told where the server is."""

    def __init__(self, server: Server, scratch: Path) -> None:
        self.environment = {
            "RCLONE_CONFIG": str(scratch / "rclone.conf"),
            "RCLONE_CONFIG_TRUG_TYPE": "s3",
            "RCLONE_CONFIG_TRUG_PROVIDER": "Other",
            "RCLONE_CONFIG_TRUG_ENDPOINT": server.endpoint,
            "RCLONE_CONFIG_TRUG_ACCESS_KEY_ID": server.access_key,
            "RCLONE_CONFIG_TRUG_SECRET_ACCESS_KEY": server.secret_key,
            "RCLONE_S3_UPLOAD_CUTOFF": "5Mi",
            "RCLONE_S3_CHUNK_SIZE": "5Mi",
            **({"RCLONE_CA_CERT": server.ca_file} if server.ca_file else {}),
        }
        (scratch / "rclone.conf").touch()

    def __call__(self, *arguments: str, stdin: bytes = b"") -> bytes:
        return command(("rclone", *arguments), self.environment, stdin)


def lifecycle(server: Server, scratch: Path) -> None:
    rclone = Rclone(server, scratch)
    bucket = new_bucket_name("rclone")
    at = f"trug:{bucket}"
    with step("create bucket"):
        rclone("mkdir", at)
    try:
        upload(rclone, at, scratch)
        trees(rclone, at, scratch)
        listing(rclone, at)
        reads(server, rclone, at)
        copies(rclone, at)
        versions(rclone, at)
    finally:
        remove(rclone, at, bucket)


def upload(rclone: Rclone, at: str, scratch: Path) -> None:
    with step("upload small, from standard input"):
        rclone("rcat", f"{at}/odd/a", stdin=b"a")
        expect_same(rclone("cat", f"{at}/odd/a"), b"a", "small")
    with step("upload and download large, in parts"):
        (scratch / "large").write_bytes(BIG)
        rclone("copyto", str(scratch / "large"), f"{at}/large")
        rclone("copyto", f"{at}/large", str(scratch / "back"))
        expect_same((scratch / "back").read_bytes(), BIG, "large")
        rclone("rcat", f"{at}/unknown length", stdin=BIG)
        expect_same(rclone("cat", f"{at}/unknown length"), BIG, "unknown length")


def trees(rclone: Rclone, at: str, scratch: Path) -> None:
    with step("sync odd names up and down"):
        contents = write_odd_files(scratch / "tree")
        rclone("sync", str(scratch / "tree"), f"{at}/tree")
        rclone("check", "--download", str(scratch / "tree"), f"{at}/tree")
        rclone("sync", f"{at}/tree", str(scratch / "again"))
        expect_files(scratch / "again", contents)
    with step("set a modification time"):
        rclone("touch", "--timestamp", "2020-02-02T02:02:02", f"{at}/odd/a")
        told = json.loads(rclone("lsjson", f"{at}/odd"))
        expect(told[0]["ModTime"].startswith("2020-02-02T02:02:02"), told)


def listing(rclone: Rclone, at: str) -> None:
    with step("list"):
        found = rclone("lsf", at).decode().splitlines()
        expect_equal(sorted(found), ["large", "odd/", "tree/", "unknown length"], "top")
        sizes = {one["Path"]: one["Size"] for one in json.loads(rclone("lsjson", "-R", "--files-only", at))}
        expect_equal(sizes["large"], LARGE, "size")
        expect(f"tree/{ODD_KEYS[7]}" in sizes, sizes)
        listed = rclone("lsf", "--s3-list-version", "2", at).decode().splitlines()
        expect_equal(listed, found, "the same by ListObjectsV2")


def reads(server: Server, rclone: Rclone, at: str) -> None:
    with step("ranges"):
        got = rclone("cat", "--offset", str(PART - 1), "--count", "2", f"{at}/large")
        expect_same(got, BIG[PART - 1 : PART + 1], "range over parts")
    with step("presigned"):
        url = rclone("link", "--expire", "1m", f"{at}/tree/{ODD_KEYS[7]}").decode().strip()
        expect_same(fetch(server, url), ODD_KEYS[7].encode(), "presigned GET")


def copies(rclone: Rclone, at: str) -> None:
    with step("copy and move on the server"):
        rclone("copyto", f"{at}/tree/{ODD_KEYS[7]}", f"{at}/copy/ünï")
        expect_same(rclone("cat", f"{at}/copy/ünï"), ODD_KEYS[7].encode(), "copy")
        rclone("copyto", "--s3-copy-cutoff", "5Mi", f"{at}/large", f"{at}/copy/parts")
        expect_same(rclone("cat", f"{at}/copy/parts"), BIG, "copy in parts")
        rclone("moveto", f"{at}/copy/ünï", f"{at}/copy/moved")
        expect_equal(sorted(rclone("lsf", f"{at}/copy").split()), [b"moved", b"parts"], "moved")


def versions(rclone: Rclone, at: str) -> None:
    with step("versions"):
        rclone("backend", "versioning", at, "Enabled")
        for text in (b"first", b"second"):
            rclone("rcat", f"{at}/versioned/one", stdin=text)
        rclone("deletefile", f"{at}/versioned/one")
        expect_equal(rclone("lsf", f"{at}/versioned"), b"", "deleted")
        old = rclone("lsf", "--s3-versions", f"{at}/versioned").decode().splitlines()
        expect_equal(len(old), 2, f"versions of a deleted key: {old}")
        held = rclone("cat", "--s3-versions", f"{at}/versioned")
        expect(held in (b"firstsecond", b"secondfirst"), f"what the versions hold: {held!r}")


def remove(rclone: Rclone, at: str, bucket: str) -> None:
    with step("delete everything"):
        rclone("delete", at)
        rclone("backend", "cleanup-hidden", at)
        rclone("cleanup", at)
    with step("remove bucket"):
        rclone("rmdir", at)
        expect(f"{bucket}/" not in rclone("lsf", "trug:").decode().splitlines(), "the bucket is gone")


if __name__ == "__main__":
    run(lifecycle)
