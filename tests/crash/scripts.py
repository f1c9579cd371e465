"""The scripted operations: what is there before, and the one request that is struck."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

from tests.crash.contents import content
from tests.support.client import Answer, Client, target_of

KIB, MIB = 1 << 10, 1 << 20

EMPTY, INLINE, FILE, LARGE = 0, KIB, 100 * KIB, 3 * MIB
SIZES = {"empty": EMPTY, "inline": INLINE, "file": FILE, "large": LARGE}

PLAIN, VERSIONED = "plain", "versioned"
KEY, SOURCE = "a key/with ünicode", "source"
NAMED = {"Content-Type": "text/x-crash", "x-amz-meta-name": "value"}


@dataclass(frozen=True, slots=True)
class Script:
    """``prepare`` makes the state before; ``act`` sends one request, which succeeds where nothing strikes.

    Where ``is_at_start``, ``prepare``'s last traces are struck while the next server starts, and nothing is asked.
    Where ``is_divisible``, the request removes several things, of which some may be gone and some not. ``older`` is the
    format that the store has when that server starts, 0 for the newest. ``work`` is what the zygote does for it.
    Where it ``finds_files``, its blobs are written into files that were made ahead before it was sent; where it
    ``makes_files``, some are made beside it.
    """

    name: str
    prepare: Callable[[Client], None]
    act: Callable[[Client], Answer | None]
    is_at_start: bool = False
    is_divisible: bool = False
    older: int = 0
    work: str = "serve"
    finds_files: bool = False
    makes_files: bool = False


def nothing(client: Client) -> None:
    return None


def put(bucket: str, size: int, name: str = "new") -> Callable[[Client], Answer]:
    return lambda client: client.put(bucket, KEY, content(name, size), NAMED)


def having(*sizes: int, bucket: str = PLAIN, key: str = KEY) -> Callable[[Client], None]:
    """These versions of the key, the oldest first."""

    def prepare(client: Client) -> None:
        for number, size in enumerate(sizes):
            assert client.put(bucket, key, content(f"{key} {number}", size), NAMED).is_success

    return prepare


def version_ids(client: Client, bucket: str) -> list[str]:
    """Of all versions, the newest first."""
    document = client.ask("GET", target_of(bucket, query={"versions": ""})).root
    return [element.findtext("VersionId") or "" for element in document if element.find("VersionId") is not None]


def delete_version(place: int) -> Callable[[Client], Answer]:
    return lambda client: client.delete(VERSIONED, KEY, {"versionId": version_ids(client, VERSIONED)[place]})


def delete_three(client: Client) -> Answer:
    names = "".join(f"<Object><Key>{name}</Key></Object>" for name in ("one", "two", "missing"))
    document = f"<Delete>{names}</Delete>".encode()
    digest = {"Content-MD5": base64.b64encode(hashlib.md5(document).digest()).decode()}
    return client.ask("POST", target_of(PLAIN, query={"delete": ""}), document, digest)


def two_keys(client: Client) -> None:
    having(INLINE, key="one")(client)
    having(FILE, key="two")(client)


# Multipart


def begin(client: Client) -> Answer:
    return client.ask("POST", target_of(PLAIN, KEY, {"uploads": ""}), headers=NAMED)


def with_upload(*parts: int) -> Callable[[Client], None]:
    """An upload with parts of these sizes."""

    def prepare(client: Client) -> None:
        upload = client.begin_upload(PLAIN, KEY)
        for number, size in enumerate(parts, 1):
            assert client.put_part(PLAIN, KEY, upload, number, content(f"part {number}", size)).is_success

    return prepare


def open_upload(client: Client) -> str:
    document = client.ask("GET", target_of(PLAIN, query={"uploads": ""})).root
    return next(document.iter("UploadId")).text or ""


def part(number: int, size: int, name: str) -> Callable[[Client], Answer]:
    return lambda client: client.put_part(PLAIN, KEY, open_upload(client), number, content(name, size))


def copy_part(byte_range: str = "") -> Callable[[Client], Answer]:
    def act(client: Client) -> Answer:
        query = {"partNumber": 1, "uploadId": open_upload(client)}
        headers = {"x-amz-copy-source": f"{PLAIN}/{SOURCE}"}
        if byte_range:
            headers["x-amz-copy-source-range"] = byte_range
        return client.ask("PUT", target_of(PLAIN, KEY, query), headers=headers)

    return act


def complete(*numbers: int) -> Callable[[Client], Answer]:
    def act(client: Client) -> Answer:
        upload = open_upload(client)
        listed = client.get(PLAIN, KEY, {"uploadId": upload}).root.iter("Part")
        etags = {int(one.findtext("PartNumber") or 0): one.findtext("ETag") or "" for one in listed}
        return client.complete_upload(PLAIN, KEY, upload, {number: etags[number] for number in numbers})

    return act


def abort(client: Client) -> Answer:
    return client.delete(PLAIN, KEY, {"uploadId": open_upload(client)})


# Forms of the management port

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
BOUNDARY = "a-boundary"


def upload_multiple(*sizes: int, is_bucket_last: bool = False) -> Callable[[Client], Answer]:
    """Images of these sizes in one form; where the bucket comes last, they are put aside first."""
    files = [field(f'files"; filename="{size}.png', PNG + content(f"image {size}", size - len(PNG))) for size in sizes]
    bucket = field("bucket", PLAIN.encode())
    form = b"".join([*files, bucket] if is_bucket_last else [bucket, *files]) + f"--{BOUNDARY}--\r\n".encode()

    def act(client: Client) -> Answer:
        console = Client(client.console)
        headers = {
            "Authorization": "Basic " + base64.b64encode(b"minioadmin:minioadmin").decode(),
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        }
        try:
            return console.send("POST", "/api/v1/upload-multiple", headers, form)
        finally:
            console.close()

    return act


def field(name: str, value: bytes) -> bytes:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"


def both(*steps: Callable[[Client], object]) -> Callable[[Client], None]:
    def prepare(client: Client) -> None:
        for step in steps:
            step(client)

    return prepare


def scripts() -> Iterator[Script]:
    for name, size in SIZES.items():
        yield Script(f"put-new-{name}", nothing, put(PLAIN, size))
    for (old, before), (new, after) in product(list(SIZES.items())[1:3], repeat=2):
        yield Script(f"put-overwrite-{old}-by-{new}", having(before), put(PLAIN, after))
    for name, size in list(SIZES.items())[1:3]:
        of_versions = having(size, size, bucket=VERSIONED)
        yield Script(f"put-versioned-{name}", having(size, bucket=VERSIONED), put(VERSIONED, size))
        yield Script(f"delete-{name}", having(size), lambda client: client.delete(PLAIN, KEY))
        yield Script(f"delete-marker-{name}", of_versions, lambda client: client.delete(VERSIONED, KEY))
        yield Script(f"delete-version-newest-{name}", of_versions, delete_version(0))
        yield Script(f"delete-version-oldest-{name}", of_versions, delete_version(1))
        source = having(size, key=SOURCE)
        yield Script(f"copy-{name}", source, lambda client: client.copy(PLAIN, KEY, f"{PLAIN}/{SOURCE}"))
        yield Script(
            f"copy-overwrite-{name}",
            both(source, having(FILE)),
            lambda client: client.copy(PLAIN, KEY, f"{PLAIN}/{SOURCE}"),
        )
        yield Script(f"upload-part-{name}", with_upload(), part(1, size, "new"))
        yield Script(f"upload-part-again-{name}", with_upload(size), part(1, size, "new"))
        yield Script(f"upload-part-copy-{name}", both(source, with_upload()), copy_part())
        yield Script(f"upload-part-copy-range-{name}", both(source, with_upload()), copy_part("bytes=100-900"))
    yield Script("delete-objects", two_keys, delete_three, is_divisible=True)
    yield Script("create-upload", nothing, begin)
    yield Script("complete-12MiB", with_upload(5 * MIB, 5 * MIB, 2 * MIB), complete(1, 2, 3))
    yield Script("complete-overwrite", both(having(FILE), with_upload(5 * MIB, INLINE)), complete(1, 2))
    yield Script("complete-leaving-parts-out", with_upload(FILE, INLINE, FILE), complete(3))
    yield Script("abort", with_upload(FILE, INLINE, 5 * MIB), abort)
    for name, together in {
        "upload-multiple": upload_multiple(INLINE, FILE, LARGE),
        "upload-multiple-bucket-last": upload_multiple(FILE, INLINE, FILE + 1, is_bucket_last=True),
    }.items():
        yield Script(name, having(INLINE), together, work="serve-all")
    yield Script("create-bucket", nothing, lambda client: client.ask("PUT", "/another"))
    yield Script("delete-bucket", lambda client: client.make_bucket("another"), delete_bucket)
    yield Script("start-new", nothing, nothing, is_at_start=True)
    yield Script("start-migrating", both(two_keys, with_upload(FILE)), nothing, is_at_start=True, older=1)
    yield Script("start-sweeping-objects", both(two_keys, delete_three), nothing, is_at_start=True)
    yield Script("start-sweeping-upload", both(with_upload(FILE, INLINE), abort), nothing, is_at_start=True)
    yield Script("start-sweeping-body", swept_body, nothing, is_at_start=True)


AHEAD = (
    "put-new-file",
    "put-new-large",
    "put-overwrite-file-by-file",
    "put-versioned-file",
    "upload-part-file",
    "upload-part-again-file",
    "upload-multiple",
    "upload-multiple-bucket-last",
)
"""Scripts that are also played where files were made ahead."""
MAKING = ("put-new-file", "put-overwrite-file-by-file", "upload-part-file")
"""Scripts that are also played where files are made ahead meanwhile."""


def ahead(plain: dict[str, Script]) -> Iterator[Script]:
    for name in AHEAD:
        yield replace(plain[name], name=f"{name}-ahead", work=f"{plain[name].work}-ahead", finds_files=True)
    for name in MAKING:
        yield replace(plain[name], name=f"{name}-making", work=f"{plain[name].work}-ahead", makes_files=True)


def spoiled(client: Client) -> Answer:
    """An upload that is refused, once a blob has been begun for it."""
    return client.put(PLAIN, KEY, content("spoiled", FILE), {"Content-MD5": base64.b64encode(bytes(16)).decode()})


def delete_bucket(client: Client) -> Answer:
    return client.ask("DELETE", "/another")


def swept_body(client: Client) -> None:
    with_upload(5 * MIB, FILE, INLINE)(client)
    assert complete(1, 2)(client).is_success
    assert client.delete(PLAIN, KEY).is_success


SCRIPTS = {script.name: script for script in scripts()}
SCRIPTS |= {script.name: script for script in ahead(SCRIPTS)}
