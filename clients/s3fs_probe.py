"""s3fs: the file system that pandas, Dask and zarr read through."""

from __future__ import annotations

from pathlib import Path

from probe import (
    LARGE,
    ODD_KEYS,
    PART,
    Server,
    expect,
    expect_equal,
    expect_same,
    fetch,
    new_bucket_name,
    payload,
    run,
    step,
)
from s3fs import S3FileSystem

BIG = payload(LARGE, "s3fs")
KEYS = [key for key in ODD_KEYS if not key.endswith("/")]  # s3fs strips a trailing slash


def lifecycle(server: Server, scratch: Path) -> None:
    s3 = S3FileSystem(
        key=server.access_key,
        secret=server.secret_key,
        endpoint_url=server.endpoint,
        client_kwargs={"verify": server.ca_file} if server.ca_file else None,
        version_aware=True,
    )
    bucket = new_bucket_name("s3fs")
    with step("create bucket"):
        s3.mkdir(bucket)
    try:
        upload(s3, bucket, scratch)
        listing(s3, bucket)
        reads(server, s3, bucket)
        copies(s3, bucket)
        tags(s3, bucket)
        versions(s3, bucket)
    finally:
        remove(s3, bucket)


def upload(s3: S3FileSystem, bucket: str, scratch: Path) -> None:
    with step("upload small and empty"):
        s3.pipe_file(f"{bucket}/small", b"hello")
        s3.touch(f"{bucket}/empty")
        expect_same(s3.cat_file(f"{bucket}/small"), b"hello", "small")
        expect_same(s3.cat_file(f"{bucket}/empty"), b"", "empty")
    with step("upload large, in parts"):
        (scratch / "large").write_bytes(BIG)
        s3.put_file(str(scratch / "large"), f"{bucket}/large", chunksize=PART)
        s3.get_file(f"{bucket}/large", str(scratch / "back"))
        expect_same((scratch / "back").read_bytes(), BIG, "large")
        with s3.open(f"{bucket}/written", "wb", block_size=PART) as file:
            for start in range(0, LARGE, 1 << 20):
                file.write(BIG[start : start + (1 << 20)])
        expect_same(s3.cat_file(f"{bucket}/written"), BIG, "written")
    with step("odd keys"):
        for key in KEYS:
            s3.pipe_file(f"{bucket}/odd/{key}", key.encode())
        for key in KEYS:
            expect_same(s3.cat_file(f"{bucket}/odd/{key}"), key.encode(), key)


def listing(s3: S3FileSystem, bucket: str) -> None:
    with step("list"):
        s3.invalidate_cache()
        expect_equal(
            sorted(s3.ls(bucket, detail=False)),
            [f"{bucket}/{n}" for n in ("empty", "large", "odd", "small", "written")],
            "top",
        )
        found = [one for one in s3.find(f"{bucket}/odd") if "//" not in one]
        expect_equal(sorted(found), sorted(f"{bucket}/odd/{key}" for key in KEYS if "//" not in key), "keys")
        expect_equal(s3.glob(f"{bucket}/odd/plus*"), [f"{bucket}/odd/plus+sign"], "glob")
        expect(s3.isdir(f"{bucket}/odd") and s3.isfile(f"{bucket}/small"), "a directory and a file")
        expect(not s3.exists(f"{bucket}/absent"), "what was never written")


def reads(server: Server, s3: S3FileSystem, bucket: str) -> None:
    with step("ranges"):
        expect_same(
            s3.cat_file(f"{bucket}/large", start=PART - 1, end=PART + 1), BIG[PART - 1 : PART + 1], "range over parts"
        )
        expect_same(s3.tail(f"{bucket}/large", 7), BIG[-7:], "tail")
        with s3.open(f"{bucket}/large") as file:
            file.seek(PART)
            expect_same(file.read(100), BIG[PART : PART + 100], "seek and read")
    with step("presigned"):
        expect_same(fetch(server, s3.sign(f"{bucket}/odd/{KEYS[7]}", 60)), KEYS[7].encode(), "presigned GET")


def copies(s3: S3FileSystem, bucket: str) -> None:
    with step("copy and move"):
        s3.copy(f"{bucket}/odd/{KEYS[7]}", f"{bucket}/copy ünï")
        expect_same(s3.cat_file(f"{bucket}/copy ünï"), KEYS[7].encode(), "copy")
        s3.mv(f"{bucket}/large", f"{bucket}/moved")
        expect_same(s3.cat_file(f"{bucket}/moved"), BIG, "moved")
        expect(not s3.exists(f"{bucket}/large"), "what was moved is gone")
        s3.merge(f"{bucket}/merged", [f"{bucket}/moved", f"{bucket}/written"])
        expect_same(s3.cat_file(f"{bucket}/merged"), BIG + BIG, "merged on the server")


def tags(s3: S3FileSystem, bucket: str) -> None:
    with step("tags and metadata"):
        s3.put_tags(f"{bucket}/small", {"kind": "probe"})
        expect_equal(s3.get_tags(f"{bucket}/small"), {"kind": "probe"}, "tags")
        s3.setxattr(f"{bucket}/small", colour="red")
        expect_equal(s3.metadata(f"{bucket}/small", refresh=True).get("colour"), "red", "metadata")


def versions(s3: S3FileSystem, bucket: str) -> None:
    path = f"{bucket}/versioned"
    with step("versions"):
        s3.make_bucket_versioned(bucket)
        expect(s3.is_bucket_versioned(bucket), "versioning is enabled")
        for text in (b"first", b"second"):
            s3.pipe_file(path, text)
        second, first = [one["VersionId"] for one in s3.object_version_info(path)]
        expect_same(s3.cat_file(path, version_id=first), b"first", "first version")
        expect_same(s3.cat_file(path, version_id=second), b"second", "second version")
        s3.rm_file(path)
        s3.invalidate_cache()
        expect(not s3.exists(path), "a deleted key is absent")


def remove(s3: S3FileSystem, bucket: str) -> None:
    with step("delete everything"):
        s3.invalidate_cache()
        for page in range(100):
            told = s3.call_s3("list_object_versions", Bucket=bucket)
            found = told.get("Versions", []) + told.get("DeleteMarkers", [])
            if not found:
                break
            named = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
            s3.call_s3("delete_objects", Bucket=bucket, Delete={"Objects": named})
            expect(page < 99, "the bucket empties")
    with step("remove bucket"):
        s3.rmdir(bucket)
        s3.invalidate_cache()
        expect(not s3.exists(bucket), "the bucket is gone")


if __name__ == "__main__":
    run(lifecycle)
