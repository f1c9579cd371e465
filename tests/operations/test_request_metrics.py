"""What a metrics configuration comes to: its bucket's requests are counted, and shown to Prometheus."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import USER, WEBSITE_DOMAIN, Server, serving

from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.configurations import METRICS
from trug.ports.reads import Configurations, Read
from trug.ports.stores import Damaged

LINE = re.compile(r'trug_bucket_(\w+){bucket="([^"]*)",filter_id="([^"]*)"} (\S+)\Z')
A1 = {"Key": "a", "Value": "1"}


class Shown:
    """The request metrics of one bucket, as ``/-/metrics`` shows them now."""

    def __init__(self, server: Server, bucket: str) -> None:
        answer = server.send("GET", "/-/metrics", {})
        assert answer.status == 200
        found = [match for line in answer.body.decode().splitlines() if (match := LINE.match(line))]
        self.values = {(each[3], each[1]): float(each[4]) for each in found if each[2] == bucket}

    @property
    def ids(self) -> set[str]:
        return {name for name, _ in self.values}

    def __call__(self, name: str, metric: str) -> float:
        return self.values[name, metric]

    def requests(self, name: str) -> dict[str, int]:
        """By kind of request, and errors."""
        return {
            metric.removesuffix("_total").removesuffix("_requests"): int(value)
            for (each, metric), value in self.values.items()
            if each == name and (metric.endswith(("_requests_total", "_errors_total")) and value)
        }


@pytest.fixture
def shown(server: Server, bucket: str) -> Callable[[], Shown]:
    return lambda: Shown(server, bucket)


class Unreadable(MemoryMetadata):
    """A store whose metrics configurations are damaged."""

    async def fetch(self, read: Read[Any]) -> Any:
        if isinstance(read, Configurations) and read.kind == METRICS:
            raise Damaged("for a test")
        return await super().fetch(read)


def configure(s3: Any, bucket: str, name: str, **chosen: Any) -> None:
    configuration = {"Id": name} | ({"Filter": chosen} if chosen else {})
    s3.put_bucket_metrics_configuration(Bucket=bucket, Id=name, MetricsConfiguration=configuration)


def refused(ask: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as caught:
        ask()
    return str(caught.value.response["Error"]["Code"])


def test_nothing_is_counted_for_buckets_without(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    assert Shown(server, bucket).values == {}


def test_a_configuration_of_the_whole_bucket(s3: Any, bucket: str, shown: Callable[[], Shown]) -> None:
    configure(s3, bucket, "whole")
    assert shown().values == {}
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    s3.get_object(Bucket=bucket, Key="key")["Body"].read()
    s3.get_object(Bucket=bucket, Key="key", Range="bytes=0-1")["Body"].read()
    s3.head_object(Bucket=bucket, Key="key")
    s3.get_object_tagging(Bucket=bucket, Key="key")
    s3.list_objects_v2(Bucket=bucket)
    s3.list_object_versions(Bucket=bucket)
    s3.list_multipart_uploads(Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="key")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "one"}, {"Key": "two"}]})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]
    s3.list_parts(Bucket=bucket, Key="key", UploadId=upload)
    s3.abort_multipart_upload(Bucket=bucket, Key="key", UploadId=upload)
    found = shown().requests("whole")
    assert found == {"all": 13, "put": 1, "get": 3, "head": 1, "list": 3, "delete": 3, "post": 1}


def test_other_requests_to_the_bucket_are_not_meant(s3: Any, bucket: str, shown: Callable[[], Shown]) -> None:
    configure(s3, bucket, "whole")
    s3.head_bucket(Bucket=bucket)
    s3.get_bucket_location(Bucket=bucket)
    s3.list_bucket_metrics_configurations(Bucket=bucket)
    assert refused(lambda: s3.get_bucket_policy(Bucket=bucket)) == "NoSuchBucketPolicy"
    assert shown().values == {}


def test_bytes_and_times(server: Server, s3: Any, bucket: str, shown: Callable[[], Shown]) -> None:
    configure(s3, bucket, "whole")
    server.ask("PUT", f"/{bucket}/key", body=b"0123456789")
    server.ask("GET", f"/{bucket}/key", {"Range": "bytes=3-6"})
    server.ask("HEAD", f"/{bucket}/key")
    found = shown()
    assert found("whole", "uploaded_bytes_total") == 10
    assert found("whole", "downloaded_bytes_total") == 4
    for metric in ("first_byte_seconds", "request_seconds"):
        assert found("whole", f"{metric}_count") == 3
        assert found("whole", f"{metric}_sum") > 0


def test_errors(server: Server, s3: Any, bucket: str, shown: Callable[[], Shown]) -> None:
    configure(s3, bucket, "whole")
    configure(s3, bucket, "prefix", Prefix="a")
    assert refused(lambda: s3.get_object(Bucket=bucket, Key="gone")) == "NoSuchKey"
    assert server.send("GET", f"/{bucket}/a", {}).status == 403
    assert server.ask("GET", f"/{bucket}/a", keys=(USER[0], "wrong")).code == "SignatureDoesNotMatch"
    assert server.ask("POST", f"/{bucket}/a?select&select-type=2").status == 501
    found = shown()
    assert found.requests("whole") == {"all": 4, "get": 3, "4xx_errors": 3, "5xx_errors": 1}
    assert found.requests("prefix") == {"all": 3, "get": 2, "4xx_errors": 2, "5xx_errors": 1}


def test_a_filter_by_prefix_has_requests_on_single_objects(s3: Any, bucket: str, shown: Callable[[], Shown]) -> None:
    configure(s3, bucket, "docs", Prefix="docs/")
    for key in ("docs/a", "docs/b", "other"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"12345")
    s3.list_objects_v2(Bucket=bucket, Prefix="docs/")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "docs/a"}]})
    found = shown()
    assert found.requests("docs") == {"all": 2, "put": 2}
    assert found("docs", "uploaded_bytes_total") >= 10


def test_a_filter_by_tags(s3: Any, bucket: str, shown: Callable[[], Shown]) -> None:
    configure(s3, bucket, "tag", Tag=A1)
    configure(s3, bucket, "all", And={"Prefix": "docs/", "Tags": [A1, {"Key": "b", "Value": "2"}]})
    s3.put_object(Bucket=bucket, Key="docs/both", Tagging="a=1&b=2")
    s3.put_object(Bucket=bucket, Key="docs/one", Tagging="a=1")
    s3.put_object(Bucket=bucket, Key="docs/none", Tagging="a=2")
    s3.put_object(Bucket=bucket, Key="docs/bare")
    for key in ("docs/both", "docs/one", "docs/none", "docs/bare"):
        s3.head_object(Bucket=bucket, Key=key)
    s3.put_object_tagging(Bucket=bucket, Key="docs/bare", Tagging={"TagSet": [A1]})
    s3.get_object(Bucket=bucket, Key="docs/bare")["Body"].read()
    for key in ("docs/both", "docs/one", "docs/none", "docs/absent"):
        s3.delete_object(Bucket=bucket, Key=key)
    found = shown()
    assert found.requests("tag") == {"all": 8, "put": 3, "head": 2, "get": 1, "delete": 2}
    assert found.requests("all") == {"all": 3, "put": 1, "head": 1, "delete": 1}


def test_tags_of_versions_and_of_uploads(server: Server, s3: Any, bucket: str, shown: Callable[[], Shown]) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    configure(s3, bucket, "tag", Tag=A1)
    old = s3.put_object(Bucket=bucket, Key="key", Tagging="a=1")["VersionId"]
    s3.put_object(Bucket=bucket, Key="key")
    s3.get_object(Bucket=bucket, Key="key")["Body"].read()
    s3.get_object(Bucket=bucket, Key="key", VersionId=old)["Body"].read()
    s3.delete_object(Bucket=bucket, Key="key")
    s3.delete_object(Bucket=bucket, Key="key", VersionId=old)
    assert shown().requests("tag") == {"all": 3, "put": 1, "get": 1, "delete": 1}

    configure(s3, bucket, "upload", And={"Prefix": "parts", "Tags": [A1]})
    upload = {"Bucket": bucket, "Key": "parts"}
    upload["UploadId"] = s3.create_multipart_upload(**upload, Tagging="a=1")["UploadId"]
    part = s3.upload_part(**upload, PartNumber=1, Body=b"part")
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    assert shown().requests("upload") == {"all": 3, "post": 2, "put": 1}


def test_a_copy_reads_its_source(server: Server, s3: Any, bucket: str, shown: Callable[[], Shown]) -> None:
    source = server.make_bucket()
    s3.put_object(Bucket=source, Key="key", Body=b"content")
    configure(s3, source, "source", Prefix="k")
    configure(s3, source, "elsewhere", Prefix="x")
    configure(s3, bucket, "target")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": source, "Key": "key"})
    assert shown().requests("target") == {"all": 1, "put": 1}
    found = Shown(server, source)
    assert found.requests("source") == {"all": 1, "get": 1}
    assert found.ids == {"source"}


def test_visitors_of_a_website_and_forms(server: Server, s3: Any, bucket: str, shown: Callable[[], Shown]) -> None:
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    configure(s3, bucket, "whole")
    assert server.send("GET", "/page", {"Host": f"{bucket}.{WEBSITE_DOMAIN}"}).status == 403
    assert server.send("POST", f"/{bucket}", {"Content-Type": "multipart/form-data; boundary=x"}).status == 400
    assert shown().requests("whole") == {"all": 2, "get": 1, "post": 1, "4xx_errors": 2}


def test_what_was_counted_goes_with_the_configuration(s3: Any, bucket: str, shown: Callable[[], Shown]) -> None:
    for name in ("one", "two"):
        configure(s3, bucket, name)
    s3.put_object(Bucket=bucket, Key="key")
    assert shown().ids == {"one", "two"}
    s3.delete_bucket_metrics_configuration(Bucket=bucket, Id="one")
    assert shown().ids == {"two"}
    configure(s3, bucket, "one")
    s3.head_object(Bucket=bucket, Key="key")
    found = shown()
    assert found.requests("one") == {"all": 1, "head": 1}
    assert found.requests("two") == {"all": 2, "put": 1, "head": 1}


def test_a_bucket_of_the_same_name_begins_anew(server: Server, s3: Any) -> None:
    for _ in range(2):
        s3.create_bucket(Bucket="again-and-again")
        configure(s3, "again-and-again", "whole")
        s3.list_objects_v2(Bucket="again-and-again")
        assert Shown(server, "again-and-again").requests("whole") == {"all": 1, "list": 1}
        s3.delete_bucket(Bucket="again-and-again")
        assert Shown(server, "again-and-again").values == {}


def test_another_filter_counts_on_under_the_same_id(s3: Any, bucket: str, shown: Callable[[], Shown]) -> None:
    configure(s3, bucket, "1", Prefix="a")
    s3.put_object(Bucket=bucket, Key="a")
    configure(s3, bucket, "1", Prefix="b")
    s3.put_object(Bucket=bucket, Key="a")
    s3.put_object(Bucket=bucket, Key="b")
    assert shown().requests("1") == {"all": 2, "put": 2}


def test_configurations_that_cannot_be_read_spoil_no_answer() -> None:
    with serving(store=Unreadable) as server:
        s3, bucket = server.client(), server.make_bucket()
        configure(s3, bucket, "tag", Tag=A1)
        s3.put_object(Bucket=bucket, Key="key", Body=b"content")
        assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"content"
        s3.delete_object(Bucket=bucket, Key="key")
        assert Shown(server, bucket).values == {}


def test_is_shown_as_prometheus_reads_it(server: Server, s3: Any, bucket: str) -> None:
    """Each metric is described once, before its values, and all of these stand together."""
    for name in ("one", "two"):
        configure(s3, bucket, name)
    s3.put_object(Bucket=bucket, Key="key")
    text = server.send("GET", "/-/metrics", {}).body.decode()
    lines = [line for line in text.splitlines() if "trug_bucket_" in line]
    described = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(described) == len(set(described))
    current = ""
    for line in lines:
        if line.startswith("#"):
            current = line.split()[2]
        else:
            assert line.startswith((f"{current}{{", f"{current}_sum{{", f"{current}_count{{"))
