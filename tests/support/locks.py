"""What tests of Object Lock say again and again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.clock import HandClock

DAY = 86_400_000_000
GOVERNANCE, COMPLIANCE = "GOVERNANCE", "COMPLIANCE"
PROTECTED = "Access Denied because object protected by object lock."


def after(clock: HandClock, days: float) -> datetime:
    """A time so many days from now, in whole milliseconds."""
    now = datetime.fromtimestamp(clock.now() / 1_000_000, UTC).replace(microsecond=0)
    return now + timedelta(days=days)


def refused(call: Any, **arguments: Any) -> tuple[int, str]:
    """Status and code of the error that a call of boto3 raises."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def put_locked(s3: Any, bucket: str, key: str, mode: str, until: datetime, **more: Any) -> dict[str, str]:
    """Put an object with a retention; what names its version."""
    lock = {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": until}
    stored = s3.put_object(Bucket=bucket, Key=key, Body=b"content", **lock, **more)
    return {"Bucket": bucket, "Key": key, "VersionId": stored["VersionId"]}


def default_of(mode: str, **period: int) -> dict[str, Any]:
    """A configuration with a default retention, as boto3 wants it."""
    return {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": mode, **period}}}
