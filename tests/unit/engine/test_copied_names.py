"""What a file was called goes along with a copy that keeps the metadata, and with a new name."""

from __future__ import annotations

from trug.domain.objects import Record
from trug.engine.copies import described
from trug.engine.drafts import CopyDirectives, Draft

NAMED = Record(headers={"content-type": "image/png"}, filename="tree.png")


def test_it_goes_along() -> None:
    assert described(NAMED, CopyDirectives()).filename == "tree.png"
    assert described(NAMED, CopyDirectives(tags={"a": "b"})).filename == "tree.png"


def test_new_metadata_replaces_it() -> None:
    assert described(NAMED, CopyDirectives(draft=Draft())).filename == ""
