"""The import contracts say what they should: every family is listed, and nothing is excused."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from trug.operations.catalogue import FAMILIES

ROOT = Path(__file__).resolve().parents[2]


def contracts() -> dict[str, dict[str, Any]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        configuration = tomllib.load(file)
    return {contract["id"]: contract for contract in configuration["tool"]["importlinter"]["contracts"]}


def test_every_family_of_operations_is_kept_from_the_others() -> None:
    assert sorted(contracts()["families"]["modules"]) == sorted(module.__name__ for module in FAMILIES)


def test_no_import_is_excused() -> None:
    assert not [
        name for name, contract in contracts().items() if contract.keys() & {"ignore_imports", "skip_descendants"}
    ]


def test_the_layers_are_exhaustive() -> None:
    assert contracts()["layers"]["exhaustive"] is True
