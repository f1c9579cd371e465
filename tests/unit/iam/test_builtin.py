"""The policies that every account has."""

from __future__ import annotations

import pytest

from trug.iam.builtin import BUILT_IN, BY_ARN, BuiltIn
from trug.iam.documents import check_managed

NAMES = {
    "readonly",
    "writeonly",
    "readwrite",
    "diagnostics",
    "consoleAdmin",
    "AdministratorAccess",
    "AmazonS3FullAccess",
    "AmazonS3ReadOnlyAccess",
    "IAMFullAccess",
    "IAMReadOnlyAccess",
    "ReadOnlyAccess",
}


@pytest.mark.parametrize("found", BUILT_IN.values(), ids=BUILT_IN)
def test_each_is_a_policy(found: BuiltIn) -> None:
    assert check_managed(found.document, "aws") == found.document
    assert BY_ARN[f"arn:aws:iam::aws:policy/{found.policy.name}"] is found
    assert len(found.policy.id) == 21


def test_names_and_ids_differ() -> None:
    assert {found.policy.name for found in BUILT_IN.values()} == NAMES
    assert len({found.policy.id for found in BUILT_IN.values()}) == len(BUILT_IN)
