"""Writes the next migration from what the schema has and the migrated store has not: ``make add-migration NAME=…``.

The script is formatted, ``FORMAT`` counted up, and the statements are compiled anew. What a tool cannot know is left to
whoever reads the script: rows to rewrite, and what goes on the way down.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import Script

ROOT = Path(__file__).parents[1]
SQL = ROOT / "server/trug/adapters/sql"
NUMBER = re.compile(r"^FORMAT = (\d+)$", re.MULTILINE)


def add(message: str) -> Path:
    """Write the script of the next format; where it lies."""
    source = (SQL / "migrate.py").read_text()
    (newest,) = NUMBER.findall(source)
    following = int(newest) + 1
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    made = command.revision(config, message=message, autogenerate=True, rev_id=f"{following:04}")
    if not isinstance(made, Script):
        raise TypeError(made)
    script = Path(made.path)
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(script)], check=True)
    subprocess.run([sys.executable, "-m", "ruff", "check", "--fix", "--quiet", str(script)], check=False)
    (SQL / "migrate.py").write_text(NUMBER.sub(f"FORMAT = {following}", source))
    statements = subprocess.run(
        [sys.executable, "-m", "trug.adapters.sql.queries"], capture_output=True, check=True, text=True
    )
    (SQL / "statements.py").write_text(statements.stdout)
    return script


def main(arguments: list[str]) -> int:
    message = " ".join(arguments).strip()
    if not message:
        print('say what changes: make add-migration NAME="what changes"', file=sys.stderr)
        return 2
    script = add(message)
    print(f"wrote {script.relative_to(ROOT)}: read it, finish it, and see CONTRIBUTING.md, Change the schema")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
