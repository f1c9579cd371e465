"""What commands print, for people or as JSON, and how they end."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

CLEAN, FAILURE, USAGE, LOCKED = 0, 1, 2, 3


def fail(code: int, text: str) -> int:
    """Say why on standard error."""
    for line in text.splitlines() or [""]:
        print(f"trug: {line}", file=sys.stderr)
    return code


def print_explanation(found: dict[str, Any]) -> None:
    verdict = "allowed" if found["allowed"] else "denied"
    print(printable(f"{found['principal']} {found['action']} {found['resource']}"))
    print(printable(f"{verdict}, {found['reason']}"))
    policies: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for statement in found["statements"]:
        policies.setdefault((statement["policy"], statement["name"]), []).append(statement)
    for (kind, name), statements in policies.items():
        print(printable(f"{kind} {name}".rstrip() + ":"))
        for statement in statements:
            print(printable(f"  {_statement_line(statement)}"))
    for key in found["absent"]:
        print(printable(f"note: the policies ask for {key}, which has no value: --context {key}=VALUE gives it one"))
    for note in found["notes"]:
        print(printable(f"note: {note}"))


def _statement_line(statement: dict[str, Any]) -> str:
    line = f"{statement['statement']} {statement['effect']}"
    if statement["sid"]:
        line += f" ({statement['sid']})"
    if statement["applies"]:
        return f"{line}: applies" + (", and decides" if statement["decides"] else "")
    condition = statement.get("condition")
    if condition is None:
        return f"{line}: does not apply, another {statement['mismatch'].lower()}"
    found = "absent" if condition["found"] is None else ", ".join(condition["found"])
    wanted = ", ".join(condition["wanted"])
    return f"{line}: does not apply, {condition['operator']} {condition['key']} wants {wanted} and finds {found}"


TABLES = {
    "bucket/list": ("name", "account", "region", "versioning", "objects", "versions", "bytes", "uploads", "created"),
    "search": ("key", "bytes", "storage_class", "modified"),
    "kms/list": ("name", "versions", "newest"),
    "lifecycle/preview": ("action", "rule", "key", "version_id", "upload_id", "storage_class", "since"),
    "policy/list": ("name", "version", "attachments", "arn"),
    "account/list": ("id", "display_name", "email", "objects", "versions", "bytes", "uploads"),
}
"""Commands whose answer people read as a table, and its columns."""


def print_answer(options: argparse.Namespace, answer: dict[str, Any]) -> None:
    if options.json:
        print(json.dumps(answer))
        return
    if options.command in PRINTED:
        PRINTED[options.command](answer)
        return
    if options.command in TABLES:
        (rows,) = answer.values()
        _print_table(TABLES[options.command], rows)
        return
    for value in answer.values():
        for row in value if isinstance(value, list) else [value]:
            print("  ".join(f"{name}={_shown(text)}" for name, text in row.items()))


def _print_records(answer: dict[str, Any]) -> None:
    for record in answer["records"]:
        who = record["actor"] or record["address"] or "trug"
        key = f" ({record['access_key']})" if record["access_key"] else ""
        origin = f" from {record['address']}" if record["actor"] and record["address"] else ""
        print(printable(f"{record['record']}  {record['time']}  {who}{key}{origin}  {record['action']}"))
        for change in record["changes"]:
            print(printable(f"    {change['resource']}: {_brief(change['before'])} -> {_brief(change['after'])}"))


def _brief(value: object) -> str:
    text = "-" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_BRIEF else f"{text[:LONGEST_BRIEF]}…"


def printable(text: str) -> str:
    """What clients sent moves nobody's cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


LONGEST_BRIEF = 160

PRINTED: dict[str, Callable[[dict[str, Any]], None]] = {"audit": _print_records}
"""Commands whose answer people read in a form of its own."""


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ",".join(f"{name}={text}" for name, text in value.items())
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _print_table(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Columns as wide as what is in them; numbers and sizes on their right edge."""
    cells = [[name.upper().replace("_", " ") for name in columns]]
    cells += [[_cell(name, row[name]) for name in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    aligned = [">" if name in NUMBERS else "<" for name in columns]
    for line in cells:
        print("  ".join(map("{:{}{}}".format, line, aligned, widths)).rstrip())


NUMBERS = {"attachments", "objects", "versions", "bytes", "uploads"}


def _cell(name: str, value: str | int) -> str:
    return size(int(value)) if name == "bytes" else str(value) or "-"


def size(count: int) -> str:
    """Bytes for people: ``0 B``, ``1.5 KiB``, ``12.0 TiB``."""
    if count < KIB:
        return f"{count} B"
    power = min((count.bit_length() - 1) // 10, len(UNITS))
    return f"{count / KIB**power:.1f} {UNITS[power - 1]}"


KIB = 1024

UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")
