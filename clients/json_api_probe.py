"""trug.client: the storage manager on the management port, whose links and presigned URLs S3 answers."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from pathlib import Path

from probe import CLIENTS, LARGE, Server, expect, expect_equal, expect_same, fetch, new_bucket_name, payload, run, step

sys.path.insert(0, str(CLIENTS.parent / "server"))

from trug.client import Client, Refused, Upload

NAMES = ("plain.png", "with space & ümlaut.PNG", "no extension", 'a"quote.png')


def image(size: int, seed: str) -> bytes:
    """A PNG whose text chunk holds ``size`` bytes."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), (b"tEXt", b"k\0" + payload(size, seed))]
    chunks += [(b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b"")]
    made = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(made)


def lifecycle(server: Server, scratch: Path) -> None:
    client = Client(server.console, access_key=server.access_key, secret_key=server.secret_key, ca_file=server.ca_file)
    bucket = new_bucket_name("json-api")
    with step("create bucket"):
        client.create_bucket(bucket)
        expect(bucket in [each.name for each in client.buckets()], "the bucket is not listed")
    try:
        uploads(client, server, bucket, scratch)
        many(client, server, bucket)
        refusals(client, bucket)
        deletes(client, bucket)
    finally:
        with step("empty and remove bucket"):
            expect_equal(client.empty_bucket(bucket), None, "emptying")
            client.delete_bucket(bucket)


def uploads(client: Client, server: Server, bucket: str, scratch: Path) -> None:
    with step("upload a large file, read it back"):
        content = image(LARGE, "json-api")
        path = scratch / "large.png"
        path.write_bytes(content)
        with path.open("rb") as file:
            url = client.upload(bucket, Upload(path.name, file))
        key = url.rpartition("/")[2]
        target = io.BytesIO()
        client.download(bucket, key, target)
        expect_same(target.getvalue(), content, "download")
        expect_same(fetch(server, client.presign(bucket, key, expires=60)), content, "presigned URL")
        part = fetch(server, client.presign(bucket, key), Range="bytes=10-19")
        expect_same(part, content[10:20], "range of a presigned URL")
        told = client.describe(bucket, key)
        expect_equal(
            (told.filename, told.content_type, told.size_bytes), (path.name, "image/png", len(content)), "file"
        )


def many(client: Client, server: Server, bucket: str) -> None:
    with step("upload several files, list them"):
        contents = [image(1000, name) for name in NAMES]
        urls = client.upload_all(bucket, [Upload(name, content) for name, content in zip(NAMES, contents, strict=True)])
        for url, content in zip(urls, contents, strict=True):
            expect_same(fetch(server, client.presign(bucket, url.rpartition("/")[2])), content, url)
        listed = {file.url for file in client.files(bucket)}
        expect(set(urls) < listed, f"not listed: {set(urls) - listed}")
        expect_equal(len(list(client.files(bucket, extension="PNG"))), 4, "files with an extension")
        stats = client.stats(bucket)
        total = sum(file.size_bytes for file in client.files(bucket))
        expect_equal((stats.total_files, stats.total_size_bytes), (len(listed), total), "statistics")


def refusals(client: Client, bucket: str) -> None:
    with step("what is refused"):
        before = client.stats(bucket)
        files = [Upload("good.png", image(10, "good")), Upload("bad.png", b"#!/bin/sh")]
        for ask, status in (
            (lambda: client.upload_all(bucket, files), 400),
            (lambda: client.create_bucket(bucket), 409),
            (lambda: client.delete_bucket(bucket), 409),
            (lambda: client.presign(bucket, "nothing"), 404),
        ):
            try:
                ask()
            except Refused as refusal:
                expect_equal(refusal.status, status, "status")
            else:
                raise AssertionError("not refused")
        expect_equal(client.stats(bucket), before, "statistics")


def deletes(client: Client, bucket: str) -> None:
    with step("delete"):
        key = next(client.files(bucket)).key
        for _ in range(2):
            client.delete(bucket, key)
        expect(key not in [file.key for file in client.files(bucket)], "still listed")


if __name__ == "__main__":
    run(lifecycle)
