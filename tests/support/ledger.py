"""A keeper of blobs that has none: it writes down what it is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Ledger:
    """``lines`` are (``sync`` or ``unlink``, blob) in the order they came."""

    lines: list[tuple[str, int]] = field(default_factory=list)

    def sync(self, blobs: Iterable[int]) -> None:
        self.lines.extend(("sync", blob) for blob in blobs)

    def unlink(self, blobs: Iterable[int]) -> None:
        self.lines.extend(("unlink", blob) for blob in blobs)
