"""The import graph as a page: which room imports which, and how much each module holds and is held by."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import grimp

PACKAGE = "trug"
STEP = 50
INTRODUCTION = (
    "Generated from the code by `docs/generate.py`; do not edit. "
    "A new dependency and a module that swells are changed lines here."
)


class Graph:
    """The package's imports, as they are."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._graph = grimp.build_graph(PACKAGE, include_external_packages=True, cache_dir=None)

    @cached_property
    def modules(self) -> list[str]:
        """The modules of the house that import or are imported."""
        inside = (name for name in self._graph.modules if name.startswith(f"{PACKAGE}."))
        return sorted(name for name in inside if self.fan_in(name) or self.fan_out(name))

    def fan_in(self, module: str) -> int:
        return len(self._graph.find_modules_that_directly_import(module))

    def fan_out(self, module: str) -> int:
        return sum(room_of(name) != "" for name in self._graph.find_modules_directly_imported_by(module))

    def lines(self, module: str) -> int:
        """Lines of the module, rounded up so that a small edit does not change the page."""
        path = self._source.joinpath(*module.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        return -(-len(file.read_text(encoding="utf-8").splitlines()) // STEP) * STEP

    def rooms(self) -> dict[str, Counter[str]]:
        """How many imports lead from each room to each other one."""
        edges: dict[str, Counter[str]] = {room_of(module): Counter() for module in self.modules}
        for module in self.modules:
            reached = map(room_of, self._graph.find_modules_directly_imported_by(module))
            edges[room_of(module)].update(room for room in reached if room not in ("", room_of(module)))
        return edges

    def packages(self) -> dict[str, list[str]]:
        """The third-party packages that each room imports."""
        found: dict[str, set[str]] = {}
        for module in self.modules:
            found.setdefault(room_of(module), set()).update(
                name
                for name in self._graph.find_modules_directly_imported_by(module)
                if not room_of(name) and name != PACKAGE and name not in sys.stdlib_module_names
            )
        return {room: sorted(names) for room, names in found.items()}

    def page(self) -> str:
        """docs/imports.md."""
        packages = self.packages()
        rooms = (
            (room, ", ".join(f"{other} {count}" for other, count in sorted(edges.items())), ", ".join(packages[room]))
            for room, edges in sorted(self.rooms().items())
        )
        modules = (
            (name.removeprefix(f"{PACKAGE}."), str(self.fan_in(name)), str(self.fan_out(name)), str(self.lines(name)))
            for name in self.modules
        )
        sections = [
            "# Imports",
            INTRODUCTION,
            "## Between rooms",
            "With the number of imports, one for each pair of modules.",
            _table(("Room", "imports", "and the packages"), rooms),
            "## Modules",
            f"How many modules import it, how many of the house it imports, its lines rounded up to the next {STEP}.",
            _table(("Module", "fan-in", "fan-out", "lines"), modules),
        ]
        return "\n\n".join(sections) + "\n"


def room_of(module: str) -> str:
    """The room a module of the house lies in; empty for all else."""
    package, _, inside = module.partition(".")
    return inside.partition(".")[0] if package == PACKAGE else ""


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (heading, ["---"] * len(heading), *rows))
