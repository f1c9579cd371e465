"""A small S3 client over raw sockets: signed by botocore, one connection, no retries."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from typing import NamedTuple, Self
from urllib.parse import quote, urlencode, urlsplit
from xml.etree import ElementTree as ET

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

DEV = Credentials("minioadmin", "minioadmin")
REGION = "us-east-1"
SECONDS = 30


class Answer(NamedTuple):
    """A whole answer; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def root(self) -> ET.Element:
        """The document of the body, without namespaces."""
        document = ET.fromstring(self.body)
        for element in document.iter():
            element.tag = element.tag.rpartition("}")[2]
        return document

    @property
    def code(self) -> str:
        """The ``<Code>`` of an error, empty when there is none."""
        return (self.root.findtext("Code") or "") if self.body else ""

    @property
    def etag(self) -> str:
        return self.headers["etag"]


class Lost(Exception):
    """The connection ended before the answer was whole: what was asked may be done or not."""


def target_of(bucket: str, key: str = "", query: Mapping[str, object] | None = None) -> str:
    """The raw path and query."""
    path = f"/{bucket}/{quote(key)}" if key else f"/{bucket}"
    return f"{path}?{urlencode(query)}" if query else path


class Client:
    """Asks one server, over a connection that is made again after it was lost. ``console`` is where its management port
    is, if anywhere."""

    def __init__(self, url: str, credentials: Credentials = DEV, *, console: str = "") -> None:
        self.url = url
        self.console = console
        self._credentials = credentials
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=SECONDS)

    def ask(self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """One request. Lost when no whole answer came."""
        return self.send(method, target, self.signed(method, target, body, headers), body)

    def signed(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """The headers of a request."""
        request = AWSRequest(method, self.url + target, headers=dict(headers or {}), data=body)
        S3SigV4Auth(self._credentials, "s3", REGION).add_auth(request)
        return dict(request.headers.items())

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """One request that is signed already."""
        try:
            self._connection.request(method, target, body, {"Content-Length": str(len(body)), **headers})
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Lost(str(error)) from error
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What tests ask most

    def make_bucket(self, name: str, *, is_versioned: bool = False) -> None:
        """AssertionError unless the bucket was made."""
        made = self.ask("PUT", f"/{name}")
        assert made.is_success, made
        if is_versioned:
            document = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
            assert self.ask("PUT", f"/{name}?versioning", document).is_success

    def put(self, bucket: str, key: str, content: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        return self.ask("PUT", target_of(bucket, key), content, headers)

    def get(self, bucket: str, key: str, query: Mapping[str, object] | None = None) -> Answer:
        return self.ask("GET", target_of(bucket, key, query))

    def delete(self, bucket: str, key: str, query: Mapping[str, object] | None = None) -> Answer:
        return self.ask("DELETE", target_of(bucket, key, query))

    def copy(self, bucket: str, key: str, source: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.ask("PUT", target_of(bucket, key), headers={"x-amz-copy-source": source, **(headers or {})})

    def begin_upload(self, bucket: str, key: str) -> str:
        """The upload's id. AssertionError when it is refused."""
        answer = self.ask("POST", target_of(bucket, key, {"uploads": ""}))
        assert answer.is_success, answer
        return answer.root.findtext("UploadId") or ""

    def put_part(self, bucket: str, key: str, upload: str, number: int, content: bytes) -> Answer:
        return self.ask("PUT", target_of(bucket, key, {"partNumber": number, "uploadId": upload}), content)

    def complete_upload(self, bucket: str, key: str, upload: str, etags: Mapping[int, str]) -> Answer:
        return self.ask("POST", target_of(bucket, key, {"uploadId": upload}), completion(etags))


def completion(etags: Mapping[int, str]) -> bytes:
    """CompleteMultipartUpload's document for parts by number."""
    parts = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>" for number, etag in sorted(etags.items())
    )
    return f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
