"""PutBucketLifecycleConfiguration, GetBucketLifecycleConfiguration, DeleteBucketLifecycle, and what answers tell."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import STRANGER, Server

MINIMUM = "x-amz-transition-default-minimum-object-size"
RULES = [
    {
        "ID": "all of it",
        "Filter": {
            "And": {
                "Prefix": "logs/",
                "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}],
                "ObjectSizeGreaterThan": 500,
                "ObjectSizeLessThan": 64000,
            }
        },
        "Status": "Enabled",
        "Expiration": {"Days": 365},
        "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 60, "StorageClass": "GLACIER"}],
        "NoncurrentVersionTransitions": [
            {"NoncurrentDays": 30, "StorageClass": "ONEZONE_IA", "NewerNoncurrentVersions": 5}
        ],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 10},
    },
    {
        "ID": "uploads & markers",
        "Filter": {},
        "Status": "Disabled",
        "Expiration": {"ExpiredObjectDeleteMarker": True},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    },
    {
        "ID": "at once",
        "Filter": {"Tag": {"Key": "c", "Value": "d"}},
        "Status": "Enabled",
        "Expiration": {"Date": datetime(2030, 1, 1, tzinfo=UTC)},
    },
    {"ID": "sizes", "Filter": {"ObjectSizeGreaterThan": 1}, "Status": "Enabled", "Expiration": {"Days": 1}},
    {"ID": "older form", "Prefix": "tmp/", "Status": "Enabled", "Expiration": {"Days": 1}},
]


def configure(s3: Any, bucket: str, *rules: Any, **more: Any) -> Any:
    return s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules}, **more)


def test_stores_the_rules(s3: Any, bucket: str) -> None:
    answer = configure(s3, bucket, *RULES)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert answer["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    stored = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert stored["Rules"] == RULES
    assert stored["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    configure(s3, bucket, RULES[3], TransitionDefaultMinimumObjectSize="varies_by_storage_class")
    stored = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert stored["Rules"] == RULES[3:4]
    assert stored["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_older_operations(s3: Any, bucket: str) -> None:
    older = {"ID": "a", "Prefix": "", "Status": "Enabled", "Transition": {"Days": 0, "StorageClass": "GLACIER"}}
    s3.put_bucket_lifecycle(Bucket=bucket, LifecycleConfiguration={"Rules": [older]})
    assert s3.get_bucket_lifecycle(Bucket=bucket)["Rules"] == [older]


def test_goes(s3: Any, bucket: str) -> None:
    configure(s3, bucket, RULES[3])
    for _ in range(2):
        assert s3.delete_bucket_lifecycle(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)


def test_makes_ids(s3: Any, bucket: str) -> None:
    rule = {name: value for name, value in RULES[3].items() if name != "ID"}
    configure(s3, bucket, rule, {**rule, "Filter": {"Prefix": "a"}})
    first, second = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert first["ID"] != second["ID"]


def test_needs_permission(server: Server, bucket: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        body = document(rule("<Expiration><Days>1</Days></Expiration>")) if method == "PUT" else b""
        assert server.ask(method, f"/{bucket}?lifecycle", body=body, keys=STRANGER).code == "AccessDenied"


def document(*rules: str) -> bytes:
    inside = "".join(f"<Rule>{rule}</Rule>" for rule in rules)
    return f"<LifecycleConfiguration>{inside}</LifecycleConfiguration>".encode()


def rule(actions: str, chosen: str = "<Filter/>") -> str:
    return f"{chosen}<Status>Enabled</Status>{actions}"


def expiring(inside: str) -> str:
    return rule(f"<Expiration>{inside}</Expiration>")


DAY = "<Expiration><Days>1</Days></Expiration>"
BAD: dict[str, tuple[bytes, str]] = {
    "1,001 rules": (document(*[rule(DAY)] * 1001), "MalformedXML"),
    "no rules": (document(), "MalformedXML"),
    "nothing": (b"", "MissingRequestBodyError"),
    "no XML": (b"rules", "MalformedXML"),
    "same id": (document(*["<ID>a</ID>" + rule(DAY)] * 2), "InvalidArgument"),
    "day 0": (document(expiring("<Days>0</Days>")), "InvalidArgument"),
    "day -1": (document(expiring("<Days>-1</Days>")), "InvalidArgument"),
    "day 2^63": (document(expiring(f"<Days>{2**63}</Days>")), "MalformedXML"),
    "day text": (document(expiring("<Days>one</Days>")), "MalformedXML"),
    "days and date": (document(expiring("<Days>1</Days><Date>2030-01-01T00:00:00Z</Date>")), "MalformedXML"),
    "noon": (document(expiring("<Date>2030-01-01T12:00:00Z</Date>")), "InvalidArgument"),
    "no date": (document(expiring("<Date>soon</Date>")), "MalformedXML"),
    "empty expiration": (document(expiring("")), "MalformedXML"),
    "typo": (document(rule(DAY + "<Expirations/>")), "MalformedXML"),
    "typo in the filter": (document(rule(DAY, "<Filter><prefix>a</prefix></Filter>")), "MalformedXML"),
    "no action": (document(rule("")), "InvalidRequest"),
    "no filter": (document(rule(DAY, "")), "MalformedXML"),
    "both": (document(rule(DAY, "<Prefix/><Filter/>")), "MalformedXML"),
    "two predicates": (
        document(
            rule(
                DAY,
                "<Filter><Prefix>a</Prefix><ObjectSizeLessThan>9</ObjectSizeLessThan></Filter>",
            )
        ),
        "MalformedXML",
    ),
    "empty And": (document(rule(DAY, "<Filter><And/></Filter>")), "MalformedXML"),
    "no status": (document("<Filter/>" + DAY), "MalformedXML"),
    "status": (document("<Filter/><Status>On</Status>" + DAY), "MalformedXML"),
    "class": (
        document(rule("<Transition><Days>1</Days><StorageClass>PAPER</StorageClass></Transition>")),
        "MalformedXML",
    ),
    "tag twice": (
        document(rule(DAY, f"<Filter><And>{'<Tag><Key>a</Key><Value>b</Value></Tag>' * 2}</And></Filter>")),
        "InvalidTag",
    ),
    "abort without days": (
        document(rule("<AbortIncompleteMultipartUpload/>")),
        "MalformedXML",
    ),
}


@pytest.mark.parametrize(("body", "code"), BAD.values(), ids=BAD)
def test_refused(server: Server, bucket: str, body: bytes, code: str) -> None:
    answer = server.ask("PUT", f"/{bucket}?lifecycle", body=body)
    assert (answer.status, answer.code) == (400, code)
    assert server.ask("GET", f"/{bucket}?lifecycle").code == "NoSuchLifecycleConfiguration"


def test_a_minimum_that_is_none(server: Server, bucket: str) -> None:
    answer = server.ask("PUT", f"/{bucket}?lifecycle", {MINIMUM: "some"}, document(rule(DAY)))
    assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_a_thousand_rules(server: Server, s3: Any, bucket: str) -> None:
    body = document(*[rule(DAY, f"<ID>{number}</ID><Filter/>") for number in range(1000)])
    assert server.ask("PUT", f"/{bucket}?lifecycle", body=body).status == 200
    assert len(s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]) == 1000


# --- what answers tell ----------------------------------------------------------------------------------------------


def told(answer: Any) -> tuple[datetime, str]:
    found = re.fullmatch(r'expiry-date="([^"]+)", rule-id="([^"]+)"', answer["Expiration"])
    assert found is not None
    return datetime.strptime(found[1], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC), found[2]


def midnight_in(days: int) -> datetime:
    """The first midnight when so many days have passed."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=days + 1)


def test_tells_when_an_object_expires(s3: Any, bucket: str) -> None:
    configure(
        s3,
        bucket,
        {"ID": "two words", "Filter": {"Prefix": "a"}, "Status": "Enabled", "Expiration": {"Days": 3}},
        {
            "ID": "tagged",
            "Filter": {"Tag": {"Key": "a", "Value": "b"}},
            "Status": "Enabled",
            "Expiration": {"Days": 1},
        },
    )
    expected = midnight_in(3), "two%20words"
    sooner = midnight_in(1), "tagged"
    assert told(s3.put_object(Bucket=bucket, Key="a", Body=b"x")) == expected
    assert told(s3.get_object(Bucket=bucket, Key="a")) == expected
    assert told(s3.head_object(Bucket=bucket, Key="a")) == expected
    assert "Expiration" not in s3.put_object(Bucket=bucket, Key="b", Body=b"x")
    assert told(s3.put_object(Bucket=bucket, Key="b", Body=b"x", Tagging="a=b")) == sooner
    assert told(s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/b")) == sooner
    assert "Expiration" not in s3.copy_object(
        Bucket=bucket, Key="d", CopySource=f"{bucket}/b", TaggingDirective="REPLACE", Tagging="a=c"
    )
    upload = s3.create_multipart_upload(Bucket=bucket, Key="a2")
    assert "AbortDate" not in upload
    part = s3.upload_part(Bucket=bucket, Key="a2", UploadId=upload["UploadId"], PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    made = s3.complete_multipart_upload(Bucket=bucket, Key="a2", UploadId=upload["UploadId"], MultipartUpload=parts)
    assert told(made) == expected


def test_tells_when_an_upload_is_given_up(s3: Any, bucket: str) -> None:
    uploads = {"DaysAfterInitiation": 2}
    configure(
        s3,
        bucket,
        {"ID": "x", "Filter": {"Prefix": "a"}, "Status": "Enabled", "AbortIncompleteMultipartUpload": uploads},
    )
    begun = s3.create_multipart_upload(Bucket=bucket, Key="a")
    listed = s3.list_parts(Bucket=bucket, Key="a", UploadId=begun["UploadId"])
    for answer in (begun, listed):
        assert (answer["AbortDate"], answer["AbortRuleId"]) == (midnight_in(2), "x")
    assert "AbortDate" not in s3.create_multipart_upload(Bucket=bucket, Key="b")


@pytest.mark.parametrize(("name", "shown"), [("two words", "two words"), ("ä", "%C3%A4"), ("a\nb", "a%0Ab")])
def test_ids_that_no_header_holds(s3: Any, bucket: str, name: str, shown: str) -> None:
    uploads = {"DaysAfterInitiation": 2}
    configure(s3, bucket, {"ID": name, "Prefix": "", "Status": "Enabled", "AbortIncompleteMultipartUpload": uploads})
    assert s3.create_multipart_upload(Bucket=bucket, Key="a")["AbortRuleId"] == shown


# --- storage classes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "storage_class", ["STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "REDUCED_REDUNDANCY"]
)
def test_classes_are_kept_and_shown(s3: Any, bucket: str, storage_class: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x", StorageClass=storage_class)
    s3.put_object(Bucket=bucket, Key="plain", Body=b"x")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/plain", StorageClass=storage_class)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="multi", StorageClass=storage_class)
    assert s3.list_parts(Bucket=bucket, Key="multi", UploadId=upload["UploadId"])["StorageClass"] == storage_class
    for key in ("a", "copy"):
        assert s3.get_object(Bucket=bucket, Key=key)["StorageClass"] == storage_class
        assert s3.head_object(Bucket=bucket, Key=key)["StorageClass"] == storage_class
    listed = {row["Key"]: row["StorageClass"] for row in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert listed == {"a": storage_class, "copy": storage_class, "plain": "STANDARD"}


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_archived_objects_are_not_read(s3: Any, bucket: str, storage_class: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x", StorageClass=storage_class)
    assert s3.head_object(Bucket=bucket, Key="a")["StorageClass"] == storage_class
    upload = s3.create_multipart_upload(Bucket=bucket, Key="b")["UploadId"]
    source = f"{bucket}/a"
    for read in (
        lambda: s3.get_object(Bucket=bucket, Key="a"),
        lambda: s3.copy_object(Bucket=bucket, Key="b", CopySource=source),
        lambda: s3.upload_part_copy(Bucket=bucket, Key="b", UploadId=upload, PartNumber=1, CopySource=source),
    ):
        with pytest.raises(ClientError, match="InvalidObjectState") as refused:
            read()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    s3.delete_object(Bucket=bucket, Key="a")
