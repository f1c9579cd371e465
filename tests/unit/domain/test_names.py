"""What a bucket may be called."""

from __future__ import annotations

import pytest

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.names import check_bucket_name

REFUSED = {
    "G1-upper-case": "Abc",
    "G1-one-letter": "A",
    "G1-two-letters": "ab",
    "G1-64-characters": "a" * 64,
    "G1-two-periods": "a..b",
    "G1-hyphen-after-period": "ab.-c",
    "G1-hyphen-before-period": "ab-.c",
    "G1-leading-hyphen": "-ab",
    "G1-trailing-hyphen": "ab-",
    "G1-leading-period": ".ab",
    "G1-trailing-period": "ab.",
    "G1-address": "192.168.0.1",
    "G1-any-address": "999.999.999.999",
    "G1-punycode": "xn--abc",
    "G1-underscore": "a_bc",
    "G1-sthree": "sthree-abc",
    "G1-sthree-alone": "sthree-",
    "G1-demo": "amzn-s3-demo-bucket",
    "G1-access-point": "abc-s3alias",
    "G1-lambda": "a--ol-s3",
    "G1-multi-region": "abc.mrap",
    "G1-directory": "abc--use1-az4--x-s3",
    "G1-table": "abc--table-s3",
    "G1-empty": "",
    "G1-newline": "abc\n",
    "G1-nul": "ab\0c",
    "G1-not-ascii": "bücket",
    "G1-other-digits": "ab\u0663c",
    "G1-slash": "a/bc",
    "G2-health": "minio",
    "G2-system": "_sys",
}
ALLOWED = [
    "abc",
    "a" * 63,
    "a.b-c.d",
    "1ab",
    "192.168.0",
    "192.168.0.1.com",
    "admin",
    "health",
    "api",
    "minio-data",
    "logs-111122223333-us-west-2-an",
    "xn-abc",
]


@pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED)
def test_a_name_that_s3_refuses(name: str) -> None:
    with pytest.raises(S3Error) as refused:
        check_bucket_name(name)
    assert refused.value.code is ErrorCode.InvalidBucketName
    assert refused.value.fields == {"BucketName": name}


@pytest.mark.parametrize("name", ALLOWED)
def test_a_name_that_s3_takes(name: str) -> None:
    check_bucket_name(name)
