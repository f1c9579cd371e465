"""The commands, and what each can be told."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from trug import __version__
from trug.cli.commands import (
    run_command,
    run_config_show,
    run_explain,
    run_fsck,
    run_health,
    run_init,
    run_migrate,
    run_search,
    run_serve,
    run_token,
    run_trim,
    run_verify,
    run_worker,
)
from trug.settings import OPTIONS


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="trug", description="An S3-compatible object storage server.")
    parser.add_argument("--version", action="version", version=f"trug {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    serve = _command(commands, "serve", "serve a data directory", run_serve)
    _add_settings(serve)
    init = _command(commands, "init", "make a data directory and apply --init, then stop", run_init)
    _add_settings(init)
    migrate = _command(
        commands, "migrate", "bring a closed store to the format of this version, or of an older one", run_migrate
    )
    migrate.add_argument("directory", nargs="?", metavar="DIR", help="data directory (./storage_data in a checkout)")
    migrate.add_argument("--config", metavar="FILE", help="settings file")
    migrate.add_argument("--to", type=int, metavar="N", help="the number of a format (default: the newest)")
    migrate.add_argument(
        "--yes", action="store_true", help="go to an older format, which loses what it has no place for"
    )
    _add_managed(commands)
    fsck = _command(commands, "fsck", "list what does not fit in a store; exit 1 when there is any", run_fsck)
    _add_store(fsck)
    _add_audit(commands)
    _add_explain(commands)
    token = _command(commands, "token", "print an ID token that a server with --dev accepts", run_token)
    token.add_argument("--sub", required=True, metavar="NAME", help="whom the token is about")
    for name, metavar, text in (
        ("email", "ADDRESS", "its claim email"),
        ("name", "TEXT", "its claim name"),
        ("policy", "NAMES", "policies that it gives, separated by commas"),
        ("expires", "SECONDS", "how long it is good (3600)"),
    ):
        token.add_argument(f"--{name}", metavar=metavar, help=text)
    _add_store(token)
    search = _command(commands, "search", "print the objects of a bucket that a filter holds of", run_search)
    search.add_argument("bucket", metavar="BUCKET")
    search.add_argument("filter", metavar="FILTER", help="as: extension = 'jpg' and size > 1 MB and tag.album = 'sea'")
    search.add_argument("--prefix", metavar="TEXT", help="only keys that begin so")
    search.add_argument("--explain", action="store_true", help="print what would be looked for, and by which way")
    _add_store(search)
    health = _command(commands, "health", "ask a server whether it is ready; exit 1 when it is not", run_health)
    health.add_argument("url", nargs="?", help="http://host:port (default: where the settings say)")
    worker = commands.add_parser("worker")  # started by ``serve``, for nobody else: so the help does not list it
    worker.set_defaults(run=run_worker)
    worker.add_argument("index", type=int)
    worker.add_argument("link", type=int)
    worker.add_argument("sockets", type=int, nargs="+")
    worker.add_argument("--console", type=int, nargs="*", default=[])
    config = commands.add_parser("config", help="settings").add_subparsers(required=True, metavar="ACTION")
    show = _command(config, "show", "print the settings in force", run_config_show)
    show.add_argument("--origin", action="store_true", help="say where each comes from")
    show.add_argument("--json", action="store_true", help="print JSON")
    _add_settings(show)
    return parser


def _command(commands: Any, name: str, text: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    """Every setting as a flag, told apart from "not given" so that other places can say."""
    parser.add_argument("directory", nargs="?", metavar="DIR", help="data directory (./storage_data in a checkout)")
    parser.add_argument("--config", metavar="FILE", help="settings file (default: ./trug.toml if there is one)")
    for option in OPTIONS:
        if not option.on_command_line:
            continue
        if option.metavar:
            parser.add_argument(
                option.flag, dest=f"set_{option.name}", action="append", metavar=option.metavar, help=option.help
            )
        else:
            parser.add_argument(
                option.flag, dest=f"set_{option.name}", action="append_const", const="true", help=option.help
            )


def _add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dir", dest="directory", metavar="DIR", help="data directory (./storage_data in a checkout)")
    parser.add_argument("--config", metavar="FILE", help="settings file")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_audit(commands: Any) -> None:
    audit = _command(commands, "audit", "print who changed what, and when", run_command)
    filters = ("since", "until", "actor", "bucket")
    for argument in filters:
        audit.add_argument(f"--{argument}", metavar=argument.upper())
    _add_store(audit)
    audit.set_defaults(command="audit", given=filters)
    actions = audit.add_subparsers(metavar="ACTION")
    verify = _command(actions, "verify", "look whether a record was changed or is missing; exit 1 then", run_verify)
    _add_store(verify)
    trim = _command(actions, "trim", "forget the records from before a time", run_trim)
    trim.add_argument("--before", required=True, metavar="TIME")
    trim.add_argument("--yes", action="store_true", help="do it")
    _add_store(trim)
    trim.set_defaults(command="audit/trim", given=("before",))


def _add_explain(commands: Any) -> None:
    explain = _command(commands, "explain", "print why somebody may do something, or why not", run_explain)
    explain.add_argument("--as", dest="principal", required=True, metavar="ARN", help="who asks, or anonymous")
    explain.add_argument("action", metavar="ACTION", help="s3:GetObject, iam:CreateUser …")
    explain.add_argument("resource", metavar="RESOURCE", help="an ARN, bucket or bucket/key")
    explain.add_argument(
        "--context", action="append", default=[], metavar="KEY=VALUE", help="a condition key of the request"
    )
    explain.add_argument("--session-policy", metavar="FILE", help="a policy that the session was given")
    explain.add_argument("--version-id", metavar="ID", help="the version that is meant")
    _add_store(explain)


GROUPS = {
    "bucket": "buckets",
    "account": "accounts",
    "user": "users of an account",
    "quota": "quotas of buckets and accounts",
    "key": "access keys",
    "kms": "keys of encryption",
    "clock": "the clock that Object Lock goes by",
    "lifecycle": "lifecycle rules of buckets",
    "group": "groups of users",
    "role": "roles of an account",
    "policy": "managed policies",
}

MANAGED: tuple[tuple[str, str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("lifecycle", "preview", "print what a bucket's rules would do now", ("bucket",), ()),
    ("user", "add", "make a user", ("name",), ("account", "policy", "path")),
    ("group", "add", "make a group", ("name",), ("account", "path")),
    (
        "role",
        "add",
        "make a role; TRUST is a file with its trust policy",
        ("name", "trust"),
        ("account", "path", "description", "longest"),
    ),
    *(
        row
        for parser, kind in (("user", "user"), ("group", "group"), ("role", "role"))
        for row in (
            (kind, "list", f"list {kind}s", (), ("account",)),
            (kind, "show", f"print a {kind} and its policies", ("name",), ("account",)),
            (kind, "remove", f"remove a {kind} and what is its own", ("name",), ("account",)),
            (kind, "attach", "give a managed policy", ("name", "policy"), ("account",)),
            (kind, "detach", "take a managed policy away", ("name", "policy"), ("account",)),
        )
    ),
    *(
        (
            kind,
            "revoke-sessions",
            "end the sessions begun so far",
            ("name",),
            ("account",),
        )
        for parser, kind in (("user", "user"), ("role", "role"))
    ),
    ("group", "join", "make a user a member", ("name", "user"), ("account",)),
    ("group", "leave", "make a user a member no longer", ("name", "user"), ("account",)),
    (
        "policy",
        "add",
        "make a managed policy; DOCUMENT is a file (- for standard input)",
        ("name", "document"),
        ("account", "path"),
    ),
    (
        "policy",
        "set",
        "put another document in force",
        ("name", "document"),
        ("account",),
    ),
    ("policy", "list", "list managed policies", (), ("account",)),
    ("policy", "show", "print a managed policy", ("name",), ("account",)),
    ("policy", "remove", "remove a managed policy", ("name",), ("account",)),
    (
        "key",
        "add",
        "make an access key; its secret is printed once",
        (),
        ("user", "account", "access_key", "secret_key"),
    ),
    ("key", "list", "list access keys", (), ("user", "account")),
    ("key", "remove", "remove an access key", ("access_key",), ()),
    ("key", "activate", "accept again what a key signs", ("access_key",), ()),
    ("key", "deactivate", "accept what a key signs no longer", ("access_key",), ()),
    (
        "account",
        "add",
        "make an account",
        ("id",),
        ("canonical_id", "display_name", "email"),
    ),
    ("account", "show", "print an account", ("id",), ()),
    ("account", "block", "block public access to all buckets of an account", ("id",), ("only",)),
    ("account", "unblock", "let buckets be public again", ("id",), ()),
    ("account", "remove", "remove an account that is empty", ("id",), ()),
    ("account", "name", "give an account another name beside its id", ("id", "alias"), ()),
    ("bucket", "list", "list buckets with what they hold", (), ("account",)),
    ("bucket", "index", "have searches go by an index: STATE is on or off", ("name", "state"), ()),
    ("kms", "create", "make a KMS key", ("name",), ()),
    ("kms", "rotate", "give a key a new version, and wrap all under it", ("name",), ()),
    ("kms", "rewrap", "wrap under a key's newest version what is under others", ("name",), ()),
    ("kms", "list", "list the keys in the key ring", (), ()),
    ("clock", "accept", "have retention go by the system clock as it is now", (), ()),
    ("account", "list", "list accounts with what their buckets hold", (), ()),
    (
        "quota",
        "set",
        "limit what a bucket or an account may hold",
        (),
        ("bucket", "account", "bytes", "objects"),
    ),
    ("quota", "show", "print a quota and what is used of it", (), ("bucket", "account")),
    ("quota", "clear", "lift a quota", (), ("bucket", "account")),
)
"""Commands on a store: group, name, what it does, arguments that it needs, and flags that it may have."""


def _add_managed(commands: Any) -> None:
    groups = {
        group: commands.add_parser(group, help=text).add_subparsers(required=True, metavar="ACTION")
        for group, text in GROUPS.items()
    }
    for group, name, text, needed, optional in MANAGED:
        parser = _command(groups[group], name, text, run_command)
        for argument in needed:
            parser.add_argument(argument, metavar=argument.upper())
        for argument in optional:
            parser.add_argument(f"--{argument.replace('_', '-')}", dest=argument, metavar=argument.upper())
        _add_store(parser)
        parser.set_defaults(command=f"{group}/{name}", given=(*needed, *optional))
