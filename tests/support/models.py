"""Answers of query APIs held against AWS's service models, as botocore carries them: nothing missing, nothing else."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.utils import parse_timestamp


def validated(client: Any) -> Any:
    """The client, which holds every answer it gets against its service's model from now on."""

    def check(operation_model: Any, response_dict: Any, **_: Any) -> None:
        if response_dict["status_code"] == 200:
            check_answer(operation_model, response_dict["body"])

    client.meta.events.register("before-parse", check)
    return client


def check_answer(operation: Any, body: bytes) -> None:
    """AssertionError for an answer that is none of this operation."""
    root = ET.fromstring(body)
    namespace = operation.service_model.metadata["xmlNamespace"]
    assert root.tag == f"{{{namespace}}}{operation.name}Response"
    found = {local(child): child for child in root}
    assert found["ResponseMetadata"].findtext(f"{{{namespace}}}RequestId")
    shape = operation.output_shape
    assert set(found) == {"ResponseMetadata"} | (set() if shape is None else {f"{operation.name}Result"})
    if shape is not None:
        check(shape, found[f"{operation.name}Result"], operation.name)


def local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def check(shape: Shape, element: ET.Element, place: str) -> None:
    if isinstance(shape, StructureShape):
        names = [local(child) for child in element]
        assert set(names) <= set(shape.members), f"{place}: {set(names) - set(shape.members)}"
        assert len(set(names)) == len(names), f"{place}: {names}"
        missing = set(shape.required_members) - set(names)
        assert not missing or place.endswith("GetUser.User"), f"{place} lacks {missing}"
        for child in element:
            check(shape.members[local(child)], child, f"{place}.{local(child)}")
    elif isinstance(shape, ListShape):
        for child in element:
            assert local(child) == "member", place
            check(shape.member, child, f"{place}[]")
    elif isinstance(shape, MapShape):
        for entry in element:
            assert [local(child) for child in entry] == ["key", "value"], place
            check(shape.key, entry[0], f"{place}.key")
            check(shape.value, entry[1], f"{place}.value")
    else:
        check_text(shape, element.text or "", place)


def check_text(shape: Shape, text: str, place: str) -> None:
    if shape.type_name == "timestamp":
        assert parse_timestamp(text).tzinfo is not None, place
    elif shape.type_name == "boolean":
        assert text in ("true", "false"), place
    elif shape.type_name == "integer":
        int(text)
    elif enum := shape.metadata.get("enum"):
        assert text in enum, f"{place}: {text}"
    else:
        assert shape.type_name == "string", place


def minimal(shape: Shape) -> dict[str, Any]:
    """The least that a request must say, as flat parameters."""
    parameters: dict[str, Any] = {}
    for name in shape.required_members if shape is not None else ():
        parameters.update(sample(name, shape.members[name]))
    return parameters


def sample(name: str, shape: Shape) -> dict[str, str]:
    """Something for one parameter that the model allows."""
    if isinstance(shape, ListShape):
        return sample(f"{name}.member.1", shape.member)
    if isinstance(shape, StructureShape):
        members = [sample(f"{name}.{key}", shape.members[key]) for key in shape.required_members]
        return {key: value for part in members for key, value in part.items()}
    if enum := shape.metadata.get("enum"):
        return {name: enum[0]}
    if shape.type_name == "integer":
        return {name: str(shape.metadata.get("min", 1))}
    if shape.type_name == "boolean":
        return {name: "true"}
    return {name: NAMED.get(name) or SAMPLES.get(shape.name) or "a" * max(4, shape.metadata.get("min", 0))}


NAMED = {
    "OpenIDConnectProviderArn": "arn:aws:iam::000000000000:oidc-provider/absent.example.com",
    "PolicySourceArn": "arn:aws:iam::000000000000:user/absent",
}
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
SAMPLES = {
    "policyDocumentType": POLICY,
    "policyVersionIdType": "v1",
    "OpenIDConnectProviderUrlType": "https://issuer.example.com",
    "ActionNameType": "s3:GetObject",
    "ContextKeyNameType": "aws:username",
    "arnType": "arn:aws:iam::000000000000:policy/absent",
}
