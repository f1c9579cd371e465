"""A thin typed client of the services on the management port, over the standard library and msgspec."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import ssl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from io import BytesIO
from typing import Any, BinaryIO, Literal, NamedTuple, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

T = TypeVar("T")

PIECE = 256 << 10
SECONDS = 60.0
API = "/api/v1"


class Upload(NamedTuple):
    """A file to be uploaded, from where it stands to its end, under the name it has."""

    name: str
    content: BinaryIO | bytes


class File(msgspec.Struct):
    """A file of a list; ``last_modified`` in RFC 3339."""

    key: str
    url: str
    size_bytes: int
    size_formatted: str
    extension: str
    storage_class: str
    last_modified: str


class FileDescribed(File):
    """A file with the name that it was uploaded under."""

    filename: str
    content_type: str


class FilePage(msgspec.Struct):
    """A page of a list; ``next_token`` is None on the last one."""

    files: list[File]
    next_token: str | None = None


class Bucket(msgspec.Struct):
    """A bucket of a list."""

    name: str
    creation_date: str


class BucketStats(msgspec.Struct):
    """What a bucket's current files are."""

    bucket_name: str
    total_files: int
    total_size_bytes: int
    total_size_formatted: str


class Emptying(msgspec.Struct):
    """How far a bucket has been emptied."""

    bucket_name: str
    status: Literal["running", "finished"]
    started: str
    removed_versions: int
    removed_uploads: int
    locked: int
    refused: int
    left: list[str]


class Mistake(msgspec.Struct):
    """One thing that was wrong with what was sent."""

    field: str
    error: str


class Refusal(msgspec.Struct):
    error: str
    mistakes: list[Mistake] = []


class Refused(Exception):
    """The server refused: HTTP status, text, and the mistakes that make it up."""

    def __init__(self, status: int, text: str, mistakes: Sequence[Mistake] = ()) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text
        self.mistakes = tuple(mistakes)


class Client:
    """The services of one server, as one caller: by an access key (over TLS, or on the same machine), or by ``token``.

    ``url`` is that of the management port; ``ca_file`` has the certificates to trust in place of the system's. An
    answer may take ``seconds``. Every method raises Refused, and OSError where the server cannot be reached.
    """

    def __init__(
        self,
        url: str,
        *,
        access_key: str = "",
        secret_key: str = "",
        token: str = "",
        ca_file: str = "",
        seconds: float = SECONDS,
    ) -> None:
        self._parts = urlsplit(url)
        self._seconds = seconds
        self._tls = ssl.create_default_context(cafile=ca_file or None) if self._parts.scheme == "https" else None
        pair = base64.b64encode(f"{access_key}:{secret_key}".encode()).decode()
        self._authorization = f"Bearer {token}" if token else f"Basic {pair}" if access_key else ""

    # --- files ---

    def upload(self, bucket: str, file: Upload) -> str:
        """Store a file; its URL."""
        answer: dict[str, str] = self._send("/upload", bucket, "file", [file], dict[str, str])
        return answer["url"]

    def upload_all(self, bucket: str, files: Sequence[Upload]) -> list[str]:
        """Store several files, all of them or none; their URLs in the same order."""
        answer: dict[str, list[str]] = self._send("/upload-multiple", bucket, "files", files, dict[str, list[str]])
        return answer["urls"]

    def page(
        self, bucket: str, *, prefix: str = "", extension: str = "", limit: int = 1000, token: str = ""
    ) -> FilePage:
        """A page of files."""
        asked = {"bucket": bucket, "prefix": prefix, "extension": extension, "limit": str(limit), "token": token}
        return self._ask("GET", "/list", asked, FilePage)

    def files(self, bucket: str, *, prefix: str = "", extension: str = "") -> Iterator[File]:
        """All files, page by page."""
        token: str | None = ""
        while token is not None:
            page = self.page(bucket, prefix=prefix, extension=extension, token=token)
            yield from page.files
            token = page.next_token

    def describe(self, bucket: str, key: str) -> FileDescribed:
        """All there is to tell of a file."""
        return self._ask("GET", "/file", {"bucket": bucket, "key": key}, FileDescribed)

    def download(self, bucket: str, key: str, target: BinaryIO) -> None:
        """Write a file's bytes to ``target``."""
        with self._answered("GET", "/download", {"bucket": bucket, "key": key}) as response:
            shutil.copyfileobj(response, target, PIECE)

    def presign(self, bucket: str, key: str, *, expires: int = 900) -> str:
        """A URL that needs no credentials for ``expires`` seconds."""
        asked = {"bucket": bucket, "key": key, "expires": str(expires)}
        answer = self._ask("GET", "/presign", asked, dict[str, str])
        return answer["presigned_url"]

    def delete(self, bucket: str, key: str) -> None:
        """Delete a file; one that is not there counts as deleted."""
        self._do("DELETE", "/delete", {"bucket": bucket, "key": key})

    # --- buckets ---

    def buckets(self) -> list[Bucket]:
        """The caller's."""
        return self._ask("GET", "/buckets/list", {}, list[Bucket])

    def create_bucket(self, name: str) -> None:
        """Make a bucket."""
        self._do("POST", "/buckets/create", {}, {"bucket_name": name})

    def stats(self, bucket: str) -> BucketStats:
        """What the bucket's current files are."""
        return self._ask("GET", "/buckets/stats", {"bucket": bucket}, BucketStats)

    def delete_bucket(self, name: str) -> None:
        """Remove an empty bucket."""
        self._do("DELETE", "/buckets/delete", {"name": name})

    def empty_bucket(self, bucket: str) -> Emptying | None:
        """Remove all that is in a bucket; how far that is, where it goes on, and None where it is done."""
        with self._answered("DELETE", "/buckets/empty", {"bucket": bucket}) as response:
            body = response.read()
        return msgspec.json.decode(body, type=Emptying) if body else None

    def emptying(self, bucket: str) -> Emptying:
        """How far the bucket has been emptied."""
        return self._ask("GET", "/buckets/empty", {"bucket": bucket}, Emptying)

    def upload_types(self, bucket: str, types: Sequence[str] | None = None) -> list[str]:
        """The types that may be uploaded into a bucket; ``types`` from now on, where given."""
        if types is None:
            answer = self._ask("GET", "/buckets/upload-types", {"bucket": bucket}, dict[str, Any])
        else:
            document = {"bucket_name": bucket, "types": list(types)}
            answer = self._ask("PUT", "/buckets/upload-types", {}, dict[str, Any], document)
        return msgspec.convert(answer["types"], list[str])

    def health(self) -> str:
        """``healthy``."""
        return self._ask("GET", "/health", {}, dict[str, str])["status"]

    # --- HTTP ---

    def _ask(self, method: str, path: str, query: dict[str, str], answer: type[T], document: object = None) -> T:
        with self._answered(method, path, query, document) as response:
            return msgspec.json.decode(response.read(), type=answer)

    def _do(self, method: str, path: str, query: dict[str, str], document: object = None) -> None:
        with self._answered(method, path, query, document) as response:
            response.read()

    def _send(self, path: str, bucket: str, field: str, files: Sequence[Upload], answer: type[T]) -> T:
        form = Form(bucket, field, files)
        headers = {"content-type": form.content_type, "content-length": str(form.length)}
        with self._exchange("POST", API + path, form.pieces(), headers) as response:
            return msgspec.json.decode(response.read(), type=answer)

    @contextmanager
    def _answered(
        self, method: str, path: str, query: dict[str, str], document: object = None
    ) -> Iterator[HTTPResponse]:
        target = API + path + ("?" + urlencode(query, quote_via=quote) if query else "")
        body = b"" if document is None else msgspec.json.encode(document)
        headers = {"content-length": str(len(body))} | ({"content-type": "application/json"} if body else {})
        with self._exchange(method, target, [body] if body else [], headers) as response:
            yield response

    @contextmanager
    def _exchange(
        self, method: str, target: str, body: Iterable[bytes], headers: dict[str, str]
    ) -> Iterator[HTTPResponse]:
        """One request on a connection of its own. An answer that comes before all of the body was sent is read too."""
        connection = self._connection()
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in self._headers(headers).items():
                connection.putheader(name, value)
            connection.endheaders()
            try:
                for piece in body:
                    connection.send(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused by now, and the answer says why
            response = connection.getresponse()
            if response.status >= 300:
                raise refused(response.status, response.read())
            yield response
        finally:
            connection.close()

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        said = {"authorization": self._authorization} if self._authorization else {}
        return said | headers

    def _connection(self) -> HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._tls is not None:
            return HTTPSConnection(host, port, timeout=self._seconds, context=self._tls)
        return HTTPConnection(host, port, timeout=self._seconds)


IN_FORMS = {ord(character): f"%{ord(character):02X}" for character in '"\r\n'}
"""How names of files are written in forms (WHATWG, "multipart/form-data encoding algorithm")."""


class Form:
    """Files as a form, read only while it is sent."""

    def __init__(self, bucket: str, field: str, files: Sequence[Upload]) -> None:
        self._boundary = secrets.token_hex(16)
        head = f'--{self._boundary}\r\nContent-Disposition: form-data; name="bucket"\r\n\r\n{bucket}\r\n'
        self._parts: list[tuple[bytes, BinaryIO]] = []
        for file in files:
            name = file.name.translate(IN_FORMS)
            head += (
                f'--{self._boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n"
            )
            content = BytesIO(file.content) if isinstance(file.content, bytes) else file.content
            self._parts.append((head.encode(), content))
            head = "\r\n"
        self._end = f"{head}--{self._boundary}--\r\n".encode()
        self.content_type = f"multipart/form-data; boundary={self._boundary}"
        self.length = len(self._end) + sum(len(before) + size_of(content) for before, content in self._parts)

    def pieces(self) -> Iterator[bytes]:
        for before, content in self._parts:
            yield before
            while piece := content.read(PIECE):
                yield piece
        yield self._end


def size_of(content: BinaryIO) -> int:
    """How many bytes there are from where the file stands to its end."""
    here = content.tell()
    size = content.seek(0, os.SEEK_END) - here
    content.seek(here)
    return size


def refused(status: int, body: bytes) -> Refused:
    """What an answer of 300 and above says."""
    try:
        refusal = msgspec.json.decode(body, type=Refusal)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return Refused(status, "the answer is not one of trug's")
    return Refused(status, refusal.error, refusal.mistakes)
