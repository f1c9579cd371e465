"""Row J of the list of bad inputs: multipart uploads.

J10's abort by lifecycle is in the tests of that job. J14's keep-alive blanks are for long Completes: ours take one
commit.
"""

from __future__ import annotations

import base64
import hashlib
import threading
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.support.hostile import UNSIGNED
from tests.support.raw import Answer, Header
from tests.support.stand import EVE, Stand, eventually

NO_UPLOAD = (404, "NoSuchUpload")
INVALID = (400, "InvalidArgument")
INVALID_PART = (400, "InvalidPart")
SMALLEST = 5 << 20


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


def completion(parts: Sequence[tuple[object, str]], inside: str = "") -> bytes:
    elements = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag>{inside}</Part>" for number, etag in parts
    )
    return f"<CompleteMultipartUpload>{elements}</CompleteMultipartUpload>".encode()


def complete(
    stand: Stand,
    bucket: str,
    upload: str,
    parts: Sequence[tuple[object, str]],
    headers: Sequence[Header] = (),
    *,
    key: str = "key",
    inside: str = "",
) -> Answer:
    return stand.ask("POST", f"/{bucket}/{key}?uploadId={upload}", headers, completion(parts, inside))


def every_use(stand: Stand, bucket: str, upload: str, key: str = "key") -> set[tuple[int, str]]:
    """The answers of all operations on an upload."""
    target = f"/{bucket}/{key}"
    return {
        told(stand.ask("PUT", f"{target}?partNumber=1&uploadId={upload}", body=b"x")),
        told(
            stand.ask("PUT", f"{target}?partNumber=1&uploadId={upload}", [("x-amz-copy-source", f"/{bucket}/source")])
        ),
        told(stand.ask("GET", f"{target}?uploadId={upload}")),
        told(complete(stand, bucket, upload, [(1, "x")], key=key)),
        told(stand.ask("DELETE", f"{target}?uploadId={upload}")),
    }


UNKNOWN = ["x", "", "a" * 46, "0" * 46, "a" * 5000, "%2e%2e%2f", "'--", "%E2%82%AC", "null"]


@pytest.mark.parametrize("upload", UNKNOWN, ids=lambda text: text[:9] or "empty")
def test_j1_unknown_uploads(stand: Stand, bucket: str, upload: str) -> None:
    stand.put(bucket, "source")
    assert every_use(stand, bucket, upload) <= {NO_UPLOAD, INVALID}
    assert stand.holds(bucket) == (["source"], [])


def test_j1_nul_in_an_upload_s_id(stand: Stand, bucket: str) -> None:
    stand.put(bucket, "source")
    assert every_use(stand, bucket, "a%00b") <= {NO_UPLOAD, INVALID}


def test_j1_foreign_aborted_and_completed_uploads(stand: Stand, bucket: str, versioned: str) -> None:
    for place in (bucket, versioned):
        stand.put(place, "source")
    foreign = stand.begin_upload(bucket, "other")
    elsewhere = stand.begin_upload(versioned)
    aborted = stand.begin_upload(bucket)
    assert stand.ask("DELETE", f"/{bucket}/key?uploadId={aborted}").status == 204
    done = stand.begin_upload(bucket)
    etag = stand.put_part(bucket, done, 1, b"x")
    assert complete(stand, bucket, done, [(1, etag)]).status == 200
    for upload in (foreign, elsewhere, aborted, done):
        assert every_use(stand, bucket, upload) == {NO_UPLOAD}
    assert {told(answer) for answer in (stand.ask("GET", f"/{bucket}/other?uploadId={foreign}", by=EVE),)} == {
        (403, "AccessDenied")
    }
    again = complete(stand, bucket, done, [(1, etag)])
    assert (again.status, again.text("ETag")) == (200, stand.ask("HEAD", f"/{bucket}/key").header("etag"))


NUMBERS = ["0", "10001", "-1", "a", "", "1.0", "+1", " 1", "%C2%B2", "9" * 400, "0x1", "1_0", "1e3"]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda text: text[:9] or "empty")
def test_j2_part_numbers(stand: Stand, bucket: str, number: str) -> None:
    upload = stand.begin_upload(bucket)
    stand.put(bucket, "source")
    spelled = number.replace("+", "%2B").replace(" ", "%20")
    target = f"/{bucket}/key?partNumber={spelled}&uploadId={upload}"
    assert told(stand.ask("PUT", target, body=b"x")) == INVALID
    assert told(stand.ask("PUT", target, [("x-amz-copy-source", f"/{bucket}/source")])) == INVALID
    assert stand.ask("GET", f"/{bucket}/key?uploadId={upload}").texts("PartNumber") == []


@pytest.mark.parametrize(
    "number", ["0", "10001", "-1", "a", "", "1.0", "9" * 400, "٣", "1 1"], ids=lambda text: ascii(text)[:9]
)
def test_j2_part_numbers_in_complete(stand: Stand, bucket: str, number: str) -> None:
    upload = stand.begin_upload(bucket)
    etag = stand.put_part(bucket, upload, 1, b"x")
    assert told(complete(stand, bucket, upload, [(number, etag)])) in (INVALID, (400, "MalformedXML"))
    assert stand.holds(bucket) == ([], ["key"])


@pytest.mark.parametrize("etag", ["", "x", "0" * 32, "&quot;&quot;", "*", "&#233;", "0" * 5000])
def test_j4_wrong_etags(stand: Stand, bucket: str, etag: str) -> None:
    upload = stand.begin_upload(bucket)
    stand.put_part(bucket, upload, 1, b"x")
    assert told(complete(stand, bucket, upload, [(1, etag)])) == INVALID_PART
    assert stand.holds(bucket) == ([], ["key"])


def test_j4_missing_parts(stand: Stand, bucket: str) -> None:
    upload = stand.begin_upload(bucket)
    etag = stand.put_part(bucket, upload, 1, bytes(SMALLEST))
    assert told(complete(stand, bucket, upload, [(1, etag), (2, etag)])) == INVALID_PART
    assert told(complete(stand, bucket, upload, [(2, etag)])) == INVALID_PART
    no_etag = b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>"
    assert told(stand.ask("POST", f"/{bucket}/key?uploadId={upload}", body=no_etag)) == (400, "MalformedXML")
    for order in ([(1, etag), (1, etag)], [(2, etag), (1, etag)]):
        assert told(complete(stand, bucket, upload, order)) == (400, "InvalidPartOrder")
    assert stand.holds(bucket) == ([], ["key"])


def test_j5_small_parts(stand: Stand, bucket: str) -> None:
    upload = stand.begin_upload(bucket)
    etags = [
        (number, stand.put_part(bucket, upload, number, bytes(size))) for number, size in ((1, SMALLEST - 1), (2, 1))
    ]
    assert told(complete(stand, bucket, upload, etags)) == (400, "EntityTooSmall")
    assert stand.holds(bucket) == ([], ["key"])
    empty = stand.begin_upload(bucket)
    etags = [(number, stand.put_part(bucket, empty, number, b"")) for number in (1, 2)]
    assert told(complete(stand, bucket, empty, etags)) == (400, "EntityTooSmall")


def test_j6_a_part_uploaded_again(stand: Stand, bucket: str) -> None:
    upload = stand.begin_upload(bucket)
    old = stand.put_part(bucket, upload, 1, b"old")
    new = stand.put_part(bucket, upload, 1, b"new")
    assert told(complete(stand, bucket, upload, [(1, old)])) == INVALID_PART
    assert complete(stand, bucket, upload, [(1, new)]).status == 200
    assert stand.get(bucket, "key") == b"new"


def at_once(*works: Callable[[], Answer]) -> list[Answer]:
    barrier = threading.Barrier(len(works))

    def one(work: Callable[[], Answer]) -> Answer:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(one, works))


@pytest.mark.parametrize("size", [10, 50_000])
def test_j8_abort_during_complete(stand: Stand, empty: str, size: int) -> None:
    for turn in range(8):
        key = f"key{turn}"
        upload = stand.begin_upload(empty, key)
        etag = stand.put_part(empty, upload, 1, bytes(size), key)
        completed, aborted = at_once(
            lambda: complete(stand, empty, upload, [(1, etag)], key=key),  # noqa: B023
            lambda: stand.ask("DELETE", f"/{empty}/{key}?uploadId={upload}"),  # noqa: B023
        )
        assert (told(completed), told(aborted)) in (((200, ""), NO_UPLOAD), (NO_UPLOAD, (204, "")))
        found = stand.ask("GET", f"/{empty}/{key}")
        assert (found.status, len(found.body)) == (200, size) if completed.status == 200 else found.status == 404
        stand.ask("DELETE", f"/{empty}/{key}")


@pytest.mark.parametrize("size", [10, 50_000])
def test_j8_parts_during_complete(stand: Stand, bucket: str, size: int) -> None:
    for turn in range(6):
        key = f"key{turn}"
        upload = stand.begin_upload(bucket, key)
        etag = stand.put_part(bucket, upload, 1, b"a" * size, key)
        target = f"/{bucket}/{key}?partNumber=1&uploadId={upload}"
        completed, *sent = at_once(
            lambda: complete(stand, bucket, upload, [(1, etag)], key=key),  # noqa: B023
            *[lambda letter=letter: stand.ask("PUT", target, body=letter * size) for letter in (b"b", b"c", b"d")],  # noqa: B023
        )
        assert {told(answer) for answer in sent} <= {(200, ""), NO_UPLOAD}
        assert told(completed) in ((200, ""), INVALID_PART)
        if completed.status == 200:
            assert stand.get(bucket, key) == b"a" * size


def test_one_part_from_many_hands(stand: Stand, bucket: str) -> None:
    """The same number of the same upload: one of the bodies, whole."""
    upload = stand.begin_upload(bucket)
    target = f"/{bucket}/key?partNumber=1&uploadId={upload}"
    bodies = [bytes([65 + number]) * 60_000 for number in range(8)]
    answers = at_once(*[lambda body=body: stand.ask("PUT", target, body=body) for body in bodies])
    assert {answer.status for answer in answers} == {200}
    listed = stand.ask("GET", f"/{bucket}/key?uploadId={upload}")
    assert len(listed.texts("Part")) == 1
    etag = listed.text("ETag").strip('"')
    assert complete(stand, bucket, upload, [(1, etag)]).status == 200
    assert hashlib.md5(stand.get(bucket, "key")).hexdigest() == etag


def test_trap_20_many_completes(stand: Stand, versioned: str) -> None:
    upload = stand.begin_upload(versioned)
    etag = stand.put_part(versioned, upload, 1, b"x")
    answers = at_once(*[lambda: complete(stand, versioned, upload, [(1, etag)])] * 8)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.text("ETag") for answer in answers}) == 1
    assert stand.holds(versioned)[0] == ["key"]


@pytest.mark.parametrize("path", ["/key", "/key?partNumber=1&uploadId={}"])
def test_j9_too_large(stand: Stand, empty: str, path: str) -> None:
    upload = stand.begin_upload(empty)
    raw = stand.spell("PUT", f"/{empty}{path.format(upload)}", payload=UNSIGNED, length=str((5 << 30) + 1))
    assert told(stand.send(raw, "PUT")) == (400, "EntityTooLarge")
    decoded = [("x-amz-decoded-content-length", str((5 << 30) + 1)), ("Transfer-Encoding", "chunked")]
    raw = stand.spell("PUT", f"/{empty}{path.format(upload)}", decoded, payload="STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    assert told(stand.send(raw, "PUT")) == (400, "EntityTooLarge")
    stand.ask("DELETE", f"/{empty}/key?uploadId={upload}")


def test_j10_many_uploads(stand: Stand, bucket: str) -> None:
    uploads = [stand.begin_upload(bucket, f"k{number % 7}") for number in range(150)]
    for number, upload in enumerate(uploads[:30]):
        stand.put_part(bucket, upload, 1, bytes(20_000), f"k{number % 7}")
    found: list[str] = []
    markers = ""
    for _ in range(200):
        page = stand.ask("GET", f"/{bucket}?uploads&max-uploads=11{markers}")
        found += page.texts("UploadId")
        if page.text("IsTruncated") == "false":
            break
        markers = f"&key-marker={page.text('NextKeyMarker')}&upload-id-marker={page.text('NextUploadIdMarker')}"
    assert sorted(found) == sorted(uploads)
    assert stand.ask("DELETE", f"/{bucket}").status == 204
    assert eventually(lambda: stand.ask("GET", f"/{bucket}?uploads").status == 404)


# --- J12, J13: what Complete claims ---

CRC = base64.b64encode(zlib.crc32(b"content").to_bytes(4, "big")).decode()
CLAIMS: dict[str, tuple[list[Header], str, tuple[int, str]]] = {
    "another-algorithm": (
        [("x-amz-checksum-sha256", base64.b64encode(bytes(32)).decode())],
        "",
        (400, "InvalidRequest"),
    ),
    "another-type": ([("x-amz-checksum-type", "FULL_OBJECT")], "", (400, "InvalidRequest")),
    "no-type": ([("x-amz-checksum-type", "x")], "", (400, "InvalidRequest")),
    "wrong-composite": ([("x-amz-checksum-crc32", "AAAAAA==-1")], "", (400, "BadDigest")),
    "no-digest": ([("x-amz-checksum-crc32", "x")], "", (400, "InvalidRequest")),
    "odd-count": ([("x-amz-checksum-crc32", f"{CRC}-x")], "", (400, "InvalidRequest")),
    "two": ([("x-amz-checksum-crc32", CRC), ("x-amz-checksum-crc32c", CRC)], "", (400, "InvalidRequest")),
    "no-part-checksum": ([], "none", (400, "InvalidRequest")),
    "wrong-part-checksum": ([], "<ChecksumCRC32>AAAAAA==</ChecksumCRC32>", INVALID_PART),
    "size-too-small": ([("x-amz-mp-object-size", "6")], "", (400, "InvalidRequest")),
    "size-too-large": ([("x-amz-mp-object-size", "8")], "", (400, "InvalidRequest")),
    "no-size": ([("x-amz-mp-object-size", "x")], "", INVALID),
    "minus-size": ([("x-amz-mp-object-size", "-1")], "", INVALID),
    "long-size": ([("x-amz-mp-object-size", "9" * 400)], "", INVALID),
}


@pytest.mark.parametrize(("headers", "inside", "wanted"), CLAIMS.values(), ids=CLAIMS.keys())
def test_j12_j13_claims(stand: Stand, bucket: str, headers: list[Header], inside: str, wanted: tuple[int, str]) -> None:
    upload = stand.begin_upload(bucket, headers=[("x-amz-checksum-algorithm", "CRC32")])
    etag = stand.put_part(bucket, upload, 1, b"content")
    right = f"<ChecksumCRC32>{CRC}</ChecksumCRC32>"
    answer = complete(stand, bucket, upload, [(1, etag)], headers, inside={"": right, "none": ""}.get(inside, inside))
    assert told(answer) == wanted
    assert stand.holds(bucket) == ([], ["key"])
    assert complete(stand, bucket, upload, [(1, etag)], inside=right).status == 200


def test_j12_a_wrong_full_object_checksum(stand: Stand, bucket: str) -> None:
    asked = [("x-amz-checksum-algorithm", "CRC32"), ("x-amz-checksum-type", "FULL_OBJECT")]
    upload = stand.begin_upload(bucket, headers=asked)
    etag = stand.put_part(bucket, upload, 1, b"content")
    assert told(complete(stand, bucket, upload, [(1, etag)], [("x-amz-checksum-crc32", "AAAAAA==")])) == (
        400,
        "BadDigest",
    )
    assert complete(stand, bucket, upload, [(1, etag)], [("x-amz-checksum-crc32", CRC)]).status == 200


TYPES = [
    ("CRC64NVME", "COMPOSITE"),
    ("SHA1", "FULL_OBJECT"),
    ("SHA256", "FULL_OBJECT"),
    ("CRC128", ""),
    ("", "FULL_OBJECT"),
    ("CRC32", "x"),
    ("é", ""),
    ("x" * 5000, ""),
]


@pytest.mark.parametrize(("algorithm", "type_"), TYPES, ids=lambda text: ascii(text)[:12])
def test_trap_10_pairs_that_are_none(stand: Stand, empty: str, algorithm: str, type_: str) -> None:
    headers = [("x-amz-checksum-algorithm", algorithm)] if algorithm else []
    headers += [("x-amz-checksum-type", type_)] if type_ else []
    assert told(stand.ask("POST", f"/{empty}/key?uploads", headers)) == (400, "InvalidRequest")


def test_ten_thousand_parts(stand: Stand, bucket: str) -> None:
    """As many names as there may be, each of a part that is not there; and the last number."""
    upload = stand.begin_upload(bucket)
    last = stand.put_part(bucket, upload, 10_000, b"last")
    assert told(complete(stand, bucket, upload, [(number, last) for number in range(1, 10_001)])) == INVALID_PART
    answer = complete(stand, bucket, upload, [(10_000, last)])
    assert (answer.status, answer.text("ETag")[-3:]) == (200, '-1"')
    assert stand.ask("GET", f"/{bucket}/key?partNumber=1").status in (206, 416)
    assert stand.get(bucket, "key") == b"last"


def test_failed_parts_leave_nothing(stand: Stand, empty: str) -> None:
    upload = stand.begin_upload(empty)
    for size in (10, 100_000):
        answer = stand.ask("PUT", f"/{empty}/key?partNumber=1&uploadId={upload}", body=bytes(size), payload="0" * 64)
        assert told(answer) == (400, "XAmzContentSHA256Mismatch")
    assert stand.ask("GET", f"/{empty}/key?uploadId={upload}").texts("Part") == []
    assert stand.ask("DELETE", f"/{empty}/key?uploadId={upload}").status == 204


def test_aborted_uploads_give_their_bytes_back(stand: Stand, empty: str) -> None:
    """The bucket's own check waits for the files to go."""
    upload = stand.begin_upload(empty)
    for number in (1, 2, 2):
        stand.put_part(empty, upload, number, bytes(100_000))
    assert stand.ask("DELETE", f"/{empty}/key?uploadId={upload}").status == 204
