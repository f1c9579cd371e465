"""PutBucketAccelerateConfiguration and GetBucketAccelerateConfiguration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.support.server import DOMAIN, REGION, ROOT, Server, serving


def test_the_state_is_kept(s3: Any, bucket: str) -> None:
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=bucket)
    for status in ("Enabled", "Suspended"):
        s3.put_bucket_accelerate_configuration(Bucket=bucket, AccelerateConfiguration={"Status": status})
        assert s3.get_bucket_accelerate_configuration(Bucket=bucket)["Status"] == status


def test_names_with_periods_are_refused(server: Server, s3: Any) -> None:
    name = f"with.period.{next(server.numbers)}"
    s3.create_bucket(Bucket=name)
    body = b"<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>"
    answer = server.ask("PUT", f"/{name}?accelerate", body=body)
    assert (answer.status, answer.code) == (400, "InvalidRequest")


def test_refuses_other_states(server: Server, bucket: str) -> None:
    body = b"<AccelerateConfiguration><Status>On</Status></AccelerateConfiguration>"
    assert server.ask("PUT", f"/{bucket}?accelerate", body=body).code == "MalformedXML"


# --- the endpoint that it enables -----------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["s3.amazonaws.com", "amazonaws.com"])
def aws(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that is told to be AWS's, which clients reach through themselves as their proxy."""
    with serving(domains=(request.param,)) as server:
        yield server


def client_of(server: Server, **settings: Any) -> Any:
    access_key, secret = ROOT
    config = Config(proxies={"http": server.endpoint}, retries={"total_max_attempts": 1}, s3=settings)
    return boto3.client(
        "s3", REGION, aws_access_key_id=access_key, aws_secret_access_key=secret, use_ssl=False, config=config
    )


def set_status(server: Server, bucket: str, status: str) -> None:
    configuration = {"Status": status}
    server.client().put_bucket_accelerate_configuration(Bucket=bucket, AccelerateConfiguration=configuration)


def refusal(ask: Any, **parameters: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        ask(**parameters)
    error = caught.value.response["Error"]
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error["Message"]


@pytest.mark.parametrize("is_dualstack", [False, True])
def test_objects_come_and_go_by_the_endpoint(aws: Server, is_dualstack: bool) -> None:
    bucket = aws.make_bucket()
    set_status(aws, bucket, "Enabled")
    fast = client_of(aws, use_accelerate_endpoint=True, use_dualstack_endpoint=is_dualstack)
    host = f"{bucket}.s3-accelerate.{'dualstack.' if is_dualstack else ''}amazonaws.com"
    asked: list[str] = []
    fast.meta.events.register("before-send.s3", lambda request, **_: asked.append(request.url))
    fast.put_object(Bucket=bucket, Key="a key/+", Body=b"content")
    assert fast.get_object(Bucket=bucket, Key="a key/+")["Body"].read() == b"content"
    assert [each["Key"] for each in fast.list_objects_v2(Bucket=bucket)["Contents"]] == ["a key/+"]
    assert all(url.startswith(f"http://{host}/") for url in asked)
    fast.delete_object(Bucket=bucket, Key="a key/+")
    assert "Contents" not in aws.client().list_objects_v2(Bucket=bucket)


def test_the_endpoint_is_there_while_it_is_enabled(aws: Server) -> None:
    bucket = aws.make_bucket()
    aws.client().put_object(Bucket=bucket, Key="key", Body=b"content")
    fast = client_of(aws, use_accelerate_endpoint=True)
    unknown = "S3 Transfer Acceleration is not configured on this bucket"
    assert refusal(fast.get_object, Bucket=bucket, Key="key") == (400, "InvalidRequest", unknown)
    set_status(aws, bucket, "Enabled")
    assert fast.get_object(Bucket=bucket, Key="key")["Body"].read() == b"content"
    set_status(aws, bucket, "Suspended")
    disabled = "S3 Transfer Acceleration is disabled on this bucket"
    assert refusal(fast.get_object, Bucket=bucket, Key="key") == (400, "InvalidRequest", disabled)
    assert refusal(fast.put_object, Bucket=bucket, Key="key", Body=b"other") == (400, "InvalidRequest", disabled)
    assert aws.client().get_object(Bucket=bucket, Key="key")["Body"].read() == b"content"


def test_there_is_no_such_bucket_there_either(aws: Server) -> None:
    fast = client_of(aws, use_accelerate_endpoint=True)
    assert refusal(fast.get_object, Bucket="nobody-has-this", Key="key")[:2] == (404, "NoSuchBucket")


def test_presigned_for_the_endpoint(aws: Server) -> None:
    bucket = aws.make_bucket()
    set_status(aws, bucket, "Enabled")
    fast = client_of(aws, use_accelerate_endpoint=True)
    url = fast.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "key"})
    host, _, path = url.removeprefix("http://").partition("/")
    assert host == f"{bucket}.s3-accelerate.amazonaws.com"
    assert aws.send("PUT", f"/{path}", {"Host": host}, b"content").status == 200
    assert aws.client().get_object(Bucket=bucket, Key="key")["Body"].read() == b"content"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_buckets_are_not_made_and_not_removed_there(server: Server, bucket: str, method: str) -> None:
    set_status(server, bucket, "Enabled")
    name = bucket if method == "DELETE" else "made-by-acceleration"
    answer = server.ask(method, "/", {"Host": f"{name}.s3-accelerate.{DOMAIN}"})
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert server.ask("HEAD", f"/{name}").status == (200 if method == "DELETE" else 404)


def test_the_endpoint_takes_no_path_style(server: Server, bucket: str) -> None:
    set_status(server, bucket, "Enabled")
    for target in ("/", f"/{bucket}", f"/{bucket}/key"):
        answer = server.ask("GET", target, {"Host": f"s3-accelerate.{DOMAIN}"})
        assert (answer.status, answer.code) == (400, "InvalidRequest")
