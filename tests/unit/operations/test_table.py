"""From a request to its row: what wins, and what is refused how."""

from __future__ import annotations

import itertools

import pytest
from tests.support.requests import wire_request

from trug.access import actions
from trug.domain.errors import S3Error
from trug.operations.call import Call
from trug.operations.declined import Anything
from trug.operations.operation import Operation
from trug.operations.table import OperationTable
from trug.wire.reply import Reply

COPY = {"x-amz-copy-source": "b/k"}

ROUTES = {
    "ListBuckets": "GET /",
    "CreateBucket": "PUT /{Bucket}",
    "DeleteObjects": "POST /{Bucket}?delete",
    "GetBucketTagging": "GET /{Bucket}?tagging",
    "PutBucketTagging": "PUT /{Bucket}?tagging",
    "ListBucketMetricsConfigurations": "GET /{Bucket}?metrics",
    "GetBucketMetricsConfiguration": "GET /{Bucket}?metrics&id",
    "PutBucketMetricsConfiguration": "PUT /{Bucket}?metrics&id",
    "ListMultipartUploads": "GET /{Bucket}?uploads",
    "ListObjectVersions": "GET /{Bucket}?versions",
    "ListObjects": "GET /{Bucket}",
    "ListObjectsV2": "GET /{Bucket}?list-type=2",
    "GetObject": "GET /{Bucket}/{Key+}",
    "HeadObject": "HEAD /{Bucket}/{Key+}",
    "PutObject": "PUT /{Bucket}/{Key+}",
    "CopyObject": "PUT /{Bucket}/{Key+} {x-amz-copy-source}",
    "UploadPart": "PUT /{Bucket}/{Key+}?partNumber&uploadId",
    "UploadPartCopy": "PUT /{Bucket}/{Key+}?partNumber&uploadId {x-amz-copy-source}",
    "ListParts": "GET /{Bucket}/{Key+}?uploadId",
    "CreateMultipartUpload": "POST /{Bucket}/{Key+}?uploads",
    "SelectObjectContent": "POST /{Bucket}/{Key+}?select&select-type=2",
    "GetObjectTagging": "GET /{Bucket}/{Key+}?tagging",
    "PutObjectTagging": "PUT /{Bucket}/{Key+}?tagging",
    "GetObjectRetention": "GET /{Bucket}/{Key+}?retention",
}


async def nothing(call: Call, request: Anything) -> Reply:
    return Reply()


def row(name: str, route: str) -> Operation[Anything]:
    return Operation(name, route, actions.GET_OBJECT, Anything, nothing)


TABLE = OperationTable(row(name, route) for name, route in ROUTES.items())


def resolve(method: str, url: str, headers: dict[str, str], table: OperationTable = TABLE) -> str:
    wire = wire_request(method, url, headers)
    return table.resolve(wire.method, wire.target, wire.parameters, wire.headers).name


FITS = [
    ("GET", "/", {}, "ListBuckets"),
    ("GET", "/?prefix=a&x-id=ListBuckets", {}, "ListBuckets"),
    ("PUT", "/b", {}, "CreateBucket"),
    ("PUT", "/b", COPY, "CreateBucket"),
    ("GET", "/b?prefix=a&delimiter=/&versionId=1", {}, "ListObjects"),
    ("GET", "/b?list-type=2&prefix=a", {}, "ListObjectsV2"),
    ("GET", "/b?list-type=1", {}, "ListObjects"),  # which refuses it in AWS's words
    ("GET", "/b?versions&prefix=", {}, "ListObjectVersions"),
    ("GET", "/b?tagging", {}, "GetBucketTagging"),
    ("GET", "/b?tagging=", {}, "GetBucketTagging"),
    ("GET", "/b?tagging=yes", {}, "GetBucketTagging"),
    ("PUT", "/b?tagging", {}, "PutBucketTagging"),
    ("GET", "/b?metrics", {}, "ListBucketMetricsConfigurations"),
    ("GET", "/b?metrics&id=1", {}, "GetBucketMetricsConfiguration"),
    ("GET", "/b?id=1", {}, "ListObjects"),  # says more of another thing, and is none itself
    ("GET", "/b?tagging&id=1", {}, "GetBucketTagging"),
    ("GET", "/b/k", {}, "GetObject"),
    ("GET", "/b/k?versionId=1&response-expires=0&x-id=GetObject", {}, "GetObject"),
    ("GET", "/b/k?partNumber=1", {}, "GetObject"),
    ("HEAD", "/b/k?partNumber=1", {}, "HeadObject"),
    ("GET", "/b/k", COPY, "GetObject"),
    ("PUT", "/b/k", {}, "PutObject"),
    ("PUT", "/b/k", COPY, "CopyObject"),
    ("PUT", "/b/k?partNumber=1&uploadId=u", {}, "UploadPart"),
    ("PUT", "/b/k?uploadId=u&x-id=UploadPart&partNumber=1", {}, "UploadPart"),
    ("PUT", "/b/k?partNumber=1&uploadId=u", COPY, "UploadPartCopy"),
    ("PUT", "/b/k?tagging", COPY, "PutObjectTagging"),
    ("GET", "/b/k?uploadId=u", {}, "ListParts"),
    ("POST", "/b/k?uploads", {}, "CreateMultipartUpload"),
    ("POST", "/b/k?select&select-type=2", {}, "SelectObjectContent"),
    ("GET", "/b/k?Tagging", {}, "GetObject"),  # names are case-sensitive
    ("GET", "/b//?tagging", {}, "GetObjectTagging"),  # the key "/"
]


@pytest.mark.parametrize(("method", "url", "headers", "name"), FITS)
def test_the_most_specific_row_wins(method: str, url: str, headers: dict[str, str], name: str) -> None:
    assert resolve(method, url, headers) == name


def test_order_never_matters() -> None:
    backwards = OperationTable(row(name, ROUTES[name]) for name in reversed(ROUTES))
    for method, url, headers, name in FITS:
        assert resolve(method, url, headers, backwards) == name


@pytest.mark.parametrize(
    ("method", "url", "code"),
    [
        # A sub-resource of something else.
        ("GET", "/b/k?versions", "InvalidRequest"),
        ("GET", "/b/k?uploads", "InvalidRequest"),
        ("GET", "/b/k?delete", "InvalidRequest"),
        ("GET", "/b?retention", "InvalidRequest"),
        ("PUT", "/b?uploadId=u&partNumber=1", "InvalidRequest"),
        ("GET", "/?tagging", "InvalidRequest"),
        # Several at once.
        ("GET", "/b?tagging&versions", "InvalidArgument"),
        ("GET", "/b?list-type=2&versions", "InvalidArgument"),
        ("PUT", "/b/k?tagging&partNumber=1&uploadId=u", "InvalidArgument"),
        # Half of what it takes.
        ("PUT", "/b/k?partNumber=1", "InvalidArgument"),
        ("PUT", "/b/k?uploadId=u", "InvalidArgument"),
        ("PUT", "/b?metrics", "InvalidArgument"),
        ("POST", "/b/k?select", "InvalidArgument"),
        ("POST", "/b/k?select&select-type=1", "InvalidArgument"),
        # No such method for it.
        ("GET", "/b?delete", "MethodNotAllowed"),
        ("PUT", "/b/k?uploads", "MethodNotAllowed"),
        ("HEAD", "/b/k?tagging", "MethodNotAllowed"),
        ("DELETE", "/b/k?tagging", "MethodNotAllowed"),
        ("DELETE", "/b", "MethodNotAllowed"),
        ("POST", "/", "MethodNotAllowed"),
        ("PATCH", "/b/k", "MethodNotAllowed"),
        ("GET2", "/b/k?tagging", "MethodNotAllowed"),
        # Preflights.
    ],
)
def test_what_fits_no_row_never_falls_through(method: str, url: str, code: str) -> None:
    with pytest.raises(S3Error) as caught:
        resolve(method, url, {})
    assert caught.value.code.name == code


def test_a_subresource_falls_through_to_no_other_row() -> None:
    """Each method on each thing with each sub-resource: the row that has it, or a refusal."""
    subresources = {name for route in ROUTES.values() for name in route.partition("?")[2].partition(" ")[0].split("&")}
    subresources = {name.partition("=")[0] for name in subresources} - {"", "id", "select-type"}
    inputs = {("GetObject", "partNumber"), ("HeadObject", "partNumber"), ("ListObjects", "list-type")}
    for method, path, name in itertools.product(
        ("GET", "HEAD", "PUT", "POST", "DELETE"), ("/", "/b", "/b/k"), subresources
    ):
        try:
            found = resolve(method, f"{path}?{name}=1", {})
        except S3Error:
            continue
        assert f"?{name}" in ROUTES[found] or (found, name) in inputs


@pytest.mark.parametrize(
    ("method", "url", "resource", "allow"),
    [
        ("DELETE", "/b", "BUCKET", "GET, PUT"),
        ("DELETE", "/b/k?tagging", "TAGGING", "GET, PUT"),
        ("POST", "/", "SERVICE", "GET"),
    ],
)
def test_a_refused_method(method: str, url: str, resource: str, allow: str) -> None:
    with pytest.raises(S3Error) as caught:
        resolve(method, url, {})
    assert caught.value.fields == {"Method": method, "ResourceType": resource}
    assert caught.value.headers == {"allow": allow}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GET /{Bucket}", "GET /{Bucket}"),
        ("PUT /{Bucket}/{Key+}?a&b", "PUT /{Bucket}/{Key+}?b&a"),
        ("PUT /{Bucket} {x-amz-a}", "PUT /{Bucket} {x-amz-a}"),
    ],
)
def test_equal_routes_are_refused(one: str, other: str) -> None:
    with pytest.raises(ValueError, match="same route"):
        OperationTable([row("One", one), row("Other", other)])
