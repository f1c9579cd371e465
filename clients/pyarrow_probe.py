"""pyarrow's S3FileSystem: the AWS SDK for C++, as data tools use it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from probe import LARGE, ODD_KEYS, PART, Server, expect, expect_equal, expect_same, new_bucket_name, payload, run, step
from pyarrow import fs

BIG = payload(LARGE, "pyarrow")
KEYS = [key for key in ODD_KEYS if "//" not in key and not key.endswith("/")]  # pyarrow refuses empty path components


def lifecycle(server: Server, _scratch: Path) -> None:
    s3 = fs.S3FileSystem(
        access_key=server.access_key,
        secret_key=server.secret_key,
        region="us-east-1",
        scheme="https" if server.is_tls else "http",
        endpoint_override=server.address,
        allow_bucket_creation=True,
        allow_bucket_deletion=True,
        tls_ca_file_path=server.ca_file or None,
    )
    bucket = new_bucket_name("pyarrow")
    with step("create bucket"):
        s3.create_dir(bucket)
    try:
        upload(s3, bucket)
        listing(s3, bucket)
        ranges(s3, bucket)
        copies(s3, bucket)
        dataset(s3, bucket)
    finally:
        remove(s3, bucket)


def read(s3: fs.S3FileSystem, path: str) -> bytes:
    with s3.open_input_stream(path) as stream:
        return bytes(stream.read())


def write(s3: fs.S3FileSystem, path: str, data: bytes, metadata: dict[str, str] | None = None) -> None:
    with s3.open_output_stream(path, metadata=metadata) as stream:
        for start in range(0, len(data), PART):
            stream.write(data[start : start + PART])


def upload(s3: fs.S3FileSystem, bucket: str) -> None:
    with step("upload small, empty and large in parts"):
        write(s3, f"{bucket}/small", b"hello", {"Content-Type": "text/x-probe", "colour": "blue"})
        expect_same(read(s3, f"{bucket}/small"), b"hello", "small")
        write(s3, f"{bucket}/empty", b"")
        expect_same(read(s3, f"{bucket}/empty"), b"", "empty")
        with s3.open_input_file(f"{bucket}/small") as file:
            expect_equal(file.metadata()["Content-Type"], b"text/x-probe", "content type")
        write(s3, f"{bucket}/large", BIG)
        expect_same(read(s3, f"{bucket}/large"), BIG, "large")
    with step("odd keys"):
        for key in KEYS:
            write(s3, f"{bucket}/odd/{key}", key.encode())
        for key in KEYS:
            expect_same(read(s3, f"{bucket}/odd/{key}"), key.encode(), key)


def listing(s3: fs.S3FileSystem, bucket: str) -> None:
    with step("list"):
        expect_equal(s3.get_file_info(bucket).type, fs.FileType.Directory, "type of the bucket")
        expect_equal(s3.get_file_info(f"{bucket}/absent").type, fs.FileType.NotFound, "type of nothing")
        expect_equal(s3.get_file_info(f"{bucket}/large").size, LARGE, "size")
        found = s3.get_file_info(fs.FileSelector(f"{bucket}/odd", recursive=True))
        files = sorted(one.path for one in found if one.type == fs.FileType.File)
        expect_equal(files, sorted(f"{bucket}/odd/{key}" for key in KEYS), "keys")
        top = sorted(one.base_name for one in s3.get_file_info(fs.FileSelector(bucket)))
        expect_equal(top, ["empty", "large", "odd", "small"], "top")


def ranges(s3: fs.S3FileSystem, bucket: str) -> None:
    with step("ranges"), s3.open_input_file(f"{bucket}/large") as file:
        expect_same(file.read_at(2, PART - 1), BIG[PART - 1 : PART + 1], "range over parts")
        file.seek(LARGE - 7)
        expect_same(file.read(100), BIG[-7:], "past the end")


def copies(s3: fs.S3FileSystem, bucket: str) -> None:
    with step("copy and move"):
        s3.copy_file(f"{bucket}/odd/{KEYS[7]}", f"{bucket}/copy ünï")
        expect_same(read(s3, f"{bucket}/copy ünï"), KEYS[7].encode(), "copy")
        s3.move(f"{bucket}/large", f"{bucket}/moved")
        expect_same(read(s3, f"{bucket}/moved"), BIG, "moved")
        expect_equal(s3.get_file_info(f"{bucket}/large").type, fs.FileType.NotFound, "what was moved")
        s3.create_dir(f"{bucket}/made/directory")
        expect_equal(s3.get_file_info(f"{bucket}/made/directory").type, fs.FileType.Directory, "made directory")


def dataset(s3: fs.S3FileSystem, bucket: str) -> None:
    with step("a partitioned Parquet data set"):
        table = pa.table({"kind": ["a", "b"] * 50_000, "number": list(range(100_000))})
        pq.write_to_dataset(table, f"{bucket}/table", partition_cols=["kind"], filesystem=s3)
        back = pq.read_table(f"{bucket}/table", filesystem=s3, filters=[("kind", "=", "b")])
        expect_equal(back.num_rows, 50_000, "rows")
        expect_equal(sum(back["number"].to_pylist()), sum(range(1, 100_000, 2)), "sum of a column")


def remove(s3: fs.S3FileSystem, bucket: str) -> None:
    with step("delete everything"):
        s3.delete_file(f"{bucket}/small")
        s3.delete_dir_contents(bucket)
        expect_equal(s3.get_file_info(fs.FileSelector(bucket, recursive=True)), [], "what is left")
    with step("remove bucket"):
        s3.delete_dir(bucket)
        expect(s3.get_file_info(bucket).type == fs.FileType.NotFound, "the bucket is gone")


if __name__ == "__main__":
    run(lifecycle)
