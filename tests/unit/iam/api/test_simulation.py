"""Where statements stand in their documents, and how keys are spelled there."""

from __future__ import annotations

import json

import pytest

from trug.iam.api.simulation import position, span_of, spelled

ONE = '{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}'
TWO = '{"Effect": "Deny", "Action": "iam:*", "Resource": "arn:aws:iam::*:user/\\"Statement\\": ["}'


@pytest.mark.parametrize(
    "text",
    [
        f'{{"Statement": [{ONE}, {TWO}]}}',
        f'{{"Version":"2012-10-17","Statement":[{ONE},{TWO}]}}',
        f'{{"Id": "\\"Statement\\": [", "Statement" :\n\t[\n{ONE}\n,\r\n{TWO}\n]\n}}',
        f'{{"Statement": [{ONE}, {TWO}], "Id": "\\"Statement\\""}}',
    ],
)
def test_spans(text: str) -> None:
    for index, statement in enumerate((ONE, TWO)):
        begin, end = span_of(text, index)
        assert json.loads(text[begin:end]) == json.loads(statement)


def test_a_lone_statement() -> None:
    text = f'{{"Statement": {ONE}}}'
    begin, end = span_of(text, 0)
    assert text[begin:end] == ONE


def test_a_name_in_disguise() -> None:
    """JSON may spell the name otherwise: then the document as a whole is where the statement stands."""
    text = f'{{"\\u0053tatement": [{ONE}]}}'
    assert span_of(text, 0) == (0, len(text))


def test_positions() -> None:
    assert [position("ab\nc", offset) for offset in (0, 1, 3, 4)] == [
        {"Line": 1, "Column": 1},
        {"Line": 1, "Column": 2},
        {"Line": 2, "Column": 1},
        {"Line": 2, "Column": 2},
    ]


def test_spelling() -> None:
    assert spelled({"aws:sourceip", "s3:x"}, ['{"aws:SourceIp": "${s3:X}"}']) == ["aws:SourceIp", "s3:X"]
    assert spelled({"aws:sourceip"}, []) == ["aws:sourceip"]
