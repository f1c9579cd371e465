"""The table as people read it."""

from __future__ import annotations

import pytest

from trug.access import actions
from trug.operations.declined import Anything, Unrouted, family
from trug.operations.operation import Kind, Operation
from trug.operations.report import BEGIN, END, Report, with_block

HANDLER = family.rows[0].handler


def row(name: str, kind: Kind, note: str = "") -> Operation[Anything]:
    return Operation(name, f"GET /{{Bucket}}?{name}", actions.GET_OBJECT, Anything, HANDLER, kind=kind, note=note)


REPORT = Report(
    [
        row("GetB", "acts"),
        row("GetA", "acts"),
        row("GetC", "default", "404 NoSuchC"),
        row("GetK", "kept", "nothing is done"),
        row("GetD", "declined", "not yet"),
        row("PostObject", "declined", "beyond the model"),
    ],
    [Unrouted("GetE", "deprecated")],
)


def test_counts() -> None:
    assert REPORT.total == 6
    assert [REPORT.count(kind) for kind in ("acts", "kept", "default", "declined")] == [2, 1, 1, 1]


def test_page() -> None:
    lines = REPORT.page().splitlines()
    assert "| Of AWS's 6 operations |  |" in lines
    assert lines.index("| GetA | `GET /{Bucket}?GetA` |") + 1 == lines.index("| GetB | `GET /{Bucket}?GetB` |")
    assert "| GetC | `GET /{Bucket}?GetC` | 404 NoSuchC |" in lines
    assert "| GetK | `GET /{Bucket}?GetK` | nothing is done |" in lines
    assert "| PostObject | `GET /{Bucket}?PostObject` | beyond the model |" in lines
    assert "| GetE | deprecated |" in lines


def test_block() -> None:
    block = REPORT.block()
    assert "| are declined with 501, or have no route | 2 |" in block
    assert block.endswith("Those that act: `GetA`, `GetB`.\n")


@pytest.mark.parametrize("inside", ["", "\nold\ntext\n"])
def test_a_block_goes_between_its_marks(inside: str) -> None:
    text = with_block(f"before\n{BEGIN}{inside}{END}\nafter\n", "new\n")
    assert text == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    assert with_block(text, "new\n") == text


@pytest.mark.parametrize("text", ["", "no marks", f"half {BEGIN}", f"half {END}"])
def test_without_marks_nothing_changes(text: str) -> None:
    assert with_block(text, "new\n") == text
