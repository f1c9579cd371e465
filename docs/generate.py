"""Write what is generated of the documentation, or with ``--check`` tell whether it is up to date."""

from __future__ import annotations

import sys
from pathlib import Path

from graph import Graph

from trug.iam.api.catalogue import TABLE as ACTIONS
from trug.iam.api.report import page
from trug.operations.catalogue import TABLE
from trug.operations.report import Report, with_block

ROOT = Path(__file__).resolve().parent.parent


def generated() -> dict[Path, str]:
    """The text of each file that is generated in whole or in part."""
    report = Report(TABLE.operations)
    texts = {
        ROOT / "docs" / "operations.md": report.page(),
        ROOT / "docs" / "actions.md": page(ACTIONS.actions),
        ROOT / "docs" / "imports.md": Graph(ROOT / "server").page(),
    }
    readme = ROOT / "README.md"
    if readme.exists():
        texts[readme] = with_block(readme.read_text(encoding="utf-8"), report.block())
    return texts


def main(arguments: list[str]) -> int:
    is_check = arguments == ["--check"]
    changed = {
        path: text
        for path, text in generated().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    for path, text in changed.items():
        name = path.relative_to(ROOT)
        if is_check:
            sys.stderr.write(f"{name} is not up to date: run make docs\n")
        else:
            path.write_text(text, encoding="utf-8")
            sys.stderr.write(f"{name} written\n")
    return int(is_check and bool(changed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
