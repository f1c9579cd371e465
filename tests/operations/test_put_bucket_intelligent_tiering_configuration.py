"""PutBucketIntelligentTieringConfiguration and the operations that show and remove what it keeps."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.server import Server

BOTH = [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}, {"Days": 180, "AccessTier": "DEEP_ARCHIVE_ACCESS"}]


@pytest.mark.parametrize("more", [{}, {"Filter": {"Tag": {"Key": "a", "Value": "b"}}}])
@pytest.mark.parametrize("status", ["Enabled", "Disabled"])
def test_what_was_put_is_shown(s3: Any, bucket: str, status: str, more: Any) -> None:
    configuration = {"Id": "1", "Status": status, "Tierings": BOTH, **more}
    s3.put_bucket_intelligent_tiering_configuration(
        Bucket=bucket, Id="1", IntelligentTieringConfiguration=configuration
    )
    found = s3.get_bucket_intelligent_tiering_configuration(Bucket=bucket, Id="1")
    assert found["IntelligentTieringConfiguration"] == configuration
    s3.delete_bucket_intelligent_tiering_configuration(Bucket=bucket, Id="1")
    assert s3.list_bucket_intelligent_tiering_configurations(Bucket=bucket)["IsTruncated"] is False


def tiering(days: object, tier: str) -> str:
    return f"<Tiering><Days>{days}</Days><AccessTier>{tier}</AccessTier></Tiering>"


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<Status>Enabled</Status>", "MalformedXML"),
        ("<Status>On</Status>" + tiering(90, "ARCHIVE_ACCESS"), "MalformedXML"),
        ("<Status>Enabled</Status>" + tiering(90, "FREQUENT"), "MalformedXML"),
        ("<Status>Enabled</Status>" + tiering(-1, "ARCHIVE_ACCESS"), "MalformedXML"),
        ("<Status>Enabled</Status>" + tiering(2**63, "ARCHIVE_ACCESS"), "MalformedXML"),
        ("<Status>Enabled</Status>" + tiering(89, "ARCHIVE_ACCESS"), "InvalidArgument"),
        ("<Status>Enabled</Status>" + tiering(179, "DEEP_ARCHIVE_ACCESS"), "InvalidArgument"),
        ("<Status>Enabled</Status>" + tiering(731, "DEEP_ARCHIVE_ACCESS"), "InvalidArgument"),
        ("<Status>Enabled</Status>" + 2 * tiering(90, "ARCHIVE_ACCESS"), "InvalidArgument"),
        (
            "<Status>Enabled</Status>" + tiering(200, "ARCHIVE_ACCESS") + tiering(180, "DEEP_ARCHIVE_ACCESS"),
            "InvalidArgument",
        ),
    ],
)
def test_refuses(server: Server, bucket: str, inside: str, code: str) -> None:
    body = f"<IntelligentTieringConfiguration><Id>1</Id>{inside}</IntelligentTieringConfiguration>".encode()
    answer = server.ask("PUT", f"/{bucket}?intelligent-tiering&id=1", body=body)
    assert (answer.status, answer.code) == (400, code)
