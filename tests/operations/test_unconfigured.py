"""Operations that speak of configuration nobody set, each as an SDK asks for it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from tests.support.server import STRANGER, Server

from trug.operations.unconfigured import UNSET

ERRORS = {
    "GetBucketMetadataConfiguration": (404, "MetadataConfigurationNotFound"),
    "GetBucketMetadataTableConfiguration": (404, "MetadataConfigurationNotFound"),
    "GetBucketReplication": (404, "ReplicationConfigurationNotFoundError"),
    "DeleteBucketMetadataConfiguration": (404, "MetadataConfigurationNotFound"),
    "DeleteBucketMetadataTableConfiguration": (404, "MetadataConfigurationNotFound"),
}
DOCUMENTS: dict[str, dict[str, Any]] = {
    "GetBucketAbac": {"AbacStatus": {"Status": "Disabled"}},
    "GetBucketNotificationConfiguration": {},
}
REMOVED = {"DeleteBucketReplication"}
KEY = "a <key> & {braces}"


def ask(client: Any, name: str, bucket: str, key: str = KEY) -> dict[str, Any]:
    """Call an operation with no more than its model demands, and answer without metadata of the response."""
    values = {"Bucket": bucket, "Key": key, "Id": "1"}
    needed = client.meta.service_model.operation_model(name).input_shape.required_members
    answer: dict[str, Any] = getattr(client, xform_name(name))(**{each: values[each] for each in needed})
    del answer["ResponseMetadata"]
    return answer


@pytest.fixture(scope="module")
def filled(server: Server, s3: Any) -> str:
    """A bucket with one object."""
    bucket = server.make_bucket()
    s3.put_object(Bucket=bucket, Key=KEY)
    return bucket


@pytest.fixture(scope="module")
def stranger(server: Server) -> Any:
    return server.client(STRANGER)


def test_every_row_is_tested() -> None:
    assert {unset.name for unset in UNSET} == {*ERRORS, *DOCUMENTS, *REMOVED}


@pytest.mark.parametrize("name", ERRORS)
def test_not_configured(s3: Any, filled: str, name: str) -> None:
    with pytest.raises(ClientError) as caught:
        ask(s3, name, filled)
    response = caught.value.response
    assert (response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]) == ERRORS[name]
    assert response["Error"]["BucketName"] == filled


@pytest.mark.parametrize("name", DOCUMENTS)
def test_defaults(s3: Any, filled: str, name: str) -> None:
    assert ask(s3, name, filled) == DOCUMENTS[name]


@pytest.mark.parametrize("name", sorted(REMOVED))
def test_nothing_to_remove(s3: Any, filled: str, name: str) -> None:
    assert ask(s3, name, filled) == {}


@pytest.mark.parametrize("unset", UNSET, ids=lambda each: each.name)
def test_who_may(s3: Any, stranger: Any, filled: str, unset: Any) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        ask(stranger, unset.name, filled)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        ask(s3, unset.name, "no-such-bucket")
