"""Row K of the list of bad inputs: nothing a client says names a file, and nothing put beside the files is believed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.client import Client
from tests.support.processes import serving as serving_process
from tests.support.raw import Answer
from tests.support.server import REGION, Server, serving
from tests.support.stand import EVE, Stand

from trug.domain.objects import Listing, Record
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.versioning import new_version_id
from trug.engine.versions import PutVersion

INVALID = (400, "InvalidArgument")


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


HOSTILE = [
    "a/../b",
    "./x",
    "/etc/passwd",
    "//",
    "...",
    "~root",
    "blobs/1/0",
    "staging",
    "-rf",
    "a%5C..%5C..%5Cb",
    "%E2%80%AE",
    "con",
]


@pytest.mark.parametrize("path", HOSTILE)
def test_k1_files_are_numbered_whatever_they_hold(stand: Stand, bucket: str, path: str) -> None:
    """The fixture looks at the names of all files after the test."""
    content = os.urandom(50_000)
    stand.put(bucket, path, content)
    upload = stand.begin_upload(bucket, path)
    stand.put_part(bucket, upload, 1, content, path)
    assert stand.ask("PUT", f"/{bucket}/copy", [("x-amz-copy-source", f"/{bucket}/{path}")]).status == 200
    assert stand.get(bucket, path) == stand.get(bucket, "copy") == content
    assert stand.unexpected_files() == []


@pytest.mark.parametrize("key", ["../x", "a/../../x", "..", "", "&#x0;", "x" * 1025])
def test_k1_keys_that_are_none_in_delete_objects(stand: Stand, bucket: str, key: str) -> None:
    stand.put(bucket, "x")
    body = f"<Delete><Object><Key>{key}</Key></Object><Object><Key>y</Key></Object></Delete>".encode()
    answer = stand.ask("POST", f"/{bucket}?delete", body=body)
    if key == "&#x0;":
        assert told(answer) == (400, "MalformedXML")
    else:
        assert answer.status == 200
        assert answer.root.findtext("Error/Code") in ("InvalidURI", "InvalidArgument", "KeyTooLongError")
        assert answer.root.findtext("Deleted/Key") == "y"
    assert stand.holds(bucket)[0] == ["x"]


# --- K2: what somebody else put into the directory ---

PLANTED: dict[str, Callable[[Path, Path], None]] = {
    "symlink": lambda blob, other: (blob.unlink(), blob.symlink_to(other)),  # type: ignore[dict-item,func-returns-value]
    "symlink-to-passwd": lambda blob, _: (blob.unlink(), blob.symlink_to("/etc/passwd")),  # type: ignore[dict-item,func-returns-value]
    "hard-link": lambda blob, other: (blob.unlink(), os.link(other, blob)),  # type: ignore[dict-item,func-returns-value]
    "fifo": lambda blob, _: (blob.unlink(), os.mkfifo(blob)),  # type: ignore[dict-item,func-returns-value]
    "folder": lambda blob, _: (blob.unlink(), blob.mkdir()),  # type: ignore[dict-item,func-returns-value]
    "gone": lambda blob, _: blob.unlink(),
    "other-bytes": lambda blob, other: blob.write_bytes(other.read_bytes()),  # type: ignore[dict-item]
    "a-bit": lambda blob, _: blob.write_bytes(bytes([blob.read_bytes()[0] ^ 1]) + blob.read_bytes()[1:]),  # type: ignore[dict-item]
}


def test_k2_planted_files(tmp_path: Path) -> None:
    """Never another file's bytes, never a hanging server; the other objects stay readable."""
    with serving_process(tmp_path, ["--durability", "none"]) as server, Client(server.url) as client:
        client.make_bucket("bucket")
        folder = tmp_path / "data" / "blobs"
        for name, plant in PLANTED.items():
            before = set(folder.glob("*/*"))
            assert client.put("bucket", f"{name}-victim", b"v" * 50_000).is_success
            (victim,) = set(folder.glob("*/*")) - before
            assert client.put("bucket", f"{name}-other", b"o" * 50_000).is_success
            (other,) = set(folder.glob("*/*")) - before - {victim}
            plant(victim, other)
        for name in PLANTED:
            try:
                answer = client.get("bucket", f"{name}-victim")
                assert answer.status == 500, name
                assert answer.code == "InternalError"
            except Exception as error:  # a broken connection is the other right answer
                assert type(error).__name__ == "Lost", name
            assert client.get("bucket", f"{name}-other").body == b"o" * 50_000
        assert client.put("bucket", "new", b"n" * 50_000).is_success
        assert client.get("bucket", "new").body == b"n" * 50_000
        assert server.process.poll() is None


# --- K4 to K6: sources of copies ---

SOURCES = [
    ("", INVALID),
    ("/", INVALID),
    ("?", INVALID),
    ("//", INVALID),
    ("{b}", INVALID),
    ("/{b}", INVALID),
    ("{b}/", INVALID),
    ("/{b}/?versionId=null", INVALID),
    ("{b}/key?versionId=", INVALID),
    ("{b}/key?versionId=x", INVALID),
    ("{b}/key?versionId=null&x=1", INVALID),
    ("{b}/key?versionid=null", (404, "NoSuchKey")),
    ("{b}/key?x=1", (404, "NoSuchKey")),
    ("{b}//key", (404, "NoSuchKey")),
    ("///{b}/key", INVALID),
    ("{b}/KEY", (404, "NoSuchKey")),
    ("{b}%252Fkey", INVALID),
    ("{b}/%256Bey", (404, "NoSuchKey")),
    ("../{b}/key", INVALID),
    ("{b}/../{b}/key", (400, "InvalidURI")),
    ("{b}/%00", INVALID),
    ("{b}/%ff", (400, "InvalidURI")),
    ("{b}/\xff", (400, "InvalidURI")),
    ("{b}/%", (400, "InvalidURI")),
    ("http://{b}/key", INVALID),
    ("http:///{b}/key", INVALID),
    ("arn:aws:s3:::{b}/key", (501, "NotImplemented")),
    ("arn:aws:s3:us-east-1:111111111111:accesspoint/a/object/key", (501, "NotImplemented")),
    ("{b}/" + "k" * 1025, (400, "KeyTooLongError")),
    ("{b},{b}/key", INVALID),
    ("no-such-bucket/key", (404, "NoSuchBucket")),
    ("{b}.s3.test/key", (404, "NoSuchBucket")),
    ("-/live", INVALID),
    ("minio/health", INVALID),
]


@pytest.mark.parametrize(("source", "wanted"), SOURCES, ids=[ascii(source)[:24] for source, _ in SOURCES])
def test_k4_sources(stand: Stand, bucket: str, source: str, wanted: tuple[int, str]) -> None:
    stand.put(bucket, "key")
    header = [("x-amz-copy-source", source.format(b=bucket))]
    assert told(stand.ask("PUT", f"/{bucket}/copy", header)) == wanted
    upload = stand.begin_upload(bucket, "copy")
    assert told(stand.ask("PUT", f"/{bucket}/copy?partNumber=1&uploadId={upload}", header)) == wanted
    assert stand.holds(bucket) == (["key"], ["copy"])


@pytest.mark.parametrize(
    "source",
    [
        "{b}/key",
        "/{b}/key",
        "{b}%2Fkey",
        "%2F{b}%2Fkey",
        "{b}/%6bey",
        "{b}/key?versionId=null",
        "/{b}/k%65y?versionId=null",
    ],
)
def test_k4_spellings(stand: Stand, bucket: str, source: str) -> None:
    stand.put(bucket, "key")
    assert stand.ask("PUT", f"/{bucket}/copy", [("x-amz-copy-source", source.format(b=bucket))]).status == 200
    assert stand.get(bucket, "copy") == b"content"


@pytest.mark.parametrize("raw", ["é", "%C3%A9", "€ ", "a+b", "a b", "a%2Bb"])
def test_k4_raw_bytes_in_a_source(stand: Stand, bucket: str, raw: str) -> None:
    key = raw.strip().replace("+", "%2B").replace("%2Bb", "%2Bb")
    path = "".join(f"%{byte:02X}" if byte > 126 or byte == 32 else chr(byte) for byte in key.encode())
    stand.put(bucket, path)
    header = f"/{bucket}/{raw}".encode().decode("latin-1")
    assert stand.ask("PUT", f"/{bucket}/copy", [("x-amz-copy-source", header)]).status == 200


def test_k4_foreign_sources_tell_nothing(stand: Stand, bucket: str) -> None:
    mine = stand.make_bucket(by=EVE)
    stand.put(bucket, "key")
    told_apart = set()
    for key in ("key", "absent", "key?versionId=null", "key?versionId=x", "key?versionId=" + "a" * 32):
        answer = stand.ask("PUT", f"/{mine}/copy", [("x-amz-copy-source", f"/{bucket}/{key}")], by=EVE)
        told_apart.add((told(answer), answer.text("Message")))
    assert {each for each, _ in told_apart} == {(403, "AccessDenied")}
    assert len(told_apart) == 1
    into = stand.ask("PUT", f"/{bucket}/copy", [("x-amz-copy-source", f"/{mine}/x")], by=EVE)
    assert told(into) == (403, "AccessDenied")


def test_k5_onto_itself(stand: Stand, bucket: str) -> None:
    stand.put(bucket, "key")
    for source in (f"/{bucket}/key", f"{bucket}/%6Bey", f"{bucket}%2Fkey"):
        answer = stand.ask("PUT", f"/{bucket}/key", [("x-amz-copy-source", source)])
        assert told(answer) == (400, "InvalidRequest")


@pytest.mark.parametrize("name", ["x-amz-metadata-directive", "x-amz-tagging-directive"])
def test_k5_directives_that_are_none(stand: Stand, bucket: str, name: str) -> None:
    stand.put(bucket, "key")
    for directive in ("replace", "Copy", "", "REPLACE,REPLACE", "x" * 5000, "é"):
        headers = [("x-amz-copy-source", f"/{bucket}/key"), (name, directive)]
        assert told(stand.ask("PUT", f"/{bucket}/copy", headers)) == INVALID, directive


RANGES = [
    "bytes=0-7",
    "bytes=5-2",
    "bytes=0-",
    "bytes=-1",
    "bytes=0-0,1-1",
    "0-1",
    "bytes=0-99999999999999999999999",
    "bytes=9-9",
    "bytes=a-b",
    "",
    "items=0-1",
    "bytes=0-1 ",
]


@pytest.mark.parametrize("asked", RANGES)
def test_ranges_of_sources(stand: Stand, bucket: str, asked: str) -> None:
    stand.put(bucket, "key")
    upload = stand.begin_upload(bucket, "copy")
    headers = [("x-amz-copy-source", f"/{bucket}/key"), ("x-amz-copy-source-range", asked)]
    answer = stand.ask("PUT", f"/{bucket}/copy?partNumber=1&uploadId={upload}", headers)
    assert told(answer) in ((200, ""), INVALID)
    assert (answer.status == 200) == (asked.strip() == "bytes=0-1")


def of_size(server: Server, bucket: str, size: int) -> None:
    """An object ``key`` whose row says so; that it has no bytes is found by nobody who must not read them."""

    async def put() -> None:
        place = await server.engine.buckets.find(bucket)
        assert place is not None
        change = PutVersion(
            bucket=place.id,
            key="key",
            id=1 << 40,
            version_id=new_version_id(),
            listing=Listing("0" * 32, size, 0),
            record=Record(),
            conditions=NO_WRITE_CONDITIONS,
            event="ObjectCreated:Put",
        )
        await server.engine.objects._metadata.commit(change)

    server.run(put())


def test_k6_a_source_above_five_gibibytes() -> None:
    with serving() as server:
        bucket = server.make_bucket()
        of_size(server, bucket, (5 << 30) + 1)
        answer = server.ask("PUT", f"/{bucket}/copy", {"x-amz-copy-source": f"/{bucket}/key"})
        # "The specified copy source is larger than the maximum allowable size" is what S3's users report.
        assert (answer.status, answer.code) == (400, "InvalidRequest")
        upload = server.client().create_multipart_upload(Bucket=bucket, Key="copy")["UploadId"]
        target = f"/{bucket}/copy?partNumber=1&uploadId={upload}"
        answer = server.ask("PUT", target, {"x-amz-copy-source": f"/{bucket}/key"})
        assert (answer.status, answer.code) in ((400, "InvalidRequest"), (400, "EntityTooLarge"))
        assert REGION == "us-east-1"
